"""From photos to what nets were trained on, against NumPy; where maps are laid back."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.tolerance import assert_sums, rounding

import slimcam
from slimcam.inputs import names, preprocess

SIZES = [(224, 224), (299, 299), (301, 199), (199, 301), (7, 5), (2, 3), (3, 2), (2, 2), (1201, 803), (640, 1000)]


def bilinear(image, height, width, half_pixels=False):
    """Resize as TensorFlow 1: place i is i * scale, between its floor and the next pixel, the last one repeated."""
    for axis, size in ((0, height), (1, width)):
        have = image.shape[axis]
        at = np.arange(size) * (have / size)
        if half_pixels:
            at = (np.arange(size) + 0.5) * (have / size) - 0.5
        at = np.clip(at, 0, have - 1)
        low = np.floor(at).astype(int)
        share = (at - low).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        high = np.minimum(low + 1, have - 1)
        image = image.take(low, axis) * (1 - share) + image.take(high, axis) * share
    return image


def inception(photo, height, width):
    """Cut a sixteenth off each side (rounded down), resize, and scale to [-1, 1]."""
    top, left = photo.shape[0] // 16, photo.shape[1] // 16
    middle = photo[top : photo.shape[0] - top, left : photo.shape[1] - left]
    return bilinear(middle / 255.0, height, width) * 2 - 1


def vgg(photo, height, width):
    """Resize the shorter side to 256, cut out the middle, and take off ImageNet's mean."""
    scale = 256 / min(photo.shape[:2])
    resized = bilinear(photo.astype(float), *(int(np.rint(n * scale)) for n in photo.shape[:2]))
    top, left = (resized.shape[0] - height) // 2, (resized.shape[1] - width) // 2
    return resized[top : top + height, left : left + width] - [123.68, 116.779, 103.939]


def squash(photo, height, width):
    """Resize the whole photo with half-pixel centres, and scale to [-1, 1]."""
    return bilinear(photo.astype(float), height, width, half_pixels=True) / 127.5 - 1


def none(photo, height, width):
    """Resize the whole photo."""
    return bilinear(photo.astype(float), height, width)


def run(name, photos, size, channels=3, dtype=tf1.float32):
    """Return the batch that slimcam's preprocessing makes of photos in one session run."""
    with tf1.Graph().as_default(), tf1.Session() as session:
        pixels, sizes, batch = preprocess.prepare(preprocess.find(name), size, channels, dtype)
        values = np.concatenate([photo.ravel() for photo in photos])
        return session.run(batch, {pixels: values, sizes: [photo.shape[:2] for photo in photos]})


def smooth(height, width):
    """Return a photo of waves: differences of a thousandth of a pixel stay small, those of half a pixel do not."""
    rows, columns = np.mgrid[:height, :width]
    waves = [np.sin(rows / 9 + i) + np.cos(columns / 7 - i) for i in range(3)]
    return np.uint8(np.round(np.stack(waves, -1) * 60 + 127))


def sampled(photo):
    """Return what a bilinear sample of such a photo may be off by, in levels of 255.

    A place is a product of float32 in a photo of so many pixels, and neighbours of smooth() are up to 17 levels apart;
    there are two axes, and a place, a share and two products in each.
    """
    return rounding(2 * 4 * max(photo.shape[:2]), 17) + rounding(8, 255)


# --- arithmetic


def test_reference_samples_where_tensorflow_1_does():
    # 4 of 2: at 0, 1/2, 1 and 3/2, which lies beyond the last; by half pixels: -1/4, 1/4, 3/4, 5/4
    two = np.array([0.0, 8]).reshape(1, 2, 1)
    assert bilinear(two, 1, 4).ravel().tolist() == [0, 4, 8, 8]
    assert bilinear(two, 1, 4, half_pixels=True).ravel().tolist() == [0, 2, 6, 8]


@pytest.mark.parametrize("reference", [inception, vgg, squash, none])
@pytest.mark.parametrize("size", [(224, 224), (96, 129)])
def test_photos_of_all_sizes_equal_numpy(reference, size):
    photos = [smooth(*shape) for shape in SIZES]
    batch = run(reference.__name__, photos, size)
    assert batch.shape == (len(photos), *size, 3)
    span = 255 if reference in (vgg, none) else 2
    for got, photo in zip(batch, photos):
        np.testing.assert_allclose(got, reference(photo, *size), rtol=0, atol=span / 255 * sampled(photo))


@pytest.mark.parametrize("name", preprocess.PREPROCESSING)
def test_several_photos_in_one_run_equal_each_alone(name, photo):
    photos = [photo(31, 47), photo(47, 31), photo(5, 4), photo(64, 64)]
    together = run(name, photos, (32, 40))
    for got, one in zip(together, photos):
        np.testing.assert_array_equal(got, run(name, [one], (32, 40))[0])


def test_vgg_of_a_larger_net_fills_it():
    # the shorter side becomes 300, not 256: scale 3 of 100 x 120, the middle 300 of 360
    image = smooth(100, 120)
    want = bilinear(image.astype(float), 300, 360)[:, 30:330] - [123.68, 116.779, 103.939]
    np.testing.assert_allclose(run("vgg", [image], (300, 300))[0], want, rtol=0, atol=sampled(image))


@pytest.mark.parametrize("name, value", [("inception", 0.2), ("vgg", 153 - 123.68), ("squash", 0.2), ("none", 153)])
def test_net_of_any_size_takes_photos_at_their_own(name, value):
    # 153 / 127.5 - 1 = 0.2; a sixteenth of 32 and of 48 is cut off each side; the shorter side of 32 becomes 256
    batch = run(name, [np.full((32, 48, 3), 153, np.uint8)], None)
    assert batch.shape == (1, *{"inception": (28, 42), "vgg": (256, 384)}.get(name, (32, 48)), 3)
    assert_sums(batch[..., 0], np.full(batch.shape[:3], value), 8, 153 + 124)


def test_net_of_one_channel_gets_grey():
    # ITU-R 601: 0.2989 red + 0.587 green + 0.114 blue
    image = np.tile(np.uint8([[[100, 0, 0], [10, 20, 30]]]), (2, 1, 1))
    want = np.tile([[29.89], [18.149]], (2, 1, 1))
    np.testing.assert_allclose(run("none", [image], None, channels=1)[0], want, rtol=rounding(8))
    squashed = want / 127.5 - 0.9999  # the three weigh 0.9999, so what was -1 is -0.9999
    np.testing.assert_allclose(run("squash", [image], None, channels=1)[0], squashed, rtol=0, atol=rounding(8, 2))


def test_net_of_whole_numbers_gets_rounded_ones():
    # 10 and 13 at 0, 1/2, 1, 3/2 of 2: 10, 11.5, 13, 13; 11.5 goes to the even 12
    image = np.tile(np.uint8([[[10] * 3, [13] * 3]]), (2, 1, 1))
    batch = run("none", [image], (2, 4), dtype=tf1.uint8)
    assert batch.dtype == np.uint8
    assert batch[0, 0, :, 0].tolist() == [10, 12, 13, 13]


def test_preprocessing_is_not_rewritten_by_autograph(photo, caplog):
    run("squash", [photo(4, 4)], (2, 2))
    assert "AutoGraph" not in caplog.text


def test_the_names_are_those_of_the_table():
    assert tuple(preprocess.PREPROCESSING) == names.PREPROCESSING


def test_unknown_preprocessing_suggests(frozen):
    with pytest.raises(slimcam.UnknownName, match=r"no preprocessing 'incption' \(there are .*\); near: 'inception'"):
        slimcam.load(frozen(lambda: None), preprocess="incption")


# --- where the net looked


@pytest.mark.parametrize(
    "name, shape, size, window",
    [
        ("inception", (299, 100), (224, 224), (18, 6, 263, 88)),  # 299 / 16 = 18.7 and 100 / 16 = 6.25 off each side
        ("inception", (299, 100), None, (18, 6, 263, 88)),
        ("inception", (15, 2), (224, 224), (0, 0, 15, 2)),
        (
            "vgg",
            (512, 1024),
            (224, 224),
            (32, 288, 448, 448),
        ),  # halved: 256 x 512, of which (16, 144) begins the middle
        ("vgg", (1024, 512), (224, 224), (288, 32, 448, 448)),
        ("vgg", (100, 100), (224, 224), (6.25, 6.25, 87.5, 87.5)),  # times 2.56
        ("vgg", (100, 120), (300, 300), (0, 10, 100, 100)),  # times 3
        ("vgg", (100, 120), None, (0, 0, 100, 120)),
        ("squash", (100, 120), (224, 224), (0, 0, 100, 120)),
        ("none", (100, 120), None, (0, 0, 100, 120)),
    ],
)
def test_window_is_the_part_of_the_photo_that_the_net_sees(name, shape, size, window):
    np.testing.assert_allclose(preprocess.find(name).window(*shape, size), window)


@pytest.mark.parametrize("name", ["inception", "vgg", "squash", "none"])
@pytest.mark.parametrize("shape", [(300, 400), (400, 300)])
def test_map_is_laid_back_on_what_it_is_of(model_of, name, shape):
    def build():
        x = tf1.placeholder(tf1.float32, [None, 224, 224, 3], name="x")
        a = tf1.nn.relu(tf1.nn.conv2d(x, tf1.constant([[[[1.0], [0], [0]]]]), 1, "SAME"), name="a")
        tf1.reduce_mean(a, [1, 2], name="logits")

    image = np.zeros((*shape, 3), np.uint8)
    image[180:220, 200:240, 0] = 255  # the middle of its pixels is (199.5, 219.5)
    heat = slimcam.GradCAM(model_of(build, preprocess=name, logits="logits"), "a")(image).resized()[0]
    assert heat.shape == shape
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    middle = np.array([(heat * rows).sum(), (heat * columns).sum()]) / heat.sum()
    # TensorFlow 1's bilinear shifts a photo by up to half of one of its pixels, and half of one of the net's
    np.testing.assert_allclose(middle, (199.5, 219.5), atol=1.5)
    assert 1300 < heat.sum() < 1900  # 40 x 40


@pytest.mark.parametrize("name", preprocess.PREPROCESSING)
def test_floating_point_goes_round_the_preprocessing(model_of, name):
    def build():
        x = tf1.placeholder(tf1.float32, [None, 2, 2, 1], name="x")
        a = tf1.nn.relu(tf1.nn.conv2d(x, tf1.ones([1, 1, 1, 1]), 1, "SAME"), name="a")
        tf1.reduce_sum(a, [1, 2], name="logits")

    image = np.array([[0.5, 2], [300, 0]], np.float32)
    maps = slimcam.GradCAM(model_of(build, preprocess=name, logits="logits"), "a")(image.reshape(1, 2, 2, 1))
    np.testing.assert_array_equal(maps.raw, [image])
    assert maps.window(0) == (0, 0, 2, 2)
