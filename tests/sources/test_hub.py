"""Modules of TF Hub of TensorFlow 1, written as tensorflow_hub 0.9 writes them: graphs, signatures, attachments."""

import numpy as np
import pytest
from fixtures.hub_modules import HEAD, SIZE_4, write_module

import slimcam
from slimcam.errors import ModelError, TargetError, UnknownName

IMAGE = np.random.RandomState(0).randint(0, 256, (4, 4, 3)).astype(np.uint8)


def _worked_by_hand(target):
    """Return the map of the photo: the mean's gradient is the head's weight over 16 places."""
    return (IMAGE[..., :2] / 255 * [1, 2] * HEAD[:, target] / 16).sum(-1)


def test_map_of_a_photo_is_the_one_worked_by_hand_with_values_from_0_to_1(tmp_path):
    model = slimcam.load(write_module(tmp_path))
    maps = slimcam.explain(model, IMAGE, "net/features", 1)
    np.testing.assert_allclose(maps.raw[0], _worked_by_hand(1), rtol=1e-5)
    assert model.logits.name == "net/Logits:0"
    assert model.notes == []
    assert "tags none; signature 'default'" in model.why
    assert any("preprocess 'unit': the images of a TF Hub module have values in [0, 1]" in one for one in model.why)


def test_file_of_the_module_stands_for_its_folder(tmp_path):
    folder = write_module(tmp_path)
    assert slimcam.load(f"{folder}/tfhub_module.pb").source == folder


def test_another_preprocessing_goes_first_and_no_reason_is_given(tmp_path):
    model = slimcam.load(write_module(tmp_path), preprocess="none")
    np.testing.assert_allclose(
        slimcam.explain(model, IMAGE, "net/features", 1).raw[0], 255 * _worked_by_hand(1), rtol=1e-5
    )
    assert not any(one.startswith("preprocess") for one in model.why)


@pytest.mark.parametrize("options", [{"signature": "image_feature_vector"}, {}])
def test_features_are_no_classes_but_can_be_explained(tmp_path, options):
    kinds = ("image_classification", "image_feature_vector") if options else ("image_feature_vector",)
    model = slimcam.load(write_module(tmp_path, kinds=kinds), **options)
    assert model.logits is None
    assert [one.name for one in model.outputs] == ["net/pooled:0"]
    with pytest.raises(TargetError, match=r"'default' is a feature vector, .*: explain a Channel or a Dot of it"):
        slimcam.explain(model, IMAGE, "net/features", 1)
    maps = slimcam.explain(model, IMAGE, "net/features", slimcam.Channel("net/pooled", 1))
    np.testing.assert_allclose(maps.raw[0], IMAGE[..., 1] / 255 * 2 / 16, rtol=1e-5)


def test_outputs_of_the_signature_are_names(tmp_path):
    model = slimcam.load(write_module(tmp_path), signature="image_classification")
    assert model.tensor("net/features_out").name == "net/features:0"
    assert model.logits.name == "net/Logits:0"


def test_size_that_the_graph_leaves_open_is_the_attached_one(tmp_path):
    model = slimcam.load(write_module(tmp_path, shape=(None, None, None, 3)))
    assert "images of 4 x 4 pixels: its image_module_info" in model.why
    assert model.input.shape.as_list() == [None, 4, 4, 3]


@pytest.mark.parametrize("attached", [b"", SIZE_4[:-1], SIZE_4[:-7]])
def test_size_that_nothing_says_stays_open(tmp_path, attached):
    model = slimcam.load(write_module(tmp_path, (None, None, None, 3), attached=attached))
    assert model.input.shape.as_list() == [None, None, None, 3]


def test_graph_of_training_is_there_by_its_tag(tmp_path):
    model = slimcam.load(write_module(tmp_path), tags="train")
    assert "tags train; signature 'default'" in model.why


def test_unknown_signatures_and_tags_are_said_with_those_that_there_are(tmp_path):
    folder = write_module(tmp_path)
    with pytest.raises(UnknownName, match=r"no signature 'image_classifcation' .*; near: 'image_classification'"):
        slimcam.load(folder, signature="image_classifcation")
    with pytest.raises(ModelError, match=r"no graph with the tags \['serve'\]: say tags=\[\] or \['train'\]"):
        slimcam.load(folder, tags="serve")


@pytest.mark.parametrize("data", [b"", b"\x08\x02", b"\x08", b"\x08\x80"])
def test_damaged_description_is_said_to_be_one(tmp_path, data):
    folder = write_module(tmp_path)
    (tmp_path / "tfhub_module.pb").write_bytes(data)
    with pytest.raises(ModelError, match=r"its tfhub_module.pb is damaged, or of a format that slimcam does not read"):
        slimcam.load(folder)
