"""V1 checkpoints in several shards, as programs on several devices wrote them: name-00000-of-00002, …"""

import os

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1

import slimcam
from slimcam.sources.variables import open_checkpoint

X = np.array([[[[4], [-1]], [[2], [0]]]], np.float32)
KERNEL, DENSE = np.array([[[[1.0, -1.0]]]], np.float32), np.array([[1.0, 0.0], [0.0, 2.0]], np.float32)


def own(images, num_classes=2, is_training=False):
    """A net of one convolution, of slim's signature; its two variables are on two devices."""
    with tf1.device("/job:localhost/replica:0/task:0/device:CPU:0"):
        kernel = tf1.get_variable("own/kernel", initializer=KERNEL, use_resource=False)
    with tf1.device("/job:localhost/replica:0/task:0/device:CPU:1"):
        dense = tf1.get_variable("own/dense", initializer=DENSE, use_resource=False)
    a = tf1.nn.relu(tf1.nn.conv2d(images, kernel, 1, "SAME"), name="a")
    logits = tf1.matmul(tf1.reduce_mean(a, [1, 2]), dense, name="logits")
    return logits, {"A": a, "Logits": logits}


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """Return the prefix of two shards, with their .meta beside them."""
    path = tmp_path_factory.mktemp("shards") / "model.ckpt"
    devices = tf1.ConfigProto(device_count={"CPU": 2})
    with tf1.Graph().as_default(), tf1.Session(config=devices) as session:
        tf1.nn.softmax(own(tf1.placeholder(tf1.float32, [None, 2, 2, 1], name="x"))[0])
        session.run(tf1.global_variables_initializer())
        saver = tf1.train.Saver(write_version=tf1.train.SaverDef.V1, sharded=True)
        assert saver.save(session, str(path)) == f"{path}-?????-of-00002"
    return str(path)


WAYS = {
    "prefix": lambda prefix: prefix,
    "pattern": lambda prefix: prefix + "-?????-of-00002",
    "a shard": lambda prefix: prefix + "-00001-of-00002",
    "folder": os.path.dirname,
    "meta": lambda prefix: prefix + ".meta",
}


@pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))
def test_all_shards_are_read(prefix, way):
    saved = open_checkpoint(way(prefix))
    assert saved.path == prefix + "-?????-of-00002"
    assert saved.shapes == {"own/kernel": [1, 1, 1, 2], "own/dense": [2, 2]}
    np.testing.assert_array_equal(saved.read("own/kernel"), KERNEL)
    np.testing.assert_array_equal(saved.read("own/dense"), DENSE)


def three(images, num_classes=2, is_training=False):
    """The net as `own`, for images of three channels, of which it takes the first."""
    return own(images[..., :1], num_classes)


@pytest.mark.parametrize("way", ["prefix", "meta"])
def test_a_net_takes_its_variables_from_shards(prefix, way):
    with slimcam.load(WAYS[way](prefix), net=three, size=2, num_classes=2) as model:
        maps = slimcam.GradCAM(model, "A", target=0)(np.repeat(X, 3, -1))
    np.testing.assert_array_equal(maps.raw, [[[1, 0], [0.5, 0]]])  # a quarter of what is positive


def test_a_meta_graph_takes_its_variables_from_shards(prefix):
    with slimcam.load(prefix + ".meta") as model:
        maps = slimcam.GradCAM(model, "a", target=0)(X)
        assert model.why[0] == f"2 variables: their values in {prefix}-?????-of-00002"
    np.testing.assert_array_equal(maps.raw, [[[1, 0], [0.5, 0]]])


def copied(prefix, folder, *shards):
    for shard in shards:
        with open(prefix + shard, "rb") as file:
            (folder / ("model.ckpt" + shard)).write_bytes(file.read())
    return str(folder / "model.ckpt")


def test_a_missing_shard_is_named(prefix, tmp_path):
    path = copied(prefix, tmp_path, "-00000-of-00002")
    message = r"model\.ckpt-\?{5}-of-00002: 1 of 2 shards are not there, such as 00001"
    with pytest.raises(slimcam.ModelError, match=message):
        slimcam.load(path, net=three)


def test_shards_of_two_checkpoints_are_told_apart(prefix, tmp_path):
    path = copied(prefix, tmp_path, "-00000-of-00002", "-00001-of-00002")
    os.link(path + "-00000-of-00002", path + "-00000-of-00001")
    message = r"shards of 2 checkpoints: load .*-\?{5}-of-00001 or .*-\?{5}-of-00002"
    with pytest.raises(slimcam.ModelError, match=message):
        slimcam.load(path, net=three)
    assert len(open_checkpoint(path + "-?????-of-00002").shapes) == 2
