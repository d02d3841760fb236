"""Published scripts by their own signatures, against each pipeline written out in plain TensorFlow and NumPy."""

import gc
import types
import weakref

import cv2
import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures import keras_nets

import slimcam
from slimcam import legacy
from slimcam._tf import TF_VERSION, keras2, keras3
from slimcam.legacy import resampling

X = np.random.RandomState(0).uniform(-1, 1, (1, 10, 8, 3)).astype(np.float32)
NEW = pytest.mark.skipif(TF_VERSION < (2, 16), reason="Keras 3 needs TensorFlow 2.16")


# --- a program of TensorFlow 1, and what its copy of a script computes


class Program:
    """A net with a switched dropout, in a graph and a session of its own, and its end points."""

    def __init__(self, sign=1.0, scale=1.0):
        random = np.random.RandomState(3)
        self.graph = tf1.Graph()
        with self.graph.as_default():
            self.images = tf1.placeholder(tf1.float32, [None, 10, 8, 3], name="images")
            training = tf1.placeholder(tf1.bool, [], name="is_training")
            first = tf1.Variable(random.normal(0, 0.4, (3, 3, 3, 5)).astype(np.float32), use_resource=True)
            layer = tf1.nn.relu(tf1.nn.conv2d(self.images, first, [1, 2, 2, 1], "SAME"), name="conv")
            kept = tf1.cond(training, lambda: 0.5 * layer, lambda: tf1.identity(layer))
            dense = np.abs(random.normal(0, 1, (5, 4))).astype(np.float32) if sign < 0 else random.normal(0, 1, (5, 4))
            self.dense = tf1.Variable((scale * sign * dense).astype(np.float32), use_resource=True)
            logits = tf1.matmul(tf1.reduce_mean(kept * kept, [1, 2]), self.dense, name="logits")
            self.end_points = {"Logits": logits, "PrePool": layer, "Mixed_7c": layer, "Images": self.images}
            self.double = self.dense.assign(self.dense * [[1.0, -2.0, 0.5, 3.0]])
            initialise = tf1.global_variables_initializer()
        self.session = tf1.Session(graph=self.graph)
        self.session.run(initialise)

    def count(self):
        return len(self.graph.get_operations())

    def raw(self, target, images=X):
        """The published formula up to the enlarging, on a gradient of its own in another graph: (5, 4)."""
        feeds = {self.images: images, "is_training:0": False}
        activations, dense = self.session.run([self.end_points["PrePool"], self.dense.value()], feeds)
        # d mean(logits x one-hot) / d A = (1 / 4) (1 / hw) 2 A w
        gradients = 2 * activations * dense[:, target] / (4 * activations.shape[1] * activations.shape[2])
        gradients = gradients / (np.sqrt(np.mean(np.square(gradients))) + 1e-5)
        heat = np.ones(activations.shape[1:3], np.float32)
        for i, weight in enumerate(gradients[0].mean((0, 1))):
            heat += weight * activations[0, :, :, i]
        return np.maximum(heat, 0)

    def hiveml(self, target, images=X, layer="PrePool"):
        return legacy.hiveml_grad_cam(images, self.images, self.end_points, self.session, target, layer, 4, 23)


@pytest.fixture
def program():
    made = Program()
    with made.session:
        made.dense.value()  # the read that raw() fetches
        yield made


@pytest.mark.parametrize("target", [0, 3, np.int64(2)])
def test_hiveml_map_is_the_published_one(program, target):
    raw = program.raw(target)
    found = program.hiveml(target)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, cv2.resize(raw / raw.max(), (23, 23)), atol=2e-6)
    named = {"img": X, "imgs0": program.images, "end_points": program.end_points, "sess": program.session}
    by_name = legacy.grad_cam(predicted_class=target, layer_name="PrePool", nb_classes=4, eval_image_size=23, **named)
    np.testing.assert_array_equal(by_name, found)


def test_small_gradients_are_dampened_as_published():
    small = Program(scale=1e-4)
    with small.session:
        raw = small.raw(1)
        np.testing.assert_allclose(small.hiveml(1), cv2.resize(raw / raw.max(), (23, 23)), atol=2e-6)


def test_nothing_is_added_after_the_first_call(program):
    program.hiveml(0)
    count, operations = program.count(), len(tf1.get_default_graph().get_operations())
    maps = [program.hiveml(i % 4) for i in range(50)]
    assert (program.count(), len(tf1.get_default_graph().get_operations())) == (count, operations)
    assert np.abs(maps[0] - maps[1]).max() > 0.01


def test_the_image_is_left_alone(program):
    given = X.copy()
    program.hiveml(0, given)
    np.testing.assert_array_equal(given, X)


def test_weights_are_those_of_now(program):
    before = program.hiveml(1)
    program.session.run(program.double)
    raw = program.raw(1)
    np.testing.assert_allclose(program.hiveml(1), cv2.resize(raw / raw.max(), (23, 23)), atol=2e-6)
    assert np.abs(program.hiveml(1) - before).max() > 0.01


def test_a_finalised_graph_is_explained_by_a_copy_with_the_weights_of_now(program):
    program.raw(1)  # its own read is in the graph then
    read = program.dense.value()
    program.dense.value = lambda: read
    program.graph.finalize()
    count = program.count()
    for target in (1, 2):
        raw = program.raw(target)
        np.testing.assert_allclose(program.hiveml(target), cv2.resize(raw / raw.max(), (23, 23)), atol=2e-6)
    program.session.run(program.double)
    raw = program.raw(1)
    np.testing.assert_allclose(program.hiveml(1), cv2.resize(raw / raw.max(), (23, 23)), atol=2e-6)
    assert program.count() == count


@pytest.mark.parametrize("finalised", [False, True])
def test_a_program_that_is_done_is_let_go(finalised):
    made = Program()
    if finalised:
        made.graph.finalize()
    made.hiveml(0)
    made.session.close()
    graph, session = weakref.ref(made.graph), weakref.ref(made.session)
    del made
    gc.collect()
    assert (graph(), session()) == (None, None)


def test_a_map_without_a_positive_value_is_zeros():
    against = Program(sign=-1.0, scale=50.0)
    images = 40 * np.ones_like(X)
    with against.session:
        if against.raw(0, images).max() > 0:
            images = -images
        assert against.raw(0, images).max() == 0
        np.testing.assert_array_equal(against.hiveml(0, images), np.zeros((23, 23), np.float32))


def test_a_wrong_end_point_names_the_nearest(program):
    with pytest.raises(slimcam.UnknownName, match="no end point 'Mixd_7c'; near: 'Mixed_7c'"):
        program.hiveml(0, layer="Mixd_7c")


@pytest.mark.parametrize(
    ("target", "said"), [(4, "class 4 is out of range: there are classes 0 to 3"), ("cat", "no class is 'cat'")]
)
def test_an_unknown_class_is_an_error(program, target, said):
    with pytest.raises(slimcam.TargetError, match=said):
        program.hiveml(target)


def test_another_number_of_classes_is_an_error(program):
    with pytest.raises(slimcam.TargetError, match=r"nb_classes is 1000, and the logits 'logits:0' have 4 classes"):
        legacy.grad_cam(X, program.images, program.end_points, program.session, 0, "PrePool", 1000, 23)


def test_a_session_of_another_graph_is_an_error(program):
    with tf1.Session(graph=tf1.Graph()) as other, pytest.raises(slimcam.ModelError, match="not of the session's graph"):
        legacy.grad_cam(X, program.images, program.end_points, other, 0, "PrePool", 4, 23)


def test_a_layer_that_is_no_map_or_leads_nowhere_is_an_error(program):
    with pytest.raises(slimcam.LayerError, match=r"'logits:0' is .*: a layer to explain has four dimensions"):
        program.hiveml(0, layer="Logits")
    with program.graph.as_default():
        program.end_points["aside"] = tf1.nn.relu(program.images, name="aside")
    with pytest.raises(slimcam.LayerError, match="'aside:0' does not lead to the score 'logits:0'"):
        program.hiveml(0, layer="aside")


def test_a_placeholder_that_nobody_feeds_is_named_with_the_way_to_it():
    with tf1.Graph().as_default() as graph, tf1.Session(graph=graph) as session:
        images, other = (tf1.placeholder(tf1.float32, [None, 4, 4, 3], name=name) for name in ("images", "other"))
        layer = tf1.nn.relu(images)
        end_points = {"Logits": tf1.reduce_mean(layer * other, [1, 2]), "layer": layer}
        with pytest.raises(slimcam.MissingFeed, match="needs 'other:0'"):
            legacy.grad_cam(X[:, :4, :4], images, end_points, session, 0, "layer", 3, 8)


def test_ankush96_map_is_the_published_one_three_times(program):
    layers = {"fc3": program.end_points["Logits"], "pool5": program.end_points["PrePool"]}
    vgg = types.SimpleNamespace(layers=layers, imgs=program.images)
    raw = program.raw(2)
    found = legacy.ankush96_grad_cam(X, vgg, program.session, 2, "pool5", 4)
    assert found.shape == (224, 224, 3)
    np.testing.assert_array_equal(legacy.grad_cam(X, vgg, program.session, 2, "pool5", 4), found)
    for channel in range(3):
        np.testing.assert_allclose(found[..., channel], resampling.like_skimage(raw / raw.max(), (224, 224)), atol=2e-6)
    with pytest.raises(slimcam.UnknownName, match="no layer 'pool_5'; near: 'pool5'"):
        legacy.ankush96_grad_cam(X, vgg, program.session, 2, "pool_5", 4)


def test_arguments_of_no_script_are_told_all_three():
    with pytest.raises(TypeError, match=r"there are hiveml_grad_cam\(img, .*ankush96_grad_cam\(x, .*keras_grad_cam\("):
        legacy.grad_cam(X, 1)


def test_insikk_pictures_are_those_that_it_shows():
    random = np.random.RandomState(5)
    image, guided = random.uniform(-100, 100, (2, 12, 12, 3))
    values, gradients = random.normal(0, 1, (2, 4, 3, 6)).astype(np.float32)
    kept = [one.copy() for one in (image, values, gradients, guided)]
    found = legacy.insikk_visualize(image, values, gradients, guided, size=12)
    heat = np.maximum(sum(w * values[..., i] for i, w in enumerate(gradients.mean((0, 1)))), 0)
    heat = resampling.like_skimage(heat / heat.max(), (12, 12))
    colours = cv2.cvtColor(cv2.applyColorMap(np.uint8(255 * heat), cv2.COLORMAP_JET), cv2.COLOR_BGR2RGB)
    stretch = lambda picture: (picture - picture.min()) / (picture - picture.min()).max()  # noqa: E731
    np.testing.assert_allclose(found.image, stretch(image))
    assert np.abs(found.heat.astype(int) - colours).max() <= 4  # one level of 255, by rounding
    np.testing.assert_allclose(found.guided, stretch(guided))
    np.testing.assert_allclose(found.guided_cam, stretch(guided) * heat[..., None], atol=2e-6)
    for before, now in zip(kept, (image, values, gradients, guided)):
        np.testing.assert_array_equal(before, now)


# By scipy.ndimage.zoom 1.18.1 and skimage.transform.resize 0.26 of [[0, 1, 3], [2, 0, 1]].
SCIPY = [
    [-0.0, 0.21875, 1.0, 2.28125, 3.0],
    [0.518519, 0.445602, 0.740741, 1.795139, 2.481482],
    [1.481481, 0.866898, 0.259259, 0.892361, 1.518519],
    [2.0, 1.09375, -0.0, 0.40625, 1.0],
]
SKIMAGE = [
    [0.55, 0.6, 0.75, 1.8, 2.15],
    [0.55, 0.6, 0.75, 1.8, 2.15],
    [1.25, 1.0, 0.25, 1.0, 1.25],
    [1.25, 1.0, 0.25, 1.0, 1.25],
]


def test_enlarging_is_that_of_scipy_and_of_scikit_image():
    heat = np.array([[0, 1, 3], [2, 0, 1]], np.float32)
    np.testing.assert_allclose(resampling.like_scipy(heat, (4, 5)), SCIPY, atol=2e-6)
    np.testing.assert_allclose(resampling.like_skimage(heat, (4, 5)), SKIMAGE, atol=2e-6)
    np.testing.assert_array_equal(resampling.like_scipy(heat[:1, :1] + 2, (3, 2)), np.full((3, 2), 2))


# --- Keras


def net(keras):
    """Convolutions, then two dense layers with a ReLU between them and a softmax."""
    layers = keras.layers
    start = layers.Input((12, 12, 3), name="photo")
    x = keras_nets.conv(keras, "first")(start)
    x = layers.MaxPooling2D(name="pool")(x)
    x = keras_nets.conv(keras, "last", 6)(x)
    x = layers.Flatten(name="flat")(x)
    x = layers.Dense(8, activation="relu", name="fc")(x)
    model = keras_nets.sow(keras.Model(start, layers.Dense(3, activation="softmax", name="predictions")(x), name="net"))
    kernel, bias = model.get_layer("first").get_weights()
    model.get_layer("first").set_weights([kernel / 60, bias])  # pixels are far from 1; the softmax must not be flat
    return model


@tf1.RegisterGradient("TestGuidedRelu")
def _guided(op, above):
    return above * tf1.cast(above > 0, tf1.float32) * tf1.cast(op.outputs[0] > 0, tf1.float32)


@tf1.RegisterGradient("TestRectifiedRelu")
def _rectified(op, above):
    return above * tf1.cast(above > 0, tf1.float32)


def plain(images, score, override=None):
    """The values and the gradient of `score(softmax)` at the layer `last`, by plain TensorFlow: (1, 6, 6, 6) each."""
    keras = keras2()
    with tf1.Graph().as_default() as graph, tf1.Session(graph=graph).as_default() as session, keras_nets.quiet():
        keras.backend.set_learning_phase(0)
        model = net(keras)
        place = tf1.placeholder(tf1.float32, [None, 12, 12, 3])
        with graph.gradient_override_map({"Relu": override} if override else {}):
            layer = keras_nets.through(model, place, until="last")
            output = keras_nets.after(model, layer, "last")
        return session.run([layer, tf1.gradients(score(output), layer)[0]], {place: images})


PHOTO = 60 * np.random.RandomState(7).uniform(-1, 1, (1, 12, 12, 3)).astype(np.float32)


@pytest.fixture(params=["keras 2", "graph", pytest.param("keras 3", marks=NEW)])
def model(request):
    """The net as a Keras 2 model, of today's mode or in a graph, or as one of Keras 3."""
    if request.param == "graph":
        with tf1.Graph().as_default() as graph, tf1.Session(graph=graph).as_default(), keras_nets.quiet():
            yield net(keras2())
    else:
        with keras_nets.quiet():
            made = net(keras3() if request.param == "keras 3" else keras2())
        yield made


def keras_grad_cam_by_hand(image, category):
    values, gradients = plain(image, lambda output: tf1.reduce_sum(output * np.eye(3, dtype=np.float32)[category]))
    gradients = gradients / (np.sqrt(np.mean(np.square(gradients))) + 1e-5)
    cam = np.ones(values.shape[1:3], np.float32)
    for i, weight in enumerate(gradients[0].mean((0, 1))):
        cam += weight * values[0, :, :, i]
    cam = np.maximum(cv2.resize(cam, (12, 12)), 0)
    heat = cam / np.max(cam)
    photo = np.minimum(image[0] - image[0].min(), 255)
    picture = np.float32(cv2.applyColorMap(np.uint8(255 * heat), cv2.COLORMAP_JET)) + np.float32(photo)
    return np.uint8(255 * picture / np.max(picture)), heat


def test_keras_grad_cam_is_the_published_one(model):
    given = PHOTO.copy()
    for category in (0, 2):
        picture, heat = legacy.grad_cam(model, given, category, "last")
        wanted, map_by_hand = keras_grad_cam_by_hand(PHOTO, category)
        np.testing.assert_allclose(heat, map_by_hand, atol=2e-5)
        assert picture.dtype == np.uint8 and np.abs(picture.astype(int) - wanted).max() <= 4
    np.testing.assert_array_equal(given, PHOTO)


def test_keras_models_get_no_operations_and_their_copies_none_after_the_first_call(model):
    from slimcam.legacy import keras_scripts

    legacy.keras_grad_cam(model, PHOTO, 0, "last")
    copy = keras_scripts._COPIES[model].model.graph
    graphs = [copy, tf1.get_default_graph()]
    counts = [len(graph.get_operations()) for graph in graphs]
    for i in range(10):
        legacy.keras_grad_cam(model, PHOTO, i % 3, "last")
    assert [len(graph.get_operations()) for graph in graphs] == counts
    assert keras_scripts._COPIES[model].model.graph is copy


def test_keras_weights_are_those_of_now(model):
    before = legacy.keras_grad_cam(model, PHOTO, 1, "last")[1]
    layer = model.get_layer("last")
    layer.set_weights([np.ascontiguousarray(weight[..., ::-1]) for weight in layer.get_weights()])
    now = legacy.keras_grad_cam(model, PHOTO, 1, "last")[1]
    assert np.abs(now - before).max() > 1e-3
    layer.set_weights([np.ascontiguousarray(weight[..., ::-1]) for weight in layer.get_weights()])
    np.testing.assert_allclose(legacy.keras_grad_cam(model, PHOTO, 1, "last")[1], before, atol=1e-6)


def test_keras_errors_say_what_to_do(model):
    with pytest.raises(slimcam.UnknownName, match=r"no tensor 'lasst'; near: .*'last'"):
        legacy.grad_cam(model, PHOTO, 0, "lasst")
    with pytest.raises(slimcam.TargetError, match="class 3 is out of range: there are classes 0 to 2"):
        legacy.grad_cam(model, PHOTO, 3, "last")
    with pytest.raises(slimcam.PhotoError, match=r"the image is \(12, 12, 3\)"):
        legacy.grad_cam(model, PHOTO[0], 0, "last")
    with pytest.raises(slimcam.ModelError, match="str is no Keras model"):
        legacy.grad_cam("model.h5", PHOTO, 0, "last")


def keras_vis_by_hand(filters, override=None, change=lambda gradients: gradients):
    def score(output):
        return sum(tf1.reduce_mean(output[:, i]) for i in filters)

    values, gradients = plain(PHOTO, score, override)
    gradients = change(gradients)
    gradients = gradients / (np.max(gradients) + 1e-7)
    heat = np.zeros(values.shape[1:3], np.float32)
    for i, weight in enumerate(gradients.mean((0, 1, 2))):
        heat += weight * values[0, ..., i]
    heat = resampling.like_scipy(np.maximum(heat, 0), (12, 12))
    return (heat - heat.min()) / (heat.max() - heat.min() + 1e-7)


@pytest.mark.parametrize("filters", [1, [0, 2]])
def test_keras_vis_map_is_the_published_one(model, filters):
    found = legacy.visualize_cam(model, -1, filters, PHOTO[0])
    assert found.shape == (12, 12) and found.dtype == np.float32 and found.max() > 0.9
    np.testing.assert_allclose(found, keras_vis_by_hand(np.atleast_1d(filters)), atol=2e-4)


RELUS = {"guided": "TestGuidedRelu", "relu": "TestRectifiedRelu", "deconv": "TestRectifiedRelu"}


@pytest.mark.parametrize("name", sorted(RELUS))
def test_keras_vis_backprop_modifiers_change_the_gradient_of_relu(model, name):
    found = legacy.visualize_cam(model, -1, 1, PHOTO, backprop_modifier=name)
    np.testing.assert_allclose(found, keras_vis_by_hand([1], RELUS[name]), atol=2e-4)
    assert np.abs(found - keras_vis_by_hand([1])).max() > 0.01


CHANGES = {
    "negate": lambda g: -g,
    "absolute": np.abs,
    "relu": lambda g: np.maximum(g, 0),
    "invert": lambda g: 1 / (g + 1e-7),
    "small_values": lambda g: np.abs(1 / (g + 1e-7)),
}


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_keras_vis_gradient_modifiers(name):
    with keras_nets.quiet():
        made = net(keras2())
    by_name = legacy.visualize_cam(made, -1, 1, PHOTO, grad_modifier=name)
    np.testing.assert_array_equal(legacy.visualize_cam(made, -1, 1, PHOTO, grad_modifier=CHANGES[name]), by_name)
    if name in ("negate", "absolute", "relu"):  # the inverse of the least gradient is all noise
        np.testing.assert_allclose(by_name, keras_vis_by_hand([1], change=CHANGES[name]), atol=2e-4)


def test_keras_vis_takes_the_layer_before_as_published(model):
    idx = {layer.name: i for i, layer in enumerate(model.layers)}
    last = legacy.visualize_cam(model, idx["predictions"], 1, PHOTO)
    np.testing.assert_array_equal(legacy.visualize_cam(model, -1, 1, PHOTO, penultimate_layer_idx=idx["last"]), last)
    pool = legacy.visualize_cam(model, -1, 1, PHOTO, penultimate_layer_idx=idx["pool"])
    assert np.abs(pool - last).max() > 0.01
    # two before, not one: keras-vis looks from layer_idx - 2 on
    np.testing.assert_array_equal(
        legacy.visualize_cam(model, idx["last"], 1, PHOTO),
        legacy.visualize_cam(model, idx["last"], 1, PHOTO, penultimate_layer_idx=idx["first"]),
    )


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"backprop_modifier": "guidd"}, slimcam.UnknownName, "no modifier 'guidd' .*near: 'guided'"),
        ({"grad_modifier": "absolut"}, slimcam.UnknownName, "no modifier 'absolut' .*near: 'absolute'"),
        ({"filter_indices": 3}, slimcam.TargetError, "class 3 is out of range"),
        ({"seed_input": None}, slimcam.PhotoError, r"seed_input is \(\): give one image"),
        ({"layer_idx": 1}, slimcam.LayerError, "no convolution or pooling comes before layer 1, 'first'"),
        ({"layer_idx": 9}, slimcam.LayerError, "no layer 9: the model has 7 layers"),
        ({"layer_idx": 2, "penultimate_layer_idx": 3}, slimcam.LayerError, "layer 3, 'last', comes after layer 2"),
    ],
)
def test_keras_vis_errors_say_what_to_do(arguments, error, said):
    with keras_nets.quiet():
        made = net(keras2())
    given = {"layer_idx": -1, "filter_indices": 1, "seed_input": PHOTO, **arguments}
    with pytest.raises(error, match=said):
        legacy.visualize_cam(made, **given)


@pytest.mark.parametrize("keras", keras_nets.KERASES)
def test_a_keras_model_that_is_done_is_let_go(keras):
    with keras_nets.quiet():
        made = net(keras())
    legacy.keras_grad_cam(made, PHOTO, 0, "last")
    kept = weakref.ref(made)
    del made
    keras().backend.clear_session()
    gc.collect()
    assert kept() is None
