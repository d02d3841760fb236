"""The folders of research/slim that its scripts expect beside themselves: nets, preprocessing, datasets, deployment.

After the published definitions (tensorflow/models, research/slim, 2018): the names, the arguments, the operations in
their order. `folder("nets")` is such a folder as a program sees it; what slimcam lacks of it is answered in one line.
"""

import functools
import importlib
import pkgutil
from typing import Any, Dict, List

from .._tf import share_arg_scopes, slim
from ..errors import GoneModule, GoneName
from ..modules.view import View
from ..suggest import nearest

FOLDERS = ("nets", "preprocessing", "datasets", "deployment")
HOMES_OF_NETS = ("tf_slim.nets", "slimcam.nets")  # where modules of `nets` are that need nothing here


def module(path: str) -> Any:
    """Return `nets.inception`, say, as a program sees it. Raises GoneModule for what slimcam does not have of it."""
    top, *rest = path.split(".")
    try:
        return functools.reduce(getattr, rest, folder(top))
    except GoneName as error:
        raise GoneModule(str(error), name=path) from None
    except AttributeError:
        raise GoneModule(_gone(path, ""), name=path) from None


@functools.lru_cache(maxsize=None)
def folder(name: str) -> View:
    """Return one of FOLDERS as a program sees it."""
    slim()
    share_arg_scopes()
    return View(name, [importlib.import_module(f"{__name__}.{name}")], {}, functools.partial(_lacking, name))


def _lacking(name: str, part: str) -> Any:
    homes = HOMES_OF_NETS if name == "nets" else ()
    for home in homes:
        try:
            return _with_later_ends(importlib.import_module(f"{home}.{part}"), f"{name}.{part}")
        except ModuleNotFoundError as error:
            if error.name != f"{home}.{part}":
                raise
    known = [each for home in (f"{__name__}.{name}", *homes) for each in _modules(home)]
    raise GoneName(_gone(f"{name}.{part}", f" ({nearest(part, known)})"))


def _gone(path: str, near: str) -> str:
    folder = path.partition(".")[0]
    return (
        f"slimcam has no {path} of research/slim{near}; "
        f"put the folder {folder} of tensorflow/models, research/slim, beside the program"
    )


def _with_later_ends(old: Any, path: str) -> Any:
    """Return a module of nets with the later ends of them that slim_variants.py has."""
    from ..nets import slim_variants

    both = [name for name in dir(slim_variants) if hasattr(old, name)]
    names = [name for name in both if name.startswith(("inception_", "resnet_"))]
    later: Dict[str, Any] = {name: functools.partial(getattr, slim_variants, name) for name in names}
    if "inception_v" in path:
        later[path.partition(".")[2] + "_arg_scope"] = lambda: module("nets.inception_utils").inception_arg_scope
    return View(path, [old], later)


def _modules(package: str) -> List[str]:
    names = [one.name for one in pkgutil.iter_modules(importlib.import_module(package).__path__)]
    return [name for name in names if not name.endswith("_test")]
