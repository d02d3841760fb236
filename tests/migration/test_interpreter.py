"""What an interpreter is found to have, and the messages for those that cannot record."""

import glob
import os
import re
import shutil
import subprocess
import sys
import venv

import numpy as np
import pytest

import slimcam
from slimcam.errors import InterpreterError
from slimcam.migration import interpreter

TENSORFLOW = '"tensorflow==1.15.5" "protobuf==3.20.3" "h5py==2.10.0"' if sys.version_info < (3, 8) else '"tensorflow"'


@pytest.fixture
def script(tmp_path):
    """Return `script(text)`: the path of a program that is that shell script."""

    def make(text, mode=0o755):
        path = tmp_path / "python"
        path.write_text(text)
        path.chmod(mode)
        return str(path)

    return make


@pytest.fixture
def bare(tmp_path):
    """Return the Python of an environment without packages, and the folder where its packages would be."""
    venv.create(str(tmp_path / "bare"), symlinks=True)
    (packages,) = glob.glob(str(tmp_path / "bare" / "lib" / "python*" / "site-packages"))
    return str(tmp_path / "bare" / "bin" / "python"), packages


@pytest.fixture
def stubs(bare):
    """Return `stubs(**modules)`: the Python of an environment with a stub of each package; None leaves one out."""
    python, packages = bare

    def make(**changed):
        modules = {**dict.fromkeys(interpreter.MODULES, "__version__ = '2.0'"), **changed}
        for name, text in modules.items():
            if text is not None:
                with open(os.path.join(packages, f"{name}.py"), "w", encoding="utf-8") as file:
                    file.write(text)
        return python

    return make


def refused(python, message):
    with pytest.raises(InterpreterError, match=message) as caught:
        slimcam.record("model.pb", "photo.png", "never-made", python=python)
    assert not os.path.exists("never-made")
    return str(caught.value)


def test_this_interpreter_has_all(monkeypatch, tmp_path):
    (tmp_path / "numpy.py").write_text("raise ImportError('of ours')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path))
    modules = interpreter.probe(sys.executable)
    assert modules["python"] == (".".join(map(str, sys.version_info[:3])), None)
    assert list(modules) == ["python", *interpreter.MODULES]
    assert modules["numpy"] == (np.__version__, None)
    assert [why for _, why in modules.values()] == [None] * 8
    interpreter.check(sys.executable, modules)


def test_a_bare_python_lacks_all_and_the_pip_line_is_given(bare):
    python, _ = bare
    message = refused(python, "lacks numpy, cv2, click, tqdm, tabulate, tensorflow, tf_slim: ")
    assert message.endswith(
        f': {python} -m pip install "numpy>=1.17" "opencv-python-headless>=4.5" "click>=8.0" "tqdm>=4.60" '
        f'"tabulate>=0.8.10" {TENSORFLOW} "tf_slim==1.1.0"'
    )
    assert f"(Python {sys.version_info[0]}.{sys.version_info[1]}." in message


def test_one_missing_package(stubs):
    python = stubs(click=None)
    assert refused(python, "lacks click: ").endswith(f'{python} -m pip install "click>=8.0"')


def test_a_tensorflow_that_cannot_be_imported(stubs):
    python = stubs(tensorflow="raise TypeError('Descriptors cannot not be created directly.')")
    message = refused(python, r"lacks tensorflow \(TypeError: Descriptors cannot not be created directly\.\): ")
    assert message.endswith(f"{python} -m pip install {TENSORFLOW}")


def test_a_tensorflow_that_is_too_old(stubs):
    refused(
        stubs(tensorflow="__version__ = '1.13.1'"), r"lacks tensorflow \(1\.13\.1, and slimcam needs 1\.15 or newer\)"
    )


def test_what_only_lacks_another_package_is_not_named(stubs):
    python = stubs(tensorflow=None, tf_slim="import tensorflow")
    assert refused(python, "lacks tensorflow: ").endswith(f"{python} -m pip install {TENSORFLOW}")


def test_a_package_within_a_package_is_named(stubs):
    refused(stubs(tensorflow="import wrapt_"), r"lacks tensorflow \(ModuleNotFoundError: No module named 'wrapt_'\)")


def test_an_import_that_ends_python(stubs):
    text = "import os, sys; sys.stderr.write('Illegal instruction'); sys.stderr.flush(); os._exit(3)"
    message = refused(stubs(tensorflow=text), "ended with status 3 as it imported tensorflow: ")
    assert message.endswith(f"-m pip install {TENSORFLOW}; it said:\nIllegal instruction")


@pytest.mark.parametrize("version", ["2.7", "3.6"])
def test_a_real_python_that_is_too_old(version):
    found = glob.glob(os.path.expanduser(f"~/.pyenv/versions/{version}.*/bin/python"))
    python = shutil.which(f"python{version}") if not found else found[0]
    if python is None or subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode:
        pytest.skip(f"no Python {version} was found")
    message = refused(python, rf": Python {re.escape(version)}\.\d+, and slimcam needs 3\.7 or newer: ")
    assert "tensorflow==1.15.5" in message


def test_a_python_that_is_too_old(script):
    refused(
        script('#!/bin/sh\necho \'slimcam: ["python", "2.7.18", null]\'\n'), r"Python 2\.7\.18, and slimcam needs 3\.7"
    )


def test_no_such_interpreter(tmp_path):
    refused(str(tmp_path / "python3.7"), f"{tmp_path}/python3.7: no such interpreter: give the path of a Python")
    refused("no-such-python3.7", "no-such-python3.7: no such interpreter")


def test_an_interpreter_may_be_named_and_below_ones_home(stubs, tmp_path, monkeypatch):
    stubs(click=None)
    monkeypatch.setenv("PATH", str(tmp_path / "bare" / "bin") + os.pathsep + os.environ["PATH"])
    refused("python", "bare/bin/python .*lacks click")
    monkeypatch.setenv("HOME", str(tmp_path))
    refused("~/bare/bin/python", "bare/bin/python .*lacks click")


def test_what_cannot_be_run(script):
    refused(script("#!/bin/sh\n", 0o644), "python: not a program that can be run")
    refused(script("no program at all"), "python: cannot be run: Exec format error")
    refused(script("#!/no/such/interpreter\n"), "python: cannot be run: No such file or directory")


def test_a_folder(tmp_path):
    refused(str(tmp_path), f"{tmp_path}: a folder: give the interpreter in it, {tmp_path}/bin/python")


def test_a_program_that_prints_garbage(script):
    refused(script("#!/bin/sh\necho garbage\n"), "not a Python interpreter: .* ended with status 0; it said:\ngarbage$")
    refused(script("#!/bin/sh\necho 'slimcam: garbage'\n"), "not a Python interpreter")
    refused(script("#!/bin/sh\necho 'slimcam: [1]'\necho 'slimcam: 5'\n"), "not a Python interpreter")
    refused(script("#!/bin/sh\nexit 0\n"), "ended with status 0; it said nothing$")


def test_a_program_that_fails(script):
    refused(script("#!/bin/sh\necho no licence >&2\nexit 7\n"), "ended with status 7; it said:\nno licence$")


def test_a_program_that_does_not_end(script, monkeypatch):
    monkeypatch.setattr(interpreter, "PATIENCE", 0.3)
    refused(script("#!/bin/sh\nexec sleep 20\n"), r"no answer in 0\.3 s")
