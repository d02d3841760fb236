"""How a Keras configuration joins its layers: what is missing, what waits for itself, and how many calls it makes.

Keras 2 waits for ever for a layer's input that never comes; a model that calls a model twice, which calls one twice,
and so on, doubles at each level.
"""

from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

from . import Finding

MOST_CALLS = 20_000  # of layers, by a model once; the largest of keras.applications has some 1,100
_MODELS = ("Model", "Functional", "Network")

_Call = Tuple[str, int]  # a layer by its name, and which of its calls


class _Wiring(NamedTuple):
    """The calls of a functional model's layers, and what each one needs."""

    inputs: Set[str]  # layers that are there without a call
    calls: Dict[_Call, List[_Call]]


def check(config: Any, keras3: bool = False) -> Iterator[Finding]:
    """Yield what keeps a configuration from being built in time by Keras 2 or Keras 3; of several, the first."""
    try:
        count = _calls(config, "", keras3)
    except _Malformed as error:
        yield error.finding
        return
    if count > MOST_CALLS:
        yield Finding("the model", f"{count:,} calls of layers", f"are more than the {MOST_CALLS:,} that are built")


class _Malformed(Exception):
    def __init__(self, where: str, what: str, why: str) -> None:
        super().__init__()
        self.finding = Finding(where or "the model", what, why)


def _calls(entry: Any, where: str, keras3: bool) -> int:
    """Return how many layers one call of a model or a layer calls; raises _Malformed."""
    inner = entry.get("config") if isinstance(entry, dict) else None
    if isinstance(inner, list):  # a Sequential of Keras 1 and 2.0 to 2.1
        return sum(_calls(one, where, keras3) for one in inner)
    if not isinstance(inner, dict):
        return 1
    wrapped = [inner[key] for key in ("layer", "backward_layer", "cell") if isinstance(inner.get(key), dict)]
    if "layers" not in inner:
        return 1 + sum(_calls(one, where, keras3) for one in wrapped)
    layers = inner["layers"]
    if not isinstance(layers, list) or not all(isinstance(one, dict) for one in layers):
        raise _Malformed(where, "its layers", "are no list of them")
    each: Dict[str, int] = {}
    for one in layers:
        name = _name(one)
        each[name] = each.get(name, 0) + _calls(one, f"{where}/{name}" if where else name, keras3)
        if each[name] > MOST_CALLS:
            return each[name]
    if "input_layers" not in inner:
        return sum(each.values())
    wiring = _wiring(layers, where, keras3)
    _check_order(wiring, where)
    times = dict.fromkeys(each, 0)
    for name, _ in wiring.calls:
        times[name] += 1
    return sum(max(1, times[name]) * count for name, count in each.items())


def _name(layer: Dict[str, Any]) -> str:
    inner = layer.get("config")
    return str(layer.get("name") or (inner.get("name") if isinstance(inner, dict) else "") or "")


def _wiring(layers: List[Dict[str, Any]], where: str, keras3: bool) -> _Wiring:
    kinds = {_name(one): str(one.get("class_name")) for one in layers}
    if len(kinds) != len(layers):
        raise _Malformed(where, "a layer", "has the name of another one")
    needs: Dict[_Call, List[_Call]] = {}
    lowest: Dict[str, int] = {}
    inputs = set()
    for one in layers:
        nodes = one.get("inbound_nodes")
        if not isinstance(nodes, list):
            raise _Malformed(where, f"the layer {_name(one)!r}", "does not say what it is called on")
        if kinds[_name(one)] == "InputLayer" and not nodes:
            inputs.add(_name(one))
        for i, node in enumerate(nodes):
            needs[_name(one), i] = read = [call for call in _references(node) if call[0] in kinds]
            for name, index in read:
                lowest[name] = min(index, lowest.get(name, index))
    first = {_name(one): _first(one, lowest.get(_name(one), 0), keras3) for one in layers}
    return _Wiring(inputs, {call: [(name, i - first[name]) for name, i in read] for call, read in needs.items()})


def _first(layer: Dict[str, Any], lowest: int, keras3: bool) -> int:
    """Return the number of a layer's first call: 1 of a model, whose number 0 stands for its own input.

    Releases of Keras 3 differ in that, and a Sequential without a shape has no such input yet: there it is the lowest
    that is read.
    """
    kind, inner = layer.get("class_name"), layer.get("config")
    if kind in _MODELS and not keras3:
        return 1
    if kind == "Sequential" and not keras3:
        layers = inner.get("layers") if isinstance(inner, dict) else inner
        start = layers[0] if isinstance(layers, list) and layers and isinstance(layers[0], dict) else {}
        of_start = start.get("config")
        if start.get("class_name") == "InputLayer" or (isinstance(of_start, dict) and "batch_input_shape" in of_start):
            return 1
    return min(1, lowest) if kind in (*_MODELS, "Sequential") else 0


def _references(node: Any) -> Iterator[_Call]:
    """Yield the calls that a call takes the outputs of, as Keras 2 and Keras 3 note them."""
    stack = [node]
    while stack:
        one = stack.pop()
        if isinstance(one, dict):
            stack.extend(one.values())
        elif isinstance(one, list):
            call = _reference(one)
            if call is not None:
                yield call
                stack.extend(one[3:])
            else:
                stack.extend(one)


def _reference(one: List[Any]) -> Optional[_Call]:
    """Return the call that [layer, call, output] or [layer, call, output, options] stands for."""
    if len(one) in (3, 4) and isinstance(one[0], str) and type(one[1]) is int and type(one[2]) is int:
        return one[0], one[1]
    return None


def _check_order(wiring: _Wiring, where: str) -> None:
    """Raise _Malformed where calls wait for one that never comes: a layer's calls are made in their order."""
    waiting: Dict[_Call, int] = {}
    followers: Dict[_Call, List[_Call]] = {}
    for call, read in wiring.calls.items():
        before = {one for one in read if not (one[0] in wiring.inputs and one not in wiring.calls)}
        if call[1]:
            before.add((call[0], call[1] - 1))
        waiting[call] = len(before)
        for one in before:
            followers.setdefault(one, []).append(call)
    ready = [call for call, count in waiting.items() if not count]
    done = 0
    while ready:
        done += 1
        for call in followers.get(ready.pop(), ()):
            waiting[call] -= 1
            if not waiting[call]:
                ready.append(call)
    if done < len(waiting):
        name = next(call[0] for call, count in waiting.items() if count)
        raise _Malformed(where, f"the layer {name!r}", "waits for an output that never comes")
