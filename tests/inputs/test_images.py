"""Images as people hold them: Pillow's, tensors with values, folders and patterns."""

import io
import os
import pathlib

import cv2
import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1
from fixtures.colours import colours

import slimcam
from slimcam._tf import eager
from slimcam.inputs.photos import as_batch, expand, photos_in

Image = pytest.importorskip("PIL.Image")


def photo_of(image):
    return as_batch(image).photos[0]


# --- Pillow


@pytest.fixture
def rgb(photo):
    return photo(5, 4)


def test_an_image_of_pillow_s_is_the_photo(rgb):
    np.testing.assert_array_equal(photo_of(Image.fromarray(rgb)), rgb)
    batch = as_batch([Image.fromarray(rgb), rgb])
    np.testing.assert_array_equal(batch.photos[0], batch.photos[1])
    assert batch.names == ["photo-0", "photo-1"]


def test_alpha_is_left_out_and_not_laid_on_white(rgb):
    alpha = np.dstack([rgb, np.zeros((5, 4), np.uint8)])
    np.testing.assert_array_equal(photo_of(Image.fromarray(alpha)), rgb)


@pytest.mark.parametrize("mode, levels", [("L", [0, 100, 200, 255]), ("1", [0, 255, 255, 0]), ("LA", [0, 9, 99, 255])])
def test_grey_is_three_equal_channels(mode, levels):
    grey = Image.fromarray(np.uint8(levels).reshape(2, 2)).convert(mode)
    np.testing.assert_array_equal(photo_of(grey), np.repeat(np.uint8(levels).reshape(2, 2, 1), 3, -1))


def test_a_palette_is_its_colours():
    image = Image.new("P", (2, 2), 1)
    image.putpalette([0, 0, 0, 10, 20, 30] + [0] * 762)
    image.info["transparency"] = 1
    assert photo_of(image).tolist() == [[[10, 20, 30]] * 2] * 2


@pytest.mark.parametrize("values", [np.uint16([[0x12FF, 0xFFFF], [0, 0xFF]]), np.int32([[0x12FF, 0xFFFF], [0, 0xFF]])])
def test_sixteen_bits_are_their_upper_eight_as_of_a_file(values, tmp_path):
    image = Image.fromarray(values)
    assert image.mode in ("I;16", "I")
    assert photo_of(image)[..., 0].tolist() == [[0x12, 0xFF], [0, 0]]
    cv2.imwrite(str(tmp_path / "deep.png"), values.astype(np.uint16))
    np.testing.assert_array_equal(photo_of(tmp_path / "deep.png"), photo_of(image))


@pytest.mark.parametrize("orientation, red", [(1, (0, 0)), (3, (0, 1)), (6, (0, 0)), (8, (1, 0))])
def test_a_photo_that_was_stored_turned_is_upright(orientation, red):
    left = np.uint8([[[255, 0, 0], [0, 0, 255]]]).repeat(2, 0).repeat(2, 1)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = io.BytesIO()
    Image.fromarray(left).save(data, "png", exif=exif)
    turned = photo_of(Image.open(io.BytesIO(data.getvalue())))
    half = turned[:2, :2] if red == (0, 0) else turned[-2:, :2] if red[0] else turned[:2, -2:]
    assert (half == [255, 0, 0]).all()
    assert turned.shape == ((4, 2, 3) if orientation > 4 else (2, 4, 3))


@pytest.mark.parametrize(
    "image, message",
    [
        (Image.new("F", (2, 2)), "photo 0 is a Pillow image of floating point"),
        (Image.new("I", (2, 2), 1 << 16), "photo 0 is a Pillow image of more than 16 bits"),
        (Image.new("I", (2, 2), -1), "photo 0 is a Pillow image of more than 16 bits"),
        (Image.new("RGB", (1, 1)), "photo 0 is 1 x 1: too small"),
    ],
)
def test_an_image_that_is_no_photo_is_refused(image, message):
    with pytest.raises(slimcam.PhotoError, match=message):
        as_batch([image])


def test_half_of_a_file_that_pillow_opened_is_refused(photo):
    data = io.BytesIO()
    Image.fromarray(photo(64, 64)).save(data, "png")
    image = Image.open(io.BytesIO(data.getvalue()[:6000]))
    with pytest.raises(slimcam.PhotoError, match="the image: not an image that Pillow can read: "):
        as_batch(image)


# --- tensors


def test_a_tensor_with_a_value_is_its_array(rgb):
    with eager():
        one, several = tf.constant(rgb), tf.constant(np.stack([rgb, rgb[::-1]]))
        floats = tf.constant(np.ones((2, 4, 6, 3), np.float32))
        rows = [floats[0], floats[1]]
    np.testing.assert_array_equal(photo_of(one), rgb)
    np.testing.assert_array_equal(as_batch(several).photos[1], rgb[::-1])
    np.testing.assert_array_equal(as_batch([one, rgb]).photos[0], rgb)
    assert as_batch(floats).array.shape == (2, 4, 6, 3)
    assert as_batch(rows).array.shape == (2, 4, 6, 3)


def test_a_tensor_of_half_precision_is_fed_as_float32():
    with eager():
        batch = as_batch(tf.cast(tf.fill([1, 4, 6, 3], 0.5), tf.bfloat16))
    assert batch.array.dtype == np.float32
    assert (batch.array == 0.5).all()


def test_a_tensor_of_a_graph_is_refused():
    with tf1.Graph().as_default():
        x = tf1.placeholder(tf1.uint8, [4, 6, 3], name="x")
        with pytest.raises(slimcam.PhotoError, match=r"the image is 'x:0', a tensor of a graph: .* session\.run"):
            as_batch(x)


def test_they_are_explained_as_the_array_is(model_of, photo):
    model, image = model_of(colours, logits="logits", preprocess="none"), photo(4, 6)
    cam = slimcam.GradCAM(model, "a", target=0)
    with eager():
        tensor = tf.constant(image)
    for given in (Image.fromarray(image), tensor, [tensor], [Image.fromarray(image)]):
        np.testing.assert_array_equal(cam(given).raw, cam(image).raw)


# --- folders and patterns


@pytest.fixture
def album(make_photo, tmp_path):
    """Make a folder of photos and other files, and return its path."""
    for name in ("b.png", "a.JPG", "deep/er/c.png", "deep/a.png", ".hidden/d.png", ".e.png"):
        (tmp_path / "album" / name).parent.mkdir(parents=True, exist_ok=True)
        make_photo(f"album/{name}")
    (tmp_path / "album" / "notes.txt").write_text("no photo")
    return str(tmp_path / "album")


def below(album, paths):
    return [os.path.relpath(path, album) for path in paths]


def test_a_folder_stands_for_its_photos_and_those_of_its_folders(album):
    want = ["a.JPG", "b.png", "deep/a.png", "deep/er/c.png"]
    assert below(album, photos_in(album)) == want
    for given in (album, pathlib.Path(album), [album]):
        batch = as_batch(given)
        assert below(album, batch.names) == want
        assert len(batch.photos) == 4


@pytest.mark.parametrize(
    "pattern, want",
    [
        ("*.png", ["b.png"]),
        ("*", ["a.JPG", "b.png"]),  # photos only, where the pattern does not say which files
        ("**/*.png", ["b.png", "deep/a.png", "deep/er/c.png"]),
        ("deep/?.png", ["deep/a.png"]),
        ("[ab].*", ["a.JPG", "b.png"]),
    ],
)
def test_a_pattern_stands_for_what_it_matches(album, pattern, want):
    assert below(album, expand(os.path.join(album, pattern))) == want


def test_folders_patterns_files_and_arrays_go_together(album, photo):
    names = as_batch([os.path.join(album, "b.png"), photo(4, 4), os.path.join(album, "deep")]).names
    assert [os.path.basename(name) for name in names] == ["b.png", "photo-1", "a.png", "c.png"]


def test_a_file_whose_name_looks_like_a_pattern_is_meant_itself(make_photo):
    path = make_photo("photo[1].png")
    assert expand(path) == [path]


@pytest.mark.parametrize("given", ["none", "*.tif", "empty"])
def test_nothing_there_is_said(tmp_path, given):
    (tmp_path / "empty").mkdir()
    messages = {
        "none": "none: No such file",
        "*.tif": "no photos match this pattern",
        "empty": "empty: no photos in it",
    }
    with pytest.raises(slimcam.PhotoError, match=messages[given]):
        as_batch(str(tmp_path / given))
