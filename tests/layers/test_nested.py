"""Whole nets as one layer of a bigger model: the map is that of the same net built flat."""

import functools

import pytest
from fixtures import keras_nets as nets
from fixtures.keras_nets import THREE, assert_map, head, sow
from fixtures.tolerance import DENSENET121, VGG16, assert_net

import slimcam

SIDE = 64
TERMS = {"VGG16": VGG16, "DenseNet121": DENSENET121}
# Each way into slimcam with the smallest, and a larger net by one way; ResNet50 is in tests/sources/test_transfer.py.
APPLICATIONS = [
    ("VGG16", "block5_conv3", "h5"),
    ("VGG16", "block5_conv3", "object"),
    pytest.param("VGG16", "block5_conv3", "keras3", marks=nets.NEW),
    pytest.param("DenseNet121", "relu", "keras3", marks=[nets.NEW, pytest.mark.slow]),
]


def base(keras, application):
    return getattr(keras.applications, application)(include_top=False, weights=None, input_shape=(SIDE, SIDE, 3))


def nested(application):
    def build(keras):
        photo = keras.layers.Input((SIDE, SIDE, 3), name="photo")
        return sow(keras.Model(photo, head(keras, base(keras, application)(photo))))

    return build


def flat(application):
    def build(keras):
        inner = base(keras, application)
        return sow(keras.Model(inner.input, head(keras, inner.output)))

    return build


@functools.lru_cache(maxsize=None)
def flat_maps(application, layer, kind):
    with nets.load(kind, flat(application), None) as model:
        return slimcam.explain(model, nets.photos(1, SIDE), layer=layer, target=1)


@pytest.mark.parametrize("application, layer, kind", APPLICATIONS)
def test_nested_net_gives_the_map_of_the_flat_one(application, layer, kind, tmp_path):
    expected = flat_maps(application, layer, "keras3" if kind == "keras3" else "object")
    with nets.load(kind, nested(application), tmp_path) as model:
        name = f"{application.lower()}/{layer}"
        assert model.tensor(name).shape.rank == 4
        maps = slimcam.explain(model, nets.photos(1, SIDE), layer=name, target=1)
    assert_net(maps.scores, expected.scores, TERMS[application])
    assert_map(maps.raw, expected.raw, TERMS[application])


@pytest.mark.parametrize("kind", nets.KINDS)
def test_nested_tower_gives_the_map_of_the_flat_one(kind, tmp_path):
    x = nets.photos()

    def ends(model, start):
        layer = nets.through(model, start, "conv_b")
        return layer, nets.after(model, layer, "conv_b")[:, 2]

    expected = nets.truth(nets.flat_net, ends, x)
    with nets.load(kind, nets.nested_net, tmp_path) as model:
        assert_map(slimcam.explain(model, x, layer="tower/conv_b", target=2).raw, expected)


@pytest.mark.parametrize("kind", nets.KINDS)
def test_each_branch_of_a_pair_has_the_map_of_plain_tensorflow(kind, tmp_path):
    x, y = nets.photos(), nets.photos(seed=1)

    def ends(branch):
        def both(model, one, two):
            shared = model.get_layer("tower")
            layers = [nets.through(shared, start) for start in (one, two)]
            return layers[branch], nets.after(model, model.get_layer("joined")(layers), "joined")[:, 1]

        return both

    with nets.load(kind, nets.pair_net, tmp_path) as model:
        pair = slimcam.explain_pair(model, x, y, layer="tower/conv_b", target=1)
    for branch in (0, 1):
        assert_map(pair[branch].raw, nets.truth(nets.pair_net, ends(branch), x, y))


def on_itself(keras):
    """f(f(x)) for a convolution f, within a model within a model."""
    layers = keras.layers
    begin, middle, photo = (layers.Input((nets.SIDE, nets.SIDE, 3), name=name) for name in ("begin", "middle", "photo"))
    f = keras.Model(begin, layers.AveragePooling2D(1, name="still")(nets.conv(keras, "conv", 3)(begin)), name="f")
    inner = keras.Model(middle, f(f(middle)), name="inner")
    return sow(keras.Model(photo, head(keras, inner(photo))))


@pytest.mark.parametrize("call, name", [(0, "inner/f/conv@photo"), (1, "inner/f/conv@inner/f@photo")])
@pytest.mark.parametrize("kind", THREE)
def test_each_call_of_a_layer_on_itself_has_its_own_map(kind, call, name, tmp_path):
    x = nets.photos()

    def ends(model, start):
        conv = model.get_layer("inner").get_layer("f").get_layer("conv")
        first = conv(start)
        second = conv(first)
        return (first, second)[call], nets.after(model, second, "inner")[:, 0]

    with nets.load(kind, on_itself, tmp_path) as model:
        assert_map(slimcam.explain(model, x, layer=name, target=0).raw, nets.truth(on_itself, ends, x))
