"""What a graph does to its images before anything else: a scale and an offset, measured, not read.

The operations that follow the input one after another, and only change its values one by one, are run on three images
of one value each; so it does not matter how a scale is written (`x / 255`, `x * 0.0039`, a layer's variables).
"""

from typing import Dict, List, Mapping, NamedTuple, Optional, Set

import numpy as np

from .._tf import OwnSession, tf, tf1
from .._types import ArrayReader, DType, GraphDef
from .graph_defs import Dims, Wiring, cut_to, needed_among, op_name
from .importing import import_graph
from .op_types import ADDITIONS, DIVISIONS, FORWARDING, RESIZES, RESTATING, SIZES
from .walk import reachable

_SCALING = (*ADDITIONS, *DIVISIONS, "Sub", "Mul", "BiasAdd")
_PASSING = (*RESTATING, *FORWARDING, *RESIZES, "PlaceholderWithDefault")
SIDE = 8  # pixels of an image that is fed where the graph takes any
PROBES = (0.0, 1.0, 255.0)
MOST_VALUES = 1 << 26  # of an image that is made up to see what a graph takes: two take 1 GiB, and as much in the run


class Scaling(NamedTuple):
    """What becomes of the values of images: values * scale + offset, the means over channels."""

    scale: float
    offset: float
    names: List[str]  # of the operations that do it

    def of(self, low: float, high: float) -> List[float]:
        """Return what becomes of a range of values, its ends in order."""
        return sorted(value * self.scale + self.offset for value in (low, high))


def scaling(
    graph_def: GraphDef,
    name: str,
    shape: Dims,
    dtype: DType,
    weights: Mapping[str, ArrayReader],
    wiring: Wiring,
    timeout: Optional[float] = None,
) -> Optional[Scaling]:
    """Return how a graph scales the images of its input `name`, None where it does not, or not all values alike.

    `weights` are those that the graph lacks, by the names that are read; `wiring` is the graph's; `timeout` is in
    seconds a run.
    """
    chain = _chain(wiring, name)
    names = [node for node, kind in chain if kind in _SCALING]
    if not names or shape is None:
        return None
    try:
        low, one, high = _run(graph_def, wiring, name, names[-1], shape, dtype, weights, timeout)
    except (ValueError, IndexError, tf.errors.OpError):  # no images come of it
        return None
    scale, offset = float((one - low).mean()), float(low.mean())
    straight = np.allclose(high, low + 255.0 * (one - low), rtol=1e-4, atol=1e-4)
    return Scaling(scale, offset, names) if straight and scale else None


def _chain(wiring: Wiring, name: str) -> List[List[str]]:
    """Return the names and types of the operations that follow an input, as long as one alone reads the one before."""
    nodes, reading = wiring
    chain: List[List[str]] = []
    changed: Set[str] = set()  # what depends on the images
    while True:
        after = [nodes[reader] for reader in reading.get(name, ()) if nodes[reader].op not in SIZES]
        if len(after) != 1 or after[0].op not in (*_SCALING, *_PASSING):
            return chain
        node = after[0]
        changed = changed or set(reachable([name], lambda one: reading.get(one, ())))
        others = [op_name(other) for other in node.input if op_name(other) != name]
        if len(others) + 1 != len(node.input) or changed.intersection(others):
            return chain
        name = node.name
        chain.append([name, node.op])


def _run(
    graph_def: GraphDef,
    wiring: Wiring,
    name: str,
    end: str,
    shape: Dims,
    dtype: DType,
    weights: Mapping[str, ArrayReader],
    timeout: Optional[float],
) -> List[np.ndarray]:
    """Return what an operation gives, its mean for each channel, for images of each of PROBES."""
    part = cut_to(graph_def, needed_among(wiring.nodes, [end]) - {name})
    lacking = {op_name(i) for node in part.node for i in node.input} - {node.name for node in part.node} - {name}
    dims = [size or (1 if i == 0 and len(shape or ()) == 4 else SIDE) for i, size in enumerate(shape or ())]
    if np.prod(dims, dtype=np.float64) > MOST_VALUES:
        raise ValueError(f"images of {dims} are too large to be tried")
    with tf1.Graph().as_default() as graph:
        place = tf1.placeholder(dtype, dims)
        given: Dict[str, object] = {one: tf.constant(weights[one]()) for one in lacking if one in weights}
        import_graph(part, {name: place, **given})
        with OwnSession(graph, timeout, few_runs=True) as session:
            values = [session.run(end + ":0", {place: np.full(dims, probe)}) for probe in PROBES]
    return [value.reshape(-1, value.shape[-1]).astype(np.float64).mean(0) for value in values]
