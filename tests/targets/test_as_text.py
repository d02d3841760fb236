"""Targets and holds in the words of the command line."""

import cv2
import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.three_classes import LABELS, three_classes
from fixtures.tolerance import rounding

import slimcam
from slimcam.targets.as_json import to_json
from slimcam.targets.as_text import read_hold, read_like, read_target


@pytest.fixture
def net(model_of):
    return model_of(three_classes, labels=LABELS, logits="logits")


@pytest.mark.parametrize(
    "text, spec",
    [
        (None, None),
        ("2", {"class": 2}),
        ("-1", {"class": -1}),
        ("ox, bull", {"class": 2}),
        ("top3", {"top": 3}),
        ("mean:a", {"mean": "a"}),
        ("norm:a:0", {"norm": "a:0"}),
        ("channel:a:0:1", {"channel": "a:0", "k": 1}),
        ("box:3", {"box": 3, "at": None}),
        ("box:dog", {"box": "dog", "at": None}),
        ("box:2@30,4.5", {"box": 2, "at": [30.0, 4.5]}),
        ("box:ox, bull@30,4", {"box": "ox, bull", "at": [30.0, 4.0]}),
        ("region:2", {"region": 2, "mask": None, "of": None}),
        ("region:dog", {"region": 1, "mask": None, "of": None}),
        ("peak:17", {"peak": 17, "of": None}),
        ("region:a:0:dog", {"region": 1, "mask": None, "of": "a:0"}),
        ("peak:a:0:2", {"peak": 2, "of": "a:0"}),
    ],
)
def test_words_are_targets(net, text, spec):
    assert to_json(read_target(net, text), net) == spec


def test_a_label_may_have_a_colon(net):
    assert read_target(net, "ox: bull") == "ox: bull"


def test_an_array_comes_from_a_file(net, tmp_path):
    path = tmp_path / "array.npy"
    np.save(str(path), np.float32([1, 2]))
    assert to_json(read_target(net, f"dot:features={path}"), net) == {"dot": "features", "array": [1.0, 2.0]}
    name, array = read_hold(net, f"features={path}")
    assert name == "features"
    np.testing.assert_array_equal(array, [1, 2])
    assert read_hold(net, "features=zeros") == ("features", "zeros")


def test_a_mask_comes_from_an_array_or_a_picture(net, tmp_path):
    mask = np.array([[0, 2, 0], [0, 0, 1]])
    array, picture = tmp_path / "mask.npy", tmp_path / "mask.png"
    np.save(str(array), mask)
    cv2.imwrite(str(picture), np.uint8(100 * mask))
    for path in (array, picture):
        expected = {"region": 1, "mask": [[0, 1, 0], [0, 0, 1]], "of": None}
        assert to_json(read_target(net, f"region:1={path}"), net) == expected


def embedding():
    images = tf1.placeholder(tf1.float32, [None, 2, 2, 3], name="images")
    maps = tf1.nn.relu(images, name="maps")
    tf1.nn.l2_normalize(tf1.reduce_sum(maps, [1, 2]), 1, name="embeddings")


def test_like_is_the_product_with_another_photos_embedding(model_of, tmp_path):
    model = model_of(embedding, preprocess="none")
    assert model.logits is None  # the values of a vector of length 1 are no scores of classes
    path = tmp_path / "other.png"
    cv2.imwrite(str(path), np.uint8([[[0, 0, 3], [0, 0, 0]], [[0, 4, 0], [0, 0, 0]]]))  # BGR: red of 3, green of 4
    target = read_like(model, str(path))
    np.testing.assert_allclose(target.array, [0.6, 0.8, 0], rtol=rounding(8))
    red = np.zeros((1, 2, 2, 3), np.float32)
    red[0, 0, 0] = 2, 0, 1  # of length sqrt(5)
    assert slimcam.explain(model, red, target=target).scores == pytest.approx([0.6 * 2 / np.sqrt(5)], rel=rounding(20))


def test_like_needs_one_vector(model_of, make_photo):
    def build():
        images = tf1.placeholder(tf1.float32, [None, 2, 2, 3], name="images")
        tf1.nn.relu(images, name="maps")

    model = model_of(build, preprocess="none")
    with pytest.raises(slimcam.TargetError, match=r"does not end in one vector an image.*--target dot:TENSOR=PHOTO"):
        read_like(model, make_photo("a.png"))


def test_an_embedding_says_which_target_fits(model_of):
    with pytest.raises(slimcam.TargetError, match=r"of length 1, a vector to compare photos by.*\(--like OTHER\)"):
        slimcam.GradCAM(model_of(embedding, preprocess="none"))


def test_a_neuron_is_the_centre_of_a_channel(net):
    assert read_target(net, "neuron:a:0:7").key() == slimcam.Neuron("a:0", 7).key()


@pytest.mark.parametrize("kind, make", [("direction", slimcam.Direction), ("caricature", slimcam.Caricature)])
def test_an_objective_takes_an_array_from_a_file(net, tmp_path, kind, make):
    path = tmp_path / "array.npy"
    np.save(str(path), np.float32([1, 2]))
    assert read_target(net, f"{kind}:a:0={path}").key() == make("a:0", [1, 2]).key()


def test_a_caricature_takes_the_features_of_a_photo(model_of, make_photo):
    net, path = model_of(three_classes, logits="logits", preprocess="unit"), make_photo("photo.png")
    made = read_target(net, f"caricature:features={path}")
    assert made.key() == slimcam.Caricature("features", net.features("features", path)[0]).key()


@pytest.mark.parametrize(
    "read, text, error, message",
    [
        (read_target, "channel:a:x", slimcam.TargetError, "--target channel:a:x: give channel:TENSOR:NUMBER"),
        (read_target, "box:dog@3", slimcam.TargetError, "give box:NUMBER, or box:CLASS@X,Y in pixels of the photo"),
        (read_target, "peak:x", slimcam.TargetError, "--target peak:x: give peak:NUMBER, the channel of the heat map"),
        (read_target, "region:1=none.npy", slimcam.WrongFeed, "none.npy: No such file"),
        (read_target, "region:1=none.png", slimcam.PhotoError, "none.png: No such file"),
        (read_target, "channel:3", slimcam.TargetError, "--target channel:3: give channel:TENSOR:NUMBER"),
        (read_target, "neuron:a:-1", slimcam.TargetError, "--target neuron:a:-1: give neuron:TENSOR:NUMBER"),
        (read_target, "dot:a", slimcam.TargetError, "--target dot:a: give dot:TENSOR=FILE.npy, or a photo$"),
        (read_target, "direction:a", slimcam.TargetError, "--target direction:a: give direction:TENSOR=FILE.npy$"),
        (read_target, "caricature:a", slimcam.TargetError, "give caricature:TENSOR=FILE.npy, or a photo$"),
        (read_target, "direction:a=none.npy", slimcam.WrongFeed, "none.npy: No such file"),
        (read_hold, "a", slimcam.WrongFeed, "--hold a: give TENSOR=NUMBER, TENSOR=FILE.npy, .* or TENSOR=zeros"),
        (read_hold, "a=none.npy", slimcam.WrongFeed, "none.npy: No such file"),
    ],
)
def test_words_that_lack_a_part(net, read, text, error, message):
    with pytest.raises(error, match=message):
        read(net, text)


@pytest.mark.parametrize("old, new", [(b"'descr': '", b"'descr': \"'"), (b"{", b"\0"), (b"{", b"(")])
def test_an_array_whose_header_is_damaged_is_a_line(old, new, net, tmp_path):
    np.save(str(tmp_path / "held.npy"), np.zeros(3))
    data = (tmp_path / "held.npy").read_bytes()
    assert old in data
    (tmp_path / "held.npy").write_bytes(data.replace(old, new)[: len(data)])
    with pytest.raises(slimcam.WrongFeed, match=r"held\.npy: not an array that NumPy can read: [^\n]+$"):
        read_hold(net, f"a={tmp_path / 'held.npy'}")
