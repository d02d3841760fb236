"""Shifts, scales and turns: what TensorFlow does in lucid's, and the way back."""

import numpy as np
import pytest
from fixtures.tolerance import rounding
from fixtures.turning import projected

from slimcam._tf import tf, tf1
from slimcam.visualisation import transforms

SIZE = (9, 12)
PICTURES = np.random.RandomState(0).uniform(0, 1, (2, *SIZE, 3)).astype(np.float32)

EACH = {
    "pad": lambda: transforms.pad(SIZE, 3, 0.5),
    "shift": lambda: transforms.shift(SIZE, 4, np.random.RandomState(1)),
    "smaller": lambda: transforms.scale(SIZE, 0.7),
    "larger": lambda: transforms.scale(SIZE, 1.6),
    "corners": lambda: transforms.resize(SIZE, (14, 5), corners=True),
    "one line": lambda: transforms.resize(SIZE, (1, 1)),
    "cut and pad": lambda: transforms.fit(SIZE, (5, 15)),
    "in a row": lambda: transforms.sequence([transforms.pad(SIZE, 2, 0.5), transforms.fit((13, 16), (8, 20))]),
}


def in_tensorflow(build):
    with tf1.Graph().as_default(), tf1.Session() as session:
        return session.run(build(tf.constant(PICTURES)))


@pytest.mark.parametrize("name", EACH)
def test_the_way_back_is_the_transpose_of_the_way_there(name):
    transform = EACH[name]()
    x = np.random.RandomState(5).normal(size=(2, *SIZE, 3))
    y = np.random.RandomState(6).normal(size=(2, *transform.size, 3))
    there = transform.forward(x) - transform.forward(np.zeros_like(x))
    assert transform.forward(x).shape == y.shape and transform.back(y).shape == x.shape
    bound = rounding(x.size, np.abs(y).sum() * np.abs(x).max(), np.float32)  # shares of lines are float32
    assert abs((there * y).sum() - (x * transform.back(y)).sum()) <= bound


@pytest.mark.parametrize("factor", [0.9, 0.96, 1.04, 1.1, 1.7])
def test_scale_is_tensorflow_1s(factor):
    to = [int(side * np.float32(factor)) for side in SIZE]
    expected = in_tensorflow(lambda x: tf1.image.resize_bilinear(x, to))
    found = transforms.scale(SIZE, factor).forward(PICTURES)
    np.testing.assert_allclose(found, expected, rtol=0, atol=rounding(8))


@pytest.mark.parametrize("to", [(5, 15), (4, 4), (12, 20), (10, 11), (9, 12)])
def test_fit_is_tensorflows(to):
    expected = in_tensorflow(lambda x: tf.image.resize_with_crop_or_pad(x, *to))
    np.testing.assert_array_equal(transforms.fit(SIZE, to).forward(PICTURES), expected)


@pytest.mark.parametrize("angle", [0, 0.05, -0.11, 0.174, -0.174])
def test_turn_and_its_gradient_are_tensorflows(angle):
    height, width = SIZE
    cosine, sine = np.cos(angle), np.sin(angle)
    left = ((width - 1) - (cosine * (width - 1) - sine * (height - 1))) / 2
    top = ((height - 1) - (sine * (width - 1) + cosine * (height - 1))) / 2
    matrix = np.float32([[cosine, -sine, left, sine, cosine, top, 0, 0]])  # as tf.contrib.image.rotate makes it
    slopes = np.random.RandomState(1).normal(size=PICTURES.shape).astype(np.float32)

    def turned(x):
        out = projected(x, matrix, list(SIZE))
        return out, tf1.gradients(out, x, slopes)[0]

    there, back = in_tensorflow(turned)
    transform = transforms.turn(SIZE, angle)
    np.testing.assert_array_equal(transform.forward(PICTURES), there)
    np.testing.assert_array_equal(transform.back(slopes), back)


def test_corners_stay_where_they_are():
    line = np.float32([0, 2, 4]).reshape(1, 1, 3, 1)
    found = transforms.resize((1, 3), (1, 5), corners=True).forward(line)
    assert found.reshape(-1).tolist() == [0, 1, 2, 3, 4]


def test_the_same_seed_draws_the_same_and_another_does_not():
    x = np.random.RandomState(0).uniform(size=(1, 30, 40, 3))
    one, same, other = (transforms.standard((30, 40), (28, 28), np.random.RandomState(s)).forward(x) for s in (1, 1, 2))
    assert (one == same).all() and not (one == other).all()
