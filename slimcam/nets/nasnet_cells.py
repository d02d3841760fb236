"""Cells of NASNet and PNASNet: five sums, each of two operations on earlier states, joined in one concat.

State 0 is what the cell is given, behind a 1 x 1 convolution; state 1 what the cell before it was given; sum number k
is state k + 2. Names, order and arguments follow TF-Slim.
"""

from dataclasses import dataclass
from typing import List, Optional, Tuple

from .._tf import slim as import_slim
from .._tf import tf1
from .._types import Tensor

slim = import_slim()

Term = Tuple[str, int]  # an operation, and the state that it reads

# Operations: two separable convolutions of a size, a pool, or nothing.
SEPARABLE = {"3x3": 3, "5x5": 5, "7x7": 7}
POOLS = {"average": slim.avg_pool2d, "max": slim.max_pool2d}
NONE = "none"


@dataclass(frozen=True)
class Cell:
    """A kind of cell."""

    sums: Tuple[Tuple[Term, Term], ...]
    joined_from: int  # the first state in the concat, which takes all from there on


@dataclass(frozen=True)
class DropPath:
    """How often a term is left out in training: never in the first step, at last 1 - keep_prob in the last cell."""

    keep_prob: float
    cells: int
    steps: int

    def __call__(self, net: Tensor, cell: int, step: Optional[Tensor]) -> Tensor:
        """Drop whole images of (N, h, w, C) at random, and scale the rest."""
        step = tf1.cast(tf1.train.get_or_create_global_step(), tf1.float32) if step is None else step
        of_layer = (cell + 1) / self.cells * (1 - self.keep_prob)
        keep = 1 - tf1.minimum(1.0, step / self.steps) * of_layer
        kept = tf1.floor(keep + tf1.random_uniform([tf1.shape(net)[0], 1, 1, 1]))
        return net / keep * kept


@dataclass(frozen=True)
class Place:
    """Where in the net a cell stands."""

    scope: str
    filters: int
    stride: int = 1
    number: int = 0  # counted from the stem on
    drop_path: Optional[DropPath] = None
    step: Optional[Tensor] = None


def build_cell(cell: Cell, net: Tensor, before: Optional[Tensor], place: Place) -> Tensor:
    """Return the concat of a cell on `net` and on what the cell before it was given, None for the first."""
    with tf1.variable_scope(place.scope):
        before = net if before is None else _fitted(before, net, place.filters)
        net = slim.conv2d(tf1.nn.relu(net), place.filters, 1, scope="1x1")
        states = [slim.batch_norm(net, scope="beginning_bn"), before]
        for number, (left, right) in enumerate(cell.sums):
            with tf1.variable_scope(f"comb_iter_{number}"):
                terms = []
                for side, (operation, state) in (("left", left), ("right", right)):
                    with tf1.variable_scope(side):
                        stride = place.stride if state < 2 else 1
                        terms.append(_operation(operation, states[state], stride, place))
                with tf1.variable_scope("combine"):
                    states.append(terms[0] + terms[1])
        with tf1.variable_scope("cell_output"):
            return _join(states, cell.joined_from)


def _fitted(before: Tensor, net: Tensor, filters: int) -> Tensor:
    """Return what the cell before was given, as large as what this one is given, with its filters."""
    if before.shape.as_list()[2] != net.shape.as_list()[2]:
        return _reduced(tf1.nn.relu(before), filters, 2)
    if before.shape.as_list()[3] != filters:
        before = slim.conv2d(tf1.nn.relu(before), filters, 1, scope="prev_1x1")
        before = slim.batch_norm(before, scope="prev_bn")
    return before


def _reduced(net: Tensor, filters: int, stride: int) -> Tensor:
    """Return `net` with other filters, and with a stride, for which every second place is taken twice, one apart."""
    if stride == 1:
        return slim.batch_norm(slim.conv2d(net, filters, 1, scope="path_conv"), scope="path_bn")
    shifted = tf1.pad(net, [[0, 0], [0, 1], [0, 1], [0, 0]])[:, 1:, 1:, :]
    paths = []
    for number, path in enumerate((net, shifted), 1):
        path = tf1.nn.avg_pool(path, [1, 1, 1, 1], [1, stride, stride, 1], "VALID")
        paths.append(slim.conv2d(path, (filters + number - 1) // 2, 1, scope=f"path{number}_conv"))
    return slim.batch_norm(tf1.concat(paths, 3), scope="final_path_bn")


def _operation(operation: str, net: Tensor, stride: int, place: Place) -> Tensor:
    filters, fits = place.filters, net.shape.as_list()[3] == place.filters
    if operation == NONE:
        if stride == 1 and fits:
            return net
        return _convolved(tf1.nn.relu(net), filters, stride)
    if operation in POOLS:
        net = POOLS[operation](net, 3, stride=stride, padding="SAME")
        net = net if fits else _convolved(net, filters, 1)
    else:
        net = _separable_twice(net, filters, SEPARABLE[operation], stride)
    return net if place.drop_path is None else place.drop_path(net, place.number, place.step)


def _convolved(net: Tensor, filters: int, stride: int) -> Tensor:
    return slim.batch_norm(slim.conv2d(net, filters, 1, stride=stride, scope="1x1"), scope="bn_1")


def _separable_twice(net: Tensor, filters: int, kernel: int, stride: int) -> Tensor:
    for number in (1, 2):
        name = f"{kernel}x{kernel}_{number}"
        net = slim.separable_conv2d(
            tf1.nn.relu(net), filters, kernel, depth_multiplier=1, scope=f"separable_{name}", stride=stride
        )
        net = slim.batch_norm(net, scope=f"bn_sep_{name}")
        stride = 1
    return net


def _join(states: List[Tensor], first: int) -> Tensor:
    """Return the concat of the states from `first` on, in the shape of the last one."""
    _, _, width, filters = states[-1].shape.as_list()
    for number, state in enumerate(states[first:], first):
        shape = state.shape.as_list()
        if shape[2:] != [width, filters]:
            with tf1.variable_scope(f"reduction_{number}"):
                states[number] = _reduced(state, filters, 1 if shape[2] == width else 2)
    return tf1.concat(states[first:], 3)
