"""A photo's size is read before it is unpacked, and what is no file is said at once."""

import os
import re
import struct
import time
import zlib

import cv2
import numpy as np
import pytest

from slimcam.errors import PhotoError
from slimcam.inputs import photo_sizes
from slimcam.inputs.photos import as_batch, decode

GIGA = 100_000  # of a side: 10 gigapixels
ENDINGS = (".png", ".jpg", ".bmp", ".ppm", ".tif", ".webp", ".jp2")


def png(width, height):
    """Return a PNG of a size whose pixels are packed zeros, as far as they go."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1 << 20))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def tiff(order, width, height, tile=None, big=False):
    """Return the head of a TIFF with the sizes of the image and of its tiles."""
    kind, entry = ("H", "Q") if big else ("H", "I")
    tags = {256: width, 257: height, **({322: tile, 323: tile} if tile else {})}
    start = struct.pack(order + "HHHQ", 43, 8, 0, 16) if big else struct.pack(order + "HI", 42, 8)
    entries = [struct.pack(order + "HH" + 2 * entry, tag, 16 if big else 4, 1, size) for tag, size in tags.items()]
    count = struct.pack(order + ("Q" if big else kind), len(tags))
    return {"<": b"II", ">": b"MM"}[order] + start + count + b"".join(entries)


def jpeg(width, height):
    """Return the head of a progressive JPEG, after a comment that holds a false one."""
    false = b"\xff\xc0\x00\x11\x08\x00\x02\x00\x02\x03"
    comment = b"\xff\xfe" + struct.pack(">H", 2 + len(false)) + false
    return b"\xff\xd8" + comment + b"\xff\xff\xc2\x00\x11\x08" + struct.pack(">HH", height, width) + bytes(9)


BOMBS = {
    "png": png(GIGA, GIGA),
    "jpeg": jpeg(65000, 65000),
    "bmp": b"BM" + bytes(12) + struct.pack("<Iii", 40, GIGA, -GIGA),
    "old bmp": b"BM" + bytes(12) + struct.pack("<IHH", 12, 65000, 65000),
    "gif": b"GIF89a" + struct.pack("<HH", 65000, 65000),
    "webp": b"RIFF\0\0\0\0WEBPVP8X" + bytes(8) + (GIGA - 1).to_bytes(3, "little") * 2,
    "tiff": tiff("<", GIGA, GIGA),
    "tiff of tiles": tiff(">", 100, 100, tile=GIGA),
    "big tiff": tiff("<", GIGA, GIGA, big=True),
    "pnm": b"P6 # 2 2\n%d\n%d 255\n" % (GIGA, GIGA),
    "pam": b"P7\nWIDTH %d\nHEIGHT %d\nENDHDR\n" % (GIGA, GIGA),
    "jpeg 2000": b"\0\0\0\x0cjP  \r\n\x87\n" + b"\0\0\0\x16ihdr" + struct.pack(">II", GIGA, GIGA),
    "codestream": b"\xff\x4f\xff\x51\0\x29\0\0" + struct.pack(">II", GIGA, GIGA),
    "sun raster": b"\x59\xa6\x6a\x95" + struct.pack(">II", GIGA, GIGA),
    "radiance": b"#?RADIANCE\n\n-Y %d +X %d\n" % (GIGA, GIGA),
    "avif": b"\0\0\0\x1cftypavif" + bytes(16) + b"\0\0\0\x14ispe" + bytes(4) + struct.pack(">II", GIGA, GIGA),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_ten_gigapixels_are_refused_before_they_are_unpacked(kind):
    with pytest.raises(PhotoError, match=r"^a bomb: \d+ x \d+: more than the 268435456 pixels that are unpacked$"):
        decode(BOMBS[kind], "a bomb")


@pytest.mark.parametrize("ending", ENDINGS)
def test_headers_of_real_photos_are_read(ending, photo):
    data = cv2.imencode(ending, photo(35, 37))[1].tobytes()
    readers = [read for magic, place, read in photo_sizes._FORMATS if data[place:].startswith(magic)]
    sizes = [size for read in readers for size in read(data)]
    assert ending == ".webp" or {tuple(sorted(size)) for size in sizes} == {(35, 37)}
    assert decode(data, "a photo").shape == (35, 37, 3)


def test_a_photo_of_a_hundred_megapixels_is_none_too_many():
    assert 100e6 < photo_sizes.MOST < 1e9
    photo_sizes.check_size(png(10_000, 10_000), "a photo")


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_a_photo_that_was_cut_off_is_said(ending, share, photo):
    data = cv2.imencode(ending, photo(32, 32))[1].tobytes()
    with pytest.raises(PhotoError, match="not a photo that OpenCV can read"):
        decode(data[: int(share * len(data))], "a photo")


@pytest.mark.parametrize("lost", [1, 2, 40, 400])
def test_a_jpeg_that_was_cut_off_is_known_whatever_opencv_makes_of_it(lost, photo):
    data = cv2.imencode(".jpg", photo(32, 32))[1].tobytes()
    thumbnail = b"\xff\xe1" + struct.pack(">H", 2 + len(data)) + data  # which has an end of its own
    whole = data[:2] + thumbnail + data[2:]
    assert not photo_sizes.is_cut_off(whole) and not photo_sizes.is_cut_off(whole + b"trailer")
    assert photo_sizes.is_cut_off(whole[:-lost])


@pytest.mark.parametrize("kind", BOMBS)
def test_a_header_that_was_cut_off_is_said(kind):
    for length in range(2, min(len(BOMBS[kind]), 60), 3):
        with pytest.raises(PhotoError):
            decode(BOMBS[kind][:length], "a photo")


def test_of_several_frames_the_first_is_meant(photo, tmp_path):
    image = pytest.importorskip("PIL.Image", reason="needs Pillow to write several frames")
    first = photo(6, 4)
    for kind in ("PNG", "TIFF"):
        frames = [image.fromarray(first), image.fromarray(255 - first)]
        frames[0].save(str(tmp_path / kind), kind, save_all=True, append_images=frames[1:])
        np.testing.assert_array_equal(as_batch(tmp_path / kind).photos[0], first)


def make(kind, path):
    """Put something that is no file at a path."""
    {"pipe": os.mkfifo, "folder": os.mkdir}.get(kind, lambda path: os.symlink(kind, path))(path)


@pytest.mark.parametrize(
    "kind, why",
    [
        ("pipe", "a pipe, not a file"),
        ("/dev/zero", "a device, not a file"),
        ("/dev/stdin", r"(a \w+, not a file|.*)"),
        ("/proc/self/maps", "the file is empty"),
        ("loop.png", "Too many levels of symbolic links"),
    ],
)
def test_what_is_no_file_is_said_at_once(kind, why, tmp_path):
    path = str(tmp_path / "loop.png")
    make(kind, path)
    start = time.perf_counter()
    with pytest.raises(PhotoError, match=f"^{re.escape(path)}: {why}$"):
        as_batch(path)
    assert time.perf_counter() - start < 2


def test_a_file_that_says_it_is_huge_is_not_read(tmp_path):
    path = tmp_path / "huge.png"
    with open(str(path), "wb") as file:
        file.truncate(1 << 40)  # takes no room
    with pytest.raises(PhotoError, match=r"huge\.png: it has 1099511627776 bytes, and no such file has more than"):
        as_batch(path)
