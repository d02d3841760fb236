"""Numbers of MobileNets and NASNet beside Keras' nets of the same architecture, given the same random weights."""

import re

import numpy as np
import pytest
from fixtures.graphs import give as give_graph
from fixtures.keras_nets import give, photos, quiet
from fixtures.slim_values import all_terms, drawn
from fixtures.tolerance import assert_net

from slimcam import nets
from slimcam._tf import keras2, tf1

CLASSES = 20


def slim_side(name, images, end, num_classes=CLASSES, gain=1):
    """Return the values of a net's variables, in order of making, and an end point of it for images.

    A gain of its norms makes ReLU6 cut off.
    """
    with tf1.Graph().as_default(), tf1.Session() as session:
        place = tf1.placeholder(tf1.float32, (None, *images.shape[1:]))
        _, end_points = nets.build(name, place, num_classes)
        values = {one: drawn(one.op.name, one.shape.as_list()) for one in tf1.global_variables()}
        values = {one: value * (gain if one.op.name.endswith("gamma") else 1) for one, value in values.items()}
        give_graph(session, values)
        return {one.op.name: value for one, value in values.items()}, session.run(end_points[end], {place: images})


def keras_side(build, values_of, images):
    """Return what a Keras model makes of images, once its layers have their values."""
    with tf1.Graph().as_default(), tf1.Session().as_default() as session, quiet():
        keras = keras2()
        keras.backend.set_learning_phase(0)
        model = build(keras)
        give(model, values_of(model))
        return session.run(model.outputs[0], {model.inputs[0]: images})


def centred(scores):
    """Return what is left of scores where nothing is known of them but their softmax."""
    return scores - scores.mean(axis=-1, keepdims=True)


def shapes(values):
    return {name: value.shape for name, value in values.items()}


def in_order(values):
    """Return a function that pairs the weights of a model with values; both are in the order of the layers."""

    def pairs(model):
        weights = [weight for layer in model.layers for weight in layer.weights]
        assert len(weights) == len(values)
        return [(one, value.reshape(tuple(map(int, one.shape)))) for one, value in zip(weights, values.values())]

    return pairs


def gated_like_keras(values):
    """Give gated layers what makes up for their gates: slim divides by 1 / 0.16667, Keras by 6."""
    scopes = {name.split("squeeze_excite")[0] for name in values if "squeeze_excite" in name}
    factors = {f"{scope}project/weights": 0.16667 * 6 for scope in scopes}
    return {name: value * factors.get(name, 1) for name, value in values.items()}


SHAPE = (64, 64, 3)


def v2(alpha):
    options = {"input_shape": SHAPE, "weights": None, "classes": CLASSES, "alpha": alpha}
    return lambda keras: keras.applications.MobileNetV2(**options)


def v3(size, **more):
    options = {"input_shape": SHAPE, "weights": None, "classes": CLASSES, "include_preprocessing": False, **more}
    return lambda keras: getattr(keras.applications, f"MobileNetV3{size}")(**options)


TWINS = {
    "mobilenet_v2_035": v2(0.35),
    "mobilenet_v2_140": v2(1.4),
    "mobilenet_v3_small": v3("Small"),
    "mobilenet_v3_large": v3("Large"),
    "mobilenet_v3_large_075": v3("Large", alpha=0.75),
    "mobilenet_v3_small_minimalistic": v3("Small", minimalistic=True),
}
FAST = ("mobilenet_v2_035", "mobilenet_v3_small")


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] * (name not in FAST)) for name in TWINS])
def test_mobilenet_computes_what_keras_does(name):
    if "v3" in name and not hasattr(keras2().applications, "MobileNetV3Small"):
        pytest.skip("this Keras has no MobileNet v3")
    images = photos(side=64)
    values, logits = slim_side(name, images, "Logits", gain=3 if "v2" in name else 1)
    probabilities = keras_side(TWINS[name], in_order(gated_like_keras(values)), images)
    assert_net(centred(logits), centred(np.log(probabilities)), all_terms(shapes(values)))


# The scopes of a cell that have variables, and what Keras calls such a layer.
CELL = (
    (r"path(\d)_conv", r"adjust_conv_\1_{id}"),
    (r"final_path_bn|prev_bn", r"adjust_bn_{id}"),
    (r"prev_1x1", r"adjust_conv_projection_{id}"),
    (r"1x1", r"{kind}_conv_1_{id}"),
    (r"beginning_bn", r"{kind}_bn_1_{id}"),
    (r"comb_iter_(\d)/(\w+)/separable_\dx\d_(\d)", r"separable_conv_\3_{kind}_\2<\1>_{id}"),
    (r"comb_iter_(\d)/(\w+)/bn_sep_\dx\d_(\d)", r"separable_conv_\3_bn_{kind}_\2<\1>_{id}"),
)
PLACES = ("weights depthwise_weights gamma", "pointwise_weights beta", "moving_mean", "moving_variance")


def nasnet_layer(scope, cells):
    """Return what Keras calls the layer of a scope of slim's NASNet."""
    outside = {"conv0": "stem_conv1", "conv0_bn": "stem_bn1"}
    if scope in outside:
        return outside[scope]
    cell, _, inside = scope.partition("/")
    number = int(cell.rpartition("_")[2])
    kind = "reduction" if cell.startswith(("reduction", "cell_stem")) else "normal"
    if cell.startswith("cell_stem"):
        key = f"stem_{number + 1}"
    elif kind == "reduction":
        key = f"reduce_{cells * (number + 1)}"
    else:
        key = str(number if number < cells else number + 1)
    pattern, layer = next(row for row in CELL if re.fullmatch(row[0], inside))
    named = re.sub(pattern, layer, inside).format(kind=kind, id=key)
    # Keras counts the sums from 1, and calls the last one of a reduction 4 as well.
    return re.sub(r"<(\d)>", lambda m: str(min(int(m[1]) + 1, 4 if kind == "reduction" else 5)), named)


def by_name(values):
    """Return a function that pairs the weights of a Keras NASNet with the values of slim's variables."""

    def pairs(model):
        found = []
        for name, value in values.items():
            scope, _, last = name.rpartition("/")
            place = next(place for place, words in enumerate(PLACES) if last in words.split())
            found.append((model.get_layer(nasnet_layer(scope, 4)).weights[place], value))
        assert len(found) == len(model.weights)
        return found

    return pairs


def padded_as_published(keras):
    """Build Keras' NASNet with the pools of its reductions padded as slim's: Keras lets zeros into maxima and means."""
    model = keras.applications.NASNetMobile(input_shape=(96, 96, 3), include_top=False, pooling="avg", weights=None)

    def clone(layer):
        config = layer.get_config()
        if re.match(r"reduction_pad_1_", layer.name):
            config["padding"] = 0
        if re.match(r"reduction_(left2|left3|right5)_", layer.name):
            config["padding"] = "same"
        return type(layer).from_config(config)

    return keras.models.clone_model(model, clone_function=clone)


@pytest.mark.slow
def test_nasnet_computes_what_keras_does():
    images = photos(count=1, side=96)
    values, pooled = slim_side("nasnet_mobile", images, "global_pool", num_classes=0)
    expected = keras_side(padded_as_published, by_name(values), images)
    assert_net(pooled, expected, all_terms(shapes(values)))
