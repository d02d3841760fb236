"""Symbols: what `slimcam.backend` makes of KerasTensors.

The tensors that KerasTensors are lowered to live in a graph of ours, and TensorFlow refuses any operation on them
outside it. An old script writes `grads /= K.sqrt(K.mean(K.square(grads))) + 1e-5` wherever it is, so such a tensor is
handed out as a Symbol, whose operators work in its graph. So do TensorFlow's own functions, by TensorFlow's dispatch.
"""

import contextlib
import functools
import inspect
import operator
from typing import Any, Callable, Iterable, List, Optional, Tuple

from .._tf import eager, is_scratch_graph, mend_keras3, on_type_error, tf, tf1
from .._types import Graph, Tensor
from ..errors import TargetError
from . import lowering
from .sessions import BUILD_IN_A_GRAPH


class Symbol:
    """A tensor of the graph that KerasTensors were lowered to; operators and K functions take it."""

    __array_ufunc__ = None  # so that an array leaves `array * symbol` to the symbol

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor

    name = property(lambda self: self.tensor.name)
    shape = property(lambda self: self.tensor.shape)
    dtype = property(lambda self: self.tensor.dtype)
    graph = property(lambda self: self.tensor.graph)
    op = property(lambda self: self.tensor.op)

    def get_shape(self) -> Any:
        """Return the static shape."""
        return self.tensor.shape

    def __repr__(self) -> str:
        return f"<Symbol {self.name!r} shape={self.shape} dtype={self.dtype.name}>"

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TargetError(f"{self!r} has no value: K.function([model.input], [it]) computes one")

    def __neg__(self) -> Any:
        return in_one_graph(operator.neg, (self,))

    def __abs__(self) -> Any:
        return in_one_graph(operator.abs, (self,))

    def __bool__(self) -> bool:
        raise TargetError(f"{self!r} has no value, so it is neither true nor false")

    def __iter__(self) -> Any:
        raise TargetError(f"{self!r} cannot be unpacked: take its parts by index")

    def __tf_tensor__(self, dtype: Any = None, name: Any = None) -> Tensor:
        """Stand in for it where Keras infers a shape, and where a KerasTensor that was made with it is lowered."""
        graph = tf1.get_default_graph()
        if graph is self.graph:
            return self.tensor
        if not tf1.executing_eagerly() and is_scratch_graph(graph):
            return tf1.placeholder(self.dtype, self.shape)
        if lowering.stand_ins is not None:
            place = tf1.placeholder(self.dtype, self.shape, name="slimcam_symbol")
            lowering.stand_ins[place.name] = self.tensor
            return place
        raise _OutsideItsGraph(
            f"{self!r} is of a graph of its own: use a function of K (slimcam.backend) for this, or put the code under "
            "`with symbol.graph.as_default():` and take symbol.tensor; or, for an optimizer or a layer, "
            f"{BUILD_IN_A_GRAPH}"
        )


class _OutsideItsGraph(TargetError, TypeError):
    """A TypeError too, upon which TensorFlow asks its dispatchers for another way."""


def _binary(function: Callable) -> Tuple[Callable, Callable]:
    """Return what the operator does with the symbol on the left, and on the right."""

    def run(*both: Any) -> Any:
        for one in both:
            check_given(f"the operator {function.__name__!r}", one)
        return in_one_graph(function, both)

    return run, lambda self, other: run(other, self)


def join(function: Callable, variable: Any, other: Any) -> Any:
    """Return what an operator makes of a variable and a Symbol or KerasTensor; NotImplemented for anything else."""
    return in_one_graph(function, (variable, other)) if is_symbolic(other) else NotImplemented


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"):
    _left, _right = _binary(getattr(operator, f"__{_name}__"))
    setattr(Symbol, f"__{_name}__", _left)
    setattr(Symbol, f"__r{_name}__", _right)
for _name in ("lt", "le", "gt", "ge", "getitem"):
    setattr(Symbol, f"__{_name}__", _binary(getattr(operator, _name))[0])


def _dispatch(operation: Callable, args: Any, kwargs: Any) -> Any:
    """Run a function of TensorFlow that was given a Symbol."""
    return in_one_graph(operation, args, **kwargs)


on_type_error(Symbol, _dispatch)


def is_symbolic(thing: Any) -> bool:
    """Whether a thing is a Symbol or a KerasTensor."""
    return isinstance(thing, Symbol) or lowering.is_symbolic(thing)


def lower(things: Iterable[Any]) -> List[Any]:
    """Return things with each Symbol and KerasTensor replaced by its tensor; raise TargetError where graphs differ."""
    given = list(things)
    lowered = [one.tensor if isinstance(one, Symbol) else one for one in lowering.lower(given)]
    graphs = {id(new.graph): repr(new.name) for old, new in zip(given, lowered) if is_symbolic(old)}
    if len(graphs) > 1:
        raise TargetError(
            f"{' and '.join(graphs.values())} are of different graphs: they come from models that had no input "
            "in common when they were first used here, or were made in different learning phases; build all models, "
            "and set the phase, before that"
        )
    graph = next((new.graph for old, new in zip(given, lowered) if is_symbolic(old)), None)
    return lowered if graph is None else [lowering.in_graph(one, graph) for one in lowered]


last_none: List[str] = []  # what K.gradients said of the last gradient that is None


def check_given(name: str, thing: Any) -> None:
    """Raise TargetError where a function or an operator gets None, which most often is a gradient that is none."""
    mend_keras3()  # which a program may have imported after this module
    if thing is None:
        why = last_none[-1] if last_none else "K.gradients gives None for a tensor that its loss does not depend on"
        raise TargetError(f"{name} was given None: {why}")


def in_one_graph(operation: Callable, args: Iterable[Any], **kwargs: Any) -> Any:
    """Run an operation in the graph of its arguments; of Symbols and KerasTensors it gives Symbols."""
    args = tuple(args)
    flat = tf.nest.flatten((args, kwargs))
    symbolic = any(map(is_symbolic, flat))
    if symbolic:
        args, kwargs = tf.nest.pack_sequence_as((args, kwargs), [_lowering(one) for one in lower(flat)])
        flat = tf.nest.flatten((args, kwargs))
    graph = next(filter(None, map(graph_of, flat)), None)
    if graph is None or (graph is tf1.get_default_graph() and not tf1.executing_eagerly()):
        return operation(*args, **kwargs)
    with graph.as_default():
        result = operation(*args, **kwargs)
    return tf.nest.map_structure(_as_symbol, result) if symbolic else result


def _lowering(thing: Any) -> Any:
    """Return a function, as K.switch and K.rnn are given, so that it gives no symbols; anything else as it is."""
    if not inspect.isfunction(thing):
        return thing

    def run(*tensors: Any) -> Any:
        # without tensors it can only begin with symbols, on which Keras' own functions work where it runs eagerly
        with contextlib.ExitStack() if tensors else eager():
            made = thing(*tensors)
        return tf.nest.map_structure(lambda one: lower([one])[0], made)

    return tf.autograph.experimental.do_not_convert(run)


def in_their_graph(operation: Callable) -> Callable:
    """Let an operation work in the graph of its arguments, and on KerasTensors."""

    @functools.wraps(operation)
    def call(*args: Any, **kwargs: Any) -> Any:
        if args:
            check_given(f"K.{operation.__name__}", args[0])
        return in_one_graph(operation, args, **kwargs)

    return call


def _as_symbol(thing: Any) -> Any:
    """Return a tensor as a Symbol, anything else as it is."""
    return Symbol(thing) if isinstance(thing, tf.Tensor) else thing


def graph_of(thing: Any) -> Optional[Graph]:
    """Return the graph that a tensor, variable or operation is in; None for what lives in none."""
    kinds = (tf.Tensor, tf.Variable, tf.Operation, tf.IndexedSlices, tf.SparseTensor)
    graph = getattr(thing, "graph", None) if isinstance(thing, kinds) else None
    return graph if isinstance(graph, tf.Graph) else None


def check_symbolic(caller: str, role: str, thing: Any) -> None:
    """Raise TargetError for what is neither in a graph nor a KerasTensor, and say what to do."""
    if graph_of(thing) is not None or is_symbolic(thing):
        return
    kind = type(thing).__name__
    if thing is None:
        raise TargetError(
            f"{caller}: {role} is None: K.gradients gives None for a tensor that its loss does not depend on, or "
            "not by operations with a gradient; take the tensor that the loss was made from"
        )
    if isinstance(thing, (list, tuple)) and not thing:
        raise TargetError(
            f"{caller}: {role} is an empty list, as Keras 3 gives for the .input of an input layer: take model.input"
        )
    if hasattr(thing, "layers") and hasattr(thing, "get_weights"):
        raise TargetError(
            f"{caller}: {role} is the Keras model {thing.name!r}, not a tensor: give model.input, model.output"
        )
    if isinstance(thing, (tf.Tensor, tf.Variable)):
        raise TargetError(f"{caller}: {role} is an eager {kind}, that no graph leads to: {BUILD_IN_A_GRAPH}")
    raise TargetError(f"{caller}: {role} is of type {kind}, not a tensor of a graph: {BUILD_IN_A_GRAPH}")
