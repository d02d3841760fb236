"""`slimcam inspect`."""

import re

import tensorflow.compat.v1 as tf1
from cli_net import net
from fixtures.command import assert_error_line


def test_inspect_tells_what_a_frozen_graph_holds_and_needs(run, frozen):
    result = run("inspect", frozen(lambda: net(gain=True)))
    assert result.status == 0
    text = result.stdout
    assert "because logits 'scaled:0': what Softmax (Softmax) reads" in text
    assert re.search(r"inputs:\n  input:0 float32 .*8, 8, 3.*\n  gain:0 float32 ", text)
    assert re.search(r"scores, and what each needs:\n  scaled:0 .* needs input:0, gain:0", text)
    assert "layers, best first:\n  maps (None, 8, 8, 6)" in text


def test_inspect_tells_a_checkpoint_s_variables_even_where_no_net_fits(run, checkpoint):
    result = run("inspect", checkpoint)
    assert result.status == 0
    assert f"checkpoint {checkpoint}: 1 variables\n  own/kernel (3, 3, 3, 4)\n" in result.stdout
    assert (
        "its variables fit: no net that slimcam knows\nverdict: pure: nothing but computing with tensors\nnot loaded: "
        in result.stdout
    )


def test_inspect_tells_a_meta_graph_whose_checkpoint_is_not_there(run, tmp_path):
    with tf1.Graph().as_default():
        tf1.reduce_mean(tf1.placeholder(tf1.float32, [None, 4, 4, 3], name="x"), [1, 2], name="logits")
        tf1.train.export_meta_graph(str(tmp_path / "model.meta"))
    result = run("inspect", tmp_path / "model.meta")
    assert result.status == 0
    assert "placeholders:\n  x:0 float32 (None, 4, 4, 3)" in result.stdout
    assert "say --checkpoint" not in result.stdout and "checkpoint= (in Python)" in result.stdout


def test_a_damaged_file_is_still_one_line(run, tmp_path):
    (tmp_path / "model.pb").write_bytes(b"\x0a\xff\xff")
    assert_error_line(run("inspect", tmp_path / "model.pb"), "model.pb")


def test_inspect_of_nothing_is_one_line(run):
    assert_error_line(run("inspect", "nowhere"), "nowhere: no such file, folder or checkpoint prefix")
