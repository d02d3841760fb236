"""Contact sheets: tiles and grids worked by hand, and pages that any viewer opens."""

import numpy as np
import pytest
from fixtures import small_maps

from slimcam.maps import sheets

RED, BLUE = (255, 0, 0), (0, 0, 255)


def plain(height, width, colour=RED):
    return np.full((height, width, 3), colour, np.uint8)


def test_a_grid_by_hand():
    tiles = np.arange(1, 6, dtype=np.uint8)[:, None, None] * np.ones((1, 2), np.uint8)
    assert sheets.grid(tiles, 3, margin=1, background=9).tolist() == [
        [1, 1, 9, 2, 2, 9, 3, 3],
        [9, 9, 9, 9, 9, 9, 9, 9],
        [4, 4, 9, 5, 5, 9, 9, 9],
    ]


def test_few_tiles_make_a_row_as_wide_as_they_are():
    assert sheets.grid(np.ones((3, 2, 2, 3), np.uint8), 16, margin=2).shape == (2, 10, 3)


@pytest.mark.parametrize("count, columns", [(0, 1), (1, 1), (2, 2), (4, 2), (5, 3), (9, 3), (10, 4)])
def test_a_sheet_is_nearly_a_square(count, columns):
    assert sheets.square(count) == columns


@pytest.mark.parametrize("size, top, left", [((2, 4), 2, 0), ((4, 2), 0, 2), ((20, 40), 2, 0), ((8, 8), 0, 0)])
def test_a_picture_fits_into_the_middle_of_its_tile(size, top, left):
    tile = sheets.tile(plain(*size), side=8)
    want = np.full((8, 8, 3), 255, np.uint8)
    want[top : 8 - top, left : 8 - left] = RED
    np.testing.assert_array_equal(tile, want)


def test_text_is_below_the_picture_a_line_each():
    tile = sheets.tile(plain(64, 64), ("name", "class 1"), side=64)
    assert tile.shape == (64 + 2 * sheets.LINE, 64, 3)
    assert (tile[:64] == RED).all()
    for line in range(2):
        assert (tile[64 + line * sheets.LINE :][: sheets.LINE] < 128).any()


def test_a_long_line_is_cut_and_another_alphabet_is_a_question_mark():
    tiles = [sheets.tile(plain(64, 64), [text], side=64) for text in ("wwwwwwwwwwww", "wwwwwwwwwwwwwwwwwwwwwwwwww")]
    np.testing.assert_array_equal(*tiles)
    assert (sheets.tile(plain(64, 64), ["猫"], side=64) == sheets.tile(plain(64, 64), ["?"], side=64)).all()


def test_pages_stay_within_what_any_viewer_opens():
    tiles = [plain(284, 256)] * 300
    pages = list(sheets.contact_sheets(tiles, 4))
    assert all(max(page.shape[:2]) <= sheets.LARGEST for page in pages)
    # 4096 // (284 + 8) = 14 rows of 4 on a page
    assert len(pages) == 6
    assert pages[0].shape == (14 * 292 - 8, 4 * 264 - 8, 3)
    assert pages[-1].shape == (5 * 292 - 8, 4 * 264 - 8, 3)


def test_a_sheet_of_maps_has_their_pictures_in_order():
    maps = small_maps.of([[0, 0], [0, 0]], plain(256, 256), plain(256, 256, BLUE), plain(256, 256))
    sheet = maps.sheet(columns=2, style="overlay", alpha=0)
    assert sheet.shape == (2 * 284 + 8, 2 * 256 + 8, 3)
    places = sheet[0, 0], sheet[0, 264], sheet[292, 0], sheet[292, 264]
    assert [place.tolist() for place in places] == [list(RED), list(BLUE), list(RED), [255] * 3]
