"""Model: one `tf.Graph`, one session of slimcam's own, and what is known of where they came from.

Every source ends here. The graph belongs to the model, so taking gradients in it touches nobody else's.
"""

from dataclasses import dataclass, field
from typing import Any, Callable, Collection, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from ._tf import check_process, is_closed, tf
from ._types import Graph, ImagesLike, KerasModel, KerasModule, Session, Tensor, TensorLike
from .errors import ModelError, TargetError, UnknownName
from .graphs.collector import uncollected
from .graphs.feeds import needs, plan
from .graphs.once import Once
from .graphs.walk import ancestors
from .graphs.worth import is_map, worth_explaining, worth_for_ends
from .inputs.failed_runs import cannot_run
from .inputs.image_input import ImageInput, PhotoPipeline, Rows
from .inputs.photos import Batch
from .layers.names import Calls
from .layers.tensor_names import TensorNames
from .suggest import nearest


class Layer(NamedTuple):
    """A tensor worth explaining."""

    name: str  # the shortest name that finds it
    shape: Tuple[Optional[int], ...]
    tensor: Tensor

    def __repr__(self) -> str:
        return f"Layer({self.name!r}, {self.shape})"


class Eager(NamedTuple):
    """The Keras model that a graph was traced from, as TensorFlow 2 runs it."""

    keras: KerasModule  # the package that it is of
    classes: Dict[Any, Any]  # that Keras' classes, in the state in which the model runs
    model: KerasModel
    inputs: List[str]  # the names of the graph's inputs, in the order in which the model takes them
    call: Callable[[List[Tensor]], List[Tensor]]  # from its inputs to its outputs


@dataclass(eq=False, repr=False)
class Model:
    """A loaded model. It is a context manager; leaving it closes the session."""

    graph: Graph
    session: Session
    inputs: List[ImageInput]  # what images are fed to; most models have one
    logits: Optional[Tensor]  # (N, classes), before the softmax; None where nothing says which tensor they are
    names: TensorNames
    outputs: List[Tensor] = field(default_factory=list)  # what the graph ends in
    labels: Optional[List[str]] = None
    layer: Optional[Tensor] = None  # what is explained when none is named
    why: List[str] = field(default_factory=list)
    source: str = ""
    no_logits: str = ""  # why there are no logits
    output_kind: str = "linear"  # what the model makes of its logits: "softmax", "sigmoid", or "linear" for nothing
    fault: str = ""  # why no map of it can be trusted: weights that are no numbers
    randomness: str = ""  # why no two maps of it are equal
    notes: List[str] = field(default_factory=list)  # what the user of a map must know: what was assumed, say
    eager: Optional[Eager] = None  # what engine="tape" runs
    reload_weights: Optional[Callable[["Model"], None]] = None  # what refresh() does
    loaded_by: Optional[Callable[[], "Model"]] = None  # loads it again, where it came from a file
    once: Once = field(default_factory=Once)  # once(key, build): probes, scores, stages, and the layers

    def __repr__(self) -> str:
        inputs = ", ".join(f"{one.tensor.name!r} {one.tensor.shape}" for one in self.inputs)
        logits = "no logits" if self.logits is None else f"logits {self.logits.name!r} {self.logits.shape}"
        return f"<Model {self.source}: {inputs} to {logits}>"

    def __reduce__(self) -> Tuple[Callable[[], "Model"], Tuple[()]]:
        """Pickle how it was loaded: unpickled, it is loaded again from the same path."""
        if self.loaded_by is None:
            raise ModelError(
                f"{self.source} came from a live object, which no other process has: save it, and load() its path"
            )
        return self.loaded_by, ()

    def __enter__(self) -> "Model":
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def close(self) -> None:
        """Close the session; the model cannot be run after that."""
        self.session.close()

    def check_open(self) -> None:
        """Raise ModelError where the session has been closed, or was left behind by a fork."""
        check_process()
        if is_closed(self.session):
            raise ModelError("the model is closed; load it again")

    def refresh(self) -> None:
        """Read the weights again from the session or the Keras model that this was loaded from.

        Raises ModelError for a model that came from a file.
        """
        self.check_open()
        if self.reload_weights is None:
            raise ModelError(f"{self.source} holds the weights that were loaded: load() it again to read it anew")
        self.reload_weights(self)

    @property
    def input(self) -> Tensor:
        """The tensor that images are fed to; of several, the first."""
        return self.inputs[0].tensor

    @property
    def photos(self) -> Optional[PhotoPipeline]:
        """How photos get into the (first) input."""
        return self.inputs[0].photos

    @property
    def single_image(self) -> bool:
        """Whether the graph takes one image a run."""
        return any(image_input.single_image for image_input in self.inputs)

    @property
    def classes(self) -> int:
        """How many classes the logits have; one logit that a sigmoid reads has two, 0 being its negative side."""
        return 2 if self.one_logit else self.need_logits().shape.as_list()[-1]

    @property
    def one_logit(self) -> bool:
        """Whether the logits are one number that a sigmoid reads, so that its sign tells two classes apart."""
        shape = None if self.logits is None or self.output_kind != "sigmoid" else self.logits.shape
        return shape is not None and shape.rank == 2 and shape.as_list()[-1] == 1

    @property
    def one_number(self) -> bool:
        """Whether the model gives one number, which nothing turns into a probability: a regression."""
        logits = self.logits
        return logits is not None and not self.one_logit and logits.shape.rank == 2 and logits.shape.as_list()[-1] == 1

    def need_logits(self) -> Tensor:
        """Return the logits; raise TargetError where there are none, with what to do."""
        if self.logits is None:
            raise TargetError(f"{self.source}: {self.no_logits}")
        return self.logits

    @property
    def ends(self) -> List[Tensor]:
        """The logits, or, where there are none, what the graph ends in."""
        return self.outputs if self.logits is None else [self.logits]

    @property
    def calls(self) -> Optional[Calls]:
        """The calls of Keras layers; None where the graph is all that is known."""
        return self.names.calls

    @property
    def end_points(self) -> Dict[str, Tensor]:
        """The tensors that the source has names of its own for."""
        return self.names.end_points

    def tensor(self, name: TensorLike) -> Tensor:
        """Return the tensor of an end point, a Keras layer, a tensor, an operation or a scope; a tensor as it is.

        A Keras layer is named by its path, `vgg16/block5_conv3`, and where it is called more than once by what the call
        was made on, `encoder/conv2d_5@input_1`. A scope stands for the one tensor that leaves it, so `Mixed_7c` is
        found in a frozen graph as well. Raises UnknownName with the nearest names, or with the choices where a name
        could mean several.
        """
        return self.names.tensor(name)

    def name_of(self, tensor: Tensor) -> str:
        """Return the shortest name that `tensor(name)` finds this tensor by."""
        return self.names.name_of(tensor)

    def layers(self) -> List[Layer]:
        """Return the 4-D tensors that are worth explaining, best first: every way to the logits passes them.

        Of a Keras model, its other layers with such a tensor follow, a layer that is shared once for each call. Where
        ends times operations are more than 2 million, only the layers before the first ends are returned.
        """
        return self.once("layers", self._find_layers)

    @uncollected()
    def _find_layers(self) -> List[Layer]:
        first = [] if self.layer is None else [self.layer]
        behind = worth_for_ends([one.tensor for one in self.inputs], self.ends, len(self.names.operations))
        unique = {tensor.name: tensor for tensor in (*first, *behind, *self._maps_of_calls())}.values()
        return [Layer(self.name_of(t), tuple(t.shape.as_list()), t) for t in unique]

    def _maps_of_calls(self) -> List[Tensor]:
        """Return the 4-D tensors of Keras layers, those of the first input first, nearest to the logits first."""
        maps = [t for t in (self.calls.tensors.values() if self.calls else ()) if t.shape.rank == 4]
        if len(self.inputs) == 1:
            return [t for t in maps[::-1] if is_map(t.op)]
        order = {t.name: self.inputs.index((self.inputs_of([t]) or self.inputs)[0]) for t in maps}
        return sorted((t for t in maps[::-1] if is_map(t.op)), key=lambda tensor: order[tensor.name])

    def best_layer(self, image_input: ImageInput, score: Tensor, cut: Collection[str] = ()) -> Optional[Tensor]:
        """Return the tensor to explain `score` at for images fed to `image_input`, None where every way passes none.

        It is the nearest to the score that depends on this input alone, if there is one; `cut` names what is held.
        """
        leads = self.layer is not None and self.layer is not score and self.layer.op in ancestors([score])
        if leads and self.inputs_of([self.layer]) == [image_input]:
            return self.layer
        start = image_input.tensor
        tensors = worth_explaining(start, score, False) or worth_explaining(start, score, True)
        low, high = 0, len(tensors) if cut or len(self.inputs) > 1 else 0
        while low < high:  # each depends on those after it, so that from the first of its own on all are
            middle = (low + high) // 2
            one = tensors[middle]
            if self.inputs_of([one]) == [image_input] and not self._behind(one, cut):
                high = middle
            else:
                low = middle + 1
        return next(iter(tensors[low:] or tensors), None)

    def _behind(self, tensor: Tensor, names: Collection[str]) -> bool:
        """Whether a tensor depends on one of those named."""
        return bool(names) and any(out.name in names for op in ancestors([tensor]) for out in op.outputs)

    def inputs_of(self, tensors: Iterable[Tensor], cut: Collection[str] = ()) -> List[ImageInput]:
        """Return the inputs for images that `tensors` depend on, given the tensors named in `cut`."""
        before = ancestors(tensors, cut)
        return [
            image_input
            for image_input in self.inputs
            if image_input.tensor.op in before and image_input.tensor.name not in cut
        ]

    def input_of(self, tensors: Iterable[Tensor]) -> ImageInput:
        """Return the first input for images that `tensors` depend on, or the first of all."""
        return next(iter(self.inputs_of(tensors)), self.inputs[0])

    def needs(self, *names: TensorLike) -> List[str]:
        """Return the names of the placeholders that these tensors depend on; the inputs for images count as some."""
        tensors = [self.tensor(name) for name in names]
        images = [image_input.tensor.name for image_input in self.inputs_of(tensors)]
        inner = needs(tensors, cut=self.required_feeds())
        return images + [tensor.name for tensor in inner if tensor.name not in images]

    def features(self, name: TensorLike, photos: ImagesLike) -> np.ndarray:
        """Return the values of a tensor for photos, (N, ...): to be held, say, or to look for.

        Photos are given as to a GradCAM. Raises MissingFeed where the tensor needs more than one image.
        """
        tensor = self.tensor(name)
        return np.stack(self.values([tensor], self.input_of([tensor]).batch(photos))[tensor.name])

    def values(self, tensors: Sequence[Tensor], batch: Batch) -> Rows:
        """Return the values of tensors, by name, for each photo; one session run for each part of the batch.

        Raises MissingFeed where they need more than one image, LayerError for a tensor without a row for each photo.
        """
        self.check_open()
        image_input = self.input_of(tensors)
        fed = {one.tensor: one.value for one in plan(tensors, (image_input.tensor.name,), self.required_feeds())}

        def run(part: List[int]) -> Dict[str, np.ndarray]:
            values = self.run({one.name: one for one in tensors}, {**fed, **image_input.feeds(batch, part)})
            if image_input.tensor.shape.rank == 3 and image_input.tensor.name in values:  # the image itself, unbatched
                values[image_input.tensor.name] = values[image_input.tensor.name][None]
            return values

        return image_input.in_parts(batch, run)

    def run(self, fetches: Any, feeds: Dict[Tensor, Any]) -> Any:
        """Return what the session gives; raise ModelError where TensorFlow cannot run the graph on what is fed.

        PhotoError where that may be for the size of the images, which the graph leaves open.
        """
        try:
            return self.session.run(fetches, feeds)
        except tf.errors.OpError as error:
            raise cannot_run(self.source, self.inputs, error) from error

    def required_feeds(self) -> List[str]:
        """Return the names of what must be fed, although the preprocessing stands in for it in the graph."""
        return [image_input.tensor.name for image_input in self.inputs]

    def label(self, class_id: int) -> str:
        """Return the label of a class, or its number where there are no labels."""
        return self.labels[class_id] if self.labels else str(class_id)

    def class_id(self, target: Union[int, str]) -> int:
        """Return the number of a class given by number or label; raise UnknownName for a label that does not exist.

        A label of several names ("tabby, tabby cat") is found by each of them.
        """
        if not isinstance(target, str):
            return int(target)
        if not self.labels:
            raise UnknownName(f"no label {target!r}: the model has no labels; give labels= or a class number")
        for names in (lambda text: [text], lambda text: text.split(", ")):
            ids = [i for i, text in enumerate(self.labels) if target in names(text)]
            if len(ids) == 1:
                return ids[0]
            if ids:
                raise UnknownName(f"the label {target!r} stands for the classes {ids}; give the number")
        known = [name for text in self.labels for name in text.split(", ")]
        raise UnknownName(f"no label {target!r}; {nearest(target, known)}")
