"""Model: whole as it is constructed, what is built once, from however many threads, and closing."""

import time

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.threads import at_once
from fixtures.tolerance import assert_sums

import slimcam
from slimcam.graphs.worth import worth_for_ends

X = np.random.RandomState(3).uniform(0, 1, (2, 6, 6, 3)).astype(np.float32)


def two_layers():
    random = np.random.RandomState(0)
    x = tf1.placeholder(tf1.float32, [None, 6, 6, 3], name="x")
    with tf1.name_scope("first"):
        a = tf1.nn.relu(tf1.nn.conv2d(x, tf1.constant(random.randn(3, 3, 3, 4), tf1.float32), 1, "SAME"), name="a")
    with tf1.name_scope("second"):
        b = tf1.nn.relu(tf1.nn.conv2d(a, tf1.constant(random.randn(3, 3, 4, 5), tf1.float32), 1, "SAME"), name="b")
    tf1.reduce_mean(b, [1, 2], name="logits")


@pytest.fixture
def model(model_of):
    return model_of(two_layers, labels=list("abcde"))


def count(model, kind, ending):
    return sum(op.type == kind and op.name.endswith(ending) for op in model.graph.get_operations())


def operations(model):
    return len(model.graph.get_operations())


# --- built once


def test_threads_that_build_gradcams_at_the_same_time_share_one_probe(model, model_of):
    alone = model_of(two_layers)
    expected = slimcam.GradCAM(alone, "first", target=2)(X).raw
    maps = at_once(lambda i: slimcam.GradCAM(model, "first", target=2)(X).raw)
    assert [np.array_equal(one, expected) for one in maps] == [True] * 8
    assert count(model, "PlaceholderWithDefault", "mask") == 1
    assert operations(model) == operations(alone)


def test_threads_that_build_different_gradcams_get_what_each_gets_alone(model, model_of):
    alone = model_of(two_layers)
    kinds = [("first", 1), ("second", 1), ("first", slimcam.Top(2)), ("second", slimcam.Top(3))]
    kinds += [("first", slimcam.Mean("second")), ("first", slimcam.Norm("second")), ("first", 4), ("second", None)]
    expected = [slimcam.GradCAM(alone, layer, target)(X).raw for layer, target in kinds]
    maps = at_once(lambda i: slimcam.GradCAM(model, *kinds[i])(X).raw)
    for one, other in zip(maps, expected):
        np.testing.assert_array_equal(one, other)
    assert operations(model) == operations(alone)


def test_a_function_as_target_is_called_once_though_threads_ask_at_the_same_time(model):
    calls = []

    def score(model):
        calls.append(1)
        return model.logits[:, 1]

    at_once(lambda i: slimcam.GradCAM(model, "first", score))
    assert calls == [1]


def test_threads_that_ask_for_the_layers_walk_the_graph_once(model, monkeypatch):
    found, walks = worth_for_ends, []

    def slowly(*ends):
        walks.append(1)
        time.sleep(0.02)
        return found(*ends)

    monkeypatch.setattr("slimcam.model.worth_for_ends", slowly)
    each = at_once(lambda i: model.layers())
    assert walks == [1]
    assert [[layer.name for layer in layers] for layers in each] == [["second", "first"]] * 8


# --- whole as it is constructed


def test_nothing_of_a_model_changes_after_it_is_loaded(model):
    before = dict(vars(model))
    model.layers()
    model.needs("logits")
    slimcam.GradCAM(model, "first", slimcam.Top(2))(X)
    after = vars(model)
    assert list(after) == list(before)
    assert all(after[name] is before[name] for name in before)


def test_a_model_says_where_it_came_from_and_why(model):
    assert model.source.endswith("model.pb")
    assert model.why == [
        "photos are fed as 0 to 255: nothing says how they were prepared",
        "input 'x:0': the only placeholder of images, float32 (None, 6, 6, 3)",
        "logits 'logits:0': the only (N, classes) that nothing reads",
    ]
    assert (model.input.name, model.logits.name, model.classes) == ("x:0", "logits:0", 5)
    assert (model.labels, model.layer, model.calls, model.end_points) == (list("abcde"), None, None, {})


def test_a_layer_that_is_said_comes_first(model_of):
    model = model_of(two_layers, layer="first")
    assert model.layer is model.tensor("first")
    assert [layer.name for layer in model.layers()] == ["first", "second"]


def test_a_layer_that_does_not_exist_suggests(model_of):
    with pytest.raises(slimcam.UnknownName, match="no tensor 'frist'; near: 'first"):
        model_of(two_layers, layer="frist")


# --- names


@pytest.mark.parametrize("name", ["first", "first/a", "first/a:0"])
def test_a_tensor_is_found_by_scope_operation_and_name(model, name):
    assert model.tensor(name).name == "first/a:0"
    assert model.name_of(model.tensor(name)) == "first"


def test_a_tensor_stands_for_itself_in_its_own_graph_only(model, model_of):
    tensor = model.tensor("first")
    assert model.tensor(tensor) is tensor
    with pytest.raises(slimcam.UnknownName, match="'first/a:0' is of another graph"):
        model_of(two_layers).tensor(tensor)


def test_what_slimcam_builds_has_no_name_of_its_own(model):
    names = [op.name for op in model.names.operations]
    slimcam.GradCAM(model, "first")
    assert [op.name for op in model.names.operations] == names
    assert not [name for name in names if name.startswith("slimcam/")]
    assert [layer.name for layer in model.layers()] == ["second", "first"]


# --- closing and refreshing


def test_a_closed_model_says_so(model):
    with model:
        cam = slimcam.GradCAM(model, "first")
    for use in (lambda: cam(X), lambda: model.features("first", X), model.refresh):
        with pytest.raises(slimcam.ModelError, match="the model is closed; load it again"):
            use()


def test_a_refreshed_model_keeps_what_was_built():
    with tf1.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf1.float32, [None, 6, 6, 3], name="x")
        scale = tf1.get_variable("scale", initializer=2.0)
        a = tf1.nn.relu(x * scale, name="a")
        tf1.reduce_mean(a, [1, 2], name="logits")
        session.run(scale.initializer)
        with slimcam.load(session, input="x", logits="logits") as model:
            cam = slimcam.GradCAM(model, "a", 1)
            before, built = cam(X).raw, operations(model)
            session.run(scale.assign(3.0))
            np.testing.assert_array_equal(cam(X).raw, before)
            model.refresh()
            assert_sums(cam(X).raw, before * 1.5, 40)
            assert operations(model) == built


def picky():
    """A net that ends its run on photos that are too bright."""
    x = tf1.placeholder(tf1.float32, [None, 2, 2, 3], name="x")
    with tf1.control_dependencies([tf1.Assert(tf1.reduce_all(x < 1), ["too bright"])]):
        a = tf1.nn.relu(x, name="a")
    tf1.nn.softmax(tf1.matmul(tf1.reduce_mean(a, [1, 2]), tf1.ones([3, 2])), name="end")


@pytest.mark.parametrize("run", [lambda model: slimcam.GradCAM(model), lambda model: lambda x: model.features("a", x)])
def test_a_run_that_tensorflow_ends_is_an_error_of_one_line(model_of, run):
    model = model_of(picky, preprocess="none")
    call = run(model)
    call(np.zeros((1, 2, 2, 3), np.float32))
    with pytest.raises(
        slimcam.ModelError, match=r"model\.pb cannot be run on images of 2 x 2 x 3: Inv.*too bright"
    ) as it:
        call(np.ones((1, 2, 2, 3), np.float32))
    assert "\n" not in str(it.value)
