"""What calls share: the weights of classes, what is picked of a detector, the order of parts, and what is warned of."""

from typing import Any, Dict, List, Optional, Sequence

import numpy as np

from .. import targets
from .._types import TargetLike, Tensor
from ..engines.holds import holds_of
from ..engines.resolve import Query
from ..errors import NotFinite, TargetError, Unsure, warn
from ..inputs.photos import Batch
from ..maps.maps import Maps
from ..model import Model


def mask_of(query: Query, target: TargetLike, count: int) -> Optional[np.ndarray]:
    """Return the (count, classes) weights of a call's target; None where the graph says them."""
    if target is None:
        return targets.mask(query.model, query.target, count) if query.on_logits else None
    other = targets.as_target(target)
    if not query.on_logits or isinstance(other, (targets.Top, targets.Score)):
        raise TargetError("a call can change the class, not the kind of target: build another GradCAM for this one")
    return targets.mask(query.model, other, count)


def picks_of(query: Query, batch: Batch, target: TargetLike) -> Optional[targets.Picks]:
    """Return what a call's target picks for each image, None for a target that does not pick."""
    own, count = query.target, len(batch.photos)
    if not isinstance(own, targets.PickedScore):
        return None
    other = own if target is None else target
    if any(type(one) is not type(own) for one in (other if isinstance(other, (list, tuple)) else [other])):
        raise TargetError(f"a call can change which {type(own).__name__}, not the kind of target")

    def feeds(part: List[int]) -> Dict[Tensor, Any]:
        return {**query.image_input.feeds(batch, part), **holds_of(query.hold, part, count)}

    return own.pick(other, query.model, query.image_input, batch, feeds)


def rows_in_order(parts: Sequence[List[int]], k: int) -> np.ndarray:
    """Return the rows, k per image, that bring what came part by part into the order of the images."""
    order = np.argsort([i for part in parts for i in part], kind="stable")
    return (order[:, None] * k + np.arange(k)).reshape(-1)


def warn_of(model: Model, each: Sequence[Maps], made_from: str) -> None:
    """Warn of maps that cannot be trusted, since what they are `made_from` is NaN or infinite, and of random models."""
    finite = np.concatenate([maps.finite for maps in each])
    if not finite.all():
        why = model.fault or f"{made_from} are NaN or infinite; see maps.finite"
        warn(f"{(~finite).sum()} of {len(finite)} maps cannot be trusted: {why}", NotFinite)
    if model.randomness:
        warn(model.randomness, Unsure)
