"""The rows of METHODS: by hand on two images, and bit for bit against each formula written out."""

import numpy as np
import pytest
from fixtures.tolerance import rounding

import slimcam
from slimcam.maps.dialects import DIALECTS
from slimcam.methods import METHODS, find_method
from slimcam.methods.cams import raw_map
from slimcam.methods.evidence import Evidence

# Two images of one row, two places and two channels: gradients 1, 3 and -2, 0 in the first, nothing in the second.
GRADIENTS = np.array([[[[1, -2], [3, 0]]], [[[0, 0], [0, 0]]]], np.float32)
ACTIVATIONS = np.array([[[[5, 1], [0, 2]]], [[[1, 1], [1, 1]]]], np.float32)
EVIDENCE = Evidence(ACTIVATIONS, GRADIENTS)


def test_gradcam_weighs_by_mean_gradients():
    # weights 2 and -1: 2 * 5 - 1 * 1 = 9 and 2 * 0 - 1 * 2 = -2
    np.testing.assert_array_equal(METHODS["gradcam"](EVIDENCE), [[[9, -2]], [[0, 0]]])


def test_normalised_weighs_each_image_alone():
    # sqrt((1 + 9 + 4 + 0) / 4) = 1.8708287; 2 and -1 divided by 1.8708387 are 1.0690392 and -0.5345196
    expected = [[[5 * 1.0690392 - 0.5345196, -2 * 0.5345196]], [[0, 0]]]
    np.testing.assert_allclose(METHODS["normalised"](EVIDENCE), expected, rtol=rounding(8))


def test_gated_leaves_out_what_is_not_positive():
    # of the first channel's gradients 1 and 3, the second lies on activation 0; the other channel has none
    np.testing.assert_array_equal(METHODS["gated"](EVIDENCE), [[[2.5, 0]], [[0, 0]]])


def test_raw_map_sums_or_averages_over_channels_from_its_start():
    np.testing.assert_array_equal(raw_map(EVIDENCE, "gradcam"), [[[9, -2]], [[0, 0]]])
    np.testing.assert_array_equal(raw_map(EVIDENCE, "gradcam", start=1.0), [[[10, -1]], [[1, 1]]])
    np.testing.assert_array_equal(raw_map(EVIDENCE, "gradcam", average=True), [[[4.5, -1]], [[0, 0]]])
    assert raw_map(EVIDENCE, "gradcam").dtype == np.float32


# Each published formula for (N, C) weights, as it is printed.
WEIGHTS = {
    "gradcam": lambda a, g: g.mean((1, 2)),
    "normalised": lambda a, g: (g / (np.sqrt(np.square(g).mean((1, 2, 3), keepdims=True)) + np.float32(1e-5))).mean(
        (1, 2)
    ),
    "gated": lambda a, g: (g * (g > 0) * (a > 0)).mean((1, 2)),
}


@pytest.mark.parametrize("method", WEIGHTS)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_each_method_in_each_dialect_is_its_formula_bit_for_bit(method, dialect):
    random = np.random.RandomState(0)
    activations, gradients = random.normal(0, 1, (2, 3, 5, 7, 96)).astype(np.float32)
    row = DIALECTS[dialect]
    weights = WEIGHTS[method](activations, gradients)
    weights = weights / np.float32(96) if row.average else weights
    sums = np.matmul(activations, weights[:, None, :, None])[..., 0]
    raw = raw_map(Evidence(activations, gradients), method, row.start, row.average)
    assert raw.shape == (3, 5, 7) and raw.dtype == np.float32
    np.testing.assert_array_equal(raw, np.float32(row.start) + sums)


def test_an_unknown_method_suggests():
    message = r"no method 'gradcan' \(there are gradcam, normalised, gated, .*\); near: 'gradcam'"
    with pytest.raises(slimcam.UnknownName, match=message):
        find_method("gradcan")


def test_every_dialect_names_rows_of_the_tables():
    from slimcam import targets
    from slimcam.maps.paint import INTERPOLATIONS
    from slimcam.maps.steps import STEPS

    for row in DIALECTS.values():
        assert row.method in METHODS and row.score in targets.SCORES and row.interpolation in INTERPOLATIONS
        assert set(row.before + row.after) <= set(STEPS)
    for method in METHODS.values():
        assert method.score in targets.SCORES and set(method.steps) <= set(STEPS)
