"""Region and Peak: scores of outputs that are maps, on nets whose logits are the picture's own colours."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.tolerance import assert_net

import slimcam
from slimcam import Channel, Peak, Region
from slimcam._tf import TF_VERSION, keras3
from slimcam.errors import TargetError, UnknownName

# Two classes on 2 x 3 places: class 1 wins at three of them, with 3, 5 and 1, and has 2 where it loses.
ZERO = np.float32([[4, 0, 0], [0, 9, 0]])
ONE = np.float32([[2, 3, 0], [5, 0, 1]])
X = np.stack([ZERO, ONE, np.zeros_like(ONE)], -1)[None]


def segmenter(after=lambda logits: None):
    """A map, `maps`, and by a convolution of 1 x 1 the logits of two classes: its first two channels."""
    images = tf1.placeholder(tf1.float32, [None, 2, 3, 3], name="images")
    maps = tf1.nn.relu(images, name="maps")
    kernel = tf1.constant(np.eye(3, 2, dtype=np.float32)[None, None])
    after(tf1.nn.bias_add(tf1.nn.conv2d(maps, kernel, 1, "SAME"), tf1.zeros(2), name="classes"))


def softmax(logits):
    tf1.nn.softmax(logits, name="probabilities")


def numbers_of_classes(logits):
    """What DeepLab's export ends in: the winning class of each place, larger."""
    larger = tf1.image.resize_nearest_neighbor(logits, [4, 6])
    tf1.identity(tf1.argmax(larger, 3)[:, :4], "SemanticPredictions")


def test_a_region_is_where_its_class_wins(model_of):
    model = model_of(segmenter)
    cam = slimcam.GradCAM(model, target=Region(1))
    assert cam.layer == "maps"  # neither the output nor what makes it
    maps = cam(X)
    assert maps.scores.tolist() == [3 + 5 + 1]
    # the gradient is 1 at the region's 3 of 6 places
    np.testing.assert_array_equal(maps.raw[0], ONE * 0.5)
    np.testing.assert_array_equal(slimcam.explain(model, X, target=Region(0)).raw[0], ZERO * np.float32(3 / 6))


def test_a_mask_takes_the_place_of_the_prediction(model_of):
    model = model_of(segmenter)
    mask = [[1, 0, 0], [0, 0, 0]]
    maps = slimcam.explain(model, X, target=Region(1, mask))
    assert maps.scores.tolist() == [2]
    np.testing.assert_allclose(maps.raw[0], ONE / 6)
    larger = np.kron(mask, np.ones((10, 7)))
    assert slimcam.explain(model, X, target=Region(1, larger)).scores.tolist() == [2]


def test_logits_are_before_the_softmax(model_of):
    model = model_of(lambda: segmenter(softmax))
    assert slimcam.explain(model, X, target=Region(1)).scores.tolist() == [9]


def test_an_output_of_class_numbers_is_explained_by_what_it_was_chosen_from(model_of):
    model = model_of(lambda: segmenter(numbers_of_classes))
    cam = slimcam.GradCAM(model, target=Region(1))
    assert cam.layer == "maps"  # and not the logits, which are only resized
    assert cam(X).scores.tolist() == [4 * 9]


def test_one_channel_is_the_class_where_it_is_above_0(model_of):
    def build():
        images = tf1.placeholder(tf1.float32, [None, 2, 3, 3], name="images")
        logits = tf1.nn.conv2d(tf1.nn.relu(images, name="maps"), tf1.constant([[[[-1.0], [1.0], [0.0]]]]), 1, "SAME")
        tf1.nn.sigmoid(logits, name="mask")

    model = model_of(build)
    # ONE - ZERO is -2, 3, 0, 5, -9, 1
    assert slimcam.explain(model, X, target=Region(1)).scores.tolist() == [9]
    assert slimcam.explain(model, X, target=Region(0)).scores.tolist() == [11]


def test_a_region_that_is_nowhere_gives_a_blank_map(model_of):
    maps = slimcam.explain(model_of(segmenter), X[..., [1, 2, 0]], target=Region(1))
    assert (maps.scores.tolist(), maps.blank.tolist()) == ([0], [True])


def test_a_peak_is_the_largest_value_of_a_channel(model_of):
    model = model_of(segmenter)
    cam = slimcam.GradCAM(model, target=Peak(1))
    assert cam.layer == "maps"
    maps = cam(np.concatenate([X, 2 * X[:, ::-1]]))
    assert maps.scores.tolist() == [5, 10]
    np.testing.assert_allclose(maps.raw, [ONE / 6, 2 * ONE[::-1] / 6], rtol=2e-7)  # one place of six


def test_peaks_and_regions_can_be_added(model_of):
    model = model_of(segmenter)
    target = Region(1) - 2 * Peak(0) + 0.5 * Channel("classes", 1)
    assert slimcam.explain(model, X, "maps", target).scores == pytest.approx([9 - 2 * 9 + 0.5 * 11 / 6], rel=1e-6)


def test_a_map_of_channels_first(model_of):
    def build():
        images = tf1.placeholder(tf1.float32, [None, 2, 3, 3], name="images")
        maps = tf1.transpose(tf1.nn.relu(images), [0, 3, 1, 2])
        tf1.nn.bias_add(maps, tf1.zeros(3), data_format="NCHW", name="classes")

    model = model_of(build)
    # the third class is 0 everywhere, and nowhere wins
    assert slimcam.explain(model, X, "Relu", Region(1)).scores.tolist() == [9]
    assert slimcam.explain(model, X, "Relu", Peak(0)).scores.tolist() == [9]


def test_the_output_is_named_where_there_are_several(model_of):
    def build():
        images = tf1.placeholder(tf1.float32, [None, 2, 3, 3], name="images")
        maps = tf1.nn.relu(images, name="maps")
        for name in ("first", "second"):
            tf1.nn.conv2d(maps, tf1.ones([1, 1, 3, 2]), 1, "SAME", name=name)

    model = model_of(build)
    with pytest.raises(
        TargetError, match=r"has 2 dense outputs: name one of 'first:0', 'second:0' by target=slimcam.Peak"
    ):
        slimcam.GradCAM(model, target=Peak(0))
    assert slimcam.explain(model, X, target=Peak(0, "second")).scores.tolist() == [9]
    with pytest.raises(
        TargetError, match=r"slimcam.Peak\(k, tensor='first:0'\) \(--target peak:first:0:K\); 'second:0'"
    ):
        slimcam.GradCAM(model)


@pytest.mark.parametrize(
    "target, error, message",
    [
        (Region(2), TargetError, "class 2 is out of range: 'classes:0' has 2"),
        (Region("cat"), UnknownName, "no label 'cat': the model has no labels"),
        (Peak(2), TargetError, "channel 2 of 'classes:0': it has channels 0 to 1"),
        (Peak(0, "missing"), UnknownName, "no tensor 'missing'"),
    ],
)
def test_what_does_not_fit_is_said(model_of, target, error, message):
    with pytest.raises(error, match=message):
        slimcam.GradCAM(model_of(segmenter), target=target)


def test_logits_that_are_a_map_say_which_targets_fit(model_of):
    with pytest.raises(TargetError, match=r"not \(N, classes\): load with logits=; 'classes:0' .* is a map"):
        slimcam.GradCAM(model_of(segmenter, logits="classes"))


@pytest.mark.parametrize("mask", [np.zeros((2, 3)), np.ones(6)])
def test_a_mask_is_two_dimensional_and_not_empty(mask):
    with pytest.raises(TargetError, match=r"give \(H, W\), not all of it 0"):
        Region(1, mask)


def test_scores_say_what_they_are():
    assert (repr(Peak(3)), repr(Region("cat"))) == ("Peak(3)", "Region('cat')")
    assert repr(Region(1, [[1]])) == repr(Region(1, [[2]])) != repr(Region(1, [[1, 0]]))


def skip_net():
    """A U-Net of one step: what is pooled and enlarged is joined with what was not."""
    images = tf1.placeholder(tf1.float32, [None, 4, 4, 3], name="images")
    first = tf1.nn.relu(tf1.nn.conv2d(images, tf1.ones([3, 3, 3, 2]), 1, "SAME"), name="first")
    inner = tf1.nn.relu(tf1.nn.conv2d(tf1.nn.max_pool2d(first, 2, 2, "SAME"), tf1.ones([3, 3, 2, 2]), 1, "SAME"))
    joined = tf1.concat([first, tf1.image.resize_nearest_neighbor(inner, [4, 4])], 3, name="joined")
    last = tf1.nn.relu(tf1.nn.conv2d(joined, tf1.ones([3, 3, 4, 2]), 1, "SAME"), name="last")
    tf1.nn.bias_add(tf1.nn.conv2d(last, tf1.ones([1, 1, 2, 2]), 1, "SAME"), tf1.zeros(2), name="classes")


@pytest.mark.parametrize("target, layer", [(Region(1), "last"), (Channel("last", 0), "joined"), (Peak(0), "last")])
def test_the_default_layer_is_the_last_good_map_before_the_score(model_of, target, layer):
    assert slimcam.GradCAM(model_of(skip_net), target=target).layer == layer


@pytest.mark.skipif(TF_VERSION < (2, 16), reason="Keras 3 needs TensorFlow 2.16")
def test_a_tape_gives_the_same(photo):
    keras = keras3()
    start = keras.layers.Input((8, 8, 3))
    maps = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="maps")(start)
    model = keras.Model(start, keras.layers.Conv2D(2, 1, activation="softmax", name="classes")(maps))
    images = np.float32(photo(8, 8)[None] / 255.0)
    with slimcam.load(model, engine="tape") as loaded:
        for target in (Region(1), Region(0, np.eye(8)), Peak(0)):
            graph, tape = (slimcam.explain(loaded, images, target=target, engine=one) for one in ("graph", "tape"))
            assert graph.layer == tape.layer == "maps"
            assert_net(tape.raw, graph.raw)
            assert_net(tape.scores, graph.scores)
