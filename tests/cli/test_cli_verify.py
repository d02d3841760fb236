"""`slimcam verify`, as the user of a terminal meets it."""

import json
import re

from fixtures.command import assert_error_line


def test_a_recording_verifies_and_the_tolerances_are_printed(run, golden, old):
    result = run("verify", golden, "--model", old, "--preprocess", "squash")
    assert result.status == 0, result.stdout
    for quantity in ("logits", "activations", "gradients", "maps"):
        assert quantity in result.stdout
    assert "1e-05" in result.stdout
    assert "2e-05" in result.stdout


def test_photos_that_were_recorded_are_prepared_again(run, golden, old, tmp_path):
    photos = [str(tmp_path / name) for name in ("one.png", "two.png")]
    assert run("verify", golden, *photos, "--model", old, "--preprocess", "squash").status == 0
    result = run("verify", golden, *photos, "--model", old, "--preprocess", "unit")
    assert result.status == 1
    assert re.search(r"input\w* .*(FAIL|no|failed)", result.stdout), result.stdout


def test_a_layer_of_another_name_is_given_by_layer(run, golden, new):
    assert run("verify", golden, "--model", new, "--preprocess", "squash", "--layer", "maps=features").status == 0
    assert_error_line(run("verify", golden, "--model", new, "--preprocess", "squash"), "'maps'.*--layer")


def test_other_weights_fail_with_status_1(run, golden, other):
    result = run("verify", golden, "--model", other, "--preprocess", "squash")
    assert result.status == 1
    report = run("verify", golden, "--model", other, "--preprocess", "squash", "--json")
    assert report.status == 1
    assert json.loads(report.stdout)["passed"] is False


def test_a_tolerance_can_be_given(run, golden, other):
    wide = [word for what in ("logits", "activations", "gradients", "maps") for word in ("--tolerance", f"{what}=100")]
    result = run("verify", golden, "--model", other, "--preprocess", "squash", *wide)
    assert "100" in result.stdout
    assert_error_line(run("verify", golden, "--model", other, "--tolerance", "logits=wide"), "give WHAT=SHARE")
    assert_error_line(
        run("verify", golden, "--model", other, "--preprocess", "squash", "--tolerance", "logit=1"), "logits"
    )


def test_a_folder_that_is_no_recording(run, old, tmp_path):
    assert_error_line(run("verify", tmp_path, "--model", old), re.escape(str(tmp_path)))


def test_what_differs_is_recorded_anew_with_write(run, golden, other, tmp_path):
    photos = [str(tmp_path / name) for name in ("one.png", "two.png")]
    words = ["--model", other, "--preprocess", "squash"]
    assert_error_line(run("verify", golden, *words, "--write"), "--write records anew: give the PHOTOs")
    assert run("verify", golden, *photos, *words).status == 1
    result = run("verify", golden, *photos, *words, "--write")
    assert (result.status, "FAILED" in result.stdout) == (0, True), result.stderr
    assert run("verify", golden, *photos, *words).status == 0
