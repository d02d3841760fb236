"""Slim writes dense layers as convolutions that cover their whole input; here their gradient is a dense layer's.

TensorFlow 1.15's Conv2DBackpropInput takes 2 ms per image for the last layer of an InceptionV3, where a matrix product
takes less for many images at once. The convolutions themselves stay as they are, and so do the logits.
"""

from typing import Any, List, Mapping

from .._tf import tf, tf1
from .._types import NodeDef, Operation, Tensor
from .graph_defs import set_gradient

GRADIENT = "SlimcamConv2D"


def mark(node: NodeDef) -> None:
    """Let a GraphDef's node take its gradient here, if it is a convolution; an import keeps this attribute."""
    if node.op == "Conv2D":
        set_gradient(node, GRADIENT)


@tf.RegisterGradient(GRADIENT)
def _gradient(op: Operation, grad: Tensor) -> List[Tensor]:
    """Return the gradients of a convolution by its input and its kernel."""
    images, kernel = op.inputs
    names = ("strides", "padding", "explicit_paddings", "dilations", "data_format", "use_cudnn_on_gpu")
    attributes = {name: op.get_attr(name) for name in names}
    for name in ("padding", "data_format"):
        attributes[name] = attributes[name].decode()
    by_kernel = tf.raw_ops.Conv2DBackpropFilter(
        input=images, filter_sizes=tf.shape(kernel), out_backprop=grad, **attributes
    )
    if not _covers(images, kernel, attributes):
        by_input = tf.raw_ops.Conv2DBackpropInput(
            input_sizes=tf.shape(images), filter=kernel, out_backprop=grad, **attributes
        )
        return [by_input, by_kernel]
    depth = kernel.shape.as_list()[-1]
    product = tf1.matmul(tf.reshape(grad, [-1, depth]), tf.reshape(kernel, [-1, depth]), transpose_b=True)
    return [tf.reshape(product, tf.shape(images)), by_kernel]


def _covers(images: Tensor, kernel: Tensor, attributes: Mapping[str, Any]) -> bool:
    """Whether the kernel has just one place on each image, so that the convolution is a matrix product."""
    if attributes["data_format"] != "NHWC" or images.shape.rank != 4 or not kernel.shape.is_fully_defined():
        return False
    places, size = images.shape.as_list()[1:3], kernel.shape.as_list()[:2]
    unpadded = attributes["padding"] == "VALID" or size == [1, 1]
    return places == size and unpadded and list(attributes["dilations"]) == [1, 1, 1, 1]
