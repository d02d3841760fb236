"""Convolutions with dilations: whether they can be trusted here, found by trying a case that is known by hand."""

import functools

from .core import tf, tf1


@functools.lru_cache(maxsize=None)
def dilates(op: str) -> bool:
    """Whether an operation, run on this processor with a dilation, has the right values and gradients.

    DepthwiseConv2dNative has neither on 1.15.5, and no right gradient up to 2.21, without a word. Conv2D has a gradient
    only where oneDNN computes it: not on 1.15.5, nor on 2.21 with TF_ENABLE_ONEDNN_OPTS=0. No version tells the latter.
    """
    config = tf1.ConfigProto(device_count={"GPU": 0})  # a session that sees one takes all of its memory
    with tf1.Graph().as_default(), tf1.Session(config=config) as session:
        images = tf.constant([0.0, 0, 1, 0, 0], shape=[1, 1, 5, 1])
        kernel = tf.constant([1.0, 2, 4], shape=[1, 3, 1, 1])
        values = getattr(tf.raw_ops, op)(
            input=images, filter=kernel, strides=[1] * 4, padding="SAME", dilations=[1, 1, 2, 1]
        )
        try:
            arrays = session.run([values, tf1.gradients(values, images, images)[0]])
        except tf.errors.OpError:
            return False
    return [array.ravel().tolist() for array in arrays] == [[4, 0, 2, 0, 1], [1, 0, 2, 0, 4]]
