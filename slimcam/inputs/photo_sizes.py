"""How large a photo is by the header of its file, before it is unpacked: a few kilobytes may stand for gigapixels.

Each reader returns the widths and heights that a header declares, of tiles too, and may raise what a damaged one leads
to. OpenCV checks the rest as it decodes, and by itself refuses more than 2^30 pixels of formats that are not listed.
"""

import re
import struct
from typing import Callable, Iterator, List, Sequence, Tuple

from ..errors import PhotoError

MOST = 1 << 28  # pixels: 268 million, 0.8 GB as RGB; the largest cameras have 150 million
_TIFF_KINDS = {3: "H", 4: "I", 16: "Q"}  # of numbers, by their number in the format
_TIFF_SIZES = ((256, 257), (322, 323))  # tags of width and height, of the image and of its tiles
JPEG = b"\xff\xd8\xff"
_JPEG_PIXELS, _JPEG_END = 0xDA, b"\xff\xd9"
_JPEG_ALONE = (0x01, *range(0xD0, 0xD9))  # markers without a length
_JPEG_FRAMES = tuple(n for n in range(0xC0, 0xD0) if n not in (0xC4, 0xC8, 0xCC))

Sizes = Sequence[Tuple[int, int]]


def check_size(data: bytes, name: str) -> None:
    """Raise PhotoError for a photo of more pixels than MOST, by what its header says."""
    for magic, place, sizes_of in _FORMATS:
        if data[place : place + len(magic)] == magic:
            try:
                sizes = sizes_of(data)
            except (struct.error, IndexError, ValueError):  # OpenCV says what it makes of a damaged header
                return
            for width, height in sizes:
                if width * height > MOST:
                    raise PhotoError(f"{name}: {width} x {height}: more than the {MOST} pixels that are unpacked")
            return


def _at(form: str, place: int) -> Callable[[bytes], Sizes]:
    """Return the reader of a width and a height that stand at a place."""

    def read(data: bytes) -> Sizes:
        width, height = struct.unpack_from(form, data, place)
        return [(abs(width), abs(height))]

    return read


def _jpeg_parts(data: bytes) -> Iterator[Tuple[int, int]]:
    """Yield the marker and the place of each part before the pixels, and of these."""
    place = 2
    while place < len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xFF or marker in _JPEG_ALONE:
            place += 1 if marker == 0xFF else 2
            continue
        yield marker, place
        place += 2 + max(2, struct.unpack_from(">H", data, place + 2)[0])


def _jpeg(data: bytes) -> Sizes:
    for marker, place in _jpeg_parts(data):
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, place + 5)
            return [(width, height)]
    return []


def is_cut_off(data: bytes) -> bool:
    """Whether a JPEG ends before its pixels do: OpenCV before release 5 makes grey of what lacks, without a word."""
    if data[:3] != JPEG:
        return False
    try:
        pixels = next((place for marker, place in _jpeg_parts(data) if marker == _JPEG_PIXELS), None)
    except (struct.error, IndexError):
        return True
    return pixels is not None and data.find(_JPEG_END, pixels) < 0


def _bmp(data: bytes) -> Sizes:
    old = struct.unpack_from("<I", data, 14)[0] == 12
    return _at("<HH" if old else "<ii", 18)(data)


def _webp(data: bytes) -> Sizes:
    kind = data[12:16]
    if kind == b"VP8X":
        return [(1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little"))]
    return []  # of the other kinds a side has 14 bits, and so they have at most 2^28 pixels


def _tiff(data: bytes) -> Sizes:
    order = "<" if data[:2] == b"II" else ">"
    big = struct.unpack_from(order + "H", data, 2)[0] == 43
    start = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)[0]
    count = struct.unpack_from(order + ("Q" if big else "H"), data, start)[0]
    start, step = start + (8 if big else 2), 20 if big else 12
    tags = {}
    for i in range(min(count, 1 << 12)):
        tag, kind = struct.unpack_from(order + "HH", data, start + i * step)
        if kind in _TIFF_KINDS:
            tags[tag] = struct.unpack_from(order + _TIFF_KINDS[kind], data, start + i * step + (12 if big else 8))[0]
    return [(tags[width], tags[height]) for width, height in _TIFF_SIZES if width in tags and height in tags]


def _plain(data: bytes) -> Sizes:
    """Read PNM, PAM and PFM: words and comments."""
    head = re.sub(rb"#[^\n]*", b"", data[:4096])
    if head.startswith(b"P7"):
        sides = [re.search(key + rb"\s+(\d+)", head) for key in (b"WIDTH", b"HEIGHT")]
        return [(int(sides[0][1]), int(sides[1][1]))] if sides[0] and sides[1] else []
    return [(int(head.split()[1]), int(head.split()[2]))]


def _boxes(kind: bytes, flags: int) -> Callable[[bytes], Sizes]:
    """Return the reader of width and height in the boxes of a kind, after so many bytes: of AVIF and JPEG 2000."""

    def read(data: bytes) -> Sizes:
        places = [match.end() + flags for match in re.finditer(kind, data[: 1 << 16])]
        return [size for place in places for size in _at(">II", place)(data)]

    return read


def _codestream(data: bytes) -> Sizes:
    return _at(">II", 8)(data)


def _jpeg2000(data: bytes) -> Sizes:
    height_first = _boxes(b"ihdr", 0)(data)
    inside = data.find(b"\xff\x4f\xff\x51", 0, 1 << 16)
    return [*height_first, *(_codestream(data[inside:]) if inside >= 0 else ())]


def _radiance(data: bytes) -> Sizes:
    sides = re.search(rb"\n[-+][XY] (\d+) [-+][XY] (\d+)\n", data[: 1 << 16])
    return [(int(sides[1]), int(sides[2]))] if sides else []


# How a file begins, at which byte, and what reads its size.
_FORMATS: List[Tuple[bytes, int, Callable[[bytes], Sizes]]] = [
    (b"\x89PNG\r\n\x1a\n", 0, _at(">II", 16)),
    (JPEG, 0, _jpeg),
    (b"WEBP", 8, _webp),
    *((magic, 0, _tiff) for magic in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
    (b"BM", 0, _bmp),
    (b"GIF8", 0, _at("<HH", 6)),
    *((b"P" + kind, 0, _plain) for kind in (b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"f", b"F")),
    (b"jP  ", 4, _jpeg2000),
    (b"\xff\x4f\xff\x51", 0, _codestream),
    (b"\x59\xa6\x6a\x95", 0, _at(">II", 4)),
    (b"#?", 0, _radiance),
    (b"ftypavi", 4, _boxes(b"ispe", 4)),
]
