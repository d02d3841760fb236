"""Functions of matplotlib that went, as they were."""

from typing import Any


def hold(b: Any = None) -> None:
    """Do nothing: axes have always held since matplotlib 3.0."""


def ishold() -> bool:
    """Return True, as axes have always held since matplotlib 3.0."""
    return True


def get_cmap(name: Any = None, lut: Any = None) -> Any:
    """Return a colour map by its name, the default one if left out, of `lut` colours."""
    from matplotlib import pyplot

    old = {"spectral": "nipy_spectral", "spectral_r": "nipy_spectral_r", "Vega10": "tab10", "Vega20": "tab20"}
    return pyplot.get_cmap(old.get(name, name) if isinstance(name, str) else name, lut)


def register_cmap(name: Any = None, cmap: Any = None, **kwargs: Any) -> None:
    """Register a colour map."""
    import matplotlib

    matplotlib.colormaps.register(cmap, name=name, force=True)


def iterable(obj: Any) -> bool:
    """Return whether this can be walked."""
    try:
        iter(obj)
    except TypeError:
        return False
    return True


def is_string_like(obj: Any) -> bool:
    """Return whether this is a text."""
    return isinstance(obj, (str, bytes))
