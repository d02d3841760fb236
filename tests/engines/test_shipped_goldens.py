"""The shipped checkpoint gives, in each of its forms and on each TensorFlow, the maps of a plain session on 1.15.5."""

import pathlib

import numpy as np
import pytest
from fixtures.tolerance import SHAPES_NET, assert_net

import slimcam

SHAPES = pathlib.Path(__file__).resolve().parents[2] / "checkpoints" / "shapes"


@pytest.mark.parametrize("source", ["shapes.ckpt", "shapes-v1.ckpt", "shapes.pb"])
def test_maps_are_those_of_tensorflow_1_15_5(source):
    """goldens.npz was written by scripts/train_checkpoint, with tf.gradients and without slimcam."""
    with np.load(str(SHAPES / "goldens.npz")) as goldens, slimcam.load(SHAPES / source) as model:
        names = goldens.files
        assert len(names) == 10
        photos = [str(SHAPES / "samples" / name.split("/")[0]) + ".png" for name in names]
        raw = slimcam.GradCAM(model)(photos, target=[name.split("/")[1] for name in names]).raw
        for name, one in zip(names, raw):
            assert_net(one, goldens[name], SHAPES_NET)
