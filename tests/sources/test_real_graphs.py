"""Graphs that other people trained, against sessions of their own programs: see the README of the shared data."""

import cv2
import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.tolerance import MOBILENET_V1, assert_net

import slimcam


def read(path, side=None, grey=False):
    """Return a photo as (1, h, w, C) in [0, 1], as the programs that trained these graphs read theirs."""
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_COLOR)
    image = image if side is None else cv2.resize(image, (side, side))
    image = image[..., None] if grey else image[..., ::-1]
    return image[None].astype(np.float32) / 255


def by_program(meta, layers, logits, feeds):
    """Return the logits, and the map of the winner at each layer, by restoring a program and tf.gradients."""
    with tf1.Graph().as_default() as graph, tf1.Session() as session:
        saver = tf1.train.import_meta_graph(str(meta), clear_devices=True)
        saver.restore(session, str(meta)[: -len(".meta")])
        logits, *layers = (graph.get_tensor_by_name(name + ":0") for name in (logits, *layers))
        slopes = tf1.gradients(tf1.reduce_max(logits, 1), layers)
        fed = {f"{name}:0": value for name, value in feeds.items()}
        scores, activations, gradients = session.run([logits, layers, slopes], fed)
    each = zip(activations, gradients)
    return scores, [np.einsum("nhwc,nc->nhw", one, slope.mean((1, 2))) for one, slope in each]


# --- lenet_signs: TensorFlow 1.0.1, whose placeholders say no shape


def test_a_traffic_sign_is_known_and_its_map_is_that_of_the_program(strangers):
    path = strangers / "lenet_signs" / "lenet.meta"
    image = read(strangers / "photos" / "T_11.png", 32)
    logits, (raw,) = by_program(path, ["Relu_1"], "add_4", {"Placeholder": image, "Placeholder_2": 1.0})
    labels = [line.split(",")[1] for line in (path.parent / "signnames.csv").read_text().splitlines()[1:]]
    with slimcam.load(path, preprocess="unit", labels=labels) as model:
        maps = slimcam.GradCAM(model)(image)
        assert (maps.layer, maps.label(0)) == ("Relu_1", "Right-of-way at the next intersection")
        assert maps.classes.tolist() == [11]
        assert_net(maps.raw, raw)
        assert_net(maps.scores, logits.max(1))
        assert maps.fed == ["Placeholder_2:0 = 1.0 (its readers use it as the share that dropout keeps)"]
        photo = slimcam.GradCAM(model)(strangers / "photos" / "T_11.png")
        assert photo.classes.tolist() == [11]
        assert photo.windows[0] == (0, 0, *photo.photos[0].shape[:2])


# --- mnist_meta: values in a row


def test_a_digit_is_fed_as_a_photo_an_image_and_a_row(strangers):
    path = strangers / "mnist_meta" / "tmp.meta"
    # the net is hardly trained: between 0 and 1 its first layer is dead, so it gets its values as they are
    images = 255 * np.concatenate([read(strangers / "photos" / f"digit0{name}.jpg", grey=True) for name in "ab"])
    rows = images.reshape(2, 784)
    logits, (raw,) = by_program(path, ["conv2/Relu"], "fullconnection/add", {"mnist_data/Placeholder": rows})
    with slimcam.load(path, preprocess="none") as model:
        assert model.input.shape.as_list() == [None, 28, 28, 1]
        cam = slimcam.GradCAM(model)
        for given in (images, rows):
            maps = cam(given)
            assert maps.layer == "conv2/Relu"
            assert maps.classes.tolist() == logits.argmax(1).tolist()
            assert_net(maps.scores, logits.max(1))
            assert_net(maps.raw, raw)
        maps = cam([strangers / "photos" / f"digit0{name}.jpg" for name in "ab"])
        assert maps.classes.tolist() == logits.argmax(1).tolist()
        # TensorFlow's shares of red, green and blue add up to 0.9999
        np.testing.assert_allclose(maps.raw, raw, rtol=0, atol=3e-4 * np.abs(raw).max())
        assert maps.overlay().shape == (2, 28, 28, 3)


# --- siamese_meta: two rows, shared weights, one logit, a loss written by hand


@pytest.mark.parametrize("options", [{}, {"input": ["Reshape", "Reshape_2"]}])
def test_two_digits_are_compared_and_each_has_its_map(strangers, options):
    path = strangers / "siamese_meta" / "model.ckpt.meta"
    one, other = (read(strangers / "photos" / f"digit0{name}.jpg", grey=True) for name in "ab")
    feeds = {"Placeholder": one.reshape(1, 784), "Placeholder_1": other.reshape(1, 784), "Placeholder_5": 1.0}
    logits, raws = by_program(path, ["Relu_2", "Relu_6"], "MatMul_2", feeds)
    with slimcam.load(path, **options) as model:
        assert (model.logits.name, model.output_kind) == ("MatMul_2:0", "sigmoid")
        pair = slimcam.explain_pair(model, one, other, layer=["Relu_2", "Relu_6"], target=1)
        for maps, raw in zip(pair, raws):
            assert_net(maps.raw, raw)
            assert_net(maps.scores, logits[:, 0])
            assert maps.fed == ["Placeholder_5:0 = 1.0 (its readers use it as the share that dropout keeps)"]


# --- ssoniya_optimized: optimised for inference, so that its input has no shape


def test_an_optimised_graph_asks_for_the_size_and_gives_the_map_of_the_whole_one(strangers):
    photo = strangers / "photos" / "dogscats_classification.jpg"
    with slimcam.load(strangers / "ssoniya_optimized.pb", preprocess="squash") as model:
        assert model.input.shape.as_list() == [None, None, None, 3]
        with pytest.raises(slimcam.PhotoError, match=r"nothing says what size 'input:0' takes: load it with size=, "):
            slimcam.explain(model, photo, "Conv2d_13_pointwise")
    each = []
    for name, size in (("ssoniya_optimized.pb", 128), ("ssoniya_retrained.pb", None)):
        with slimcam.load(strangers / name, preprocess="squash", size=size) as model:
            each.append(slimcam.explain(model, photo, "Conv2d_13_pointwise"))
    optimised, whole = each
    assert optimised.classes.tolist() == whole.classes.tolist()
    assert_net(optimised.raw, whole.raw, MOBILENET_V1)
    assert optimised.raw.shape == (1, 4, 4)
