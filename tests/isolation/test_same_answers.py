"""All of slimcam that takes a model gives the same for an isolated one: maps, pictures, numbers, warnings, files."""

import inspect
import sys

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.isolated_nets import LOAD, PHOTOS, SIDE, X, assert_same, both_of

import slimcam

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux")


@pytest.fixture(scope="module")
def both(folder):
    with both_of(folder, "one", **LOAD) as both:
        yield both


def of_activations(model, folder):
    some = slimcam.activations(model, PHOTOS, ["a0", "b0"])
    spots = some.strongest(str(folder / "photos"), "b0", 1, k=3, per_photo=2)
    return some, some.pages(model.tensor("a0"), 1), some.top("b0"), slimcam.activations(model, X), spots


def of_record(model, folder):
    out = str(folder / f"golden-{isinstance(model.source, str)}")
    slimcam.record(model, PHOTOS, out, ["a0", "b0"], target=slimcam.Top(2), overwrite=True)
    with np.load(f"{out}/golden.npz") as arrays:
        kept = {name: arrays[name] for name in arrays.files}
    report = slimcam.verify(out, model, PHOTOS)
    assert report.passed
    return (
        kept,
        report.rows,
        slimcam.verify(out, model).header(),
        slimcam.verify(out, model, tolerances={"maps": 0}).rows,
    )


def of_filters(model, folder):
    done = []
    made = slimcam.filters(
        model, "b0", range(3), steps=4, thresholds=[1], together=2, progress=lambda *at: done.append(at)
    )
    state = folder / "state.npz"
    kept = slimcam.filters(model, target=slimcam.Class(1) + slimcam.Mean("a0"), steps=2, recipe="lucid", state=state)
    again = slimcam.filters(model, target=slimcam.Class(1) + slimcam.Mean("a0"), steps=2, recipe="lucid", state=state)
    assert state.exists()
    state.unlink()
    return made, kept, again, done


def of_dream(model, folder):
    done = []
    dream = slimcam.deep_dream(
        model, PHOTOS[0], {"a0": 1.0, "b0": 0.5}, 2, iterations=2, progress=lambda *at: done.append(at)
    )
    return dream, done


def of_evaluate(model, folder):
    rows = []
    few = {"samples": 2}
    metrics = {name: few if "samples" in row.parameters else {} for name, row in slimcam.METRICS.items()}
    cam = slimcam.GradCAM(model, "a0")
    cams = {"one": cam, "two": slimcam.Explainer(model, "scorecam", "b0", target="w")}
    several = {"layers": slimcam.Explainer(model, layer=["a0", "b0"]), "smooth": slimcam.smooth(cam, samples=2)}
    of_maps = {
        name: metrics[name] for name in slimcam.METRICS if slimcam.METRICS[name].needs in ("map", "scores", "truth")
    }
    given = {"truth": [[0, 0, 9, 9], np.eye(21, 30) > 0], "progress": rows.append}
    whole = slimcam.evaluate(cams, model, PHOTOS, metrics, seed=3, **given)
    return (
        *(whole.values, whole.curves["sanity"], whole.sheet()),
        slimcam.evaluate([cam(PHOTOS), cams["two"]], model, PHOTOS, of_maps, target=["v", 2], **given).json(),
        slimcam.evaluate(slimcam.GradCAM(model, "a0", slimcam.Mean("b0")), model, X, "sensitivity_n", memory=1).csv(),
        slimcam.evaluate(several, model, PHOTOS, ["deletion", "max_sensitivity"], **given).values,
        slimcam.evaluate(cam(X), model, X, "infidelity", target=slimcam.Class(1) - slimcam.Class("x")).table(),
        rows,
    )


CALLS = {
    "GradCAM": lambda model, folder: [slimcam.GradCAM(model, "a0", slimcam.Top(2))(PHOTOS), slimcam.GradCAM(model)(X)],
    "Explainer": lambda model, folder: [
        slimcam.Explainer(model, "gradcampp", "a0", slimcam.Top(2), dialect="xplique")(PHOTOS),
        slimcam.Explainer(model, "scorecam", "b0", target="w")(PHOTOS),
        slimcam.Explainer(model, "integrated_gradients", steps=3, seed=1)(X),
        slimcam.Explainer(model, "integrated_gradients", steps=3, baseline=str(folder / "photos" / "0.png"))(X),
        slimcam.Explainer(model, "expected_gradients", samples=3, baselines=str(folder / "photos"))(PHOTOS),
        slimcam.Explainer(model, "fullgrad", target=slimcam.Top(2))(PHOTOS),
        slimcam.smooth(slimcam.augment(slimcam.GradCAM(model, "a0"), each="unit"), 2)(PHOTOS),
        slimcam.augment(slimcam.Explainer(model, "gradient", target=slimcam.Top(2)))(X),
        slimcam.Explainer(model, "gradcampp", ["a0", "b0"], target="w")(PHOTOS),
        slimcam.Explainer(model, "hsic", samples=8, cells=2, design=np.eye(8, 4), target=1)(X),
    ],
    "evaluate": of_evaluate,
    "explain": lambda model, folder: slimcam.explain(model, PHOTOS, target="w", hold={"a0": "zeros"}),
    "activations": of_activations,
    "record": of_record,
    "verify": of_record,
    "filters": of_filters,
    "deep_dream": of_dream,
    "style_transfer": lambda model, folder: slimcam.style_transfer(
        model, PHOTOS[0], PHOTOS[1], "a0", ["a0", "b0"], iterations=2, height=16
    ),
}
ELSEWHERE = {
    "ExplainPair",
    "explain_pair",
    "compare_layers",
    "detections",
}  # in tests of their own, some of test_isolated_pairs.py
NO_MODEL = {"Model", "load", "compare", "Activations", "Comparison"}  # the last three are of maps and arrays


def test_each_public_function_of_a_model_is_tried_on_an_isolated_one():
    of_models = set()
    for name in slimcam.__all__:
        value = getattr(slimcam, name)
        if callable(value) and not (isinstance(value, type) and issubclass(value, Exception)):
            of_models |= {name} if {"model", "a", "b"} & set(inspect.signature(value).parameters) else set()
    assert of_models - NO_MODEL == {*CALLS, *ELSEWHERE}


@pytest.mark.parametrize("name", list(CALLS))
def test_it_gives_the_same(both, folder, name):
    if name == "style_transfer":
        pytest.importorskip("scipy")
    here, there = both
    assert_same(CALLS[name](here, folder), CALLS[name](there, folder))


def test_layers_of_two_models_are_compared_in_one_process(both, folder):
    here, there = both
    with slimcam.load(str(folder / "other" / "model.pb"), **LOAD) as other:
        expected = slimcam.compare_layers(here, other, PHOTOS, target="w")
        seen = slimcam.compare_layers(there, other, PHOTOS, target="w")
    assert expected.first is not None
    assert_same(expected, seen)
    assert seen.table() == expected.table()  # which marks the first
    assert seen.verdict() == expected.verdict()


def test_a_live_model_cannot_be_compared_with_an_isolated_one_by_layers(both, folder):
    with tf1.Graph().as_default() as graph:
        tf1.import_graph_def(tf1.GraphDef.FromString((folder / "one" / "model.pb").read_bytes()), name="")
    refused = pytest.raises(slimcam.ModelError, match="came from a live object, which the process of an isolated")
    with tf1.Session(graph=graph) as session, slimcam.load(session, logits="logits") as live, refused:
        slimcam.compare_layers(both[1], live, X)


def test_errors_of_functions_that_run_there_are_the_same(both):
    for use in (
        lambda model: slimcam.filters(model, "c9"),
        lambda model: slimcam.filters(model, "a0", [7]),
        lambda model: slimcam.filters(model, "a0", target=1),
        lambda model: slimcam.activations(model, X[:, :3]),
        lambda model: slimcam.activations(model, X, "logits"),
        lambda model: slimcam.deep_dream(model, PHOTOS[0], {}),
        lambda model: slimcam.detections(model, PHOTOS[0]),
        lambda model: slimcam.ExplainPair(model),
        lambda model: slimcam.verify("nowhere", model),
        lambda model: slimcam.evaluate(slimcam.GradCAM(model, target=slimcam.Top(2)), model, X),
        lambda model: slimcam.evaluate(slimcam.GradCAM(model), model, X, "deletion", target="nobody"),
    ):
        texts = []
        for model in both:
            with pytest.raises(slimcam.SlimcamError) as raised:
                use(model)
            texts.append((raised.type, str(raised.value)))
        assert texts[0] == texts[1]


def test_what_is_refused_there_is_named_by_findings_here(both, folder):
    path = folder / "one" / "harmful.pb"
    with tf1.Graph().as_default() as graph:
        x = tf1.placeholder(tf1.float32, [None, SIDE, SIDE, 3], name="x")
        size = tf1.strings.length(tf1.read_file("/nowhere", name="evil"))
        tf1.add(tf1.reduce_mean(x, [1, 2]), tf1.cast(size, tf1.float32), name="logits")
    path.write_bytes(graph.as_graph_def().SerializeToString())
    with pytest.raises(slimcam.UntrustedModel) as there:
        both[1].child.call("load", str(path), {"logits": "logits"})
    with pytest.raises(slimcam.UntrustedModel) as here:
        slimcam.load(str(path), logits="logits")
    assert [(one.where, one.what, one.allow) for one in here.value.findings] == [("evil", "ReadFile", "ReadFile")]
    assert (list(there.value.findings), str(there.value)) == (list(here.value.findings), str(here.value))


def test_a_function_of_the_caller_may_end_a_run_which_goes_on_later(both, folder):
    there, state = both[1], folder / "stopped.npz"
    how = {"channels": range(2), "steps": 3, "together": 1, "state": state}

    def stop(done, steps):
        if done == 4:
            raise KeyError("enough")

    whole = slimcam.filters(there, "b0", **{**how, "state": None})
    with pytest.raises(KeyError, match="enough"):
        slimcam.filters(there, "b0", progress=stop, **how)
    rest = []
    assert_same(whole, slimcam.filters(there, "b0", progress=lambda *at: rest.append(at), **how))
    assert rest == [(5, 6), (6, 6)]
    state.unlink()


def test_warnings_come_from_there(both):
    for model in both:
        cam = slimcam.GradCAM(model, "a0", 1)
        bad = X.copy()
        bad[1, 0, 0, 0] = np.nan
        with pytest.warns(slimcam.errors.NotFinite, match="1 of 2 maps cannot be trusted"):
            assert cam(bad).finite.tolist() == [True, False]
