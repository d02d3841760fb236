"""Where two models part: nowhere, or at the very layer where one of them was changed."""

import pathlib

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.graphs import give
from fixtures.keras_nets import NEW, load
from fixtures.tolerance import SHAPES_NET, SMALL_NET, rounding_of_net
from two_nets import CONVS, Net, images, keras_net, renamed

import slimcam
from slimcam.divergence import compare_layers

ROUNDING = rounding_of_net(SMALL_NET)  # of what is the same; parts that differ differ by 1e-4 or more
SHAPES = pathlib.Path(slimcam.__file__).parents[1] / "checkpoints" / "shapes"


@pytest.fixture
def parting(model_of):
    """Return `parting(changed, net=Net())`: what becomes of a net set beside another of its builds."""
    return lambda changed, net=None: compare_layers(
        model_of(net or Net()), model_of(changed, keep_dropout=True), images()
    )


def scopes(found):
    """Return the layers of the pairs, by the scopes of their operations."""
    return {(row.a.split("/")[0], row.b.split("/")[0]) for row in found.rows}


def place(found):
    return found.first.a.split("/")[0], found.first.b.split("/")[0]


LAYERS = (*CONVS, "pool", "block", "mean", "scores")
RENAMED = {("images", "images"), *((name, renamed(name)) for name in LAYERS)}
WAYS = {
    "names": Net(renamed),
    "branches backwards": Net(renamed, backwards=True),
    "unfused norms": Net(renamed, "unfused"),
    "folded norms": Net(renamed, "folded", backwards=True),
    "a training switch": Net(renamed, "switch"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_net_built_in_another_way_parts_nowhere(parting, way):
    found = parting(WAYS[way])
    assert found.first is None and found.cause is None and found.what == ""
    assert found.verdict().startswith("no layer parts: largest drift ")
    assert scopes(found) == RENAMED
    assert not any(row.parted for row in found.rows)
    assert max(row.drift for row in found.rows) < ROUNDING
    assert max(row.gradients or 0 for row in found.rows) < ROUNDING


@pytest.mark.parametrize("way", ["names", "branches backwards", "unfused norms", "a training switch"])
def test_a_norm_is_one_stage_however_it_is_made(parting, way):
    found = parting(WAYS[way])
    norms = [row for row in found.rows if row.kind.startswith("norm")]
    assert len(norms) == len(CONVS) and len(found.rows) == 3 * len(CONVS) + 5
    assert not found.only_a and not found.only_b


def test_a_folded_norm_leaves_only_the_convolution_before_it_alone(parting):
    found = parting(Net(renamed, "folded"))
    assert {(one.name, one.kind) for one in found.only_a} == {(f"{name}/Conv2D", "conv") for name in CONVS}
    assert not found.only_b
    assert sum(row.kind == "norm / conv" for row in found.rows) == len(CONVS)


@pytest.mark.parametrize("build", ["unfused", "fused"])
@pytest.mark.parametrize("layer", CONVS)
def test_a_changed_kernel_is_found_at_its_layer(parting, layer, build):
    found = parting(Net(renamed, build, backwards=True, change={layer: 0.05}))
    assert place(found) == (layer, renamed(layer))
    assert found.first.kind == "conv" and found.what == "activations"
    assert scopes(found) == RENAMED


@pytest.mark.parametrize("layer", ["stem", "two_a"])
def test_layers_still_match_where_a_kernel_is_another_altogether(parting, layer):
    found = parting(Net(renamed, change={layer: 5.0}))
    assert place(found) == (layer, renamed(layer))
    assert scopes(found) == RENAMED


def test_a_drift_too_small_at_its_source_is_led_back_to_it(parting):
    """The first norm drifts by less than the tolerance, some layers on it is more."""
    found = parting(Net(renamed, epsilon=1.05e-3))
    assert place(found) == ("stem", renamed("stem")) and found.first.kind == "norm"
    assert found.first.drift < found.tolerance < max(row.drift for row in found.rows)


def test_what_moves_from_one_stage_to_the_next_rejoins(parting):
    found = parting(Net(renamed, moved="second"))
    assert found.first is None
    assert [(row.a, row.parted) for row in found.rows if row.rejoins] == [("second/Conv2D", True)]


def test_a_missing_activation_is_the_first_that_parts(parting):
    found = parting(Net(renamed, activations={"two_a": ()}))
    assert (place(found), found.first.kind) == (("two_a", renamed("two_a")), "activation:relu / norm")
    assert [one.name for one in found.only_a] == ["two_a"] and not found.only_b
    found = parting(Net(renamed), Net(activations={"two_a": ()}))
    assert (place(found), found.first.kind) == (("two_a", renamed("two_a")), "norm / activation:relu")


def test_another_activation_is_found_at_itself(parting):
    found = parting(Net(renamed, activations={"one": (tf1.nn.elu,)}))
    assert (found.first.a, found.first.kind) == ("one", "activation:relu / activation:elu")


def test_dropout_at_work_is_the_first_that_parts(parting):
    found = parting(Net(renamed, dropout=True))
    assert found.first.kind == "mean / dropout" and found.first.b.split("/")[0] == renamed("dropout")
    assert [one.kind for one in found.only_b] == ["dropout"]


def test_a_batch_norm_left_in_training_is_found_at_itself(parting):
    found = parting(Net(renamed, "training"))
    assert place(found) == ("stem", renamed("stem")) and found.first.kind == "norm"


def test_a_relu_of_a_relu_parts_in_the_gradients_only(parting):
    found = parting(Net(renamed, activations={"second": (tf1.nn.relu, tf1.nn.relu)}))
    assert (place(found), found.what) == (("second", renamed("second")), "gradients")
    assert found.cause.cause == "doubled activation" and found.cause.after < ROUNDING < found.cause.before
    assert found.verdict().startswith("all activations agree; from the scores back, the gradients first part at ")


def test_where_no_gradient_flows_in_one_of_two_they_part_whole(parting):
    found = parting(Net(renamed, between=tf1.stop_gradient))
    assert (place(found), found.what) == (("block", renamed("block")), "gradients")
    assert found.first.gradients == 1
    assert all(row.gradients < ROUNDING for row in found.rows if row.a.split("/")[0] in ("last", "mean", "scores"))


@pytest.mark.parametrize("swap", [False, True])
def test_a_background_class_parts_the_scores_only(parting, swap):
    nets = Net(renamed, background=True), Net()
    found = parting(*nets[::-1]) if swap else parting(*nets)
    assert {found.first.a.split("/")[0], found.first.b.split("/")[0]} == {"scores", renamed("scores")}
    assert found.first.drift == np.inf and found.first.gradients is None
    assert max(row.gradients for row in found.rows if row is not found.first) < ROUNDING  # of the same class
    assert f"dense: shapes {'6 and 5' if swap else '5 and 6'}. " in found.verdict()
    assert found.to_json()["first"]["drift"] is None


@pytest.mark.parametrize("kind", ["graph", "h5", pytest.param("keras3", marks=NEW)])
def test_a_keras_net_of_the_same_weights_parts_nowhere(model_of, tmp_path, kind):
    with load(kind, keras_net, tmp_path) as theirs:
        found = compare_layers(model_of(Net()), theirs, images())
    assert found.first is None and len(found.rows) == 3 * len(CONVS) + 5
    assert not found.only_a and not found.only_b
    blocks = [{row.a.split("/")[0] for row in found.rows if row.b == name} for name in {row.b for row in found.rows}]
    assert all(len(block) == 1 for block in blocks)


@pytest.mark.slow
def test_the_shipped_checkpoint_and_the_shipped_frozen_graph_part_nowhere():
    with slimcam.load(str(SHAPES / "shapes.ckpt")) as a, slimcam.load(str(SHAPES / "shapes.pb")) as b:
        found = compare_layers(a, b, [str(SHAPES / "samples" / "bolt.png"), str(SHAPES / "samples" / "square.png")])
    assert found.first is None and len(found.rows) == 232
    assert not found.only_a and not found.only_b
    assert max(row.drift for row in found.rows) < rounding_of_net(SHAPES_NET)


@pytest.fixture
def inception():
    """Return slim's Inception v3 of seeded weights as a GraphDef of constants."""
    random = np.random.RandomState(0)
    with tf1.Graph().as_default() as graph, tf1.Session(graph=graph) as session:
        x = tf1.placeholder(tf1.float32, [None, 107, 107, 3], name="images")
        logits = slimcam.nets.build("inception_v3", x, 7)[0]
        values = {}
        for variable in tf1.global_variables():
            shape = variable.shape.as_list()
            spread = np.sqrt(2 / np.prod(shape[:-1])) if len(shape) > 1 else 0.3
            array = random.normal(0, spread, shape)
            values[variable] = np.abs(array) + 0.5 if "variance" in variable.op.name else array
        give(session, values)
        return tf1.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), [logits.op.name])


def numbered(graph_def, change=None):
    """Return a copy whose nodes have numbers for names, with one constant a thousandth larger; and the numbers."""
    copy = tf1.GraphDef()
    copy.CopyFrom(graph_def)
    numbers = {node.name: f"n{i}" for i, node in enumerate(copy.node)}
    for node in copy.node:
        if node.name == change:
            array = tf1.make_ndarray(node.attr["value"].tensor)
            node.attr["value"].tensor.CopyFrom(tf1.make_tensor_proto(array * np.float32(1.001)))
        node.name = numbers[node.name]
        node.input[:] = [
            numbers[name.lstrip("^")] if name[0] != "^" else "^" + numbers[name[1:]] for name in node.input
        ]
        if "_class" in node.attr:
            del node.attr["_class"]
    return copy, numbers


@pytest.mark.slow
def test_one_of_inceptions_94_convolutions_is_found_in_a_copy_without_names(inception, tmp_path):
    place = "Mixed_5c/Branch_2/Conv2d_0b_3x3"
    copy, numbers = numbered(inception, f"InceptionV3/{place}/weights")
    (tmp_path / "a.pb").write_bytes(inception.SerializeToString())
    (tmp_path / "b.pb").write_bytes(copy.SerializeToString())
    x = np.random.RandomState(1).uniform(-1, 1, (2, 107, 107, 3)).astype(np.float32)
    with slimcam.load(str(tmp_path / "a.pb")) as a, slimcam.load(str(tmp_path / "b.pb")) as b:
        found = compare_layers(a, b, x)
        pairs = [(a.tensor(row.a), b.tensor(row.b)) for row in found.rows]
    assert len(pairs) == 313 and not found.only_a and not found.only_b
    assert all(numbers[one.op.name] == other.op.name for one, other in pairs)
    assert found.first.a == f"InceptionV3/InceptionV3/{place}/Conv2D"


def test_a_net_of_swish(model_of):
    """TensorFlow 2.21 makes one operation of a convolution, its bias and swish, and cannot fetch what is in between."""

    def weight(*shape):
        return tf1.constant(np.random.RandomState(0).normal(size=shape).astype(np.float32))

    def net(scale=1.0):
        x = tf1.placeholder(tf1.float32, [None, 8, 8, 3], name="images")
        for name, channels, factor in (("one", 3, 1.0), ("two", 4, scale)):
            x = tf1.nn.conv2d(x, factor * weight(3, 3, channels, 4), 1, "SAME", name=name)
            x = tf1.nn.bias_add(x, weight(4), name=f"{name}_biased")
            x = tf1.multiply(x, tf1.sigmoid(x), name=f"{name}_swish")
        tf1.matmul(tf1.reduce_mean(x, [1, 2]), weight(4, 3), name="logits")

    images = np.random.RandomState(1).uniform(-1, 1, (2, 8, 8, 3)).astype(np.float32)
    assert compare_layers(model_of(net), model_of(net), images).first is None
    assert compare_layers(model_of(net), model_of(lambda: net(1.1)), images).first.a == "two_biased"
