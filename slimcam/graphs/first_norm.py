"""What values a net's images had in training, by the averages that its first batch norm keeps.

The mean and the variance of a convolution's channel follow from those of the images, given how neighbouring pixels of
photos go together. With a kernel k, images of mean m and deviation s give a channel the mean m * sum(k), and the
variance s^2 * k' R k, R being the correlations of the patch's pixels. So both are estimated from all channels.
"""

from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from .._types import GraphDef, NodeDef
from .graph_defs import nodes_by_name, op_name
from .graph_defs import readers as readers_of
from .op_types import ADDITIONS, CONVOLUTIONS, FORWARDING, FUSED_NORMS, PADS, READS, RESTATING, SIZES

# Correlations of photos' pixels: one step apart (Ruderman 1994, Huang and Mumford 1999 measure 0.9 to 0.97), and of
# colours at one place.
NEIGHBOURS, COLOURS = 0.95, 0.9
_PASSING = (*RESTATING, *FORWARDING, *PADS, "PlaceholderWithDefault")
_BIASES = ("BiasAdd", *ADDITIONS)

ReadWeight = Callable[[str], Optional[np.ndarray]]


class FirstNorm(NamedTuple):
    """The mean and the standard deviation of the images' values, and the batch norm that tells them."""

    mean: float
    deviation: float
    name: str


def first_norm(graph_def: GraphDef, name: str, read: ReadWeight) -> Optional[FirstNorm]:
    """Return what the first batch norm after the input `name` tells, None where the net does not begin with one.

    It must read the images' first convolution. `read` returns the value of a weight by its name, None for what is none.
    """
    nodes, reading = nodes_by_name(graph_def), readers_of(graph_def)

    def value(tensor: str) -> Optional[np.ndarray]:
        node = nodes.get(op_name(tensor))
        while node is not None and node.op in READS and node.input:
            tensor, node = node.input[0], nodes.get(op_name(node.input[0]))
        return read(op_name(tensor))

    chain = _chain(nodes, reading, name)
    if chain is None:
        return None
    convolution, biases, norm = chain
    kernel = value(convolution.input[1])
    moments = [value(one) for one in norm.input[3:5]]
    shifts = [value(one) for bias in biases for one in bias.input]
    if kernel is None or kernel.ndim != 4 or any(one is None or not one.size for one in moments):
        return None
    mean, variance = (np.asarray(one, np.float64) for one in moments)
    for shift in shifts:
        mean = mean if shift is None else mean - shift
    estimate = _estimate(kernel.astype(np.float64), mean, variance)
    return None if estimate is None else FirstNorm(estimate[0], estimate[1], norm.name)


def _chain(
    nodes: Dict[str, NodeDef], reading: Dict[str, List[str]], name: str
) -> Optional[Tuple[NodeDef, List[NodeDef], NodeDef]]:
    """Return the first convolution, the biases after it and the batch norm that reads these, None where it differs."""
    convolution: Optional[NodeDef] = None
    biases: List[NodeDef] = []
    while True:
        after = [nodes[one] for one in reading.get(name, ()) if nodes[one].op not in SIZES]
        if len(after) != 1:
            return None
        node = after[0]
        name = node.name
        if node.op in CONVOLUTIONS and convolution is None:
            convolution = node
        elif node.op in FUSED_NORMS and convolution is not None:
            inference = "is_training" in node.attr and not node.attr["is_training"].b
            return (convolution, biases, node) if inference else None
        elif node.op in _BIASES and convolution is not None:
            biases.append(node)
        elif node.op not in _PASSING:
            return None


def _estimate(kernel: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> Optional[Tuple[float, float]]:
    """Return mean and deviation of the images, given a kernel, (h, w, C, channels), and the moments of its channels."""
    height, width, colours, count = kernel.shape
    if mean.shape != (count,) or variance.shape != (count,):
        return None
    flat = kernel.reshape(-1, count)
    by_colour = np.full((colours, colours), COLOURS) + (1 - COLOURS) * np.eye(colours)
    correlations = np.kron(np.kron(_decay(height), _decay(width)), by_colour)
    unit = np.einsum("io,ij,jo->o", flat, correlations, flat)  # the variance of images of deviation 1
    sums = flat.sum(0)
    live = (unit > 1e-6 * unit.max()) & (variance > 1e-6 * variance.max())
    if not live.any() or not np.square(sums[live]).sum():
        return None
    unit, sums, mean, variance = unit[live], sums[live], mean[live], variance[live]
    deviation = np.exp(np.average(np.log(variance / unit), weights=unit) / 2)
    return float((sums * mean / unit).sum() / (sums * sums / unit).sum()), float(deviation)


def _decay(count: int) -> np.ndarray:
    places = np.arange(count)
    return NEIGHBOURS ** np.abs(places[:, None] - places)
