"""scipy.misc.derivative, by central differences."""

from typing import Any, Callable, Tuple

import numpy as np

# numerators and denominator, by derivative and number of points, as every table of finite differences has them
_TABLE = {
    (1, 3): ((-1, 0, 1), 2.0),
    (1, 5): ((1, -8, 0, 8, -1), 12.0),
    (1, 7): ((-1, 9, -45, 0, 45, -9, 1), 60.0),
    (1, 9): ((3, -32, 168, -672, 0, 672, -168, 32, -3), 840.0),
    (2, 3): ((1, -2, 1), 1.0),
    (2, 5): ((-1, 16, -30, 16, -1), 12.0),
    (2, 7): ((2, -27, 270, -490, 270, -27, 2), 180.0),
    (2, 9): ((-9, 128, -1008, 8064, -14350, 8064, -1008, 128, -9), 5040.0),
}


def central_diff_weights(Np: int, ndiv: int = 1) -> np.ndarray:
    """Return the weights of an `ndiv`-th derivative from `Np` points one apart, an odd number of them."""
    if Np < ndiv + 1:
        raise ValueError("Number of points must be at least the derivative order + 1.")
    if Np % 2 == 0:
        raise ValueError("The number of points must be odd.")
    half = Np >> 1
    powers = np.arange(-half, half + 1.0)[:, None] ** np.arange(Np)
    return np.prod(np.arange(1, ndiv + 1)) * np.linalg.inv(powers)[ndiv]


def derivative(
    func: Callable, x0: float, dx: float = 1.0, n: int = 1, args: Tuple[Any, ...] = (), order: int = 3
) -> Any:
    """Return the `n`-th derivative of func at x0 from `order` points `dx` apart, an odd number of them."""
    if order < n + 1:
        raise ValueError("'order' must be at least the derivative order 'n' + 1.")
    if order % 2 == 0:
        raise ValueError("'order' (the number of points used to compute the derivative) must be odd.")
    if (n, order) in _TABLE:
        numerators, denominator = _TABLE[n, order]
        weights = np.array(numerators) / denominator
    else:
        weights = central_diff_weights(order, n)
    half = order >> 1
    total = 0.0
    for k in range(order):
        total = total + weights[k] * func(x0 + (k - half) * dx, *args)
    return total / np.prod((dx,) * n, axis=0)
