"""The command line: what it writes, what it prints, and how it ends."""

import os
import re
import subprocess
import sys

import cv2
import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.command import Result, assert_said

import slimcam
from slimcam import cli
from slimcam.cli import options
from slimcam.engines import ENGINES
from slimcam.inputs.preprocess import PREPROCESSING
from slimcam.maps import paint
from slimcam.maps.dialects import DIALECTS
from slimcam.methods import METHODS
from slimcam.nets import NETS

SIDE = 8
LABELS = ["cat", "dog", "eel", "fox"]


# Click 8.5 warns whoever reads its version, which doctor does.
CLICK = pytest.mark.filterwarnings("ignore:The '__version__' attribute is deprecated:DeprecationWarning")


def constant(*shape):
    return tf1.constant(np.random.RandomState(len(shape)).normal(size=shape).astype(np.float32))


def net(side=SIDE, gain=False, layer="maps"):
    """Convolution `layer`, mean, dense "logits", times the placeholder "gain" if so, softmax."""
    images = tf1.placeholder(tf1.float32, [None, side, side, 3], name="input")
    maps = tf1.nn.relu(tf1.nn.conv2d(images, constant(3, 3, 3, 6), [1, 1, 1, 1], "SAME"), name=layer)
    logits = tf1.matmul(tf1.reduce_mean(maps, [1, 2]), constant(6, 4), name="logits")
    if gain:
        logits = tf1.multiply(logits, tf1.placeholder(tf1.float32, [4], name="gain"), name="scaled")
    tf1.nn.softmax(logits)


@pytest.fixture
def model(frozen):
    return frozen(net)


@pytest.fixture
def explain(run, model, tmp_path):
    """Return `explain(photo, ..., option, ...)`: the result of `slimcam explain` into the folder `out`."""

    def invoke(*arguments, model=model, out=tmp_path / "out"):
        return run("explain", "--model", model, "--preprocess", "squash", "--out", out, *arguments)

    return invoke


@pytest.fixture
def written(tmp_path):
    """Return `written()`: the names in the folder `out`, and the arrays of its npz."""

    def read():
        with np.load(str(tmp_path / "out" / "maps.npz")) as arrays:
            return sorted(os.listdir(str(tmp_path / "out"))), dict(arrays)

    return read


# explain: what it writes


def test_explain_writes_an_overlay_a_photo_and_all_maps(explain, make_photo, written, tmp_path):
    photos = [make_photo("one.png"), make_photo("two.jpg", 20, 10, seed=1)]
    result = explain(*photos)
    assert result.status == 0
    names, arrays = written()
    classes = arrays["classes"]
    assert names == ["maps.npz", f"one.maps.{classes[0]}.png", f"two.maps.{classes[1]}.png"]
    assert sorted(arrays) == ["classes", "files", "heat", "layer", "raw", "scores"]
    assert list(arrays["files"]) == photos
    assert arrays["layer"] == "maps"
    assert arrays["raw"].shape == arrays["heat"].shape == (2, SIDE, SIDE)
    assert classes.shape == arrays["scores"].shape == (2,)
    assert cv2.imread(str(tmp_path / "out" / names[2])).shape == (20, 10, 3)


def test_explain_prints_a_line_a_photo_and_where_the_maps_are(explain, make_photo, written, tmp_path):
    photos = [make_photo("one.png"), make_photo("two.png", seed=1)]
    lines = explain(*photos).stdout.splitlines()
    names, arrays = written()
    for line, photo, class_id, score, name in zip(lines, photos, arrays["classes"], arrays["scores"], names[1:]):
        assert line == f"{photo}: class {class_id} {score:.4g} -> {tmp_path / 'out' / name}"
    assert lines[2:] == [str(tmp_path / "out" / "maps.npz")]


def test_the_overlay_is_the_one_that_python_gives(explain, make_photo, model, tmp_path):
    path = make_photo("one.png", 30, 40)
    explain(path, "--target", 2)
    with slimcam.load(model, preprocess="squash") as loaded:
        overlay = slimcam.explain(loaded, path, target=2).overlay()[0]
    painted = cv2.imread(str(tmp_path / "out" / "one.maps.2.png"))[..., ::-1]
    np.testing.assert_array_equal(painted, overlay)


def test_many_photos_keep_their_order(explain, make_photo, written, monkeypatch):
    monkeypatch.setattr(cli.explaining, "TOGETHER", 2)
    photos = [make_photo(f"{seed}.png", seed=seed) for seed in range(5)]
    assert explain(*photos).status == 0
    together = written()[1]
    assert list(together["files"]) == photos
    assert explain(photos[3]).status == 0
    np.testing.assert_allclose(together["raw"][3:4], written()[1]["raw"], rtol=1e-4, atol=1e-6)


def test_photos_of_one_name_are_both_kept(explain, make_photo, written):
    photos = [make_photo("a/one.png"), make_photo("b/one.png"), make_photo("b/one.jpg")]
    assert explain(*photos, "--target", 1).status == 0
    names, arrays = written()
    assert names == ["maps.npz", "one-2.maps.1.png", "one-3.maps.1.png", "one.maps.1.png"]
    assert list(arrays["files"]) == photos


def test_maps_of_several_sizes_are_an_array_each(explain, make_photo, written, frozen):
    photos = [make_photo("one.png", 9, 7), make_photo("two.png", 6, 5)]
    assert explain(*photos, model=frozen(lambda: net(side=None))).status == 0
    _, arrays = written()
    assert "raw" not in arrays
    assert [arrays[key].shape for key in ("raw_0", "heat_0", "raw_1", "heat_1")] == [(9, 7), (9, 7), (6, 5), (6, 5)]


def test_each_overlay_is_painted_once(explain, make_photo, monkeypatch):
    painted, blend = [], paint.blend
    monkeypatch.setattr(paint, "blend", lambda *arguments: painted.append(1) or blend(*arguments))
    assert explain(make_photo("one.png"), make_photo("two.png"), "--target", "top3").status == 0
    assert len(painted) == 6


def test_an_out_folder_is_made_with_those_above_it(explain, make_photo, tmp_path):
    assert explain(make_photo("one.png"), out=tmp_path / "new" / "out").status == 0
    assert (tmp_path / "new" / "out" / "maps.npz").is_file()


def test_an_overlay_bears_the_last_part_of_the_layer_s_name(explain, make_photo, written, frozen):
    path = frozen(lambda: net(layer="net/block/maps"))
    assert explain(make_photo("one.png"), "--layer", "net/block/maps:0", "--target", 0, model=path).status == 0
    assert written()[0] == ["maps.npz", "one.maps.0.png"]


# explain: options


def test_top_k_gives_k_maps_a_photo_best_first(explain, make_photo, written):
    result = explain(make_photo("one.png"), make_photo("two.png", seed=1), "--target", "top3")
    names, arrays = written()
    assert arrays["raw"].shape == (6, SIDE, SIDE)
    assert len(names) == 7
    assert (np.diff(arrays["scores"].reshape(2, 3)) <= 0).all()
    assert [line.count(" -> ") for line in result.stdout.splitlines()] == [3, 3, 0]


@pytest.mark.parametrize("target", ["dog", "1"])
def test_a_target_is_a_label_or_a_number(explain, make_photo, written, tmp_path, target):
    (tmp_path / "labels.txt").write_text("\n".join(LABELS))
    result = explain(make_photo("one.png"), "--labels", tmp_path / "labels.txt", "--target", target)
    assert written()[0] == ["maps.npz", "one.maps.1.png"]
    assert ": class 1 dog " in result.stdout


@pytest.mark.parametrize("target", ["mean:maps", "norm:logits", "channel:maps:2"])
def test_a_target_may_be_a_score_of_a_tensor(explain, make_photo, written, target):
    result = explain(make_photo("one.png"), "--target", target)
    names, arrays = written()
    assert names == ["maps.npz", "one.maps.png"]
    assert arrays["classes"] == [-1]
    assert ": score " in result.stdout


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_dialect_is_the_one_of_python(explain, make_photo, written, model, dialect):
    path = make_photo("one.png")
    assert explain(path, "--dialect", dialect).status == 0
    with slimcam.load(model, preprocess="squash") as loaded:
        maps = slimcam.explain(loaded, path, dialect=dialect)
    np.testing.assert_array_equal(written()[1]["heat"], maps.heat)


@pytest.mark.parametrize("method", METHODS)
def test_a_method_is_the_one_of_python(explain, make_photo, written, model, method):
    path = make_photo("one.png")
    assert explain(path, "--method", method).status == 0
    with slimcam.load(model, preprocess="squash") as loaded:
        maps = slimcam.explain(loaded, path, method=method)
    np.testing.assert_array_equal(written()[1]["raw"], maps.raw)


def test_hold_replaces_a_tensor_by_an_array(explain, make_photo, written, frozen, tmp_path):
    path = make_photo("one.png")
    explain(path, "--target", 1)
    plain = written()[1]["raw"]
    np.save(str(tmp_path / "gain.npy"), np.float32([1, 3, 1, 1]))
    hold = f"gain={tmp_path / 'gain.npy'}"
    result = explain(path, "--target", 1, "--hold", hold, model=frozen(lambda: net(gain=True), "gain.pb"))
    assert result.status == 0
    np.testing.assert_allclose(written()[1]["raw"], 3 * plain, rtol=1e-4, atol=1e-6)


def test_the_choices_are_the_tables():
    assert tuple(options.PREPROCESSING.choices) == tuple(PREPROCESSING)
    assert tuple(options.METHODS.choices) == tuple(METHODS)
    assert tuple(options.DIALECTS.choices) == tuple(DIALECTS)
    assert tuple(options.ENGINES.choices) == tuple(ENGINES)


# explain: photos that fail


@pytest.fixture
def bad(tmp_path, make_photo):
    """Return the paths of photos that cannot be explained, by what is wrong with them."""
    whole = make_photo("whole.png")
    with open(whole, "rb") as file:
        (tmp_path / "corrupt.png").write_bytes(file.read(40))
    (tmp_path / "empty.png").write_bytes(b"")
    make_photo("single.png", 1, 1)
    return {name: str(tmp_path / f"{name}.png") for name in ("corrupt", "empty", "single", "missing")}


@pytest.mark.parametrize(
    "name, message",
    [
        ("corrupt", "not a photo that OpenCV can read, or a damaged one"),
        ("empty", "the file is empty"),
        ("single", "is 1 x 1: too small to explain; give at least 2 x 2"),
        ("missing", "No such file or directory"),
    ],
)
def test_a_bad_photo_is_said_and_the_others_are_written(explain, make_photo, written, bad, name, message):
    result = explain(make_photo("one.png"), bad[name], make_photo("two.png", seed=1), "--target", 0)
    assert result.status == 1
    assert re.fullmatch(f"slimcam: {re.escape(bad[name])}.*{message}\n", result.stderr)
    names, arrays = written()
    assert names == ["maps.npz", "one.maps.0.png", "two.maps.0.png"]
    assert arrays["raw"].shape == (2, SIDE, SIDE)


def test_nothing_is_written_where_every_photo_is_bad(explain, bad, tmp_path):
    result = explain(*bad.values())
    assert result.status == 1
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == len(bad)
    assert os.listdir(str(tmp_path / "out")) == []


def test_an_overlay_that_cannot_be_written_is_said_and_leaves_no_part(explain, make_photo, written, tmp_path):
    (tmp_path / "out" / "one.maps.0.png").mkdir(parents=True)
    result = explain(make_photo("one.png"), make_photo("two.png"), "--target", 0)
    assert result.status == 1
    assert re.fullmatch(r"slimcam: \S+one\.maps\.0\.png: cannot be written: .+\n", result.stderr)
    names, arrays = written()
    assert names == ["maps.npz", "one.maps.0.png", "two.maps.0.png"]
    assert len(arrays["files"]) == 1


# Errors


def test_a_missing_model_is_said(explain, make_photo):
    assert_said(explain(make_photo("one.png"), model="nowhere.pb"), r"nowhere\.pb: No such file or directory")


@pytest.mark.parametrize(
    "options, message",
    [
        (("--layer", "map"), "no tensor 'map'; near: 'maps'"),
        (("--layer", "logits"), "'logits:0' is .*: a layer to explain has four dimensions; layers that do: 'maps'"),
        (("--target", "4"), "class 4 is out of range: the logits have classes 0 to 3"),
        (("--target", "-1"), "class -1 is out of range"),
        (("--target", "top9"), r"Top\(9\): the logits have 4 classes"),
        (("--target", "top0"), r"Top\(0\): give a whole number from 1 on"),
        (("--target", "dog"), "no label 'dog': the model has no labels"),
        (("--target", "channel:maps:x"), "give channel:TENSOR:NUMBER"),
        (("--target", "channel:maps:9"), "it has channels 0 to 5"),
        (("--input", "inputs"), "input='inputs': no such tensor; near: 'input'"),
        (("--logits", "logit"), "logits='logit': no such tensor; near: 'logits'"),
        (("--labels", "nowhere.txt"), "labels nowhere.txt: .*No such file"),
        (("--hold", "maps"), "--hold maps: give TENSOR=FILE.npy, TENSOR=PHOTO or TENSOR=zeros"),
        (("--hold", "maps=nowhere.npy"), r"nowhere\.npy: .*No such file"),
        (("--dialect", "papre"), "'papre' is not one of 'paper', .*; see .*explain --help"),
        (("--sise", "3"), "[Nn]o such option.*--sise.*; see .*explain --help"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(explain, make_photo, options, message):
    assert_said(explain(make_photo("one.png"), *options), message)


def test_an_unknown_label_names_the_nearest(explain, make_photo, tmp_path):
    (tmp_path / "labels.txt").write_text("\n".join(LABELS))
    result = explain(make_photo("one.png"), "--labels", tmp_path / "labels.txt", "--target", "dogg")
    assert_said(result, "no label 'dogg'; near: 'dog'")


def test_labels_of_another_count_are_refused(explain, make_photo, tmp_path):
    (tmp_path / "labels.txt").write_text("cat\ndog\n")
    assert_said(explain(make_photo("one.png"), "--labels", tmp_path / "labels.txt"), "2 labels for 4 classes")


def test_a_file_of_no_array_cannot_be_held(explain, make_photo, tmp_path):
    (tmp_path / "text.npy").write_text("no array")
    assert_said(explain(make_photo("one.png"), "--hold", f"maps={tmp_path / 'text.npy'}"), r"text\.npy: ")


def test_a_placeholder_that_nobody_feeds_is_said_with_the_way_to_it(explain, make_photo, frozen):
    result = explain(make_photo("one.png"), model=frozen(lambda: net(gain=True)))
    assert_said(result, "needs 'gain:0': .*scaled <- gain; .*--hold gain:0=FILE.npy")


def test_an_unknown_net_names_the_nearest(explain, make_photo, checkpoint):
    result = explain(make_photo("one.png"), "--net", "inception_v33", model=checkpoint)
    assert_said(result, "no net 'inception_v33'; near: 'inception_v3'")


def test_an_out_that_cannot_be_made_is_said(explain, make_photo):
    photo = make_photo("one.png")
    assert_said(explain(photo, out=os.path.join(photo, "out")), "out: cannot be written to: Not a directory")


def test_photos_are_refused_where_nothing_says_how_they_are_prepared(run, make_photo, model, tmp_path):
    result = run("explain", make_photo("one.png"), "--model", model, "--out", tmp_path / "out")
    assert_said(result, "load it with preprocess=")


def test_a_missing_photo_argument_is_one_line(explain):
    assert_said(explain(), "Missing argument 'PHOTO...'.*; see .*explain --help")


# inspect, nets, doctor


@pytest.fixture
def checkpoint(tmp_path):
    """Return the prefix of a checkpoint of no known net."""
    with tf1.Graph().as_default(), tf1.Session() as session:
        tf1.get_variable("own/kernel", [3, 3, 3, 4])
        session.run(tf1.global_variables_initializer())
        return tf1.train.Saver().save(session, str(tmp_path / "own.ckpt"))


def test_inspect_tells_what_a_frozen_graph_holds_and_needs(run, frozen):
    result = run("inspect", frozen(lambda: net(gain=True)))
    assert result.status == 0
    text = result.stdout
    assert "because logits 'scaled:0': what Softmax (Softmax) reads" in text
    assert re.search(r"inputs:\n  input:0 float32 .*8, 8, 3.*\n  gain:0 float32 ", text)
    assert re.search(r"scores, and what each needs:\n  scaled:0 .* needs input:0, gain:0", text)
    assert "layers, best first:\n  maps (None, 8, 8, 6)" in text


def test_inspect_tells_a_checkpoint_s_variables_even_where_no_net_fits(run, checkpoint):
    result = run("inspect", checkpoint)
    assert result.status == 0
    assert f"checkpoint {checkpoint}: 1 variables\n  own/kernel (3, 3, 3, 4)\n" in result.stdout
    assert "its variables fit: no net that slimcam knows\nnot loaded: " in result.stdout


def test_inspect_of_nothing_is_one_line(run):
    assert_said(run("inspect", "nowhere"), "nowhere: no such file, folder or checkpoint prefix")


def test_nets_lists_every_net(run):
    result = run("nets")
    assert result.status == 0
    rows = [line.split() for line in result.stdout.splitlines()]
    for net in NETS.values():
        assert [net.name, str(net.size), str(net.classes), net.preprocess, net.layer] in rows


@CLICK
def test_doctor_tells_what_works(run):
    result = run("doctor")
    assert re.search(rf"^TensorFlow +{re.escape(tf1.__version__)} +works$", result.stdout, re.M)
    assert result.status == int("to mend it:" in result.stdout)


@CLICK
def test_doctor_gives_the_pip_line_of_what_is_missing(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    result = run("doctor")
    assert result.status == 1
    assert re.search(r"^cv2 +- +missing", result.stdout, re.M)
    assert 'pip install "opencv-python-headless>=4.5"' in result.stdout.split("to mend it:")[1]


# The program itself


def python(*arguments):
    environment = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
    command = [sys.executable, *map(str, arguments)]
    ended = subprocess.run(command, capture_output=True, text=True, env=environment)
    return Result(ended.returncode, ended.stdout, ended.stderr)


def test_a_run_leaves_tensorflow_s_notes_off_the_terminal(make_photo, model, tmp_path):
    options = ("--model", model, "--preprocess", "squash", "--out", tmp_path / "out")
    result = python("-m", "slimcam", "explain", make_photo("one.png"), *options)
    assert (result.status, result.stderr) == (0, "")
    assert (tmp_path / "out" / "maps.npz").is_file()


def test_a_failing_run_prints_its_one_line_only(make_photo, model, tmp_path):
    options = ("--model", model, "--layer", "map", "--out", tmp_path / "out")
    assert_said(python("-m", "slimcam", "explain", make_photo("one.png"), *options), "no tensor 'map'; near: 'maps'")


@pytest.mark.parametrize("arguments", [["--help"], ["explain", "--help"], ["--version"]])
def test_help_needs_neither_tensorflow_nor_numpy(arguments):
    code = (
        "import sys\n"
        "from slimcam.cli import main\n"
        f"sys.argv = ['slimcam', *{arguments}]\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        "    print('loaded:', sorted({'tensorflow', 'numpy', 'cv2', 'keras', 'tf_slim'} & set(sys.modules)))\n"
    )
    result = python("-c", code)
    assert result.status == 0
    assert result.stdout.endswith("loaded: []\n")
