"""Python's collector of circular garbage is held off while a model is loaded, and is afterwards as it was."""

import gc
import threading

import pytest
from frozen_nets import SIDE, net, placeholder

import slimcam
from slimcam.graphs.collector import uncollected
from slimcam.sources import assembly


@pytest.fixture(params=[True, False], ids=["at work", "off"])
def at_work(request):
    """Whether the program lets the collector work."""
    before = gc.isenabled()
    (gc.enable if request.param else gc.disable)()
    yield request.param
    (gc.enable if before else gc.disable)()


def test_load_collects_nothing_and_leaves_the_collector_as_it_was(frozen, monkeypatch, at_work):
    seen, mend = [], assembly.mend
    monkeypatch.setattr(assembly, "mend", lambda parts: [seen.append(gc.isenabled()), mend(parts)][1])
    with slimcam.load(frozen(lambda: net(placeholder(None, SIDE, SIDE, 3)))):
        assert gc.isenabled() == at_work
    assert seen == [False]


def test_a_load_that_fails_leaves_it_as_it_was_too(tmp_path, at_work):
    (tmp_path / "none.pb").write_bytes(b"none")
    with pytest.raises(slimcam.ModelError):
        slimcam.load(tmp_path / "none.pb")
    assert gc.isenabled() == at_work


def test_of_threads_that_overlap_the_last_restores_it(at_work):
    inside, leave = threading.Event(), threading.Event()

    def other():
        with uncollected():
            inside.set()
            leave.wait(60)

    thread = threading.Thread(target=other)
    with uncollected():
        thread.start()
        assert inside.wait(60)
    assert not gc.isenabled()  # the other one is within still
    leave.set()
    thread.join(60)
    assert gc.isenabled() == at_work
