"""Parameters of methods: their defaults, and the checks of what is given for them. Readable without NumPy."""

import os
from typing import Any, Dict, Mapping, NamedTuple, Optional, Sequence

from ..errors import ParameterError
from ..suggest import nearest


class Parameter(NamedTuple):
    """A parameter of a method: its default, whose type is that of every value, and what else a value may be."""

    default: Any  # a whole number, a number, True or False, or text
    text: str  # what it is, in a few words
    least: Optional[float] = None
    most: Optional[float] = None
    choices: Sequence[str] = ()  # the only texts, where there are some
    array: bool = False  # whether an array may be given in its place
    photo: bool = False  # whether a photo may, as (H, W, 3) uint8 or by its path
    several: bool = False  # whether several photos may
    none: bool = False  # whether None may: the method then chooses


def defaults(known: Mapping[str, Parameter]) -> Dict[str, Any]:
    """Return the default of each parameter."""
    return {name: row.default for name, row in known.items()}


def read_parameters(
    method: str, known: Mapping[str, Parameter], given: Mapping[str, Any], dialect: Mapping[str, Any]
) -> Dict[str, Any]:
    """Return every parameter of a method: what is given, else what the dialect sets, else the default.

    Raises ParameterError for a name that the method has not, with the nearest, and for a value that does not fit.
    """
    for name in given:
        if name not in known:
            has = f"it has {', '.join(known)}; {nearest(name, known)}" if known else "it has none"
            raise ParameterError(f"{method} has no parameter {name!r}: {has}")
    values = {**defaults(known), **{name: value for name, value in dialect.items() if name in known}}
    values.update((name, checked(f"{method}: {name}", known[name], value)) for name, value in given.items())
    return values


def checked(name: str, row: Parameter, value: Any) -> Any:
    """Return a value as its parameter takes it; raise ParameterError for one that it does not take."""
    if value is None and row.none:
        return None
    if row.photo and is_path(value) and value not in row.choices and os.path.exists(value):
        return os.fspath(value)
    if row.array and not isinstance(value, (str, bool, int, float)):
        return value
    value = _of_type(name, row, value)
    if isinstance(value, str) and row.choices and value not in row.choices:
        others = f"{', an array' * row.array}{', a path of a photo that is there' * row.photo}"
        raise ParameterError(f"{name}={value!r}: give {', '.join(row.choices)}{others}; {nearest(value, row.choices)}")
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if number and not ((row.least is None or value >= row.least) and (row.most is None or value <= row.most)):
        raise ParameterError(f"{name}={value!r}: give {_bounds(row)}")
    return value


def is_path(value: Any) -> bool:
    """Whether a value may be the path of a photo."""
    return isinstance(value, (str, os.PathLike))


def _of_type(name: str, row: Parameter, value: Any) -> Any:
    """Return a value as of its parameter's type: NumPy's numbers as Python's, a whole number as one with a point."""
    kind = type(row.default) if row.default is not None else None
    value = value.item() if type(value).__module__ == "numpy" and not getattr(value, "ndim", 0) else value
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if kind is not None and type(value) is not kind:
        words = {int: "a whole number", float: "a number", bool: "True or False", str: "text"}
        raise ParameterError(f"{name}={value!r}: give {words.get(kind, kind.__name__)}")
    return value


def _bounds(row: Parameter) -> str:
    if row.most is None:
        return f"{row.least} or more"
    return f"{row.most} or less" if row.least is None else f"a number from {row.least} to {row.most}"


def from_text(name: str, row: Parameter, text: str) -> Any:
    """Return what a word of the command line says for a parameter; raise ParameterError for what is none."""
    if row.none and text == "none":
        return None
    kind = type(row.default)
    if kind is bool:
        if text not in ("true", "false"):
            raise ParameterError(f"{name}={text}: give true or false")
        return text == "true"
    if kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            raise ParameterError(f"{name}={text}: give {'a whole number' if kind is int else 'a number'}") from None
    return text
