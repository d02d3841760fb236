"""imghdr.what, by the first bytes."""

from typing import Any, Optional

_BEGINNINGS = (
    ("png", 0, (b"\x89PNG\r\n\x1a\n",)),
    ("gif", 0, (b"GIF87a", b"GIF89a")),
    ("tiff", 0, (b"MM", b"II")),
    ("bmp", 0, (b"BM",)),
    ("webp", 8, (b"WEBP",)),
    ("exr", 0, (b"\x76\x2f\x31\x01",)),
)


def what(file: Any, h: Optional[bytes] = None) -> Optional[str]:
    """Return the kind of an image, "jpeg", "png", "gif", "tiff", "bmp", "webp" …, None where it is none of them."""
    if h is None:
        if hasattr(file, "read"):
            place = file.tell()
            h = file.read(32)
            file.seek(place)
        else:
            with open(file, "rb") as opened:
                h = opened.read(32)
    assert h is not None
    if h[6:10] in (b"JFIF", b"Exif") or h[:4] == b"\xff\xd8\xff\xdb":
        return "jpeg"
    for kind, start, beginnings in _BEGINNINGS:
        if h[start:].startswith(beginnings):
            return kind
    kinds = {b"1": "pbm", b"4": "pbm", b"2": "pgm", b"5": "pgm", b"3": "ppm", b"6": "ppm"}
    return kinds.get(h[1:2]) if h[:1] == b"P" and h[2:3].isspace() else None
