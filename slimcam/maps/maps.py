"""Maps: what a CAM returns.

Raw stays raw. Every later step has a name, and a dialect is their order: `overlay(resize(unit(relu(raw))), photo)`.
NumPy and OpenCV; no TensorFlow.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple, Union

import numpy as np

from ..errors import PhotoError
from . import figures, folder, paint, painters, sheets, showing
from .dialects import Dialect
from .differences import largest
from .selection import select, stack
from .steps import in_order
from .styles import find_style

if TYPE_CHECKING:
    from .._types import PathLike

Painter = Callable[[np.ndarray, np.ndarray], np.ndarray]  # from a photo and the values on it to a picture


@dataclass(eq=False, repr=False)
class Maps:
    """Maps of a batch. An image has one, or, explained by Top(k), k in a row: `photo` says whose each map is.

    A sequence of single maps: `maps[0]`, `maps[-1]`, `maps[2:5]` and `for one in maps` are Maps, of their photos alone.
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
    labels: Optional[List[str]] = None
    boxes: Optional[np.ndarray] = None  # (N, 4) top, left, bottom, right, in pixels: the detection explained
    names: Sequence[str] = ()  # of the photos: the paths that they were read from; left out, photo-0, photo-1, …
    finite: Any = None  # (N,) bool: weights, images, activations, gradients, score and map are all numbers
    rounding: Any = None  # (N,) how far rounding alone can part two places of a map, NaN where that is not known
    channels: Any = None  # (N, h, w, C) float32, signed: what a map of pixels, or of units, is made of
    details: Dict[str, np.ndarray] = field(default_factory=dict)  # (N,) each: numbers that the method gives beside

    def __post_init__(self) -> None:
        self.names = self.names or [f"photo-{i}" for i in range(len(self.photos))]
        if self.finite is None:
            self.finite = np.array([bool(np.isfinite(raw).all()) for raw in self.raw], bool) & np.isfinite(self.scores)
        if self.rounding is None:
            self.rounding = np.full(len(self.raw), np.nan)

    def __len__(self) -> int:
        return len(self.raw)

    def __getitem__(self, which: Any) -> "Maps":
        """Return a map, or those of a slice, of numbers or of a mask, as Maps; raise IndexError for one that is not."""
        return select(self, which)

    def __iter__(self) -> Iterator["Maps"]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return showing.summary(self)

    def _repr_png_(self) -> bytes:
        return showing.as_png(self)

    def _repr_html_(self) -> str:
        return showing.as_html(self)

    @property
    def heat(self) -> Any:
        """(N, h, w) float32 in [0, 1]: the dialect's steps but for the resize. What speaks for nothing is zeros."""
        return stack([self._after(self._before(i)) for i in range(len(self))])

    @property
    def blank(self) -> np.ndarray:
        """(N,) bool: nothing in the map speaks for the score, so that its heat is zeros, or it is flat."""
        return np.array([not heat.any() for heat in self.heat]) | self.flat

    @property
    def flat(self) -> np.ndarray:
        """(N,) bool: the map is the same everywhere, up to rounding, so that no place stands out; painted as blank.

        False for a map whose `rounding` is not known, as for one that was not made by a GradCAM.
        """
        return np.array([self._is_flat(i) for i in range(len(self))], bool)

    def _is_flat(self, i: int) -> bool:
        raw = np.asarray(self.raw[i], np.float64)
        return bool(np.isfinite(raw).all() and raw.max() - raw.min() <= self.rounding[i])

    def label(self, i: int) -> str:
        """Return the label of map `i`'s class, its number where there are no labels, "" where it is no class."""
        number = int(self.classes[i])
        if number < 0:
            return ""
        return self.labels[number] if self.labels else str(number)

    def subject(self, i: int = 0) -> str:
        """Return what map `i` explains: "class 281 tabby", or "score" where it is no class."""
        number, label = int(self.classes[i]), self.label(i)
        return f"class {number}" + (f" {label}" if label != str(number) else "") if number >= 0 else "score"

    def title(self, i: int = 0) -> str:
        """Return what map `i` explains, with its score: "class 281 tabby 9.312"."""
        return f"{self.subject(i)} {self.scores[i]:.4g}"

    def _before(self, i: int) -> np.ndarray:
        return in_order(self.dialect.before, np.nan_to_num(self.raw[i]))

    def _after(self, heat: np.ndarray) -> np.ndarray:
        return in_order(self.dialect.after, heat)

    def window(self, i: int) -> Tuple[int, int, int, int]:
        """Return top, left, height and width, in whole pixels of its photo, of what the net saw for map `i`."""
        height, width = self.photos[self.photo[i]].shape[:2]
        top, left, tall, wide = self.windows[self.photo[i]]
        first, last = max(round(top), 0), min(round(top + tall), height)
        near, far = max(round(left), 0), min(round(left + wide), width)
        return first, near, max(last - first, 1), max(far - near, 1)

    def resized(self, interpolation: Optional[str] = None) -> Any:
        """Return the heat at each photo's own size, (N, H, W) float32 in [0, 1], zeros where the net did not look."""
        return stack([self._on_photo(i, self._heat_seen(i, interpolation)) for i in range(len(self))])

    def _on_photo(self, i: int, heat: np.ndarray) -> np.ndarray:
        """Return values on what the net saw for map `i` on the whole of its photo, zeros elsewhere."""
        return paint.inlay(heat, self.photos[self.photo[i]].shape[:2], self.window(i))

    def _heat_seen(self, i: int, interpolation: Optional[str]) -> np.ndarray:
        """Return the heat of map `i` in [0, 1], as large as what the net saw of its photo."""
        heat = self._enlarge(i, self._before(i), interpolation)
        return np.clip(self._after(heat), 0, 1)

    def _painted(self, i: int, interpolation: Optional[str]) -> np.ndarray:
        """Return what is painted of map `i`: its heat, and of a flat one, of which no place stands out, zeros."""
        heat = self._heat_seen(i, interpolation)
        return np.zeros_like(heat) if self._is_flat(i) else heat

    def _signed_seen(self, i: int, interpolation: Optional[str]) -> np.ndarray:
        """Return raw map `i` over its largest absolute value, as large as what the net saw of its photo."""
        raw = np.zeros_like(self.raw[i]) if self._is_flat(i) else np.nan_to_num(self.raw[i])
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
        return stack([paint.beside(row) for row in zip(*columns)])

    def sheet(self, columns: Optional[int] = None, style: str = "overlay", **options: Any) -> np.ndarray:
        """Return a contact sheet, (H, W, 3) uint8 RGB: each map's picture, small, above its photo's name and its title.

        `columns` are as many as make it nearly square where they are left out; `style` and `options` are of pictures().
        """
        return sheets.grid(self.tiles(style, **options), columns or sheets.square(len(self)), sheets.MARGIN, 255)

    def tiles(self, style: str = "overlay", **options: Any) -> List[np.ndarray]:
        """Return the tiles of a contact sheet, (h, w, 3) uint8 RGB each."""
        return [sheets.tile(one.pictures(style, **options)[0], showing.lines(one)) for one in self]

    def save(
        self,
        path: "PathLike",
        overwrite: bool = False,
        columns: Optional[int] = None,
        style: str = "overlay",
        **options: Any,
    ) -> List[str]:
        """Write the maps to a folder or a file, and return the paths of what was written.

        A folder, which is made, gets NAME.LAYER.CLASS.png for each map and maps.npz, as of `slimcam explain`, and with
        `columns` a contact sheet. A file called .npz gets the numbers, one called .png, .jpg … the picture of the map,
        or of several a contact sheet. `style` and `options` are of pictures(). Raises OutputError where something
        cannot be written, or where a file is there already, before anything is written, unless `overwrite`.
        """
        return folder.save(self, path, overwrite, columns, {"style": style, **options})

    def figure(self, columns: Optional[int] = None, style: str = "overlay", **options: Any) -> Any:
        """Return a matplotlib Figure of all maps: titles with class, label and score, and a colour bar.

        What the net saw of a photo, where its preprocessing crops, is framed. `columns` are as many as make it nearly
        square where they are left out; `style` and `options` are of pictures(). `figure.savefig("maps.pdf")` writes it.
        Raises MissingPackage where matplotlib is not installed.
        """
        return figures.figure(self, columns, style, options)

    def to_tensorboard(self, logdir: "PathLike", step: int = 0, style: str = "overlay", **options: Any) -> str:
        """Write each map's picture as an image summary for TensorBoard; see slimcam.to_tensorboard()."""
        import slimcam  # which knows TensorFlow, as maps do not

        return slimcam.to_tensorboard(self, logdir, step, style, **options)

    def show(self, columns: Optional[int] = None, style: str = "overlay", **options: Any) -> None:
        """Show the figure: in a notebook below the cell, else in a window of matplotlib's."""
        figures.show(self, columns, style, options)

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
            picture[part] = painter(np.ascontiguousarray(picture[part]), (values or self._painted)(i, interpolation))
            painted.append(self._framed(i, picture))
        return stack(painted)

    def _everywhere(self, painter: Painter, interpolation: Optional[str]) -> Any:
        """Paint each photo whole, the heat being 0 where the net did not look."""
        heats = [self._on_photo(i, self._painted(i, interpolation)) for i in range(len(self))]
        return stack([self._framed(i, painter(self.photos[self.photo[i]], heat)) for i, heat in enumerate(heats)])

    def _framed(self, i: int, picture: np.ndarray) -> np.ndarray:
        """Draw the box of map `i`, if it has one, on its picture."""
        return picture if self.boxes is None else paint.frame(picture, self.boxes[i])
