"""What is compared of two models, and what is told of it: numbers by hand, feeds, layouts, names, and the report."""

import json

import cv2
import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.tolerance import assert_net, rounding_of_net
from two_nets import SIDE, Net, images, renamed, weight

import slimcam
from slimcam.divergence import compare_layers


def beside(model_of, changed, **options):
    """Set a net beside another of its builds."""
    return compare_layers(model_of(Net()), model_of(changed), images(), **options)


def linear(weights, biases):
    """One pixel's worth of net: two channels in, two out, scored by their sum and their difference."""

    def build():
        x = tf1.placeholder(tf1.float32, [None, 2, 2, 2], name="images")
        kernel = np.array(weights, np.float32).reshape(1, 1, 2, 2)
        y = tf1.nn.conv2d(x, tf1.constant(kernel), strides=[1, 1, 1, 1], padding="SAME", name="conv")
        mean = tf1.reduce_mean(tf1.nn.bias_add(y, np.array(biases, np.float32), name="bias"), [1, 2], name="mean")
        tf1.nn.softmax(tf1.matmul(mean, np.array([[1, 1], [1, -1]], np.float32), name="scores"))

    return build


def test_drifts_are_as_worked_by_hand(model_of):
    """Of ones: A gives 1 + 2, 3 + 4 and B 1 + 2, 3 + 6; A's winner is the sum, whose gradients are those of a mean."""
    a, b = model_of(linear([[1, 3], [2, 4]], [0, 0])), model_of(linear([[1, 3], [2, 6]], [0, 0]))
    found = compare_layers(a, b, np.ones((1, 2, 2, 2), np.float32))
    rows = {row.a: row for row in found.rows}
    assert found.first is rows["bias"] and rows["bias"].shape == (2, 2, 2)
    assert rows["bias"].drift == pytest.approx(2 / 7)
    assert rows["bias"].cosine == pytest.approx((9 + 63) / np.sqrt((9 + 49) * (9 + 81)))
    assert rows["scores"].drift == pytest.approx(2 / 10)
    assert rows["mean"].gradients == rows["bias"].gradients == 0
    # of the images: a quarter of 1 + 3, 2 + 4 and of 1 + 3, 2 + 6
    assert rows["images"].gradients == pytest.approx(2 / np.sqrt(16 + 36))


def test_the_class_is_the_one_asked_for(model_of):
    """For the difference, the gradients of the images are a quarter of 1 - 3, 2 - 4 and of 1 - 3, 2 - 6."""
    a, b = model_of(linear([[1, 3], [2, 4]], [0, 0])), model_of(linear([[1, 3], [2, 6]], [0, 0]))
    found = compare_layers(a, b, np.ones((1, 2, 2, 2), np.float32), target=1)
    assert found.rows[0].gradients == pytest.approx(2 / np.sqrt(4 + 4))


def channels_first(first):
    """Return a build of a bias and a ReLU, channels first or last, and a dense layer."""

    def build():
        x = tf1.placeholder(tf1.float32, [None, 3, 4, 2], name="images")
        x = tf1.transpose(x, [0, 3, 1, 2]) if first else x
        x = tf1.nn.bias_add(x, np.array([1, -1], np.float32), data_format="NCHW" if first else "NHWC", name="bias")
        x = tf1.nn.relu(x, name="relu")
        x = tf1.reduce_mean(x, [2, 3] if first else [1, 2], name="mean")
        tf1.nn.softmax(tf1.matmul(x, np.array([[1, 2, 3], [3, 2, 0]], np.float32), name="scores"))

    return build


def test_channels_first_and_last_compare(model_of):
    arrays = np.random.RandomState(0).normal(size=(2, 3, 4, 2)).astype(np.float32)
    found = compare_layers(model_of(channels_first(True)), model_of(channels_first(False)), arrays)
    assert [(row.a, row.b) for row in found.rows] == [
        (name, name) for name in ("images", "bias", "relu", "mean", "scores")
    ]
    assert [row.shape for row in found.rows[1:3]] == [(3, 4, 2)] * 2
    assert found.first is None and max(row.drift for row in found.rows) < rounding_of_net(20)


def test_photos_are_prepared_by_each_model_and_part_there(frozen, photo):
    a, b = (slimcam.load(frozen(Net()), preprocess=name) for name in ("inception", "vgg"))
    with a, b:
        found = compare_layers(a, b, [photo(20, 30), photo(30, 20)])
        assert found.first is found.rows[0] and found.first.kind == "input"
        assert compare_layers(a, a, [photo(20, 30), photo(30, 20)]).first is None


def test_layers_that_are_named_are_paired(model_of):
    found = beside(model_of, Net(renamed), layers={"two_a": renamed("three_a"), "three_a": renamed("two_a")})
    assert {("two_a", renamed("three_a")), ("three_a", renamed("two_a"))} <= {(row.a, row.b) for row in found.rows}


def test_a_named_layer_that_is_none_is_an_error(model_of):
    with pytest.raises(slimcam.UnknownName, match="no tensor 'last/Conv3D'; near: 'last/Conv2D'"):
        beside(model_of, Net(renamed), layers={"last/Conv3D": "images"})
    with pytest.raises(
        slimcam.UnknownName, match=r"'stem/Const' is no stage on the way to the logits of .*; near: 'stem/"
    ):
        beside(model_of, Net(renamed), layers={"stem/Const": "images"})


def pair_of(count):
    def build():
        starts = [tf1.placeholder(tf1.float32, [None, SIDE, SIDE, 3], name=f"images_{i}") for i in range(count)]
        means = [tf1.reduce_mean(start, [1, 2]) for start in starts]
        tf1.nn.softmax(tf1.matmul(tf1.concat(means, 1), np.ones((3 * count, 4), np.float32), name="scores"))

    return build


def test_models_of_two_images_take_a_tuple(model_of):
    a, b = model_of(pair_of(2)), model_of(pair_of(2))
    assert compare_layers(a, b, (images(), images(seed=1))).first is None
    with pytest.raises(
        slimcam.ComparisonError, match=r"the logits need 2 images .*give a tuple with the photos of each"
    ):
        compare_layers(a, b, images())
    with pytest.raises(slimcam.ComparisonError, match=r"as many photos as the others, and \[2, 1\] were given"):
        compare_layers(a, b, (images(), images(1)))
    with pytest.raises(slimcam.ComparisonError, match="2 images in A and 1 in B"):
        compare_layers(a, model_of(pair_of(1)), images())


def test_the_graph_gains_only_what_is_slimcams_and_once(model_of):
    a, b = model_of(Net()), model_of(Net(renamed))
    before = {op.name for op in a.graph.get_operations()}
    compare_layers(a, b, images())
    once = [op.name for op in a.graph.get_operations()]
    assert all(name.startswith("slimcam/") for name in set(once) - before)
    compare_layers(a, b, images(1), target=2)
    assert [op.name for op in a.graph.get_operations()] == once


def test_the_report_is_a_table_a_verdict_and_strict_json(model_of):
    found = beside(model_of, Net(renamed, change={"last": 0.05}))
    lines = found.table(most=6).splitlines()
    assert len(lines) == 8 and lines[0].split()[:5] == ["A", "B", "kind", "shape", "activations"]
    assert [line.split()[0] for line in lines if "<- first" in line] == ["last/Conv2D"]
    assert len(found.table().splitlines()) == 2 + len(found.rows)
    held = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert held["first"]["a"] == "last/Conv2D" and held["verdict"] == found.verdict()
    assert f"first part at 'last/Conv2D' (A) / '{renamed('last')}/Conv2D' (B), conv: drift " in held["verdict"]


def convolution(x, scope):
    """A convolution, a ReLU and a dense layer."""
    with tf1.name_scope(scope):
        h = tf1.nn.conv2d(x, tf1.constant(weight("kernel", 3, 3, 3, 8)), strides=[1, 1, 1, 1], padding="SAME")
        mean = tf1.reduce_mean(tf1.nn.relu(h), [1, 2])
        tf1.nn.softmax(tf1.matmul(mean, weight("scores", 8, 5)), name="probabilities")


def decoding():
    """A net that takes one PNG, and prepares it by itself."""
    data = tf1.placeholder(tf1.string, [], name="png")
    image = tf1.expand_dims(tf1.cast(tf1.image.decode_png(data, channels=3), tf1.float32), 0)
    convolution(image / 127.5 - 1, "a")


def test_a_net_that_prepares_its_photos_itself_compares_with_one_that_is_fed(model_of, photo):
    """Of two photos the first is compared: the net takes one a run."""

    def fed():
        convolution(tf1.placeholder(tf1.float32, [None, SIDE, SIDE, 3], name="images"), "b")

    a, b = model_of(decoding), model_of(fed, preprocess="squash")
    found = compare_layers(a, b, [photo(SIDE, SIDE), photo(SIDE, SIDE, 1)])
    assert (found.rows[0].b, found.rows[0].kind) == ("images", "shift / input")
    assert found.first is None and len(found.rows) == 5
    data = cv2.imencode(".png", photo(SIDE, SIDE)[..., ::-1])[1].tobytes()
    logits = a.session.run(a.logits, {"png:0": data})
    assert_net(b.features(b.logits, photo(SIDE, SIDE)), logits)


def test_the_ways_to_a_dilated_convolution_are_one_stage(model_of):
    def dilated(native):
        def build():
            x = tf1.placeholder(tf1.float32, [None, SIDE, SIDE, 3], name="images")
            kernel = tf1.constant(weight("kernel", 3, 3, 3, 8))
            if native:
                x = tf1.nn.conv2d(x, kernel, strides=[1, 1, 1, 1], padding="SAME", dilations=[1, 2, 2, 1])
            else:
                x = tf1.space_to_batch_nd(x, [2, 2], [[2, 2], [2, 2]])
                x = tf1.nn.conv2d(x, kernel, strides=[1, 1, 1, 1], padding="VALID")
                x = tf1.batch_to_space_nd(x, [2, 2], [[0, 0], [0, 0]])
            x = tf1.nn.relu(x + weight("bias", 8))
            tf1.nn.softmax(tf1.matmul(tf1.reduce_mean(x, [1, 2]), weight("scores", 8, 5)))

        return build

    found = compare_layers(model_of(dilated(True)), model_of(dilated(False)), images())
    assert [row.kind for row in found.rows] == ["input", "conv", "activation:relu", "mean", "dense"]
    assert found.first is None and not found.only_a and not found.only_b
