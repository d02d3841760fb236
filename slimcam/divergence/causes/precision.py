"""Half precision: weights that were rounded to it, or operations that compute in it."""

from typing import Dict

import numpy as np

from ..._tf import tf
from ..._types import DType, NodeDef, Tensor
from ..layout import in_layout_of
from .case import Case, Trial, Trials
from .subgraph import Subgraph
from .weights import weight_pairs

HALVES = {"float16": tf.float16, "bfloat16": tf.bfloat16}


def widen(case: Case) -> Trials:
    """Give B its weights before they were rounded, and let it compute in float32."""
    a, b = case.names
    for half, dtype in HALVES.items():
        if case.are_inputs() and _is_rounded(case.target, case.b_value(), half):
            yield Trial(f"what {b} is fed is {a}'s input rounded to {half}", case.target)
        exact = _exact_weights(case, half)
        if _computes(case.b, dtype):
            text = f"{b} computes in {half}" + (", with weights rounded to it" if exact else "")
            yield Trial(text, case.b.run_edited(_widen_node, {**_exact_starts(case), **exact}, single=True))
        elif exact:
            yield Trial(f"{b}'s weights are {a}'s rounded to {half}", case.b.run(exact))


def round_to(array: np.ndarray, half: str) -> np.ndarray:
    """Return an array as half precision holds it, in the array's own type."""
    with np.errstate(all="ignore"):
        return array.astype(HALVES[half].as_numpy_dtype).astype(array.dtype)


def _computes(subgraph: Subgraph, dtype: DType) -> bool:
    return any(out.dtype == dtype for op in subgraph.ops for out in op.outputs)


def _exact_weights(case: Case, half: str) -> Dict[Tensor, np.ndarray]:
    """Return B's weights that are rounded, and what they are in A."""
    exact = {}
    for theirs, ours in weight_pairs(case):
        array = case.b.value(ours)
        whole = case.a.value(theirs).reshape(array.shape)
        if _is_rounded(whole, array, half):
            exact[ours] = whole
    return exact


def _exact_starts(case: Case) -> Dict[Tensor, np.ndarray]:
    """Return what A's subgraph starts from, laid out as B's starts but not rounded to their type."""
    exact = {}
    for one, other in case.pair.agreeing:
        if other.tensor in case.b.starts:
            array = case.a.starts.get(one.tensor, case.pair.a.values[one.tensor.name])
            laid = in_layout_of(array, one, other, case.b.starts[other.tensor].astype(array.dtype))
            if laid is not None:
                exact[other.tensor] = laid
    return exact


def _is_rounded(whole: np.ndarray, half: np.ndarray, name: str) -> bool:
    same = np.array_equal(round_to(whole, name), half.astype(whole.dtype))
    return same and not np.array_equal(whole, half.astype(whole.dtype))


def _widen_node(node: NodeDef) -> None:
    """Let a node compute in float32 what it computes in half precision."""
    narrow = [half.as_datatype_enum for half in HALVES.values()]
    for attr in node.attr.values():
        if attr.type in narrow:
            attr.type = tf.float32.as_datatype_enum
        for i, kind in enumerate(attr.list.type):
            if kind in narrow:
                attr.list.type[i] = tf.float32.as_datatype_enum
