"""slim beside its nets: training into a folder, evaluation, data sets of examples, where TensorFlow runs eagerly."""

import os

import cv2
import numpy as np
import pytest

import slimcam
from slimcam._tf import tf1

# TensorFlow's own: layers that tf_slim calls by an old name, and a Supervisor that closes its writer twice
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

LINE = np.array([[-1.0], [0.0], [1.0], [2.0]], np.float32)


@pytest.fixture(scope="module")
def slim():
    return slimcam.slim()


def test_slim_has_its_nets(slim):
    names = ["alexnet", "inception", "overfeat", "resnet_utils", "resnet_v1", "resnet_v2", "vgg"]
    assert [name for name in names if not hasattr(slim.nets, name)] == []
    assert slim.nets.vgg.vgg_16.default_image_size == 224
    assert slim.nets.inception.inception_v3 is slim.nets.inception_v3.inception_v3
    assert callable(slim.nets.resnet_v2.resnet_v2_50)


def score(slim, kernel):
    """Return y = kernel x on LINE, whose one weight begins at `kernel`."""
    start = tf1.constant_initializer(kernel)
    return slim.fully_connected(LINE, 1, None, weights_initializer=start, biases_initializer=None, scope="line")


def train(slim, folder, steps):
    """Fit y = x by gradient steps of a quarter; return the last loss."""
    with tf1.Graph().as_default():
        loss = tf1.losses.mean_squared_error(LINE, score(slim, 3.0))
        tf1.summary.scalar("loss", loss)
        step = slim.learning.create_train_op(loss, tf1.train.GradientDescentOptimizer(0.25))
        return slim.learning.train(
            step, folder, number_of_steps=steps, save_summaries_secs=1, save_interval_secs=1, log_every_n_steps=1
        )


def test_training_writes_its_folder_and_goes_on_from_it(slim, tmp_path):
    """The mean of x² is 1.5, so that a step of 0.25 leaves a quarter of the error 1 - 2 · 0.25 · 1.5 = 0.25."""
    assert train(slim, str(tmp_path), 3) == 4 * 0.25**4 * 1.5
    names = os.listdir(str(tmp_path))
    assert {"checkpoint", "graph.pbtxt", "model.ckpt-3.index"} <= set(names)
    assert any(name.startswith("events.out.tfevents") for name in names)
    assert train(slim, str(tmp_path), 4) == 4 * 0.25**6 * 1.5
    reader = tf1.train.NewCheckpointReader(str(tmp_path / "model.ckpt-4"))
    assert reader.get_tensor("line/weights").tolist() == [[1 + 2 * 0.25**4]]


def test_the_threads_of_a_supervisor_save_and_count(slim, tmp_path):
    with tf1.Graph().as_default():
        tf1.train.get_or_create_global_step()
        weight = tf1.get_variable("weight", initializer=2.0)
        tf1.summary.scalar("weight", weight)
        supervisor = tf1.train.Supervisor(logdir=str(tmp_path), save_model_secs=1, save_summaries_secs=1)
        with supervisor.managed_session() as session:
            supervisor.coord.wait_for_stop(1.2)
            assert session.run(weight) == 2
    assert "model.ckpt-0.index" in os.listdir(str(tmp_path))


def test_an_evaluation_reads_what_was_trained(slim, tmp_path):
    train(slim, str(tmp_path), 1)
    with tf1.Graph().as_default():
        value, update = tf1.metrics.mean(score(slim, 0.0))
        found = slim.evaluation.evaluate_once(
            "",
            tf1.train.latest_checkpoint(str(tmp_path)),
            str(tmp_path / "eval"),
            2,
            eval_op=[update],
            final_op=[value],
        )
    assert found == [1.5 * 0.5]  # the weight, 3 - 0.75 · 2, times the mean of x
    with tf1.Graph().as_default():
        tf1.train.get_or_create_global_step()
        value, update = tf1.metrics.mean(score(slim, 0.0))
        found = slim.evaluation.evaluation_loop(
            "", str(tmp_path), str(tmp_path / "loop"), 1, eval_op=[update], final_op=[value], eval_interval_secs=0,
            max_number_of_evaluations=1,
        )  # fmt: skip
    assert found == [1.5 * 0.5]


def example(number):
    """Return an Example of a grey picture and its number."""
    feature, png = tf1.train.Feature, cv2.imencode(".png", np.full((2, 3, 3), number, np.uint8))[1].tobytes()
    features = {
        "image/encoded": feature(bytes_list=tf1.train.BytesList(value=[png])),
        "image/format": feature(bytes_list=tf1.train.BytesList(value=[b"png"])),
        "label": feature(int64_list=tf1.train.Int64List(value=[number])),
    }
    return tf1.train.Example(features=tf1.train.Features(feature=features)).SerializeToString()


def test_a_data_set_of_examples_is_decoded(slim, tmp_path):
    path = str(tmp_path / "four.tfrecord")
    with tf1.python_io.TFRecordWriter(path) as writer:
        for number in range(4):
            writer.write(example(number))
    parts = slim.tfexample_decoder
    with tf1.Graph().as_default():
        decoder = parts.TFExampleDecoder(
            {
                "image/encoded": tf1.FixedLenFeature((), tf1.string, default_value=""),
                "image/format": tf1.FixedLenFeature((), tf1.string, default_value="png"),
                "label": tf1.FixedLenFeature([], tf1.int64),
            },
            {"image": parts.Image(shape=[2, 3, 3], channels=3), "label": parts.Tensor("label")},
        )
        data = slim.dataset.Dataset(path, tf1.TFRecordReader, decoder, 4, {})
        provider = slim.dataset_data_provider.DatasetDataProvider(data, shuffle=False, num_epochs=1)
        image, label = provider.get(["image", "label"])
        with tf1.Session() as session:
            session.run(tf1.local_variables_initializer())
            with slim.queues.QueueRunners(session):
                found = [session.run([image, label]) for _ in range(4)]
    assert [(np.unique(image).tolist(), label) for image, label in found] == [([i], i) for i in range(4)]
