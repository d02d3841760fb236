"""Each row of OPERATORS gives what the interpreter of TensorFlow Lite gives: for one image, and for two at once."""

import numpy as np
import pytest
from fixtures.tflite_operators import CASES
from fixtures.tolerance import rounding

from slimcam._tf import TF_VERSION, tf, tf1
from slimcam.sources.tflite_graph import rebuild
from slimcam.sources.tflite_operators import OPERATORS
from slimcam.sources.tflite_reader import read_file

# What comes out has no row for each image, or a constant beside it is made for one image.
ALONE = (
    "add several",
    "select",
    "concatenate",
    "gather places",
    "space to batch",
    "batch to space",
    "shape",
    "rank",
    "fill",
    "range",
)


def _interpreted(model, images):
    """Return the outputs for each image alone; skip where an old TensorFlow Lite does not know the operator."""
    if images.dtype == np.float16 and TF_VERSION < (2, 0):
        pytest.skip("the interpreter of TensorFlow 1.15.5 is fed no float16")
    try:
        interpreter = tf.lite.Interpreter(model_content=model)
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        if TF_VERSION >= (2, 8):
            raise
        pytest.skip(f"the interpreter of TensorFlow {tf.__version__}: {str(error).splitlines()[0]}")
    (taken,) = interpreter.get_input_details()
    size, rows = taken["shape"][0], []
    for start in range(0, len(images), size):
        interpreter.set_tensor(taken["index"], images[start : start + size])
        interpreter.invoke()
        rows.append([interpreter.get_tensor(one["index"]) for one in interpreter.get_output_details()])
    return rows


def _run(lite, images, sizes):
    """Return the outputs of the graph for `sizes` images a run."""
    rebuilt = rebuild("", lite)
    assert not rebuilt.missing
    for node in rebuilt.graph_def.node:
        if node.op == "Placeholder":
            node.attr["shape"].shape.dim[0].size = -1
    with tf1.Graph().as_default(), tf1.Session() as session:
        tf1.import_graph_def(rebuilt.graph_def, name="")
        ends = [rebuilt.tensors[number] for number in lite.outputs]
        feed = rebuilt.tensors[lite.inputs[0]]
        return [session.run(ends, {feed: images[i : i + sizes]}) for i in range(0, len(images), sizes)]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated:UserWarning")
def test_operator_is_the_interpreters(tmp_path, name):
    case = CASES[name]
    path = tmp_path / "one.tflite"
    path.write_bytes(case.model())
    lite, images = read_file(str(path)), case.images()
    images = np.concatenate([images, images]) if case.shape[0] == 4 else images
    alone = _run(lite, images, case.shape[0])
    expected = _interpreted(path.read_bytes(), images)
    for i, outputs in enumerate(zip(*expected)):
        for ours, theirs in zip((row[i] for row in alone), outputs):
            _assert_equal(case, ours, theirs)
    if name not in ALONE:
        together = _run(lite, images, 2)[0]
        for i, outputs in enumerate(zip(*expected)):
            _assert_equal(case, together[i], np.concatenate(outputs))


def _assert_equal(case, ours, theirs):
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    if ours.dtype.kind != "f":
        np.testing.assert_array_equal(ours, theirs)
        return
    magnitude = 2 * case.terms if case.terms > 10 else np.abs(theirs).max()
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=rounding(case.terms, magnitude))


def test_every_row_is_compared():
    assert {case.type for case in CASES.values()} == set(OPERATORS)
