"""The other end of slimcam.migration.remote: record what another interpreter asks for, as JSON on stdin."""

import json
import sys
from typing import Any, Callable, Dict

import numpy as np

from ..errors import SlimcamError
from ..model import Model
from ..targets import as_json
from . import golden
from .recording import opened, recorded
from .remote import MARK


def answer(read_target: Callable[[Model, str], Any]) -> None:
    """Read from stdin, record, and write to stdout what came of it; `read_target` reads the command line's targets."""
    asked = json.loads(sys.stdin.read())
    try:
        told: Dict[str, Any] = {"out": _record(read_target, **asked)}
    except SlimcamError as error:
        remedies = [list(remedy) for remedy in getattr(error, "remedies", ())]
        told = {"error": type(error).__name__, "message": getattr(error, "message", str(error)), "remedies": remedies}
    sys.stdout.write(f"{MARK}{json.dumps(told)}\n")


def _record(
    read_target: Callable[[Model, str], Any],
    model: str,
    photos: Any,
    out: str,
    layers: Any,
    target: Any,
    dialect: str = "paper",
    method: Any = None,
    engine: str = "graph",
    **load_options: Any,
) -> str:
    images = [_photo(one) for one in photos] if isinstance(photos, list) else _photo(photos)
    how = {"dialect": dialect, "method": method, "engine": engine}
    with opened(model, engine, load_options) as loaded:
        said = isinstance(target, str)
        meant = read_target(loaded, target) if said else as_json.from_json(target, loaded, {})
        return golden.write(recorded(loaded, model, images, layers, meant, how), out)


def _photo(told: Any) -> Any:
    return np.load(told["array"], allow_pickle=False) if isinstance(told, dict) else told
