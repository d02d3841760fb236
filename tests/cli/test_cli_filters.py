"""`slimcam filters`: what it writes, what it prints, how it ends, and how it goes on after Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from cli_net import net
from fixtures.command import assert_error_line, heed_ctrl_c

import slimcam
from slimcam.cli.commands import filters as command
from slimcam.visualisation.ascent import Ascent
from slimcam.visualisation.names import RECIPES
from slimcam.visualisation.recipes import RECIPES as TABLE


@pytest.fixture
def filters(run, old, tmp_path):
    """Return `filters(option, ...)`: the result of `slimcam filters` into the folder `out`, by few steps."""

    def invoke(*arguments, model=old, steps=2):
        options = ("--model", model, "--preprocess", "squash", "--steps", steps, "--out", tmp_path / "out")
        return run("filters", *options, *arguments)

    return invoke


@pytest.fixture
def pictures(old):
    """Return `pictures(layer, ...)`: what Python makes of the same net by the same steps."""

    def make(*arguments, steps=2, **options):
        with slimcam.load(old, preprocess="squash") as model:
            return slimcam.filters(model, *arguments, steps=steps, **options)

    return make


@pytest.fixture
def steps_made(monkeypatch):
    """Return a list that grows by the numbers of each step that is made."""
    made, step = [], Ascent._step

    def count(self, part, numbers, weights):
        made.append(list(numbers))
        return step(self, part, numbers, weights)

    monkeypatch.setattr(Ascent, "_step", count)
    return made


def files(tmp_path):
    return sorted(os.listdir(str(tmp_path / "out")))


def written(tmp_path, name):
    return cv2.imread(str(tmp_path / "out" / name))[..., ::-1]


def some_fire(weights):
    """A net of as many channels as weights; those with a positive one fire, on any image."""

    def build():
        images = tf1.placeholder(tf1.float32, [None, 4, 4, 3], name="input")
        kernel = tf1.constant(np.tile(np.float32(weights), (1, 1, 3, 1)))
        maps = tf1.nn.relu(tf1.nn.conv2d(images + 2, kernel, 1, "SAME"), name="maps")
        tf1.reduce_mean(maps, [1, 2], name="logits")

    return build


# What is written and said


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_sheet_is_the_one_of_python(filters, pictures, tmp_path, recipe):
    options = ("--channels", "1-3,5,2", "--recipe", recipe, "--size", 10, "--seed", 3, "--together", 2)
    result = filters("--layer", "first", *options)
    made = pictures("first", [1, 2, 3, 5], recipe, size=10, seed=3)
    assert result.status == 0, result.stderr
    assert files(tmp_path) == ["first.filters.png"]
    np.testing.assert_array_equal(written(tmp_path, "first.filters.png"), made.sheet())


def test_layers_have_a_sheet_and_a_line_each(filters, pictures, tmp_path):
    result = filters("--layer", "first", "--layer", "maps", "--layer", "first:0")
    assert files(tmp_path) == ["first.filters.png", "maps.filters.png"]
    for line, layer in zip(result.stdout.splitlines(), ("first", "maps")):
        scores = pictures(layer).scores
        first, last = np.median(scores[:, [0, -1]], 0)
        path = tmp_path / "out" / f"{layer}.filters.png"
        assert line == f"{layer}: 6 channels, 2 steps; score {first:.4g} to {last:.4g} (medians) -> {path}"


def test_left_out_the_layer_is_the_models_own(filters, tmp_path):
    assert filters("--channels", 0).status == 0
    assert files(tmp_path) == ["maps.filters.png"]


def test_one_channel_is_one_plain_picture(filters, pictures, tmp_path):
    filters("--layer", "first", "--channels", 4)
    np.testing.assert_array_equal(written(tmp_path, "first.filters.png"), pictures("first", [4]).pictures[0])


def test_more_than_64_are_numbered_sheets(filters, frozen, tmp_path):
    result = filters("--layer", "maps", "--together", 70, model=frozen(some_fire([1.0] * 70)))
    assert files(tmp_path) == ["maps.filters.1.png", "maps.filters.2.png"]
    out = tmp_path / "out"
    assert result.stdout.endswith(f" -> {out / 'maps.filters.1.png'} … {out / 'maps.filters.2.png'}\n")


NOISE = "their pictures are the noise of the start; --recipe lucid leads most away from it"


@pytest.mark.parametrize("recipe, why", [("book", NOISE), ("lucid", "no step made them fire")])
def test_channels_that_never_fire_are_said(filters, frozen, recipe, why):
    result = filters("--layer", "maps", "--recipe", recipe, model=frozen(some_fire([1, 0, 0])))
    assert result.status == 0
    assert f"; 2 never fired: 1, 2 ({why}) -> " in result.stdout


def test_one_channel_that_never_fires_is_said(filters, frozen):
    model = frozen(some_fire([1, -1]))
    assert "; 1 never fired: 1 (the picture is the noise" in filters("--layer", "maps", model=model).stdout


def test_a_layer_of_which_nothing_fires_is_status_1(filters, frozen, tmp_path):
    result = filters("--layer", "maps", model=frozen(some_fire([-1.0] * 10)))
    assert (result.status, result.stderr) == (1, "")
    assert "maps: 10 channels, 2 steps; 10 never fired: 0, 1, 2, 3, 4, 5, 6, 7, … (their " in result.stdout
    assert files(tmp_path) == ["maps.filters.png"]


@pytest.mark.parametrize(
    "text, target",
    [
        ("1", 1),
        ("neuron:first:2", slimcam.Neuron("first", 2)),
        ("direction:first={}", slimcam.Direction("first", [1, 0, 2, 0, 0, -1])),
    ],
)
def test_a_target_is_the_one_of_python(filters, pictures, tmp_path, text, target):
    np.save(str(tmp_path / "vector.npy"), np.float32([1, 0, 2, 0, 0, -1]))
    result = filters("--target", text.format(tmp_path / "vector.npy"), "--count", 2)
    name = text.replace(":", "_").format("vector.npy").replace("=", "_") + ".filters.png"
    assert result.status == 0, result.stderr
    assert files(tmp_path) == [name]
    assert ": 2 pictures, 2 steps; score " in result.stdout
    np.testing.assert_array_equal(written(tmp_path, name), pictures(target=target, count=2).sheet())


def test_json_has_every_score(filters, pictures, tmp_path):
    (report,) = json.loads(filters("--layer", "first", "--channels", "0,4", "--json").stdout)
    made = pictures("first", [0, 4])
    rows = [
        {"number": number, "first": float(scores[0]), "last": float(scores[1])}
        for number, scores in zip((0, 4), made.scores)
    ]
    assert report == {
        **{"layer": "first", "recipe": "book", "steps": 2, "size": [8, 8], "pictures": rows, "silent": []},
        "files": [str(tmp_path / "out" / "first.filters.png")],
    }


def test_hold_replaces_a_tensor(filters, frozen, tmp_path):
    np.save(str(tmp_path / "gain.npy"), np.float32([1, 3, 1, 1]))
    model = frozen(lambda: net(gain=True))
    score = [
        json.loads(filters("--target", "1", "--json", "--overwrite", *options, model=model).stdout)[0]["pictures"][0][
            "first"
        ]
        for options in (("--logits", "logits"), ("--logits", "scaled", "--hold", f"gain={tmp_path / 'gain.npy'}"))
    ]
    assert score[1] == pytest.approx(3 * score[0], rel=1e-6)


def test_the_names_of_recipes_are_those_of_the_table():
    assert list(RECIPES) == list(TABLE)
    assert all(f" {row.steps} steps " in f" {RECIPES[name]} " for name, row in TABLE.items())


# What is refused


@pytest.mark.parametrize(
    "options, message",
    [
        (("--layer", "firs"), "no tensor 'firs'; near: 'first'"),
        (("--layer", "first", "--channels", "0-6"), "channel 6 of 'first:0': it has channels 0 to 5"),
        (("--channels", "3-1"), "'3-1': give numbers and ranges, as 0-63,70; see slimcam filters --help"),
        (("--channels", "0,"), "'0,': give numbers and ranges, as 0-63,70"),
        (("--channels", ""), "'': give numbers and ranges, as 0-63,70"),
        (("--channels", "0-9999999"), "'0-9999999': give numbers and ranges"),
        (("--layer", "first", "--target", "1"), "--target takes the place of --layer and --channels"),
        (("--channels", "0", "--target", "1"), "--target takes the place of --layer and --channels"),
        (("--layer", "first", "--count", "2"), "--count is of a --target"),
        (("--target", "top2"), r"no picture can be made for Top\(k=2\): give classes, or a score"),
        (("--target", "neuron:first"), "give neuron:TENSOR:NUMBER"),
        (("--recipe", "boot"), "'boot' is not one of 'book', 'lucid'"),
        (("--size", "1"), "'--size': .*1"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(filters, options, message):
    assert_error_line(filters(*options), message)


def test_what_a_score_compares_with_does_not_fit_another_size(filters, tmp_path):
    np.save(str(tmp_path / "array.npy"), np.ones((8, 8, 6), np.float32))
    assert_error_line(
        filters("--target", f"caricature:first={tmp_path / 'array.npy'}", "--size", 12),
        r"'first:0' takes images of .*8, 8, 3\) and no other size \(.*\(12, 12\) failed\): name an earlier ",
    )
    assert files(tmp_path) == []  # no state that would stand in the way of a better command


def test_a_layer_that_is_not_there_is_refused_before_another_is_climbed(filters, steps_made, tmp_path):
    assert_error_line(filters("--layer", "first", "--layer", "map"), "no tensor 'map'; near: 'maps'")
    assert_error_line(filters("--layer", "first", "--layer", "logits", "--channels", "0,5"), "channel 5 of 'logits:0'")
    assert steps_made == []


# Ctrl-C


@pytest.fixture
def stop_after(monkeypatch, steps_made):
    """Return `stop_after(n)`: Ctrl-C after so many steps; with None, never."""
    step = Ascent._step

    def set_limit(limit):
        def stop(self, part, numbers, weights):
            if len(steps_made) == limit:
                raise KeyboardInterrupt
            return step(self, part, numbers, weights)

        del steps_made[:]
        monkeypatch.setattr(Ascent, "_step", stop)

    return set_limit


def test_the_same_command_goes_on_where_ctrl_c_stopped_it(filters, pictures, steps_made, stop_after, tmp_path):
    options = ("--layer", "first", "--layer", "maps", "--channels", "0-2", "--together", 2, "--recipe", "lucid")
    stop_after(9)  # of 10 of the layer `first`, in two parts
    result = filters(*options, steps=5)
    assert (result.status, result.stdout) == (130, "")
    assert result.stderr == "slimcam: interrupted; the same command goes on from here\n"
    assert files(tmp_path) == ["first.ascent.npz"]
    stop_after(None)
    result = filters(*options, steps=5)
    assert result.status == 0, result.stderr
    assert steps_made == [[2], *[[0, 1]] * 5, *[[2]] * 5]  # the last one of `first`, then `maps`
    assert files(tmp_path) == ["first.filters.png", "maps.filters.png"]
    for layer in ("first", "maps"):
        made = pictures(layer, range(3), "lucid", steps=5)
        np.testing.assert_array_equal(written(tmp_path, f"{layer}.filters.png"), made.sheet())


@pytest.mark.parametrize("other", [("--seed", 1), ("--recipe", "lucid"), ("--channels", "1,0")], ids=str)
def test_what_another_command_began_is_not_gone_on_with(filters, stop_after, tmp_path, other):
    stop_after(1)
    options = ("--layer", "maps", "--channels", "0,1")
    assert filters(*options).status == 130
    stop_after(None)
    path = tmp_path / "out" / "maps.ascent.npz"
    assert_error_line(filters(*options, *other), rf"{path} is of another run, .*: name another file, or remove it")
    assert filters(*options).status == 0


def test_a_score_is_known_again_by_its_values(filters, stop_after, tmp_path):
    path = tmp_path / "vector.npy"
    target = ("--target", f"direction:first={path}")
    np.save(str(path), np.ones(6, np.float32))
    stop_after(1)
    assert filters(*target).status == 130
    stop_after(None)
    np.save(str(path), np.full(6, 2, np.float32))
    assert_error_line(filters(*target), "direction_first_vector.npy.ascent.npz is of another run")
    np.save(str(path), np.ones(6, np.float32))
    assert filters(*target).status == 0


def test_a_hold_is_known_again_by_its_values(filters, stop_after, frozen, tmp_path):
    model = frozen(lambda: net(gain=True))
    options = ("--target", "1", "--hold", f"gain={tmp_path / 'gain.npy'}")
    np.save(str(tmp_path / "gain.npy"), np.float32([1, 3, 1, 1]))
    stop_after(1)
    assert filters(*options, model=model).status == 130
    stop_after(None)
    np.save(str(tmp_path / "gain.npy"), np.float32([1, 2, 1, 1]))
    assert_error_line(filters(*options, model=model), "1.ascent.npz is of another run")


def test_ctrl_c_in_the_program_itself(filters, pictures, steps_made, old, tmp_path):
    options = ("--layer", "first", "--together", "1")
    words = ["--model", old, "--preprocess", "squash", "--steps", "200", "--out", str(tmp_path / "out"), *options]
    state = tmp_path / "out" / "first.ascent.npz"
    program = subprocess.Popen(
        [sys.executable, "-m", "slimcam", "filters", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_ctrl_c,
    )
    try:
        while not state.exists() and program.poll() is None:  # the first channel is done
            time.sleep(0.01)
        program.send_signal(signal.SIGINT)
        said = program.communicate(timeout=60)
    finally:
        program.kill()
    assert (program.returncode, *said) == (130, "", "slimcam: interrupted; the same command goes on from here\n")
    assert filters(*options, steps=200).status == 0
    assert 0 < len(steps_made) <= 5 * 200
    made = pictures("first", steps=200)
    # Two processes may sum in another order: by far fewer than one level in a step each, where 200 add up.
    assert np.abs(written(tmp_path, "first.filters.png").astype(int) - made.sheet()).mean() < 1


def test_ctrl_c_before_the_first_step_is_status_130(filters, monkeypatch):
    def stop(options):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "load_model", stop)
    result = filters()
    assert (result.status, result.stdout, result.stderr) == (130, "", "slimcam: interrupted\n")
