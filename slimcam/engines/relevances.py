"""What an image's numbers stand for of a score, by relevance propagation or DeepLIFT, in a session.

The operations are added once, beside the model's own, which stay as they are.
"""

from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from .. import targets
from .._tf import tf, tf1
from .._types import Tensor
from ..errors import RuleError
from ..graphs.copying import copy_tensors, ops_between
from ..graphs.relevance import Baseline, Rule, check_rule, contributions, relevance
from ..methods.evidence import plain
from .holds import holds_of
from .resolve import Query, refusing_functions
from .slopes import check_slope

# Of images as the net is fed, (N, h, w, C), the weights of classes, (N, K) or None, as slopes.Slope takes them, and
# for DeepLIFT the baselines, which broadcast to the images: scores, (N,), and relevances, (N, h, w, C). The score is
# what the relevances share: for DeepLIFT its difference to the baseline's.
Relevance = Callable[..., Tuple[np.ndarray, np.ndarray]]


class Tensors(NamedTuple):
    """What a session is fed and fetches."""

    images: Tensor
    scores: Tensor
    relevances: Tensor
    mask: Optional[Tensor]
    baseline: Optional[Tensor]


def relevance_of(query: Query, rule: Rule) -> Relevance:
    """Build the relevance of the images for a score, or return what was built before; see Relevance.

    Raises RuleError for an operation without a rule, ParameterError for a rule that there is not, LayerError where
    images are whole numbers.
    """
    check_slope(query)
    check_rule(rule)
    model, single = query.model, query.model.single_image
    held = tuple(sorted(tensor.name for tensor in query.hold))
    key = ("relevance", query.image_input.tensor.name, targets.kind(query.target, query.score), held, rule)
    built = model.once(key, lambda: _build(query, rule))

    def run(
        images: np.ndarray, weights: Optional[np.ndarray] = None, baseline: Any = None
    ) -> Tuple[np.ndarray, np.ndarray]:
        model.check_open()
        count, parts = len(images), [slice(i, i + 1) for i in range(len(images))] if single else [slice(None)]
        each: List[List[np.ndarray]] = []
        for part in parts:
            feeds: Dict[Tensor, Any] = {fed.tensor: fed.value for fed in query.fed}
            feeds.update(holds_of(query.hold, list(range(count))[part], count))
            feeds[built.images] = _as_fed(built.images, images[part])
            if built.baseline is not None:
                start = np.broadcast_to(0 if baseline is None else baseline, images.shape).astype(images.dtype)
                feeds[built.baseline] = _as_fed(built.images, start[part])
            if built.mask is not None and weights is not None:
                feeds[built.mask] = weights[part]
            with refusing_functions(built.images, built.scores):
                values = model.session.run([built.scores, built.relevances], feeds)
            each.append([plain(one) for one in values])
        scores, relevances = (np.concatenate(some) for some in zip(*each))
        return scores, relevances.reshape(images.shape)

    return run


def _as_fed(tensor: Tensor, images: np.ndarray) -> np.ndarray:
    return images[0] if tensor.shape.rank == 3 else images


def _build(query: Query, rule: Rule) -> Tensors:
    image, graph = query.image_input.tensor, query.model.graph
    cut = [tensor.name for tensor in query.hold]
    refusing = refusing_functions(image, query.score_tensor)
    with graph.as_default(), tf1.name_scope("slimcam/relevance"), refusing:
        end, weights, mask = _start(query)
        if rule.name == "deeplift":
            start = tf1.placeholder(image.dtype, image.shape, name="baseline")
            baseline = _baseline(image, end, start, cut)
            shared = _by_image(baseline.difference(end) * weights)
            return Tensors(image, shared, contributions(image, end, weights, cut, rule, baseline), mask, start)
        scores = end * weights
        if rule.name == "deep_taylor":  # what its paper explains is never negative
            scores = tf.nn.relu(scores)
        return Tensors(image, _by_image(scores), relevance(image, end, scores, cut, rule), mask, None)


def _baseline(image: Tensor, end: Tensor, start: Tensor, cut: List[str]) -> Baseline:
    """Copy what lies between the image and a tensor onto a baseline."""
    inside, outside = ops_between(image, end, cut)
    tensors = [out for op in inside for out in op.outputs]
    copies = copy_tensors(inside, tensors, {**outside, image.name: start})
    return Baseline({**outside, image.name: start, **{one.name: copy for one, copy in zip(tensors, copies)}})


def _by_image(values: Tensor) -> Tensor:
    """Return the (N,) sums of values, (N, …)."""
    return tf.reduce_sum(tf.reshape(values, [tf.shape(values)[0], -1]), -1)


def _start(query: Query) -> Tuple[Tensor, Tensor, Optional[Tensor]]:
    """Return the tensor where relevance starts, what each of its numbers counts in the score, and the mask, if any.

    The score is a sum of the logits, each times its weight; another score starts by itself.
    """
    model, target, logits = query.model, query.target, query.score_tensor
    if isinstance(target, targets.Score):
        score = target.build(model)
        return score, tf.ones_like(score), None
    if query.score not in ("logit", "mean_logit"):
        raise RuleError(f"no relevance goes through the softmax of score={query.score!r}: give score='logit'")
    mask = targets.fed_mask(model)
    score = targets.SCORES[query.score](model, logits, mask)
    return logits, tf1.gradients(score, logits, stop_gradients=[logits, mask])[0], mask
