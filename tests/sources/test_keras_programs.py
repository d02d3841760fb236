"""Programs that hold a Keras model: their graph, session and model are left as they were."""

import subprocess
import sys

import numpy as np
import pytest
from fixtures import keras_nets as nets
from fixtures.keras_nets import KERASES, quiet
from fixtures.keras_values import logits, predicted, unruly
from fixtures.tolerance import assert_net

import slimcam
from slimcam._tf import TF_VERSION, keras2, tf1

X, Y = nets.photos(), nets.photos(seed=1)
EAGER = pytest.mark.skipif(TF_VERSION < (2, 1), reason="eager models need TensorFlow 2")


@pytest.fixture(autouse=True)
def small_default_graph():
    yield
    if TF_VERSION < (2, 0):
        keras2().backend.clear_session()


@pytest.mark.parametrize("keras", KERASES)
def test_a_model_is_used_on_after_another_was_loaded_from_a_file(keras, tmp_path):
    path = nets.written(nets.nested_net, tmp_path)
    net = unruly(keras())
    expected = predicted(net, X)
    slimcam.load(path).close()
    np.testing.assert_array_equal(predicted(net, X), expected)
    with quiet():
        net.compile("sgd", "mse")
        net.fit(X, np.zeros((2, 3)), verbose=0)
    if TF_VERSION >= (2, 1):
        assert hasattr(net(X), "numpy")


@pytest.mark.parametrize("keras", KERASES)
def test_a_caller_in_a_graph_of_theirs_loads_all_the_same(keras):
    net = nets.nested_net(keras())
    expected = predicted(net, X)
    if TF_VERSION < (2, 1):  # the weights are in Keras' session, of the graph that is the default one
        with slimcam.load(net) as model:
            assert_net(logits(model, X), expected)
        return
    with tf1.Graph().as_default() as graph:
        with slimcam.load(net) as model:
            assert_net(logits(model, X), expected)
        assert not graph.get_operations()


def test_a_session_of_another_graph_is_refused_with_what_to_do():
    with tf1.Graph().as_default() as graph, quiet():
        session = tf1.Session(graph=graph)
        with session.as_default():
            net = nets.nested_net(keras2())
    message = r"with session.as_default\(\): slimcam.load\(model\)"
    with tf1.Session(graph=tf1.Graph()).as_default(), pytest.raises(slimcam.ModelError, match=message):
        slimcam.load(net)
    with session.as_default():
        slimcam.load(net).close()


def test_a_finalised_graph_is_only_read():
    with tf1.Graph().as_default() as graph, tf1.Session(graph=graph).as_default(), quiet():
        net = nets.nested_net(keras2())
        expected = net.predict(X)
        count = len(graph.get_operations())
        graph.finalize()
        with slimcam.load(net) as model:
            assert_net(logits(model, X), expected)
            model.refresh()
        assert len(graph.get_operations()) == count


OLD = """
import sys
sys.path.insert(0, {folder!r})
import numpy as np, slimcam
from fixtures import keras_nets as nets
from fixtures.tolerance import assert_net
from slimcam._tf import keras2, tf1
tf1.{call}()
with nets.quiet():
    net = nets.nested_net(keras2())
    expected = net.predict(nets.photos())
    with slimcam.load(net) as model:
        found = model.session.run(model.logits, {{model.input: nets.photos()}})
    assert_net(found, expected)
    assert np.abs(net.predict(nets.photos()) - expected).max() == 0
print("done")
"""


@pytest.mark.parametrize("call", ["disable_v2_behavior", "disable_eager_execution", "enable_eager_execution"])
def test_any_mode_of_the_program_will_do(call):
    program = OLD.format(folder=str(nets.__file__).rsplit("/", 2)[0], call=call)
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True)
    assert run.stdout.decode().endswith("done\n"), run.stderr.decode()[-2000:]


ALONE = pytest.mark.skipif(TF_VERSION >= (2, 0), reason="the package keras 2.2 and 2.3 need TensorFlow 1")


@ALONE
def test_the_package_keras_2_is_a_keras_2():
    keras = pytest.importorskip("keras")
    net = nets.pair_net(keras)
    expected = net.predict([X, Y])
    with slimcam.load(net) as model:
        assert_net(logits(model, X, Y), expected)
        assert model.tensor("tower/conv_b@input_2").shape.rank == 4
