"""What the tests of a migration assert: maps that are close, and recordings of what the test asks for."""

import re
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import slimcam
from slimcam import testing
from slimcam.errors import ComparisonError, UnknownName
from slimcam.maps.comparison import Comparison
from slimcam.maps.dialects import DIALECTS
from slimcam.maps.maps import Maps


def of(*raws, classes=None):
    """Return Maps of raw maps, each a list of rows."""
    raw = np.array(raws, np.float32)
    many = np.arange(len(raw))
    photos = [np.zeros((8, 8, 3), np.uint8) for _ in raw]
    classes = many if classes is None else np.array(classes)
    return Maps(raw, classes, many, "a", [], DIALECTS["paper"], photos, [(0, 0, 8, 8)] * len(raw), many)


def test_close_maps_pass_and_give_their_comparison():
    a, b = of([[1, 2], [3, 4]]), of([[1, 2], [3, 4.00004]])
    assert isinstance(testing.assert_maps_close(a, b), Comparison)


def test_tolerance_that_is_exceeded_is_named_above_the_table():
    a, b = of([[1, 2], [3, 4]], [[1, 2], [3, 4]]), of([[1, 2], [3, 4]], [[1, 2], [3, 5]])
    with pytest.raises(AssertionError) as caught:
        testing.assert_maps_close(a, b, names=["cat.jpg", "dog.jpg"])
    line, blank, *table = str(caught.value).split("\n")[1:]
    # 1 of A's largest value, 4
    assert line == "relative 0.25 of map dog.jpg is above tolerance=2e-05 by 0.25; so it is in 1 of 2 maps"
    assert blank == ""
    assert "\n".join(table) == slimcam.compare(a, b).table(["cat.jpg", "dog.jpg"])


PEAK, OPPOSITE = [[0, 0], [0, 4]], [[4, 0], [0, 0]]


@pytest.mark.parametrize(
    "bound, message",
    [
        # a place of four each: -1/3 is the correlation, and the peaks are half of the 2 x 2's diagonal apart
        ({"cosine": 0.5}, "cosine 0 of map 0 is below cosine=0.5 by 0.5; "),
        ({"pearson": 0.5}, "pearson -0.333333 of map 0 is below pearson=0.5 by 0.833; "),
        ({"spearman": 0.5}, "spearman -0.333333 of map 0 is below spearman=0.5 by 0.833; "),
        ({"iou": 0.25}, "iou5 0 of map 0 is below iou=0.25 by 0.25; "),
        ({"iou": 0.25}, "iou20 0 of map 0 is below iou=0.25 by 0.25; "),
        ({"peaks": 0.25}, "peaks 0.5 of map 0 is above peaks=0.25 by 0.25; "),
        ({"tolerance": 0.5}, "relative 1 of map 0 is above tolerance=0.5 by 0.5; "),
    ],
    ids=str,
)
def test_each_bound_is_kept(bound, message):
    a, b = of(PEAK, PEAK), of(OPPOSITE, PEAK)
    with pytest.raises(AssertionError, match=re.escape(message + "so it is in 1 of 2 maps")):
        testing.assert_maps_close(a, b, **{"tolerance": None, **bound})
    testing.assert_maps_close(a, a, **bound)


def test_bounds_that_are_just_kept_pass():
    testing.assert_maps_close(of(PEAK), of([[0, 0], [0, 2]]), tolerance=0.5)
    testing.assert_maps_close(of(PEAK), of(OPPOSITE), tolerance=1, cosine=0, iou=0, peaks=0.5)


def test_bounds_that_are_left_out_are_not_kept():
    testing.assert_maps_close(of(PEAK), of(OPPOSITE), tolerance=None)


def test_classes_must_agree_unless_they_need_not():
    a, b = of(PEAK, PEAK, PEAK), of(PEAK, PEAK, PEAK, classes=[0, 2, 1])
    with pytest.raises(AssertionError, match="the class differs in 2 of 3 maps: 1, 2\n"):
        testing.assert_maps_close(a, b)
    testing.assert_maps_close(a, b, classes=False)


def test_maps_that_cannot_be_compared_are_an_error():
    with pytest.raises(ComparisonError, match="A has 1 maps and B 2"):
        testing.assert_maps_close(of(PEAK), of(PEAK, PEAK))


WITHOUT_PYTEST = """
import sys
sys.modules["pytest"] = None
import numpy as np
from slimcam.maps.dialects import DIALECTS
from slimcam.maps.maps import Maps
from slimcam.testing import assert_maps_close
photo = np.zeros((8, 8, 3), np.uint8)
a, b = (Maps(np.array([[[x, 4.0]]]), np.array([0]), np.array([0]), "a", [], DIALECTS["paper"], [photo],
             [(0, 0, 8, 8)], np.array([0])) for x in (1, 2))
assert_maps_close(a, a)
try:
    assert_maps_close(a, b)
except AssertionError as error:
    print(str(error).split(";")[0])
"""


def test_assertion_works_without_pytest():
    ended = subprocess.run([sys.executable, "-c", WITHOUT_PYTEST], capture_output=True, text=True)
    assert ended.stdout == "the maps are not close:\nrelative 0.25 of map 0 is above tolerance=2e-05 by 0.25\n", ended


@pytest.mark.parametrize(
    "name, expected",
    [
        ("test_maps", r"test_maps"),
        ("test_maps[a-1.5]", r"test_maps-a-1.5"),
        ("test_maps[a/b]", r"test_maps-a_b-[0-9a-f]{8}"),
        ("test_maps[a\\b:c]", r"test_maps-a_b_c-[0-9a-f]{8}"),
        ("test_maps[a\nb]", r"test_maps-a_b-[0-9a-f]{8}"),
        ("test_maps[é]", r"test_maps-_-[0-9a-f]{8}"),
        ("..", r"-[0-9a-f]{8}"),
        ("../../up", r"_.._up-[0-9a-f]{8}"),
        (".maps", r"maps-[0-9a-f]{8}"),
        ("test_maps[a.]", r"test_maps-a-[0-9a-f]{8}"),
        ("t" * 300, r"t{100}-[0-9a-f]{8}"),
    ],
)
def test_names_of_tests_become_names_of_folders(name, expected):
    assert re.fullmatch(expected, testing.folder_name(name))


def mismatch(of="normalised", **question):
    """Return in what a recording (layers a and b, class 3, hiveml's dialect, method `of`) is not what is asked for."""
    layers = [SimpleNamespace(name="a"), SimpleNamespace(name="b")]
    recording = SimpleNamespace(dialect="hiveml", method=of, layers=layers, target={"class": 3})
    defaults = {"layers": None, "target": 3, "dialect": "hiveml", "method": None}
    return testing._mismatch(recording, **{**defaults, **question})


@pytest.mark.parametrize(
    "question",
    [
        {},
        {"method": "normalised"},
        {"layers": ["b", "a"]},
        {"layers": [7]},  # what is no name is a tensor
        {"target": np.int64(3)},
        {"target": "flower"},  # a label, which the recording has as a number
        {"target": slimcam.Mean("mean:0")},
    ],
)
def test_recording_of_what_is_asked_for(question):
    assert mismatch(**question) == ""


@pytest.mark.parametrize(
    "question, message",
    [
        ({"dialect": "paper"}, "is of dialect 'hiveml', not 'paper'"),
        ({"method": "gated"}, "is of method 'normalised', not 'gated'"),
        ({"of": "gated"}, "is of method 'gated', not 'normalised'"),
        ({"layers": "a"}, "is of the layers a, b, not a"),
        ({"layers": ["a", "c"]}, "is of the layers a, b, not a, c"),
        ({"target": 4}, "is of the target {'class': 3}, not {'class': 4}"),
        ({"target": None}, "is of the target {'class': 3}, not None"),
        ({"target": [3, 3]}, "is of the target {'class': 3}, not [{'class': 3}, {'class': 3}]"),
        ({"target": slimcam.Top(2)}, "is of the target {'class': 3}, not {'top': 2}"),
        ({"target": slimcam.Class(3) - slimcam.Class(1)}, "not {'sum': [[3, 1.0], [1, -1.0]]}"),
    ],
)
def test_recording_of_something_else_than_is_asked_for(question, message):
    assert message in mismatch(**question)


def test_unknown_dialect_is_an_error_however_it_was_recorded():
    with pytest.raises(UnknownName, match="no dialect 'hivml'"):
        mismatch(dialect="hivml")


FAILING = """
import numpy as np
from slimcam.maps.dialects import DIALECTS
from slimcam.maps.maps import Maps
from slimcam.testing import assert_maps_close
def of(x):
    photo, one = np.zeros((8, 8, 3), np.uint8), np.array([0])
    return Maps(np.array([[[x, 4.0]]]), one, one, "a", [], DIALECTS["paper"], [photo], [(0, 0, 8, 8)], one)
def test_it():
    assert_maps_close(of(1), of(2), pearson=0.9)
"""


def test_failing_assertion_shows_the_test_and_not_where_it_is_raised(tmp_path):
    (tmp_path / "test_it.py").write_text(FAILING)
    line = [sys.executable, "-m", "pytest", "-q"]
    ended = subprocess.run(line, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert ended.returncode == 1
    assert re.search(r"^E +AssertionError: the maps are not close:\nE +relative 0.25 of map 0", ended.stdout, re.M)
    assert re.search(r"^E +worst +1 of 1 agree +1.00e\+00 +2.50e-01", ended.stdout, re.M)
    assert "slimcam/testing.py" not in ended.stdout
