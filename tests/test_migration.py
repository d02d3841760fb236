"""record() and verify(): what a recording holds, what passes, what fails, and what cannot be verified at all."""

import hashlib
import json
import os
import re

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from keras_nets import KERASES, quiet, skip_unless_convolved, sow

import slimcam
from slimcam import golden
from slimcam._tf import TF_VERSION, keras_version, tf
from slimcam.errors import GoldenError, LayerError, ModelError, PhotoError, TargetError, UnknownName
from slimcam.migration import TOLERANCES, measures, report

SHAPES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "checkpoints", "shapes")
SIDE, CHANNELS, CLASSES = 8, 6, 7
X = np.random.RandomState(5).uniform(-1, 1, (3, SIDE, SIDE, 3)).astype(np.float32)
QUANTITIES = ["logits", "top classes", "scores", "activations", "gradients", "maps"]


def weights(seed, *shape):
    return np.random.RandomState(seed).normal(size=shape).astype(np.float32)


def net(layer="maps", kernel=2, classes=CLASSES, side=SIDE, channels=CHANNELS, dtype=tf1.float32, fed=None, after=None):
    """Two convolutions, mean, dense; `fed` is the input's dtype, `after` what is done to the logits."""
    images = tf1.placeholder(fed or dtype, [None, side, side, 3], name="input")
    constant = lambda *of: tf1.constant(weights(*of), dtype)  # noqa: E731
    x = tf1.cast(images, dtype) if fed else images
    first = tf1.nn.relu(tf1.nn.conv2d(x, constant(1, 3, 3, 3, 6), [1, 2, 2, 1], "SAME"), name="first")
    maps = tf1.nn.conv2d(first, constant(kernel, 3, 3, 6, channels), [1, 1, 1, 1], "SAME")
    maps = tf1.nn.relu(maps, name=layer)
    means = tf1.reduce_mean(tf1.cast(maps, tf1.float32), [1, 2])
    logits = tf1.matmul(means, weights(3, channels, classes), name="logits")
    return after(logits) if after else logits


def truth(build, layer, fed=X, classes=None):
    """Return logits, activations and the gradients of a logit, the best if not said, by a plain session."""
    with tf1.Graph().as_default() as graph, tf1.Session() as session:
        build()
        logits, maps = (graph.get_tensor_by_name(f"{name}:0") for name in ("logits", layer))
        got = session.run(logits, {"input:0": fed})
        classes = got.argmax(-1) if classes is None else classes
        score = tf1.reduce_sum(logits * np.eye(got.shape[1], dtype=np.float32)[classes])
        return (got, *session.run([maps, tf1.gradients(score, maps)[0]], {"input:0": fed}))


@pytest.fixture
def old(frozen):
    return frozen(net, "old.pb")


@pytest.fixture
def recorded(old, tmp_path):
    return slimcam.record(old, X, tmp_path / "golden", layers=["maps", "first"])


@pytest.fixture
def photos(make_photo):
    """Return the paths of two photos of different sizes."""
    return [make_photo("one.png"), make_photo("two.png", 20, 10, seed=1)]


def verified(frozen, recorded, build, *arguments, **options):
    """Verify a graph that `build` makes."""
    return slimcam.verify(recorded, frozen(build, "new.pb"), *arguments, **options)


def failures(verification):
    return [(row.quantity, row.layer) for row in verification.rows if not row.passed]


# --- what a recording holds


def test_it_holds_what_a_plain_session_gives(recorded):
    held = golden.read(recorded)
    logits, activations, gradients = truth(net, "maps")
    np.testing.assert_array_equal(held.inputs, X)
    np.testing.assert_allclose(held.logits, logits, rtol=1e-5)
    np.testing.assert_array_equal(held.top_classes, np.argsort(-logits, -1)[:, :5])
    maps = held.layers[0]
    assert (maps.name, maps.shape, maps.dtype) == ("maps", (3, SIDE // 2, SIDE // 2, CHANNELS), "float32")
    np.testing.assert_array_equal(maps.classes, logits.argmax(-1))
    np.testing.assert_allclose(maps.scores, logits.max(-1), rtol=1e-5)
    np.testing.assert_allclose(maps.gradients, gradients, rtol=1e-5)
    by_hand = np.einsum("nhwc,nc->nhw", activations, gradients.mean((1, 2)))
    np.testing.assert_allclose(maps.maps, by_hand, rtol=1e-4, atol=1e-6)
    every = activations.astype(np.float64).reshape(-1, CHANNELS)
    for name, values in (("mean", every.mean(0)), ("deviation", every.std(0)), ("largest", every.max(0))):
        np.testing.assert_allclose(getattr(maps, name), values, rtol=1e-4)
    np.testing.assert_array_equal(maps.smallest, every.min(0))
    np.testing.assert_array_equal(maps.places, np.arange(activations.size))
    np.testing.assert_allclose(maps.sample, activations.reshape(-1), rtol=1e-5)
    assert held.layers[1].name == "first"
    assert held.target is None
    assert (held.dialect, held.method, held.engine) == ("paper", "gradcam", "graph")


def test_it_holds_where_it_came_from(recorded, old):
    held = golden.read(recorded)
    with open(old, "rb") as file:
        assert held.model["sha256"] == hashlib.sha256(file.read()).hexdigest()
    assert held.model["source"] == old
    assert (held.model["input"], held.model["logits"], held.model["dtype"]) == ("input:0", "logits:0", "float32")
    assert held.model["classes"] == CLASSES
    assert held.model["preprocess"] is None
    assert held.model["labels"] is None
    assert held.model["why"]
    assert held.made_by["tensorflow"] == tf.__version__
    assert held.made_by["numpy"] == np.__version__
    assert held.photos[1] == {"name": "photo 1", "sha256": hashlib.sha256(X[1].tobytes()).hexdigest(), "size": [8, 8]}


def test_of_photos_it_holds_their_files_sha256_and_how_they_were_prepared(old, photos, tmp_path):
    labels = [f"class {i}" for i in range(CLASSES)]
    out = slimcam.record(old, photos, tmp_path / "golden", "maps", preprocess="unit", labels=labels)
    held = golden.read(out)
    for path, told, size in zip(photos, held.photos, ([12, 16], [20, 10])):
        with open(path, "rb") as file:
            assert told == {"name": path, "sha256": hashlib.sha256(file.read()).hexdigest(), "size": size}
    assert held.model["preprocess"] == "unit"
    assert held.model["labels"] == hashlib.sha256("\n".join(labels).encode()).hexdigest()
    assert held.inputs.shape == (2, SIDE, SIDE, 3)
    assert 0 <= held.inputs.min() < held.inputs.max() <= 1


@pytest.mark.parametrize("kind", ["one path", "one photo", "a batch", "a tuple", "a generator"])
def test_photos_are_given_as_to_a_gradcam(old, photos, photo, tmp_path, kind):
    given = {
        "one path": photos[0],
        "one photo": photo(9, 9),
        "a batch": np.stack([photo(9, 9), photo(9, 9, 1)]),
        "a tuple": tuple(photos),
        "a generator": (path for path in photos),
    }[kind]
    held = golden.read(slimcam.record(old, given, tmp_path / "golden", "maps", preprocess="unit"))
    assert len(held.photos) == len(held.inputs) == (1 if kind.startswith("one") else 2)


def test_of_a_model_of_several_files_it_holds_the_sha256_of_their_sums(tmp_path):
    with tf1.Graph().as_default(), tf1.Session() as session:
        images = tf1.placeholder(tf1.float32, [None, SIDE, SIDE, 3], name="input")
        kernel = tf1.get_variable("kernel", initializer=weights(1, 3, 3, 3, CLASSES), use_resource=False)
        maps = tf1.nn.relu(tf1.nn.conv2d(images, kernel, [1, 1, 1, 1], "SAME"), name="maps")
        tf1.reduce_mean(maps, [1, 2], name="logits")
        session.run(tf1.global_variables_initializer())
        tf1.train.Saver([kernel]).save(session, str(tmp_path / "model"))
    lines = ""
    for name in ("model.data-00000-of-00001", "model.index", "model.meta"):
        lines += f"{hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()}  {name}\n"
    held = golden.read(slimcam.record(tmp_path / "model.meta", X, tmp_path / "golden", "maps"))
    assert held.model["sha256"] == hashlib.sha256(lines.encode()).hexdigest()


def test_of_a_live_object_it_holds_no_sha256(tmp_path):
    with tf1.Graph().as_default(), tf1.Session() as session:
        net()
        held = golden.read(slimcam.record(session, X, tmp_path / "golden", "maps"))
    assert held.model["sha256"] is None


def test_of_a_large_layer_it_holds_a_sample(frozen, tmp_path):
    out = slimcam.record(frozen(lambda: net(side=64)), np.ones((1, 64, 64, 3), np.float32), tmp_path / "golden", "maps")
    maps = golden.read(out).layers[0]
    activations = truth(lambda: net(side=64), "maps", np.ones((1, 64, 64, 3), np.float32))[1]
    assert 3000 < len(maps.places) <= 4096 < activations.size
    np.testing.assert_allclose(maps.sample, activations.reshape(-1)[maps.places], rtol=1e-4, atol=1e-6)


def test_left_out_the_layer_is_the_models_own(old, tmp_path):
    with slimcam.load(old) as model:
        held = golden.read(slimcam.record(model, X, tmp_path / "golden"))
        assert [layer.name for layer in held.layers] == [slimcam.GradCAM(model).layer]
        model.session.run(model.logits, {model.input: X})  # a model that was given is left open


def test_a_model_that_is_loaded_takes_no_options(old, tmp_path):
    with slimcam.load(old) as model, pytest.raises(
        ModelError, match=r"is loaded: give preprocess, size to slimcam\.load"
    ):
        slimcam.record(model, X, tmp_path / "golden", preprocess="unit", size=8)


def test_a_folder_of_something_else_is_refused_before_anything_is_loaded(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(GoldenError, match="neither empty nor a recording"):
        slimcam.record(tmp_path / "no.pb", X, tmp_path)


def test_dialect_and_method_are_kept(old, tmp_path):
    out = slimcam.record(old, X, tmp_path / "golden", "maps", 1, dialect="hiveml", method="gated")
    held = golden.read(out)
    assert (held.dialect, held.method) == ("hiveml", "gated")
    with slimcam.load(old) as model:
        maps = slimcam.explain(model, X, "maps", 1, dialect="hiveml", method="gated")
    np.testing.assert_array_equal(held.layers[0].maps, maps.raw)
    assert slimcam.verify(out, old).passed


# --- what passes, and what fails


def test_the_same_model_passes(recorded, old):
    found = slimcam.verify(recorded, old)
    assert found.passed
    wanted = [(name, "") for name in QUANTITIES[:3]]
    wanted += [(name, layer) for layer in ("maps", "first") for name in QUANTITIES[3:]]
    assert [(row.quantity, row.layer) for row in found.rows] == wanted
    assert max(row.relative for row in found.rows) < 1e-6


def test_a_recording_that_was_read_is_as_good_as_its_folder(recorded, old):
    assert slimcam.verify(golden.read(recorded), old).passed


def test_other_weights_fail(frozen, recorded):
    found = verified(frozen, recorded, lambda: net(kernel=9))
    assert not found.passed
    # the layer before the change has its activations, but other gradients
    assert failures(found) == [
        *[(name, "") for name in ("logits", "top classes", "scores")],
        *[(name, "maps") for name in ("activations", "maps")],
        *[(name, "first") for name in ("gradients", "maps")],
    ]
    assert re.search(r"FAILED: logits, top classes, scores, activations of maps,", found.verdict())


@pytest.mark.parametrize("share, passes", [(0.9e-5, True), (1.1e-5, False)])
def test_the_tolerance_is_a_share_of_the_largest_value(frozen, recorded, share, passes):
    largest = np.abs(truth(net, "maps")[0]).max()
    found = verified(
        frozen, recorded, lambda: net(after=lambda x: tf1.add(x, largest * share, "moved")), logits="moved"
    )
    row = found.rows[0]
    assert row.quantity == "logits"
    assert row.passed == passes
    assert row.relative == pytest.approx(share, rel=0.05)
    assert row.difference == pytest.approx(share * largest, rel=0.05)


def test_tolerances_can_be_said_and_are_printed(frozen, recorded):
    build = lambda: net(after=lambda x: tf1.multiply(x, 1 + 1e-3, "moved"))  # noqa: E731
    assert failures(verified(frozen, recorded, build, logits="moved"))
    wide = {"logits": 2e-3, "scores": 2e-3, "gradients": 2e-3, "maps": 2e-3}
    found = verified(frozen, recorded, build, tolerances=wide, logits="moved")
    assert found.passed
    assert re.search(r"logits .* 0\.002 +ok", found.table())
    assert re.search(r"activations +maps .* 2e-05 +ok", found.table())


def test_a_quantity_without_tolerance(recorded, old):
    with pytest.raises(
        UnknownName, match=r"no quantity 'logit' has a tolerance \(there are input, logits.*near: 'logits'"
    ):
        slimcam.verify(recorded, old, tolerances={"logit": 1})


def test_every_quantity_has_a_tolerance_and_top_classes_the_logits(recorded, old, photos):
    assert set(TOLERANCES) == {"input", "logits", "scores", "activations", "gradients", "maps"}
    rows = slimcam.verify(recorded, old, tolerances={"logits": 3.0}).rows
    assert {row.quantity: row.tolerance for row in rows[:2]} == {"logits": 3.0, "top classes": 6.0}


def test_a_layer_of_another_name(frozen, recorded):
    with pytest.raises(
        UnknownName, match=r"lacks the recorded layer 'maps' .*layers=\{'maps': NAME\}, or --layer maps=NAME"
    ):
        verified(frozen, recorded, lambda: net("features"))
    with pytest.raises(UnknownName, match=r"lacks the recorded layer 'maps' .*'feature'.*near: 'features'"):
        verified(frozen, recorded, lambda: net("features"), layers={"maps": "feature"})
    found = verified(frozen, recorded, lambda: net("features"), layers={"maps": "features"})
    assert found.passed
    assert found.rows[3].layer == "maps = features"


def test_a_name_that_was_not_recorded(recorded, old):
    with pytest.raises(UnknownName, match=r"'map' was not recorded \(there are maps, first\); near: 'maps'"):
        slimcam.verify(recorded, old, layers={"map": "first"})


def test_a_layer_of_another_shape(frozen, recorded):
    with pytest.raises(GoldenError, match=r"layer 'maps' is \[3, 4, 4, 6\].*'maps' \[3, 4, 4, 5\].*--layer maps=NAME"):
        verified(frozen, recorded, lambda: net(channels=5))


def test_another_number_of_classes(frozen, recorded):
    with pytest.raises(
        GoldenError, match=r"has 7 classes, and the logits 'logits:0' have 4: verify a model of the same"
    ):
        verified(frozen, recorded, lambda: net(classes=4))


@pytest.mark.parametrize("classes, which", [(CLASSES + 1, "model"), (CLASSES - 1, "recording")])
def test_a_background_class_is_named(frozen, recorded, classes, which):
    with pytest.raises(GoldenError, match=f"the {which} seems to count a background class"):
        verified(frozen, recorded, lambda: net(classes=classes))


def test_another_size_of_images(frozen, recorded):
    with pytest.raises(
        GoldenError, match=r"feeds \[3, 8, 8, 3\], and 'input:0' takes .*10, 10, 3.*same size of images"
    ):
        verified(frozen, recorded, lambda: net(side=10))


@pytest.mark.parametrize("kind", ["uint8", "float16", "float64"])
def test_an_input_of_another_dtype(frozen, recorded, kind):
    with pytest.raises(
        GoldenError, match=f"feeds float32, and 'input:0' takes {kind}: name a tensor that takes float32"
    ):
        verified(frozen, recorded, lambda: net(fed=getattr(tf1, kind)))


# --- photos


@pytest.fixture
def of_photos(old, photos, tmp_path):
    return slimcam.record(old, photos, tmp_path / "golden", "maps", preprocess="squash")


def test_photos_that_were_recorded_are_prepared_as_they_were(of_photos, old, photos):
    found = slimcam.verify(of_photos, old, photos, preprocess="squash")
    assert found.passed
    assert [row.quantity for row in found.rows] == ["input", *QUANTITIES]


def test_another_preparation_fails_and_nothing_else_does(of_photos, old, photos):
    found = slimcam.verify(of_photos, old, photos, preprocess="unit")
    assert failures(found) == [("input", "")]
    assert found.rows[0].relative > 0.4


def test_other_photos(of_photos, old, photos, make_photo):
    other = make_photo("other.png", seed=3)
    with pytest.raises(
        GoldenError, match=r"other\.png: not the photo that was recorded as .*two\.png .its sha256 differs"
    ):
        slimcam.verify(of_photos, old, [photos[0], other], preprocess="squash")
    with pytest.raises(GoldenError, match=r"two\.png: not the photo that was recorded as .*one\.png"):
        slimcam.verify(of_photos, old, photos[::-1], preprocess="squash")
    with pytest.raises(GoldenError, match="1 photos, and 2 were recorded"):
        slimcam.verify(of_photos, old, photos[:1], preprocess="squash")


def test_photos_where_arrays_were_recorded(recorded, old, photos):
    assert slimcam.verify(recorded, old, X).passed
    with pytest.raises(GoldenError, match="photo 0: not the photo"):
        slimcam.verify(recorded, old, X + 1)


def test_photos_that_are_prepared_to_another_size(frozen, make_photo, tmp_path):
    def any_size():
        images = tf1.placeholder(tf1.float32, [None, None, None, 3], name="input")
        maps = tf1.nn.relu(tf1.nn.conv2d(images, weights(1, 3, 3, 3, 4), [1, 1, 1, 1], "SAME"), name="maps")
        tf1.reduce_mean(maps, [1, 2], name="logits")

    path = frozen(any_size)
    photo = make_photo("one.png", 20, 30)
    out = slimcam.record(path, photo, tmp_path / "golden", "maps", preprocess="unit")
    assert golden.read(out).inputs.shape == (1, 20, 30, 3)
    with pytest.raises(
        GoldenError, match=r"prepared as \[1, 18, 28, 3\], and were as \[1, 20, 30, 3\]: load the model"
    ):
        slimcam.verify(out, path, photo, preprocess="inception")
    with pytest.raises(PhotoError, match="takes any size, and the photos differ in size: record those of each size"):
        slimcam.record(path, [photo, make_photo("two.png", 9, 9)], tmp_path / "other", "maps", preprocess="unit")


# --- numbers that are none, ties


def test_nan_in_the_same_places_is_the_same(frozen, tmp_path):
    def poisoned(value):
        return net(after=lambda x: tf1.add(x, np.array([0, value, 0, 0, 0, 0, -np.inf], np.float32), "sick"))

    out = slimcam.record(frozen(lambda: poisoned(np.nan)), X, tmp_path / "golden", "maps", 0, logits="sick")
    assert np.isnan(golden.read(out).logits[:, 1]).all()
    assert slimcam.verify(out, frozen(lambda: poisoned(np.nan)), logits="sick").passed
    found = slimcam.verify(out, frozen(lambda: poisoned(0)), logits="sick")
    assert ("logits", "") in failures(found)
    told = found.to_json()
    assert json.loads(json.dumps(told, allow_nan=False))["rows"][0]["difference"] is None
    assert "inf" in found.table()


def test_gaps_of_numbers_that_are_none():
    nan, inf = np.nan, np.inf
    a = np.array([1.0, nan, nan, inf, inf, inf, 2.0])
    b = np.array([1.5, nan, 0.0, inf, -inf, 1.0, nan])
    np.testing.assert_array_equal(measures.gaps(a, b), [0.5, 0, inf, 0, inf, inf, inf])
    assert measures.largest(a) == 2
    assert measures.largest(np.array([nan])) == 0


def test_a_row_of_zeros_allows_no_difference():
    zeros = np.zeros(3)
    assert report.row_of("maps", "", zeros, zeros, 1e-5).passed
    assert not report.row_of("maps", "", zeros, zeros + 1e-9, 1e-5).passed


def test_top_classes_may_change_places_within_the_logits_tolerance():
    logits = np.array([[4.0, 1.0, 3.0, 3.0 + 3e-5, 0.0]])
    top = np.array([[0, 3, 2, 1, 4]])
    swapped = np.array([[0, 2, 3, 1, 4]])
    assert report.row_of_top(logits, top, swapped, 1e-5).passed  # 3e-5 is less than 2 * 1e-5 * 4
    assert not report.row_of_top(logits, top, swapped, 1e-6).passed
    other = report.row_of_top(logits, top, np.array([[0, 3, 1, 2, 4]]), 1e-5)
    assert not other.passed
    assert other.difference == pytest.approx(2)


def pooled(first, stop=False):
    """Max-pool a window whose two values differ by `first` and rounding; `stop` cuts the gradient of half of it."""
    images = tf1.placeholder(tf1.float32, [None, 1, 2, 1], name="input")
    maps = tf1.identity(images * np.array([1 + first, 1], np.float32).reshape(1, 1, 2, 1), name="maps")
    x = tf1.stop_gradient(maps * 0.5) + maps * 0.5 if stop else maps
    x = tf1.nn.max_pool2d(x, [1, 2], [1, 2], "VALID") if hasattr(tf1.nn, "max_pool2d") else x
    tf1.matmul(x[:, 0, :, 0], [[1.0, -1.0]], name="logits")


def test_a_tie_that_rounding_decides_is_no_difference(frozen, tmp_path):
    x = np.full((1, 1, 2, 1), 3, np.float32)
    out = slimcam.record(frozen(lambda: pooled(1.2e-7)), x, tmp_path / "golden", "maps", 0)
    np.testing.assert_array_equal(golden.read(out).layers[0].gradients.reshape(-1), [1, 0])
    found = slimcam.verify(out, frozen(lambda: pooled(-1.2e-7)))  # the gradient goes to the other place
    assert found.passed, found.table()
    row = {row.quantity: row for row in found.rows}["gradients"]
    assert row.relative == 1
    assert row.beyond == 0
    assert "ok: rounding decides a tie, and but for that 0.00e+00" in found.table()
    assert found.to_json()["rows"][-2]["beyond"] == 0


def test_a_gradient_that_differs_without_a_tie_fails(frozen, tmp_path):
    x = np.array([3, 1], np.float32).reshape(1, 1, 2, 1)
    out = slimcam.record(frozen(lambda: pooled(0)), x, tmp_path / "golden", "maps", 0)
    found = slimcam.verify(out, frozen(lambda: pooled(0, stop=True)))
    assert failures(found) == [("gradients", "maps"), ("maps", "maps")]
    assert found.rows[-2].beyond == pytest.approx(0.5)
    assert "FAILED: 5.00e-01 is more than rounding does" in found.table()


# --- targets


TARGETS = {
    "class": (3, {"class": 3}),
    "label": ("class 3", {"class": 3}),
    "one a photo": ([0, "class 6", 2], [{"class": 0}, {"class": 6}, {"class": 2}]),
    "top": (slimcam.Top(2), {"top": 2}),
    "difference": (slimcam.Class("class 1") - 0.5 * slimcam.Class(4), {"sum": [[1, 1.0], [4, -0.5]]}),
    "mixed": (
        [0, slimcam.Class(1) - slimcam.Class(2), 3],
        [{"class": 0}, {"sum": [[1, 1.0], [2, -1.0]]}, {"class": 3}],
    ),
    "mean": (slimcam.Mean("maps"), {"mean": "maps"}),
    "norm": (slimcam.Norm("maps"), {"norm": "maps"}),
    "channel": (slimcam.Channel("maps", 2), {"channel": "maps", "k": 2}),
    "dot": (
        slimcam.Dot("logits", np.arange(7) / 3),
        {"dot": "logits", "array": [float(np.float32(i / 3)) for i in range(7)]},
    ),
}


@pytest.mark.parametrize("kind", TARGETS)
def test_targets_are_kept_and_explained_again(old, tmp_path, kind):
    target, told = TARGETS[kind]
    labels = [f"class {i}" for i in range(CLASSES)]
    out = slimcam.record(old, X, tmp_path / "golden", ["maps", "first"], target, labels=labels)
    held = golden.read(out)
    assert held.target == told
    with slimcam.load(old, labels=labels) as model:
        maps = slimcam.explain(model, X, "maps", target)
    np.testing.assert_array_equal(held.layers[0].maps, maps.raw)
    np.testing.assert_array_equal(held.layers[0].classes, maps.classes)
    found = slimcam.verify(out, old)  # without labels
    assert found.passed, found.table()
    assert max(row.relative for row in found.rows) < 1e-6


def test_the_recorded_classes_are_explained_though_others_win(frozen, recorded):
    build = lambda: net(after=lambda x: tf1.multiply(x, -1, "moved"))  # noqa: E731
    found = verified(frozen, recorded, build, logits="moved")
    rows = {(row.quantity, row.layer): row for row in found.rows}
    assert rows["maps", "maps"].relative == pytest.approx(2)  # the map of the same class, with its sign changed
    assert rows["scores", ""].relative == pytest.approx(2)


def test_a_tensor_in_a_target_may_have_another_name(frozen, old, tmp_path):
    out = slimcam.record(old, X, tmp_path / "golden", "first", slimcam.Mean("maps"))
    found = verified(frozen, out, lambda: net("features"), layers={"maps": "features"})
    assert found.passed
    with pytest.raises(UnknownName, match="no tensor 'maps'"):
        verified(frozen, out, lambda: net("features"))


def test_a_tensor_itself_is_kept_by_its_name(old, tmp_path):
    with slimcam.load(old) as model:
        out = slimcam.record(model, X, tmp_path / "golden", "maps", slimcam.Mean(model.tensor("maps")))
        assert golden.read(out).target == {"mean": "maps"}


def test_a_function_cannot_be_kept(old, tmp_path):
    with pytest.raises(TargetError, match="cannot be recorded, as no file can hold a function: name a tensor by Mean"):
        slimcam.record(old, X, tmp_path / "golden", "maps", lambda model: tf.reduce_mean(model.logits, -1))
    assert not (tmp_path / "golden").exists()


# --- types, and models that are fed in other ways


@pytest.fixture
def convolved(kind):
    skip_unless_convolved(kind)


@pytest.mark.usefixtures("convolved")
@pytest.mark.parametrize("kind", ["float16", "bfloat16", "float64"])
def test_other_floating_point(frozen, tmp_path, kind):
    build = lambda: net(dtype=getattr(tf1, kind), fed=tf1.float32)  # noqa: E731
    out = slimcam.record(frozen(build), X, tmp_path / "golden", "maps", 1)
    maps = golden.read(out).layers[0]
    assert maps.dtype == kind
    assert maps.gradients.dtype == (np.float32 if kind == "bfloat16" else kind)
    assert verified(frozen, out, build).passed
    found = verified(frozen, out, net)
    assert found.passed == (kind == "float64"), found.table()


@pytest.mark.usefixtures("convolved")
@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_other_floating_point_as_input(frozen, tmp_path, kind):
    build = lambda: net(dtype=getattr(tf1, kind))  # noqa: E731
    out = slimcam.record(frozen(build), X, tmp_path / "golden", "maps", 1)
    assert golden.read(out).model["dtype"] == kind
    assert verified(frozen, out, build).passed
    with pytest.raises(GoldenError, match=f"feeds {kind}, and 'input:0' takes float32"):
        verified(frozen, out, net)


def test_an_input_of_bytes(frozen, photo, tmp_path):
    build = lambda: net(fed=tf1.uint8)  # noqa: E731
    images = np.stack([photo(SIDE, SIDE, seed) for seed in range(3)])
    out = slimcam.record(frozen(build), images, tmp_path / "golden", "maps")
    np.testing.assert_array_equal(golden.read(out).inputs, images)
    assert golden.read(out).inputs.dtype == np.uint8
    assert verified(frozen, out, build, images).passed


def test_grey_bytes(frozen, photo, tmp_path):
    def build():
        images = tf1.placeholder(tf1.uint8, [None, SIDE, SIDE, 1], name="input")
        maps = tf1.nn.relu(tf1.cast(images, tf1.float32) * np.array([1, -1, 2], np.float32), name="maps")
        tf1.reduce_mean(maps, [1, 2], name="logits")

    out = slimcam.record(frozen(build), [photo(SIDE, SIDE)], tmp_path / "golden", "maps")
    assert golden.read(out).inputs.shape == (1, SIDE, SIDE, 1)
    assert verified(frozen, out, build).passed


def test_a_graph_that_takes_one_image_without_a_batch(frozen, photos, tmp_path):
    def single():
        image = tf1.placeholder(tf1.float32, [SIDE, SIDE, 3], name="input")
        maps = tf1.nn.conv2d(image[None], weights(1, 3, 3, 3, CLASSES), [1, 1, 1, 1], "SAME")
        tf1.reduce_mean(tf1.nn.relu(maps, name="maps"), [1, 2], name="logits")

    def many():
        images = tf1.placeholder(tf1.float32, [None, SIDE, SIDE, 3], name="input")
        maps = tf1.nn.conv2d(images, weights(1, 3, 3, 3, CLASSES), [1, 1, 1, 1], "SAME")
        tf1.reduce_mean(tf1.nn.relu(maps, name="maps"), [1, 2], name="logits")

    out = slimcam.record(frozen(single), photos, tmp_path / "golden", "maps", preprocess="unit")
    assert golden.read(out).inputs.shape == (2, SIDE, SIDE, 3)
    assert verified(frozen, out, single, photos, preprocess="unit").passed
    assert verified(frozen, out, many, photos, preprocess="unit").passed


def test_a_graph_that_decodes_photos_itself(frozen, photos, tmp_path):
    def build():
        data = tf1.placeholder(tf1.string, [], name="data")
        image = tf1.cast(tf1.image.decode_png(data, 3), tf1.float32)
        image = tf1.image.resize_bilinear(image[None], [SIDE, SIDE], name="resized")
        maps = tf1.nn.relu(tf1.nn.conv2d(image, weights(1, 3, 3, 3, 4), [1, 1, 1, 1], "SAME"), name="maps")
        tf1.reduce_mean(maps, [1, 2], name="logits")

    path = frozen(build)
    with pytest.raises(PhotoError, match=r"'data:0' takes photos as files, .*: load the model with input= the tensor"):
        slimcam.record(path, photos, tmp_path / "golden", "maps")
    assert slimcam.record(path, photos, tmp_path / "golden", "maps", input="resized", preprocess="none")


def test_a_score_of_a_model_of_two_images_is_recorded_without_logits(frozen, tmp_path):
    def siamese():
        one, two = (tf1.placeholder(tf1.float32, [None, SIDE, SIDE, 3], name=name) for name in ("left", "right"))
        kernel = weights(1, 3, 3, 3, 4)
        maps = [
            tf1.nn.relu(tf1.nn.conv2d(images, kernel, [1, 1, 1, 1], "SAME"), name=name)
            for images, name in ((one, "of_left"), (two, "of_right"))
        ]
        tf1.reduce_mean(maps[0] * maps[1], [1, 2], name="logits")

    path = frozen(siamese)
    out = slimcam.record(path, X, tmp_path / "golden", "of_right", slimcam.Mean("of_right"))
    held = golden.read(out)
    assert held.logits is None
    assert held.top_classes is None
    assert held.model["input"] == "right:0"
    found = slimcam.verify(out, path)
    assert found.passed
    assert [row.quantity for row in found.rows] == ["scores", "activations", "gradients", "maps"]


# --- Keras models and engines


@pytest.mark.skipif(TF_VERSION < (2, 1), reason="eager models need TensorFlow 2")
@pytest.mark.parametrize("keras", KERASES)
def test_a_keras_model_is_recorded_and_verified_by_both_engines(keras, tmp_path):
    with quiet():
        keras = keras()
        start = keras.layers.Input((SIDE, SIDE, 3), name="photo")
        x = keras.layers.Conv2D(5, 3, activation="relu", name="conv")(start)
        x = keras.layers.GlobalAveragePooling2D(name="mean")(x)
        model = sow(keras.Model(start, keras.layers.Dense(4, activation="softmax", name="probs")(x), name="net"))
        for engine, other in (("graph", "tape"), ("tape", "graph")):
            out = slimcam.record(model, X, tmp_path / engine, "conv", engine=engine)
            held = golden.read(out)
            assert held.engine == engine
            assert held.made_by[keras.__name__.split(".")[0]] == keras_version(keras)
            found = slimcam.verify(out, model, engine=other)
            assert found.passed, found.table()
            assert found.verified["engine"] == other


def test_the_tape_needs_a_keras_model(recorded, old):
    with pytest.raises((ModelError, LayerError), match="engine='tape' runs eager Keras models"):
        slimcam.verify(recorded, old, engine="tape")


# --- the report


def test_the_report_says_what_was_recorded_where_and_what_was_verified(recorded, old):
    found = slimcam.verify(recorded, old)
    first, second = found.header().splitlines()
    digest = golden.read(recorded).model["sha256"][:12]
    assert first.startswith(f"recorded  {old} (sha256 {digest}), TensorFlow {tf.__version__} on Python ")
    assert first.endswith("3 photos, the winning class, dialect paper, method gradcam")
    assert second.startswith(f"verified  {old}, TensorFlow {tf.__version__} on Python ")
    lines = found.table().splitlines()
    assert lines[:2] == [first, second]
    assert re.match(r"quantity +layer +largest difference +of the largest value +tolerance$", lines[3].rstrip())
    assert lines[-1] == "passed: all 9 are within their tolerances"


def test_the_report_as_json(recorded, old):
    told = json.loads(json.dumps(slimcam.verify(recorded, old).to_json(), allow_nan=False))
    assert told["passed"] is True
    assert told["recorded"]["model"]["source"] == old
    assert told["verified"]["made_by"]["tensorflow"] == tf.__version__
    assert [row["quantity"] for row in told["rows"]][:4] == QUANTITIES[:4]
    assert told["rows"][0]["layer"] is None
    assert told["rows"][3]["layer"] == "maps"
    assert told["rows"][3]["tolerance"] == TOLERANCES["activations"]


def test_a_photo_in_another_working_directory_is_found_by_its_sha256(of_photos, old, photos, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert slimcam.verify(of_photos, old, [os.path.basename(path) for path in photos], preprocess="squash").passed


# --- the shipped checkpoint


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    """Return the recording of the shipped checkpoint's samples, and the maps that a plain session on 1.15.5 gave."""
    with np.load(os.path.join(SHAPES, "goldens.npz")) as kept:
        maps = dict(kept)
    photos = [os.path.join(SHAPES, "samples", name.split("/")[0] + ".png") for name in maps]
    target = [name.split("/")[1] for name in maps]
    out = str(tmp_path_factory.mktemp("shipped") / "golden")
    return slimcam.record(os.path.join(SHAPES, "shapes.ckpt"), photos, out, target=target), photos, list(maps.values())


def test_the_shipped_checkpoints_maps_are_those_of_a_plain_session(shipped):
    out, _, maps = shipped
    (layer,) = golden.read(out).layers
    assert layer.name == "Mixed_4e"
    np.testing.assert_allclose(layer.maps, maps, rtol=0, atol=1e-5 * np.abs(maps).max())


def test_its_frozen_graph_gives_the_same(shipped):
    out, photos, _ = shipped
    found = slimcam.verify(out, os.path.join(SHAPES, "shapes.pb"), photos)
    assert found.passed, found.table()
