"""What the examples of the documentation find: small real files of the names that they use, and old programs."""

import contextlib
import json
import pathlib
import shutil
from typing import Callable, NamedTuple

import cv2
import numpy as np
from fixtures.detector_nets import ssd
from fixtures.hub_modules import write_module
from fixtures.keras_nets import conv, head, quiet, sow
from fixtures.tflite_models import NET, net_tensors, tflite_bytes
from pages import ROOT

import slimcam
from slimcam import cli, nets
from slimcam._tf import keras2, keras3, tf1

SIDE = 16
CLASSES = ["tabby", "beagle", "cat", "dog", "tench"]


def constant(name, *shape):
    return tf1.constant(_values(name, *shape))


def variable(name, *shape):
    return tf1.get_variable(name, initializer=_values(name, *shape))


def _values(name, *shape):
    return np.random.RandomState(len(name)).normal(0, 0.5, shape).astype(np.float32)


# --- photos and labels


def write_photo(path, height=24, width=32):
    picture = np.random.RandomState(height).randint(0, 256, (height, width, 3), np.uint8)
    cv2.imwrite(str(path), cv2.GaussianBlur(picture, (5, 5), 0))


def write_labels(path, count=1001):
    path.write_text("\n".join(CLASSES + [f"class {i}" for i in range(len(CLASSES), count)]) + "\n")


def write_few_labels(path):
    write_labels(path, len(CLASSES))


# --- graphs of TensorFlow 1


def classifier(images, weight, classes):
    """A net with the layers that examples name: `first` and `Mixed_7c`; return its logits."""
    x = tf1.nn.relu(tf1.nn.conv2d(images, weight("kernel", 3, 3, 3, 6), 2, "SAME"), name="first")
    with tf1.name_scope("Mixed_7c/"):
        x = tf1.nn.relu(tf1.nn.conv2d(x, weight("kernel_2", 3, 3, 6, 8), 1, "SAME"), name="Mixed_7c/concat")
    return tf1.matmul(tf1.reduce_mean(x, [1, 2]), weight("dense", 8, classes))


def write_frozen(path):
    with tf1.Graph().as_default() as graph:
        images = tf1.placeholder(tf1.float32, [1, SIDE, SIDE, 3], name="input")
        training = tf1.placeholder(tf1.bool, [], name="is_training")
        logits = classifier(images, constant, 1001)
        tf1.multiply(logits, tf1.where(training, 0.5, 1.0), name="logits")
    path.write_bytes(graph.as_graph_def().SerializeToString())


def write_old(path):
    with tf1.Graph().as_default() as graph:
        classifier(tf1.placeholder(tf1.float32, [None, SIDE, SIDE, 3], name="input"), constant, 5)
    path.write_bytes(graph.as_graph_def().SerializeToString())


@contextlib.contextmanager
def _program():
    """A program's graph and session, its weights in variables: yield session, images and logits."""
    with tf1.Graph().as_default() as graph, tf1.Session(graph=graph) as session:
        images = tf1.placeholder(tf1.float32, [None, SIDE, SIDE, 3], name="images")
        dense = classifier(images, variable, 5)
        logits = tf1.nn.bias_add(dense, variable("biases", 5), name="logits/BiasAdd")
        session.run(tf1.global_variables_initializer())
        yield session, images, logits


def write_graph(build):
    def write(path):
        with tf1.Graph().as_default() as graph:
            build()
        path.write_bytes(graph.as_graph_def().SerializeToString())

    return write


def segment():
    """Two classes of each pixel."""
    images = tf1.placeholder(tf1.float32, [None, SIDE, SIDE, 3], name="input")
    x = tf1.nn.relu(tf1.nn.conv2d(images, constant("kernel", 3, 3, 3, 6), 1, "SAME"), name="first")
    tf1.nn.conv2d(x, constant("classes", 1, 1, 6, 2), 1, "SAME", name="classes")


def embed():
    images = tf1.placeholder(tf1.float32, [None, SIDE, SIDE, 3], name="input")
    tf1.nn.l2_normalize(classifier(images, constant, 5), 1, name="embeddings")


def write_saved_model(path):
    with _program() as (session, images, logits):
        builder = tf1.saved_model.builder.SavedModelBuilder(str(path))
        info = tf1.saved_model.utils.build_tensor_info
        signature = tf1.saved_model.signature_def_utils.build_signature_def(
            {"images": info(images)}, {"logits": info(logits)}, "predict"
        )
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
        builder.save()


def write_hub_module(path):
    write_module(path, (None, SIDE, SIDE, 3))


def write_tflite(path):
    tensors = net_tensors(_values("kernel", 8, 3, 3, 3), _values("dense", 5, 8), SIDE)
    path.write_bytes(tflite_bytes(tensors, NET, ["images"], ["probabilities"]))


def write_meta_graph(path):
    with _program() as (session, _, logits):
        tf1.train.GradientDescentOptimizer(0.1).minimize(tf1.reduce_mean(logits**2))
        tf1.train.Saver().save(session, str(path.with_suffix("")))


def write_checkpoint(net, classes):
    def write(path):
        with tf1.Graph().as_default(), tf1.Session() as session:
            size = nets.image_size(net)
            nets.build(net, tf1.placeholder(tf1.float32, [None, size, size, 3]), classes)
            session.run(tf1.global_variables_initializer())
            tf1.train.Saver().save(session, str(path), write_meta_graph=False)

    return write


# --- Keras


def vgg(keras):
    start = keras.layers.Input((SIDE, SIDE, 3), name="vgg_input")
    x = conv(keras, "block5_conv3", 8)(conv(keras, "block1_conv1")(start))
    return keras.Model(start, x, name="vgg16")


def transfer(keras):
    start = keras.layers.Input((SIDE, SIDE, 3), name="photo")
    return sow(keras.Model(start, head(keras, vgg(keras)(start)), name="transfer"))


def write_transfer(path):
    keras = keras2()
    with tf1.Graph().as_default() as graph, tf1.Session(graph=graph).as_default(), quiet():
        transfer(keras).save(str(path))


def write_weights(path):
    """Write a file of weights, and beside it the architecture."""
    with tf1.Graph().as_default() as graph, tf1.Session(graph=graph).as_default(), quiet():
        model = transfer(keras2())
        model.save_weights(str(path.parent / "weights.h5"))
        (path.parent / "model.json").write_text(model.to_json())


def write_steering(path):
    """Write a model with a Lambda layer, and a module with its function."""
    keras = keras2()
    with tf1.Graph().as_default() as graph, tf1.Session(graph=graph).as_default(), quiet():
        start = keras.layers.Input((SIDE, SIDE, 3), name="photo")
        x = keras.layers.Lambda(lambda x: x / 127.5 - 1, name="lambda_1")(start)
        sow(keras.Model(start, head(keras, conv(keras, "conv")(x)))).save(str(path))
    (path.parent / "my_functions.py").write_text("def scale(x):\n    return x / 127.5 - 1\n")


def write_migrated(path):
    """Write what a migration makes of old.pb: the same weights, in layers of Keras 3."""
    layers = keras3().layers
    start = layers.Input((SIDE, SIDE, 3), name="photo")
    options = {"padding": "same", "activation": "relu", "use_bias": False}
    x = layers.Conv2D(6, 3, strides=2, name="conv", **options)(start)
    x = layers.Conv2D(8, 3, name="mixed10", **options)(x)
    scores = layers.Dense(5, use_bias=False, name="scores")(layers.GlobalAveragePooling2D()(x))
    model = keras3().Model(start, scores)
    shapes = ("kernel", 3, 3, 3, 6), ("kernel_2", 3, 3, 6, 8), ("dense", 8, 5)
    model.set_weights([_values(*shape) for shape in shapes])
    model.save(str(path))


# --- folders


def copy_siamese(path):
    shutil.copy(str(ROOT / "tests" / "data" / "siamese.h5"), str(path))


def link_shapes(path):
    path.symlink_to(ROOT / "checkpoints" / "shapes")


def write_golden(path):
    write_old(path.parent / "recorded.pb")
    write_photo(path.parent / "recorded.jpg")
    model, photos = str(path.parent / "recorded.pb"), [str(path.parent / "recorded.jpg")]
    slimcam.record(model, photos, str(path), layers=["Mixed_7c"], preprocess="squash")


def write_maps(path):
    photo = str(ROOT / "checkpoints" / "shapes" / "samples" / "flower-and-star.png")
    command = ["explain", photo, "--model", str(ROOT / "checkpoints" / "shapes"), "--out", str(path.parent)]
    cli.main(command, standalone_mode=False)


class File(NamedTuple):
    """How a file is written, and whether that needs Keras 3."""

    write: Callable[[pathlib.Path], None]
    keras3: bool = False


def write_program(path):
    lines = [
        "import sys",
        "import tensorflow as tf",
        "from tensorflow.contrib import slim",
        "tf.app.flags.DEFINE_integer('steps', 1, '')",
        "def main(_):",
        "    print(tf.app.flags.FLAGS.steps, slim.conv2d(tf.zeros([1, 8, 8, 3]), 4, 3).get_shape()[1].value)",
        "tf.app.run()",
    ]
    path.write_text("\n".join(lines) + "\n")


def write_notebook(path):
    lines = ["%matplotlib inline", "import matplotlib.pyplot as plt", "plt.plot([1, 2])", "plt.show()"]
    cell = {"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [], "source": "\n".join(lines)}
    path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 2}))


FILES = {
    "old_program.py": File(write_program),
    "old_notebook.ipynb": File(write_notebook),
    "cat.jpg": File(write_photo),
    "dog.jpg": File(write_photo),
    "dog.png": File(write_photo),
    "a.png": File(write_photo),
    "b.png": File(write_photo),
    "labels.txt": File(write_labels),
    "imagenet_labels.txt": File(write_few_labels),
    "train/model.ckpt-5000": File(write_checkpoint("mobilenet_v1", 1001)),
    "inception_v3.ckpt": File(write_checkpoint("inception_v3", len(CLASSES))),
    "frozen.pb": File(write_frozen),
    "old.pb": File(write_old),
    "detector.pb": File(write_graph(ssd)),
    "segmenter.pb": File(write_graph(segment)),
    "faces.pb": File(write_graph(embed)),
    "export/1": File(write_saved_model),
    "modules/birds": File(write_hub_module),
    "birds.tflite": File(write_tflite),
    "run/model.ckpt-5000.meta": File(write_meta_graph),
    "transfer.h5": File(write_transfer),
    "net/model.json": File(write_weights),
    "net/weights.h5": File(write_weights),
    "steering.h5": File(write_steering),
    "siamese.h5": File(copy_siamese),
    "new.keras": File(write_migrated, keras3=True),
    "golden": File(write_golden),
    "maps/maps.npz": File(write_maps),
    "checkpoints/shapes": File(link_shapes),
}


# --- what a block finds that is a part of a longer program


@contextlib.contextmanager
def keras_program():
    """Yield the model and the image of an old pipeline of Keras' backend."""
    keras = keras2()
    with tf1.Graph().as_default() as graph, tf1.Session(graph=graph).as_default(), quiet():
        inner = vgg(keras)
        model = sow(keras.Model(inner.input, head(keras, inner.output, classes=1000), name="old"))
        yield {"model": model, "x": np.ones((1, SIDE, SIDE, 3), np.float32)}


@contextlib.contextmanager
def slim_program():
    """Yield the session, images and end points of an old program, and a batch."""
    with tf1.Graph().as_default() as graph, tf1.Session(graph=graph) as session:
        images = tf1.placeholder(tf1.float32, [None, SIDE, SIDE, 3], name="images")
        x = tf1.nn.conv2d(images, variable("kernel", 3, 3, 3, 6), 1, "SAME")
        x = tf1.nn.relu(x, name="resnet_v2_50/postnorm/Relu")
        logits = tf1.matmul(tf1.reduce_mean(x, [1, 2]), variable("dense", 6, 5))
        session.run(tf1.global_variables_initializer())
        batch = np.ones((2, SIDE, SIDE, 3), np.float32)
        yield {"sess": session, "images": images, "logits": logits, "batch": batch}


PROGRAMS = {  # by page and heading
    ("README.md", "Your old code"): keras_program,
    ("README.md", "Your session, SavedModel or .meta graph"): slim_program,
    ("docs/old-code.md", "Pipelines of Keras' backend"): keras_program,
    ("docs/sources.md", "Sessions"): slim_program,
}
