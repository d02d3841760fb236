"""Guards: an input that would end the process is an error of the run, where TensorFlow did not know of it before."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1

import slimcam
from slimcam._tf import registered_ops
from slimcam.sources.vetting.guards import EACH, GUARDS, Guard, stand_guard
from slimcam.sources.vetting.operators_computing import COMPUTING

FLOAT = 1
LARGEST = 2**31 - 1


def kind_of(row, arg, given):
    """Return the type of an input: its own, the default of its attribute, or one that this allows."""
    attribute = {one.name: one for one in row.attr}.get(arg.type_attr)
    if arg.type or attribute is None:
        return arg.type
    allowed = list(attribute.allowed_values.list.type)
    default = attribute.default_value.type or (FLOAT if not allowed or FLOAT in allowed else allowed[0])
    return given.setdefault(arg.type_attr, default)


def graph_of(op):
    """Return a graph of one operation, "x", that reads placeholders of which nothing is known but their types."""
    row, graph_def = registered_ops()[op], tf1.GraphDef()
    node, types = tf1.NodeDef(name="x", op=op), {}
    for arg in row.input_arg:
        for _ in range(2 if arg.number_attr else 1):
            one = graph_def.node.add(name=f"p{len(graph_def.node)}", op="Placeholder")
            one.attr["dtype"].type = kind_of(row, arg, types)
            one.attr["shape"].shape.unknown_rank = True
            node.input.append(one.name)
        if arg.number_attr:
            node.attr[arg.number_attr].i = 2
    for one in row.attr:
        if one.name in types:
            node.attr[one.name].type = types[one.name]
        elif one.HasField("default_value"):
            node.attr[one.name].CopyFrom(one.default_value)
        elif one.type == "type":
            node.attr[one.name].type = FLOAT
        elif one.type == "list(int)":
            node.attr[one.name].list.i.extend([1] * (5 if "3D" in op else 4))
        elif one.type == "string":
            node.attr[one.name].s = b"VALID"
        elif one.type == "bool":
            node.attr[one.name].b = False
    graph_def.node.append(node)
    graph = tf1.Graph()
    with graph.as_default():
        tf1.import_graph_def(graph_def, name="")
        stand_guard(graph, graph_def)
    return graph


def wrong_for(guard, tensor):
    """Return arrays that a guard must stop: one axis too few or too many, or a value out of its range."""
    kind, axes = tensor.dtype.as_numpy_dtype, guard.axes or 0
    wrong = []
    if guard.axes is not None or guard.least_axes:
        wrong.append(np.ones([1] * (guard.least_axes - 1 if guard.least_axes else axes + 1), kind))
    if guard.most_axes is not None:
        wrong.append(np.ones([1] * (guard.most_axes + 1), kind))
    if guard.values is not None:
        wrong += [np.full([1] * axes, guard.values[0] - 1, kind), np.full([1] * axes, guard.values[1] + 1, kind)]
    return wrong


def right_for(op, index, placeholder):
    """Return an array of ones of the number of axes that an input needs."""
    guard = GUARDS[op].get(index, GUARDS[op].get(EACH, Guard(1)))
    return np.ones([1] * (guard.least_axes or guard.axes or 0), placeholder.outputs[0].dtype.as_numpy_dtype)


@pytest.mark.parametrize("op", sorted(GUARDS))
def test_each_guarded_input_is_an_error_of_the_run(op):
    if op not in registered_ops():
        pytest.skip("this TensorFlow has no such operation")
    graph = graph_of(op)
    x = graph.get_operation_by_name("x")
    guarded = [index for index in range(len(x.inputs)) if index in GUARDS[op] or EACH in GUARDS[op]]
    assert guarded
    right = {one.outputs[0]: right_for(op, i, one) for i, one in enumerate(graph.get_operations()[: len(x.inputs)])}
    with tf1.Session(graph=graph) as session:
        for index in guarded:
            guard, fed = GUARDS[op].get(index, GUARDS[op].get(EACH)), graph.get_tensor_by_name(f"p{index}:0")
            for wrong in wrong_for(guard, fed):
                # the whole operation runs, since Grappler draws conclusions from what it needs
                with pytest.raises(tf1.errors.InvalidArgumentError, match="slimcam_guard"):
                    session.run(x, {**right, fed: wrong})


@pytest.mark.parametrize("op", ["DynamicStitch", "ParallelDynamicStitch"])
def test_an_index_of_which_tensorflow_would_count_one_more_is_an_error(op):
    graph = graph_of(op)
    x = graph.get_operation_by_name("x")
    with tf1.Session(graph=graph) as session:
        for index in (0, 1):
            with pytest.raises(
                tf1.errors.InvalidArgumentError, match=f"input {index} of x .* needs 0 to {LARGEST - 1}, and"
            ):
                session.run(x.inputs[index], {f"p{index}:0": np.array([0, LARGEST])})
        assert x.inputs[2].op.name == "p2", "what is stitched has any values"


def test_what_is_known_stays_as_it_is():
    with tf1.Graph().as_default() as graph:
        tf1.linalg.inv(tf1.placeholder(tf1.float32, [None, 3, 3]))
        tf1.dynamic_stitch([tf1.constant([0, 1])], [tf1.placeholder(tf1.float32, [2])])
        before = graph.as_graph_def()
        stand_guard(graph, before)
    assert graph.as_graph_def() == before


def test_operations_beside_the_file_stay_as_they_are():
    """Preparing photos of any size takes lists of tensors, of sizes that nobody knows before."""
    with tf1.Graph().as_default() as graph:
        tf1.linalg.inv(tf1.placeholder(tf1.float32, None))
        before = graph.as_graph_def()
        stand_guard(graph, tf1.GraphDef())
    assert graph.as_graph_def() == before


def test_a_constant_index_that_is_too_large_is_guarded():
    assert not Guard(values=(0, LARGEST - 1)).is_known(tf1.constant([0, LARGEST]))
    assert Guard(values=(0, LARGEST - 1)).is_known(tf1.constant([0, LARGEST - 1]))


def test_guards_are_of_operations_that_are_allowed():
    assert set(GUARDS) <= COMPUTING


def of_unknown_axes(photos):
    """Return one value of photos, as a tensor of which TensorFlow does not know how many axes it has: none."""
    nowhere = tf1.where(tf1.reshape(photos, [-1])[:1] > 1e9)[:, 0]
    return tf1.reshape(tf1.reshape(photos, [-1])[0], tf1.cast(nowhere, tf1.int32))


def test_a_file_that_would_end_the_process_by_its_axes_is_an_error_of_one_line(tmp_path):
    with tf1.Graph().as_default() as graph:
        photos = tf1.placeholder(tf1.float32, [None, 4, 4, 3], name="input")
        conv = tf1.nn.conv2d(photos, tf1.constant(np.ones((1, 1, 3, 2), np.float32)), [1] * 4, "SAME", name="conv")
        inverse = tf1.linalg.inv(of_unknown_axes(conv))
        tf1.add(tf1.reduce_mean(conv, [1, 2]), tf1.reshape(inverse, []), name="logits")
    path = tmp_path / "net.pb"
    path.write_bytes(graph.as_graph_def().SerializeToString())
    with pytest.raises(
        slimcam.ModelError, match=r"input 0 of MatrixInverse .* needs 2 axes or more, and is fed something else"
    ) as raised:
        slimcam.GradCAM(path, layer="conv", target=0)(np.ones((1, 4, 4, 3), np.float32))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("loops", ["TensorFlow 1", "TensorFlow 2"])
def test_a_loop_with_a_guard_in_it_runs_as_before(loops):
    with tf1.Graph().as_default() as graph:
        (tf1.disable_control_flow_v2 if loops == "TensorFlow 1" else tf1.enable_control_flow_v2)()
        try:
            photos = tf1.placeholder(tf1.float32, [None, 4, 4, 3], name="input")
            conv = tf1.nn.conv2d(photos, tf1.constant(np.ones((1, 1, 3, 2), np.float32)), [1] * 4, "SAME", name="conv")

            def step(i, total):
                index = tf1.cast(tf1.reduce_sum(photos) * 0, tf1.int32) + tf1.constant([0, 1])
                return i + 1, total + tf1.dynamic_stitch([index], [tf1.ones([2])])

            _, total = tf1.while_loop(
                lambda i, _: i < 3, step, [0, tf1.zeros([2])], [tf1.TensorShape([]), tf1.TensorShape([None])]
            )
            tf1.identity(tf1.reduce_mean(conv, [1, 2]), name="logits")
            tf1.identity(total, name="total")
        finally:
            tf1.disable_control_flow_v2()
    with tf1.Graph().as_default() as loaded:
        tf1.import_graph_def(graph.as_graph_def(), name="")
        stand_guard(loaded, graph.as_graph_def())
    with tf1.Session(graph=loaded) as session:
        assert session.run("total:0", {"input:0": np.ones((1, 4, 4, 3))}).tolist() == [3, 3]
    there = [op.name for op in loaded.get_operations() if "slimcam_guard" in op.name]
    assert bool(there) == (loops == "TensorFlow 1"), "a function's body has no guards"
