"""Notes on nodes, by attributes: what only the executor writes is dropped, what lies is not believed."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from graph_files import net, node, problem, write

import slimcam
from slimcam.sources.vetting.structure import check_structure

IMAGES = np.ones((1, 4, 4, 1), np.float32)


@pytest.mark.parametrize("name, numbers", [("_scoped_allocator", [0, 3]), ("_forward_from", [77])])
def test_notes_of_the_executor_are_dropped(tmp_path, name, numbers):
    graph_def = net()
    node(graph_def, "relu").attr[name].list.i.extend(numbers)  # the first aborts TensorFlow as it runs
    with slimcam.load(write(graph_def, tmp_path / "model.pb"), preprocess="none") as model:
        assert slimcam.GradCAM(model, layer="relu")(IMAGES).scores[0] == 1


def test_notes_that_are_read_stay():
    graph_def = net()
    node(graph_def, "relu").attr["_output_shapes"].list.shape.add().unknown_rank = True
    node(graph_def, "relu").attr["_kernel"].s = b"nothing"
    check_structure("model.pb", graph_def)
    assert sorted(node(graph_def, "relu").attr) == ["T", "_output_shapes"]


@pytest.mark.parametrize("images", [0, 5])
def test_a_note_of_another_number_of_images_changes_no_gradient(tmp_path, images):
    """TensorFlow believes a Saver's note, and divides the gradient of a mean by how many there are by it."""
    graph_def = net()
    whole = slimcam.load(write(graph_def, tmp_path / "whole.pb"), preprocess="none")
    for one in graph_def.node:
        if one.op == "Mean":
            noted = one.attr["_output_shapes"].list.shape.add()
            noted.dim.add(size=images)
            noted.dim.add(size=-1)
    other = slimcam.load(write(graph_def, tmp_path / "noted.pb"), preprocess="none")
    maps = [slimcam.GradCAM(model, layer="relu")(IMAGES).raw for model in (whole, other)]
    np.testing.assert_array_equal(*maps)
    assert maps[0].any()


def test_a_gradients_name_that_is_no_text_is_a_damaged_graph():
    graph_def = net()
    node(graph_def, "relu").attr["_gradient_op_type"].s = b"\xff"
    assert "'relu' says _gradient_op_type in bytes that are no text" in problem(graph_def)


@pytest.mark.parametrize("values", [{"s": b"%\xf1SAME"}, {"list": {"s": [b"SAME", b"\xff"]}}])
def test_a_word_that_is_no_text_is_a_damaged_graph(values):
    graph_def = net()
    node(graph_def, "conv").attr["padding"].CopyFrom(tf1.AttrValue(**values))
    assert "'conv' says padding in bytes that are no text" in problem(graph_def)


def test_a_message_as_an_attribute_may_be_any_bytes():
    graph_def = net()
    node(graph_def, "conv").attr["config_proto"].s = b"\xff"
    check_structure("model.pb", graph_def)
