"""Weights of keras.applications: by the names of the published files, by net=, and by the layers of a model."""

import h5py
import numpy as np
import pytest
from fixtures import keras_nets as nets
from fixtures.keras_nets import NEW, quiet, sow

import slimcam
from slimcam._tf import keras2, keras3, tf1
from slimcam.errors import UnknownName
from slimcam.inputs.preprocess import find
from slimcam.sources.keras_applications import find_application, published_weights, width_of
from slimcam.sources.keras_resnet50 import old_resnet50

X = nets.photos(side=32)
NARROW = {"alpha": 0.25, "input_shape": (32, 32, 3)}


def write(path, build):
    """Write the weights of a net of Keras 2 in a graph of its own; return the path, and what the net gives for X."""
    with tf1.Graph().as_default() as graph, tf1.Session(graph=graph).as_default(), quiet():
        net = sow(build(keras2()))
        net.save_weights(str(path))
        return str(path), net.predict(X)


def mobilenet(keras, **options):
    return keras.applications.MobileNet(weights=None, **{**NARROW, **options})


def softmax(model):
    scores = model.session.run(model.logits, {model.input: X})
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


# --- names of files


@pytest.mark.parametrize(
    "file, name, preprocess, arguments, size",
    [
        ("vgg16_weights_tf_dim_ordering_tf_kernels.h5", "VGG16", "caffe", {"include_top": True}, 224),
        ("vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5", "VGG19", "caffe", {"include_top": False}, 224),
        ("resnet50_weights_tf_dim_ordering_tf_kernels.h5", "ResNet50", "caffe", {"include_top": True}, 224),
        ("resnet101v2_weights_tf_dim_ordering_tf_kernels.h5", "ResNet101V2", "squash", {"include_top": True}, 224),
        ("inception_v3_weights_tf_dim_ordering_tf_kernels.h5", "InceptionV3", "squash", {"include_top": True}, 299),
        ("xception_weights_tf_dim_ordering_tf_kernels.h5", "Xception", "squash", {"include_top": True}, 299),
        ("densenet121_weights_tf_dim_ordering_tf_kernels.h5", "DenseNet121", "torch", {"include_top": True}, 224),
        ("nasnet_mobile.h5", "NASNetMobile", "squash", {"include_top": True}, 224),
        ("NASNet-large-no-top.h5", "NASNetLarge", "squash", {"include_top": False}, 331),
        ("mobilenet_1_0_224_tf.h5", "MobileNet", "squash", {"include_top": True, "alpha": 1.0}, 224),
        ("mobilenet_2_5_128_tf_no_top.h5", "MobileNet", "squash", {"include_top": False, "alpha": 0.25}, 128),
        ("efficientnetb3_notop.h5", "EfficientNetB3", "none", {"include_top": False}, 300),
        (
            "inception_resnet_v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
            *("InceptionResNetV2", "squash", {"include_top": False}, 299),
        ),
        (
            "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_96.h5",
            *("MobileNetV2", "squash", {"include_top": True, "alpha": 0.35}, 96),
        ),
    ],
)
def test_the_name_of_a_published_file_says_net_preprocessing_and_size(file, name, preprocess, arguments, size):
    known = published_weights(file)
    assert (known.application.name, known.application.preprocess) == (name, preprocess)
    assert (known.arguments, known.size) == (arguments, size)


def test_other_names_say_nothing_and_those_of_theano_are_refused():
    assert published_weights("weights.h5") is None and published_weights("my_vgg16.h5") is None
    with pytest.raises(slimcam.ModelError, match="for Theano's order of dimensions: take the file called"):
        published_weights("vgg16_weights_th_dim_ordering_th_kernels.h5")


MODULES = {
    **{name: name.lower() for name in ("VGG16", "VGG19", "MobileNet", "Xception")},
    **{"ResNet50": "resnet50", "ResNet101V2": "resnet_v2", "DenseNet201": "densenet", "MobileNetV2": "mobilenet_v2"},
    **{"InceptionV3": "inception_v3", "InceptionResNetV2": "inception_resnet_v2"},
    **{"NASNetMobile": "nasnet", "NASNetLarge": "nasnet"},
}


@pytest.mark.parametrize("name", MODULES)
def test_preprocessings_are_those_of_keras(name):
    home = getattr(keras2().applications, MODULES[name])
    photo = np.array([[[200, 100, 50]]], np.uint8)
    expected = home.preprocess_input(photo[None].astype(np.float32))[0]
    row = find(find_application(name).preprocess)
    with tf1.Graph().as_default(), tf1.Session() as session:
        got = session.run(row.apply(tf1.constant(photo), None))
    np.testing.assert_allclose(got, expected, atol=1e-4)


# --- files of a published name


def test_a_published_file_is_read_with_its_net_and_its_preprocessing(tmp_path):
    # of 32 pixels none is published, but the name says so
    path, expected = write(tmp_path / "mobilenet_2_5_32_tf.h5", mobilenet)
    with slimcam.load(path) as model:
        assert "net MobileNet: by the name of the file, which keras.applications publishes" in model.why
        assert "preprocess 'squash': what keras.applications prepares photos for MobileNet by" in model.why
        assert model.notes == [] and model.classes == 1000
        nets.assert_net(softmax(model), expected.reshape(2, 1000))


def test_a_file_without_the_top_has_layers_and_no_classes(tmp_path):
    path, expected = write(
        tmp_path / "mobilenet_2_5_32_tf_no_top.h5", lambda keras: mobilenet(keras, include_top=False)
    )
    with slimcam.load(path) as model:
        assert "without its top: layers, and no scores of classes" in model.why
        assert model.logits is None
        last = model.tensor("conv_pw_13_relu")
        nets.assert_net(model.session.run(last, {model.input: X}), expected)
        with pytest.raises(slimcam.TargetError):
            slimcam.explain(model, X, target=0)


# --- net=


@pytest.fixture
def own(once):
    """Return the path of weights of a MobileNet of three classes, and what it gives for X; nobody alters them."""

    def make(folder):
        np.save(str(folder / "expected.npy"), write(folder / "own.h5", lambda keras: mobilenet(keras, classes=3))[1])

    folder = once("keras-applications-own", make)
    return str(folder / "own.h5"), np.load(str(folder / "expected.npy"))


def test_net_is_a_name_of_keras_applications_with_the_classes_of_the_weights(own):
    path, expected = own
    with slimcam.load(path, net="keras:mobilenet", size=32) as model:
        assert model.classes == 3
        nets.assert_net(softmax(model), expected.reshape(2, 3))


@pytest.mark.parametrize("net", ["MobileNet", "keras:MobileNet", "keras:mobilenet", "mobile_net"])
def test_the_name_of_a_net_may_be_written_in_any_way(net):
    assert find_application(net) is find_application("mobilenet")


def test_a_miss_names_the_nearest(own):
    path, _ = own
    with pytest.raises(UnknownName, match=r"no net 'mobilnet' for a Keras file of weights; near: 'mobilenet'"):
        slimcam.load(path, net="mobilnet")
    with pytest.raises(slimcam.ModelError, match=r"do not fit MobileNet: layer 1 is 'conv1' of \(3, 3, 3, 8\)"):
        slimcam.load(path, net="MobileNet", size=32, arguments={"alpha": 0.5})


@NEW
def test_weights_of_keras_3_are_of_its_applications(tmp_path):
    with quiet():
        net = sow(mobilenet(keras3()))
        net.save_weights(str(tmp_path / "own.weights.h5"))
        expected = net.predict(X, verbose=0)
    with slimcam.load(str(tmp_path / "own.weights.h5"), net="MobileNet", size=32) as model:
        nets.assert_net(softmax(model), expected.reshape(2, 1000))


def rounded(channels):
    """To the nearest 8, not more than a tenth below: the rule of MobileNetV2 (_make_divisible)."""
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * channels else nearest


@pytest.mark.parametrize("width", [0.35, 0.5, 0.75, 1.0, 1.3, 1.4])
def test_the_width_of_a_mobilenet_v2_is_that_of_its_kernels(width):
    first, between, second = (rounded(channels * width) for channels in (32, 16, 24))
    points = [(first, between), (between, 6 * between), (6 * between, second), (second, 6 * second)]
    kernels = [(3, 3, 3, first), (3, 3, first, 1), *((1, 1, *point) for point in points)]
    assert width_of(find_application("MobileNetV2"), kernels) == width


@pytest.mark.slow
def test_the_width_of_a_whole_mobilenet_v2_is_found():
    with tf1.Graph().as_default(), quiet():
        net = keras2().applications.MobileNetV2(weights=None, alpha=0.35, include_top=False, input_shape=(32, 32, 3))
        kernels = [tuple(map(int, weight.shape)) for weight in net.weights if len(weight.shape) == 4]
    assert width_of(find_application("MobileNetV2"), kernels) == 0.35


def test_the_width_of_other_kernels_is_not_known():
    assert width_of(find_application("MobileNetV2"), [(3, 3, 3, 20)]) is None
    assert width_of(find_application("MobileNet"), []) is None
    assert width_of(find_application("VGG16"), [(3, 3, 3, 64)]) is None


# --- the ResNet50 of Keras 2.0 to 2.2


def test_an_old_resnet50_is_built_as_it_was_then(tmp_path):
    path = tmp_path / "resnet50_weights_tf_dim_ordering_tf_kernels.h5"
    path, expected = write(path, lambda keras: old_resnet50(keras, 32, classes=5))
    with h5py.File(path, "r") as file:
        assert "res2a_branch2a" in str(list(file.attrs["layer_names"]))
    with slimcam.load(path, size=32) as model:
        assert "its layers are those of the ResNet50 of Keras 2.0 to 2.2, which is built as it was" in model.why
        nets.assert_net(softmax(model), expected)


@pytest.mark.slow
def test_the_old_resnet50_is_that_of_keras_applications():
    module = pytest.importorskip("keras_applications.resnet50")
    keras = keras2()
    homes = {"backend": keras.backend, "layers": keras.layers, "models": keras.models, "utils": keras.utils}
    with tf1.Graph().as_default() as graph, tf1.Session(graph=graph).as_default(), quiet():
        theirs = sow(module.ResNet50(weights=None, input_shape=(64, 64, 3), include_top=False, **homes))
        ours = sow(old_resnet50(keras, 64, include_top=False))
        photos = nets.photos(side=64)
        values = theirs.predict(photos)
        assert values.std() > 0.1
        nets.assert_net(ours.predict(photos), values)
        assert [one.name for one in ours.layers if one.weights] == [one.name for one in theirs.layers if one.weights]
