"""Causes of pairs that are made by hand: stages that stand alone, subgraphs, and what counts as explained."""

import dataclasses

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.tolerance import SMALL_NET, rounding_of_net
from planted_nets import draw, images, net

from slimcam.divergence import DivergingPair, Side, causes, compare_layers
from slimcam.divergence.causes import case as cases
from slimcam.divergence.causes import inputs
from slimcam.divergence.causes.norms import norms
from slimcam.divergence.causes.subgraph import subgraph_between
from slimcam.divergence.stages import stages_of
from slimcam.maps.differences import max_relative_difference
from slimcam.sources import weights

ALIKE = rounding_of_net(SMALL_NET)
FEW = rounding_of_net(30)  # of a norm, or of a depthwise convolution and what comes after it, on values up to 1


def side(model, array):
    """Return a model as a Side, fed an array and run."""
    made = Side(model, {model.input: array}, stages_of(model, [model.input]))
    tensors = [stage.tensor for stage in made.stages]
    made.values = dict(zip([tensor.name for tensor in tensors], made.run(tensors)))
    return made


def parted(a, b, first, second):
    """Return two models that diverge at the stages of these operations, None for none; all before them agree."""
    sides = [side(model, images()) for model in (a, b)]
    # dropout is of operations with other names in each TensorFlow, and its last gives the stage
    named = [{stage.op.name: stage for stage in one.stages} for one in sides]
    for stages in named:
        dropouts = [stage for name, stage in stages.items() if name.startswith("dropout/")]
        stages.update(zip(["dropout"], dropouts[::-1]))
    pairs = []
    for name, stage in named[0].items():
        other = named[1].get(name)
        if name in (first, second):
            break
        if other is not None:
            values = [one.values[s.tensor.name] for one, s in zip(sides, (stage, other))]
            if max_relative_difference(*values) < ALIKE:
                pairs.append((stage, other))
    return DivergingPair(*sides, (named[0].get(first), named[1].get(second)), pairs)


@pytest.mark.parametrize(
    "of_a, of_b, first, second, cause, detail",
    [
        (("act_1: swish",), ("act_1: none",), "conv_2", "conv_2", "missing activation", "swish after norm_1"),
        (("act_1: swish",), ("act_1: none",), "act_1", None, "missing activation", "swish"),
        (("act_1: none",), ("act_1: swish",), "conv_2", "conv_2", "extra activation", "swish"),
        ((), ("act_2: swish",), "depthwise", "depthwise", "another activation", "relu in A"),
        (("act_2: swish",), (), "depthwise", "depthwise", "another activation", "swish in A, relu in B"),
        (("act_2: swish",), (), "act_2", "act_2", "another activation", "swish in A, relu in B"),
        (("pool: and tanh",), (), "pool_act", "pool", "missing activation", "tanh after pool"),
        # a stage of one model alone, and what it is in the other
        ((), ("act_3: none",), "act_3", None, "missing activation", "sigmoid after depthwise"),
        ((), ("act_5: none",), "act_5", None, "missing activation", "softmax after hidden_biased"),
        ((), ("act_4: and tanh",), None, "act_4_more", "doubled activation", "tanh of tanh"),
        ((), ("act_1: and softplus",), None, "act_1_more", "extra activation", "softplus"),
        (("act_1: swish",), ("act_1: swish", "act_1: and swish"), "conv_2", "conv_2", "doubled activation", "swish"),
        ((), ("dropout",), None, "dropout", "dropout left in training", "dropout"),
        ((), ("conv_2: explicit",), None, "pad_2", "padding", "SAME in A, VALID after pads of 1 in B"),
        (("conv_2: explicit",), (), "pad_2", None, "padding", "VALID after pads of 1 in A, SAME in B"),
        (("pool: explicit",), (), "pad_pool", None, "padding", "VALID after pads of 1 in A, SAME in B"),
        ((), ("takes BGR",), None, "bgr", "channel order", "BGR"),
        ((), ("takes [-1, 1]",), None, "signed", "value range", ""),
    ],
)
def test_a_stage_without_counterpart_is_explained(model_of, of_a, of_b, first, second, cause, detail):
    trial = parted(*(model_of(net(*one), keep_dropout=True) for one in (of_a, of_b)), first, second)
    assert trial.pair != (None, None)
    found = causes.find(trial)
    assert found is not None and found.cause == cause
    assert detail in found.detail


def test_a_cause_is_not_looked_for_where_the_inputs_of_a_stage_explain_its_drift(model_of):
    # B's pool reads what parted before; fed A's values, it gives A's
    trial = parted(model_of(net()), model_of(net("kernel_d: other")), "depthwise", "depthwise")
    late = [{stage.op.name: stage for stage in side.stages} for side in (trial.a, trial.b)]
    after = tuple(one["act_3"] for one in late)
    trial = DivergingPair(trial.a, trial.b, tuple(one["pool"] for one in late), [*trial.agreeing, after])
    assert causes.find(trial) is None


def test_stages_that_agree_may_drift_by_little(model_of):
    trial = parted(model_of(net()), model_of(net("norm_1: epsilon")), "norm_1", "norm_1")
    first, second = trial.agreeing[-1]
    noise = np.random.RandomState(0).uniform(-3e-5, 3e-5, trial.b.values[second.tensor.name].shape)
    trial.b.values[second.tensor.name] = (trial.a.values[first.tensor.name] + noise).astype(np.float32)
    assert causes.find(trial).after < FEW


def test_what_a_half_precise_stage_starts_from_is_not_what_was_rounded(model_of):
    trial = parted(model_of(net()), model_of(net("depthwise: half")), "depthwise", "depthwise")
    first, second = trial.agreeing[-1]
    half = trial.b.model.graph.get_tensor_by_name("act_2_half:0")
    trial.agreeing[-1] = first, dataclasses.replace(second, tensor=half)
    trial.b.values[half.name] = trial.b.run([half])[0]
    found = causes.find(trial)
    assert (found.cause, found.detail) == ("float16", "B computes in float16")
    assert found.after < FEW


def test_weights_of_a_size_are_paired_in_order(model_of):
    trial = parted(model_of(net()), model_of(net("scores_bias: other")), "hidden", "hidden")
    last = tuple(one.stages[-1] for one in (trial.a, trial.b))
    found = causes.find(DivergingPair(trial.a, trial.b, last, trial.agreeing))
    assert found.cause == "other weights"
    assert found.detail.startswith("scores_bias is up to")


def test_ranges_are_tried_that_the_pictures_can_be_of():
    texts = [text for text, _ in inputs._changes(255 * images(), are_inputs=True)]
    assert "[0, 1] in A, 0 to 255 in B" in texts
    assert all("0 to 255 in B" in text for text in texts)


def test_rows_of_the_table_name_what_they_find(model_of):
    names = [row.name for row in causes.CAUSES]
    assert len(set(names)) == len(names)
    trial = parted(model_of(net()), model_of(net("norm_1: momentum")), "norm_1", "norm_1")
    case = cases.cases(trial)[0]
    found = {row.name: causes.explain(row, case) for row in causes.CAUSES}
    fired = [name for name, one in found.items() if one is not None]
    # A's statistics, or all of A's weights, explain it as well: that is why momentum comes first
    assert fired == ["batch norm momentum", "batch norm statistics", "other weights"]
    assert all(found[name].cause == name for name in fired)


def test_momenta_of_one_update_are_named(model_of):
    def build(momentum):
        def net():
            x = tf1.placeholder(tf1.float32, [None, 8, 8, 3], name="input")
            mean, variance = (1 - momentum) * draw("mean", 3), 1 - (1 - momentum) * np.float32([0.2, 0.5, 0.9])
            x = tf1.nn.fused_batch_norm(x, np.ones(3, "f"), np.zeros(3, "f"), mean, variance, is_training=False)[0]
            tf1.reduce_mean(x, [1, 2], name="logits")

        return net

    sides = [side(model_of(build(momentum)), images()[:, :8, :8]) for momentum in (0.999, 0.99)]
    pair = [one.stages[1] for one in sides]
    found = causes.find(DivergingPair(*sides, tuple(pair), [(sides[0].stages[0], sides[1].stages[0])]))
    assert found.cause == "batch norm momentum"
    assert "10 times A's, as after one update with 0.99 in A, 0.9 in B or 0.999 in A, 0.99 in B or" in found.detail


@pytest.mark.parametrize(
    "before, after, gone",
    [
        (0.5, 0.004, True),  # by more than a hundred times
        (0.5, 0.006, False),
        (5e-5, 4e-6, True),  # small, and ten times less than before
        (5e-5, 6e-6, False),
        (float("inf"), 0.004, False),  # other shapes: nothing to compare with
        (float("inf"), 1e-6, True),
        (float("inf"), float("inf"), False),
        (0.5, float("inf"), False),
    ],
)
def test_a_drift_vanishes_by_much_or_to_noise(before, after, gone):
    assert cases.vanishes(before, after) is gone


@pytest.mark.parametrize(
    "make, there",
    [
        (lambda x, m, v, g, b: tf1.nn.batch_normalization(x, m, v, b, g, 0.002), "mvgb"),
        (lambda x, m, v, g, b: tf1.nn.batch_normalization(x, m, v, b, None, 0.002), "mvb"),
        (lambda x, m, v, g, b: tf1.nn.batch_normalization(x, m, v, None, g, 0.002), "mvg"),
        (lambda x, m, v, g, b: tf1.nn.batch_normalization(x, m, v, None, None, 0.002), "mv"),
        (lambda x, m, v, g, b: (x - m) / tf1.sqrt(v + 0.002), "mv"),
        (lambda x, m, v, g, b: (x - m) * tf1.rsqrt(v + 0.002) * g + b, "mv"),
        (lambda x, m, v, g, b: tf1.nn.fused_batch_norm(x, g, b, m, v, epsilon=0.002, is_training=False)[0], "mvgb"),
    ],
)
def test_a_norm_is_read_however_it_is_written(make, there):
    with tf1.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf1.float32, [None, 4, 4, 3])
        given = [tf1.constant(np.float32([1, 2, 3]) * scale) for scale in (0.1, 0.2, 0.3, 0.4)]
        y = make(tf1.identity(x), *given)
        tf1.gradients(tf1.reduce_sum(y), x)
        found = norms(
            subgraph_between({x: np.zeros((1, 4, 4, 3), "f")}, y, lambda fetches, feeds: session.run(fetches, feeds))
        )
        assert len(found) == 1
        norm = found[0]
        assert norm.epsilon == pytest.approx(0.002)
        assert not norm.training
        got = [norm.mean, norm.variance, norm.gamma, norm.beta]
        expected = [value if letter in there else None for letter, value in zip("mvgb", given)]
        if there != "mv":  # what is not read as gamma and beta may yet be there
            assert [one is None for one in got] == [one is None for one in expected]
        for one, other in zip(got, expected):
            if other is not None:
                np.testing.assert_allclose(session.run(one).ravel(), session.run(other))


def test_a_subgraph_runs_again_with_a_change_and_leaves_the_graph_as_it_was(model_of):
    model = model_of(net())
    made = side(model, images())
    stage = {stage.op.name: stage for stage in made.stages}["resize"]
    start = {stage.op.name: stage for stage in made.stages}["act_2"]
    subgraph = subgraph_between({start.tensor: made.values[start.tensor.name]}, stage.tensor, made.run)
    assert [op.type for op in subgraph.ops] == ["DepthwiseConv2dNative", "Sigmoid", "MaxPool", "ResizeBilinear"]
    count = len(model.graph.get_operations())

    def change(node):
        if node.op == "ResizeBilinear":
            node.attr["align_corners"].b = True

    pool = subgraph.value(subgraph.ops[2].outputs[0])
    with tf1.Graph().as_default(), tf1.Session() as session:
        expected = session.run(tf1.raw_ops.ResizeBilinear(images=pool, size=[8, 8], align_corners=True))
    np.testing.assert_allclose(subgraph.run_edited(lambda node: None), made.values[stage.tensor.name], rtol=0, atol=FEW)
    np.testing.assert_allclose(subgraph.run_edited(change), expected, rtol=0, atol=FEW)
    bigger = np.ones((3, 6, 6, 8), "f")
    np.testing.assert_allclose(subgraph.run_edited(change, {subgraph.ops[2].outputs[0]: bigger}), np.ones((3, 8, 8, 8)))
    assert subgraph.run({subgraph.ops[2].outputs[0]: np.ones((3, 5), "f")}) is None
    assert len(model.graph.get_operations()) == count


@pytest.mark.parametrize(
    "change, cause",
    [
        ("norm_1: training", "batch norm left in training"),
        ("kernel_2: flipped", "flipped kernel"),
        ("conv_2: half", "float16"),
        ("conv_2: explicit", "padding"),
        ("bias_2: other", "other weights"),
    ],
)
def test_weights_may_be_variables(model_of, monkeypatch, change, cause):
    monkeypatch.setattr(weights, "LARGE", 8)  # bytes
    models = [model_of(net()), model_of(net(change))]
    assert all(any(op.type == "VarHandleOp" for op in model.graph.get_operations()) for model in models)
    found = compare_layers(*models, images())
    assert found.cause.cause == cause
