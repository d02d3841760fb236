"""From symbols to tensors: what `model.output` of an eager Keras model stands for, in a graph that has gradients.

From TensorFlow 2.4 on a functional model's tensors are Keras' own symbols, of tf_keras or of Keras 3, with which a
graph can do nothing. A symbol is lowered by running what leads to it once on the tensors of one graph: each input
becomes a placeholder of its name, and each symbol on the way one tensor, once. So symbols that are lowered later, a
slice of a layer's output say, join what is there, and gradients connect. The weights are read when a K.function is
built, those that it needs; a variable of the program, K.variable(0.) say, at each of its calls.

Layers run in the learning phase that is set when a symbol is lowered, testing unless it was set. A function that is
called with another phase is built anew, in a graph of that phase.

To TensorFlow 2.3 such a model's tensors are those of a graph, with which TensorFlow's functions work as they are. But
it is a function's graph, without a session: K.function takes over what its outputs need.
"""

import contextlib
import functools
from typing import Any, Collection, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from .._tf import (
    call_again,
    eager,
    eager_phase,
    input_name,
    inputs_of,
    is_keras3,
    is_keras_graph,
    is_keras_tensor,
    is_seed,
    kept_classes,
    keras2,
    keras3,
    phase_scope,
    symbols_before,
    symbols_joined,
    tf,
    tf1,
)
from .._types import ArrayReader, Graph, KerasModule, Operation, Tensor
from ..errors import LayerError
from ..graphs.op_types import ASSIGNMENTS, CALLS
from ..graphs.tracing import TracedGraph, trace, traced_before
from ..graphs.walk import between

_LOWERED = "_slimcam_lowered"  # on the symbols of inputs, and on the graph: it goes when the model goes

_phase: Optional[int] = None  # the learning phase that is asked for, before that which is set

# While a model is traced: the placeholders in the trace that stand for tensors of the graph, with these, by name.
stand_ins: Optional[Dict[str, Tensor]] = None


class LoweredGraph:
    """A graph in which symbols of models that share inputs have become tensors."""

    def __init__(self, phase: Optional[int] = None) -> None:
        self.phase = phase  # None: that of a placeholder
        self.graph = tf1.Graph()
        self.session = tf1.Session(graph=self.graph)
        self.tensors: Dict[int, Tuple[Any, Tensor]] = {}  # by id: the symbol, which keeps its id taken, and its tensor
        self._assigns: List[Tuple[Operation, Tensor, ArrayReader]] = []  # operation, placeholder, what reads the value
        self._variables: Dict[int, Tuple[Any, Tensor]] = {}  # by id: a variable of the program, and its placeholder
        self._steps: List[Tuple[Operation, Operation]] = []  # a generator's state, and the operation that steps it
        self.graph._slimcam_lowered = self
        self.graph._slimcam_session = self.session

    def add(self, symbols: List[Any]) -> None:
        """Give symbols, and all before them, their tensors."""
        fresh = symbols_before(symbols, self.tensors)
        for one in fresh:
            name = input_name(one)
            if name is not None:
                with self.graph.as_default():
                    place = tf1.placeholder(one.dtype, tf.TensorShape(one.shape), name=name)
                self.tensors[id(one)] = one, place
        made = [one for one in fresh if id(one) not in self.tensors]
        if made:
            used = {id(one): one for each in made for one in inputs_of(each) if id(one) in self.tensors}
            self._run(list(used.values()), made)

    def _run(self, start: List[Any], made: List[Any]) -> None:
        """Call again what made the symbols `made`, from the symbols `start` on, and add the graph of that."""
        tensors = [self.tensors[id(one)][1] for one in start]
        specs = [tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in tensors]

        def run(*values: Tensor) -> List[Tensor]:
            return call_again(made, {id(one): value for one, value in zip(start, values)}, bool(self.phase))

        theirs = is_keras3(made[0])
        keras = keras3() if theirs else keras2()
        with kept_classes(keras), _standing_in() as symbols, self._scope(None if theirs else keras):
            traced = trace(run, specs)
        lowered = self.take(traced, {**dict(zip(traced.inputs, tensors)), **symbols})
        for one, tensor in zip(made, lowered):
            self.tensors[id(one)] = one, tensor

    @contextlib.contextmanager
    def _scope(self, keras: Optional[KerasModule]) -> Iterator[None]:
        """Set the learning phase for layers of Keras 2 that ask for it and take no `training`."""
        if keras is None:
            yield
            return
        with eager(), phase_scope(keras, self.phase or 0):
            yield

    def variable(self, variable: Any) -> Tensor:
        """Return the placeholder that stands for a variable of the program that lives eagerly."""
        if id(variable) not in self._variables:
            with self.graph.as_default():
                place = tf1.placeholder(variable.dtype, variable.shape, name="slimcam/variable")
            self._variables[id(variable)] = variable, place
        return self._variables[id(variable)][1]

    def variables(self) -> Dict[str, Tuple[Tensor, ArrayReader]]:
        """Return the placeholders of variables, and what reads their values, by the placeholders' names."""
        return {place.name: (place, functools.partial(value_of, one)) for one, place in self._variables.values()}

    def take(self, traced: TracedGraph, given: Mapping[str, Tensor]) -> List[Tensor]:
        """Add a graph, in which the tensors `given` take the places of those of their names; return its outputs."""
        for node in traced.graph_def.node:
            if node.op == "VarHandleOp":
                node.attr["shared_name"].s = f"{node.name}/{len(self._assigns)}".encode()
        wanted = [*traced.outputs, *(name + ":0" for name in traced.weights)]
        with self.graph.as_default():
            tensors = tf1.import_graph_def(traced.graph_def, given, wanted, name="")
            for handle, read in zip(tensors[len(traced.outputs) :], traced.weights.values()):
                dtype, shape = tf.as_dtype(handle.op.get_attr("dtype")), tf.TensorShape(handle.op.get_attr("shape"))
                if is_seed(handle.op.name):
                    self._steps.extend((handle.op, op) for op in handle.consumers() if op.type in ASSIGNMENTS)
                place = tf1.placeholder(dtype, shape, name="slimcam/value")
                assign = tf.raw_ops.AssignVariableOp(resource=handle, value=place, name="slimcam/assign")
                self._assigns.append((assign, place, read))
        return tensors[: len(traced.outputs)]

    def steps(self, needed: Collection[Operation]) -> List[Operation]:
        """Return the operations that step the generators among the operations `needed`: each run draws anew."""
        return [step for state, step in self._steps if state in needed]

    def refresh(self, needed: Collection[Operation]) -> None:
        """Read the weights again of those variables whose handles are among the operations `needed`."""
        for assign, place, read in self._assigns:
            if assign.inputs[0].op in needed:
                self.session.run(assign, {place: read()})


@contextlib.contextmanager
def _standing_in() -> Iterator[Dict[str, Tensor]]:
    global stand_ins
    stand_ins, kept = {}, stand_ins
    try:
        yield stand_ins
    finally:
        stand_ins = kept


def lower(nested: Any) -> Any:
    """Return a structure with its symbols replaced by tensors; all else stays as it is.

    Symbols of models that are joined only after they were lowered get a new graph, and earlier tensors stay in theirs.
    """
    symbols = [one for one in tf.nest.flatten(nested) if is_keras_tensor(one)]
    if not symbols:
        return nested
    lowered = _home(symbols)
    lowered.add(symbols)
    return tf.nest.map_structure(lambda one: lowered.tensors[id(one)][1] if is_keras_tensor(one) else one, nested)


def in_a_session(things: Sequence[Any]) -> List[Any]:
    """Return things with the tensors of a Keras graph that no session runs replaced by those of a graph of ours."""
    tensors = list(things)
    for graph in {id(one.graph): one.graph for one in things if _is_keras_s(one)}.values():
        places = [i for i, one in enumerate(things) if _is_keras_s(one) and one.graph is graph]
        with graph.as_default():  # a gradient may be IndexedSlices
            theirs = [tf.convert_to_tensor(things[i]) for i in places]
        for i, tensor in zip(places, LoweredGraph().take(traced_before(theirs), {})):
            tensors[i] = tensor
    return tensors


def _is_keras_s(thing: Any) -> bool:
    return isinstance(thing, (tf.Tensor, tf.IndexedSlices)) and is_keras_graph(getattr(thing, "graph", None))


def _home(symbols: List[Any]) -> LoweredGraph:
    """Return the graph that symbols' inputs have been lowered into, or a new one.

    It is for all inputs that are joined by any model there is: two of them may be lowered apart, and their joint later.
    """
    mark = f"{_LOWERED}_{phase()}"
    known = {id(one): one for one in (getattr(root, mark, None) for root in _roots(symbols_before(symbols, {})))}
    homes = [one for one in known.values() if one is not None]
    if len(homes) == len(known) == 1:
        return homes[0]
    lowered = homes[0] if len(homes) == 1 else LoweredGraph(phase())
    for root in _roots(symbols_joined(symbols)):
        setattr(root, mark, lowered)
    return lowered


def _roots(symbols: List[Any]) -> List[Any]:
    return [one for one in symbols if input_name(one) is not None]


def is_symbolic(thing: Any) -> bool:
    """Whether a thing is a symbol that lower() takes."""
    return is_keras_tensor(thing)


def lowered_graph(graph: Optional[Graph]) -> Optional[LoweredGraph]:
    """Return what is known of a graph of ours, None for another graph."""
    return getattr(graph, _LOWERED, None)


def phase() -> int:
    """Return the learning phase that symbols are lowered in: 0, testing, or 1."""
    return eager_phase() if _phase is None else _phase


@contextlib.contextmanager
def in_phase(value: int) -> Iterator[None]:
    """Lower symbols in a learning phase for a while."""
    global _phase
    kept, _phase = _phase, value
    try:
        yield
    finally:
        _phase = kept


def value_of(variable: Any) -> np.ndarray:
    """Return the value that a variable has eagerly."""
    with eager():
        return variable.numpy()


def in_graph(thing: Any, graph: Graph) -> Any:
    """Return what stands in a graph of ours for an eager tensor or variable; anything else as it is."""
    lowered = lowered_graph(graph)
    if lowered is None or not hasattr(thing, "numpy") or isinstance(getattr(thing, "graph", None), tf.Graph):
        return thing
    return lowered.variable(thing) if hasattr(thing, "assign") else value_of(thing)


def check_differentiable(losses: Sequence[Any], variables: Sequence[Any]) -> None:
    """Raise LayerError where a way from a variable to a loss passes a function call of a lowered model.

    Recurrent layers of tf_keras are such calls; TensorFlow gives zeros for the gradient of an imported one.
    """
    for loss in losses:
        if lowered_graph(getattr(loss, "graph", None)) is not None:
            for op in between(variables, loss):
                if op.type in CALLS:
                    raise LayerError(
                        f"K.gradients: {loss.name!r} depends on {op.name!r}, a call whose gradient does not "
                        "come along (a recurrent layer, say): build the model inside `with tf.Graph().as_default():`"
                    )
