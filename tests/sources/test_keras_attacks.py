"""Recipes against whoever loads a Keras file: each is refused in each kind of file, before Keras sees it."""

import pytest
from fixtures import keras_attacks, keras_texts

import slimcam
from slimcam.sources import keras_trust, verdicts


@pytest.fixture
def victim(tmp_path):
    """Return a folder that must stay as it is."""
    folder = tmp_path / "victim"
    folder.mkdir()
    (folder / "kept").write_text("kept")
    yield folder
    assert (folder / "kept").read_text() == "kept" and len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("kind", keras_attacks.FILES)
@pytest.mark.parametrize("attack", keras_attacks.LAYERS)
def test_a_recipe_is_refused_in_each_kind_of_file(kind, attack, tmp_path, victim):
    if kind == "yaml":
        pytest.importorskip("yaml")
    config = keras_attacks.config_with(keras_attacks.LAYERS[attack](str(victim)))
    options = keras_attacks.FILES[kind](tmp_path, config)
    with pytest.raises(slimcam.errors.SlimcamError) as caught:
        slimcam.load(**options)
    assert isinstance(caught.value, slimcam.errors.UntrustedModel), caught.value
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", keras_attacks.FILES)
def test_without_the_layer_nothing_is_refused(kind, tmp_path):
    """The files of the test above are refused for the layer in them, and for nothing else."""
    if kind == "yaml":
        pytest.importorskip("yaml")
    keras_attacks.FILES[kind](tmp_path, keras_texts.keras2_config())
    for name in ("a.h5", "a.keras", "weights.h5"):
        if (tmp_path / name).exists():
            assert keras_trust.verdict_of_file(str(tmp_path / name)).pure
    assert keras_trust.verdict_of_config(keras_texts.keras2_config()).pure


@pytest.mark.parametrize("kind", keras_attacks.FILES)
def test_what_only_training_uses_is_no_alarm(kind, tmp_path):
    """load() does not read the optimizer of a compiled model, and so a gate does not mind it."""
    optimizer = {"class_name": "Adam", "module": "keras.optimizers", "config": {"learning_rate": 0.1}}
    config = {**keras_texts.keras2_config(), "compile_config": {"optimizer": optimizer}}
    if kind == "yaml":
        pytest.importorskip("yaml")
    assert verdicts.vet(keras_attacks.FILES[kind](tmp_path, config)["path"]).pure


def test_a_gate_refuses_what_load_refuses(tmp_path):
    config = keras_attacks.config_with(keras_attacks.LAMBDA)
    (finding,) = verdicts.vet(keras_attacks.FILES["h5"](tmp_path, config)["path"]).refused
    assert finding.allow == "Lambda"
