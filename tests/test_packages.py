"""The table of requirements: pip lines, installed versions, and that setup.py asks for what it says."""

import pathlib
import runpy
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from slimcam import _packages
from slimcam._packages import installed_version, pip_line

ROOT = pathlib.Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    "module, tensorflow, python, line",
    [
        ("tensorflow", None, (3, 7), 'pip install "tensorflow==1.15.5" "protobuf==3.20.3" "h5py==2.10.0"'),
        ("tensorflow", None, (3, 8), 'pip install "slimcam[tf]"'),
        ("tensorflow", None, (3, 13), 'pip install "slimcam[tf]"'),
        ("tf_slim", None, (3, 13), 'pip install "tf_slim==1.1.0"'),
        ("tf_keras", (2, 21, 0), (3, 13), 'pip install "tf_keras==2.21.*"'),
        ("keras", (2, 13, 1), (3, 8), 'pip install "keras==2.13.*"'),
        ("tf_keras", None, (3, 13), 'pip install "tf_keras"'),
        ("yaml", None, (3, 13), 'pip install "slimcam[yaml]"'),
        ("cv2", None, (3, 13), 'pip install "opencv-python-headless>=4.5"'),
    ],
)
def test_pip_line(module, tensorflow, python, line):
    assert pip_line(module, tensorflow=tensorflow, python=python) == line


def test_pip_line_of_several_modules_for_another_interpreter():
    line = pip_line("numpy", "tensorflow", python=(3, 9), program="/x/python")
    assert line == '/x/python -m pip install "numpy>=1.17" "tensorflow"'
    line = pip_line("tensorflow", "click", python=(3, 7), program="/x/python")
    assert line == '/x/python -m pip install "tensorflow==1.15.5" "protobuf==3.20.3" "h5py==2.10.0" "click>=8.0"'


def test_installed_version_is_the_distribution_s(monkeypatch):
    assert installed_version("numpy") == np.__version__
    assert installed_version("no_such_module") is None
    monkeypatch.setitem(_packages.DISTRIBUTIONS, "cv2", ("no-such-distribution", "numpy"))
    assert installed_version("cv2") == np.__version__


def test_setup_requires_what_the_table_says(monkeypatch):
    metadata = {}
    stub = SimpleNamespace(setup=lambda **keywords: metadata.update(keywords), find_packages=lambda **_: [])
    monkeypatch.setitem(sys.modules, "setuptools", stub)
    runpy.run_path(str(ROOT / "setup.py"))
    assert metadata["install_requires"] == list(_packages.REQUIREMENTS.values())
    assert metadata["extras_require"] == _packages.EXTRAS
    assert "numpy>=1.17" in metadata["install_requires"]


def test_the_table_is_readable_without_any_package():
    code = f"import runpy, sys; runpy.run_path({str(ROOT / 'slimcam' / '_packages.py')!r}); print(sorted(sys.modules))"
    ended = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True)
    assert "'runpy'" in ended.stdout, ended.stderr
    for module in ("slimcam", "numpy", "tensorflow", "setuptools", "importlib_metadata"):
        assert f"'{module}'" not in ended.stdout
