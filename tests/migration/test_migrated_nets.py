"""Real nets, recorded by the other TensorFlow, are verified in this one: in a graph, and as a Keras model by the tape.

With TensorFlow 1.15.5 as the other, that proves a migration: the maps of TensorFlow 1 are those of TensorFlow 2.
"""

import contextlib
import functools
import pathlib
import zlib

import cv2
import numpy as np
import pytest
from fixtures import keras_nets
from fixtures.checkpoints import save
from fixtures.keras_from_slim import keras_name, migrated

import slimcam
from slimcam._tf import TF_VERSION, keras2, keras3, tf1
from slimcam.engines import ENGINES
from slimcam.nets import variable_table

SHAPES = pathlib.Path(__file__).resolve().parents[2] / "checkpoints" / "shapes"
LAYERS = {
    "shapes": ["Mixed_4e", "Mixed_3c"],
    "resnet_v2_50": ["resnet_v2_50/postnorm/Relu"],
}

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
            positive = kind in ("gamma", "moving_variance")
            array = random.uniform(0.5, 1.5, shape) if positive else random.normal(0, 0.1, shape)
        values[name] = array.astype(np.float32)
    return values


@pytest.fixture
def photos(once):
    """Return the paths of two smooth pictures."""

    def make(folder):
        for seed in range(2):
            small = np.random.RandomState(seed).randint(0, 256, (9, 12, 3), np.uint8)
            cv2.imwrite(str(folder / f"{seed}.png"), cv2.resize(small, (320, 240), interpolation=cv2.INTER_CUBIC))

    return [str(once("migrated-photos", make) / f"{seed}.png") for seed in range(2)]


@pytest.fixture
def recorded(photos, other_python, once):
    """Return `recorded(name)`: the recording that the other TensorFlow made of a net, and what loads the net here."""

    def record(name):
        options = {} if name == "shapes" else {"net": name}

        def make(folder):
            path = str(SHAPES) if name == "shapes" else checkpoint(name, folder)
            slimcam.record(path, photos, folder / "golden", LAYERS[name], python=other_python, **options)

        folder = once(f"migrated-{name}", make)
        path = str(SHAPES if name == "shapes" else folder / "model.ckpt")
        return folder / "golden", functools.partial(slimcam.load, path, **options)

    return record


def checkpoint(name, folder):
    """Write a seeded checkpoint of a net; return its prefix."""
    return save(folder / "model.ckpt", seeded(variable_table.shapes(name, 1001)))


def assert_verified(golden, model, **options):
    """Assert what slimcam promises: a migration that is right is within verify()'s own tolerances."""
    verification = slimcam.verify(golden, model, **options)
    assert verification.passed, verification.table()


@pytest.mark.slow
@pytest.mark.parametrize("name", LAYERS)
def test_in_a_graph(recorded, photos, name):
    golden, load = recorded(name)
    with load() as model:
        assert_verified(golden, model, photos=photos)


@pytest.mark.slow
@pytest.mark.skipif(TF_VERSION < (2, 1), reason="the tape needs TensorFlow 2")
@pytest.mark.parametrize("name", LAYERS)
def test_as_a_keras_model_by_the_tape(recorded, name):
    golden, load = recorded(name)
    with load() as old:
        layers = {one: keras_name(old.tensor(one).op.name) for one in LAYERS[name]}
        new = migrated(NEWEST(), old)
    assert_verified(golden, new, layers=layers, engine="tape")


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES if TF_VERSION >= (2, 1) else ["graph"])
def test_as_a_model_of_keras_2(recorded, engine):
    golden, load = recorded("shapes")
    with load() as old, contextlib.ExitStack() as stack, keras_nets.quiet():
        layers = {one: keras_name(old.tensor(one).op.name) for one in LAYERS["shapes"]}
        if engine == "graph":  # TensorFlow 1's way
            stack.enter_context(tf1.Graph().as_default())
            stack.enter_context(tf1.Session().as_default())
        new = slimcam.load(migrated(keras2(), old), engine=engine)
    with new:
        assert_verified(golden, new, layers=layers, engine=engine)
