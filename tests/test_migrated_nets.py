"""Real nets, recorded by the other TensorFlow, are verified in this one: in a graph, and as a Keras model by the tape.

With TensorFlow 1.15.5 as the other, that proves a migration: the maps of TensorFlow 1 are those of TensorFlow 2.
"""

import contextlib
import pathlib
import zlib

import cv2
import keras_nets as nets_of_keras
import numpy as np
import pytest
from keras_from_slim import keras_name, migrated

import slimcam
from slimcam import nets
from slimcam._tf import TF_VERSION, keras2, keras3, tf1
from slimcam.explainer import ENGINES

SHAPES = pathlib.Path(__file__).resolve().parents[1] / "checkpoints" / "shapes"
LAYERS = {"shapes": ["Mixed_4e", "Mixed_3c"], "inception_v3": ["Mixed_7c", "Mixed_6e"], "resnet_v2_50": None}
LOGITS, MAPS = 1e-5, 2e-5  # shares of the largest value: what a migration may change

NEWEST = keras3 if TF_VERSION >= (2, 16) else keras2


def seeded(shapes):
    """Return weights that hang on their names only and keep a deep net's activations in bounds."""
    values = {}
    for name, shape in shapes.items():
        random = np.random.RandomState(zlib.crc32(name.encode()))
        kind = name.rsplit("/", 1)[-1]
        if kind == "weights":
            array = random.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape)
        else:
            array = (
                random.uniform(0.5, 1.5, shape)
                if kind in ("gamma", "moving_variance")
                else random.normal(0, 0.1, shape)
            )
        values[name] = array.astype(np.float32)
    return values


@pytest.fixture(scope="module", params=LAYERS)
def net(request, tmp_path_factory):
    """Return a net's name, what loads it in this TensorFlow, and its checkpoint."""
    name = request.param
    if name == "shapes":
        return name, {}, SHAPES
    prefix = str(tmp_path_factory.mktemp(name) / "model.ckpt")
    with tf1.Graph().as_default(), tf1.Session() as session:
        variables = {name: tf1.Variable(array) for name, array in seeded(nets.variables(name, 1001)).items()}
        session.run(tf1.global_variables_initializer())
        tf1.train.Saver(variables).save(session, prefix)
    return name, {"net": name}, prefix


@pytest.fixture(scope="module")
def golden(net, other_python, tmp_path_factory):
    """Return the recording that the other TensorFlow made of the net."""
    name, options, path = net
    folder = tmp_path_factory.mktemp("photos")
    photos = [str(folder / f"{seed}.png") for seed in range(2)]
    for seed, photo in enumerate(photos):
        small = np.random.RandomState(seed).randint(0, 256, (9, 12, 3), np.uint8)
        cv2.imwrite(photo, cv2.resize(small, (320, 240), interpolation=cv2.INTER_CUBIC))
    out = str(folder / "golden")
    return slimcam.record(str(path), photos, out, layers=LAYERS[name], python=other_python, **options), photos


def assert_passed(verification):
    assert verification.passed, verification.table()


@pytest.mark.slow
def test_in_a_graph(net, golden):
    _, options, path = net
    tolerances = {"logits": LOGITS, "maps": MAPS}
    with slimcam.load(str(path), **options) as model:
        assert_passed(slimcam.verify(golden[0], model, photos=golden[1], tolerances=tolerances))


@pytest.mark.slow
@pytest.mark.skipif(TF_VERSION < (2, 1), reason="the tape needs TensorFlow 2")
def test_as_a_keras_model_by_the_tape(net, golden):
    name, options, path = net
    with slimcam.load(str(path), **options) as old:
        names = LAYERS[name] or [old.name_of(old.layer)]
        layers = {one: keras_name(old.tensor(one).op.name) for one in names}
        new = migrated(NEWEST(), old)
    tolerances = {"logits": LOGITS, "maps": MAPS}
    assert_passed(slimcam.verify(golden[0], new, layers=layers, tolerances=tolerances, engine="tape"))


@pytest.mark.parametrize("engine", ENGINES if TF_VERSION >= (2, 1) else ["graph"])
def test_as_a_model_of_keras_2(other_python, tmp_path, engine):
    photos = sorted(map(str, (SHAPES / "samples").glob("*.png")))[:2]
    golden = slimcam.record(str(SHAPES), photos, str(tmp_path / "golden"), python=other_python)
    with slimcam.load(SHAPES) as old, contextlib.ExitStack() as stack, nets_of_keras.quiet():
        layers = {"Mixed_4e": keras_name(old.tensor("Mixed_4e").op.name)}
        if engine == "graph":  # TensorFlow 1's way
            stack.enter_context(tf1.Graph().as_default())
            stack.enter_context(tf1.Session().as_default())
        new = slimcam.load(migrated(keras2(), old), engine=engine)
    with new:
        tolerances = {"logits": LOGITS, "maps": MAPS}
        assert_passed(slimcam.verify(golden, new, layers=layers, tolerances=tolerances, engine=engine))
