"""What the tests of commands share: a model on disk, the command explain on it, and what it wrote."""

import os

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from cli_net import deeper_net, net


@pytest.fixture
def model(frozen):
    return frozen(net)


@pytest.fixture
def explain(run, model, tmp_path):
    """Return `explain(photo, ..., option, ...)`: the result of `slimcam explain` into the folder `out`."""

    def invoke(*arguments, model=model, out=tmp_path / "out"):
        return run("explain", "--model", model, "--preprocess", "squash", "--out", out, *arguments)

    return invoke


@pytest.fixture
def written(tmp_path):
    """Return `written()`: the names in the folder `out`, and the arrays of its npz."""

    def read():
        with np.load(str(tmp_path / "out" / "maps.npz")) as arrays:
            return sorted(os.listdir(str(tmp_path / "out"))), dict(arrays)

    return read


@pytest.fixture
def checkpoint(tmp_path):
    """Return the prefix of a checkpoint of no known net."""
    with tf1.Graph().as_default(), tf1.Session() as session:
        tf1.get_variable("own/kernel", [3, 3, 3, 4])
        session.run(tf1.global_variables_initializer())
        return tf1.train.Saver().save(session, str(tmp_path / "own.ckpt"))


@pytest.fixture
def old(frozen):
    """Return the path of a net of two convolutions."""
    return frozen(deeper_net, "old.pb")


@pytest.fixture
def new(frozen):
    """Return the path of the same net, its layer by another name."""
    return frozen(lambda: deeper_net("features"), "new.pb")


@pytest.fixture
def other(frozen):
    """Return the path of a net whose second convolution has other weights."""
    return frozen(lambda: deeper_net(kernel=7), "other.pb")


@pytest.fixture
def golden(run, old, make_photo, tmp_path):
    """Return the folder of a recording of two photos."""
    photos = [make_photo("one.png"), make_photo("two.png", 20, 10, seed=1)]
    result = run("record", *photos, "--model", old, "--preprocess", "squash", "--out", tmp_path / "golden")
    assert result.status == 0, result.stderr
    assert result.stdout.endswith(f"\n{tmp_path / 'golden'}\n")
    return str(tmp_path / "golden")
