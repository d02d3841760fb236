"""The program that migration.remote runs in another interpreter: record what a request on stdin asks for."""

import json
import sys
from typing import Any, Dict, Optional, Sequence, Union

import numpy as np

from ..errors import SlimcamError, to_json
from ..targets import as_json
from ..targets.as_text import read_target
from . import golden
from .making import make_golden, open_model
from .remote_protocol import send


def main() -> None:
    """Read a request from stdin, record, and send what came of it: {"out": FOLDER}, or an error of slimcam's."""
    request = json.loads(sys.stdin.read())
    try:
        reply: Dict[str, Any] = {"out": _record(**request)}
    except SlimcamError as error:
        reply = to_json(error)
    send(reply)


def _record(
    model: str,
    photos: Any,
    out: str,
    layers: Union[str, Sequence[str], None],
    target: Any,
    dialect: str = "paper",
    method: Optional[str] = None,
    engine: str = "graph",
    **load_options: Any,
) -> str:
    images = [_photo(one) for one in photos] if isinstance(photos, list) else _photo(photos)
    how = {"dialect": dialect, "method": method, "engine": engine}
    with open_model(model, engine, load_options) as loaded:
        text = isinstance(target, str)
        wish = read_target(loaded, target) if text else as_json.from_json(target, loaded, {})
        return golden.write(make_golden(loaded, model, images, layers, wish, how), out)


def _photo(photo: Union[str, Dict[str, str]]) -> Union[str, np.ndarray]:
    """Return a photo of a request: a path, or the array in a file."""
    return photo if isinstance(photo, str) else np.load(photo["array"], allow_pickle=False)
