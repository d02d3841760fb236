"""Lambda layers in the configurations of Keras models: functions of the caller's in their place, and code that runs."""

import codecs
import functools
import marshal
import opcode
import types
from typing import Any, Dict, Iterator, List

from ..errors import ModelError


def take_functions(path: str, config: Any, custom: Dict[str, Any]) -> List[str]:
    """Let Lambda layers take the functions that `custom` has under their names; return the names that are taken.

    Raises ModelError for a function that the file names, and nobody gives.
    """
    replaced: List[str] = []
    for kind, inner in entries(config):
        name, is_lambda = inner.get("name"), kind == "Lambda" and "function" in inner
        if not (is_lambda or _holds_code(kind, inner)):
            continue
        if isinstance(name, str) and name in custom:
            _take_function(inner, name)
            replaced.append(name)
        elif is_lambda and isinstance(inner["function"], str):
            if inner["function"] not in custom:
                raise ModelError(
                    f"{path}: its Lambda layer {name!r} needs the function {inner['function']!r}, which the file does "
                    f"not hold: give it, custom_objects={{{name!r}: function}}"
                )
            replaced.append(inner["function"])
    return replaced


def check_python(path: str, config: Any) -> None:
    """Raise ModelError for code in a configuration that this Python cannot run."""
    for kind, inner in entries(config):
        if _holds_code(kind, inner) and not all(_of_this_python(text) for text in _codes(inner)):
            name = inner.get("name")
            raise ModelError(
                f"{path}: its Lambda layer {name!r} was written by another Python, whose code this one cannot "
                f"run: give the function, custom_objects={{{name!r}: function}}"
            )


def with_partials(custom: Dict[str, Any], names: List[str]) -> Dict[str, Any]:
    """Return custom objects of which those named are partials.

    Old configurations of a Lambda call its function by the layer's name: Keras 2 puts a function, but no partial, in
    that word's place, and then takes none there.
    """
    return {**custom, **{name: functools.partial(custom[name]) for name in names}}


def entries(config: Any) -> Iterator[Any]:
    """Yield the class name and the configuration of everything in a configuration that has both."""
    stack = [config]
    while stack:
        one = stack.pop()
        stack.extend(one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())
        inner = one.get("config") if isinstance(one, dict) else None
        if isinstance(inner, dict):
            yield one.get("class_name"), inner


def _take_function(inner: Dict[str, Any], name: str) -> None:
    """Let a layer take the function that is given by its name."""
    if "function_type" not in inner:
        inner.update(function={"class_name": "function", "config": name, "registered_name": name, "module": None})
        return
    # its shape and mask follow from the function; they may be code as well
    coded = [key for key, value in inner.items() if key.endswith("_type") and value == "lambda"]
    inner.update(dict.fromkeys(coded, "raw"), **{key[: -len("_type")]: None for key in coded})
    inner.update(function=name, function_type="function")


def _holds_code(kind: Any, config: Dict[str, Any]) -> bool:
    """Whether a layer's configuration holds a function as marshalled code, Keras 2's way or Keras 3's."""
    if "lambda" in [value for key, value in config.items() if key.endswith("_type")]:
        return True
    if any(isinstance(value, dict) and value.get("class_name") == "__lambda__" for value in config.values()):
        return True
    return kind == "Lambda" and not isinstance(config.get("function"), (str, dict))


def _codes(config: Dict[str, Any]) -> Iterator[str]:
    """Yield the marshalled code of a layer as text: Keras 2 has it first in a list, Keras 3 in a dictionary.

    Of a damaged one it is none.
    """
    for key, value in config.items():
        if isinstance(value, dict) and value.get("class_name") == "__lambda__":
            inner = value.get("config")
            value = inner.get("code") if isinstance(inner, dict) else ""
        elif config.get(f"{key}_type") != "lambda":
            continue
        value = value[0] if isinstance(value, (list, tuple)) and value else value
        yield value if isinstance(value, str) else ""


def _of_this_python(text: str) -> bool:
    """Whether text is code that this Python reads, of instructions that it knows; another's can crash the process."""
    try:
        data = codecs.decode(text.encode("ascii"), "base64")
    except (UnicodeEncodeError, ValueError):  # to Keras 2.1 the bytes were characters of their own
        data = text.encode("raw_unicode_escape")
    try:
        code = marshal.loads(data)
    except (EOFError, ValueError, TypeError, OverflowError, SystemError, MemoryError):  # 3.7 of 3.13's: SystemError
        return False
    if not isinstance(code, types.CodeType):
        return False
    stack = [code]
    while stack:
        one = stack.pop()
        operations = one.co_code[::2]
        if not _begins(operations) or any(opcode.opname[number].startswith("<") for number in operations):
            return False
        stack.extend(inner for inner in one.co_consts if isinstance(inner, types.CodeType))
    return True


def _begins(operations: bytes) -> bool:
    """Whether code begins as a function's does: from Python 3.11 on with RESUME, whose number each version changes."""
    resume = opcode.opmap.get("RESUME")
    return len(operations) > 0 and (resume is None or resume in operations[:8])
