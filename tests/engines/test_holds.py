"""hold= by a number, "zeros" or an array."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.colours import RED_GREEN
from fixtures.tolerance import assert_sums

import slimcam
from slimcam.targets.as_text import read_hold


def gains():
    """Build the net `colours` with its layer times placeholders: of one number, of one per channel, and of integers."""
    x = tf1.placeholder(tf1.float32, [None, 4, 6, 3], name="x")
    one, each = tf1.placeholder(tf1.float32, [], name="one"), tf1.placeholder(tf1.float32, [2], name="each")
    per_image = tf1.placeholder(tf1.float32, [None, 2], name="per_image")
    whole, train = tf1.placeholder(tf1.int32, [], name="whole"), tf1.placeholder(tf1.bool, [], name="up")
    a = tf1.nn.conv2d(x, tf1.constant(RED_GREEN), 1, "SAME") * one * each * per_image[:, None, None]
    a = a * tf1.cast(whole, tf1.float32) * tf1.where(train, 4.0, 1.0)
    tf1.reduce_mean(tf1.identity(a, name="a"), [1, 2], name="logits")


HELD = {"one": 0.5, "each": 3, "per_image": np.float32(2), "whole": 5, "up": True}  # 0.5 x 3 x 2 x 5 x 4 = 60


def test_a_number_fills_the_tensor(model_of, photo):
    model, image = model_of(gains, logits="logits", preprocess="none"), photo(4, 6)
    maps = slimcam.GradCAM(model, "a", target=0, hold=HELD)([image, image])
    for raw in maps.raw:
        assert_sums(raw, 60.0 * image[..., 0] / 24, 40)


@pytest.mark.parametrize(
    "word, value",
    [
        ("0.5", 0.5),
        ("-1", -1),
        ("3", 3),
        ("1e-3", 1e-3),
        (".5", 0.5),
        ("true", True),
        ("False", False),
        ("zeros", "zeros"),
    ],
)
def test_the_command_line_reads_numbers(word, value):
    name, read = read_hold(None, f"scope/keep=prob={word}")
    assert (name, read, type(read)) == ("scope/keep=prob", value, type(value))


@pytest.mark.parametrize(
    "hold, message",
    [
        ({"per_image": np.ones((0, 2))}, r"hold: 'per_image:0' is .*, and the array given for it \(0, 2\)"),
        ({"whole": 0.5}, "hold: 'whole:0' at 0.5: it takes whole numbers \\(int32\\)"),
        ({"x": "ones"}, "hold: 'x:0' at 'ones': the only word is \"zeros\""),
    ],
)
def test_what_does_not_fit_is_refused(model_of, hold, message):
    model = model_of(gains, logits="logits", preprocess="none")
    with pytest.raises(slimcam.WrongFeed, match=message):
        slimcam.GradCAM(model, "a", target=0, hold={**HELD, **hold})


def test_a_tensor_of_no_fixed_shape_takes_an_array(model_of):
    def build():
        x = tf1.placeholder(tf1.float32, [None, None, None, 3], name="x")
        tf1.reduce_mean(tf1.nn.conv2d(x, tf1.constant(RED_GREEN), 1, "SAME", name="a"), [1, 2], name="logits")

    model = model_of(build, logits="logits", preprocess="none")
    with pytest.raises(slimcam.WrongFeed, match=r"hold: 'x:0' at 0\.5: its shape is not fixed; give an array"):
        slimcam.GradCAM(model, "a", target=0, hold={"x": 0.5})
