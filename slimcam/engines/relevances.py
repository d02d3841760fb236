"""What an image's numbers stand for of a score, by relevance propagation or DeepLIFT, in a session.

The operations are added once, beside the model's own, which stay as they are.
"""

from typing import List, Optional, Tuple

from .. import targets
from .._tf import tf, tf1
from .._types import Tensor
from ..errors import RuleError
from ..graphs.copying import copy_tensors, ops_between
from ..graphs.relevance import Baseline, contributions, relevance
from ..graphs.relevance.biases import bias_tensors
from ..methods.relevance_rules import Biases, Rule, check_rule
from .resolve import Query, no_gradient, refuse_loops, refusing_functions
from .slopes import Tensors, check_slope, score_of


def relevance_tensors(query: Query, rule: Rule) -> Tensors:
    """Return what a session is fed and fetches for the relevance of images, in the place of gradients; built once.

    Raises RuleError for an operation without a rule, ParameterError for a rule that there is not, LayerError where
    images are whole numbers.
    """
    check_slope(query)
    check_rule(rule)
    held = tuple(sorted(tensor.name for tensor in query.hold))
    key = ("relevance", query.image_input.tensor.name, targets.kind(query.target, query.score), held, rule)
    built: Tensors = query.model.once(key, lambda: _build(query, rule))
    return built


def contribution_tensors(query: Query, rule: Biases) -> Tensors:
    """Return what a session is fed and fetches for what a score is made of: images and biases by their gradients.

    The gradient in it is times the image. Raises LayerError where none reaches the images.
    """
    check_slope(query)
    held = tuple(sorted(tensor.name for tensor in query.hold))
    key = ("biases", query.image_input.tensor.name, targets.kind(query.target, query.score), held, rule.implicit)
    built: Tensors = query.model.once(key, lambda: _build_biases(query, rule))
    return built


def _build_biases(query: Query, rule: Biases) -> Tensors:
    image = query.image_input.tensor
    refuse_loops(image, query.score_tensor)
    refusing = refusing_functions(image, query.score_tensor)
    with query.model.graph.as_default(), tf1.name_scope("slimcam/biases"), refusing:
        score, mask = score_of(query)
        cut = [] if mask is None else [mask.name]  # the mask is by default of the logits
        built = bias_tensors(image, score, list(query.hold), cut, rule.implicit)
        if built.gradient is None:
            raise no_gradient(image, query.score_tensor)
        return Tensors(image, score, image * built.gradient, mask, None, built.biases, built.implicit)


def _build(query: Query, rule: Rule) -> Tensors:
    image, graph = query.image_input.tensor, query.model.graph
    cut = [tensor.name for tensor in query.hold]
    refuse_loops(image, query.score_tensor)
    refusing = refusing_functions(image, query.score_tensor)
    with graph.as_default(), tf1.name_scope("slimcam/relevance"), refusing:
        end, weights, mask = _start(query)
        score = _by_image(end * weights)
        if rule.name == "deeplift":
            start = tf1.placeholder(image.dtype, image.shape, name="baseline")
            baseline = _baseline(image, end, start, cut)
            return Tensors(image, score, contributions(image, end, weights, cut, rule, baseline), mask, start)
        shared = end * weights
        if rule.name == "deep_taylor" and rule.innvestigate:  # which explains no score below zero
            shared = tf.nn.relu(shared)
        return Tensors(image, score, relevance(image, end, shared, cut, rule), mask)


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
