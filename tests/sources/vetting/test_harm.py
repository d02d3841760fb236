"""Frozen graphs that do more than compute: nothing of theirs runs, whatever they hold, unless that is allowed."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from graph_files import after, calling, function, net, node, write

import slimcam
from slimcam.errors import UntrustedModel
from slimcam.sources.options import LoadOptions
from slimcam.sources.vetting import Finding
from slimcam.sources.vetting.graphs import judge_graph, vet_graph

IMAGES = np.ones((1, 4, 4, 1), np.float32)


def files(folder):
    return sorted(one.name for one in folder.iterdir())


def writes(path):
    return tf1.raw_ops.WriteFile(filename=str(path), contents="written")


def prints(path):
    return tf1.raw_ops.PrintV2(input="written", output_stream=f"file://{path}")


def saves(path):
    return tf1.raw_ops.SaveV2(prefix=str(path), tensor_names=["a"], shape_and_slices=[""], tensors=[tf1.constant(1.0)])


def debugs(path):
    arguments = {"input": tf1.constant(1.0), "tfdbg_context_id": "", "op_name": "", "output_slot": 0}
    return tf1.raw_ops.DebugIdentityV2(debug_urls=[f"file://{path}"], **arguments) if DEBUGS else writes(path)


def summarises(path):
    writer = tf1.raw_ops.SummaryWriter()
    made = tf1.raw_ops.CreateSummaryFileWriter(
        writer=writer, logdir=str(path), max_queue=1, flush_millis=1, filename_suffix=""
    )
    return made


def merges(path):
    return tf1.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=[str(path)], destination_prefix=f"{path}2")


DEBUGS = hasattr(tf1.raw_ops, "DebugIdentityV2")
WRITERS = {one.__name__: one for one in (writes, prints, saves, debugs, summarises, merges)}


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("batch", [None, 1])  # with a batch of 1 load() itself runs the graph
def test_what_writes_files_is_refused_at_load_and_nothing_is_written(tmp_path, kind, batch):
    graph_def = net(lambda x, mean, logits: after(logits, WRITERS[kind](tmp_path / "out")), batch)
    path = write(graph_def, tmp_path / "model.pb")
    with pytest.raises(UntrustedModel, match="which writes files"):
        slimcam.load(path)
    assert files(tmp_path) == ["model.pb"]


def test_the_error_is_one_line_that_names_the_node_the_reason_and_both_ways_to_allow_it(tmp_path):
    graph_def = net(lambda x, mean, logits: after(logits, writes(tmp_path / "out")))
    path = write(graph_def, tmp_path / "model.pb")
    with pytest.raises(UntrustedModel) as raised:
        slimcam.load(path)
    assert str(raised.value) == (
        f"{path}: more than computing with tensors: 'WriteFile' is WriteFile, which writes files: "
        "say allow=['WriteFile'] if that is meant, or trusted=True if you trust who made it"
    )
    assert raised.value.findings == [Finding("WriteFile", "WriteFile", "writes files", "WriteFile")]


@pytest.mark.parametrize("options", [{"allow": ["WriteFile"]}, {"trusted": True}])
def test_what_is_allowed_runs_and_is_said(tmp_path, options):
    graph_def = net(lambda x, mean, logits: after(logits, writes(tmp_path / "out")))
    with slimcam.load(write(graph_def, tmp_path / "model.pb"), preprocess="none", **options) as model:
        assert "'WriteFile' is WriteFile, which writes files" in model.why
        slimcam.GradCAM(model, layer="relu")(IMAGES)
    assert (tmp_path / "out").read_text() == "written"


def test_allowing_one_operation_allows_no_other(tmp_path):
    graph_def = net(lambda x, mean, logits: after(logits, writes(tmp_path / "out"), prints(tmp_path / "out2")))
    with pytest.raises(UntrustedModel, match="'PrintV2' is PrintV2, which writes files: say allow") as one:
        slimcam.load(write(graph_def, tmp_path / "model.pb"), allow=["WriteFile"])
    assert "WriteFile" not in str(one.value)


def test_what_no_score_needs_never_runs_and_is_no_reason_to_refuse_the_file(tmp_path):
    def end(x, mean, logits):
        writes(tmp_path / "out")
        return logits

    with slimcam.load(write(net(end, batch=1), tmp_path / "model.pb"), preprocess="none") as model:
        assert "never run: 'WriteFile' is WriteFile, which writes files" in model.why
        slimcam.GradCAM(model, layer="relu")(IMAGES)
        with pytest.raises(tf1.errors.InvalidArgumentError, match="slimcam_refused"):
            model.session.run("WriteFile:0")
    assert files(tmp_path) == ["model.pb"]


def test_who_asks_later_for_what_is_refused_is_told_what_and_how_to_allow_it(tmp_path):
    (tmp_path / "secret").write_bytes(np.array([2, 3, 4], np.float32).tobytes())

    def end(x, mean, logits):
        read = tf1.raw_ops.ReadFile(filename=str(tmp_path / "secret"))
        more = tf1.multiply(mean, tf1.reshape(tf1.decode_raw(read, tf1.float32), [3]), name="more")
        tf1.identity(more, name="more_scores")
        return logits

    path = write(net(end), tmp_path / "model.pb")
    refused = (
        f"{path}: more than computing with tensors: 'ReadFile' is ReadFile, which reads files: "
        "say allow=['ReadFile'] if that is meant, or trusted=True if you trust who made it"
    )
    with slimcam.load(path, logits="logits", preprocess="none") as model:
        assert slimcam.GradCAM(model, layer="relu")(IMAGES).scores[0] == 1
        for ask in (
            lambda: model.features("more", IMAGES),
            lambda: slimcam.GradCAM(model, layer="relu", target=slimcam.targets.Channel("more", 1)),
        ):
            with pytest.raises(UntrustedModel) as caught:
                ask()
            assert str(caught.value) == refused
            assert caught.value.findings == [Finding("ReadFile", "ReadFile", "reads files", "ReadFile")]
    with slimcam.load(path, logits="logits", preprocess="none", allow=["ReadFile"]) as model:
        np.testing.assert_array_equal(model.features("more", IMAGES), [[2, 3, 4]])
    for options in ({"logits": "more_scores"}, {"logits": "more"}):
        with pytest.raises(UntrustedModel, match="'ReadFile' is ReadFile, which reads files: say allow"):
            slimcam.load(path, preprocess="none", **options)


def test_the_hosts_functions_are_not_called_and_what_comes_before_them_can_be_explained(tmp_path):
    called = []

    def end(x, mean, logits):
        scores = tf1.py_func(lambda scores: called.append(1) or scores, [logits], tf1.float32)
        return tf1.reshape(scores, [-1, 3])

    path = write(net(end), tmp_path / "model.pb")  # its token is that of this process
    with pytest.raises(UntrustedModel, match="calls functions of the program that loads it: say logits= of what comes"):
        slimcam.load(path)
    with slimcam.load(path, logits="logits", preprocess="none") as model:
        assert slimcam.GradCAM(model, layer="relu")(IMAGES).scores[0] == 1
    assert called == []


def test_a_constant_that_is_read_from_a_file_as_the_graph_is_imported_is_refused(tmp_path):
    # a shape is computed while the graph is imported, where TensorFlow finds it constant
    (tmp_path / "secret").write_bytes(np.array([-1, 3], np.int32).tobytes())

    def end(x, mean, logits):
        read = tf1.raw_ops.ReadFile(filename=str(tmp_path / "secret"))
        return tf1.reshape(logits, tf1.decode_raw(read, tf1.int32)) * 1.0

    with pytest.raises(UntrustedModel, match="'ReadFile' is ReadFile, which reads files"):
        slimcam.load(write(net(end), tmp_path / "model.pb"))


def test_functions_are_looked_into_and_the_call_is_refused_with_the_node_within(tmp_path):
    def library(graph_def):
        inner = function(graph_def, "inner")
        one = inner.node_def.add(name="quiet", op="WriteFile")
        one.input.extend(["name:output:0", "name:output:0"])
        name = inner.node_def.add(name="name", op="Const")
        name.attr["dtype"].type = 7
        name.attr["value"].tensor.CopyFrom(tf1.make_tensor_proto(str(tmp_path / "out")))
        inner.node_def[0].input.append("^quiet")
        function(graph_def, "outer", "inner")

    path = write(calling("outer", library), tmp_path / "model.pb")
    with pytest.raises(UntrustedModel, match="'inner/quiet' is WriteFile, which writes files"):
        slimcam.load(path)
    assert files(tmp_path) == ["model.pb"]


def test_a_function_that_the_file_does_not_hold_is_the_programs_and_refused(tmp_path):
    with pytest.raises(UntrustedModel, match="calls the function 'nothing', which the file does not hold"):
        slimcam.load(write(calling("nothing", lambda graph_def: None), tmp_path / "model.pb"))


def test_what_only_asserts_or_prints_to_a_terminal_runs_and_is_said(tmp_path):
    def end(x, mean, logits):
        printed = tf1.raw_ops.PrintV2(input="seen", output_stream="stderr")
        return after(logits, tf1.Assert(tf1.reduce_all(logits > -1), [logits]), printed)

    with slimcam.load(write(net(end), tmp_path / "model.pb"), preprocess="none") as model:
        slimcam.GradCAM(model, layer="relu")(IMAGES)
        assert "'PrintV2' is PrintV2, which prints to the terminal" in model.why
        assert any("Assert, which may end a run with an error" in line for line in model.why)


def test_a_text_graph_is_judged_as_a_binary_one(tmp_path):
    graph_def = net(lambda x, mean, logits: after(logits, writes(tmp_path / "out")))
    tf1.train.write_graph(graph_def, str(tmp_path), "model.pbtxt", as_text=True)
    with pytest.raises(UntrustedModel, match="'WriteFile' is WriteFile, which writes files"):
        slimcam.load(tmp_path / "model.pbtxt")


def test_a_constant_that_names_a_resource_of_the_program_is_refused(tmp_path):
    graph_def = net()
    one = graph_def.node.add(name="handle", op="Const")
    one.attr["dtype"].type = 20
    one.attr["value"].tensor.dtype = 20
    one.attr["value"].tensor.tensor_shape.SetInParent()
    one.attr["value"].tensor.resource_handle_val.add(name="v", container="localhost")
    node(graph_def, "logits").input.append("^handle")
    with pytest.raises(UntrustedModel, match="'handle' is Const, which names resources or objects of the program"):
        slimcam.load(write(graph_def, tmp_path / "model.pb"))


# --- verdicts


def test_a_verdict_is_of_all_nodes_or_of_some_and_what_is_allowed_is_said(tmp_path):
    graph_def = net(lambda x, mean, logits: after(logits, writes(tmp_path / "out"), prints(tmp_path / "out2")))
    assert [one.what for one in vet_graph(graph_def).refused] == ["WriteFile", "PrintV2"]
    assert vet_graph(graph_def, only=["relu", "PrintV2"]).refused == [
        Finding("PrintV2", "PrintV2", "writes files", "PrintV2")
    ]
    verdict = vet_graph(graph_def, allow=["WriteFile"])
    assert ([one.what for one in verdict.refused], [one.what for one in verdict.said]) == (["PrintV2"], ["WriteFile"])
    assert vet_graph(net()).pure


def test_a_gradient_of_the_programs_own_is_said():
    graph_def = net()
    node(graph_def, "relu").attr["_gradient_op_type"].s = b"GuidedRelu"
    assert vet_graph(graph_def).said == [Finding("relu", "Relu", "takes a gradient of the program that loads it")]
    node(graph_def, "relu").attr["_gradient_op_type"].s = b"PartitionedCallUnused"  # as TensorFlow 2.1 saves functions
    assert vet_graph(graph_def).pure


def test_what_many_calls_reach_is_found_once():
    def library(graph_def):
        function(graph_def, "f0", op="ReadFile")
        for i in range(1, 15):
            function(graph_def, f"f{i}", f"f{i - 1}", f"f{i - 1}")

    assert len(vet_graph(calling("f14", library)).refused) == 1


def test_trust_leaves_everything_as_it_is():
    graph_def = net(lambda x, mean, logits: after(logits, writes("/nowhere/at/all")))
    judged = judge_graph(graph_def).allowing(LoadOptions(trusted=True))
    assert (judged.refused, list(judged.said)) == ({}, ["WriteFile"])
