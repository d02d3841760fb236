"""Sheets of tiles: the Keras book's, pixel by pixel, and tiles and pages worked by hand."""

import cv2
import numpy as np
import pytest
from fixtures.book import sheet_of_the_book

import slimcam
from slimcam.maps import paint
from slimcam.maps.sheets import grid
from slimcam.visualisation import sheets


def activations(side, channels, seed=0):
    """Return (1, side, side, channels) float32 after ReLU; every third channel fires at few places."""
    array = np.random.RandomState(seed).normal(size=(1, side, side, channels)).astype(np.float32)
    array[..., ::3] -= 2
    return np.maximum(array, 0)


@pytest.mark.parametrize("side, channels", [(3, 16), (7, 64), (28, 32), (61, 48)])
def test_a_sheet_is_the_book_s_pixel_by_pixel(side, channels):
    array = activations(side, channels)
    array[..., 5] = 0
    tiles = sheets.channel_tiles(array[0])
    np.testing.assert_array_equal(grid(tiles), sheet_of_the_book(array.copy()))
    assert not tiles[5].any()


def test_a_tile_by_hand():
    """0, 0, 4, 4 has the mean 2 and the deviation 2: -1 and 1, so 64 and 192."""
    channel = np.array([[0, 0], [4, 4]], np.float32)
    assert sheets.channel_tiles(channel[..., None]).tolist() == [[[64, 64], [192, 192]]]


def test_a_tile_is_clipped():
    """One of 16 places fires: it is sqrt(15) deviations above the mean, the others 1 / sqrt(15) below."""
    channel = np.zeros((4, 4, 1), np.float32)
    channel[1, 2] = 3
    tile = sheets.channel_tiles(channel)[0]
    assert tile[1, 2] == 255
    assert set(np.unique(tile)) == {int(128 - 64 / np.sqrt(15)), 255}


def test_what_is_not_a_number_is_blank():
    channel = np.array([[1, 2], [3, np.nan]], np.float32)
    assert not sheets.channel_tiles(channel[..., None]).any()


def test_maps_of_one_place_are_levels_among_the_channels():
    """0, 0, 4, 4 over channels: those that fire are 1 deviation above the mean."""
    tiles = sheets.channel_tiles(np.array([[[0, 0, 4, 4]]], np.float32))
    assert tiles.tolist() == [[[0]], [[0]], [[192]], [[192]]]


def test_colours_are_those_of_the_colour_map():
    levels = np.arange(256, dtype=np.uint8)[None]
    painted = sheets.in_colour(levels, "viridis")
    np.testing.assert_array_equal(painted[..., ::-1], cv2.applyColorMap(levels, cv2.COLORMAP_VIRIDIS))
    np.testing.assert_array_equal(sheets.in_colour(levels, "grey"), levels)
    with pytest.raises(slimcam.UnknownName, match="no colour map 'viridi'; near: 'viridis'"):
        sheets.in_colour(levels, "viridi")


@pytest.mark.parametrize("side", [1, 2, 7])
def test_small_maps_are_enlarged_by_a_whole_number_on_pages_of_256(side):
    tiles = np.arange(700 * side * side).reshape(700, side, side).astype(np.uint8)
    pages = list(sheets.pages(tiles, "fc", "grey"))
    assert [page.channels for page in pages] == [range(256), range(256, 512), range(512, 700)]
    times = -(-48 // side)
    picture = pages[1].picture
    first = picture[picture.shape[0] - 16 * (side * times + 1) + 1 :][: side * times, : side * times, 0]
    np.testing.assert_array_equal(first, tiles[256].repeat(times, 0).repeat(times, 1))


def test_four_thousand_channels_are_sixteen_pages():
    pages = list(sheets.pages(np.zeros((4096, 1, 1), np.uint8), "fc6", "viridis"))
    assert len(pages) == 16
    assert pages[-1].channels == range(3840, 4096)
    assert {page.picture.shape for page in pages} == {pages[0].picture.shape}


def test_large_maps_are_few_on_a_page():
    pages = list(sheets.pages(np.zeros((20, 600, 1300), np.uint8), "conv1", "grey"))
    assert [len(page.channels) for page in pages] == [18, 2]  # 3 x 1,300 and 6 x 600 within 4,096
    assert pages[0].picture.shape[1] == 3 * 1301 - 1


def test_a_page_says_what_it_shows(monkeypatch):
    captions = []
    monkeypatch.setattr(paint, "add_caption", lambda picture, text, size: captions.append(text) or picture)
    list(sheets.pages(np.zeros((300, 2, 2), np.uint8), "Mixed_4e", "grey"))
    assert captions == ["Mixed_4e: channels 0 to 255 of 300", "Mixed_4e: channels 256 to 299 of 300"]
