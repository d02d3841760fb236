"""record(): what a recording holds."""

import hashlib
import os
import pathlib

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.tolerance import SHAPES_NET, assert_net
from recorded_net import CHANNELS, CLASSES, SIDE, X, net, truth, weights

import slimcam
from slimcam._tf import tf
from slimcam.errors import GoldenError, ModelError
from slimcam.migration import golden

SHAPES = str(pathlib.Path(__file__).resolve().parents[2] / "checkpoints" / "shapes")


def test_it_holds_what_a_plain_session_gives(recorded):
    held = golden.read(recorded)
    logits, activations, gradients = truth(net, "maps")
    np.testing.assert_array_equal(held.inputs, X)
    assert_net(held.logits, logits)
    np.testing.assert_array_equal(held.top_classes, np.argsort(-logits, -1)[:, :5])
    maps = held.layers[0]
    assert (maps.name, maps.shape, maps.dtype) == ("maps", (3, SIDE // 2, SIDE // 2, CHANNELS), "float32")
    np.testing.assert_array_equal(maps.classes, logits.argmax(-1))
    assert_net(maps.scores, logits.max(-1))
    assert_net(maps.gradients, gradients)
    by_hand = np.einsum("nhwc,nc->nhw", activations, gradients.mean((1, 2)))
    assert_net(maps.maps, by_hand)
    every = activations.astype(np.float64).reshape(-1, CHANNELS)
    for name, values in (("mean", every.mean(0)), ("deviation", every.std(0)), ("largest", every.max(0))):
        assert_net(getattr(maps, name), values)
    np.testing.assert_array_equal(maps.smallest, every.min(0))
    np.testing.assert_array_equal(maps.places, np.arange(activations.size))
    assert_net(maps.sample, activations.reshape(-1))
    assert held.layers[1].name == "first"
    assert held.target is None
    assert (held.dialect, held.method, held.engine) == ("paper", "gradcam", "graph")


def test_it_holds_where_it_came_from(recorded, old):
    held = golden.read(recorded)
    with open(old, "rb") as file:
        assert held.model["sha256"] == hashlib.sha256(file.read()).hexdigest()
    assert held.model["source"] == old
    assert (held.model["input"], held.model["logits"], held.model["dtype"]) == ("input:0", "logits:0", "float32")
    assert held.model["classes"] == CLASSES
    assert held.model["preprocess"] is None
    assert held.model["labels"] is None
    assert held.model["why"]
    assert held.made_by["tensorflow"] == tf.__version__
    assert held.made_by["numpy"] == np.__version__
    assert held.photos[1] == {"name": "photo-1", "sha256": hashlib.sha256(X[1].tobytes()).hexdigest(), "size": [8, 8]}


def test_of_photos_it_holds_their_files_sha256_and_how_they_were_prepared(old, photos, tmp_path):
    labels = [f"class {i}" for i in range(CLASSES)]
    out = slimcam.record(old, photos, tmp_path / "golden", "maps", preprocess="unit", labels=labels)
    held = golden.read(out)
    for path, record, size in zip(photos, held.photos, ([12, 16], [20, 10])):
        with open(path, "rb") as file:
            assert record == {"name": path, "sha256": hashlib.sha256(file.read()).hexdigest(), "size": size}
    assert held.model["preprocess"] == "unit"
    assert held.model["labels"] == hashlib.sha256("\n".join(labels).encode()).hexdigest()
    assert held.inputs.shape == (2, SIDE, SIDE, 3)
    assert 0 <= held.inputs.min() < held.inputs.max() <= 1


@pytest.mark.parametrize("kind", ["one path", "one photo", "a batch", "a tuple", "a generator"])
def test_photos_are_given_as_to_a_gradcam(old, photos, photo, tmp_path, kind):
    given = {
        "one path": photos[0],
        "one photo": photo(9, 9),
        "a batch": np.stack([photo(9, 9), photo(9, 9, 1)]),
        "a tuple": tuple(photos),
        "a generator": (path for path in photos),
    }[kind]
    held = golden.read(slimcam.record(old, given, tmp_path / "golden", "maps", preprocess="unit"))
    assert len(held.photos) == len(held.inputs) == (1 if kind.startswith("one") else 2)


def test_of_a_model_of_several_files_it_holds_the_sha256_of_their_sums(tmp_path):
    with tf1.Graph().as_default(), tf1.Session() as session:
        images = tf1.placeholder(tf1.float32, [None, SIDE, SIDE, 3], name="input")
        kernel = tf1.get_variable("kernel", initializer=weights(1, 3, 3, 3, CLASSES), use_resource=False)
        maps = tf1.nn.relu(tf1.nn.conv2d(images, kernel, [1, 1, 1, 1], "SAME"), name="maps")
        tf1.reduce_mean(maps, [1, 2], name="logits")
        session.run(tf1.global_variables_initializer())
        tf1.train.Saver([kernel]).save(session, str(tmp_path / "model"))
    lines = ""
    for name in ("model.data-00000-of-00001", "model.index", "model.meta"):
        lines += f"{hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()}  {name}\n"
    held = golden.read(slimcam.record(tmp_path / "model.meta", X, tmp_path / "golden", "maps"))
    assert held.model["sha256"] == hashlib.sha256(lines.encode()).hexdigest()


def test_of_a_live_object_it_holds_no_sha256(tmp_path):
    with tf1.Graph().as_default(), tf1.Session() as session:
        net()
        held = golden.read(slimcam.record(session, X, tmp_path / "golden", "maps"))
    assert held.model["sha256"] is None


def test_of_a_large_layer_it_holds_a_sample(frozen, tmp_path):
    out = slimcam.record(frozen(lambda: net(side=64)), np.ones((1, 64, 64, 3), np.float32), tmp_path / "golden", "maps")
    maps = golden.read(out).layers[0]
    activations = truth(lambda: net(side=64), "maps", np.ones((1, 64, 64, 3), np.float32))[1]
    assert 3000 < len(maps.places) <= 4096 < activations.size
    assert_net(maps.sample, activations.reshape(-1)[maps.places])


def test_left_out_the_layer_is_the_models_own(old, tmp_path):
    with slimcam.load(old) as model:
        held = golden.read(slimcam.record(model, X, tmp_path / "golden"))
        assert [layer.name for layer in held.layers] == [slimcam.GradCAM(model).layer]
        model.session.run(model.logits, {model.input: X})  # a model that was given is left open


def test_a_model_that_is_loaded_takes_no_options(old, tmp_path):
    with slimcam.load(old) as model, pytest.raises(
        ModelError, match=r"is loaded: give preprocess, size to slimcam\.load"
    ):
        slimcam.record(model, X, tmp_path / "golden", preprocess="unit", size=8)


def test_a_folder_of_something_else_is_refused_before_anything_is_loaded(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(GoldenError, match="neither empty nor a recording"):
        slimcam.record(tmp_path / "no.pb", X, tmp_path)


def test_dialect_and_method_are_kept(old, tmp_path):
    out = slimcam.record(old, X, tmp_path / "golden", "maps", 1, dialect="hiveml", method="gated")
    held = golden.read(out)
    assert (held.dialect, held.method) == ("hiveml", "gated")
    with slimcam.load(old) as model:
        maps = slimcam.explain(model, X, "maps", 1, dialect="hiveml", method="gated")
    np.testing.assert_array_equal(held.layers[0].maps, maps.raw)
    assert slimcam.verify(out, old).passed


# --- the shipped checkpoint


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    """Return the recording of the shipped checkpoint's samples, and the maps that a plain session on 1.15.5 gave."""
    with np.load(os.path.join(SHAPES, "goldens.npz")) as kept:
        maps = dict(kept)
    photos = [os.path.join(SHAPES, "samples", name.split("/")[0] + ".png") for name in maps]
    target = [name.split("/")[1] for name in maps]
    out = str(tmp_path_factory.mktemp("shipped") / "golden")
    return slimcam.record(os.path.join(SHAPES, "shapes.ckpt"), photos, out, target=target), photos, list(maps.values())


def test_the_shipped_checkpoints_maps_are_those_of_a_plain_session(shipped):
    out, _, maps = shipped
    (layer,) = golden.read(out).layers
    assert layer.name == "Mixed_4e"
    assert_net(layer.maps, maps, SHAPES_NET)


def test_its_frozen_graph_gives_the_same(shipped):
    out, photos, _ = shipped
    found = slimcam.verify(out, os.path.join(SHAPES, "shapes.pb"), photos)
    assert found.passed, found.table()
