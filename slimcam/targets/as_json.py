"""Targets as JSON and back, and names that another model has for what a target names."""

from typing import Any, Dict, Mapping, Optional, Tuple

import numpy as np

from .._tf import tf
from .._types import TargetLike, TensorLike
from ..errors import TargetError
from ..model import Model
from .box import Box
from .dense import Peak, Region
from .objectives import Caricature, Direction, Neuron
from .scores import Channel, Dot, FunctionScore, Mean, Norm, Score, ScoreOfTensor, TensorScore
from .target import Class, ClassLike, Top, as_target

NAMED = {"mean": Mean, "norm": Norm, "tensor": TensorScore}  # scores that a tensor's name tells whole
POWERED = {"direction": Direction, "caricature": Caricature}
OF_TENSORS = (*NAMED, "channel", "neuron", "dot", *POWERED)


def to_json(target: TargetLike, model: Optional[Model] = None) -> Any:
    """Return a target as golden.json has it; labels become numbers where the model is given.

    Raises TargetError for a function, which no file can hold.
    """
    if target is None:
        return None
    if isinstance(target, (list, tuple)) or (isinstance(target, np.ndarray) and target.ndim):
        return [to_json(one, model) for one in target]
    kind = as_target(target)
    if isinstance(kind, Top):
        return {"top": kind.k}
    if isinstance(kind, Class):
        return {"sum": [[_class(one, model), float(weight)] for one, weight in kind.terms]}
    if isinstance(kind, Score):
        return _score_to_json(kind, model)
    return {"class": _class(kind, model)}


def _class(target: ClassLike, model: Optional[Model]) -> Any:
    if model is not None:
        return model.class_id(target)
    return target if isinstance(target, str) else int(target)


def _score_to_json(score: Score, model: Optional[Model]) -> Dict[str, Any]:
    if isinstance(score, ScoreOfTensor):
        name = _name(score.name, model)
        if isinstance(score, Channel):
            return {"channel": name, "k": int(score.k)}
        if isinstance(score, Neuron):
            return {"neuron": name, "k": int(score.k), "at": score.at and [int(place) for place in score.at]}
        if isinstance(score, Dot):
            return {"dot": name, "array": score.array.tolist()}
        if isinstance(score, Direction):
            return {"direction": name, "array": score.vector.tolist(), "power": score.power}
        if isinstance(score, Caricature):
            return {"caricature": name, "array": score.array.tolist(), "power": score.power}
        for key, kind in NAMED.items():
            if type(score) is kind:
                return {key: name}
    if isinstance(score, Box):
        return {"box": score.which, "at": score.place and list(score.place)}
    if isinstance(score, Region):
        mask = None if score.mask is None else score.mask.astype(int).tolist()
        return {"region": _class(score.class_, model), "mask": mask, "of": _name(score.name, model)}
    if isinstance(score, Peak):
        return {"peak": int(score.k), "of": _name(score.name, model)}
    what = score.function if isinstance(score, FunctionScore) else score
    raise TargetError(
        f"the target {what!r} cannot be recorded, as no file can hold a function: name a tensor by Mean(NAME), "
        "Norm(NAME), Channel(NAME, k), Neuron(NAME, k) or Dot(NAME, array), or give a class, Box, Region or Peak"
    )


def _name(name: Optional[TensorLike], model: Optional[Model]) -> Optional[str]:
    if isinstance(name, tf.Tensor):
        return name.name if model is None else model.name_of(name)
    return name


def from_json(spec: Any, model: Model, names: Mapping[str, TensorLike]) -> TargetLike:
    """Return the target of golden.json, with the model's `names` for recorded ones."""
    if isinstance(spec, list):
        return [from_json(one, model, names) for one in spec]
    if not isinstance(spec, dict):
        return spec  # None, or a class as a caller says it
    if "top" in spec:
        return Top(spec["top"])
    if "class" in spec:
        return spec["class"]
    if "sum" in spec:
        first, *rest = [weight * Class(one) for one, weight in spec["sum"]]
        return sum(rest, first)
    if "box" in spec:
        return Box(spec["box"], spec["at"])
    if "region" in spec:
        return Region(spec["region"], spec["mask"], names.get(spec["of"], spec["of"]))
    if "peak" in spec:
        return Peak(spec["peak"], names.get(spec["of"], spec["of"]))
    kind = next((key for key in OF_TENSORS if key in spec), None)
    if kind is None:
        raise TargetError(f"no target is {spec!r}: it was recorded by a newer slimcam")
    name = names.get(spec[kind], spec[kind])
    if kind == "channel":
        return Channel(name, spec["k"])
    if kind == "neuron":
        return Neuron(name, spec["k"], spec["at"] and tuple(spec["at"]))
    if kind == "dot":
        return Dot(name, spec["array"])
    if kind in POWERED:
        return POWERED[kind](name, spec["array"], spec["power"])
    return NAMED[kind](name) if kind != "tensor" else model.tensor(name)


def describe(spec: Any) -> str:
    """Return a target as a report names it."""
    if spec is None:
        return "the winning class"
    if isinstance(spec, list):
        return "one per photo"
    if "sum" in spec:
        return " + ".join(f"{weight:g} x class {one}" for one, weight in spec["sum"])
    parts = {key: value for key, value in spec.items() if key not in ("array", "mask") and value is not None}
    return " ".join(f"{key} {value}" for key, value in parts.items())


def tensor_names(spec: Any) -> Tuple[str, ...]:
    """Return the names of tensors in a target of golden.json."""
    return tuple(spec[key] for key in (*OF_TENSORS, "of") if spec.get(key)) if isinstance(spec, dict) else ()
