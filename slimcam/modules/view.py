"""View: a module that shows the names of others, some of its own in front, and an answer for those that are gone."""

import contextlib
import importlib
import types
from typing import Any, Callable, List, Mapping, Optional, Sequence

Change = Callable[[], Any]


class View(types.ModuleType):
    """What `import name` gives a program: `changes` first, then the names and submodules of `reals`, then `lacking`.

    A change is called once, when its name is first used. `lacking(name)` returns what stands for a name that nothing
    has, or raises AttributeError; the libraries underneath see nothing of all this. What the program assigns goes to
    the first of `reals` that has the name, as an assignment to the module itself would.
    """

    def __init__(
        self,
        name: str,
        reals: Sequence[types.ModuleType] = (),
        changes: Optional[Mapping[str, Change]] = None,
        lacking: Optional[Callable[[str], Any]] = None,
    ) -> None:
        super().__init__(name)
        own = self.__dict__
        own.update(__name__=name, __path__=[], _reals=tuple(reals), _changes=dict(changes or {}), _lacking=lacking)
        if reals:
            own.update(__doc__=reals[0].__doc__, __file__=getattr(reals[0], "__file__", None))

    def __getattr__(self, name: str) -> Any:
        own = self.__dict__
        if name in own["_changes"]:
            own[name] = value = own["_changes"][name]()
            return value
        for real in own["_reals"]:
            with contextlib.suppress(AttributeError):
                return getattr(real, name)
        if name == "__all__":
            return self.__dir__()
        for real in own["_reals"]:
            if not name.startswith("__") and submodule_of(real, name) is not None:
                return submodule_of(real, name)
        if name.startswith("__") or own["_lacking"] is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return own["_lacking"](name)

    def __setattr__(self, name: str, value: Any) -> None:
        own = self.__dict__
        for real in own["_reals"]:
            if name not in own["_changes"] and hasattr(real, name):
                setattr(real, name, value)
                return
        own[name] = value

    def __dir__(self) -> List[str]:
        own = self.__dict__
        names = {name for real in own["_reals"] for name in getattr(real, "__all__", None) or dir(real)}
        names.update(own["_changes"], own, self.__all__ if "__all__" in own["_changes"] else ())
        return sorted(name for name in names if not name.startswith("_"))

    def __repr__(self) -> str:
        return f"<module {self.__name__!r} as an old program sees it>"


def submodule_of(module: types.ModuleType, name: str) -> Optional[types.ModuleType]:
    """Import a submodule of a package; None where the package has none of that name."""
    if not hasattr(module, "__path__") or isinstance(module, View):
        return None
    whole = f"{module.__name__}.{name}"
    try:
        return importlib.import_module(whole)
    except ModuleNotFoundError as error:
        if error.name != whole and not whole.startswith(f"{error.name}."):
            raise
        return None
