"""`slimcam explain`: what it writes, what it prints, and its options."""

import cv2
import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from cli_net import LABELS, SIDE, deeper_net, net
from fixtures.command import assert_error_line
from fixtures.tolerance import assert_net

import slimcam
from slimcam.cli import options
from slimcam.maps import paint
from slimcam.maps.dialects import DIALECTS
from slimcam.maps.styles import STYLES
from slimcam.methods import METHODS

# What it writes


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
    monkeypatch.setattr("slimcam.cli.commands.explain.TOGETHER", 2)
    photos = [make_photo(f"{seed}.png", seed=seed) for seed in range(5)]
    assert explain(*photos).status == 0
    together = written()[1]
    assert list(together["files"]) == photos
    assert explain(photos[3], "--overwrite").status == 0
    assert_net(together["raw"][3:4], written()[1]["raw"])


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


def test_of_several_layers_the_map_is_the_mean(explain, make_photo, written, frozen, tmp_path):
    path, photo = frozen(lambda: deeper_net(layer="net/maps")), make_photo("one.png")
    layers = ["first", "net/maps"]
    assert explain(photo, "--layer", layers[0], "--layer", layers[1], "--target", 0, model=path).status == 0
    names, arrays = written()
    assert names == ["maps.npz", "one.first+maps.0.png"]
    assert arrays["layer"] == "first, net/maps"
    with slimcam.load(path, preprocess="squash") as model:
        maps = slimcam.Explainer(model, layer=layers, target=0)(photo)
    np.testing.assert_array_equal(arrays["raw"], maps.raw)
    (tmp_path / "out" / "maps.npz").unlink()
    again = explain(photo, "--layer", layers[0], "--layer", layers[1], "--target", 0, model=path)
    assert again.status == 2
    assert "one.first+maps.0.png: is there already" in again.stderr


def test_tensorboard_gets_the_pictures_as_well(explain, make_photo, written, tmp_path):
    photos = [make_photo("one.png"), make_photo("two.png", seed=1)]
    logs = tmp_path / "logs"
    result = explain(*photos, "--style", "shade", "--tensorboard", logs, "--step", 5000)
    assert result.status == 0
    names, arrays = written()
    (path,) = logs.iterdir()
    assert result.stdout.splitlines()[-2:] == [str(tmp_path / "out" / "maps.npz"), str(path)]
    events = [event for event in tf1.train.summary_iterator(str(path)) if event.summary.value]
    assert [event.step for event in events] == [5000, 5000]
    values = [event.summary.value[0] for event in events]
    assert [value.tag for value in values] == [
        f"{stem}/maps/class {number}" for stem, number in zip(("one", "two"), arrays["classes"])
    ]
    for name, value in zip(names[1:], values):
        picture = cv2.imdecode(np.frombuffer(value.image.encoded_image_string, np.uint8), cv2.IMREAD_COLOR)
        np.testing.assert_array_equal(picture, cv2.imread(str(tmp_path / "out" / name)))


def test_a_step_is_of_tensorboard_alone(explain, make_photo):
    assert_error_line(explain(make_photo("one.png"), "--step", 3), "--step is that of --tensorboard: give both")


def test_a_log_folder_that_cannot_be_made_is_a_line_before_anything_is_computed(explain, make_photo, tmp_path):
    photo = make_photo("one.png")
    assert_error_line(explain(photo, "--tensorboard", photo), "one.png: cannot be written: ")
    assert not (tmp_path / "out").exists()


# Options


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


@pytest.mark.parametrize("method", [name for name, row in METHODS.items() if row.takes == "evidence"])
def test_a_method_is_the_one_of_python(explain, make_photo, written, model, method):
    path = make_photo("one.png")
    assert explain(path, "--method", method).status == 0
    with slimcam.load(model, preprocess="squash") as loaded:
        maps = slimcam.explain(loaded, path, method=method)
    np.testing.assert_array_equal(written()[1]["raw"], maps.raw)


@pytest.mark.parametrize("style", STYLES)
def test_a_style_is_the_one_of_python(explain, make_photo, written, model, style, tmp_path):
    path = make_photo("one.png", 30, 40)
    colours = {"heat": ["--colormap", "cividis"], "signed": ["--colormap", "purple_orange"], "": []}
    options = colours[STYLES[style].colormaps]
    assert explain(path, "--target", 2, "--style", style, *options).status == 0
    assert written()[0] == ["maps.npz", "one.maps.2.png"]
    with slimcam.load(model, preprocess="squash") as loaded:
        maps = slimcam.explain(loaded, path, target=2)
    painted = cv2.imread(str(tmp_path / "out" / "one.maps.2.png"))[..., ::-1]
    np.testing.assert_array_equal(painted, maps.pictures(style, **dict(zip(["colormap"], options[1:])))[0])


def test_a_map_of_no_numbers_is_said(explain, make_photo, frozen, tmp_path):
    np.save(str(tmp_path / "gain.npy"), np.full(4, np.inf, np.float32))
    hold = f"gain={tmp_path / 'gain.npy'}"
    result = explain(make_photo("one.png"), "--target", 0, "--hold", hold, model=frozen(lambda: net(gain=True)))
    assert result.status == 1
    assert " (64 of 64 values of the map are NaN or infinite, so that it tells nothing) -> " in result.stdout
    assert "blank" not in result.stdout


def test_hold_replaces_a_tensor_by_an_array(explain, make_photo, written, frozen, tmp_path):
    path = make_photo("one.png")
    explain(path, "--target", 1)
    plain = written()[1]["raw"]
    np.save(str(tmp_path / "gain.npy"), np.float32([1, 3, 1, 1]))
    hold = f"gain={tmp_path / 'gain.npy'}"
    result = explain(
        path, "--target", 1, "--hold", hold, "--overwrite", model=frozen(lambda: net(gain=True), "gain.pb")
    )
    assert result.status == 0
    assert_net(written()[1]["raw"], 3 * plain)


def test_the_choices_are_the_tables():
    assert tuple(options.METHODS.choices) == tuple(METHODS)
    assert tuple(options.DIALECTS.choices) == tuple(DIALECTS)
    assert tuple(options.STYLES.choices) == tuple(STYLES)
