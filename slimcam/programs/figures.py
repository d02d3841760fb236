"""Figures of notebooks: the open ones are written where a notebook would show them.

`start` says where they go, `enter` which cell runs. matplotlib imports figures_backend.py by its name.
"""

import os
import sys
from typing import Any, Dict, Optional

_PLACE: Dict[str, Any] = {"folder": None, "name": "", "cell": 0, "count": 0}


def start(folder: Optional[str], name: str) -> None:
    """Write figures as folder/name-CELL-N.png from now on; nowhere, if `folder` is None. The folder is made."""
    _PLACE.update(folder=folder, name=name)
    if folder is not None:
        os.makedirs(folder, exist_ok=True)
    os.environ["MPLBACKEND"] = f"module://{__name__}_backend"


def enter(cell: int) -> None:
    """Count the figures of another cell from now on."""
    _PLACE.update(cell=cell, count=0)


def show(*args: Any, **kwargs: Any) -> None:
    """Write the figures that are open, and close them, as `%matplotlib inline` does at plt.show() and a cell's end."""
    plt: Any = sys.modules.get("matplotlib.pyplot")
    if plt is None:
        return
    for number in plt.get_fignums():
        if _PLACE["folder"] is not None:
            _PLACE["count"] += 1
            file = "{name}-{cell}-{count}.png".format(**_PLACE)
            plt.figure(number).savefig(os.path.join(_PLACE["folder"], file), bbox_inches="tight")
    plt.close("all")
