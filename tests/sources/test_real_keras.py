"""Keras files that other people trained, against what plain Keras 2.21 computes on the same arrays.

Classes, scores and the places of the maps' peaks were taken with model.predict and a tape, without slimcam.
"""

import cv2
import numpy as np
import pytest

import slimcam

OPTIONS = {
    "fer2013_mini_XCEPTION.hdf5": {"preprocess": "squash"},
    "tm_waste.h5": {},
    "carnd_steering.h5": {"custom_objects": {"lambda_1": lambda x: x / 127.5 - 1.0}},
}


@pytest.fixture
def loaded(shared):
    """Return `loaded(file)`: the model, and what gives it a photo as values of its own, not by its preprocessing."""
    folder = shared / "real" / "strangers"

    def load(file):
        if not (folder / file).exists():
            pytest.skip(f"needs {folder / file}")
        return slimcam.load(str(folder / file), **OPTIONS[file])

    def photo(name, side):
        picture = cv2.imread(str(folder / "photos" / name))[..., ::-1]
        return cv2.resize(picture, (side, side), interpolation=cv2.INTER_LINEAR).astype(np.float32)

    load.photo = photo
    return load


@pytest.mark.parametrize("name, winner, place", [("angry.jpg", 6, (3, 3)), ("tiger.jpg", 2, (1, 1))])
def test_seven_emotions_of_grey_faces(loaded, name, winner, place):
    grey = np.tensordot(loaded.photo(name, 64), np.float32([0.2989, 0.587, 0.114]), 1)[None, ..., None]
    with loaded("fer2013_mini_XCEPTION.hdf5") as model:
        maps = slimcam.explain(model, grey / 127.5 - 1, layer="conv2d_7")
    assert (list(maps.classes), np.unravel_index(maps.raw[0].argmax(), maps.raw[0].shape)) == ([winner], place)
    assert maps.fed == []


def test_a_teachable_machine_of_nested_sequentials(loaded):
    photos = np.stack([loaded.photo(name, 224) for name in ("tiger.jpg", "dogscats_classification.jpg")])
    with loaded("tm_waste.h5") as model:
        assert any(line.startswith("preprocess 'squash'") and "MobileNetV2" in line for line in model.why)
        maps = slimcam.explain(model, photos / 127.5 - 1)
    assert list(maps.classes) == [3, 0]
    assert [np.unravel_index(raw.argmax(), raw.shape) for raw in maps.raw] == [(3, 4), (3, 3)]
    assert maps.layer.startswith("sequential_1/model1") and maps.fed == []


def test_a_steering_angle_behind_a_lambda(loaded):
    with loaded("carnd_steering.h5") as model:
        assert model.notes == []
        assert any(line.startswith("preprocess 'none': the graph scales by itself") for line in model.why)
        photos = np.stack([loaded.photo("tiger.jpg", 64), np.zeros((64, 64, 3)), np.full((64, 64, 3), 255)])
        angles = model.session.run(model.logits, {model.input: photos})[:, 0]
        maps = slimcam.explain(model, photos[:1].astype(np.float32))
    np.testing.assert_allclose(angles, [-1.3929361, 0.01897348, 0.02276706], rtol=1e-4, atol=1e-6)
    assert np.isfinite(maps.raw).all() and maps.fed == []
