"""What a score needs to be fed, what it is fed when nobody says, and what may be held.

Most tests use `twins`: two encoders of one 1 x 1 convolution with weights (1, -1), a ReLU and the mean over places, and
logits that are the product of their two features. On the left photo x and the right photo r

    x = 1  2    left/a = 1 2 and 0 0    its means = 3/4, 3/4
       -1 -2             0 0     1 2

    r = 4  4    right/a = 4 4 and 0 0    its means = 2, 4
       -8 -8              0 0     8 8

so the logits are 3/2 and 3, the gradients of them at left/a are 2/4 and 4/4 in one channel each, and the maps are
2/4 left/a0 and 4/4 left/a1.
"""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fed_nets import X, convolved, headed

import slimcam
from slimcam.graphs.feeds import needs
from slimcam.graphs.walk import ancestors, path

R = np.array([[[[4], [4]], [[-8], [-8]]]], np.float32)
MAPS = np.array([[[0.5, 1], [0, 0]], [[0, 0], [1, 2]]])  # of X beside R: of class 0, and of class 1


def encoder(side):
    image = tf1.placeholder(tf1.float32, [None, 2, 2, 1], name=side)
    return tf1.reduce_mean(convolved(image, name=f"{side}/a"), [1, 2], name=f"{side}/feature")


def twins():
    tf1.multiply(encoder("left"), encoder("right"), name="logits")


@pytest.fixture
def pair(model_of):
    return model_of(twins, input="left", logits="logits")


# --- graphs


@pytest.fixture
def sums():
    """Return placeholders a, b and c, and block/sum = a + b, head/score = block/sum + head/with_default."""
    with tf1.Graph().as_default():
        a, b, c = (tf1.placeholder(tf1.float32, [], name=name) for name in "abc")
        default = tf1.placeholder_with_default(1.0, [], name="head/with_default")
        inner = tf1.add(a, b, name="block/sum")
        return a, b, c, inner, tf1.add(inner, default, name="head/score")


def test_needs_are_the_placeholders_behind_a_tensor(sums):
    a, b, _, _, score = sums
    assert needs([score]) == [a, b]


def test_needs_stop_at_what_is_given(sums):
    a, b, _, inner, score = sums
    assert needs([score], cut=(b.name,)) == [a]
    assert needs([score], cut=(inner.name,)) == []
    assert needs([score, a], cut=(inner.name,)) == [a]


def test_needs_see_control_inputs(sums):
    _, _, c, inner, _ = sums
    with inner.graph.as_default(), tf1.control_dependencies([tf1.negative(c)]):
        late = tf1.identity(inner)
    assert c in needs([late])


def test_ancestors_lead_back_to_the_fetch(sums):
    a, b, c, inner, score = sums
    toward = ancestors([score])
    assert toward[score.op] is None
    assert toward[inner.op] is score.op
    assert toward[a.op] is toward[b.op] is inner.op
    assert c.op not in toward


def test_path_names_the_ends_in_full_and_scopes_between(sums):
    a, _, _, _, score = sums
    assert path(ancestors([score]), a.op) == "head/score <- block <- a"


def test_long_path_is_cut_in_the_middle():
    with tf1.Graph().as_default():
        tensor = first = tf1.placeholder(tf1.float32, [], name="first")
        for i in range(1, 12):
            tensor = tf1.negative(tensor, name=f"block{i}/negative")
        shown = path(ancestors([tensor]), first.op).split(" <- ")
    # twelve steps, the four nearest to each end
    assert shown == ["block11/negative", "block10", "block9", "block8", "…", "block3", "block2", "block1", "first"]


def test_model_needs_counts_its_input(pair):
    assert pair.needs("logits") == ["left:0", "right:0"]
    assert pair.needs("right/feature") == ["right:0"]
    assert pair.needs("left/a") == ["left:0"]


# --- missing feeds


def test_missing_feed_is_known_when_built_and_names_the_way(pair):
    with pytest.raises(
        slimcam.MissingFeed, match=r"^'logits:0' needs 'right:0': logits <- right <- right/a <- right\."
    ):
        slimcam.GradCAM(pair, "left/a")


def test_a_way_out_of_a_missing_feed_is_a_score_of_the_branch_alone(pair):
    with pytest.raises(slimcam.MissingFeed) as caught:
        slimcam.GradCAM(pair, "left/a")
    line = next(line for line in str(caught.value).splitlines() if "Mean" in line)
    maps = eval(line, {"slimcam": slimcam, "model": pair})(X)
    # the mean over 2 x 2 places and 2 channels: gradients 1/8, map (a0 + a1) / 8
    np.testing.assert_allclose(maps.raw, [[[1 / 8, 2 / 8], [1 / 8, 2 / 8]]])


def test_no_score_is_hinted_where_the_layer_itself_lacks_the_feed(model_of):
    def build():
        gate = tf1.placeholder(tf1.float32, [], name="gate")
        a = convolved(tf1.placeholder(tf1.float32, [None, 2, 2, 1], name="x") * gate, name="a")
        tf1.reduce_mean(a, [1, 2], name="logits")

    with pytest.raises(slimcam.MissingFeed, match="'a:0' needs 'gate:0'") as caught:
        slimcam.GradCAM(model_of(build, input="x", logits="logits"), "a")
    assert "Mean" not in str(caught.value)


def test_graph_made_for_one_image_loads_although_its_score_lacks_a_feed(model_of):
    build = headed(lambda f: f * tf1.placeholder(tf1.float32, [], name="gate"), shape=(1, 2, 2, 1))
    model = model_of(build, logits="logits")
    maps = slimcam.GradCAM(model, "a", target=0, hold={"gate": 2.0})(X)
    np.testing.assert_allclose(maps.raw, [[[0.5, 1], [0, 0]]])


# --- holds


@pytest.mark.parametrize("target", [0, 1])
def test_held_placeholder(pair, target):
    maps = slimcam.GradCAM(pair, "left/a", target, hold={"right": R})(X)
    np.testing.assert_allclose(maps.raw, MAPS[[target]])


def test_held_inner_tensor_does_without_what_lies_behind(pair):
    maps = slimcam.GradCAM(pair, "left/a", target=1, hold={"right/feature": [[2, 4]]})(X)
    np.testing.assert_allclose(maps.raw, MAPS[[1]])
    np.testing.assert_allclose(maps.scores, [3])
    assert maps.fed == []


def test_hold_takes_a_tensor_for_its_name(pair):
    feature = pair.graph.get_tensor_by_name("right/feature:0")
    maps = slimcam.GradCAM(pair, "left/a", target=1, hold={feature: [[2, 4]]})(X)
    np.testing.assert_allclose(maps.raw, MAPS[[1]])


def test_holding_what_would_be_computed_changes_nothing(pair):
    right = pair.graph.get_tensor_by_name("right:0")
    right_a = pair.session.run("right/a:0", {right: R})
    ways = ({"right": R}, {"right/a": right_a}, {"right/feature": right_a.mean((1, 2))})
    for hold in ways:
        np.testing.assert_array_equal(slimcam.GradCAM(pair, "left/a", 0, hold=hold)(X).raw, MAPS[[0]])


@pytest.mark.parametrize("shape", [(1, 2, 2, 1), (2, 2, 1)])
def test_one_held_array_is_for_all_images(pair, shape):
    cam = slimcam.GradCAM(pair, "left/a", target=0, hold={"right": R.reshape(shape)})
    maps = cam(np.concatenate([X, 2 * X, 3 * X]))
    np.testing.assert_allclose(maps.raw, [MAPS[0], 2 * MAPS[0], 3 * MAPS[0]])


def test_held_array_of_a_row_an_image_goes_row_by_row(pair):
    cam = slimcam.GradCAM(pair, "left/a", target=0, hold={"right": np.concatenate([R, 2 * R])})
    maps = cam(np.concatenate([X, X]))
    np.testing.assert_allclose(maps.raw, [MAPS[0], 2 * MAPS[0]])


def test_held_rows_serve_the_best_classes_of_each_image(pair):
    cam = slimcam.GradCAM(pair, "left/a", slimcam.Top(2), hold={"right": np.concatenate([R, -R])})
    maps = cam(np.concatenate([X, X]))
    # r turned about has the features 4 and 2: the logits are 3/2 and 3 of the first image, 3 and 3/2 of the second
    np.testing.assert_allclose(maps.raw, [MAPS[1], MAPS[0], 2 * MAPS[0], MAPS[1] / 2])
    assert maps.classes.tolist() == [1, 0, 0, 1]


def test_held_rows_follow_photos_that_run_apart(model_of):
    def build():
        image = tf1.placeholder(tf1.float32, [2, 2, 1], name="x")
        a = convolved(image[None], name="a")
        gate = tf1.placeholder(tf1.float32, [None, 2], name="gate")
        tf1.multiply(tf1.reduce_mean(a, [1, 2]), gate, name="logits")

    model = model_of(build, logits="logits")
    assert model.single_image
    maps = slimcam.GradCAM(model, "a", target=0, hold={"gate": [[4, 0], [8, 0]]})(np.concatenate([X, X]))
    np.testing.assert_allclose(maps.raw, [[[1, 2], [0, 0]], [[2, 4], [0, 0]]])


def test_held_weights_are_not_cut_up_by_as_many_photos(model_of):
    def build():
        image = tf1.placeholder(tf1.float32, [2, 2, 1], name="x")
        a = convolved(image[None], name="a")
        tf1.multiply(tf1.reduce_mean(a, [1, 2]), tf1.constant([1.0, 1.0], name="scale"), name="logits")

    maps = slimcam.GradCAM(model_of(build, logits="logits"), "a", target=0, hold={"scale": [4, 8]})(
        np.concatenate([X, X])
    )
    np.testing.assert_allclose(maps.raw, [[[1, 2], [0, 0]], [[1, 2], [0, 0]]])


def test_held_tensor_of_unknown_shape_takes_one_array(model_of):
    model = model_of(headed(lambda f: tf1.ensure_shape(f * tf1.placeholder(tf1.float32, name="gate"), [None, 2])))
    maps = slimcam.GradCAM(model, "a", target=0, hold={"gate": [[4, 0]]})(X)
    np.testing.assert_allclose(maps.raw, [[[1, 2], [0, 0]]])


def test_held_scalar(model_of):
    model = model_of(headed(lambda f: f * tf1.placeholder(tf1.float32, [], name="gate")))
    maps = slimcam.GradCAM(model, "a", target=0, hold={"gate": 4})(np.concatenate([X, X]))
    np.testing.assert_allclose(maps.raw, [[[1, 2], [0, 0]], [[1, 2], [0, 0]]])


def test_no_gradient_goes_through_what_is_held(model_of):
    def build():
        a = convolved(tf1.placeholder(tf1.float32, [None, 2, 2, 1], name="x"), name="a")
        tf1.add(tf1.reduce_mean(2 * a, [1, 2]), tf1.reduce_mean(5 * a, [1, 2], name="other"), name="logits")

    model = model_of(build)
    free = slimcam.GradCAM(model, "a", target=0)(X)
    held = slimcam.GradCAM(model, "a", target=0, hold={"other": [[100, 100]]})(X)
    np.testing.assert_allclose(free.raw, [[[7 / 4, 14 / 4], [0, 0]]])
    np.testing.assert_allclose(held.raw, [[[2 / 4, 4 / 4], [0, 0]]])
    np.testing.assert_allclose(held.scores, [2 * 0.75 + 100])


def test_layer_itself_may_be_held(pair):
    a = np.array([[[[1, 0], [0, 1]], [[0, 0], [0, 0]]]], np.float32)
    maps = slimcam.GradCAM(pair, "left/a", target=0, hold={"left/a": a, "right/feature": [[2, 4]]})(X)
    np.testing.assert_allclose(maps.raw, [[[0.5, 0], [0, 0]]])  # 2/4 of the held a0


def test_hold_of_an_unknown_name_suggests(pair):
    with pytest.raises(slimcam.UnknownName, match="no tensor 'right/featur'; near: 'right/feature'"):
        slimcam.GradCAM(pair, "left/a", hold={"right/featur": R})


def test_array_of_the_caller_is_not_changed(pair):
    held = R.copy()
    slimcam.GradCAM(pair, "left/a", target=0, hold={"right": held})(X)
    np.testing.assert_array_equal(held, R)


def test_held_array_of_another_shape_is_refused_when_built(pair):
    with pytest.raises(slimcam.WrongFeed, match=r"hold: 'right:0' is .*, and the array given for it \(3, 5\)"):
        slimcam.GradCAM(pair, "left", hold={"right": np.zeros((3, 5))})
