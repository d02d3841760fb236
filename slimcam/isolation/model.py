"""IsolatedModel: what stands for a Model that lives in a child process, and answers as it does."""

import functools
import os
from typing import Any, Callable, Collection, Dict, Iterable, List, NoReturn, Optional, Sequence, Tuple

import numpy as np

from .._tf import tf
from .._types import ImagesLike, TensorLike
from ..errors import ModelError
from ..inputs.image_input import ImageInput, PhotoPipeline, Rows
from ..inputs.photos import Batch
from ..model import Layer, Model
from . import messages
from .child import Child

GIB = 1 << 30
LEAST, TIMES = 4 * GIB, 16  # what a child may take: so many bytes, and so many for each byte of the model
TEXTS = "source", "no_logits", "output_kind", "fault", "randomness"  # of a Model, as the child describes it
LISTS = "why", "notes"


class RemoteTensor:
    """A tensor of a model in another process: its name, shape and type. It is pickled as its name."""

    def __init__(self, name: str, shape: Optional[Sequence[Optional[int]]], dtype: str) -> None:
        self.name, self.shape, self.dtype = str(name), tf.TensorShape(shape), tf.as_dtype(str(dtype))

    def __repr__(self) -> str:
        return f"<RemoteTensor {self.name!r} {self.shape} {self.dtype.name}>"

    def __reduce__(self) -> Tuple[Any, ...]:
        return str, (self.name,)

    @property
    def op(self) -> NoReturn:
        """The operation, which is in the other process."""
        raise ModelError(
            f"{self.name!r} is of an isolated model, whose graph is in another process: load without isolated="
        )

    graph = op


class IsolatedModel(Model):
    """A Model whose graph and session are in a child process, with limits; see docs/security.md.

    What needs the graph itself, or a tensor of it, raises ModelError.
    """

    def __init__(self, child: Child, described: Any, why: Sequence[str], loaded_by: Callable[[], Model]) -> None:
        """Read what the child says of its model; `why` is what is said beside it, `loaded_by` loads it again."""
        self.child, self.loaded_by = child, loaded_by
        for name in TEXTS:
            setattr(self, name, str(described[name]))
        for name in LISTS:
            setattr(self, name, [str(one) for one in described[name]])
        self.why += why
        self.inputs = [_image_input(one) for one in described["inputs"]]
        self.logits, self.layer = _tensor(described["logits"]), _tensor(described["layer"])
        self.outputs = [_tensor(one) for one in described["outputs"]]
        labels = described["labels"]
        self.labels = None if labels is None else [str(one) for one in labels]
        self.end_points_there = {str(key): _tensor(one) for key, one in described["end_points"].items()}

    def _elsewhere(self) -> NoReturn:
        raise ModelError(
            f"{self.source} is isolated, and this needs its graph in this process: load it without isolated=True"
        )

    graph = session = names = once = eager = calls = property(_elsewhere)

    @property
    def end_points(self) -> Dict[str, Any]:
        """The tensors that the source has names of its own for."""
        return self.end_points_there

    def close(self) -> None:
        """End the process; the model cannot be run after that."""
        self.child.close()

    def check_open(self) -> None:
        """Raise ModelError where the process has ended, or this one was forked since."""
        self.child.check()

    def ask(self, read: Callable[[Any], Any], name: str, *arguments: Any, images: Any = None) -> Any:
        """Return what `read` makes of the child's answer; raise ModelError where it holds something else."""
        count = 0 if images is None else sum(one.nbytes for one in (images.photos if _is_batch(images) else [images]))
        answer = self.child.call(name, *arguments, *([] if images is None else [images]), count=count)
        try:
            return read(answer)
        except messages.NO_ANSWER as error:
            raise self.child.unreadable(error) from error

    def tensor(self, name: TensorLike) -> Any:
        """Return the tensor that a name finds, as Model.tensor does: its name, shape and type."""
        return name if isinstance(name, RemoteTensor) else self.ask(_tensor, "tensor", name)

    def name_of(self, tensor: Any) -> str:
        """Return the shortest name that `tensor(name)` finds this tensor by."""
        return str(self.ask(str, "name_of", tensor))

    def layers(self) -> List[Layer]:
        """Return the 4-D tensors that are worth explaining, best first."""
        return list(self.ask(_layers, "layers"))

    def inputs_of(self, tensors: Iterable[Any], cut: Collection[str] = ()) -> List[ImageInput]:
        """Return the inputs for images that `tensors` depend on, given the tensors named in `cut`."""
        numbers = self.ask(_numbers, "inputs_of", list(tensors), list(cut))
        return [one for i, one in enumerate(self.inputs) if i in numbers]

    def needs(self, *names: TensorLike) -> List[str]:
        """Return the names of the placeholders that these tensors depend on."""
        return list(self.ask(_strings, "needs", names))

    def features(self, name: TensorLike, photos: ImagesLike) -> np.ndarray:
        """Return the values of a tensor for photos, (N, ...)."""
        array: np.ndarray = self.ask(_array, "features", name, images=self.sendable(photos))
        return array

    def values(self, tensors: Sequence[Any], batch: Batch) -> Rows:
        """Return the values of tensors, by name, for each photo."""
        names = [tensor.name for tensor in tensors]
        images = self.sendable(batch.photos if batch.array is None else batch.array, batch)
        return {name: list(self.features_of(name, images)) for name in names}

    def features_of(self, name: str, images: Any) -> np.ndarray:
        """Return the values of a tensor for images as sendable() returns them."""
        array: np.ndarray = self.ask(_array, "features", name, images=images)
        return array

    def sendable(self, photos: ImagesLike, batch: Optional[Batch] = None) -> Any:
        """Return photos as they are sent: a Batch of photos, or an array of floating point."""
        if batch is None:
            batch = self.inputs[0].batch(photos)
        if batch.array is not None:
            return batch.array
        encoded = any(one.photos is not None and one.photos.tensor is not None for one in self.inputs)
        return batch._replace(photos=list(batch.photos), files=batch.files if encoded else [None] * len(batch.photos))


def load_isolated(path: str, options: Dict[str, Any], memory: Optional[float], load: Callable[..., Model]) -> Model:
    """Load a model in a child process, by `load` in this one's words."""
    child = start(path, options, memory)
    try:
        described = child.call("load", path, options)
        again = functools.partial(load, os.path.abspath(path), isolated=True, memory=memory, **options)
        return IsolatedModel(child, described, [in_words(child)], again)
    except messages.NO_ANSWER as error:
        raise child.unreadable(error) from error
    except BaseException:
        child.close()
        raise


def start(path: str, options: Dict[str, Any], memory: Optional[float]) -> Child:
    """Start a child that may read the model at `path`, and what options name."""
    if memory is not None and not (isinstance(memory, (int, float)) and 0 < memory < 1 << 20):
        raise ModelError(f"memory={memory!r}: give GiB, more than 0")
    size, folder = size_of(path), path if os.path.isdir(path) else os.path.dirname(os.path.abspath(path))
    named = [os.path.abspath(value) for value in _paths_in(options)]
    own_code = (
        options.get("custom_objects") is not None or ":" in str(options.get("net")) or callable(options.get("net"))
    )
    limit = LEAST + TIMES * size if memory is None else int(memory * GIB)
    return Child(path, [folder, path, *named], own_code, limit, options.get("timeout"), size)


def in_words(child: Child) -> str:
    """Say what a child is kept from, and what of that this machine cannot do."""
    kept = "a process of its own, with limits on files, networks, programs and memory"
    lacks = "; ".join(child.lacks)
    return f"isolated: {kept}" + (f"; but {lacks}" if lacks else "")


def size_of(path: str) -> int:
    """Return the bytes of a model: of a file, of a folder's files, or of those that a prefix begins."""
    if os.path.isfile(path):
        return os.path.getsize(path)
    if os.path.isdir(path):
        files = [os.path.join(place, name) for place, _, names in os.walk(path) for name in names]
    else:
        folder, prefix = os.path.split(path)
        names = os.listdir(folder) if os.path.isdir(folder) else []
        files = [os.path.join(folder, name) for name in names if name.startswith(prefix)]
    return sum(os.path.getsize(file) for file in files if os.path.isfile(file))


def _paths_in(options: Dict[str, Any]) -> List[str]:
    """Return what options name that is there: labels, weights, a checkpoint's folder."""
    paths = []
    for name in ("labels", "weights", "net", "checkpoint"):
        value = options.get(name)
        if isinstance(value, (str, os.PathLike)):
            place = os.fspath(value)
            paths.append(os.path.dirname(os.path.abspath(place)) if name == "checkpoint" else place)
    return [one for one in paths if os.path.exists(one)]


def _is_batch(images: Any) -> bool:
    return isinstance(images, Batch)


def _tensor(spec: Any) -> Optional[RemoteTensor]:
    return None if spec is None else RemoteTensor(spec["name"], spec["shape"], spec["dtype"])


def _layers(specs: Any) -> List[Layer]:
    tensors = [(str(spec["layer"]), RemoteTensor(**spec["tensor"])) for spec in specs]
    return [Layer(name, tuple(tensor.shape.as_list()), tensor) for name, tensor in tensors]


def _image_input(spec: Any) -> ImageInput:
    """Return an input for images that reads them, and feeds nothing."""
    pipeline = PhotoPipeline(_tensor(spec["encoded"]), assumed=str(spec["assumed"])) if spec["takes_photos"] else None
    values, single = _tensor(spec["values"]), bool(spec["single_image"])
    return ImageInput(_tensor(spec["tensor"]), pipeline, single, values=values, no_photos=str(spec["no_photos"]))


def _strings(values: Any) -> List[str]:
    return [str(value) for value in values]


def _numbers(values: Any) -> List[int]:
    return [int(value) for value in values]


def _array(value: Any) -> np.ndarray:
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{type(value).__name__} is no array")
    return value
