"""METHODS: how a map is made. NumPy, never TensorFlow: this is the arithmetic that papers and scripts publish."""

from typing import Dict

from ..errors import UnknownName
from ..suggest import nearest
from .method import Method
from .rows import layers, masks, pixels, rules

METHODS: Dict[str, Method] = {**layers.ROWS, **pixels.ROWS, **masks.ROWS, **rules.ROWS}


def find_method(name: str) -> Method:
    """Return the row of METHODS; raise UnknownName for another name."""
    if name not in METHODS:
        raise UnknownName(f"no method {name!r} (there are {', '.join(METHODS)}); {nearest(name, METHODS)}")
    return METHODS[name]
