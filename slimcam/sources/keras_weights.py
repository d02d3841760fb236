"""Files that hold a Keras model's weights: what is in them, whether a model takes it, and how it gets there.

Keras 2 writes a list of layers, each with the list of its weights; they are read by the layers' names where the model
has just these, and else in the model's order. From 2.12 on files called .weights.h5, and the weights in a .keras
archive, have a folder for each layer, called after its class and its place among those of that class.
"""

import contextlib
import functools
import lzma
import os
import shutil
import struct
import tempfile
import zipfile
import zlib
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .._tf import backend_module, h5_file, is_keras3, keras_of, paths_of_layers, turns_kernels_of_theano
from .._types import ArrayReader, KerasLayer, KerasModel, Session, Tensor
from ..errors import ModelError, SlimcamError
from ..text.printable import first_line
from .session_values import readers

Shape = Tuple[int, ...]

_HDF5 = b"\x89HDF\r\n\x1a\n"
WEIGHTS = "model.weights.h5"  # in a .keras archive
# What h5py and zipfile raise for damaged files.
UNREADABLE = (OSError, RuntimeError, LookupError, ValueError, TypeError, OverflowError, AttributeError, EOFError,
              MemoryError, struct.error, zlib.error, lzma.LZMAError, zipfile.BadZipFile)  # fmt: skip
_SHOWN = 120  # characters of such an error: some quote what they read


class SavedLayer(NamedTuple):
    """A layer that has weights, as a file names it."""

    name: str
    shapes: List[Shape]


class SavedWeights(NamedTuple):
    """What a file holds."""

    path: str
    layers: List[SavedLayer]  # in the file's order, which the folders of `by_path` have lost
    by_path: bool = False
    version: str = ""  # of the Keras that wrote it, "" where it does not say
    backend: str = ""


def open_weights(path: str) -> SavedWeights:
    """List the weights of a file; raise ModelError for one that has none, or cannot be read."""
    kind = "a file of weights that h5py can read"
    with readable(path, kind), h5_of(path) as place, h5_file(place) as file:
        group = file.get("model_weights", file)
        version, backend = (decode_text(group.attrs.get(key, b"")) for key in ("keras_version", "backend"))
        listed = _names(group, "layer_names")
        if listed is None:
            return SavedWeights(path, _in_folders(file), True, version, backend)
        layers = [_layer(group[name], name) for name in listed]
    saved = SavedWeights(path, [layer for layer in layers if layer.shapes], False, version, backend)
    if not saved.layers:
        raise ModelError(f"{path}: no weights of a Keras model are in it")
    return saved


@contextlib.contextmanager
def readable(path: str, kind: str) -> Iterator[None]:
    """Turn what h5py and zipfile raise for a damaged file into ModelError: it is not of a kind that can be read."""
    try:
        yield
    except UNREADABLE as error:
        raise ModelError(f"{path}: not {kind}, or a damaged one ({in_few_words(error)})") from error


def in_few_words(error: BaseException) -> str:
    """Return an error of another library in a few words."""
    text = " ".join(str(error).split())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} ..."


def is_h5(path: Any) -> bool:
    """Whether the path is that of an HDF5 file, whatever it is called."""
    return starts_with(path, _HDF5)


def starts_with(path: Any, magic: bytes) -> bool:
    """Whether the path is that of a file that starts with some bytes."""
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return file.read(len(magic)) == magic


def _layer(group: Any, name: str) -> SavedLayer:
    return SavedLayer(name, [tuple(group[weight].shape) for weight in _names(group, "weight_names") or ()])


def _names(group: Any, key: str) -> Optional[List[str]]:
    """Return a list of names that a group has as an attribute, or, where it is long, as numbered ones."""
    if key in group.attrs:
        return [decode_text(one) for one in group.attrs[key]]
    parts = [group.attrs[f"{key}{i}"] for i in range(len(group.attrs)) if f"{key}{i}" in group.attrs]
    return [decode_text(one) for part in parts for one in part] if parts else None


def decode_text(value: Any) -> str:
    """Return an attribute of an HDF5 file as text: h5py gives some as bytes."""
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def _in_folders(file: Any) -> List[SavedLayer]:
    layers: List[SavedLayer] = []

    def visit(name: str, item: Any) -> None:
        parts = name.split("/")
        if parts[-1] == "vars" and not {"optimizer", "metrics", "seed_generator"} & set(parts) and len(item):
            shapes = [tuple(item[key].shape) for key in sorted(item, key=int)]
            layers.append(SavedLayer(name[: -len("/vars")], shapes))

    file.visititems(visit)
    return layers


@contextlib.contextmanager
def h5_of(path: str) -> Iterator[str]:
    """Yield the path of the HDF5 file: of a .keras archive, its weights, for a while."""
    if not zipfile.is_zipfile(path):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path) as archive:
        yield archive.extract(WEIGHTS, folder)


def classes_of(saved: SavedWeights) -> Optional[int]:
    """Return how many classes the last layer scores, None where it scores none, as in a file without the top.

    Such a layer is dense, or a convolution of 1 x 1 pixels with a bias. None, too, where the file has lost its order.
    """
    shapes = saved.layers[-1].shapes if not saved.by_path and saved.layers else []
    is_score = len(shapes) == 2 and shapes[0][:-2] in ((), (1, 1)) and len(shapes[0]) > 1
    return shapes[0][-1] if is_score and shapes[1] == shapes[0][-1:] else None


def load_weights(model: KerasModel, saved: SavedWeights, what: str = "its architecture") -> str:
    """Load a file's weights into a model; return in words how they were matched.

    Raises ModelError with the first layer that differs, and both shapes, where they do not fit.
    """
    wanted = _layers_of(model, saved)
    misfit = _difference(saved, wanted)
    # a file of Keras 1 has other shapes for some layers, and one with folders may have some within a layer
    if saved.by_path:
        loose = is_keras3(model) and _count(saved.layers) == len(model.weights)
    else:
        loose = not saved.version and _sizes(saved.layers) == _sizes(wanted)
    if misfit and not loose:
        raise ModelError(f"{saved.path}: its weights do not fit {what}: {misfit}")
    try:
        how = _load(model, saved, [name for name, _ in wanted])
        return how + (f"; {turn_kernels(model)}" if saved.backend == "theano" and not is_keras3(model) else "")
    except SlimcamError:
        raise
    except Exception as error:  # Keras raises whatever it comes upon in a damaged file
        first = misfit or first_line(error)
        raise ModelError(f"{saved.path}: its weights do not fit {what}: {first}") from error


def _load(model: KerasModel, saved: SavedWeights, names: Sequence[str]) -> str:
    theirs = [layer.name for layer in saved.layers]
    by_name = not saved.by_path and sorted(set(theirs)) == sorted(names)
    with h5_of(saved.path) as place, _renamed_file(place, saved.by_path) as file:
        if saved.by_path and not is_keras3(model):
            _assign_by_path(model, file)
        elif by_name:
            model.load_weights(file, by_name=True)
        else:
            model.load_weights(file)
    count = f"{_count(saved.layers)} weights of {len(theirs)} layers"
    if saved.by_path:
        return f"{count}, by their layers' classes and order"
    if by_name:
        return f"{count}, by their layers' names"
    theirs_and_ours = next(pair for pair in zip(theirs, names) if len(set(pair)) > 1)
    return "{}, by their order: {!r} of the file is {!r} of the model".format(count, *theirs_and_ours)


def _sizes(layers: Sequence[Tuple[str, List[Shape]]]) -> List[int]:
    """Return how many numbers each layer has."""
    return [sum(int(np.prod(shape)) for shape in shapes) for _, shapes in layers]


def _count(layers: Sequence[SavedLayer]) -> int:
    return sum(len(layer.shapes) for layer in layers)


_KERNELS_FIRST = ("Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "ConvLSTM2D")
TURNED = "saved on Theano: its kernels are turned by 180 degrees"


def turn_kernels(model: KerasModel) -> str:
    """Turn kernels that were saved on Theano by 180 degrees, where Keras has not done so; return that in words."""
    keras = keras_of(model)
    if turns_kernels_of_theano(keras):
        return TURNED
    layers = [layer for _, layer in paths_of_layers(model) if type(layer).__name__ in _KERNELS_FIRST]
    kernels = [one for layer in layers for one in _weights(layer)[: 2 if "LSTM" in type(layer).__name__ else 1]]
    backend = backend_module(keras)
    arrays = [array[(slice(None, None, -1),) * (array.ndim - 2)] for array in backend.batch_get_value(kernels)]
    backend.batch_set_value(list(zip(kernels, arrays)))
    return TURNED


def _layers_of(model: KerasModel, saved: SavedWeights) -> List[Tuple[str, List[Shape]]]:
    """Return the model's layers that have weights, by the names that the file would have for them, with shapes."""
    layers = paths_of_layers(model) if saved.by_path else [(layer.name, layer) for layer in model.layers]
    shapes = [(name, [_shape(weight) for weight in _weights(layer)]) for name, layer in layers]
    return [(name, of_layer) for name, of_layer in shapes if of_layer]


def _weights(layer: KerasLayer) -> List[Any]:
    """Return a layer's weights as Keras saves them; those that training moves come first."""
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _shape(weight: Any) -> Shape:
    return tuple(int(size) for size in weight.shape)


def _difference(saved: SavedWeights, wanted: Sequence[Tuple[str, List[Shape]]]) -> str:
    """Return in words the first layer of a file that a model does not take, "" where it takes all."""
    theirs = [(layer.name, layer.shapes) for layer in saved.layers]
    ours = list(wanted)
    if saved.by_path or {name for name, _ in theirs} == {name for name, _ in ours}:
        order = {name: i for i, (name, _) in enumerate(ours)}
        theirs = sorted(theirs, key=lambda layer: order.get(layer[0], len(order)))
    empty: Tuple[str, List[Shape]] = ("", [])
    for i in range(max(len(theirs), len(ours))):
        (name, shapes), (our_name, our_shapes) = (some[i] if i < len(some) else empty for some in (theirs, ours))
        if shapes != our_shapes or (saved.by_path and name != our_name):
            counts = f"{len(theirs)} layers with weights in the file and {len(ours)} in the model; "
            start = f"{counts if len(theirs) != len(ours) else ''}layer {i + 1}"
            in_file, in_model = _layer_text(name, shapes, our_shapes), _layer_text(our_name, our_shapes, shapes)
            return f"{start} is {in_file} in the file and {in_model} in the model"
    return ""


def _layer_text(name: str, shapes: List[Shape], others: List[Shape], most: int = 4) -> str:
    """Return a layer and its shapes in words; of many the first that differs from the others'."""
    if not name:
        return "none"
    if len(shapes) <= most:
        return f"{name!r} of {', '.join(map(str, shapes))}"
    last = min(len(shapes), len(others)) - 1
    first = next((i for i, pair in enumerate(zip(shapes, others)) if pair[0] != pair[1]), last)
    return f"{name!r} of {len(shapes)} weights, number {first + 1} of them {shapes[first]}"


@contextlib.contextmanager
def _renamed_file(path: str, by_path: bool) -> Iterator[str]:
    """Yield a path to the file by a name of which each Keras knows how to read it: they go by the name's ending."""
    with tempfile.TemporaryDirectory() as folder:
        link = os.path.join(folder, "model.weights.h5" if by_path else "weights.h5")
        try:
            os.symlink(os.path.abspath(path), link)
        except OSError:  # where links are not allowed
            shutil.copyfile(path, link)
        yield link


def _assign_by_path(model: KerasModel, path: str) -> None:
    """Give a model of Keras 2 the weights of a file that has a folder for each layer, which only later ones read."""
    pairs: List[Tuple[Any, np.ndarray]] = []
    with h5_file(path) as file:
        for name, layer in paths_of_layers(model):
            pairs += [(weight, np.asarray(file[f"{name}/vars/{i}"])) for i, weight in enumerate(_weights(layer))]
    backend_module(keras_of(model)).batch_set_value(pairs)


def loaded_readers(
    saved: SavedWeights, what: str, words: List[str], model: KerasModel, session: Session
) -> Dict[str, ArrayReader]:
    """Load a file's weights into a model's session, and return what reads them there; `words` gets how they match."""
    words.append(load_weights(model, saved, what))
    read = readers(session, {weight.op.name: weight for weight in model.weights})
    return {w.op.name: functools.partial(_read_checked, saved.path, w, read[w.op.name]) for w in model.weights}


def _read_checked(path: str, weight: Tensor, read: ArrayReader) -> np.ndarray:
    """Return a weight as loaded; TensorFlow 1 loads arrays of any shape without a word."""
    value = read()
    if not weight.shape.is_compatible_with(value.shape):
        raise ModelError(
            f"{path}: its weights do not fit its architecture: {weight.name!r} is {weight.shape}, not {value.shape}"
        )
    return value
