"""Draw textured shapes on cluttered backgrounds, with the mask of each.

    picture = background -> for each object: shadow -> texture inside the outline -> rim

Everything comes from the RandomState that is passed in, so a seed is a picture.  NumPy and OpenCV only.
"""

import cv2
import numpy as np

LABELS = ("arrow", "bolt", "cross", "disc", "flower", "heart", "leaf", "square", "star", "triangle")

# Radius of an object as a share of the picture's side: two of the largest still fit beside each other.
RADIUS = (0.16, 0.25)
# Sub-pixel bits of OpenCV's polygon coordinates.
SHIFT = 4


def draw(rng, classes, size):
    """Draw one or two objects of the given class ids.

    Return a (size, size, 3) uint8 RGB picture, and (len(classes), size, size) bool masks of what is visible.
    """
    image, backdrop = _background(rng, size)
    masks = np.zeros((len(classes), size, size), bool)
    for index, (centre, radius) in enumerate(_places(rng, len(classes), size)):
        alpha = _outline(rng, classes[index], centre, radius, size)
        image = _paint(rng, image, alpha, backdrop)
        masks[index] = alpha > 0.5
        masks[:index] &= ~masks[index]
    return np.clip(image * 255 + 0.5, 0, 255).astype(np.uint8), masks


# Outlines: (points, 2) corners, about the unit circle, y down.  All are solid: a map of a ring would rightly peak
# in its hole, which no mask of the ring holds.


def _arc(start, stop, radius=1.0, x=0.0):
    angle = np.linspace(np.radians(start), np.radians(stop), 48)
    return np.stack([x + radius * np.cos(angle), radius * np.sin(angle)], 1)


def _spokes(radii):
    """Join points at these radii, evenly spaced in angle, the first one up."""
    angle = 2 * np.pi * np.arange(len(radii)) / len(radii) - np.pi / 2
    return np.stack([radii * np.cos(angle), radii * np.sin(angle)], 1)


def _arrow():
    half = [(0.0, -1.0), (0.78, -0.12), (0.32, -0.12), (0.32, 0.92)]
    return np.array(half + [(-x, y) for x, y in half[:0:-1]])


def _bolt():
    return np.array([(0.2, -1.0), (-0.7, 0.2), (-0.1, 0.2), (-0.32, 1.0), (0.7, -0.26), (0.12, -0.26), (0.68, -1.0)])


def _cross():
    a = 0.34
    corner = [(a, -1), (a, -a), (1, -a), (1, a), (a, a), (a, 1)]
    return np.array(corner + [(-x, y) for x, y in corner[::-1]])


def _disc():
    return _arc(0, 360)


def _flower():
    petals = np.abs(np.cos(2.5 * np.linspace(0, 2 * np.pi, 100, endpoint=False)))
    return _spokes(0.62 + 0.42 * petals)


def _heart():
    t = np.linspace(0, 2 * np.pi, 64)
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return np.stack([16 * np.sin(t) ** 3, -y - 2.5], 1) / 16.5


def _leaf():
    # Two arcs of a circle that meet at the tips.
    half = np.degrees(np.arctan(0.5)) * 2
    radius = 1.05 / np.sin(np.radians(half))
    shift = radius * np.cos(np.radians(half))
    return np.concatenate([_arc(-half, half, radius, -shift), _arc(180 - half, 180 + half, radius, shift)])


def _square():
    return _spokes(np.ones(4)) * 1.08


def _star():
    return _spokes(np.tile([1.1, 0.5], 5))


def _triangle():
    return _spokes(np.ones(3)) * 1.12


SHAPES = (_arrow, _bolt, _cross, _disc, _flower, _heart, _leaf, _square, _star, _triangle)


def _outline(rng, class_id, centre, radius, size):
    """Rasterise a class, turned and mirrored at random, to (size, size) coverage in [0, 1]."""
    angle = rng.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    turn[0] *= rng.choice([-1, 1])
    corners = (SHAPES[class_id]() @ turn * radius + centre) * 2**SHIFT
    canvas = np.zeros((size, size), np.uint8)
    cv2.fillPoly(canvas, [np.round(corners).astype(np.int32)], 255, cv2.LINE_AA, SHIFT)
    return canvas.astype(np.float32) / 255


def _places(rng, count, size):
    """Choose a centre and a radius for each object: apart, and inside the picture, but for the tip of a corner."""
    while True:
        radii = rng.uniform(*RADIUS, size=count)
        centres = rng.uniform(radii[:, None] + 0.02, 0.98 - radii[:, None], (count, 2))
        if count == 1 or np.hypot(*(centres[0] - centres[1])) > radii.sum() * 1.08:
            return [(c * size, r * size) for c, r in zip(centres, radii)]


# Colour and texture: float32 RGB in [0, 1].


def _colour(rng, saturation, value, hue=None):
    hue = rng.uniform() if hue is None else hue % 1
    hsv = np.float32([[[hue * 360, rng.uniform(*saturation), rng.uniform(*value)]]])
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0]


def _noise(rng, cells, size):
    """Smooth noise in [0, 1] with about `cells` bumps along a side."""
    grid = rng.uniform(size=(cells, cells)).astype(np.float32)
    return np.clip(cv2.resize(grid, (size, size), interpolation=cv2.INTER_CUBIC), 0, 1)


def _blend(first, second, share):
    return first + (second - first) * share[..., None]


def _soft_step(wave):
    """Turn a wave in [-1, 1] to 0 and 1 with edges a little soft, so that thin stripes do not alias."""
    return np.clip(wave * 2.5 + 0.5, 0, 1)


def _texture(rng, size):
    """Draw one of five patterns: (size, size) in [0, 1]."""
    angle, phase = rng.uniform(0, np.pi), rng.uniform(0, 2 * np.pi, 2)
    axis = np.linspace(0, 2 * np.pi * rng.uniform(9, 17), size, dtype=np.float32)
    u = np.cos(angle) * axis + np.sin(angle) * axis[:, None] + phase[0]
    v = np.cos(angle) * axis[:, None] - np.sin(angle) * axis + phase[1]
    kind = rng.randint(5)
    if kind == 0:
        return _soft_step(np.sin(u))
    if kind == 1:
        return _soft_step(np.sin(u / 1.5) * np.sin(v / 1.5) * 2)
    if kind == 2:
        return _soft_step(np.cos(u) + np.cos(v) - 0.7)
    if kind == 3:
        return _noise(rng, rng.randint(size // 8, size // 4), size)
    return _noise(rng, 3, size)


def _paint(rng, image, alpha, backdrop):
    """Lay a shadow, the texture and a rim on the picture."""
    size = len(image)
    # A hue away from the backdrop's: an object has to be seen before it can be named.
    hue = backdrop + rng.uniform(0.2, 0.8)
    light = _colour(rng, (0.35, 0.9), (0.8, 1.0), hue)
    dark = _colour(rng, (0.6, 1.0), (0.35, 0.7), hue + rng.uniform(-0.12, 0.12))
    fill = _blend(light, dark, _texture(rng, size))
    drop = max(2, size // 50)
    shadow = cv2.GaussianBlur(np.roll(alpha, (drop, drop), (0, 1)), (0, 0), size / 60)
    image = image * (1 - 0.55 * shadow[..., None])
    image = _blend(image, fill, alpha)
    core = cv2.erode(alpha, np.ones((3, 3), np.uint8), iterations=max(1, size // 110))
    rim = light * 0.3 + 0.7 if rng.uniform() < 0.5 else dark * 0.35
    return _blend(image, rim, np.clip(alpha - core, 0, 1))


# Backgrounds: clutter without closed regular outlines, so that none of it is a class.


def _background(rng, size):
    """Draw a cluttered (size, size, 3) background; return it and its main hue."""
    hue = rng.uniform()
    first = _colour(rng, (0.1, 0.55), (0.3, 0.9), hue)
    second = _colour(rng, (0.1, 0.55), (0.2, 0.9), hue + rng.uniform(-0.12, 0.12))
    image = _blend(first, second, _slope(rng, size) * 0.6 + _noise(rng, 4, size) * 0.4)
    for _ in range(rng.randint(2, 6)):
        image = _patch(rng, image, hue)
    image = _lines(rng, image, hue)
    grain = rng.normal(0, rng.uniform(0.005, 0.04), (size, size, 1))
    return (image + grain).astype(np.float32), hue


def _slope(rng, size):
    angle, axis = rng.uniform(0, 2 * np.pi), np.linspace(-0.5, 0.5, size, dtype=np.float32)
    return np.clip(0.5 + np.cos(angle) * axis + np.sin(angle) * axis[:, None], 0, 1)


def _patch(rng, image, hue):
    """Blend in a ragged cloud of another texture."""
    size = len(image)
    cloud = _noise(rng, rng.randint(4, 9), size)
    share = np.clip((cloud - rng.uniform(0.65, 0.8)) * rng.uniform(8, 30), 0, 1) * rng.uniform(0.3, 0.9)
    paint = _colour(rng, (0.1, 0.7), (0.2, 1.0), hue + rng.uniform(-0.2, 0.2))
    return _blend(image, paint * (0.6 + 0.4 * _texture(rng, size)[..., None]), share)


def _lines(rng, image, hue):
    """Scratch straight and broken lines across the picture."""
    size = len(image)
    canvas = np.ascontiguousarray(image)
    for _ in range(rng.randint(4, 14)):
        start, steps = rng.uniform(0, size, 2), rng.normal(0, size * 0.3, (rng.randint(1, 4), 2))
        points = np.concatenate([start[None], start + np.cumsum(steps, 0)])
        colour = _colour(rng, (0.1, 0.8), (0.1, 1.0), hue + rng.uniform(-0.25, 0.25)).tolist()
        path = np.round(points).astype(np.int32)
        cv2.polylines(canvas, [path], False, colour, rng.randint(1, 4), cv2.LINE_8)
    return cv2.GaussianBlur(canvas, (3, 3), 0)
