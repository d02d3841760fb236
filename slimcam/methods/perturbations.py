"""Masks that are learnt by the score's gradient: the least that has to go, and what of a given area says most."""

from typing import List, Sequence, Tuple

import numpy as np

from .baselines import BLUR, Baseline, baseline_of, blur
from .net import Attribution, Net, random_state
from .resampling import gaussian, linear

SMOOTH = 5 / 224  # sigma of a learnt mask, as a share of a side: 5 pixels of 224 (Fong and Vedaldi 2017)
LEVELS = 8  # of blur, from the widest to none
COLDNESS = 20.0  # of the smooth maximum
TIE = 0.02
GROWTH = 1.0035  # of what the area weighs, a step, as TorchRay has it


def meaningful_perturbation(
    net: Net,
    steps: int = 300,
    cells: int = 28,
    fill: Baseline = "blur",
    start: float = 1.0,
    size: float = 1e-4,
    variation: float = 1e-2,
    power: float = 3.0,
    rate: float = 0.1,
    jitter: int = 4,
    seed: int = 0,
) -> Attribution:
    """Return what has to be hidden for the score to fall, (N, H, W) in [0, 1] (Fong and Vedaldi 2017, section 4).

    That is 1 - m of a mask m of about cells x cells that makes score(m x + (1 - m) fill) + `size` sum |1 - m| +
    `variation` sum |differences of neighbours|^`power` least, by `steps` of Adam at `rate`, from m = `start` on. The
    mask is enlarged and blurred; photo, mask and fill are moved by up to `jitter` pixels at random. Details: "left",
    the score of the photo under its mask, and "area", the share of it that is hidden.
    """
    fills = baseline_of(net, fill, seed).astype(np.float32)
    ways = [_smooth(linear(few, side), SMOOTH * side) for few, side in zip(_grid(net, cells), net.images.shape[1:3])]
    masks = np.full((len(net.images), ways[0].shape[1], ways[1].shape[1]), start)
    first, second = np.zeros_like(masks), np.zeros_like(masks)
    draws = [random_state(seed, int(number)) for number in net.numbers]
    for step in range(1, steps + 1):
        moves = [_moved(net.images.shape[1:3], random.randint(-jitter, jitter + 1, 2)) for random in draws]
        change = slopes_of(net, masks, ways, fills, moves) - size  # since |1 - m| is 1 - m
        change += variation * variation_slopes(masks, power)
        first = 0.9 * first + 0.1 * change
        second = 0.999 * second + 0.001 * np.square(change)
        step_size = first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
        masks = np.clip(masks - rate * step_size, 0, 1)
    shown = _enlarged(masks, ways)
    return _attribution(net, 1 - shown, blended(net.images, fills, shown))


def slopes_of(
    net: Net, masks: np.ndarray, ways: Sequence[np.ndarray], fills: np.ndarray, moves: Sequence[Tuple[np.ndarray, ...]]
) -> np.ndarray:
    """Return the gradient of each score at its mask, (N, h, w), of what is blended and then moved."""
    images, starts = (np.stack([one[move] for one, move in zip(some, moves)]) for some in (net.images, fills))
    shown = np.stack([one[move] for one, move in zip(_enlarged(masks, ways), moves)])
    slopes = net.gradients(blended(images, starts, shown), np.arange(len(masks)))
    each = (slopes.astype(np.float64) * (images - starts)).sum(-1)
    back = np.zeros(each.shape)
    for one, own, move in zip(back, each, moves):
        np.add.at(one, move, own)
    return np.asarray(ways[0].T @ back @ ways[1])


def variation_slopes(masks: np.ndarray, power: float) -> np.ndarray:
    """Return the gradient of the sum of |differences of neighbours|^power at masks (N, h, w)."""
    slopes = np.zeros_like(masks)
    for axis in (1, 2):
        steps = np.diff(masks, axis=axis)
        each = power * np.abs(steps) ** (power - 1) * np.sign(steps)
        none = np.zeros_like(np.take(masks, [0], axis))
        slopes += np.concatenate([none, each], axis) - np.concatenate([each, none], axis)
    return slopes


def blended(images: np.ndarray, fills: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """Return images where `shown`, (N, H, W), is 1, and fills where it is 0, float32."""
    part = shown[..., None].astype(np.float32)
    return np.asarray(images * part + fills * (1 - part))


def extremal_perturbation(
    net: Net,
    area: float = 0.1,
    steps: int = 800,
    cells: int = 32,
    sigma: float = 3.0,
    fill: Baseline = "blur",
    variant: str = "preserve",
    weight: float = 300.0,
    rate: float = 0.01,
    flip: bool = False,
    seed: int = 0,
) -> Attribution:
    """Return the smooth mask of an `area` that keeps the score largest, (N, H, W) in [0, 1] (Fong et al. 2019).

    The mask is a smooth maximum of bumps, `sigma` cells wide, on a grid of `cells` on the longer side, enlarged
    linearly. By `variant` it shows the photo ("preserve"), hides it, so that the score falls ("delete"), or the score
    under it less that under its opposite is largest ("dual"). What is hidden is blurred, by eight levels, or `fill`.
    The mask's sorted values are drawn to 0 and, of the area, 1, by `weight` times their mean square distance, which
    grows. `steps` of `rate` with momentum, as TorchRay; with `flip` every other step looks at the mirrored photo.
    Details: "left", the score of what the mask leaves of the photo, and "area", its mean.
    """
    levels, grid = _levels(net, fill, seed), _grid(net, cells)
    ways = [linear(few, side) for few, side in zip(grid, net.images.shape[1:3])]
    bumps = Bumps(sigma)
    points = np.ones((len(net.images), *grid))
    momentum = np.zeros_like(points)
    turned = {"preserve": [False], "delete": [True], "dual": [False, True]}[variant]
    for step in range(steps):
        masks = bumps.masks(points)
        change = 2 * weight * GROWTH**step * area_slopes(masks, round(area * grid[0] * grid[1]))
        for hidden in turned:
            slopes = _level_slopes(net, levels, _enlarged(bumps.inside(masks), ways), hidden, flip and step % 2 == 0)
            bumps.inside(change)[:] -= ways[0].T @ slopes @ ways[1]
        change = bumps.slopes(points, change)
        momentum = change if step == 0 else 0.9 * momentum + 0.1 * change
        points = np.clip(points - rate * momentum, 0, 1)
    shown = _enlarged(bumps.inside(bumps.masks(points)), ways)
    return _attribution(net, shown, at_levels(levels, 1 - shown if variant == "delete" else shown)[0])


class Bumps:
    """Smooth maxima of bumps on a grid: masks of how high each point of it is, (N, h, w).

    A mask goes on beyond the grid, by `radius` on each side: else a point at the border would be of fewer places, and
    would not be drawn to 0 as others are.
    """

    def __init__(self, sigma: float) -> None:
        """Take how wide a bump is, in points of the grid; flat for half of it (Fong et al. 2019, section 3)."""
        self.radius = 1 + int(np.ceil(sigma))
        steps = range(2 * self.radius + 1)
        self.places = [(down, right) for down in steps for right in steps]
        away = [np.hypot(down - self.radius, right - self.radius) / sigma for down, right in self.places]
        self.kernel = np.exp(-2 * np.maximum(np.array(away) - 0.5, 0) ** 2)

    def masks(self, points: np.ndarray) -> np.ndarray:
        """Return the masks, (N, h + 2 radius, w + 2 radius)."""
        return self._maxima(points)[0]

    def inside(self, masks: np.ndarray) -> np.ndarray:
        """Return what of masks is on the grid, (N, h, w), as a view."""
        return masks[:, self.radius : -self.radius, self.radius : -self.radius]

    def _maxima(self, points: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        """Return the masks, and how each bump counts in each place of them, (bumps, N, h, w)."""
        height, width = (side + 2 * self.radius for side in points.shape[1:])
        around = np.pad(points, [(0, 0), *[(2 * self.radius, 2 * self.radius)] * 2], "constant")
        each = np.stack([around[:, down : down + height, right : right + width] for down, right in self.places])
        each *= self.kernel[:, None, None, None]
        shares = np.exp(COLDNESS * (each - each.max(0)))
        shares /= shares.sum(0)
        masks = (each * shares).sum(0)
        return masks, shares * (1 + COLDNESS * (each - masks))

    def slopes(self, points: np.ndarray, given: np.ndarray) -> np.ndarray:
        """Return the gradient at the points of what has the gradient `given` at the masks."""
        height, width = given.shape[1:]
        twice = 2 * self.radius
        back = np.zeros((len(points), height + twice, width + twice))
        counts = self._maxima(points)[1]
        for (down, right), count, factor in zip(self.places, counts, self.kernel):
            back[:, down : down + height, right : right + width] += factor * count * given
        return back[:, twice:-twice, twice:-twice]


def area_slopes(masks: np.ndarray, ones: int) -> np.ndarray:
    """Return half of the gradient of the mean square of sorted masks less 0 and, of so many values, 1.

    Values within about TIE of the border between the two are drawn to what is between: else rounding would say which
    of many nearly equal ones, as all are at first, belongs to the area.
    """
    flat = masks.reshape(len(masks), -1)
    count = flat.shape[1]
    low = count - ones
    if low in (0, count):
        wanted = np.full_like(flat, low == 0)
    else:
        border = np.sort(flat, 1)[:, low - 1 : low + 1].mean(1, keepdims=True)
        wanted = (1 + np.tanh((flat - border) / TIE)) / 2
    return np.asarray(((flat - wanted) / count).reshape(masks.shape))


def _levels(net: Net, fill: Baseline, seed: int) -> np.ndarray:
    """Return the photos from what is shown where a mask is 0 to themselves, (levels, N, H, W, C)."""
    if isinstance(fill, str) and fill == "blur":
        widest = BLUR * max(net.images.shape[1:3])
        each = [blur(net.images, widest * (1 - level / (LEVELS - 1))) for level in range(LEVELS - 1)]
        return np.stack([*each, net.images])
    return np.stack([baseline_of(net, fill, seed), net.images])


def at_levels(levels: np.ndarray, shown: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Return photos whose pixels are at the level that a mask says, 0 to 1, and their slopes by it; float32."""
    place = np.clip(shown, 0, 1)[None, ..., None] * (len(levels) - 1)
    low = np.minimum(np.floor(place).astype(int), len(levels) - 2)
    below, above = (np.take_along_axis(levels, low + more, 0)[0] for more in (0, 1))
    share = (place - low)[0].astype(np.float32)
    return below * (1 - share) + above * share, (above - below) * np.float32(len(levels) - 1)


def _level_slopes(net: Net, levels: np.ndarray, shown: np.ndarray, hidden: bool, mirrored: bool) -> np.ndarray:
    """Return the gradient, at masks (N, H, W), of what is to be large: the score, or of what they hide less it."""
    images, change = at_levels(levels, 1 - shown if hidden else shown)
    if mirrored:
        images = np.ascontiguousarray(images[:, :, ::-1])
    slopes = net.gradients(images, np.arange(len(images)))
    slopes = slopes[:, :, ::-1] if mirrored else slopes
    # For what is hidden the sign changes twice: the level falls as the mask rises, and the score is to be small.
    return np.asarray((slopes.astype(np.float64) * change).sum(-1))


def _grid(net: Net, cells: int) -> List[int]:
    """Return the rows and columns of a grid with so many cells on the longer side."""
    height, width = net.images.shape[1:3]
    return [max(1, round(cells * side / max(height, width))) for side in (height, width)]


def _smooth(matrix: np.ndarray, sigma: float) -> np.ndarray:
    rows = gaussian(len(matrix), sigma)
    return np.asarray(rows / rows.sum(1, keepdims=True) @ matrix)


def _moved(size: Tuple[int, ...], by: np.ndarray) -> Tuple[np.ndarray, ...]:
    """Return where the pixels of a photo come from that is moved by rows and columns; its border is repeated."""
    rows, columns = (np.clip(np.arange(side) + move, 0, side - 1) for side, move in zip(size, by))
    return np.ix_(rows, columns)


def _enlarged(masks: np.ndarray, ways: Sequence[np.ndarray]) -> np.ndarray:
    return np.asarray(ways[0] @ masks @ ways[1].T)


def _attribution(net: Net, maps: np.ndarray, images: np.ndarray) -> Attribution:
    left = net.scores(images.astype(np.float32), np.arange(len(images)))
    return Attribution(maps.astype(np.float32), {"left": left, "area": maps.mean((1, 2))})
