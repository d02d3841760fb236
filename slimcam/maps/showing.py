"""How Maps show themselves: in one line, and in a notebook."""

import base64
import html
import os
from typing import TYPE_CHECKING, Tuple

import cv2
import numpy as np

from . import sheets

if TYPE_CHECKING:
    from .maps import Maps

LISTED = 3  # maps that one line names
# What is said of a map beside its title, and what it means.
MEANINGS = {
    "not finite": "NaN or infinity in what the map is made from, so that it is not to be trusted",
    "flat": "the same everywhere but for rounding, so that no place stands out",
    "blank": "nothing in the layer speaks for the score",
}
SHOWN = 12  # maps that a notebook shows of more


def summary(maps: "Maps") -> str:
    """Return Maps in one line: how many, of which layer and size, and the first titles."""
    sizes = sorted({np.shape(raw) for raw in maps.raw})
    size = " x ".join(map(str, sizes[0])) if len(sizes) == 1 else f"{len(sizes)} sizes"
    titles = [_short(maps.title(i)) + note(maps, i) for i in range(min(len(maps), LISTED))]
    titles += ["…"] if len(maps) > LISTED else []
    return f"<Maps: {len(maps)} of {maps.layer!r}, {size}: {'; '.join(titles)}>"


def note(maps: "Maps", i: int = 0) -> str:
    """Return what is to be said of map `i` beside its title: that it is blank, flat or no number."""
    if not maps.finite[i]:
        return " (not finite)"
    if maps.flat[i] and maps.raw[i].any():
        return " (flat)"
    return " (blank)" if maps.blank[i] else ""


def as_png(maps: "Maps") -> bytes:
    """Return the overlay of one map, or a contact sheet of the first, as PNG."""
    picture = maps.overlay()[0] if len(maps) == 1 else maps[:SHOWN].sheet()
    return png(picture)


def as_html(maps: "Maps") -> str:
    """Return the first maps over their photos with their titles, as HTML that needs nothing else.

    A slider below each says how much of the colours is seen; where scripts do not run, it is as much as in an overlay.
    """
    cells = [_cell(one) for one in maps[:SHOWN]]
    more = f"<p>… and {len(maps) - SHOWN} more</p>" if len(maps) > SHOWN else ""
    return f"<div><p>{len(maps)} of {html.escape(maps.layer)}</p>{''.join(cells)}{more}</div>"


def lines(one: "Maps") -> Tuple[str, str]:
    """Return what stands beside the picture of a single map: its photo's name, and its title."""
    return os.path.basename(one.names[0]), one.title() + note(one)


def _cell(one: "Maps") -> str:
    """Return a map's colours over its photo, a slider, its photo's name and its title."""
    caption = [html.escape(text) for text in lines(one)]
    colours, photo = one.dialect.blend
    share = round(100 * colours / (colours + photo))
    above = f"position: absolute; left: 0; top: 0; margin: 0; opacity: {share / 100}"
    return (
        '<figure style="display: inline-block; margin: 4px; vertical-align: top">'
        '<div style="position: relative">'
        f"{_image(one.photos[one.photo[0]], caption[0], 'display: block; margin: 0')}"
        f"{_image(one.heatmap()[0], caption[1], above)}</div>"
        f'<input type="range" value="{share}" aria-label="how much of the colours is seen" '
        'style="display: block; width: 100%; margin: 4px 0" '
        'oninput="this.previousElementSibling.lastElementChild.style.opacity = this.value / 100">'
        f"<figcaption>{'<br>'.join(caption)}</figcaption></figure>"
    )


def _image(picture: np.ndarray, text: str, style: str) -> str:
    data = base64.b64encode(png(sheets.fitted(picture, sheets.SIDE))).decode("ascii")
    return f'<img src="data:image/png;base64,{data}" alt="{text}" style="{style}">'


def png(picture: np.ndarray) -> bytes:
    """Return a picture, (H, W, 3) uint8 RGB, as PNG."""
    return cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1].tobytes()


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
