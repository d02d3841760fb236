"""How photos are prepared where nobody says it: by evidence that decides, one rule for all sources, or assumed."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures import keras_nets
from fixtures.tolerance import assert_net
from frozen_nets import constant, dense, maps, placeholder

import slimcam
from slimcam._tf import keras2

SIDE = 8
AS_THEY_ARE = "photos are fed as 0 to 255: nothing says how they were prepared"


def classifier(scale=None):
    """Build a net of one convolution in the default graph, its images scaled first."""
    x = placeholder(None, SIDE, SIDE, 3)
    features = maps(x if scale is None else scale(x))
    logits = dense(tf1.reduce_mean(features, [1, 2]))
    return x, tf1.nn.softmax(logits, name="probs")


def as_frozen(build, folder):
    with tf1.Graph().as_default() as graph:
        build()
    (folder / "net.pb").write_bytes(graph.as_graph_def().SerializeToString())
    return str(folder / "net.pb")


def as_meta(build, folder):
    with tf1.Graph().as_default(), tf1.Session() as session:
        build()
        tf1.get_variable("unused", initializer=1.0)
        session.run(tf1.global_variables_initializer())
        return tf1.train.Saver().save(session, str(folder / "net")) + ".meta"


def as_saved_model(build, folder):
    with tf1.Graph().as_default(), tf1.Session() as session:
        x, probs = build()
        tf1.saved_model.simple_save(session, str(folder / "saved"), {"photo": x}, {"probs": probs})
    return str(folder / "saved")


FILES = [as_frozen, as_meta, as_saved_model]


@pytest.mark.parametrize("write", FILES)
def test_photos_of_which_nothing_is_said_are_fed_as_they_are_and_a_note_says_so(write, tmp_path):
    with slimcam.load(write(classifier, tmp_path)) as model:
        assert model.notes == [f"{AS_THEY_ARE}; say preprocess= where that is wrong"]
        assert AS_THEY_ARE in model.why


@pytest.mark.parametrize("write", FILES)
@pytest.mark.parametrize(
    "scale, name, does",
    [
        (lambda x: x / 255.0, "none", "'truediv' brings 0 to 255 to 0 to 1"),
        (lambda x: x / 127.5 - 1.0, "none", "'sub' brings 0 to 255 to -1 to 1"),
        (lambda x: x * 2.0 - 1.0, "unit", "'sub' brings 0 to 1 to -1 to 1"),
        (lambda x: x - 115.0, "none", "'sub' brings 0 to 255 to -115 to 140"),
        (lambda x: (x + 1.0) * 127.5, "squash", "'mul' brings -1 to 1 to 0 to 255"),
    ],
)
def test_a_graph_that_scales_by_itself_says_in_which_range_it_takes_photos(write, scale, name, does, photo, tmp_path):
    path = write(lambda: classifier(scale), tmp_path)
    picture = photo(SIDE, SIDE)
    with slimcam.load(path) as model, slimcam.load(path, preprocess=name) as asked:
        assert f"preprocess {name!r}: the graph scales by itself: {does}" in model.why
        assert model.notes == []
        np.testing.assert_array_equal(model.features(model.input, picture), asked.features(asked.input, picture))


@pytest.mark.parametrize("scale", [lambda x: x * 7.0, lambda x: x - 20000.0])
def test_a_scaling_that_fits_no_range_decides_nothing(scale, model_of):
    assert model_of(lambda: classifier(scale)).notes[0].startswith(AS_THEY_ARE)


def retrained(inside=None, placeholder_of_images=placeholder):
    """Build what retrain.py leaves behind: a bottleneck that could be fed, and a new last layer."""
    x = placeholder_of_images(1, SIDE, SIDE, 3)
    features = maps(x if inside is None else inside(x))
    bottleneck = tf1.reshape(tf1.reduce_mean(features, [1, 2]), [1, 4])
    with tf1.name_scope("input_1"):
        bottleneck = tf1.placeholder_with_default(bottleneck, [None, 4], "BottleneckInputPlaceholder")
    with tf1.name_scope("final_training_ops"):
        logits = tf1.add(tf1.matmul(bottleneck, constant(4, 3)), 0.0, name="Wx_plus_b")
    tf1.nn.softmax(logits, name="final_result")


def test_a_retrained_graph_takes_photos_as_its_script_prepares_them(model_of, photo):
    model = model_of(retrained)
    why = [one for one in model.why if "preprocess 'retrained'" in one]
    assert why == [
        "preprocess 'retrained': as label_image.py prepares photos for graphs of retrain.py "
        "(BottleneckInputPlaceholder, final_training_ops)"
    ]
    picture = photo(2 * SIDE, 4 * SIDE)
    # TensorFlow 1's bilinear samples at i * scale: every second row, every fourth column, of the whole photo
    expected = (picture[::2, ::4].astype(np.float32) - 128) / 128
    np.testing.assert_array_equal(model.features(model.input, picture)[0], expected)
    assert model.notes == []


def test_a_retrained_module_that_scales_inside_is_fed_0_to_1(model_of, photo):
    model = model_of(lambda: retrained(lambda x: x * 2.0 - 1.0))
    assert any(one.startswith("preprocess 'retrained_unit': the graph scales by itself") for one in model.why)
    picture = photo(2 * SIDE, 4 * SIDE)
    expected = picture[::2, ::4].astype(np.float32) / 255
    assert_net(model.features(model.input, picture)[0], expected)


def test_the_real_retrained_graph_gives_the_classes_of_its_own_script(shared):
    """label_image.py in plain TensorFlow: resize_bilinear of the whole photo, (x - 128) / 128, final_result."""
    strangers = shared / "real" / "strangers"
    photos = sorted(str(path) for path in (strangers / "photos").glob("*.jpg"))
    graph_def = tf1.GraphDef.FromString((strangers / "ssoniya_retrained.pb").read_bytes())
    with tf1.Graph().as_default(), tf1.Session() as session:
        tf1.import_graph_def(graph_def, name="")
        name = tf1.placeholder(tf1.string, [])
        pixels = tf1.cast(
            tf1.image.decode_jpeg(tf1.read_file(name), channels=3, dct_method="INTEGER_ACCURATE"), "float"
        )
        resized = tf1.image.resize_bilinear(tf1.expand_dims(pixels, 0), [128, 128])
        prepared = tf1.divide(tf1.subtract(resized, [128.0]), [128.0])
        inputs = [session.run(prepared, {name: photo}) for photo in photos]
    with slimcam.load(strangers / "ssoniya_retrained.pb") as model:
        # a JPEG decoder may differ from another by a level or two of 255, and so may one pixel by 2 / 128
        fed = model.features(model.input, photos)
        assert np.abs(fed - np.concatenate(inputs)).max() <= 3 / 128
        expected = model.features(model.logits, np.concatenate(inputs)).argmax(-1)
        np.testing.assert_array_equal(slimcam.explain(model, photos).classes, expected)


KERNEL = np.random.RandomState(5).normal(size=(3, 3, 3, 32)).astype(np.float32)


def normed(low, high, is_training=False, fused=True):
    """Build a net whose first batch norm has the averages of photos, smooth noise, between `low` and `high`."""
    noise = np.random.RandomState(0).normal(size=(40, 24, 24, 3)).cumsum(1).cumsum(2)
    photos = (noise - noise.min((1, 2), keepdims=True)) / np.ptp(noise, (1, 2), keepdims=True)
    photos = (low + (high - low) * photos).astype(np.float32)
    with tf1.Graph().as_default(), tf1.Session() as session:
        seen = session.run(tf1.nn.conv2d(photos, KERNEL, [1, 1, 1, 1], "VALID"))
    x = placeholder(None, SIDE, SIDE, 3)
    x = tf1.nn.conv2d(x, tf1.constant(KERNEL), [1, 1, 1, 1], "SAME")
    ones, moments = np.ones(32, np.float32), (seen.mean((0, 1, 2)), seen.var((0, 1, 2)))
    given = () if is_training else moments
    if fused:
        x = tf1.nn.fused_batch_norm(x, ones, 0 * ones, *given, is_training=is_training)[0]
    else:
        mean, variance = tf1.constant(moments[0] + 3), tf1.constant(moments[1])
        x = tf1.nn.batch_normalization(tf1.nn.bias_add(x, 3 * ones), mean, variance, ones, ones, 1e-3)
    x = tf1.nn.relu(x, name="features")
    tf1.nn.softmax(tf1.matmul(tf1.reduce_mean(x, [1, 2]), constant(32, 3)))


@pytest.mark.parametrize("name, low, high", [("none", 0, 255), ("unit", 0, 1), ("squash", -1, 1)])
def test_the_averages_of_the_first_batch_norm_tell_the_range_of_the_training(model_of, name, low, high, photo):
    model = model_of(lambda: normed(low, high))
    assert model.notes[0].startswith(f"photos are fed as {low} to {high}, since in training 'FusedBatchNorm")
    assert model.notes[0].endswith("; say preprocess= where that is wrong")
    picture = photo(SIDE, SIDE)
    expected = low + (high - low) * (picture / np.float32(255))
    assert_net(model.features(model.input, picture)[0], expected.astype(np.float32))


def test_a_batch_norm_by_its_formula_tells_it_too_and_biases_are_taken_off(model_of):
    model = model_of(lambda: normed(-1, 1, fused=False))
    assert model.notes[0].startswith("photos are fed as -1 to 1, since in training 'batchnorm")


@pytest.mark.parametrize("build", [lambda: normed(-128, 127), lambda: normed(0, 1, is_training=True)])
def test_averages_that_fit_no_range_or_are_not_there_decide_nothing(model_of, build):
    assert model_of(build).notes[0].startswith(AS_THEY_ARE)


def test_a_strangers_net_of_faces_is_known_to_take_squashed_photos(shared):
    """As its own preprocess_input has it: x / 255, minus 0.5, times 2."""
    with slimcam.load(shared / "real" / "strangers" / "fer2013_mini_XCEPTION.hdf5") as model:
        assert model.notes[0].startswith("photos are fed as -1 to 1, since in training 'batch_normalization_1")


def test_a_scaling_layer_of_keras_is_fed_0_to_255_without_a_word(tmp_path):
    keras = keras2()
    scaling = keras.layers.Lambda(lambda x: x / 127.5 - 1.0, name="scaling")

    def net(keras):
        x = keras.layers.Input((SIDE, SIDE, 3))
        return keras_nets.sow(keras.Model(x, keras_nets.head(keras, keras_nets.tower(keras, side=SIDE)(scaling(x)))))

    with keras_nets.quiet():
        model = slimcam.load(net(keras))
    with model:
        assert model.notes == []
        assert any(one.startswith("preprocess 'none': the graph scales by itself") for one in model.why)


def test_a_net_of_keras_applications_is_known_by_its_layers(tmp_path):
    keras = keras2()
    with keras_nets.quiet():
        net = keras.applications.MobileNetV2(weights=None, alpha=0.35, input_shape=(32, 32, 3), classes=3)
        model = slimcam.load(net)
    with model:
        assert "preprocess 'squash': its layers are those of keras.applications' MobileNetV2" in model.why
        assert model.notes == []


def test_what_the_caller_says_needs_no_note(tmp_path):
    with slimcam.load(as_frozen(classifier, tmp_path), preprocess="unit") as model:
        assert model.notes == []


def test_a_result_that_is_called_as_retrain_py_does_is_assumed_to_be_of_it(model_of):
    def build(name):
        logits = dense(tf1.reduce_mean(maps(placeholder(None, SIDE, SIDE, 3)), [1, 2]))
        tf1.nn.softmax(logits, name=name)

    (note,) = model_of(lambda: build("final_result")).notes
    assert note == (
        "photos are assumed to be prepared as label_image.py prepares photos for graphs of retrain.py (final_result); "
        "say preprocess= where that is wrong"
    )
    assert model_of(lambda: build("result")).notes[0].startswith(AS_THEY_ARE)


# mean and deviation of ImageNet's photos, of CIFAR's, of MNIST's digits and of noise, as shares of 255
@pytest.mark.parametrize("mean, deviation", [(0.45, 0.226), (0.47, 0.25), (0.1307, 0.3081), (0.5, 0.289)])
@pytest.mark.parametrize("most, row", [(255.0, "none"), (1.0, "unit")])
def test_values_less_their_mean_over_their_deviation_tell_their_range(model_of, mean, deviation, most, row):
    model = model_of(lambda: classifier(lambda x: (x - mean * most) / (deviation * most)))
    assert any(line.startswith(f"preprocess {row!r}: the graph scales by itself") for line in model.why)
    assert model.notes == []


def test_a_range_from_0_that_is_wider_than_usual_tells_nothing(model_of):
    assert model_of(lambda: classifier(lambda x: x * 2.0 + 2.0)).notes[0].startswith(AS_THEY_ARE)
