"""K.function: Keras 2's, that asks for no more than its outputs need and says when it is built what is missing."""

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from .._tf import prepared_run, tf, tf1
from .._types import Graph, Operation, Session, Tensor
from ..errors import ModelError, TargetError, WrongFeed
from ..graphs.feeds import DefaultFeed, plan
from ..graphs.walk import ancestors
from . import lowering
from .sessions import BUILD_IN_A_GRAPH, existing_session, initialise, keep_used, learning_phase, session_of
from .symbols import Symbol, check_symbolic, graph_of, is_symbolic, lower

_TAKES = ("feed_dict", "fetches", "options", "run_metadata")


class _Feed(NamedTuple):
    """An input that the outputs need: where its value stands in a call, and what it must be."""

    position: int
    name: str
    dtype: Any
    dims: Optional[List[Optional[int]]]


class Function:
    """Maps a list of arrays, one for each of `inputs`, to a list of arrays, one for each of `outputs`.

    Only the placeholders that outputs and updates need are fed; other inputs are accepted and ignored. An input that
    is a number is the learning phase, as K.learning_phase() gives it where it was set or where models run eagerly; a
    call with the other phase runs eager models in that. The session is that of the tensors' graph, found at each call.
    """

    def __init__(
        self, inputs: Any, outputs: Any, updates: Any = None, name: Optional[str] = None, **options: Any
    ) -> None:
        self.name = name
        self._single = not isinstance(outputs, (list, tuple))
        given = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        wanted = [outputs] if self._single else list(outputs)
        _check(given, wanted)
        self._made_from = given, wanted, updates
        self._other: Optional[Function] = None
        fed = options.get("feed_dict") or {}
        lowered = lowering.in_a_session([*lower([*given, *wanted]), *(lower([key])[0] for key in fed)])
        lowered, keys = lowered[: len(given) + len(wanted)], lowered[len(given) + len(wanted) :]
        self.graph = _graph([*lowered[len(given) :], *_flat(updates)] or lowered)
        self.inputs: List[Tensor] = [_input(one, self.graph) for one in lowered[: len(given)]]
        feed_dict = dict(zip(keys, fed.values()))
        cut = [one.name for one in [*self.inputs, *feed_dict] if graph_of(one) is not None]
        with self.graph.as_default():
            self.outputs: List[Tensor] = [_fetchable(one, cut) for one in lowered[len(given) :]]
            extra = options.get("fetches") or []
            self._extra = [tf.identity(one) for one in (extra if isinstance(extra, (list, tuple)) else [extra])]
            self._update = _update(updates, self.outputs)
        self._options = options.get("options")
        metadata = options.get("run_metadata")
        self._run_options = {} if metadata is None else {"run_metadata": metadata}
        self._plan(cut, feed_dict)
        self._prepare(session_of(self.graph))

    def _plan(self, cut: List[str], feed_dict: Mapping[Tensor, Any]) -> None:
        """Find out what is fed: inputs that are needed, values that were given, and those that nobody needs to give."""
        fetched = [*self.outputs, *self._extra, *_waited_for(self._update)]
        ours = lowering.lowered_graph(self.graph)
        variables = {} if ours is None else ours.variables()
        cut += variables
        self.fed = self._plan_phase(plan(fetched, cut), ours)
        cut += [one.name for one in self.inputs if graph_of(one) is not None]
        needed = ancestors(fetched, [*cut, *(one.tensor.name for one in self.fed)])
        read = {tensor.name for op in needed for tensor in op.inputs} | {tensor.name for tensor in fetched}
        self._feeds = [_feed(i, one) for i, one in enumerate(self.inputs) if getattr(one, "name", None) in read]
        constants = [(one.tensor, one.value) for one in self.fed]
        constants += [(one, value) for one, value in feed_dict.items() if one.name in read]
        self._constants = [np.asarray(value, one.dtype.as_numpy_dtype) for one, value in constants]
        live = [variable for name, variable in variables.items() if name in read]
        self._live = [reader for _, reader in live]
        self._fed = [*(one for one, _ in constants + live), *(self.inputs[feed.position] for feed in self._feeds)]
        self._steps = [] if ours is None else ours.steps(needed)
        if ours is not None:
            ours.refresh(needed)

    def _plan_phase(self, fed: List[DefaultFeed], ours: Optional[lowering.LoweredGraph]) -> List[DefaultFeed]:
        """Find out what the learning phase is: fixed in a graph that was lowered or built so, or a placeholder.

        An input that is a number feeds the placeholder. Returns what is left to be fed.
        """
        self._numbers = [i for i, one in enumerate(self.inputs) if _is_number(one)]
        self._phase = next((int(self.inputs[i]) for i in self._numbers), 0)
        places = [one for one in fed if one.tensor.op.name.endswith("learning_phase")]
        if ours is not None and ours.phase is not None:
            self._phase = ours.phase
        elif places and self._numbers:
            self.inputs[self._numbers.pop()] = places[0].tensor
            return [one for one in fed if one is not places[0]]
        elif places and ours is not None:
            return [one._replace(value=lowering.phase()) if one is places[0] else one for one in fed]
        return fed

    def __call__(self, inputs: Any) -> Union[np.ndarray, List[np.ndarray]]:
        """Run it once; raise WrongFeed for values of another number or shape than the inputs."""
        session = existing_session(self.graph)
        if session is not None and session is not self._session:
            initialise(session)
            self._prepare(session)
        values = inputs if isinstance(inputs, (list, tuple)) else [inputs]
        if len(values) != len(self.inputs):
            raise WrongFeed(
                f"{self} takes {len(self.inputs)} values and was given {len(values)}: {self._describe_inputs()}"
            )
        if any(bool(values[i]) != bool(self._phase) for i in self._numbers):
            return self._in_the_other_phase()(inputs)
        arrays = [_array(feed, values[feed.position]) for feed in self._feeds]
        try:
            fetched = self._run(*self._constants, *(read() for read in self._live), *arrays, **self._run_options)
        except tf.errors.FailedPreconditionError as error:
            raise ModelError(
                f"{self}: a variable has no value in this graph's session ({error.message.splitlines()[0]}): run its "
                "initializer, or, if its weights are in another session, call it within `with session.as_default():`"
            ) from error
        return fetched[0] if self._single else fetched[: len(self.outputs)]

    def _in_the_other_phase(self) -> "Function":
        """Return the same function of an eager model, lowered in the other learning phase; raise where it cannot be."""
        given, wanted, updates = self._made_from
        other = 1 - self._phase
        ours = lowering.lowered_graph(self.graph)
        if ours is None or ours.phase is None:
            raise WrongFeed(
                f"{self}: the learning phase was set to {self._phase} when the model was built, and {other} is given "
                f"for it: K.set_learning_phase({other}) before that, or leave it unset and feed it"
            )
        symbols = [one for one in wanted if isinstance(one, Symbol)]
        if symbols or updates:
            raise TargetError(
                f"{self}: learning phase {other} is given, and {symbols[0] if symbols else 'an update'} was made in "
                f"{self._phase}: K.set_learning_phase({other}) before it is made, or {BUILD_IN_A_GRAPH}"
            )
        if self._other is None:
            with lowering.in_phase(other):
                outputs = wanted[0] if self._single else wanted
                self._other = Function(given, outputs, name=self.name, options=self._options, **self._run_options)
        return self._other

    def __str__(self) -> str:
        return f"K.function {self.name!r}" if self.name else "K.function"

    def _prepare(self, session: Session) -> None:
        keep_used(session)
        targets = [*self._steps, *([] if self._update is None else [self._update])]
        self._run = prepared_run(session, self._fed, [*self.outputs, *self._extra], targets, self._options)
        self._session = session

    def _describe_inputs(self) -> str:
        return ", ".join(repr(getattr(one, "name", one)) for one in self.inputs) or "no inputs"


def function(inputs: Any, outputs: Any, updates: Any = None, name: Optional[str] = None, **kwargs: Any) -> Function:
    """Return a Function of graph tensors or KerasTensors; what `updates` lists runs after the outputs.

    `kwargs` are feed_dict, fetches, options and run_metadata, as Keras 2 takes them. The weights of an eager model
    are read now. Raises MissingFeed where the outputs need a placeholder that is not among `inputs` and has no
    inference value, with the path to it, and TargetError for what is no tensor of a graph.
    """
    unknown = [key for key in kwargs if key not in _TAKES]
    if unknown:
        raise TargetError(
            f"K.function: no argument {unknown[0]!r}; beside updates and name it takes {', '.join(_TAKES)}"
        )
    return Function(inputs, outputs, updates, name, **kwargs)


def _check(inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
    for i, one in enumerate(inputs):
        if not _is_number(one):  # the learning phase
            check_symbolic("K.function", f"input {i}", one)
    for i, one in enumerate(outputs):
        check_symbolic("K.function", f"output {i}", one)


def _is_number(thing: Any) -> bool:
    return isinstance(thing, (bool, int, np.integer))


def _flat(updates: Any) -> List[Any]:
    return [part for one in updates or () for part in (one if isinstance(one, tuple) else (one,))]


def _graph(things: Sequence[Any]) -> Graph:
    graphs: Dict[Any, Any] = {}
    for one in things:
        graphs.setdefault(graph_of(one), one)
    graphs.pop(None, None)
    if len(graphs) > 1:
        names = " and ".join(repr(one.name) for one in graphs.values())
        raise TargetError(f"K.function: {names} are of different graphs: give it tensors of one")
    return next(iter(graphs)) if graphs else tf1.get_default_graph()


def _input(tensor: Tensor, graph: Graph) -> Union[Tensor, int]:
    """Return an input; for the learning phase of another graph, as K.learning_phase() gives it outside, this one's."""
    if graph_of(tensor) in (None, graph):
        return tensor
    if not tensor.op.name.endswith("learning_phase"):
        raise TargetError(f"K.function: the input {tensor.name!r} is not of the outputs' graph: build both in one")
    with graph.as_default():
        return learning_phase()


def _fetchable(output: Any, cut: Sequence[str]) -> Tensor:
    """Return a tensor for an output: a variable's value, a dense gradient; one that is fed itself cannot be fetched."""
    tensor = output if isinstance(output, tf.Tensor) else tf.convert_to_tensor(output)
    return tf.identity(tensor) if tensor.name in cut else tensor


def _update(updates: Any, outputs: Sequence[Tensor]) -> Optional[Operation]:
    """Return the operation that runs all updates, each assignment after the outputs."""
    if not updates:
        return None
    with tf1.control_dependencies(outputs):
        return tf.group(*[tf1.assign(*one) if isinstance(one, tuple) else one for one in updates])


def _waited_for(op: Optional[Operation]) -> List[Tensor]:
    """Return tensors that cannot be done without to run an operation."""
    if op is None:
        return []
    tensors = list(op.inputs)
    for before in op.control_inputs:
        tensors.extend(before.outputs[:1] or _waited_for(before))
    return tensors


def _feed(position: int, tensor: Tensor) -> _Feed:
    dims = None if tensor.shape.rank is None else tensor.shape.as_list()
    return _Feed(position, tensor.name, tensor.dtype.as_numpy_dtype, dims)


def _array(feed: _Feed, value: Any) -> np.ndarray:
    """Return a value as the array that is fed; raise WrongFeed for one that does not fit."""
    if value is None or graph_of(value) is not None or is_symbolic(value):
        raise WrongFeed(f"K.function: {feed.name!r} was given {value!r}: give an array")
    try:
        array = np.asarray(value, feed.dtype)
    except (TypeError, ValueError) as error:
        raise WrongFeed(f"K.function: {feed.name!r} takes {np.dtype(feed.dtype).name}: {error}") from error
    if feed.dims is not None and not _fits(array.shape, feed.dims):
        shown = tuple(feed.dims)
        raise WrongFeed(f"K.function: {feed.name!r} takes {shown}, and the array given for it is {array.shape}")
    return array


def _fits(shape: Tuple[int, ...], dims: List[Optional[int]]) -> bool:
    return len(shape) == len(dims) and all(want is None or want == size for size, want in zip(shape, dims))
