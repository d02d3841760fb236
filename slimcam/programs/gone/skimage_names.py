"""Names of scikit-image that went, as they were."""

import functools
from typing import Any, Callable, Optional, Tuple

import numpy as np


def as_grey(real: Callable) -> Callable:
    """Return skimage.io.imread that takes as_grey=."""

    @functools.wraps(real)
    def imread(*args: Any, **kwargs: Any) -> Any:
        if "as_grey" in kwargs:
            kwargs["as_gray"] = kwargs.pop("as_grey")
        return real(*args, **kwargs)

    return imread


def multichannel(real: Callable) -> Callable:
    """Return a function that takes multichannel=True for channel_axis=-1."""
    import inspect

    if "multichannel" in inspect.signature(real).parameters:
        return real

    @functools.wraps(real)
    def function(*args: Any, **kwargs: Any) -> Any:
        return real(*args, **_with_axis(kwargs))

    return function


def _with_axis(kwargs: Any) -> Any:
    """Return keywords with channel_axis in the place of multichannel."""
    several = kwargs.pop("multichannel", None)
    return kwargs if several is None else {"channel_axis": -1 if several else None, **kwargs}


def _range_of(image: Any) -> float:
    """Return how far the values of a type reach, as compare_ssim had it: -1 to 1 for floats."""
    dtype = np.asarray(image).dtype
    if dtype.kind in "iu":
        return float(np.iinfo(dtype).max) - float(np.iinfo(dtype).min)
    return 1.0 if dtype.kind == "b" else 2.0


def compare_ssim(
    X: np.ndarray,
    Y: np.ndarray,
    win_size: Optional[int] = None,
    gradient: bool = False,
    data_range: Optional[float] = None,
    multichannel: bool = False,
    gaussian_weights: bool = False,
    full: bool = False,
    **kwargs: Any,
) -> Any:
    """Return the mean structural similarity of two images."""
    from skimage.metrics import structural_similarity

    options = dict(win_size=win_size, gradient=gradient, gaussian_weights=gaussian_weights, full=full, **kwargs)
    options["data_range"] = _range_of(X) if data_range is None else data_range
    return structural_similarity(X, Y, channel_axis=-1 if multichannel else None, **options)


structural_similarity = compare_ssim


def compare_psnr(im_true: np.ndarray, im_test: np.ndarray, data_range: Optional[float] = None) -> float:
    """Return the ratio of peak signal to noise, in dB."""
    from skimage.metrics import peak_signal_noise_ratio

    return peak_signal_noise_ratio(im_true, im_test, data_range=data_range)


def compare_nrmse(im_true: np.ndarray, im_test: np.ndarray, norm_type: str = "Euclidean") -> float:
    """Return the normalised root of the mean squared error."""
    from skimage.metrics import normalized_root_mse

    return normalized_root_mse(im_true, im_test, normalization=norm_type.lower())


def threshold_adaptive(
    image: np.ndarray,
    block_size: int,
    method: str = "gaussian",
    offset: float = 0,
    mode: str = "reflect",
    param: Any = None,
) -> np.ndarray:
    """Return where an image is above the threshold of its neighbourhood, bool."""
    from skimage.filters import threshold_local

    return image > threshold_local(image, block_size, method, offset, mode, param)


def circle(r: float, c: float, radius: float, shape: Optional[Tuple[int, ...]] = None) -> Any:
    """Return the rows and the columns of the pixels of a disk."""
    from skimage.draw import disk

    return disk((r, c), radius, shape=shape)
