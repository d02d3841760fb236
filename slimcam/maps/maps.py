"""Maps: what a CAM returns.

Raw stays raw. Every later step has a name, and a dialect is their order: `overlay(resize(unit(relu(raw))), photo)`.
NumPy and OpenCV; no TensorFlow.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Callable, List, Optional, Sequence, Tuple, Union

import numpy as np

from ..errors import PhotoError
from . import paint, painters
from .dialects import Dialect
from .differences import largest
from .steps import STEPS
from .styles import find_style

Painter = Callable[[np.ndarray, np.ndarray], np.ndarray]  # from a photo and the values on it to a picture


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
    boxes: Optional[np.ndarray] = None  # (N, 4) top, left, bottom, right, in pixels: the detection explained

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
        rows = ("raw", "classes", "scores", "photo") + (() if self.boxes is None else ("boxes",))
        each = {name: getattr(self, name)[its] for name in rows}
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
        sizes = (self.photos[i].shape[:2] for i in self.photo)
        heats = (self._heat_seen(i, interpolation) for i in range(len(self)))
        return _stack([paint.inlay(heat, size, self.window(i)) for i, (heat, size) in enumerate(zip(heats, sizes))])

    def _heat_seen(self, i: int, interpolation: Optional[str]) -> np.ndarray:
        """Return the heat of map `i` in [0, 1], as large as what the net saw of its photo."""
        heat = self._enlarge(i, self._before(self.raw[i]), interpolation)
        return np.clip(self._after(heat), 0, 1)

    def _signed_seen(self, i: int, interpolation: Optional[str]) -> np.ndarray:
        """Return raw map `i` over its largest absolute value, as large as what the net saw of its photo."""
        raw = np.nan_to_num(self.raw[i])
        return self._enlarge(i, raw / (largest(raw) or 1), interpolation)

    def _enlarge(self, i: int, values: np.ndarray, interpolation: Optional[str]) -> np.ndarray:
        larger = paint.resize(values, self.window(i)[2:], interpolation or self.dialect.interpolation)
        return np.nan_to_num(larger)  # cubic overshoots float32's largest, which stands for infinity

    def pictures(self, style: str = "overlay", **options: Any) -> Any:
        """Paint each map in a style, a row of STYLES, by its name: `pictures("shade")` is `shade()`.

        All of them are uint8 RGB, (N, H, W, 3), or a list where photos differ in size.
        """
        return find_style(style)(self, **options)

    def overlay(
        self, colormap: Union[str, int] = "jet", alpha: Optional[float] = None, interpolation: Optional[str] = None
    ) -> Any:
        """Paint each map over its photo, at the photo's own size: (N, H, W, 3) uint8 RGB, or a list of (H, W, 3).

        `colormap` is one of OpenCV's, by name or number; `alpha` the share of the colours, the photo having the rest
        (the dialect's own shares where it is left out); `interpolation` "linear" or "cubic". What the net did not see
        of a photo, where its preprocessing crops, stays unpainted.
        """
        shares = self.dialect.blend if alpha is None else (alpha, 1 - alpha)
        return self._seen(lambda photo, heat: paint.blend(photo, paint.colour(heat, colormap), shares), interpolation)

    def heatmap(self, colormap: Union[str, int] = "jet", interpolation: Optional[str] = None) -> Any:
        """Paint each map's heat alone, otherwise as overlay() does; the photo shows where the net did not look."""
        return self._seen(lambda photo, heat: paint.colour(heat, colormap), interpolation)

    def contour(
        self,
        levels: Sequence[float] = painters.LEVELS,
        colormap: Union[str, int] = "jet",
        thickness: Optional[float] = None,
        interpolation: Optional[str] = None,
    ) -> Any:
        """Draw lines on each photo where the heat crosses `levels`, shares of 1, in the colour map's colours of them.

        Lines are `thickness` pixels wide, by the photo's size where it is left out. Raises PhotoError for a level that
        is not between 0 and 1.
        """
        return self._seen(lambda photo, heat: painters.contour(photo, heat, levels, colormap, thickness), interpolation)

    def signed(self, colormap: str = "blue_red", interpolation: Optional[str] = None) -> Any:
        """Paint each raw map alone: near-white at 0, the full colours at its largest absolute value, on both sides.

        `colormap` is "blue_red" (what speaks for the score is red) or "purple_orange"; raises UnknownName for one that
        does not show signs. NaN counts as 0, infinity as float32's largest number.
        """
        return self._seen(lambda photo, raw: paint.diverging(raw, colormap), interpolation, self._signed_seen)

    def shade(self, interpolation: Optional[str] = None) -> Any:
        """Return each photo times its heat: dark where the map is low, and where the net did not look."""
        return self._everywhere(painters.shade, interpolation)

    def blur(self, radius: Optional[int] = None, interpolation: Optional[str] = None) -> Any:
        """Return each photo blurred where the map is low, and where the net did not look; sharp where it is high.

        `radius` is in pixels, a 32nd of the photo's longer side where it is left out; PhotoError for less than 0.
        """
        return self._everywhere(lambda photo, heat: painters.blur(photo, heat, radius), interpolation)

    def glow(self, interpolation: Optional[str] = None) -> Any:
        """Return each photo lit up where its map is high: photo / max + 3 x heat, over the largest value of that."""
        return self._everywhere(painters.glow, interpolation)

    def side_by_side(
        self, styles: Sequence[Any] = ("photo", "heatmap", "overlay"), colormap: Union[str, int] = "jet"
    ) -> Any:
        """Lay pictures of each map in a row, 8 white pixels between them: (N, H, W', 3) uint8 RGB, or a list.

        `styles` are rows of STYLES, "photo", or pictures of your own, one (H, W, 3) uint8 RGB per map; `colormap` is
        for the styles that take one of OpenCV's. Raises PhotoError where there are not as many pictures as maps.
        """
        columns = [self._column(style, colormap) for style in styles]
        return _stack([paint.beside(row) for row in zip(*columns)])

    def _column(self, style: Any, colormap: Union[str, int]) -> Any:
        if isinstance(style, str):
            if style == "photo":
                return [self.photos[i] for i in self.photo]
            row = find_style(style)
            return row(self, **({"colormap": colormap} if row.colormaps == "heat" else {}))
        if len(style) != len(self) or any(one.dtype != np.uint8 or one.shape[2:] != (3,) for one in style):
            raise PhotoError(f"pictures to lay beside {len(self)} maps are as many, each (H, W, 3) uint8 RGB")
        return style

    def _seen(
        self, painter: Painter, interpolation: Optional[str], values: Optional[Callable[..., np.ndarray]] = None
    ) -> Any:
        """Paint what the net saw of each photo; the rest of it stays as it is."""
        painted = []
        for i in range(len(self)):
            picture = self.photos[self.photo[i]].copy()
            top, left, height, width = self.window(i)
            part = np.s_[top : top + height, left : left + width]
            picture[part] = painter(np.ascontiguousarray(picture[part]), (values or self._heat_seen)(i, interpolation))
            painted.append(self._framed(i, picture))
        return _stack(painted)

    def _everywhere(self, painter: Painter, interpolation: Optional[str]) -> Any:
        """Paint each photo whole, the heat being 0 where the net did not look."""
        heats = enumerate(self.resized(interpolation))
        return _stack([self._framed(i, painter(self.photos[self.photo[i]], heat)) for i, heat in heats])

    def _framed(self, i: int, picture: np.ndarray) -> np.ndarray:
        """Draw the box of map `i`, if it has one, on its picture."""
        return picture if self.boxes is None else paint.frame(picture, self.boxes[i])
