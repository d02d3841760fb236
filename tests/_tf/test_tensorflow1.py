"""What TensorFlow 1's names are on TensorFlow 2; whole programs are run in tests/programs."""

import gzip
import os
import struct
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from slimcam import GoneModule, GoneName, MissingPackage
from slimcam._tf import TF_VERSION, slim, tensorflow1, tf1
from slimcam._tf.tensorflow1 import mnist
from slimcam._tf.tensorflow1.hyperparameters import HParams

tensorflow_2 = pytest.mark.skipif(TF_VERSION < (2,), reason="TensorFlow 1 has its own")


@tensorflow_2
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("tensorflow", "placeholder"),
        ("tensorflow.compat.v1", "placeholder"),
        ("tensorflow.contrib.slim", "conv2d"),
        ("tensorflow.contrib.slim.nets", "inception"),
        ("tensorflow.contrib.slim.python.slim.nets.inception_v3", "inception_v3"),
        ("tensorflow.contrib.slim.python.slim.learning", "train"),
        ("tensorflow.contrib.layers.python.layers.layers", "convolution2d"),
        ("tensorflow.contrib.framework.python.ops.variables", "get_or_create_global_step"),
        ("tensorflow.contrib.framework.python.ops.arg_scope", "add_arg_scope"),
        ("tensorflow.contrib.learn.python.learn.datasets.mnist", "read_data_sets"),
        ("tensorflow.contrib.opt.python.training.external_optimizer", "ScipyOptimizerInterface"),
        ("tensorflow.contrib.metrics.python.ops.set_ops", "set_intersection"),
        ("tensorflow.contrib.losses.python.metric_learning.metric_loss_ops", "triplet_semihard_loss"),
        ("tensorflow.contrib.framework.python.framework.checkpoint_utils", "load_variable"),
        ("tensorflow.contrib.framework.nest", "is_sequence"),
        ("tensorflow.contrib.slim.init_ops", "zeros_initializer"),
        ("tensorflow.contrib.slim.moving_averages", "assign_moving_average"),
        ("tensorflow.python.util.nest", "is_sequence"),
        ("tensorflow.python.training.training_ops", "apply_adam"),
        ("tensorflow.contrib.learn.ModeKeys", "INFER"),
        ("tensorflow.examples.tutorials.mnist.input_data", "read_data_sets"),
        ("tensorflow.python.framework.graph_util", "convert_variables_to_constants"),
        ("tensorflow.python.framework.ops", "Tensor"),
        ("tensorflow.python.ops.rnn_cell", "BasicLSTMCell"),
        ("tensorflow.python.ops.control_flow_ops", "while_loop"),
        ("tensorflow.python.platform.gfile", "FastGFile"),
        ("tensorflow.python.saved_model.tag_constants", "SERVING"),
        ("tensorflow.python.training.moving_averages", "assign_moving_average"),
        ("tensorflow.core.framework.graph_pb2", "GraphDef"),
        ("tensorflow.app", "run"),
    ],
)
def test_an_old_path_leads_to_its_names(path, name):
    assert getattr(tensorflow1.module(path), name) is not None


@tensorflow_2
def test_names_of_slim_are_tf_slims_own():
    assert tensorflow1.module("tensorflow.contrib.slim").conv2d is slim().conv2d
    assert tensorflow1.module("tensorflow.contrib.layers").l2_regularizer is slim().l2_regularizer
    assert tensorflow1.view().nn is tf1.nn


@tensorflow_2
def test_names_of_tensorflow_0_are_there_by_their_later_ones():
    assert tensorflow1.view().pack is tf1.stack
    assert tensorflow1.view().scalar_summary is tf1.summary.scalar


@tensorflow_2
@pytest.mark.parametrize(
    ("path", "message"),
    [
        (
            "tensorflow.contrib.tensor_forest",
            r"tf.contrib.tensor_forest went with TensorFlow 2.0, and neither tf_slim nor",
        ),
        ("tensorflow.contrib.slim.conv2e", r"tf.contrib.slim.conv2e went .*; near: 'conv2d'"),
        ("tensorflow.placeholdr", r"TensorFlow 1.15 has no tf.placeholdr; near: 'placeholder'"),
        (
            "tensorflow.tools.graph_transforms",
            r"tensorflow.tools.graph_transforms went with TensorFlow 2.0; run that step",
        ),
    ],
)
def test_what_is_nowhere_says_so_as_an_attribute_and_as_an_import(path, message):
    parent, _, name = path.rpartition(".")
    with pytest.raises(GoneModule, match=message):
        tensorflow1.module(path)
    with pytest.raises(GoneName, match=message):
        getattr(tensorflow1.module(parent), name)


def idx(folder, name, magic, array):
    head = struct.pack(f">I{array.ndim}I", magic, *array.shape)
    with gzip.open(str(folder / f"{name}.gz"), "wb") as file:
        file.write(head + array.tobytes())


@pytest.fixture
def digits(tmp_path):
    """Write twelve images to learn from and three to test; pixel (0, 0) is the number, the label that modulo 10."""
    for kind, count in (("train", 12), ("t10k", 3)):
        images = np.zeros((count, 28, 28), np.uint8)
        images[:, 0, 0] = np.arange(count)
        idx(tmp_path, f"{kind}-images-idx3-ubyte", 2051, images)
        idx(tmp_path, f"{kind}-labels-idx1-ubyte", 2049, np.arange(count).astype(np.uint8) % 10)
    return str(tmp_path)


def test_mnist_is_read_and_split(digits):
    data = mnist.read_data_sets(digits, one_hot=True, validation_size=2)
    assert (data.train.num_examples, data.validation.num_examples, data.test.num_examples) == (10, 2, 3)
    assert data.train.images.shape == (10, 784)
    np.testing.assert_array_equal(data.test.images[:, 0], np.float32([0, 1, 2]) * np.float32(1 / 255))
    np.testing.assert_array_equal(data.test.labels, np.eye(10)[:3])


def test_batches_follow_the_published_order(digits):
    data = mnist.read_data_sets(digits, validation_size=2, seed=5).train
    numbers = lambda batch: np.rint(batch[0][:, 0] * 255).astype(int).tolist()  # noqa: E731
    np.random.seed(3)
    first, rest = data.next_batch(6), data.next_batch(6)
    np.random.seed(3)
    order = np.arange(10)
    np.random.shuffle(order)
    again = np.arange(10)
    np.random.shuffle(again)
    assert numbers(first) == (order[:6] + 2).tolist()
    assert numbers(rest) == (order[6:] + 2).tolist() + (order[again][:2] + 2).tolist()
    assert data.epochs_completed == 1


def test_an_unshuffled_batch_is_in_the_order_of_the_file(digits):
    data = mnist.read_data_sets(digits, validation_size=0).train
    assert data.next_batch(4, shuffle=False)[1].tolist() == [0, 1, 2, 3]


def test_a_file_of_another_kind_is_refused(digits, tmp_path):
    idx(tmp_path, "train-images-idx3-ubyte", 2049, np.zeros((1, 28, 28), np.uint8))
    with pytest.raises(ValueError, match="Invalid magic number 2049 in MNIST file"):
        mnist.read_data_sets(digits)


def test_hparams_keep_their_types():
    params = HParams(rate=0.1, sizes=[1, 2], name="a", flag=True, steps=3)
    params.parse("rate=1,sizes=[3,4,5],name=b,flag=false,steps=7")
    assert params.values() == {"rate": 1.0, "sizes": [3, 4, 5], "name": "b", "flag": False, "steps": 7}
    assert "rate" in params
    assert params.get("none", 5) == 5
    assert HParams(**params.values()).parse_json(params.to_json()).values() == params.values()
    with pytest.raises(ValueError, match="Unknown hyperparameter type for width"):
        params.parse("width=3")
    with pytest.raises(ValueError, match="Could not parse hparam 'steps'"):
        params.parse("steps=x")
    with pytest.raises(ValueError, match="Must pass a list"):
        params.set_hparam("sizes", 3)


@tensorflow_2
def test_the_projector_asks_for_its_package(monkeypatch):
    from slimcam._tf.tensorflow1.contrib import contrib

    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(MissingPackage, match=r'package tensorboard: pip install "tensorboard"$'):
        _ = contrib().tensorboard.plugins.projector


@tensorflow_2
def test_layers_and_cells_are_keras_2s_though_keras_3_was_chosen_before():
    """As where a program or a test looked at `tf.layers` before slimcam, without TF_USE_LEGACY_KERAS."""
    pytest.importorskip("tf_keras", reason="Keras 2 is TensorFlow's own")
    text = """
        import tensorflow, tf_keras
        for touch in (lambda: tensorflow.compat.v1.layers.dense, lambda: tensorflow.compat.v1.nn.rnn_cell.RNNCell):
            try:
                touch()
            except AttributeError as error:
                print(error)
        import slimcam.legacy.tensorflow1 as tf
        for one in (tf.layers.dense, tf.nn.rnn_cell.BasicLSTMCell, tf.contrib.rnn.OutputProjectionWrapper):
            print(one.__name__)
    """
    command = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(text)]
    environment = {name: value for name, value in os.environ.items() if name != "TF_USE_LEGACY_KERAS"}
    printed = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment, check=True).stdout
    assert printed.splitlines() == [
        "`dense` is not available with Keras 3.",
        "`RNNCell` is not available with Keras 3.",
        "dense",
        "BasicLSTMCell",
        "OutputProjectionWrapper",
    ]
