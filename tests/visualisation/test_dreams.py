"""Deep dreams and styles, beside the Keras book's loops in a plain session of TensorFlow."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures import keras_nets as nets
from fixtures import small_convnet
from fixtures.tolerance import rounding_of_net
from scipy import ndimage

import slimcam
from slimcam._tf import TF_VERSION, tf
from slimcam.errors import LayerError, PhotoError, TargetError, UnknownName
from slimcam.visualisation import styles

EAGER = pytest.mark.skipif(TF_VERSION < (2, 1), reason="eager models need TensorFlow 2")
LAYERS = {"conv1": 0.5, "conv2": 1.5}


def dream_loss(images, conv1, conv2, logits):
    """The book's, 8.2: loss, and gradient over its mean length."""
    loss = tf1.zeros([])
    for layer, weight in zip((conv1, conv2), LAYERS.values()):
        scaling = tf.cast(tf.reduce_prod(tf.shape(layer)), tf.float32)
        loss += weight * tf.reduce_sum(tf.square(layer[:, 2:-2, 2:-2, :])) / scaling
    grads = tf1.gradients(loss, images)[0]
    return loss, grads / tf.maximum(tf.reduce_mean(tf.abs(grads)), 1e-7)


def the_books_dream(photo, octaves=3, octave_scale=1.4, iterations=20, step=0.01, max_loss=10.0):
    """Return the picture, in [-1, 1], of the book's program."""
    run = small_convnet.in_a_session(dream_loss)

    def resize_img(image, size):
        factors = 1, size[0] / image.shape[1], size[1] / image.shape[2], 1
        return ndimage.zoom(image, factors, order=1)

    image = photo[None].astype(np.float32) / 127.5 - 1
    shape = image.shape[1:3]
    shapes = [tuple(int(side / octave_scale**i) for side in shape) for i in range(octaves)][::-1]
    original, shrunk = np.copy(image), resize_img(image, shapes[0])
    for shape in shapes:
        image = resize_img(image, shape)
        for _ in range(iterations):
            loss, grads = run(image)
            if max_loss is not None and loss > max_loss:
                break
            image = image + step * grads
        same = resize_img(original, shape)
        image = image + same - resize_img(shrunk, shape)
        shrunk = resize_img(original, shape)
    return image[0]


def assert_levels(found, expected):
    """Assert that a picture is that of values in [-1, 1], rounded."""
    levels = np.clip((expected / 2 + 0.5) * 255, 0, 255)
    assert found.shape == expected.shape and found.dtype == np.uint8
    # Half a level by rounding; as much again where a ReLU near zero lets one of the steps through, or does not.
    assert np.abs(found - levels).max() <= 1.0
    assert np.abs(found - levels).mean() < 0.3


@pytest.mark.parametrize("build", [small_convnet.build, small_convnet.build_any_size], ids=["one size", "any size"])
def test_dream_is_the_books_on_a_frozen_graph(model_of, photo, build):
    model, picture = model_of(build, preprocess="squash"), photo(30, 26)
    found = slimcam.deep_dream(model, picture, LAYERS, iterations=4)
    assert_levels(found, the_books_dream(picture, iterations=4))
    assert np.abs(found.astype(int) - picture).max() > 4


def test_dream_ends_a_size_where_the_loss_is_reached(model_of, photo):
    model, picture = model_of(small_convnet.build, preprocess="squash"), photo(24, 24)
    seen = []
    found = slimcam.deep_dream(
        model, picture, LAYERS, octaves=1, max_loss=0.0, progress=lambda *done: seen.append(done)
    )
    np.testing.assert_array_equal(found, picture)
    assert seen == []
    slimcam.deep_dream(model, picture, LAYERS, octaves=2, iterations=3, progress=lambda *done: seen.append(done))
    assert seen == [(i + 1, 6) for i in range(6)]


def test_dream_makes_the_layers_fire_more(model_of, photo):
    model, picture = model_of(small_convnet.build_any_size, preprocess="squash"), photo(24, 24)
    run = small_convnet.in_a_session(dream_loss)
    found = slimcam.deep_dream(model, picture, LAYERS)
    before, after = (run(one[None] / np.float32(127.5) - 1)[0] for one in (picture, found))
    assert after > 1.2 * before


@EAGER
def test_dream_on_the_tape_is_that_of_the_graph(photo):
    with nets.load("object", nets.nested_net, None, preprocess="squash") as model:
        layer = model.layers()[-1].name
        dreams = [
            slimcam.deep_dream(model, photo(nets.SIDE, nets.SIDE), {layer: 1.0}, octaves=1, iterations=2, engine=engine)
            for engine in ("graph", "tape")
        ]
        with pytest.raises(LayerError, match="a tape cannot give it other sizes"):
            slimcam.deep_dream(model, photo(30, 30), {layer: 1.0}, engine="tape")
    assert np.abs(dreams[0].astype(int) - dreams[1]).max() <= 1


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"layers": {}}, TargetError, "no layers were named"),
        ({"layers": {"conv9": 1.0}}, UnknownName, "no tensor 'conv9'"),
        ({"octaves": 0}, PhotoError, "octaves=0 of 1.4 do not fit"),
        ({"octaves": 30}, PhotoError, "give fewer"),
        ({"octave_scale": 1.0}, PhotoError, "do not fit"),
    ],
)
def test_what_cannot_be_dreamt(model_of, photo, options, error, message):
    model = model_of(small_convnet.build, preprocess="squash")
    with pytest.raises(error, match=message):
        slimcam.deep_dream(model, photo(20, 20), **{"layers": LAYERS, **options})


def test_dream_of_two_photos_is_refused(model_of, photo):
    with pytest.raises(PhotoError, match="2 photos: a dream is of one"):
        slimcam.deep_dream(model_of(small_convnet.build, preprocess="squash"), [photo(20, 20)] * 2, LAYERS)


def test_dream_that_meets_nan_says_the_step(model_of, photo):
    def breaks():
        images = tf1.placeholder(tf1.float32, [None, 8, 8, 3], name="images")
        maps = tf1.log(images, name="maps")
        tf1.identity(tf1.reduce_mean(maps, [1, 2]), name="logits")

    with pytest.raises(TargetError, match="not finite at step 0"):
        slimcam.deep_dream(model_of(breaks, preprocess="squash"), photo(12, 12), {"maps": 1.0}, octaves=1)


# --- styles

STYLE_TERMS = 1_000 + 20 * 18  # of the small net, and the places of a Gram matrix


def test_total_variation_by_hand():
    image = np.zeros((2, 2, 1))
    image[0, 0] = 3  # below it 0, beside it 0: 3^2 + 3^2 = 18
    value, gradient = styles.total_variation(image)
    assert value == pytest.approx(18**1.25)
    # d/dp of (down^2 + right^2)^1.25, with down = right = -3: 1.25 x 18^0.25 x 2 x (-3), and its negative twice
    slope = 1.25 * 18**0.25 * 2 * -3
    np.testing.assert_allclose(gradient[..., 0], [[-2 * slope, slope], [slope, 0]])


def the_books_style_loss(photo, style, size):
    """Return `loss(image)`: the book's loss and gradient, 8.3, of what the net is fed, (h, w, 3); and how much cancels.

    The last is the largest Gram matrix over the largest difference of two: of the rounding of the former this much more
    is in the latter.
    """
    pixels = size[0] * size[1]

    def gram(x):
        features = tf.reshape(tf.transpose(x, [2, 0, 1]), [tf.shape(x)[2], -1])
        return tf.matmul(features, features, transpose_b=True)

    def total(images, conv1, conv2, logits):
        loss, cancelled = 0.025 * tf.reduce_sum(tf.square(conv2[2] - conv2[0])), []
        for layer in (conv1, conv2):
            one, other = gram(layer[1]), gram(layer[2])
            loss += 1.0 / 2 * tf.reduce_sum(tf.square(one - other)) / (4.0 * 9 * pixels**2)
            cancelled.append(tf.reduce_max(tf.abs(other)) / tf.reduce_max(tf.abs(one - other)))
        x = images[2:]
        height, width = size
        a = tf.square(x[:, : height - 1, : width - 1] - x[:, 1:, : width - 1])
        b = tf.square(x[:, : height - 1, : width - 1] - x[:, : height - 1, 1:])
        loss += 1e-4 * tf.reduce_sum(tf.pow(a + b, 1.25))
        return loss, tf1.gradients(loss, images)[0][2], tf.reduce_max(cancelled)

    run = small_convnet.in_a_session(total)
    return lambda image: run(np.stack([photo, style, image]))


@pytest.mark.parametrize("build", [small_convnet.build, small_convnet.build_any_size], ids=["one size", "any size"])
def test_style_climbs_down_the_books_loss(model_of, photo, monkeypatch, build):
    model, size = model_of(build, preprocess="none"), (20, 18)
    content, style = photo(*size), photo(*size, seed=1)
    seen = []
    optimize = pytest.importorskip("scipy.optimize")
    plain = optimize.fmin_l_bfgs_b

    def watched(loss, start, **options):
        seen.append((start.copy(), *loss(start)))
        return plain(loss, start, **options)

    monkeypatch.setattr(optimize, "fmin_l_bfgs_b", watched)
    found = slimcam.style_transfer(model, content, style, "conv2", ["conv1", "conv2"], iterations=3, height=None)
    assert found.shape == (*size, 3) and found.dtype == np.uint8
    expected = the_books_style_loss(content, style, size)
    for image, value, gradient in seen:
        loss, slope, cancelled = expected(image.reshape(*size, 3))
        share = rounding_of_net(STYLE_TERMS, 1 + float(cancelled))
        assert value == pytest.approx(float(loss), rel=2 * share)  # a square has twice the share of what is squared
        np.testing.assert_allclose(gradient.reshape(*size, 3), slope, rtol=0, atol=share * np.abs(slope).max())
    losses = [value for _, value, _ in seen]
    assert losses[0] > losses[1] > losses[2]


def test_style_takes_photos_of_any_sizes(model_of, photo):
    model = model_of(small_convnet.build, preprocess="squash")
    seen = []
    found = slimcam.style_transfer(
        model,
        photo(40, 60),
        photo(33, 21),
        "conv2",
        ["conv1"],
        iterations=2,
        height=20,
        progress=lambda *n: seen.append(n),
    )
    assert found.shape == (20, 30, 3) and seen == [(1, 2), (2, 2)]


def test_style_without_layers_is_refused(model_of, photo):
    model = model_of(small_convnet.build, preprocess="squash")
    with pytest.raises(TargetError, match="no style layers were named"):
        slimcam.style_transfer(model, photo(20, 20), photo(20, 20), "conv2", [])
