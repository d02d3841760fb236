"""Receptive fields: by hand, as published, and against the pixels that change a place or that its gradient reaches."""

import pathlib

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1

import slimcam
from slimcam import nets
from slimcam.graphs.receptive_field import receptive_field

SHAPES = pathlib.Path(__file__).resolve().parents[2] / "checkpoints" / "shapes"


def images(height=17, width=17, channels=3):
    return tf1.placeholder(tf1.float32, [None, height, width, channels], name="image")


def weight(*shape):
    return tf1.constant(np.random.RandomState(len(shape)).uniform(0.5, 1, shape).astype(np.float32))


def conv(x, size=3, stride=1, padding="SAME", dilation=1, channels=3, **options):
    size = (size, size) if isinstance(size, int) else size
    kernel = weight(*size, x.shape.as_list()[-1], channels)
    return tf1.nn.conv2d(x, kernel, [1, stride, stride, 1], padding, dilations=[1, dilation, dilation, 1], **options)


def pool(x, size=3, stride=2, padding="SAME", kind=tf1.nn.avg_pool):
    return kind(x, [1, size, size, 1], [1, stride, stride, 1], padding)


def ends(reached):
    """Return the first and the last number of each list, None for an empty one."""
    return [(int(one[0]), int(one[-1])) if len(one) else None for one in reached]


def pixels_that_matter(tensor, image, size=None):
    """Return, for rows and for columns, the first and the last pixel that changes each position of a tensor.

    Each row in turn is lit. Weights and pixels are positive, so no ReLU stops the light, and it is in every maximum.
    """
    height, width = size or image.shape.as_list()[1:3]
    reached = []
    with tf1.Session() as session:
        for axis, side in ((1, height), (2, width)):
            batch = np.ones((side + 1, height, width, image.shape.as_list()[-1]), np.float32)
            for i in range(side):
                batch[(i, i) if axis == 1 else (i, slice(None), i)] = 1e8
            *lit, dark = session.run(tensor, {image: batch}).max((3 - axis, 3))
            assert np.isfinite(lit).all()
            # of so few convolutions each pixel has a share of more than 1e-10, and roundings are less than 1e-6
            reached.append(ends(np.flatnonzero(column) for column in (lit > dark * 1.001).T))
    return reached


def pixels_that_a_gradient_reaches(tensor, image, positions):
    """Return, for rows and for columns, the first and the last pixel that a gradient reaches from some positions.

    However deep the net: what a far pixel adds may be too little to change a sum, but its gradient is a number.
    """
    one, reached = np.ones((1, *image.shape.as_list()[1:]), np.float32), []
    with tf1.Session() as session:
        shape = session.run(tf1.shape(tensor), {image: one})
        for axis in (1, 2):
            asked = positions(shape[axis])
            masks = np.zeros((len(asked), *shape[1:]), np.float32)
            for i, at in enumerate(asked):
                masks[(i, at) if axis == 1 else (i, slice(None), at)] = 1
            gradient = tf1.gradients(tensor * tf1.constant(masks), image)[0]
            got = session.run(gradient, {image: one.repeat(len(asked), 0)}).sum((3 - axis, 3))
            reached.append(ends(np.flatnonzero(row) for row in got))
    return reached


def intervals(field, positions=None):
    both = []
    for axis in (field.rows, field.columns):
        asked = range(len(axis.first)) if positions is None else positions(len(axis.first))
        pairs = [(int(axis.first[i]), int(axis.last[i])) for i in asked]
        both.append([pair if pair[0] <= pair[1] else None for pair in pairs])
    return both


def windows(axis):
    return axis.size, axis.stride, axis.start


@pytest.fixture(autouse=True)
def graph():
    with tf1.Graph().as_default() as graph:
        yield graph


# By hand


@pytest.mark.parametrize(
    "net, expected",
    [
        (lambda x: conv(x), (3, 1, -1)),
        (lambda x: conv(conv(x)), (5, 1, -2)),
        (lambda x: conv(conv(x, padding="VALID"), padding="VALID"), (5, 1, 0)),
        (lambda x: conv(x, 1), (1, 1, 0)),
        (lambda x: conv(x, 3, 2, "VALID"), (3, 2, 0)),
        (lambda x: conv(conv(x, 3, 2, "VALID"), 3, 2, "VALID"), (7, 4, 0)),  # 3 + 2 * 2
        (lambda x: pool(conv(x, 7, 2)), (11, 4, -5)),  # of 17: 9 windows, 3 before; then 1 before of stride 2
        (lambda x: conv(x, 3, dilation=2), (5, 1, -2)),
        (lambda x: conv(conv(x, 3, 2), 3, dilation=4), (19, 2, -9)),  # 3 + 2 * 8
        (lambda x: conv(tf1.pad(x, [[0, 0], [2, 1], [2, 1], [0, 0]]), 4, padding="VALID"), (4, 1, -2)),
        (lambda x: tf1.concat([conv(x, 1), conv(x, 5), pool(x, 3, 1)], 3), (5, 1, -2)),
        (lambda x: conv(x) + x, (3, 1, -1)),
        (lambda x: tf1.space_to_depth(conv(x, 2, padding="VALID"), 2), (3, 2, 0)),
        (lambda x: tf1.transpose(conv(x), [0, 3, 1, 2]), (3, 1, -1)),
    ],
)
def test_size_stride_and_start_by_hand(net, expected):
    x = images()
    field = receptive_field(net(x), x)
    assert (windows(field.rows), windows(field.columns)) == (expected, expected)


def test_rows_and_columns_are_apart():
    x = images(17, 20)
    field = receptive_field(conv(conv(x, (1, 7)), (3, 1), 2), x)
    assert windows(field.rows) == (3, 2, -1)
    assert windows(field.columns) == (7, 2, -3)
    assert field.box(0, 0) == (0, 0, 2, 4)
    assert field.box(8, 9) == (15, 15, 2, 5)
    assert field.box(4, 5) == (7, 7, 3, 7)


def test_same_padding_is_that_of_the_size():
    """Of 16 pixels a window of 3 by steps of 2 begins at the first, of 17 one before it."""
    for size, start in ((16, 0), (17, -1)):
        x = images(size, size)
        assert windows(receptive_field(conv(x, 3, 2), x).rows) == (3, 2, start)


def test_a_net_for_any_size_needs_one():
    x = images(None, None)
    y = conv(x, 3, 2)
    with pytest.raises(
        slimcam.LayerError, match=r"'image:0' takes images of any size: say which, size=\(height, width\)"
    ):
        receptive_field(y, x)
    field = receptive_field(y, x, (16, 17))
    assert (windows(field.rows), windows(field.columns)) == ((3, 2, 0), (3, 2, -1))


def test_a_mean_over_space_sees_the_whole_image():
    x = images(9, 12)
    for y in (tf1.reduce_mean(conv(x), [1, 2], keepdims=True), conv(x) * tf1.reduce_mean(x, [1, 2], keepdims=True)):
        field = receptive_field(y, x)
        assert (windows(field.rows), windows(field.columns)) == ((9, None, None), (12, None, None))
        assert field.box(0, 0) == (0, 0, 9, 12)


def test_a_pixel_that_no_window_reaches_is_not_seen():
    """Of 8 pixels three windows of 3 by steps of 2 leave the last out, and so does what pads after them."""
    x = images(8, 8)
    field = receptive_field(conv(conv(x, 3, 2, "VALID")), x)
    assert intervals(field)[0] == [(0, 4), (0, 6), (2, 6)]
    assert windows(field.rows) == (7, 2, -2)


def test_padding_depends_on_nothing():
    x = images(5, 5)
    field = receptive_field(tf1.pad(x, [[0, 0], [1, 0], [0, 2], [0, 0]]), x)
    assert intervals(field) == [
        [None, *((i, i) for i in range(5))],
        [*((i, i) for i in range(5)), None, None],
    ]
    assert field.box(0, 1) == (0, 0, 0, 0)


# What changes where a pixel does


def dilated_by_batch(x):
    """A convolution of dilation 3 with SAME padding, as tf.nn.convolution of TensorFlow 1 writes it."""
    more = [-(side + 6) % 3 for side in x.shape.as_list()[1:3]]
    apart = tf1.space_to_batch_nd(x, [3, 3], [[3, 3 + n] for n in more])
    return tf1.batch_to_space_nd(conv(apart, padding="VALID"), [3, 3], [[0, n] for n in more])


def separable(x):
    return tf1.nn.separable_conv2d(x, weight(3, 3, x.shape.as_list()[-1], 2), weight(1, 1, 6, 3), [1, 2, 2, 1], "SAME")


def inception(x):
    branches = [conv(x, 1), conv(conv(x, 1), 3), conv(conv(conv(x, 1), (1, 7)), (7, 1)), conv(pool(x, 3, 1), 1)]
    return tf1.nn.relu(tf1.concat(branches, 3))


def squeeze_excite(x):
    y = conv(x, 3, 2)
    weights = tf1.matmul(tf1.reduce_mean(y, [1, 2]), weight(3, 3))
    return y * tf1.reshape(weights, [-1, 1, 1, 3])


def dense_in_a_row(x):
    """A dense layer on (N, h, w, C) as tensordot has it."""
    y = conv(x, 3, 2)
    height, width, channels = y.shape.as_list()[1:]
    flat = tf1.nn.relu(tf1.matmul(tf1.reshape(y, [-1, channels]), weight(channels, 4)))
    return conv(tf1.reshape(flat, [-1, height, width, 4]), 3)


def shuffled(x):
    y = conv(x, 3, 2, channels=4)
    height, width, _ = y.shape.as_list()[1:]
    y = tf1.transpose(tf1.reshape(y, [-1, height, width, 2, 2]), [0, 1, 2, 4, 3])
    return conv(tf1.reshape(y, [-1, height, width, 4]), 2)


def transposed_convolution(x):
    y = conv(x, 3, 2)
    height, width = y.shape.as_list()[1:3]
    shape = tf1.stack([tf1.shape(x)[0], 2 * height, 2 * width, 3])
    up = tf1.nn.conv2d_transpose(y, weight(4, 4, 3, 3), shape, [1, 2, 2, 1], "SAME")
    up.set_shape([None, 2 * height, 2 * width, 3])
    return conv(up)


def resized(method, **options):
    op = getattr(tf1.raw_ops, method)
    return lambda x: conv(op(images=conv(x, 3, 2), size=[13, 5], **options), 2)


NETS = {
    "a stride that leaves pixels out": lambda x: conv(conv(x, 1, 3), 1, 2),
    "even kernels": lambda x: conv(conv(pool(conv(x, 4, 2), 2), 2), 6, 2),
    "valid, then same": lambda x: conv(conv(conv(x, 3, 2, "VALID"), 4, 3), 3),
    "pools": lambda x: pool(conv(pool(conv(x, 3), 2, 2, "VALID"), 5), 3, 2),
    "maxima": lambda x: pool(conv(pool(conv(x, 3), 3, 2, kind=tf1.nn.max_pool), 3), 2, 2, "VALID", tf1.nn.max_pool),
    "dilation": lambda x: conv(conv(conv(x, 3, dilation=2), 2, dilation=3), 3, dilation=2, padding="VALID"),
    "dilation by the batch": lambda x: conv(dilated_by_batch(conv(x, 3, 2))),
    "atrous_conv2d": lambda x: tf1.nn.atrous_conv2d(conv(x), weight(3, 3, 3, 3), 2, "SAME"),
    "explicit padding": lambda x: conv(x, 3, 2, [[0, 0], [2, 0], [1, 3], [0, 0]]),
    "pad": lambda x: conv(tf1.pad(conv(x, 5, 2), [[0, 0], [2, 1], [0, 2], [0, 0]]), 3, padding="VALID"),
    "mirror pad": lambda x: conv(tf1.pad(x, [[0, 0], [3, 2], [1, 1], [0, 0]], "REFLECT"), 3, padding="VALID"),
    "symmetric pad": lambda x: conv(tf1.pad(x, [[0, 0], [3, 2], [1, 1], [0, 0]], "SYMMETRIC"), 3, padding="VALID"),
    "separable": lambda x: separable(separable(x)),
    "branches": lambda x: inception(inception(conv(x, 3, 2))),
    "a residual": lambda x: conv(x, 1, 2) + conv(conv(x, 3), 3, 2),
    "a residual of a pool": lambda x: pool(x, 1, 2, kind=tf1.nn.max_pool) + conv(conv(x, 3, 2), 3),
    "squeeze and excite": squeeze_excite,
    "a dense layer": dense_in_a_row,
    "shuffled channels": shuffled,
    "space to depth": lambda x: conv(tf1.space_to_depth(conv(x, 2, padding="VALID")[:, :12, :14], 2), 3),
    "depth to space": lambda x: conv(tf1.depth_to_space(conv(x, 3, 2, channels=8), 2), 3),
    "a crop": lambda x: conv(conv(x)[:, 2:-1, 1:9, ::-1], 3),
    "slices": lambda x: conv(tf1.slice(x, [0, 1, 2, 0], [-1, 9, 7, 2])[:, ::2], 2),
    "split": lambda x: tf1.concat(
        [conv(half, 3 + 2 * i) for i, half in enumerate(tf1.split(conv(x, channels=4), 2, 3))], 3
    ),
    "end to end": lambda x: conv(tf1.concat([x[:, :6], conv(x, 3, 2)[:, :, :1] + x[:, ::2]], 1), 3),
    "transposed convolution": transposed_convolution,
    "bilinear": resized("ResizeBilinear"),
    "bilinear, half-pixel centres": resized("ResizeBilinear", half_pixel_centers=True),
    "bilinear, corners": resized("ResizeBilinear", align_corners=True),
    "nearest": resized("ResizeNearestNeighbor"),
    "nearest, half-pixel centres": resized("ResizeNearestNeighbor", half_pixel_centers=True),
    "nearest, corners": resized("ResizeNearestNeighbor", align_corners=True),
    "channels first": lambda x: tf1.transpose(
        conv(tf1.transpose(tf1.transpose(x, [0, 3, 1, 2]), [0, 2, 3, 1]), 3, 2), [0, 1, 2, 3]
    ),
    "stack and unstack": lambda x: tf1.add_n(tf1.unstack(tf1.stack([conv(x), conv(x, 5)], 1), axis=1)),
    "expand and squeeze": lambda x: conv(tf1.squeeze(tf1.expand_dims(x, 1), [1]), 3, 2),
}


@pytest.mark.parametrize("size", [(16, 16), (17, 18)])
@pytest.mark.parametrize("name", NETS)
def test_the_pixels_are_those_that_change_a_place(name, size):
    x = images(*size)
    y = NETS[name](x)
    assert intervals(receptive_field(y, x)) == pixels_that_matter(y, x)


def test_a_window_that_is_told_is_what_inner_places_see():
    checked = set()
    for name, net in NETS.items():
        x = images(64, 64)
        axis = receptive_field(net(x), x).columns
        for at in range(len(axis.first) if axis.stride else 0):
            left = axis.start + at * axis.stride
            if axis.first[0] <= left and left + axis.size <= axis.last[-1]:
                assert (axis.first[at], axis.last[at]) == (left, left + axis.size - 1)
                checked.add(name)
    assert len(checked) > 20


def test_a_net_with_channels_first():
    """It runs on no CPU, so its field is that of the same net with channels last."""
    first = tf1.placeholder(tf1.float32, [None, 3, 17, 20])
    last = images(17, 20)
    options = {"padding": "SAME"}
    y = tf1.nn.conv2d(first, weight(3, 5, 3, 3), strides=[1, 1, 2, 2], data_format="NCHW", **options)
    y = tf1.nn.max_pool(y, [1, 1, 3, 3], [1, 1, 2, 2], data_format="NCHW", **options)
    z = tf1.nn.max_pool(conv(last, (3, 5), 2), [1, 3, 3, 1], [1, 2, 2, 1], **options)
    assert intervals(receptive_field(y, first)) == intervals(receptive_field(z, last))


def test_paddings_that_only_a_run_tells():
    x = images(None, None)
    y = tf1.nn.relu(tf1.pad(x, tf1.stack([[0, 0], [tf1.shape(x)[1] // 4, 1], [0, 0], [0, 0]])))
    y = conv(y, 3, padding="VALID")
    with pytest.raises(
        slimcam.LayerError, match=r"no rule for 'Pad' \(Pad\): the value of 'stack:0' is known in a run"
    ):
        receptive_field(y, x, (8, 8))
    with tf1.Session() as session:
        zeros = {x: np.zeros((1, 8, 8, 3))}
        field = receptive_field(y, x, (8, 8), lambda tensor: session.run(tensor, zeros))
    assert windows(field.rows) == (3, 1, -2)
    assert intervals(field) == pixels_that_matter(y, x, (8, 8))


# Errors


def test_an_operation_without_a_rule_is_named():
    x = images()
    y = conv(tf1.cumsum(conv(x), 1, name="sums"))
    with pytest.raises(
        slimcam.LayerError, match=r"no receptive field of 'Conv2D_1:0': there is no rule for 'sums' \(Cumsum\)"
    ):
        receptive_field(y, x)


def test_what_mixes_places_in_a_way_of_its_own_is_an_error():
    x = images(4, 4)
    with pytest.raises(slimcam.LayerError, match=r"'mix' \(Reshape\): it mixes rows and columns"):
        receptive_field(conv(tf1.reshape(x, [-1, 8, 2, 3], name="mix")), x)
    with pytest.raises(slimcam.LayerError, match=r"\(AddV?2?\): rows of one input are not rows of the other"):
        receptive_field(x + tf1.transpose(x, [0, 2, 1, 3]), x)


def test_a_tensor_that_no_image_leads_to():
    x = images()
    with pytest.raises(slimcam.LayerError, match="'other:0': it does not depend on 'image:0'"):
        receptive_field(tf1.placeholder(tf1.float32, [None, 4, 4, 3], name="other"), x)


def test_the_inside_of_a_dilated_convolution_is_refused():
    x = images(16, 16)
    y = conv(tf1.space_to_batch_nd(x, [2, 2], [[2, 2], [2, 2]]), padding="VALID")
    with pytest.raises(slimcam.LayerError, match="name what comes after its BatchToSpaceND"):
        receptive_field(y, x)


# Real nets


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


# (size, stride, padding) of slim's nets by the authors of google-research/receptive_field, RECEPTIVE_FIELD_TABLE.md
PUBLISHED = {
    "Conv2d_1a_7x7": (7, 2, 2),
    "MaxPool_2a_3x3": (11, 4, 2),
    "Conv2d_2c_3x3": (19, 4, 6),
    "MaxPool_3a_3x3": (27, 8, 6),
    "Mixed_3b": (59, 8, 22),
    "Mixed_3c": (91, 8, 38),
    "Mixed_4a": (123, 16, 46),
    "Mixed_4b": (187, 16, 78),
    "Mixed_4e": (379, 16, 174),
    "Mixed_5a": (443, 32, 190),
    "Mixed_5c": (699, 32, 318),
}
PUBLISHED_V3 = {
    "Conv2d_2b_3x3": (11, 2, 2),
    "MaxPool_5a_3x3": (31, 8, 2),
    "Mixed_5d": (127, 8, 50),
    "Mixed_6a": (159, 16, 58),
    "Mixed_6e": (927, 16, 442),
    "Mixed_7a": (1055, 32, 490),
    "Mixed_7c": (1311, 32, 618),
}


def told(model, names):
    fields = {name: receptive_field(model.tensor(name), model.input) for name in names}
    assert all(windows(field.rows) == windows(field.columns) for field in fields.values())
    return {name: (*windows(field.rows)[:2], -field.rows.start) for name, field in fields.items()}


def test_inception_v2_as_published():
    """Of 224 pixels; the shipped net has 160, as often even."""
    with slimcam.load(SHAPES / "shapes.pb") as model:
        assert told(model, PUBLISHED) == PUBLISHED


@pytest.mark.slow
def test_inception_v3_as_published():
    start = tf1.placeholder(tf1.float32, [None, 299, 299, 3])
    _, end_points = nets.build("inception_v3", start, 1001)
    fields = {name: receptive_field(end_points[name], start).rows for name in PUBLISHED_V3}
    assert {name: (row.size, row.stride, -row.start) for name, row in fields.items()} == PUBLISHED_V3
