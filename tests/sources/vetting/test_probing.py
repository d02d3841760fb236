"""Reading that would crash or hang the process."""

import os
import signal
import time

import pytest
from fixtures import keras_texts

import slimcam
from slimcam.sources import keras_trust
from slimcam.sources.vetting.probing import Died, in_fork

FORKS = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


@FORKS
def test_a_result_comes_back_and_what_is_printed_does_not(capfd):
    assert in_fork(lambda: (print("in the child"), [1, "x" * 100_000])[1], 10) == [1, "x" * 100_000]
    assert capfd.readouterr() == ("", "")


@FORKS
def test_it_is_another_process_and_an_exception_is_raised_in_this_one():
    assert in_fork(os.getpid, 10) != os.getpid()
    with pytest.raises(ZeroDivisionError):
        in_fork(lambda: 1 // 0, 10)


@FORKS
def test_a_crash_is_told_by_its_signal_and_leaves_this_process_be():
    with pytest.raises(Died, match="crashes with signal 11"):
        in_fork(lambda: os.kill(os.getpid(), signal.SIGSEGV), 10)


@FORKS
def test_a_hang_ends_after_its_time():
    start = time.monotonic()
    with pytest.raises(Died, match="takes more than 1 seconds"):
        in_fork(lambda: time.sleep(60), 1)
    assert time.monotonic() - start < 30


@FORKS
@pytest.mark.parametrize("sign, message", [(signal.SIGSEGV, "crashes with signal 11"), (signal.SIGABRT, "signal 6")])
def test_a_file_that_crashes_hdf5_is_a_model_error(sign, message, tmp_path, monkeypatch):
    monkeypatch.setattr(keras_trust, "read_chunks", lambda file: os.kill(os.getpid(), sign))
    with pytest.raises(slimcam.ModelError, match=f"w.h5: a damaged HDF5 file, which .*{message} where it is read"):
        slimcam.load(keras_texts.write_weights(tmp_path / "w.h5"), net=lambda: None)


def test_without_forks_the_process_reads_itself(monkeypatch):
    monkeypatch.delattr(os, "fork", raising=False)
    assert in_fork(os.getpid, 10) == os.getpid()
