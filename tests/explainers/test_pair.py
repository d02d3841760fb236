"""One encoder on two images: its three answers, against maps that TensorFlow 1.15.5 made on the same net."""

import pathlib

import numpy as np
import pytest
import tensorflow as tf
from fixtures.siamese_net import NARROW, TERMS, images, siamese
from fixtures.tolerance import assert_net

import slimcam
from slimcam._tf import TF_VERSION, keras2, keras3, tf1
from slimcam.graphs.walk import ancestors

DATA = pathlib.Path(__file__).resolve().parents[1] / "data"
FILE = str(DATA / "siamese.h5")
LAYER = "encoder/activation_5@input_%d"
X, Y = images()


@pytest.fixture(scope="module")
def model():
    with slimcam.load(FILE, preprocess="unit") as loaded:
        yield loaded


@pytest.fixture(scope="module")
def golden():
    with np.load(str(DATA / "siamese.npz")) as arrays:
        return dict(arrays)


def answers(model):
    """Return the raw maps of the encoder alone, of one branch with the other held, and of the pair."""
    left, right = LAYER % 1, LAYER % 2
    features = model.features("encoder@input_2", Y)
    one, two = slimcam.explain_pair(model, X, Y, target=1)
    return {
        "a1": slimcam.explain(model, X, left, slimcam.Mean("encoder@input_1")).raw,
        "a2": slimcam.explain(model, Y, right, slimcam.Mean("encoder@input_2")).raw,
        "b_zeros": slimcam.explain(model, X, left, 1, hold={"encoder@input_2": "zeros"}).raw,
        "b_features": slimcam.explain(model, X, left, 1, hold={"encoder@input_2": features}).raw,
        "c1": one.raw,
        "c2": two.raw,
    }


def assert_golden(maps, golden, width):
    for name, raw in maps.items():
        expected = golden[f"{width}/{name}"]
        assert_net(raw, expected, TERMS[width], name)


def test_the_three_answers_are_those_of_tensorflow_1(model, golden):
    assert_golden(answers(model), golden, NARROW)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
def test_the_whole_net_gives_the_maps_of_tensorflow_1(golden, tmp_path):
    keras = keras2()
    path = str(tmp_path / "siamese.h5")
    with tf1.Graph().as_default() as graph, tf1.Session(graph=graph).as_default():
        siamese(keras).save(path)
    with slimcam.load(path) as model:
        assert_golden(answers(model), golden, 1)


@pytest.mark.parametrize("keras", [keras2, keras3])
def test_live_models_give_the_maps_of_the_file(golden, keras):
    if keras is keras3 and TF_VERSION < (2, 16):
        pytest.skip("Keras 3 needs TensorFlow 2.16")
    with slimcam.load(siamese(keras(), width=NARROW)) as model:
        assert_golden(answers(model), golden, NARROW)


# --- names


def test_each_call_of_a_shared_layer_is_a_layer(model):
    names = [layer.name for layer in model.layers()]
    for name in ("encoder", "encoder/conv2d_1", "encoder/activation_4", "encoder/conv2d_5", "encoder/activation_5"):
        assert {f"{name}@input_1", f"{name}@input_2"} <= set(names)
        assert name not in names
    assert {"mnet_conv1", "Merged_feature_map"} <= set(names)


def test_a_shared_layer_without_its_call_is_ambiguous(model):
    message = "'encoder/conv2d_5' is called 2 times: say which, '.*@input_1' or 'encoder/conv2d_5@input_2'"
    with pytest.raises(slimcam.UnknownName, match=message):
        model.tensor("encoder/conv2d_5")


def test_a_call_on_what_it_is_not_called_on_suggests_those_that_are(model):
    with pytest.raises(slimcam.UnknownName, match=r"no call 'encoder@input_3'; near: 'encoder@input_[12]'"):
        model.tensor("encoder@input_3")


def test_plain_names_of_tensorflow_1_find_the_calls(model):
    assert model.tensor("encoder/conv2d_5/BiasAdd:0") is model.tensor("encoder/conv2d_5@input_1")
    assert model.tensor("encoder_1/conv2d_5/BiasAdd:0") is model.tensor("encoder/conv2d_5@input_2")


def test_needs_are_those_of_each_call(model):
    assert model.needs("encoder@input_1") == ["input_1:0"]
    assert model.needs("encoder@input_2") == ["input_2:0"]
    assert model.needs("mnet_conv1") == ["input_1:0", "input_2:0"]


# --- input_2 is never touched


def executed(model, call, monkeypatch):
    """Return the names of the operations that ran in `call()`, and of the tensors that were fed."""
    ran, fed, run = set(), set(), model.session.run

    def traced(fetches, feed_dict=None):
        metadata = tf1.RunMetadata()
        options = tf1.RunOptions(trace_level=tf1.RunOptions.FULL_TRACE)
        got = run(fetches, feed_dict, options=options, run_metadata=metadata)
        ran.update(
            node.node_name.split(":")[0] for device in metadata.step_stats.dev_stats for node in device.node_stats
        )
        fed.update(getattr(tensor, "name", tensor) for tensor in feed_dict)
        return got

    monkeypatch.setattr(model.session, "run", traced)
    call()
    return ran, fed


@pytest.mark.parametrize(
    "options",
    [
        {"target": slimcam.Mean("encoder@input_1")},
        {"target": slimcam.Norm("encoder@input_1")},
        {"target": slimcam.Channel("encoder@input_1", 3)},
        {"target": slimcam.Dot("encoder@input_1", np.ones((7, 7, 8)))},
        {"hold": {"encoder@input_2": "zeros"}},
        {"hold": {"encoder@input_2": np.ones((7, 7, 8), np.float32)}},
    ],
    ids=["mean", "norm", "channel", "dot", "zeros", "array"],
)
def test_one_branch_is_explained_without_the_other(model, monkeypatch, options):
    ran, fed = executed(model, lambda: slimcam.GradCAM(model, LAYER % 1, **options)(X), monkeypatch)
    assert any(name.startswith("encoder/conv2d_5/") for name in ran)
    assert not [name for name in ran if name.startswith(("input_2", "encoder_1/"))]
    places = {op.outputs[0].name for op in ancestors([model.inputs[1].tensor])}
    assert "input_1:0" in fed
    assert not fed & places


def test_photos_for_one_branch_go_to_its_input(model, monkeypatch):
    picture = (255 * Y[0]).astype(np.uint8)
    cam = slimcam.GradCAM(model, target=slimcam.Mean("encoder@input_2"))
    ran, _ = executed(model, lambda: cam(picture), monkeypatch)
    assert not [name for name in ran if name.startswith(("input_1", "encoder/"))]
    expected = slimcam.explain(
        model, picture[None].astype(np.float32) / 255, LAYER % 2, slimcam.Mean("encoder@input_2")
    )
    assert_net(cam(picture).raw, expected.raw, TERMS[NARROW])


# --- held is fed


def test_holding_the_features_of_an_image_equals_feeding_it(model):
    features = model.features("encoder@input_2", Y)
    held = slimcam.explain(model, X, LAYER % 1, hold={"encoder@input_2": features})
    fed, _ = slimcam.explain_pair(model, X, Y)
    assert_net(held.raw, fed.raw, TERMS[NARROW])
    assert_net(held.scores, fed.scores, TERMS[NARROW])


def test_features_are_what_the_graph_computes(model):
    features = model.features("encoder@input_1", X)
    expected = model.session.run("encoder/max_pooling2d_3/MaxPool:0", {"input_1:0": X})
    np.testing.assert_array_equal(features, expected)


def test_features_of_both_images_name_the_one_that_is_missing(model):
    with pytest.raises(slimcam.MissingFeed, match=r"needs 'input_2:0': .*mnet_conv1.* <- input_2"):
        model.features("mnet_conv1", X)


@pytest.mark.parametrize(
    "value, message",
    [
        ("ones", "hold: 'encoder_1/max_pooling2d_3/MaxPool:0' at 'ones': the only word is \"zeros\"; give an array"),
        (np.ones((7, 7, 9)), r"is .*7, 7, 8.*, and the array given for it \(7, 7, 9\)"),
    ],
)
def test_what_cannot_be_held_is_said_when_built(model, value, message):
    with pytest.raises(slimcam.WrongFeed, match=message):
        slimcam.GradCAM(model, LAYER % 1, hold={"encoder@input_2": value})


# --- what needs both


def test_the_joint_score_without_the_other_image_fails_when_built_with_the_path(model):
    message = r"^'.*' needs 'input_2:0': .* <- fc4 <- .* <- Merged_feature_map <- encoder_1 <- input_2\. Ways out:\n"
    with pytest.raises(slimcam.MissingFeed, match=message):
        slimcam.GradCAM(model, LAYER % 1)


def test_the_three_ways_out_work_as_they_are_printed(model, golden):
    with pytest.raises(slimcam.MissingFeed) as caught:
        slimcam.GradCAM(model, LAYER % 1)
    lines = str(caught.value).splitlines()[1:]
    known = {"slimcam": slimcam, "model": model, "photo_1": X, "photo_2": Y}
    alone, held, pair = (eval(line, known) for line in lines)
    assert alone(X).raw.shape == (2, 15, 15)
    assert alone.target.name == LAYER % 1
    # the recorded maps are of the logit, class 1, and where class 0 wins it is minus the logit that is explained
    sides = [np.where(maps.classes == 1, 1, -1)[:, None, None] for maps in pair]
    c1, c2 = (maps.raw * side for maps, side in zip(pair, sides))
    assert_golden({"b_zeros": held(X, 1).raw, "c1": c1, "c2": c2}, golden, NARROW)


# --- pairs


def test_a_pair_is_one_session_run(model, monkeypatch):
    explained = slimcam.ExplainPair(model)
    runs, run = [], model.session.run
    monkeypatch.setattr(model.session, "run", lambda *args: runs.append(1) or run(*args))
    operations = len(model.graph.get_operations())
    explained(X, Y)
    explained(Y, X)
    assert len(runs) == 2
    assert len(model.graph.get_operations()) == operations


def test_a_pair_names_the_layers_of_both_branches(model):
    pair = slimcam.explain_pair(model, X, Y, layer="encoder/conv2d_5")
    assert [maps.layer for maps in pair] == ["encoder/conv2d_5@input_1", "encoder/conv2d_5@input_2"]
    named = slimcam.explain_pair(model, X, Y, layer=["encoder/conv2d_5@input_1", "encoder_1/conv2d_5/BiasAdd:0"])
    for one, other in zip(pair, named):
        np.testing.assert_array_equal(one.raw, other.raw)


def test_the_picture_of_a_pair_shows_both_side_by_side(model):
    high, wide = (np.full(size, 99, np.uint8) for size in ((80, 40, 3), (40, 60, 3)))
    pair = slimcam.explain_pair(model, high, wide)
    picture = pair.overlay()
    assert picture.shape == (80, 40 + 8 + 120, 3)
    np.testing.assert_array_equal(picture[:, :40], pair[0].overlay()[0])
    assert (picture[:, 40:48] == 255).all()


@pytest.mark.parametrize(
    "photos, message",
    [
        ((X,), "the score takes 2 photos, for input_1:0, input_2:0; 1 were given"),
        ((X, Y[:1]), "as many photos for each input, please: these are 2 and 1"),
    ],
)
def test_pairs_of_another_number_are_refused(model, photos, message):
    with pytest.raises(slimcam.PhotoError, match=message):
        slimcam.explain_pair(model, *photos)


def test_a_pair_of_merged_layers_has_no_layer_of_a_branch(model):
    with pytest.raises(slimcam.UnknownName, match="3 layers for 2 inputs: give one for each"):
        slimcam.explain_pair(model, X, Y, layer=["mnet_conv1"] * 3)


# --- the caller's world


def test_loading_leaves_keras_and_the_default_graph_as_they_were():
    keras = keras2()
    default, phase = tf1.get_default_graph(), tf1.get_default_session()
    operations = len(default.get_operations())
    kinds = {kind: kind.__bases__ for kind in (keras.layers.Conv2D, keras.layers.BatchNormalization, keras.Sequential)}
    call = keras.layers.Layer.__call__
    slimcam.load(FILE).close()
    assert tf1.get_default_graph() is default
    assert tf1.get_default_session() is phase
    assert len(default.get_operations()) == operations
    assert {kind: kind.__bases__ for kind in kinds} == kinds
    assert keras.layers.Layer.__call__ is call
    assert tf.executing_eagerly() == (TF_VERSION >= (2,))
