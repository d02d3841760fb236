"""Names by call site: the same lists for every Keras, worked out by hand from how the nets are put together."""

from dataclasses import dataclass, field
from typing import Any, List

import pytest
from fixtures import keras_nets as nets
from fixtures.keras_nets import KINDS, SIDE, THREE, conv, head, sow, tower

import slimcam
from slimcam.layers.names import Call, Calls

# --- nets, each with the names that it shows; what stands before the bar holds maps


def start(keras, name="photo", shape=(SIDE, SIDE, 3)):
    return keras.layers.Input(shape, name=name)


def block(keras):
    """A chain whose output has its input's shape, so that it can be called on what it gave."""
    begin = start(keras, "f_input", (SIDE, SIDE, 4))
    x = conv(keras, "conv_a")(begin)
    x = conv(keras, "conv_b")(keras.layers.BatchNormalization(name="norm")(x))
    return keras.Model(begin, keras.layers.AveragePooling2D(1, name="pool")(x), name="f")


def on_itself(keras):
    f, x = block(keras), start(keras)
    return sow(keras.Model(x, head(keras, f(f(conv(keras, "stem")(x))))))


def twice_on_one(keras):
    shared, x = tower(keras), start(keras)
    joined = keras.layers.Concatenate(name="joined")([shared(x), shared(x)])
    return sow(keras.Model(x, head(keras, joined)))


def shared_in_shared(keras):
    begin, again = start(keras, "begin"), conv(keras, "again")
    x = again(again(conv(keras, "stem")(begin)))
    x = keras.layers.Add(name="plus")([x, conv(keras, "side")(begin)])
    inner = keras.Model(begin, keras.layers.AveragePooling2D(2, name="pool")(x), name="encoder")
    one, two = start(keras, "input_1"), start(keras, "input_2")
    return sow(keras.Model([one, two], head(keras, keras.layers.Concatenate(name="joined")([inner(one), inner(two)]))))


def three_deep(keras):
    begin, x = start(keras, "mid_input"), start(keras)
    mid = keras.layers.AveragePooling2D(2, name="mid_pool")(conv(keras, "mid_conv")(tower(keras, "inner")(begin)))
    return sow(keras.Model(x, head(keras, conv(keras, "last")(keras.Model(begin, mid, name="mid")(x)))))


def three_deep_shared(keras):
    begin, one, two = (start(keras, name) for name in ("mid_input", "input_1", "input_2"))
    mid = keras.layers.AveragePooling2D(2, name="mid_pool")(conv(keras, "mid_conv")(tower(keras, "inner")(begin)))
    mid = keras.Model(begin, mid, name="mid")
    return sow(keras.Model([one, two], head(keras, keras.layers.Concatenate(name="joined")([mid(one), mid(two)]))))


def triplet(keras):
    layers = keras.layers
    x = begin = start(keras, "begin")
    x = layers.GlobalAveragePooling2D(name="pool_all")(tower(keras)(x))
    encoder = keras.Model(begin, layers.Dense(4, name="embedding")(x), name="encoder")
    three = [start(keras, name) for name in ("anchor", "positive", "negative")]
    return sow(keras.Model(three, layers.Concatenate(name="stacked")([encoder(one) for one in three])))


def prepared(keras):
    one, two = start(keras, "input_1"), start(keras, "input_2")
    pad, shared = keras.layers.ZeroPadding2D(1, name="pad"), tower(keras, side=SIDE + 2)
    joined = keras.layers.Concatenate(name="joined")([shared(pad(one)), shared(pad(two))])
    return sow(keras.Model([one, two], head(keras, joined)))


def two_encoders(keras):
    one, two = start(keras, "input_1"), start(keras, "input_2")
    left, right = tower(keras, "left", prefix="l_"), tower(keras, "right", prefix="r_")
    return sow(keras.Model([one, two], head(keras, keras.layers.Concatenate(name="joined")([left(one), right(two)]))))


def two_crops(keras):
    x, shared = start(keras), tower(keras, side=SIDE // 2)
    half = SIDE // 2
    upper = keras.layers.Cropping2D(((0, half), (0, half)), name="upper")(x)
    lower = keras.layers.Cropping2D(((half, 0), (half, 0)), name="lower")(x)
    return sow(keras.Model(x, head(keras, keras.layers.Concatenate(name="joined")([shared(upper), shared(lower)]))))


def of_the_joint(keras):
    """A shared layer on each branch and on what they give together."""
    one, two, f, stem = start(keras, "input_1"), start(keras, "input_2"), block(keras), conv(keras, "stem")
    plus = keras.layers.Add(name="plus")([f(stem(one)), f(stem(two))])
    return sow(keras.Model([one, two], head(keras, f(plus))))


def built_right_first(keras):
    one, two, shared = start(keras, "input_1"), start(keras, "input_2"), tower(keras)
    right = shared(two)
    left = shared(one)
    return sow(keras.Model([one, two], head(keras, keras.layers.Concatenate(name="joined")([left, right]))))


def two_outputs(keras):
    begin, x = start(keras, "begin"), start(keras)
    fine = conv(keras, "fine")(begin)
    pyramid = keras.Model(begin, [fine, conv(keras, "coarse")(fine)], name="pyramid")
    return sow(keras.Model(x, head(keras, keras.layers.Concatenate(name="joined")(pyramid(x)))))


PAIR = (
    "tower/conv_a@input_1 tower/norm@input_1 tower/pool@input_1 tower/conv_b@input_1 tower@input_1 "
    "tower/conv_a@input_2 tower/norm@input_2 tower/pool@input_2 tower/conv_b@input_2 tower@input_2 joined"
)
NAMES = [
    (nets.pair_net, PAIR),
    (built_right_first, PAIR),
    (nets.nested_net, "tower/conv_a tower/norm tower/pool tower/conv_b tower last"),
    (
        on_itself,
        "stem f/conv_a@stem f/norm@stem f/conv_b@stem f/pool@stem f@stem "
        "f/conv_a@f@stem f/norm@f@stem f/conv_b@f@stem f/pool@f@stem f@f@stem",
    ),
    (
        twice_on_one,
        "tower/conv_a@photo tower/norm@photo tower/pool@photo tower/conv_b@photo tower@photo tower/conv_a@photo#2 "
        "tower/norm@photo#2 tower/pool@photo#2 tower/conv_b@photo#2 tower@photo#2 joined",
    ),
    (
        shared_in_shared,
        "encoder/stem@input_1 encoder/again@encoder/stem@input_1 encoder/again@encoder/again@encoder/stem@input_1 "
        "encoder/side@input_1 encoder/plus@input_1 encoder/pool@input_1 encoder@input_1 "
        "encoder/stem@input_2 encoder/again@encoder/stem@input_2 encoder/again@encoder/again@encoder/stem@input_2 "
        "encoder/side@input_2 encoder/plus@input_2 encoder/pool@input_2 encoder@input_2 joined",
    ),
    (
        three_deep,
        "mid/inner/conv_a mid/inner/norm mid/inner/pool mid/inner/conv_b mid/inner mid/mid_conv mid/mid_pool mid last",
    ),
    (
        three_deep_shared,
        "mid/inner/conv_a@input_1 mid/inner/norm@input_1 mid/inner/pool@input_1 mid/inner/conv_b@input_1 "
        "mid/inner@input_1 mid/mid_conv@input_1 mid/mid_pool@input_1 mid@input_1 "
        "mid/inner/conv_a@input_2 mid/inner/norm@input_2 mid/inner/pool@input_2 mid/inner/conv_b@input_2 "
        "mid/inner@input_2 mid/mid_conv@input_2 mid/mid_pool@input_2 mid@input_2 joined",
    ),
    (
        triplet,
        " ".join(
            f"encoder/tower/conv_a@{on} encoder/tower/norm@{on} encoder/tower/pool@{on} encoder/tower/conv_b@{on} "
            f"encoder/tower@{on}"
            for on in ("anchor", "positive", "negative")
        ),
    ),
    (prepared, f"pad@input_1 pad@input_2 {PAIR}"),
    (
        two_encoders,
        "left/l_conv_a left/l_norm left/l_pool left/l_conv_b left "
        "right/r_conv_a right/r_norm right/r_pool right/r_conv_b right joined",
    ),
    (two_crops, f"upper lower {PAIR.replace('input_1', 'upper').replace('input_2', 'lower')}"),
    (
        of_the_joint,
        "stem@input_1 stem@input_2 "
        + " ".join(f"f/conv_a@{on} f/norm@{on} f/conv_b@{on} f/pool@{on} f@{on}" for on in ("input_1", "input_2"))
        + " plus f/conv_a@plus f/norm@plus f/conv_b@plus f/pool@plus f@plus",
    ),
    (two_outputs, "pyramid/fine pyramid/coarse pyramid joined"),
]


@pytest.mark.parametrize("kind", THREE)
@pytest.mark.parametrize("build, names", NAMES, ids=[build.__name__ for build, _ in NAMES])
def test_names_are_the_same_for_every_keras(build, names, kind, tmp_path):
    with nets.load(kind, build, tmp_path) as model:
        found = [name for name, tensor in model.calls.tensors.items() if tensor.shape.rank == 4]
        assert sorted(found) == sorted(names.split())
        assert {layer.name for layer in model.layers()} <= set(found)
        shown = {layer.tensor.name for layer in model.layers()}
        assert {model.tensor(name).name for name in names.split()} == shown


@pytest.mark.parametrize("build", [twice_on_one, two_crops])
def test_layers_come_in_one_order_for_every_keras(build, tmp_path):
    orders = []
    for kind in KINDS[:3] + (("keras3", "file3") if nets.TF_VERSION >= (2, 16) else ()):
        with nets.load(kind, build, tmp_path) as model:
            orders.append([layer.name for layer in model.layers()])
    assert orders == orders[:1] * len(orders)


# --- finding them


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    with nets.load("h5", nets.pair_net, tmp_path_factory.mktemp("pair")) as model:
        yield model


@pytest.mark.parametrize("kind", THREE)
def test_outputs_of_a_layer_are_found_by_number(kind, tmp_path):
    with nets.load(kind, two_outputs, tmp_path) as model:
        assert model.tensor("pyramid") is model.tensor("pyramid/fine")
        assert model.tensor("pyramid:0") is model.tensor("pyramid/fine")
        assert model.tensor("pyramid:1") is model.tensor("pyramid/coarse")
        with pytest.raises(slimcam.UnknownName, match="no output 'pyramid:2': 'pyramid' has 2, counted from 0"):
            model.tensor("pyramid:2")


@pytest.mark.parametrize("kind", THREE)
def test_an_inner_layer_is_found_by_its_own_name_where_one_is_meant(kind, tmp_path):
    with nets.load(kind, three_deep, tmp_path) as model:
        assert model.tensor("conv_b") is model.tensor("mid/inner/conv_b")
        assert model.tensor("inner/conv_b") is model.tensor("mid/inner/conv_b")


def test_an_inner_name_with_two_meanings_lists_both(pair):
    message = "'conv_b' could mean 2 calls: say which, 'tower/conv_b@input_1' or 'tower/conv_b@input_2'"
    with pytest.raises(slimcam.UnknownName, match=message):
        pair.tensor("conv_b")


@pytest.mark.parametrize(
    "name, message",
    [
        ("tower/conv_b", "'tower/conv_b' is called 2 times: say which, '.*@input_1' or 'tower/conv_b@input_2'"),
        ("tower", "'tower' is called 2 times: say which, 'tower@input_1' or 'tower@input_2'"),
        ("tower/conv_b@input_3", r"no call 'tower/conv_b@input_3'; near: 'tower/conv_b@input_[12]'"),
        ("tower@input_1:1", "no output 'tower@input_1:1': 'tower@input_1' has 1, counted from 0"),
        ("tower/conv_c", "no tensor 'tower/conv_c'; near: 'tower/conv_b"),
    ],
)
def test_a_name_that_finds_no_one_call_says_which_there_are(pair, name, message):
    with pytest.raises(slimcam.UnknownName, match=message):
        pair.tensor(name)


def test_inputs_and_plain_tensors_keep_their_names(pair):
    assert pair.tensor("input_1") is pair.inputs[0].tensor
    assert pair.tensor("tower/conv_b/Relu:0") is pair.tensor("tower/conv_b@input_1")
    assert pair.tensor("tower_1/conv_b/Relu") is pair.tensor("tower/conv_b@input_2")
    assert pair.tensor("tower@input_1:0") is pair.tensor("tower@input_1")


@pytest.mark.parametrize("kind", THREE)
def test_numbers_of_calls_on_one_input_follow_what_reads_them(kind, tmp_path):
    with nets.load(kind, twice_on_one, tmp_path) as model:
        first, second = list(model.tensor("joined").op.inputs)[:2]
        assert model.tensor("tower@photo") is first
        assert model.tensor("tower@photo#2") is second


# --- by hand, without TensorFlow


@dataclass(eq=False)
class Op:
    inputs: List[Any] = field(default_factory=list)


@dataclass(eq=False)
class Tensor:
    name: str
    op: Op


def made(name, *inputs):
    return Tensor(name, Op(list(inputs)))


def test_operations_between_calls_are_walked_through():
    x, y = made("x:0"), made("y:0")
    one, two = made("one:0", made("cast:0", x)), made("two:0", made("scaled:0", made("cast_1:0", y)))
    calls = [Call("f", list(one.op.inputs), 1, 2, [one]), Call("f", list(two.op.inputs), 3, 4, [two])]
    named = Calls(calls, {"x:0": "x", "y:0": "y"})
    assert list(named.tensors) == ["f@x", "f@y"]
    assert named.find("f@y") is two


def test_calls_on_several_tensors_name_them_all():
    x, y, z = made("x:0"), made("y:0"), made("z:0")
    one, two = made("one:0", x, y), made("two:0", y, z)
    calls = [Call("f", [x, y], 1, 2, [one]), Call("f", [y, z], 3, 4, [two])]
    named = Calls(calls, {"x:0": "x", "y:0": "y", "z:0": "z"})
    assert list(named.tensors) == ["f@x,y", "f@y,z"]
    assert named.outputs_of("f") == [one, two]
    assert named.find("g") is None


def test_slashes_in_a_layers_own_name_are_no_nesting():
    x = made("x:0")
    inner, outer = made("conv1/bn:0", x), made("conv1/relu:0")
    outer.op.inputs.append(inner)
    named = Calls([Call("conv1/bn", [x], 1, 2, [inner]), Call("conv1/relu", [inner], 3, 4, [outer])], {"x:0": "x"})
    assert list(named.tensors) == ["conv1/bn", "conv1/relu"]
