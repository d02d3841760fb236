"""Recipes of TensorFlow's published advisories on graphs, binary and text: each is an error of one line.

They crash some release of TensorFlow, as it reads a graph, imports or optimizes it, or makes its functions.
"""

import pytest
from google.protobuf import text_format
from graph_files import FLOAT, calling, constant, function, net, node, write

import slimcam
from slimcam.errors import SlimcamError

DEEP = 20_000


def of_net(change):
    def make():
        graph_def = net()
        change(graph_def)
        return graph_def

    return make


def of_function(change):
    """Return what makes the net with a call of a function "f" that a change was made to."""

    def make():
        graph_def = calling("f", lambda graph_def: function(graph_def, "f"))
        change(graph_def.library.function[0], graph_def)
        return graph_def

    return make


def _two_attributes(f, _):
    for _ in range(2):
        f.signature.attr.add(name="T", type="type")


def _two_arguments(f, _):
    f.signature.input_arg.add(name="more", type=FLOAT)


def _no_result(f, _):
    f.ret["b"] = "inner:y:9"


def _no_return(f, _):
    f.ret.clear()


def _no_node(f, _):
    f.node_def[0].op = ""


def _gradient(f, graph_def):
    graph_def.library.gradient.add(function_name="f", gradient_func="f")


def _without_shape(graph_def):
    node(graph_def, "w").attr["value"].tensor.ClearField("tensor_shape")


def _reference(graph_def):
    node(graph_def, "w").attr["dtype"].type = 100 + FLOAT
    node(graph_def, "w").attr["value"].tensor.dtype = 100 + FLOAT


def _variant(graph_def):
    one = constant(graph_def, "object", 21)
    one.attr["value"].tensor.variant_val.add(type_name="tensorflow::TensorList", metadata=b"\xff" * 9)
    node(graph_def, "logits").input.append("^object")


def _without_value(graph_def):
    del node(graph_def, "w").attr["value"]


def _another_key(graph_def):
    attributes = node(graph_def, "w").attr
    attributes["valve"].CopyFrom(attributes["value"])
    del attributes["value"]


def _list_for_one(graph_def):
    node(graph_def, "w").attr["value"].list.i.append(1)


def _shape(*sizes):
    """Return what gives the images' placeholder a shape."""

    def change(graph_def):
        shape = node(graph_def, "x").attr["shape"].shape
        del shape.dim[:]
        for size in sizes:
            shape.dim.add(size=size)

    return change


IMPORT = "cannot import this graph"  # TensorFlow's own check, of each release that is supported
# The recipe by its advisory, and what the error says.
RECIPES = {
    "CVE-2020-15206, a constant without a value": (of_net(_without_value), "'w' is a constant without a value"),
    "CVE-2020-15206, a key of another name": (of_net(_another_key), "'w' is a constant without a value"),
    "CVE-2020-15206, a list": (of_net(_list_for_one), "'w' is a constant without a value"),
    "CVE-2020-26271": (of_net(lambda g: node(g, "mean").input.__setitem__(0, "relu:9")), IMPORT),
    "CVE-2021-29539": (of_net(lambda g: setattr(node(g, "w"), "op", "ImmutableConst")), "which reads files"),
    "CVE-2022-23564": (of_net(_variant), "names resources or objects of the program"),
    "CVE-2022-23565": (of_function(_two_attributes), IMPORT),
    "CVE-2022-23571": (of_net(_without_shape), "'w' is a constant of 1 values in 36 bytes"),
    "CVE-2022-23580": (of_net(_shape(*[1 << 40] * 4)), "GiB each"),
    "CVE-2022-23582": (of_net(_shape(*[2] * 260)), "say input="),
    "CVE-2022-23586, no result": (of_function(_no_result), IMPORT),
    "CVE-2022-23586, nothing returned": (of_function(_no_return), IMPORT),
    "CVE-2022-23588": (of_net(_reference), "'w' is a constant of type 101, which is none"),
    "CVE-2022-23589": (of_net(lambda g: node(g, "mean").input.pop()), "reads fewer than 2 tensors"),
    "CVE-2022-23590": (of_net(lambda g: node(g, "relu").attr["T"].Clear()), IMPORT),
    "CVE-2022-23591, a gradient": (of_function(_gradient), "functions of it call themselves"),
    "CVE-2022-36013": (of_net(lambda g: setattr(node(g, "relu"), "op", "")), "'relu' says no operation"),
    "CVE-2022-36013, in a function": (of_function(_no_node), "in the function 'f', 'inner' says no operation"),
    "CVE-2022-41902": (of_function(_two_arguments), "whose arguments or results are of other numbers"),
}


@pytest.mark.parametrize("advisory", RECIPES)
def test_a_recipe_is_an_error_of_one_line(advisory, tmp_path):
    make, words = RECIPES[advisory]
    with pytest.raises(SlimcamError, match=words) as raised:
        slimcam.load(write(make(), tmp_path / "model.pb"), preprocess="none")
    assert "\n" not in str(raised.value)


def test_attributes_within_attributes_end_no_stack(tmp_path):
    """CVE-2021-29615, in a text and in a binary graph."""
    attributes = 'attr { key: "f" value { func { name: "g" ' * DEEP + "} } }" * DEEP
    deep = f'node {{ name: "deep" op: "NoOp" {attributes} }}'
    (tmp_path / "model.pbtxt").write_text(text_format.MessageToString(net()) + deep)
    data = b""
    for _ in range(DEEP // 10):  # AttrValue.func, NameAttrList.attr, and its entry's value
        data = _field(2, _field(1, b"f") + _field(2, _field(10, data)))
    attribute = _field(5, _field(1, b"f") + _field(2, _field(10, data)))
    graph = _field(1, _field(1, b"deep") + _field(2, b"NoOp") + attribute)
    (tmp_path / "model.pb").write_bytes(net().SerializeToString() + graph)
    for name in ("model.pbtxt", "model.pb"):
        with pytest.raises(SlimcamError, match="not a GraphDef, or a damaged or truncated one"):
            slimcam.load(tmp_path / name)


def _field(number, data):
    """Return a field of a proto that has a length."""
    size, rest = [], len(data)
    while rest > 127:
        size.append(rest & 127 | 128)
        rest >>= 7
    return bytes([number << 3 | 2, *size, rest]) + data
