"""Graphs whose import ends the process on older TensorFlows: a fork imports them first."""

import os

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1

import slimcam
from slimcam._tf import TF_VERSION
from slimcam.forks import TookLong
from slimcam.graphs import importing
from slimcam.graphs.channels import may_lack
from slimcam.graphs.graph_defs import nodes_by_name

KERNEL = np.ones((2, 2, 3, 4), np.float32)
IMAGES = [None, 8, 8, 3]


def graph_of(build):
    with tf1.Graph().as_default() as graph:
        build()
    return graph.as_graph_def()


def conv(images, kernel=KERNEL, **options):
    return tf1.nn.conv2d(images, kernel, 1, "SAME", name="conv", **options)


def lacks(graph_def, **given):
    nodes = nodes_by_name(graph_def)
    return may_lack([node for node in nodes.values() if node.op == "Conv2D"], nodes, given)


def images():
    return tf1.placeholder(tf1.float32, IMAGES, name="images")


def block():
    x = tf1.nn.relu(tf1.nn.bias_add(conv(images()), np.ones(4, np.float32)))
    x = tf1.nn.max_pool2d(tf1.concat([x, x + 1.0], 3), 2, 2, "VALID")
    return conv(x, np.ones((1, 1, 8, 2), np.float32))


SOUND = {
    "a placeholder": lambda: conv(images()),
    "a block": block,
    "rows": lambda: conv(tf1.reshape(tf1.placeholder(tf1.float32, [None, 192]), [-1, 8, 8, 3])),
    "of any size": lambda: conv(tf1.placeholder(tf1.float32, [None, None, None, None])),
    "scaled": lambda: conv(images() / 255.0 - [1.0, 2.0, 3.0]),
    "groups": lambda: [conv(x, KERNEL[:, :, :1]) for x in tf1.split(images(), 3, 3)],
    "no convolution": lambda: tf1.nn.relu(images()[..., :0]),
}
UNSURE = {
    "a slice": lambda: conv(images()[..., :1], KERNEL[:, :, :1]),
    "a kernel that is computed": lambda: conv(images(), tf1.constant(KERNEL) * 2.0),
    "channels first": lambda: conv(tf1.placeholder(tf1.float32, [None, 3, 8, 8]), data_format="NCHW"),
    "a part of the rows": lambda: conv(tf1.reshape(tf1.placeholder(tf1.float32, [None, 192]), [1, 8, 8, -1])),
}


@pytest.mark.parametrize("build", SOUND.values(), ids=SOUND)
def test_images_that_have_channels_are_known_by_the_nodes(build):
    assert not lacks(graph_of(build))


@pytest.mark.parametrize("build", UNSURE.values(), ids=UNSURE)
def test_what_the_nodes_do_not_show_is_not_taken_for_granted(build):
    assert lacks(graph_of(build))


def without(graph_def, name, dimension):
    """Return the graph with a size of a node's own set to 0."""
    node = nodes_by_name(graph_def)[name]
    shape = node.attr["value"].tensor.tensor_shape if node.op == "Const" else node.attr["shape"].shape
    shape.dim[dimension].size = 0
    return graph_def


@pytest.mark.parametrize("dimension", range(4))
def test_a_size_of_0_is_seen(dimension):
    assert lacks(without(graph_of(block), "images", dimension))


def test_a_tensor_that_is_given_is_asked_of_who_gives_it():
    graph_def = graph_of(SOUND["a placeholder"])
    del graph_def.node[[node.name for node in graph_def.node].index("images")]
    assert [lacks(graph_def, **given) for given in ({}, {"images": False}, {"images": True})] == [True, True, False]


def test_a_kernel_that_is_given_is_asked_of_who_gives_it():
    graph_def = graph_of(SOUND["a placeholder"])
    del graph_def.node[[node.name for node in graph_def.node].index("conv/filter")]
    assert [lacks(graph_def, **{"conv/filter": known}) for known in (False, True)] == [True, False]


def test_a_fork_that_waits_for_ever_is_not_waited_for(monkeypatch):
    def wait(*arguments):
        raise TookLong("takes more than 3 seconds")

    monkeypatch.setattr(importing, "_may_end", lambda *args: True)
    monkeypatch.setattr(importing, "in_fork", wait)
    with tf1.Graph().as_default() as graph:
        importing.import_graph(graph_of(UNSURE["a slice"]))
    assert [op.name for op in graph.get_operations() if op.type == "Conv2D"] == ["conv"]


def audio():
    graph_def = graph_of(images)
    node = graph_def.node.add(name="audio", op="AudioSpectrogram", input=["wave"])
    wave = graph_def.node.add(name="wave", op="Placeholder")
    wave.attr["dtype"].type = 1
    wave.attr["shape"].shape.dim.add(size=4)
    wave.attr["shape"].shape.dim.add(size=1)
    node.attr["window_size"].i = 2
    node.attr["stride"].i = 0
    return graph_def


def sliced():
    """Images of no channels that no size of the file shows."""
    return graph_of(lambda: tf1.reshape(tf1.slice(images(), [0, 0, 0, 0], [-1, -1, -1, 0], "none"), [-1, 8, 8, 0]))


def convolved(graph_def, name):
    conv_def = graph_of(lambda: conv(images()))
    for node in conv_def.node:
        if node.name != "images":
            graph_def.node.add().CopyFrom(node)
    nodes_by_name(graph_def)["conv"].input[0] = name
    return graph_def


CRASHING = {
    "no channels": lambda: without(convolved(graph_of(images), "images"), "images", 3),
    "a slice of none": lambda: convolved(sliced(), "none"),
    "a kernel for no channels": lambda: without(
        without(graph_of(lambda: conv(images())), "images", 3), "conv/filter", 2
    ),
    "a stride of 0": audio,
}


@pytest.mark.parametrize("graph_def", CRASHING.values(), ids=CRASHING)
def test_a_graph_whose_import_would_end_the_process_is_an_error(graph_def):
    with tf1.Graph().as_default() as graph, pytest.raises(ValueError):
        importing.import_graph(graph_def())
    assert not [op for op in graph.get_operations() if op.type in ("Conv2D", "AudioSpectrogram")]


def test_a_sound_graph_that_a_fork_tries_is_imported_once(monkeypatch):
    monkeypatch.setattr(importing, "_may_end", lambda *args: True)
    with tf1.Graph().as_default() as graph:
        importing.import_graph(graph_of(UNSURE["a slice"]))
    assert [op.name for op in graph.get_operations() if op.type == "Conv2D"] == ["conv"]


def test_where_there_is_no_fork_it_is_imported_once(monkeypatch):
    monkeypatch.setattr(importing, "_may_end", lambda *args: True)
    monkeypatch.delattr(os, "fork")
    with tf1.Graph().as_default() as graph:
        importing.import_graph(graph_of(UNSURE["a slice"]))
    assert [op.name for op in graph.get_operations() if op.type == "Conv2D"] == ["conv"]


@pytest.mark.skipif(TF_VERSION >= (2, 3), reason="from TensorFlow 2.3 on it raises by itself")
def test_an_error_of_a_file_says_where_it_is(tmp_path):
    path = tmp_path / "model.pb"
    graph_def = CRASHING["no channels"]()
    graph_def.node.add(name="logits", op="Mean", input=["conv", "axes"])
    path.write_bytes(graph_def.SerializeToString())
    with pytest.raises(slimcam.ModelError, match=r"model\.pb"):
        slimcam.load(str(path), logits="conv")
