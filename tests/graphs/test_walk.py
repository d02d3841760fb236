"""Walks over graphs of a few operations, in orders that are worked by hand.

Most use `diamond`, in which d waits for e, and e is read by nobody:

    x - a - b - d
         '- c -'     e = -x
"""

import pytest
import tensorflow.compat.v1 as tf1

from slimcam.graphs import walk


@pytest.fixture
def diamond():
    """Return the operations of the graph above, by name."""
    with tf1.Graph().as_default() as graph:
        x = tf1.placeholder(tf1.float32, [None, 2], name="x")
        a = tf1.negative(x, name="a")
        b, c = tf1.negative(a, name="b"), tf1.negative(a, name="c")
        e = tf1.negative(x, name="e")
        with tf1.control_dependencies([e]):
            tf1.add(b, c, name="d")
    return {op.name: op for op in graph.get_operations()}


def names(ops):
    return [op.name for op in ops]


TREE = {"root": ["left", "right"], "left": ["leaf"], "right": ["leaf", "root"], "leaf": []}


def test_reachable_goes_into_the_last_first_and_round_a_circle_once():
    assert walk.reachable(["root"], TREE.__getitem__) == ["root", "right", "leaf", "left"]
    assert walk.reachable(["leaf", "left"], TREE.__getitem__) == ["left", "leaf"]


def test_postorder_goes_into_the_first_first_and_ends_with_the_ends():
    assert walk.postorder(["root"], TREE.__getitem__) == ["leaf", "left", "right", "root"]
    assert walk.postorder(["right", "left"], TREE.__getitem__) == ["leaf", "left", "root", "right"]


def test_postorder_is_not_bounded_by_pythons_stack():
    assert walk.postorder([5000], lambda n: [n - 1] if n else []) == list(range(5001))


def test_ancestors_are_nearest_first_and_of_control_too(diamond):
    d = diamond["d"]
    toward = walk.ancestors(d.outputs)
    assert names(toward) == ["d", "b", "c", "e", "a", "x"]
    assert [None if after is None else after.name for after in toward.values()] == [None, "d", "d", "d", "b", "e"]
    assert names(walk.ancestors(d.outputs, cut=("a:0",))) == ["d", "b", "c", "e", "x"]
    assert names(walk.ancestors(d.outputs, cut=("d:0",))) == []


def test_flow_has_each_after_what_it_reads_and_no_control(diamond):
    d = diamond["d"].outputs
    assert names(walk.flow(d)) == ["x", "a", "b", "c", "d"]
    assert names(walk.flow(d, cut=("a:0",))) == ["b", "c", "d"]
    assert names(walk.flow(d, cut=("d:0",))) == []
    assert names(walk.flow([diamond["e"].outputs[0], *d])) == ["x", "e", "a", "b", "c", "d"]


def test_after_is_what_depends_by_name(diamond):
    assert names(walk.after([diamond["a"]])) == ["b", "c", "d"]
    assert names(walk.after([diamond["x"], diamond["b"]])) == ["a", "b", "c", "d", "e"]
    assert names(walk.consumers(diamond["a"])) == ["b", "c"]


def test_between_goes_into_the_last_input_first(diamond):
    x, a, d = (diamond[name].outputs[0] for name in "xad")
    assert names(walk.between([x], d)) == ["x", "a", "c", "b", "d"]
    assert names(walk.between([a], d)) == ["a", "c", "b", "d"]
    assert names(walk.between([x, a], d)) == ["x", "a", "c", "b", "d"]
    assert names(walk.between([d], a)) == ["d"]


def test_between_leaves_out_what_only_asks_for_a_size(diamond):
    x, d = diamond["x"].outputs[0], diamond["d"].outputs[0]
    with x.graph.as_default():
        shaped = tf1.reshape(d, tf1.shape(x, name="size"), name="shaped")
    assert names(walk.between([x], shaped)) == ["x", "a", "c", "b", "d", "shaped"]
    assert "size" in names(walk.flow([shaped]))


def test_near_counts_steps_and_asks_who_may_enter(diamond):
    d = diamond["d"]
    assert names(walk.near(d, 0)) == ["d"]
    assert names(walk.near(d, 1)) == ["d", "b", "c"]
    assert names(walk.near(d, 9)) == ["d", "b", "c", "a", "x"]
    assert names(walk.near(d, 9, lambda op: op.name != "a")) == ["d", "b", "c"]
    assert walk.near(d, 9, lambda op: op is not d) == []


def test_source_and_readers_pass_over_what_only_passes_on():
    with tf1.Graph().as_default():
        x = tf1.placeholder(tf1.float32, [None, 2], name="x")
        passed = tf1.identity(tf1.reshape(x, [-1, 2, 1]))
        tf1.negative(passed, name="one")
        tf1.abs(x, name="two")
    assert walk.source(passed, ("Identity", "Reshape")) is x
    assert walk.source(passed, ("Identity",)) is passed.op.inputs[0]
    assert walk.source(x, ("Placeholder",)) is x
    assert names(walk.readers(x, ("Identity", "Reshape"))) == ["one", "two"]
    assert [op.type for op in walk.readers(x, ())] == ["Reshape", "Abs"]


def test_gates_are_what_every_way_passes(diamond):
    assert names(walk.gates(diamond["x"].outputs[0], diamond["d"].outputs[0])) == ["d", "a", "x"]


def test_scope_outputs_are_found_by_each_end_of_the_scopes_path():
    with tf1.Graph().as_default() as graph:
        x = tf1.placeholder(tf1.float32, [None, 2], name="x")
        inner = tf1.negative(x, name="net/block/inner")
        leaving = tf1.negative(inner, name="net/block/leaving")
        tf1.negative(leaving, name="net/logits")
    scopes = walk.scope_outputs(graph.get_operations())
    assert {scope: list(tensors) for scope, tensors in scopes.items()} == {
        "block": ["net/block/leaving:0"],
        "net/block": ["net/block/leaving:0"],
        "net": ["net/logits:0"],
    }


def test_a_path_of_thousands_of_parts_has_few_names():
    path = "/".join(f"s{i}" for i in range(3000))
    with tf1.Graph().as_default() as graph:
        x = tf1.placeholder(tf1.float32, [None, 2], name="x")
        tf1.negative(x, name=path + "/leaving")
    scopes = walk.scope_outputs(graph.get_operations())
    assert {"s2999", "s2998/s2999", "s2998", path} <= set(scopes)
    assert len(scopes) < 600


def test_readers_are_not_bounded_by_pythons_stack_nor_taken_twice():
    with tf1.Graph().as_default():
        start = tensor = tf1.placeholder(tf1.int32, [None])
        for _ in range(1500):
            tensor = tf1.identity(tensor)
        for _ in range(40):  # each reads the one before twice
            tensor = tf1.reshape(tensor, tensor)
        end = tf1.negative(tensor)
    assert walk.readers(start, ("Identity", "Reshape")) == [end.op]
