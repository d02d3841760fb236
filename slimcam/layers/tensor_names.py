"""TensorNames: what the tensors of one graph are called, by end points, Keras layers, scopes and operations."""

from typing import Dict, Iterable, List, Mapping, Optional

from .._tf import tf
from .._types import Graph, Operation, Tensor, TensorLike
from ..errors import UnknownName
from ..graphs import walk
from ..graphs.graph_defs import op_name, tensor_name
from ..graphs.once import Once
from ..graphs.op_types import PLACEHOLDERS
from ..suggest import nearest
from .names import Calls


class TensorNames:
    """Names for the tensors of a graph, and back; the graph is looked at as it is now, before gradients are added."""

    def __init__(
        self,
        graph: Graph,
        inputs: Iterable[Tensor],
        calls: Optional[Calls] = None,
        end_points: Optional[Mapping[str, Tensor]] = None,
    ) -> None:
        """Name what comes after `inputs` and the placeholders of `graph`; `calls` are those of Keras layers."""
        self.graph = graph
        self.calls = calls
        self.end_points: Dict[str, Tensor] = dict(end_points or {})
        self.operations: List[Operation] = [op for op in graph.get_operations() if not op.name.startswith("slimcam/")]
        self._starts = [tensor.op for tensor in inputs]
        self._there = set(graph.get_operations())
        self._once = Once()

    def tensor(self, name: TensorLike) -> Tensor:
        """Return the tensor of an end point, a Keras layer, a tensor, an operation or a scope; see Model.tensor."""
        if isinstance(name, tf.Tensor):
            if getattr(name, "graph", None) is not self.graph:
                raise UnknownName(f"{name.name!r} is of another graph; give its name, or a tensor of model.graph")
            return name
        if name in self.end_points:
            return self.end_points[name]
        of_layer = None if ":" in name else self._of_layer(name)
        if of_layer is not None:
            return of_layer
        try:
            return self.graph.get_tensor_by_name(tensor_name(name))
        except (KeyError, ValueError):
            of_layer = self._of_layer(name)  # `layer:1` is its second output
        return self._of_scope(op_name(name)) if of_layer is None else of_layer

    def _of_layer(self, name: str) -> Optional[Tensor]:
        return None if self.calls is None else self.calls.find(name)

    def _of_scope(self, name: str) -> Tensor:
        leaving = self._scope_outputs().get(name, {})
        if len(leaving) == 1:
            return next(iter(leaving.values()))
        if leaving:
            raise UnknownName(f"{name!r} could mean {', '.join(map(repr, sorted(leaving)[:6]))}; name one of them")
        raise UnknownName(f"no tensor {name!r}; {nearest(name, self._all_names())}")

    def _all_names(self) -> List[str]:
        """Return the names that find a tensor."""
        scopes = [scope for scope, leaving in self._scope_outputs().items() if len(leaving) == 1]
        layers = self.calls.tensors if self.calls is not None else {}
        return [*self.end_points, *layers, *scopes, *(op.name for op in self.operations)]

    def _scope_outputs(self) -> Dict[str, Dict[str, Tensor]]:
        """Map each scope, by its whole name and by its last part, to the tensors that leave it, by their names."""
        return self._once("scope outputs", lambda: walk.scope_outputs(self.flow))

    @property
    def flow(self) -> List[Operation]:
        """What comes after inputs and placeholders: a scope's weights leave it too, and are not meant by its name."""
        return self._once("flow", self._find_flow)

    def _find_flow(self) -> List[Operation]:
        starts = [op for op in self.operations if op.type in PLACEHOLDERS or op in self._starts]
        return [op for op in walk.after(starts) if op in self._there]

    def name_of(self, tensor: Tensor) -> str:
        """Return the shortest name that `tensor(name)` finds this tensor by."""
        names = [name for name, point in self.end_points.items() if point is tensor]
        if not names and self.calls is not None:
            outputs = self.calls.tensors
            names = [
                name
                for name in self._once("calls", self._names_of_calls).get(tensor.name, ())
                if outputs[name] is tensor
            ]
        if names:
            return min(names, key=len)
        scope = tensor.op.name.rsplit("/", 1)[0]
        for name in (scope.rsplit("/", 1)[-1], scope):
            leaving = self._scope_outputs().get(name, {})
            if len(leaving) == 1 and tensor.name in leaving and self._means(name, tensor):
                return name
        return tensor.op.name if tensor.name.endswith(":0") else tensor.name

    def _names_of_calls(self) -> Dict[str, List[str]]:
        """Map the names of tensors to those of the calls of Keras layers that give them."""
        names: Dict[str, List[str]] = {}
        for name, output in self.calls.tensors.items() if self.calls is not None else ():
            names.setdefault(output.name, []).append(name)
        return names

    def _means(self, name: str, tensor: Tensor) -> bool:
        """Whether a scope's name finds its tensor, and not a Keras layer's."""
        try:
            return self.tensor(name) is tensor
        except UnknownName:
            return False
