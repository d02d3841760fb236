"""evaluate of an isolated model: whose cams it judges, what its process may say meanwhile, and who may stop it."""

import sys

import numpy as np
import pytest
from fixtures.isolated_nets import LOAD, X, both_of

import slimcam
from slimcam.errors import ParameterError
from slimcam.isolation import messages
from slimcam.isolation.elsewhere import STEP, steps

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux")


@pytest.fixture(scope="module")
def both(folder):
    with both_of(folder, "one", **LOAD) as both:
        yield both


def test_a_cam_of_another_model_is_refused_where_one_is_isolated(both):
    here, there = both
    for cam, model in (
        (slimcam.GradCAM(here), there),
        (slimcam.GradCAM(there), here),
        (slimcam.Explainer(here, "gradient"), there),
        (slimcam.Explainer(there, "gradient"), here),
    ):
        with pytest.raises(ParameterError, match="was built on another model than it is judged by, and one of them is"):
            slimcam.evaluate(cam, model, X)


def test_maps_are_judged_wherever_they_come_from(both):
    here, there = both
    values = [slimcam.evaluate(slimcam.GradCAM(one)(X), two, X).values for one in both for two in (here, there)]
    for other in values[1:]:
        np.testing.assert_array_equal(other, values[0])


def test_progress_that_raises_ends_the_run_and_the_model_goes_on(both):
    there = both[1]

    def stop(rows):
        raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        slimcam.evaluate(slimcam.GradCAM(there), there, X, progress=stop)
    assert np.isfinite(slimcam.evaluate(slimcam.GradCAM(there), there, X).values).all()


def test_steps_renew_the_time_but_no_more_of_them_than_the_metrics_take():
    rows = []
    step = steps(5, rows.append)[STEP]
    assert [step(one)() for one in ([0, 2], [3, 0], [1, 0])] == [True, True, False]
    assert rows == [3, 1]
    for wrong in ([0, 0], [-1, 2], [True, 1], ["1", 1], [1]):
        with pytest.raises((TypeError, ValueError)):
            step(wrong)


def test_the_metrics_take_as_many_steps_as_are_allowed(both, monkeypatch):
    """So that no run of a process that goes on as it should is the last that its time is renewed for."""
    renewed = []

    def watched(most, progress):
        prepare = steps(most, progress)[STEP]

        def noting(arguments):
            run = prepare(arguments)

            def noted():
                renewed.append(run())
                return renewed[-1]

            return noted

        return {STEP: noting}

    monkeypatch.setattr("slimcam.explainers.evaluating_elsewhere.steps", watched)
    cam = slimcam.GradCAM(both[1])
    metrics = [name for name, row in slimcam.METRICS.items() if row.needs != "truth"]
    slimcam.evaluate([cam, slimcam.Explainer(both[1], "gradient")], both[1], X, metrics, memory=1)
    assert len(renewed) > len(metrics) and all(renewed)


RIGHT = np.zeros((1, 1, 2))
WRONG = {
    "another shape": [np.zeros((1, 1, 3)), {}],
    "another type": [np.zeros((1, 1, 2), np.float32), {}],
    "no array": [[[[0.0, 0.0]]], {}],
    "no curves": [RIGHT],
    "a curve of another type": [RIGHT, {"sanity": [np.zeros((2, 3), np.float32)]}],
    "a curve of one photo": [RIGHT, {"sanity": [np.zeros((1, 3))]}],
    "a curve of two methods": [RIGHT, {"sanity": [np.zeros((2, 3))] * 2}],
}


@pytest.mark.parametrize("answer", list(WRONG.values()), ids=list(WRONG))
def test_numbers_of_another_shape_or_type_are_no_answer(both, monkeypatch, answer):
    there = both[1]
    cam = slimcam.GradCAM(there)
    monkeypatch.setattr(there, "ask", lambda read, *arguments, **how: read(answer))
    with pytest.raises(messages.NO_ANSWER, match=r"no (number|curve) for each|is no <class|not 2 values"):
        slimcam.evaluate(cam, there, X, "sparseness")
