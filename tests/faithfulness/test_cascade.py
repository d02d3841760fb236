"""The sanity check by hand: ranks of a map beside those of the maps of a net that forgets."""

import numpy as np
import pytest

from slimcam.faithfulness.cascade import sanity

HEAT = np.array([[[4.0, -3.0], [2.0, 1.0]]])


def curve(*maps, **parameters):
    """Return the curve of one photo, whose map is HEAT, over these maps of a net that forgets more and more."""
    asked = []

    def cascade(steps, seed):
        asked.append((steps, seed))
        return [np.array([one], float) for one in maps]

    (values,) = sanity(None, HEAT, cascade, **parameters)
    assert asked == [(parameters.get("steps", 10), parameters.get("seed", 0))]
    return values


def test_a_map_that_stays_has_one_and_its_reverse_minus_one():
    same, reverse = [[8, -6], [4, 2]], [[1, -2], [3, 4]]
    np.testing.assert_allclose(curve(same, reverse), [1, -1], atol=1e-12)


def test_ranks_are_by_hand():
    # ranks 4 3 2 1 and 4 1 2 3: differences 0 2 0 2, so 1 - 6 * 8 / (4 * 15)
    np.testing.assert_allclose(curve([[9, 1], [2, 3]]), [0.2], atol=1e-12)
    # with signs 4 1 3 2 and 4 1 2 3: 1 - 6 * 2 / 60
    np.testing.assert_allclose(curve([[9, 1], [2, 3]], absolute=False), [0.8], atol=1e-12)


def test_a_flat_map_has_no_number():
    assert np.isnan(curve([[5, 5], [5, 5]], steps=3, seed=8)).all()


@pytest.mark.parametrize("count", [1, 3])
def test_each_photo_has_a_curve_of_its_own(count):
    heats = np.concatenate([HEAT] * count)
    values = sanity(None, heats, lambda steps, seed: [heats, -heats])
    np.testing.assert_allclose(values, np.ones((count, 2)), atol=1e-12)
