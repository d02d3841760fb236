"""The preprocessings of research/slim on pictures of a few pixels, worked by hand."""

import numpy as np
import pytest

from slimcam import research_slim
from slimcam._tf import tf1


def prepared(name, photo, *args, **kwargs):
    """Run one function of a module of preprocessing on a photo of unknown size."""
    module, _, function = name.partition(":")
    with tf1.Graph().as_default():
        image = tf1.placeholder(photo.dtype, (None, None, photo.shape[2]))
        result = getattr(research_slim.module(f"preprocessing.{module}"), function)(image, *args, **kwargs)
        with tf1.Session() as session:
            return session.run(result, {image: photo})


def picture(height, width):
    return np.arange(height * width * 3, dtype=np.uint8).reshape(height, width, 3)


def test_inception_takes_the_middle_seven_eighths_and_halves_it():
    photo = picture(16, 5 * 16)[:, :16]
    # 7/8 of 16 are 14 pixels from the second on; at half the size every second of them stays.
    wanted = photo[1:15:2, 1:15:2] / 255 * 2 - 1
    ours = prepared("inception_preprocessing:preprocess_image", photo, 7, 7)
    np.testing.assert_allclose(ours, wanted, atol=2e-7)  # a rounding each of x / 255, - 0.5, * 2


def test_inception_without_a_size_or_a_crop():
    photo = np.array([[[0, 0.5, 1]]], np.float32)
    ours = prepared("inception_preprocessing:preprocess_for_eval", photo, None, None, central_fraction=None)
    np.testing.assert_array_equal(ours, [[[-1, 0, 1]]])


def test_vgg_sets_the_shorter_side_and_takes_the_middle():
    photo = picture(4, 8)
    # 4 x 8 becomes 2 x 4, every second pixel; of its columns the middle two stay.
    wanted = photo[::2, 2:6:2] - np.array([123.68, 116.78, 103.94])
    ours = prepared("vgg_preprocessing:preprocess_image", photo, 2, 2, resize_side_min=2)
    np.testing.assert_allclose(ours, wanted, atol=1e-5)  # 2**-24 of 124


def test_vgg_fails_where_the_crop_is_larger_than_the_image():
    with pytest.raises(tf1.errors.InvalidArgumentError, match="Crop size greater than the image size"):
        prepared("vgg_preprocessing:preprocess_image", picture(4, 8), 3, 3, resize_side_min=2)


@pytest.mark.parametrize("height, width, wanted", [(6, 3, (8, 4)), (3, 5, (4, 7)), (4, 4, (4, 4))])
def test_the_longer_side_is_rounded(height, width, wanted):
    # 5 * 4 / 3 = 6.67 becomes 7
    assert prepared("vgg_preprocessing:_aspect_preserving_resize", picture(height, width), 4).shape == (*wanted, 3)


def test_means_that_do_not_fit_are_refused():
    subtract = research_slim.module("preprocessing.vgg_preprocessing")._mean_image_subtraction
    with pytest.raises(ValueError, match=r"len\(means\) must match the number of channels"):
        subtract(tf1.zeros([2, 2, 3]), [1, 2])
    with pytest.raises(ValueError, match=r"Input must be of size \[height, width, C>0\]"):
        subtract(tf1.zeros([2, 2]), [1, 2])


def test_lenet_has_grey_levels_about_zero():
    photo = np.array([[[0], [128]], [[192], [255]]], np.uint8)
    ours = prepared("lenet_preprocessing:preprocess_image", photo, 2, 2, is_training=False)
    np.testing.assert_array_equal(ours[..., 0], [[-1, 0], [0.5, 127 / 128]])


def test_cifarnet_has_mean_zero_and_variance_one():
    photo = np.array([[[0], [0]], [[2], [2]]], np.uint8)  # mean 1, variance 1
    ours = prepared("cifarnet_preprocessing:preprocess_image", photo, 2, 2, add_image_summaries=False)
    np.testing.assert_allclose(ours[..., 0], [[-1, -1], [1, 1]], atol=2e-7)


@pytest.mark.parametrize("name", ["inception_v3", "vgg_16", "cifarnet", "lenet"])
def test_training_gives_images_of_the_size(name):
    prepare = research_slim.module("preprocessing.preprocessing_factory").get_preprocessing(name, is_training=True)
    with tf1.Graph().as_default(), tf1.Session() as session:
        photo = tf1.constant(np.random.RandomState(0).randint(0, 256, (40, 50, 3)), tf1.uint8)
        sides = {"resize_side_min": 36, "resize_side_max": 40} if name == "vgg_16" else {}
        ours = session.run(prepare(photo, 32, 32, **sides))
    assert ours.shape == (32, 32, 3)
    assert ours.dtype == np.float32
    assert ours.std() > 0


def test_a_case_is_drawn_in_each_run():
    select = research_slim.module("preprocessing.inception_preprocessing").apply_with_random_selector
    with tf1.Graph().as_default(), tf1.Session() as session:
        tf1.set_random_seed(1)
        drawn = select(tf1.constant(10.0), lambda x, case: x + case, 3)
        assert {float(session.run(drawn)) for _ in range(60)} == {10, 11, 12}


@pytest.mark.parametrize("order", [0, 1])
def test_a_grey_image_stays_grey_where_colours_are_distorted(order):
    photo = np.full((2, 2, 3), 0.5, np.float32)
    ours = prepared("inception_preprocessing:distort_color", photo, order)
    assert 0 <= ours.min() <= ours.max() <= 1
    np.testing.assert_allclose(ours, np.full((2, 2, 3), ours[0, 0, 0]), atol=1e-6)


def test_other_orders_and_names_are_refused():
    distort = research_slim.module("preprocessing.inception_preprocessing").distort_color
    with pytest.raises(ValueError, match=r"color_ordering must be in \[0, 3\]"):
        distort(tf1.zeros([2, 2, 3]), 4, fast_mode=False)
    factory = research_slim.module("preprocessing.preprocessing_factory")
    with pytest.raises(ValueError, match=r"Preprocessing name \[vgg16\] was not recognized; near: 'vgg_16'"):
        factory.get_preprocessing("vgg16")
