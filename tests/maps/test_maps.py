"""Maps as pictures: colours, resizing, the order of a dialect's steps, and what the net did not see."""

import cv2
import numpy as np
import pytest
from fixtures.colours import colours
from fixtures.tolerance import rounding

import slimcam
from slimcam.maps.dialects import DIALECTS
from slimcam.maps.maps import Maps

# Of an enlarged map: 4 x 4 values from 0 to 1 have a weight each.
ROUNDED = {"rtol": 0, "atol": rounding(16)}


def painted(raw, photo, dialect="paper", window=None):
    """Return the Maps of one raw map on one photo."""
    photo = np.asarray(photo, np.uint8)
    one, raw = np.zeros(1, np.int64), np.asarray([raw], np.float32)
    return Maps(raw, one, one, "a", [], DIALECTS[dialect], [photo], [window or (0, 0, *photo.shape[:2])], one)


def grey(height, width, level=100):
    return np.full((height, width, 3), level, np.uint8)


def test_overlay_mixes_colours_and_photo():
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
    np.testing.assert_allclose(painted([[0, 1]], grey(1, 4)).resized(), [[[0, 0.25, 0.75, 1]]], **ROUNDED)


# OpenCV's cubic (a = -3/4) at 1/4 weighs four neighbours -0.10546875, 0.87890625, 0.26171875 and -0.03515625; those are
# 0, 0, 1, 1, the outer ones being repeated. The outer pixels overshoot by 0.105 and are cut off.
CUBIC = [[[0, 0.2265625, 0.7734375, 1]]]


def test_resized_may_be_cubic():
    np.testing.assert_allclose(painted([[0, 1]], grey(1, 4)).resized("cubic"), CUBIC, **ROUNDED)
    np.testing.assert_allclose(painted([[0, 1]], grey(1, 4), "csdn").resized(), CUBIC, **ROUNDED)


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
    np.testing.assert_allclose(painted([[-1, 1]], grey(1, 4), "gates").resized(), [[[0, 0, 0.5, 1]]], **ROUNDED)
    # the paper cuts off first: 0 and 1 at 4 pixels
    np.testing.assert_allclose(painted([[-1, 1]], grey(1, 4)).resized(), [[[0, 0.25, 0.75, 1]]], **ROUNDED)


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


def test_array_is_painted_on_its_own_picture(model_of):
    net = model_of(colours, logits="logits")
    image = np.zeros((1, 4, 6, 3), np.float32)
    image[0, 0, 0] = 2.0
    maps = slimcam.GradCAM(net, "a", target=0)(image)
    # stretched to 0 … 255: white where it is largest; jet's highest colour there
    assert maps.overlay(alpha=0)[0, 0, 0].tolist() == [255, 255, 255]
    assert maps.overlay(alpha=1)[0, 0, 0].tolist() == [128, 0, 0]
    assert maps.overlay(alpha=0)[0, 3, 5].tolist() == [0, 0, 0]
