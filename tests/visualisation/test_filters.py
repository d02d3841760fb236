"""Pictures that drive channels, classes and other scores: what is asked, and what comes back."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures import small_convnet
from fixtures.small_convnet import SIDE
from fixtures.tolerance import assert_net

import slimcam
from slimcam import Channel, Class, Diversity, Neuron
from slimcam.errors import LayerError, TargetError, UnknownName

STEPS = 4


def rises(found):
    """Whether the last third of the scores is higher than the first: lucid's transforms let single ones fall."""
    third = -(-found.scores.shape[1] // 3)
    return found.scores[:, -third:].mean(1) > found.scores[:, :third].mean(1)


# --- what is climbed


@pytest.mark.parametrize("recipe", ["book", "lucid"])
def test_each_channel_has_a_picture_that_drives_it(net, recipe):
    found = slimcam.filters(net, "conv2", recipe=recipe, steps=12)
    assert (found.name, found.numbers, len(found)) == ("conv2", list(range(6)), 6)
    assert found.pictures.shape == (6, SIDE, SIDE, 3) and found.pictures.dtype == np.uint8
    assert found.scores.shape == (6, 12) and rises(found).all() and found.silent == []


@pytest.mark.parametrize("recipe", ["book", "lucid"])
def test_picture_does_not_depend_on_what_is_made_beside_it(net, recipe):
    every = slimcam.filters(net, "conv2", recipe=recipe, steps=STEPS)
    two = slimcam.filters(net, "conv2", [5, 2], recipe=recipe, steps=STEPS, together=1)
    assert_net(two.scores, every.scores[[5, 2]])
    assert (np.abs(two.pictures.astype(int) - every.pictures[[5, 2]]) <= 1).all()


def test_another_seed_is_another_picture(net):
    one, same, other = (slimcam.filters(net, "conv2", [0], steps=1, seed=seed).pictures for seed in (0, 0, 1))
    assert (one == same).all() and not (one == other).all()


def test_channels_of_the_logits_are_classes(net):
    by_channel = slimcam.filters(net, "logits", [2, 0], steps=STEPS)
    by_class = slimcam.filters(net, target=[2, 0], steps=STEPS)
    assert by_class.numbers == [2, 0]
    assert_net(by_channel.scores[0], by_class.scores[0])


@pytest.mark.parametrize(
    "target",
    [
        0,
        Class(0) - Class(1),
        Channel("conv2", 3),
        Neuron("conv2", 1),
        Neuron("conv2", 1, at=(2, 5)),
        slimcam.Direction("conv2", np.arange(6), power=2),
        slimcam.Caricature("conv1", np.ones((SIDE, SIDE, 4)), power=1),
        slimcam.Mean("conv1"),
        Channel("conv2", 3) - 0.5 * Channel("conv1", 1),
        Class(0) + 0.1 * Channel("conv1", 1),
    ],
    ids=repr,
)
@pytest.mark.parametrize("recipe", ["book", "lucid"])
def test_any_score_can_be_climbed(net, target, recipe):
    found = slimcam.filters(net, target=target, recipe=recipe, steps=60)
    assert len(found) == 1 and rises(found).all()


def test_a_sum_is_the_sum_of_its_scores(net):
    x = np.random.RandomState(0).uniform(-1, 1, (2, SIDE, SIDE, 3)).astype(np.float32)
    terms = Channel("conv2", 3), Channel("conv1", 1), Class(1)
    total = slimcam.GradCAM(net, "conv1", 2 * terms[0] - 0.5 * terms[1] + terms[2]).evidence(x)
    each = [slimcam.GradCAM(net, "conv1", term).evidence(x) for term in terms]
    assert_net(total.scores, 2 * each[0].scores - 0.5 * each[1].scores + each[2].scores)
    assert_net(total.gradients, 2 * each[0].gradients - 0.5 * each[1].gradients + each[2].gradients)


def test_diversity_makes_pictures_of_one_channel_differ(net):
    alike = slimcam.filters(net, target=Channel("conv2", 3), count=3, steps=30)
    differing = slimcam.filters(net, target=Channel("conv2", 3) - 100 * Diversity("conv2"), count=3, steps=30)

    def cosines(pictures):
        maps = net.features("conv2", list(pictures)).reshape(3, -1, 6)
        grams = np.einsum("npc,npd->ncd", maps, maps).reshape(3, -1)
        grams /= np.linalg.norm(grams, axis=1, keepdims=True)
        return (grams @ grams.T)[np.triu_indices(3, 1)].mean()

    assert cosines(differing.pictures) < cosines(alike.pictures)


def test_the_winner_of_a_crop_of_photos_is_outdone(net, photo):
    """The numbers are those of the shipped checkpoint's test; this one shows that the comparison can fail."""
    crops = [photo(SIDE, SIDE, seed) for seed in range(20)]
    best = net.features("conv2", crops).mean((1, 2)).max(0)
    noise = slimcam.filters(net, "conv2", steps=1)
    found = slimcam.filters(net, "conv2", steps=40)
    assert (found.scores[:, -1] > best).all() and not (noise.scores[:, -1] > best).all()


# --- sizes


@pytest.mark.parametrize("recipe, size", [("book", (150, 150)), ("lucid", (128, 128))])
def test_net_of_any_size_gets_the_recipes_own(model_of, recipe, size):
    model = model_of(small_convnet.build_any_size, preprocess="unit")
    found = slimcam.filters(model, "conv1", [0], recipe=recipe, steps=1)
    assert found.pictures.shape[1:3] == size


@pytest.mark.parametrize("recipe", ["book", "lucid"])
def test_net_of_one_size_is_copied_for_another(net, recipe):
    before = net.session.run("conv2:0", {"images:0": np.ones((1, SIDE, SIDE, 3))})
    found = slimcam.filters(net, "conv2", [1], recipe=recipe, size=(20, 24), steps=10)
    assert found.pictures.shape == (1, 20, 24, 3) and rises(found).all()
    np.testing.assert_array_equal(net.session.run("conv2:0", {"images:0": np.ones((1, SIDE, SIDE, 3))}), before)


def test_copy_gives_the_scores_of_the_net_itself(net, model_of):
    free = model_of(small_convnet.build_any_size, preprocess="squash")
    own = slimcam.filters(free, "conv2", [1], size=24, steps=STEPS)
    copied = slimcam.filters(net, "conv2", [1], size=24, steps=STEPS)
    assert_net(copied.scores, own.scores)


def fixed_head():
    """A net whose head takes maps of one size."""
    images = tf1.placeholder(tf1.float32, [None, 4, 4, 3], name="images")
    kernel = tf1.constant(np.ones((48, 2), np.float32))
    tf1.matmul(tf1.reshape(tf1.nn.relu(images, name="maps"), [-1, 48]), kernel, name="logits")


def test_score_behind_a_head_of_one_size_says_so(model_of):
    with pytest.raises(LayerError, match=r"and no other size .*name an earlier layer"):
        slimcam.filters(model_of(fixed_head, preprocess="unit"), target=0, size=8, steps=1)


def test_grey_nets_get_grey_pictures(model_of):
    def grey():
        images = tf1.placeholder(tf1.float32, [None, 8, 8, 1], name="images")
        maps = tf1.nn.relu(tf1.nn.conv2d(images, np.ones((3, 3, 1, 2), np.float32), 1, "SAME"), name="maps")
        tf1.identity(tf1.reduce_mean(maps, [1, 2]), name="logits")

    model = model_of(grey, preprocess="unit")
    for recipe in ("book", "lucid"):
        found = slimcam.filters(model, "maps", recipe=recipe, steps=3)
        assert found.pictures.shape == (2, 8, 8, 1) and rises(found).all()
        assert found.sheet().shape == (8, 21, 3)


# --- sheets


def test_sheet_runs_down_the_columns_as_in_the_book(net):
    found = slimcam.filters(net, "conv2", steps=1)
    sheet = found.sheet(columns=2, margin=3)
    assert sheet.shape == (2 * SIDE + 3, 2 * SIDE + 3, 3)
    below, beside = SIDE + 3, SIDE + 3
    np.testing.assert_array_equal(sheet[:SIDE, :SIDE], found.pictures[0])
    np.testing.assert_array_equal(sheet[below:, :SIDE], found.pictures[1])
    np.testing.assert_array_equal(sheet[:SIDE, beside:], found.pictures[2])
    assert (sheet[SIDE:below] == 0).all()
    first, second = found.sheets(columns=2, margin=3)
    np.testing.assert_array_equal(first, sheet)
    assert second.shape == (SIDE, 2 * SIDE + 3, 3)  # two are left, side by side


# --- what does not rise


def dead():
    """Channel 0 fires on no image in [0, 1], channel 1 on some; channel 2 is out of the images' reach."""
    images = tf1.placeholder(tf1.float32, [None, 6, 6, 3], name="images")
    kernel = np.zeros((1, 1, 3, 3), np.float32)
    kernel[..., 0], kernel[..., 1] = -1, 1
    tf1.identity(
        tf1.reduce_mean(tf1.nn.relu(tf1.nn.conv2d(images, kernel, 1, "SAME"), name="maps"), [1, 2]), name="logits"
    )


def test_channel_that_never_fires_is_said(model_of):
    model = model_of(dead, preprocess="unit")
    found = slimcam.filters(model, "maps", steps=3)
    assert found.silent == [0, 2]
    assert rises(found).tolist() == [False, True, False]
    # A way up that lucid's first steps look for is none where a channel answers to nothing.
    assert slimcam.filters(model, "maps", recipe="lucid", steps=20).silent == [0, 2]


def low():
    """Channel 0 fires where an image is darker than grey by far, as no start is."""
    images = tf1.placeholder(tf1.float32, [None, 6, 6, 3], name="images")
    kernel = -np.ones((1, 1, 3, 1), np.float32)
    maps = tf1.nn.relu(tf1.nn.conv2d(images, kernel, 1, "SAME") + np.float32(1.4), name="maps")
    tf1.identity(tf1.concat([tf1.reduce_mean(maps, [1, 2])] * 2, 1), name="logits")


def test_lucid_leads_a_channel_that_does_not_fire_to_where_it_does(model_of):
    model = model_of(low, preprocess="unit")
    assert slimcam.filters(model, "maps", [0], steps=20).silent == [0]
    found = slimcam.filters(model, "maps", [0], recipe="lucid", steps=60)
    assert found.silent == [] and found.scores[0, 0] == 0 and found.scores[0, -1] > 0


@pytest.mark.parametrize("recipe", ["book", "lucid"])
def test_nan_stops_the_ascent_and_says_the_step(model_of, recipe):
    def breaks():
        images = tf1.placeholder(tf1.float32, [None, 8, 8, 3], name="images")
        maps = tf1.identity(tf1.log(0.6 - images), name="maps")
        tf1.identity(-tf1.reduce_mean(maps, [1, 2]), name="logits")

    with pytest.raises(TargetError, match=r"not finite at step \d+, of picture 1"):
        slimcam.filters(model_of(breaks, preprocess="unit"), target=[1], recipe=recipe, steps=200)


# --- mistakes


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"layer": "conv3"}, UnknownName, "no tensor 'conv3'; .*'conv2'"),
        ({"layer": "conv2", "channels": [6]}, TargetError, "channel 6 of 'conv2:0': it has channels 0 to 5"),
        ({"layer": "conv2", "channels": [-1]}, TargetError, "channel -1"),
        ({"layer": "conv2", "channels": []}, TargetError, "no channels were named"),
        ({"layer": "conv2", "recipe": "lucit"}, UnknownName, "no recipe 'lucit'"),
        ({"layer": "conv2", "target": 1}, TargetError, "takes the place of layer="),
        ({"target": 3}, TargetError, "class 3 is out of range"),
        ({"target": slimcam.Top(2)}, TargetError, "no picture can be made for"),
        ({"target": Neuron("conv2", 1, at=(9, 0))}, TargetError, r"position \(9, 0\) of 'conv2': its maps are 8 x 8"),
        ({"target": Neuron("conv2", 9)}, TargetError, "channel 9 of 'conv2:0'"),
        ({"target": slimcam.Direction("conv2", [1, 2])}, TargetError, "the vector has 2 values for 6 channels"),
        ({"target": slimcam.Caricature("conv2", np.ones((2, 2, 6)))}, TargetError, "the array is"),
        ({"layer": "conv2", "steps": 0}, TargetError, "give steps from 1 on"),
        ({"layer": "conv2", "seed": -1}, TargetError, "a seed from 0 on"),
        ({"layer": "conv2", "steps": 2, "thresholds": [2]}, TargetError, "thresholds from 0 to steps - 1"),
        ({"layer": "conv2", "size": 1}, LayerError, "at least 2 x 2"),
        ({"layer": "conv2", "engine": "tap"}, UnknownName, "no engine 'tap'"),
    ],
)
def test_what_cannot_be_made_is_said_before_the_first_step(net, options, error, message):
    with pytest.raises(error, match=message):
        slimcam.filters(net, **{"steps": 1, **options})


def test_net_of_which_nothing_says_how_photos_are_prepared_is_climbed_as_one_of_0_to_255(model_of):
    model, said = model_of(small_convnet.build), model_of(small_convnet.build, preprocess="none")
    assert model.notes[0].startswith("photos are fed as 0 to 255: nothing says how they were prepared")
    pictures = [slimcam.filters(one, "conv2", [0], steps=1).pictures for one in (model, said)]
    np.testing.assert_array_equal(*pictures)


def test_whole_numbers_have_no_gradient(model_of):
    def whole_numbers():
        pixels = tf1.placeholder(tf1.uint8, [None, 8, 8, 3], name="pixels")
        maps = tf1.nn.relu(tf1.cast(pixels, tf1.float32), name="maps")
        tf1.identity(tf1.reduce_mean(maps, [1, 2]), name="logits")

    with pytest.raises(LayerError, match="takes uint8, which has no gradient: load with input="):
        slimcam.filters(model_of(whole_numbers, preprocess="none"), "maps", [0], steps=1)
