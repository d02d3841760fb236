"""Missing, doubled, extra or different activations."""

import functools
import math
from typing import Callable, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from ..._tf import tf, tf1
from ..._types import Operation, Session, Tensor
from ...graphs.op_types import RESTATING
from ...graphs.walk import readers, source
from ...maps.differences import max_relative_difference
from .case import TOLERANCE, Case, Trial, Trials
from .subgraph import Subgraph

ACTIVATIONS: Dict[str, Callable[[Tensor], Tensor]] = {
    "relu": tf.nn.relu,
    "relu6": tf.nn.relu6,
    "sigmoid": tf.sigmoid,
    "tanh": tf.tanh,
    "softmax": tf.nn.softmax,
    "elu": tf.nn.elu,
    "selu": tf.nn.selu,
    "softplus": tf.nn.softplus,
    "softsign": tf.nn.softsign,
    "swish": lambda x: x * tf.sigmoid(x),
    "hard sigmoid": lambda x: tf.clip_by_value(0.2 * x + 0.5, 0, 1),  # Keras 2's
    "hard swish": lambda x: x * tf.nn.relu6(x + 3) / 6,
    "gelu": lambda x: 0.5 * x * (1 + tf.math.erf(x / math.sqrt(2))),  # TensorFlow 1 has no gelu
    "gelu (by tanh)": lambda x: 0.5 * x * (1 + tf.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "leaky relu of 0.2": functools.partial(tf.nn.leaky_relu, alpha=0.2),
    "leaky relu of 0.3": functools.partial(tf.nn.leaky_relu, alpha=0.3),
    "leaky relu of 0.1": functools.partial(tf.nn.leaky_relu, alpha=0.1),
    "leaky relu of 0.01": functools.partial(tf.nn.leaky_relu, alpha=0.01),
    "exponential": tf.exp,
    "log": tf.math.log,
}
# Which operation says that an activation is there.
OPERATIONS = {
    "Relu": "relu",
    "Relu6": "relu6",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Softmax": "softmax",
    "Elu": "elu",
    "Selu": "selu",
    "Softplus": "softplus",
    "Softsign": "softsign",
}
PARTS = ("Erf", "LeakyRelu", "Maximum", "Minimum", "Exp")  # what other activations are made of
MOST = 4  # tensors of a subgraph where an activation is tried, besides those that it starts from


def insert(case: Case) -> Trials:
    """Put an activation after one of B's tensors."""
    for name, place, value in _insertions(case.b, case.a):
        yield Trial(f"B lacks a {name} after {place}", value)


def insert_extra(mirror: Case) -> Trials:
    """Put into A an activation that B may have more than A: one that is several operations cannot be left out of B."""
    if _count(mirror.a) > _count(mirror.b):
        for name, place, value in _insertions(mirror.b, mirror.a):
            yield Trial(f"B has a {name} after {place} (in A) that A has not", value)


def repeat(mirror: Case) -> Trials:
    """Put one of A's activations into A once more, as B may have it twice."""
    if _count(mirror.a) > _count(mirror.b):
        for name, place, value in _insertions(mirror.b, mirror.a, list(mirror.pair.b.values.values())):
            yield Trial(f"B has a {name} after {place} (in A), which is one already", value)


def remove_repeated(case: Case) -> Trials:
    """Leave out of B an activation that stands twice in a row."""
    for op, value in _removals(case.b, repeated=True):
        yield Trial(f"{_name(op)} of {_name(op)} in B ({op.name})", value)


def remove(case: Case) -> Trials:
    """Leave out of B an activation."""
    for op, value in _removals(case.b, repeated=False):
        yield Trial(f"B has a {_name(op)} that A has not ({op.name})", value)


def exchange(case: Case) -> Trials:
    """Put another activation in the place of B's."""
    for op in case.b.ops:
        if _name(op):
            for name in _likeliest(case.a):
                if name != _name(op):
                    other = apply(name, case.b.value(op.inputs[0]))
                    yield Trial(f"{name} in A, {_name(op)} in B", case.b.run({op.outputs[0]: other}))
    # B's own may be more than one operation: any of its first tensors may be where it ends
    inner = [tensor for tensor in case.b.inner() if tensor not in case.b.starts] if _count(case.b) else []
    for array in case.b.starts.values():
        for tensor in inner[:MOST]:
            for name in _likeliest(case.a) if case.b.value(tensor).shape == array.shape else ():
                yield Trial(f"{name} in A", case.b.run({tensor: apply(name, array)}))


def apply(name: str, array: np.ndarray) -> np.ndarray:
    """Return an activation of an array as TensorFlow computes it in float32, in the array's own type."""
    session, x, results = _session()
    with np.errstate(all="ignore"):
        return session.run(results[name], {x: array.astype(np.float32)}).astype(array.dtype)


@functools.lru_cache(maxsize=None)
def _session() -> Tuple[Session, Tensor, Dict[str, Tensor]]:
    """Return a session with all activations, what they read, and their results."""
    with tf1.Graph().as_default() as graph:
        x = tf1.placeholder(tf.float32)
        results = {name: function(x) for name, function in ACTIVATIONS.items()}
    return tf1.Session(graph=graph), x, results


def _name(op: Operation) -> str:
    """Return the activation that an operation is, "" for none."""
    return OPERATIONS.get(op.type, "")


def _count(subgraph: Subgraph) -> int:
    return len(subgraph.of(*OPERATIONS, *PARTS))


def _likeliest(subgraph: Subgraph) -> List[str]:
    """Return the names of all activations, those that a subgraph has first."""
    there = {_name(op) for op in subgraph.ops}
    return sorted(ACTIVATIONS, key=lambda name: name not in there)


def _insertions(
    subgraph: Subgraph, model: Subgraph, arrays: Optional[Sequence[np.ndarray]] = None
) -> Iterator[Tuple[str, str, Optional[np.ndarray]]]:
    """Yield an activation, after which operation it is put, and what becomes of the subgraph.

    It is tried at first where `model` has one. Many places give the same: a sigmoid may stand before a max pool or
    after it. With `arrays`, an activation is put only after what is one of these after the same activation.
    """
    tensors = subgraph.inner()
    count = len(subgraph.starts)
    places = [*tensors[:count], *tensors[max(count, len(tensors) - MOST) :]]
    if not any(source(op.inputs[0], RESTATING) in model.starts for op in model.ops if _name(op)):
        places.reverse()
    for tensor in places:
        array = subgraph.value(tensor)
        for name in _likeliest(model) if array.ndim >= 2 else ():
            if arrays is None or _is_one_of(array, arrays, name):
                yield name, tensor.op.name, subgraph.run({tensor: apply(name, array)})


def _is_one_of(array: np.ndarray, arrays: Sequence[np.ndarray], name: str) -> bool:
    """Whether an array is one of several after an activation."""
    same_shape = (one for one in arrays if one.shape == array.shape)
    return any(max_relative_difference(array, apply(name, one)) < TOLERANCE for one in same_shape)


def _removals(subgraph: Subgraph, repeated: bool) -> Iterator[Tuple[Operation, Optional[np.ndarray]]]:
    """Yield an activation that is repeated, or one that is not, and what becomes of the subgraph without it."""
    for op in subgraph.ops:
        if _name(op) and repeated == _beside_same(op):
            yield op, subgraph.run({op.outputs[0]: subgraph.value(op.inputs[0])})


def _beside_same(op: Operation) -> bool:
    """Whether an activation reads one of its kind, or is read by one."""
    before = source(op.inputs[0], RESTATING).op
    return before.type == op.type or any(reader.type == op.type for reader in readers(op.outputs[0], RESTATING))
