"""Targets as JSON and back, and names that another model has for what a target names."""

from typing import Any, Dict, Mapping, Optional, Tuple

import numpy as np

from .. import target as targets
from .._tf import tf
from ..errors import TargetError
from ..model import Model


def told(target: Any, model: Optional[Model] = None) -> Any:
    """Return a target as golden.json has it; labels become numbers where the model is given.

    Raises TargetError for a function, which no file can hold.
    """
    if target is None:
        return None
    if isinstance(target, (list, tuple)) or (isinstance(target, np.ndarray) and target.ndim):
        return [told(one, model) for one in target]
    kind = targets.as_target(target)
    if isinstance(kind, targets.Top):
        return {"top": kind.k}
    if isinstance(kind, targets.Class):
        return {"sum": [[_class(one, model), float(weight)] for one, weight in kind.terms]}
    if isinstance(kind, targets.Score):
        return _told_score(kind, model)
    return {"class": _class(kind, model)}


def _class(target: Any, model: Optional[Model]) -> Any:
    if model is not None:
        return model.class_id(target)
    return target if isinstance(target, str) else int(target)


def _told_score(score: targets.Score, model: Optional[Model]) -> Dict[str, Any]:
    name = score.name
    if isinstance(name, tf.Tensor):
        name = name.name if model is None else model.name_of(name)
    if type(score) in (targets.Mean, targets.Norm):
        return {type(score).__name__.lower(): name}
    if isinstance(score, targets.Channel):
        return {"channel": name, "k": int(score.k)}
    if isinstance(score, targets.Dot):
        return {"dot": name, "array": score.array.tolist()}
    if isinstance(score, targets._Given) and isinstance(name, str):
        return {"tensor": name}
    raise TargetError(
        f"the target {name!r} cannot be recorded, as no file can hold a function: name a tensor by Mean(NAME), "
        "Norm(NAME), Channel(NAME, k) or Dot(NAME, array), or give a class"
    )


def meant(spec: Any, model: Model, names: Mapping[str, Any]) -> Any:
    """Return the target that golden.json tells of, with the model's `names` for recorded ones; as `told` gives it."""
    if isinstance(spec, list):
        return [meant(one, model, names) for one in spec]
    if not isinstance(spec, dict):
        return spec  # None, or a class as a caller says it
    if "top" in spec:
        return targets.Top(spec["top"])
    if "class" in spec:
        return spec["class"]
    if "sum" in spec:
        first, *rest = [weight * targets.Class(one) for one, weight in spec["sum"]]
        return sum(rest, first)
    for key, kind in (("mean", targets.Mean), ("norm", targets.Norm)):
        if key in spec:
            return kind(names.get(spec[key], spec[key]))
    name = next((spec[key] for key in ("channel", "dot", "tensor") if key in spec), None)
    if name is None:
        raise TargetError(f"no target is {spec!r}: it was recorded by a newer slimcam")
    name = names.get(name, name)
    if "channel" in spec:
        return targets.Channel(name, spec["k"])
    return targets.Dot(name, spec["array"]) if "dot" in spec else model.tensor(name)


def said(spec: Any) -> str:
    """Return a target as a report names it."""
    if spec is None:
        return "the winning class"
    if isinstance(spec, list):
        return "one a photo"
    if "sum" in spec:
        return " + ".join(f"{weight:g} x class {one}" for one, weight in spec["sum"])
    return " ".join(f"{key} {value}" for key, value in spec.items() if key != "array")


def names_in(spec: Any) -> Tuple[str, ...]:
    """Return the names of tensors in a target of golden.json."""
    keys = "mean", "norm", "channel", "dot", "tensor"
    return tuple(spec[key] for key in keys if key in spec) if isinstance(spec, dict) else ()
