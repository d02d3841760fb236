"""IsolatedModel: what stands for a Model that lives in a child process, and answers as it does."""

import contextlib
import functools
import os
from typing import Any, Callable, Collection, Dict, Iterable, Iterator, List, NoReturn, Optional, Sequence, Tuple

import numpy as np

from .._types import ImagesLike, TensorLike
from ..errors import ModelError
from ..inputs.image_input import ImageInput, PhotoPipeline, Rows
from ..inputs.photos import Batch
from ..model import Layer, Model
from . import messages
from .answers import RemoteTensor
from .child import Child

Way = Tuple[str, Dict[str, Any]]  # a model's path, and the options of load()
GIB = 1 << 30
LEAST, TIMES = 4 * GIB, 16  # what a child may take: so many bytes, and so many for each byte of the model
TEXTS = "source", "no_logits", "output_kind", "fault", "randomness"  # of a Model, as the child describes it
LISTS = "why", "notes"


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

    def ask(self, read: Callable[[Any], Any], name: str, *arguments: Any, images: Any = None, **how: Any) -> Any:
        """Return what `read` makes of the child's answer; raise ModelError where it holds something else.

        `images` are the last argument, where there are some; `how` goes to Child.call.
        """
        if images is not None:
            arguments, how = (*arguments, images), {**how, "count": bytes_of(images)}
        answer = self.child.call(name, *arguments, **how)
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
        images = self.sendable_batch(batch)
        return {one.name: list(self.ask(_array, "features", one.name, images=images)) for one in tensors}

    def sendable(self, photos: ImagesLike) -> Any:
        """Return photos as they are sent: a Batch of photos, or an array of floating point."""
        return self.sendable_batch(self.inputs[0].batch(photos))

    def sendable_batch(self, batch: Batch) -> Any:
        """Return a batch as it is sent: the bytes of its files go only to a model that decodes them."""
        if batch.array is not None:
            return batch.array
        encoded = any(one.photos is not None and one.photos.tensor is not None for one in self.inputs)
        return batch._replace(photos=list(batch.photos), files=batch.files if encoded else [None] * len(batch.photos))


def load_isolated(path: str, options: Dict[str, Any], memory: Optional[float], load: Callable[..., Model]) -> Model:
    """Load a model in a child process, by `load` in this one's words."""
    child = start([(path, {**options, "memory": memory})])
    try:
        described = child.call("load", path, options)
        again = functools.partial(load, os.path.abspath(path), isolated=True, memory=memory, **options)
        return IsolatedModel(child, described, [in_words(child)], again)
    except messages.NO_ANSWER as error:
        raise child.unreadable(error) from error
    except BaseException:
        child.close()
        raise


@contextlib.contextmanager
def started(models: Sequence[Way]) -> Iterator[Child]:
    """Give a child for models; it ends with the block. What it answers that is none is a ModelError."""
    child = start(models)
    try:
        yield child
    except messages.NO_ANSWER as error:
        raise child.unreadable(error) from error
    finally:
        child.close()


def start(models: Sequence[Way]) -> Child:
    """Start a child that may read models, each given as its path and the options of load(), and what these name."""
    paths: List[str] = []
    limit, own_code = 0, False
    for path, options in models:
        memory = options.get("memory")
        if memory is not None and not (isinstance(memory, (int, float)) and 0 < memory < 1 << 20):
            raise ModelError(f"memory={memory!r}: give GiB, more than 0")
        limit += LEAST + TIMES * size_of(path) if memory is None else int(memory * GIB)
        folder = path if os.path.isdir(path) else os.path.dirname(os.path.abspath(path))
        paths += [folder, path, *map(os.path.abspath, _paths_in(options))]
        net = options.get("net")
        own_code = own_code or options.get("custom_objects") is not None or ":" in str(net) or callable(net)
    times: List[Any] = [options.get("timeout") for _, options in models]
    timeout = None if None in times else max(times)
    size = sum(size_of(path) for path, _ in models)
    return Child(" and ".join(path for path, _ in models), paths, own_code, limit, timeout, size)


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


def bytes_of(images: Any) -> int:
    """Return the bytes of images as they are sent: a Batch, an array, or several of such."""
    if isinstance(images, Batch):
        return sum(photo.nbytes for photo in images.photos)
    return sum(map(bytes_of, images)) if isinstance(images, (list, tuple)) else getattr(images, "nbytes", 0)


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
