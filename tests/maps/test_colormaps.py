"""Colour maps: which go with which maps, and what they claim for the eye."""

import cv2
import numpy as np
import pytest
from fixtures.small_maps import QUARTERS, of

import slimcam
from slimcam.maps import paint
from slimcam.maps.styles import STYLES


@pytest.mark.parametrize("colormap", ["jet", "JET", "viridis", "twilight_shifted", cv2.COLORMAP_JET])
def test_a_signed_map_in_colours_without_a_sign_is_refused(colormap):
    with pytest.raises(slimcam.UnknownName, match=f"'?{colormap}'? does not show signs, .* blue_red or purple_orange"):
        of(QUARTERS, np.zeros((2, 2))).signed(colormap)


def test_an_unknown_signed_colour_map_is_refused():
    with pytest.raises(slimcam.UnknownName, match="'red_blue' for signed maps: give blue_red or purple_orange"):
        of(QUARTERS, np.zeros((2, 2))).signed("red_blue")


@pytest.mark.parametrize("style", [name for name, row in STYLES.items() if row.colormaps == "heat"])
def test_heat_in_the_colours_of_signs_is_refused(style):
    with pytest.raises(slimcam.UnknownName, match="'blue_red' is for signed maps only: give viridis"):
        of(QUARTERS, np.zeros((2, 2))).pictures(style, colormap="blue_red")


def test_a_number_that_no_colour_map_has_is_refused():
    with pytest.raises(slimcam.UnknownName, match="no colour map 99"):
        of(QUARTERS, np.zeros((2, 2))).overlay(99)


def lab(colours):
    """Return CIELAB, (N, 3), of N colours, RGB in [0, 1]."""
    return cv2.cvtColor(np.float32([colours]), cv2.COLOR_RGB2LAB)[0]


def steps_of_lightness(colormap):
    """Return by how much L*, 0 to 100, rises over each sixteenth of a colour map."""
    return np.diff(lab(paint.colour(np.linspace(0, 1, 16)[None], colormap)[0] / 255)[:, 0])


@pytest.mark.parametrize("colormap", ["viridis", "plasma", "inferno", "magma", "cividis"])
def test_uniform_colour_maps_get_lighter_in_even_steps(colormap):
    assert steps_of_lightness(colormap).min() > 3  # of 100 over 15 steps: never flat, never back
    assert steps_of_lightness(colormap).max() < 9


def test_jet_gets_lighter_and_darker_again():
    assert steps_of_lightness("jet").min() < -15
    assert steps_of_lightness("jet").max() > 15


# Machado, Oliveira and Fernandes 2009, table 1, severity 1: linear RGB as those see it who lack a kind of cone
CONES = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
}


@pytest.mark.parametrize("cones", CONES)
@pytest.mark.parametrize("colormap", paint.DIVERGING)
def test_the_colour_blind_tell_the_signs_apart(colormap, cones):
    linear = (np.float32([*paint.DIVERGING[colormap], paint.NEUTRAL]) / 255) ** 2.2
    below, above, zero = lab(np.clip(linear @ np.float32(CONES[cones]).T, 0, 1) ** (1 / 2.2))
    for one, other in ((below, above), (below, zero), (above, zero)):
        assert np.linalg.norm(one - other) > 40  # 2 is a difference that is just seen
