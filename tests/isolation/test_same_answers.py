"""All of slimcam that takes a model gives the same for an isolated one: maps, pictures, numbers, warnings, files."""

import collections.abc
import contextlib
import dataclasses
import inspect
import json
import pickle
import sys

import cv2
import numpy as np
import pytest
import tensorflow.compat.v1 as tf1

import slimcam
from slimcam.cli.options import DEFAULTS, load_options_of_both
from slimcam.errors import ParameterError
from slimcam.isolation.answers import as_answer, read

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux")

SIDE = 8
PHOTOS = [np.random.RandomState(i).randint(0, 256, (20 + i, 30, 3)).astype(np.uint8) for i in range(2)]
X = np.random.RandomState(3).uniform(-1, 1, (2, SIDE, SIDE, 3)).astype(np.float32)
LOAD = {"preprocess": "inception", "labels": list("vwxyz")}


def write(path, sides, factor=1.0):
    """Write a net of one or two images of a side: two convolutions of shared weights, and five logits."""
    random = np.random.RandomState(0)
    kernels = [tf1_kernel * factor for tf1_kernel in (random.randn(3, 3, 3, 4), random.randn(3, 3, 4, 5))]
    with tf1.Graph().as_default() as graph:
        ends = []
        for i, side in enumerate(sides):
            x = tf1.placeholder(tf1.float32, [None, side, side, 3], name="xy"[i])
            for name, kernel in zip("ab", kernels):
                x = tf1.nn.conv2d(x, tf1.constant(kernel, tf1.float32), 1, "SAME")
                x = tf1.nn.relu(x, name=f"{name}{i}")
            ends.append(tf1.reduce_mean(x, [1, 2]))
        tf1.identity(ends[0] if len(ends) == 1 else ends[0] * ends[1], name="logits")
    path.write_bytes(graph.as_graph_def().SerializeToString())
    return str(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("same")
    for name, sides, factor in (("one", [SIDE], 1), ("other", [SIDE], 1.01), ("pair", [SIDE, SIDE + 2], 1)):
        (folder / name).mkdir()
        write(folder / name / "model.pb", sides, factor)
    (folder / "photos").mkdir()
    for i, photo in enumerate(PHOTOS):
        cv2.imwrite(str(folder / "photos" / f"{i}.png"), photo[..., ::-1])
    return folder


def both_of(folder, name, **options):
    path = str(folder / name / "model.pb")
    with slimcam.load(path, **options) as here, slimcam.load(path, isolated=True, timeout=60.0, **options) as there:
        yield here, there


@pytest.fixture(scope="module")
def both(folder):
    yield from both_of(folder, "one", **LOAD)


@pytest.fixture(scope="module")
def pairs(folder):
    yield from both_of(folder, "pair", input=["x", "y"], logits="logits")


def assert_same(mine, theirs):
    """Assert that two values are equal, arrays and what is in dataclasses too."""
    assert type(mine) is type(theirs) or {type(mine), type(theirs)} == {int, float}
    if dataclasses.is_dataclass(mine):
        for one in dataclasses.fields(mine):
            if one.name not in ("model", "tensors"):
                assert_same(getattr(mine, one.name), getattr(theirs, one.name))
    elif isinstance(mine, dict):
        assert list(mine) == list(theirs)
        assert_same(list(mine.values()), list(theirs.values()))
    elif isinstance(mine, collections.abc.Sequence) and not isinstance(mine, str):
        assert len(mine) == len(theirs)
        for one, other in zip(mine, theirs):
            assert_same(one, other)
    elif isinstance(mine, np.ndarray):
        assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(mine, theirs)
    else:
        assert mine == theirs or mine != mine, (mine, theirs)


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


CALLS = {
    "GradCAM": lambda model, folder: [slimcam.GradCAM(model, "a0", slimcam.Top(2))(PHOTOS), slimcam.GradCAM(model)(X)],
    "Explainer": lambda model, folder: [
        slimcam.Explainer(model, "gradcampp", "a0", slimcam.Top(2), dialect="xplique")(PHOTOS),
        slimcam.Explainer(model, "scorecam", "b0", target="w")(PHOTOS),
        slimcam.Explainer(model, "integrated_gradients", steps=3, seed=1)(X),
        slimcam.Explainer(model, "integrated_gradients", steps=3, baseline=str(folder / "photos" / "0.png"))(X),
        slimcam.Explainer(model, "expected_gradients", samples=3, baselines=str(folder / "photos"))(PHOTOS),
        slimcam.Explainer(model, "fullgrad", target=slimcam.Top(2))(PHOTOS),
        slimcam.Explainer(model, "hsic", samples=8, cells=2, design=np.eye(8, 4), target=1)(X),
    ],
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
ELSEWHERE = {"ExplainPair", "explain_pair", "compare_layers", "detections"}  # in tests of their own below
REFUSED = {"evaluate"}  # which runs a model in this process alone
NO_MODEL = {"Model", "load", "compare", "Activations", "Comparison"}  # the last three are of maps and arrays


def test_each_public_function_of_a_model_is_tried_on_an_isolated_one():
    of_models = set()
    for name in slimcam.__all__:
        value = getattr(slimcam, name)
        if callable(value) and not (isinstance(value, type) and issubclass(value, Exception)):
            of_models |= {name} if {"model", "a", "b"} & set(inspect.signature(value).parameters) else set()
    assert of_models - NO_MODEL == {*CALLS, *ELSEWHERE, *REFUSED}


def test_what_is_refused_says_so(both):
    with pytest.raises(ParameterError, match="evaluate runs the model in this process: load it without isolated=True"):
        slimcam.evaluate(slimcam.GradCAM(both[1]), both[1], PHOTOS, "sparseness")


@pytest.mark.parametrize("name", list(CALLS))
def test_it_gives_the_same(both, folder, name):
    if name == "style_transfer":
        pytest.importorskip("scipy")
    here, there = both
    assert_same(CALLS[name](here, folder), CALLS[name](there, folder))


def test_the_maps_of_a_pair_are_the_same_and_it_pickles(pairs):
    here, there = pairs
    for options in ({}, {"layer": ["a0", "a1"], "target": slimcam.Mean("logits")}):
        mine, theirs = (slimcam.ExplainPair(model, **options) for model in pairs)
        assert (mine.layers, [one.tensor.name for one in theirs.inputs]) == (theirs.layers, ["x:0", "y:0"])
        maps = mine(PHOTOS_OF_X, X_OF_Y)
        for own, other in zip(maps, theirs(PHOTOS_OF_X, X_OF_Y)):
            assert_same(own.raw, other.raw)
            assert_same(own.scores, other.scores)
            assert (own.layer, own.windows, own.fed) == (other.layer, other.windows, other.fed)
        np.testing.assert_array_equal(maps.overlay(1), theirs(PHOTOS_OF_X, X_OF_Y).overlay(1))
    again = pickle.loads(pickle.dumps(mine))
    assert again.layers == mine.layers
    for own, other in zip(maps, again(PHOTOS_OF_X, X_OF_Y)):
        assert_same(own.raw, other.raw)
    with pytest.raises(slimcam.PhotoError, match="the score takes 2 photos"):
        theirs(X)
    assert_same(
        slimcam.explain_pair(here, PHOTOS_OF_X, X_OF_Y).maps[1].raw,
        slimcam.explain_pair(there, PHOTOS_OF_X, X_OF_Y).maps[1].raw,
    )


PHOTOS_OF_X = X
X_OF_Y = np.random.RandomState(4).uniform(-1, 1, (2, SIDE + 2, SIDE + 2, 3)).astype(np.float32)


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


@pytest.mark.parametrize(
    "kind, answer",
    [(int, "1"), (int, True), (str, 1), (bool, 1), (float, "1"), (np.ndarray, [1]), (bytes, "x"), (slimcam.Maps, {})],
)
def test_what_is_of_another_type_than_declared_is_no_answer(kind, answer):
    with pytest.raises((TypeError, ValueError, KeyError, AttributeError)):
        read(kind, answer)


def run_json(run, *words):
    result = run(*words)
    assert result.status in (0, 1), result.stderr
    return json.loads(result.stdout)


@pytest.mark.slow
def test_the_command_line_does_all_of_it_isolated(run, folder, tmp_path):
    path, other, pair = (str(folder / name / "model.pb") for name in ("one", "other", "pair"))
    photo = str(folder / "photos" / "0.png")
    model = ["--preprocess", "inception", "--model", path]
    how = ["--input", "x,y", "--logits", "logits", "--preprocess", "inception", "--model", pair]
    for number, words in enumerate(
        (
            ["compare", path, other, photo, "--preprocess", "inception", "--layers", "--json"],
            ["activations", photo, *model, "--layer", "b0", "--json"],
            ["filters", *model, "--layer", "b0", "--channels", "0-1", "--steps", "2", "--json"],
            ["vet", path, "--json"],
        )
    ):
        each = []
        for name, more in (("here", []), ("there", ["--isolated"])):
            out = [] if words[0] in ("compare", "vet") else ["--out", str(tmp_path / f"{name}-{number}")]
            each.append(json.dumps(run_json(run, *words, *out, *more)).replace(f"{name}-{number}", "-"))
        assert each[0] == each[1], words[0]
    printed = [
        run("pair", photo, photo, *how, "--out", str(tmp_path / name), *more)
        for name, more in (("pair-a", []), ("pair-b", ["--isolated"]))
    ]
    assert printed[0].status == 0, printed[0].stderr
    assert printed[0].stdout.replace("pair-a", "") == printed[1].stdout.replace("pair-b", "")
    golden = str(tmp_path / "golden")
    assert run("record", photo, *model, "--layer", "b0", "--out", golden).status == 0
    assert run("verify", golden, photo, *model, "--isolated").status == 0


def test_the_command_line_looks_at_no_isolated_file_here(monkeypatch):
    """What two models share is asked of their processes, or needs no look."""
    asked = []

    class There:
        def call(self, name, path, net, names):
            asked.append((name, path, net))
            return dict.fromkeys(names, path == "b")

    @contextlib.contextmanager
    def started(models):
        assert [options["isolated"] for _, options in models] == [True]
        yield There()

    monkeypatch.setattr("slimcam.isolation.model.started", started)
    monkeypatch.setattr("slimcam.sources.loading.source_of", lambda *given: pytest.fail("looked at here"))
    given = {**DEFAULTS, **{f"b_{name}": value for name, value in DEFAULTS.items()}, "isolated": True, "memory": 2.0}
    of_a, of_b = load_options_of_both("a", "b", given)
    assert (asked, of_b["isolated"], of_b["memory"]) == ([], True, 2.0)
    of_a, of_b = load_options_of_both("a", "b", {**given, "net": "vgg_16"})
    assert (asked, of_a["net"], of_b["net"]) == ([("takes", "a", "vgg_16"), ("takes", "b", "vgg_16")], None, "vgg_16")


def test_types_come_back_as_they_were():
    value = slimcam.divergence.LayerComparison(
        [], [], [], 0.5, skipped_a=[slimcam.divergence.Alone("a", "conv")], skipped_b=[]
    )
    assert read(slimcam.divergence.LayerComparison, as_answer(value)) == value
