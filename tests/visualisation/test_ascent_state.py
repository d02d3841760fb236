"""Runs that are stopped and go on, and the file that they are kept in."""

import numpy as np
import pytest

import slimcam
from slimcam.errors import OutputError


class Stop(Exception):
    """What a user's Ctrl-C is to the run."""


@pytest.mark.parametrize("recipe", ["book", "lucid"])
@pytest.mark.parametrize("at", [1, 7, 9])
def test_run_goes_on_where_it_was_stopped(net, tmp_path, recipe, at):
    options = {"channels": [0, 3, 4], "recipe": recipe, "steps": 5, "together": 2, "thresholds": [1]}
    whole = slimcam.filters(net, "conv2", **options)
    seen = []

    def stop(done, total):
        seen.append((done, total))
        if len(seen) == at:
            raise Stop

    path = tmp_path / "state.npz"
    with pytest.raises(Stop):
        slimcam.filters(net, "conv2", state=path, progress=stop, **options)
    assert path.exists() and seen[-1][1] == 15
    again = []
    found = slimcam.filters(net, "conv2", state=path, progress=lambda *done: again.append(done), **options)
    assert len(again) == 10 - at and again[-1] == (15, 15)
    np.testing.assert_array_equal(found.pictures, whole.pictures)
    np.testing.assert_array_equal(found.scores, whole.scores)
    np.testing.assert_array_equal(found.snapshots[1], whole.snapshots[1])
    finished = slimcam.filters(net, "conv2", state=path, progress=lambda *done: pytest.fail("again"), **options)
    np.testing.assert_array_equal(finished.pictures, whole.pictures)


def test_state_of_another_run_is_refused_and_left_alone(net, tmp_path):
    path = tmp_path / "state.npz"
    slimcam.filters(net, "conv2", [0], steps=1, state=path)
    kept = path.read_bytes()
    with pytest.raises(OutputError, match=r"state.npz is of another run, .*: name another file, or remove it"):
        slimcam.filters(net, "conv2", [1], steps=1, state=path)
    assert path.read_bytes() == kept


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 torn"])
def test_file_that_is_no_state_is_refused(net, tmp_path, content):
    path = tmp_path / "state.npz"
    path.write_bytes(content)
    with pytest.raises(OutputError, match="holds no ascent"):
        slimcam.filters(net, "conv2", [0], steps=1, state=path)
