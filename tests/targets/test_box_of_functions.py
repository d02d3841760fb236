"""Detections of the object detection API's exports of TensorFlow 2, whose suppression is inside a function."""

import numpy as np
import pytest
from fixtures.detector_nets import QUARTERS, picture, quarters_of, suppressed
from fixtures.tolerance import assert_net

import slimcam
from slimcam._tf import eager, keras_runs_eagerly, tf, tf1

pytestmark = pytest.mark.skipif(not keras_runs_eagerly(), reason="TensorFlow 2.1 lays functions open")


def export(folder):
    """Write the detector of detector_nets as a SavedModel of functions, with the names that the API documents."""

    @tf.autograph.experimental.do_not_convert
    def one(turn):
        return suppressed(*turn)

    def detect(image_tensor):
        scores = tf.sigmoid(quarters_of(tf.nn.relu(image_tensor, name="maps")))
        boxes = tf.tile(tf.constant(QUARTERS[None]), tf.stack([tf.shape(image_tensor)[0], 1, 1]))
        found = tf1.map_fn(one, (boxes, scores), (tf.float32,) * 3)
        return {
            **dict(zip(("detection_boxes", "detection_scores"), found)),
            "detection_classes": found[2] + 1.0,
            "num_detections": tf.fill(tf.shape(image_tensor)[:1], 4.0),
            "raw_detection_boxes": boxes,
            "raw_detection_scores": scores,
        }

    with eager():
        module = tf.Module()
        module.detect = tf.function(detect, [tf.TensorSpec([None, 4, 4, 3], tf.float32)])
        tf.saved_model.save(module, str(folder), module.detect.get_concrete_function())
    return str(folder)


def test_a_detection_is_explained_by_the_blob_that_drives_it(tmp_path):
    # quarter 1 is the reddest: 4 x 2 - 2 = 6 of class 1; quarter 2 is green: 4 x 1 - 2 = 2 of class 2
    image = picture((1, 0, 2.0), (2, 1, 1.0))
    with slimcam.load(export(tmp_path / "detector"), preprocess="none") as model:
        with pytest.raises(slimcam.TargetError, match=r"explain a detection by target=slimcam.Box\(0\)"):
            slimcam.GradCAM(model)
        layer = next(one.name for one in model.layers() if one.name.endswith("maps"))
        best, second = (slimcam.explain(model, image, layer, slimcam.Box(k)) for k in (0, 1))
    assert [list(best.classes), list(second.classes)] == [[1], [2]]
    assert_net(np.array([best.scores[0], second.scores[0]]), np.array([6.0, 2.0]))
    np.testing.assert_allclose(best.boxes, [[0, 2, 2, 4]])
    assert best.raw[0, :2, 2:].min() > 0 and best.raw[0, 2:].max() <= 0
