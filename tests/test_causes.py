"""The causes: with one thing planted in B, the trial that undoes it names it, and no other does."""

import pytest
from planted_nets import UPDATES, images, net

from slimcam.parting.causes import find
from slimcam.parting.causes.case import drift
from slimcam.parting.sides import Parted, Side
from slimcam.parting.stages import stages

RATIO = (1 - 0.9**UPDATES) / (1 - 0.99**UPDATES)

# What is planted (changes of A's net, changes of B's), the cause, and what the detail must say.
PLANTED = [
    ((), ("takes [-1, 1]",), "value range", "A is made for"),
    ((), ("takes BGR",), "channel order", "reversed"),
    ((), ("kernel_1: BGR",), "channel order", "reversed"),
    ((), ("conv_2: explicit",), "padding", "SAME in A, VALID after pads of 1 in B"),
    (("conv_2: explicit",), (), "padding", "VALID after pads of 1 in A, SAME in B"),
    ((), ("conv_2: VALID",), "padding", "SAME in A, VALID in B"),
    ((), ("pool: explicit",), "padding", "SAME in A, VALID after pads of 1 in B"),
    (("pool: explicit",), (), "padding", "VALID after pads of 1 in A, SAME in B"),
    ((), ("norm_1: epsilon",), "batch norm epsilon", "0.001 in A, 1e-05 in B"),
    (("norm_1: unfused",), ("norm_1: epsilon",), "batch norm epsilon", "0.001 in A, 1e-05 in B"),
    ((), ("norm_1: epsilon", "norm_1: unfused"), "batch norm epsilon", "0.001 in A, 1e-05 in B"),
    ((), ("norm_2: epsilon",), "batch norm epsilon", "0.001 in A, 0.01 in B"),
    ((), ("norm_1: statistics",), "batch norm statistics", "apart"),
    ((), ("norm_2: statistics",), "batch norm statistics", "apart"),
    (("norm_1: unfused",), ("norm_1: statistics",), "batch norm statistics", "apart"),
    ((), ("norm_1: momentum",), "batch norm momentum", f"{RATIO:.4g} times"),
    ((), ("norm_2: momentum",), "batch norm momentum", f"{RATIO:.4g} times"),
    ((), ("norm_1: training",), "batch norm left in training", "batch"),
    ((), ("norm_2: training",), "batch norm left in training", "batch"),
    ((), ("resize: half-pixel centres",), "half-pixel centres", "bilinear"),
    (("resize: half-pixel centres",), (), "half-pixel centres", "bilinear"),
    ((), ("resize: align_corners",), "align_corners", "align_corners in B"),
    (("resize: align_corners",), ("resize: half-pixel centres",), "align_corners", "align_corners in A"),
    ((), ("resize: nearest",), "resize method", "bilinear"),
    (("background",), (), "background class", "the first of A left out"),
    ((), ("background",), "background class", "the first of B left out"),
    ((), ("act_1: none",), "missing activation", "relu"),
    ((), ("act_3: none",), "missing activation", "sigmoid"),
    ((), ("act_4: none",), "missing activation", "tanh"),
    ((), ("act_5: none",), "missing activation", "softmax"),
    (("act_1: swish",), ("act_1: none",), "missing activation", "swish"),
    ((), ("act_3: and sigmoid",), "doubled activation", "sigmoid of sigmoid"),
    ((), ("act_4: and tanh",), "doubled activation", "tanh of tanh"),
    ((), ("act_5: and softmax",), "doubled activation", "softmax of softmax"),
    ((), ("act_1: and softplus",), "extra activation", "softplus"),
    (("act_1: none",), ("act_1: swish",), "extra activation", "swish"),
    ((), ("act_2: elu",), "another activation", "relu in A, elu in B"),
    ((), ("act_2: swish",), "another activation", "relu in A"),
    (("act_2: swish",), (), "another activation", "swish in A, relu in B"),
    ((), ("dropout",), "dropout left in training", "dropout"),
    ((), ("kernel_1: flipped",), "flipped kernel", "180 degrees"),
    ((), ("kernel_2: upside down",), "flipped kernel", "upside down"),
    ((), ("kernel_3: left to right",), "flipped kernel", "conv_3"),
    ((), ("kernel_1: height and width",), "transposed kernel", "height and width"),
    ((), ("kernel_2: in and out",), "transposed kernel", "input and output channels"),
    ((), ("kernel_d: stored in and out",), "transposed kernel", "(0, 1, 3, 2)"),
    ((), ("kernel_d: height and width",), "transposed kernel", "height and width"),
    ((), ("scores_kernel: in and out",), "transposed kernel", "input and output"),
    ((), ("hidden_kernel: channels first",), "transposed kernel", "channels first"),
    ((), ("kernel_2: shuffled",), "order of channels", "output channels"),
    ((), ("kernel_3: half",), "float16", "rounded to float16"),
    ((), ("hidden_kernel: half",), "float16", "rounded to float16"),
    ((), ("conv_2: half",), "float16", "computes in float16"),
    ((), ("conv_2: half", "kernel_2: half"), "float16", "computes in float16, with weights rounded"),
    ((), ("kernel_1: other",), "other weights", "kernel_1"),
    ((), ("bias_2: other",), "other weights", "bias_2"),
    ((), ("kernel_2: other", "bias_2: other"), "other weights", "kernel_2"),
    ((), ("scores_bias: other",), "other weights", "scores_bias"),
]


def side(model, array):
    """Return a model as a Side, fed an array and run."""
    made = Side(model, {model.input: array}, stages(model, [model.input]))
    # one a run: TensorFlow 2.21 makes one operation of a swish even where its sigmoid is fetched too, and then fails
    made.values = {stage.tensor.name: made.run([stage.tensor])[0] for stage in made.stages}
    return made


def parted(a, b, *arrays, photos=None, tolerance=1e-4):
    """Pair the stages of two models by the names of their operations; return where they part, None if nowhere."""
    sides = [side(model, array) for model, array in zip((a, b), (arrays * 2)[:2])]
    others = {stage.op.name: stage for stage in sides[1].stages}
    pairs = []
    for stage in sides[0].stages:
        other = others.get(stage.op.name)
        if other is None or other.kind.split(":")[0] != stage.kind.split(":")[0]:
            continue
        if drift(sides[0].values[stage.tensor.name], sides[1].values[other.tensor.name]) > tolerance:
            return Parted(*sides, (stage, other), pairs, photos)
        pairs.append((stage, other))
    return None


def ids(one):
    return "+".join(one) or "-" if isinstance(one, tuple) else ""


@pytest.mark.parametrize("of_a, of_b, cause, detail", PLANTED, ids=ids)
def test_a_planted_change_is_named(model_of, of_a, of_b, cause, detail):
    found = find(parted(model_of(net(*of_a)), model_of(net(*of_b)), images()))
    assert found is not None
    assert found.cause == cause
    assert detail in found.detail
    assert found.after <= max(1e-5, found.before / 100)
