"""K on Keras models: old scripts, of models in a graph and of eager ones, against gradients by TensorFlow alone."""

import gc
import weakref

import numpy as np
import pytest
from fixtures.keras_nets import photos, quiet, sow
from fixtures.tolerance import assert_net, assert_sums, rounding

import slimcam
from slimcam import backend as K
from slimcam._tf import TF_VERSION, keras2, tf, tf1

X = photos(2, side=8)
SYMBOLS = TF_VERSION >= (2, 4)  # before that an eager functional model is made of tensors, all in one graph of Keras
EAGER = pytest.mark.skipif(not tf1.executing_eagerly(), reason="TensorFlow 1 has no eager models")


def net(keras, name="net"):
    """Two convolutions with a batch norm and a dropout; weights that hang on the layers' names."""
    layers = keras.layers
    with quiet():
        start = layers.Input((8, 8, 3), name="photo")
        x = layers.Conv2D(4, 3, activation="relu", name="first")(start)
        x = layers.BatchNormalization(name="norm")(x)
        x = layers.Conv2D(5, 3, activation="tanh", name="last")(x)
        x = layers.Dropout(0.5, name="drop")(x)
        x = layers.Dense(6, activation="softmax", name="head")(layers.Flatten(name="flat")(x))
        return sow(keras.Model(start, x, name=name))


def truth():
    """Return, by plain TensorFlow, the activations of "last", the gradient of class 2 by them, and the scores."""
    with tf1.Graph().as_default() as graph, tf1.Session(graph=graph).as_default() as session, quiet():
        keras2().backend.set_learning_phase(0)
        model = net(keras2())
        last = model.get_layer("last").output
        wanted = [last, tf1.gradients(model.output[:, 2], last)[0], model.output]
        return session.run(wanted, {model.input: X})


@pytest.fixture(scope="module")
def expected():
    return truth()


def class_activation(model):
    """The script of the Keras book."""
    last = model.get_layer("last").output
    grads = K.gradients(model.output[:, 2], last)[0]
    pooled = K.mean(grads, axis=(0, 1, 2))
    return K.function([model.input], [pooled, last[0]])


def assert_class_activation(iterate, expected):
    pooled, activations = iterate([X])
    assert_net(pooled, expected[1].mean((0, 1, 2)))
    assert_net(activations, expected[0][0])


# --- models in a graph


def test_the_book_s_script_in_a_graph(expected):
    with tf1.Graph().as_default(), quiet():
        model = net(keras2())
        iterate = class_activation(model)
        assert_class_activation(iterate, expected)
    assert_class_activation(iterate, expected)


def test_the_learning_phase_of_a_model_is_fed_or_test(expected):
    with tf1.Graph().as_default(), quiet():
        model = net(keras2())
        both = K.function([model.input, K.learning_phase()], [model.output])
        assert_net(both([X, 0])[0], expected[2])
        assert np.abs(both([X, 1])[0] - expected[2]).max() > 1e-3
        assert_net(K.function([model.input], [model.output])([X])[0], expected[2])


def test_weights_of_one_graph_outlive_a_model_in_another(expected):
    with tf1.Graph().as_default(), quiet():
        model = net(keras2())
        iterate = class_activation(model)
    with tf1.Graph().as_default(), quiet():
        other = net(keras2(), "other")
        other.predict(X)  # Keras drops the first graph's session for this one's
    assert_class_activation(iterate, expected)
    with model.input.graph.as_default():
        assert_class_activation(class_activation(model), expected)


def test_weights_are_shared_with_keras_and_never_initialised_anew():
    with tf1.Graph().as_default(), quiet():
        model = net(keras2())
        run = K.function([model.input], [model.output])
        before = run([X])[0]
        assert_net(model.predict(X), before)
        bias = model.get_layer("head").bias
        K.set_value(bias, np.arange(6))
        assert model.get_layer("head").get_weights()[1].tolist() == [0, 1, 2, 3, 4, 5]
        assert np.abs(run([X])[0] - before).max() > 0.1
        assert_net(model.predict(X), run([X])[0])


# --- eager models


def test_the_book_s_script_on_an_eager_model(keras, expected):
    assert_class_activation(class_activation(net(keras)), expected)


def test_gradient_ascent_on_an_eager_model(keras):
    model = net(keras)
    loss = K.mean(model.get_layer("first").output[:, :, :, 1])
    plain = grads = K.gradients(loss, model.input)[0]
    grads /= K.sqrt(K.mean(K.square(grads))) + 1e-5
    iterate = K.function([model.input], [loss, plain, grads])
    data = X[:1].copy()
    losses = []
    for _ in range(3):
        value, gradient, step = iterate([data])
        assert_net(step, gradient / (np.sqrt(np.mean(gradient**2)) + 1e-5))
        losses.append(value)
        data += 0.1 * step
    assert losses == sorted(losses)
    assert losses[0] < losses[-1]


def test_activations_of_all_layers_of_an_eager_model(keras, expected):
    model = net(keras)
    found = K.function([model.input], [layer.output for layer in model.layers])([X])
    np.testing.assert_array_equal(found[0], X)
    assert_net(found[3], expected[0])
    assert_net(found[-1], expected[2])


@pytest.mark.parametrize(
    "weighted",
    [
        pytest.param(lambda weights, last: weights * last, id="symbol first"),
        pytest.param(lambda weights, last: last * weights, id="layer first"),
        pytest.param(lambda weights, last: tf.multiply(weights, last), id="tf.multiply"),
        pytest.param(lambda weights, last: 0.5 * weights * last - (-last * weights) / 2.0, id="with numbers"),
        pytest.param(lambda weights, last: np.float32(1) * weights * last, id="with an array"),
    ],
)
def test_what_is_made_from_layers_mixes_with_layers(keras, expected, weighted):
    model = net(keras)
    last = model.get_layer("last").output
    weights = K.mean(K.gradients(model.output[:, 2], last)[0], axis=(1, 2), keepdims=True)
    found = K.function([model.input], [K.sum(weighted(weights, last), axis=-1)])([X])[0]
    wanted = np.einsum("nhwc,nc->nhw", expected[0], expected[1].mean((1, 2)))
    assert_net(found, wanted)


def test_tensorflow_s_functions_take_what_k_makes(keras, expected):
    model = net(keras)
    grads = K.gradients(model.output[:, 2], model.get_layer("last").output)[0]
    found = K.function([model.input], [tf.reduce_max(tf.abs(grads)), grads[0, 0, 0]])([X])
    assert_net(found[0], np.abs(expected[1]).max())
    assert_net(found[1], expected[1][0, 0, 0])


def test_an_eager_model_is_computed_once_and_calls_add_nothing(keras):
    model = net(keras)
    last = model.get_layer("last").output
    run = K.function([model.input], [K.mean(last[0]), K.gradients(model.output[:, 0], last)[0]])
    graph = run.graph
    assert sum(op.type == "Conv2D" for op in graph.get_operations()) == 2
    run([X])
    graph.finalize()
    for _ in range(20):
        run([X])


def test_weights_of_an_eager_model_are_read_when_a_function_is_built(keras, expected):
    model = net(keras)
    first = K.function([model.input], [model.output])
    head = model.get_layer("head")
    kernel, bias = head.get_weights()
    head.set_weights([kernel * 0, bias * 0])
    assert_sums(K.function([model.input], [model.output])([X])[0], np.full((2, 6), 1 / 6), 6)
    head.set_weights([kernel, bias])
    assert_net(K.function([model.input], [model.output])([X])[0], expected[2])
    assert_net(first([X])[0], expected[2])


def test_an_eager_model_stays_as_it_was(keras, expected):
    model = net(keras)
    kinds = [type(layer).__bases__ for layer in model.layers]
    graph, names = tf1.get_default_graph(), [op.name for op in tf1.get_default_graph().get_operations()]
    class_activation(model)([X])
    assert [type(layer).__bases__ for layer in model.layers] == kinds
    assert tf1.get_default_graph() is graph
    assert [op.name for op in graph.get_operations()] == names
    assert tf1.executing_eagerly()
    assert_net(model(X, training=False).numpy(), expected[2])


def two_branches(keras):
    """One layer on two inputs, and a joint score: the sum of x and 2 y, each times 3."""
    layers = keras.layers
    one, two = (layers.Input((1,), name=name) for name in ("one", "two"))
    shared = layers.Dense(1, use_bias=False, name="shared")
    ends = shared(one), shared(two)
    shared.set_weights([np.full((1, 1), 3, np.float32)])
    return one, two, ends, layers.Add(name="joint")([ends[0], layers.Rescaling(2.0)(ends[1])])


@EAGER
@pytest.mark.skipif(not hasattr(keras2().layers, "Rescaling"), reason="Rescaling came with TensorFlow 2.6")
def test_branches_that_are_used_apart_first_join_later(keras):
    one, two, ends, joint = two_branches(keras)
    assert K.function([one], [ends[0]])([[[5.0]]])[0].tolist() == [[15]]
    second = K.mean(ends[1])
    assert K.function([two], [second])([[[7.0]]])[0] == 21
    run = K.function([one, two], [joint, second, *K.gradients(joint, [one, two])])
    assert [float(np.squeeze(value)) for value in run([[[5.0]], [[7.0]]])] == [57, 21, 3, 6]


@EAGER
@pytest.mark.skipif(not hasattr(keras2().layers, "Rescaling"), reason="Rescaling came with TensorFlow 2.6")
def test_an_eager_model_needs_the_inputs_that_it_needs(keras):
    one, _, ends, joint = two_branches(keras)
    with pytest.raises(slimcam.MissingFeed, match=r"joint.* needs 'two:0': joint.* <- two"):
        K.function([one], [joint])
    assert K.function([one], [ends[0]])([[[5.0]]])[0].tolist() == [[15]]


def test_models_that_are_joined_after_they_were_used_work_and_their_old_tensors_do_not_mix(keras):
    first, second = net(keras, "first_net"), net(keras, "second_net")
    old = K.mean(first.output)
    K.mean(second.output)
    joint = keras.layers.Concatenate()([first.output, second.output])
    found = K.function([first.input, second.input], [joint])([X, X])[0]
    assert_net(found[:, :6], found[:, 6:])
    assert K.function([first.input], [K.mean(first.output)])([X])[0] == pytest.approx(1 / 6, rel=rounding(40))
    if not SYMBOLS:
        both = K.function([first.input, second.input], [old + joint])([X, X])[0]
        assert_net(both, found + 1 / 6)
        return
    with pytest.raises(slimcam.TargetError, match="are of different graphs: they come from models that had no input"):
        old + joint


@pytest.mark.skipif(not SYMBOLS, reason="there are no symbols before TensorFlow 2.4")
def test_what_a_symbol_is_not(keras):
    symbol = K.mean(net(keras).output)
    assert repr(symbol) == f"<Symbol {symbol.name!r} shape=() dtype=float32>"
    with pytest.raises(
        slimcam.TargetError, match=r"has no value: K\.function\(\[model\.input\], \[it\]\) computes one"
    ):
        np.asarray(symbol)
    with pytest.raises(slimcam.TargetError, match="neither true nor false"):
        bool(symbol)
    with pytest.raises(slimcam.TargetError, match="cannot be unpacked"):
        list(symbol)
    with pytest.raises(slimcam.MissingFeed, match="needs 'photo:0'"):
        K.get_value(symbol)


def test_what_is_known_of_a_layer_s_output(keras):
    output = net(keras).get_layer("last").output
    assert (K.int_shape(output), K.ndim(output), K.dtype(output)) == ((None, 4, 4, 5), 4, "float32")


def test_the_graph_of_an_eager_model_goes_with_it(keras):
    model = net(keras)
    run = class_activation(model)
    graph = weakref.ref(run.graph)
    del run
    gc.collect()
    assert (graph() is not None) == SYMBOLS  # a part of Keras' own graph is only taken over for one function
    del model
    gc.collect()
    assert graph() is None


def test_a_gradient_that_only_restates_the_derivative_comes_along(keras):
    start = keras.layers.Input((3,), name="start")
    swish = "swish" if hasattr(keras.activations, "swish") else tf.nn.swish  # Keras' name for it came with 2.2
    slope = K.gradients(keras.layers.Activation(swish)(start), start)[0]
    x = np.array([[-1.0, 0.0, 2.0]])
    s = 1 / (1 + np.exp(-x))
    assert_sums(K.function([start], [slope])([x])[0], s + x * s * (1 - s), 8, 2)


@EAGER
@pytest.mark.skipif(SYMBOLS, reason="from TensorFlow 2.4 on it is refused, as below")
def test_a_recurrent_layer_s_gradient_is_made_in_keras_own_graph():
    layers = keras2().layers
    start = layers.Input((5, 3))
    recurrent = layers.GRU(2)
    end = recurrent(start)
    x = np.random.RandomState(0).normal(size=(4, 5, 3)).astype(np.float32)
    with tf.GradientTape() as tape:
        tensor = tf.constant(x)
        tape.watch(tensor)
        score = recurrent(tensor)
    expected = tape.gradient(score, tensor).numpy()
    found = K.function([start], [end, *K.gradients(end, start)])([x])
    assert_net(found[0], score.numpy())
    assert_net(found[1], expected)


@EAGER
@pytest.mark.skipif(not SYMBOLS, reason="before TensorFlow 2.4 it is made in the graph that it was defined in")
def test_a_gradient_that_cannot_come_along_is_refused():
    layers = keras2().layers
    start = layers.Input((5, 3))
    end = layers.GRU(2)(start)
    with pytest.raises(slimcam.LayerError, match=r"a recurrent layer, say.*with tf\.Graph\(\)\.as_default\(\)"):
        K.gradients(end, start)
