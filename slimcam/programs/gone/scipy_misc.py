"""Images as scipy.misc had them until SciPy 1.2, to the last grey level; by Pillow, as there."""

from typing import Any, Callable, Optional, Sequence, Tuple, Union

import numpy as np

from ..._packages import pip_line
from ...errors import MissingPackage
from . import pil_names

__all__ = ["bytescale", "fromimage", "imfilter", "imread", "imresize", "imrotate", "imsave", "imshow", "toimage"]

# The numbers that Pillow has for its filters.
_FILTERS = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "cubic": 3}
_KERNELS = [
    "blur",
    "contour",
    "detail",
    "edge_enhance",
    "edge_enhance_more",
    "emboss",
    "find_edges",
    "smooth",
    "smooth_more",
    "sharpen",
]
_CHANNELS = {"RGB": 3, "YCbCr": 3, "RGBA": 4, "CMYK": 4}


def _pillow(name: str) -> Any:
    """Return a module of Pillow; raise MissingPackage where that is not installed."""
    try:
        return __import__(f"PIL.{name}", fromlist=[name])
    except ImportError as error:
        raise MissingPackage(f"images of scipy.misc need Pillow: {pip_line('PIL')}") from error


def bytescale(data: np.ndarray, cmin: Any = None, cmax: Any = None, high: int = 255, low: int = 0) -> np.ndarray:
    """Return an array as uint8 with cmin, its least value if left out, at `low`, and cmax, its greatest, at `high`.

    uint8 is returned as it is.
    """
    if data.dtype == np.uint8:
        return data
    if high > 255:
        raise ValueError("`high` should be less than or equal to 255.")
    if low < 0:
        raise ValueError("`low` should be greater than or equal to 0.")
    if high < low:
        raise ValueError("`high` should be greater than or equal to `low`.")
    least = data.min() if cmin is None else cmin
    span = (data.max() if cmax is None else cmax) - least
    if span < 0:
        raise ValueError("`cmax` should be larger than `cmin`.")
    # Python's numbers, so that float32 stays float32 under the rules of NumPy 2 as under those of NumPy 1.
    scale = float(high - low) / (float(span) or 1.0)
    return ((_less(data, least) * scale + low).clip(low, high) + 0.5).astype(np.uint8)


def _less(data: np.ndarray, number: Any) -> np.ndarray:
    """Return data - number in the type that NumPy 1 gave: a number that does not fit widens the type."""
    plain = number.item() if isinstance(number, (np.generic, np.ndarray)) else number
    if data.dtype.kind in "iu" and isinstance(plain, int):
        return np.subtract(data, plain, dtype=np.result_type(data.dtype, np.min_scalar_type(plain)))
    return data - plain


def imread(name: Any, flatten: bool = False, mode: Optional[str] = None) -> np.ndarray:
    """Return the image in a file as an array: uint8 (h, w), (h, w, 3) or (h, w, 4); float32 (h, w) if `flatten`."""
    image = _pillow("Image").open(name)
    if image.format == "PNG" and image.mode.startswith("I;16"):
        image = image.convert("I")  # as Pillow opened them itself, before release 10
    return fromimage(image, flatten, mode)


def fromimage(im: Any, flatten: bool = False, mode: Optional[str] = None) -> np.ndarray:
    """Return a Pillow image as an array: palettes as colours, one bit as 0 and 255, as float32 grey if `flatten`."""
    if not isinstance(im, _pillow("Image").Image):
        raise TypeError("Input is not a PIL image.")
    if mode is not None:
        im = im if mode == im.mode else pil_names.convert(type(im).convert)(im, mode)
    elif im.mode == "P":
        im = im.convert("RGBA" if "transparency" in im.info else "RGB")
    if flatten:
        im = im.convert("F")
    elif im.mode == "1":
        im = im.convert("L")
    return np.array(im)


def toimage(
    arr: Any,
    high: int = 255,
    low: int = 0,
    cmin: Any = None,
    cmax: Any = None,
    pal: Any = None,
    mode: Optional[str] = None,
    channel_axis: Optional[int] = None,
) -> Any:
    """Return an array as a Pillow image: (h, w), or one of three axes of which one has 3 or 4 channels.

    Everything but uint8 is scaled by bytescale; mode "F" keeps floats, "I" scales into integers.
    """
    data = np.asarray(arr)
    if np.iscomplexobj(data):
        raise ValueError("Cannot convert a complex-valued array.")
    if data.ndim == 2:
        return _grey(data, high, low, cmin, cmax, pal, mode)
    if data.ndim != 3 or not {3, 4} & set(data.shape):
        raise ValueError("'arr' does not have a suitable array shape for any mode.")
    if channel_axis is None:
        channel_axis = data.shape.index(3) if 3 in data.shape else data.shape.index(4)
    channels = data.shape[channel_axis]
    if channels not in (3, 4):
        raise ValueError("Channel axis dimension is not valid.")
    mode = mode or {3: "RGB", 4: "RGBA"}[channels]
    if mode not in _CHANNELS:
        raise ValueError("Mode is unknown or incompatible with input array shape.")
    if _CHANNELS[mode] != channels:
        raise ValueError("Invalid array shape for mode.")
    pixels = np.moveaxis(bytescale(data, cmin, cmax, high, low), channel_axis, 2)
    return _pillow("Image").frombytes(mode, pixels.shape[1::-1], pixels.tobytes())


def _grey(
    data: np.ndarray,
    high: int = 255,
    low: int = 0,
    cmin: Any = None,
    cmax: Any = None,
    pal: Any = None,
    mode: Optional[str] = None,
) -> Any:
    """Return an (h, w) array as a Pillow image."""
    frombytes, size = _pillow("Image").frombytes, data.shape[::-1]
    if mode == "F":
        return frombytes("F", size, data.astype(np.float32).tobytes())
    if mode == "1":
        return frombytes("1", size, (data > high).tobytes())
    if mode in (None, "L", "P"):
        image = frombytes("L", size, bytescale(data, cmin, cmax, high, low).tobytes())
        if pal is None and mode == "P":
            pal = np.repeat(np.arange(256), 3)
        if pal is not None:
            image.putpalette(np.asarray(pal, dtype=np.uint8).tobytes())
        return image
    if mode != "I":
        raise ValueError("Mode is unknown or incompatible with input array shape.")
    least, most = (data.min() if cmin is None else cmin), (data.max() if cmax is None else cmax)
    scaled = _less(data * 1.0, least) * (high - low) / float(most - least) + low
    return frombytes("I", size, scaled.astype(np.uint32).tobytes())


def imsave(name: Any, arr: Any, format: Optional[str] = None) -> None:
    """Write an array, (h, w), (h, w, 3) or (h, w, 4), as an image; everything but uint8 is scaled to 0 to 255."""
    image = toimage(arr, channel_axis=2)
    image.save(name, *([] if format is None else [format]))


def imresize(
    arr: Any, size: Union[int, float, Sequence[int]], interp: str = "bilinear", mode: Optional[str] = None
) -> np.ndarray:
    """Return an array as an image of another size: a percentage (int), a fraction (float), or (h, w), (h, w, channels).

    The values are scaled to 0 to 255 first, unless they are uint8.
    """
    image = toimage(arr, mode=mode)
    width_height: Tuple[int, int]
    if np.issubdtype(type(size), np.signedinteger):
        width_height = _times(image.size, size / 100.0)  # type: ignore[operator]
    elif np.issubdtype(type(size), np.floating):
        width_height = _times(image.size, size)  # type: ignore[arg-type]
    else:
        width_height = (int(size[1]), int(size[0]))  # type: ignore[index]
    return fromimage(pil_names.resize(type(image).resize)(image, width_height, _FILTERS[interp]))


def _premultiplied(image: Any, change: Callable[[Any], Any]) -> Any:
    """Change an image with its colours times its alpha, as Pillow did before release 7 for "nearest", too."""
    return change(image.convert("RGBa")).convert("RGBA") if image.mode == "RGBA" else change(image)


def _times(size: Tuple[int, int], factor: float) -> Tuple[int, int]:
    width, height = (np.array(size) * float(factor)).astype(int).tolist()
    return width, height


def imrotate(arr: Any, angle: float, interp: str = "bilinear") -> np.ndarray:
    """Return an array as an image turned by an angle in degrees, counter-clockwise, black where nothing was."""
    image, resample = toimage(arr), _FILTERS[interp]
    if angle % 360 in (0, 180) or (angle % 90 == 0 and image.width == image.height):
        return fromimage(image.rotate(angle))  # exactly, by exchanging pixels
    return fromimage(_premultiplied(image, lambda pixels: pixels.rotate(angle, resample=resample)))


def imfilter(arr: Any, ftype: str) -> np.ndarray:
    """Return an array as an image after one of Pillow's filters: "blur", "contour", "detail", "sharpen" …"""
    if ftype not in _KERNELS:
        raise ValueError("Unknown filter type.")
    return fromimage(toimage(arr).filter(getattr(_pillow("ImageFilter"), ftype.upper())))


def imshow(arr: Any) -> None:
    """Show an array as an image, in the viewer that Pillow finds."""
    toimage(arr).show()
