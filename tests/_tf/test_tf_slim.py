"""The door to TensorFlow: what it mends, what it says when a package is missing, and tf_slim's own tests behind it."""

import importlib
import os
import subprocess
import sys
import textwrap
import xml.etree.ElementTree
from pathlib import Path

import pytest

from slimcam._packages import pip_line
from slimcam._tf import TF_VERSION, tf
from slimcam._tf import tf_slim as mends
from slimcam.errors import MissingPackage

ROOT = Path(__file__).resolve().parents[2]

# tf_slim 1.1.0's tests that fail behind the door, by TensorFlow, and why. Without the door 175 fail on 2.21.
FAILING = {
    (1, 15): {
        # Both compare a random number that depends on the operations in the graph; they fail without slimcam, too.
        "optimizers_test.OptimizersTest.testGradientNoise",
        "optimizers_test.OptimizersTest.testGradientNoiseWithClipping",
    },
    (2, 21): {
        # The last operation of TensorFlow's dropout is a SelectV2 now, where the test asks for the name of a Mul.
        "layers_test.DropoutTest.testCreateDropout",
        # TensorFlow's replica_device_setter writes 'device:CPU:0', where the test compares with 'cpu:0'.
        "variables_test.VariablesTest.testVariableWithReplicaDeviceSetter",
        # assign_from_checkpoint slices an array by a list of slices, which NumPy refuses since 1.23.
        "variables_test.AssignFromCheckpointTest.testLoadPartitionedVariables",
    },
}

# Of the nets' tests one or two a net that run it: what a net is made of tests/nets compares with TensorFlow 1.15.5, net
# by net. VGG 16 and 19 are VGG A with more layers, and half a gigabyte of random weights for each of their tests.
SUITE = """
    import gc
    import inspect
    import sys
    import numpy
    import pytest
    import slimcam

    def is_run(item):
        if not item.module.__name__.startswith("tf_slim.nets."):
            return True
        large = item.cls.__name__ in ("VGG16Test", "VGG19Test")
        once_more = item.name.endswith(("UnknownBatchSize", "ImageShape", "NotSqueezed", "Evaluation"))
        atrous = "Atrous" in item.name
        return not (large or once_more or atrous) and "session" in inspect.getsource(item.function)

    class OnlyWhatRuns:
        @staticmethod
        def pytest_collection_modifyitems(items):
            items[:] = filter(is_run, items)

    slimcam.slim()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)  # as in conftest.py
    if "object" not in vars(numpy):
        numpy.object = object  # read by two tests of tf_slim, by none of its modules
    sys.exit(pytest.main(["--pyargs", *sys.argv[1:]], [OnlyWhatRuns()]))
"""
# In parts, so that they can run side by side: the packages, and how many tests pass at the least.
PARTS = {"layers and ops": (["tf_slim.layers", "tf_slim.ops"], 590), "nets": (["tf_slim.nets"], 20)}


def python(code, *arguments, cwd=ROOT):
    """Run code in another process, which can import slimcam; return what it printed."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTEST_ADDOPTS": ""}
    command = [sys.executable, "-c", textwrap.dedent(code), *arguments]
    return subprocess.run(command, env=environment, cwd=str(cwd), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS)
def test_tf_slims_own_tests_pass(part, tmp_path):
    failing = FAILING.get(TF_VERSION[:2])
    if failing is None:
        pytest.skip(f"nobody has looked at tf_slim's own tests on TensorFlow {tf.__version__}")
    report = tmp_path / "report.xml"
    # In a process of its own: these tests turn global switches. Their warnings are theirs.
    asked, least = PARTS[part]
    quiet = "-q", "--tb=short", "-p", "no:cacheprovider", "-W", "ignore"
    done = python(SUITE, *asked, *quiet, f"--junitxml={report}", cwd=tmp_path)
    assert report.exists(), done.stdout.decode()
    passed, failed = set(), set()
    for case in xml.etree.ElementTree.parse(str(report)).iter("testcase"):
        name = ".".join([*case.get("classname").split(".")[-2:], case.get("name")])
        if case.find("failure") is not None or case.find("error") is not None:
            failed.add(name)
        elif case.find("skipped") is None:
            passed.add(name)
    assert failed == (failing if part == "layers and ops" else set()), done.stdout.decode()
    assert len(passed) >= least


@pytest.mark.parametrize("mend", mends.MOVED_NAMES, ids=lambda mend: f"{mend.module}.{mend.name}")
def test_a_mended_name_is_what_tensorflow_has_elsewhere(mend):
    mends.slim()
    found = getattr(importlib.import_module(f"tensorflow.python.{mend.module}"), mend.name)
    gone = tuple(map(int, mend.gone.split(".")))
    if gone <= TF_VERSION:
        home, _, name = mend.home.partition(":")
        assert found is getattr(importlib.import_module(f"tensorflow.python.{home}"), name or mend.name)


def test_slim_is_tf_slim_itself_every_time():
    found = mends.slim()
    assert found is mends.slim()
    assert found is sys.modules["tf_slim"]


@pytest.fixture(scope="module")
def left_alone():
    """Return what another process, which builds a net without and one with batch norms, says is as it was."""
    code = """
        import sys
        import tensorflow  # from 2.6 to 2.15 it imports its Keras itself
        kerases = {"keras", "tf_keras"}
        brought = kerases & set(sys.modules)
        import slimcam
        from slimcam import nets
        from slimcam._tf import tf1
        def state():
            return tf1.executing_eagerly(), tf1.resource_variables_enabled(), tf1.control_flow_v2_enabled()
        before = state()
        slimcam.slim()
        with tf1.Graph().as_default():
            nets.build("vgg_a", tf1.placeholder("float32", (1, 224, 224, 3)))
        if kerases & set(sys.modules) == brought:
            print("no Keras")
        with tf1.Graph().as_default():
            nets.build("mobilenet_v1_025", tf1.placeholder("float32", (1, 224, 224, 3)))
        if state() == before:
            print("no switch")
    """
    return python(code).stdout.decode()


def test_door_imports_no_keras_until_a_batch_norm_needs_it(left_alone):
    assert "no Keras" in left_alone


def test_door_turns_no_switch(left_alone):
    assert "no switch" in left_alone


# Messages


def test_a_missing_keras_is_answered_with_the_line_for_this_tensorflow(monkeypatch):
    monkeypatch.setattr(mends, "LEGACY_LAYERS", ("no_keras_here.src.normalization",))
    monkeypatch.setattr(mends, "TF_VERSION", (2, 18, 1))
    mends._legacy_normalization.cache_clear()
    with pytest.raises(MissingPackage, match=r'needs tf_keras: pip install "tf_keras==2\.18\.\*"'):
        mends._LegacyNormalization().BatchNormalization  # noqa: B018


def test_a_keras_that_breaks_inside_is_heard(monkeypatch, tmp_path):
    (tmp_path / "broken_keras.py").write_text("import nothing_of_this_name\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(mends, "LEGACY_LAYERS", ("broken_keras",))
    mends._legacy_normalization.cache_clear()
    with pytest.raises(ModuleNotFoundError, match="nothing_of_this_name"):
        mends._LegacyNormalization().BatchNormalization  # noqa: B018


def test_a_missing_tf_slim_is_answered_with_its_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "tf_slim", None)
    mends.slim.cache_clear()
    with pytest.raises(MissingPackage, match=r'tf_slim is not installed: pip install "tf_slim==1.1.0"'):
        mends.slim()


def test_a_missing_tensorflow_is_answered_with_its_line():
    code = """
        import sys
        sys.modules["tensorflow"] = None
        from slimcam.errors import MissingPackage
        try:
            import slimcam._tf
        except MissingPackage as error:
            print(error)
    """
    assert f"TensorFlow is not installed: {pip_line('tensorflow')}" in python(code).stdout.decode()
