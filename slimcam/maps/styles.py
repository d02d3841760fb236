"""STYLES: the ways in which Maps show themselves. The command line reads this table without NumPy."""

from typing import TYPE_CHECKING, Any, Dict, NamedTuple

from ..errors import UnknownName
from ..suggest import nearest

if TYPE_CHECKING:
    from .maps import Maps


class Style(NamedTuple):
    """One way to show a map: a method of Maps, what it shows, and which colour maps fit it."""

    name: str  # the method's
    shows: str
    colormaps: str = ""  # "heat": one of OpenCV's, from low to high; "signed": a diverging one; "": it takes none
    alpha: bool = False  # whether it takes the share of the colours

    def __call__(self, maps: "Maps", **options: Any) -> Any:
        """Return the pictures, one per map; `options` are those of the method."""
        return getattr(maps, self.name)(**options)


_ROWS = (
    Style("overlay", "colours over the photo", "heat", alpha=True),
    Style("heatmap", "the colours alone", "heat"),
    Style("shade", "the photo, dark where the map is low"),
    Style("blur", "the photo, blurred where the map is low"),
    Style("glow", "the photo, lit up where the map is high"),
    Style("contour", "lines around what is high", "heat"),
    Style("signed", "what speaks for the score and what against it", "signed"),
    Style("side_by_side", "photo, heatmap and overlay in a row", "heat"),
)
STYLES: Dict[str, Style] = {row.name: row for row in _ROWS}


def find_style(name: str) -> Style:
    """Return the row of STYLES; raise UnknownName for another name."""
    if name not in STYLES:
        raise UnknownName(f"no style {name!r} (there are {', '.join(STYLES)}); {nearest(name, STYLES)}")
    return STYLES[name]
