"""The plugin of pytest: how it is found, its marker, and what people's own tests of a migration see of golden_maps.

Runs that need no TensorFlow are made in this process, with stand-ins for record() and verify(); others in one of their
own, for pytester forgets the modules that a run in this one imports.
"""

import pathlib
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest
import tensorflow as tf

from slimcam import _packages, _pytest_plugin, migration
from slimcam.migration import golden

pytest_plugins = ["pytester"]

SHAPES = pathlib.Path(__file__).resolve().parents[1] / "checkpoints" / "shapes"
HEAVY = ["tensorflow", "numpy", "cv2", "tabulate", "click", "tf_slim", "keras", "tf_keras"]


@pytest.fixture(scope="module", autouse=True)
def lazy_modules():
    """Load what loads itself at a first look, as contrib of TensorFlow 1 does: it cannot be imported a second time.

    A run that fails looks at every module for the lines of its traceback, and pytester forgets what came with it.
    """
    for module in list(sys.modules.values()):
        hasattr(module, "__file__")


def python(code, cwd=None):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=cwd)


# how it is found


def test_importing_the_plugin_imports_nothing_heavy():
    ended = python(f"import sys, slimcam._pytest_plugin; print([name for name in {HEAVY} if name in sys.modules])")
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
    pytester.runpytest("--help").stdout.fnmatch_lines(["*--slimcam-record *Make golden_maps write*"])
    pytester.runpytest("--markers").stdout.fnmatch_lines(["@pytest.mark.tensorflow(versions): run under these*"])
    pytester.runpytest("--fixtures").stdout.fnmatch_lines(["golden_maps*", "*against a recording beside the test*"])


def test_plugin_can_be_left_out(pytester):
    pytester.makepyfile("def test_it(golden_maps): pass")
    pytester.runpytest("-p", "no:slimcam").stdout.fnmatch_lines(["*fixture 'golden_maps' not found"])
    assert pytester.runpytest("-p", "no:slimcam", "--slimcam-record").ret == pytest.ExitCode.USAGE_ERROR


# @pytest.mark.tensorflow


@pytest.fixture
def version(monkeypatch):
    """Return `version(number)`, which lets that be TensorFlow's; None stands for no TensorFlow."""
    return lambda number: monkeypatch.setattr(_pytest_plugin, "tensorflow_version", lambda: number)


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
    assert _pytest_plugin.skip_reason((wanted,), {}) == why


def test_marker_without_a_range_needs_any_tensorflow(version):
    version("1.15.5")
    assert _pytest_plugin.skip_reason((), {}) == ""
    version(None)
    assert _pytest_plugin.skip_reason((), {}) == "needs TensorFlow, and none is installed"


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
    code = "import sys, slimcam._pytest_plugin as p; print(p.tensorflow_version(), 'tensorflow' in sys.modules)"
    assert python(code).stdout == f"{tf.__version__} False\n"


@pytest.fixture
def unlisted(monkeypatch):
    """Let TensorFlow be installed as a vendor's build that nothing knows."""
    monkeypatch.setitem(_packages.DISTRIBUTIONS, "tensorflow", ("a-build-of-nobody",))
    _pytest_plugin.tensorflow_version.cache_clear()
    yield
    _pytest_plugin.tensorflow_version.cache_clear()


def test_version_of_an_unknown_build_is_what_it_says_itself(unlisted):
    assert _pytest_plugin.tensorflow_version() == tf.__version__


def test_no_tensorflow_has_no_version():
    code = (
        "import sys; sys.modules['tensorflow'] = None\n"
        "from slimcam import _packages, _pytest_plugin\n"
        "_packages.DISTRIBUTIONS['tensorflow'] = ('a-build-of-nobody',)\n"
        "print(_pytest_plugin.tensorflow_version())"
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


def test_recording_and_verifying_get_what_the_test_asks_for(pytester, stand_ins):
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
    call = ("model.pb", ["a.jpg"], folder, ["old"], 3, "book", None, "tape", {"overwrite": True, "net": "v3"})
    assert stand_ins.record == [call] and stand_ins.verify == []
    result = pytester.runpytest()
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*slimcam recorded*")
    call = (folder, "model.pb", ["a.jpg"], {"old": "new"}, {"maps": 1e-3}, "tape", {"net": "v3"})
    assert stand_ins.verify == [call] and len(stand_ins.record) == 1


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
    assert "slimcam/" not in result.stdout.str()


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
    assert "slimcam/" not in ended.stdout


def test_recording_of_the_other_tensorflow_is_verified_by_this_one(run, other_python):
    ended = run(MIGRATION, "--slimcam-record", python=other_python)
    assert ended.returncode == 0, ended.stdout
    ended = run(MIGRATION)
    assert ended.returncode == 0, ended.stdout
