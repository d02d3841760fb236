"""Keras models that scale their photos by themselves: how these are fed then, and that nothing is warned of."""

import numpy as np
import pytest
from fixtures import keras_nets, keras_texts
from fixtures.keras_nets import NEW, quiet

import slimcam
from slimcam._tf import keras2, keras3

MODERN = pytest.mark.skipif(
    not hasattr(keras2().layers, "Rescaling"), reason="needs the layers Rescaling, Normalization"
)
BOTH = (pytest.param(keras2, marks=MODERN), pytest.param(keras3, marks=NEW))


def scaled(keras, *first):
    layers = keras.layers
    start = x = layers.Input((2, 2, 3), name="photo")
    for layer in first:
        x = layer(x)
    return keras.Model(start, layers.Dense(2)(layers.GlobalAveragePooling2D(name="pooled")(x)))


@pytest.mark.parametrize("keras", BOTH)
@pytest.mark.parametrize(
    "options, row",
    [
        ({"scale": 1 / 255}, "none"),
        ({"scale": 1 / 127.5, "offset": -1.0}, "none"),
        ({"scale": 2.0, "offset": -1.0}, "unit"),
    ],
)
def test_a_rescaling_within_says_how_photos_are_fed_and_nothing_is_warned_of(keras, options, row):
    with quiet():
        net = scaled(keras(), keras().layers.Rescaling(**options, name="scaling"))
    photo = np.array([[[0, 51, 255]]], np.uint8).repeat(2, 0).repeat(2, 1)
    with slimcam.load(net) as model:
        assert model.notes == []
        (why,) = [line for line in model.why if line.startswith("preprocess")]
        assert row in why and "scaling" in why
        means = model.features("pooled", photo)[0]
    fed = np.array([0, 51, 255]) / (255 if row == "unit" else 1)
    np.testing.assert_allclose(means, fed * options["scale"] + options.get("offset", 0), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("keras", BOTH)
@pytest.mark.parametrize("mean, variance, row", [(120.0, 3600.0, "none"), (0.45, 0.0625, "unit")])
def test_a_normalization_within_tells_by_what_it_was_adapted_to(keras, mean, variance, row):
    with quiet():
        layer = keras().layers.Normalization(mean=[mean] * 3, variance=[variance] * 3)
        net = scaled(keras(), layer)
    with slimcam.load(net) as model:
        assert model.notes == []
        assert any(line.startswith(f"preprocess {row!r}") for line in model.why)


@pytest.mark.parametrize("keras", keras_nets.KERASES)
def test_a_lambda_that_scales_tells_as_well(keras):
    with quiet():
        net = scaled(keras(), keras().layers.Lambda(lambda x: x / 127.5 - 1.0, output_shape=(2, 2, 3)))
    with slimcam.load(net) as model:
        assert model.notes == []
        assert any(line.startswith("preprocess 'none': the graph scales by itself") for line in model.why)


@pytest.mark.parametrize("keras", keras_nets.KERASES)
def test_what_the_caller_says_goes_before_what_the_model_says(keras):
    with quiet():
        net = scaled(keras(), keras().layers.Lambda(lambda x: x / 255.0, output_shape=(2, 2, 3)))
    photo = np.full((2, 2, 3), 51, np.uint8)
    with slimcam.load(net, preprocess="unit") as model:
        np.testing.assert_allclose(model.features("pooled", photo), [[51 / 255 / 255] * 3], rtol=1e-5)


@pytest.mark.parametrize("keras", keras_nets.KERASES)
def test_a_model_that_says_nothing_is_warned_of(keras):
    with quiet():
        net = scaled(keras())
    with slimcam.load(net) as model:
        (note,) = model.notes
        assert note.startswith("photos are fed as 0 to 255: nothing says how they were prepared")


def test_the_weights_of_a_file_scale_as_its_normalization_was_adapted(tmp_path):
    """A Normalization of weights, not of constants, in the way of a file: here a depthwise net of folders."""
    normalization = getattr(keras2().layers, "Normalization", None)
    if normalization is None:
        pytest.skip("needs the layer Normalization")

    def net():
        return scaled(keras2(), normalization(name="normal"))

    weights = {"normal": [np.full(3, 120, np.float32), np.full(3, 3600, np.float32), np.float32(9)]}
    weights["dense"] = [np.ones((3, 2), np.float32), np.zeros(2, np.float32)]
    path = keras_texts.write_weights(tmp_path / "weights.h5", weights)
    with slimcam.load(path, net=net) as model:
        assert any(line.startswith("preprocess 'none'") for line in model.why)
