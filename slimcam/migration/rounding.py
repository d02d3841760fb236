"""Gradients are discontinuous at ties, so rounding alone can make two correct programs differ.

Where two values of a max-pool's window, or a ReLU's input and zero, are equal but for rounding, one program sends the
gradient one way and the other another, although all activations agree to 1e-7. On the shipped checkpoint one such tie,
in one of six photos, moves a gradient by 3 % of the largest between TensorFlow 1.15.5 and 2.21. So where gradients or
maps differ and activations do not, the model is run again, its inputs moved by no more than rounding would move them: a
difference as large as those that this makes at the same place says nothing against the model.
"""

from dataclasses import replace
from typing import Callable, List, Sequence, Tuple

import numpy as np

from ..maps.differences import largest
from .report import Row

STEP = 1e-6  # of the largest input: some units in the last place of float32
TRIALS = 16  # with them, all that Mixed_5d of a seeded InceptionV3 differs by between 1.15.5 and 2.21 is explained

Bounds = List[Tuple[np.ndarray, np.ndarray]]


def can_move(inputs: np.ndarray) -> bool:
    """Whether inputs can be moved by so little: integers and halves cannot."""
    return inputs.dtype in (np.float32, np.float64)


def bounds(
    run: Callable[[np.ndarray], Sequence[np.ndarray]], inputs: np.ndarray, unmoved: Sequence[np.ndarray]
) -> Bounds:
    """Return the least and largest values, for each of the arrays `unmoved`, that `run` gives near `inputs`."""
    random = np.random.RandomState(0)
    extremes = [(array, array) for array in unmoved]
    for _ in range(TRIALS):
        noise = random.uniform(-STEP, STEP, inputs.shape) * largest(inputs, equal_nan=True)
        moved = run((inputs + noise).astype(inputs.dtype))
        extremes = [(np.fmin(low, one), np.fmax(high, one)) for (low, high), one in zip(extremes, moved)]
    return extremes


def beyond(row: Row, recorded: np.ndarray, low: np.ndarray, high: np.ndarray) -> Row:
    """Return a row with the share by which recorded values lie outside of such bounds, by more than these are apart.

    Several ties add up, and no trial need meet all of them as the recording did: the bounds alone would be too narrow.
    """
    known = np.isfinite(recorded) & np.isfinite(low) & np.isfinite(high)
    if not known.all():
        return row
    width = high - low
    outside = np.maximum(np.maximum(low - recorded, recorded - high) - width, 0)
    scale = largest(recorded)
    return replace(row, beyond=float(outside.max(initial=0)) / scale if scale else row.relative)
