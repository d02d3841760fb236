"""Images whose values are taken in a row, (N, h * w * C)."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from one_photo import X, assert_grey, assert_map, head, place

import slimcam


def in_a_row():
    head(tf1.reshape(place(None, 4), [-1, 2, 2, 1], name="images"))


def of_counted_rows():
    x = place(None, 4)
    head(tf1.reshape(x, tf1.stack([tf1.shape(x)[0], 2, 2, 1]), name="images"))


def shifted():
    head(tf1.reshape(tf1.identity(place(None, 4) - 1.0) + 1.0, [-1, 2, 2, 1], name="images"))


def without_channels():
    head(tf1.expand_dims(place(None, 2, 2), -1, name="images"))


@pytest.mark.parametrize("build", [in_a_row, of_counted_rows, shifted, without_channels])
def test_images_are_fed_where_their_values_are_taken_in_a_row(model_of, build):
    model = model_of(build, preprocess="none")
    assert model.input.shape.as_list() == [None, 2, 2, 1]
    assert_map(model)
    assert_map(model, X.reshape(1, *model.tensor("x").shape.as_list()[1:]))
    assert_grey(model)


def test_why_says_what_makes_images_of_a_row(model_of):
    (why,) = [line for line in model_of(in_a_row).why if line.startswith("input 'x:0': the only placeholder of images")]
    assert why.endswith(", float32 (None, 4), of which images (Reshape) makes (None, 2, 2, 1)")


def test_a_picture_of_values_in_a_row_is_painted_as_the_image(model_of):
    maps = assert_map(model_of(in_a_row), X.reshape(1, 4))
    assert maps.photos[0].shape == (2, 2, 3)


def test_a_row_of_another_length_is_refused(model_of):
    with pytest.raises(slimcam.PhotoError, match=r"as \(N, h, w, C\); this is \(1, 3\)"):
        slimcam.GradCAM(model_of(in_a_row), "a")(X.reshape(1, 4)[:, :3])


def test_features_are_taken_of_values_in_a_row(model_of):
    np.testing.assert_array_equal(model_of(in_a_row).features("logits", X.reshape(1, 4)), [[1.5, 0.25]])


def test_gradients_at_the_input_are_images(model_of):
    from slimcam.engines.resolve import resolve_images

    query = resolve_images(model_of(in_a_row), 0)
    assert query.layer.shape.as_list() == [None, 2, 2, 1]


def test_a_row_of_fixed_length_is_for_so_many_images(frozen):
    path = frozen(lambda: head(tf1.reshape(place(3, 4), [3, 2, 2, 1])))
    with pytest.raises(slimcam.ModelError, match="made for 3 images at once, and for another number it does not run"):
        slimcam.load(path)


def two_rows():
    a = tf1.nn.relu(tf1.reshape(place(None, 4, name="left"), [-1, 2, 2, 1]), name="a")
    b = tf1.nn.relu(tf1.reshape(place(None, 4, name="right"), [-1, 2, 2, 1]), name="b")
    features = tf1.reduce_mean(tf1.concat([a, b], -1), [1, 2])
    tf1.nn.softmax(tf1.identity(features * [[1.0, 2.0]], name="logits"))


@pytest.mark.parametrize("options", [{}, {"input": ["left", "right"]}, {"input": ["Reshape", "Reshape_1"]}])
def test_two_rows_are_two_inputs(model_of, options):
    model = model_of(two_rows, **options)
    assert len(model.inputs) == 2
    pair = slimcam.explain_pair(model, X, 2 * X, layer=["a", "b"], target=1)
    # class 1 is twice the mean of b: the map of b is 2/4 of 8, 0, 4, 0; that of a is nothing
    np.testing.assert_array_equal(pair[0].raw, np.zeros((1, 2, 2)))
    np.testing.assert_array_equal(pair[1].raw, [[[4, 0], [2, 0]]])


NO_IMAGES = {
    "labels": lambda: tf1.nn.softmax(place(None, 4)),
    "a noise of one place": lambda: head(tf1.reshape(place(None, 1), [-1, 1, 1, 1])),
    "another number of values": lambda: head(tf1.reshape(place(None, 8), [-1, 2, 2, 1])),
    "what a matrix made": lambda: head(tf1.reshape(tf1.matmul(place(None, 4), tf1.ones([4, 4])), [-1, 2, 2, 1])),
}


@pytest.mark.parametrize("build", NO_IMAGES.values(), ids=list(NO_IMAGES))
def test_what_is_not_reshaped_to_images_is_no_input_of_images(frozen, build):
    with pytest.raises(slimcam.ModelError, match=r"no placeholder takes images \(placeholders: x:0 float32 "):
        slimcam.load(frozen(build))
