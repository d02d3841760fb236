"""Recipes of TensorFlow's published advisories on graphs: what makes each, and what the error says.

They crash some release of TensorFlow, as it reads a graph, imports or optimizes it, or makes its functions.
"""

from graph_files import FLOAT, INT32, RESOURCE, STRING, calling, constant, function, net, node


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


def _memory(dtype, reader="", *more):
    """Return what adds memory that a file names as a tensor of a type, and an operation that reads it first."""

    def change(graph_def):
        memory = graph_def.node.add(name="memory", op="ImmutableConst")
        memory.attr["dtype"].type = dtype
        memory.attr["shape"].shape.dim.add(size=1)
        memory.attr["memory_region_name"].s = b"/proc/self/environ"
        constant(graph_def, "index", INT32, (1,), int_val=[0])
        constant(graph_def, "value", FLOAT, (1,), float_val=[1])
        if reader:
            graph_def.node.add(name="reader", op=reader, input=["memory", *more])
            if more:
                graph_def.node[-1].attr["T"].type = dtype
        node(graph_def, "logits").input.append("^reader" if reader else "^memory")

    return change


def _list_of_tensors(**attributes):
    """Return what adds an operation whose type is made of its attributes, which are not as they should be."""

    def change(graph_def):
        constant(graph_def, "shape", INT32, (), int_val=[1])
        made = graph_def.node.add(name="list", op="TensorListReserve", input=["shape", "shape"])
        made.attr["shape_type"].type = INT32
        for key, dtype in attributes.items():
            made.attr[key].list.type.append(dtype)
        node(graph_def, "logits").input.append("^list")

    return change


def _reshaped(*sizes):
    """Return what gives the means a shape before the head, by a constant."""

    def change(graph_def):
        constant(graph_def, "sizes", INT32, (len(sizes),), int_val=sizes)
        made = graph_def.node.add(name="reshaped", op="Reshape", input=["mean", "sizes"])
        made.attr["T"].type, made.attr["Tshape"].type = FLOAT, INT32
        node(graph_def, "logits").input[0] = "reshaped"

    return change


def _passed_on(source):
    def change(graph_def):
        made = graph_def.node.add(name="passed", op="Identity", input=[source])
        made.attr["T"].type = FLOAT
        node(graph_def, "logits").input[0] = "passed"

    return change


def _loop_of(port):
    """Return what lets a loop's value come from an output that no operation has."""

    def change(graph_def):
        for name, op, inputs in (("enter", "Enter", ["mean"]), ("merge", "Merge", ["enter", f"relu:{port}"])):
            made = graph_def.node.add(name=name, op=op, input=inputs)
            made.attr["T"].type = FLOAT
        graph_def.node[-2].attr["frame_name"].s = b"frame"
        graph_def.node[-1].attr["N"].i = 2
        node(graph_def, "logits").input[0] = "merge"

    return change


def _cropped(graph_def):
    boxes = constant(graph_def, "boxes", FLOAT, (1, 4), float_val=[0, 0, 1, 1])
    constant(graph_def, "of", INT32, (1,), int_val=[0])
    constant(graph_def, "size", INT32, (2,), int_val=[1 << 30, 1 << 30])
    made = graph_def.node.add(name="crops", op="CropAndResize", input=["relu", boxes.name, "of", "size"])
    made.attr["T"].type = FLOAT
    node(graph_def, "mean").input[0] = "crops"


def _vast(graph_def):
    shape = node(graph_def, "w").attr["value"].tensor.tensor_shape
    del shape.dim[:]
    for _ in range(3):
        shape.dim.add(size=1 << 31)


def _another_type(graph_def):
    node(graph_def, "relu").attr["T"].type = INT32


def _no_kernel(graph_def):
    node(graph_def, "relu").op = "NoSuchOperation"


def _no_key(f, _):
    f.arg_attr[0].attr[""].SetInParent()
    f.attr[""].SetInParent()


def _empty_end(f, _):
    f.signature.control_output.append("c")
    f.control_ret["c"] = ""


def _empty_input(f, _):
    f.node_def[0].input[0] = ""


def _more_results(f, _):
    f.signature.output_arg.add(name="more", type=FLOAT)


def _without_types(_, graph_def):
    node(graph_def, "called").attr["Tin"].Clear()


def _shape(*sizes):
    """Return what gives the images' placeholder a shape."""

    def change(graph_def):
        shape = node(graph_def, "x").attr["shape"].shape
        del shape.dim[:]
        for size in sizes:
            shape.dim.add(size=size)

    return change


IMPORT = "cannot import (all of )?this graph"  # TensorFlow's own check, of each release that is supported
# The recipe by its advisory, and what the error says.
RECIPES = {
    "CVE-2020-15206, a constant without a value": (of_net(_without_value), "'w' is a constant without a value"),
    "CVE-2020-15206, a key of another name": (of_net(_another_key), "'w' is a constant without a value"),
    "CVE-2020-15206, a list": (of_net(_list_for_one), "'w' is a constant without a value"),
    "CVE-2020-26271": (of_net(lambda g: node(g, "mean").input.__setitem__(0, "relu:9")), IMPORT),
    "CVE-2020-26268": (of_net(_memory(FLOAT, "InplaceAdd", "index", "value")), "which reads files"),
    "CVE-2021-29539": (of_net(_memory(RESOURCE)), "which reads files"),
    "CVE-2021-41197": (of_net(_vast), "a shape that no memory holds"),
    "CVE-2021-41227": (of_net(_memory(STRING, "StringStrip")), "which reads files"),
    "CVE-2022-23564": (of_net(_variant), "names resources or objects of the program"),
    "CVE-2022-23565": (of_function(_two_attributes), IMPORT),
    "CVE-2022-23566": (of_net(_loop_of(9)), IMPORT),
    "CVE-2022-23570": (of_net(_list_of_tensors()), IMPORT),
    "CVE-2022-23571": (of_net(_without_shape), "'w' is a constant of 1 values in 36 bytes"),
    "CVE-2022-23572": (of_net(_list_of_tensors(element_dtype=FLOAT)), IMPORT),
    "CVE-2022-23575": (of_net(_shape(1, 1 << 62, 4, 1)), f"GiB each|{IMPORT}"),
    "CVE-2022-23576": (of_net(_shape(1, 1 << 31, 1 << 31, 1)), "GiB each"),
    "CVE-2022-23578": (of_net(_no_kernel), "NoSuchOperation"),
    "CVE-2022-23579": (of_net(_passed_on("nobody")), "nobody"),
    "CVE-2022-23580": (of_net(_shape(*[1 << 40] * 4)), f"GiB each|{IMPORT}"),
    "CVE-2022-23582": (of_net(_shape(*[2] * 260)), "say input="),
    "CVE-2022-23581": (of_net(_reshaped(-1, -1)), "cannot be run on images"),
    "CVE-2022-23581, too large": (of_net(_reshaped((1 << 31) - 1, (1 << 31) - 1)), IMPORT),
    "CVE-2022-23583": (of_net(_another_type), IMPORT),
    "CVE-2022-23586, no result": (of_function(_no_result), IMPORT),
    "CVE-2022-23586, nothing returned": (of_function(_no_return), IMPORT),
    "CVE-2022-23587": (of_net(_cropped), "GiB of memory"),
    "CVE-2022-23588": (of_net(_reference), "'w' is a constant of type 101, which is none"),
    "CVE-2022-23589": (of_net(lambda g: node(g, "mean").input.pop()), "reads fewer than 2 tensors"),
    "CVE-2022-23590": (of_net(lambda g: node(g, "relu").attr["T"].Clear()), IMPORT),
    "CVE-2022-23591, a gradient": (of_function(_gradient), "functions of it call themselves"),
    "CVE-2022-23592": (of_net(_passed_on("conv:7")), IMPORT),
    "CVE-2022-36012, an input": (of_function(_empty_input), IMPORT),
    "CVE-2022-36014": (of_function(_without_types), "whose arguments or results are of other numbers"),
    "CVE-2022-36013": (of_net(lambda g: setattr(node(g, "relu"), "op", "")), "'relu' says no operation"),
    "CVE-2022-36013, in a function": (of_function(_no_node), "in the function 'f', 'inner' says no operation"),
    "CVE-2022-41902": (of_function(_two_arguments), "whose arguments or results are of other numbers"),
    "CVE-2022-41910": (of_function(_more_results), "whose arguments or results are of other numbers"),
}
# What some release crashes over and is no harm where it is read: the net is as without it.
HARMLESS = {
    "CVE-2022-36000, CVE-2022-36011": of_function(_no_key),
    "CVE-2022-36012, an end": of_function(_empty_end),
}
