"""The command line's options of load(), which are read from the rows of LoadOptions."""

import os

import click
import pytest

from slimcam.cli.commands.compare import compare
from slimcam.cli.commands.explain import explain
from slimcam.cli.options import load_options, load_options_of_both
from slimcam.sources.options import TIMEOUT

PHOTO = "photo.png"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Go to a folder with files that are known by their names or first bytes."""
    for name, data in {"a.pb": b"", "b.pb": b"", "a.h5": b"\x89HDF\r\n\x1a\n", "c.meta": b"", "c.index": b""}.items():
        (tmp_path / name).write_bytes(data)
    monkeypatch.chdir(tmp_path)


def parsed(command, *arguments):
    """Return the options of a command, as its function gets them."""
    return command.make_context(command.name, list(arguments)).params


def both(*arguments):
    options = parsed(compare, *arguments)
    return load_options_of_both(options["a"], options["b"], options)


def test_words_are_read_as_load_takes_them():
    words = "--allow", "ReadFile,PyFunc", "--allow", "Save", "--timeout", "0"
    options = load_options(
        parsed(explain, PHOTO, "--model", "x", "--tags", "a,b", "--trusted", "--engine", "tape", *words)
    )
    assert options == {
        **dict.fromkeys(("net", "input", "logits", "labels", "preprocess", "signature", "weights", "size")),
        **{**dict.fromkeys(("custom_objects", "timeout", "memory")), "isolated": False},
        "allow": ["ReadFile", "PyFunc", "Save"],
        **{"tags": ["a", "b"], "trusted": True, "keep_dropout": False, "engine": "tape"},
    }


def test_what_is_not_said_is_at_its_default():
    options = load_options(parsed(explain, PHOTO, "--model", "x"))
    assert (options.pop("trusted"), options.pop("keep_dropout"), options.pop("engine")) == (False, False, "graph")
    assert (options.pop("timeout"), options.pop("isolated")) == (TIMEOUT, False)
    assert set(options.values()) == {None}


def test_an_option_that_does_not_apply_ends_the_command(run, folder):
    result = run("explain", PHOTO, "--model", "a.pb", "--signature", "s")
    assert (result.status, result.stderr) == (
        2,
        "slimcam: a.pb: a frozen graph takes no --signature; a TF Hub module and a SavedModel do\n",
    )


@pytest.mark.parametrize("name, word", [("input", "x"), ("logits", "y"), ("tags", "a,b"), ("signature", "s")])
def test_only_what_both_may_well_share_is_said_once_for_both(folder, name, word):
    _, of_b = both("a.pb", "b.pb", PHOTO, f"--{name}", word)
    assert of_b[name] is None


def test_what_both_take_is_said_once_for_both_unless_b_says_otherwise(folder):
    of_a, of_b = both("a.pb", "b.pb", PHOTO, "--labels", "l.txt", "--preprocess", "vgg", "--b-preprocess", "unit")
    assert (of_a["labels"], of_b["labels"]) == ("l.txt", "l.txt")
    assert (of_a["preprocess"], of_b["preprocess"]) == ("vgg", "unit")


@pytest.mark.parametrize("word, name, value", [("--net=vgg_16", "net", None), ("--engine=tape", "engine", "graph")])
def test_what_b_does_not_take_is_not_inherited(folder, word, name, value):
    _, of_b = both("c" if name == "net" else "a.h5", "a.pb", PHOTO, word)
    assert of_b[name] is value


def test_what_only_b_takes_is_not_said_of_a(folder):
    of_a, of_b = both("a.pb", "a.h5", PHOTO, "--custom", "f=os.path:basename")
    assert (of_a["custom_objects"], of_b["custom_objects"]) == (None, {"f": os.path.basename})


def test_with_an_inherited_net_a_meta_stands_for_its_checkpoint(folder):
    of_a, of_b = both("a.pb", "c.meta", PHOTO, "--net", "vgg_16")
    assert (of_a["net"], of_b["net"]) == (None, "vgg_16")


def test_what_neither_takes_and_what_is_said_of_b_itself_are_errors(run, folder):
    for options in (("--signature", "s"), ("--b-signature", "s", "--net", "vgg_16")):
        result = run("compare", "a.pb", "b.pb", PHOTO, *options)
        assert result.status == 2
        assert result.stderr.startswith("slimcam: a.pb: a frozen graph takes no ")


def test_a_word_that_is_no_choice_is_a_usage_error():
    with pytest.raises(click.BadParameter, match="'eager' is not one of 'graph', 'tape'"):
        parsed(explain, PHOTO, "--model", "x", "--engine", "eager")
