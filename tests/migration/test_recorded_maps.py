"""Maps of a recording: what is said of them, and recordings from before their bounds of rounding were kept."""

import dataclasses

import numpy as np
import pytest
from golden_on_disk import PHOTOS, SIDE, make_golden

from slimcam.errors import GoldenError
from slimcam.migration import golden
from slimcam.migration.recorded_maps import recorded_maps

MAPS = np.ones((PHOTOS, SIDE, SIDE), np.float32)
MAPS[0, 0, 0] += 0.25


def with_layer(**changed):
    whole = make_golden()
    return dataclasses.replace(whole, layers=[dataclasses.replace(whole.layers[0], **changed)])


def test_maps_are_flat_by_the_bounds_that_were_recorded(tmp_path):
    written = golden.write(with_layer(maps=MAPS, rounding=np.array([0.2, 0.0])), tmp_path / "golden")
    (maps,) = recorded_maps(golden.read(written), labels=list("abcdef"))
    assert maps.flat.tolist() == [False, True]
    assert (maps.title(1), list(maps.names)) == ("class 5 f 2", [one["name"] for one in make_golden().photos])


def test_an_older_recording_calls_no_map_flat(tmp_path):
    (maps,) = recorded_maps(golden.read(golden.write(with_layer(maps=MAPS), tmp_path / "golden")))
    assert maps.flat.tolist() == [False, False]


def test_what_is_no_number_is_known(tmp_path):
    gradients = np.array(make_golden().layers[0].gradients)
    gradients[1, 0, 0, 0] = np.nan
    (maps,) = recorded_maps(golden.read(golden.write(with_layer(gradients=gradients), tmp_path / "golden")))
    assert maps.finite.tolist() == [True, False]


def test_bounds_of_another_shape_are_refused(tmp_path):
    written = golden.write(with_layer(rounding=np.zeros(3)), tmp_path / "golden")
    with pytest.raises(GoldenError, match="layer 'maps': rounding do not fit its shape"):
        golden.read(written)
