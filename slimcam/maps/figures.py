"""Maps as a figure of matplotlib's, which the extra `figures` brings."""

from typing import TYPE_CHECKING, Any, Dict, Optional

import numpy as np

from .._packages import pip_line
from ..errors import MissingPackage
from . import paint, sheets, showing
from .differences import largest
from .styles import find_style

if TYPE_CHECKING:
    from .maps import Maps

INCHES, TITLE = 3.4, 0.7  # the width of a map with its colour bar, the height of its title
LARGEST = 1024  # pixels: a picture in a figure is no larger
SEEN = "framed: what the net saw of the photo, which its preprocessing crops"
FRAME: Dict[str, Any] = {"edgecolor": "white", "linewidth": 1.5, "linestyle": (0, (4, 3)), "fill": False}
SHADOW: Dict[str, Any] = {
    **FRAME,
    "edgecolor": "black",
    "linestyle": "solid",
}  # below the dashes, so that they are seen on white


def figure(maps: "Maps", columns: Optional[int], style: str, options: Dict[str, Any]) -> Any:
    """Return a Figure of all maps; see Maps.figure."""
    _matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    drawn = Figure()  # pyplot is left alone: it would keep the figure, and may ask for a display
    FigureCanvasAgg(drawn)
    return _draw(drawn, maps, columns, style, options)


def show(maps: "Maps", columns: Optional[int], style: str, options: Dict[str, Any]) -> None:
    """Show the figure; see Maps.show."""
    _matplotlib()
    from matplotlib import pyplot

    _draw(pyplot.figure(), maps, columns, style, options)
    pyplot.show()


def _matplotlib() -> None:
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise MissingPackage(f"figures need matplotlib: {pip_line('matplotlib')}") from error


def _draw(figure: Any, maps: "Maps", columns: Optional[int], style: str, options: Dict[str, Any]) -> Any:
    """Draw each map in a cell of its own."""
    columns = min(columns or sheets.square(len(maps)), max(len(maps), 1))
    rows = -(-len(maps) // columns)
    pictures = [one.pictures(style, **options)[0] for one in maps]
    pictures = [sheets.fitted(one, LARGEST) if max(one.shape[:2]) > LARGEST else one for one in pictures]
    tallest = max((one.shape[0] / one.shape[1] for one in pictures), default=1)
    figure.set_size_inches(INCHES * columns, (INCHES * min(max(tallest * 0.8, 0.3), 2) + TITLE) * rows + TITLE / 2)
    cropped = False
    for number, (one, picture) in enumerate(zip(maps, pictures), 1):
        axes = figure.add_subplot(rows, columns, number)
        cropped = _draw_one(figure, axes, one, picture, style, options) or cropped
    if cropped:
        figure.text(0.5, 0.005, SEEN, ha="center", va="bottom", fontsize="small")
    figure.tight_layout(rect=(0, 0.03 if cropped else 0, 1, 1))
    return figure


def _draw_one(figure: Any, axes: Any, one: "Maps", picture: np.ndarray, style: str, options: Dict[str, Any]) -> bool:
    """Draw a map with its title, its colour bar and the frame of what the net saw; return whether that is a part."""
    height, width = one.photos[0].shape[:2]
    wide = width if style != "side_by_side" else picture.shape[1] * height / picture.shape[0]  # in the photo's pixels
    axes.imshow(picture, extent=(-0.5, wide - 0.5, height - 0.5, -0.5), interpolation="nearest")
    title = "\n".join(showing.lines(one)).replace("$", r"\$")  # which begins a formula
    axes.set_title(title, fontsize="small")
    axes.set_xticks([])
    axes.set_yticks([])
    _colour_bar(figure, axes, one, style, options)
    window = one.window(0)
    if window[2:] == (height, width) or style == "side_by_side":
        return False
    from matplotlib.patches import Rectangle

    for look in (SHADOW, FRAME):
        axes.add_patch(Rectangle((window[1] - 0.5, window[0] - 0.5), window[3], window[2], **look))
    return True


def _colour_bar(figure: Any, axes: Any, one: "Maps", style: str, options: Dict[str, Any]) -> None:
    """Draw what the colours of a style stand for, beside it; nothing for a style without colours of its own."""
    row = find_style(style)
    if not row.colormaps:
        return
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap, Normalize

    if row.colormaps == "signed":
        top = largest(np.nan_to_num(one.raw[0])) or 1
        colours = paint.diverging(np.linspace(-1, 1, 255)[None], options.get("colormap", "blue_red"))[0]
        limits, label = Normalize(-top, top), "the raw map"
    else:
        colours = paint.colour_levels(np.arange(256, dtype=np.uint8)[None], options.get("colormap", "jet"))[0]
        limits, label = Normalize(0, 1), "share of the largest"
    beside = axes.inset_axes([1.03, 0, 0.05 if style != "side_by_side" else 0.015, 1])  # as high as the picture
    bar = figure.colorbar(ScalarMappable(limits, ListedColormap(colours / 255)), cax=beside)
    bar.set_label(label, fontsize="x-small")
    bar.ax.tick_params(labelsize="x-small")
