"""Convolutions, pools and dense layers of .tflite files in TensorFlow's operations: batch first, channels last."""

from typing import Any, Callable, List

from .._tf import tf, tf1
from .._types import Tensor
from ..errors import ModelError
from .tflite_operator import Operator

PADDING = {0: "SAME", 1: "VALID"}
Convolve = Callable[[Tensor, List[int], str], Tensor]  # of images, strides of four dimensions and a padding


def convolution(op: Operator) -> Tensor:
    """CONV_2D: a kernel (out, h, w, in); where it reads fewer channels than there are, one for each group of them."""
    images, kernel = op.input(0), op.weights(1, (1, 2, 3, 0))
    groups, filters = (op.shape(0)[-1] or 0) // (op.shape(1)[-1] or 1), op.shape(1)[0]
    if groups > 1 and filters is not None and filters % groups:  # to split images so often could fill the memory
        raise ModelError(f"{groups} groups of channels for {filters} filters")

    def convolve(images: Tensor, strides: List[int], padding: str) -> Tensor:
        if groups <= 1:
            return tf.raw_ops.Conv2D(input=images, filter=kernel, strides=strides, padding=padding)
        pairs = zip(tf.split(images, groups, -1), tf.split(kernel, groups, -1))
        parts = [tf.raw_ops.Conv2D(input=i, filter=k, strides=strides, padding=padding) for i, k in pairs]
        return tf.concat(parts, -1)

    return _add_bias(op, _slide(op.options("Conv2DOptions"), images, kernel, convolve), 2)


def depthwise(op: Operator) -> Tensor:
    """DEPTHWISE_CONV_2D: a kernel (1, h, w, channels * multiplier), the multiples of a channel side by side."""
    options = op.options("DepthwiseConv2DOptions")
    channels = op.shape(0)[-1]
    _, height, width, outputs = op.shape(1)
    if channels is None or height is None or width is None or outputs is None or outputs % channels:
        raise ModelError(f"its kernel is of shape {op.shape(1)}, and it reads {channels} channels")
    if options.StrideH() != options.StrideW():
        raise ModelError("TensorFlow has no depthwise convolution with two different strides")
    kernel = op.weights(1, shape=[height, width, channels, outputs // channels])

    def convolve(images: Tensor, strides: List[int], padding: str) -> Tensor:
        return tf.raw_ops.DepthwiseConv2dNative(input=images, filter=kernel, strides=strides, padding=padding)

    return _add_bias(op, _slide(options, op.input(0), kernel, convolve), 2)


def _slide(options: Any, images: Tensor, kernel: Tensor, convolve: Convolve) -> Tensor:
    """Convolve with the strides, padding and dilation that the options say.

    Dilation is a convolution of every second (third, ...) pixel: TensorFlow 1.15.5 has no gradient of dilated ones on
    a processor, and a dilated DepthwiseConv2dNative has wrong gradients, without a word, up to 2.21.
    """
    padding, strides = PADDING[options.Padding()], [1, options.StrideH(), options.StrideW(), 1]
    rates = [options.DilationHFactor(), options.DilationWFactor()]
    if rates == [1, 1]:
        return convolve(images, strides, padding)
    if strides != [1, 1, 1, 1]:
        raise ModelError(f"TensorFlow has no convolution with the strides {strides[1:3]} and the dilations {rates}")
    return tf1.nn.with_space_to_batch(
        images, rates, padding, lambda each, _, within: convolve(each, strides, within), kernel.shape.as_list()[:2]
    )


def _add_bias(op: Operator, tensor: Tensor, place: int) -> Tensor:
    return tf.nn.bias_add(tensor, op.input(place)) if op.has(place) else tensor


def transposed_convolution(op: Operator) -> Tensor:
    """TRANSPOSE_CONV: the output's shape, a kernel (out, h, w, in), the images; the gradient of a convolution."""
    options = op.options("TransposeConvOptions")
    images = op.input(2)
    size = [tf.shape(images)[0], *op.numbers(0)[1:]] if op.is_constant(0) else op.input(0)
    tensor = tf1.nn.conv2d_transpose(
        images,
        op.weights(1, (1, 2, 0, 3)),
        output_shape=tf.stack(size) if op.is_constant(0) else size,
        strides=[1, options.StrideH(), options.StrideW(), 1],
        padding=PADDING[options.Padding()],
    )
    return _add_bias(op, tensor, 3)


def dense(op: Operator) -> Tensor:
    """FULLY_CONNECTED: weights (out, in), of whatever is before the last dimension, or of all in rows of `in`."""
    options = op.options("FullyConnectedOptions")
    if options.WeightsFormat():
        raise ModelError("its weights are shuffled, as only whole numbers are")
    inputs, weights = op.input(0), op.weights(1, (1, 0))
    units, outputs = op.shape(1)[1], op.shape(1)[0]
    rows = inputs if inputs.shape.rank == 2 else tf.reshape(inputs, [-1, units])
    tensor = _add_bias(op, tf.matmul(rows, weights), 2)
    if options.KeepNumDims() and inputs.shape.rank != 2:
        tensor = tf.reshape(tensor, tf.concat([tf.shape(inputs)[:-1], [outputs]], 0))
        tensor.set_shape([*inputs.shape.as_list()[:-1], outputs])
    return tensor


def pool(kind: str) -> Callable[[Operator], Tensor]:
    """Return the row of a pool, `AvgPool` or `MaxPool`."""

    def row(op: Operator) -> Tensor:
        return _pool(kind, op, op.input(0))

    return row


def l2_pool(op: Operator) -> Tensor:
    """L2_POOL_2D: the root of the mean square."""
    return tf.sqrt(_pool("AvgPool", op, tf.square(op.input(0))))


def _pool(kind: str, op: Operator, tensor: Tensor) -> Tensor:
    options = op.options("Pool2DOptions")
    how = {
        "ksize": [1, options.FilterHeight(), options.FilterWidth(), 1],
        "strides": [1, options.StrideH(), options.StrideW(), 1],
        "padding": PADDING[options.Padding()],
    }
    if kind == "AvgPool":
        return tf.raw_ops.AvgPool(value=tensor, **how)
    return tf.raw_ops.MaxPool(input=tensor, **how)
