"""A .tflite file as tensors and operators, read by the tables that the package `tflite` generates of the schema."""

from typing import Any, Dict, List, NamedTuple, Optional

import numpy as np

from .._packages import pip_line
from ..errors import MissingPackage, ModelError
from ..files.reading import read_bytes

_TIMES, _FREE = 4, 1 << 20  # what may be read of names, shapes and options: times the file's size, and bytes
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

    def result_of(self, operator: LiteOperator) -> str:
        """Return the name of the first tensor that an operator gives, its type where it gives none."""
        return self.tensors[operator.outputs[0]].name if operator.outputs else operator.type


def read_file(path: str) -> LiteModel:
    """Read a file; raise ModelError for what is no .tflite, or a damaged one, and MissingPackage without `tflite`."""
    try:
        import tflite
    except ImportError as error:
        raise MissingPackage(f"{path}: .tflite files need the package tflite: {pip_line('tflite')}") from error
    data = read_bytes(path, ModelError)
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
        # tables may name one string any number of times, and what is read of all is to be about the file
        self.left = _TIMES * len(data) + _FREE
        self.root = schema.Model.GetRootAs(data, 0)
        self.types = {number: name.lower() for name, number in _enumeration(schema.TensorType)}
        self.options = {number: name for name, number in _enumeration(schema.BuiltinOptions)}
        self.operators = {number: name for name, number in _enumeration(schema.BuiltinOperator)}

    def model(self) -> LiteModel:
        graph, root = self.root.Subgraphs(0), self.root
        signature = root.SignatureDefs(0) if root.SignatureDefsLength() else None
        metadata = [root.Metadata(i) for i in range(root.MetadataLength())]
        model = LiteModel(
            [self.tensor(graph.Tensors(i)) for i in range(graph.TensorsLength())],
            [self.operator(graph.Operators(i)) for i in range(graph.OperatorsLength())],
            self.numbers(graph, "Inputs"),
            self.numbers(graph, "Outputs"),
            {} if signature is None else self.keys(signature.Inputs, signature.InputsLength()),
            {} if signature is None else self.keys(signature.Outputs, signature.OutputsLength()),
            {self.text(one.Name()): self.within_budget(self.buffer(one.Buffer()).tobytes()) for one in metadata},
        )
        check_numbers(model)
        return model

    def tensor(self, table: Any) -> LiteTensor:
        signature = self.numbers(table, "ShapeSignature")  # -1 where a size was not known
        shape = [size if size >= 0 else None for size in signature or self.numbers(table, "Shape")]
        dtype = self.types[table.Type()]
        data = self.buffer(table.Buffer())
        quantisation = table.Quantization()
        scaled = quantisation is not None and quantisation.ScaleLength() > 0
        packed = table.Sparsity() is not None
        return LiteTensor(
            self.text(table.Name()),
            shape,
            dtype,
            None if packed or dtype not in _READABLE else _value(data, dtype, self.numbers(table, "Shape")),
            quantisation.ScaleAsNumpy() if scaled else np.zeros(0, np.float32),
            quantisation.ZeroPointAsNumpy() if scaled and quantisation.ZeroPointLength() else np.zeros(1, np.int64),
            quantisation.QuantizedDimension() if scaled else 0,
            packed or (bool(data.size) and dtype not in _READABLE),
        )

    def buffer(self, number: int) -> np.ndarray:
        """Return the bytes of a buffer, a view of the file's."""
        table = self.root.Buffers(number)
        if table.Offset() > 1:  # after the tables, in a file of more than 2 GB
            return np.frombuffer(self.data, np.uint8, table.Size(), table.Offset())
        return table.DataAsNumpy() if table.DataLength() else np.zeros(0, np.uint8)

    def within_budget(self, some: Any) -> Any:
        """Return bytes or numbers that were read; raise ValueError where that is far more than the file has."""
        self.left -= len(some)
        if self.left < 0:
            raise ValueError("tables that repeat each other")
        return some

    def text(self, name: Optional[bytes]) -> str:
        return str(self.within_budget(name or b"").decode("utf-8", "replace"))

    def numbers(self, table: Any, field: str) -> List[int]:
        if not getattr(table, f"{field}Length")():
            return []
        return [int(number) for number in self.within_budget(getattr(table, f"{field}AsNumpy")())]

    def keys(self, entry: Any, count: int) -> Dict[str, int]:
        return {self.text(entry(i).Name()): entry(i).TensorIndex() for i in range(count)}

    def operator(self, table: Any) -> LiteOperator:
        code = self.root.OperatorCodes(table.OpcodeIndex())
        # numbers of old operators stand in the old field, which has one byte, for readers of its time
        type_ = self.operators.get(max(code.BuiltinCode(), code.DeprecatedBuiltinCode()), "an unknown operator")
        is_custom = type_ == "CUSTOM"
        custom = self.within_budget(table.CustomOptionsAsNumpy().tobytes()) if table.CustomOptionsLength() else b""
        return LiteOperator(
            self.text(code.CustomCode()) if is_custom else type_,
            self.numbers(table, "Inputs"),
            self.numbers(table, "Outputs"),
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


def check_numbers(model: LiteModel) -> None:
    """Raise ValueError where something names a tensor that there is not, or gives one that is there already."""
    count = len(model.tensors)
    keys = [*model.input_keys.values(), *model.output_keys.values()]
    if not all(0 <= number < count for number in [*model.inputs, *model.outputs, *keys]):
        raise ValueError("an input or output that is no tensor")
    for one in model.operators:
        if not all(NO_TENSOR <= number < count for number in one.inputs) or not all(
            0 <= number < count for number in one.outputs
        ):
            raise ValueError("an operator of no tensor")
    given = [*model.inputs, *(number for one in model.operators for number in one.outputs)]
    if len(set(given)) < len(given) or any(model.tensors[number].value is not None for number in given):
        raise ValueError("a tensor that several give")


def _value(data: np.ndarray, dtype: str, shape: List[int]) -> Optional[np.ndarray]:
    """Return what a buffer holds, None where it holds nothing although it should."""
    if not data.size and 0 not in shape:
        return None
    return np.frombuffer(data, np.dtype(dtype).newbyteorder("<")).astype(dtype, copy=False).reshape(shape)
