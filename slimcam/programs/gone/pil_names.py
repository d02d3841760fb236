"""Names of Pillow that went, as they were."""

from typing import Any, Tuple

NORMAL, SEQUENCE, CONTAINER = 0, 1, 2


def isImageType(t: Any) -> bool:
    """Return whether this is a Pillow image."""
    return hasattr(t, "im")


def tostring(self: Any, *args: Any) -> bytes:
    """Return an image's bytes."""
    return self.tobytes(*args)


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
