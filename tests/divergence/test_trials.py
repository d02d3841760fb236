"""The loop over causes and their trials: of a case and its mirror, the best, and none more than are needed."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1

from slimcam.divergence import DivergingPair, Side, Stage, causes
from slimcam.divergence.causes import Cause, explain
from slimcam.divergence.causes.case import Case, Trial
from slimcam.divergence.causes.subgraph import subgraph_between

A, B = np.float32([[10, 0]]), np.float32([[0, 5]])  # what the two give: a drift of 10 / 10, and in the mirror of 10 / 5


def fed(tensor, array):
    """Return the subgraph of a tensor that is its own start."""
    return subgraph_between({tensor: array}, tensor, lambda tensors, given: [given[one] for one in tensors])


@pytest.fixture
def case():
    """Return a case whose two subgraphs are a start each, which gives A and B."""
    with tf1.Graph().as_default():
        tensors = [tf1.placeholder(tf1.float32, [None, 2], name=name) for name in "ab"]
        stages = tuple(Stage(tensor.op, tensor, "conv", tensor.op.name) for tensor in tensors)
        sides = [Side(None, {}, [stage], {stage.tensor.name: array}) for stage, array in zip(stages, (A, B))]
        yield Case(DivergingPair(*sides, stages, []), *map(fed, tensors, (A, B)), stages, A, 1.0)


def of_values(*values, log=None):
    """Return trials that give these values, named by their places; `log` gets the places of those that are run."""

    def trials(case):
        for i, value in enumerate(values):
            if log is not None:
                log.append(i)
            yield Trial(f"trial {i}", value)

    return trials


def off(array, share):
    """Return an array whose drift from it is a share of its largest value."""
    return array + np.float32(share * np.abs(array).max() * np.eye(1, 2))


def test_the_best_of_the_trials_explains(case):
    found = explain(Cause("this", of_values(off(A, 0.009), None, off(A, 0.001), off(A, 0.002))), case)
    assert (found.cause, found.detail, found.before) == ("this", "trial 2", 1.0)
    assert found.after == pytest.approx(0.001, rel=1e-3)


def test_a_drift_that_does_not_vanish_is_not_explained(case):
    values = off(A, 0.02), None, np.zeros((3, 2), np.float32), np.full_like(A, np.nan)
    assert explain(Cause("this", of_values(*values)), case) is None
    assert explain(Cause("this", of_values()), case) is None


def test_no_trial_comes_after_one_that_is_exact(case):
    log = []
    found = explain(Cause("this", of_values(off(A, 0.001), A, A, log=log)), case)
    assert (found.detail, found.after) == ("trial 1", 0)
    assert log == [0, 1]


def test_the_mirror_is_tried_where_the_case_gives_no_explanation(case):
    log = []
    cause = Cause("this", of_values(A), of_values(B, log=log))
    assert explain(cause, case).detail == "trial 0"
    assert log == []
    found = explain(Cause("this", of_values(B, off(A, 0.02)), of_values(A, off(B, 0.001))), case)
    assert (found.detail, found.before) == ("trial 1", 1.0)  # the drift is that of the case, as a share of A's
    assert found.after == pytest.approx(0.001, rel=1e-3)  # what is left of it, of B's: the mirror aims at B


def test_a_mirror_exchanges_everything_and_its_mirror_is_the_case(case):
    mirror = case.mirror()
    assert (mirror.a, mirror.b) == (case.b, case.a)
    assert mirror.stages == case.stages[::-1] and mirror.names == ("B", "A")
    assert (mirror.pair.a, mirror.pair.b) == (case.pair.b, case.pair.a)
    np.testing.assert_array_equal(mirror.target, B)
    np.testing.assert_array_equal(mirror.b_value(), A)
    again = mirror.mirror()
    assert (again.a, again.b, again.stages, again.names) == (case.a, case.b, case.stages, ("A", "B"))
    np.testing.assert_array_equal(again.target, case.target)


def test_a_mirror_lays_its_target_out_as_the_stage_that_was_as(case):
    """A's stage has its channels first: 2 channels of one row of 3 columns."""
    first, second = case.stages
    first = Stage(first.op, first.tensor, "conv", "a", channels_first=True)
    a, b = np.arange(6, dtype=np.float32).reshape(1, 2, 1, 3), np.arange(6, dtype=np.float32).reshape(1, 1, 3, 2)
    subgraphs = fed(first.tensor, a), fed(second.tensor, b)
    mirror = Case(case.pair, *subgraphs, (first, second), np.moveaxis(a, 1, -1)).mirror()
    np.testing.assert_array_equal(mirror.target, [[[[0, 2, 4]], [[1, 3, 5]]]])


def broken(case):
    raise ValueError("no such place")
    yield


@pytest.mark.parametrize(
    "rows, expected",
    [
        ([("first", of_values(off(A, 1e-6))), ("second", of_values(A))], "first"),  # near enough: the second is not run
        ([("first", of_values(off(A, 1e-3))), ("second", of_values(A))], "second"),  # leaves less
        ([("first", of_values(off(A, 1e-3))), ("second", of_values(off(A, 2e-3)))], "first"),
        ([("first", broken), ("second", of_values(A))], "second"),  # a cause that cannot be tried is passed over
        ([("first", of_values(B)), ("second", of_values(B))], None),
    ],
)
def test_the_first_cause_that_explains_wholly_wins_else_the_best(case, monkeypatch, rows, expected):
    monkeypatch.setattr(causes, "CAUSES", [Cause(*row) for row in rows])
    monkeypatch.setattr(causes, "cases", lambda pair: [case])
    found = causes.find(case.pair)
    assert (found and found.cause) == expected


def test_every_case_is_tried_of_one_cause_before_the_next_cause(case, monkeypatch):
    log = []
    rows = [Cause(name, lambda one, name=name: iter(log.append((name, one)) or ())) for name in ("first", "second")]
    monkeypatch.setattr(causes, "CAUSES", rows)
    near = [case, case.mirror()]
    monkeypatch.setattr(causes, "cases", lambda pair: near)
    assert causes.find(case.pair) is None
    assert log == [("first", near[0]), ("first", near[1]), ("second", near[0]), ("second", near[1])]
