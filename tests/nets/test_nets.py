"""Every net of the registry against what TF-Slim's own made on TensorFlow 1.15.5, and nets of the caller's."""

import dataclasses
import functools
import json
import subprocess
import sys
import textwrap
from typing import NamedTuple

import pytest
from fixtures.graphs import give
from fixtures.tolerance import MOBILENET_V1, assert_net

from slimcam import nets
from slimcam._tf import tf1
from slimcam.nets import variable_table
from slimcam.sources.vetting.graphs import vet_graph


@pytest.fixture(scope="module")
def oracle(shared):
    """Return, by net, the names and shapes of variables and end points on TensorFlow 1.15.5."""
    return json.loads((shared / "oracle" / "slim_nets.json").read_text())


def images(size, batch=None):
    return tf1.placeholder(tf1.float32, (batch, size, size, 3))


def shape(tensor):
    return tensor.shape.as_list()


# Some of each family are built in the fast part; large nets, and widths that differ by their shapes only, in the slow.
SLOW = {name for name in nets.NETS if name.startswith(("mobilenet_v2", "mobilenet_v3", "nasnet", "pnasnet"))} - {
    *("mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small", "nasnet_mobile")
}
EVERY = [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in sorted(nets.NETS)]


class Built(NamedTuple):
    """What building a row of the registry makes."""

    variables: list  # name and shape, in order of making
    end_points: dict  # name and shape of each tensor
    logits: str
    explained: list  # shape
    explained_type: str
    trained: list  # of each batch norm, whether it is built for training
    random: list  # names of operations that draw numbers, not to begin a variable with
    refused: list  # what vetting finds


def built(name):
    net = nets.NETS[name]
    with tf1.Graph().as_default() as graph:
        logits, end_points = nets.build(name, images(net.size))
        explained = end_points[net.layer] if net.layer in end_points else graph.get_tensor_by_name(net.layer)
        norms = [op for op in graph.get_operations() if op.type.startswith("FusedBatchNorm")]
        return Built(
            [[variable.op.name, shape(variable)] for variable in tf1.global_variables()],
            {end: [tensor.name, shape(tensor)] for end, tensor in end_points.items()},
            logits.name,
            shape(explained),
            explained.op.type,
            [op.get_attr("is_training") for op in norms],
            [op.name for op in graph.get_operations() if "Random" in op.type and "/Initializer/" not in op.name],
            vet_graph(graph.as_graph_def()).refused,
        )


def assert_row(name, made):
    """Assert that the registry and the table of variables have what was built of a net."""
    net, variables = nets.NETS[name], {variable: tuple(size) for variable, size in made.variables}
    assert variable_table.shapes(name, net.classes) == variables  # else write it anew: variable_table.write()
    assert made.logits == net.logits
    assert variables[net.head] == (net.classes,)
    assert all(variable.startswith(net.scope) for variable in variables)
    assert len(made.explained) == 4 and made.explained[1] > 1
    assert made.explained_type in ("Relu", "Relu6", "ConcatV2", "Mul")  # hard swish is a product
    normalised = any(variable.endswith("moving_mean") for variable in variables)
    assert normalised == bool(made.trained) and not any(made.trained)  # for inference
    assert made.random == []  # neither dropout nor dropped paths
    assert list(made.refused) == []
    assert "nasnet" not in name or "AuxLogits" not in made.end_points


BEYOND_THE_ORACLE = ("mobilenet_v2", "mobilenet_v3", "pnasnet")  # of which no TF-Slim ran on TensorFlow 1.15.5


# One test for both, for a net takes seconds to build. What the row says is asserted first, with an oracle or without.
@pytest.mark.parametrize("name", EVERY)
def test_net_is_what_its_row_says_with_the_variables_and_end_points_of_tf_slim(name, request):
    net, made = nets.NETS[name], built(name)
    assert_row(name, made)
    if not name.startswith(BEYOND_THE_ORACLE):
        expected = request.getfixturevalue("oracle")[name]
        assert made.variables == expected["variables"]
        assert made.end_points == expected["end_points"]
        assert made.logits == expected["logits"]
        assert (net.size, net.classes) == (expected["default_image_size"], expected["num_classes"])


def test_resnet_v2_is_explained_after_its_last_norm_and_relu():
    with tf1.Graph().as_default() as graph:
        _, end_points = nets.build("resnet_v2_50", images(224))
        relu = graph.get_tensor_by_name(nets.NETS["resnet_v2_50"].layer)
    assert relu.op.type == "Relu"
    assert relu.op.inputs[0].op.type.startswith("FusedBatchNorm")
    assert relu.op.inputs[0].op.inputs[0] is end_points["resnet_v2_50/block4"]
    assert end_points["global_pool"].op.inputs[0] is relu


def test_mobilenet_computes_what_the_released_graph_does(shared, golden):
    frozen = tf1.GraphDef.FromString((shared / "real" / "mobilenet_v1_0.25_224_frozen.pb").read_bytes())
    weights = {node.name: node.attr["value"].tensor for node in frozen.node if node.op == "Const"}
    with tf1.Graph().as_default(), tf1.Session() as session:
        photos = images(224)
        logits, _ = nets.build("mobilenet_v1_025", photos)
        give(session, {one: tf1.make_ndarray(weights[one.op.name]) for one in tf1.global_variables()})
        found = session.run(logits, {photos: golden["cat/input"]})
    assert_net(found, golden["cat/logits"], MOBILENET_V1)


def test_classes_and_arguments_are_the_callers():
    with tf1.Graph().as_default():
        logits, end_points = nets.build("inception_v4", images(299), num_classes=7, create_aux_logits=False)
    assert shape(logits) == [None, 7]
    assert "AuxLogits" not in end_points


@pytest.mark.parametrize("name", ["inception_v1", "mobilenet_v1", "resnet_v1_50"])
def test_no_classes_gives_the_pooled_features(name):
    with tf1.Graph().as_default():
        features, _ = nets.build(name, images(nets.NETS[name].size), num_classes=0)
    assert shape(features)[1:3] == [1, 1]


@pytest.mark.parametrize("name, more", [("inception_v4", {}), ("inception_resnet_v2", {"create_aux_logits": False})])
def test_size_may_be_unknown_without_the_auxiliary_head_which_needs_classes(name, more):
    with tf1.Graph().as_default():
        features, end_points = nets.build(name, images(None), num_classes=0, **more)
    assert shape(features) == shape(end_points["global_pool"]) == [None, 1, 1, 1536]
    assert "AuxLogits" not in end_points


def test_nets_share_their_variables_when_reused():
    with tf1.Graph().as_default():
        for reuse in (None, True):
            logits, _ = nets.build("resnet_v1_50", images(224), num_classes=2, reuse=reuse)
        assert len(tf1.global_variables()) == 267
    assert logits.name == "resnet_v1_50_1/SpatialSqueeze:0"


def test_mobilenet_refuses_a_width_of_nothing():
    with tf1.Graph().as_default(), pytest.raises(ValueError, match="depth_multiplier is 0; it must be greater than 0"):
        nets.build("mobilenet_v1", images(224), depth_multiplier=0)


def test_pictures_refuse_a_word_that_is_no_layer():
    from slimcam.nets import block_diagrams

    with pytest.raises(ValueError, match="no layer reads 'Conv2d_0a'"):
        block_diagrams.layer(None, "Conv2d_0a")


# Which nets a checkpoint fits


@pytest.fixture
def no_building(monkeypatch):
    """Let no net be built."""
    monkeypatch.setattr(nets, "build", lambda net, *args, **kwargs: pytest.fail(f"built {net}"))


def test_variables_are_found_again_among_others_with_any_number_of_classes():
    found = nets.variables("mobilenet_v1_050", num_classes=5)
    assert found["MobilenetV1/Logits/Conv2d_1c_1x1/biases"] == (5,)
    assert nets.nets_fitting({**found, "global_step": ()}) == ["mobilenet_v1_050"]
    assert nets.nets_fitting({name: list(size) for name, size in found.items()}) == ["mobilenet_v1_050"]


def test_no_net_fits_where_a_variable_is_missing_or_of_another_shape():
    found = nets.variables("vgg_a")
    assert nets.nets_fitting(found) == ["vgg_a"]
    assert nets.nets_fitting({**found, "vgg_a/conv1/conv1_1/weights": (3, 3, 1, 64)}) == []
    del found["vgg_a/conv1/conv1_1/weights"]
    assert nets.nets_fitting(found) == []
    assert nets.nets_fitting({}) == []


def test_every_net_is_known_by_its_variables_and_no_other_without_building_one(no_building):
    for name in nets.NETS:
        assert nets.nets_fitting(variable_table.shapes(name, 7)) == [name]


def test_a_net_is_known_by_the_averages_of_its_variables(no_building):
    found = variable_table.shapes("nasnet_mobile", 1001)
    trained = {**found, "aux_7/aux_logits/FC/biases": (1001,), "conv0/weights/RMSProp": (3, 3, 3, 32)}
    averages = {f"{name}/ExponentialMovingAverage": size for name, size in found.items()}
    assert nets.nets_fitting(averages) == nets.nets_fitting({**trained, **averages}) == ["nasnet_mobile"]


def test_a_row_that_a_program_adds_is_known_by_building_it(monkeypatch):
    row = nets.NETS["vgg_a"]
    monkeypatch.setitem(nets.NETS, "mine", dataclasses.replace(row, name="mine"))
    assert nets.nets_fitting(variable_table.shapes("vgg_a", 3)) == ["vgg_a", "mine"]


def test_the_table_of_variables_is_written_anew(monkeypatch, tmp_path):
    monkeypatch.setattr(variable_table, "PATH", str(tmp_path / "table"))
    monkeypatch.setattr(nets, "NETS", {"vgg_a": nets.NETS["vgg_a"]})
    monkeypatch.setattr(variable_table, "_trees", functools.lru_cache()(variable_table._trees.__wrapped__))
    variable_table.write()
    shapes = variable_table.shapes("vgg_a", 3)
    assert shapes == nets.variables("vgg_a", 3)
    assert list(shapes) == list(nets.variables("vgg_a", 3))
    assert variable_table.shapes("vgg_16", 3) is None


def test_what_is_pooled_is_an_end_point_of_a_net_that_trains_too():
    with tf1.Graph().as_default():
        _, end_points = nets.build("inception_v2", images(224), is_training=True)  # dropout comes between
    assert end_points["AvgPool_1a"].op.type == "AvgPool"


# What building leaves alone


def test_registry_is_read_without_tensorflow():
    code = """
        import sys
        from slimcam import nets
        assert nets.NETS["inception_v3"].layer == "Mixed_7c"
        assert "tensorflow" not in sys.modules and "tf_slim" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)


@pytest.mark.parametrize("name", ["inception_v3", "inception_v4", "inception_resnet_v2"])
def test_a_net_is_known_without_its_auxiliary_head_which_only_training_needs(no_building, name):
    found = variable_table.shapes(name, 7)
    exported = {key: shape for key, shape in found.items() if "/AuxLogits/" not in key}
    assert len(exported) == len(found) - 10
    assert nets.nets_fitting(exported) == [name]
    kernel = next(key for key in found if "/AuxLogits/" in key and len(found[key]) == 4)
    assert nets.nets_fitting({**exported, kernel: (1, 1, 1, 1)}) == []
