"""record(): what a model makes of some photos, to a folder."""

import os
from typing import Any, Optional, Sequence, Union

from .._types import ImagesLike, ModelLike, PathLike, TargetLike, TensorLike
from ..targets import as_json
from . import golden
from .making import make_golden, open_model
from .remote import record_in


def record(
    model: ModelLike,
    photos: ImagesLike,
    out: PathLike,
    layers: Union[TensorLike, Sequence[TensorLike], None] = None,
    target: TargetLike = None,
    dialect: str = "paper",
    method: Optional[str] = None,
    engine: str = "graph",
    python: Optional[PathLike] = None,
    overwrite: bool = False,
    **load_options: Any,
) -> str:
    """Record what a model makes of photos to the folder `out`, whole or not at all, and return `out`.

    `model` is a Model, or anything that load() takes, with `load_options`. `photos`, `target`, `dialect`, `method` and
    `engine` are GradCAM's; `layers` is a name or a list of them, the model's own default where it is left out. With
    `python`, the path of another interpreter, it is done there; `model` is then a path. A recording that is there is
    replaced only with `overwrite`.

    Raises GoldenError where `out` holds something else, OutputError where it holds a recording or cannot be written,
    InterpreterError for a `python` that cannot do it, TargetError for a target that is a function, and what load() and
    GradCAM raise.
    """
    golden.check_place(out, overwrite)
    how = {"dialect": dialect, "method": method, "engine": engine}
    if python is not None:
        return record_in(python, model, photos, out, layers, as_json.to_json(target), overwrite, **how, **load_options)
    with open_model(model, engine, load_options) as loaded:
        is_path = isinstance(model, (str, os.PathLike))
        source = os.fspath(model) if is_path else loaded.source
        return golden.write(make_golden(loaded, source, photos, layers, target, how), out)
