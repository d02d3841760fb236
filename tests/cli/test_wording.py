"""Errors of the command line speak of options, where Python speaks of keywords."""

import inspect

import pytest

import slimcam
from slimcam.cli.options import model_options
from slimcam.cli.wording import OPTIONS, PYTHON_ONLY, in_options
from slimcam.sources.options import ON_COMMAND_LINE

LOAD = [name for name in inspect.signature(slimcam.load).parameters if name != "path"]
FLAGS = {flag for option in model_options(lambda: None).__click_params__ for flag in option.opts}


@pytest.mark.parametrize("name", LOAD)
def test_every_keyword_of_load_is_an_option_or_said_to_be_python_s(name):
    assert (name in OPTIONS) != (name in PYTHON_ONLY)
    words = in_options(f"say {name}= or give {name}='x', {name}=3: not {name}=\"a b\"")
    if name in PYTHON_ONLY:
        assert words.count("(in Python)") == 4
    elif name != "custom_objects":
        flag = OPTIONS[name]
        assert words == f"say {flag} or give {flag} 'x', {flag} 3: not {flag} \"a b\""


@pytest.mark.parametrize("name", sorted(set(LOAD) & set(ON_COMMAND_LINE)))
def test_the_option_is_one_that_commands_take(name):
    assert OPTIONS[name] in FLAGS


@pytest.mark.parametrize(
    "text, want",
    [
        ("load it with preprocess= ('inception' or 'none')", "load it with --preprocess ('inception' or 'none')"),
        ("or its file by slimcam.load(path, engine='tape') (this is", "or its file by --engine 'tape' (this is"),
        ("load(…, input=['a', 'b'])", "--input ['a', 'b']"),
        ("load(…, custom_objects={'lambda_1': function})", "--custom lambda_1=package.module:function"),
        ("trusted=True if you trust the file", "--trusted if you trust the file"),
        ("say allow=['ReadFile', 'PyFunc'] if", "say --allow ReadFile,PyFunc if"),
        ("runs/size=224/model.pb: no such file", "runs/size=224/model.pb: no such file"),
        ("give hold={'x': array}.", "give --hold {'x': array}."),
        (
            "by target=slimcam.Region(class, tensor='a:0') (--target region:a:0:CLASS), or",
            "by --target region:a:0:CLASS, or",
        ),
        ("by target=slimcam.Dot('e', model.features('e', o)[0]) (--like O)", "by --like O"),
        ("replace it by overwrite=True", "replace it by --overwrite"),
        ("the b-input=x and subnet=y", "the b-input=x and subnet=y"),
        ("no label 'dog'; near: 'dogs'", "no label 'dog'; near: 'dogs'"),
    ],
)
def test_keywords_become_options_and_the_rest_stays(text, want):
    assert in_options(text) == want
