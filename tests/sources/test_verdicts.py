"""The verdict on files that would do more than compute, and on the same without that; nothing of them is run."""

import os

import pytest
from fixtures import harmful
from fixtures.keras_nets import NEW

from slimcam.errors import ModelError
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
