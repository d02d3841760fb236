"""Which stage of one net is which of another, on records made by hand."""

import numpy as np
import pytest

from slimcam.divergence.matching import Node, kin, match, nearest


def values(seed, size=64):
    return np.random.RandomState(seed).normal(size=size).astype(np.float32)


def node(name, kind, before, seed, shape=(4, 4, 4)):
    return Node(name, kind, shape, tuple(before), values(seed, int(np.prod(shape))))


def chain(*kinds, prefix="", seed=1):
    """Return an image and stages of these kinds, one after another, with values of their own each."""
    nodes = [node(f"{prefix}images", "input", (), seed)]
    for i, kind in enumerate(kinds):
        nodes.append(node(f"{prefix}{kind}_{i}", kind, (i,), seed + i + 1))
    return nodes


def renamed(nodes):
    return [one._replace(name=f"other_{i}") for i, one in enumerate(nodes)]


def other_values(nodes):
    """Return nodes as of a net with other weights: nothing correlates."""
    return [one._replace(sample=values(100 + i, one.sample.size)) for i, one in enumerate(nodes)]


def kinds(a, b, found):
    return [(a[i].kind, b[j].kind) for i, j in found]


def test_a_net_and_its_renamed_copy_match_in_order():
    a = chain("conv", "norm", "activation:relu", "conv", "dense")
    assert match(a, renamed(a)) == [(i, i) for i in range(6)]


def test_a_chain_of_other_weights_matches_by_kind_and_order():
    a = chain("conv", "norm", "activation:relu", "conv", "norm", "activation:relu", "conv", "norm")
    assert match(a, renamed(other_values(a))) == [(i, i) for i in range(9)]


def branches(order=(0, 1, 2)):
    """Return three branches of one shape between an image and a concat, listed in an order."""
    nodes = [node("images", "input", (), 0)]
    nodes += [node(f"branch_{k}", "conv", (0,), 10 + k) for k in order]
    return [*nodes, node("concat", "concat", (1, 2, 3), 20, (4, 4, 12)), node("fc", "dense", (4,), 30, (5,))]


def test_branches_in_another_order_are_told_by_their_activations():
    found = match(branches(), renamed(branches((2, 0, 1))))
    assert found == [(0, 0), (1, 2), (2, 3), (3, 1), (4, 4), (5, 5)]


def test_correlation_is_enough_to_tell_branches():
    """Noise of half the signal leaves the right ones the likeliest."""
    b = [one._replace(sample=one.sample + 0.5 * values(50 + i, one.sample.size)) for i, one in enumerate(branches())]
    found = match(branches(), renamed([b[0], b[3], b[1], b[2], *b[4:]]))
    assert found == [(0, 0), (1, 2), (2, 3), (3, 1), (4, 4), (5, 5)]


def test_branches_of_which_nothing_correlates_are_told_by_what_reads_them():
    def net(order):
        """One branch is pooled after its convolution, the other is not."""
        first, second = (1, 2) if order == 1 else (2, 1)
        nodes = [node("images", "input", (), 0), node("p", "conv", (0,), 1), node("q", "conv", (0,), 2)]
        nodes += [node("pool", "pool:max", (first,), 3), node("add", "add", (3, second), 4)]
        return [*nodes, node("fc", "dense", (4,), 5, (5,))]

    found = dict(match(net(1), renamed(other_values(net(-1)))))
    assert (found[1], found[2]) == (2, 1)


def test_equal_names_tell_what_nothing_else_does():
    b = other_values(branches((2, 1, 0)))
    assert [(i, j) for i, j in match(branches(), b) if i in (1, 2, 3)] == [(1, 3), (2, 2), (3, 1)]


def test_names_that_keras_counts_differently_do_not_mislead():
    """The names are those of another branch each, and the activations are right."""
    b = branches((1, 2, 0))
    b = [b[0], *(one._replace(name=f"branch_{k}") for k, one in enumerate(b[1:4])), *b[4:]]
    assert [(i, j) for i, j in match(branches(), b) if i in (1, 2, 3)] == [(1, 3), (2, 1), (3, 2)]


def test_given_pairs_are_taken_as_they_are():
    assert [(i, j) for i, j in match(branches(), branches(), given=[(1, 2), (2, 1)]) if i < 4] == [
        (0, 0), (1, 2), (2, 1), (3, 3)
    ]  # fmt: skip


@pytest.mark.parametrize("same_weights", [True, False])
def test_an_activation_that_is_missing_stays_alone_and_all_else_matches(same_weights):
    a = chain("conv", "activation:relu", "conv", "activation:relu", "conv", "activation:relu", "dense")
    b = [one for i, one in enumerate(a) if i != 4]
    b = [*b[:4], *(one._replace(before=(i + 3,)) for i, one in enumerate(b[4:]))]
    b = renamed(b if same_weights else other_values(b))
    assert match(a, b) == [(0, 0), (1, 1), (2, 2), (3, 3), (5, 4), (6, 5), (7, 6)]


def test_an_extra_pad_stays_alone():
    a, b = chain("conv", "conv"), chain("conv", "pad", "conv")
    b = [b[0], b[1], b[2]._replace(shape=(6, 6, 4), sample=values(9, 144)), b[3]._replace(sample=a[2].sample)]
    assert match(a, b) == [(0, 0), (1, 1), (2, 3)]


def test_pairs_never_cross():
    """What is first in A looks like what is last in B, and the other way round."""
    a = chain("conv", "conv", "dense")
    b = renamed(a)
    b[1], b[2] = b[1]._replace(sample=a[2].sample), b[2]._replace(sample=a[1].sample)
    found = match(a, b)
    assert (1, 2) not in found or (2, 1) not in found
    assert found[0] == (0, 0) and found[-1] == (3, 3)


def test_a_dense_layer_is_a_convolution_of_one_pixel_and_a_mean_a_pool():
    a = [*chain("conv", "pool:avg"), node("fc", "conv", (2,), 9, (5,))]
    b = [*chain("conv", "mean"), node("scores", "dense", (2,), 9, (5,))]
    assert match(a, b) == [(0, 0), (1, 1), (2, 2), (3, 3)]


def test_a_norm_that_was_folded_pairs_with_the_convolution_it_went_into():
    a = chain("conv", "norm", "activation:relu", "conv", "norm", "dense")
    b = [a[0], a[2]._replace(kind="conv", before=(0,)), a[3]._replace(before=(1,))]
    b += [a[5]._replace(kind="conv", before=(2,)), a[6]._replace(before=(3,))]
    found = match(a, renamed(b))
    assert found == [(0, 0), (2, 1), (3, 2), (5, 3), (6, 4)]


def test_a_norm_that_is_missing_is_not_taken_for_folded():
    a = chain("conv", "norm", "activation:relu", "dense")
    b = [a[0], a[1], a[3]._replace(before=(1,)), a[4]._replace(before=(2,))]
    assert match(a, renamed(b)) == [(0, 0), (1, 1), (3, 2), (4, 3)]


def test_the_last_two_are_a_pair_whatever_their_number_of_classes():
    a, b = chain("conv"), chain("conv")
    a.append(node("fc", "dense", (1,), 5, (1001,)))
    b.append(node("fc", "dense", (1,), 6, (1000,)))
    assert match(a, b) == [(0, 0), (1, 1), (2, 2)]


def test_values_that_are_no_spread_at_all_match_by_place():
    a = [one._replace(sample=np.zeros_like(one.sample)) for one in chain("conv", "activation:relu", "dense")]
    assert match(a, renamed(a)) == [(i, i) for i in range(4)]


@pytest.mark.parametrize(
    "one, other, cost",
    [
        ("conv", "conv", 0.0),
        ("conv", "dense", 0.05),
        ("mean", "pool:avg", 0.05),
        ("pool:max", "pool:avg", 0.3),
        ("activation:relu", "activation:relu6", 0.3),
        ("norm", "cond", 0.2),
        ("conv", "norm", None),
        ("add", "concat", None),
    ],
)
def test_kinds_are_kin(one, other, cost):
    assert kin(one, other) == kin(other, one) == cost


def test_nearest_walks_past_those_that_are_not_taken():
    """0 -> 1 -> 3, 0 -> 2 -> 3; of the middle only 2 is taken."""
    nodes = [node(str(i), "conv", before, i) for i, before in enumerate([(), (0,), (0,), (1, 2)])]
    assert nearest(nodes, [0, 2, 3])[3] == {0, 2}
