"""RECIPES: published ways to climb a score from noise to a picture. NumPy, no TensorFlow.

A recipe is three functions over arrays that hold one row per picture: what they start as, one step of them, and the
pictures that they are. All that is random is drawn from a seed, the picture's number and the step's, so the same
picture comes out whatever is climbed beside it, and an ascent that was stopped goes on as if it had not been.
"""

from typing import Callable, Dict, NamedTuple, Tuple

import numpy as np

from ..errors import UnknownName
from ..suggest import nearest
from . import spectrum, transforms
from .image_space import ImageSpace

Arrays = Dict[str, np.ndarray]
Climb = Callable[[np.ndarray], Tuple[np.ndarray, np.ndarray]]  # of what is fed: scores, (N,), and gradients
Size = Tuple[int, int]

NOISE, GREY = 20.0, 128.0  # grey levels
EPSILON = 1e-5
# tf.compat.v1.train.AdamOptimizer's, with lucid's rate.
RATE, BETA_1, BETA_2, TINY = 0.05, 0.9, 0.999, 1e-8


class Setup(NamedTuple):
    """What an ascent is about, for all of its steps."""

    space: ImageSpace
    size: Size
    seed: int


class Recipe(NamedTuple):
    """A way to climb."""

    source: str
    steps: int
    size: int  # of the pictures, where the net takes any
    head_start: int  # how many steps take gradients by the rule "redirected"
    start: Callable[[Setup, int], Arrays]  # of one picture, by its number
    step: Callable[[Setup, Arrays, int, Climb], Arrays]
    pictures: Callable[[Setup, Arrays], np.ndarray]  # (N, h, w, C) uint8


# --- the Keras book, 5.4: plain pixels


def book_start(setup: Setup, number: int) -> Arrays:
    """Return noise around a middle grey, in grey levels: `random * 20 + 128`."""
    random = np.random.RandomState([setup.seed, number])
    return {"levels": random.random_sample((*setup.size, setup.space.channels)) * NOISE + GREY}


def book_step(setup: Setup, arrays: Arrays, step: int, climb: Climb) -> Arrays:
    """Add the gradient at what the net is fed over its root mean square + 1e-5: a step of about one grey level."""
    space, levels = setup.space, arrays["levels"]
    fed = space.black + space.turn(levels) * (space.span / 255)
    _, gradients = climb(fed.astype(np.float32))
    lengths = np.sqrt(np.square(gradients).mean((1, 2, 3), keepdims=True)) + np.float32(EPSILON)
    return {"levels": levels + space.turn(gradients / lengths)}


def book_pictures(setup: Setup, arrays: Arrays) -> np.ndarray:
    """Return the pictures with mean 0.5 and standard deviation 0.1 of the range: the book's deprocess_image."""
    levels = arrays["levels"]
    inner = levels - levels.mean((1, 2, 3), keepdims=True)
    inner = inner / (inner.std((1, 2, 3), keepdims=True) + EPSILON)
    return (np.clip(inner * 0.1 + 0.5, 0, 1) * 255).astype(np.uint8)


# --- lucid: frequencies, decorrelated colours, transforms, Adam


def lucid_start(setup: Setup, number: int) -> Arrays:
    """Return small random coefficients of all frequencies, and Adam's moments."""
    random = np.random.RandomState([setup.seed, number])
    values = spectrum.coefficients(setup.size, setup.space.channels, random)
    return {"spectrum": values, "mean": np.zeros_like(values), "square": np.zeros_like(values)}


def lucid_step(setup: Setup, arrays: Arrays, step: int, climb: Climb) -> Arrays:
    """Look at the pictures through the step's transforms, and let Adam lead their coefficients up."""
    random = np.random.RandomState([setup.seed, 1 << 31, step])  # the same for all pictures, as published
    transform = transforms.standard(setup.size, setup.space.fixed, random)
    pictures = lucid_floats(setup, arrays)
    _, gradients = climb(setup.space.feed(transform.forward(pictures)).astype(np.float32))
    inner = transform.back(setup.space.back(gradients))
    return adam(arrays, "spectrum", spectrum.gradient_of(inner, pictures), step)


def lucid_floats(setup: Setup, arrays: Arrays) -> np.ndarray:
    """Return the pictures, in [0, 1]."""
    return spectrum.picture_of(arrays["spectrum"], setup.size)


def lucid_pictures(setup: Setup, arrays: Arrays) -> np.ndarray:
    """Return the pictures as lucid shows them."""
    return (lucid_floats(setup, arrays) * 255).astype(np.uint8)


def adam(arrays: Arrays, name: str, gradient: np.ndarray, step: int) -> Arrays:
    """Return the arrays after a step uphill by Adam (Kingma and Ba 2015), steps counted from 0."""
    mean = BETA_1 * arrays["mean"] + (1 - BETA_1) * gradient
    square = BETA_2 * arrays["square"] + (1 - BETA_2) * np.square(gradient)
    rate = RATE * np.sqrt(1 - BETA_2 ** (step + 1)) / (1 - BETA_1 ** (step + 1))
    values = arrays[name] + rate * mean / (np.sqrt(square) + TINY)
    return {key: array.astype(np.float32) for key, array in ((name, values), ("mean", mean), ("square", square))}


RECIPES: Dict[str, Recipe] = {
    "book": Recipe("Chollet 2018, 5.4", 40, 150, 0, book_start, book_step, book_pictures),
    # Lucid shows the picture of threshold 512 after the update with that number, which is the 513th.
    "lucid": Recipe("tensorflow/lucid", 513, 128, 17, lucid_start, lucid_step, lucid_pictures),
}


def find_recipe(name: str) -> Recipe:
    """Return the row of RECIPES; raise UnknownName for another name."""
    if name not in RECIPES:
        raise UnknownName(f"no recipe {name!r} (there are {', '.join(RECIPES)}); {nearest(name, RECIPES)}")
    return RECIPES[name]
