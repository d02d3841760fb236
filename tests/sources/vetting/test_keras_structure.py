"""Configurations that would be built for ever, or into far more than they say."""

import pytest

from slimcam.sources.vetting import keras, keras_structure


def layer(name, *inputs, kind="Dense", **config):
    """Return a layer that is called once on outputs of others, each (layer, call), or on none."""
    nodes = [[[one, call, 0, {}] for one, call in inputs]] if inputs else []
    return {"name": name, "class_name": kind, "config": {"name": name, **config}, "inbound_nodes": nodes}


def functional(*layers, name="net"):
    config = {"name": name, "layers": list(layers), "input_layers": [["a", 0, 0]], "output_layers": [["b", 0, 0]]}
    return {"class_name": "Functional", "config": config}


def problems(config, keras3=False):
    return [one.in_words() for one in keras_structure.check(config, keras3)]


INPUT = layer("a", kind="InputLayer")


def test_layers_in_any_order_are_joined():
    assert not problems(functional(layer("c", ("b", 0)), layer("b", ("a", 0)), INPUT))


@pytest.mark.parametrize(
    "layers",
    [
        [INPUT, layer("b", ("c", 0)), layer("c", ("b", 0))],
        [INPUT, layer("b", ("b", 0))],
        [INPUT, layer("b", ("a", 0)), layer("c", ("b", 1))],
        [INPUT, layer("b"), layer("c", ("b", 0))],
    ],
    ids=["two in a circle", "one in a circle", "a call that is not made", "a layer that is not called"],
)
def test_a_layer_that_waits_for_ever_is_found(layers):
    (problem,) = problems(functional(*layers))
    assert "which waits for an output that never comes" in problem


def test_outputs_in_the_options_of_a_call_are_waited_for_too():
    late = layer("b", ("a", 0))
    late["inbound_nodes"][0][0][3] = {"mask": ["c", 0, 0]}
    assert not problems(functional(INPUT, late, layer("c", ("a", 0))))
    assert problems(functional(INPUT, late, layer("c", ("b", 0))))


def test_a_shared_layer_is_called_in_the_order_of_its_calls():
    shared = layer("b", ("a", 0))
    shared["inbound_nodes"].append([["c", 0, 0, {}]])
    assert not problems(functional(INPUT, shared, layer("c", ("b", 0))))
    shared["inbound_nodes"].reverse()  # now the first needs what the second makes
    assert problems(functional(INPUT, shared, layer("c", ("b", 1))))


def nested(first, kind="Functional"):
    inner = functional(layer("a", kind="InputLayer"), layer("b", ("a", 0)), name="inner")
    joined = {**inner, "class_name": kind, "name": "inner", "inbound_nodes": [[["a", 0, 0, {}]]]}
    return functional(INPUT, joined, layer("b", ("inner", first)))


def test_the_first_call_of_a_model_is_its_second_to_keras_2_and_either_to_keras_3():
    assert [bool(problems(nested(first))) for first in (0, 1, 2)] == [True, False, True]
    assert [bool(problems(nested(first), keras3=True)) for first in (0, 1, 2)] == [False, False, True]


def test_a_sequential_with_a_shape_counts_as_a_model_and_another_does_not():
    for first in (0, 1):
        start = {"class_name": "Dense", "config": {"name": "d", "batch_input_shape": [None, 1]}}
        inner = {"class_name": "Sequential", "name": "s", "config": {"name": "s", "layers": [start]}}
        inner["inbound_nodes"] = [[["a", 0, 0, {}]]]
        assert bool(problems(functional(INPUT, inner, layer("b", ("s", first))))) == (first == 0)
        del start["config"]["batch_input_shape"]
        assert not problems(functional(INPUT, inner, layer("b", ("s", first))))


def test_keras_3_notes_calls_in_its_own_way():
    def node(name):
        tensor = {"class_name": "__keras_tensor__", "config": {"shape": [None], "keras_history": [name, 0, 0]}}
        return [{"args": [tensor], "kwargs": {}}]

    b, c = {**layer("b"), "inbound_nodes": node("a")}, {**layer("c"), "inbound_nodes": node("b")}
    assert not problems(functional(INPUT, c, b), keras3=True)
    assert problems(functional(INPUT, c, {**b, "inbound_nodes": node("c")}), keras3=True)


def doubling(levels):
    """Return a model that calls a model twice, which calls one twice, and so on: 2 ** levels calls of one layer."""
    model = functional(INPUT, layer("b", ("a", 0)))
    for _ in range(levels):
        nodes = [[["a", 0, 0, {}]], [["inner", 1, 0, {}]]]
        inner = {**model, "name": "inner", "inbound_nodes": nodes}
        model = functional(INPUT, inner, layer("b", ("inner", 2)))
    return model


def test_doubling_models_are_counted_and_not_built():
    assert not problems(doubling(3))
    (problem,) = problems(doubling(28))
    assert "are more than the 20,000 that are built" in problem


def test_calls_are_those_of_all_models():
    # of one level: the input, the last layer, and twice what is inside: an input and a layer
    assert keras_structure._calls(doubling(1), "", False) == 2 + 2 * 2


@pytest.mark.parametrize(
    "config, message",
    [
        ({"class_name": "Sequential", "config": {"layers": {}}}, "its layers"),
        ({"class_name": "Sequential", "config": {"layers": [3]}}, "its layers"),
        (functional(INPUT, {"class_name": "Dense", "config": {}}), "does not say what it is called on"),
        (functional(INPUT, INPUT), "has the name of another one"),
    ],
)
def test_what_is_no_structure_is_said(config, message):
    (problem,) = problems(config)
    assert message in problem


@pytest.mark.parametrize("inner", [[], {}])
def test_lists_and_dictionaries_are_not_nested_without_end(inner):
    """TensorFlow 1 looks at what a layer's attribute holds twice on each level: fifty levels took years."""
    for level, why in ((10, []), (20, ["is nested more than 16 deep"])):
        deep = inner
        for _ in range(level):
            deep = {"a": deep} if isinstance(inner, dict) else [deep]
        config = {"class_name": "Dense", "config": {"name": "scores", "use_bias": deep}}
        assert [one.why for one in keras.vet(config).refused] == why


def test_a_configuration_may_not_be_nested_without_end():
    deep = {"class_name": "Dense", "config": {}}
    for _ in range(150):
        deep = {"class_name": "TimeDistributed", "config": {"layer": deep}}
    (finding,) = keras.vet(deep).refused
    assert finding.why == "is nested more than 200 deep"
    with pytest.raises(ValueError, match="nested too deep"):
        keras.parsed("[" * 200_000)
    with pytest.raises(ValueError, match="a number of 1000 digits"):
        keras.parsed("1" * 1000)
