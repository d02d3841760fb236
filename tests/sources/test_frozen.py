"""Frozen graphs: what load() makes of `.pb` and `.pbtxt`, of every kind of input, and of files that are neither."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.tolerance import assert_net
from frozen_nets import SIDE, by_hand, constant, dense, explain, maps, net, placeholder

import slimcam
from slimcam import ModelError, TargetError, UnknownName, nets
from slimcam.sources import weights


@pytest.fixture
def images():
    return np.random.RandomState(2).normal(size=(3, SIDE, SIDE, 3)).astype(np.float32)


# Files


def test_text_and_binary_hold_the_same_model(frozen, images, tmp_path):
    path = frozen(lambda: net(placeholder(None, SIDE, SIDE, 3)))
    with open(path, "rb") as file:
        tf1.train.write_graph(tf1.GraphDef.FromString(file.read()), str(tmp_path), "model.pbtxt", as_text=True)
    with slimcam.load(path) as binary, slimcam.load(tmp_path / "model.pbtxt") as text:
        np.testing.assert_array_equal(explain(text, images), explain(binary, images))


def test_end_points_of_a_registered_net_are_found_by_scope_and_no_net_is_built_to_know_it(shared, monkeypatch):
    monkeypatch.setattr(nets, "build", lambda net, *args, **kwargs: pytest.fail(f"built {net}"))  # takes seconds
    with slimcam.load(shared / "real" / "mobilenet_v1_0.25_224_frozen.pb") as model:
        assert model.tensor("Conv2d_13_pointwise").name.endswith("Conv2d_13_pointwise/Relu6:0")
        assert "photos are assumed to be prepared as slim evaluates mobilenet_v1_025 ('inception')" in model.notes[0]


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(ModelError, match=r"nowhere\.pb: No such file"):
        slimcam.load(tmp_path / "nowhere.pb")


def test_an_empty_file_is_said(tmp_path):
    (tmp_path / "empty.pb").write_bytes(b"")
    with pytest.raises(ModelError, match="the file is empty"):
        slimcam.load(tmp_path / "empty.pb")


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.99])
def test_a_truncated_file_is_said(frozen, tmp_path, share):
    with open(frozen(lambda: net(placeholder(None, SIDE, SIDE, 3))), "rb") as file:
        whole = file.read()
    (tmp_path / "cut.pb").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ModelError, match=r"cut\.pb: not a GraphDef, or a damaged or truncated one"):
        slimcam.load(tmp_path / "cut.pb")


def test_text_in_a_pb_is_said_with_the_name_that_it_should_have(tmp_path):
    (tmp_path / "text.pb").write_text('node { name: "input" op: "Placeholder" }')
    with pytest.raises(ModelError, match=r"a text file, not a binary GraphDef; .* ends in \.pbtxt"):
        slimcam.load(tmp_path / "text.pb")


def test_binary_in_a_pbtxt_is_said(frozen):
    path = frozen(lambda: net(placeholder(None, SIDE, SIDE, 3)), name="binary.pbtxt")
    with pytest.raises(ModelError, match="not a GraphDef, or a damaged or truncated one"):
        slimcam.load(path)


def test_a_graph_with_variables_is_not_frozen(frozen):
    def build():
        scale = tf1.get_variable("scale", [], use_resource=True)
        net(placeholder(None, SIDE, SIDE, 3) * scale)

    with pytest.raises(ModelError, match=r"not frozen: 1 variables such as 'scale' .* load its checkpoint with net="):
        slimcam.load(frozen(build))


@pytest.mark.parametrize("use_resource", [True, False])
def test_variables_that_the_logits_do_not_need_are_no_matter(model_of, images, use_resource):
    def build():
        tf1.get_variable("global_step", [], tf1.int64, use_resource=use_resource)
        net(placeholder(None, SIDE, SIDE, 3))

    assert explain(model_of(build, logits="logits"), images).any()


def test_a_folder_without_a_model_says_what_can_be_loaded(tmp_path):
    with pytest.raises(ModelError, match=r"a folder without a model; it loads .*a frozen graph \(\.pb, \.pbtxt\)"):
        slimcam.load(tmp_path)


def test_another_file_says_what_can_be_loaded(tmp_path):
    (tmp_path / "model.bin").write_bytes(b"\0" * 99)
    with pytest.raises(ModelError, match="not a model that slimcam can load; it loads"):
        slimcam.load(tmp_path / "model.bin")


def test_an_operation_that_tensorflow_does_not_know_is_said(frozen):
    path = frozen(lambda: net(placeholder(None, SIDE, SIDE, 3)))
    with open(path, "ab") as file:
        odd = tf1.GraphDef()
        odd.node.add(name="odd", op="NoSuchOp", input=["logits"])
        file.write(odd.SerializeToString())
    with pytest.raises(ModelError, match=r"TensorFlow [\d.]+ cannot import this graph: .*NoSuchOp"):
        slimcam.load(path)


# Batches


def test_a_fixed_batch_of_one_takes_any_number_of_images(frozen, images):
    path = frozen(lambda: net(placeholder(1, SIDE, SIDE, 3)))
    with slimcam.load(path) as model:
        together = explain(model, images)
        assert not model.single_image
        assert any("any batch size: made for 1" in why for why in model.why)
    for one, image in zip(together, images):
        assert_net(one, by_hand(path, "input:0", image[None])[0])


def reshaped(images):
    """Make a batch of two impossible, as a Reshape with the batch size written into it does."""
    flat = tf1.reshape(maps(images), [1, SIDE * SIDE * 4])
    tf1.matmul(flat, constant(SIDE * SIDE * 4, 5), name="logits")


def mixed(images):
    """Let the images of a batch change one another, as a batch norm in training does."""
    norm = maps(images)
    dense(tf1.reduce_mean(norm * norm, [1, 2]) - tf1.reduce_mean(norm, [0, 1, 2]))


@pytest.mark.parametrize("build", [reshaped, mixed])
def test_a_graph_that_takes_one_image_only_explains_a_batch_one_by_one(frozen, images, build):
    path = frozen(lambda: build(placeholder(1, SIDE, SIDE, 3)))
    with slimcam.load(path) as model:
        together = explain(model, images)
        assert any(why.startswith("one image at a time") for why in model.why)
    for one, image in zip(together, images):
        assert_net(one, by_hand(path, "input:0", image[None])[0])


def test_a_graph_for_two_images_at_once_is_refused(frozen):
    path = frozen(lambda: mixed(placeholder(2, SIDE, SIDE, 3)))
    with pytest.raises(ModelError, match="made for 2 images at once"):
        slimcam.load(path)


# Logits


def test_logits_are_what_the_softmax_reads(model_of):
    model = model_of(lambda: net(placeholder(None, SIDE, SIDE, 3)))
    assert model.logits.name == "logits:0"
    assert "logits 'logits:0': what Softmax (Softmax) reads" in model.why


def test_logits_are_what_the_sigmoid_reads(model_of):
    def build():
        tf1.sigmoid(dense(tf1.reduce_mean(maps(placeholder(None, SIDE, SIDE, 3)), [1, 2])), name="each")

    assert "logits 'logits:0': what each (Sigmoid) reads" in model_of(build).why


def test_logits_are_the_only_end(model_of):
    def build():
        dense(tf1.reduce_mean(maps(placeholder(None, SIDE, SIDE, 3)), [1, 2]))

    assert "logits 'logits:0': the only (N, classes) that nothing reads" in model_of(build).why


def test_a_softmax_within_the_net_is_no_end_of_it(model_of):
    def build():
        features = tf1.reduce_mean(maps(placeholder(None, SIDE, SIDE, 3)), [1, 2])
        tf1.nn.softmax(dense(features * tf1.nn.softmax(features, name="attention")), name="end")

    assert model_of(build).logits.name == "logits:0"


def two_ends(end):
    features = tf1.reduce_mean(maps(placeholder(None, SIDE, SIDE, 3)), [1, 2])
    end(dense(features, "age"))
    end(dense(features, "kind"))


@pytest.mark.parametrize("end", [tf1.nn.softmax, tf1.identity])
def test_logits_that_could_be_two_are_listed(frozen, end):
    path = frozen(lambda: two_ends(end))
    with slimcam.load(path) as model:
        assert model.logits is None
        choice = r"the logits could be '(age|Identity):0', '(kind|Identity_1):0': say logits="
        with pytest.raises(TargetError, match=choice):
            slimcam.GradCAM(model)


def test_named_logits_are_taken(model_of):
    model = model_of(lambda: two_ends(tf1.nn.softmax), logits="kind")
    assert (model.logits.name, model.classes) == ("kind:0", 5)
    assert "logits 'kind:0': as asked" in model.why


def test_unknown_logits_name_the_nearest(frozen):
    path = frozen(lambda: net(placeholder(None, SIDE, SIDE, 3)))
    with pytest.raises(UnknownName, match="logits='logit': no such tensor; near: 'logits'"):
        slimcam.load(path, logits="logit")


def test_a_graph_that_ends_in_no_scores_asks_for_them_where_a_class_is_explained(frozen):
    with slimcam.load(frozen(lambda: maps(placeholder(None, SIDE, SIDE, 3)))) as model:
        assert [end.name for end in model.outputs] == [layer.tensor.name for layer in model.layers()[:1]]
        with pytest.raises(TargetError, match=r"nothing of shape \(N, classes\) comes after 'input:0': say logits="):
            slimcam.GradCAM(model, target=0)


# Weights and names


def test_large_constants_become_variables_and_change_nothing(frozen, images, monkeypatch):
    path = frozen(lambda: net(placeholder(None, SIDE, SIDE, 3)))
    with slimcam.load(path) as model:
        constants = explain(model, images)
    monkeypatch.setattr(weights, "LARGE", 64)
    with slimcam.load(path) as model:
        assert sum(op.type == "VarHandleOp" for op in model.graph.get_operations()) == 2
        assert_net(explain(model, images), constants)


def branches(ends):
    """Make a block "Net/Mixed_7c" of two branches that are joined in it, or leave it both."""
    images = placeholder(None, SIDE, SIDE, 3)
    with tf1.name_scope("Net/Mixed_7c"):
        both = [maps(images, "left"), maps(images, "right")]
        both = [tf1.add_n(both, "joined")] if ends == 1 else both
    features = [tf1.reduce_mean(one, [1, 2]) for one in both]
    tf1.nn.softmax(dense(tf1.add_n(features)))


@pytest.mark.parametrize("name", ["Mixed_7c", "Net/Mixed_7c", "Net/Mixed_7c/joined", "Net/Mixed_7c/joined:0"])
def test_a_scope_stands_for_the_one_tensor_that_leaves_it(model_of, name):
    assert model_of(lambda: branches(1)).tensor(name).name == "Net/Mixed_7c/joined:0"


def test_a_scope_that_two_tensors_leave_lists_them(model_of):
    with pytest.raises(UnknownName, match="'Mixed_7c' could mean 'Net/Mixed_7c/left:0', 'Net/Mixed_7c/right:0'"):
        model_of(lambda: branches(2)).tensor("Mixed_7c")


def test_an_unknown_layer_names_the_nearest(model_of):
    with pytest.raises(UnknownName, match=r"no tensor 'Mixd_7c'; near: .*Mixed_7c"):
        model_of(lambda: branches(1)).tensor("Mixd_7c")


# Nodes that TensorFlow would refuse, which slimcam looks at before


@pytest.mark.parametrize(
    "op, count", [("Conv2D", 2), ("Mul", 2), ("FusedBatchNormV3", 5), ("DecodeJpeg", 1), ("Reshape", 2), ("Relu", 1)]
)
@pytest.mark.parametrize("reads", [[], ["^x"]])
def test_a_node_that_reads_too_few_tensors_is_said(tmp_path, op, count, reads):
    graph_def = tf1.GraphDef()
    graph_def.node.add(name="x", op="Placeholder").attr["dtype"].type = 1
    graph_def.node.add(name="node", op=op, input=reads)
    (tmp_path / "model.pb").write_bytes(graph_def.SerializeToString())
    with pytest.raises(ModelError, match=f"'node', a {op}, reads fewer than {count} tensors: it is damaged"):
        slimcam.load(tmp_path / "model.pb", logits="node")


@pytest.mark.parametrize("op, count", [("Mul", 2), ("Relu", 1), ("Placeholder", 0)])
def test_a_node_that_reads_too_many_tensors_is_said(tmp_path, op, count):
    graph_def = tf1.GraphDef()
    graph_def.node.add(name="x", op="Placeholder").attr["dtype"].type = 1
    graph_def.node.add(name="node", op=op, input=["x"] * (count + 1) + ["^x"])
    (tmp_path / "model.pb").write_bytes(graph_def.SerializeToString())
    with pytest.raises(ModelError, match=f"'node', a {op}, reads more than {count} tensors: it is damaged"):
        slimcam.load(tmp_path / "model.pb", logits="node")


def test_a_node_of_a_function_that_reads_too_few_tensors_is_said(tmp_path):
    graph_def = tf1.GraphDef()
    graph_def.node.add(name="x", op="Placeholder").attr["dtype"].type = 1
    function = graph_def.library.function.add()
    function.signature.name = "f"
    function.node_def.add(name="node", op="SelectV2", input=["a", "^b", "c"])
    (tmp_path / "model.pb").write_bytes(graph_def.SerializeToString())
    with pytest.raises(ModelError, match=r"'node', a Select(V2)?, reads fewer than 3 tensors: it is damaged"):
        slimcam.load(tmp_path / "model.pb", logits="x")


@pytest.mark.parametrize("number", [None, 9999])
def test_a_placeholder_without_a_type_is_said(tmp_path, number):
    graph_def = tf1.GraphDef()
    node = graph_def.node.add(name="x", op="Placeholder")
    if number is not None:
        node.attr["dtype"].type = number
    graph_def.node.add(name="y", op="Identity", input=["x"])
    (tmp_path / "model.pb").write_bytes(graph_def.SerializeToString())
    with pytest.raises(ModelError, match=r"'x'.*type"):
        slimcam.load(tmp_path / "model.pb", logits="y")
