"""LIME and Kernel SHAP by hand: scores of four pixels, each a part of its own."""

import numpy as np
import pytest
from fixtures.small_net import SmallNet, linear_net

from slimcam.errors import ParameterError
from slimcam.methods import segments, surrogates

PHOTO = np.array([[[[1.0], [2.0]], [[3.0], [4.0]]]])
WEIGHTS = [[[1.0], [10.0]], [[100.0], [1000.0]]]
EACH = {"segments": np.arange(4).reshape(2, 2), "fill": "zero"}


def test_kernel_shap_of_a_linear_score_is_weight_times_pixel():
    got = surrogates.kernel_shap(linear_net(PHOTO, WEIGHTS), **EACH)
    np.testing.assert_allclose(got.array[0], [[1, 20], [300, 4000]], rtol=1e-5)
    np.testing.assert_allclose(got.details["difference"], [4321])


def test_kernel_shap_shares_a_product_between_its_factors():
    # The score is a b: without either it is 0, so each of the two is worth half of it, and the others nothing.
    net = SmallNet(PHOTO, lambda x: x[0, 0, 0] * x[0, 1, 0])
    got = surrogates.kernel_shap(net, **EACH)
    np.testing.assert_allclose(got.array[0], [[1, 1], [0, 0]], atol=1e-6)
    assert net.rows == 16


def test_drawn_coalitions_add_up_to_the_difference():
    random = np.random.RandomState(0)
    net = linear_net(random.normal(size=(2, 4, 4, 3)), random.normal(size=(4, 4, 3)))
    got = surrogates.kernel_shap(net, samples=64, count=16)
    np.testing.assert_allclose(got.array.sum((1, 2)), got.details["difference"], rtol=1e-4)
    want = ((net.images - 0) * net._slope(0)).sum(-1)
    np.testing.assert_allclose(got.array, want, atol=1e-4)


def test_the_shapley_kernel_of_three_parts():
    shown, weights = surrogates.coalitions(3, 100, np.random.RandomState(0))
    np.testing.assert_array_equal(shown[:2], [[1, 1, 1], [0, 0, 0]])
    np.testing.assert_allclose(weights, np.full(6, 1 / 3))  # 2 / (3 x 1 x 2), of one part and of two


def test_lime_of_a_linear_score_without_a_penalty():
    got = surrogates.lime(linear_net(PHOTO, WEIGHTS), samples=40, penalty=0.0, **EACH)
    np.testing.assert_allclose(got[0], [[1, 20], [300, 4000]], rtol=1e-4)


def test_ridge_by_hand():
    # One part, shown and hidden, scores 3 and 1, weights 1: deviations are 1/2 and -1/2, so (1 / (1/2 + penalty)) ...
    got = surrogates.ridge(np.array([[1], [0]]), np.array([3.0, 1.0]), np.ones(2), 0.5)
    np.testing.assert_allclose(got, [1.0])  # ... where without a penalty it is 2


def test_squares_are_parts_of_about_equal_size():
    net = linear_net(np.zeros((1, 4, 6, 1)), np.zeros((4, 6, 1)))
    row = [0, 0, 0, 1, 1, 1]
    want = [row, row, [2, 2, 2, 3, 3, 3], [2, 2, 2, 3, 3, 3]]
    np.testing.assert_array_equal(segments.labels_of(net, 0, "squares", 4), want)


def test_superpixels_follow_the_photo():
    pytest.importorskip("skimage")
    photo = np.full((1, 32, 32, 3), -1.0)
    photo[:, :, 13:] = 1
    labels = segments.labels_of(linear_net(photo, photo[0]), 0, "slic", 9)
    assert set(labels[:, :13].ravel()).isdisjoint(labels[:, 13:].ravel())


def test_segments_that_do_not_fit_say_so():
    net = linear_net(PHOTO, WEIGHTS)
    with pytest.raises(ParameterError, match="no segments 'round'"):
        segments.labels_of(net, 0, "round", 4)
    with pytest.raises(ParameterError, match=r"segments of shape \(3,\): the net is fed \(2, 2\)"):
        segments.labels_of(net, 0, np.zeros(3), 4)


def test_without_scikit_image_the_pip_line_is_said(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "skimage.segmentation", None)
    with pytest.raises(ParameterError, match=r'need scikit-image: pip install "slimcam\[segments\]"'):
        segments.skimage("segmentation")
