"""slimcam port: what becomes of a line; and ported programs under plain Python."""

import shutil
import sys

import numpy as np
import pytest
from fixtures.command import Result
from fixtures.old_programs import EXAMPLES, argument_of, record_of, started

from slimcam import cli
from slimcam._tf import TF_VERSION
from slimcam.errors import MissingPackage
from slimcam.programs.port import port


def test_a_missing_libcst_is_answered_with_the_pip_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "libcst", None)
    with pytest.raises(MissingPackage, match=r'^slimcam port needs LibCST: pip install "slimcam\[programs\]"$'):
        port("program.py", "import keras\n")


HEADER = """\
import os
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")  # Keras 2, which TensorFlow chooses when it is imported
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()
"""

PORTED = {
    # NumPy, Python, Pillow, SciPy
    "import numpy as np  # arrays\nx = np.float(3)  # one\n": "import numpy as np  # arrays\nx = float(3)  # one\n",
    "import numpy as np\nx = np.asscalar(a + b), np.product(c)\n": (
        "import numpy as np\nx = (a + b).item(), np.prod(c)\n"
    ),
    "import time\nt = time.clock()\n": "import time\nt = time.perf_counter()\n",
    "from collections import Iterable, OrderedDict\n": (
        "from collections.abc import Iterable\nfrom collections import OrderedDict\n"
    ),
    "import cPickle as pickle\npickle.load(f)\n": (
        "from slimcam.programs.gone import pickle_names as pickle\npickle.load(f)\n"
    ),
    "from PIL import Image\nx = y.resize(size, Image.ANTIALIAS)\n": (
        "from PIL import Image\nx = y.resize(size, Image.LANCZOS)\n"
    ),
    "from scipy.misc import (imresize,  # the size\n                        imsave)\n": (
        "from slimcam.programs.gone.scipy_misc import (imresize,  # the size\n                        imsave)\n"
    ),
    "import scipy.misc\nx = scipy.misc.imresize(y, 50)\n": (
        "from slimcam.programs.gone import scipy_misc\nx = scipy_misc.imresize(y, 50)\n"
    ),
    "import numpy as np\nimport scipy.misc\nx = scipy.misc.imread(path, mode='RGB')\n": (
        "import numpy as np\nfrom PIL import Image\nx = np.array(Image.open(path).convert('RGB'))\n"
    ),
    "record = image.tostring()\n": "record = image.tobytes()\n",
    "from sklearn.externals import joblib\n": "import joblib\n",
}
ON_TENSORFLOW_2 = {
    # TensorFlow
    "import tensorflow as tf  # 1.x\nx = tf.placeholder(tf.float32)\n": (
        HEADER.replace("behavior()", "behavior()  # 1.x") + "x = tf.placeholder(tf.float32)\n"
    ),
    "import tensorflow as tf\nimport tensorflow.contrib.slim as slim\ny = slim.conv2d(x, 4, 3)\n": (
        HEADER + "import tf_slim as slim\ny = slim.conv2d(x, 4, 3)\n"
    ),
    "import tensorflow as tf\ny = tf.contrib.layers.flatten(x)\n": HEADER + "import tf_slim\ny = tf_slim.flatten(x)\n",
    # batch_norm alone needs what slimcam mends of tf_slim
    "import tensorflow as tf\nimport tensorflow.contrib.slim as slim\ny = slim.batch_norm(x)\n": (
        "import slimcam.legacy.tensorflow1 as tf\nslim = tf.contrib.slim\ny = slim.batch_norm(x)\n"
    ),
    # Keras
    "from keras.layers.core import Dense\nfrom keras import backend as K\nx = Dense(3)(K.ones((1, 2)))\n": (
        HEADER + "from tf_keras.layers import Dense\nfrom tf_keras import backend as K\nx = Dense(3)(K.ones((1, 2)))\n"
    ),
    "from keras import backend as K\nK.get_session()\n": HEADER + "from slimcam import backend as K\nK.get_session()\n",
    "import keras\nkeras.optimizers.Adam(lr=0.1)\n": (
        HEADER + "import tf_keras as keras\nkeras.optimizers.legacy.Adam(learning_rate=0.1)\n"
    ),
    "from keras.layers import GRU\nx = GRU(3)(y)\n": (
        HEADER + "from tf_keras.layers import GRU\n"
        "x = GRU(3, recurrent_activation='hard_sigmoid', reset_after=False)(y)\n"
    ),
    "from keras.layers import Convolution2D\nx = Convolution2D(n, 3, 5, border_mode='same', bias=False)(y)\n": (
        HEADER + "from tf_keras.layers import Convolution2D\n"
        "x = Convolution2D(n, kernel_size=(3, 5), padding='same', use_bias=False)(y)\n"
    ),
    "from keras.layers import merge\nx = merge([a, b], mode='concat', concat_axis=3)\n": (
        HEADER + "from tf_keras.layers import concatenate\nx = concatenate([a, b], axis=3)\n"
    ),
    "model.fit(x, y, nb_epoch=3)\n": "model.fit(x, y, epochs=3)\n",
}


@pytest.mark.parametrize("old", [*PORTED, *ON_TENSORFLOW_2], ids=lambda text: text.splitlines()[-1])
def test_lines_become_what_they_are_today(old):
    pytest.importorskip("libcst", reason="pip install slimcam[programs]")
    if old in ON_TENSORFLOW_2 and TF_VERSION < (2, 16):
        pytest.skip("names are looked up in the TensorFlow that is installed")
    ported = port("program.py", old)
    assert ported.source == {**PORTED, **ON_TENSORFLOW_2}[old]
    assert ported.left == []
    assert port("program.py", ported.source).source == ported.source  # once is enough


def test_a_program_of_today_stays_as_it_is():
    pytest.importorskip("libcst", reason="pip install slimcam[programs]")
    text = "import os, sys  # two\n\nfrom numpy import (float32,\n                   int8)\n"
    text += "\ndef f(keras):\n    return keras.layers\n"
    assert port("program.py", text) == (text, [], [])


@pytest.fixture
def command(capsys):
    """Return `command(*arguments)`: how `slimcam port` ended in this process, and what it printed."""

    def call(*arguments):
        with pytest.raises(SystemExit) as ended:
            cli.main(["port", *map(str, arguments)], prog_name="slimcam")
        return Result(ended.value.code, *capsys.readouterr())

    return call


def test_what_is_left_is_said_line_by_line(tmp_path, command):
    pytest.importorskip("libcst", reason="pip install slimcam[programs]")
    program = tmp_path / "program.py"
    text = "from sklearn.datasets import load_boston\nimport numpy as np\nx = np.NaN\n"
    program.write_text(text)
    left = f"{program}:1: left: sklearn.datasets.load_boston: went with scikit-learn 1.2; instead: another data set: "

    listed = command(program)
    assert listed.status == 1
    assert listed.stdout.startswith(f"{program}:3: np.NaN -> np.nan\n{left}"), listed.stderr
    assert program.read_text() == text

    patch = command("--diff", program)
    assert patch.stdout.endswith(" import numpy as np\n-x = np.NaN\n+x = np.nan\n")
    assert left in patch.stderr

    written = command("--write", program)
    assert written.stdout.startswith(f"{program}: 1 changes, 1 left\n{left}")
    assert program.read_text() == text.replace("NaN", "nan")

    both = command("--write", "--diff", program)
    assert (both.status, both.stderr.count("\n")) == (2, 1)


def test_python_2_is_converted_first():
    pytest.importorskip("libcst", reason="pip install slimcam[programs]")
    pytest.importorskip("fissix", reason="pip install slimcam[programs]")
    assert port("program.py", "import cPickle\nprint 'a'\n").source == "import pickle\nprint('a')\n"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("print n / 2\nn /= 2\nprint n / 2.0, float(n) / 3, n * 0.5 / n\nprint round(n)\n", [1, 2, 4]),
        ("from __future__ import division\nprint n / 2\n", []),
        ("def round(n): return n\nprint round(n)\n", []),
        ("print(n / 2, round(n))\n", []),  # no Python 2
    ],
)
def test_what_python_2_counted_otherwise_is_left_to_the_reader(text, left):
    pytest.importorskip("libcst", reason="pip install slimcam[programs]")
    pytest.importorskip("fissix", reason="pip install slimcam[programs]")
    assert [note.line for note in port("program.py", text).left] == left


NUMBERS = {
    "plain_graph": ["logits", "average", "restored", "rotated"],
    "slim_training": ["loss", "scores", "frozen"],
    "keras_1": ["predict", "sum"],
    "keras_model": ["predict", "pooled", "batches", "classes", "trained", "loaded"],
}


@pytest.mark.parametrize(
    "name", ["plain_graph", *(pytest.param(name, marks=pytest.mark.slow) for name in list(NUMBERS)[1:])]
)
def test_ported_programs_give_the_numbers_of_tensorflow_1(name, tmp_path, command):
    pytest.importorskip("libcst", reason="pip install slimcam[programs]")
    if TF_VERSION < (2, 16):
        pytest.skip("names are looked up in the TensorFlow that is installed")
    shutil.copy(str(EXAMPLES / f"{name}.py"), str(tmp_path / "ported.py"))
    written = command("--write", tmp_path / "ported.py")
    assert written.status == (name == "keras_1")  # a number of samples is left to the reader
    (tmp_path / "files").mkdir()
    ours = started(tmp_path / "ported.py", argument_of(name, tmp_path / "files"))
    assert ours.status == 0
    theirs = record_of(name)
    for word in NUMBERS[name]:
        np.testing.assert_allclose(ours.numbers(word), theirs.numbers(word), 5e-5, 6e-6, err_msg=word)
