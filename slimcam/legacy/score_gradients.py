"""What a published script needs of a graph, built once: a fed mask on the classes, and a score's gradient at a layer.

The gradients of a graph are kept as long as the graph, by a weak key; so they hold names: a tensor would keep its graph
alive for ever.
"""

import threading
import weakref
from typing import Any, Callable, Dict, Iterable, Mapping, NamedTuple, Optional, Tuple, Union

import numpy as np

from .._tf import tf, tf1
from .._types import Session, Tensor
from ..engines.resolve import check_layer, does_not_lead, no_gradient
from ..errors import ModelError, TargetError
from ..graphs.feeds import plan
from ..graphs.walk import data_format
from ..methods.cams import EPSILON
from ..methods.evidence import Evidence
from ..model import Model
from ..sources.loading import load
from ..sources.session import is_session

Score = Callable[[Tensor, Tensor], Tensor]
Head = Callable[[Tensor, Tensor], Tensor]  # of a layer and an output: an output whose gradient is another


class ScoreGradient(NamedTuple):
    """Names of tensors to fetch and to feed."""

    fetches: Tuple[str, str]  # activations, gradients
    mask: str  # (classes,)
    fed: Dict[str, Any]  # values that nobody gives: is_training, keep_prob
    channels_first: bool


_GRADIENTS: Any = weakref.WeakKeyDictionary()  # graph: {what: ScoreGradient}
_COPIES: Any = weakref.WeakKeyDictionary()  # session of a finalised graph: {(input, scores): Model}
_LOCK = threading.RLock()


# --- scores: of a tensor whose last dimension is the classes, and of a mask on them


def mean(output: Tensor, mask: Tensor) -> Tensor:
    """The mean over all classes, as the TF-Slim scripts have it."""
    return tf.reduce_mean(output * mask)


def total(output: Tensor, mask: Tensor) -> Tensor:
    """The sum, as keras-grad-cam has it."""
    return tf.reduce_sum(output * mask)


def spatial_mean(output: Tensor, mask: Tensor) -> Tensor:
    """The sum of each filter's mean over images and places, as keras-vis has it."""
    return tf.reduce_sum(tf.reduce_mean(output, list(range(output.shape.rank - 1))) * mask)


# --- the mask


def class_count(output: Tensor) -> Optional[int]:
    """Return the size of a tensor's last dimension, None where it is not known."""
    return output.shape.as_list()[-1] if output.shape.rank else None


def one_hot(classes: Any, count: int) -> np.ndarray:
    """Return a (count,) mask of a class, or of some, one that comes twice counting twice; raise TargetError."""
    ids = np.atleast_1d(np.asarray(classes))
    if ids.dtype.kind not in "iu" or ids.ndim > 1:
        raise TargetError(f"no class is {classes!r}: give its number, 0 to {count - 1}")
    wrong = [int(one) for one in ids if not 0 <= one < count]
    if wrong:
        raise TargetError(f"class {wrong[0]} is out of range: there are classes 0 to {count - 1}")
    return np.bincount(ids, minlength=count).astype(np.float32)


# --- building


def gradient_of(
    score: Score, output: Tensor, layer: Tensor, place: str, head: Optional[Head] = None, required: Iterable[str] = ()
) -> ScoreGradient:
    """Return the gradient of a score of `output` at `layer`; it is built at the first call only.

    `place` names the tensor that images are fed to, `required` those that must be fed. Raises LayerError and
    MissingFeed.
    """
    key = layer.name, output.name, place, score, head
    with _LOCK:
        gradients = _GRADIENTS.setdefault(layer.graph, {})
        if key not in gradients:
            gradients[key] = _build(score, output, layer, place, head, tuple(required))
        return gradients[key]


def _build(
    score: Score, output: Tensor, layer: Tensor, place: str, head: Optional[Head], required: Tuple[str, ...]
) -> ScoreGradient:
    check_layer(layer, output)
    fed = plan([layer, output], (place,), required)  # before anything is built: it may raise
    # an absolute scope and no dependencies, whatever block of the caller's this is called in
    with layer.graph.as_default(), tf1.control_dependencies(None), tf1.name_scope("slimcam/legacy/"):
        mask = tf1.placeholder(output.dtype, [None], name="mask")
        end = output if head is None else head(layer, output)
        gradients = tf1.gradients(score(end, mask), layer)[0]
    if gradients is None:
        raise no_gradient(layer, output)
    values = {one.tensor.name: one.value for one in fed}
    return ScoreGradient((layer.name, gradients.name), mask.name, values, data_format(layer.op) == "NCHW")


# --- running


def run(session: Session, gradient: ScoreGradient, images: Mapping[str, Any], mask: np.ndarray) -> Evidence:
    """Run a gradient on images, by the name of their input; channels are last in the result."""
    # by name, as a session takes it: the caller may hold no tensors any more
    arrays = session.run(list(gradient.fetches), {**gradient.fed, **images, gradient.mask: mask})
    return Evidence(*(np.moveaxis(array, 1, -1) if gradient.channels_first else array for array in arrays))


def run_in_program(
    session: Session, placeholder: Union[str, Tensor], images: Any, output: Tensor, layer: Tensor, mask: np.ndarray
) -> Evidence:
    """Run the mean score's gradient in the session of a program of TensorFlow 1, with the weights that it holds now.

    `placeholder` is the program's own, or its name. A finalised graph is explained by a copy of it, which lives as
    long as the session and whose weights are read anew each time.
    """
    if not is_session(session):
        raise ModelError(f"{type(session).__name__} is no session: give the tf.compat.v1.Session that runs the net")
    place = placeholder if isinstance(placeholder, str) else placeholder.name
    for tensor in (layer, output):
        if getattr(tensor, "graph", None) is not session.graph:
            what = getattr(tensor, "name", type(tensor).__name__)
            raise ModelError(f"{what!r} is not of the session's graph: give the session that runs this net")
    known = _GRADIENTS.get(session.graph, {})
    if session.graph.finalized and (layer.name, output.name, place, mean, None) not in known:
        copy = _copy(session, place, output)
        try:
            layer, output = (copy.graph.get_tensor_by_name(tensor.name) for tensor in (layer, output))
        except KeyError as error:
            raise does_not_lead(layer, output) from error
        session = copy.session
    return run(session, gradient_of(mean, output, layer, place), {place: images}, mask)


def _copy(session: Session, place: str, output: Tensor) -> Model:
    """Return a model of slimcam's of a session whose graph takes no more operations, with the weights of now."""
    with _LOCK:
        copies = _COPIES.setdefault(session, {})
        key = place, output.name
        if key in copies:
            copies[key].refresh()
        else:
            # a proxy, as what is kept by the session must not keep the session
            copies[key] = load(weakref.proxy(session), input=place, logits=output.name)
        return copies[key]


def by_rms(evidence: Evidence) -> Evidence:
    """Divide gradients by their root mean square + 1e-5, that of the whole batch, as the published scripts do."""
    size = np.sqrt(np.square(evidence.gradients).mean()) + np.float32(EPSILON)
    return Evidence(evidence.activations[:1], evidence.gradients[:1] / size)
