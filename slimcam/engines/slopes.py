"""The slope of a score at the images themselves, in a session: what gradient ascent climbs.

The model's own operations are left alone. Where another gradient rule is asked for, or images of another size than the
graph was made for, what lies between the images and the score is copied once, beside the model's, on its weights.
"""

from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .. import targets
from .._tf import tf, tf1
from .._types import Tensor
from ..errors import LayerError
from ..graphs.copying import copy_tensors, ops_between
from ..graphs.gradient_rules import marker
from ..graphs.relevance import gates
from ..methods.evidence import plain
from ..text.printable import first_line
from .holds import holds_of
from .resolve import Query, no_gradient, refuse_loops, refusing_functions

# Of images as the net is fed, (N, h, w, C), and for each the weights of classes or channels, (N, K), or None where the
# score says all: the scores, (N,), and their gradients, (N, h, w, C).
Slope = Callable[[np.ndarray, Optional[np.ndarray]], Tuple[np.ndarray, np.ndarray]]


class Tensors(NamedTuple):
    """What a session is fed and fetches."""

    images: Tensor
    scores: Tensor
    gradients: Tensor
    mask: Optional[Tensor]
    baseline: Optional[Tensor] = None
    biases: Sequence[Tensor] = ()  # times their gradients
    implicit: Sequence[Tensor] = ()


def check_slope(query: Query) -> None:
    """Raise LayerError for images that are whole numbers, which have no slope."""
    tensor = query.image_input.tensor
    if not tensor.dtype.is_floating:
        raise LayerError(
            f"{tensor.name!r} takes {tensor.dtype.name}, which has no gradient: load with input= the name of a tensor "
            "behind it that is floating point"
        )


def slope(query: Query, rule: str = "", any_size: bool = False) -> Slope:
    """Build the slope of a score at the images, or return what was built before; see Slope.

    `rule` is a row of RULES, of gradient_rules or of relevance.gates, `any_size` takes images of any height and width.
    Raises LayerError where no gradient reaches the images, or a graph does not allow for other sizes; RuleError where a
    rule changes nothing.
    """
    model, single = query.model, query.model.single_image
    built = slope_tensors(query, rule, any_size)

    def run(images: np.ndarray, weights: Optional[np.ndarray] = None) -> Tuple[np.ndarray, np.ndarray]:
        model.check_open()
        count, parts = len(images), [slice(i, i + 1) for i in range(len(images))] if single else [slice(None)]
        each: List[List[np.ndarray]] = []
        for part in parts:
            feeds: Dict[Tensor, Any] = {fed.tensor: fed.value for fed in query.fed}
            feeds.update(holds_of(query.hold, list(range(count))[part], count))
            feeds[built.images] = images[part][0] if built.images.shape.rank == 3 else images[part]
            if built.mask is not None and weights is not None:
                feeds[built.mask] = weights[part]
            try:
                with refusing_functions(built.images, built.scores):
                    values = model.session.run([built.scores, built.gradients], feeds)
            except tf.errors.InvalidArgumentError as error:
                if not any_size:
                    raise
                raise _other_size(query, f"a run on images of {images.shape[1:3]} failed") from error
            each.append([plain(one) for one in values])
        scores, gradients = (np.concatenate(some) for some in zip(*each))
        if len(scores) != count:
            raise _other_size(query, f"it gives {len(scores)} scores for {count} images of {images.shape[1:3]}")
        return scores, gradients.reshape(images.shape)

    return run


def slope_tensors(query: Query, rule: str = "", any_size: bool = False) -> Tensors:
    """Return what a slope is fed and fetches, built once for a model; arguments and errors are those of slope()."""
    check_slope(query)
    held = tuple(sorted(tensor.name for tensor in query.hold))
    kind = targets.kind(query.target, query.score)
    key = ("slope", query.image_input.tensor.name, kind, held, rule, any_size)
    built: Tensors = query.model.once(key, lambda: _build(query, rule, any_size))
    return built


def _build(query: Query, rule: str, any_size: bool) -> Tensors:
    model, image = query.model, query.image_input.tensor
    refuse_loops(image, query.score_tensor)
    with model.graph.as_default(), tf1.name_scope("slimcam/slope"), refusing_functions(image, query.score_tensor):
        score, mask = score_of(query)
        source = image
        if any_size:
            shape = [None, None, None, image.shape.as_list()[-1]]
            source = tf1.placeholder(image.dtype, shape, name="images")
        if rule or any_size:
            # The mask is by default of the logits: of the copy's own, so that the model's are not run beside them
            cut = [*query.hold, *([mask] if any_size and mask is not None else [])]
            inside, outside = ops_between(image, score, [tensor.name for tensor in cut])
            masks = [mask] if mask is not None and mask.op in inside else []
            try:
                edit = gates.marker(rule, inside) if gates.is_gate_rule(rule) else marker(rule)
                score, *masks = copy_tensors(inside, [score, *masks], {**outside, image.name: source}, edit)
            except ValueError as error:
                raise _other_size(query, first_line(error)) from error
            mask = masks[0] if masks else mask
        gradients = tf1.gradients(score, source, stop_gradients=list(query.hold) or None)[0]
    if gradients is None:
        raise no_gradient(image, query.score_tensor)
    return Tensors(source, score, gradients, mask)


def _other_size(query: Query, why: str) -> LayerError:
    return LayerError(
        f"{query.score_tensor.name!r} takes images of {query.image_input.tensor.shape} and no other size ({why}): name "
        "an earlier layer, or leave the size as it is"
    )


def score_of(query: Query) -> Tuple[Tensor, Optional[Tensor]]:
    """Return the (N,) score and the mask that is fed, if any."""
    model, target = query.model, query.target
    if isinstance(target, targets.Channels):
        means = target.build(model)
        mask = tf1.placeholder(means.dtype, [None, target.channels(model)], name="mask")
        return tf.reduce_sum(means * mask, -1), mask
    if isinstance(target, targets.PickedScore):
        places = target.fed_places()
        return target.at(query.score_tensor, places), places
    if isinstance(target, targets.Score):
        return target.build(model), None
    mask = targets.fed_mask(model)
    return targets.SCORES[query.score](model, query.score_tensor, mask), mask
