"""What values a net's images had in training, by the averages that its first batch norm keeps.

The mean and the variance of a convolution's channel follow from those of the images, given how neighbouring pixels of
photos go together. With a kernel k, images of mean m and deviation s give a channel the mean m * sum(k), and the
variance s^2 * k' R k, R being the correlations of the patch's pixels. So both are estimated from all channels.
"""

from typing import Callable, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .._types import NodeDef
from .graph_defs import Wiring, op_name
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


def first_norm(wiring: Wiring, name: str, read: ReadWeight) -> Optional[FirstNorm]:
    """Return what the first batch norm after the input `name` tells, None where the net does not begin with one.

    It must read the images' first convolution. `read` returns the value of a weight by its name, None for what is none.
    """
    nodes = wiring.nodes

    def value(tensor: str) -> Optional[np.ndarray]:
        node = nodes.get(op_name(tensor))
        while node is not None and node.op in READS and node.input:
            tensor, node = node.input[0], nodes.get(op_name(node.input[0]))
        return read(op_name(tensor))

    start = _start(nodes, wiring.readers, name)
    if start is None:
        return None
    kernel, mean, variance = map(value, (start.kernel, start.mean, start.variance))
    if kernel is None or mean is None or variance is None or kernel.ndim != 4 or not mean.size:
        return None
    for bias in start.biases:
        shift = value(bias)
        mean = mean if shift is None else mean - shift
    estimate = _estimate(kernel.astype(np.float64), mean.astype(np.float64), variance.astype(np.float64))
    return None if estimate is None else FirstNorm(estimate[0], estimate[1], start.norm)


class _Start(NamedTuple):
    """The names of what a net begins with: the weights of its first convolution and batch norm."""

    kernel: str
    biases: List[str]  # what may be one
    norm: str
    mean: str
    variance: str


def _start(nodes: Mapping[str, NodeDef], reading: Mapping[str, Sequence[str]], name: str) -> Optional[_Start]:
    """Return what a net begins with where that is a convolution, at most biases, and a batch norm in inference."""
    kernel = ""
    biases: List[str] = []
    while True:
        after = [nodes[one] for one in reading.get(name, ()) if nodes[one].op not in SIZES]
        if len(after) != 1:
            return None
        node = after[0]
        if node.op in CONVOLUTIONS and not kernel:
            kernel = node.input[1]
        elif node.op in FUSED_NORMS and kernel:
            inference = "is_training" in node.attr and not node.attr["is_training"].b
            return _Start(kernel, biases, node.name, node.input[3], node.input[4]) if inference else None
        elif node.op == "Mul" and kernel:
            moments = _moments(nodes, reading, node, name)
            return None if moments is None else _Start(kernel, biases, node.name, *moments)
        elif node.op in _BIASES and kernel:
            biases += [one for one in node.input if op_name(one) != name]
        elif node.op not in _PASSING:
            return None
        name = node.name


def _moments(
    nodes: Mapping[str, NodeDef], reading: Mapping[str, Sequence[str]], scaled: NodeDef, name: str
) -> Optional[Tuple[str, str]]:
    """Return the names of mean and variance of what tf.nn.batch_normalization makes of `name`: x * m + (b - mean * m).

    `scaled` is x * m; m is 1 / sqrt(variance + epsilon), times gamma where there is one.
    """
    factor = next((one for one in scaled.input if op_name(one) != name), "")
    roots = [one for one in _inputs(nodes, factor, "Mul") or [factor] if _inputs(nodes, one, "Rsqrt")]
    shifted = [nodes[one] for one in reading.get(scaled.name, ()) if nodes[one].op in ADDITIONS]
    if len(roots) != 1 or len(shifted) != 1:
        return None
    sums = [_inputs(nodes, _inputs(nodes, roots[0], "Rsqrt")[0], kind) for kind in ADDITIONS]
    shift = next((one for one in shifted[0].input if op_name(one) != scaled.name), "")
    products = [_inputs(nodes, one, "Mul") for one in _inputs(nodes, shift, "Sub")[1:]]
    means = [one for product in products for one in product if op_name(one) != op_name(factor)]
    variances = [one for both in sums for one in both[:1]]
    return (means[0], variances[0]) if len(means) == len(variances) == 1 else None


def _inputs(nodes: Mapping[str, NodeDef], name: str, kind: str) -> List[str]:
    """Return what a node of the type `kind` reads, [] of any other."""
    node = nodes.get(op_name(name))
    return list(node.input) if node is not None and node.op == kind else []


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
