"""Keras models on the command line: functions for Lambda layers, architectures with weights, nets of weights."""

import pytest
from fixtures import keras_texts
from fixtures.keras_texts import write_text, write_weights


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Go to a folder with a model.json with a Lambda, the same without, weights.h5, and functions of one's own."""
    config = keras_texts.keras2_config()
    write_text(tmp_path / "plain.json", config)
    code = {"name": "twice", "function": ["AAAA\n", None, None], "function_type": "lambda", "output_shape": None}
    code.update(output_shape_type="raw", arguments={})
    config["config"]["layers"].insert(1, {"class_name": "Lambda", "config": code})
    write_text(tmp_path / "model.json", config)
    write_weights(tmp_path / "weights.h5")
    (tmp_path / "own_functions.py").write_text("def twice(x):\n    return 2 * x\n")
    monkeypatch.chdir(tmp_path)


def explained(run, photo, *arguments):
    result = run("explain", photo, "--preprocess", "none", "--overwrite", *arguments)
    assert result.status == 0, result.stderr
    return float(result.stdout.split("class 0 ")[1].split(" ")[0])


def test_custom_gives_a_lambda_its_function_from_the_current_folder(run, make_photo, files):
    photo = make_photo("one.png")
    plain = explained(run, photo, "--model", "plain.json", "--weights", "weights.h5")
    doubled = explained(
        run, photo, "--model", "model.json", "--weights", "weights.h5", "--custom", "twice=own_functions:twice"
    )
    assert doubled == pytest.approx(2 * plain, rel=1e-3)


def test_net_is_a_json(run, make_photo, files):
    photo = make_photo("one.png")
    plain = explained(run, photo, "--model", "plain.json", "--weights", "weights.h5")
    assert explained(run, photo, "--model", "weights.h5", "--net", "plain.json") == plain


@pytest.mark.parametrize(
    "word, message",
    [
        ("twice", "--custom twice: give NAME=package.module:function"),
        ("twice=own_functions", "--custom twice=own_functions: give NAME=package.module:function"),
        (
            "twice=own_functions:thrice",
            "no custom object 'twice' 'own_functions:thrice': no function 'thrice' there; near: ",
        ),
        ("twice=no_such:f", "no custom object 'twice' 'no_such:f': importing 'no_such' gives ModuleNotFoundError"),
    ],
)
def test_what_custom_does_not_find_ends_the_command(run, make_photo, files, word, message):
    result = run("explain", make_photo("one.png"), "--model", "model.json", "--weights", "weights.h5", "--custom", word)
    assert result.status == 2
    assert result.stderr.startswith(f"slimcam: {message}") and result.stderr.count("\n") == 1


def test_of_two_models_both_are_given_the_functions(run, make_photo, files):
    models = ("model.json", "model.json", make_photo("one.png"))
    shared = ("--weights", "weights.h5", "--b-weights", "weights.h5", "--custom", "twice=own_functions:twice")
    assert run("compare", *models, *shared, "--preprocess", "none").status == 0
