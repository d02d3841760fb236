"""Reach: which pixels of an image each position along one axis of a tensor depends on. NumPy; no TensorFlow.

Every rule is one of index: position i of the result reads these positions of what came before. So intervals are exact
at the borders too, where a window hangs over them, and pixels that a stride leaves out stay out.
"""

from typing import Any, NamedTuple, Optional, Sequence

import numpy as np

NOWHERE = 1 << 40  # the first pixel of what depends on none; its negative is the last


class Slide(NamedTuple):
    """A window that slides: position i sees `size` pixels from `start + i * stride` on, be they in the image or not."""

    start: int
    stride: int
    size: int


class Reach(NamedTuple):
    """The pixels of the image that positions along an axis depend on, from the first to the last, in (phases, n).

    There is one phase but where SpaceToBatchND has put every b-th position into an image of its own: then b.
    """

    first: np.ndarray  # int64; NOWHERE for a position that depends on no pixel: padding
    last: np.ndarray  # int64
    slide: Optional[Slide]  # None where no one window slides: a mean over the axis, a resize

    @property
    def positions(self) -> int:
        """How many positions there are."""
        return int(self.first.shape[1])

    def gather(self, indices: np.ndarray, slide: Optional[Slide] = None) -> "Reach":
        """Return the reach of (m,) positions that read the positions `indices`, (k, m), each; others are padding."""
        inside = (indices >= 0) & (indices < self.positions)
        at = np.clip(indices, 0, self.positions - 1)
        first = np.where(inside, self.first[:, at], NOWHERE).min(1)
        last = np.where(inside, self.last[:, at], -NOWHERE).max(1)
        return Reach(first, last, slide)

    def window(self, kernel: int, stride: int, dilation: int, before: int, count: int) -> "Reach":
        """Return the reach of `count` windows of `kernel` positions, the first of which begins at -`before`."""
        indices = np.arange(count) * stride - before + np.arange(kernel)[:, None] * dilation
        return self.gather(indices, self._slid(kernel, stride, dilation, before))

    def _slid(self, kernel: int, stride: int, dilation: int, before: int) -> Optional[Slide]:
        if self.slide is None:
            return None
        step = self.slide.stride
        size = self.slide.size + (kernel - 1) * dilation * step
        return Slide(self.slide.start - int(before) * step, stride * step, size)

    def padded(self, before: int, after: int) -> "Reach":
        """Return the reach with so many positions more, which depend on nothing."""
        return self.window(1, 1, 1, before, before + self.positions + after)

    def mirrored(self, before: int, after: int, mode: Any) -> "Reach":
        """Return the reach with so many positions more, which repeat others; `mode` is np.pad's."""
        indices = np.pad(np.arange(self.positions), (before, after), mode)
        return self.gather(indices[None], self._slid(1, 1, 1, before))

    def spread(self, kernel: int, stride: int, before: int, count: int) -> "Reach":
        """Return the reach of a transposed window: position i puts `kernel` on from i * `stride` - `before`."""
        starts = np.arange(count) + before - np.arange(kernel)[:, None]
        return self.gather(np.where(starts % stride == 0, starts // stride, -1))

    def take(self, indices: np.ndarray) -> "Reach":
        """Return the reach of (m,) positions that are these."""
        steps = set(np.diff(indices).tolist()) or {1}
        if len(steps) > 1 or self.slide is None or min(steps) < 1:
            return self.gather(indices[None])
        return self.gather(indices[None], self._slid(1, steps.pop(), 1, -int(indices[0])))

    def whole(self) -> "Reach":
        """Return the reach of one position that depends on all."""
        return Reach(self.first.min(keepdims=True), self.last.max(keepdims=True), None)

    def everywhere(self) -> "Reach":
        """Return the reach where each position depends on all."""
        return Reach(np.full_like(self.first, self.first.min()), np.full_like(self.last, self.last.max()), None)

    def to_batch(self, block: int) -> "Reach":
        """Return the reach after every `block`-th position was put into an image of its own."""
        first, last = (one.reshape(-1, block).T for one in (self.first, self.last))
        slide = self.slide and self.slide._replace(stride=self.slide.stride * block)
        return Reach(first, last, slide)

    def from_batch(self) -> "Reach":
        """Return the reach after the images of `to_batch` were laid into one again."""
        first, last = (one.T.reshape(1, -1) for one in (self.first, self.last))
        block = len(self.first)
        slide = self.slide and self.slide._replace(stride=self.slide.stride // block)
        return Reach(first, last, slide)


def image(count: int) -> Reach:
    """Return the reach of an image's own pixels."""
    pixels = np.arange(count, dtype=np.int64)[None]
    return Reach(pixels, pixels, Slide(0, 1, 1))


def unite(some: Sequence[Reach]) -> Reach:
    """Return the reach of positions that depend on what all of these do; one position stands for as many as there are.

    Raises ValueError where their numbers differ otherwise.
    """
    first, last = some[0].first, some[0].last
    for one in some[1:]:
        first, last = np.minimum(first, one.first), np.maximum(last, one.last)
    return Reach(first, last, _union([one.slide for one in some if one.slide or (one.last >= 0).any()]))


def lay_end_to_end(some: Sequence[Reach]) -> Reach:
    """Return the reach of a concatenation along the axis."""
    return Reach(np.concatenate([one.first for one in some], 1), np.concatenate([one.last for one in some], 1), None)


def _union(slides: Sequence[Optional[Slide]]) -> Optional[Slide]:
    """Return the window that holds all of several that slide by the same stride."""
    known = [slide for slide in slides if slide is not None]
    if len(known) < len(slides) or len({slide.stride for slide in known}) != 1:
        return None
    start = min(slide.start for slide in known)
    return Slide(start, known[0].stride, max(slide.start + slide.size for slide in known) - start)
