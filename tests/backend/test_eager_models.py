"""What old programs do with an eager model, and what works instead where it cannot be had: the advice is tried, too."""

import numpy as np
import pytest
from fixtures.keras_nets import NEW, quiet, sow
from fixtures.tolerance import SMALL_NET, assert_net, rounding_of_net

import slimcam
from slimcam import backend as K
from slimcam._tf import TF_VERSION, keras2, keras3, tf, tf1

SYMBOLS = pytest.mark.skipif(TF_VERSION < (2, 4), reason="before TensorFlow 2.4 an eager model is made of tensors")
EAGER = pytest.mark.skipif(not tf1.executing_eagerly(), reason="TensorFlow 1 has no eager models")
X = np.random.RandomState(0).uniform(0, 1, (2, 6)).astype(np.float32)


def net(keras, name="net"):
    """A dense layer, dropout, and scores of three classes."""
    layers = keras.layers
    with quiet():
        start = layers.Input((6,), name="start")
        wide = layers.Dense(64, activation="relu", name="wide")(start)
        dropped = layers.Dropout(0.5, name="drop")(wide)
        return sow(keras.Model(start, layers.Dense(3, name="scores")(dropped), name=name))


# --- the learning phase


def test_the_learning_phase_is_honoured(keras):
    """Monte-Carlo dropout: of many runs in training the spread is what one wants to know."""
    model = net(keras)
    run = K.function([model.input, K.learning_phase()], [model.output, model.get_layer("drop").output])
    np.testing.assert_array_equal(run([X, 0])[0], run([X, False])[0])
    assert_net(run([X, 0])[0], model(X, training=False).numpy())
    wide = K.function([model.input], [model.get_layer("wide").output])([X])[0]
    first, second = run([X, 1])[1], run([X, True])[1]
    assert np.abs(first - second).max() > 0
    for dropped in (first, second):
        assert_net(np.where(dropped == 0, 2 * wide, dropped), 2 * wide)
        assert 0.2 < np.mean(dropped[wide > 0] == 0) < 0.8
    assert_net(run([X, 0])[0], model(X, training=False).numpy())


def test_a_learning_phase_that_was_set_is_honoured(keras):
    model = net(keras)
    with K.learning_phase_scope(1):
        run = K.function([model.input], [K.sum(model.output)])
    assert run([X]) != run([X])
    run = K.function([model.input], [K.sum(model.output)])
    assert run([X]) == run([X])


@EAGER
def test_a_layer_that_asks_for_the_learning_phase_gets_it():
    layers = keras2().layers
    start = layers.Input((1,))
    end = layers.Lambda(lambda x: K.in_train_phase(10 * x, x))(start)
    run = K.function([start, K.learning_phase()], [end])
    assert [run([[[1.0]], phase])[0].item() for phase in (0, 1, 0)] == [1, 10, 1]


@SYMBOLS
def test_a_tensor_that_was_made_in_another_phase_refuses_the_phase(keras):
    model = net(keras)
    run = K.function([model.input, K.learning_phase()], [K.gradients(model.output[:, 0], model.input)[0]])
    assert run([X, 0])[0].shape == (2, 6)
    said = r"learning phase 1 is given, and <Symbol .* was made in 0: K\.set_learning_phase\(1\) before it is made"
    with pytest.raises(slimcam.TargetError, match=said):
        run([X, 1])
    with K.learning_phase_scope(1):  # the advice
        gradient = K.gradients(model.output[:, 0], model.input)[0]
        run = K.function([model.input, K.learning_phase()], [gradient])
    assert np.abs(run([X, 1])[0] - run([X, 1])[0]).max() > 0


# --- variables


@SYMBOLS
def test_a_sum_begins_with_a_variable_whose_value_counts_at_each_call(keras):
    model = net(keras)
    start, factor = K.variable(0.0), K.variable(2.0)
    loss = start
    loss += factor * K.sum(model.output)
    loss += 1.0
    run = K.function([model.input], [loss, *K.gradients(loss, model.output)])
    outputs = model(X, training=False).numpy()
    total, most = outputs.sum(), rounding_of_net(SMALL_NET, 3 * np.abs(outputs).sum() + 6)  # outputs may cancel
    found, gradient = run([X])
    np.testing.assert_allclose(found, 2 * total + 1, rtol=0, atol=most)
    assert set(gradient.ravel()) == {2}
    K.set_value(factor, 3.0)
    K.set_value(start, 5.0)
    found, gradient = run([X])
    np.testing.assert_allclose(found, 5 + 3 * total + 1, rtol=0, atol=most)
    assert set(gradient.ravel()) == {3}


@SYMBOLS
def test_variables_and_constants_join_by_every_function(keras):
    model = net(keras)
    weight = K.constant(np.eye(3, dtype=np.float32))
    found = K.function([model.input], [K.dot(model.output, weight), K.dot(model.output, K.variable(np.eye(3)))])([X])
    for one in found:
        assert_net(one, model(X, training=False).numpy())


@SYMBOLS
def test_functions_that_make_tensors_join(keras):
    model = net(keras)
    row = K.switch(K.sum(model.output) > 1e9, lambda: model.output, lambda: -model.output)
    last, _, states = K.rnn(lambda x, s: (x + s[0], [x + s[0]]), model.output[:, :, None], [model.output[:, :1] * 0])
    found = K.function([model.input], [row, last, states[0]])([X])
    scores = model(X, training=False).numpy()
    assert_net(found[0], -scores)
    assert_net(found[1], scores.sum(1, keepdims=True))
    np.testing.assert_array_equal(found[2], found[1])


# --- what a program reads off a model


@SYMBOLS
@pytest.mark.parametrize("index", [(0, np.int64(2)), np.int64(1), (slice(None), np.int32(1)), slice(0, np.int64(1))])
def test_an_index_may_be_of_numpy(keras, index):
    model = net(keras)
    found = K.function([model.input], [model.output[index]])([X])[0]
    assert_net(found, model(X, training=False).numpy()[index])


@SYMBOLS
def test_layers_say_what_they_were_called_on(keras):
    model = net(keras)
    first, last = model.get_layer("wide").get_input_at(0), model.get_layer("scores").get_output_at(0)
    assert_net(K.function([first], [last])([X])[0], model(X, training=False).numpy())


@SYMBOLS
def test_a_sequential_has_an_input_and_an_output(keras):
    model = keras.Sequential([keras.layers.Input((6,)), keras.layers.Dense(3)])
    assert_net(K.function([model.input], [model.output])([X])[0], model(X).numpy())
    outer = keras.Sequential([net(keras), keras.layers.Dense(2)])
    outer.build((None, 6))
    assert_net(K.function([outer.input], [outer.output])([X])[0], outer(X).numpy())


@NEW
def test_the_input_of_an_input_layer_of_keras_3_is_told():
    model = net(keras3())
    with pytest.raises(slimcam.TargetError, match=r"input 0 is an empty list, .* Keras 3 .*: take model\.input"):
        K.function([model.layers[0].input], [model.output])
    assert_net(K.function([model.input], [model.output])([X])[0], model(X, training=False).numpy())


# --- what a graph alone has: the advice names a model built by Keras 2 in a graph

ADVICE = r"build the model by (tf_keras|tf\.keras) inside `with tf\.Graph\(\)\.as_default\(\):`"


@SYMBOLS
@pytest.mark.parametrize(
    "call",
    [
        lambda model: K.placeholder((1, 3)),
        lambda model: K.get_session(),
        lambda model: K.gradients(K.sum(model.output), model.weights),
        lambda model: K.update(K.variable(0.0), K.sum(model.output)),
    ],
    ids=["placeholder", "get_session", "gradients by weights", "update"],
)
def test_what_needs_a_graph_says_so(keras, call):
    with pytest.raises(slimcam.TargetError, match=ADVICE):
        call(net(keras))


@SYMBOLS
def test_an_optimizer_that_is_given_a_symbol_says_so(keras):
    optimizers = getattr(keras2().optimizers, "legacy", keras2().optimizers)
    with pytest.raises(slimcam.TargetError, match=ADVICE):
        optimizers.SGD(0.1).get_updates(loss=K.sum(net(keras).output), params=net(keras2()).trainable_weights)


def test_the_advice_works():
    optimizers = getattr(keras2().optimizers, "legacy", keras2().optimizers)
    with tf.Graph().as_default():
        model = net(keras2())
        labels = K.placeholder((None, 3))
        loss = K.mean(K.square(model.output - labels))
        updates = optimizers.SGD(0.01).get_updates(loss=loss, params=model.trainable_weights)
        train = K.function([model.input, labels, K.learning_phase()], [loss], updates)
        losses = [train([X, np.ones((2, 3)), 0])[0] for _ in range(5)]
        assert losses == sorted(losses)[::-1]
        assert K.get_session().run(model.output, {model.input: X}).shape == (2, 3)
        assert len(K.gradients(loss, model.weights)) == 4


# --- gradients that are none


def joined(keras):
    """Return a net and a model that calls it, whose own tensors are others."""
    inner = net(keras, "inner")
    start = keras.layers.Input((6,), name="again")
    return inner, keras.Model(start, keras.layers.Dense(2, name="end")(inner(start)))


def test_a_gradient_by_a_layer_of_an_earlier_call_is_none_and_says_at_once_what_to_take(graph):
    """As keras-grad-cam and its copies do: the net is called again, and its layer's output is of the first call."""
    with quiet():
        inner, model = joined(keras2())
    layer = inner.get_layer("wide").output
    with pytest.warns(UserWarning) as warned:
        gradient = K.gradients(K.sum(model.output), layer)[0]
    assert gradient is None
    said = str(warned[0].message)
    name = said.split("get_tensor_by_name('")[1].rstrip("')")
    assert said == (
        f"K.gradients: 'Sum:0' does not depend on {layer.name!r}, so its gradient is None: the layer was called again "
        f"there, which made {name!r}: loss.graph.get_tensor_by_name({name!r})"
    )
    for line in (lambda: K.square(gradient), lambda: K.mean(gradient, axis=0), lambda: K.l2_normalize(gradient)):
        with pytest.raises(slimcam.TargetError, match=r"^K\.\w+ was given None: K\.gradients: 'Sum:0' does not depend"):
            line()
    taken = graph.get_tensor_by_name(name)  # the advice
    found = K.function([model.input], [taken, *K.gradients(K.sum(model.output), taken)])([X])
    assert_net(found[0], K.function([inner.input], [layer])([X])[0])
    assert found[1].shape == (2, 64)


@SYMBOLS
def test_a_gradient_by_a_layer_of_an_earlier_call_of_an_eager_model_says_what_to_take(keras):
    inner, model = joined(keras)
    loss, layer = K.sum(model.output), inner.get_layer("wide").output
    with pytest.raises(slimcam.TargetError, match=r"the layer was called again there, which made '.*wide.*'") as raised:
        K.gradients(loss, layer)
    name = str(raised.value).split("get_tensor_by_name('")[1].rstrip("')")
    taken = loss.graph.get_tensor_by_name(name)  # the advice
    found = K.function([model.input], [taken, *K.gradients(loss, taken)])([X])
    assert_net(found[0], K.function([inner.input], [layer])([X])[0])
    assert found[1].shape == (2, 64)


def test_a_gradient_through_an_argmax_says_so(graph):
    x = K.placeholder((2, 3))
    with pytest.warns(UserWarning, match=r"depends on 'Placeholder:0' only by operations without a gradient"):
        assert K.gradients(tf.cast(K.argmax(x), "float32"), x) == [None]


@SYMBOLS
def test_an_operator_that_gets_none_says_so(keras):
    output = K.sum(net(keras).output)
    for line in (lambda: None / output, lambda: output * None):
        with pytest.raises(slimcam.TargetError, match=r"the operator '\w+' was given None: K\.gradients"):
            line()


def test_a_program_may_take_none_for_an_answer(graph):
    x, other = K.placeholder(()), K.placeholder(())
    with pytest.warns(UserWarning):
        gradients = K.gradients(x * x, [x, other])
    assert [gradient is None for gradient in gradients] == [False, True]
    assert tf1.Session().run(gradients[0], {x: 3}) == 6
