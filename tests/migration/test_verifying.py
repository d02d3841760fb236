"""verify(): what passes, what fails, and what cannot be verified at all."""

import functools
import re

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.tolerance import rounding, rounding_of_net
from recorded_net import CLASSES, QUANTITIES, failures, net, truth, verify_graph

import slimcam
from slimcam.errors import GoldenError, UnknownName
from slimcam.migration import TOLERANCES, golden

# --- what passes, and what fails


def test_the_same_model_passes(recorded, old):
    found = slimcam.verify(recorded, old)
    assert found.passed
    wanted = [(name, "") for name in QUANTITIES[:3]]
    wanted += [(name, layer) for layer in ("maps", "first") for name in QUANTITIES[3:]]
    assert [(row.quantity, row.layer) for row in found.rows] == wanted
    assert max(row.relative for row in found.rows) < rounding_of_net(200)


def test_a_recording_that_was_read_is_as_good_as_its_folder(recorded, old):
    assert slimcam.verify(golden.read(recorded), old).passed


def test_other_weights_fail(frozen, recorded):
    found = verify_graph(frozen, recorded, lambda: net(kernel=9))
    assert not found.passed
    # the layer before the change has its activations, but other gradients
    assert failures(found) == [
        *[(name, "") for name in ("logits", "top classes", "scores")],
        *[(name, "maps") for name in ("activations", "maps")],
        *[(name, "first") for name in ("gradients", "maps")],
    ]
    assert re.search(r"FAILED: logits, top classes, scores, activations of maps,", found.verdict())


@pytest.mark.parametrize("share, passes", [(0.9e-5, True), (1.1e-5, False)])
def test_the_tolerance_is_a_share_of_the_largest_value(frozen, recorded, share, passes):
    largest = np.abs(truth(net, "maps")[0]).max()
    found = verify_graph(
        frozen, recorded, lambda: net(after=lambda x: tf1.add(x, largest * share, "moved")), logits="moved"
    )
    row = found.rows[0]
    assert row.quantity == "logits"
    assert row.passed == passes
    rounded = rounding(2, 1 / share)  # of the sum of a logit and what moves it
    assert row.relative == pytest.approx(share, rel=rounded)
    assert row.difference == pytest.approx(share * largest, rel=rounded)


def test_tolerances_can_be_given_and_are_printed(frozen, recorded):
    build = functools.partial(net, after=lambda x: tf1.multiply(x, 1 + 1e-3, "moved"))
    assert failures(verify_graph(frozen, recorded, build, logits="moved"))
    wide = {"logits": 2e-3, "scores": 2e-3, "gradients": 2e-3, "maps": 2e-3}
    found = verify_graph(frozen, recorded, build, tolerances=wide, logits="moved")
    assert found.passed
    assert re.search(r"logits .* 0\.002 +ok", found.table())
    assert re.search(r"activations +maps .* 2e-05 +ok", found.table())


def test_a_quantity_without_tolerance(recorded, old):
    with pytest.raises(
        UnknownName, match=r"no quantity 'logit' has a tolerance \(there are input, logits.*near: 'logits'"
    ):
        slimcam.verify(recorded, old, tolerances={"logit": 1})


def test_every_quantity_has_a_tolerance_and_top_classes_the_logits(recorded, old, photos):
    assert set(TOLERANCES) == {"input", "logits", "scores", "activations", "gradients", "maps"}
    rows = slimcam.verify(recorded, old, tolerances={"logits": 3.0}).rows
    assert {row.quantity: row.tolerance for row in rows[:2]} == {"logits": 3.0, "top classes": 6.0}


def test_a_layer_of_another_name(frozen, recorded):
    with pytest.raises(
        UnknownName, match=r"lacks the recorded layer 'maps' .*layers=\{'maps': NAME\}, or --layer maps=NAME"
    ):
        verify_graph(frozen, recorded, lambda: net("features"))
    with pytest.raises(UnknownName, match=r"lacks the recorded layer 'maps' .*'feature'.*near: 'features'"):
        verify_graph(frozen, recorded, lambda: net("features"), layers={"maps": "feature"})
    found = verify_graph(frozen, recorded, lambda: net("features"), layers={"maps": "features"})
    assert found.passed
    assert found.rows[3].layer == "maps = features"


def test_a_name_that_was_not_recorded(recorded, old):
    with pytest.raises(UnknownName, match=r"'map' was not recorded \(there are maps, first\); near: 'maps'"):
        slimcam.verify(recorded, old, layers={"map": "first"})


def test_a_layer_of_another_shape(frozen, recorded):
    with pytest.raises(GoldenError, match=r"layer 'maps' is \[3, 4, 4, 6\].*'maps' \[3, 4, 4, 5\].*--layer maps=NAME"):
        verify_graph(frozen, recorded, lambda: net(channels=5))


def test_another_number_of_classes(frozen, recorded):
    with pytest.raises(
        GoldenError, match=r"has 7 classes, and the logits 'logits:0' have 4: verify a model of the same"
    ):
        verify_graph(frozen, recorded, lambda: net(classes=4))


@pytest.mark.parametrize("classes, which", [(CLASSES + 1, "model"), (CLASSES - 1, "recording")])
def test_a_background_class_is_named(frozen, recorded, classes, which):
    with pytest.raises(GoldenError, match=f"the {which} seems to count a background class"):
        verify_graph(frozen, recorded, lambda: net(classes=classes))


def test_another_size_of_images(frozen, recorded):
    with pytest.raises(
        GoldenError, match=r"feeds \[3, 8, 8, 3\], and 'input:0' takes .*10, 10, 3.*same size of images"
    ):
        verify_graph(frozen, recorded, lambda: net(side=10))


@pytest.mark.parametrize("kind", ["uint8", "float16", "float64"])
def test_an_input_of_another_dtype(frozen, recorded, kind):
    with pytest.raises(
        GoldenError, match=f"feeds float32, and 'input:0' takes {kind}: name a tensor that takes float32"
    ):
        verify_graph(frozen, recorded, lambda: net(fed=getattr(tf1, kind)))
