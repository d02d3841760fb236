"""Image summaries of maps, read back from their event files by TensorFlow itself."""

import cv2
import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures import small_maps

import slimcam
from slimcam._tf import tf


@pytest.fixture
def maps(photo):
    """Return a map on each of two photos of one name."""
    two = small_maps.of([[1, 0]], photo(8, 6), photo(8, 6, seed=1))
    two.names, two.layer = ["a/cat.jpg", "b/cat.jpg"], "net/Mixed_7c"
    return two


@pytest.fixture
def summaries(tmp_path):
    """Return `summaries()`: step, tag and picture of each summary of the files in the folder `logs`, oldest first."""

    def read():
        files = sorted((tmp_path / "logs").iterdir(), key=lambda path: path.stat().st_mtime)
        events = [tf1.Event.FromString(one) for file in files for one in records_of(str(file))]
        values = [(event.step, value) for event in events for value in event.summary.value]
        return [(step, value.tag, picture_of(value.image)) for step, value in values]

    return read


def records_of(path):
    with tf1.Graph().as_default(), tf1.Session() as session:
        record = tf1.data.make_one_shot_iterator(tf.data.TFRecordDataset(path)).get_next()
        while True:
            try:
                yield session.run(record)
            except tf.errors.OutOfRangeError:
                return


def picture_of(image):
    picture = cv2.imdecode(np.frombuffer(image.encoded_image_string, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    assert (image.height, image.width, image.colorspace) == picture.shape
    return picture


def test_each_map_is_a_summary_of_its_photo_layer_and_class(maps, summaries, tmp_path):
    path = maps.to_tensorboard(tmp_path / "logs")
    assert [str(one) for one in (tmp_path / "logs").iterdir()] == [path]
    steps, tags, pictures = zip(*summaries())
    assert (steps, tags) == ((0, 0), ("cat/net/Mixed_7c/class 0", "cat-2/net/Mixed_7c/class 1"))
    np.testing.assert_array_equal(pictures, maps.overlay())


def test_steps_follow_one_another_under_one_tag_and_styles_are_those_of_pictures(maps, summaries, tmp_path):
    for step in (5, np.int64(1000)):
        slimcam.to_tensorboard(maps[0], tmp_path / "logs", step, style="heatmap", colormap="bone")
    (first, tag, picture), (second, other, _) = summaries()
    assert (first, second) == (5, 1000)
    assert tag == other
    np.testing.assert_array_equal(picture, maps.heatmap("bone")[0])


def test_maps_of_one_class_and_photo_are_counted_and_blank_ones_say_so(maps, summaries, tmp_path):
    maps.photo, maps.classes = np.array([0, 0]), np.array([7, 7])
    maps.raw = np.zeros_like(maps.raw)
    maps.to_tensorboard(tmp_path / "logs")
    assert [tag for _, tag, _ in summaries()] == [
        "cat/net/Mixed_7c/class 7 (blank)",
        "cat/net/Mixed_7c/class 7 (blank) (2)",
    ]


def test_names_and_labels_of_any_letters_are_tags(maps, summaries, tmp_path):
    maps.names, maps.labels = ["caf\udce9.jpg", "猫.png"], ["\x1b[2J", "<b>"]  # the first as a disk may have it
    maps.to_tensorboard(tmp_path / "logs")
    _, tags, _ = zip(*summaries())
    assert tags == ("caf\\udce9/net/Mixed_7c/class 0 \\x1b[2J", "猫/net/Mixed_7c/class 1 <b>")


@pytest.mark.parametrize("step", [-1, 1.0, True, None, "1", 1 << 63])
def test_a_step_is_a_whole_number(maps, step, tmp_path):
    with pytest.raises(slimcam.ParameterError, match=r"^step=.*: give a whole number, 0 or more$"):
        maps.to_tensorboard(tmp_path / "logs", step)
    assert not (tmp_path / "logs").exists()


def test_a_style_that_there_is_not_leaves_no_file(maps, tmp_path):
    with pytest.raises(slimcam.UnknownName, match="overlya"):
        maps.to_tensorboard(tmp_path / "logs", style="overlya")
    assert not (tmp_path / "logs").exists()


def test_a_folder_that_cannot_be_made_is_one_line(maps, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(slimcam.OutputError, match="file: cannot be written: ") as raised:
        maps.to_tensorboard(tmp_path / "file")
    assert "\n" not in str(raised.value)
