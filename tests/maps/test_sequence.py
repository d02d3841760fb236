"""Maps as a sequence of single maps, and what they say of themselves."""

import base64
import re

import cv2
import numpy as np
import pytest
from fixtures import small_maps
from fixtures.colours import colours

import slimcam
from slimcam.maps import sheets
from slimcam.maps.dialects import DIALECTS
from slimcam.maps.maps import Maps

RAWS = np.float32([[[1.0, 0]], [[2.0, 0]], [[3.0, 0]], [[4.0, 0]]])


@pytest.fixture
def maps(photo):
    """Return four maps, two of each of two photos."""
    two = small_maps.of([[1, 0]], photo(1, 2), photo(1, 2, seed=1))
    return Maps(
        RAWS, np.array([7, 8, 9, -1]), np.float32([1, 2, 3, 4]), "net/a", [], two.dialect, two.photos,
        [(0, 0, 1, 2), (0, 0, 1, 1)], np.array([0, 0, 1, 1]), names=["x/cat.jpg", "y/dog.jpg"],
    )  # fmt: skip


@pytest.mark.parametrize(
    "which, scores",
    [
        (0, [1]),
        (-1, [4]),
        (np.int64(2), [3]),
        (slice(1, 3), [2, 3]),
        (slice(None, None, -1), [4, 3, 2, 1]),
        (slice(4, None), []),
        ([3, 1], [4, 2]),
        (np.array([True, False, False, True]), [1, 4]),
    ],
    ids=str,
)
def test_what_is_picked_are_maps(maps, which, scores):
    some = maps[which]
    assert isinstance(some, Maps)
    assert len(some) == len(scores)
    assert some.scores.tolist() == scores
    assert [raw[0, 0] for raw in some.raw] == scores  # which the fixture has at the first place, too


def test_a_map_brings_its_own_photo_window_and_name(maps):
    last = maps[3]
    assert last.photo.tolist() == [0]
    assert (last.names, last.windows, len(last.photos)) == (["y/dog.jpg"], [(0, 0, 1, 1)], 1)
    np.testing.assert_array_equal(last.photos[0], maps.photos[1])
    np.testing.assert_array_equal(last.overlay()[0], maps.overlay()[3])


def test_of_two_photos_the_order_is_kept(maps):
    turned = maps[::-1]
    assert [turned.names[i] for i in turned.photo] == ["y/dog.jpg"] * 2 + ["x/cat.jpg"] * 2
    np.testing.assert_array_equal(turned.overlay(), maps.overlay()[::-1])


def test_iterating_ends_and_gives_each(maps):
    assert [one.title() for one in maps] == ["class 7 1", "class 8 2", "class 9 3", "score 4"]
    assert [one.scores[0] for one in reversed(maps)] == [4, 3, 2, 1]


@pytest.mark.parametrize("which", [4, -5, "cat", None, (0, 1)])
def test_what_is_not_there_is_an_index_error(maps, which):
    with pytest.raises(IndexError):
        maps[which]


def test_maps_of_several_sizes_are_one_array_once_they_are_alike(photo):
    maps = small_maps.of([[1, 0]], photo(1, 2), photo(1, 2))
    maps.raw = [np.zeros((1, 2), np.float32), np.zeros((2, 2), np.float32)]
    assert maps[1].raw.shape == (1, 2, 2)
    assert [raw.shape for raw in maps[:].raw] == [(1, 2), (2, 2)]


def test_a_picture_of_an_array_is_made_only_for_the_map_that_is_looked_at(model_of, monkeypatch):
    made = []
    monkeypatch.setattr("slimcam.inputs.photos.picture", lambda array: made.append(array) or np.zeros((4, 6, 3), "u1"))
    maps = slimcam.GradCAM(model_of(colours, logits="logits"), "a", target=0)(np.ones((3, 4, 6, 3), np.float32))
    one = maps[1]
    assert not made
    one.overlay()
    assert len(made) == 1
    assert maps.names == ["photo-0", "photo-1", "photo-2"]


# In one line


def test_a_line_names_layer_size_and_the_first_maps(maps):
    assert repr(maps) == "<Maps: 4 of 'net/a', 1 x 2: class 7 1; class 8 2; class 9 3; …>"
    assert repr(maps[3]) == "<Maps: 1 of 'net/a', 1 x 2: score 4>"
    maps.labels = ["x"] * 8 + ["tabby, tabby cat " * 9, "dog"]
    assert "class 8 tabby, tabby cat" in repr(maps)
    assert len(repr(maps)) < 200


def test_a_blank_map_says_so(maps):
    maps.raw = -RAWS
    assert repr(maps[0]) == "<Maps: 1 of 'net/a', 1 x 2: class 7 1 (blank)>"


def test_models_and_layers_are_one_line_too(model_of, photo):
    model = model_of(colours, logits="logits", preprocess="none")
    assert re.fullmatch(r"<Model \S+model\.pb: 'x:0' \(\S+, 4, 6, 3\) to logits 'logits:0' \(\S+, 2\)>", repr(model))
    assert repr(model.layers()) == "[Layer('a', (None, 4, 6, 2))]"
    cam = slimcam.GradCAM(model, "a", slimcam.Top(2), method="gated")
    assert re.fullmatch(r"<GradCAM of \S+model\.pb: layer 'a', target Top\(k=2\), gated>", repr(cam))
    maps = cam(photo(4, 6))
    assert repr(slimcam.compare(maps, maps)).startswith("<Comparison of 2 maps: at most 0.00e+00 of A's largest value")
    shown = slimcam.activations(model, photo(4, 6), "a")
    assert repr(shown) == "<Activations of 1 photos: 'a' (4, 6, 2)>"


# In a notebook


def test_a_notebook_shows_each_map_with_its_title(maps):
    text = maps._repr_html_()
    pictures = re.findall(r'src="data:image/png;base64,([^"]+)"', text)
    shown = [cv2.imdecode(np.frombuffer(base64.b64decode(one), np.uint8), cv2.IMREAD_COLOR) for one in pictures]
    assert [one.shape for one in shown] == [(128, 256, 3)] * 8  # 1 x 2 pixels, as large as fits: photo and colours
    assert "cat.jpg<br>class 7 1<" in text
    for one, photo, heat in zip(maps, shown[::2], shown[1::2]):
        np.testing.assert_array_equal(photo[..., ::-1], sheets.fitted(one.photos[one.photo[0]], sheets.SIDE))
        np.testing.assert_array_equal(heat[..., ::-1], sheets.fitted(one.heatmap()[0], sheets.SIDE))


@pytest.mark.parametrize(("dialect", "share"), [(name, row.blend) for name, row in DIALECTS.items()])
def test_a_notebook_s_slider_starts_where_the_overlay_is(photo, dialect, share):
    text = small_maps.of([[1, 0]], photo(1, 2), dialect=dialect)._repr_html_()
    start = round(100 * share[0] / sum(share))
    assert f'<input type="range" value="{start}"' in text
    assert f"opacity: {start / 100}" in text


def test_a_notebook_shows_no_more_than_a_dozen(photo):
    text = small_maps.of([[1, 0]], *[photo(1, 2)] * 15)._repr_html_()
    assert text.count("<figure ") == 12
    assert "… and 3 more" in text


def test_names_cannot_be_html(maps):
    maps.labels, maps.names = ["<b>"] * 10, ['<script>" onerror="alert(1).jpg'] * 2
    text = maps._repr_html_()
    assert "<b>" not in text and "<script>" not in text and '" onerror' not in text
    assert "&lt;b&gt;" in text


def test_the_png_of_one_map_is_its_overlay(maps):
    shown = cv2.imdecode(np.frombuffer(maps[0]._repr_png_(), np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(shown[..., ::-1], maps.overlay()[0])


def test_the_png_of_several_is_their_contact_sheet(maps):
    shown = cv2.imdecode(np.frombuffer(maps._repr_png_(), np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(shown[..., ::-1], maps.sheet())
