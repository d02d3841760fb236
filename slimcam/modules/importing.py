"""A function of the caller's own, by the text "package.module:function"."""

import importlib
from typing import Any, Callable, Tuple

from ..errors import MissingPackage, UnknownName
from ..suggest import nearest


def import_function(path: str, what: str) -> Tuple[Any, Callable[..., Any]]:
    """Import "package.module:function"; return the module and the function. `what` is what errors call it.

    Raises UnknownName, also for whatever the module raises, and MissingPackage where that says which package it is.
    """
    name, _, attribute = path.partition(":")
    try:
        module = importlib.import_module(name)
    except MissingPackage:
        raise
    except Exception as error:  # Anybody's code runs here, and tf.contrib is an AttributeError on TensorFlow 2.
        raise UnknownName(f"no {what} {path!r}: importing {name!r} gives {type(error).__name__}: {error}") from error
    function = getattr(module, attribute, None)
    if not callable(function):
        functions = [known for known, value in vars(module).items() if callable(value)]
        raise UnknownName(f"no {what} {path!r}: no function {attribute!r} there; {nearest(attribute, functions)}")
    return module, function
