"""Photos that were recorded: prepared again, or others."""

import os

import pytest
import tensorflow.compat.v1 as tf1
from recorded_net import QUANTITIES, X, failures, weights

import slimcam
from slimcam.errors import GoldenError, PhotoError
from slimcam.migration import golden


def test_photos_that_were_recorded_are_prepared_as_they_were(of_photos, old, photos):
    found = slimcam.verify(of_photos, old, photos, preprocess="squash")
    assert found.passed
    assert [row.quantity for row in found.rows] == ["input", *QUANTITIES]


def test_another_preparation_fails_and_nothing_else_does(of_photos, old, photos):
    found = slimcam.verify(of_photos, old, photos, preprocess="unit")
    assert failures(found) == [("input", "")]
    assert found.rows[0].relative > 0.4


def test_other_photos(of_photos, old, photos, make_photo):
    other = make_photo("other.png", seed=3)
    with pytest.raises(
        GoldenError, match=r"other\.png: not the photo that was recorded as .*two\.png .its sha256 differs"
    ):
        slimcam.verify(of_photos, old, [photos[0], other], preprocess="squash")
    with pytest.raises(GoldenError, match=r"two\.png: not the photo that was recorded as .*one\.png"):
        slimcam.verify(of_photos, old, photos[::-1], preprocess="squash")
    with pytest.raises(GoldenError, match="1 photos, and 2 were recorded"):
        slimcam.verify(of_photos, old, photos[:1], preprocess="squash")


def test_photos_where_arrays_were_recorded(recorded, old, photos):
    assert slimcam.verify(recorded, old, X).passed
    with pytest.raises(GoldenError, match="photo-0: not the photo"):
        slimcam.verify(recorded, old, X + 1)


def test_photos_that_are_prepared_to_another_size(frozen, make_photo, tmp_path):
    def any_size():
        images = tf1.placeholder(tf1.float32, [None, None, None, 3], name="input")
        maps = tf1.nn.relu(tf1.nn.conv2d(images, weights(1, 3, 3, 3, 4), [1, 1, 1, 1], "SAME"), name="maps")
        tf1.reduce_mean(maps, [1, 2], name="logits")

    path = frozen(any_size)
    photo = make_photo("one.png", 20, 30)
    out = slimcam.record(path, photo, tmp_path / "golden", "maps", preprocess="unit")
    assert golden.read(out).inputs.shape == (1, 20, 30, 3)
    with pytest.raises(
        GoldenError, match=r"prepared as \[1, 18, 28, 3\], and were as \[1, 20, 30, 3\]: load the model"
    ):
        slimcam.verify(out, path, photo, preprocess="inception")
    with pytest.raises(PhotoError, match="takes any size, and the photos differ in size: record those of each size"):
        slimcam.record(path, [photo, make_photo("two.png", 9, 9)], tmp_path / "other", "maps", preprocess="unit")


def test_a_photo_in_another_working_directory_is_found_by_its_sha256(of_photos, old, photos, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert slimcam.verify(of_photos, old, [os.path.basename(path) for path in photos], preprocess="squash").passed
