"""The attributes of operations: those that this TensorFlow knows, and the defaults of those that came after 1.15."""

import functools
import importlib
import math
from typing import Any, Dict, FrozenSet, List, Optional, Tuple

from .._types import NodeDef
from .core import TF_VERSION, private, tf, tf1

_BAD_INDICES = ("GatherNd", "ScatterNd", "TensorScatterAdd", "TensorScatterSub", "TensorScatterUpdate")
_DEPTHWISE = ("", "BackpropFilter", "BackpropInput")
_FAKE_QUANTISED = ("QuantizeAndDequantizeV2", "QuantizeAndDequantizeV3")
# From the registries of 2.21.0 and 1.15.5, operations of tensors: what was added since, and the default, by which an
# operation does what it did before. A default never changes (TensorFlow's rules for GraphDefs). A name that is only
# for people, as debug_name, may have any value: its default is None.
_ADDED: Dict[str, Tuple[Any, Tuple[str, ...]]] = {
    "explicit_paddings": ([], ("MaxPool", "MaxPoolGrad", *(f"DepthwiseConv2dNative{part}" for part in _DEPTHWISE))),
    "exponential_avg_factor": (1.0, ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")),
    "grad_a": (False, ("MatMul",)),
    "grad_b": (False, ("MatMul",)),
    "grad_x": (False, ("BatchMatMul", "BatchMatMulV2")),
    "grad_y": (False, ("BatchMatMul", "BatchMatMulV2")),
    "Tk": (tf.int32, ("TopKV2",)),
    "index_type": (tf.int32, ("TopKV2",)),
    "bad_indices_policy": (b"", _BAD_INDICES),
    "shape_type": (tf.int32, ("ConcatOffset",)),
    "axis": (-1, ("Dequantize", "QuantizeV2", *_FAKE_QUANTISED)),
    "narrow_range": (False, ("Dequantize", "QuantizeV2")),
    "dtype": (tf.float32, ("Dequantize",)),
    "ensure_minimum_range": (0.01, ("QuantizeV2",)),
    "Treal": (tf.float32, ("IRFFT", "IRFFT2D", "IRFFT3D", "RFFT", "RFFT2D", "RFFT3D")),
    "Tcomplex": (tf.complex64, ("IRFFT", "IRFFT2D", "IRFFT3D", "RFFT", "RFFT2D", "RFFT3D")),
    "blank_index": (-1, ("CTCGreedyDecoder",)),
    "validate_shape": (False, ("AssignVariableOp",)),
    "allowed_devices": ([], ("VarHandleOp",)),
    "debug_name": (None, ("VarHandleOp",)),
}


def attributes_of(op: str) -> Optional[FrozenSet[str]]:
    """Return the names of the attributes that an operation has in this TensorFlow, None where it has no such one."""
    op_def = _op_def(op)
    return None if op_def is None else frozenset(one.name for one in op_def.attr)


def _op_def(op: str) -> Any:
    """Return the OpDef of an operation, None where this TensorFlow has none."""
    registry = private("framework.op_def_registry")
    # `get` looks into the runtime's own registry; before 2.1 there is a dictionary of what Python registered
    get = getattr(registry, "get", None) or registry.get_registered_ops().get
    return get(op)


@functools.lru_cache(maxsize=None)
def input_counts(op: str) -> Optional[Tuple[int, float]]:
    """Return how many tensors an operation reads, at least and at most; None where this TensorFlow has none such."""
    op_def = _op_def(op)
    if op_def is None:
        return None
    minima = {one.name: max(0, one.minimum) for one in op_def.attr}
    lists = [one.number_attr or one.type_list_attr for one in op_def.input_arg]
    return sum(minima.get(one, 0) if one else 1 for one in lists), math.inf if any(lists) else len(lists)


def output_types(node: NodeDef) -> Optional[List[int]]:
    """Return the numbers of the types of what a node gives; None where this TensorFlow has no such operation."""
    op_def = _op_def(node.op)
    if op_def is None:
        return None
    types: List[int] = []
    for one in op_def.output_arg:
        if one.type_list_attr:
            types.extend(node.attr[one.type_list_attr].list.type)
            continue
        count = node.attr[one.number_attr].i if one.number_attr else 1
        types.extend([node.attr[one.type_attr].type if one.type_attr else one.type] * count)
    return types


def registered_ops() -> Dict[str, Any]:
    """Return the OpDefs of all operations that TensorFlow's runtime has, by name."""
    session = private("client.pywrap_tf_session" if TF_VERSION >= (2, 2) else "pywrap_tensorflow")
    ops = importlib.import_module("tensorflow.core.framework.op_def_pb2").OpList()
    ops.ParseFromString(session.TF_GetBuffer(session.TF_GetAllOpList()))
    return {op.name: op for op in ops.op}


def is_default(op: str, name: str, value: Any) -> bool:
    """Whether an attribute, an AttrValue, is known to say nothing that an older TensorFlow would not do without it."""
    default, ops = _ADDED.get(name, (None, ()))
    if op not in ops:
        return False
    return default is None or value == _as_attribute(default)


def _as_attribute(value: Any) -> Any:
    """Return a value as an AttrValue."""
    attribute = tf1.AttrValue()
    if isinstance(value, list):
        attribute.list.SetInParent()
    elif isinstance(value, tf.DType):
        attribute.type = value.as_datatype_enum
    else:
        field = {bool: "b", int: "i", float: "f", bytes: "s"}[type(value)]
        setattr(attribute, field, value)
    return attribute
