"""Enlarging as SciPy and scikit-image do it."""

import numpy as np
from fixtures.tolerance import rounding

from slimcam.legacy import resampling

# By scipy.ndimage.zoom 1.18.1 and skimage.transform.resize 0.26 of [[0, 1, 3], [2, 0, 1]].
SCIPY = [
    [-0.0, 0.21875, 1.0, 2.28125, 3.0],
    [0.518519, 0.445602, 0.740741, 1.795139, 2.481482],
    [1.481481, 0.866898, 0.259259, 0.892361, 1.518519],
    [2.0, 1.09375, -0.0, 0.40625, 1.0],
]
SKIMAGE = [
    [0.55, 0.6, 0.75, 1.8, 2.15],
    [0.55, 0.6, 0.75, 1.8, 2.15],
    [1.25, 1.0, 0.25, 1.0, 1.25],
    [1.25, 1.0, 0.25, 1.0, 1.25],
]


def test_enlarging_is_that_of_scipy_and_of_scikit_image():
    heat = np.array([[0, 1, 3], [2, 0, 1]], np.float32)
    np.testing.assert_allclose(resampling.like_scipy(heat, (4, 5)), SCIPY, rtol=0, atol=rounding(16, heat.max()))
    np.testing.assert_allclose(resampling.like_skimage(heat, (4, 5)), SKIMAGE, rtol=0, atol=rounding(16, heat.max()))
    np.testing.assert_array_equal(resampling.like_scipy(heat[:1, :1] + 2, (3, 2)), np.full((3, 2), 2))
