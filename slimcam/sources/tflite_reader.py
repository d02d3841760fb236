"""A .tflite file as tensors and operators, read by the tables that the package `tflite` generates of the schema."""

from typing import Any, Dict, List, NamedTuple, Optional

import numpy as np

from .._packages import pip_line
from ..errors import MissingPackage, ModelError

NO_TENSOR = -1  # in the place of an optional input that an operator does without
# A table without fields: of each option it gives the schema's default.
_NO_OPTIONS = b"\x04\x00\x04\x00\x04\x00\x00\x00"


class LiteTensor(NamedTuple):
    """A tensor: what goes from operator to operator, or a weight."""

    name: str
    shape: List[Optional[int]]  # None: any size
    dtype: str  # of NumPy, or the schema's own where NumPy has none
    value: Optional[np.ndarray]  # of a weight
    scale: np.ndarray  # of whole numbers that stand for others: (value - zero) * scale; empty for plain numbers
    zero: np.ndarray
    axis: int  # along which scale and zero lie where they are several
    packed: bool  # the value is in a form that only the runtime unpacks


class LiteOperator(NamedTuple):
    """An operator: its type by the schema's name, or by its own where it is a custom one."""

    type: str
    inputs: List[int]
    outputs: List[int]
    options: Any  # the generated table of its options
    custom: bytes  # the options of a custom operator
    is_custom: bool


class LiteModel(NamedTuple):
    """The main graph of a file; numbers are those of tensors."""

    tensors: List[LiteTensor]
    operators: List[LiteOperator]  # each after those that it reads
    inputs: List[int]
    outputs: List[int]
    input_keys: Dict[str, int]  # what its signature calls the inputs, empty without one
    output_keys: Dict[str, int]
    metadata: Dict[str, bytes]


def read_file(path: str) -> LiteModel:
    """Read a file; raise ModelError for what is no .tflite, or a damaged one, and MissingPackage without `tflite`."""
    try:
        import tflite
    except ImportError as error:
        raise MissingPackage(f"{path}: .tflite files need the package tflite: {pip_line('tflite')}") from error
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror or error}") from error
    if data[4:8] != b"TFL3":
        raise ModelError(f"{path}: {'not a .tflite model' if data else 'the file is empty'}")
    try:
        return _Reader(tflite, data).model()
    except Exception as error:  # flatbuffers checks nothing: struct, NumPy and its own tables raise what they will
        raise ModelError(f"{path}: a damaged or truncated .tflite model ({type(error).__name__})") from error


class _Reader:
    """The tables of one file; the methods of `tflite` are named as the fields of the schema are."""

    def __init__(self, schema: Any, data: bytes) -> None:
        self.schema = schema
        self.data = data
        self.root = schema.Model.GetRootAs(data, 0)
        self.types = {number: name.lower() for name, number in _enumeration(schema.TensorType)}
        self.options = {number: name for name, number in _enumeration(schema.BuiltinOptions)}
        self.operators = {number: name for name, number in _enumeration(schema.BuiltinOperator)}

    def model(self) -> LiteModel:
        graph, root = self.root.Subgraphs(0), self.root
        signature = root.SignatureDefs(0) if root.SignatureDefsLength() else None
        metadata = [root.Metadata(i) for i in range(root.MetadataLength())]
        return LiteModel(
            [self.tensor(graph.Tensors(i)) for i in range(graph.TensorsLength())],
            [self.operator(graph.Operators(i)) for i in range(graph.OperatorsLength())],
            _numbers(graph, "Inputs"),
            _numbers(graph, "Outputs"),
            {} if signature is None else _keys(signature.Inputs, signature.InputsLength()),
            {} if signature is None else _keys(signature.Outputs, signature.OutputsLength()),
            {_text(one.Name()): self.buffer(one.Buffer()) for one in metadata},
        )

    def tensor(self, table: Any) -> LiteTensor:
        signature = _numbers(table, "ShapeSignature")  # -1 where a size was not known
        shape = [size if size >= 0 else None for size in signature or _numbers(table, "Shape")]
        dtype = self.types[table.Type()]
        data = self.buffer(table.Buffer())
        quantisation = table.Quantization()
        scaled = quantisation is not None and quantisation.ScaleLength() > 0
        packed = table.Sparsity() is not None
        return LiteTensor(
            _text(table.Name()),
            shape,
            dtype,
            None if packed or dtype not in _READABLE else _value(data, dtype, _numbers(table, "Shape")),
            quantisation.ScaleAsNumpy() if scaled else np.zeros(0, np.float32),
            quantisation.ZeroPointAsNumpy() if scaled and quantisation.ZeroPointLength() else np.zeros(1, np.int64),
            quantisation.QuantizedDimension() if scaled else 0,
            packed or (bool(data) and dtype not in _READABLE),
        )

    def buffer(self, number: int) -> bytes:
        table = self.root.Buffers(number)
        if table.Offset() > 1:  # after the tables, in a file of more than 2 GB
            return self.data[table.Offset() : table.Offset() + table.Size()]
        return table.DataAsNumpy().tobytes() if table.DataLength() else b""

    def operator(self, table: Any) -> LiteOperator:
        code = self.root.OperatorCodes(table.OpcodeIndex())
        # numbers of old operators stand in the old field, which has one byte, for readers of its time
        type_ = self.operators.get(max(code.BuiltinCode(), code.DeprecatedBuiltinCode()), "an unknown operator")
        is_custom = type_ == "CUSTOM"
        custom = table.CustomOptionsAsNumpy().tobytes() if table.CustomOptionsLength() else b""
        return LiteOperator(
            _text(code.CustomCode()) if is_custom else type_,
            _numbers(table, "Inputs"),
            _numbers(table, "Outputs"),
            self.options_of(table),
            custom,
            is_custom,
        )

    def options_of(self, table: Any) -> Any:
        """Return the options as the table of their own type, None for an operator whose type has none."""
        own, kind = table.BuiltinOptions(), self.options.get(table.BuiltinOptionsType(), "NONE")
        if own is None or kind == "NONE":
            return None
        options = getattr(self.schema, kind)()
        options.Init(own.Bytes, own.Pos)
        return options


def default_options(name: str) -> Any:
    """Return a table of options, `Conv2DOptions` say, with the defaults of the schema."""
    import tflite

    options = getattr(tflite, name)()
    options.Init(_NO_OPTIONS, 4)
    return options


def _enumeration(names: Any) -> List[Any]:
    return [(name, number) for name, number in vars(names).items() if not name.startswith("_")]


_READABLE = frozenset(
    ("float32", "float16", "float64", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "bool")
)


def _value(data: bytes, dtype: str, shape: List[int]) -> Optional[np.ndarray]:
    """Return what a buffer holds, None where it holds nothing although it should."""
    if not data and 0 not in shape:
        return None
    return np.frombuffer(data, np.dtype(dtype).newbyteorder("<")).astype(dtype, copy=False).reshape(shape)


def _numbers(table: Any, field: str) -> List[int]:
    if not getattr(table, f"{field}Length")():
        return []
    return [int(number) for number in getattr(table, f"{field}AsNumpy")()]


def _keys(entry: Any, count: int) -> Dict[str, int]:
    return {_text(entry(i).Name()): entry(i).TensorIndex() for i in range(count)}


def _text(name: Optional[bytes]) -> str:
    return (name or b"").decode("utf-8", "replace")
