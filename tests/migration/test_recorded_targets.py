"""Targets are kept in a recording and explained again."""

import functools

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.tolerance import rounding_of_net
from recorded_net import CLASSES, X, net, verify_graph

import slimcam
from slimcam._tf import tf
from slimcam.errors import TargetError, UnknownName
from slimcam.migration import golden

# --- targets


TARGETS = {
    "class": (3, {"class": 3}),
    "label": ("class 3", {"class": 3}),
    "one a photo": ([0, "class 6", 2], [{"class": 0}, {"class": 6}, {"class": 2}]),
    "top": (slimcam.Top(2), {"top": 2}),
    "difference": (slimcam.Class("class 1") - 0.5 * slimcam.Class(4), {"sum": [[1, 1.0], [4, -0.5]]}),
    "mixed": (
        [0, slimcam.Class(1) - slimcam.Class(2), 3],
        [{"class": 0}, {"sum": [[1, 1.0], [2, -1.0]]}, {"class": 3}],
    ),
    "mean": (slimcam.Mean("maps"), {"mean": "maps"}),
    "norm": (slimcam.Norm("maps"), {"norm": "maps"}),
    "channel": (slimcam.Channel("maps", 2), {"channel": "maps", "k": 2}),
    "dot": (
        slimcam.Dot("logits", np.arange(7) / 3),
        {"dot": "logits", "array": [float(np.float32(i / 3)) for i in range(7)]},
    ),
}


@pytest.mark.parametrize("kind", TARGETS)
def test_targets_are_kept_and_explained_again(old, tmp_path, kind):
    target, expected = TARGETS[kind]
    labels = [f"class {i}" for i in range(CLASSES)]
    out = slimcam.record(old, X, tmp_path / "golden", ["maps", "first"], target, labels=labels)
    held = golden.read(out)
    assert held.target == expected
    with slimcam.load(old, labels=labels) as model:
        maps = slimcam.explain(model, X, "maps", target)
    np.testing.assert_array_equal(held.layers[0].maps, maps.raw)
    np.testing.assert_array_equal(held.layers[0].classes, maps.classes)
    found = slimcam.verify(out, old)  # without labels
    assert found.passed, found.table()
    assert max(row.relative for row in found.rows) < rounding_of_net(200)


def test_the_recorded_classes_are_explained_though_others_win(frozen, recorded):
    build = functools.partial(net, after=lambda x: tf1.multiply(x, -1, "moved"))
    found = verify_graph(frozen, recorded, build, logits="moved")
    rows = {(row.quantity, row.layer): row for row in found.rows}
    assert rows["maps", "maps"].relative == pytest.approx(2)  # the map of the same class, with its sign changed
    assert rows["scores", ""].relative == pytest.approx(2)


def test_a_tensor_in_a_target_may_have_another_name(frozen, old, tmp_path):
    out = slimcam.record(old, X, tmp_path / "golden", "first", slimcam.Mean("maps"))
    found = verify_graph(frozen, out, lambda: net("features"), layers={"maps": "features"})
    assert found.passed
    with pytest.raises(UnknownName, match="no tensor 'maps'"):
        verify_graph(frozen, out, lambda: net("features"))


def test_a_tensor_itself_is_kept_by_its_name(old, tmp_path):
    with slimcam.load(old) as model:
        out = slimcam.record(model, X, tmp_path / "golden", "maps", slimcam.Mean(model.tensor("maps")))
        assert golden.read(out).target == {"mean": "maps"}


def test_a_function_cannot_be_kept(old, tmp_path):
    with pytest.raises(TargetError, match="cannot be recorded, as no file can hold a function: name a tensor by Mean"):
        slimcam.record(old, X, tmp_path / "golden", "maps", lambda model: tf.reduce_mean(model.logits, -1))
    assert not (tmp_path / "golden").exists()
