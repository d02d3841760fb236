"""What images are fed to, where the graph does not say it outright: shapes noted, reshaped to, told by a kernel."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from one_photo import GREY, X, assert_grey, assert_map, head, place

import slimcam

# --- placeholders of any shape


def edited(path, change):
    """Let `change` go over the placeholders of a frozen graph, and over its version."""
    with open(path, "rb") as file:
        graph_def = tf1.GraphDef.FromString(file.read())
    for node in graph_def.node:
        if node.op == "Placeholder":
            change(graph_def, node)
    with open(path, "wb") as file:
        file.write(graph_def.SerializeToString())
    return path


def as_by_tensorflow_1_0(shape):
    """Return what makes a placeholder of TensorFlow 1.0's: it says that it is a scalar, and a Saver noted its shape."""

    def change(graph_def, node):
        graph_def.versions.producer = 21
        node.attr["shape"].shape.Clear()
        if shape is not None:
            noted = node.attr["_output_shapes"].list.shape.add()
            noted.CopyFrom(tf1.TensorShape(shape).as_proto())

    return change


def test_a_shape_that_a_saver_noted_is_read(frozen):
    path = edited(frozen(lambda: head(place(None, 2, 2, 1))), as_by_tensorflow_1_0([None, 2, 2, 1]))
    with slimcam.load(path, preprocess="none") as model:
        assert "input 'x:0': the only placeholder of images, float32 (None, 2, 2, 1)" in model.why
        assert_map(model)
        assert_grey(model)


def test_a_scalar_of_tensorflow_1_0_is_of_any_shape(frozen):
    path = edited(frozen(lambda: head(place(None, 2, 2, 1))), as_by_tensorflow_1_0(None))
    with slimcam.load(path) as model:
        assert model.input.shape.as_list() == [None, None, None, 1]
        assert_map(model)


def test_a_reshape_tells_what_a_placeholder_of_any_shape_takes(model_of):
    model = model_of(lambda: head(tf1.reshape(place(), [-1, 2, 2, 1], name="images")), preprocess="none")
    assert [why for why in model.why if "of any shape, of which images (Reshape) makes (None, 2, 2, 1)" in why]
    assert_map(model)
    assert_grey(model)


def test_the_kernel_of_the_first_convolution_tells_the_channels(model_of):
    model = model_of(lambda: head(place()), preprocess="none", size=2)
    assert [why for why in model.why if "of any shape, of which Conv2D (Conv2D) takes 1 channels" in why]
    assert_map(model)
    assert_grey(model)


def test_the_share_that_dropout_keeps_is_no_image_though_activations_are_divided_by_it(model_of):
    def build():
        features = tf1.nn.relu(place(None, 2, 2, 1))
        share, noise = place(name="share"), tf1.random_uniform([2, 2, 1])
        head(features / share * tf1.floor(share + noise))

    model = model_of(build)
    assert model.input.name == "x:0"
    assert slimcam.GradCAM(model, "a").query.fed[0].value == 1.0


def test_a_placeholder_of_records_is_no_photo(frozen):
    def build():
        record = tf1.reshape(place(None, dtype=tf1.string, name="record"), [])
        photo = tf1.io.parse_single_example(record, {"photo": tf1.io.FixedLenFeature([4], tf1.float32)})["photo"]
        head(tf1.reshape(photo, [1, 2, 2, 1], name="images"))

    path = frozen(build)
    with pytest.raises(slimcam.ModelError, match=r"no placeholder takes images \(placeholders: record:0 string"):
        slimcam.load(path)
    with slimcam.load(path, input="images") as model:
        assert_map(model)


def test_a_placeholder_of_a_files_name_is_no_photo(frozen):
    def build():
        pixels = tf1.image.decode_png(tf1.read_file(place(dtype=tf1.string, name="file")), channels=1)
        head(tf1.reshape(tf1.cast(pixels, tf1.float32), [1, 2, 2, 1]))

    with pytest.raises(slimcam.ModelError, match=r"no placeholder takes images \(placeholders: file:0 string"):
        slimcam.load(frozen(build))


def test_a_kernel_tells_channels_that_a_shape_leaves_open(model_of):
    assert model_of(lambda: head(place(None, 2, 2, None))).input.shape.as_list() == [None, 2, 2, 1]


def test_a_kernel_in_a_checkpoint_tells_the_channels(tmp_path):
    with tf1.Graph().as_default(), tf1.Session() as session:
        kernel = tf1.get_variable("kernel", initializer=np.array([[[[1.0, -1.0]]]], np.float32), use_resource=False)
        relu = tf1.nn.relu(tf1.nn.conv2d(place(), kernel, 1, "SAME"), name="a")
        tf1.nn.softmax(tf1.reduce_mean(relu, [1, 2]))
        session.run(tf1.global_variables_initializer())
        path = tf1.train.Saver().save(session, str(tmp_path / "model")) + ".meta"
    with slimcam.load(path) as model:
        assert model.input.shape.as_list() == [None, None, None, 1]
        assert_map(model)


@pytest.mark.parametrize("options", [{"preprocess": "none"}, {}])
def test_photos_for_an_input_without_a_size_ask_for_it(model_of, options):
    model = model_of(lambda: head(place()), **options)
    message = (
        "nothing says what size 'x:0' takes: load it with size=, the side of its images in pixels, or give floating"
    )
    with pytest.raises(slimcam.PhotoError, match=message):
        slimcam.GradCAM(model, "a")(GREY)


def test_photos_for_an_input_of_other_channels_are_refused(model_of):
    def build():
        tf1.nn.softmax(tf1.reduce_mean(tf1.nn.relu(place(None, 2, 2, 5), name="a"), [1, 2]))

    message = r"'x:0' takes 5 channels, which photos do not have: give floating point \(N, h, w, C\), fed as is"
    with pytest.raises(slimcam.PhotoError, match=message):
        slimcam.GradCAM(model_of(build, preprocess="none"), "a")(GREY)


# --- what nothing reads


LEFTOVERS = {
    "images": lambda: place(None, 2, 2, 1, name="left"),
    "any shape": lambda: place(name="left"),
    "files": lambda: place(dtype=tf1.string, name="left"),
}


@pytest.mark.parametrize("leave", LEFTOVERS.values(), ids=list(LEFTOVERS))
def test_a_placeholder_that_nothing_reads_is_no_input(model_of, leave):
    model = model_of(lambda: (leave(), head(place(1, 2, 2, 1))))
    assert [one.tensor.name for one in model.inputs] == ["x:0"]
    assert "input 'x:0': the only placeholder of images, float32 (1, 2, 2, 1)" in model.why
    assert_map(model)


def test_a_placeholder_that_the_logits_do_not_need_is_no_input(model_of):
    model = model_of(lambda: (tf1.square(place(None, 2, 2, 1, name="truth")), head(place(None, 2, 2, 1))))
    assert [one.tensor.name for one in model.inputs] == ["x:0"]
    assert "input 'x:0': the only placeholder of images, float32 (None, 2, 2, 1)" in model.why


# --- input= and logits= that are none

WRONG = {
    "a number": ({"input": 5}, "input=5: no tensor, and no name of one"),
    "a number among names": ({"input": ["x", 5]}, "input=5: no tensor, and no name of one"),
    "no name": ({"input": []}, r"input=\[\]: give names"),
    "several logits": ({"logits": ["logits", "x"]}, r"logits=\['logits', 'x'\]: give the name of one tensor"),
    "a number for logits": ({"logits": 5}, "logits=5: no tensor, and no name of one"),
    "whole numbers": ({"logits": "best"}, r"logits='best': int64 \(\?,\), no scores: name floating point"),
    "an operation without a tensor": ({"logits": "nothing"}, "logits='nothing': no such tensor"),
    "an input of no tensor": (
        {"input": "nothing"},
        "input='nothing': a NoOp cannot be fed; name a tensor with one type",
    ),
    "another name": ({"input": ["x", "y"]}, "input='y': no such tensor; "),
}


@pytest.mark.parametrize("options, message", WRONG.values(), ids=list(WRONG))
def test_what_is_no_tensor_is_refused(frozen, options, message):
    def build():
        tf1.argmax(head(place(None, 2, 2, 1)), -1, name="best")
        tf1.no_op("nothing")

    with pytest.raises((slimcam.ModelError, slimcam.UnknownName), match=message.replace(r"\?", "(None|\\?)")):
        slimcam.load(frozen(build), **options)


def test_tensors_stand_for_their_names(frozen):
    path = frozen(lambda: head(place(None, 2, 2, 1)))
    with tf1.Graph().as_default():
        x, logits = place(None, 2, 2, 1), tf1.constant(0.0, name="logits")
    with slimcam.load(path, input=[x], logits=logits) as model:
        assert_map(model)


# --- sizes that a graph leaves open, and does not take


def dense_at_the_end(*shape):
    """Return what builds a net that leaves the sides open, but whose last layer is for images of 2 x 2."""

    def build():
        a = tf1.nn.relu(tf1.nn.conv2d(place(*shape), tf1.constant([[[[1.0, -1.0]]]]), 1, "SAME"), name="a")
        tf1.nn.softmax(tf1.matmul(tf1.reshape(a, [-1, 8]), tf1.ones([8, 3])))

    return build


@pytest.mark.parametrize("shape", [(), (None, None, None, 1)])
def test_images_of_a_size_that_does_not_fit_ask_for_the_size(model_of, shape):
    model = model_of(dense_at_the_end(*shape))
    message = (
        r"model\.pb cannot run on images of this size \(Input to reshape is a tensor with 18 values.*\): load it with"
    )
    with pytest.raises(slimcam.PhotoError, match=message):
        slimcam.GradCAM(model, "a")(np.ones((1, 3, 3, 1), np.float32))
    assert slimcam.GradCAM(model, "a")(X).raw.shape == (1, 2, 2)


# --- towers of which only some are for so many images


def test_a_tower_for_so_many_images_does_not_hide_another(model_of):
    def build():
        labels = tf1.placeholder(tf1.float32, [None, 2], name="labels")
        for count, name in ((None, "x"), (3, "y")):
            means = tf1.reduce_mean(place(count, 2, 2, 2, name=name), [1, 2], name=f"{name}_on")
            logits = tf1.reshape(means, [count or -1, 2])
            tf1.reduce_mean(tf1.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits))

    assert model_of(build).no_logits == "the logits could be 'x_on:0', 'y_on:0': say logits="
    assert model_of(build, logits="x_on").logits.name == "x_on:0"


def test_images_with_their_channels_first_are_said_to_be_so(model_of, photo):
    def build():
        x = place(None, 3, 4, 5)
        maps = tf1.transpose(tf1.nn.relu(x, name="a"), [0, 2, 3, 1])
        tf1.nn.softmax(tf1.matmul(tf1.reduce_mean(maps, [1, 2]), tf1.ones([3, 2])))

    with pytest.raises(slimcam.PhotoError, match=r"takes its channels before rows and columns, \(None, 3, 4, 5\)"):
        slimcam.GradCAM(model_of(build), "transpose")(photo(4, 5))
