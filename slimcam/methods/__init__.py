"""METHODS: from evidence to maps. NumPy, never TensorFlow: this is the arithmetic that papers and scripts publish."""

import importlib
from typing import TYPE_CHECKING, Any, Dict, NamedTuple

from ..errors import UnknownName
from ..suggest import nearest

if TYPE_CHECKING:
    import numpy as np

    from .evidence import Evidence


class Method(NamedTuple):
    """A function from Evidence to (N, h, w) maps; its module is imported when it is first called.

    So that the command line can list the methods without waiting for NumPy.
    """

    module: str  # the file of this folder that the function is in
    name: str  # the function's
    source: str

    def __call__(self, evidence: "Evidence", average: bool = False) -> "np.ndarray":
        """Return the (N, h, w) sums over channels, or with `average` their means."""
        function: Any = getattr(importlib.import_module(f".{self.module}", __name__), self.name)
        return function(evidence, average)


METHODS: Dict[str, Method] = {
    "gradcam": Method("cams", "gradcam", "Selvaraju et al. 2017, eq. 1-2"),
    "normalised": Method("cams", "normalised", "hiveml/tensorflow-grad-cam"),
    "gated": Method("cams", "gated", "tensorflow/tensorflow issue 37680"),
}


def find_method(name: str) -> Method:
    """Return the row of METHODS; raise UnknownName for another name."""
    if name not in METHODS:
        raise UnknownName(f"no method {name!r} (there are {', '.join(METHODS)}); {nearest(name, METHODS)}")
    return METHODS[name]
