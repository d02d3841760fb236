"""The inputs of frozen graphs: pixels, encoded photos, several, none."""

import cv2
import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.tolerance import assert_net
from frozen_nets import SIDE, by_hand, decoded, dense, explain, maps, net, placeholder

import slimcam
from slimcam import ModelError, UnknownName
from slimcam.inputs.photos import as_batch


@pytest.fixture
def images():
    return np.random.RandomState(2).normal(size=(3, SIDE, SIDE, 3)).astype(np.float32)


# Inputs


@pytest.mark.parametrize(
    "shape", [(None, SIDE, SIDE, 3), (1, SIDE, SIDE, 3), (None, None, None, 3), (1, None, None, 3)]
)
def test_a_uint8_input_takes_photos_as_they_are(frozen, photo, shape):
    path = frozen(lambda: net(tf1.cast(placeholder(*shape, dtype=tf1.uint8), tf1.float32)))
    photos = [photo(SIDE, SIDE, seed) for seed in (1, 2)]
    with slimcam.load(path) as model:
        together = explain(model, photos)
    for one, image in zip(together, photos):
        assert_net(one, by_hand(path, "input:0", image[None])[0])


def test_a_free_size_gives_each_photo_a_map_of_its_own_size(model_of, photo):
    model = model_of(lambda: net(tf1.cast(placeholder(None, None, None, 3, dtype=tf1.uint8), tf1.float32)))
    photos = [photo(6, 9), photo(5, 4), photo(6, 9, 1)]
    together = explain(model, photos)
    assert [raw.shape for raw in together] == [(6, 9), (5, 4), (6, 9)]
    for one, image in zip(together, photos):
        assert_net(one, explain(model, image)[0])


def test_a_uint8_input_refuses_floating_point(model_of, images):
    model = model_of(lambda: net(tf1.cast(placeholder(None, SIDE, SIDE, 3, dtype=tf1.uint8), tf1.float32)))
    with pytest.raises(slimcam.PhotoError, match="'input:0' takes uint8: give photos as uint8 RGB or paths"):
        explain(model, images)


def test_what_waits_for_the_input_does_not_ask_for_photos(frozen, images):
    """As TensorFlow 2.1 writes calls of functions that it lays open."""

    def build():
        x = placeholder(None, SIDE, SIDE, 3)
        with tf1.control_dependencies([x]):
            scale = tf1.constant(2.0)
        net(x * scale)

    path = frozen(build)
    with slimcam.load(path, preprocess="squash") as model:
        for one, image in zip(explain(model, images), images):
            assert_net(one, by_hand(path, "input:0", image[None])[0])


def test_an_input_of_one_image_without_a_batch(frozen, images):
    path = frozen(lambda: net(tf1.expand_dims(placeholder(SIDE, SIDE, 3), 0)))
    with slimcam.load(path) as model:
        together = explain(model, images)
    for one, image in zip(together, images):
        assert_net(one, by_hand(path, "input:0", image)[0])


def test_photos_for_an_input_of_one_image_without_a_batch(frozen, photo):
    path = frozen(lambda: net(tf1.expand_dims(placeholder(SIDE, SIDE, 3), 0)))
    with slimcam.load(path, preprocess="squash") as model:
        together = explain(model, [photo(SIDE, SIDE, seed) for seed in (1, 2)])
    for one, seed in zip(together, (1, 2)):
        alone = by_hand(path, "input:0", photo(SIDE, SIDE, seed) / np.float32(127.5) - 1)
        assert_net(one, alone[0])


def const_contents():
    return tf1.constant(b"", name="DecodeJpeg/contents")


def scalar_contents():
    return tf1.placeholder(tf1.string, [], name="DecodeJpeg/contents")


def shapeless_contents():
    return tf1.placeholder(tf1.string, name="DecodeJpeg/contents")


@pytest.fixture
def files(tmp_path, photo):
    """Return a JPEG and a PNG on disk."""
    smooth = cv2.resize(photo(4, 5), (30, 20), interpolation=cv2.INTER_CUBIC)
    paths = [str(tmp_path / name) for name in ("photo.jpg", "photo.png")]
    for path in paths:
        cv2.imwrite(path, smooth)
    return paths


@pytest.mark.parametrize("contents", [const_contents, scalar_contents, shapeless_contents])
def test_a_net_that_decodes_jpeg_is_fed_each_file_s_own_bytes(frozen, files, contents):
    path = frozen(lambda: net(decoded(contents())))
    with slimcam.load(path) as model:
        assert model.input.name == "DecodeJpeg/contents:0"
        together = explain(model, files)
    for one, file in zip(together, files):
        with open(file, "rb") as opened:
            alone = by_hand(path, "DecodeJpeg/contents:0", opened.read())
        assert_net(one, alone[0])


def test_a_jpeg_goes_in_byte_for_byte_and_anything_else_as_png(model_of, files):
    model = model_of(lambda: net(decoded(const_contents())))
    fed = [model.inputs[0].feeds(as_batch(files), [i])[model.input] for i in (0, 1)]
    with open(files[0], "rb") as jpeg:
        assert fed[0] == jpeg.read()
    assert fed[1].startswith(b"\x89PNG")


def test_a_net_that_decodes_jpeg_is_fed_arrays_without_loss(frozen, files):
    path = frozen(lambda: net(decoded(const_contents())))
    pixels = cv2.imread(files[1])[..., ::-1]
    with slimcam.load(path) as model:
        np.testing.assert_array_equal(explain(model, pixels), explain(model, files[1]))


def test_a_net_that_decodes_a_batch_of_photos(frozen, files):
    def build():
        contents = tf1.placeholder(tf1.string, [None], name="contents")
        net(tf1.map_fn(lambda one: decoded(one)[0], contents, tf1.float32))

    path = frozen(build)
    with slimcam.load(path) as model:
        together = explain(model, files)
        assert not model.single_image
    for one, file in zip(together, files):
        with open(file, "rb") as opened:
            assert_net(one, by_hand(path, "contents:0", [opened.read()])[0])


def test_an_inner_tensor_as_input_takes_batches(frozen, images):
    path = frozen(lambda: net(decoded(const_contents())))
    with slimcam.load(path, input="Mul:0") as model:
        assert model.input.name == "Mul:0"
        together = explain(model, images)
    for one, image in zip(together, images):
        assert_net(one, by_hand(path, "Mul:0", image[None])[0])


def test_an_inner_tensor_as_input_takes_photos_where_preprocessing_is_named(frozen, photo):
    path = frozen(lambda: net(decoded(const_contents())))
    with slimcam.load(path, input="Mul:0", preprocess="squash") as model:
        alone = by_hand(path, "Mul:0", (photo(SIDE, SIDE) / np.float32(127.5) - 1)[None])
        assert_net(explain(model, photo(SIDE, SIDE)), alone)


def test_an_unknown_input_names_the_nearest(frozen):
    path = frozen(lambda: net(placeholder(None, SIDE, SIDE, 3)))
    with pytest.raises(UnknownName, match="input='inpt:0': no such tensor; near: 'input'"):
        slimcam.load(path, input="inpt:0")


def test_a_graph_without_a_placeholder_of_images_lists_those_it_has(frozen):
    path = frozen(lambda: dense(placeholder(None, 4, name="features")))
    with pytest.raises(
        ModelError, match=r"no placeholder takes images \(placeholders: features:0 float32 \(None, 4\)\): say input="
    ):
        slimcam.load(path)


def two_inputs():
    left, right = placeholder(None, SIDE, SIDE, 3, name="left"), placeholder(None, SIDE, SIDE, 3, name="right")
    dense(tf1.reduce_mean(maps(left), [1, 2]), "one")
    dense(tf1.reduce_mean(maps(right, "other_maps"), [1, 2]), "other")


def test_two_nets_in_one_graph_are_told_apart_by_their_logits(frozen):
    choice = "the logits could be 'one:0', 'other:0': say logits="
    with slimcam.load(frozen(two_inputs)) as model, pytest.raises(slimcam.TargetError, match=choice):
        slimcam.GradCAM(model)


def test_the_logits_decide_which_of_two_placeholders_is_meant(model_of):
    assert model_of(two_inputs, logits="other").input.name == "right:0"
