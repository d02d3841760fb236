"""Comparisons of maps, each figure worked out by hand on maps of a few numbers."""

import json
import math
import re

import cv2
import numpy as np
import pytest

import slimcam
from slimcam.errors import ComparisonError
from slimcam.maps import comparison, paint
from slimcam.maps.dialects import DIALECTS
from slimcam.maps.maps import Maps


def of(*raws, classes=None, photos=None, labels=None, per_photo=1):
    """Return Maps of raw maps, each a list of rows; `per_photo` of them are of one photo."""
    raws = [np.array(raw, np.float32) for raw in raws]
    raw = np.stack(raws) if len({one.shape for one in raws}) == 1 else raws
    photo = np.arange(len(raws)) // per_photo
    photos = photos or [np.full((20, 30, 3), 128, np.uint8) for _ in range(photo[-1] + 1)]
    windows = [(0, 0, *one.shape[:2]) for one in photos]
    classes = np.arange(len(raws)) if classes is None else np.array(classes)
    scores = np.zeros(len(raws), np.float32)
    return Maps(raw, classes, scores, "a", [], DIALECTS["paper"], photos, windows, photo, labels)


def figures(a, b):
    """Return the figures of two raw maps as a dictionary of numbers."""
    found = slimcam.compare(of(a), of(b))
    return {figure.name: getattr(found, figure.name)[0] for figure in comparison.FIGURES}


def test_figures_of_two_by_two_maps():
    found = figures([[3, 0], [0, 4]], [[4, 0], [1, 3]])
    # B - A = 1, 0, 1, -1; A's largest value is 4
    assert found["absolute"] == 1
    assert found["relative"] == 0.25
    # 3 · 4 + 4 · 3 = 24; lengths 5 and sqrt(16 + 1 + 9)
    assert found["cosine"] == pytest.approx(24 / (5 * math.sqrt(26)))
    # less their means 7/4 and 2: products (5 · 2 + 7 · 2 + 7 · 1 + 9 · 1) / 4 = 10, squares 204 / 16 and 10
    assert found["pearson"] == pytest.approx(10 / math.sqrt(204 / 16 * 10))
    # ranks 3, 1.5, 1.5, 4 and 4, 1, 2, 3, less 2.5: products .75 + 1.5 + .5 + .75, squares 4.5 and 5
    assert found["spearman"] == pytest.approx(3.5 / math.sqrt(4.5 * 5))
    # a top of one place each: another in A than in B
    assert (found["iou5"], found["iou10"], found["iou20"]) == (0, 0, 0)
    # the peaks lie in opposite corners, a step down and a step across; the diagonal is 2 x 2
    assert found["peaks"] == pytest.approx(math.sqrt(2) / math.sqrt(8))


def test_every_figure_is_worked_out_here():
    named = {figure.name for figure in comparison.FIGURES}
    assert named == {"absolute", "relative", "cosine", "pearson", "spearman", "iou5", "iou10", "iou20", "peaks"}


def test_sign_and_level_are_told_apart_from_shape():
    opposite = figures([[1, 2, 3, 4]], [[-1, -2, -3, -4]])
    assert opposite["cosine"] == pytest.approx(-1)
    assert opposite["pearson"] == pytest.approx(-1)
    assert opposite["spearman"] == pytest.approx(-1)
    raised = figures([[1, 2, 3, 4]], [[11, 12, 13, 14]])
    assert (raised["absolute"], raised["relative"]) == (10, 2.5)
    assert raised["pearson"] == pytest.approx(1)
    assert raised["cosine"] == pytest.approx((11 + 24 + 39 + 56) / math.sqrt(30 * (121 + 144 + 169 + 196)))


def test_spearman_follows_the_order_alone():
    found = figures([[1, 2, 3, 4]], [[1, 10, 100, 1000]])
    assert found["spearman"] == pytest.approx(1)
    # less means: -1.5, -.5, .5, 1.5 and -276.75, -267.75, -177.75, 722.25
    squares = 276.75**2 + 267.75**2 + 177.75**2 + 722.25**2
    assert found["pearson"] == pytest.approx(
        (1.5 * (276.75 + 722.25) + 0.5 * (267.75 - 177.75)) / math.sqrt(5 * squares)
    )
    # 1 - 6 (0 + 1 + 1 + 0) / (4 · 15)
    assert figures([[1, 2, 3, 4]], [[1, 3, 2, 4]])["spearman"] == pytest.approx(0.8)


def test_ties_share_their_mean_rank():
    assert comparison.ranks(np.array([[7, 5], [5, 9], [5, 9]])).tolist() == [4, 2, 2, 5.5, 2, 5.5]


def test_overlap_of_the_tops_is_counted():
    # 40 places in a row; the tops are 2, 4 and 8 places, the last ones of A, three places earlier in B
    a = np.arange(40.0)
    found = figures([a], [np.roll(a, -3)])
    # B has its top on 35, 36; 33 … 36; 29 … 36; A on 38, 39; 36 … 39; 32 … 39
    assert found["iou5"] == 0
    assert found["iou10"] == pytest.approx(1 / 7)
    assert found["iou20"] == pytest.approx(5 / 11)
    assert found["peaks"] == pytest.approx(3 / math.hypot(1, 40))


def test_top_has_at_least_a_place_and_rounds_up():
    assert [comparison.top(np.arange(49), percent).sum() for percent in (5, 10, 20)] == [3, 5, 10]
    assert comparison.top(np.array([[1, 2]]), 5).tolist() == [[False, True]]


def test_all_places_of_a_tie_are_in_the_top():
    # the top 20 % of 10 places are 2, and three places share the second value
    values = np.array([9, 5, 1, 5, 0, 0, 5, 0, 0, 0])
    assert np.flatnonzero(comparison.top(values, 20)).tolist() == [0, 1, 3, 6]
    assert np.flatnonzero(comparison.top(values[::-1], 20)).tolist() == [3, 6, 8, 9]


def test_ties_that_rounding_parts_are_ties():
    exact, rounded = [[4, 1, 1, 0]], [[4, 1, np.nextafter(np.float32(1), np.float32(2)), 1e-9]]
    assert figures(exact, rounded)["spearman"] == pytest.approx(1)
    two = [[4, 0, 0, np.nextafter(np.float32(4), np.float32(5))]]
    assert figures([[4, 0, 0, 0]], two)["peaks"] == 0


def test_distance_is_between_the_nearest_of_tied_peaks():
    found = figures([[5, 0, 0, 0], [0, 0, 0, 5]], [[0, 0, 0, 0], [0, 5, 0, 0]])
    assert found["peaks"] == pytest.approx(math.sqrt(2) / math.hypot(2, 4))


ALIKE = {"cosine": 1, "pearson": 1, "spearman": 1, "iou5": 1, "iou10": 1, "iou20": 1}
SHAPES = {name: 0 for name in ALIKE if name != "cosine"}
ZEROS, THREES, PEAK = [[0, 0], [0, 0]], [[3, 3], [3, 3]], [[0, 0], [0, 4]]


@pytest.mark.parametrize(
    "a, b, expected",
    [
        (ZEROS, ZEROS, {"absolute": 0, "relative": 0, "peaks": 0, **ALIKE}),
        (THREES, THREES, {"absolute": 0, "relative": 0, "peaks": 0, **ALIKE}),
        (PEAK, PEAK, {"absolute": 0, "relative": 0, "peaks": 0, **ALIKE}),
        (ZEROS, PEAK, {"absolute": 4, "relative": 1, "cosine": 0, **SHAPES}),
        (PEAK, ZEROS, {"absolute": 4, "relative": 1, "cosine": 0, **SHAPES}),
        (THREES, PEAK, {"absolute": 3, "relative": 1, "cosine": 0.5, **SHAPES}),  # 12 / (6 · 4)
        (ZEROS, THREES, {"absolute": 3, "relative": 1, "cosine": 0, **SHAPES}),
        (THREES, [[6, 6], [6, 6]], {"absolute": 3, "relative": 1, "cosine": 1, **SHAPES}),
    ],
    ids=["zeros", "flat", "peak", "zeros-peak", "peak-zeros", "flat-peak", "zeros-flat", "flat-flat"],
)
def test_flat_maps_are_alike_or_not_and_never_nan(a, b, expected):
    found = figures(a, b)
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    assert np.isfinite(list(found.values())).all()


def test_flat_maps_that_rounding_parts_are_alike():
    threes = np.array(THREES, np.float32)
    rounded = threes.copy()
    rounded[0, 0] = np.nextafter(np.float32(3), np.float32(4))
    found = figures(threes, rounded)
    assert (found["pearson"], found["spearman"], found["iou10"]) == (1, 1, 1)


@pytest.mark.parametrize("size", [1e-38, 1e38])
def test_sizes_near_the_ends_of_float32_are_compared(size):
    found = figures([[1 * size, 2 * size]], [[-2 * size, 2 * size]])
    assert found["relative"] == pytest.approx(1.5, rel=1e-6)
    assert found["cosine"] == pytest.approx(2 / math.sqrt(40), rel=1e-6)  # (-2 + 4) / sqrt(5 · 8)


def test_coarser_maps_are_resized_and_the_table_says_so():
    coarse, fine = [[0, 8], [8, 0]], np.zeros((4, 4))
    found = slimcam.compare(of(coarse), of(fine))
    assert found.resized.tolist() == [True]
    # linear from centre to centre: a corner of the 4 x 4 keeps its corner's value
    assert found.absolute.tolist() == [8]
    assert "\nThe coarser map was resized to the finer: 2 x 2 and 4 x 4.\n" in found.table()
    same = slimcam.compare(of(coarse), of(np.kron(coarse, np.ones((2, 2)))))
    # the second place of the first row lies a quarter of the way from 0 to 8, the second of the second row ...
    # 8 (1/4 · 3/4 + 3/4 · 1/4) = 3 away from 0
    assert same.absolute.tolist() == [3]
    assert slimcam.compare(of(fine), of(coarse)).resized.tolist() == [True]


def test_maps_that_are_finer_one_way_and_coarser_the_other_meet_at_the_finer_of_both():
    found = slimcam.compare(of([[1, 2], [1, 2]]), of([[1], [1], [2], [2]]))
    # 4 x 2 both: 1, 2 in each row, and 1, 1 in two rows, then 2, 2
    assert found.absolute.tolist() == [1]
    assert found.cosine == pytest.approx([18 / (math.sqrt(20) * math.sqrt(20))])


def test_maps_of_different_sizes_in_one_batch_are_compared_each_by_itself():
    a = of([[1, 2]], [[1, 2, 3], [4, 5, 6]])
    b = of([[1, 3]], [[1, 2, 3], [4, 5, 9]])
    found = slimcam.compare(a, b)
    assert found.absolute.tolist() == [1, 3]
    assert found.relative == pytest.approx([1 / 2, 3 / 6])
    assert found.resized.tolist() == [False, False]
    assert "resized" not in found.table()


def test_share_of_classes_that_agree():
    found = slimcam.compare(of(PEAK, PEAK, PEAK, PEAK), of(PEAK, PEAK, PEAK, PEAK, classes=[0, 1, 2, 7]))
    assert found.agrees.tolist() == [True, True, True, False]
    assert found.agreement == 0.75


def test_worst_of_all_maps_is_the_largest_difference_and_the_smallest_likeness():
    found = slimcam.compare(of(PEAK, PEAK), of([[4, 0], [0, 0]], [[0, 0], [0, 5]]))
    assert found.worst["absolute"] == 4
    assert found.worst["relative"] == 1
    assert found.worst["cosine"] == found.worst["iou5"] == 0
    assert found.worst["pearson"] == pytest.approx(-1 / 3)  # (-3 - 3 + 1 + 1) / 12
    assert found.worst["peaks"] == 0.5
    assert found.summary() == (
        "2 maps: at most 1.00e+00 of A's largest value apart, Pearson at least -0.333333, "
        "IoU of the top 10 % at least 0.00; 2 of 2 classes agree"
    )


def test_table_has_a_row_a_map_and_the_worst():
    labels = ["cat", "dog"]
    a, b = of(PEAK, PEAK, labels=labels), of([[0, 0], [0, 5]], PEAK, classes=[0, 0], labels=labels)
    lines = slimcam.compare(a, b).table(["x.png", "y.png"]).splitlines()
    assert re.split(r"\s{2,}", lines[0].strip()) == [
        *("map", "class", "max |B-A|", "of max |A|", "cosine", "Pearson", "Spearman", "IoU 5%", "10%", "20%", "peaks")
    ]
    assert re.split(r"\s{2,}", lines[2]) == [
        *("x.png", "cat", "1.00e+00", "2.50e-01", *3 * ["1.000000"], *3 * ["1.00"], "0.000")
    ]
    assert re.split(r"\s{2,}", lines[3])[:4] == ["y.png", "dog / cat", "0.00e+00", "0.00e+00"]
    assert re.split(r"\s{2,}", lines[4])[:4] == ["worst", "1 of 2 agree", "1.00e+00", "2.50e-01"]
    assert len(lines) == 5
    assert max(map(len, lines)) <= 120


def test_names_are_of_the_maps_or_of_their_photos():
    maps = of(PEAK, PEAK, PEAK, PEAK, per_photo=2)
    found = slimcam.compare(maps, maps)
    rows = {"0 1 2 3": None, "x x y y": ["x", "y"], "p q r s": ["p", "q", "r", "s"]}
    for names, given in rows.items():
        assert [line.split()[0] for line in found.table(given).splitlines()[2:-1]] == names.split()
    with pytest.raises(ComparisonError, match="3 names for 4 maps of 2 photos"):
        found.table(["x", "y", "z"])


def test_json_is_strict_and_plain():
    found = slimcam.compare(of(ZEROS, PEAK), of(PEAK, ZEROS, classes=[0, 3])).to_json()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["agreement"] == 0.5
    assert found["maps"][1] == {
        **{"photo": 1, "absolute": 4.0, "relative": 1.0, "cosine": 0.0, "pearson": 0.0, "spearman": 0.0},
        **{"iou5": 0.0, "iou10": 0.0, "iou20": 0.0, "peaks": 0.0, "classes": [1, 3], "agrees": False, "resized": False},
    }
    assert found["worst"]["absolute"] == 4.0


def test_other_numbers_of_maps_or_photos_are_an_error():
    with pytest.raises(ComparisonError, match="A has 2 maps and B 1: explain the same photos by both"):
        slimcam.compare(of(PEAK, PEAK), of(PEAK))
    with pytest.raises(ComparisonError, match="A has 1 photos and B 2"):
        slimcam.compare(of(PEAK, PEAK, per_photo=2), of(PEAK, PEAK))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_maps_that_are_no_numbers_are_an_error_that_names_them(value):
    bad = of(PEAK, [[0, value], [1, 2]], [[0, 1], [1, value]])
    with pytest.raises(ComparisonError, match="B holds NaN or infinity in its raw maps 1, 2: nothing to compare"):
        slimcam.compare(of(PEAK, PEAK, PEAK), bad)
    with pytest.raises(ComparisonError, match=r"^A holds NaN"):
        slimcam.compare(bad, of(PEAK, PEAK, PEAK))


def test_what_is_no_maps_is_an_error():
    with pytest.raises(ComparisonError, match="B is no Maps but ndarray: compare what a GradCAM returns"):
        slimcam.compare(of(PEAK), np.zeros((1, 2, 2)))


def test_diverging_colours_are_blue_below_and_red_above():
    colours = paint.diverging(np.array([[-2, -1, 0, 0.5, 1]]))
    assert colours.dtype == np.uint8
    assert colours[0, :3].tolist() == [[33, 102, 172], [33, 102, 172], [247, 247, 247]]
    assert colours[0, 3].tolist() == [212, 136, 145]  # half the way from 247 to 178, 24, 43, halves to the even
    assert colours[0, 4].tolist() == [178, 24, 43]


def below_the_caption(picture, height, width, gap):
    """Cut a picture of three panels into them."""
    panels = picture[-height:]
    return [panels[:, k * (width + gap) :][:, :width] for k in range(3)]


def test_picture_holds_a_and_b_and_the_difference():
    photos = [np.full((200, 300, 3), 128, np.uint8)]
    a, b = of([[0, 4], [2, 2]], photos=photos), of([[8, 0], [2, 4]], photos=photos)
    picture = slimcam.compare(a, b).picture(0)
    assert picture.dtype == np.uint8
    gap = 300 // 60
    assert picture.shape == (picture.shape[0], 3 * 300 + 2 * gap, 3)
    assert 200 < picture.shape[0] < 240
    panels = below_the_caption(picture, 200, 300, gap)
    np.testing.assert_array_equal(panels[0], a.overlay()[0])
    np.testing.assert_array_equal(panels[1], b.overlay()[0])
    change = panels[2]
    assert change[0, 0].tolist() == [178, 24, 43]  # 8 more, twice A's largest value
    assert change[0, -1].tolist() == [33, 102, 172]
    assert change[-1, 0].tolist() == [247, 247, 247]
    assert change[-1, -1].tolist() == [212, 136, 145]  # 2 more, half of it
    assert (picture[: picture.shape[0] - 200].min(axis=(0, 2)) < 60).any()  # letters above


def test_picture_is_of_the_map_that_is_asked_for():
    found = slimcam.compare(of(PEAK, ZEROS), of(PEAK, PEAK))
    assert not np.array_equal(found.picture(0), found.picture(1))
    np.testing.assert_array_equal(found.picture(-1), found.picture(1))
    with pytest.raises(IndexError):
        found.picture(2)


def test_picture_of_a_small_photo_is_enlarged_so_that_its_caption_fits():
    found = slimcam.compare(of(PEAK), of(ZEROS)).picture(0)  # photos of 20 x 30: five times as large
    assert found.shape[1] == 3 * 150 + 2 * 4
    tall = [np.zeros((400, 10, 3), np.uint8)]
    found = slimcam.compare(of(PEAK, photos=tall), of(ZEROS, photos=tall)).picture(0)
    widest = cv2.getTextSize("B - A, +- 4", cv2.FONT_HERSHEY_SIMPLEX, 16 / 22, 1)[0][0]
    assert found.shape[1] > widest


def test_picture_of_blank_maps_is_neutral():
    photos = [np.full((200, 300, 3), 128, np.uint8)]
    change = below_the_caption(
        slimcam.compare(of(ZEROS, photos=photos), of(ZEROS, photos=photos)).picture(), 200, 300, 5
    )
    assert np.unique(change[2]).tolist() == [247]


def test_picture_of_photos_of_two_sizes_has_the_size_of_the_first():
    a = of(PEAK, photos=[np.zeros((200, 300, 3), np.uint8)])
    b = of(PEAK, photos=[np.zeros((100, 150, 3), np.uint8)])
    assert slimcam.compare(a, b).picture().shape[1] == 3 * 300 + 2 * 5
    assert not (below_the_caption(slimcam.compare(a, b).picture(), 200, 300, 5)[2] < 240).all(-1).any()


def test_picture_leaves_what_the_net_did_not_see_neutral():
    a, b = (of(raw, photos=[np.full((200, 300, 3), 128, np.uint8)]) for raw in (THREES, ZEROS))
    a.windows = b.windows = [(0, 100, 200, 100)]
    change = below_the_caption(slimcam.compare(a, b).picture(), 200, 300, 5)[2]
    assert change[0, 99].tolist() == [247, 247, 247]
    assert change[0, 100].tolist() == [33, 102, 172]
