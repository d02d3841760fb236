"""Methods of matplotlib that went, and wrappers of those that take less."""

import functools
from typing import Any, Callable

import numpy as np


def hold(self: Any, b: Any = None) -> None:
    """Do nothing: axes have always held since matplotlib 3.0."""


def set_axis_bgcolor(self: Any, color: Any) -> None:
    """Set the colour behind the axes."""
    self.set_facecolor(color)


def get_axis_bgcolor(self: Any) -> Any:
    """Return the colour behind the axes."""
    return self.get_facecolor()


def set_color_cycle(self: Any, clist: Any) -> None:
    """Set the colours of the lines to come."""
    self.set_prop_cycle(None) if clist is None else self.set_prop_cycle(color=list(clist))


def plot_date(self: Any, x: Any, y: Any, fmt: str = "o", tz: Any = None, *args: Any, **kwargs: Any) -> Any:
    """Plot over dates."""
    self.xaxis_date(tz)
    return self.plot(x, y, fmt, **kwargs)


def set_window_title(self: Any, title: str) -> None:
    """Set the window's title, where there is one."""
    if self.manager is not None:
        self.manager.set_window_title(title)


def tostring_rgb(self: Any) -> bytes:
    """Return the figure's pixels, (h, w, 3) uint8, as bytes."""
    return np.ascontiguousarray(np.asarray(self.buffer_rgba())[..., :3]).tobytes()


def gca(real: Callable) -> Callable:
    """Return Figure.gca that takes keywords, as projection="3d", and makes such axes where it has no other."""

    @functools.wraps(real)
    def gca(self: Any, **kwargs: Any) -> Any:
        return self.add_subplot(1, 1, 1, **kwargs) if kwargs else real(self)

    return gca


def normed(real: Callable) -> Callable:
    """Return Axes.hist that takes normed= for density=."""

    @functools.wraps(real)
    def hist(self: Any, *args: Any, **kwargs: Any) -> Any:
        old = kwargs.pop("normed", None)
        return real(self, *args, **({"density": bool(old), **kwargs} if old is not None else kwargs))

    return hist


def visible(real: Callable) -> Callable:
    """Return Axes.grid that takes b= for visible=."""

    @functools.wraps(real)
    def grid(self: Any, *args: Any, **kwargs: Any) -> Any:
        if "b" in kwargs:
            kwargs["visible"] = kwargs.pop("b")
        return real(self, *args, **kwargs)

    return grid


def style(real: Callable) -> Callable:
    """Return style.use that takes the names that seaborn's styles had: "seaborn-white" for "seaborn-v0_8-white"."""

    def today(name: Any) -> Any:
        from matplotlib import style

        new = name.replace("seaborn", "seaborn-v0_8", 1) if isinstance(name, str) else name
        return new if isinstance(name, str) and name not in style.available and new in style.available else name

    @functools.wraps(real)
    def use(style: Any) -> None:
        real([today(one) for one in style] if isinstance(style, (list, tuple)) else today(style))

    return use


def as_many(real: Callable) -> Callable:
    """Return Axis.set_ticklabels that labels as many places as it can, where there are more or fewer labels."""

    @functools.wraps(real)
    def set_ticklabels(self: Any, labels: Any, *args: Any, **kwargs: Any) -> Any:
        places = getattr(self.get_major_locator(), "locs", None)
        if places is None or kwargs.get("minor") or not hasattr(labels, "__len__") or len(labels) == 0:
            return real(self, labels, *args, **kwargs)
        fitting = [*labels][: len(places)]
        return real(self, fitting + [""] * (len(places) - len(fitting)), *args, **kwargs)

    return set_ticklabels
