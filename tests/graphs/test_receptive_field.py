"""Receptive fields: by hand, and against the pixels that change a place."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from seen_pixels import intervals, pixels_that_matter, windows

import slimcam
from slimcam._tf import TF_VERSION, tf
from slimcam.graphs.receptive_field import receptive_field


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
    "several forwarded, and one that no image leads to": lambda x: conv(
        tf1.identity_n([conv(x), tf1.constant(2.0), x])[0] * tf1.identity_n([tf1.constant(2.0), conv(x, 5)])[1]
    ),
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


@pytest.mark.skipif(TF_VERSION < (2, 1), reason="functions of TensorFlow 2")
def test_a_function_is_looked_into():
    x = images(16, 17)
    block = tf.function(lambda image, number: (number + 1.0, conv(conv(image, 3, 2)) * number))
    y = conv(block(x, tf1.constant(2.0))[1])
    assert any("Call" in op.type for op in tf1.get_default_graph().get_operations())
    assert intervals(receptive_field(y, x)) == pixels_that_matter(y, x)
    z = conv(tf.function(lambda image: tf.cumsum(conv(image), 1, name="sums"))(x))
    with pytest.raises(slimcam.LayerError, match=r"no rule for '.*' \(.*Call\): 'sums' \(Cumsum\)"):
        receptive_field(z, x)


def test_paddings_that_only_a_run_tells():
    x = images(None, None)
    y = tf1.nn.relu(tf1.pad(x, tf1.stack([[0, 0], [tf1.shape(x)[1] // 4, 1], [0, 0], [0, 0]])))
    y = tf1.pad(conv(y, 3, padding="VALID"), tf1.stack([[0, 0], [0, 0], [tf1.shape(y)[2] // 8, 0], [0, 0]]))
    with pytest.raises(
        slimcam.LayerError, match=r"no rule for 'Pad' \(Pad\): the value of 'stack:0' is known in a run"
    ):
        receptive_field(y, x, (8, 8))
    with tf1.Session() as session:
        runs = []

        def values(tensors):
            runs.append(1)
            return session.run(tensors, {x: np.zeros((1, 8, 8, 3))})

        field = receptive_field(y, x, (8, 8), values)
    assert runs == [1]
    assert (windows(field.rows), windows(field.columns)) == ((3, 1, -2), (3, 1, -1))
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
