"""The attributes that are sizes and steps of windows: TensorFlow divides by them, and ends the process over a 0.

It looks at them as it imports a graph only where it knows of how many axes an image is. Names are of the operations
that are allowed, in the registries of 1.15.5 and 2.21.
"""

from typing import Sequence

from ..._types import NodeDef
from .operators_computing import COMPUTING

LISTS = frozenset(("strides", "ksize", "ksizes", "dilations", "rates"))  # a number for each axis of the images
NUMBERS = frozenset(("block_size", "window_size", "stride"))
WINDOWS = LISTS | NUMBERS
MOST = 1 << 20  # places of an axis
_ANY_AXES = "Conv"  # of images of any number of axes, all others of 4 or 5


def problem_of_windows(node: NodeDef, names: Sequence[str]) -> str:
    """Return what is wrong with those of these attributes that are windows, in words that follow the node's name."""
    for name in names:
        if name not in WINDOWS or node.op not in COMPUTING:
            continue
        sizes = node.attr[name].list.i if name in LISTS else [node.attr[name].i]
        if any(not 0 < size <= MOST for size in sizes):
            return f"has {name} of {', '.join(map(str, sizes[:6]))}, not of 1 to {MOST}"
        if name in LISTS and len(sizes) not in (4, 5) and node.op != _ANY_AXES:
            return f"has {name} of {len(sizes)} axes, not of 4 or 5"
    return ""
