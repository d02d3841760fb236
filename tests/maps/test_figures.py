"""Figures of matplotlib's: their titles, colour bars and frames."""

import sys

import numpy as np
import pytest
from fixtures import small_maps

import slimcam

pytest.importorskip("matplotlib")


@pytest.fixture
def maps(photo):
    maps = small_maps.of(small_maps.QUARTERS, *(photo(20, 30, seed) for seed in range(3)))
    maps.labels, maps.names = ["cat", "dog", "$eel$"], ["a/one.png", "b/two.png", "three.png"]
    return maps


def cells(figure):
    return [axes for axes in figure.axes if axes.get_title()]


def bars(figure):
    return [bar for axes in figure.axes for bar in axes.child_axes]


def test_a_map_has_a_title_and_a_colour_bar(maps):
    figure = maps.figure(columns=2)
    titles = [axes.get_title() for axes in cells(figure)]
    assert titles == ["one.png\nclass 0 cat 0", "two.png\nclass 1 dog 0", "three.png\nclass 2 \\$eel\\$ 0"]
    assert [(bar.get_ylabel(), bar.get_ylim()) for bar in bars(figure)] == [("share of the largest", (0, 1))] * 3
    positions = [axes.get_position() for axes in cells(figure)]
    assert positions[0].y0 == pytest.approx(positions[1].y0) and positions[2].y0 < positions[0].y0


def test_the_picture_is_the_overlay_in_the_photo_s_own_pixels(maps):
    image = cells(maps.figure(colormap="hot"))[1].images[0]
    np.testing.assert_array_equal(image.get_array(), maps.overlay("hot")[1])
    assert tuple(image.get_extent()) == (-0.5, 29.5, 19.5, -0.5)


def test_colours_of_the_bar_are_those_of_the_picture(maps):
    colours = bars(maps.figure(style="heatmap", colormap="hot"))[0].collections[-1].cmap
    assert (np.array(colours(255))[:3] * 255).round().tolist() == [255, 255, 255]
    assert (np.array(colours(0))[:3] * 255).round().tolist() == [0, 0, 0]


def test_a_signed_bar_is_in_the_raw_map_s_unit(maps):
    maps.raw = 4 * maps.raw
    bar = bars(maps.figure(style="signed"))[0]
    assert (bar.get_ylabel(), bar.get_ylim()) == ("the raw map", (-4, 4))


def test_a_style_without_colours_has_no_bar(maps):
    figure = maps.figure(style="shade")
    assert len(figure.axes) == 3
    assert not bars(figure)


def test_the_whole_photo_has_no_frame(maps):
    figure = maps.figure()
    assert not any(axes.patches for axes in cells(figure))
    assert not figure.texts


def test_what_the_net_saw_is_framed_and_said(photo):
    maps = small_maps.of(small_maps.QUARTERS, photo(20, 30), window=(2, 5, 16, 20))
    figure = maps.figure()
    frame = cells(figure)[0].patches[-1]
    # pixels are centred on whole numbers, so that a frame from column 5 on begins at 4.5
    assert (frame.get_xy(), frame.get_width(), frame.get_height()) == ((4.5, 1.5), 20, 16)
    assert [text.get_text() for text in figure.texts] == [
        "framed: what the net saw of the photo, which its preprocessing crops"
    ]


def test_a_blank_map_says_so(maps):
    maps.raw = -maps.raw
    assert cells(maps.figure())[0].get_title().endswith("class 0 cat 0 (blank)")


@pytest.mark.parametrize("ending", ["png", "pdf"])
def test_a_figure_can_be_saved_and_pyplot_does_not_know_it(maps, tmp_path, ending):
    from matplotlib import pyplot

    known = pyplot.get_fignums()
    maps.figure().savefig(str(tmp_path / f"figure.{ending}"))
    assert (tmp_path / f"figure.{ending}").stat().st_size > 1000
    assert pyplot.get_fignums() == known


def test_show_is_pyplot_s(maps, monkeypatch):
    import matplotlib
    from matplotlib import pyplot

    backend = matplotlib.get_backend()
    pyplot.switch_backend("agg")
    shown = []
    monkeypatch.setattr(pyplot, "show", lambda: shown.append(pyplot.gcf().axes[0].get_title()))
    maps[0].show()
    assert shown == ["one.png\nclass 0 cat 0"]
    pyplot.close("all")
    pyplot.switch_backend(backend)


def test_without_matplotlib_the_error_says_what_to_install(maps, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(slimcam.MissingPackage, match=r'figures need matplotlib: pip install "slimcam\[figures\]"'):
        maps.figure()
