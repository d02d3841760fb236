"""What cannot be trusted is said by every command, and none of them ends with status 0 then."""

import re

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1


def net(kernel=(1.0, -1.0)):
    """Build a net of one convolution of one pixel; a NaN is turned to 0 by the ReLU of TensorFlow 2."""
    x = tf1.placeholder(tf1.float32, [None, 8, 8, 3], name="x")
    weights = np.ones((1, 1, 3, 2), np.float32) * np.float32(kernel)
    a = tf1.nn.relu(tf1.nn.conv2d(x, tf1.constant(weights, name="kernel"), 1, "SAME"), name="a")
    tf1.nn.softmax(tf1.identity(tf1.reduce_mean(a, [1, 2]), name="logits"))


COMMANDS = {
    "explain": ("explain", "{photo}", "--model", "{bad}", "--target", "0", "--out", "{out}"),
    "activations": ("activations", "{photo}", "--model", "{bad}", "--out", "{out}"),
    "record": ("record", "{photo}", "--model", "{bad}", "--target", "0", "--out", "{out}"),
    "compare": ("compare", "{good}", "{bad}", "{photo}", "--target", "0"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_weights_that_are_no_numbers_end_no_command_with_0(command, run, frozen, make_photo, tmp_path):
    words = {
        "photo": make_photo("one.png"),
        "good": frozen(net, "good.pb"),
        "bad": frozen(lambda: net((1.0, np.nan)), "bad.pb"),
        "out": tmp_path / "out",
    }
    result = run(*(word.format(**words) for word in COMMANDS[command]))
    assert result.status != 0
    assert re.search(r"slimcam: .*NaN.*'kernel'|slimcam: .*'kernel'.*NaN|not finite|NaN", result.stderr), result.stderr


def test_a_comparison_names_maps_that_tell_nothing_and_what_that_means(run, frozen, make_photo, tmp_path):
    path = frozen(net)
    result = run("compare", path, path, make_photo("one.png"), "--target", "1", "--preprocess", "none")
    assert result.status == 0
    assert " 1 (blank)" in result.stdout
    assert result.stdout.rstrip().endswith("blank: nothing in the layer speaks for the score.")
