"""Maps that tell nothing: of what is no number, and the same everywhere; each is known, and said."""

import re

import cv2
import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.three_classes import BOTH, X, three_classes

import slimcam
from slimcam.errors import NotFinite
from slimcam.methods.cams import raw_map, rounding
from slimcam.methods.evidence import Evidence

U = 2.0**-24


def net(kernel=(1.0, -1.0), side=2):
    """Build the net of three_classes with another first kernel, in which a NaN stops at the ReLU of TensorFlow 2.21."""
    x = tf1.placeholder(tf1.float32, [None, side, side, 1], name="x")
    conv = tf1.nn.conv2d(x, tf1.constant(np.reshape(kernel, [1, 1, 1, 2]).astype(np.float32), name="kernel"), 1, "SAME")
    features = tf1.reduce_mean(tf1.nn.relu(conv, name="a"), [1, 2])
    tf1.nn.softmax(tf1.matmul(features, tf1.constant([[4.0, 0, 1], [0, 8, 1]])), name="end")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_no_numbers_are_said(model_of, value):
    model = model_of(lambda: net((1.0, value)), preprocess="none")
    said = "weights are NaN or infinite: 'kernel' (1 of 2 numbers); no map of this model can be trusted"
    assert model.fault == said and said in model.why and said in model.notes
    with pytest.warns(NotFinite, match="2 of 2 maps cannot be trusted: weights are NaN or infinite: 'kernel'"):
        maps = slimcam.explain(model, BOTH, "a", 0)
    assert maps.finite.tolist() == [False, False]
    assert np.isfinite(maps.heat).all()


def test_weights_that_the_logits_do_not_need_do_not_matter(model_of):
    def build():
        net()
        tf1.constant([np.nan, 1.0], name="left_over")

    model = model_of(build, preprocess="none")
    assert not model.fault and slimcam.explain(model, BOTH, "a", 0).finite.all()


def test_a_bound_of_one_number_may_be_infinite(model_of):
    def build():
        x = tf1.placeholder(tf1.float32, [None, 2, 2, 1], name="x")
        a = tf1.minimum(tf1.nn.relu(x), tf1.constant(np.inf, name="bound"), name="a")
        tf1.reduce_mean(a, [1, 2], name="logits")

    assert not model_of(build, logits="logits").fault


def test_weights_of_a_session_are_looked_at_again_when_they_are_read_again():
    with tf1.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf1.float32, [None, 2, 2, 1], name="x")
        scale = tf1.get_variable("scale", initializer=[[[[1.0, -1.0]]]])
        tf1.reduce_mean(tf1.nn.relu(tf1.nn.conv2d(x, scale, 1, "SAME"), name="a"), [1, 2], name="logits")
        assign = scale.assign([[[[1.0, np.nan]]]])
        session.run(tf1.global_variables_initializer())
        with slimcam.load(session, logits="logits", preprocess="none") as model:
            assert not model.fault
            session.run(assign)
            model.refresh()
            assert model.fault.startswith("weights are NaN or infinite: 'scale' (1 of 2 numbers)")
            assert model.notes == [model.fault]
            session.run(tf1.global_variables_initializer())
            model.refresh()
            assert not model.fault and not model.notes


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_array_that_holds_no_numbers_gives_a_map_that_is_not_finite(model_of, value):
    images = BOTH.copy()
    images[1, 0, 0, 0] = value
    model = model_of(three_classes, logits="logits")
    with pytest.warns(NotFinite, match="1 of 2 maps cannot be trusted: images, activations, gradients or sc"):
        maps = slimcam.GradCAM(model, "a", target=0)(images)
    assert maps.finite.tolist() == [True, False]
    assert [one.finite.tolist() for one in maps] == [[True], [False]]


def test_gradients_that_are_no_numbers_are_known(model_of):
    def build():
        x = tf1.placeholder(tf1.float32, [None, 2, 2, 1], name="x")
        a = tf1.nn.relu(x, name="a")
        tf1.sqrt(tf1.reduce_sum(a, [1, 2]), name="logits")  # whose slope at 0 is infinite

    model = model_of(build, logits="logits")
    with pytest.warns(NotFinite):
        assert slimcam.explain(model, -np.ones((1, 2, 2, 1), np.float32), "a", 0).finite.tolist() == [False]


def test_explain_of_weights_that_are_no_numbers_ends_with_1_and_says_it(frozen, run, tmp_path):
    path, photo = frozen(lambda: net((1.0, np.nan), 8)), str(tmp_path / "photo.png")
    cv2.imwrite(photo, np.arange(64, dtype=np.uint8).reshape(8, 8))
    result = run(
        "explain", photo, "--model", path, "--layer", "a", "--preprocess", "none", "--out", str(tmp_path / "o")
    )
    assert result.status == 1
    assert "slimcam: weights are NaN or infinite: 'kernel' (1 of 2 numbers)" in result.stderr
    assert re.search(r"NaN or infinit", result.stdout) and (tmp_path / "o" / "maps.npz").is_file()


# --- flat


def test_the_bound_of_rounding_is_that_of_a_sum():
    # two channels, so three numbers with the start: |1| + |0.5 * 2| + |-0.25 * 4| = 3 at the place where it is most
    activations = np.array([[[[2.0, 4.0], [1.0, 0.0]]]], np.float32)
    gradients = np.broadcast_to(np.array([0.5, -0.25], np.float32), activations.shape)
    evidence = Evidence(activations, gradients)
    np.testing.assert_allclose(rounding(evidence, "gradcam", 1.0), [2 * 3 * U * 3], rtol=1e-6)
    np.testing.assert_array_equal(raw_map(evidence, "gradcam", 1.0), [[[1.0, 1.5]]])


def small_slope(height):
    """Return a net of 64 channels alike, of a map that hiveml starts at 1 and that rises by about `height`."""

    def build():
        x = tf1.placeholder(tf1.float32, [None, 2, 2, 1], name="x")
        a = tf1.nn.relu(tf1.tile(x, [1, 1, 1, 64]), name="a")
        # the slope of the mean of one logit at a, g, is far below 1e-5, so that g / (g + 1e-5) is g * 1e5
        tf1.reduce_sum(a, [1, 2, 3], name="sum")
        total = tf1.reduce_sum(a, [1, 2, 3])[:, None] * (height * 1e-5 / 64)
        tf1.identity(total, name="logits")

    return build


@pytest.mark.parametrize("height, flat", [(3e-6, True), (1e-3, False)])
def test_a_map_within_the_rounding_of_its_sum_is_flat(model_of, height, flat):
    # 65 numbers, the start of 1 the largest: rounding may part two places by 2 * 65 * 2^-24 = 7.7e-6
    model = model_of(small_slope(height), logits="logits", preprocess="none")
    maps = slimcam.explain(model, np.float32([[[[0], [0.5]], [[1], [0.25]]]]), "a", 0, dialect="hiveml")
    assert maps.raw[0, 1, 0] > maps.raw[0, 0, 0]  # so it is not that the map is one number
    assert maps.flat.tolist() == maps.blank.tolist() == [flat]
    assert maps.heat.max() == 1  # as the formula gives it
    photo = maps.photos[0]
    plain, painted = maps.heatmap(colormap="jet")[0], maps.signed()[0]
    assert ((plain == plain[0, 0]).all() and (painted == painted[0, 0]).all()) == flat
    assert photo.shape == plain.shape


@pytest.mark.parametrize("dialect", ["paper", "hiveml", "gates"])
def test_a_constant_positive_map_is_flat_and_painted_as_blank(model_of, dialect):
    model = model_of(three_classes, logits="logits")
    maps = slimcam.explain(model, np.ones((1, 2, 2, 1), np.float32), "a", 0, dialect=dialect)
    assert (maps.raw > 0).all() and maps.flat.tolist() == maps.blank.tolist() == [True]
    assert (maps.heat == (0 if dialect == "gates" else 1)).all()  # as the formula gives it; gates stretches it
    assert (maps.shade() == 0).all()


def test_a_map_of_two_values_is_not_flat(model_of):
    maps = slimcam.explain(model_of(three_classes, logits="logits"), X, "a", 0)
    assert maps.flat.tolist() == [False]


def test_explain_says_what_a_flat_map_means(frozen, run, tmp_path):
    path, photo = frozen(lambda: net(side=8)), str(tmp_path / "photo.png")
    cv2.imwrite(photo, np.full((8, 8), 100, np.uint8))
    result = run(
        "explain", photo, "--model", path, "--layer", "a", "--preprocess", "none", "--out", str(tmp_path / "o")
    )
    assert result.status == 0
    assert " (flat: the same everywhere but for rounding, so that no place stands out)" in result.stdout
