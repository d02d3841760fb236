"""GradCAM: built once, used often, on photos of all kinds; and what it leaves as it was.

Most tests use `colours`: its layer `a` is the red and the green of a 4 x 6 photo as they are, and its logits are their
means. So the raw map of class 0 is red / 24 and that of class 1 is green / 24.
"""

import os
import pathlib
import subprocess
import sys

import cv2
import numpy as np
import pytest
import tensorflow.compat.v1 as tf1

import slimcam
from slimcam.maps.dialects import DIALECTS
from slimcam.maps.maps import Maps

RED_GREEN = [[[[1.0, 0], [0, 1], [0, 0]]]]


def colours(shape=(None, 4, 6, 3), dtype=tf1.float32):
    x = tf1.placeholder(dtype, shape, name="x")
    a = tf1.nn.relu(tf1.nn.conv2d(tf1.cast(x, tf1.float32), tf1.constant(RED_GREEN), 1, "SAME"), name="a")
    tf1.reduce_mean(a, [1, 2], name="logits")


@pytest.fixture
def net(model_of):
    return model_of(colours, preprocess="none", logits="logits", labels=["red", "green"])


@pytest.fixture
def any_size(model_of):
    return model_of(lambda: colours((None, None, None, 3)), preprocess="none", logits="logits")


def operations(model):
    return len(model.graph.get_operations())


def painted(raw, photo, dialect="paper", window=None):
    """Return the Maps of one raw map on one photo."""
    photo = np.asarray(photo, np.uint8)
    one, raw = np.zeros(1, np.int64), np.asarray([raw], np.float32)
    return Maps(raw, one, one, "a", [], DIALECTS[dialect], [photo], [window or (0, 0, *photo.shape[:2])], one)


def grey(height, width, level=100):
    return np.full((height, width, 3), level, np.uint8)


# --- nothing grows


def test_calls_add_no_operations(net, photo):
    cam = slimcam.GradCAM(net, "a")
    before = operations(net)
    cam(photo(4, 6))
    cam([photo(9, 5), photo(4, 6), photo(30, 40)], target=[0, 1, 0])
    cam(np.ones((5, 4, 6, 3), np.float32), target="green")
    cam(photo(4, 6), target=slimcam.Class(0) - slimcam.Class(1)).overlay()
    assert operations(net) == before


@pytest.mark.parametrize("target", [slimcam.Top(2), slimcam.Mean("a"), lambda model: model.logits[:, 0]])
def test_calls_add_no_operations_to_other_kinds_of_target(net, photo, target):
    cam = slimcam.GradCAM(net, "a", target)
    before = operations(net)
    cam(photo(4, 6))
    cam([photo(9, 5), photo(4, 6)])
    assert operations(net) == before


def test_targets_on_the_logits_share_one_gradient(net):
    slimcam.GradCAM(net, "a")
    before = operations(net)
    for target in (0, "green", slimcam.Class(0) - slimcam.Class(1), [0, 1], None):
        slimcam.GradCAM(net, "a", target)
        slimcam.GradCAM(net, net.tensor("a"), target, method="gated")
    assert operations(net) == before


def test_equal_targets_share_one_gradient(net):
    def first(model):
        return model.logits[:, 0]

    targets = (lambda: slimcam.Top(2), lambda: slimcam.Mean("a"), lambda: slimcam.Dot("logits", [1, 2]), lambda: first)
    for target in targets:
        slimcam.GradCAM(net, "a", target())
        before = operations(net)
        slimcam.GradCAM(net, "a", target())
        assert operations(net) == before


def test_dialects_of_one_score_share_one_gradient(net):
    slimcam.GradCAM(net, "a", dialect="book")
    before = operations(net)
    slimcam.GradCAM(net, "a", dialect="csdn")
    slimcam.GradCAM(net, "a", dialect="gates")
    assert operations(net) == before


# --- layouts


def test_layer_with_channels_first_gives_the_map_of_the_place(model_of):
    def build(first):
        x = tf1.placeholder(tf1.float32, [None, 2, 3, 1], name="x")
        a = tf1.nn.conv2d(x, tf1.constant([[[[1.0, -1.0]]]]), 1, "SAME")
        a = tf1.transpose(a, [0, 3, 1, 2]) if first else a
        a = tf1.nn.bias_add(a, tf1.constant([1.0, 0.0]), data_format="NCHW" if first else "NHWC")
        features = tf1.reduce_mean(tf1.nn.relu(a, name="a"), [2, 3] if first else [1, 2])
        tf1.multiply(features, tf1.constant([6.0, 12.0]), name="logits")

    image = np.array([[1, 2, 3], [-4, -5, -6]], np.float32).reshape(1, 2, 3, 1)
    maps = {}
    for first in (True, False):
        maps[first] = slimcam.GradCAM(model_of(lambda first=first: build(first)), "a", slimcam.Top(2))(image)
    # a0 = x + 1 where that is positive, with weight 6/6; a1 = -x, with weight 12/6; f0 = 9/6, f1 = 15/6
    np.testing.assert_allclose(maps[False].raw, [[[0, 0, 0], [8, 10, 12]], [[2, 3, 4], [0, 0, 0]]], rtol=1e-6)
    np.testing.assert_allclose(maps[True].raw, maps[False].raw, rtol=1e-6)
    assert maps[True].classes.tolist() == [1, 0]


def test_default_layer_with_channels_first_is_found_by_its_places(model_of):
    def build():
        x = tf1.placeholder(tf1.float32, [None, 2, 3, 1], name="x")
        a = tf1.transpose(tf1.nn.conv2d(x, tf1.ones([1, 1, 1, 1]), 1, "SAME"), [0, 3, 1, 2])
        a = tf1.nn.relu(tf1.nn.bias_add(a, tf1.constant([0.0]), data_format="NCHW"), name="a")  # 1 x 2 x 3
        pooled = tf1.reduce_mean(a, [2, 3], keepdims=True)  # 1 x 1 x 1: no places are left
        tf1.squeeze(tf1.nn.relu(pooled, name="pooled"), [2, 3], name="logits")

    assert model_of(build).layers()[0].name == "a"


# --- layers


def block(x, name, out):
    """Build convolution, bias and ReLU, `out` channels, as one scope."""
    with tf1.name_scope(name):
        weights = tf1.constant(np.ones((1, 1, x.shape.as_list()[-1], out), np.float32))
        return tf1.nn.relu(tf1.nn.bias_add(tf1.nn.conv2d(x, weights, 1, "SAME"), tf1.zeros([out])))


def test_layers_are_whole_blocks_the_last_first(model_of):
    def build():
        stem = block(tf1.placeholder(tf1.float32, [None, 4, 4, 3], name="x"), "stem", 2)
        pooled = tf1.nn.max_pool(stem, 2, 2, "SAME", name="pool")
        mixed = tf1.concat([block(pooled, "left", 2), block(pooled, "right", 3)], 3, name="mixed")
        last = tf1.nn.avg_pool(mixed, 2, 2, "SAME", name="last_pool")
        tf1.reshape(last, [-1, 5], name="logits")

    model = model_of(build)
    assert [layer.tensor.name for layer in model.layers()] == ["mixed:0", "stem/Relu:0"]
    assert [layer.name for layer in model.layers()] == ["mixed", "stem"]
    assert [layer.shape for layer in model.layers()] == [(None, 2, 2, 5), (None, 4, 4, 2)]


def test_layer_of_a_residual_net_lies_after_its_last_norm(model_of):
    def build():
        trunk = block(tf1.placeholder(tf1.float32, [None, 4, 4, 3], name="x"), "stem", 2)
        trunk = tf1.add(trunk, block(trunk, "unit", 2), name="unit_out")
        norm = tf1.nn.fused_batch_norm(trunk, [1.0, 1], [0.0, 0], [0.0, 0], [1.0, 1], is_training=False)[0]
        tf1.reduce_mean(tf1.nn.relu(norm, name="postnorm"), [1, 2], name="logits")

    assert [layer.tensor.name for layer in model_of(build).layers()] == ["postnorm:0", "stem/Relu:0"]


def test_layer_is_the_first_of_the_model_where_none_is_named(net, photo):
    maps = slimcam.GradCAM(net)(photo(4, 6))
    assert maps.layer == net.layers()[0].name == "a"


def test_layers_found_again_by_their_names(net):
    for layer in net.layers():
        assert net.tensor(layer.name) is layer.tensor


def test_gradients_of_slimcam_are_no_layers(net):
    slimcam.GradCAM(net, "a", slimcam.Top(2))  # before the layers are looked for
    assert [layer.name for layer in net.layers()] == ["a"]


def test_layer_of_two_dimensions_is_refused(net):
    message = r"'logits:0' is \(.*, 2\): a layer to explain has four dimensions; layers that do: 'a'"
    with pytest.raises(slimcam.LayerError, match=message):
        slimcam.GradCAM(net, "logits")


def test_layer_that_does_not_lead_to_the_score_is_refused(model_of):
    def build():
        colours()
        tf1.nn.relu(tf1.get_default_graph().get_tensor_by_name("a:0"), name="side")

    model = model_of(build, logits="logits")
    for target in (None, slimcam.Top(1)):
        with pytest.raises(
            slimcam.LayerError, match="'side:0' does not lead to the score 'logits:0'; layers that do: 'a'"
        ):
            slimcam.GradCAM(model, "side", target)


@pytest.mark.parametrize("target", [0, slimcam.Top(1), slimcam.Channel("logits", 0)])
def test_layer_of_unknown_shape_is_explained(model_of, target):
    def build():
        x = tf1.placeholder(tf1.float32, [None, 4, 6, 3], name="x")
        a = tf1.placeholder_with_default(tf1.nn.conv2d(x, tf1.constant(RED_GREEN), 1, "SAME"), None, name="a")
        tf1.ensure_shape(tf1.reduce_mean(a, [1, 2]), [None, 2], name="logits")

    image = np.ones((1, 4, 6, 3), np.float32)
    image[..., 0] = 24
    maps = slimcam.GradCAM(model_of(build, logits="logits"), "a", target)(image)
    np.testing.assert_allclose(maps.raw, np.ones((1, 4, 6)), rtol=1e-6)


def test_misspelt_layer_suggests(net):
    with pytest.raises(slimcam.UnknownName, match="no tensor 'logit'; near: 'logits'"):
        slimcam.GradCAM(net, "logit")


@pytest.mark.parametrize(
    "option, message", [("dialect", "no dialect 'bok'.*near: 'book'"), ("method", "no method 'bok'")]
)
def test_misspelt_option_suggests(net, option, message):
    with pytest.raises(slimcam.UnknownName, match=message):
        slimcam.GradCAM(net, "a", **{option: "bok"})


def test_method_takes_the_place_of_the_dialects(net):
    # logit of red: gradient 1/24 everywhere in one of two channels, of root mean square 1/24 / sqrt(2)
    maps = slimcam.GradCAM(net, "a", 0, method="normalised")(np.ones((1, 4, 6, 3), np.float32))
    np.testing.assert_allclose(maps.raw, np.full((1, 4, 6), 1 / 24 / (1 / 24 / 2**0.5 + 1e-5)), rtol=1e-6)


# --- images


def test_photo_is_explained_by_what_it_shows(net, photo):
    picture = photo(4, 6)
    maps = slimcam.GradCAM(net, "a", slimcam.Top(2))(picture)
    by_class = dict(zip(maps.classes.tolist(), maps.raw))
    np.testing.assert_allclose(by_class[0], picture[..., 0] / 24, rtol=1e-5)
    np.testing.assert_allclose(by_class[1], picture[..., 1] / 24, rtol=1e-5)


def test_photos_come_as_paths_arrays_lists_and_stacks(net, photo, tmp_path):
    pictures = [photo(4, 6, seed) for seed in range(2)]
    files = [tmp_path / f"{i}.png" for i in range(2)]
    for file, picture in zip(files, pictures):
        cv2.imwrite(str(file), picture[..., ::-1])
    cam = slimcam.GradCAM(net, "a", target=0)
    want = np.stack([picture[..., 0] for picture in pictures]) / 24
    for images in (files, [str(file) for file in files], pictures, np.stack(pictures), (files[0], pictures[1])):
        np.testing.assert_allclose(cam(images).raw, want, rtol=1e-5)
    for image in (files[0], str(files[0]), pictures[0]):
        np.testing.assert_allclose(cam(image).raw, want[:1], rtol=1e-5)


@pytest.mark.parametrize("value", [0.5, -3.0, 1000.0])
def test_floating_point_is_fed_as_it_is(net, value):
    maps = slimcam.GradCAM(net, "a", target=0)(np.full((1, 4, 6, 3), value, np.float32))
    np.testing.assert_allclose(maps.raw, np.full((1, 4, 6), max(value, 0) / 24), rtol=1e-6)


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
        np.testing.assert_allclose(raw, np.full(sizes[i], (10 * i + 10) / np.prod(sizes[i])), rtol=1e-6)


def test_net_that_takes_one_image_explains_several(model_of, photo):
    def build():
        x = tf1.placeholder(tf1.float32, [4, 6, 3], name="x")
        a = tf1.nn.relu(tf1.nn.conv2d(x[None], tf1.constant(RED_GREEN), 1, "SAME"), name="a")
        tf1.reduce_mean(a, [1, 2], name="logits")

    model = model_of(build, preprocess="none", logits="logits")
    pictures = [photo(4, 6, seed) for seed in range(3)]
    maps = slimcam.GradCAM(model, "a", target=[0, 1, 0])(pictures)
    for raw, picture, channel in zip(maps.raw, pictures, (0, 1, 0)):
        np.testing.assert_allclose(raw, picture[..., channel] / 24, rtol=1e-5)


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
    np.testing.assert_allclose(slimcam.GradCAM(model, "a", 0)(picture).raw, [picture[..., 0] / 24], rtol=1e-5)
    with pytest.raises(slimcam.PhotoError, match="'x:0' takes uint8: give photos as uint8 RGB or paths"):
        slimcam.GradCAM(model, "a", 0)(np.ones((1, 4, 6, 3), np.float32))


def test_photos_need_a_preprocessing(model_of, photo):
    model = model_of(colours, logits="logits")
    with pytest.raises(
        slimcam.PhotoError, match=r"nothing says how .*model\.pb prepares its photos: load it with preprocess="
    ):
        slimcam.GradCAM(model, "a")(photo(4, 6))


def test_model_that_is_closed_says_so(net, photo):
    cam = slimcam.GradCAM(net, "a")
    with net:
        cam(photo(4, 6))
    with pytest.raises(slimcam.ModelError, match="the model is closed; load it again"):
        cam(photo(4, 6))


def test_explain_is_one_call(net, photo):
    picture = photo(4, 6)
    maps = slimcam.explain(net, picture, "a", target="green")
    np.testing.assert_allclose(maps.raw, [picture[..., 1] / 24], rtol=1e-5)


# --- pictures


def test_overlay_mixes_colours_and_photo(net):
    # jet's highest colour is (128, 0, 0) and its lowest (0, 0, 128), half of each beside half of grey 100
    overlay = painted([[1, 0]], grey(1, 2)).overlay()
    assert overlay.dtype == np.uint8
    assert overlay.tolist() == [[[[114, 50, 50], [50, 50, 114]]]]


@pytest.mark.parametrize(
    "dialect, high, low",
    [
        ("paper", [114, 50, 50], [50, 50, 114]),
        ("hiveml", [114, 50, 50], [50, 50, 114]),
        ("book", [151, 100, 100], [100, 100, 151]),  # 0.4 x 128 + 100
        ("csdn", [114, 50, 50], [50, 50, 114]),
        ("gates", [178, 50, 50], [50, 50, 178]),  # 128 + 0.5 x 100
    ],
)
def test_overlay_takes_the_shares_of_the_dialect(dialect, high, low):
    assert painted([[1, 0]], grey(1, 2), dialect).overlay().tolist() == [[[high, low]]]


def test_overlay_that_is_too_bright_is_cut_off():
    assert painted([[1, 0]], grey(1, 2, 250), "book").overlay().tolist() == [[[[255, 250, 250], [250, 250, 255]]]]


@pytest.mark.parametrize("alpha, high", [(0, [100, 100, 100]), (0.25, [107, 75, 75]), (1, [128, 0, 0])])
def test_alpha_is_the_share_of_the_colours(alpha, high):
    assert painted([[1, 0]], grey(1, 2)).overlay(alpha=alpha)[0, 0, 0].tolist() == high


@pytest.mark.parametrize("colormap", ["hot", "HOT", cv2.COLORMAP_HOT])
def test_colours_by_name_or_number(colormap):
    assert painted([[1, 0]], grey(1, 2)).overlay(colormap, alpha=1).tolist() == [[[[255, 255, 255], [0, 0, 0]]]]


def test_unknown_colours_suggest():
    with pytest.raises(slimcam.UnknownName, match="no colour map 'hott'; near: 'hot'"):
        painted([[1, 0]], grey(1, 2)).overlay("hott")


def test_resized_is_linear_between_the_middles_of_pixels():
    # 4 pixels lie at -1/4, 1/4, 3/4 and 5/4 of two, the outer ones beyond the middles
    np.testing.assert_allclose(painted([[0, 1]], grey(1, 4)).resized(), [[[0, 0.25, 0.75, 1]]], atol=1e-6)


# OpenCV's cubic (a = -3/4) at 1/4 weighs four neighbours -0.10546875, 0.87890625, 0.26171875 and -0.03515625; those are
# 0, 0, 1, 1, the outer ones being repeated. The outer pixels overshoot by 0.105 and are cut off.
CUBIC = [[[0, 0.2265625, 0.7734375, 1]]]


def test_resized_may_be_cubic():
    np.testing.assert_allclose(painted([[0, 1]], grey(1, 4)).resized("cubic"), CUBIC, atol=1e-6)
    np.testing.assert_allclose(painted([[0, 1]], grey(1, 4), "csdn").resized(), CUBIC, atol=1e-6)


def test_overlay_may_be_cubic():
    # bone is grey at first: level 57 (0.2265625 x 255 = 57.8) and level 63 (0.25 x 255 = 63.75) differ
    bone = cv2.applyColorMap(np.uint8([[57, 63]]), cv2.COLORMAP_BONE)[0, :, ::-1]
    maps = painted([[0, 1]], grey(1, 4))
    assert maps.overlay("bone", alpha=1, interpolation="cubic")[0, 0, 1].tolist() == bone[0].tolist()
    assert maps.overlay("bone", alpha=1)[0, 0, 1].tolist() == bone[1].tolist()


def test_unknown_interpolation_suggests():
    with pytest.raises(
        slimcam.UnknownName, match=r"no interpolation 'cubc' \(there are linear, cubic\); near: 'cubic'"
    ):
        painted([[0, 1]], grey(1, 4)).resized("cubc")


def test_gates_resize_before_they_cut_off_and_stretch():
    # -1 and 1 at 4 pixels: -1, -0.5, 0.5, 1; cut off: 0, 0, 0.5, 1
    np.testing.assert_allclose(painted([[-1, 1]], grey(1, 4), "gates").resized(), [[[0, 0, 0.5, 1]]], atol=1e-6)
    # the paper cuts off first: 0 and 1 at 4 pixels
    np.testing.assert_allclose(painted([[-1, 1]], grey(1, 4)).resized(), [[[0, 0.25, 0.75, 1]]], atol=1e-6)


def test_what_the_net_did_not_see_stays_unpainted():
    # of 4 x 4, the net saw two rows and two columns, from (1, 1) on
    maps = painted([[1]], grey(4, 4), window=(1, 1, 2, 2))
    seen = np.zeros((4, 4), bool)
    seen[1:3, 1:3] = True
    np.testing.assert_array_equal(maps.resized()[0], seen)
    assert (maps.overlay()[0][seen] == [114, 50, 50]).all()
    assert (maps.overlay()[0][~seen] == 100).all()


def test_blank_map_is_painted_as_nothing():
    maps = painted([[-1, -2]], grey(1, 2))
    np.testing.assert_array_equal(maps.resized(), [[[0, 0]]])
    assert maps.overlay().tolist() == [[[[50, 50, 114], [50, 50, 114]]]]


def test_array_is_painted_on_its_own_picture(net):
    image = np.zeros((1, 4, 6, 3), np.float32)
    image[0, 0, 0] = 2.0
    maps = slimcam.GradCAM(net, "a", target=0)(image)
    # stretched to 0 … 255: white where it is largest; jet's highest colour there
    assert maps.overlay(alpha=0)[0, 0, 0].tolist() == [255, 255, 255]
    assert maps.overlay(alpha=1)[0, 0, 0].tolist() == [128, 0, 0]
    assert maps.overlay(alpha=0)[0, 3, 5].tolist() == [0, 0, 0]


# --- what stays as it was


def test_images_and_photos_are_not_changed(net, photo):
    pictures = [photo(4, 6), photo(9, 5)]
    array, copies = np.ones((2, 4, 6, 3), np.float32), [picture.copy() for picture in pictures]
    cam = slimcam.GradCAM(net, "a")
    cam(pictures).overlay()
    cam(array).overlay()
    for picture, copy in zip(pictures, copies):
        np.testing.assert_array_equal(picture, copy)
    np.testing.assert_array_equal(array, 1)


def test_graph_session_and_scope_of_the_caller_are_not_touched(frozen, photo):
    path = frozen(colours)
    with tf1.Graph().as_default() as graph, tf1.Session() as session:
        one = tf1.constant(1.0)
        with tf1.name_scope("mine"), tf1.control_dependencies([one]), tf1.device("/cpu:0"):
            before = graph.as_graph_def()
            with slimcam.load(path, preprocess="none", logits="logits") as model:
                slimcam.GradCAM(model, "a")(photo(4, 6)).overlay()
                assert model.graph is not graph and model.session is not session
            assert graph.as_graph_def() == before
            assert tf1.get_default_graph() is graph and tf1.get_default_session() is session
        assert session.run(one + 1) == 2


WORLD = """
import os, sys
import cv2  # which changes sys.path by itself
import numpy as np
import tensorflow as tf
tf1 = tf.compat.v1
if {legacy}:
    tf1.disable_v2_behavior()

def world():
    equality = tf1.Tensor._USE_EQUALITY
    switches = tf.executing_eagerly(), tf1.control_flow_v2_enabled(), tf1.resource_variables_enabled(), equality
    random = np.random.get_state()[1].tolist(), tf1.get_seed(None)
    return switches, random, dict(os.environ), tf1.logging.get_verbosity(), np.geterr(), list(sys.path)

before = world()
import slimcam
with slimcam.load({path!r}, preprocess="none", logits="logits") as model:
    maps = slimcam.GradCAM(model, "a")(np.full((4, 6, 3), 24, np.uint8))
    maps.overlay()
for now, then in zip(world(), before):
    assert now == then, (now, then)
assert np.allclose(maps.raw, 1)  # 24 / 24
assert len(tf1.get_default_graph().get_operations()) == 0
if not {legacy} and tf.__version__ > "2":
    assert float(tf.constant(1.0) + 1) == 2
"""


@pytest.mark.parametrize("legacy", [False, True])
def test_switches_of_the_process_are_not_touched(frozen, legacy):
    code = WORLD.format(path=frozen(colours), legacy=legacy)
    root = str(pathlib.Path(slimcam.__file__).resolve().parents[1])
    environment = {**os.environ, "PYTHONPATH": root, "PYTHONWARNINGS": "ignore"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 0, done.stderr.decode()
