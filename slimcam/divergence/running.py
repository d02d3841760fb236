"""Running a side: what comes out of its stages, and the gradients there, each in one run."""

from typing import Dict, Optional, Tuple

import numpy as np

from .._tf import tf, tf1
from .._types import Tensor
from ..graphs.op_types import BRANCHES, CALLS
from ..graphs.walk import ancestors
from .types import Side


def run_stages(side: Side) -> None:
    """Fill in what comes out of each stage, in one run."""
    tensors = [stage.tensor for stage in side.stages]
    side.values = dict(zip((tensor.name for tensor in tensors), side.run(tensors)))


def run_gradients(side: Side, weights: np.ndarray) -> None:
    """Fill in the gradients of the sum of logits x weights, (N, classes), at each stage, in one run.

    They are None where none flows, and left out where TensorFlow knows none or cannot run it, and behind an imported
    function.
    """
    model, names = side.model, tuple(stage.tensor.name for stage in side.stages)
    mask, tensors = model.once(("divergence/gradients", names), lambda: _gradients(side))
    there = {name: tensor for name, tensor in tensors.items() if tensor is not None}
    side.gradients = dict.fromkeys(tensors)
    try:
        side.gradients.update(zip(there, side.run(list(there.values()), {mask: weights})))
    except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError):  # 1.15 and dilation on a CPU, say
        side.gradients = {}


def _gradients(side: Side) -> Tuple[Tensor, Dict[str, Optional[Tensor]]]:
    """Build the gradients at stages, by the names of their tensors, and what is fed to choose the class."""
    logits, tensors = side.model.need_logits(), [stage.tensor for stage in side.stages]
    # TensorFlow cannot run the gradient of a function that was imported, nor its graph from then on
    calls = [op for op in ancestors([logits]) if op.type in (*CALLS, *BRANCHES)]
    behind = ancestors([tensor for op in calls for tensor in op.inputs])
    sought = [tensor for tensor in tensors if tensor.dtype.is_floating and tensor.op not in behind]
    with side.model.graph.as_default(), tf1.name_scope("slimcam/divergence"):
        mask = tf1.placeholder(logits.dtype, [None, None], name="mask")
        try:
            gradients = tf1.gradients(tf.reduce_sum(logits * mask), sought) if sought else []
        except LookupError:  # an operation without a gradient, or with one that is not registered here
            gradients = []
    return mask, {tensor.name: gradient for tensor, gradient in zip(sought, gradients)}
