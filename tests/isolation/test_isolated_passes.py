"""Methods of many passes of an isolated model: how many they are, their progress, and the time that each run has."""

import sys
import time

import pytest
from fixtures.isolated_nets import LOAD, X, both_of

import slimcam
from slimcam.errors import ModelError
from slimcam.isolation import messages
from slimcam.isolation.cams import MOST_CHANNELS

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux")

CAMS = {
    "of channels": lambda model: slimcam.Explainer(model, "scorecam", "b0"),
    "of sizes": lambda model: slimcam.Explainer(model, "occlusion", patch=4, stride=2),
    "of several classes": lambda model: slimcam.Explainer(model, "smoothgrad", target=slimcam.Top(2), samples=3),
    "of several layers": lambda model: slimcam.Explainer(model, "scorecam", ["a0", "b0"]),
    "a mean": lambda model: slimcam.smooth(slimcam.GradCAM(model, "b0"), samples=3),
}


@pytest.fixture(scope="module")
def both(folder):
    with both_of(folder, "one", **LOAD) as both:
        yield both


@pytest.mark.parametrize("build", list(CAMS.values()), ids=list(CAMS))
def test_passes_and_progress_are_those_of_a_model_here(both, build):
    counts = []
    for model in both:
        cam, rows = build(model), []
        cam.watch(rows.append)
        cam(X)
        counts.append((cam.passes(*X.shape[1:3]), sum(rows)))
    assert counts[0] == counts[1]
    passes, rows = counts[0]
    assert rows in (len(X) * passes, len(X) * (passes + 1))  # a row more may find the class


def test_a_cam_of_one_pass_has_no_progress(both):
    for model in both:
        cam = slimcam.Explainer(model, "gradcam", "b0")
        cam.watch(lambda rows: pytest.fail("it was told"))
        cam(X)
        assert cam.passes() == 1


def late(monkeypatch, seconds):
    """Return progress after each of which the clock of this process is so many seconds on."""
    now, ahead = time.monotonic, []
    monkeypatch.setattr(time, "monotonic", lambda: now() + seconds * len(ahead))
    return ahead.append, ahead


def test_each_run_has_the_time_of_one(both, monkeypatch):
    cam = slimcam.Explainer(both[1], "occlusion", patch=4, stride=2, memory=1)
    progress, runs = late(monkeypatch, 100)  # of 60 s a run, and what a child has beside
    cam.watch(progress)
    cam(X)
    assert len(runs) > 10


def test_more_runs_than_the_method_takes_have_no_more_time(folder, monkeypatch):
    path = str(folder / "one" / "model.pb")
    with slimcam.load(path, isolated=True, timeout=60.0, **LOAD) as there:
        cam = slimcam.Explainer(there, "occlusion", patch=4, stride=2, memory=1)
        monkeypatch.setattr(cam.cam.remote, "passes", lambda height, width: 1)
        progress, _ = late(monkeypatch, 100)
        cam.watch(progress)
        with pytest.raises(ModelError, match=r"took more than 80 s and was ended"):
            cam(X)


def test_progress_of_maps_is_none_of_a_metric(both):
    """A cam that was called before is asked for maps by a metric in the same process."""
    cam, rows = slimcam.Explainer(both[1], "scorecam", "b0"), []
    cam(X)
    slimcam.evaluate(cam, both[1], X, "increase", progress=rows.append)
    assert sum(rows) == len(X) * slimcam.METRICS["increase"].passes({}, None)


@pytest.mark.parametrize("channels", [0, MOST_CHANNELS + 1, True, "4"])
def test_a_layer_of_no_such_number_of_channels_is_no_answer(both, monkeypatch, channels):
    answer = {"number": 0, "layers": ["b0"], "on_logits": True, "inputs": [0], "channels": channels}
    monkeypatch.setattr(both[1], "ask", lambda read, *given: read(answer))
    with pytest.raises(messages.NO_ANSWER, match=r"not channels of a layer|is no <class 'int'>"):
        slimcam.Explainer(both[1], "scorecam", "b0")
