"""Dilated convolutions in a frozen graph: values and gradients by loops over the taps of their kernels.

Weights, images and gradients are small whole numbers, so that float32 adds them up exactly in any order.
"""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures import control_flow

import slimcam
from slimcam._tf import dilates, tf
from slimcam.errors import LayerError
from slimcam.graphs import dilation

RANDOM = np.random.RandomState(0)
IMAGES = RANDOM.randint(-4, 5, (2, 9, 8, 2)).astype(np.float32)
KERNEL = RANDOM.randint(-4, 5, (3, 2, 2, 2)).astype(np.float32)
OPS = ("DepthwiseConv2dNative", "Conv2D")


def paddings(size, extent, stride, padding):
    """Return how many zeros go before and after, as TensorFlow documents SAME."""
    if padding == "VALID":
        return 0, 0
    total = max((-(-size // stride) - 1) * stride + extent - size, 0)
    return total // 2, total - total // 2


class ByHand:
    """A convolution of images with KERNEL, as a sum over its taps."""

    def __init__(self, op, padding, stride, rates, images=IMAGES):
        self.images, self.depthwise, self.stride, self.rates = images, op != "Conv2D", stride, rates
        extents = [(n - 1) * rate + 1 for n, rate in zip(KERNEL.shape, rates)]
        sizes = IMAGES.shape[1:3]
        self.pads = [paddings(size, extent, stride, padding) for size, extent in zip(sizes, extents)]
        self.counts = [
            (size + sum(pads) - extent) // stride + 1 for size, pads, extent in zip(sizes, self.pads, extents)
        ]

    def taps(self):
        """Yield the weights of each tap, and what of the padded images it meets."""
        for place in np.ndindex(*KERNEL.shape[:2]):
            starts = [at * rate for at, rate in zip(place, self.rates)]
            ends = [start + (count - 1) * self.stride + 1 for start, count in zip(starts, self.counts)]
            rows, columns = (slice(start, end, self.stride) for start, end in zip(starts, ends))
            yield KERNEL[place], (slice(None), rows, columns)

    def values(self):
        padded = np.pad(self.images, [(0, 0), *self.pads, (0, 0)], mode="constant")
        if self.depthwise:
            return sum((padded[part][..., None] * weights).reshape(2, *self.counts, 4) for weights, part in self.taps())
        return sum(padded[part] @ weights for weights, part in self.taps())

    def gradient(self, above):
        """Return the gradient of sum(values * above) by the images."""
        padded = np.zeros([2, *(size + sum(pads) for size, pads in zip(IMAGES.shape[1:3], self.pads)), 2])
        for weights, part in self.taps():
            if self.depthwise:
                padded[part] += (above.reshape(2, *self.counts, 2, 2) * weights).sum(-1)
            else:
                padded[part] += above @ weights.T
        (top, _), (left, _) = self.pads
        return padded[:, top : top + 9, left : left + 8]


def net(op, padding="SAME", stride=1, rates=(2, 3), sizes=(9, 8), dtype=tf.float32):
    """Build images "x" on a layer "a" of the same numbers, a dilated convolution "b", and one score."""
    x = tf1.placeholder(dtype, [None, *sizes, 2], name="x")
    a = tf1.nn.conv2d(x, tf.eye(2, batch_shape=[1, 1], dtype=dtype), 1, "SAME", name="a")
    strides, dilations = [1, stride, stride, 1], [1, *rates, 1]
    kernel = tf.constant(KERNEL, dtype)
    b = getattr(tf.raw_ops, op)(input=a, filter=kernel, strides=strides, padding=padding, dilations=dilations, name="b")
    tf.reshape(tf.reduce_sum(b * b, [1, 2, 3]), [-1, 1], name="score")


def values_and_gradient(model):
    """Return b, and the gradient of sum(b * b) by a, which is that of sum(b * 2 b)."""
    with model.graph.as_default():
        a, b = (model.graph.get_tensor_by_name(name) for name in ("a:0", "b:0"))
        return model.session.run([b, tf1.gradients(model.tensor("score"), a)[0]], {"x:0": IMAGES})


def is_said(model):
    return any(
        line.startswith("dilated convolutions (1, such as 'b') are computed by plain ones") for line in model.why
    )


@pytest.fixture(params=[False, True], ids=["as tried", "all rewritten"])
def trusted(request, monkeypatch):
    """Return whether TensorFlow is trusted with an operation: as it was tried here, or never."""
    if request.param:
        monkeypatch.setattr(dilation, "dilates", lambda op: False)
    return dilation.dilates


@pytest.mark.parametrize("sizes", [(9, 8), (None, None)], ids=["fixed", "any"])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("op", OPS)
def test_values_and_gradients_of_dilated_convolutions_are_those_by_hand(model_of, trusted, op, padding, stride, sizes):
    model = model_of(lambda: net(op, padding, stride, sizes=sizes), logits="score", preprocess="none")
    by_hand = ByHand(op, padding, stride, (2, 3))
    values, gradient = values_and_gradient(model)
    np.testing.assert_array_equal(values, by_hand.values())
    np.testing.assert_array_equal(gradient, by_hand.gradient(2 * by_hand.values()))
    assert is_said(model) == (not trusted(op))
    if sizes == (9, 8):
        assert model.tensor("b").shape.as_list() == [None, *values.shape[1:]]


def test_a_depthwise_convolution_with_dilations_is_never_taken_as_it_is():
    assert not dilates("DepthwiseConv2dNative")


def test_convolutions_without_dilations_stay(model_of, trusted):
    model = model_of(lambda: net(OPS[0], rates=(1, 1)), logits="score", preprocess="none")
    assert model.tensor("b").op.type == OPS[0] and not is_said(model)


def test_numbers_of_padding_are_kept(model_of, trusted):
    def build():
        x = tf1.placeholder(tf.float32, [None, 1, 3, 1], name="x")
        pads, rates = [0, 0, 0, 0, 2, 1, 0, 0], [1, 1, 2, 1]
        kernel = tf.constant([1.0, 10, 100], shape=[1, 3, 1, 1])
        b = tf.raw_ops.Conv2D(
            input=x, filter=kernel, strides=[1] * 4, padding="EXPLICIT", explicit_paddings=pads, dilations=rates
        )
        tf.reshape(b, [-1, 2], name="score")

    model = model_of(build, logits="score", preprocess="none")
    # 0 0 1 2 3 0 by 1 . 10 . 100
    row = model.session.run(model.tensor("score"), {"x:0": np.reshape([1.0, 2, 3], [1, 1, 3, 1])})
    assert row.tolist() == [[310, 20]]


def test_a_dilated_convolution_in_a_loop_is_computed_there(model_of, trusted):
    def build():
        x = tf1.placeholder(tf.float32, [None, 1, 5, 1], name="x")
        kernel = tf.constant([1.0, 2, 4], shape=[1, 3, 1, 1])

        def convolve(i, value):
            how = {"strides": [1] * 4, "padding": "SAME", "dilations": [1, 1, 2, 1]}
            return i + 1, tf.raw_ops.DepthwiseConv2dNative(input=value, filter=kernel, **how)

        with control_flow.of_operations():
            ended = tf1.while_loop(lambda i, value: i < 2, convolve, [0, x])[1]
        tf.reshape(ended, [-1, 5], name="score")

    model = model_of(build, logits="score", preprocess="none")
    # 0 0 1 0 0, then 4 0 2 0 1, then 16 0 4 + 4 + 4 ... by the taps 1, 2 and 4 at -2, 0 and 2
    row = model.session.run(model.tensor("score"), {"x:0": np.reshape([0.0, 0, 1, 0, 0], [1, 1, 5, 1])})
    assert row.tolist() == [[16, 0, 12, 0, 4]]


def dilated_layer(native):
    """Build images on a layer "a", a dilated convolution "b" without bias, its mean and three logits."""
    x = tf1.placeholder(tf.float32, [None, 9, 8, 2], name="x")
    a = tf1.nn.relu(x, name="a")
    if native:
        how = {"strides": [1] * 4, "padding": "SAME", "dilations": [1, 2, 2, 1]}
        b = tf.raw_ops.DepthwiseConv2dNative(input=a, filter=tf.constant(KERNEL), name="b", **how)
    else:
        b = tf1.nn.depthwise_conv2d(a, tf.constant(KERNEL), [1] * 4, "SAME", rate=[2, 2], name="b")
    tf1.matmul(tf.reduce_mean(b, [1, 2]), tf.eye(4), name="logits")


def test_the_rewritten_convolution_is_the_layer_of_its_name(model_of):
    model = model_of(lambda: dilated_layer(True), preprocess="none")
    assert [(layer.name, layer.shape) for layer in model.layers()] == [("b", (None, 9, 8, 4)), ("a", (None, 9, 8, 2))]
    # logit 1 is the mean of channel 1, so that its gradient is 1 / 72 in each of 72 places
    values = ByHand(OPS[0], "SAME", 1, (2, 2), np.maximum(IMAGES, 0)).values()
    np.testing.assert_allclose(slimcam.explain(model, IMAGES, "b", 1).raw, values[..., 1] / 72, rtol=2.0**-20)


@pytest.mark.parametrize("native", [True, False])
def test_what_is_inside_a_dilated_convolution_is_no_layer(model_of, native):
    model = model_of(lambda: dilated_layer(native), preprocess="none")
    (inner,) = [op for op in model.graph.get_operations() if op.type == OPS[0]]
    assert inner.name not in [layer.tensor.op.name for layer in model.layers()]
    with pytest.raises(
        LayerError, match=f"{inner.name}:0' is inside a dilated convolution.*its BatchToSpaceND; layers"
    ):
        slimcam.GradCAM(model, inner.name)
