"""Images of all kinds that a GradCAM is called on, and what is no image."""

import warnings

import cv2
import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.colours import RED_GREEN, colours
from fixtures.tolerance import assert_sums

import slimcam
from slimcam.errors import Unsure

PLACES = 100  # terms: a gradient's mean, and its root mean square, over at most 7 x 7 places of two channels


@pytest.fixture
def net(model_of):
    return model_of(colours, preprocess="none", logits="logits", labels=["red", "green"])


@pytest.fixture
def any_size(model_of):
    return model_of(lambda: colours((None, None, None, 3)), preprocess="none", logits="logits")


def test_photo_is_explained_by_what_it_shows(net, photo):
    picture = photo(4, 6)
    maps = slimcam.GradCAM(net, "a", slimcam.Top(2))(picture)
    by_class = dict(zip(maps.classes.tolist(), maps.raw))
    assert_sums(by_class[0], picture[..., 0] / 24, PLACES)
    assert_sums(by_class[1], picture[..., 1] / 24, PLACES)


def test_photos_come_as_paths_arrays_lists_and_stacks(net, photo, tmp_path):
    pictures = [photo(4, 6, seed) for seed in range(2)]
    files = [tmp_path / f"{i}.png" for i in range(2)]
    for file, picture in zip(files, pictures):
        cv2.imwrite(str(file), picture[..., ::-1])
    cam = slimcam.GradCAM(net, "a", target=0)
    want = np.stack([picture[..., 0] for picture in pictures]) / 24
    for images in (files, [str(file) for file in files], pictures, np.stack(pictures), (files[0], pictures[1])):
        assert_sums(cam(images).raw, want, PLACES)
    for image in (files[0], str(files[0]), pictures[0]):
        assert_sums(cam(image).raw, want[:1], PLACES)


@pytest.mark.parametrize("value", [0.5, -3.0, 1000.0])
def test_floating_point_is_fed_as_it_is(net, value):
    maps = slimcam.GradCAM(net, "a", target=0)(np.full((1, 4, 6, 3), value, np.float32))
    assert_sums(maps.raw, np.full((1, 4, 6), max(value, 0) / 24), PLACES)


def test_photos_of_several_sizes_run_at_the_size_of_the_net(net, photo):
    maps = slimcam.GradCAM(net, "a")([photo(9, 5), photo(30, 40)])
    assert maps.raw.shape == (2, 4, 6)
    assert [overlay.shape for overlay in maps.overlay()] == [(9, 5, 3), (30, 40, 3)]
    assert [heat.shape for heat in maps.resized()] == [(9, 5), (30, 40)]


@pytest.mark.parametrize("target, k", [(None, 1), (slimcam.Top(2), 2)])
def test_photos_of_several_sizes_keep_their_sizes_and_order_in_a_net_of_any(any_size, target, k):
    sizes = [(4, 6), (5, 3), (4, 6), (7, 7)]
    pictures = [np.full((*size, 3), (10 * i + 10, i + 1, 0), np.uint8) for i, size in enumerate(sizes)]
    maps = slimcam.GradCAM(any_size, "a", target)(pictures)
    assert [raw.shape for raw in maps.raw] == [size for size in sizes for _ in range(k)]
    assert maps.classes.tolist() == list(range(k)) * 4
    assert maps.photo.tolist() == [i for i in range(4) for _ in range(k)]
    # logits: red 10, 20, 30, 40 and green 1, 2, 3, 4
    assert maps.scores.tolist() == [score for i in range(1, 5) for score in (10 * i, i)[:k]]
    for i, raw in enumerate(maps.raw[::k]):
        assert_sums(raw, np.full(sizes[i], (10 * i + 10) / np.prod(sizes[i])), PLACES)


def test_net_that_takes_one_image_explains_several(model_of, photo):
    def build():
        x = tf1.placeholder(tf1.float32, [4, 6, 3], name="x")
        a = tf1.nn.relu(tf1.nn.conv2d(x[None], tf1.constant(RED_GREEN), 1, "SAME"), name="a")
        tf1.reduce_mean(a, [1, 2], name="logits")

    model = model_of(build, preprocess="none", logits="logits")
    pictures = [photo(4, 6, seed) for seed in range(3)]
    maps = slimcam.GradCAM(model, "a", target=[0, 1, 0])(pictures)
    for raw, picture, channel in zip(maps.raw, pictures, (0, 1, 0)):
        assert_sums(raw, picture[..., channel] / 24, PLACES)


@pytest.mark.parametrize(
    "images, message",
    [
        (np.ones((1, 5, 6, 3), np.float32), r"'x:0' takes \(.*, 4, 6, 3\), and the array is \(1, 5, 6, 3\)"),
        (np.ones((4, 6, 3), np.float32), r"fed as they are, as \(N, h, w, C\); this is \(4, 6, 3\)"),
        (np.ones((0, 4, 6, 3), np.float32), r"fed as they are, as \(N, h, w, C\); this is \(0, 4, 6, 3\)"),
        (
            [np.ones((4, 6, 3), np.float32), np.ones((5, 6, 3), np.float32)],
            r"differ in shape: \[\(4, 6, 3\), \(5, 6, 3\)\]",
        ),
        (np.ones((4, 6, 3), np.int64), r"photo 0 is int64 \(4, 6, 3\); give photos as uint8 RGB \(H, W, 3\)"),
        (np.ones((4, 6), np.uint8), r"photo 0 is uint8 \(4, 6\); give photos as uint8 RGB"),
        (np.ones((2, 4, 6, 4), np.uint8), r"photo 0 is uint8 \(4, 6, 4\); give photos as uint8 RGB"),
        (
            [np.ones((4, 6, 3), np.uint8), np.ones((4, 6, 3), np.float32)],
            r"photo 1 is float32 \(4, 6, 3\); give photos",
        ),
        ([], "no photos were given"),
        (3, "photo"),
        (None, "photo"),
    ],
)
def test_what_is_no_image(net, images, message):
    cam = slimcam.GradCAM(net, "a")
    with pytest.raises(slimcam.PhotoError, match=message):
        cam(images)


def test_net_that_takes_bytes_takes_no_floating_point(model_of, photo):
    model = model_of(lambda: colours(dtype=tf1.uint8), logits="logits")
    picture = photo(4, 6)
    assert_sums(slimcam.GradCAM(model, "a", 0)(picture).raw, [picture[..., 0] / 24], PLACES)
    with pytest.raises(slimcam.PhotoError, match="'x:0' takes uint8: give photos as uint8 RGB or paths"):
        slimcam.GradCAM(model, "a", 0)(np.ones((1, 4, 6, 3), np.float32))


def test_photos_that_nothing_says_how_to_prepare_are_fed_as_they_are_and_that_is_said(model_of, photo):
    model = model_of(colours, logits="logits")
    picture = photo(4, 6)
    with pytest.warns(Unsure, match="photos are fed as 0 to 255: nothing says how they were prepared") as warned:
        assert_sums(slimcam.GradCAM(model, "a", 0)(picture).raw, [picture[..., 0] / 24], PLACES)
    assert [one.filename for one in warned] == [__file__]
    note = "photos are fed as 0 to 255: nothing says how they were prepared; say preprocess= where that is wrong"
    assert model.notes == [note]


def test_nothing_is_said_of_photos_to_whom_says_it_or_feeds_arrays(model_of, photo):
    picture = photo(4, 6)
    with warnings.catch_warnings():
        warnings.simplefilter("error", Unsure)
        slimcam.explain(model_of(colours, logits="logits", preprocess="none"), picture, "a", 0)
        slimcam.explain(model_of(colours, logits="logits"), np.ones((1, 4, 6, 3), np.float32), "a", 0)


def test_model_that_is_closed_says_so(net, photo):
    cam = slimcam.GradCAM(net, "a")
    with net:
        cam(photo(4, 6))
    with pytest.raises(slimcam.ModelError, match="the model is closed; load it again"):
        cam(photo(4, 6))


def test_explain_is_one_call(net, photo):
    picture = photo(4, 6)
    maps = slimcam.explain(net, picture, "a", target="green")
    assert_sums(maps.raw, [picture[..., 1] / 24], PLACES)
