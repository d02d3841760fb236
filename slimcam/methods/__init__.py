"""METHODS: how a map is made. NumPy, never TensorFlow: this is the arithmetic that papers and scripts publish."""

from typing import Dict

from ..errors import UnknownName
from ..suggest import nearest
from .method import Method
from .rows.layers import ROWS as LAYERS
from .rows.masks import ROWS as MASKS
from .rows.pixels import ROWS as PIXELS
from .rows.rules import ROWS as RULES

METHODS: Dict[str, Method] = {**LAYERS, **PIXELS, **MASKS, **RULES}


def find_method(name: str) -> Method:
    """Return the row of METHODS; raise UnknownName for another name."""
    if name not in METHODS:
        raise UnknownName(f"no method {name!r} (there are {', '.join(METHODS)}); {nearest(name, METHODS)}")
    return METHODS[name]
