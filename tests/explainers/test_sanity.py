"""The cascade of random layers: maps are those of a net with these weights; the model stays as it is."""

import json

import cv2
import numpy as np
import pytest
import tensorflow.compat.v1 as tf1

import slimcam
from slimcam._tf import TF_VERSION, tf
from slimcam.engines.resolve import resolve_images
from slimcam.errors import ParameterError
from slimcam.explainers.randomised import randomised
from slimcam.methods.net import random_state

KERNELS = ("dense", "deep", "first")  # from the score down
PHOTOS = np.random.RandomState(4).uniform(0, 1, (2, 12, 12, 3)).astype(np.float32)
METHODS = {
    "gradcam": {},
    "gradient": {},
    "lrp_z": {},
    "guided_backprop": {},
    "fullgrad": {},
    "ablationcam": {},
    "integrated_gradients": {"steps": 3},
    "occlusion": {"patch": 6, "stride": 6},
}


def kernels():
    random = np.random.RandomState(1)
    shapes = {"first": (3, 3, 3, 4), "deep": (3, 3, 4, 5), "dense": (5, 3)}
    return {name: random.standard_normal(shapes[name]).astype(np.float32) for name in KERNELS}


def net(values):
    """Build a net of two convolutions and a dense layer of these kernels, each with biases."""

    def build():
        x = tf1.placeholder(tf1.float32, [None, 12, 12, 3], name="input")
        for name in ("first", "deep"):
            bias = tf1.constant(np.linspace(0, 0.5, values[name].shape[-1], dtype=np.float32))
            x = tf1.nn.conv2d(x, tf1.constant(values[name], name=name + "/kernel"), [1] * 4, "SAME", name=name)
            x = tf1.nn.relu(tf1.nn.bias_add(x, bias), name=name + "/relu")
        flat = tf1.reduce_mean(x, [1, 2])
        tf1.matmul(flat, tf1.constant(values["dense"], name="dense/kernel"), name="logits")

    return build


def forgetting(count, seed=0):
    """Return the kernels of the net of which so many layers are random."""
    values = kernels()
    for number, name in enumerate(KERNELS[:count]):
        own = values[name]
        drawn = random_state(seed, number).standard_normal(own.shape)
        values[name] = (own.mean() + own.std() * drawn).astype(np.float32)
    return values


def explainer(model, method):
    layer = {} if slimcam.METHODS[method].needs == "pixels" else {"layer": "deep/relu"}
    return slimcam.Explainer(model, method, target=[0, 2], **layer, **METHODS[method])


@pytest.mark.parametrize("method", METHODS)
def test_maps_are_those_of_a_net_with_these_weights(model_of, method):
    model = model_of(net(kernels()))
    explain = explainer(model, method)
    before, operations = explain(PHOTOS).raw, len(model.graph.get_operations())
    cams = list(randomised(explain.cam, resolve_images(model), 9, seed=5))
    assert len(cams) == 3, "no more steps than layers"
    for step, cam in enumerate(cams, 1):
        expected = explainer(model_of(net(forgetting(step, seed=5))), method)(PHOTOS).raw
        # float32 sums of at most 12 x 12 x 5 products, in orders that may differ
        np.testing.assert_allclose(cam(PHOTOS, [0, 2]).raw, expected, atol=720 * 2**-23 * np.abs(expected).max())
        assert np.abs(expected - before).max() > 0.01 * np.abs(before).max()
    np.testing.assert_array_equal(explain(PHOTOS).raw, before)
    assert len(model.graph.get_operations()) == operations


def test_means_of_noise_and_of_layers_are_made_of_the_random_net_too(model_of):
    model, other = model_of(net(kernels())), model_of(net(forgetting(3)))
    for make in (
        lambda one: slimcam.smooth(slimcam.Explainer(one, "gradient", target=1), samples=2),
        lambda one: slimcam.Explainer(one, "gradcam", ["first/relu", "deep/relu"], target=1),
    ):
        *_, last = randomised(make(model).cam, resolve_images(model), 3, seed=0)
        expected = make(other)(PHOTOS).raw
        np.testing.assert_allclose(last(PHOTOS).raw, expected, atol=720 * 2**-23 * np.abs(expected).max())


def test_few_steps_forget_several_layers_each(model_of):
    model = model_of(net(kernels()))
    cams = list(randomised(explainer(model, "gradient").cam, resolve_images(model), 2, seed=0))
    expected = [explainer(model_of(net(forgetting(count))), "gradient")(PHOTOS).raw for count in (1, 3)]
    for cam, raw in zip(cams, expected):
        np.testing.assert_allclose(cam(PHOTOS).raw, raw, atol=720 * 2**-23 * np.abs(raw).max())


def test_the_number_is_the_mean_of_the_curve_of_each_photo(model_of):
    model = model_of(net(kernels()))
    cams = {"slope": slimcam.Explainer(model, "gradient"), "flat": slimcam.GradCAM(model, "deep/relu", target=1)}
    photos = PHOTOS * np.array([1, 0]).reshape(2, 1, 1, 1)
    evaluation = slimcam.evaluate(cams, model, photos, {"sanity": {"steps": 3}, "sparseness": {}}, seed=2)
    curve = evaluation.curves["sanity"]["slope"]
    assert curve.shape == (2, 3) and (np.abs(curve) <= 1).all()
    np.testing.assert_allclose(evaluation["slope", "sanity"], curve.mean(-1), atol=1e-12)
    assert list(evaluation.curves) == ["sanity"] and list(evaluation.curves["sanity"]) == ["slope", "flat"]
    document = json.loads(json.dumps(evaluation.json(), allow_nan=False))
    np.testing.assert_array_equal(document["curves"]["sanity"]["slope"], curve)
    again = slimcam.evaluate(cams, model, photos, {"sanity": {"steps": 3, "seed": 3}})
    assert not np.array_equal(again.curves["sanity"]["slope"], curve)


def test_what_cannot_forget_is_said(model_of):
    def without_layers():
        x = tf1.placeholder(tf1.float32, [None, 4, 4, 2], name="input")
        tf1.reduce_mean(x, [1, 2], name="logits")

    model = model_of(without_layers)
    explain = slimcam.Explainer(model, "gradient")
    photos = np.ones((1, 4, 4, 2), np.float32)
    with pytest.raises(ParameterError, match="no convolution or dense layer leads to 'logits:0'"):
        slimcam.evaluate(explain, model, photos, "sanity")
    with pytest.raises(ParameterError, match="sanity makes maps of a changed model: give the Explainer, not its Maps"):
        slimcam.evaluate(explain(photos), model, photos, "sanity")


@pytest.mark.skipif(TF_VERSION < (2, 1), reason="eager models need TensorFlow 2")
def test_a_tape_is_refused():
    keras = tf.keras
    start = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(2, 3, activation="relu")(start)
    end = keras.layers.Dense(3)(keras.layers.GlobalAveragePooling2D()(x))
    with slimcam.load(keras.Model(start, end), engine="tape", preprocess="squash") as model:
        explain = slimcam.Explainer(model, "gradient", engine="tape")
        with pytest.raises(ParameterError, match="sanity makes weights random in a graph"):
            slimcam.evaluate(explain, model, np.ones((1, 8, 8, 3), np.float32), "sanity")


# --- the contact sheet


def test_a_sheet_has_a_row_for_each_method_below_the_photos(model_of):
    model = model_of(net(kernels()))
    cams = [slimcam.GradCAM(model, "deep/relu"), slimcam.Explainer(model, "gradient")]
    evaluation = slimcam.evaluate(cams, model, PHOTOS, ["sparseness"])
    sheet = evaluation.sheet()
    tile = 256 + 2 * 14
    assert sheet.shape == (3 * tile + 2 * 8, 2 * 256 + 8, 3) and sheet.dtype == np.uint8
    photo = evaluation.maps["gradcam"].photos[1]
    np.testing.assert_array_equal(sheet[:256, 264:], cv2.resize(photo, (256, 256), interpolation=cv2.INTER_CUBIC))
    overlay = evaluation.maps["gradient"].overlay()[0]
    bottom = 2 * (tile + 8)
    np.testing.assert_array_equal(
        sheet[bottom : bottom + 256, :256], cv2.resize(overlay, (256, 256), interpolation=cv2.INTER_CUBIC)
    )
    assert (sheet[bottom + 256 :, :256] < 128).any(), "words"


def test_many_photos_have_smaller_tiles(model_of):
    model = model_of(net(kernels()))
    photos = np.repeat(PHOTOS, 12, 0)
    sheet = slimcam.evaluate(slimcam.GradCAM(model, "deep/relu"), model, photos, ["sparseness"]).sheet()
    assert 24 * 96 < sheet.shape[1] <= 4096


def test_the_command_line_writes_the_sheet_and_replaces_none(run, tmp_path):
    path = tmp_path / "sheet.png"
    photo, words = "checkpoints/shapes/samples/bolt.png", ("--metric", "sparseness", "--sheet", str(path))
    result = run("evaluate", photo, "--model", "checkpoints/shapes", *words)
    assert (result.status, result.stderr) == (0, "")
    assert cv2.imread(str(path)).shape == (2 * (256 + 28) + 8, 256, 3)
    again = run("evaluate", photo, "--model", "checkpoints/shapes", *words)
    assert again.status == 2 and "is there already" in again.stderr and "sparseness" not in again.stdout
    wrong = run("evaluate", photo, "--model", "checkpoints/shapes", "--sheet", str(tmp_path / "sheet.txt"))
    assert wrong.status == 2 and "a picture's name ends in" in wrong.stderr
