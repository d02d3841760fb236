"""A full disk, a folder that nothing can be written to, photos and checkpoints that go or change: a line each."""

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.command import assert_error_line

import slimcam
from slimcam.inputs import photos

READ_ONLY = "/sys/kernel"  # where Linux lets nobody make a file, not even root


@pytest.fixture
def vanishing(monkeypatch):
    """Return `vanishing(path, after)`: let a photo be removed as soon as another, or itself, has been read."""

    def arrange(path, after):
        def read(one, own=photos.read_file):
            data = own(one)
            if one == after and os.path.exists(path):
                os.remove(path)
            return data

        monkeypatch.setattr(photos, "read_file", read)

    return arrange


# Photos


def test_a_photo_that_vanishes_before_it_is_read_is_a_line_and_the_others_are_explained(
    explain, make_photo, vanishing, written
):
    one, two, three = (make_photo(name) for name in ("one.png", "two.png", "three.png"))
    vanishing(two, after=one)
    result = explain(one, two, three)
    assert (result.status, result.stderr) == (1, f"slimcam: {two}: No such file or directory\n")
    assert [name.split(".")[0] for name in written()[0]] == ["maps", "one", "three"]


@pytest.mark.parametrize("command", ["explain", "activations"])
def test_a_photo_that_vanishes_after_it_was_read_is_explained(command, run, model, make_photo, vanishing, tmp_path):
    one = make_photo("one.png")
    vanishing(one, after=one)
    result = run(command, one, "--model", model, "--preprocess", "squash", "--out", tmp_path / "out")
    assert (result.status, result.stderr) == (0, "")
    assert not os.path.exists(one)


def test_a_photo_that_vanishes_from_a_recording_is_a_line(run, model, make_photo, vanishing, tmp_path):
    one, two = make_photo("one.png"), make_photo("two.png")
    vanishing(two, after=one)
    result = run("record", one, two, "--model", model, "--preprocess", "squash", "--out", tmp_path / "out")
    assert_error_line(result, r"two\.png: No such file or directory")
    assert not (tmp_path / "out").exists()


# Checkpoints


def changing(act):
    """Return a net of slim's signature; as it is built, after its checkpoint was opened, `act` is called."""

    def build(images, num_classes=2, is_training=False, **_):
        act()
        return own_net(images)

    build.default_image_size = 8
    return build


def own_net(images):
    """Build a net of two variables."""
    kernel = tf1.get_variable("kernel", [3, 3, 3, 4], use_resource=False)
    dense = tf1.get_variable("dense", [4, 2], use_resource=False)
    maps = tf1.nn.relu(tf1.nn.conv2d(images, kernel, [1, 1, 1, 1], "SAME"), name="maps")
    logits = tf1.matmul(tf1.reduce_mean(maps, [1, 2]), dense, name="Logits")
    return logits, {"maps": maps, "Logits": logits}


def save(folder, seed, version):
    """Write a checkpoint of the net, its weights by a seed; return its prefix and the file of its values."""
    with tf1.Graph().as_default(), tf1.Session() as session:
        own_net(tf1.placeholder(tf1.float32, [None, 8, 8, 3]))
        random = np.random.RandomState(seed)
        for variable in tf1.global_variables():
            session.run(variable.initializer, {variable.initializer.inputs[1]: random.normal(size=variable.shape)})
        prefix = tf1.train.Saver(write_version=version).save(session, str(folder / "net"), write_meta_graph=False)
    return prefix, pathlib.Path(prefix + (".data-00000-of-00001" if version == tf1.train.SaverDef.V2 else ""))


def in_place(path, data):
    """Write into a file that others hold open, as a copy over it does."""
    with open(str(path), "r+b") as file:
        file.truncate()
        file.write(data)


CHANGES = {
    "another's": lambda path, other: in_place(path, other.read_bytes()),
    "cut": lambda path, other: in_place(path, path.read_bytes()[:40]),
    "replaced": lambda path, other: other.replace(path),
    "removed": lambda path, other: path.unlink(),
}


@pytest.mark.parametrize("version", [tf1.train.SaverDef.V1, tf1.train.SaverDef.V2], ids=["V1", "V2"])
@pytest.mark.parametrize("how", CHANGES)
def test_a_checkpoint_that_changes_under_a_running_load_is_an_error(how, version, tmp_path):
    (tmp_path / "other").mkdir()
    prefix, path = save(tmp_path, 0, version)
    other = save(tmp_path / "other", 1, version)[1]
    message = "net: the checkpoint changed while it was read: load it again, or a copy that nobody writes to$"
    with pytest.raises(slimcam.ModelError, match=message):
        slimcam.load(prefix, net=changing(lambda: CHANGES[how](path, other)))


# Disks


@pytest.mark.skipif(not os.path.isdir(READ_ONLY), reason=f"needs {READ_ONLY} of Linux")
@pytest.mark.parametrize("command", ["explain", "activations", "record"])
def test_a_folder_that_nothing_can_be_written_to_is_a_line(command, run, model, make_photo):
    place = f"{READ_ONLY}/slimcam"
    result = run(command, make_photo("one.png"), "--model", model, "--preprocess", "squash", "--out", place)
    assert_error_line(result, f"{place}: cannot be written( to)?: ")


PROGRAM = """
import os, subprocess, sys
from slimcam.cli import main
folder, photo, model = sys.argv[1:]
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", folder], check=True)

def fill():
    with open(folder + "/rest", "wb") as rest:  # all that is left, but for a page or two
        rest.write(bytes(os.statvfs(folder).f_bavail * os.statvfs(folder).f_bsize))

def run(*words):
    try:
        main([*words, "--model", model, "--preprocess", "squash"], prog_name="slimcam")
    except SystemExit as ended:
        print("status", ended.code, sorted(os.listdir(folder + "/out")) if os.path.isdir(folder + "/out") else None)

for command in ("explain", "record"):
    run(command, photo, "--out", folder + "/out")
    fill()
    run(command, photo, "--out", folder + "/out", "--overwrite")
    subprocess.run(["rm", "-rf", folder + "/out", folder + "/rest"])
fill()
run("explain", photo, "--out", folder + "-out", "--tensorboard", folder + "/logs")
print("left", os.listdir(folder))
"""


@pytest.fixture
def mounts(tmp_path):
    """Skip the test where nothing can be mounted in a space of its own."""
    words = ["unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", str(tmp_path)]
    try:
        can = subprocess.run(words, capture_output=True).returncode == 0
    except FileNotFoundError:
        can = False
    if not can:
        pytest.skip("needs a file system of its own, which this machine lets nobody mount")


def test_a_full_disk_is_a_line_and_leaves_what_was_there(mounts, model, make_photo, tmp_path):
    (tmp_path / "disk").mkdir()
    words = [sys.executable, "-c", PROGRAM, str(tmp_path / "disk"), make_photo("one.png", 60, 60), model]
    ended = subprocess.run(["unshare", "--user", "--map-root-user", "--mount", *words], capture_output=True, text=True)
    said = [line for line in ended.stdout.splitlines() if line.startswith(("status", "left"))]
    maps, recording = ["maps.npz", "one.maps.3.png"], ["golden.json", "golden.npz"]
    ends = [f"status 0 {maps}", f"status 1 {maps}", f"status 0 {recording}", f"status 2 {recording}", "status 2 None"]
    assert said[:-1] == ends
    errors = [line.replace(str(tmp_path), "") for line in ended.stderr.splitlines() if "cannot be written" in line]
    no_room = "cannot be written: No space left on device"
    assert errors[:-1] == [f"slimcam: /disk/out/one.maps.3.png: {no_room}", f"slimcam: /disk/out: {no_room}"]
    assert errors[-1].startswith("slimcam: /disk/logs: cannot be written: ")  # an event file, in TensorFlow's words


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full of Linux")
def test_output_that_cannot_be_printed_is_a_line():
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "slimcam", "nets"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    message = "slimcam: output, or a temporary file, cannot be written: No space left on device\n"
    assert (ended.returncode, ended.stderr) == (2, message)
