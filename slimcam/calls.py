"""Names for the calls of Keras layers: a layer that is called more than once is named by what each call was made on.

`encoder/conv2d_5@input_1` is the layer conv2d_5 in the call of the model encoder that began at input_1. What a call was
made on is found by walking back from the tensors it took to the nearest layer that is called just once, or to an
input; so names hang neither on the order of calls nor on Keras' numbers for them, which differ between versions. Where
that does not tell calls apart, the name of the very call that came before is used (`f@f@x`), and then a number.

Nothing here imports TensorFlow.
"""

from dataclasses import dataclass, field
from typing import Any, Dict, Iterable, List, Mapping, Optional, Set, Tuple

from .errors import UnknownName
from .names import nearest


@dataclass(eq=False)
class Call:
    """One call of a layer: its path, "encoder/conv2d_5", and the tensors that went in and came out."""

    path: str
    inputs: List[Any]
    begun: (
        int  # calls are counted as they begin and as they end, so those inside another one are told from those before
    )
    ended: int = -1
    outputs: List[Any] = field(default_factory=list)


class Calls:
    """The calls that a model's outputs depend on, by name."""

    def __init__(self, calls: Iterable[Call], inputs: Mapping[str, str]) -> None:
        """Name `calls`; `inputs` maps the names of the model's input tensors to those of its input layers."""
        self._calls = sorted(calls, key=lambda call: call.ended)
        self._inputs = inputs
        self._made_by: Dict[str, List[Call]] = {}
        self._groups: Dict[str, List[Call]] = {}
        for call in self._calls:
            self._groups.setdefault(call.path, []).append(call)
            for tensor in call.outputs:
                self._made_by.setdefault(tensor.name, []).append(call)
        self._name: Dict[Call, str] = {}
        self._found: Dict[str, Set[Call]] = {}
        self._name_all()
        self.tensors: Dict[str, Any] = {}  # by the name of the call; of several outputs, the first
        for call in self._calls:
            self.tensors[self._name[call]] = call.outputs[0]

    def find(self, name: str) -> Optional[Any]:
        """Return the tensor of a call, or None where no layer has that name.

        `layer:1` is the second output. Raises UnknownName with the choices where a layer has several calls.
        """
        path, _, number = name.rpartition(":") if name.rsplit(":", 1)[-1].isdigit() else (name, "", "0")
        found = self._found.get(path, set())
        if len(found) > 1:
            names = sorted(self._name[call] for call in found)
            raise UnknownName(f"{name!r} is called {len(names)} times: say which, {' or '.join(map(repr, names))}")
        if found:
            outputs = next(iter(found)).outputs
            return outputs[int(number)] if int(number) < len(outputs) else None
        if "@" in path and path.split("@")[0] in self._groups:
            known = [self._name[call] for call in self._groups[path.split("@")[0]]]
            raise UnknownName(f"no call {name!r}; {nearest(name, known)}")
        return None

    def named(self, path: str) -> List[Any]:
        """Return the first output of each call of the layer `path`."""
        return [call.outputs[0] for call in self._groups.get(path, ())]

    def _name_all(self) -> None:
        """Name every call, and note what else each is found by."""
        sites = {call: self._sites(call, lambda one: len(self._groups[one.path]) == 1) for call in self._calls}
        told_apart = {path: _differ(sites[call] for call in group) for path, group in self._groups.items()}
        taken: Dict[str, int] = {}
        for call in self._calls:  # in the order in which they ended, so a call that came before has its name by now
            name = call.path
            if len(self._groups[call.path]) > 1:
                name = _at(call.path, sites[call] if told_apart[call.path] else self._sites(call, lambda one: True))
            taken[name] = taken.get(name, 0) + 1
            self._name[call] = name if taken[name] == 1 else f"{name}#{taken[name]}"
        for call in self._calls:
            roots = self._sites(call, lambda one: False)
            for name in (call.path, _at(call.path, sites[call]), _at(call.path, roots)):
                self._found.setdefault(name, set()).add(call)
        for call, name in self._name.items():
            self._found[name] = {call}

    def _sites(self, call: Call, stop: Any) -> List[str]:
        """Return the names of the calls nearest before `call` for which `stop` holds, and of the inputs on the way."""
        found: Dict[str, None] = {}
        stack = [(tensor, call) for tensor in reversed(call.inputs)]
        seen: Set[Tuple[str, int]] = set()
        while stack:
            tensor, reader = stack.pop()
            if (tensor.name, reader.begun) in seen:
                continue
            seen.add((tensor.name, reader.begun))
            made = [one for one in self._made_by.get(tensor.name, ()) if one.ended < reader.begun]
            if tensor.name in self._inputs:
                found[self._inputs[tensor.name]] = None
            elif not made:
                stack.extend((before, reader) for before in reversed(tensor.op.inputs))
            elif stop(made[-1]):
                found[self._name.get(made[-1], made[-1].path)] = None
            else:
                stack.extend((before, made[-1]) for before in reversed(made[-1].inputs))
        return list(found)


def _differ(sites: Iterable[List[str]]) -> bool:
    each = [tuple(site) for site in sites]
    return len(set(each)) == len(each)


def _at(path: str, sites: List[str]) -> str:
    return f"{path}@{','.join(sites)}" if sites else path
