"""What a published script needs of a graph, built once: a fed mask on the classes, and a score's gradient at a layer.

A graph's wires are kept weakly by the graph, so they hold names: a tensor would keep its graph alive for ever.
"""

import threading
import weakref
from typing import Any, Callable, Dict, Iterable, NamedTuple, Optional, Tuple

import numpy as np

from .._tf import tf, tf1
from ..errors import LayerError, ModelError, TargetError
from ..graphs.feeds import plan
from ..graphs.walk import ancestors, data_format
from ..methods.cams import EPSILON
from ..methods.evidence import Evidence
from ..sources.loading import load
from ..sources.session import is_session

Score = Callable[[Any, Any], Any]


class Wire(NamedTuple):
    """Names of tensors to fetch and to feed."""

    fetches: Tuple[str, str]  # activations, gradients
    mask: str  # (classes,)
    fed: Dict[str, Any]  # values that nobody gives: is_training, keep_prob
    channels_first: bool


_WIRES: Any = weakref.WeakKeyDictionary()  # graph: {what: Wire}
_COPIES: Any = weakref.WeakKeyDictionary()  # session of a finalised graph: {(input, scores): Model}
_LOCK = threading.RLock()


# --- scores: of a tensor whose last dimension is the classes, and of a mask on them


def mean(output: Any, mask: Any) -> Any:
    """The mean over all classes, as the TF-Slim scripts have it."""
    return tf.reduce_mean(output * mask)


def total(output: Any, mask: Any) -> Any:
    """The sum, as keras-grad-cam has it."""
    return tf.reduce_sum(output * mask)


def spatial_mean(output: Any, mask: Any) -> Any:
    """The sum of each filter's mean over images and places, as keras-vis has it."""
    return tf.reduce_sum(tf.reduce_mean(output, list(range(output.shape.rank - 1))) * mask)


# --- the mask


def class_count(output: Any) -> Optional[int]:
    """Return the size of a tensor's last dimension, None where it is not known."""
    return output.shape.as_list()[-1] if output.shape.rank else None


def one_hot(classes: Any, count: int) -> np.ndarray:
    """Return a (count,) mask of a class, or of some, one that comes twice counting twice; raise TargetError."""
    ids = np.atleast_1d(np.asarray(classes))
    if ids.dtype.kind not in "iu" or ids.ndim > 1:
        raise TargetError(f"no class is {classes!r}: give its number, 0 to {count - 1}")
    amiss = [int(one) for one in ids if not 0 <= one < count]
    if amiss:
        raise TargetError(f"class {amiss[0]} is out of range: there are classes 0 to {count - 1}")
    return np.bincount(ids, minlength=count).astype(np.float32)


# --- building


def wired(
    layer: Any,
    output: Any,
    given: str,
    score: Score,
    head: Optional[Callable[[Any, Any], Any]] = None,
    required: Iterable[str] = (),
) -> Wire:
    """Return the wire of a score of `output` at `layer`; it is built at the first call only.

    `given` names the tensor that images are fed to, `required` those that must be fed; `head` makes, of both tensors,
    an output whose gradient is another. Raises LayerError and MissingFeed.
    """
    key = layer.name, output.name, given, score, head
    with _LOCK:
        wires = _WIRES.setdefault(layer.graph, {})
        if key not in wires:
            wires[key] = _built(layer, output, given, score, head, tuple(required))
        return wires[key]


def _built(layer: Any, output: Any, given: str, score: Score, head: Any, required: Tuple[str, ...]) -> Wire:
    if layer.shape.rank not in (None, 4):
        raise LayerError(f"{layer.name!r} is {layer.shape}: a layer to explain has four dimensions, (N, h, w, C)")
    if layer.op not in ancestors([output]):
        raise LayerError(f"{layer.name!r} does not lead to the score {output.name!r}: name a layer before it")
    fed = plan([layer, output], (given,), required)  # before anything is built: it may raise
    # an absolute scope and no dependencies, whatever block of the caller's this is called in
    with layer.graph.as_default(), tf1.control_dependencies(None), tf1.name_scope("slimcam/legacy/"):
        mask = tf1.placeholder(output.dtype, [None], name="mask")
        end = output if head is None else head(layer, output)
        gradients = tf1.gradients(score(end, mask), layer)[0]
    if gradients is None:
        raise LayerError(f"no gradient of {output.name!r} reaches {layer.name!r}: name a layer after what cuts it off")
    values = {one.tensor.name: one.value for one in fed}
    return Wire((layer.name, gradients.name), mask.name, values, data_format(layer.op) == "NCHW")


# --- running


def run(session: Any, wire: Wire, given: str, images: Any, mask: np.ndarray) -> Evidence:
    """Run a wire in a session; channels are last in the result."""
    # by name, as a session takes it: the caller may hold no tensors any more
    got = session.run(list(wire.fetches), {**wire.fed, given: images, wire.mask: mask})
    return Evidence(*(np.moveaxis(array, 1, -1) if wire.channels_first else array for array in got))


def run_live(session: Any, images: Any, given: Any, output: Any, layer: Any, mask: np.ndarray) -> Evidence:
    """Run the mean score's wire in the session of a program of TensorFlow 1, with the weights that it holds now.

    `given` is the program's placeholder, or its name. A finalised graph is explained by a copy of it, which lives as
    long as the session and whose weights are read anew each time.
    """
    if not is_session(session):
        raise ModelError(f"{type(session).__name__} is no session: give the tf.compat.v1.Session that runs the net")
    name = given if isinstance(given, str) else given.name
    for tensor in (layer, output):
        if getattr(tensor, "graph", None) is not session.graph:
            said = getattr(tensor, "name", type(tensor).__name__)
            raise ModelError(f"{said!r} is not of the session's graph: give the session that runs this net")
    known = _WIRES.get(session.graph, {})
    if session.graph.finalized and (layer.name, output.name, name, mean, None) not in known:
        copy = _copy(session, name, output)
        try:
            layer, output = (copy.graph.get_tensor_by_name(tensor.name) for tensor in (layer, output))
        except KeyError as error:
            raise LayerError(f"{layer.name!r} does not lead to the score {output.name!r}") from error
        session = copy.session
    return run(session, wired(layer, output, name, mean), name, images, mask)


def _copy(session: Any, given: str, output: Any) -> Any:
    """Return a model of slimcam's of a session whose graph takes no more operations, with the weights of now."""
    with _LOCK:
        copies = _COPIES.setdefault(session, {})
        key = given, output.name
        if key in copies:
            copies[key].refresh()
        else:
            # a proxy, as what is kept by the session must not keep the session
            copies[key] = load(weakref.proxy(session), input=given, logits=output.name)
        return copies[key]


def by_rms(evidence: Evidence) -> Evidence:
    """Divide gradients by their root mean square + 1e-5, that of the whole batch, as the published scripts do."""
    size = np.sqrt(np.square(evidence.gradients).mean()) + np.float32(EPSILON)
    return Evidence(evidence.activations[:1], evidence.gradients[:1] / size)
