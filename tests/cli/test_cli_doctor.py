"""`slimcam doctor`."""

import re
import sys

import pytest
import tensorflow.compat.v1 as tf1

from slimcam import _tf
from slimcam.errors import MissingPackage

# Click 8.5 warns whoever reads its version, which doctor does.
CLICK = pytest.mark.filterwarnings("ignore:The '__version__' attribute is deprecated:DeprecationWarning")


@CLICK
def test_doctor_tells_what_works(run):
    result = run("doctor")
    assert re.search(rf"^TensorFlow +{re.escape(tf1.__version__)} +works$", result.stdout, re.M)
    assert result.status == int("to mend it:" in result.stdout)


@CLICK
def test_doctor_gives_the_pip_line_of_what_is_missing(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    result = run("doctor")
    assert result.status == 1
    assert re.search(r"^cv2 +- +missing", result.stdout, re.M)
    assert 'pip install "opencv-python-headless>=4.5"' in result.stdout.split("to mend it:")[1]


@CLICK
def test_doctor_gives_the_pip_line_of_keras_2(run, monkeypatch):
    def missing():
        raise MissingPackage('Keras 2 on TensorFlow 2.21.0 is tf_keras, not installed: pip install "tf_keras==2.21.*"')

    monkeypatch.setattr(_tf, "keras2", missing)
    result = run("doctor")
    assert result.status == 1
    assert re.search(r"^Keras 2 +- +tf_keras is missing$", result.stdout, re.M)
    assert '\n  pip install "tf_keras==2.21.*"\n' in result.stdout.split("to mend it:")[1]


@CLICK
def test_what_is_installed_is_not_named_where_tensorflow_lacks(run, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "tf_slim"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    result = run("doctor")
    assert result.status == 1
    assert re.search(r"^tf_slim +1\.1\.0 +needs tensorflow$", result.stdout, re.M)
    remedies = result.stdout.split("to mend it:")[1].split()
    assert "tensorflow" in " ".join(remedies) or "slimcam[tf]" in " ".join(remedies)
    assert not any("tf_slim" in one for one in remedies)
