"""What is said of models without (N, classes) logits: what they end in, and by which target each is explained."""

import re

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1

import slimcam
from slimcam.cli.wording import in_options

X = np.random.RandomState(0).uniform(0, 1, (1, 2, 2, 3)).astype(np.float32)


def features():
    x = tf1.placeholder(tf1.float32, [None, 2, 2, 3], name="x")
    return tf1.reduce_mean(tf1.nn.relu(x, name="a"), [1, 2])


def dense(rows, width, seed=0):
    return tf1.matmul(rows, tf1.constant(np.random.RandomState(seed).normal(size=(3, width)).astype(np.float32)))


def faces():
    """As of MTCNN: whether there is a face, where its box is, where its eyes are."""
    rows = features()
    tf1.nn.softmax(tf1.identity(dense(rows, 2), name="face/logits"), name="face")
    tf1.nn.softmax(tf1.identity(dense(rows, 5, 2), name="age/logits"), name="age")
    tf1.identity(dense(rows, 4), name="box")


def distance():
    tf1.sqrt(tf1.reduce_sum(tf1.square(dense(features(), 4)), 1), name="distance")


WAYS = {
    "probabilities": (
        faces,
        "'face:0' … are probabilities: explain their classes by loading with logits='face/logits:0'",
        "loading with --logits 'face/logits:0'",
        None,
    ),
    "numbers": (
        faces,
        "'box:0' … are 4 numbers: explain the K-th by target=slimcam.Channel('box', k) (--target channel:box:K)",
        "explain the K-th by --target channel:box:K",
        slimcam.Channel("box", 3),
    ),
    "a number": (
        distance,
        "'distance:0' … is a number: explain it by target=slimcam.Mean('distance') (--target mean:distance)",
        "explain it by --target mean:distance",
        slimcam.Mean("distance"),
    ),
}


@pytest.mark.parametrize("build, said, option, target", WAYS.values(), ids=list(WAYS))
def test_an_output_is_named_with_the_target_that_fits_it(model_of, build, said, option, target):
    model = model_of(build)
    with pytest.raises(slimcam.TargetError) as raised:
        slimcam.GradCAM(model)
    assert re.search(re.escape(said).replace("…", r"\(.*?\)"), str(raised.value))
    assert option in in_options(str(raised.value)) and "slimcam." not in in_options(str(raised.value))
    if target is not None:
        assert np.isfinite(slimcam.explain(model, X, "a", target).raw).all()


def test_the_logits_that_are_named_load(model_of):
    assert model_of(faces, logits="age/logits:0").classes == 5
