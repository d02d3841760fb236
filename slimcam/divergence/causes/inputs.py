"""What is fed: the order of its channels, its range, and how photos were prepared."""

import functools
from typing import Callable, Dict, Iterator, Optional, Tuple, Union

import numpy as np

from ..._types import Tensor
from ...inputs import preprocess
from .case import Case, Trial, Trials
from .resizing import prepare_photos

Map = Callable[[np.ndarray], np.ndarray]
Scale = Union[float, np.ndarray]  # one number, or one for each channel
Range = Tuple[Scale, Scale]

_MEAN, _DEVIATION = np.array(preprocess.TORCH_MEAN), np.array(preprocess.TORCH_DEVIATION)
# Usual ranges of RGB pictures: what 0 to 255 is multiplied by, and what is added then.
RANGES: Dict[str, Range] = {
    "[0, 1]": (1 / 255, 0),
    "[-1, 1]": (1 / 127.5, -1),
    "0 to 255": (1, 0),
    "0 to 255 minus the mean": (1, -np.array(preprocess.IMAGENET_MEAN)),
    "[0, 1] minus the mean, over the deviation": (1 / 255 / _DEVIATION, -_MEAN / _DEVIATION),
    "[0, 1] minus the mean": (1 / 255, -_MEAN),
    "[-0.5, 0.5]": (1 / 255, -0.5),
    "-128 to 127": (1, -128),
}
ROUNDING = 0.02  # of a range: pictures that were resized bicubically overshoot


def reverse_channels(case: Case) -> Trials:
    """Feed B with its channels reversed."""
    for start in case.pictures():
        yield Trial("reversed (BGR against RGB)", _feed(case, start, lambda array: array[..., ::-1]))


def change_range(case: Case) -> Trials:
    """Feed B with its pictures brought to another range."""
    for start in case.pictures():
        array = case.b.starts[start]
        for text, change in _changes(array, case.are_inputs()):
            yield Trial(text, _feed(case, start, change))
        if case.are_inputs() and case.target.shape == array.shape:
            axis = _channels(array)
            text, fit = _fit(np.moveaxis(array, axis, -1), np.moveaxis(case.target, axis, -1))
            yield Trial(text, np.moveaxis(fit, -1, axis))


def change_preprocessing(case: Case) -> Trials:
    """Prepare the photos for B by each other row of PREPROCESSING."""
    photos = case.photo_pipeline()
    if photos is not None:
        own = next((name for name, row in preprocess.PREPROCESSING.items() if row is photos.preprocess), "another")
        for name, row in preprocess.PREPROCESSING.items():
            if name != own:
                yield Trial(f"{name!r} in A, {own!r} in B", prepare_photos(case, row))


def _feed(case: Case, start: Tensor, change: Map) -> Optional[np.ndarray]:
    """Return B's stage with an input changed by a map that takes its channels last."""
    array = case.b.starts[start]
    axis = _channels(array)
    changed = np.moveaxis(change(np.moveaxis(array, axis, -1).astype(np.float64)), -1, axis)
    with np.errstate(all="ignore"):  # whole numbers may not hold it
        changed = changed.astype(array.dtype)
    return case.b.run({start: changed})


def _channels(array: np.ndarray) -> int:
    return 1 if array.shape[-1] not in (1, 3) and array.shape[1] in (1, 3) else -1


def _changes(array: np.ndarray, are_inputs: bool) -> Iterator[Tuple[str, Map]]:
    """Yield what makes pictures of one range pictures of another; `array` can be of the first."""
    low, high = float(array.min()), float(array.max())
    grey = array.shape[_channels(array)] != 3
    rows = {name: row for name, row in RANGES.items() if not (grey and np.size(row[1]) > 1)}
    for name, old in rows.items():
        ends = [np.min(old[1]), np.max(np.multiply(255, old[0]) + old[1])]
        slack = ROUNDING * (ends[1] - ends[0])
        if not (ends[0] - slack <= low and high <= ends[1] + slack):
            continue
        for other, new in rows.items():
            if other == name:
                continue
            # B is fed the first where its inputs differ from A's, and A's net is made for the first where they do not
            text = f"{other} in A, {name} in B" if are_inputs else f"A is made for {name}, B for {other}"
            yield text, functools.partial(_to, old=old, new=new)
            for first in (-1, 1) if not grey else ():
                change = functools.partial(_to, old=old, new=new, before=first, after=-first)
                yield f"{text}, and the channels reversed", change


def _to(array: np.ndarray, old: Range, new: Range, before: int = 1, after: int = 1) -> np.ndarray:
    """Bring pictures from one range to another; -1 reverses their channels before it, or after."""
    return ((array[..., ::before] - old[1]) / old[0] * new[0] + new[1])[..., ::after]


def _fit(b: np.ndarray, a: np.ndarray) -> Tuple[str, np.ndarray]:
    """Fit a line for each channel, from B's input to A's."""
    fit, texts = np.empty(a.shape), []
    for c in range(a.shape[-1]):
        x, y = b[..., c].astype(np.float64), a[..., c].astype(np.float64)
        slope = np.mean((x - x.mean()) * (y - y.mean())) / (x.var() or 1)
        offset = y.mean() - slope * x.mean()
        fit[..., c] = slope * b[..., c] + offset
        texts.append(f"{slope:.4g} x {offset:+.4g}")
    text = texts[0] if len(set(texts)) == 1 else "; ".join(texts)
    return f"A = {text}, where x is B", fit
