"""Reading that would crash or hang the process."""

import contextlib
import gc
import os
import signal
import threading
import time

import pytest
from fixtures import keras_texts

import slimcam
from slimcam import forks
from slimcam._tf import h5_lock
from slimcam.forks import Died, in_fork
from slimcam.sources import keras_trust

NO_LOCK = contextlib.nullcontext()
FORKS = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


@FORKS
def test_a_result_comes_back_and_what_is_printed_does_not(capfd):
    assert in_fork(lambda: (print("in the child"), [1, "x" * 100_000])[1], 10, NO_LOCK) == [1, "x" * 100_000]
    assert capfd.readouterr() == ("", "")


@FORKS
def test_it_is_another_process_and_an_exception_is_raised_in_this_one():
    assert in_fork(os.getpid, 10, NO_LOCK) != os.getpid()
    with pytest.raises(ZeroDivisionError):
        in_fork(lambda: 1 // 0, 10, NO_LOCK)


@FORKS
def test_a_crash_is_told_by_its_signal_and_leaves_this_process_be():
    with pytest.raises(Died, match="crashes with signal 11"):
        in_fork(lambda: os.kill(os.getpid(), signal.SIGSEGV), 10, NO_LOCK)


def busy():
    while True:
        pass


@FORKS
@pytest.mark.parametrize("hang", [busy, lambda: time.sleep(60)])
def test_a_hang_ends_after_its_time(hang, monkeypatch):
    start = time.monotonic()
    monkeypatch.setattr(forks, "_PATIENCE", 30 if hang is busy else 1)
    with pytest.raises(Died, match="takes more than 1 seconds"):
        in_fork(hang, 1, NO_LOCK)
    assert time.monotonic() - start < 30


@FORKS
def test_a_machine_that_is_busy_with_others_is_no_hang():
    """What takes no processor's time, as a process that waits for its turn, has ten times as long."""
    assert in_fork(lambda: [time.sleep(2), 1], 1, NO_LOCK) == [None, 1]


@FORKS
@pytest.mark.parametrize("sign, message", [(signal.SIGSEGV, "crashes with signal 11"), (signal.SIGABRT, "signal 6")])
def test_a_file_that_crashes_hdf5_is_a_model_error(sign, message, tmp_path, monkeypatch):
    monkeypatch.setattr(keras_trust, "is_sound", lambda path: False)
    monkeypatch.setattr(keras_trust, "read_chunks", lambda file: os.kill(os.getpid(), sign))
    with pytest.raises(slimcam.ModelError, match=f"w.h5: a damaged HDF5 file, which .*{message} where it is read"):
        slimcam.load(keras_texts.write_weights(tmp_path / "w.h5"), net=lambda: None)


@contextlib.contextmanager
def held_elsewhere(lock):
    """Hold a lock in another thread, which gives it back after a while."""
    held = threading.Event()

    def hold():
        with lock:
            held.set()
            time.sleep(0.5)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    yield
    thread.join()


@FORKS
def test_a_fork_waits_for_the_thread_that_holds_the_lock():
    lock = threading.Lock()
    with held_elsewhere(lock):
        assert in_fork(lambda: lock.acquire(timeout=5), 10, lock) is True


@FORKS
def test_an_hdf5_file_is_judged_while_another_thread_reads_one(tmp_path, monkeypatch):
    """h5py 2.10 does not mind forks itself."""
    monkeypatch.setattr(keras_trust, "_SECONDS", 3)
    monkeypatch.setattr(keras_trust, "is_sound", lambda path: False)
    path = str(keras_texts.write_weights(tmp_path / "w.h5"))
    with held_elsewhere(h5_lock()):
        assert keras_trust.verdict_of_file(path).refused == []


@FORKS
def test_the_child_collects_no_garbage_and_this_process_still_does():
    assert in_fork(gc.isenabled, 10, NO_LOCK) is False
    assert gc.isenabled()


def test_without_forks_the_process_reads_itself(monkeypatch):
    monkeypatch.delattr(os, "fork", raising=False)
    assert in_fork(os.getpid, 10, NO_LOCK) == os.getpid()
