"""Memory, measured in other processes: a VGG16 is loaded without copies to spare, and calls leave nothing behind."""

import subprocess
import sys

import pytest
import tensorflow.compat.v1 as tf1

pytestmark = pytest.mark.slow

GIGABYTE = 10**9

# With weights that cost nothing to make: memory is about their size.
WRITE_VGG16 = """
import sys
import numpy as np
import tensorflow.compat.v1 as tf1
from slimcam import nets

with tf1.Graph().as_default() as graph, tf1.Session() as session:
    logits, _ = nets.build("vgg_16", tf1.placeholder(tf1.float32, [None, 224, 224, 3], name="input"))
    for variable in tf1.global_variables():
        array = np.full(variable.shape.as_list(), 0.01, np.float32)
        session.run(variable.initializer, {variable.initializer.inputs[1]: array})
    tf1.train.Saver().save(session, sys.argv[1] + ".ckpt", write_meta_graph=False)
    frozen = tf1.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), [logits.op.name])
    with open(sys.argv[1] + ".pb", "wb") as file:
        file.write(frozen.SerializeToString())
"""

EXPLAIN_VGG16 = """
import sys
import numpy as np
import slimcam

def peak():
    # of this program alone: ru_maxrss begins at what the process had that started it
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:")) * 1024

model = slimcam.load(sys.argv[1])
print(peak())
slimcam.explain(model, np.ones((1, 224, 224, 3), np.float32))
print(peak())
"""

CALL_OFTEN = """
import sys
import numpy as np
import psutil
import slimcam

model = slimcam.load(sys.argv[1], preprocess="squash")
images = np.random.RandomState(0).randint(0, 256, (4, 40, 50, 3), np.uint8)
cam = slimcam.GradCAM(model)
for call in range(1, 301):
    cam(images, target=[call % 3, 0, 1, 2]).overlay()
    if call in (100, 300):
        print(len(model.graph.get_operations()), psutil.Process().memory_info().rss)
"""


def run(code, path):
    """Run a program on a path, and return the numbers that it prints."""
    ended = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return [int(number) for number in ended.stdout.split()]


@pytest.fixture
def vgg16(tmp_path):
    """Return the path, without its ending, of a VGG16 of 553 MB, .ckpt and .pb; they are gone after the test."""
    run(WRITE_VGG16, tmp_path / "vgg_16")
    yield tmp_path / "vgg_16"
    for file in tmp_path.glob("*"):
        file.unlink()


def test_a_vgg16_is_loaded_and_explained_within_a_few_times_its_size(vgg16):
    for ending in (".ckpt", ".pb"):
        loaded, explained = run(EXPLAIN_VGG16, vgg16.with_suffix(ending))
        assert loaded < 2.5 * GIGABYTE, ending
        assert explained < 3.0 * GIGABYTE, ending


def test_calls_leave_no_operation_and_no_memory_behind(frozen):
    def build():
        images = tf1.placeholder(tf1.float32, [None, 32, 32, 3], name="input")
        maps = tf1.nn.relu(tf1.nn.conv2d(images, tf1.ones([3, 3, 3, 8]), [1, 2, 2, 1], "SAME"), name="maps")
        tf1.matmul(tf1.reduce_mean(maps, [1, 2]), tf1.ones([8, 3]), name="logits")

    operations, memory, operations_after, memory_after = run(CALL_OFTEN, frozen(build))
    assert operations_after == operations
    assert memory_after - memory < 20e6
