"""Max-sensitivity and average stability by hand."""

import numpy as np
from fixtures.small_net import linear_net

from slimcam.faithfulness.stability import average_stability, max_sensitivity

NET = linear_net([[[[0.5], [0.5]]]], [[[1.0], [1.0]]])
HEAT = np.array([[[0.0, 2.0]]])


def shifts(*each):
    """Return what makes maps that are so much further than HEAT, one after the other."""
    rest = list(each)
    return lambda images, rows: np.stack([HEAT[0] + rest.pop(0) for _ in rows])


def test_the_largest_and_the_mean_distance():
    maps = [0, 0], [3, 4], [0, 1]  # distances 0, 5 and 1, of a map of length 2
    np.testing.assert_allclose(max_sensitivity(NET, HEAT, shifts(*maps), samples=3), [5 / 2])
    np.testing.assert_allclose(average_stability(NET, HEAT, shifts(*maps), samples=3), [2 / 2])
    np.testing.assert_allclose(average_stability(NET, HEAT, shifts(*maps), samples=3, relative=False), [2])


def noises(**parameters):
    """Return the noise of 50 photos, (50, 2)."""
    seen = []

    def again(images, rows):
        seen.extend(images[..., 0] - 0.5)
        return np.zeros((len(images), 1, 2))

    average_stability(NET, HEAT, again, samples=50, **parameters)
    return np.concatenate(seen)


def test_noise_is_as_large_as_said():
    both = noises(radius=0.1)  # of white less black, which is 2
    assert 0.15 < both.max() <= 0.2 and -0.2 <= both.min() < -0.15
    one = noises(radius=0.1, unit="fed", sides="one")
    assert 0.08 < one.max() <= 0.1 and one.min() >= 0
    np.testing.assert_array_equal(noises(radius=0.1, seed=0), both)
    assert (noises(radius=0.1, seed=1) != both).any()


def test_a_map_of_zeros_has_no_share():
    again = lambda images, rows: np.ones((len(images), 1, 2))  # noqa: E731
    assert np.isnan(max_sensitivity(NET, np.zeros((1, 1, 2)), again, samples=2)).all()
