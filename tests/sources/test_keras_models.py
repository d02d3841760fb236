"""Keras models as objects: read as they are now, and left as they were."""

import numpy as np
import pytest
from fixtures import keras_nets as nets
from fixtures.keras_nets import KERASES, KINDS, SIDE, THREE, assert_map, conv, head, quiet, sow, tower
from fixtures.keras_values import logits, photo_input, predicted, unruly
from fixtures.tolerance import assert_net

import slimcam
from slimcam import nets as slim_nets
from slimcam._tf import TF_VERSION, keras2, tf, tf1

X, Y = nets.photos(), nets.photos(seed=1)
EAGER = pytest.mark.skipif(TF_VERSION < (2, 1), reason="eager models need TensorFlow 2")


@pytest.fixture(autouse=True)
def small_default_graph():
    yield
    if TF_VERSION < (2, 0):
        keras2().backend.clear_session()


@EAGER
def test_an_eager_model_runs_after_a_slim_net_was_built():
    with quiet():
        model = nets.nested_net(keras2())
    before = np.asarray(model(X))
    with tf1.Graph().as_default():
        slim_nets.build("mobilenet_v1_025", tf1.placeholder(tf1.float32, [1, 64, 64, 3]), 3)
    np.testing.assert_array_equal(np.asarray(model(X)), before)


# --- inference


@pytest.mark.parametrize("kind", KINDS)
def test_batch_norm_and_dropout_are_in_inference(kind, tmp_path):
    def ends(model, start):
        layer = model.get_layer("conv")(start)
        gamma, beta, mean, variance = (tf.constant(one) for one in model.get_layer("norm").get_weights())
        normal = (layer - mean) / tf.sqrt(variance + 1e-3) * gamma + beta
        return layer, nets.after(model, normal, "drop")[:, 1]

    with nets.load(kind, unruly, tmp_path) as model:
        assert_map(slimcam.explain(model, X, layer="conv", target=1).raw, nets.truth(unruly, ends, X))


@pytest.mark.parametrize("keras", KERASES)
def test_logits_are_those_that_the_model_predicts(keras):
    net = nets.pair_net(keras())
    expected = predicted(net, X, Y)
    with slimcam.load(net) as model:
        assert_net(logits(model, X, Y), expected)
    np.testing.assert_array_equal(predicted(net, X, Y), expected)


# --- more inputs and outputs


def with_vector(keras):
    photo, vector = photo_input(keras), keras.layers.Input((5,), name="vector_input")
    x = keras.layers.GlobalAveragePooling2D(name="pooled")(tower(keras)(photo))
    x = keras.layers.Concatenate(name="joined")([x, keras.layers.Dense(4, activation="tanh", name="told")(vector)])
    x = keras.layers.Dense(4, activation="tanh", name="mixed")(x)
    return sow(keras.Model([photo, vector], keras.layers.Dense(3, name="scores")(x)))


@pytest.mark.parametrize("kind", THREE)
def test_a_vector_beside_the_photo_is_held(kind, tmp_path):
    vector = np.random.RandomState(2).normal(0, 1, (2, 5)).astype(np.float32)

    def ends(model, photo, told):
        layer = nets.through(model.get_layer("tower"), photo, "conv_b")
        x = model.get_layer("joined")([model.get_layer("pooled")(layer), model.get_layer("told")(told)])
        return layer, model.get_layer("scores")(model.get_layer("mixed")(x))[:, 1]

    with nets.load(kind, with_vector, tmp_path) as model:
        with pytest.raises(slimcam.MissingFeed, match="needs 'vector_input:0'"):
            slimcam.explain(model, X, layer="tower/conv_b", target=1)
        held = slimcam.explain(model, X, layer="tower/conv_b", target=1, hold={"vector_input": vector})
        assert_map(held.raw, nets.truth(with_vector, ends, X, vector))
        one = slimcam.explain(model, X[:1], layer="tower/conv_b", target=1, hold={"vector_input": vector[0]})
        assert_map(one.raw, held.raw[:1])


def two_heads(keras):
    photo = photo_input(keras)
    x = tower(keras)(photo)
    return sow(keras.Model(photo, [head(keras, x, 3, "kind"), head(keras, x, 2, "side")]))


@pytest.mark.parametrize("kind", THREE)
def test_one_of_two_outputs_is_named_by_its_layer(kind, tmp_path):
    choice = r"the model has 2 outputs, '.*kind.*', '.*side.*': say logits="
    with nets.load(kind, two_heads, tmp_path) as model, pytest.raises(slimcam.TargetError, match=choice):
        slimcam.GradCAM(model)
    with nets.load(kind, two_heads, tmp_path, logits="side") as model:
        assert model.classes == 2
        assert model.tensor("side") is model.logits


def distance(keras):
    """One encoder twice, and the Euclidean distance of what it gives as a Lambda layer."""
    photos = [photo_input(keras, name) for name in ("input_1", "input_2")]
    encoder = keras.Sequential([tower(keras), keras.layers.GlobalAveragePooling2D(name="all")], name="encoder")
    joined = keras.layers.Lambda(
        lambda pair: tf.sqrt(tf.reduce_sum(tf.square(pair[0] - pair[1]), 1, keepdims=True) + 1e-6),
        output_shape=(1,),
        name="distance",
    )
    return sow(keras.Model(photos, joined([encoder(photo) for photo in photos])))


@pytest.mark.parametrize("kind", ["object", "graph", pytest.param("keras3", marks=nets.NEW)])
def test_a_models_own_lambda_is_its_function_with_what_it_refers_to(kind, tmp_path):
    def ends(model, one, two):
        inner = model.get_layer("encoder").get_layer("tower")
        layers = [nets.through(inner, place, "conv_b") for place in (one, two)]
        a, b = (tf.reduce_mean(layer, [1, 2]) for layer in layers)
        return layers[0], tf.sqrt(tf.reduce_sum((a - b) ** 2, 1) + 1e-6)

    with nets.load(kind, distance, tmp_path) as model:
        maps = slimcam.explain_pair(model, X, Y, layer="encoder/tower/conv_b", target=0)
    assert_map(maps[0].raw, nets.truth(distance, ends, X, Y))


# --- weights


@pytest.mark.parametrize("keras", KERASES)
def test_refresh_reads_the_weights_as_they_are_now(keras):
    net = nets.nested_net(keras())
    with slimcam.load(net) as model:
        before = logits(model, X)
        net.set_weights([array * 0.9 for array in net.get_weights()])
        np.testing.assert_array_equal(logits(model, X), before)
        model.refresh()
        assert_net(logits(model, X), predicted(net, X))
    assert np.abs(before - predicted(net, X)).max() > 1e-4


def in_both(keras):
    """A layer that is the outer model's and an inner one's; the inner model comes first among the weights."""
    shared, begin, photo = conv(keras, "shared", 3), photo_input(keras, "begin"), photo_input(keras)
    inner = keras.Model(begin, keras.layers.AveragePooling2D(1, name="pool")(shared(begin)), name="inner")
    return sow(keras.Model(photo, head(keras, conv(keras, "last", 3)(inner(shared(photo))))))


@pytest.mark.parametrize("keras", KERASES)
def test_a_layer_of_the_outer_and_the_inner_model_has_its_weights_in_both(keras):
    net = in_both(keras())
    with slimcam.load(net) as model:
        assert_net(logits(model, X), predicted(net, X))


def test_a_layer_in_both_models_of_a_graph_has_its_weights_in_both():
    with tf1.Graph().as_default() as graph, tf1.Session(graph=graph).as_default(), quiet():
        net = in_both(keras2())
        expected = net.predict(X)
        with slimcam.load(net) as model:
            assert_net(logits(model, X), expected)


# --- kinds of models


def chain(keras, *first):
    layers = keras.layers
    pooled, scores = layers.GlobalAveragePooling2D(name="pooled"), layers.Dense(3, name="scores")
    return keras.Sequential([*first, layers.Conv2D(4, 3, name="conv"), pooled, scores], name="chain")


@pytest.mark.parametrize("keras", KERASES)
def test_a_sequential_is_loaded_once_it_has_a_shape(keras):
    net = chain(keras())
    with pytest.raises(slimcam.ModelError, match=r"'chain' has no input shape yet: build it, model.build\(\(None, "):
        slimcam.load(net)
    net.build((None, SIDE, SIDE, 3))
    sow(net)
    with slimcam.load(net) as model:
        assert [layer.name for layer in model.layers()] == ["conv"]
        assert_net(logits(model, X), predicted(net, X))


@pytest.mark.parametrize("keras", KERASES)
def test_a_sequential_that_has_predicted_has_a_shape(keras):
    net = chain(keras())
    expected = predicted(net, X)
    with slimcam.load(net) as model:
        assert_net(logits(model, X), expected)


def subclassed(keras):
    class Net(keras.Model):
        def __init__(self):
            super().__init__(name="net")
            self.tower, self.drop = tower(keras), keras.layers.Dropout(0.5, name="drop")
            self.pooled, self.scores = keras.layers.GlobalAveragePooling2D(name="p"), keras.layers.Dense(3, name="s")

        def call(self, photos, training=None):
            features = self.drop(self.tower(photos, training=training), training=training)
            return self.scores(self.pooled(features))

    return Net()


@EAGER
@pytest.mark.parametrize("keras", KERASES)
def test_a_subclassed_model_is_loaded_after_its_first_call(keras):
    net = subclassed(keras())
    with pytest.raises(slimcam.ModelError, match="'net' has no input shape yet"):
        slimcam.load(net)
    if TF_VERSION < (2, 2):  # its Keras notes no shape when it is called
        net.predict(X)
    else:
        net(X)
    with tf.GradientTape() as tape:
        layer = net.tower(X, training=False)
        tape.watch(layer)
        score = net.scores(net.pooled(layer))[:, 1]
    gradient = tape.gradient(score, layer).numpy()
    with slimcam.load(net) as model:
        found = slimcam.explain(model, X, layer="tower/conv_b", target=1).raw
    assert_map(found, np.einsum("nhwc,nc->nhw", layer.numpy(), gradient.mean((1, 2))))


@pytest.mark.skipif(TF_VERSION >= (2, 0), reason="TensorFlow 2 runs it eagerly")
def test_a_subclassed_model_of_a_graph_is_refused_with_the_way_out():
    net = subclassed(keras2())
    net(tf.constant(X))
    with pytest.raises(slimcam.ModelError, match=r"a subclassed model, or .* cannot be built anew: .* slimcam.load\("):
        slimcam.load(net)


def custom(keras):
    class Block(keras.layers.Layer):
        def __init__(self, **options):
            super().__init__(**options)
            self.one, self.two = conv(keras, "one"), conv(keras, "two")

        def build(self, shape):
            self.one.build(shape)
            self.two.build((*tuple(shape)[:-1], 4))
            self.built = True

        def call(self, x):
            return self.two(self.one(x))

        def compute_output_shape(self, shape):
            return (*tuple(shape)[:-1], 4)

    photos = [photo_input(keras, name) for name in ("input_1", "input_2")]
    block = Block(name="block")
    joined = keras.layers.Concatenate(name="joined")([block(photo) for photo in photos])
    return keras.Model(photos, head(keras, joined))


@pytest.mark.parametrize("keras", KERASES)
def test_layers_in_a_layer_of_ones_own_have_names_for_each_call(keras):
    with slimcam.load(custom(keras())) as model:
        names = [f"block{inner}@{on}" for on in ("input_1", "input_2") for inner in ("/one", "/two", "")]
        assert [name for name in model.calls.tensors if "block" in name] == names


@pytest.mark.parametrize("keras", KERASES)
def test_a_model_without_images_and_a_layer_are_refused(keras):
    keras = keras()
    flat = keras.Sequential([keras.layers.Input((4,), name="numbers"), keras.layers.Dense(3)])
    with pytest.raises(slimcam.ModelError, match="no placeholder takes images"):
        slimcam.load(flat)
    with pytest.raises(slimcam.ModelError, match=r"Dense 'alone' is a layer: give a model, keras.Model\(inputs, "):
        slimcam.load(keras.layers.Dense(3, name="alone"))
