"""The program itself, run as a user runs it."""

import os
import subprocess
import sys

import pytest
from fixtures.command import Result, assert_error_line


def python(*arguments):
    environment = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
    command = [sys.executable, *map(str, arguments)]
    ended = subprocess.run(command, capture_output=True, text=True, env=environment)
    return Result(ended.returncode, ended.stdout, ended.stderr)


def test_a_run_leaves_tensorflow_s_notes_off_the_terminal(make_photo, model, tmp_path):
    options = ("--model", model, "--preprocess", "squash", "--out", tmp_path / "out")
    result = python("-m", "slimcam", "explain", make_photo("one.png"), *options)
    assert (result.status, result.stderr) == (0, "")
    assert (tmp_path / "out" / "maps.npz").is_file()


def test_a_failing_run_prints_its_one_line_only(make_photo, model, tmp_path):
    options = ("--model", model, "--layer", "map", "--out", tmp_path / "out")
    assert_error_line(
        python("-m", "slimcam", "explain", make_photo("one.png"), *options), "no tensor 'map'; near: 'maps'"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["explain", "--help"],
        ["filters", "--help"],
        ["activations", "--help"],
        ["evaluate", "--help"],
        ["--version"],
    ],
)
def test_help_needs_neither_tensorflow_nor_numpy(arguments):
    code = (
        "import sys\n"
        "from slimcam.cli import main\n"
        f"sys.argv = ['slimcam', *{arguments}]\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        "    print('loaded:', sorted({'tensorflow', 'numpy', 'cv2', 'keras', 'tf_slim'} & set(sys.modules)))\n"
    )
    result = python("-c", code)
    assert result.status == 0
    assert result.stdout.endswith("loaded: []\n")
