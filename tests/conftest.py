"""What the tests share: data made by real TensorFlow 1.15.5, and small models that are frozen on the spot."""

import collections
import gc
import importlib
import os
import pathlib
import random
import sys

import cv2
import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.command import Result

import slimcam
from slimcam import cli

# Graphs are many small objects in circles, and TensorFlow is many more. To look through them as often as Python does by
# itself takes up to a quarter of the time in which a net is built.
gc.freeze()
gc.set_threshold(50_000, 20, 20)

# TensorFlow 1.15 looks up the arguments of every operation that is made, to warn of old ones: a tenth of the time in
# which a net is built.
vars(importlib.import_module("tensorflow.python.util.deprecation")).update(_PRINT_DEPRECATION_WARNINGS=False)

# Programs that tests start begin sooner: by the module there, which Python imports first.
CHILDREN = str(pathlib.Path(__file__).resolve().parent / "fixtures" / "children")
os.environ["PYTHONPATH"] = os.pathsep.join([CHILDREN, *filter(None, [os.environ.get("PYTHONPATH")])])

SHARED = pathlib.Path(__file__).resolve().parents[2] / "shared"


EAGER = tf1.executing_eagerly()  # what TensorFlow does by itself
BEFORE = {"module": None, "test": None, "opened by": None}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Begin a module as TensorFlow begins: where tests before it left a graph open, that is said, and it is closed.

    No fixture of a module is at work here, for those of the one before have ended.
    """
    if not EAGER or tf1.executing_eagerly():
        BEFORE["opened by"] = None
    elif BEFORE["opened by"] is None:
        BEFORE["opened by"] = BEFORE["test"]
    if item.module is not BEFORE["module"] and BEFORE["opened by"]:
        with item.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            print(f"a graph is still open after {BEFORE['opened by']}", file=sys.__stderr__, flush=True)
        importlib.import_module("tensorflow.python.framework.ops")._default_graph_stack.reset()
        eager = importlib.import_module("tensorflow.python.eager.context")
        eager.context()._thread_local_data.is_eager = True
    BEFORE.update(module=item.module, test=item.nodeid)


def pytest_terminal_summary(terminalreporter):
    """Say what was skipped and why, one line per reason; write the lines to the file SLIMCAM_SKIPPED as well."""
    reasons = collections.Counter(
        report.longrepr[2].replace("Skipped: ", "", 1) for report in terminalreporter.stats.get("skipped", [])
    )
    lines = [f"{count} skipped: {reason}" for reason, count in reasons.most_common()]
    for line in lines:
        terminalreporter.write_line(line)
    if os.environ.get("SLIMCAM_SKIPPED"):
        pathlib.Path(os.environ["SLIMCAM_SKIPPED"]).write_text("\n".join(lines or ["nothing skipped"]) + "\n")


@pytest.fixture(scope="session")
def shared():
    """Return the folder of data beside the repository; skip the test where it is missing."""
    if not SHARED.is_dir():
        pytest.skip(f"needs the data of {SHARED}")
    return SHARED


@pytest.fixture(scope="session")
def strangers(shared):
    """Return the folder of models that other people trained; skip the test where it is missing."""
    folder = shared / "real" / "strangers"
    if not folder.is_dir():
        pytest.skip(f"needs the models of {folder}")
    return folder


@pytest.fixture(scope="session")
def golden(shared):
    """Return, by key, the arrays that TensorFlow 1.15.5 computed on the real MobileNet of `shared`."""
    with np.load(str(shared / "real" / "goldens_tf1155.npz")) as arrays:
        return dict(arrays)


@pytest.fixture(scope="session")
def peers(shared):
    """Return, by key, what published tools made of the real MobileNet of `shared`: see the README there."""
    path = shared / "peers" / "public.npz"
    if not path.exists():
        pytest.skip(f"{path} is missing")
    with np.load(str(path)) as arrays:
        yield arrays


@pytest.fixture(scope="module")
def mobilenet(shared):
    """Return the real MobileNet of `shared`."""
    with slimcam.load(shared / "real" / "mobilenet_v1_0.25_224_frozen.pb", preprocess="squash") as model:
        yield model


@pytest.fixture(scope="session")
def other_python():
    """Return the Python of the other TensorFlow, 1.15.5 or today's; scripts/test says where it is."""
    path = os.environ.get("SLIMCAM_OTHER_PYTHON")
    if not path:
        pytest.skip("needs another Python with another TensorFlow, SLIMCAM_OTHER_PYTHON")
    return path


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """Return `once(name, make)`: a folder, which the test that asks for it first has filled by `make(folder)`.

    All processes of a run share it, so nobody may alter what is there.
    """
    import fcntl  # where there is none, these tests alone fail

    own = tmp_path_factory.getbasetemp()
    root = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "once"

    def folder_of(name, make):
        folder, made = root / name, root / f"{name}.made"
        folder.mkdir(parents=True, exist_ok=True)
        with open(str(root / f"{name}.lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not made.exists():
                make(folder)
                made.touch()
        return folder

    return folder_of


@pytest.fixture(autouse=True)
def same_weights():
    """Begin each test with the same seeds: a net whose weights nobody gives has the same in every run."""
    random.seed(0)
    np.random.seed(0)
    tf1.set_random_seed(0)


@pytest.fixture
def frozen(tmp_path):
    """Return `frozen(build, name="model.pb")`: call `build` in a graph of its own, write that graph, return the path.

    Weights must be constants. What `build` returns is ignored; name the tensors that the test asks for.
    """

    def write(build, name="model.pb"):
        with tf1.Graph().as_default() as graph:
            build()
        path = tmp_path / name
        path.write_bytes(graph.as_graph_def().SerializeToString())
        return str(path)

    return write


@pytest.fixture
def model_of(frozen):
    """Return `model_of(build, **options)`: the model that slimcam.load makes of such a graph; closed after the test."""
    models = []

    def make(build, **options):
        models.append(slimcam.load(frozen(build), **options))
        return models[-1]

    yield make
    for model in models:
        model.close()


@pytest.fixture
def photo():
    """Return `photo(height, width, seed=0)`: a uint8 RGB picture of noise."""

    def noise(height, width, seed=0):
        return np.random.RandomState(seed).randint(0, 256, (height, width, 3), np.uint8)

    return noise


@pytest.fixture
def make_photo(tmp_path, photo):
    """Return `make_photo(name, height, width, seed=0)`: the path of a photo on disk."""

    def make(name, height=12, width=16, seed=0):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), photo(height, width, seed))
        return str(path)

    return make


@pytest.fixture
def run(capsys):
    """Return `run(command, *arguments)`: how the command ended in this process, and what it printed."""

    def invoke(*arguments):
        with pytest.raises(SystemExit) as ended:
            cli.main([str(argument) for argument in arguments], prog_name="slimcam")
        return Result(ended.value.code, *capsys.readouterr())

    return invoke
