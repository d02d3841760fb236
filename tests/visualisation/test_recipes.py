"""The recipes step by step, beside the published loops in a plain session of TensorFlow."""

import numpy as np
import pytest
from fixtures import small_convnet
from fixtures.small_convnet import SIDE
from fixtures.tolerance import assert_net
from fixtures.turning import projected

import slimcam
from slimcam._tf import tf, tf1
from slimcam.errors import UnknownName
from slimcam.visualisation import recipes, spectrum, transforms


def the_books_loop(image, k, steps):
    """Return the picture after each step of the Keras book's generate_pattern, from a given noise, (1, h, w, 3)."""

    def iterate(images, conv1, conv2, logits):
        loss = tf.reduce_mean(conv2[:, :, :, k])
        grads = tf1.gradients(loss, images)[0]
        grads /= tf.sqrt(tf.reduce_mean(tf.square(grads))) + 1e-5
        return loss, grads

    run = small_convnet.in_a_session(iterate)
    for _ in range(steps):
        loss, grads = run(image)
        image = image + grads
        yield loss, image


def deprocess_image(x):
    """The Keras book's."""
    x = (x - x.mean()) / (x.std() + 1e-5) * 0.1 + 0.5
    return np.clip(np.clip(x, 0, 1) * 255, 0, 255).astype("uint8")


@pytest.mark.parametrize("seed", [0, 7])
def test_book_is_the_books_loop(model_of, seed):
    model = model_of(small_convnet.build, preprocess="none")
    steps = 6
    found = slimcam.filters(model, "conv2", [1, 4], steps=steps, seed=seed, thresholds=range(steps))
    for row, k in enumerate((1, 4)):
        noise = np.random.RandomState([seed, k]).random_sample((1, SIDE, SIDE, 3)) * 20 + 128
        for i, (loss, image) in enumerate(the_books_loop(noise, k, steps)):
            assert_net(found.scores[row, i], np.asarray(loss))
            expected = deprocess_image(image[0]).astype(int)
            # A level is cut off, not rounded: where the values differ by a rounding it may be the next one.
            assert np.abs(found.snapshots[i][row].astype(int) - expected).max() <= 1
            assert (found.snapshots[i][row] == expected).mean() > 0.99
    assert (found.pictures == found.snapshots[steps - 1]).all()


@pytest.mark.parametrize("preprocess, per_level", [("squash", 2 / 255), ("unit", 1 / 255)])
def test_book_climbs_in_grey_levels_whatever_the_range(model_of, preprocess, per_level):
    model = model_of(small_convnet.build, preprocess=preprocess)
    found = slimcam.filters(model, "conv2", [2], steps=2)
    noise = np.random.RandomState([0, 2]).random_sample((1, SIDE, SIDE, 3)) * 20 + 128
    low = -1 if preprocess == "squash" else 0
    score = small_convnet.in_a_session(
        lambda images, conv1, conv2, logits: [tf.reduce_mean(conv2[..., 2]), tf1.gradients(conv2[..., 2], images)[0]]
    )
    first, gradient = score(low + noise * per_level)
    gradient = gradient / conv2_places()
    step = gradient / (np.sqrt(np.square(gradient).mean()) + 1e-5)
    second, _ = score(low + (noise + step) * per_level)
    assert_net(found.scores[0], np.array([first, second]))


def conv2_places():
    return (SIDE // 2) ** 2


def test_bgr_is_fed_as_bgr_and_shown_as_rgb(model_of):
    rgb, bgr = (
        slimcam.filters(model_of(build, preprocess="caffe"), "conv2", [1], steps=1) for build in (turned, plain_mean)
    )
    # A net that turns BGR to RGB by itself makes of one noise what the other makes of it.
    assert_net(rgb.scores, bgr.scores)
    assert (rgb.pictures == bgr.pictures).mean() > 0.99


def turned():
    images = tf1.placeholder(tf1.float32, [None, SIDE, SIDE, 3], name="bgr")
    _on(images[..., ::-1])


def plain_mean():
    _on_swapped(tf1.placeholder(tf1.float32, [None, SIDE, SIDE, 3], name="bgr"))


def _on(images):
    one, two, dense = small_convnet.weights()
    conv1 = tf1.nn.relu(tf1.nn.conv2d(images, one, 1, "SAME"), name="conv1")
    conv2 = tf1.nn.relu(tf1.nn.conv2d(conv1, two, 2, "SAME"), name="conv2")
    tf1.matmul(tf1.reduce_mean(conv2, [1, 2]), dense, name="logits")


def _on_swapped(images):
    one, two, dense = small_convnet.weights()
    conv1 = tf1.nn.relu(tf1.nn.conv2d(images, one[:, :, ::-1], 1, "SAME"), name="conv1")
    conv2 = tf1.nn.relu(tf1.nn.conv2d(conv1, two, 2, "SAME"), name="conv2")
    tf1.matmul(tf1.reduce_mean(conv2, [1, 2]), dense, name="logits")


def lucids_loop(start, k, steps, seed):
    """Yield the picture before each step of lucid's render_vis, its own graph and Adam, with our draws fed."""
    height = width = SIDE
    scale = np.sqrt(width * height) / np.maximum(spectrum.frequencies(height, width), 1 / SIDE)
    one, two, _ = small_convnet.weights()
    with tf1.Graph().as_default(), tf1.Session() as session:
        values = tf1.Variable(start[:, None])  # (2, 1, C, h, columns)
        pixels = tf1.spectral.irfft2d(np.complex64(scale) * tf.complex(values[0], values[1]))
        pixels = tf.transpose(pixels, [0, 2, 3, 1]) / 4
        image = tf.sigmoid(tf.reshape(tf.matmul(tf.reshape(pixels, [-1, 3]), spectrum.COLOURS.T), tf.shape(pixels)))
        corner, side, matrix, later = (
            tf1.placeholder(tf.int32, [2]),
            tf1.placeholder(tf.int32, [2]),
            tf1.placeholder(tf.float32, [1, 8]),
            tf1.placeholder(tf.int32, [2]),
        )
        x = tf.pad(image, [(0, 0), (12, 12), (12, 12), (0, 0)], constant_values=0.5)
        x = x[:, corner[0] : corner[0] + SIDE + 16, corner[1] : corner[1] + SIDE + 16]
        x = tf1.image.resize_bilinear(x, side)
        x = projected(x, matrix, side)
        x = x[:, later[0] : later[0] + side[0] - 4, later[1] : later[1] + side[1] - 4]
        x = tf.image.resize_with_crop_or_pad(x, SIDE, SIDE) * 2 - 1
        conv1 = tf.nn.relu(tf1.nn.conv2d(x, one, 1, "SAME"))
        loss = tf.reduce_mean(tf.nn.relu(tf1.nn.conv2d(conv1, two, 2, "SAME"))[..., k])
        step = tf1.train.AdamOptimizer(0.05).minimize(-loss)
        session.run(tf1.global_variables_initializer())
        for i in range(steps):
            feeds = dict(zip((corner, side, matrix, later), draws(seed, i)))
            yield session.run([image, loss], feeds)
            session.run(step, feeds)


def draws(seed, step):
    """Return what recipes.lucid_step draws, as the places and sizes of its transforms."""
    random = np.random.RandomState([seed, 1 << 31, step])
    corner = random.randint(9, size=2)
    side = int((SIDE + 16) * np.float32(transforms.SCALES[random.randint(11)]))
    angle = transforms.ANGLES[random.randint(26)] * 3.14 / 180
    cosine, sine = np.cos(angle), np.sin(angle)
    left, top = ((side - 1) * (1 - cosine + sine)) / 2, ((side - 1) * (1 - cosine - sine)) / 2
    later = random.randint(5, size=2)
    return corner, [side, side], [[cosine, -sine, left, sine, cosine, top, 0, 0]], later


def test_lucid_is_lucids_graph_and_adam(model_of):
    model, k, steps = model_of(small_convnet.build, preprocess="squash"), 1, 6
    found = slimcam.filters(model, "conv2", [k], recipe="lucid", steps=steps, thresholds=range(steps))
    start = spectrum.coefficients((SIDE, SIDE), 3, np.random.RandomState([0, k]))
    for i, (image, loss) in enumerate(lucids_loop(start, k, steps, 0)):
        # Adam divides a gradient by its own length: where it is rounding alone, that decides the sign of a whole step,
        # 0.05 of one coefficient, which is less than a grey level.
        np.testing.assert_allclose(found.scores[0, i], loss, rtol=1e-3)
        if i:
            levels = (image[0] * 255).astype(np.uint8).astype(int)
            assert np.abs(found.snapshots[i - 1][0].astype(int) - levels).max() <= 1


def test_adam_by_hand():
    arrays = {"x": np.float32([1.0]), "mean": np.float32([0]), "square": np.float32([0])}
    moved = recipes.adam(arrays, "x", np.float32([4.0]), 0)
    # mean 0.4, square 0.016; corrected 4 and 16: a step of 0.05 x 4 / 4
    assert moved["x"] == pytest.approx(1.05, abs=1e-6)
    assert moved["mean"] == pytest.approx(0.4) and moved["square"] == pytest.approx(0.016)


def test_another_recipe_suggests():
    with pytest.raises(UnknownName, match=r"no recipe 'lucit' \(there are book, lucid\); .*'lucid'"):
        recipes.find_recipe("lucit")
