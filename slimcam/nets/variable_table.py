"""Names and shapes of the variables of every net in NETS, from a file beside this one: so none is built to know one.

The file is a tree of JSON for each net, compressed: the parts of a name lead to its shape. `write` makes it anew.
"""

import functools
import gzip
import json
import os
from typing import Any, Dict, Iterator, Optional, Tuple

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "variables.json.gz")

_CLASSES = "classes"  # in a shape: as many as there are classes
_PRIME = 1013  # that many classes are told apart from channels, of which no net has as many


def shapes(net: str, num_classes: int) -> Optional[Dict[str, Tuple[int, ...]]]:
    """Return the shape of every variable of a net by its name, None for a net that is not in the table."""
    tree = _trees().get(net)
    if tree is None:
        return None
    return {
        name: tuple(num_classes if side == _CLASSES else side for side in shape) for name, shape in _leaves(tree, "")
    }


def write() -> None:
    """Build every net of NETS and write the table; this takes minutes."""
    from . import NETS, variables

    trees: Dict[str, Any] = {}
    for net in NETS:
        for name, shape in variables(net, _PRIME).items():
            *scopes, last = [net, *name.split("/")]
            branch = functools.reduce(lambda tree, scope: tree.setdefault(scope, {}), scopes, trees)
            branch[last] = [_CLASSES if side == _PRIME else side for side in shape]
    text = json.dumps(trees, separators=(",", ":"))
    with open(PATH, "wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
        packed.write(text.encode())


@functools.lru_cache(maxsize=None)
def _trees() -> Dict[str, Any]:
    with gzip.open(PATH, "rt", encoding="utf-8") as file:
        trees: Dict[str, Any] = json.load(file)
    return trees


def _leaves(tree: Dict[str, Any], scope: str) -> Iterator[Tuple[str, Any]]:
    for name, below in tree.items():
        if isinstance(below, dict):
            yield from _leaves(below, f"{scope}{name}/")
        else:
            yield scope + name, below
