"""What the metadata of a .tflite file declares: how photos become its input, and where its labels are.

The tables are those of metadata_schema.fbs of TensorFlow Lite Support, "M001". The package that has them generated,
tflite_support, stops at Python 3.11, so the few fields that matter are read by their places in the schema.
"""

import zipfile
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ..inputs.preprocess import TORCH_DEVIATION, TORCH_MEAN
from .tflite_reader import LiteModel

NAME = "TFLITE_METADATA"  # of the entry in the file that holds it
MOST = 1 << 22  # bytes of a file of labels
_NORMALISATION, _AXIS_LABELS = 1, 2  # of ProcessUnitOptions, of AssociatedFileType

# By mean and deviation of values from 0 to 255, what prepares photos so.
PREPARED = (
    ("squash", 127.5, 127.5),
    ("retrained", 128.0, 128.0),
    ("unit", 0.0, 255.0),
    ("none", 0.0, 1.0),
    ("torch", np.multiply(TORCH_MEAN, 255), np.multiply(TORCH_DEVIATION, 255)),
)


class Metadata(NamedTuple):
    """What a file says of itself; None for what it does not say."""

    normalisation: Optional[Tuple[List[float], List[float]]] = None  # mean and deviation, of each channel or of all
    labels: Optional[List[str]] = None
    named: str = ""  # the file of the labels


def read_metadata(path: str, lite: LiteModel, output: Optional[int]) -> Metadata:
    """Return what the metadata says of the first input of images in floating point, and of an output by its number.

    Metadata that cannot be read says nothing.
    """
    data = lite.metadata.get(NAME, b"")
    if data[4:8] != b"M001":
        return Metadata()
    images = [
        place
        for place, number in enumerate(lite.inputs)
        if len(lite.tensors[number].shape) == 4 and lite.tensors[number].dtype == "float32"
    ]
    try:
        subgraph = _root(data).tables(3)[0]
        normalisation = _normalisation(subgraph.tables(2)[images[0]]) if images else None
        named = _file_of_labels(subgraph.tables(3)[lite.outputs.index(output)]) if output is not None else ""
        labels = _labels(path, named) if named else None
    except Exception:  # flatbuffers checks nothing, zipfile raises by what is damaged
        return Metadata()
    return Metadata(normalisation, labels, named)


def preparation(normalisation: Tuple[Sequence[float], Sequence[float]]) -> Optional[str]:
    """Return the row of preprocess.PREPROCESSING that takes mean and deviation off values from 0 to 255, or None."""
    for name, mean, deviation in PREPARED:
        pairs = zip(normalisation, (mean, deviation))
        if all(np.allclose(said, own, rtol=1e-4, atol=1e-4) for said, own in pairs):
            return name
    return None


def _normalisation(tensor: Any) -> Optional[Tuple[List[float], List[float]]]:
    for unit in tensor.tables(4):
        if unit.byte(0) == _NORMALISATION:
            options = unit.union(1)
            mean, deviation = options.floats(0), options.floats(1)
            return (mean, deviation) if mean and deviation else None
    return None


def _file_of_labels(tensor: Any) -> str:
    """Return the name of the file with a label for each value, the first, as the schema has it, "" without one."""
    return next((one.text(0) for one in tensor.tables(6) if one.byte(2) == _AXIS_LABELS), "")


def _labels(path: str, name: str) -> Optional[List[str]]:
    """Return the lines of a file that is packed after the model, as in a zip."""
    with zipfile.ZipFile(path) as packed:
        if packed.getinfo(name).file_size > MOST:
            return None
        return packed.read(name).decode("utf-8").rstrip().splitlines()


class _Fields:
    """A table of flatbuffers, its fields by their places in the schema, from 0 on."""

    def __init__(self, table: Any) -> None:
        self.table = table

    def _place(self, field: int) -> int:
        return int(self.table.Offset(4 + 2 * field))

    def tables(self, field: int) -> List["_Fields"]:
        place = self._place(field)
        if not place:
            return []
        start, count = self.table.Vector(place), self.table.VectorLen(place)
        if count > len(self.table.Bytes):
            raise ValueError("a vector longer than its file")
        return [self._at(self.table.Indirect(start + 4 * i)) for i in range(count)]

    def union(self, field: int) -> "_Fields":
        return self._at(self.table.Indirect(self._place(field) + self.table.Pos))

    def floats(self, field: int) -> List[float]:
        from flatbuffers import number_types

        place = self._place(field)
        numbers = self.table.GetVectorAsNumpy(number_types.Float32Flags, place) if place else ()
        return [float(number) for number in numbers]

    def text(self, field: int) -> str:
        place = self._place(field)
        return self.table.String(place + self.table.Pos).decode("utf-8") if place else ""

    def byte(self, field: int) -> int:
        place = self._place(field)
        return self.table.Bytes[place + self.table.Pos] if place else 0

    def _at(self, place: int) -> "_Fields":
        return _Fields(type(self.table)(self.table.Bytes, place))


def _root(data: bytes) -> _Fields:
    from flatbuffers import table

    return _Fields(table.Table(data, int.from_bytes(data[:4], "little")))
