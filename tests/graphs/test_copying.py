"""Parts of a graph, copied onto other tensors."""

import numpy as np
import tensorflow.compat.v1 as tf1

from slimcam.graphs.copying import copy_ops, ops_between, repeated_head


def head():
    """Return layer, an (N, 2) tensor, and logits = layer * 3 + 1, which wait for something before the layer."""
    x = tf1.placeholder(tf1.float32, [None, 2], name="x")
    layer = tf1.negative(x, name="layer")
    three = tf1.constant(3.0, name="three")
    with tf1.control_dependencies([x]):
        product = tf1.multiply(layer, three, name="product")
    return x, layer, tf1.add(product, tf1.constant(1.0, name="one"), name="logits")


def test_ops_between_are_nearest_to_the_output_first_with_what_they_read_beside():
    with tf1.Graph().as_default():
        _, layer, logits = head()
        inside, outside = ops_between(layer, logits)
    assert [op.name for op in inside] == ["logits", "product"]
    assert sorted(outside) == ["one:0", "three:0"]


def test_a_copy_reads_other_tensors_and_waits_for_nothing_outside():
    with tf1.Graph().as_default(), tf1.Session() as session:
        _, layer, logits = head()
        inside, outside = ops_between(layer, logits)
        edited = []
        mapped = {**outside, layer.name: tf1.constant([[5.0, 7.0]])}
        copy = copy_ops(inside, logits, mapped, lambda node: edited.append(node.name))
        assert edited == ["logits", "product"]
        assert session.run(copy).tolist() == [[16, 22]]  # without x


def test_a_repeated_head_has_each_images_rows_one_by_one():
    with tf1.Graph().as_default(), tf1.Session() as session:
        x, layer, logits = head()
        repeated, copy = repeated_head(layer, logits, 2)
        rows, scores = session.run([repeated, copy], {x: [[1, 2], [3, 4]]})
    np.testing.assert_array_equal(rows, [[-1, -2], [-1, -2], [-3, -4], [-3, -4]])
    np.testing.assert_array_equal(scores, 3 * rows + 1)


def test_a_head_that_reads_the_images_beside_the_layer_is_not_repeated():
    with tf1.Graph().as_default():
        x, layer, logits = head()
        assert repeated_head(layer, tf1.add(logits, x), 2) is None
        assert repeated_head(logits, layer, 2) is None
