"""Reading all kinds of photos, pictures of arrays, and nets that decode photos by themselves."""

import struct

import cv2
import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.tolerance import assert_sums

import slimcam
from slimcam.inputs.photos import as_batch, check_photo, decode, encode, picture

# --- reading photos


def jpeg(image, orientation=None):
    """Encode RGB as JPEG; with an orientation, put the Exif tag 0x0112 behind the file's first two bytes."""
    data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 100])[1].tobytes()
    if orientation is None:
        return data
    tiff = b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    exif = b"Exif\0\0" + tiff
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:]


def png(image):
    """Encode an array, its colours in OpenCV's order, as PNG."""
    return cv2.imencode(".png", image)[1].tobytes()


def halves():
    """Return a photo of 16 x 32, red on the left and blue on the right."""
    image = np.zeros((16, 32, 3), np.uint8)
    image[:, :16, 0] = image[:, 16:, 2] = 255
    return image


def test_colours_come_as_rgb(photo):
    image = photo(5, 4)
    np.testing.assert_array_equal(decode(png(image[..., ::-1]), "photo"), image)


def test_grey_becomes_three_equal_channels():
    grey = np.uint8([[0, 100], [200, 255]])
    np.testing.assert_array_equal(decode(png(grey), "photo"), np.stack([grey] * 3, -1))


def test_alpha_is_left_out():
    image = np.zeros((2, 2, 4), np.uint8)
    image[..., :3] = 30, 20, 10  # blue, green, red
    image[0, :, 3] = 128
    assert decode(png(image), "photo").tolist() == [[[10, 20, 30]] * 2] * 2


def test_sixteen_bits_become_their_upper_eight():
    image = np.full((2, 2, 3), 0x12FF, np.uint16)
    assert decode(png(image), "photo").tolist() == [[[0x12] * 3] * 2] * 2


@pytest.mark.parametrize(
    "orientation, shape, red, blue",
    [
        (1, (16, 32), (8, 4), (8, 28)),
        (2, (16, 32), (8, 28), (8, 4)),  # mirrored
        (3, (16, 32), (8, 28), (8, 4)),  # turned by 180 degrees
        (6, (32, 16), (4, 8), (28, 8)),  # to be turned clockwise: what is left comes to the top
        (8, (32, 16), (28, 8), (4, 8)),
    ],
)
def test_photo_that_was_stored_turned_is_turned_upright(orientation, shape, red, blue):
    image = decode(jpeg(halves(), orientation), "photo")
    assert image.shape == (*shape, 3)
    assert image[red].argmax() == 0
    assert image[blue].argmax() == 2


@pytest.mark.parametrize("data", [b"no photo", b"\xff\xd8\xff" + bytes(100), png(halves())[:40]])
def test_what_is_no_photo_is_refused(data):
    with pytest.raises(slimcam.PhotoError, match=r"cat\.jpg: not a photo that OpenCV can read, or a damaged one"):
        decode(data, "cat.jpg")


def test_bytes_of_nothing_are_refused():
    with pytest.raises(slimcam.PhotoError, match=r"cat\.jpg: not a photo that OpenCV can read"):
        decode(b"", "cat.jpg")


@pytest.mark.parametrize("encode", [jpeg, lambda image: png(image[..., ::-1])], ids=["jpeg", "png"])
def test_half_of_a_file_is_refused(photo, encode):
    data = encode(photo(64, 64))
    with pytest.raises(slimcam.PhotoError, match=r"cat: .*damaged"):
        decode(data[: len(data) // 2], "cat")


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1)])
def test_photo_without_places_is_refused(shape):
    data = png(np.zeros((*shape, 3), np.uint8))
    with pytest.raises(
        slimcam.PhotoError, match=f"dot is {shape[1]} x {shape[0]}: too small to explain; give at least 2 x 2"
    ):
        decode(data, "dot")


def test_smallest_photo_is_taken():
    assert check_photo(np.zeros((2, 2, 3), np.uint8), "photo").shape == (2, 2, 3)


def test_empty_file_is_refused(tmp_path):
    path = tmp_path / "empty.jpg"
    path.write_bytes(b"")
    with pytest.raises(slimcam.PhotoError, match=r"empty\.jpg: the file is empty"):
        as_batch(path)


def test_missing_file_and_folder_are_refused(tmp_path):
    with pytest.raises(slimcam.PhotoError, match=r"none\.jpg: No such file or directory"):
        as_batch(str(tmp_path / "none.jpg"))
    with pytest.raises(slimcam.PhotoError, match="no photos in it"):
        as_batch(tmp_path)


def test_one_bad_photo_of_many_is_named(tmp_path, photo):
    path = tmp_path / "bad.png"
    path.write_bytes(b"no photo")
    with pytest.raises(slimcam.PhotoError, match=r"bad\.png: not a photo"):
        as_batch([photo(4, 4), path])


# --- pictures of arrays


def test_array_is_stretched_to_a_picture():
    # -1 … 1 to 0 … 255: -0.2 to 102
    assert picture(np.array([[[-1, -0.2, 1]]], np.float32)).tolist() == [[[0, 102, 255]]]


@pytest.mark.parametrize(
    "array, want",
    [
        ([[[0.0], [1.0]]], [[[0] * 3, [255] * 3]]),  # one channel
        ([[[0.0, 5], [1, 5]]], [[[0] * 3, [255] * 3]]),  # two: the first
        ([[[0.0, 0, 1, 9]]], [[[0, 0, 255]]]),  # four: the first three
        ([[[3.0, 3, 3]]], [[[0, 0, 0]]]),  # flat
        ([[[np.nan, 0, 1]]], [[[0, 0, 255]]]),
    ],
)
def test_array_of_any_channels_has_a_picture(array, want):
    assert picture(np.array(array, np.float32)).tolist() == want


# --- nets that decode photos by themselves


def test_upright_jpeg_is_fed_as_it_came(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg(halves()))
    assert encode(as_batch(path)) == [jpeg(halves())]


def test_anything_else_is_fed_upright_and_without_loss(tmp_path, photo):
    path = tmp_path / "turned.jpg"
    path.write_bytes(jpeg(halves(), 6))
    batch = as_batch([path, photo(5, 4)])
    for data, image in zip(encode(batch), batch.photos):
        assert data.startswith(b"\x89PNG")
        np.testing.assert_array_equal(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1], image)
    assert batch.photos[0].shape == (32, 16, 3)


def test_net_that_decodes_photos_explains_them(model_of, photo):
    def build():
        decoded = tf1.image.decode_jpeg(tf1.placeholder(tf1.string, [], name="contents"), channels=3)
        x = tf1.expand_dims(tf1.cast(decoded, tf1.float32), 0)
        a = tf1.nn.relu(tf1.nn.conv2d(x, tf1.constant([[[[1.0, 0], [0, 1], [0, 0]]]]), 1, "SAME"), name="a")
        tf1.reduce_mean(a, [1, 2], name="logits")

    pictures = [photo(4, 6), photo(5, 3)]
    maps = slimcam.GradCAM(model_of(build, logits="logits"), "a", target=0)(pictures)
    for raw, image in zip(maps.raw, pictures):
        assert_sums(raw, image[..., 0] / (image.shape[0] * image.shape[1]), 30)
