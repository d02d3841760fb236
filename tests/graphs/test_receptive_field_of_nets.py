"""Receptive fields of real nets: against what a gradient reaches, and as published."""

import pathlib

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from seen_pixels import intervals, pixels_that_a_gradient_reaches, windows

from slimcam import nets
from slimcam.graphs.receptive_field import receptive_field

SHAPES = pathlib.Path(__file__).resolve().parents[2] / "checkpoints" / "shapes"


@pytest.fixture(autouse=True)
def graph():
    with tf1.Graph().as_default() as graph:
        yield graph


def positive(graph_def):
    """Return a net as it is but with positive weights, no upper bounds, and means for maxima.

    No ReLU stops a gradient there, no two of its ways cancel, and it goes to every pixel of a window.
    """
    copy = tf1.GraphDef()
    copy.CopyFrom(graph_def)
    for node in copy.node:
        if node.op == "Const" and node.attr["dtype"].type == tf1.float32.as_datatype_enum:
            array = tf1.make_ndarray(node.attr["value"].tensor)
            if array.ndim:
                share = max(int(np.prod(array.shape[:-1])), 1)
                proto = tf1.make_tensor_proto(np.full(array.shape, 1 / share if array.ndim > 1 else 1, np.float32))
                node.attr["value"].tensor.CopyFrom(proto)
        if node.op == "Placeholder":
            node.attr["shape"].shape.dim[0].size = -1
        node.op = {"MaxPool": "AvgPool", "Relu6": "Relu"}.get(node.op, node.op)
    return copy


def some(count):
    """Both ends and the middle."""
    return sorted({0, 1, count // 2, count - 1} & set(range(count)))


@pytest.mark.parametrize(
    "source, start, layers",
    [
        (
            "shapes",
            "input",
            ["Conv2d_1a_7x7/Relu", "Mixed_4a/concat", "Mixed_4e/concat"],
        ),
        ("mobilenet", "input", ["Conv2d_0/Relu6", "Conv2d_5_pointwise/Relu6", "Conv2d_13_pointwise/Relu6"]),
    ],
)
def test_layers_of_real_nets(source, start, layers, request):
    if source == "shapes":
        path = SHAPES / "shapes.pb"
    else:
        path = request.getfixturevalue("shared") / "real" / "mobilenet_v1_0.25_224_frozen.pb"
    graph_def = tf1.GraphDef()
    graph_def.ParseFromString(path.read_bytes())
    tf1.import_graph_def(positive(graph_def), name="")
    graph = tf1.get_default_graph()
    for layer in layers:
        name = next(op.name for op in graph.get_operations() if op.name.endswith(layer))
        tensor, image = graph.get_tensor_by_name(name + ":0"), graph.get_tensor_by_name(start + ":0")
        reached = pixels_that_a_gradient_reaches(tensor, image, some)
        assert intervals(receptive_field(tensor, image), some) == reached, layer


SLOW = pytest.mark.slow  # nets that take seconds to build

# Size, stride and padding of end points of slim's nets on 224 x 224 pixels, as in RECEPTIVE_FIELD_TABLE.md of
# google-research/receptive_field (Araujo, Norris and Sim 2019).
PUBLISHED = {
    "vgg_16": {"vgg_16/pool1": (6, 2, 2), "vgg_16/pool5": (212, 32, 90)},
    "mobilenet_v1": {"Conv2d_0": (3, 2, 0), "Conv2d_5_pointwise": (43, 8, 14), "Conv2d_13_pointwise": (315, 32, 126)},
    "inception_v2": {
        "Conv2d_1a_7x7": (7, 2, 2),
        "MaxPool_2a_3x3": (11, 4, 2),
        "Conv2d_2c_3x3": (19, 4, 6),
        "Mixed_3b": (59, 8, 22),
        "Mixed_4a": (123, 16, 46),
        "Mixed_4e": (379, 16, 174),
        "Mixed_5c": (699, 32, 318),
    },
    "resnet_v2_50": {"resnet_v2_50/block1": (35, 8, 15), "resnet_v2_50/block4": (483, 32, 239)},
    "inception_v3": {
        "Conv2d_2b_3x3": (11, 2, 2),
        "Mixed_5d": (127, 8, 50),
        "Mixed_6a": (159, 16, 58),
        "Mixed_6e": (927, 16, 442),
        "Mixed_7a": (1055, 32, 490),
        "Mixed_7c": (1311, 32, 618),
    },
}


@pytest.mark.parametrize(
    "net", [pytest.param(net, marks=() if net in ("vgg_16", "mobilenet_v1") else SLOW) for net in PUBLISHED]
)
def test_slim_s_nets_as_published(net):
    image = tf1.placeholder(tf1.float32, [None, 224, 224, 3])
    _, end_points = nets.build(net, image, 1001)
    for name, (size, stride, padding) in PUBLISHED[net].items():
        field = receptive_field(end_points[name], image)
        assert windows(field.rows) == windows(field.columns) == (size, stride, -padding), name
