"""Methods of a layer, worked by hand on two places and two channels.

activations  A0 = 1 3    gradients  G0 = 2 -1
             A1 = 2 0               G1 = 1  1
"""

import numpy as np
import pytest
from fixtures.tolerance import rounding

import slimcam
from slimcam.methods import METHODS
from slimcam.methods.components import projected
from slimcam.methods.evidence import Evidence

A = np.array([[[[1, 2], [3, 0]]]], np.float32)
G = np.array([[[[2, 1], [-1, 1]]]], np.float32)
EVIDENCE = Evidence(A, G, np.array([np.log(2)], np.float32))
DIVISIONS = rounding(12)


def made(method, evidence=EVIDENCE, **parameters):
    """Return the only row of the only map."""
    defaults = {name: row.default for name, row in METHODS[method].parameters.items()}
    return METHODS[method](evidence, **{**defaults, **parameters})[0, 0]


def test_hirescam_multiplies_place_by_place():
    np.testing.assert_array_equal(made("hirescam"), [1 * 2 + 2 * 1, 3 * -1 + 0])


def test_layercam_weighs_by_positive_gradients():
    np.testing.assert_array_equal(made("layercam"), [1 * 2 + 2 * 1, 0])


def test_layercam_scales_a_shallow_layer():
    np.testing.assert_allclose(made("layercam", tanh=2.0), [np.tanh(2), 0], rtol=DIVISIONS)


def test_elementwise_leaves_out_what_lowers_the_score():
    np.testing.assert_array_equal(made("elementwise"), [2 + 2, 0])


def test_cam_weighs_by_the_sum_of_gradients():
    # weights 1 and 2
    np.testing.assert_array_equal(made("cam"), [1 + 4, 3])


def test_xgradcam_counts_places_by_their_activation():
    # (2 * 1 - 1 * 3) / 4 = -1/4 and (1 * 2) / 2 = 1
    np.testing.assert_array_equal(made("xgradcam"), [-0.25 + 2, -0.75])


def test_xgradcam_of_a_channel_that_adds_up_to_nothing_is_without_it():
    silent = Evidence(np.array([[[[1, 1], [3, -1]]]], np.float32), G)
    np.testing.assert_array_equal(made("xgradcam", silent), [-0.25, -0.75])


# Shares G^2 / (2 G^2 + S G^3), S = 4 and 2: 4 / (8 + 32) = 0.1 and 1 / (2 - 4) = -0.5; twice 1 / (2 + 2) = 0.25.
# Weights, of positive gradients: 0.1 * 2 = 0.2, and 0.25 + 0.25 = 0.5.
def test_gradcampp_is_the_closed_form_of_the_paper():
    np.testing.assert_allclose(made("gradcampp"), [0.2 + 1, 0.6], rtol=DIVISIONS)


def test_gradcampp_of_tf_keras_vis_normalises_shares_and_has_the_factor():
    # the shares add up to -0.4 and 0.5: weights -0.5 and 1, times exp(ln 2)
    np.testing.assert_allclose(made("gradcampp", formula="tf-keras-vis"), [2 * (-0.5 + 2), 2 * -1.5], rtol=DIVISIONS)


def test_gradcampp_of_xplique_has_means():
    # S = 2 and 1: 4 / (8 + 16) = 1/6, 1 / (2 - 2) = 1 / 1e-4, whose gradient is negative; twice 1 / (2 + 1) = 1/3
    # weights 1/6 * 2 / 2 = 1/6 and 1/3
    np.testing.assert_allclose(made("gradcampp", formula="xplique"), [1 / 6 + 2 / 3, 0.5], rtol=DIVISIONS)


def test_gradcampp_of_pytorch_grad_cam_adds_a_millionth():
    expected = 0.2 / (1 + 1e-6 / 40) + 2 * 0.5 / (1 + 1e-6 / 4)
    np.testing.assert_allclose(made("gradcampp", formula="pytorch-grad-cam")[0], expected, rtol=DIVISIONS)


def test_gradcampp_without_gradients_is_nothing():
    none = Evidence(A, np.zeros_like(G), np.zeros(1, np.float32))
    for formula in ("paper", "tf-keras-vis", "xplique", "pytorch-grad-cam"):
        np.testing.assert_array_equal(made("gradcampp", none, formula=formula), [0, 0])


def test_fem_weighs_outliers_by_their_mean():
    # of five places 0 0 0 0 5: mean 1, deviation 2, so that the last lies on the border of 5; of 1 1 1 1 1 all do
    activations = np.ones((1, 1, 5, 2), np.float32)
    activations[..., 0] = [0, 0, 0, 0, 5]
    some = Evidence(activations, np.zeros_like(activations))
    np.testing.assert_array_equal(made("fem", some), [1, 1, 1, 1, 2])
    # more than mean + 1 deviation = 3 is one place in five: 1/5 of the activations
    np.testing.assert_allclose(
        made("fem", some, formula="pytorch-grad-cam", deviations=1.0), [0, 0, 0, 0, 1], rtol=DIVISIONS
    )


@pytest.mark.parametrize("shape", [(8, 8, 300), (14, 14, 20), (1, 1, 4)])
@pytest.mark.parametrize("least", [0.0, -9.0])  # of rectified activations the first component is far ahead; else not
def test_eigencam_is_the_projection_on_the_first_singular_vector(shape, least):
    activations = np.maximum(np.random.RandomState(3).randn(*shape), least).astype(np.float32)
    rows = activations.reshape(-1, shape[-1]).astype(np.float64)
    left, values, _ = np.linalg.svd(rows, full_matrices=False)
    want = (left[:, 0] * values[0]).reshape(shape[:2])
    got = projected(activations, False, "sum")
    want *= np.sign(np.vdot(got, want))  # a singular vector has none
    np.testing.assert_allclose(got, want, rtol=0, atol=rounding(4) * np.abs(want).max())


def test_eigencam_of_one_direction_is_how_far_each_place_goes():
    # places (3, 4) and (6, 8): the direction (3, 4) / 5, along which they are 5 and 10
    activations = np.array([[[[3, 4], [6, 8]]]], np.float32)
    some = Evidence(activations, np.ones_like(activations))
    np.testing.assert_allclose(made("eigencam", some), [5, 10], rtol=DIVISIONS)
    np.testing.assert_allclose(made("eigencam", some, centre=True), [-2.5, 2.5], rtol=DIVISIONS)
    np.testing.assert_allclose(made("eigengradcam", some), [5, 10], rtol=DIVISIONS)


def test_eigengradcam_is_of_activations_times_gradients():
    activations = np.array([[[[3, 2], [6, 4]]]], np.float32)
    gradients = np.array([[[[1, 2], [1, 2]]]], np.float32)
    np.testing.assert_allclose(made("eigengradcam", Evidence(activations, gradients)), [5, 10], rtol=DIVISIONS)


@pytest.mark.parametrize("method", [name for name, row in METHODS.items() if row.takes == "evidence"])
def test_a_mean_over_channels_is_the_sum_over_their_number(method):
    if METHODS[method].parameters.get("tanh"):
        return
    defaults = {name: row.default for name, row in METHODS[method].parameters.items()}
    whole, mean = (METHODS[method](EVIDENCE, average, **defaults) for average in (False, True))
    np.testing.assert_allclose(mean, whole / 2, rtol=DIVISIONS)


def test_parameters_are_checked_by_name_and_value():
    find = METHODS["gradcampp"].parameters
    from slimcam.methods.parameters import read_parameters

    with pytest.raises(slimcam.ParameterError, match="gradcampp has no parameter 'formulae': it has formula; near"):
        read_parameters("gradcampp", find, {"formulae": "paper"}, {})
    with pytest.raises(slimcam.ParameterError, match=r"gradcampp: formula='papers': give paper, .*; near: 'paper'"):
        read_parameters("gradcampp", find, {"formula": "papers"}, {})
    with pytest.raises(slimcam.ParameterError, match=r"layercam: tanh=-1\.0: give 0 or more"):
        read_parameters("layercam", METHODS["layercam"].parameters, {"tanh": -1}, {})
    with pytest.raises(slimcam.ParameterError, match="fem: deviations='2': give a number"):
        read_parameters("fem", METHODS["fem"].parameters, {"deviations": "2"}, {})
    with pytest.raises(slimcam.ParameterError, match="gradcam has no parameter 'steps': it has none"):
        read_parameters("gradcam", {}, {"steps": 3}, {})
