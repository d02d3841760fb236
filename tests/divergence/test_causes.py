"""Where two models part and why: with one thing planted in B, the layer and the cause are named, and no other cause."""

import pytest
import tensorflow.compat.v1 as tf1
from planted_nets import UPDATES, images, net

import slimcam
from slimcam.divergence import compare_layers

RATIO = (1 - 0.9**UPDATES) / (1 - 0.99**UPDATES)

# What is planted (changes of A's net, changes of B's), the first stage that parts (the one that only one of the two
# has, or the one that reads it), the cause, and some of its detail.
PLANTED = [
    ((), ("takes [-1, 1]",), "input", "value range", "A is made for [-1, 1], B for [0, 1]"),
    ((), ("takes BGR",), "biased_1", "channel order", "BGR"),
    ((), ("kernel_1: BGR",), "biased_1", "channel order", "BGR"),
    ((), ("conv_2: explicit",), "biased_2", "padding", "SAME in A, VALID after pads of 1 in B"),
    (("conv_2: explicit",), (), "biased_2", "padding", "VALID after pads of 1 in A, SAME in B"),
    (("conv_2: uneven",), (), "biased_2", "padding", "VALID after pads of ((0, 2), (2, 0)) in A, SAME in B"),
    ((), ("conv_2: VALID",), "biased_2", "padding", "SAME in A, VALID in B"),
    ((), ("pool: explicit",), "pool", "padding", "SAME in A, VALID after pads of 1 in B"),
    (("pool: explicit",), (), "pool", "padding", "VALID after pads of 1 in A, SAME in B"),
    ((), ("norm_1: epsilon",), "norm_1", "batch norm epsilon", "0.001 in A, 0.0001 in B"),
    (("norm_1: unfused",), ("norm_1: epsilon",), "norm_1", "batch norm epsilon", "0.001 in A, 0.0001 in B"),
    ((), ("norm_1: epsilon", "norm_1: unfused"), "norm_1", "batch norm epsilon", "0.001 in A, 0.0001 in B"),
    ((), ("norm_2: epsilon",), "norm_2", "batch norm epsilon", "0.001 in A, 0.01 in B"),
    ((), ("norm_1: folded", "norm_1: epsilon"), "norm_1", "batch norm epsilon", "0.0001 in B's weights"),
    (("norm_1: folded",), ("norm_1: epsilon",), "norm_1", "batch norm epsilon", "0.001 in A, 0.0001 in B"),
    (("norm_1: switched",), ("norm_1: epsilon",), "norm_1", "batch norm epsilon", "0.001 in A, 0.0001 in B"),
    (("norm_1: switched",), ("norm_1: training",), "norm_1", "batch norm left in training", "of each batch"),
    ((), ("norm_1: switched", "norm_1: statistics"), "norm_1", "batch norm statistics", "apart"),
    ((), ("norm_1: statistics",), "norm_1", "batch norm statistics", "apart"),
    ((), ("norm_2: statistics",), "norm_2", "batch norm statistics", "apart"),
    (("norm_1: unfused",), ("norm_1: statistics",), "norm_1", "batch norm statistics", "apart"),
    ((), ("norm_1: momentum",), "norm_1", "batch norm momentum", f"{RATIO:.4g} times"),
    ((), ("norm_2: momentum",), "norm_2", "batch norm momentum", f"{RATIO:.4g} times"),
    ((), ("norm_1: training",), "norm_1", "batch norm left in training", "of each batch"),
    ((), ("norm_2: training",), "norm_2", "batch norm left in training", "of each batch"),
    ((), ("resize: half-pixel centres",), "resize", "half-pixel centres", "bilinear with half-pixel centres in B"),
    (("resize: half-pixel centres",), (), "resize", "half-pixel centres", "bilinear with half-pixel centres in A"),
    ((), ("resize: align_corners",), "resize", "align_corners", "align_corners in B"),
    (("resize: align_corners",), ("resize: half-pixel centres",), "resize", "align_corners", "align_corners in A"),
    ((), ("resize: nearest",), "resize", "resize method", "nearest"),
    (("background",), (), "scores_biased", "background class", "7 classes in A, 6 in B: the first of A left out"),
    ((), ("background",), "scores_biased", "background class", "6 classes in A, 7 in B: the first of B left out"),
    ((), ("act_1: none",), "act_1", "missing activation", "B lacks a relu after norm_1"),
    ((), ("act_3: none",), "act_3", "missing activation", "B lacks a sigmoid after depthwise"),
    ((), ("act_4: none",), "act_4", "missing activation", "B lacks a tanh after norm_2"),
    ((), ("act_5: none",), "act_5", "missing activation", "B lacks a softmax after hidden_biased"),
    ((), ("act_1: and relu",), "act_1", "doubled activation", "relu twice"),  # only its gradients tell
    ((), ("act_3: and sigmoid",), "act_3_more", "doubled activation", "sigmoid of sigmoid"),
    ((), ("act_4: and tanh",), "act_4_more", "doubled activation", "tanh of tanh"),
    ((), ("act_5: and softmax",), "act_5_more", "doubled activation", "softmax of softmax"),
    ((), ("act_1: and softplus",), "act_1_more", "extra activation", "softplus"),
    ((), ("act_2: elu",), "act_2", "another activation", "relu in A, elu in B"),
    ((), ("dropout",), "dropout|hidden_biased", "dropout left in training", "dropout"),
    ((), ("kernel_1: flipped",), "biased_1", "flipped kernel", "180 degrees"),
    ((), ("kernel_2: upside down",), "biased_2", "flipped kernel", "upside down"),
    ((), ("kernel_3: left to right",), "conv_3", "flipped kernel", "conv_3"),
    ((), ("kernel_1: height and width",), "biased_1", "transposed kernel", "height and width"),
    ((), ("kernel_2: in and out",), "biased_2", "transposed kernel", "input and output channels"),
    ((), ("kernel_1: stored out first",), "biased_1", "transposed kernel", "(3, 2, 0, 1)"),
    ((), ("kernel_d: stored in and out",), "depthwise", "transposed kernel", "(0, 1, 3, 2)"),
    ((), ("kernel_d: height and width",), "depthwise", "transposed kernel", "height and width"),
    ((), ("scores_kernel: in and out",), "scores_biased", "transposed kernel", "input and output"),
    ((), ("hidden_kernel: channels first",), "hidden_biased", "transposed kernel", "channels first"),
    ((), ("kernel_2: shuffled",), "biased_2", "order of kernel channels", "output channels"),
    ((), ("kernel_3: half",), "conv_3", "float16", "rounded to float16"),
    ((), ("hidden_kernel: half",), "hidden_biased", "float16", "rounded to float16"),
    ((), ("conv_2: half",), "biased_2", "float16", "computes in float16"),
    ((), ("conv_2: half", "kernel_2: half"), "biased_2", "float16", "computes in float16, with weights rounded"),
    (("kernel_3: half",), (), "conv_3", "float16", "A's weights are B's rounded to float16"),
    (("conv_2: half",), (), "biased_2", "float16", "A computes in float16"),
    ((), ("kernel_1: other",), "biased_1", "other weights", "kernel_1"),
    ((), ("bias_2: other",), "biased_2", "other weights", "bias_2"),
    ((), ("kernel_2: other", "bias_2: other"), "biased_2", "other weights", "kernel_2"),
    ((), ("scores_bias: other",), "scores_biased", "other weights", "scores_bias"),
    ((), ("pool: average",), "pool", None, ""),
    ((), ("conv_2: VALID", "kernel_2: other"), "biased_2", None, ""),
    ((), (), None, None, ""),
    (("norm_1: unfused",), (), None, None, ""),
    (("norm_1: folded",), (), None, None, ""),
    (("norm_1: switched",), (), None, None, ""),
]


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Return `planted(changes)`: the net with these changes, frozen and loaded once."""
    made = {}

    def load(changes):
        if changes not in made:
            path = tmp_path_factory.mktemp("planted") / "model.pb"
            with tf1.Graph().as_default() as graph:
                net(*changes)()
            path.write_bytes(graph.as_graph_def().SerializeToString())
            made[changes] = slimcam.load(str(path), keep_dropout=True)
        return made[changes]

    yield load
    for model in made.values():
        model.close()


def ids(one):
    return ", ".join(one) or "as it was" if isinstance(one, tuple) else ""


@pytest.mark.parametrize("of_a, of_b, layer, cause, detail", PLANTED, ids=ids)
def test_a_planted_change_is_named(planted, of_a, of_b, layer, cause, detail):
    found = compare_layers(planted(of_a), planted(of_b), images())
    if layer is None:
        assert found.first is None
    else:
        assert {found.first.a, found.first.b} & set(layer.split("|"))
    assert (found.cause and found.cause.cause) == cause
    if cause is not None:
        assert detail in found.cause.detail
        assert found.cause.before > 1e-5 and found.cause.after <= max(1e-5, found.cause.before / 100)
