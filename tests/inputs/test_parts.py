"""Values per run are bounded by bytes: many photos, or large ones, run in parts, and give what they give at once."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.colours import RED_GREEN, colours
from fixtures.tolerance import assert_sums

import slimcam
from slimcam.inputs import image_input
from slimcam.inputs.image_input import BYTES_A_RUN, ImageInput, PhotoPipeline
from slimcam.inputs.photos import Batch, Pictures, as_batch
from slimcam.inputs.preprocess import find


def stand_in(*shape, dtype=np.uint8):
    """Return an array of a shape, however large, that takes one value's memory."""
    return np.broadcast_to(dtype(0), shape)


def parts(photos, size=(4, 4)):
    photos = [stand_in(*shape, 3) for shape in photos]
    one = ImageInput(None, PhotoPipeline(preprocess=find("unit"), size=size))
    return one.parts(Batch(photos, None, [None] * len(photos)))


def test_what_a_graph_cannot_count_at_once_runs_in_parts():
    # of 36 MB each: 7 make 252 MB, and 268 MB fit
    cut = parts([(3000, 4000)] * 60)
    assert [len(part) for part in cut] == [7] * 8 + [4]
    assert [i for part in cut for i in part] == list(range(60))


def test_a_photo_larger_than_the_bound_runs_alone():
    assert parts([(9500, 9500)] * 3) == [[0], [1], [2]]
    assert parts([(10, 10), (10000, 10000), (10, 10), (10, 10)]) == [[0], [1], [2, 3]]


def test_sixty_four_photos_of_100_megapixels_are_within_what_int32_counts():
    cut = parts([(10000, 10000)] * 64)
    assert max(len(part) * 3 * 10**8 for part in cut) < 2**31


def test_what_fits_exactly_runs_at_once(monkeypatch):
    monkeypatch.setattr(image_input, "BYTES_A_RUN", 36)
    assert parts([(2, 3), (3, 2), (2, 2)]) == [[0, 1], [2]]
    assert parts([(2, 6), (2, 2)]) == [[0], [1]]


def test_photos_of_one_size_stay_together_in_a_net_of_any_size(monkeypatch):
    monkeypatch.setattr(image_input, "BYTES_A_RUN", 24)
    assert parts([(2, 2), (2, 3), (2, 2), (2, 2)], size=None) == [[0, 2], [3], [1]]


def test_arrays_are_bounded_too():
    array = stand_in(100, 1000, 1000, 3, dtype=np.float32)  # 12 MB each, of which 22 fit
    cut = ImageInput(None).parts(Batch(stand_in(100, 1), array, []))
    assert [len(part) for part in cut] == [22] * 4 + [12]
    assert BYTES_A_RUN == 2**28


def test_a_photo_of_more_values_than_a_graph_counts_is_refused():
    with pytest.raises(
        slimcam.PhotoError, match="photo 1 is 30000 x 30000: more values than a graph counts; give a sm"
    ):
        parts([(2, 2), (30000, 30000)])


# The same at once and in parts


@pytest.fixture
def bytes_a_run(monkeypatch):
    return lambda count: monkeypatch.setattr(image_input, "BYTES_A_RUN", count)


def test_maps_are_the_same_bit_for_bit(model_of, photo, bytes_a_run):
    photos = [photo(height, 9, seed) for seed, height in enumerate((5, 8, 6, 7, 5))]
    model = model_of(colours, logits="logits", preprocess="inception")
    cam = slimcam.GradCAM(model, "a", target=slimcam.Top(2))
    at_once, runs, run = cam(photos), [], model.session.run
    bytes_a_run(400)  # 135 + 216; 162 + 189; 135
    model.session.run = lambda *arguments: runs.append(1) or run(*arguments)
    in_parts = cam(photos)
    assert len(runs) == 3
    for name in ("raw", "scores", "classes", "photo"):
        np.testing.assert_array_equal(getattr(in_parts, name), getattr(at_once, name))
    assert_sums(model.features("a", photos), model.features("a", photos[:1] + photos[1:]), 30)


def test_each_photo_keeps_its_target_and_what_is_held(model_of, photo, bytes_a_run):
    def build():
        x = tf1.placeholder(tf1.float32, [None, 4, 6, 3], name="x")
        gain = tf1.placeholder(tf1.float32, [None, 1, 1, 2], name="gain")
        a = tf1.nn.relu(tf1.nn.conv2d(x, tf1.constant(RED_GREEN), 1, "SAME") * gain, name="a")
        tf1.reduce_mean(a, [1, 2], name="logits")

    photos, gains = [photo(4, 6, seed) for seed in range(5)], np.arange(1, 11, dtype=np.float32).reshape(5, 1, 1, 2)
    cam = slimcam.GradCAM(model_of(build, logits="logits", preprocess="none"), "a", target=0, hold={"gain": gains})
    targets = [0, 1, 1, 0, 1]
    at_once = cam(photos, target=targets)
    bytes_a_run(2 * 4 * 6 * 3)
    in_parts = cam(photos, target=targets)
    np.testing.assert_array_equal(in_parts.raw, at_once.raw)
    for i, target in enumerate(targets):
        assert_sums(in_parts.raw[i], photos[i][..., target] * gains[i, 0, 0, target] / 24, 30)


def test_an_array_in_parts(model_of, bytes_a_run):
    array = np.random.RandomState(0).rand(5, 4, 6, 3).astype(np.float32)
    cam = slimcam.GradCAM(model_of(colours, logits="logits"), "a", target=1)
    at_once = cam(array)
    bytes_a_run(2 * array[0].nbytes)
    assert cam.image_input.parts(as_batch(array)) == [[0, 1], [2, 3], [4]]
    np.testing.assert_array_equal(cam(array).raw, at_once.raw)
    assert isinstance(cam(array).photos, Pictures)
