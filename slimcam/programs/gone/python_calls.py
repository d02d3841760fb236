"""Functions of Python's library over today's, with what those took when old programs were written."""

import collections.abc
import functools
from typing import Any, Callable


def without_encoding(real: Callable) -> Callable:
    """Return json.loads that takes encoding=, which never did anything in Python 3 and went with 3.9."""

    @functools.wraps(real)
    def load(*args: Any, encoding: Any = None, **kwargs: Any) -> Any:
        return real(*args, **kwargs)

    return load


def sample(real: Callable) -> Callable:
    """Return random.sample that takes sets, as it did until Python 3.10."""

    @functools.wraps(real)
    def sample(population: Any, k: int, **kwargs: Any) -> Any:
        if isinstance(population, collections.abc.Set):
            population = tuple(population)
        return real(population, k, **kwargs)

    return sample


def shuffle(real: Callable) -> Callable:
    """Return random.shuffle that takes a function of random numbers, as it did until Python 3.10."""

    @functools.wraps(real)
    def shuffle(x: Any, random: Any = None) -> None:
        if random is None:
            return real(x)
        for i in reversed(range(1, len(x))):
            j = int(random() * (i + 1))
            x[i], x[j] = x[j], x[i]
        return None

    return shuffle


def of_integers(real: Callable) -> Callable:
    """Return random.randint that takes floats that are whole numbers, as it did until Python 3.11."""

    @functools.wraps(real)
    def draw(*args: Any, **kwargs: Any) -> int:
        return real(*map(_whole, args), **{name: _whole(value) for name, value in kwargs.items()})

    return draw


def _whole(number: Any) -> Any:
    return int(number) if isinstance(number, float) and number.is_integer() else number


def universal(real: Callable) -> Callable:
    """Return open() that takes a mode with U, which Python 3 left without effect and 3.11 took away."""

    @functools.wraps(real)
    def open(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        if "U" in mode and not set("wax+") & set(mode):
            mode = mode.replace("U", "")
            mode = mode if "r" in mode else "r" + mode
        return real(file, mode, *args, **kwargs)

    return open
