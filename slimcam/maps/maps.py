"""Maps: what a CAM returns.

Raw stays raw. Every later step has a name, and a dialect is their order: `overlay(resize(unit(relu(raw))), photo)`.
NumPy and OpenCV; no TensorFlow.
"""

from dataclasses import dataclass, field, replace
from typing import Any, List, Optional, Sequence, Tuple, Union

import numpy as np

from . import paint
from .dialects import Dialect
from .steps import STEPS


def _stack(arrays: Sequence[np.ndarray]) -> Any:
    """Return one array where all have one shape, else the list."""
    return np.stack(arrays) if len({array.shape for array in arrays}) == 1 else list(arrays)


@dataclass
class Maps:
    """Maps of a batch. An image has one, or, explained by Top(k), k in a row: `photo` says whose each map is.

    Where images of a net that takes any size differ in size, arrays over all maps are lists.
    """

    raw: Any  # (N, h, w) float32, signed, as the formula gives it
    classes: np.ndarray  # (N,) int64; -1 where the score is not one class's
    scores: np.ndarray  # (N,) float32, the score that was explained
    layer: str
    fed: List[str]  # every value that was fed and that nobody gave
    dialect: Dialect
    photos: Sequence[np.ndarray]  # (H, W, 3) uint8 RGB each
    windows: List[Tuple[float, float, float, float]]  # the part of each photo that the net saw
    photo: np.ndarray  # (N,) the photo that each map is of
    labels: Optional[List[str]] = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.raw)

    @property
    def heat(self) -> Any:
        """(N, h, w) float32 in [0, 1]: the dialect's steps but for the resize. A blank map is zeros, never NaN."""
        return _stack([self._after(self._before(raw)) for raw in self.raw])

    @property
    def blank(self) -> np.ndarray:
        """(N,) bool: nothing in the map speaks for the score, so its heat is zeros."""
        return np.array([not heat.any() for heat in self.heat])

    def label(self, i: int) -> str:
        """Return the label of map `i`'s class, its number where there are no labels, "" where it is no class."""
        number = int(self.classes[i])
        if number < 0:
            return ""
        return self.labels[number] if self.labels else str(number)

    def only(self, i: int) -> "Maps":
        """Return map `i` by itself, so that no other is painted for it."""
        its = slice(i, None) if i == -1 else slice(i, i + 1)
        each = {name: getattr(self, name)[its] for name in ("raw", "classes", "scores", "photo")}
        return replace(self, **each)

    def _before(self, raw: np.ndarray) -> np.ndarray:
        heat = np.nan_to_num(raw)
        for step in self.dialect.before:
            heat = STEPS[step](heat)
        return heat

    def _after(self, heat: np.ndarray) -> np.ndarray:
        for step in self.dialect.after:
            heat = STEPS[step](heat)
        return heat

    def window(self, i: int) -> Tuple[int, int, int, int]:
        """Return top, left, height and width, in whole pixels of its photo, of what the net saw for map `i`."""
        height, width = self.photos[self.photo[i]].shape[:2]
        top, left, tall, wide = self.windows[self.photo[i]]
        first, last = max(round(top), 0), min(round(top + tall), height)
        near, far = max(round(left), 0), min(round(left + wide), width)
        return first, near, max(last - first, 1), max(far - near, 1)

    def resized(self, interpolation: Optional[str] = None) -> Any:
        """Return the heat at each photo's own size, (N, H, W) float32 in [0, 1], zeros where the net did not look."""
        return _stack([self._whole(i, interpolation) for i in range(len(self))])

    def _whole(self, i: int, interpolation: Optional[str]) -> np.ndarray:
        window = self.window(i)
        heat = paint.resize(self._before(self.raw[i]), window[2:], interpolation or self.dialect.interpolation)
        return paint.inlay(np.clip(self._after(heat), 0, 1), self.photos[self.photo[i]].shape[:2], window)

    def overlay(
        self, colormap: Union[str, int] = "jet", alpha: Optional[float] = None, interpolation: Optional[str] = None
    ) -> Any:
        """Paint each map over its photo, at the photo's own size: (N, H, W, 3) uint8 RGB, or a list of (H, W, 3).

        `colormap` is one of OpenCV's, by name or number; `alpha` the share of the colours, the photo having the rest
        (the dialect's own shares where it is left out); `interpolation` "linear" or "cubic". What the net did not see
        of a photo, where its preprocessing crops, stays unpainted.
        """
        shares = self.dialect.blend if alpha is None else (alpha, 1 - alpha)
        pictures = []
        for i in range(len(self)):
            picture = self.photos[self.photo[i]].copy()
            top, left, height, width = self.window(i)
            part = np.s_[top : top + height, left : left + width]
            colours = paint.colour(self._whole(i, interpolation)[part], colormap)
            picture[part] = paint.blend(np.ascontiguousarray(picture[part]), colours, shares)
            pictures.append(picture)
        return _stack(pictures)
