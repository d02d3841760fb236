"""What cannot be explained is said when a GradCAM is built, in the same words for each engine."""

import numpy as np
import pytest
from fixtures import keras_nets as nets
from fixtures.tolerance import assert_net

import slimcam
from slimcam._tf import TF_VERSION, tf, tf1
from slimcam.engines.resolve import resolve, resolve_branches

EAGER = pytest.mark.skipif(TF_VERSION < (2, 1), reason="eager models need TensorFlow 2")
X, Y = nets.photos(), nets.photos(seed=1)


def cut_off_net(keras):
    """A convolution `cut` behind which no gradient goes, beside one that it goes through."""
    layers = keras.layers
    start = layers.Input((nets.SIDE, nets.SIDE, 3), name="photo")
    cut = layers.Lambda(lambda x: tf.sign(tf.stop_gradient(x)), name="stop")(nets.conv(keras, "cut")(start))
    return nets.sow(keras.Model(start, nets.head(keras, layers.Add()([cut, nets.conv(keras, "open")(start)]))))


def flat_net(keras):
    """Dense layers only."""
    layers = keras.layers
    start = layers.Input((nets.SIDE, nets.SIDE, 3), name="photo")
    return nets.sow(keras.Model(start, layers.Dense(3, name="scores")(layers.Flatten()(start))))


def merged_net(keras):
    """Two photos that meet before the first convolution."""
    layers = keras.layers
    one, two = (layers.Input((nets.SIDE, nets.SIDE, 3), name=name) for name in ("input_1", "input_2"))
    return nets.sow(keras.Model([one, two], nets.head(keras, nets.conv(keras, "conv")(layers.Add()([one, two])))))


@pytest.fixture(scope="module")
def model():
    """Return `model(build)`: the model of a net, loaded once for both engines."""
    loaded = {}

    def load(build):
        if build not in loaded:
            loaded[build] = nets.load("object", build, None)
        return loaded[build]

    yield load
    for one in loaded.values():
        one.close()


@pytest.fixture(params=["graph", pytest.param("tape", marks=EAGER)])
def engine(request):
    return request.param


LAYERS = r"; layers that do: 'last', 'tower', 'tower/norm'"


@pytest.mark.parametrize(
    "build, layer, target, error, message",
    [
        (
            nets.nested_net,
            "scores",
            None,
            slimcam.LayerError,
            r"'.*scores/.*' is \(.*, 3\): a layer to explain has four dimensions" + LAYERS,
        ),
        (
            nets.nested_net,
            "last",
            slimcam.Mean("tower"),
            slimcam.LayerError,
            r"'.*last/.*' does not lead to the score '.*tower.*'" + LAYERS,
        ),
        (
            cut_off_net,
            "cut",
            None,
            slimcam.LayerError,
            r"no gradient of '.*scores/.*' reaches '.*cut/.*': name a layer after what cuts it off",
        ),
        (nets.nested_net, "lst", None, slimcam.UnknownName, "no tensor 'lst'; near: 'last'"),
        (flat_net, None, None, slimcam.UnknownName, r"has no 4-D layer that all ways to '.*scores/.*' pass: name one"),
        (nets.nested_net, "last", 3, slimcam.TargetError, "class 3 is out of range: the logits have classes 0 to 2"),
        (nets.nested_net, "last", "cat", slimcam.UnknownName, "no label 'cat': the model has no labels"),
        (nets.nested_net, "last", slimcam.Top(4), slimcam.TargetError, r"Top\(4\): the logits have 3 classes"),
        (
            nets.nested_net,
            "last",
            slimcam.Channel("last", 4),
            slimcam.TargetError,
            "channel 4 of '.*last/.*': it has channels 0 to 3",
        ),
        (
            nets.nested_net,
            "last",
            slimcam.Dot("scores", [1, 2]),
            slimcam.TargetError,
            r"Dot\('scores'\): the array has 2 values, the tensor 3 an image",
        ),
        (
            nets.nested_net,
            "last",
            lambda model: model.logits,
            slimcam.TargetError,
            r"'.*scores/.*' is \(.*, 3\): a score is one number an image, \(N,\)",
        ),
        (
            nets.nested_net,
            "last",
            lambda model: 1.0,
            slimcam.TargetError,
            "the target's function must return a tensor of the model's graph",
        ),
        (nets.pair_net, "tower@input_1", None, slimcam.MissingFeed, r"'.*scores/.*' needs 'input_2:0': .* <- input_2"),
    ],
)  # fmt: skip
def test_what_cannot_be_explained(model, engine, build, layer, target, error, message):
    with pytest.raises(error, match=message):
        slimcam.GradCAM(model(build), layer, target, engine=engine)(X)


@pytest.mark.parametrize(
    "value, message",
    [
        ("ones", "hold: '.*tower.*' at 'ones': the only word is \"zeros\"; give an array"),
        (np.ones((6, 6, 5)), r"hold: '.*tower.*' is \(.*, 6, 6, 4\), and the array given for it \(6, 6, 5\)"),
    ],
)
def test_what_cannot_be_held(model, engine, value, message):
    with pytest.raises(slimcam.WrongFeed, match=message):
        slimcam.GradCAM(model(nets.pair_net), "tower@input_1", hold={"tower@input_2": value}, engine=engine)


@pytest.mark.parametrize(
    "build, layer, message",
    [
        (merged_net, None, r"no layer that only 'input_1:0' leads to: name one for each input, layer=\[\.\.\.\]"),
        (nets.pair_net, ["tower@input_1"] * 3, "3 layers for 2 inputs: give one for each"),
    ],
)
def test_what_is_no_layer_of_a_branch(model, engine, build, layer, message):
    with pytest.raises(slimcam.UnknownName, match=message):
        slimcam.ExplainPair(model(build), layer, engine=engine)


def test_the_ways_out_of_a_missing_feed_work_as_they_are_printed(model, engine):
    loaded = model(nets.pair_net)
    with pytest.raises(slimcam.MissingFeed) as caught:
        slimcam.GradCAM(loaded, "tower@input_1", engine=engine)
    known = {"slimcam": slimcam, "model": loaded, "photo_1": X, "photo_2": Y}
    alone, held, pair = (eval(line, known) for line in str(caught.value).splitlines()[1:])
    assert alone.query.engine == held.query.engine == engine
    assert alone(X).raw.shape == held(X).raw.shape == pair[0].raw.shape == (2, 6, 6)


def test_what_is_resolved(model):
    loaded = model(nets.pair_net)
    zeros = {"tower@input_1": "zeros"}
    query = resolve(loaded, target=slimcam.Class(1), hold=zeros)
    assert (query.layer_name, query.image_input, query.k) == ("tower@input_2", loaded.inputs[1], 1)
    assert query.layer is loaded.tensor("tower@input_2") and query.score_tensor is loaded.logits
    assert query.on_logits and not resolve(loaded, target=slimcam.Mean("tower@input_1")).on_logits
    assert [(tensor.name, array.shape) for tensor, array in query.hold.items()] == [
        (loaded.tensor("tower@input_1").name, (6, 6, 4))
    ]
    assert resolve(loaded, target=slimcam.Top(2), hold=zeros).k == 2


def test_branches_are_resolved_with_all_inputs_fed(model):
    loaded = model(nets.pair_net)
    for queries in (
        resolve_branches(loaded, "tower/norm"),
        resolve_branches(loaded, ["tower/norm@input_1", "tower/norm@input_2"]),
    ):
        assert [query.layer_name for query in queries] == ["tower/norm@input_1", "tower/norm@input_2"]
        assert [query.image_input for query in queries] == loaded.inputs
        assert all(query.inputs == loaded.inputs for query in queries)


def test_a_layer_that_is_held_is_explained_at_what_it_is_held_at(model, engine):
    loaded = model(nets.nested_net)
    own = slimcam.GradCAM(loaded, "last", 0, engine=engine)
    evidence = own.evidence(X)
    held = slimcam.GradCAM(loaded, "last", 0, hold={"last": 2 * evidence.activations}, engine=engine).evidence(X)
    assert_net(held.activations, 2 * evidence.activations)
    assert_net(held.gradients, evidence.gradients)  # the mean and a dense layer are linear


def test_an_operation_without_a_gradient_is_a_line(model_of):
    def build():
        x = tf1.placeholder(tf1.float32, [None, 4, 4, 3], name="x")
        a = tf1.nn.relu(x, name="a")
        b = tf1.image.adjust_hue(a, 0.1)
        tf1.reduce_mean(tf1.identity(b, name="b"), [1, 2], name="logits")

    model = model_of(build, logits="logits", preprocess="none")
    with pytest.raises(
        slimcam.LayerError, match=r"'a': TensorFlow cannot differentiate .*AdjustHue.*: name a later layer"
    ):
        slimcam.GradCAM(model, "a", target=0)
    assert slimcam.GradCAM(model, "b", target=0)
