"""evaluate, on the shipped checkpoint: numbers against a plain session, the command line against Python, mistakes."""

import json
import pathlib

import numpy as np
import pytest

import slimcam
from slimcam.errors import ParameterError, TargetError
from slimcam.inputs.photos import as_batch

SHAPES = pathlib.Path(slimcam.__file__).parents[1] / "checkpoints" / "shapes"
PHOTOS = [str(SHAPES / "samples" / name) for name in ("flower-and-star.png", "bolt.png")]
FEW = {"insertion": {"steps": 4}, "deletion": {"steps": 1}, "increase": {}, "sparseness": {}}


@pytest.fixture(scope="module")
def model():
    with slimcam.load(SHAPES) as model:
        yield model


@pytest.fixture(scope="module")
def cam(model):
    return slimcam.GradCAM(model)


def probabilities(model, images):
    """Return the softmax over classes by a plain session."""
    logits = model.session.run(model.logits, {model.input: images}).astype(np.float64)
    raised = np.exp(logits - logits.max(-1, keepdims=True))
    return raised / raised.sum(-1, keepdims=True)


def test_a_number_is_that_of_a_plain_session(model, cam):
    own = np.stack([model.session.run(model.input, one) for one in fed(model)])[:, 0]
    classes = probabilities(model, own).argmax(-1)
    grey = probabilities(model, np.zeros_like(own))  # of squash
    expected = (probabilities(model, own) + grey)[[0, 1], classes] / 2
    evaluation = slimcam.evaluate(cam, model, PHOTOS, {"deletion": {"steps": 1}})
    # one rounding of float32 for each of the net's 70 layers, and a probability's slope is below 1
    np.testing.assert_allclose(evaluation["gradcam", "deletion"], expected, atol=70 * 2**-20)


def fed(model):
    """Yield what feeds each photo, by the model's own input."""
    image_input = model.inputs[0]
    for photo in PHOTOS:
        yield image_input.feeds(as_batch(photo), [0])


def test_the_maps_order_beats_its_contrary_and_chance(model, cam):
    mean = {
        order: slimcam.evaluate(cam, model, PHOTOS, {"insertion": {"steps": 8, "order": order}}).mean[0, 0]
        for order in ("falling", "random", "rising")
    }
    assert mean["falling"] > mean["rising"] and mean["falling"] > mean["random"]


def test_maps_give_the_numbers_of_their_explainer_in_runs_of_any_size(model, cam):
    whole = slimcam.evaluate(cam, model, PHOTOS, FEW)
    maps = slimcam.evaluate(cam(PHOTOS), model, PHOTOS, FEW)
    small = slimcam.evaluate(cam, model, PHOTOS, FEW, memory=1)
    alone = slimcam.evaluate(cam, model, PHOTOS[1:], FEW)
    np.testing.assert_array_equal(maps.values, whole.values)
    np.testing.assert_allclose(small.values, whole.values, atol=70 * 2**-20)
    np.testing.assert_allclose(alone.values[..., 0], whole.values[..., 1], atol=70 * 2**-20)
    assert whole.photos == PHOTOS


def test_several_at_once_and_all_metrics(model, cam):
    few = {"mufidelity": {"samples": 4}, "sensitivity_n": {"samples": 4}, "infidelity": {"samples": 4}}
    noisy = {"max_sensitivity": {"samples": 2}, "average_stability": {"samples": 2}}
    metrics = {**FEW, **few, **noisy, "average_drop": {}, "road": {"steps": 2}, "pointing": {}, "sanity": {"steps": 2}}
    assert set(metrics) == set(slimcam.METRICS)
    cams = {"one": cam, "two": slimcam.Explainer(model, "gradient", target="star")}
    evaluation = slimcam.evaluate(cams, model, PHOTOS, metrics, truth=[[0, 0, 160, 160], np.zeros((160, 160))])
    before = len(model.graph.get_operations())
    assert evaluation.values.shape == (2, len(slimcam.METRICS), 2)
    assert evaluation["one", "pointing"].tolist()[0] == 1 and np.isnan(evaluation["one", "pointing"][1])
    assert np.isfinite(np.delete(evaluation.values, list(metrics).index("pointing"), 1)).all()
    again = slimcam.evaluate(cams, model, PHOTOS, metrics, truth=[[0, 0, 160, 160], np.zeros((160, 160))])
    np.testing.assert_array_equal(again.values, evaluation.values)
    assert len(model.graph.get_operations()) == before


def test_several_layers_are_judged_as_their_maps(model):
    cam = slimcam.Explainer(model, layer=["Mixed_4e", "Mixed_5c"])
    expected = slimcam.evaluate(cam(PHOTOS), model, PHOTOS, FEW)
    np.testing.assert_array_equal(slimcam.evaluate(cam, model, PHOTOS, FEW).values, expected.values)


def test_targets_of_a_call_and_scores_of_no_class(model, cam):
    star = slimcam.evaluate(cam, model, PHOTOS, FEW, target="star")
    flower = slimcam.evaluate(cam, model, PHOTOS, FEW, target=["flower", "star"])
    assert star["gradcam", "insertion"][0] != flower["gradcam", "insertion"][0]
    assert star["gradcam", "insertion"][1] == flower["gradcam", "insertion"][1]
    mean = slimcam.GradCAM(model, target=slimcam.Mean(model.logits))
    with pytest.raises(TargetError, match="its parameter score is 'softmax', and the target is no class: give 'logit'"):
        slimcam.evaluate(mean, model, PHOTOS, "deletion")
    logit = {"deletion": {"steps": 1, "score": "logit"}}
    own, grey = (model.session.run(model.logits, feeds).mean() for feeds in (next(fed(model)), grey_of(model)))
    got = slimcam.evaluate(mean, model, PHOTOS[:1], logit)["gradcam", "deletion"]
    np.testing.assert_allclose(got, [(own + grey) / 2], rtol=1e-4)


def grey_of(model):
    return {model.input: np.zeros((1, 160, 160, 3), np.float32)}


def test_mistakes_are_said_before_anything_is_run(model, cam, monkeypatch):
    monkeypatch.setattr(slimcam.GradCAM, "__call__", lambda *arguments: pytest.fail("ran"))
    top = slimcam.GradCAM(model, target=slimcam.Top(2))
    for error, message, arguments in [
        (ParameterError, "pointing needs where the objects are: truth=", (cam, model, PHOTOS, "pointing")),
        (ParameterError, "truth of 1 for 2 photos", (cam, model, PHOTOS, "pointing", None, [[0, 0, 1, 1]])),
        (ParameterError, "several of one method .gradcam.: give names", ([cam, cam], model, PHOTOS)),
        (ParameterError, "nothing to judge", ([], model, PHOTOS)),
        (ParameterError, "5 is nothing to judge", (5, model, PHOTOS)),
        (TargetError, "one map of each photo: give a class, not Top", (top, model, PHOTOS)),
    ]:
        with pytest.raises(error, match=message):
            slimcam.evaluate(*arguments)


def test_maps_alone_cannot_be_made_again_and_say_their_class(model, cam):
    maps = cam(PHOTOS)
    with pytest.raises(ParameterError, match="max_sensitivity makes maps of changed photos: give the Explainer"):
        slimcam.evaluate(maps, model, PHOTOS, "max_sensitivity")
    with pytest.raises(TargetError, match="2 maps for 1 photos"):
        slimcam.evaluate(maps, model, PHOTOS[:1], FEW)
    mean = slimcam.GradCAM(model, target=slimcam.Mean(model.logits))(PHOTOS)
    with pytest.raises(TargetError, match="these Maps explain no class: say what they explain, target="):
        slimcam.evaluate(mean, model, PHOTOS, "sparseness")


def test_the_command_line_prints_what_python_returns(run, model, cam):
    cams = [cam, slimcam.Explainer(model, "hirescam")]
    expected = slimcam.evaluate(cams, model, PHOTOS, FEW)
    words = [word for name in FEW for word in ("--metric", name)] + ["--set", "insertion.steps=4"]
    words += ["--set", "deletion.steps=1", "--method", "gradcam", "--method", "hirescam", "--json"]
    result = run("evaluate", *PHOTOS, "--model", SHAPES, *words)
    assert (result.status, result.stderr) == (0, "")
    document = json.loads(result.stdout)
    assert document["photos"] == PHOTOS and document["parameters"]["insertion"]["steps"] == 4
    assert [row["method"] for row in document["rows"][:2]] == ["gradcam", "hirescam"]
    for row in document["rows"]:
        np.testing.assert_allclose(row["values"], expected[row["method"], row["metric"]], atol=70 * 2**-20)
