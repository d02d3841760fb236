"""Numbers that are none, and ties that rounding decides."""

import json

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from recorded_net import X, failures, net

import slimcam
from slimcam.migration import golden, report

# --- numbers that are none, ties


def test_nan_in_the_same_places_is_the_same(frozen, tmp_path):
    def poisoned(value):
        return net(after=lambda x: tf1.add(x, np.array([0, value, 0, 0, 0, 0, -np.inf], np.float32), "sick"))

    out = slimcam.record(frozen(lambda: poisoned(np.nan)), X, tmp_path / "golden", "maps", 0, logits="sick")
    assert np.isnan(golden.read(out).logits[:, 1]).all()
    assert slimcam.verify(out, frozen(lambda: poisoned(np.nan)), logits="sick").passed
    found = slimcam.verify(out, frozen(lambda: poisoned(0)), logits="sick")
    assert ("logits", "") in failures(found)
    told = found.to_json()
    assert json.loads(json.dumps(told, allow_nan=False))["rows"][0]["difference"] is None
    assert "inf" in found.table()


def test_a_row_of_zeros_allows_no_difference():
    zeros = np.zeros(3)
    assert report.row_of("maps", "", zeros, zeros, 1e-5).passed
    assert not report.row_of("maps", "", zeros, zeros + 1e-9, 1e-5).passed


def test_top_classes_may_change_places_within_the_logits_tolerance():
    logits = np.array([[4.0, 1.0, 3.0, 3.0 + 3e-5, 0.0]])
    top = np.array([[0, 3, 2, 1, 4]])
    swapped = np.array([[0, 2, 3, 1, 4]])
    assert report.row_of_top(logits, top, swapped, 1e-5).passed  # 3e-5 is less than 2 * 1e-5 * 4
    assert not report.row_of_top(logits, top, swapped, 1e-6).passed
    other = report.row_of_top(logits, top, np.array([[0, 3, 1, 2, 4]]), 1e-5)
    assert not other.passed
    assert other.difference == pytest.approx(2)


def pooled(first, stop=False):
    """Max-pool a window whose two values differ by `first` and rounding; `stop` cuts the gradient of half of it."""
    images = tf1.placeholder(tf1.float32, [None, 1, 2, 1], name="input")
    maps = tf1.identity(images * np.array([1 + first, 1], np.float32).reshape(1, 1, 2, 1), name="maps")
    x = tf1.stop_gradient(maps * 0.5) + maps * 0.5 if stop else maps
    x = tf1.nn.max_pool2d(x, [1, 2], [1, 2], "VALID") if hasattr(tf1.nn, "max_pool2d") else x
    tf1.matmul(x[:, 0, :, 0], [[1.0, -1.0]], name="logits")


def test_a_tie_that_rounding_decides_is_no_difference(frozen, tmp_path):
    x = np.full((1, 1, 2, 1), 3, np.float32)
    out = slimcam.record(frozen(lambda: pooled(1.2e-7)), x, tmp_path / "golden", "maps", 0)
    np.testing.assert_array_equal(golden.read(out).layers[0].gradients.reshape(-1), [1, 0])
    found = slimcam.verify(out, frozen(lambda: pooled(-1.2e-7)))  # the gradient goes to the other place
    assert found.passed, found.table()
    row = {row.quantity: row for row in found.rows}["gradients"]
    assert row.relative == 1
    assert row.beyond == 0
    assert "ok: rounding decides a tie, and but for that 0.00e+00" in found.table()
    assert found.to_json()["rows"][-2]["beyond"] == 0


def test_a_gradient_that_differs_without_a_tie_fails(frozen, tmp_path):
    x = np.array([3, 1], np.float32).reshape(1, 1, 2, 1)
    out = slimcam.record(frozen(lambda: pooled(0)), x, tmp_path / "golden", "maps", 0)
    found = slimcam.verify(out, frozen(lambda: pooled(0, stop=True)))
    assert failures(found) == [("gradients", "maps"), ("maps", "maps")]
    assert found.rows[-2].beyond == pytest.approx(0.5)
    assert "FAILED: 5.00e-01 is more than rounding does" in found.table()
