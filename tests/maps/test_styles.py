"""The ways to show a map: each on photos of a few pixels, worked by hand, and on maps and photos of every kind."""

import dataclasses

import numpy as np
import pytest
from fixtures.small_maps import QUARTERS, of

import slimcam
from slimcam.maps import painters
from slimcam.maps.dialects import DIALECTS
from slimcam.maps.styles import STYLES

RED, BLUE, WHITE = [178, 24, 43], [33, 102, 172], [247, 247, 247]  # of ColorBrewer's RdBu
HALF_RED, HALF_BLUE = [212, 136, 145], [140, 174, 210]  # halfway to white; halves go to the even number


def grey(picture):
    """Return the levels, (H, W), of a picture that is grey."""
    assert (picture == picture[..., :1]).all()
    return picture[..., 0].tolist()


# 2 x 2, on photos of 2 x 2: nothing is resized


def test_heatmap_is_the_colours_alone():
    # autumn is (255, level, 0); 0.5 and 0.25 are the levels 127 and 63
    picture = of(QUARTERS, np.zeros((2, 2))).heatmap("autumn")
    assert picture.dtype == np.uint8
    assert picture.tolist() == [[[[255, 255, 0], [255, 127, 0]], [[255, 0, 0], [255, 63, 0]]]]


def test_heatmap_is_the_overlay_without_the_photo():
    maps = of(QUARTERS, [[9, 200], [30, 77]])
    np.testing.assert_array_equal(maps.heatmap("magma"), maps.overlay("magma", alpha=1))


def test_shade_is_the_photo_times_the_heat():
    photo = [[[200, 100, 50], [200, 100, 50]], [[200, 100, 50], [200, 100, 48]]]
    expected = [[[200, 100, 50], [100, 50, 25]], [[0, 0, 0], [50, 25, 12]]]
    assert of(QUARTERS, photo).shade()[0].tolist() == expected


def test_blur_is_sharp_where_the_map_is_high():
    # A mirror beside the edge makes the mean of three pixels (0 + 2 x 216) / 3 and (2 x 0 + 216) / 3: 144 and 72.
    # Again: 96 and 120; again: 112 and 104. Between 216 and 104: 160.
    assert grey(of([[1, 0.5], [0, 0]], [[0, 216], [0, 216]]).blur(radius=1)[0]) == [[0, 160], [112, 104]]


def test_blur_of_no_radius_is_the_photo():
    assert grey(of([[1, 0.5], [0, 0]], [[0, 216], [0, 216]]).blur(radius=0)[0]) == [[0, 216], [0, 216]]


@pytest.mark.parametrize("width, radius", [(96, 3), (95, 2), (20, 1)])  # a 32nd of the longer side, at least 1
def test_blur_goes_by_the_size_of_the_photo(width, radius):
    photo = np.random.RandomState(0).randint(0, 256, (20, width), np.uint8)
    maps = of([[1, 0]], photo)
    np.testing.assert_array_equal(maps.blur(), maps.blur(radius=radius))


def test_glow_adds_three_times_the_heat():
    # photo / 100 + 3 x heat: 4, 2, 0.5, 1.75; over 4, times 255: 255, 127.5, 31.875, 111.56
    assert grey(of(QUARTERS, [[100, 50], [50, 100]]).glow()[0]) == [[255, 128], [32, 112]]


def test_glow_of_a_blank_map_is_the_photo_at_its_brightest():
    assert grey(of([[-1, 0], [0, 0]], [[100, 50], [50, 0]]).glow()[0]) == [[255, 128], [128, 0]]


def test_glow_is_the_picture_that_its_script_saves():
    photo = np.random.RandomState(1).randint(0, 200, (7, 5, 3))
    maps = of(np.random.RandomState(2).rand(7, 5), photo)
    published = photo / photo.max() + 3 * np.float64(maps.heat[0])[..., None]  # Ankush96/grad-cam.tensorflow, main()
    saved = 255 * published / published.max()
    assert np.abs(maps.glow()[0] - saved).max() < 0.5 + 1e-3  # rounded to a level; float32 is off by less than 1e-3


def test_signed_has_zero_in_the_middle():
    assert of([[2, -1], [0, 1]], np.zeros((2, 2))).signed()[0].tolist() == [[RED, HALF_BLUE], [WHITE, HALF_RED]]


def test_signed_ends_are_as_far_from_zero_on_both_sides():
    assert of([[1, -2]], np.zeros((2, 2))).signed()[0, 0].tolist() == [HALF_RED, BLUE]


def test_signed_may_be_purple_and_orange():
    picture = of([[1, -1], [0, 0]], np.zeros((2, 2))).signed("Purple_Orange")[0]
    assert picture.tolist() == [[[179, 88, 6], [84, 39, 136]], [WHITE, WHITE]]


def test_signed_is_of_the_raw_map_whatever_the_dialect():
    pictures = [of([[2, -1], [0, 1]], np.zeros((2, 2)), dialect=name).signed() for name in DIALECTS]
    for picture in pictures[1:]:
        np.testing.assert_array_equal(picture, pictures[0])


def test_signed_is_enlarged_by_its_values_not_by_its_colours():
    # 4 pixels of 1 and -1: 1, 0.5, -0.5, -1; blue and red mixed would be purple
    picture = of([[1, -1]], np.zeros((2, 4))).signed()[0, 0]
    assert picture.tolist() == [RED, HALF_RED, HALF_BLUE, BLUE]


# Lines

# Of 0 and 1 at 4 pixels: 0, 0.25, 0.75, 1, with the slopes 0.25, 0.375, 0.375, 0.25 (between neighbours on both sides,
# or on one). The level 0.5 is 2, 2/3, 2/3 and 2 pixels away. Of a black line 2 wide 1.5 - 2/3 = 5/6 of a pixel is
# covered, so grey 90 becomes 15; of a line 1 wide, 1 - 2/3 = 1/3. Autumn's (255, 127, 0) at 0.5: (95, 52.33, 10).
LINE = [[90, 90, 90], [95, 52, 10], [95, 52, 10], [90, 90, 90]]


def test_contour_is_a_line_where_the_map_crosses_a_level():
    maps = of([[0, 1]], np.full((2, 4), 90))
    assert maps.contour([0.5], "autumn", thickness=1).tolist() == [[LINE, LINE]]
    turned = of([[0], [1]], np.full((4, 2), 90))
    assert turned.contour([0.5], "autumn", thickness=1)[0].tolist() == [[pixel] * 2 for pixel in LINE]


def test_contours_have_the_colours_of_their_levels():
    ramp = np.linspace(0, 1, 101)[None].repeat(3, 0)
    picture = of(ramp, np.full((3, 101), 90)).contour((0.2, 0.8), "autumn", thickness=1)[0]
    assert picture[1, [0, 20, 50, 80, 100]].tolist() == [[90] * 3, [255, 51, 0], [90] * 3, [255, 204, 0], [90] * 3]


def test_contours_of_large_photos_are_thicker():
    picture = of([[0, 1]], np.full((2, 1200), 90)).contour([0.5], "autumn")[0, 0]
    assert (picture == [255, 127, 0]).all(1).sum() == 6  # 1200 / 200


@pytest.mark.parametrize("raw", [[[1.0]], [[0.0]], [[-1, -2], [-3, -4]], [[0.5, 0.5], [0.5, 0.5]]])
def test_flat_and_blank_maps_have_no_lines(raw):
    maps = of(raw, np.full((6, 6), 90))
    np.testing.assert_array_equal(maps.contour(), np.full((1, 6, 6, 3), 90))


def test_a_plateau_at_a_level_is_no_line():
    # 0.5 over the first row of eight pixels: no slope, so nothing there is filled
    picture = painters.contour(np.full((2, 8, 3), 90, np.uint8), np.full((2, 8), 0.5, np.float32), [0.5])
    assert (picture == 90).all()


@pytest.mark.parametrize("options", [{"levels": [25, 50]}, {"levels": [0]}, {"thickness": 0}])
def test_lines_that_cannot_be_drawn_are_refused(options):
    with pytest.raises(slimcam.PhotoError, match="give levels between 0 and 1, and a thickness above 0"):
        of([[0, 1]], np.zeros((2, 2))).contour(**options)


def test_a_negative_radius_is_refused():
    with pytest.raises(slimcam.PhotoError, match="blurred by radius=-1: give pixels, 0 or more"):
        of([[0, 1]], np.zeros((2, 2))).blur(-1)


# Side by side


def test_side_by_side_are_photo_heatmap_and_overlay():
    maps = of(QUARTERS, [[9, 200], [30, 77]])
    picture = maps.side_by_side(colormap="cividis")
    assert picture.shape == (1, 2, 3 * 2 + 2 * 8, 3)
    np.testing.assert_array_equal(picture[0, :, :2], maps.photos[0])
    np.testing.assert_array_equal(picture[0, :, 10:12], maps.heatmap("cividis")[0])
    np.testing.assert_array_equal(picture[0, :, 20:], maps.overlay("cividis")[0])
    assert (picture[0, :, 2:10] == 255).all() and (picture[0, :, 12:20] == 255).all()


def test_side_by_side_are_the_styles_that_are_named():
    maps = of([[2, -1], [0, 1]], [[9, 200], [30, 77]])
    picture = maps.side_by_side(["shade", "signed"], colormap="hot")[0]
    np.testing.assert_array_equal(picture[:, :2], maps.shade()[0])
    np.testing.assert_array_equal(picture[:, 10:], maps.signed()[0])


def test_side_by_side_may_be_a_picture_of_one_s_own():
    # insikk's fourth picture, guided Grad-CAM: the guided gradients' picture times the heat
    guided = np.uint8([[[[200, 100, 0], [80, 40, 20]], [[1, 2, 3], [4, 8, 12]]]])
    maps = of(QUARTERS, np.zeros((2, 2)))
    picture = maps.side_by_side(["photo", guided, dataclasses.replace(maps, photos=guided).shade()])[0]
    np.testing.assert_array_equal(picture[:, 10:12], guided[0])
    assert picture[:, 20:].tolist() == [[[200, 100, 0], [40, 20, 10]], [[0, 0, 0], [1, 2, 3]]]


@pytest.mark.parametrize(
    "own", [np.zeros((2, 2, 2, 3), np.uint8), np.zeros((1, 2, 2, 3)), np.zeros((1, 2, 2), np.uint8)]
)
def test_pictures_that_do_not_fit_are_refused(own):
    with pytest.raises(slimcam.PhotoError, match=r"to lay beside 1 maps are as many, each \(H, W, 3\) uint8 RGB"):
        of(QUARTERS, np.zeros((2, 2))).side_by_side([own])


# What the net did not see

PATTERN = np.random.RandomState(3).randint(50, 200, (4, 4, 3), np.uint8)
SEEN = np.zeros((4, 4), bool)
SEEN[1:3, 1:3] = True


def cropped():
    """Return the Maps, 1 everywhere, of a photo of which the net saw two rows and two columns, from (1, 1) on."""
    return of([[1.0]], PATTERN, window=(1, 1, 2, 2))


@pytest.mark.parametrize(
    "style, seen", [("heatmap", [128, 0, 0]), ("contour", PATTERN[SEEN]), ("signed", RED), ("shade", PATTERN[SEEN])]
)
def test_what_the_net_saw_is_painted(style, seen):
    assert (cropped().pictures(style)[0][SEEN] == seen).all()


@pytest.mark.parametrize("style", ["overlay", "heatmap", "contour", "signed"])
def test_what_the_net_did_not_see_is_the_photo(style):
    np.testing.assert_array_equal(cropped().pictures(style)[0][~SEEN], PATTERN[~SEEN])


def test_what_the_net_did_not_see_counts_as_low_where_the_photo_is_all_there_is():
    maps = cropped()
    assert (maps.shade()[0][~SEEN] == 0).all()
    soft = of([[0.0]], PATTERN).blur()[0]
    np.testing.assert_array_equal(maps.blur()[0], np.where(SEEN[..., None], PATTERN, soft))
    light = PATTERN / PATTERN.max() + 3 * SEEN[..., None]
    assert np.abs(maps.glow()[0] - 255 * light / light.max()).max() < 0.5 + 1e-3


# Every style, on maps and photos of every kind


@pytest.fixture(params=STYLES)
def style(request):
    return request.param


def test_a_style_is_a_method_by_its_name(style):
    maps = of(QUARTERS, [[9, 200], [30, 77]])
    np.testing.assert_array_equal(maps.pictures(style), getattr(maps, style)())


def test_the_overlay_is_the_first_style():
    maps = of(QUARTERS, [[9, 200], [30, 77]])
    np.testing.assert_array_equal(maps.pictures(), maps.overlay())
    assert next(iter(STYLES)) == "overlay"


def test_another_style_suggests():
    with pytest.raises(slimcam.UnknownName, match=r"no style 'shades' \(there are overlay, .*\); near: 'shade'"):
        of(QUARTERS, np.zeros((2, 2))).pictures("shades")
    with pytest.raises(slimcam.UnknownName, match="no style 'overly'"):
        of(QUARTERS, np.zeros((2, 2))).side_by_side(["photo", "overly"])


@pytest.mark.parametrize("raw", [[[1.0]], [[-1.0]], [[0.0]], np.ones((3, 5)), np.arange(14 * 14).reshape(14, 14) - 90])
@pytest.mark.parametrize("size", [(2, 2), (2, 9), (33, 20)])
def test_maps_and_photos_of_any_size(style, raw, size):
    photo = np.random.RandomState(0).randint(0, 256, (*size, 3), np.uint8)
    maps = of(raw, photo)
    pictures = maps.pictures(style)
    width = 3 * size[1] + 16 if style == "side_by_side" else size[1]
    assert (pictures.shape, pictures.dtype) == ((1, size[0], width, 3), np.uint8)
    np.testing.assert_array_equal(maps.photos[0], photo)  # which nobody painted on


def test_photos_of_several_sizes_are_a_list(style):
    pictures = of(QUARTERS, np.zeros((4, 6)), np.zeros((5, 3))).pictures(style)
    assert [picture.shape[0] for picture in pictures] == [4, 5]
    assert isinstance(pictures, list)


def test_maps_of_several_sizes_are_as_each_by_itself(style):
    photos = [np.random.RandomState(seed).randint(0, 256, (6, 7, 3), np.uint8) for seed in (0, 1)]
    both = of(QUARTERS, *photos)
    both.raw = [np.float32(QUARTERS), np.float32([[0, 1, -1]])]
    for i, picture in enumerate(both.pictures(style)):
        np.testing.assert_array_equal(picture, of(both.raw[i], photos[i]).pictures(style)[0])


def test_several_maps_of_a_photo_are_a_picture_each(style):
    maps = of(QUARTERS, PATTERN, PATTERN)
    maps.raw[1] *= -1
    two = dataclasses.replace(maps, photos=maps.photos[:1], windows=maps.windows[:1], photo=np.zeros(2, np.int64))
    np.testing.assert_array_equal(two.pictures(style), maps.pictures(style))
    np.testing.assert_array_equal(two[1].pictures(style)[0], maps.pictures(style)[1])


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_painted(style, value, dialect):
    # warnings are errors: no NaN comes as far as to become uint8
    maps = of([[value, 1], [-value, -1]], np.full((6, 6), 90), dialect=dialect)
    assert maps.pictures(style).dtype == np.uint8
    if style in ("overlay", "heatmap", "shade", "contour", "signed"):
        assert maps.pictures(style, interpolation="cubic").dtype == np.uint8


def test_nan_counts_as_nothing_and_infinity_as_all():
    picture = of([[np.nan, np.inf], [-np.inf, 5]], np.zeros((2, 2))).signed()[0]
    assert picture.tolist() == [[WHITE, RED], [BLUE, WHITE]]
    assert of([[np.nan, 2], [-4, 0]], np.zeros((2, 2))).signed()[0].tolist() == [[WHITE, HALF_RED], [BLUE, WHITE]]


def test_infinity_is_resized_to_no_nan():
    heat = of([[np.inf, -np.inf, np.inf]], np.zeros((9, 9)), dialect="gates").resized("cubic")
    assert np.isfinite(heat).all() and heat.max() == 1
