"""Model: one `tf.Graph`, one session of slimcam's own, and what is known of where they came from.

Every source ends here. The graph belongs to the model, so taking gradients in it touches nobody else's.
"""

from dataclasses import dataclass, field
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Union

from . import graphs
from ._tf import tf
from .errors import ModelError, UnknownName
from .feeds import PLACEHOLDERS, needs
from .names import nearest


class Layer(NamedTuple):
    """A tensor worth explaining."""

    name: str  # the shortest name that finds it
    shape: Tuple[Optional[int], ...]
    tensor: Any


@dataclass
class Photos:
    """How photos get into a graph: what is fed, and what the net then sees of each."""

    tensor: Any = None  # encoded bytes or uint8 pixels, fed as they are; or None
    pixels: Any = None  # the preprocessing's placeholders; or None
    sizes: Any = None
    preprocess: Any = None  # the row of PREPROCESSING; None where the net prepares photos by itself
    size: Optional[Tuple[int, int]] = None


@dataclass
class Model:
    """A loaded model. It is a context manager; leaving it closes the session."""

    graph: Any
    session: Any
    input: Any  # the tensor that images are fed to
    logits: Any  # (N, classes), before the softmax
    photos: Optional[Photos] = None  # None: nothing says how photos are prepared, only arrays can be fed
    end_points: Dict[str, Any] = field(default_factory=dict)
    labels: Optional[List[str]] = None
    layer: Any = None  # the tensor that is explained when none is named
    one_by_one: bool = False  # the graph takes one image a run
    why: List[str] = field(default_factory=list)
    source: str = ""
    _cache: Dict[Any, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        # as loaded: gradients that come later are not layers
        self._ops = [op for op in self.graph.get_operations() if not op.name.startswith("slimcam/")]
        # a scope's weights leave it too, and are not meant by its name
        self._flow = graphs.after(op for op in self._ops if op.type in PLACEHOLDERS or op is self.input.op)
        self._layers: Optional[List[Layer]] = None
        self._scopes: Optional[Dict[str, Dict[str, Any]]] = None

    def __enter__(self) -> "Model":
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def close(self) -> None:
        """Close the session; the model cannot be run after that."""
        self.session.close()

    @property
    def classes(self) -> int:
        """How many classes the logits have."""
        return self.logits.shape.as_list()[-1]

    def tensor(self, name: Union[str, Any]) -> Any:
        """Return the tensor of an end point, a tensor, an operation or a scope; a tensor is returned as it is.

        A scope stands for the one tensor that leaves it, so `Mixed_7c` is found in a frozen graph as well. Raises
        UnknownName with the nearest names, or with the choices where a name could mean several.
        """
        if isinstance(name, tf.Tensor):
            if name.graph is not self.graph:
                raise UnknownName(f"{name.name!r} is of another graph; give its name, or a tensor of model.graph")
            return name
        if name in self.end_points:
            return self.end_points[name]
        try:
            return self.graph.get_tensor_by_name(name if ":" in name else name + ":0")
        except (KeyError, ValueError):
            pass
        return self._of_scope(name.split(":")[0])

    def _of_scope(self, name: str) -> Any:
        leaving = self._scope_outputs().get(name, {})
        if len(leaving) == 1:
            return next(iter(leaving.values()))
        if leaving:
            raise UnknownName(f"{name!r} could mean {', '.join(map(repr, sorted(leaving)[:6]))}; name one of them")
        known = list(self.end_points) + [layer.name for layer in self.layers()] + [op.name for op in self._ops]
        raise UnknownName(f"no tensor {name!r}; {nearest(name, known)}")

    def _scope_outputs(self) -> Dict[str, Dict[str, Any]]:
        if self._scopes is None:
            self._scopes = graphs.scope_outputs(self._flow)
        return self._scopes

    def layers(self) -> List[Layer]:
        """Return the 4-D tensors that are worth explaining, best first: every way to the logits passes them."""
        if self._layers is None:
            found = graphs.worth_explaining(self.input, self.logits)
            if self.layer is not None:
                found = [self.layer] + [tensor for tensor in found if tensor is not self.layer]
            self._layers = [Layer(self.name_of(t), tuple(t.shape.as_list()), t) for t in found]
        return self._layers

    def name_of(self, tensor: Any) -> str:
        """Return the shortest name that `tensor(name)` finds this tensor by."""
        named = [name for name, point in self.end_points.items() if point is tensor]
        if named:
            return min(named, key=len)
        scope = tensor.op.name.rsplit("/", 1)[0]
        for name in (scope.rsplit("/", 1)[-1], scope):
            if list(self._scope_outputs().get(name, {})) == [tensor.name]:
                return name
        return tensor.op.name

    def needs(self, *names: Union[str, Any]) -> List[str]:
        """Return the names of the placeholders that these tensors depend on; the model's input counts as one."""
        tensors = [self.tensor(name) for name in names]
        inner = needs(tensors, cut=(self.input.name,))
        takes_input = any(op is self.input.op for op in graphs.ancestors(tensors))
        return [self.input.name] * takes_input + [t.name for t in inner if t is not self.input]

    def label(self, class_id: int) -> str:
        """Return the label of a class, or its number where there are no labels."""
        return self.labels[class_id] if self.labels else str(class_id)

    def class_id(self, target: Union[int, str]) -> int:
        """Return the number of a class given by number or label; raise UnknownName for a label that does not exist.

        A label of several names ("tabby, tabby cat") is found by each of them.
        """
        if not isinstance(target, str):
            return int(target)
        if not self.labels:
            raise UnknownName(f"no label {target!r}: the model has no labels; give labels= or a class number")
        for names in (lambda text: [text], lambda text: text.split(", ")):
            found = [i for i, text in enumerate(self.labels) if target in names(text)]
            if len(found) == 1:
                return found[0]
            if found:
                raise UnknownName(f"the label {target!r} stands for the classes {found}; give the number")
        known = [name for text in self.labels for name in text.split(", ")]
        raise UnknownName(f"no label {target!r}; {nearest(target, known)}")


def check_open(model: Model) -> None:
    """Raise ModelError where a model's session has been closed."""
    if getattr(model.session, "_closed", False):
        raise ModelError("the model is closed; load it again")
