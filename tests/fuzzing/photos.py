"""Kind: photos of the formats that OpenCV reads, changed in their bytes and by their own fields."""

import struct
import zlib
from random import Random
from typing import Any, Dict

import cv2
import numpy as np

from .case import Case
from .documents import whole
from .mutations import damage
from .runs import PHOTO, Came, close, explain_photos, loaded

SUFFIXES = "png", "jpg", "bmp", "webp", "tif", "ppm", "pgm", "pbm", "jp2", "hdr", "pfm", "ras", "gif", "avif", "exr"


def bases() -> Dict[str, Case]:
    """Return a photo in each format that this OpenCV writes."""
    found = {}
    model = whole().files
    for suffix in SUFFIXES:
        for name, image in {"": PHOTO, "grey_": PHOTO[..., 0], "deep_": PHOTO.astype(np.uint16) * 256}.items():
            try:
                written, data = cv2.imencode(f".{suffix}", image)
            except cv2.error:
                continue
            if written and cv2.imdecode(data, cv2.IMREAD_COLOR) is not None:
                base = f"{name}{suffix}"
                found[base] = Case({**model, f"photo.{suffix}": data.tobytes()}, f"photo.{suffix}", {}, base)
    return found


def mutate(random: Random, case: Case) -> Case:
    """Change bytes of a photo; at times a field of its header, whose checksum then fits again."""
    data = case.files[case.entry]
    if case.entry.endswith(".png") and random.random() < 0.5:
        return case.with_file(case.entry, *_png(random, data))
    for _ in range(random.choice((0, 0, 1, 4))):
        data = damage(random, data)[0]
    return case.with_file(case.entry, *damage(random, data))


def _png(random: Random, data: bytes) -> Any:
    """Change the header of a PNG, with a checksum that fits: its size, depth, colours or interlacing."""
    names = ("width", "height", "depth", "colours", "packing", "filter", "interlacing")
    fields = list(struct.unpack(">IIBBBBB", data[16:29]))
    at = random.randrange(len(fields))
    fields[at] = (
        random.choice((0, 1, 2, 3, 4, 6, 16, 255)) if at > 1 else random.choice((0, 1, 5, 20, 2**14, 2**20, 2**31 - 1))
    )
    header = b"IHDR" + struct.pack(">IIBBBBB", *fields)
    return data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:], f"{names[at]} {fields[at]}"


_MODEL: Dict[str, Any] = {}


def explain(path: str, options: Dict[str, Any]) -> Came:
    """Explain the photo by a model that is loaded once."""
    if not _MODEL:
        _MODEL["model"] = loaded("model.pb", {"preprocess": "squash"})
    came = explain_photos(_MODEL["model"], [path])
    return came._replace(names={})


def truth(path: str, case: Case, came: Came) -> bool:
    """Whether the photo that maps are painted on is what OpenCV makes of the file."""
    found = cv2.imdecode(np.frombuffer(case.files[case.entry], np.uint8), cv2.IMREAD_COLOR)
    rgb = found[..., ::-1] if found.ndim == 3 else np.repeat(found[..., None], 3, -1)  # of a grey .pfm it is 2-D
    return close(came.numbers["photo"], rgb)
