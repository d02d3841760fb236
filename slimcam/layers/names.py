"""Names for the calls of Keras layers: a layer that is called more than once is named by what each call was made on.

`encoder/conv2d_5@input_1` is the layer conv2d_5 in the call of the model encoder that began at input_1. What a call was
made on is found by walking back from the tensors it took to the nearest layer that is called just once, or to an
input; so names depend neither on the order of calls nor on Keras' numbers for them, which differ between versions.
Where that does not tell calls apart, the name of the call that it is in or of the very call that came before is used
(`f/conv@f@x`, `f@f@x`), and then a number, in the order in which what comes after reads them.

Nothing here imports TensorFlow.
"""

from dataclasses import dataclass, field
from typing import Dict, Iterable, Iterator, List, Mapping, Optional, Set

from .._types import Tensor
from ..errors import UnknownName
from ..graphs.walk import flow
from ..suggest import nearest


@dataclass(eq=False)
class Call:
    """One call of a layer: its path, "encoder/conv2d_5", and the tensors that went in and came out."""

    path: str
    inputs: List[Tensor]
    start: int  # calls are counted as they start and as they end: so those inside another differ from those before it
    end: int = -1
    outputs: List[Tensor] = field(default_factory=list)


class Calls:
    """The calls that a model's outputs depend on, by name."""

    def __init__(self, calls: Iterable[Call], inputs: Mapping[str, str]) -> None:
        """Name `calls`; `inputs` maps the names of the model's input tensors to those of its input layers."""
        self._inputs = inputs
        self._producers: Dict[str, List[Call]] = {}
        self._groups: Dict[str, List[Call]] = {}
        for call in sorted(calls, key=lambda call: call.end):
            self._groups.setdefault(call.path, []).append(call)
            for tensor in call.outputs:
                self._producers.setdefault(tensor.name, []).append(call)
        self._calls = self._from_inputs_on([call for group in self._groups.values() for call in group])
        self._site_lists: Dict[str, Dict[Call, List[str]]] = {}
        self._distinct = {
            path: _differ(self._sites(one, "once") for one in group) for path, group in self._groups.items()
        }
        self._name: Dict[Call, str] = {}
        self._taken: Dict[str, int] = {}
        for call in self._calls:
            self._give_name(call)
        self._by_name = self._other_names()
        self.tensors: Dict[str, Tensor] = {}  # by the name of the call; of several outputs, the first
        for call in self._calls:
            self.tensors[self._name[call]] = call.outputs[0]

    def __iter__(self) -> Iterator[Call]:
        return iter(self._calls)

    def find(self, name: str) -> Optional[Tensor]:
        """Return the tensor of a call, or None where no layer has that name.

        `layer:1` is the second output, and `conv2d_5` finds `encoder/conv2d_5` where no layer of the outer model has
        that name. Raises UnknownName with the choices where several calls are meant, and for an output that is not.
        """
        path, _, number = name.rpartition(":") if name.rsplit(":", 1)[-1].isdigit() else (name, "", "0")
        meant = self._by_name.get(path, set())
        if len(meant) > 1:
            names = sorted(self._name[call] for call in meant)
            how = f"is called {len(names)} times" if path in self._groups else f"could mean {len(names)} calls"
            raise UnknownName(f"{name!r} {how}: say which, {' or '.join(map(repr, names))}")
        if meant:
            outputs = next(iter(meant)).outputs
            if int(number) < len(outputs):
                return outputs[int(number)]
            raise UnknownName(f"no output {name!r}: {path!r} has {len(outputs)}, counted from 0")
        if "@" in path and path.split("@")[0] in self._groups:
            known = [self._name[call] for call in self._groups[path.split("@")[0]]]
            raise UnknownName(f"no call {name!r}; {nearest(name, known)}")
        return None

    def outputs_of(self, path: str) -> List[Tensor]:
        """Return the first output of each call of the layer `path`."""
        return [call.outputs[0] for call in self._groups.get(path, ())]

    def _from_inputs_on(self, calls: List[Call]) -> List[Call]:
        """Sort calls from the inputs on, by what reads what: Keras' versions run parallel branches in other orders."""
        read = {tensor.name for call in calls for tensor in call.inputs}
        ends = [call for call in calls if read.isdisjoint(tensor.name for tensor in call.outputs)]
        order = flow(tensor for call in sorted(ends, key=lambda one: one.path) for tensor in call.outputs)
        rank, last = {op: i for i, op in enumerate(order)}, len(order)
        return sorted(calls, key=lambda call: (max(rank.get(out.op, last) for out in call.outputs), call.end))

    def _give_name(self, call: Call) -> str:
        """Return the name of a call, which is given now where it has none."""
        if call in self._name:
            return self._name[call]
        name = call.path
        if len(self._groups[call.path]) > 1:
            outer = self._outer(call)
            if self._distinct[call.path]:
                name = _at(call.path, self._sites(call, "once"))
            elif outer is not None and sum(self._outer(one) is outer for one in self._groups[call.path]) == 1:
                name = call.path + self._give_name(outer)[len(outer.path) :]
            else:
                name = _at(call.path, self._sites(call, "last"))
        self._taken[name] = self._taken.get(name, 0) + 1
        self._name[call] = name if self._taken[name] == 1 else f"{name}#{self._taken[name]}"
        return self._name[call]

    def _outer(self, call: Call) -> Optional[Call]:
        """Return the call that a call is made in, None for one of the model itself."""
        parts = call.path.split("/")
        for end in range(len(parts) - 1, 0, -1):  # a layer's own name may have a slash in it
            for one in self._groups.get("/".join(parts[:end]), ()):
                if one.start < call.start and call.end < one.end:
                    return one
        return None

    def _other_names(self) -> Dict[str, Set[Call]]:
        """Map what calls may be asked for by, their own names and shorter ones, to those that are meant."""
        outer: Dict[str, Set[Call]] = {}
        for call in self._calls:
            roots = self._sites(call, "inputs")
            for name in (call.path, _at(call.path, self._sites(call, "once")), _at(call.path, roots)):
                outer.setdefault(name, set()).add(call)
        outer.update({name: {call} for call, name in self._name.items()})
        inner: Dict[str, Set[Call]] = {}
        for call in self._calls:
            parts = call.path.split("/")
            for start in range(1, len(parts)):
                inner.setdefault("/".join(parts[start:]), set()).add(call)
        inputs = set(self._inputs.values())
        return {**{name: calls for name, calls in inner.items() if name not in inputs}, **outer}

    def _sites(self, call: Call, how: str) -> List[str]:
        """Return what a call was made on: the inputs on the way back, and where that is not walked further, calls.

        `how` is "once", to the nearest calls of layers that are called just once, "last", to the very calls before, or
        "inputs", all the way. The answers are kept: dense nets have too many ways to walk them for every call.
        """
        known = self._site_lists.setdefault(how, {})
        if call in known:
            return known[call]
        sites: Dict[str, None] = {}
        stack = call.inputs[::-1]
        seen: Set[str] = set()
        while stack:
            tensor = stack.pop()
            if tensor.name in seen:
                continue
            seen.add(tensor.name)
            before = [one for one in self._producers.get(tensor.name, ()) if one.end < call.start]
            if tensor.name in self._inputs:
                sites[self._inputs[tensor.name]] = None
            elif not before:
                stack.extend(reversed(list(tensor.op.inputs)))
            elif how == "last":
                sites[self._give_name(before[-1])] = None
            elif how == "once" and len(self._groups[before[-1].path]) == 1:
                sites[before[-1].path] = None
            else:
                sites.update(dict.fromkeys(self._sites(before[-1], how)))
        known[call] = list(sites)
        return known[call]


def _differ(sites: Iterable[List[str]]) -> bool:
    each = [tuple(site) for site in sites]
    return len(set(each)) == len(each)


def _at(path: str, sites: List[str]) -> str:
    return f"{path}@{','.join(sites)}" if sites else path
