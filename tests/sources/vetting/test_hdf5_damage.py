"""HDF5 files changed at random: h5py reads each of which all is still understood."""

import contextlib
import os
import random
import struct
from functools import partial

import h5py
import pytest
from hdf5_by_hand import arrays, attributes, by_hand, number, put

from slimcam.forks import in_fork
from slimcam.sources.vetting.containers import vet_h5
from slimcam.sources.vetting.hdf5_structure import is_sound

FORKS = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


def changes_of_each_byte(data):
    """Yield a file with one byte changed, in four ways, but for those among zeros that nothing uses."""
    for place in range(len(data)):
        if any(data[max(place - 16, 0) : place + 16]):
            for value in {0, 255, data[place] ^ 1, (data[place] + 8) % 256} - {data[place]}:
                yield put(place, bytes([value]))(data)


def changes_at_random(data, count):
    """Yield a file with one byte, or one address, changed where something is: not among many zeros."""
    random_ = random.Random(7)
    places = [place for place in range(0, len(data) - 8, 8) if any(data[max(place - 16, 0) : place + 16])]
    words = sorted({struct.unpack_from("<Q", data, place)[0] for place in places})
    inside = [word for word in words if word <= len(data)]
    for _ in range(count):
        place = random_.choice(places)
        if random_.random() < 0.5:
            yield number(place, random_.choice(inside))(data)
        else:
            yield put(place + random_.randrange(8), bytes([random_.randrange(256)]))(data)


def problems_of(path, damaged):
    """Return what h5py raises as it reads each of some files whole."""
    return [text for text in (problem(path, data) for data in damaged) if text]


def problem(path, data):
    """Return what is wrong as h5py reads a whole file, "" for nothing."""
    path.write_bytes(data)
    try:
        with h5py.File(str(path), "r") as file:
            refused = vet_h5(file, len(data)).refused
            file.visititems(lambda name, item: item[()] if hasattr(item, "shape") else None)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return str(refused) if refused else ""


def problems(path, damaged, enough):
    """Return what h5py raises for those of some damaged files that are sound, of which there must be enough."""
    sound = []
    for data in damaged:
        path.write_bytes(data)
        if is_sound(str(path)):
            sound.append(data)
    assert len(sound) > enough
    read = path.with_name("read.h5")
    parts = [sound[start : start + 500] for start in range(0, len(sound), 500)]
    raised = [in_fork(partial(problems_of, read, part), 60, contextlib.nullcontext()) for part in parts]
    return {text for texts in raised for text in texts}


@FORKS
def test_hdf5_reads_each_sound_file_of_which_one_byte_was_changed(tmp_path):
    assert problems(tmp_path / "w.h5", changes_of_each_byte(by_hand()), 100) == set()


@FORKS
def test_hdf5_reads_each_sound_file_that_was_changed_at_random(tmp_path):
    with h5py.File(str(tmp_path / "whole.h5"), "w") as file:
        attributes(file)
        arrays(file)
    damaged = changes_at_random((tmp_path / "whole.h5").read_bytes(), 1200)
    assert problems(tmp_path / "w.h5", damaged, 150) == set()
