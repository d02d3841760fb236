"""The table METRICS, the checks of parameters, probabilities, truth, and what an Evaluation shows."""

import csv
import inspect
import io
import json

import numpy as np
import pytest
from fixtures.small_net import SmallNet

from slimcam.errors import ParameterError, UnknownName
from slimcam.faithfulness import FIRST, METRICS, Measure, read_metrics
from slimcam.faithfulness.evaluation import Evaluation
from slimcam.faithfulness.scores import ClassNet
from slimcam.faithfulness.truths import mask_of
from slimcam.methods import METHODS


@pytest.mark.parametrize("name", list(METRICS))
def test_a_row_has_the_parameters_of_its_function(name):
    row = METRICS[name]
    module = __import__(f"slimcam.faithfulness.{row.module}", fromlist=["x"])
    defaults = {
        key: one.default
        for key, one in inspect.signature(getattr(module, row.name)).parameters.items()
        if one.default is not inspect.Parameter.empty
    }
    known = {key: one.default for key, one in row.parameters.items() if key != "score"}
    assert known == defaults
    assert row.better in ("up", "down") and row.needs in ("scores", "map", "truth", "cam", "weights")
    for formula in row.dialects.values():
        read_metrics({name: formula})


def test_no_metric_has_the_name_of_a_method():
    assert not set(METRICS) & set(METHODS)


def test_parameters_are_what_is_given_then_the_dialects():
    measure = read_metrics({"insertion": {"dialect": "xplique", "steps": 5}}, seed=7)[0]
    expected = {"steps": 5, "baseline": "zero", "order": "falling", "area": "steps", "score": "logit", "seed": 7}
    assert measure.parameters == expected
    assert [one.name for one in read_metrics(FIRST)] == list(FIRST)
    assert [one.name for one in read_metrics("deletion")] == ["deletion"]


@pytest.mark.parametrize(
    "metrics, error, message",
    [
        ("deletoin", UnknownName, "no metric 'deletoin' .*near: 'deletion'"),
        ({"deletion": {"step": 3}}, ParameterError, "deletion has no parameter 'step': it has steps"),
        ({"deletion": {"steps": 0}}, ParameterError, "deletion: steps=0: give 1 or more"),
        ({"deletion": {"dialect": "xpliqe"}}, UnknownName, "deletion has no dialect 'xpliqe' .it has xplique.*near"),
        ([], ParameterError, "give one or more, each once"),
        (["deletion", "deletion"], ParameterError, "give one or more, each once"),
    ],
)
def test_a_mistake_is_said(metrics, error, message):
    with pytest.raises(error, match=message):
        read_metrics(metrics)


def test_probabilities():
    logits = np.array([0.0, np.log(3.0)])
    net = SmallNet(np.zeros((2, 1, 1, 1)), None, outputs=lambda x: logits)
    rows = np.array([0, 1, 1])
    images = np.zeros((3, 1, 1, 1))
    np.testing.assert_allclose(ClassNet(net, [0, 1], "softmax").scores(images, rows), [0.25, 0.75, 0.75], rtol=1e-6)
    np.testing.assert_allclose(ClassNet(net, [0, 1], "sigmoid").scores(images, rows), [0.5, 0.75, 0.75], rtol=1e-6)
    assert ClassNet(net, [0, 1], "softmax").size == net.size


def test_boxes_and_masks():
    expected = np.zeros((3, 4), bool)
    expected[1:3, 0:2] = True
    np.testing.assert_array_equal(mask_of([1, 0, 3, 2], (3, 4), "a"), expected)
    np.testing.assert_array_equal(mask_of([[1, 0, 3, 1], [1, 1, 9, 2]], (3, 4), "a"), expected)
    np.testing.assert_array_equal(mask_of(expected * 255, (3, 4), "a"), expected)
    assert not mask_of([], (3, 4), "a").any()
    with pytest.raises(ParameterError, match=r"truth of a: an array \(2, 2\); give a mask \(3, 4\), or boxes"):
        mask_of(np.zeros((2, 2)), (3, 4), "a")


@pytest.fixture
def evaluation():
    values = np.array([[[1.0, 2.0, 6.0]], [[3.0, np.nan, 5.0]]])
    measure = Measure("deletion", METRICS["deletion"], {"steps": 2, "baseline": np.zeros(1)})
    return Evaluation(values, ["one", "two"], [measure], ["a.png", "b.png", "c,d.png"])


def test_means_spread_and_count_are_of_what_is_a_number(evaluation):
    np.testing.assert_allclose(evaluation.mean, [[3], [4]])
    np.testing.assert_allclose(evaluation.spread, [[np.sqrt((4 + 1 + 9) / 2)], [np.sqrt(2)]])
    assert evaluation.count.tolist() == [[3], [2]]
    assert evaluation["one", "deletion"].tolist() == [1, 2, 6]
    assert repr(evaluation) == "<Evaluation: 2 methods x 1 metric x 3 photos>"


def test_nothing_is_no_mean():
    empty = Evaluation(np.array([[[np.nan]], [[2.0]]]), ["one", "two"], read_metrics("deletion"), ["a.png"])
    assert [(row["mean"], row["spread"], row["photos"]) for row in empty.rows()] == [(None, None, 0), (2.0, None, 1)]
    assert empty.csv().splitlines()[1] == "deletion,one,down,,,0,"
    assert str(empty).splitlines()[2].split() == ["deletion", "one", "down", "-", "-", "0"]


def test_csv_and_json_hold_the_numbers(evaluation):
    lines = list(csv.reader(io.StringIO(evaluation.csv())))
    assert lines[0] == ["metric", "method", "better", "mean", "spread", "photos", "a.png", "b.png", "c,d.png"]
    assert lines[2][:4] == ["deletion", "two", "down", "4.0"] and lines[2][6:] == ["3.0", "", "5.0"]
    document = json.loads(json.dumps(evaluation.json(), allow_nan=False))
    assert document["rows"][1]["values"] == [3.0, None, 5.0]
    assert document["parameters"] == {"deletion": {"steps": 2, "baseline": [0.0]}}
