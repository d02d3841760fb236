"""Causes that lie in what is fed: two nets that are one, whose photos or arrays are prepared in two ways."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from planted_nets import images, net

import slimcam
from slimcam._tf import tf
from slimcam.divergence import DivergingPair, Side, compare_layers
from slimcam.divergence.causes import find
from slimcam.divergence.causes.inputs import RANGES
from slimcam.divergence.stages import stages_of
from slimcam.inputs import preprocess


def resized(method="bilinear", reverse=False, **options):
    """Return a row of preprocessing: the whole photo, resized by a raw operation, 0 to 255."""
    operations = {"bilinear": tf.raw_ops.ResizeBilinear, "area": tf.raw_ops.ResizeArea}
    operations.update(bicubic=tf.raw_ops.ResizeBicubic, nearest=tf.raw_ops.ResizeNearestNeighbor)

    def apply(image, size):
        batch = tf.cast(image, tf.float32)[tf.newaxis]
        made = operations[method](images=batch, size=list(size), **options)[0]
        return made[..., ::-1] if reverse else made

    return preprocess.Preprocessing(apply, preprocess._whole)


ROWS = {
    "legacy": resized(),
    "half": resized(half_pixel_centers=True),
    "corners": resized(align_corners=True),
    "nearest": resized("nearest", half_pixel_centers=True),
    "area": resized("area"),
    "BGR": resized(reverse=True),
}


@pytest.mark.parametrize(
    "of_a, of_b, cause, detail",
    [
        ("unit", "squash", "value range", "[0, 1] in A, [-1, 1] in B"),
        ("torch", "unit", "value range", "minus the mean, over the deviation in A, [0, 1] in B"),
        ("squash", "torch", "value range", "[-1, 1] in A, [0, 1] minus the mean, over the deviation in B"),
        ("caffe", "unit", "value range", "0 to 255 minus the mean in A, [0, 1] in B, and the channels reversed"),
        ("legacy", "BGR", "channel order", "BGR"),
        ("legacy", "half", "half-pixel centres", "without half-pixel centres in A, bilinear with half-pixel"),
        ("half", "legacy", "half-pixel centres", "bilinear with half-pixel centres in A"),
        ("corners", "half", "align_corners", "align_corners in A"),
        ("legacy", "corners", "align_corners", "align_corners in B"),
        ("area", "legacy", "resize method", "area in A, bilinear"),
        ("nearest", "half", "resize method", "nearest with half-pixel centres in A, bilinear with"),
        ("inception", "squash", "preprocessing", "'inception' in A, 'squash' in B"),
        ("none", "unit", "preprocessing", "'none' in A, 'unit' in B"),
        ("vgg", "caffe", "preprocessing", "'vgg' in A, 'caffe' in B"),
        ("vgg", "nearest", "preprocessing", "'vgg' in A, 'nearest' in B"),
        ("unit", "unit", None, ""),
    ],
)
def test_photos_prepared_in_two_ways_part_at_the_input(model_of, photo, monkeypatch, of_a, of_b, cause, detail):
    for name, row in ROWS.items():
        monkeypatch.setitem(preprocess.PREPROCESSING, name, row)
    a, b = (model_of(net(), preprocess=one) for one in (of_a, of_b))
    found = compare_layers(a, b, [photo(40, 52), photo(35, 31, 1)])
    assert (found.cause and found.cause.cause) == cause
    if cause is not None:
        assert found.first.a == "input"
        assert detail in found.cause.detail


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Return the net as it was; both sides are this one."""
    path = tmp_path_factory.mktemp("whole") / "model.pb"
    with tf1.Graph().as_default() as graph:
        net()()
    path.write_bytes(graph.as_graph_def().SerializeToString())
    with slimcam.load(str(path)) as model:
        yield model


def fed(model, a, b):
    """Return two sides of one model, fed an array each, that part at the input."""
    sides = [Side(model, {model.input: array}, stages_of(model, [model.input])) for array in (a, b)]
    for side in sides:
        side.values = {model.input.name: side.feeds[model.input]}
    return DivergingPair(*sides, (sides[0].stages[0], sides[1].stages[0]), [])


@pytest.mark.parametrize("old", RANGES)
@pytest.mark.parametrize("new", RANGES)
def test_arrays_of_two_known_ranges_are_told(whole, old, new):
    raw = 255 * images().astype(np.float64)
    raw[0, 0, 0], raw[0, 0, 1] = 0, 255
    a, b = ((raw * scale + offset).astype(np.float32) for scale, offset in (RANGES[new], RANGES[old]))
    found = find(fed(whole, a, b))
    assert (found and found.cause) == (None if old == new else "value range")
    if old != new:
        assert found.detail == f"{new} in A, {old} in B"


@pytest.mark.parametrize(
    "change, cause, detail",
    [
        (lambda x: x[..., ::-1], "channel order", "BGR"),
        (lambda x: 2.5 * x - 0.7, "value range", "A = 0.4 x +0.28, where x is B"),
        (lambda x: x * np.float32([1, 2, 4]), "value range", "A = 1 x +0; 0.5 x +0; 0.25 x +0"),
        (lambda x: x.astype(np.float16).astype(np.float32), "float16", "A's input rounded to float16"),
        (lambda x: x[:, ::-1], None, ""),
        (lambda x: x + np.float32(0.01) * images(seed=7), None, ""),
    ],
)
def test_arrays_that_differ_are_compared(whole, change, cause, detail):
    found = find(fed(whole, images(), change(images()).astype(np.float32)))
    assert (found and found.cause) == cause
    assert found is None or detail in found.detail
