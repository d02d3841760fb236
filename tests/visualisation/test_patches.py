"""The patches that drive a channel most: which they are, and where they lie in the photos."""

import cv2
import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures import keras_nets as nets

import slimcam
from slimcam._tf import TF_VERSION
from slimcam.inputs.photos import photos_in

EAGER = pytest.mark.skipif(TF_VERSION < (2, 1), reason="eager models need TensorFlow 2")


@pytest.fixture
def folder(tmp_path):
    """Return `folder(name=array, ...)`: the path of a folder of PNGs, beside which lies a file that is none."""

    def write(**photos):
        (tmp_path / "photos").mkdir()
        (tmp_path / "photos" / "notes.txt").write_text("no photo")
        for name, photo in photos.items():
            cv2.imwrite(str(tmp_path / "photos" / f"{name}.png"), photo[..., ::-1])
        return tmp_path / "photos"

    return write


def spots(*spots, height=16, width=16):
    """Return a black photo with a pixel of (row, column, (red, green, blue)) each."""
    photo = np.zeros((height, width, 3), np.uint8)
    for row, column, pixel in spots:
        photo[row, column] = pixel
    return photo


def sums(side=16, size=3, stride=1, padding="SAME"):
    """`a`: red, and green, summed over windows."""

    def net():
        x = tf1.placeholder(tf1.float32, [None, side, side, 3], name="x")
        kernel = np.zeros((size, size, 3, 2), np.float32)
        kernel[:, :, 0, 0] = kernel[:, :, 1, 1] = 1
        a = tf1.nn.relu(tf1.nn.conv2d(x, tf1.constant(kernel), stride, padding), name="a")
        tf1.reduce_mean(a, [1, 2], name="logits")

    return net


def activations(model):
    return slimcam.activations(
        model, np.ones((1, *(side or 16 for side in model.input.shape.as_list()[1:3]), 3), "f"), "a"
    )


def test_the_strongest_by_hand(model_of, folder):
    photos = folder(
        one=spots((4, 5, (9, 0, 0))),
        two=spots((10, 11, (30, 0, 0)), (2, 2, (20, 9, 9))),
        three=spots((15, 0, (12, 0, 0))),
    )
    patches = activations(model_of(sums(), preprocess="none")).strongest(photos, "a", 0, k=2)
    assert [patch[:4] for patch in patches] == [
        (30.0, str(photos / "two.png"), (9, 10), (8, 9, 3, 3)),
        (12.0, str(photos / "three.png"), (14, 0), (13, 0, 3, 2)),
    ]
    assert patches[0].picture.shape == (3, 3, 3)
    assert patches[0].picture[2, 2].tolist() == [30, 0, 0]


def test_several_of_one_photo(model_of, folder):
    photos = folder(one=spots((4, 5, (9, 0, 0)), (10, 10, (7, 0, 0))), two=spots((1, 1, (8, 0, 0))))
    acts = activations(model_of(sums(size=1), preprocess="none"))
    assert [patch.value for patch in acts.strongest(photos, "a", 0, k=3, per_photo=2)] == [9, 8, 7]
    assert [patch.value for patch in acts.strongest(photos, "a", 0, k=3)] == [9, 8]


def test_through_a_stride(model_of, folder):
    """Of 16 pixels windows of 5 by steps of 3 begin 2 before the first: the third sees 4 to 8."""
    photos = folder(one=spots((7, 15, (0, 50, 0))))
    (patch,) = activations(model_of(sums(16, 5, 3), preprocess="none")).strongest(photos, "a", 1)
    assert patch[2:4] == ((2, 5), (4, 13, 5, 3))


def test_back_through_a_resize_and_a_crop(model_of, folder):
    """Of 64 x 32 the preprocessing sees 56 x 28 from (4, 2) on, in 16 x 16: a pixel of the net is 3.5 x 1.75."""
    photo = spots(height=64, width=32)
    photo[28:46, 14:24] = 200, 0, 0
    acts = activations(model_of(sums(size=2, stride=2), preprocess="inception"))
    (patch,) = acts.strongest(folder(one=photo), "a", 0)
    row, column = patch.place
    top, left = 4 + 2 * row * 3.5, 2 + 2 * column * 1.75
    down, right = top + 2 * 3.5, left + 2 * 1.75
    assert patch.box == (int(top), int(left), int(np.ceil(down)) - int(top), int(np.ceil(right)) - int(left))
    assert (patch.picture[..., 0] == 200).all()


def test_photos_of_any_size_and_more_than_run_at_once(model_of, folder):
    sizes = {f"photo{i:02}": (12 + i, 20 - i) for i in range(11)}
    photos = {name: spots((i, 6, (10 + i, 0, 0)), height=h, width=w) for i, (name, (h, w)) in enumerate(sizes.items())}
    patches = activations(model_of(sums(None, 3, 2), preprocess="none")).strongest(folder(**photos), "a", 0, k=20)
    assert [patch.value for patch in patches] == list(range(20, 9, -1))
    for patch in patches:
        top, left, height, width = patch.box
        i = int(patch.value) - 10
        assert top <= i < top + height <= 12 + i
        assert left <= 6 < left + width
        assert patch.picture.max() == patch.value


def test_a_net_that_decodes_photos_itself(model_of, folder):
    def net():
        contents = tf1.placeholder(tf1.string, [], name="contents")
        pixels = tf1.cast(tf1.image.decode_jpeg(contents, channels=3), tf1.float32)
        x = tf1.image.resize_bilinear(tf1.expand_dims(pixels, 0), [16, 16])
        a = tf1.nn.relu(tf1.nn.conv2d(x, tf1.ones([3, 3, 3, 2]), 1, "SAME"), name="a")
        tf1.reduce_mean(a, [1, 2], name="logits")

    photo = spots(height=32, width=64)
    photo[10:14, 40:48] = 90
    photos = folder(one=photo)
    model = model_of(net)
    acts = slimcam.activations(model, str(photos / "one.png"), "a")
    (patch,) = acts.strongest(photos, "a", 0)
    # a pixel of 2 x 4 reads its own and, where 32 / 16 is whole, no other: 3 of them from row 2 (r - 1) on
    row, column = patch.place
    assert patch.box == (2 * (row - 1), 4 * (column - 1), 5, 9)
    assert patch.picture.max() == 90


@EAGER
def test_the_tape_gives_the_same(folder, tmp_path, photo):
    photos = folder(one=photo(12, 12), two=photo(20, 16, seed=1))
    with nets.load("object", nets.flat_net, tmp_path, preprocess="unit") as model:
        both = [
            slimcam.activations(model, str(photos / "one.png"), "last", engine).strongest(photos, "last", 1)
            for engine in ("graph", "tape")
        ]
    assert [patch[1:4] for patch in both[0]] == [patch[1:4] for patch in both[1]]


def test_a_channel_that_is_not_there(model_of, folder):
    acts = activations(model_of(sums(), preprocess="none"))
    photos = folder(one=spots())
    for channel in (2, -1):
        with pytest.raises(slimcam.TargetError, match=f"channel {channel} of 'a:0': it has channels 0 to 1"):
            acts.strongest(photos, "a", channel)


def test_a_channel_that_is_no_number_is_the_least(model_of, folder):
    """Red over red: 0 / 0 where there is none."""

    def net():
        x = tf1.placeholder(tf1.float32, [None, 16, 16, 3], name="x")
        y = tf1.divide(x, x, name="y")
        a = tf1.multiply(y, x, name="a")
        tf1.reduce_mean(tf1.nn.conv2d(a, tf1.ones([1, 1, 3, 2]), 1, "SAME", name="b"), [1, 2], name="logits")

    model = model_of(net, preprocess="none")
    patches = activations(model).strongest(folder(one=spots((4, 5, (7, 0, 0)))), "a", 0)
    assert [(patch.value, patch.place) for patch in patches] == [(7, (4, 5))]


def test_folders_without_photos(tmp_path):
    with pytest.raises(slimcam.PhotoError, match=r"no photos in it \(\.bmp, "):
        photos_in(tmp_path)
    with pytest.raises(slimcam.PhotoError, match=r"none: No such file or directory; give a folder of photos"):
        photos_in(tmp_path / "none")


def test_photos_of_a_folder_are_sorted_and_a_list_is_as_it_is(tmp_path):
    for name in ("b.JPG", "a.png", "c.txt"):
        (tmp_path / name).write_bytes(b"")
    assert photos_in(tmp_path) == [str(tmp_path / "a.png"), str(tmp_path / "b.JPG")]
    assert photos_in([tmp_path / "x.gif"]) == [str(tmp_path / "x.gif")]
