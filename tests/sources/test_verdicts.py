"""The verdict on files that would do more than compute, and on the same without that; nothing of them is run."""

import os
import shutil

import pytest
import tensorflow.compat.v1 as tf1
from fixtures import harmful
from fixtures.keras_nets import NEW

import slimcam
from slimcam.errors import ModelError, UntrustedModel
from slimcam.sources import graph_summary
from slimcam.sources.verdicts import vet

KERAS = (harmful.keras_h5, pytest.param(harmful.keras_zip, marks=NEW))


def made(make, name, folder):
    """Return a file that does `name`; skip where this TensorFlow has no such operation."""
    try:
        return make(name, str(folder))
    except AttributeError as error:
        pytest.skip(f"{error}")


@pytest.mark.parametrize("name", harmful.GRAPHS)
@pytest.mark.parametrize("make", [harmful.frozen, harmful.saved_model])
def test_graph_that_does_more_than_compute_is_refused_and_not_run(make, name, tmp_path):
    path = made(make, name, tmp_path)
    before = os.listdir(tmp_path)
    verdict = vet(path)
    assert verdict.refused and not verdict.pure
    assert os.listdir(tmp_path) == before


def test_saved_model_in_words_is_judged_as_one_in_bytes(tmp_path):
    assert "pbtxt" in " ".join(os.listdir(harmful.saved_model("WriteFile", str(tmp_path), as_text=True)))
    assert [one.what for one in vet(tmp_path / "saved").refused] == ["WriteFile"]


@pytest.mark.parametrize("name", harmful.LAYERS)
@pytest.mark.parametrize("make", KERAS)
def test_keras_file_that_names_code_is_refused(make, name, tmp_path):
    verdict = vet(make(name, str(tmp_path)))
    assert "features" in verdict.refused[0].where


@pytest.mark.parametrize("make", [harmful.frozen, *KERAS])
def test_model_that_only_computes_is_pure(make, tmp_path):
    verdict = vet(make("", str(tmp_path)))
    assert verdict.pure and verdict.lines() == ["pure: nothing but computing with tensors"]


def test_what_a_saver_left_is_noted_and_not_refused(tmp_path):
    verdict = vet(harmful.saved_model("", str(tmp_path)))
    assert not verdict.refused
    assert {one.what for one in verdict.said} == {"SaveV2", "RestoreV2", "MergeV2Checkpoints"}
    assert all(line.startswith("noted: ") and line.endswith("never run") for line in verdict.lines())


def test_manifest_that_names_a_function_of_the_host_is_refused(tmp_path):
    (finding,) = vet(harmful.manifest("", str(tmp_path))).refused
    assert "pydoc:pipe_pager" in finding.what and finding.why == "would be imported and called"
    assert not (tmp_path / "written").exists()


def test_path_without_a_model_is_an_error(tmp_path):
    with pytest.raises(ModelError, match="No such file"):
        vet(tmp_path / "missing.pb")


# --- the gate and load() agree

EACH = [
    *((make, name) for make in (harmful.frozen, harmful.saved_model, harmful.tflite) for name in harmful.GRAPHS),
    *((harmful.keras_h5, name) for name in harmful.LAYERS),
    *(pytest.param(harmful.keras_zip, name, marks=NEW) for name in harmful.LAYERS),
    (harmful.manifest, ""),
]


@pytest.mark.parametrize("make, name", EACH)
def test_what_load_refuses_is_refused_by_vet_in_the_same_words(make, name, tmp_path):
    if make is harmful.tflite and "function" in name:
        pytest.skip("a node alone holds no functions")
    path = made(make, name, tmp_path)
    with pytest.raises(UntrustedModel) as caught:
        slimcam.load(path)
    verdict = vet(path)
    assert caught.value.findings and set(caught.value.findings) <= set(verdict.refused)
    assert any(caught.value.findings[0].in_words() in line for line in verdict.lines())


@pytest.fixture
def linked(tmp_path):
    """Return `linked(make, name, moved)`: such a model of which one file lies elsewhere, and a link in its place."""

    def link(make, name, moved):
        place = make(name, str(tmp_path / "model"))
        shutil.move(os.path.join(place, moved), str(tmp_path / "elsewhere"))
        os.symlink(str(tmp_path / "elsewhere"), os.path.join(place, moved))
        return place

    (tmp_path / "model").mkdir()
    return link


def checkpoint(name, folder):
    """Write a checkpoint with its graph; return the folder."""
    with tf1.Graph().as_default(), tf1.Session() as session:
        harmful.graph(name, folder)
        tf1.get_variable("unused", initializer=1.0)
        session.run(tf1.global_variables_initializer())
        tf1.train.Saver().save(session, os.path.join(folder, "model.ckpt"))
    return folder


@pytest.mark.parametrize(
    "make, moved, named",
    [
        (harmful.saved_model, "saved_model.pb", ""),
        (harmful.saved_model, "variables", "saved_model.pb"),
        (checkpoint, "model.ckpt.index", ""),
        (checkpoint, "model.ckpt.index", "model.ckpt.meta"),
    ],
)
def test_a_link_out_of_the_folder_is_refused_as_load_refuses_it(linked, make, moved, named):
    path = os.path.join(linked(make, "", moved), named)
    with pytest.raises(UntrustedModel) as caught:
        slimcam.load(path)
    (finding,) = vet(path).refused
    assert [finding] == list(caught.value.findings) and finding.why == "leads out of its folder"
    allowed = vet(path, ["links"])
    assert not allowed.refused and finding in allowed.said


def test_what_a_link_that_is_allowed_leads_to_is_judged(linked):
    path = linked(harmful.saved_model, "WriteFile", "saved_model.pb")
    assert [one.what for one in vet(path, ["links"]).refused] == ["WriteFile"]


def test_inspect_of_a_refused_model_reads_no_link_out_of_its_folder(linked, run):
    path = linked(harmful.saved_model, "", "saved_model.pb")
    refused = run("inspect", path)
    assert refused.status == 2 and "leads out of its folder" in refused.stderr and "'x:0'" not in refused.stderr
    assert "x:0 float32" not in refused.stdout
    assert "x:0 float32" in run("inspect", path, "--allow", "links").stdout


def test_inspect_of_a_checkpoint_follows_a_link_that_is_allowed(linked, run):
    path = linked(checkpoint, "", "model.ckpt.index")
    assert run("inspect", path).status == 2
    assert "1 variables" in run("inspect", path, "--allow", "links").stdout


@pytest.mark.parametrize("name", ["ReadFile", "WriteFile"])
def test_what_is_said_of_a_refused_graph_is_found_without_its_refused_operations(name, tmp_path, monkeypatch):
    path = made(harmful.frozen, name, tmp_path)
    imported = []
    real = tf1.import_graph_def

    def spy(graph_def, **how):
        imported.append(graph_def)
        return real(graph_def, **how)

    monkeypatch.setattr(graph_summary.tf1, "import_graph_def", spy)
    told = graph_summary.summary_of(path)
    assert [one.name for one in told.placeholders] == ["x:0"]
    assert imported and all(name not in {node.op for node in one.node} for one in imported)
