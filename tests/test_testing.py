"""The plugin of pytest: what people's own tests of a migration see of it.

Runs that need no TensorFlow are made in this process, with stand-ins for record() and verify(); others in one of their
own, for pytester forgets the modules that a run in this one imports.
"""

import pathlib
import re
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

import slimcam
from slimcam import migration, testing
from slimcam.cli import diagnosis
from slimcam.errors import ComparisonError, UnknownName
from slimcam.maps.comparison import Comparison
from slimcam.maps.dialects import DIALECTS
from slimcam.maps.maps import Maps
from slimcam.migration import golden

pytest_plugins = ["pytester"]

SHAPES = pathlib.Path(__file__).resolve().parents[1] / "checkpoints" / "shapes"
HEAVY = ["tensorflow", "numpy", "cv2", "tabulate", "click", "tf_slim", "keras", "tf_keras"]


def of(*raws, classes=None):
    """Return Maps of raw maps, each a list of rows."""
    raw = np.array(raws, np.float32)
    many = np.arange(len(raw))
    photos = [np.zeros((8, 8, 3), np.uint8) for _ in raw]
    classes = many if classes is None else np.array(classes)
    return Maps(raw, classes, many, "a", [], DIALECTS["paper"], photos, [(0, 0, 8, 8)] * len(raw), many)


def python(code, cwd=None):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=cwd)


# assert_maps_close


def test_close_maps_pass_and_give_their_comparison():
    a, b = of([[1, 2], [3, 4]]), of([[1, 2], [3, 4.00004]])
    assert isinstance(testing.assert_maps_close(a, b), Comparison)


def test_tolerance_that_is_exceeded_is_named_above_the_table():
    a, b = of([[1, 2], [3, 4]], [[1, 2], [3, 4]]), of([[1, 2], [3, 4]], [[1, 2], [3, 5]])
    with pytest.raises(AssertionError) as caught:
        testing.assert_maps_close(a, b, names=["cat.jpg", "dog.jpg"])
    said, blank, *table = str(caught.value).split("\n")[1:]
    # 1 of A's largest value, 4
    assert said == "relative 0.25 of map dog.jpg is above tolerance=2e-05 by 0.25; so it is in 1 of 2 maps"
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


# how it is found


def test_importing_the_plugin_imports_nothing_heavy():
    ended = python(f"import sys, slimcam.testing; print([name for name in {HEAVY} if name in sys.modules])")
    assert (ended.stdout, ended.stderr) == ("[]\n", "")


def test_a_run_of_pytest_with_the_plugin_imports_nothing_heavy(tmp_path):
    (tmp_path / "test_it.py").write_text(
        f"def test_it(request):\n"
        f"    import sys\n"
        f"    assert request.config.pluginmanager.has_plugin('slimcam')\n"
        f"    assert not [name for name in {HEAVY} if name in sys.modules]\n"
    )
    ended = subprocess.run([sys.executable, "-m", "pytest", "-q"], capture_output=True, text=True, cwd=tmp_path)
    assert ended.returncode == 0, ended.stdout


def test_pytest_tells_of_the_option_the_marker_and_the_fixture(pytester):
    pytester.runpytest("--help").stdout.fnmatch_lines(["*--slimcam-record *Let golden_maps record*"])
    pytester.runpytest("--markers").stdout.fnmatch_lines(["@pytest.mark.tensorflow(versions): run under these*"])
    pytester.runpytest("--fixtures").stdout.fnmatch_lines(["golden_maps*", "*against a recording beside the test*"])


def test_plugin_can_be_left_out(pytester):
    pytester.makepyfile("def test_it(golden_maps): pass")
    pytester.runpytest("-p", "no:slimcam").stdout.fnmatch_lines(["*fixture 'golden_maps' not found"])
    assert pytester.runpytest("-p", "no:slimcam", "--slimcam-record").ret == pytest.ExitCode.USAGE_ERROR


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
    ended = python(WITHOUT_PYTEST)
    assert ended.stdout == "the maps are not close:\nrelative 0.25 of map 0 is above tolerance=2e-05 by 0.25\n", ended


# @pytest.mark.tensorflow


@pytest.fixture
def version(monkeypatch):
    """Return `version(number)`, which lets that be TensorFlow's; None stands for no TensorFlow."""
    return lambda number: monkeypatch.setattr(testing, "tensorflow_version", lambda: number)


@pytest.mark.parametrize(
    "found, wanted, why",
    [
        ("2.13.0", ">=2.13,<2.16", ""),
        ("2.15.1", ">=2.13,<2.16", ""),
        ("2.16.0", ">=2.13,<2.16", "needs TensorFlow >=2.13,<2.16, and this is 2.16.0"),
        ("1.15.5", ">=2.13,<2.16", "needs TensorFlow >=2.13,<2.16, and this is 1.15.5"),
        ("2.14.0rc1", ">=2.13", ""),
        ("1.15.5+nv22.12", "==1.15.5", ""),
        ("2.9.0", ">=2.13", "needs TensorFlow >=2.13, and this is 2.9.0"),
        (None, ">=2.13", "needs TensorFlow >=2.13, and none is installed"),
    ],
)
def test_range_of_versions(version, found, wanted, why):
    version(found)
    assert testing.why_not((wanted,), {}) == why


def test_marker_without_a_range_needs_any_tensorflow(version):
    version("1.15.5")
    assert testing.why_not((), {}) == ""
    version(None)
    assert testing.why_not((), {}) == "needs TensorFlow, and none is installed"


def test_marked_tests_are_skipped_with_the_reason(pytester, version):
    version("2.15.0")
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.tensorflow("<2")
        def test_old(): raise RuntimeError

        @pytest.mark.tensorflow(">=2.13,<2.16")
        def test_now(): pass

        @pytest.mark.tensorflow(">=2")
        class TestNew:
            @pytest.mark.tensorflow(">=2.16")
            def test_newest(self): raise RuntimeError

            def test_new(self): pass
        """
    )
    result = pytester.runpytest("--strict-markers", "-rs", "-W", "error")
    result.assert_outcomes(passed=2, skipped=2)
    result.stdout.fnmatch_lines(["SKIPPED*: needs TensorFlow <2, and this is 2.15.0"])
    result.stdout.fnmatch_lines(["SKIPPED*: needs TensorFlow >=2.16, and this is 2.15.0"])


@pytest.mark.parametrize(
    "given, message",
    [
        ('"2.13"', """'2.13' is not a range of versions, as ">=2.13,<2.16" is ("""),
        ('">=2.13;<2.16"', "'>=2.13;<2.16' is not a range of versions"),
        ("2.13", '(2.13) is not a range of versions: give one string, ">=2.13,<2.16" say'),
        ('">=2.13", "<2.16"', "('>=2.13', '<2.16') is not a range of versions: give one string"),
        ('least="2.13"', "(least='2.13') is not a range of versions: give one string"),
    ],
)
def test_what_is_no_range_is_a_usage_error_that_names_the_test(pytester, given, message):
    pytester.makepyfile(f"import pytest\n@pytest.mark.tensorflow({given})\ndef test_it(): pass")
    result = pytester.runpytest()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    where = "test_what_is_no_range_is_a_usage_error_that_names_the_test.py::test_it: @pytest.mark.tensorflow: "
    assert f"ERROR: {where}{message}" in result.stderr.str()


def test_version_is_read_without_importing_tensorflow():
    code = "import sys; from slimcam.testing import tensorflow_version as v; print(v(), 'tensorflow' in sys.modules)"
    assert python(code).stdout == f"{tf.__version__} False\n"


@pytest.fixture
def unlisted(monkeypatch):
    """Let TensorFlow be installed as a vendor's build that nothing knows."""
    monkeypatch.setitem(diagnosis.DISTRIBUTIONS, "tensorflow", ("a-build-of-nobody",))
    testing.tensorflow_version.cache_clear()
    yield
    testing.tensorflow_version.cache_clear()


def test_version_of_an_unknown_build_is_what_it_says_itself(unlisted):
    assert testing.tensorflow_version() == tf.__version__


def test_no_tensorflow_has_no_version():
    code = (
        "import sys; sys.modules['tensorflow'] = None\n"
        "from slimcam import diagnosis, testing\n"
        "diagnosis.DISTRIBUTIONS['tensorflow'] = ('a-build-of-nobody',)\n"
        "print(testing.tensorflow_version())"
    )
    ended = python(code)
    assert ended.stdout == "None\n", ended.stderr


# golden_maps


@pytest.fixture
def stand_ins(monkeypatch):
    """Let record() make a folder, verify() pass, and reading succeed; return the lists of how they were called."""
    calls = SimpleNamespace(record=[], verify=[])

    def record(model, photos, out, *more, **options):
        pathlib.Path(out).mkdir(parents=True)
        calls.record.append((model, photos, out, *more, options))
        return out

    def verify(recorded, *more, **options):
        calls.verify.append((recorded.folder, *more, options))
        return SimpleNamespace(passed=True)

    def read(folder):
        layers = [SimpleNamespace(name="old")]
        return SimpleNamespace(folder=folder, dialect="book", method="gradcam", layers=layers, target={"class": 3})

    monkeypatch.setattr(migration, "record", record)
    monkeypatch.setattr(migration, "verify", verify)
    monkeypatch.setattr(golden, "read", read)
    return calls


ASKED = 'target=3, dialect="book", layers={"old": "new"}'


def test_recording_and_verifying_are_told_what_the_test_says(pytester, stand_ins):
    path = pytester.makepyfile(
        f"""
        def test_maps(golden_maps):
            report = golden_maps("model.pb", ["a.jpg"], {ASKED}, engine="tape", tolerances={{"maps": 1e-3}}, net="v3")
            assert (report is None) == golden_maps.recording
        """
    )
    folder = str(path.parent / "golden" / path.stem / "test_maps")
    result = pytester.runpytest("--slimcam-record")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*= slimcam recorded =*", f"golden/{path.stem}/test_maps"])
    told = ("model.pb", ["a.jpg"], folder, ["old"], 3, "book", None, "tape", {"net": "v3"})
    assert stand_ins.record == [told] and stand_ins.verify == []
    result = pytester.runpytest()
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*slimcam recorded*")
    told = (folder, "model.pb", ["a.jpg"], {"old": "new"}, {"maps": 1e-3}, "tape", {"net": "v3"})
    assert stand_ins.verify == [told] and len(stand_ins.record) == 1


def test_recording_has_a_folder_of_its_own_for_each_test(pytester, stand_ins):
    path = pytester.makepyfile(
        f"""
        import pytest

        def test_maps(golden_maps): golden_maps("m", "p", {ASKED})

        @pytest.mark.parametrize("net", ["v3", "slim/v3", "slim_v3", ".."])
        def test_nets(golden_maps, net): golden_maps("m", "p", {ASKED})

        class TestNet:
            def test_maps(self, golden_maps): golden_maps("m", "p", {ASKED})
        """
    )
    pytester.runpytest("--slimcam-record").assert_outcomes(passed=6)
    folders = sorted(one.name for one in (path.parent / "golden" / path.stem).iterdir())
    assert len(folders) == 6
    assert {"test_maps", "test_nets-v3", "test_nets-slim_v3", "TestNet.test_maps"} < set(folders)
    other = [one for one in folders if re.fullmatch(r"test_nets-slim_v3-[0-9a-f]{8}", one)]
    assert len(other) == 1
    pytester.runpytest().assert_outcomes(passed=6)


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
    assert re.fullmatch(expected, testing.file_safe(name))


def test_tests_of_one_name_share_a_recording_that_the_first_writes(pytester, stand_ins):
    path = pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.parametrize("engine", ["graph", "tape"])
        def test_maps(golden_maps, engine): golden_maps("m", "p", {ASKED}, engine=engine, name="shapes")
        """
    )
    pytester.runpytest("--slimcam-record").assert_outcomes(passed=2)
    folder = str(path.parent / "golden" / path.stem / "shapes")
    assert [one[2] for one in stand_ins.record] == [folder] == [one[0] for one in stand_ins.verify]


def test_missing_recording_says_what_to_run(pytester):
    path = pytester.makepyfile('def test_maps(golden_maps): golden_maps("model.pb", ["a.jpg"])')
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    folder = path.parent / "golden" / path.stem / "test_maps"
    result.stdout.fnmatch_lines(
        [
            f"E * AssertionError: there is no recording {folder}: write it, with the old program's model, by "
            f"pytest --slimcam-record '{path.name}::test_maps'"
        ]
    )
    assert "slimcam/testing.py" not in result.stdout.str()


def asked(recorded_method="normalised", **said):
    """Return what a test of a recording of two layers, class 3 and hiveml's dialect is told, asking for `said`."""
    layers = [SimpleNamespace(name="a"), SimpleNamespace(name="b")]
    recorded = SimpleNamespace(dialect="hiveml", method=recorded_method, layers=layers, target={"class": 3})
    one = {"layers": None, "target": 3, "dialect": "hiveml", "method": None, **said}
    return testing._asked_otherwise(recorded, **one)


@pytest.mark.parametrize(
    "said",
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
def test_recording_of_what_is_asked_for(said):
    assert asked(**said) == ""


@pytest.mark.parametrize(
    "said, message",
    [
        ({"dialect": "paper"}, "is of dialect 'hiveml', not 'paper'"),
        ({"method": "gated"}, "is of method 'normalised', not 'gated'"),
        ({"recorded_method": "gated"}, "is of method 'gated', not 'normalised'"),
        ({"layers": "a"}, "is of the layers a, b, not a"),
        ({"layers": ["a", "c"]}, "is of the layers a, b, not a, c"),
        ({"target": 4}, "is of the target {'class': 3}, not {'class': 4}"),
        ({"target": None}, "is of the target {'class': 3}, not None"),
        ({"target": [3, 3]}, "is of the target {'class': 3}, not [{'class': 3}, {'class': 3}]"),
        ({"target": slimcam.Top(2)}, "is of the target {'class': 3}, not {'top': 2}"),
        ({"target": slimcam.Class(3) - slimcam.Class(1)}, "not {'sum': [[3, 1.0], [1, -1.0]]}"),
    ],
)
def test_recording_of_something_else_than_is_asked_for(said, message):
    assert message in asked(**said)


def test_unknown_dialect_is_an_error_however_it_was_recorded():
    with pytest.raises(UnknownName, match="no dialect 'hivml'"):
        asked(dialect="hivml")


def test_recording_of_something_else_fails_the_test(pytester, stand_ins):
    path = pytester.makepyfile('def test_maps(golden_maps): golden_maps("model.pb", ["a.jpg"], target=3)')
    (path.parent / "golden" / path.stem / "test_maps").mkdir(parents=True)
    pytester.runpytest().stdout.fnmatch_lines(
        ["E * is of dialect 'book', not 'paper': record again by pytest --slimcam-record *, or ask for what it is"]
    )


MIGRATION = f"""
def test_the_maps_are_those_of_the_old_program(golden_maps):
    model = "shapes.ckpt" if golden_maps.recording else "shapes.pb"
    golden_maps({str(SHAPES)!r} + "/" + model, [{str(SHAPES / "samples" / "flower-and-star.png")!r}])
"""
PREPARED_OTHERWISE = MIGRATION.replace("])", "], preprocess='unit')")


@pytest.fixture
def run(tmp_path):
    """Return `run(source, *options, python=...)`: run a module of tests and return how pytest ended."""

    def run_it(source, *options, python=sys.executable):
        (tmp_path / "test_migration.py").write_text(source)
        line = [python, "-m", "pytest", "-q", *options]
        return subprocess.run(line, capture_output=True, text=True, cwd=tmp_path, check=False)

    return run_it


def test_five_lines_record_a_model_and_verify_another_that_must_give_the_same(run, tmp_path):
    ended = run(MIGRATION, "--slimcam-record")
    assert ended.returncode == 0, ended.stdout
    recording = tmp_path / "golden" / "test_migration" / "test_the_maps_are_those_of_the_old_program"
    assert sorted(one.name for one in recording.iterdir()) == ["golden.json", "golden.npz"]
    ended = run(MIGRATION)
    assert ended.returncode == 0, ended.stdout
    ended = run(PREPARED_OTHERWISE)
    assert ended.returncode == 1
    assert re.search(r"^E +input .* FAILED$", ended.stdout, re.M), ended.stdout
    assert re.search(r"^E +FAILED: input$", ended.stdout, re.M)
    assert f"recording: {recording}" in ended.stdout
    assert "if the change is meant: pytest --slimcam-record 'test_migration.py::test_the_maps" in ended.stdout
    assert "slimcam/testing.py" not in ended.stdout


def test_recording_of_the_other_tensorflow_is_verified_by_this_one(run, other_python):
    ended = run(MIGRATION, "--slimcam-record", python=other_python)
    assert ended.returncode == 0, ended.stdout
    ended = run(MIGRATION)
    assert ended.returncode == 0, ended.stdout


def test_failing_assertion_shows_the_test_and_not_the_plugin(run):
    ended = run(
        "import numpy as np\n"
        "from slimcam.maps.dialects import DIALECTS\n"
        "from slimcam.maps.maps import Maps\n"
        "from slimcam.testing import assert_maps_close\n"
        "def of(x):\n"
        "    photo, one = np.zeros((8, 8, 3), np.uint8), np.array([0])\n"
        "    return Maps(np.array([[[x, 4.0]]]), one, one, 'a', [], DIALECTS['paper'], [photo], [(0, 0, 8, 8)], one)\n"
        "def test_it():\n"
        "    assert_maps_close(of(1), of(2), pearson=0.9)\n"
    )
    assert ended.returncode == 1
    assert re.search(r"^E +AssertionError: the maps are not close:\nE +relative 0.25 of map 0", ended.stdout, re.M)
    assert re.search(r"^E +worst +1 of 1 agree +1.00e\+00 +2.50e-01", ended.stdout, re.M)
    assert "slimcam/testing.py" not in ended.stdout
