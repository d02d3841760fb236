"""What a configuration of a Keras model would do beside computing, before any Keras sees it.

Keras 2 and Keras 3 look a class, a function or a symbol up by the names in a configuration, and older ones import any
module that it names. Here everything that could be looked up must be on a list of keras_names.py, or be one of the
caller's own `known` objects, under each name by which some Keras would look for it: which Keras reads a file is said by
the file itself.
"""

import json
from typing import Any, Collection, Dict, Iterable, Iterator, List, NamedTuple, Optional

from . import Finding, Verdict
from . import keras_names as names
from .operators import BY_ATTRIBUTES
from .operators_computing import COMPUTING

UNKNOWN = "Keras does not have"  # the reason of a finding that the caller's own object may mend

_DEEPEST = 200  # levels of lists and dictionaries; a model has some eight for each model in it
_MOST_PLAIN = (
    16  # levels of these alone, without a class in them: TensorFlow 1 looks at each twice as often as at the last
)
_TOO_DEEP = "nested too deep for a model's configuration"
_DIGITS = 400  # of a number; Python 3.7 takes the square of their count to read them


class _Place(NamedTuple):
    """A value in a configuration, and where it is."""

    value: Any
    where: str  # layers' names
    key: str  # the entry that it stands in, or a list of it
    depth: int
    plain: int = 0  # levels since one that names its class


def parsed(text: Any) -> Any:
    """Return the value of JSON; raises ValueError for what is none, or too deep or long for a model's."""
    try:
        value = json.loads(text, parse_int=_integer)
        is_too_deep = _is_deeper(value, _DEEPEST)
    except RecursionError:
        is_too_deep = True
    except (TypeError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from None
    if is_too_deep:
        raise ValueError(_TOO_DEEP)
    return value


def check_aliases(value: Any, most: int) -> None:
    """Raise ValueError for data that holds itself, or, where parts of it are there again, over `most` values."""
    if _is_deeper(value, _DEEPEST):
        raise ValueError(_TOO_DEEP)
    counts: Dict[int, int] = {}

    def count(one: Any) -> int:
        if id(one) not in counts:
            counts[id(one)] = 1 + sum(map(count, _items(one)))
        return counts[id(one)]

    if count(value) > most:
        raise ValueError("its aliases come to more than a model's configuration")


def _is_deeper(value: Any, most: int) -> bool:
    """Whether a value has more levels of lists and dictionaries than so many; one that holds itself has no last."""
    level = [value]
    for _ in range(most):
        level = list({id(one): one for outer in level for one in _items(outer)}.values())
        if not level:
            return False
    return True


def _items(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()


def _integer(text: str) -> int:
    if len(text) > _DIGITS:
        raise ValueError(f"a number of {len(text)} digits")
    return int(text)


def without_training(config: Any) -> Any:
    """Return a configuration of Keras 3 without what only training uses: losses, metrics and optimizers of models."""
    if isinstance(config, list):
        return [without_training(one) for one in config]
    if not isinstance(config, dict):
        return config
    trains = config.get("compile_config") is not None and "class_name" in config
    return {key: None if trains and key == "compile_config" else without_training(one) for key, one in config.items()}


def vet(config: Any, known: Collection[str] = ()) -> Verdict:
    """Judge a configuration that is read from JSON; `known` are the names of the caller's own classes and functions."""
    refused: List[Finding] = []
    said: List[Finding] = []
    stack = [_Place(config, "", "", 0)]
    while stack:
        place = stack.pop()
        for finding in _findings(place, known):
            kept = said if finding.allow in names.DRAWING else refused
            if all((one.where, one.allow) != (finding.where, finding.allow) for one in kept if one.allow):
                kept.append(finding)  # a Lambda layer holds its code, too
        if place.depth >= _DEEPEST or place.plain >= _MOST_PLAIN:
            most = _DEEPEST if place.depth >= _DEEPEST else _MOST_PLAIN
            refused.append(Finding(place.where, "a configuration", f"is nested more than {most} deep"))
            continue
        stack.extend(reversed(list(_inner(place))))
    return Verdict(refused, said)


def _inner(place: _Place) -> Iterator[_Place]:
    """Yield what a value holds."""
    if isinstance(place.value, list):
        for one in place.value:
            yield _Place(one, place.where, place.key, place.depth + 1, place.plain + 1)
    elif isinstance(place.value, dict):
        where, plain = _where(place), 0 if "class_name" in place.value else place.plain + 1
        for key, one in place.value.items():
            yield _Place(one, where, str(key), place.depth + 1, plain)


def _where(place: _Place) -> str:
    """Return the place of what is in a dictionary: that of the layer that it describes, where it describes one."""
    inner = place.value.get("config")
    name = place.value.get("name") or (inner.get("name") if isinstance(inner, dict) else None)
    if "class_name" in place.value and isinstance(name, str) and place.key in ("", "layers", "layer", "config", "cell"):
        return f"{place.where}/{name}" if place.where else name
    return place.where


def _findings(place: _Place, known: Collection[str]) -> Iterator[Finding]:
    if isinstance(place.value, str):
        yield from _of_text(place, known)
    elif isinstance(place.value, dict) and "class_name" in place.value:
        where = _where(place) or place.key or "the model"
        yield from _of_object(where, place.value, known)
    if isinstance(place.value, dict):
        name = place.value.get("name")
        if isinstance(name, str) and (".." in name.split("/") or name.startswith("/")):
            yield Finding(place.where, f"the name {name!r}", "is a path out of the model's folder")
        coded = [key for key, value in place.value.items() if key.endswith("_type") and value == "lambda"]
        if coded and place.value.get("class_name") != "Lambda":
            part = f"the entry {coded[0][: -len('_type')]}"
            yield Finding(place.where or "the model", part, "is code that would run", "Lambda")


def _of_text(place: _Place, known: Collection[str]) -> Iterator[Finding]:
    """Yield what a text names that Keras would look up: an activation, an initializer …"""
    end = place.key.rsplit("_", 1)[-1]
    takes = names.NAMED_BY_TEXT.get(end)
    text = place.value
    if takes is not None and text not in takes and text not in known:
        yield Finding(place.where, f"the {end} function {text!r}", UNKNOWN, text)


def _of_object(where: str, entry: Dict[str, Any], known: Collection[str]) -> Iterator[Finding]:
    """Yield what is refused of a dictionary that Keras makes an object of."""
    kind, module = entry.get("class_name"), entry.get("module")
    if not isinstance(kind, str):
        yield Finding(where, "a class", "has no name")
    elif kind == "function":
        yield from _of_function(where, entry, known)
    elif _is_known(entry, known):
        return
    elif kind in names.REACHING or kind in names.WRAPPERS or kind in names.VALUES:
        yield from _of_special(where, kind, entry, known)
    elif kind in ("TypeSpec", "__typespec__"):
        yield from _of_spec(where, entry)
    elif kind not in names.CLASSES and kind not in names.ACTIVATIONS:
        yield Finding(where, f"the layer {kind!r}{_of_module(module)}", UNKNOWN, _looked_up(entry))
    else:
        yield from _of_module_and_alias(where, kind, entry)


def _is_known(entry: Dict[str, Any], known: Collection[str]) -> bool:
    """Whether a class is the caller's own by whichever of its two names a Keras goes."""
    kind, name = entry.get("class_name"), _looked_up(entry)
    return name in known and (kind in known or kind == name.rsplit(">", 1)[-1])


def _looked_up(entry: Dict[str, Any]) -> str:
    """Return the name that Keras looks a class up by among those that it was given."""
    alias = entry.get("registered_name")
    return alias if isinstance(alias, str) and alias else str(entry.get("class_name"))


def _of_module_and_alias(where: str, kind: str, entry: Dict[str, Any]) -> Iterator[Finding]:
    """Yield what is wrong with the other two names of a class of Keras' own: it would be taken from elsewhere."""
    module, alias = entry.get("module"), entry.get("registered_name")
    if module is not None and not (isinstance(module, str) and names.MODULES.fullmatch(module)):
        yield Finding(where, f"{kind!r}{_of_module(module)}", "is no module of Keras' layers")
    if alias is not None and not (isinstance(alias, str) and alias.rsplit(">", 1)[-1] == kind):
        yield Finding(where, f"the layer {kind!r} registered as {alias!r}", UNKNOWN, str(alias))


def _of_function(where: str, entry: Dict[str, Any], known: Collection[str]) -> Iterator[Finding]:
    name, module, alias = (entry.get(key) for key in ("config", "module", "registered_name"))
    shown = name if isinstance(name, str) else "without a name"
    if name in known:
        return
    if not isinstance(name, str) or name not in names.ACTIVATIONS:
        yield Finding(where, f"the function {shown!r}{_of_module(module)}", UNKNOWN, shown)
    elif module not in (None, "builtins") and not (isinstance(module, str) and names.MODULES.fullmatch(module)):
        yield Finding(where, f"the function {shown!r}{_of_module(module)}", "is no module of Keras' functions")
    elif alias not in (None, "function", name):
        yield Finding(where, f"the function {shown!r} registered as {alias!r}", "is another function")


def _of_special(where: str, kind: str, entry: Dict[str, Any], known: Collection[str]) -> Iterator[Finding]:
    inner = entry.get("config")
    if kind in names.VALUES:
        dtype = inner.get("dtype", "float32") if isinstance(inner, dict) else "float32"
        if isinstance(dtype, str) and dtype not in names.DTYPES:
            yield Finding(where, f"a value of type {dtype!r}", "is no number")
    elif kind in names.WRAPPERS:
        yield from _of_symbol(where, kind, inner)
    elif kind != "Lambda" or not isinstance(inner, dict) or not _takes_known(inner, known):
        yield Finding(where, f"the layer {kind}", _reach(where, kind), "Lambda" if kind == "__lambda__" else kind)
    else:
        yield from _of_module_and_alias(where, kind, entry)


def _reach(where: str, kind: str) -> str:
    reason, name = names.REACHING[kind], where.rsplit("/", 1)[-1]
    return f"{reason}: give the function, custom_objects={{{name!r}: function}}" if kind == "Lambda" else reason


def _takes_known(config: Dict[str, Any], known: Collection[str]) -> bool:
    """Whether each function of a Lambda layer is one of the caller's own, by its name."""
    for part in ("function", "output_shape", "mask"):
        one, kind = config.get(part), config.get(f"{part}_type")
        if isinstance(one, dict) and one.get("class_name") == "function":
            one, kind = one.get("config"), "function"
        elif isinstance(one, dict) or kind == "lambda" or (part == "function" and not isinstance(one, str)):
            return False
        if (part == "function" or kind == "function") and one not in known:
            return False
    return True


def _of_symbol(where: str, kind: str, inner: Any) -> Iterator[Finding]:
    """Yield what is refused of a layer around a symbol of TensorFlow."""
    config = inner if isinstance(inner, dict) else {}
    symbol = config.get(names.WRAPPERS[kind])
    if kind == "TensorFlowOpLayer":
        symbol = operation_of(symbol)
    elif kind == "ClassMethod":
        symbol = f"{config.get('cls_symbol')}.{symbol}"
    symbol = str(symbol)
    if symbol in names.DRAWING:
        yield Finding(where, f"the function {symbol}", "draws at random", str(symbol))
        return
    operation = symbol if kind == "TensorFlowOpLayer" else symbol[len("raw_ops.") :]
    if kind == "TensorFlowOpLayer" or symbol.startswith("raw_ops."):
        computes = operation in COMPUTING and operation not in BY_ATTRIBUTES
    else:
        computes = kind != "ClassMethod" and symbol in (names.ATTRIBUTES if "Instance" in kind else names.SYMBOLS)
    if not computes:
        yield Finding(where, f"the function {symbol}", "is none of those that only compute", symbol)


def operation_of(node: Any) -> Optional[str]:
    """Return the operation of a TensorFlowOpLayer's node, which is a dictionary or the text of one."""
    if isinstance(node, str):
        try:
            node = parsed(node)
        except ValueError:
            return None
    return str(node.get("op")) if isinstance(node, dict) else None


def _of_spec(where: str, entry: Dict[str, Any]) -> Iterator[Finding]:
    """Yield what is refused of a tensor's type: others than plain ones are classes of any module."""
    kind = entry.get("type_spec", entry.get("spec_name"))
    module = entry.get("module")
    ours = module is None or (isinstance(module, str) and names.MODULES_OF_TYPES.fullmatch(module))
    if kind not in ("tf.TensorSpec", "TensorSpec") or not ours:
        yield Finding(where, f"the type {kind!r}{_of_module(entry.get('module'))}", "is no plain tensor's")
    elif entry.get("registered_name") not in (None, "TensorSpec"):
        yield Finding(where, f"the type {kind!r} registered as {entry['registered_name']!r}", "is no plain tensor's")


def _of_module(module: Any) -> str:
    return "" if module is None else f" of {module!r}"
