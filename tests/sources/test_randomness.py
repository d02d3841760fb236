"""Dropout that a graph has at work for good is bypassed, and whatever else is random is said.

The net of three_classes, with a dropout in every published form between its features and its logits: the maps are those
of the net without any, to the last bit where the form divides by the share that it multiplies by.
"""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.three_classes import A0, A1, BOTH

import slimcam
from slimcam._tf import TF_VERSION, keras3, tf
from slimcam.errors import Unsure

KEEP = 0.5  # a power of two: 1 / KEEP is exact
TIMES = 24  # calls; that 24 draws of two features each are alike by chance has odds below 1e-13


def net(drop):
    """Build features that go through `drop`, and logits 4 f0, 8 f1 and f0 + f1."""
    x = tf1.placeholder(tf1.float32, [None, 2, 2, 1], name="x")
    a = tf1.nn.relu(tf1.nn.conv2d(x, tf1.constant([[[[1.0, -1.0]]]]), 1, "SAME"), name="a")
    features = drop(tf1.reduce_mean(a, [1, 2], name="features"))
    tf1.matmul(features, tf1.constant([[4.0, 0, 1], [0, 8, 1]]), name="logits")


def uniform(x):
    """Return random numbers as tf.random_uniform of TensorFlow 1 has them, from 0 to 1."""
    drawn = tf.raw_ops.RandomUniform(shape=tf.shape(x), dtype=tf.float32)
    return tf.add(tf.multiply(drawn, tf.constant(1.0) - tf.constant(0.0)), tf.constant(0.0))


def keep():
    return tf.constant(KEEP, name="keep_prob")


def floor(x):
    return tf.floor(keep() + uniform(x))


def scaled(x):
    return x * (1.0 / (1.0 - tf.constant(1 - KEEP)))


def anew(x):
    """Return numbers without a state of their own, from a seed that is drawn."""
    seed = tf.raw_ops.RandomUniformInt(shape=[2], minval=0, maxval=1 << 30)
    return tf.raw_ops.StatelessRandomUniform(shape=tf.shape(x), seed=seed)


def with_fed_share(x, share):
    return x / share * tf.floor(share + uniform(x))


def in_branch(x, condition):
    """Drop in a branch of TensorFlow 1's tf.cond."""
    out, into = tf.raw_ops.Switch(data=x, pred=condition)
    return tf.raw_ops.Merge(inputs=[out, FORMS["1.12"](into)])[0]


def in_a_function(x):
    return tf.function(lambda inner: tf.raw_ops.RealDiv(x=inner, y=tf.constant(KEEP)) * floor(inner))(x)


FORMS = {
    "0.12": lambda x: x * tf.raw_ops.Reciprocal(x=keep()) * floor(x),
    "1.0": lambda x: tf.raw_ops.Div(x=x, y=keep()) * floor(x),
    "1.12": lambda x: tf.raw_ops.RealDiv(x=x, y=keep()) * floor(x),
    "1.14": lambda x: scaled(x) * tf.cast(uniform(x) >= 1 - KEEP, tf.float32),
    "2.14": lambda x: tf.raw_ops.SelectV2(condition=uniform(x) >= 1 - KEEP, t=scaled(x), e=tf.constant(0.0)),
    "less": lambda x: scaled(x) * tf.cast(tf.constant(KEEP) > uniform(x), tf.float32),
    "stateless": lambda x: scaled(x) * tf.cast(anew(x) >= 1 - KEEP, tf.float32),
    "binomial": lambda x: x * tf1.where(uniform(x) <= KEEP, tf.ones_like(x), tf.zeros_like(x)) / KEEP,
    "scaled mask": lambda x: (tf.cast(uniform(x) < KEEP, tf.float32) / KEEP) * x,
    "not": lambda x: scaled(x) * tf.cast(tf.logical_not(uniform(x) < 1 - KEEP), tf.float32),
    "installed": lambda x: tf1.nn.dropout(x, rate=1 - KEEP),
    "of a condition": lambda x: in_branch(x, tf.constant(True)),
}


def maps_of(model):
    """Return the raw maps of class 1 of both images, again and again, (TIMES, 2, 2, 2)."""
    cam = slimcam.GradCAM(model, "a", target=1)
    return np.stack([cam(BOTH).raw for _ in range(TIMES)])


@pytest.mark.parametrize("form", FORMS)
def test_dropout_at_work_is_bypassed_in_every_published_form(model_of, form):
    model = model_of(lambda: net(FORMS[form]), logits="logits", preprocess="none")
    raw = maps_of(model)
    np.testing.assert_array_equal(raw[:, 0], np.broadcast_to(2 * A1, (TIMES, 2, 2)))
    assert (raw == raw[0]).all()
    said = [line for line in model.why if line.startswith("dropout bypassed at '")]
    assert len(said) == 1 and said[0].endswith("(0.5 kept at random): keep_dropout=True keeps it")
    assert not model.notes


@pytest.mark.parametrize("form", FORMS)
def test_dropout_is_kept_when_asked_for_and_then_said(model_of, form):
    model = model_of(lambda: net(FORMS[form]), logits="logits", preprocess="none", keep_dropout=True)
    with pytest.warns(Unsure, match="scores and maps differ from run to run; dropout is kept, as asked"):
        slimcam.explain(model, BOTH, "a", 1)
    raw = maps_of(model)
    assert any((one != raw[0]).any() for one in raw)
    (note,) = [line for line in model.notes if "from run to run" in line]
    assert note.startswith(
        "scores and maps differ from run to run; dropout is kept, as asked: random numbers come from "
    )
    assert note in model.why


def test_a_mask_that_nothing_is_divided_for_becomes_its_mean(model_of):
    model = model_of(
        lambda: net(lambda x: x * tf.cast(uniform(x) < 0.25, tf.float32)), logits="logits", preprocess="none"
    )
    np.testing.assert_array_equal(slimcam.explain(model, BOTH, "a", 0).raw[0], A0 / 4)


@pytest.mark.skipif(TF_VERSION < (2, 0), reason="TensorFlow 1.15 cannot import what tf.function leaves in a graph")
def test_dropout_in_a_function_is_bypassed(frozen):
    def build():
        x = tf1.placeholder(tf1.float32, [None, 2, 2, 1], name="x")
        tf.identity(in_a_function(tf1.reduce_mean(tf1.nn.relu(x), [1, 2])), name="logits")

    path = frozen(build)
    photos = np.ones((64, 2, 2, 1), np.float32)
    for keep_dropout in (False, True):
        with slimcam.load(path, logits="logits", preprocess="none", keep_dropout=keep_dropout) as model:
            rows = np.stack([model.features("logits", photos) for _ in range(2)])
            assert (rows[0] == rows[1]).all() == (not keep_dropout)
            assert ((rows == 1).all(), bool(model.notes)) == (not keep_dropout, keep_dropout)


UNTOUCHED = {
    "share fed": lambda x: tf1.nn.dropout(x, rate=1 - tf1.placeholder(tf.float32, [], name="keep_prob")),
    "floor, share fed": lambda x: with_fed_share(x, tf1.placeholder(tf.float32, [], name="keep_prob")),
    "branch fed": lambda x: in_branch(x, tf1.placeholder(tf.bool, [], name="is_training")),
    "branch by default": lambda x: in_branch(x, tf1.placeholder_with_default(False, [], name="mode")),
    "other branch": lambda x: in_branch(x, tf.constant(False)),
    "all kept": lambda x: x / 1.0 * tf.floor(1.0 + uniform(x)),
    "noise of a shape": lambda x: x + 0 * tf.cast(tf.shape(uniform(x))[1], tf.float32),
    "constant seed": lambda x: x + 0 * tf.raw_ops.StatelessRandomNormal(shape=tf.shape(x), seed=[1, 2]),
}


@pytest.mark.parametrize("form", UNTOUCHED)
def test_what_is_not_at_work_is_left_without_a_word(model_of, form):
    model = model_of(lambda: net(UNTOUCHED[form]), logits="logits", preprocess="none")
    raw = maps_of(model)
    np.testing.assert_array_equal(raw[:, 0], np.broadcast_to(2 * A1, (TIMES, 2, 2)))
    assert not model.notes and not any("random" in line for line in model.why)


def test_a_branch_that_is_held_open_is_random_as_asked(model_of):
    model = model_of(lambda: net(UNTOUCHED["branch fed"]), logits="logits", preprocess="none")
    cam = slimcam.GradCAM(model, "a", target=1, hold={"is_training": np.array(True)})
    assert len({cam(BOTH).raw.tobytes() for _ in range(TIMES)}) > 1


OTHERS = {
    "RandomStandardNormal": lambda x: x + tf.raw_ops.RandomStandardNormal(shape=tf.shape(x), dtype=tf.float32),
    "TruncatedNormal": lambda x: x + tf.raw_ops.TruncatedNormal(shape=tf.shape(x), dtype=tf.float32, seed=3),
    "RandomUniform": lambda x: x + uniform(x),
    "Multinomial": lambda x: x * tf.cast(tf.raw_ops.Multinomial(logits=[[0.0, 0.0]], num_samples=1), tf.float32),
    "RandomShuffle": lambda x: tf.transpose(tf.raw_ops.RandomShuffle(value=tf.transpose(x))),
}


@pytest.mark.parametrize("op", OTHERS)
def test_whatever_else_is_random_is_named(model_of, op):
    model = model_of(lambda: net(OTHERS[op]), logits="logits", preprocess="none")
    (note,) = model.notes
    assert f" ({op})" in note and "scores and maps differ from run to run" in note and note in model.why
    assert len({model.features("logits", BOTH).tobytes() for _ in range(TIMES)}) > 1


def test_a_graph_for_one_image_is_not_blamed_for_its_batch_where_it_is_random(frozen):
    def build():
        x = tf1.placeholder(tf1.float32, [1, 2, 2, 1], name="x")
        tf.identity(OTHERS["RandomStandardNormal"](tf1.reduce_mean(tf1.nn.relu(x, name="a"), [1, 2])), name="logits")

    begins = "one image at a time: made for a batch of 1, and for two nothing can be said, as the logits are random"
    with slimcam.load(frozen(build), logits="logits", preprocess="none") as model:
        assert any(line.startswith(begins) for line in model.why)
        assert model.single_image


def test_the_share_of_a_session_is_read_from_its_variable():
    with tf1.Graph().as_default(), tf1.Session() as session:
        share = tf1.get_variable("keep_prob", initializer=KEEP, trainable=False)
        net(lambda x: tf.raw_ops.RealDiv(x=x, y=share) * tf.floor(share + uniform(x)))
        session.run(tf1.global_variables_initializer())
        with slimcam.load(session, logits="logits", preprocess="none") as model:
            np.testing.assert_array_equal(maps_of(model)[:, 0], np.broadcast_to(2 * A1, (TIMES, 2, 2)))
            assert any(line.startswith("dropout bypassed at ") for line in model.why)


@pytest.mark.skipif(TF_VERSION < (2, 16), reason="Keras 3 needs TensorFlow 2.16")
def test_dropout_at_work_in_a_keras_model_is_bypassed_and_said_of_the_tape():
    keras = keras3()

    class AlwaysDropout(keras.layers.Dropout):
        def call(self, inputs, training=None):
            return super().call(inputs, training=True)

    start = keras.Input((2, 2, 1))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(2, 1, activation="relu", name="a")(start))
    model = keras.Model(start, keras.layers.Dense(3)(AlwaysDropout(1 - KEEP)(x)))
    with slimcam.load(model, preprocess="none") as loaded:
        assert any(line.startswith("dropout bypassed at ") for line in loaded.why)
        assert len({loaded.features(loaded.logits, BOTH).tobytes() for _ in range(TIMES)}) == 1
        (note,) = loaded.notes
        assert note.startswith("engine='tape' runs the Keras model itself, with its dropout at work")


def test_a_retrained_graph_of_others_gives_one_class_in_twelve_calls(shared):
    path = shared / "real" / "strangers" / "ssoniya_retrained.pb"
    if not path.is_file():
        pytest.skip(f"needs {path}")
    photo = np.random.RandomState(0).randint(0, 256, (128, 128, 3)).astype(np.uint8)
    with slimcam.load(str(path)) as model:
        cam = slimcam.GradCAM(model)
        first, *others = [cam(photo) for _ in range(12)]
        for maps in others:
            np.testing.assert_array_equal(maps.raw, first.raw)
            np.testing.assert_array_equal(maps.scores, first.scores)
        assert not any("from run to run" in line for line in model.why)
