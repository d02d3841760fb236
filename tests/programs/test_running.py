"""`slimcam run` is Python for the program: arguments, tracebacks, exit status, streams, signals."""

import os
import signal
import subprocess
import sys

import pytest
from fixtures.command import heed_ctrl_c
from fixtures.old_programs import ROOT, started

from slimcam._tf import TF_VERSION


def test_arguments_name_and_file_are_those_of_python(run, tmp_path):
    ended = run("import sys, os\nprint(sys.argv, __name__, __file__, sys.path[0])\n", "-x", "--flag=1", "--help")
    program = str(tmp_path / "program.py")
    assert ended.out == f"{[program, '-x', '--flag=1', '--help']} __main__ {program} {tmp_path}\n"
    assert (ended.status, ended.err) == (0, "")


def test_a_module_is_run_by_its_name(tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    (tmp_path / "package" / "other.py").write_text("import numpy as np\nvalue = np.float(2)\n")
    (tmp_path / "package" / "tool.py").write_text("import sys\nfrom .other import value\nprint(value, sys.argv[1:])\n")
    ended = started("-m", "slimcam", "run", "-m", "package.tool", "a", cwd=str(tmp_path))
    assert (ended.out, ended.status) == ("2.0 ['a']\n", 0), ended.err


def test_an_error_of_the_program_shows_its_own_lines_only(run):
    ended = run("import json\ndef read(text):\n    return json.loads(text)\nread('{')\n")
    assert ended.status == 1
    lines = ended.err.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert "program.py" in lines[1] and "line 4, in <module>" in lines[1]
    assert "slimcam" not in ended.err
    assert lines[-1].startswith("json.decoder.JSONDecodeError")


def test_a_module_of_the_program_fails_with_its_own_lines(run, tmp_path):
    (tmp_path / "part.py").write_text("import sys\n1 / 0\n")
    ended = run("import sys\nimport part\n")
    assert "slimcam" not in ended.err
    assert 'part.py", line 2, in <module>' in ended.err


def test_a_syntax_error_is_pythons_own(run):
    ended = run("import sys\nif True\n    pass\n")
    assert ended.status == 1
    assert 'program.py", line 2' in ended.err
    assert ended.err.splitlines()[-1].startswith("SyntaxError")
    assert "slimcam" not in ended.err


@pytest.mark.parametrize(("code", "status"), [("3", 3), ("None", 0), ("'no photo'", 1)])
def test_the_exit_status_is_the_programs(run, code, status):
    assert run(f"import sys\nsys.exit({code})\n").status == status


def test_standard_streams_are_the_programs(run):
    ended = run("import sys\nprint(sys.stdin.read().upper())\nprint('b', file=sys.stderr)\n", input="given")
    assert (ended.out, ended.err) == ("GIVEN\n", "b\n")


def test_no_such_program_is_one_line(tmp_path):
    ended = started("-m", "slimcam", "run", tmp_path / "none.py")
    assert (ended.status, ended.err.count("\n")) == (2, 1)
    assert "no such program" in ended.err


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
def test_ctrl_c_reaches_the_program_itself(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(
        "import sys, time\ntry:\n    print('ready', flush=True)\n    time.sleep(60)\nfinally:\n    print('ended')\n"
    )
    command = [sys.executable, "-m", "slimcam", "run", str(path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([ROOT, os.environ["PYTHONPATH"]])}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, preexec_fn=heed_ctrl_c
    ) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert out == "ended\n"
    assert err.splitlines()[-1] == "KeyboardInterrupt"
    assert process.returncode in (-signal.SIGINT, 1)  # from Python 3.8 on an interrupted Python ends by the signal


def test_a_program_without_tensorflow_imports_none(run):
    ended = run("import sys\nprint('tensorflow' in sys.modules, 'numpy' in sys.modules)\n")
    assert ended.out == "False False\n"


GONE = """
import tensorflow as tf
def build():
    return tf.contrib.tensor_forest.python.tensor_forest
try:
    build()
except AttributeError as error:
    print("an AttributeError", flush=True)
try:
    from tensorflow.contrib import tensor_forest
except ImportError as error:
    print("an ImportError", flush=True)
build()
"""


@pytest.mark.skipif(TF_VERSION < (2,), reason="TensorFlow 1 has its contrib")
def test_what_went_ends_the_program_with_one_line(run, tmp_path):
    ended = run(GONE)
    assert ended.out == "an AttributeError\nan ImportError\n"
    assert ended.status == 1
    last = ended.err.splitlines()[-1]
    assert last.startswith(f"slimcam: {tmp_path / 'program.py'}:4: tf.contrib.tensor_forest went with TensorFlow 2.0, ")
    assert last.endswith("run this program on TensorFlow 1.15.5, with Python 3.7")


INSTALLED = """
import slimcam.legacy.install
import tensorflow as tf
from tensorflow.contrib import slim
from keras.layers import Convolution2D
import numpy as np
x = tf.placeholder(tf.float32, [None, 4])
print(tf.__version__, slim.conv2d.__name__, x.get_shape()[1].value, np.float(1))
import slimcam.legacy.tensorflow1 as tf1
print(tf1.contrib.slim.conv2d is slim.conv2d, tf1.__version__)
"""


def test_one_line_at_the_top_does_what_run_does(tmp_path):
    (tmp_path / "program.py").write_text(INSTALLED)
    ended = started(tmp_path / "program.py")
    assert ended.status == 0
    assert ended.out.splitlines() == ["1.15.5 convolution2d 4 1.0", "True 1.15.5"]


NAMED = """
import slimcam.legacy.tensorflow1 as tf
from slimcam.legacy.tensorflow1 import contrib
print(tf.__version__, contrib.slim.conv2d.__name__, tf.placeholder(tf.float32, [3]).shape[0].value)
import tensorflow
print(hasattr(tensorflow, "function"))
"""


def test_tensorflow_1_is_had_by_its_name_too(tmp_path):
    (tmp_path / "program.py").write_text(NAMED)
    ended = started(tmp_path / "program.py")
    assert ended.out.splitlines()[0] == "1.15.5 convolution2d 3"
    assert TF_VERSION < (2,) or ended.out.splitlines()[1] == "True"  # others see what is installed


def test_a_process_that_did_not_ask_is_as_it_was():
    code = (
        "import builtins; before = builtins.__import__; import slimcam, slimcam.legacy, slimcam.backend\n"
        "import tensorflow as tf\n"
        "print(builtins.__import__ is before, tf.__version__[0] == '1' or tf.executing_eagerly())"
    )
    assert started("-c", code).out == "True True\n"


def test_classes_that_tensorflow_brings_have_their_old_methods_without_an_import(run):
    program = (
        "import tensorflow as tf\nclass Sums(tf.test.TestCase):\n    def test_sum(self):\n"
        "        with self.test_session():\n            self.assertEquals(tf.constant([1, 4]).eval().ptp(), 3)\n"
        "if __name__ == '__main__':\n    tf.test.main()\n"
    )
    ended = run(program)
    assert ended.status == 0, ended.err
    assert "OK" in ended.err
