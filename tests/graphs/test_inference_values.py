"""Placeholders that only training varies: which get a value, and which."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fed_nets import X, headed

import slimcam

# --- inference values


def switched(name, dtype=tf1.bool, default=None):
    """Return a head that gives the features, or their negatives where the placeholder `name` says training."""

    def head(features):
        if default is None:
            training = tf1.placeholder(dtype, [], name=name)
        else:
            training = tf1.placeholder_with_default(tf1.constant(default, dtype), [], name=name)
        return tf1.cond(tf1.cast(training, tf1.bool), lambda: -features, lambda: tf1.identity(features))

    return headed(head)


def assert_inference(model, fed):
    """The features, means of a, are the logits: the map of class 0 is 1/4 a0; and `fed` is what was fed for that.

    Halves and quarters of small numbers: nothing is rounded.
    """
    maps = slimcam.GradCAM(model, "a", target=0)(X)
    np.testing.assert_array_equal(maps.raw, [[[0.25, 0.5], [0, 0]]])
    np.testing.assert_array_equal(maps.scores, [0.75])
    assert maps.fed == fed


@pytest.mark.parametrize(
    "name", ["is_training", "phase_train", "training", "bn/is_training_1", "train_phase", "is_train", "training_mode"]
)
def test_training_switch_is_off(model_of, name):
    assert_inference(model_of(switched(name), logits="logits"), [f"{name}:0 = False (not training)"])


def test_learning_phase_is_test(model_of):
    model = model_of(switched("keras_learning_phase"), logits="logits")
    assert_inference(model, ["keras_learning_phase:0 = False (Keras' learning phase: test)"])


def test_training_switch_of_whole_numbers_is_nought(model_of):
    model = model_of(switched("phase_train", tf1.int32), logits="logits")
    assert_inference(model, ["phase_train:0 = 0 (not training)"])


def test_training_by_default_is_switched_off(model_of):
    model = model_of(switched("is_training", default=True), logits="logits")
    assert_inference(model, ["is_training:0 = False (not training)"])


def test_default_of_another_name_stays(model_of):
    model = model_of(headed(lambda f: f * tf1.placeholder_with_default(3.0, [], name="temperature")), logits="logits")
    maps = slimcam.GradCAM(model, "a", target=0)(X)
    np.testing.assert_array_equal(maps.raw, [[[0.75, 1.5], [0, 0]]])  # three times the map of the features
    assert maps.fed == []


def test_switch_of_tensorflow_1_is_off(model_of):
    def head(features):
        training = tf1.placeholder(tf1.bool, [], name="is_training")
        off, on = tf1.raw_ops.Switch(data=features, pred=training)
        return tf1.raw_ops.Merge(inputs=[tf1.identity(off), -on])[0]

    assert_inference(model_of(headed(head), logits="logits"), ["is_training:0 = False (not training)"])


def rated(name):
    return headed(lambda f: tf1.nn.dropout(f, rate=tf1.placeholder(tf1.float32, [], name=name)))


def kept(name):
    def head(features):
        keep = tf1.placeholder(tf1.float32, [], name=name)
        return tf1.nn.dropout(features, rate=1 - keep)

    return headed(head)


def kept_as_to_tensorflow_1_12(name):
    """Return the graph of tf.nn.dropout(x, keep_prob) in TensorFlow 1.0 to 1.12: x / keep * floor(keep + noise)."""

    def head(features):
        keep = tf1.placeholder(tf1.float32, [], name=name)
        noise = tf1.random_uniform(tf1.shape(features), name="dropout/random_uniform")
        return features / keep * tf1.floor(keep + noise)

    return headed(head)


@pytest.mark.parametrize("build", [kept, kept_as_to_tensorflow_1_12])
def test_share_that_dropout_keeps_is_one(model_of, build):
    assert_inference(model_of(build("keep_prob"), logits="logits"), ["keep_prob:0 = 1.0 (dropout keeps everything)"])


def test_rate_that_dropout_drops_is_nought(model_of):
    assert_inference(model_of(rated("dropout"), logits="logits"), ["dropout:0 = 0.0 (dropout drops nothing)"])


@pytest.mark.parametrize("build", [kept, kept_as_to_tensorflow_1_12])
def test_placeholder_called_dropout_is_the_share_kept_where_it_is_used_so(model_of, build):
    why = "its readers use it as the share that dropout keeps"
    assert_inference(model_of(build("dropout"), logits="logits"), [f"dropout:0 = 1.0 ({why})"])


def test_keep_prob_of_tf_nn_dropout_is_one(model_of):
    def head(features):
        keep = tf1.placeholder(tf1.float32, [], name="drop_out")
        return tf1.nn.dropout(features, keep_prob=keep)

    why = "its readers use it as the share that dropout keeps"
    assert_inference(model_of(headed(head), logits="logits"), [f"drop_out:0 = 1.0 ({why})"])


def test_only_what_the_score_needs_is_fed(model_of):
    def head(features):
        tf1.nn.dropout(features, rate=tf1.placeholder(tf1.float32, [], name="dropout"), name="other_head")
        return features * tf1.cast(1 - tf1.placeholder(tf1.int32, [], name="phase_train"), tf1.float32)

    assert_inference(model_of(headed(head), logits="logits"), ["phase_train:0 = 0 (not training)"])


@pytest.mark.parametrize("build", [switched("is_training"), rated("dropout"), kept("keep_prob")])
def test_inference_values_reach_the_best_classes(model_of, build):
    model = model_of(build, logits="logits")
    maps = slimcam.GradCAM(model, "a", slimcam.Top(2))(X * [[[[2]], [[1]]]])
    # a = 2 4 over 0 0 and 0 0 over 1 2, so the features are 6/4 and 3/4
    np.testing.assert_array_equal(maps.raw, [[[0.5, 1], [0, 0]], [[0, 0], [0.25, 0.5]]])
    np.testing.assert_array_equal(maps.scores, [1.5, 0.75])
    assert len(maps.fed) == 1


def test_held_switch_is_not_reported_as_fed(model_of):
    model = model_of(switched("is_training"), logits="logits")
    maps = slimcam.GradCAM(model, "a", target=0, hold={"is_training": True})(X)
    np.testing.assert_array_equal(maps.raw, [[[-0.25, -0.5], [0, 0]]])
    assert maps.fed == []
