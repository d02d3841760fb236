"""Guards before operations that end the process over what they are fed: by its number of axes, or by its values.

TensorFlow asks for it where it knows the shapes as it imports a graph, and its kernels do not ask again. A guard is an
Assert before the input, where nothing is known of it, so that a run is an error instead. Inside functions of a graph
nothing stands guard.

Which operations: each that is allowed, of 1.15.5 and of 2.21, was run by itself, fed arrays of 0 to 5 axes, of the
values 0, 1, -1 and 2^31 - 1, of axes unknown to the graph.
"""

from typing import Dict, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from ..._tf import tf1
from ..._types import Graph, GraphDef, Operation, Tensor

_MOST = (1 << 31) - 2  # of an index: what holds it has one place more
_MOST_PLACES = 1 << 24  # of a list or an array of tensors, each of which takes memory before it is filled


class Guard(NamedTuple):
    """What an input must be: of so many axes, of at least or at most so many, of values from the one to the other."""

    axes: Optional[int] = None
    least_axes: int = 0
    most_axes: Optional[int] = None
    values: Optional[Tuple[int, int]] = None

    def is_known(self, tensor: Tensor) -> bool:
        """Whether nothing is left to ask: TensorFlow asks for axes itself where it knows them as it imports."""
        if tensor.shape.rank is None and self[:3] != Guard()[:3]:
            return False
        values = None if self.values is None else tf1.get_static_value(tensor)
        return self.values is None or (values is not None and bool(np.all(np.clip(values, *self.values) == values)))

    def stand_before(self, tensor: Tensor, name: str) -> Tensor:
        """Return a tensor, once it was asked; `name` is what reads it, for words."""
        wanted = []
        if self.least_axes:
            wanted.append((tf1.rank(tensor) >= self.least_axes, f"{self.least_axes} axes or more"))
        if self.most_axes is not None:
            wanted.append((tf1.rank(tensor) <= self.most_axes, f"{self.most_axes} axes or fewer"))
        if self.values is not None:
            least, most = (tf1.constant(value, tensor.dtype) for value in self.values)
            within = tf1.logical_and(tensor >= least, tensor <= most)
            wanted.append((tf1.reduce_all(within), "{} to {}".format(*self.values)))
        asked = [tf1.Assert(holds, [f"{name} needs {words}, and is fed something else"]) for holds, words in wanted]
        with tf1.control_dependencies(asked):
            tensor = tf1.identity(tensor)
        # Grappler of TensorFlow 1 takes for true of the number of axes what the reader needs, and drops an Assert of it
        return tensor if self.axes is None else tf1.ensure_shape(tensor, [None] * self.axes)


_ONE, _ROW, _TABLE, _IMAGES = (Guard(axes) for axes in (0, 1, 2, 4))
_ANY, _MATRIX = Guard(least_axes=1), Guard(least_axes=2)
_SHAPE = Guard(most_axes=1)  # of a list's tensors: sizes, or one -1 for any
_PLACES, _INDEX = Guard(0, values=(0, _MOST_PLACES)), Guard(values=(0, _MOST))
_LSTM = {0: _TABLE, 1: _TABLE, 2: _TABLE, 3: _TABLE, 4: _ROW, 5: _ROW, 6: _ROW, 7: _ROW}
EACH = -1  # all inputs that have no guard of their own

_OF_MATRICES = (
    *("Cholesky", "CholeskyGrad", "Qr", "Svd"),
    *("MatrixInverse", "MatrixDeterminant", "LogMatrixDeterminant", "MatrixExponential"),
)
GUARDS: Dict[str, Mapping[int, Guard]] = {
    "FakeQuantWithMinMaxVars": {1: _ONE, 2: _ONE},
    "FakeQuantWithMinMaxVarsGradient": {2: _ONE, 3: _ONE},
    "FakeQuantWithMinMaxVarsPerChannel": {0: _ANY, 1: _ROW, 2: _ROW},
    "FakeQuantWithMinMaxVarsPerChannelGradient": {0: _ANY, 1: _ANY, 2: _ROW, 3: _ROW},
    "QuantizeAndDequantizeV3": {1: _ONE, 2: _ONE, 3: _ONE},
    "LSTMBlockCell": _LSTM,
    "LSTMBlockCellGrad": {**_LSTM, EACH: _TABLE},
    "CombinedNonMaxSuppression": {0: _IMAGES, 1: Guard(3), EACH: _ONE},
    "Bincount": {1: _ONE},
    "UnravelIndex": {1: Guard(1, values=(1, _MOST))},
    "Conv3DBackpropFilterV2": {0: Guard(5), 1: _ROW, 2: Guard(5)},
    **{op: {0: _IMAGES, 1: Guard(3), 2: _IMAGES} for op in ("Dilation2DBackpropFilter", "Dilation2DBackpropInput")},
    **{op: {EACH: _MATRIX} for op in _OF_MATRICES},
    **{op: {0: _PLACES} for op in ("TensorArray", "TensorArrayV2", "TensorArrayV3")},
    "TensorListReserve": {1: _PLACES},
    "TensorListFromTensor": {1: _SHAPE},
    "TensorListScatter": {1: _ROW, 2: _SHAPE},
    "TensorListScatterV2": {1: _ROW, 2: _SHAPE, 3: _ONE},
    "TensorListSplit": {1: _SHAPE, 2: _ROW},
}
_STITCHING = ("DynamicStitch", "ParallelDynamicStitch")  # half of its inputs are indices


def stand_guard(graph: Graph, graph_def: GraphDef) -> None:
    """Let an Assert stand before each input that could end the process, where nothing is known of it.

    `graph_def` was imported into the graph by its own names; other operations of the graph are left alone.
    """
    for node in graph_def.node:
        if node.op not in GUARDS and node.op not in _STITCHING:
            continue
        op = graph.get_operation_by_name(node.name)
        guards = GUARDS.get(node.op) or dict.fromkeys(range(len(op.inputs) // 2), _INDEX)
        for index, tensor in enumerate(op.inputs):
            guard = guards.get(index, guards.get(EACH))
            if guard is not None and not guard.is_known(tensor):
                _guard(op, index, tensor, guard)


def _guard(op: Operation, index: int, tensor: Tensor, guard: Guard) -> None:
    # all of it after the tensor, so that in a loop it is of that loop, constants as well
    with tf1.name_scope(op.name + "/slimcam_guard/"), tf1.control_dependencies([tensor]):
        op._update_input(index, guard.stand_before(tensor, f"input {index} of {op.name} ({op.type})"))
