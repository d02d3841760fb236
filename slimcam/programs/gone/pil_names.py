"""Names of Pillow that went, and what computes otherwise today, as they were."""

import functools
from typing import Any, Callable, Optional, Sequence, Tuple

import numpy as np

NORMAL, SEQUENCE, CONTAINER = 0, 1, 2


def isImageType(t: Any) -> bool:
    """Return whether this is a Pillow image."""
    return hasattr(t, "im")


def tostring(self: Any, *args: Any) -> bytes:
    """Return an image's bytes."""
    return self.tobytes(*args)


def resize(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return Image.resize as it was before Pillow 7: the nearest pixel unless told, and columns before rows.

    Grey levels are rounded between the two, and Pillow 13 may begin with rows: by "bilinear" that is one level apart,
    by "lanczos" up to thirty.
    """

    @functools.wraps(method)
    def call(
        self: Any,
        size: Sequence[int],
        resample: Optional[int] = None,
        box: Optional[Sequence[float]] = None,
        reducing_gap: Optional[float] = None,
    ) -> Any:
        whole, (width, height) = (0, 0, *self.size), size
        left, top, right, bottom = box or whole
        if reducing_gap is not None or ((width, height), (left, top, right, bottom)) == (self.size, whole):
            return method(self, size, resample, box, *([] if reducing_gap is None else [reducing_gap]))
        if self.mode in ("LA", "RGBA"):
            colours = self.convert(self.mode[:-1] + "a")
            return call(colours, size, resample, box).convert(self.mode)
        columns = method(self, (width, self.height), resample or 0, (left, 0, right, self.height))
        return method(columns, (width, height), resample or 0, (0, top, width, bottom))

    return call


def convert(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return Image.convert as it was before Pillow 7, which cut grey levels off where it rounds them today."""
    from PIL.Image import frombytes, merge

    @functools.wraps(method)
    def call(self: Any, mode: Optional[str] = None, matrix: Any = None, *args: Any, **kwargs: Any) -> Any:
        result = method(self, mode, matrix, *args, **kwargs)
        if mode in ("L", "LA", "I") and self.mode in ("RGB", "RGBA", "RGBX", "CMYK", "P") and matrix is None:
            # a palette's shares of red, green and blue were thousandths, a pixel's 65536ths
            shares, unit = ((299, 587, 114), 1000) if self.mode == "P" else ((19595, 38470, 7471), 65536)
            levels = (np.array(method(self, "RGB")) @ np.array(shares) // unit).astype(np.uint8)
            grey = frombytes("L", self.size, levels.tobytes())
            exact = merge("LA", (grey, result.getchannel("A"))) if mode == "LA" else method(grey, mode)
            result.paste(exact)
        return result

    return call


def textsize(self: Any, text: Any, font: Any = None, *args: Any, **kwargs: Any) -> Tuple[int, int]:
    """Return the width and height that a text is drawn in, from its origin, in pixels."""
    if len(text.split("\n" if isinstance(text, str) else b"\n")) > 1:
        return multiline_textsize(self, text, font, *args, **kwargs)
    return getsize(font or self.getfont(), text, *args[1:], **kwargs)


def multiline_textsize(
    self: Any, text: Any, font: Any = None, spacing: int = 4, *args: Any, **kwargs: Any
) -> Tuple[int, int]:
    """Return the width and height of several lines with `spacing` pixels between them."""
    font = font or self.getfont()
    lines = text.split("\n" if isinstance(text, str) else b"\n")
    widths = [getsize(font, line, *args, **kwargs)[0] for line in lines]
    # as Pillow reckoned: a line is as high as an A, and the spacing follows the last one, too
    height = textsize(self, "A", font)[1] + spacing
    return max(widths), len(lines) * height - spacing


def getsize(self: Any, text: Any, *args: Any, **kwargs: Any) -> Tuple[int, int]:
    """Return the width and height of a text, measured from its origin, in pixels."""
    if not hasattr(self, "getbbox"):
        return self.getmask(text).size
    _, _, right, bottom = self.getbbox(text, *[""] * bool(args), *args[1:], **kwargs) if args else self.getbbox(text)
    return int(right), int(bottom)


def getoffset(self: Any, text: Any) -> Tuple[int, int]:
    """Return how far a text's first pixel is from its origin, in pixels."""
    return self.getbbox(text)[:2]


def nothing(*args: Any, **kwargs: Any) -> None:
    """Do nothing."""
