"""Photos to arrays: paths and arrays, read and checked. NumPy and OpenCV; no TensorFlow."""

import glob
import os
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

import cv2
import numpy as np

from .._types import ImageLike, ImagesLike, PathLike
from ..errors import PhotoError
from ..files.reading import read_bytes
from .others import plain
from .photo_sizes import JPEG, check_size, is_cut_off

SMALLEST = 2  # pixels per side; a single pixel has no place to point at

MOST_BYTES = 1 << 31  # of a photo's file


class Pictures(Sequence[np.ndarray]):
    """Pictures of what a net is fed, (N, h, w, C), to paint on; each is made when it is first looked at."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array.copy()
        self._pictures: Dict[int, np.ndarray] = {}

    def __len__(self) -> int:
        return len(self._array)

    def __getitem__(self, i: Any) -> Any:
        if i not in self._pictures:
            self._pictures[i] = picture(self._array[i])
        return self._pictures[i]


class Batch(NamedTuple):
    """What is to be explained: photos (uint8, any sizes) or one array that is fed as it is."""

    photos: Sequence[np.ndarray]  # (H, W, 3) uint8 RGB each
    array: Optional[np.ndarray]  # (N, h, w, C) floating point, or None
    files: List[Optional[bytes]]  # the bytes that each photo was read from; None where it came as an array
    names: Sequence[str] = ()  # of each photo the path, or photo-0, photo-1, …


SUFFIXES = (".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")  # of photos in a folder


def photos_in(folder: Union[PathLike, Sequence[PathLike]]) -> List[str]:
    """Return the paths of the photos in a folder and in those in it, by their suffixes, sorted; of a list each one's.

    Hidden files and folders are left out, and links to folders are not followed. An item may be a pattern, as of
    expand(). Raises PhotoError for a folder that cannot be read, or that has none.
    """
    if not isinstance(folder, (str, os.PathLike)):
        return [path for item in folder for path in expand(item)]
    top = os.fspath(folder)

    def fail(error: OSError) -> None:
        raise PhotoError(f"{error.filename}: {error.strerror or error}; give a folder of photos") from error

    paths = []
    for place, inner, names in os.walk(top, onerror=fail):
        inner[:] = [name for name in inner if not name.startswith(".")]
        shown = [name for name in names if name.lower().endswith(SUFFIXES) and not name.startswith(".")]
        paths += [os.path.join(place, name) for name in shown]
    if not paths:
        raise PhotoError(f"{top}: no photos in it ({', '.join(SUFFIXES)})")
    return sorted(paths, key=lambda path: path.split(os.sep))


def expand(item: PathLike) -> List[str]:
    """Return the paths of photos that a path stands for: a folder for those in it, a pattern for what it matches.

    A pattern has `*`, `?`, `[…]` or `**`; one without a suffix of its own matches photos only. A file of such a name is
    meant itself. Raises PhotoError for a folder or a pattern without photos.
    """
    path = os.fspath(item)
    if os.path.isdir(path):
        return photos_in(path)
    if os.path.lexists(path) or glob.escape(path) == path:
        return [path]
    suffix = os.path.splitext(path)[1]
    every = not suffix or glob.escape(suffix) != suffix
    matches = [one for one in sorted(glob.glob(path, recursive=True)) if not os.path.isdir(one)]
    paths = [one for one in matches if not every or one.lower().endswith(SUFFIXES)]
    if not paths:
        raise PhotoError(f"{path}: no photos match this pattern")
    return paths


def read_file(path: PathLike) -> bytes:
    """Return the bytes of a photo's file; raise PhotoError where there are none."""
    data = read_bytes(path, PhotoError, MOST_BYTES)
    if not data:
        raise PhotoError(f"{path}: the file is empty")
    return data


def decode(data: bytes, name: str) -> np.ndarray:
    """Decode a photo to (H, W, 3) uint8 RGB.

    Grey becomes three equal channels, alpha is left out, 16 bits become their upper 8, and a photo that a camera
    stored turned (EXIF) is turned upright. Of several frames or pages it is the first. Raises PhotoError for what is
    no photo, smaller than 2 x 2, or larger than photo_sizes.MOST, which is found before it is unpacked.
    """
    check_size(data, name)
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise PhotoError(f"{name}: not a photo that OpenCV can read ({error.err})") from error
    if image is None or is_cut_off(data):
        raise PhotoError(f"{name}: not a photo that OpenCV can read, or a damaged one")
    return check_photo(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), name)


def check_photo(image: np.ndarray, name: str) -> np.ndarray:
    """Return `image` if it is a uint8 RGB photo that can be explained; raise PhotoError if not."""
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[-1] != 3:
        raise PhotoError(
            f"{name} is {image.dtype} {image.shape}; give photos as uint8 RGB (H, W, 3), one or a list, "
            "or what the net is fed as floating point (N, h, w, C)"
        )
    height, width = image.shape[:2]
    if min(height, width) < SMALLEST:
        raise PhotoError(f"{name} is {width} x {height}: too small to explain; give at least {SMALLEST} x {SMALLEST}")
    return image


def encode(batch: Batch) -> List[bytes]:
    """Return what a net that decodes photos by itself is fed: an upright JPEG as it came, any other as lossless PNG."""
    pairs = zip(batch.photos, batch.files)
    return [data if data and _is_upright_jpeg(data, photo) else _encode_png(photo) for photo, data in pairs]


def _is_upright_jpeg(data: bytes, image: np.ndarray) -> bool:
    if not data.startswith(JPEG):
        return False
    stored = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    return stored is not None and np.array_equal(stored[..., ::-1], image)


def _encode_png(image: np.ndarray) -> bytes:
    return cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1].tobytes()


def _read(item: ImageLike, name: str) -> Tuple[np.ndarray, Optional[bytes]]:
    if isinstance(item, (str, os.PathLike)):
        data = read_file(item)
        return decode(data, os.fspath(item)), data
    return check_photo(np.asarray(item), name), None


def as_batch(images: ImagesLike) -> Batch:
    """Read images: a path, a folder, a pattern, a uint8 photo, a list of any, a floating-point batch, or a Batch.

    Photos may be Pillow images, and arrays tensors that have their values: see others.plain; what is read already is
    returned as it is. Raises PhotoError for anything else; the type decides, never the range of the values.
    """
    if isinstance(images, Batch):
        return images
    images = plain(images, "the image")
    if isinstance(images, np.ndarray) and np.issubdtype(images.dtype, np.floating):
        if images.ndim != 4 or not images.shape[0]:
            raise PhotoError(f"floating-point images are fed as they are, as (N, h, w, C); this is {images.shape}")
        return Batch(Pictures(images), images, [], _numbered(len(images)))
    items = _items(images)
    if not items:
        raise PhotoError("no photos were given")
    if all(isinstance(item, np.ndarray) and np.issubdtype(item.dtype, np.floating) for item in items):
        return as_batch(_stack(items))
    photos, files = zip(*(_read(item, f"photo {i}") for i, item in enumerate(items)))
    names = [item if isinstance(item, str) else number for item, number in zip(items, _numbered(len(items)))]
    return Batch(list(photos), None, list(files), names)


def join_batches(batches: Sequence[Batch]) -> Batch:
    """Return the photos of several batches, none of them an array, as one."""
    photos, files, names = (
        [one for batch in batches for one in getattr(batch, key)] for key in ("photos", "files", "names")
    )
    return Batch(photos, None, files, names)


def _items(images: Any) -> List[Any]:
    """Return images one by one, as paths and arrays; folders and patterns are what they stand for."""
    single = isinstance(images, (str, os.PathLike)) or (isinstance(images, np.ndarray) and images.ndim != 4)
    try:
        items = [images] if single else list(images)
    except TypeError:
        known = "a path, uint8 RGB (H, W, 3), a list of either, or floating point (N, h, w, C)"
        raise PhotoError(f"{images!r} is no photo: give {known}") from None
    each = [expand(one) if isinstance(one, (str, os.PathLike)) else [one] for one in items]
    return [plain(one, f"photo {i}") for i, one in enumerate(one for some in each for one in some)]


def _numbered(count: int) -> List[str]:
    return [f"photo-{i}" for i in range(count)]


def _stack(items: Sequence[np.ndarray]) -> np.ndarray:
    shapes = {item.shape for item in items}
    if len(shapes) > 1:
        raise PhotoError(f"floating-point images are fed as one array, and these differ in shape: {sorted(shapes)}")
    return np.stack(items)


def picture(array: np.ndarray) -> np.ndarray:
    """Stretch one (h, w, C) array, whatever its range, to a uint8 RGB picture that a map can be painted on."""
    image = np.nan_to_num(np.asarray(array, np.float64))
    image = image[..., :3] if image.shape[-1] >= 3 else np.repeat(image[..., :1], 3, -1)
    low, high = image.min(), image.max()
    scaled = (image - low) / (high - low) if high > low else np.zeros_like(image)
    return np.round(255 * scaled).astype(np.uint8)
