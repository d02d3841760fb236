"""Small random shifts, scales and turns of pictures, and gradients back through them. NumPy, no TensorFlow.

What a net likes only at one place and one size is mostly noise; so each step of an ascent looks at the picture through
other transforms. They are those of tensorflow/lucid (optvis/transform.py, `standard_transforms`), with what TensorFlow
1 did in them: bilinear resizing that samples at `i * in / out`, turns by the nearest pixel, black outside.

A transform is drawn for a size, and is linear but for what it pads with; so the way back is its transpose.
"""

from typing import Callable, NamedTuple, Optional, Sequence, Tuple

import numpy as np

Size = Tuple[int, int]
Change = Callable[[np.ndarray], np.ndarray]
PADDING, GREY = 12, 0.5
SHIFT, SHIFT_AFTER = 8, 4
SCALES = tuple(1 + (i - 5) / 50.0 for i in range(11))
ANGLES = (*range(-10, 11), 0, 0, 0, 0, 0)  # degrees
DEGREE = 3.14 / 180  # as published


class Transform(NamedTuple):
    """What is done to (N, h, w, C) pictures, and what carries a gradient back."""

    size: Size  # of the result
    forward: Change
    back: Change


def standard(size: Size, fed: Optional[Size], random: np.random.RandomState) -> Transform:
    """Draw the published sequence for pictures of `size`; where a net takes one size only, they are fitted to it."""
    steps = [pad(size, PADDING, GREY)]
    steps.append(shift(steps[-1].size, SHIFT, random))
    steps.append(scale(steps[-1].size, SCALES[random.randint(len(SCALES))]))
    steps.append(turn(steps[-1].size, ANGLES[random.randint(len(ANGLES))] * DEGREE))
    steps.append(shift(steps[-1].size, SHIFT_AFTER, random))
    if fed is not None:
        steps.append(fit(steps[-1].size, fed))
    return sequence(steps)


def sequence(steps: Sequence[Transform]) -> Transform:
    """Return transforms one after another as one."""

    def forward(pictures: np.ndarray) -> np.ndarray:
        for step in steps:
            pictures = step.forward(pictures)
        return pictures

    def back(gradient: np.ndarray) -> np.ndarray:
        for step in reversed(steps):
            gradient = step.back(gradient)
        return gradient

    return Transform(steps[-1].size, forward, back)


def pad(size: Size, width: int, value: float) -> Transform:
    """Put a frame of one value around."""
    frame = ((0, 0), (width, width), (width, width), (0, 0))
    inner = np.s_[:, width : width + size[0], width : width + size[1]]
    return Transform(
        (size[0] + 2 * width, size[1] + 2 * width),
        lambda pictures: np.pad(pictures, frame, "constant", constant_values=value),
        lambda gradient: gradient[inner],
    )


def shift(size: Size, most: int, random: np.random.RandomState) -> Transform:
    """Cut `most` rows and columns off, at random places."""
    top, left = random.randint(most + 1, size=2)
    return cut(size, (size[0] - most, size[1] - most), (top, left))


def cut(size: Size, to: Size, corner: Tuple[int, int]) -> Transform:
    """Cut a part out; its upper left corner is at `corner`."""
    (top, left), (height, width) = corner, to
    frame = ((0, 0), (top, size[0] - top - height), (left, size[1] - left - width), (0, 0))
    return Transform(
        to,
        lambda pictures: pictures[:, top : top + height, left : left + width],
        lambda gradient: np.pad(gradient, frame, "constant"),
    )


def fit(size: Size, to: Size) -> Transform:
    """Cut or pad with black around the centre, as tf.image.resize_with_crop_or_pad."""
    lower = tuple(min(pair) for pair in zip(size, to))
    corner = [max(-(new - old) // 2, 0) for old, new in zip(size, to)]
    inner = cut(size, (lower[0], lower[1]), (corner[0], corner[1]))
    place = [max((new - old) // 2, 0) for old, new in zip(size, to)]
    outer = cut(to, (lower[0], lower[1]), (place[0], place[1]))
    return sequence([inner, Transform(to, outer.back, outer.forward)])


def scale(size: Size, factor: float) -> Transform:
    """Resize by a factor."""
    return resize(size, (int(size[0] * np.float32(factor)), int(size[1] * np.float32(factor))))


def resize(size: Size, to: Size, corners: bool = False) -> Transform:
    """Resize bilinearly, sampling at `i * in / out`; with `corners`, at `i * (in - 1) / (out - 1)`."""
    lines = [(axis + 1, old, *_places(old, new, corners)) for axis, (old, new) in enumerate(zip(size, to))]

    def forward(pictures: np.ndarray) -> np.ndarray:
        for axis, _, low, share in lines:
            upper = np.minimum(low + 1, pictures.shape[axis] - 1)
            shares = share.reshape([-1 if i == axis else 1 for i in range(4)])
            pictures = pictures.take(low, axis) * (1 - shares) + pictures.take(upper, axis) * shares
        return pictures

    def back(gradient: np.ndarray) -> np.ndarray:
        for axis, old, low, share in lines:  # line by line: to add at indices takes NumPy far longer
            given = np.moveaxis(gradient, axis, 0)
            taken = np.zeros((old, *given.shape[1:]), gradient.dtype)
            for line, place, part in zip(given, low, share):
                taken[place] += (1 - part) * line
                taken[min(place + 1, old - 1)] += part * line
            gradient = np.moveaxis(taken, 0, axis)
        return gradient

    return Transform(to, forward, back)


def _places(old: int, new: int, corners: bool) -> Tuple[np.ndarray, np.ndarray]:
    """Return for each new line the old one that it is at or after, and the share of the next."""
    places = np.arange(new) * ((old - 1) / max(new - 1, 1) if corners else old / new)
    low = np.minimum(np.floor(places).astype(int), old - 1)
    return low, (places - low).astype(np.float32)


def turn(size: Size, angle: float) -> Transform:
    """Turn around the centre, in radians, against the clock; each pixel is the nearest one's, black from outside.

    A gradient is turned back in the same way, as TensorFlow does it: pixels that two others are the nearest of, or
    none, make that a little less than exact.
    """
    return Transform(size, _nearest(size, angle), _nearest(size, -angle))


def _nearest(size: Size, angle: float) -> Change:
    height, width = size
    cosine, sine = np.cos(angle), np.sin(angle)
    left = ((width - 1) - (cosine * (width - 1) - sine * (height - 1))) / 2
    top = ((height - 1) - (sine * (width - 1) + cosine * (height - 1))) / 2
    y, x = np.mgrid[:height, :width]
    from_x = np.floor(cosine * x - sine * y + left + 0.5).astype(int)
    from_y = np.floor(sine * x + cosine * y + top + 0.5).astype(int)
    seen = ((from_x >= 0) & (from_x < width) & (from_y >= 0) & (from_y < height)).reshape(-1)
    sources = (from_y * width + from_x).reshape(-1)[seen]

    def change(pictures: np.ndarray) -> np.ndarray:
        flat = pictures.reshape(len(pictures), -1, pictures.shape[-1])
        turned = np.zeros_like(flat)
        turned[:, seen] = flat[:, sources]
        return turned.reshape(pictures.shape)

    return change
