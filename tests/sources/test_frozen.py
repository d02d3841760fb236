"""Frozen graphs: what load() makes of `.pb` and `.pbtxt`, of every kind of input, and of files that are neither."""

import cv2
import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures.tolerance import assert_net

import slimcam
from slimcam import ModelError, UnknownName
from slimcam.inputs.photos import as_batch
from slimcam.sources import weights

SIDE = 8


def constant(*shape, seed=0):
    return tf1.constant(np.random.RandomState(seed).normal(size=shape).astype(np.float32))


def placeholder(*shape, name="input", dtype=tf1.float32):
    return tf1.placeholder(dtype, shape, name=name)


def maps(images, name="maps"):
    return tf1.nn.relu(tf1.nn.conv2d(images, constant(3, 3, 3, 4), [1, 1, 1, 1], "SAME"), name=name)


def dense(features, name="logits"):
    return tf1.matmul(features, constant(4, 5, seed=1), name=name)


def net(images):
    """Convolution "maps", mean, dense "logits", softmax."""
    return tf1.nn.softmax(dense(tf1.reduce_mean(maps(images), [1, 2])))


def decoded(contents):
    """Decode one photo as the Inception graph of 2015 does, up to "Mul"."""
    pixels = tf1.cast(tf1.image.decode_jpeg(contents, channels=3, dct_method="INTEGER_ACCURATE"), tf1.float32)
    resized = tf1.image.resize_bilinear(tf1.expand_dims(pixels, 0), [SIDE, SIDE])
    return tf1.multiply(tf1.subtract(resized, 128.0), 1 / 128, name="Mul")


def by_hand(path, fed, value, logits="logits:0"):
    """Return the raw map of the winning class, by a plain session on the graph as it is in the file."""
    with open(path, "rb") as file:
        graph_def = tf1.GraphDef.FromString(file.read())
    with tf1.Graph().as_default() as graph, tf1.Session() as session:
        tf1.import_graph_def(graph_def, name="")
        layer = graph.get_tensor_by_name("maps:0")
        gradient = tf1.gradients(tf1.reduce_max(graph.get_tensor_by_name(logits)), layer)[0]
        activations, gradients = session.run([layer, gradient], {fed: value})
    return (activations * gradients.mean((1, 2), keepdims=True)).sum(-1)


def explain(model, images):
    return slimcam.explain(model, images, "maps").raw


@pytest.fixture
def images():
    return np.random.RandomState(2).normal(size=(3, SIDE, SIDE, 3)).astype(np.float32)


# Files


def test_text_and_binary_hold_the_same_model(frozen, images, tmp_path):
    path = frozen(lambda: net(placeholder(None, SIDE, SIDE, 3)))
    with open(path, "rb") as file:
        tf1.train.write_graph(tf1.GraphDef.FromString(file.read()), str(tmp_path), "model.pbtxt", as_text=True)
    with slimcam.load(path) as binary, slimcam.load(tmp_path / "model.pbtxt") as text:
        np.testing.assert_array_equal(explain(text, images), explain(binary, images))


def test_end_points_of_a_registered_net_are_found_by_scope(shared):
    with slimcam.load(shared / "real" / "mobilenet_v1_0.25_224_frozen.pb") as model:
        assert model.tensor("Conv2d_13_pointwise").name.endswith("Conv2d_13_pointwise/Relu6:0")
        assert "preprocess 'inception': its constants are the variables of mobilenet_v1_025" in model.why


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(ModelError, match=r"nowhere\.pb: No such file"):
        slimcam.load(tmp_path / "nowhere.pb")


def test_an_empty_file_is_said(tmp_path):
    (tmp_path / "empty.pb").write_bytes(b"")
    with pytest.raises(ModelError, match="the file is empty"):
        slimcam.load(tmp_path / "empty.pb")


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.99])
def test_a_truncated_file_is_said(frozen, tmp_path, share):
    with open(frozen(lambda: net(placeholder(None, SIDE, SIDE, 3))), "rb") as file:
        whole = file.read()
    (tmp_path / "cut.pb").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ModelError, match=r"cut\.pb: not a GraphDef, or a damaged or truncated one"):
        slimcam.load(tmp_path / "cut.pb")


def test_text_in_a_pb_is_said_with_the_name_that_it_should_have(tmp_path):
    (tmp_path / "text.pb").write_text('node { name: "input" op: "Placeholder" }')
    with pytest.raises(ModelError, match=r"a text file, not a binary GraphDef; .* ends in \.pbtxt"):
        slimcam.load(tmp_path / "text.pb")


def test_binary_in_a_pbtxt_is_said(frozen):
    path = frozen(lambda: net(placeholder(None, SIDE, SIDE, 3)), name="binary.pbtxt")
    with pytest.raises(ModelError, match="not a GraphDef, or a damaged or truncated one"):
        slimcam.load(path)


def test_a_graph_with_variables_is_not_frozen(frozen):
    def build():
        scale = tf1.get_variable("scale", [], use_resource=True)
        net(placeholder(None, SIDE, SIDE, 3) * scale)

    with pytest.raises(ModelError, match=r"not frozen: 1 variables such as 'scale' .* load its checkpoint with net="):
        slimcam.load(frozen(build))


@pytest.mark.parametrize("use_resource", [True, False])
def test_variables_that_the_logits_do_not_need_are_no_matter(model_of, images, use_resource):
    def build():
        tf1.get_variable("global_step", [], tf1.int64, use_resource=use_resource)
        net(placeholder(None, SIDE, SIDE, 3))

    assert explain(model_of(build, logits="logits"), images).any()


def test_a_folder_without_a_model_says_what_can_be_loaded(tmp_path):
    with pytest.raises(ModelError, match=r"a folder without a model; it loads .*a frozen graph \(\.pb, \.pbtxt\)"):
        slimcam.load(tmp_path)


def test_another_file_says_what_can_be_loaded(tmp_path):
    (tmp_path / "model.bin").write_bytes(b"\0" * 99)
    with pytest.raises(ModelError, match="not a model that slimcam can load; it loads"):
        slimcam.load(tmp_path / "model.bin")


def test_an_operation_that_tensorflow_does_not_know_is_said(frozen):
    path = frozen(lambda: net(placeholder(None, SIDE, SIDE, 3)))
    with open(path, "ab") as file:
        odd = tf1.GraphDef()
        odd.node.add(name="odd", op="NoSuchOp", input=["logits"])
        file.write(odd.SerializeToString())
    with pytest.raises(ModelError, match=r"TensorFlow [\d.]+ cannot import this graph: .*NoSuchOp"):
        slimcam.load(path)


# Batches


def test_a_fixed_batch_of_one_takes_any_number_of_images(frozen, images):
    path = frozen(lambda: net(placeholder(1, SIDE, SIDE, 3)))
    with slimcam.load(path) as model:
        together = explain(model, images)
        assert not model.single_image
        assert any("any batch size: made for 1" in why for why in model.why)
    for one, image in zip(together, images):
        assert_net(one, by_hand(path, "input:0", image[None])[0])


def reshaped(images):
    """Make a batch of two impossible, as a Reshape with the batch size written into it does."""
    flat = tf1.reshape(maps(images), [1, SIDE * SIDE * 4])
    tf1.matmul(flat, constant(SIDE * SIDE * 4, 5), name="logits")


def mixed(images):
    """Let the images of a batch change one another, as a batch norm in training does."""
    norm = maps(images)
    dense(tf1.reduce_mean(norm * norm, [1, 2]) - tf1.reduce_mean(norm, [0, 1, 2]))


@pytest.mark.parametrize("build", [reshaped, mixed])
def test_a_graph_that_takes_one_image_only_explains_a_batch_one_by_one(frozen, images, build):
    path = frozen(lambda: build(placeholder(1, SIDE, SIDE, 3)))
    with slimcam.load(path) as model:
        together = explain(model, images)
        assert any(why.startswith("one image at a time") for why in model.why)
    for one, image in zip(together, images):
        assert_net(one, by_hand(path, "input:0", image[None])[0])


def test_a_graph_for_two_images_at_once_is_refused(frozen):
    path = frozen(lambda: mixed(placeholder(2, SIDE, SIDE, 3)))
    with pytest.raises(ModelError, match="made for 2 images at once"):
        slimcam.load(path)


# Inputs


@pytest.mark.parametrize(
    "shape", [(None, SIDE, SIDE, 3), (1, SIDE, SIDE, 3), (None, None, None, 3), (1, None, None, 3)]
)
def test_a_uint8_input_takes_photos_as_they_are(frozen, photo, shape):
    path = frozen(lambda: net(tf1.cast(placeholder(*shape, dtype=tf1.uint8), tf1.float32)))
    photos = [photo(SIDE, SIDE, seed) for seed in (1, 2)]
    with slimcam.load(path) as model:
        together = explain(model, photos)
    for one, image in zip(together, photos):
        assert_net(one, by_hand(path, "input:0", image[None])[0])


def test_a_free_size_gives_each_photo_a_map_of_its_own_size(model_of, photo):
    model = model_of(lambda: net(tf1.cast(placeholder(None, None, None, 3, dtype=tf1.uint8), tf1.float32)))
    photos = [photo(6, 9), photo(5, 4), photo(6, 9, 1)]
    together = explain(model, photos)
    assert [raw.shape for raw in together] == [(6, 9), (5, 4), (6, 9)]
    for one, image in zip(together, photos):
        assert_net(one, explain(model, image)[0])


def test_a_uint8_input_refuses_floating_point(model_of, images):
    model = model_of(lambda: net(tf1.cast(placeholder(None, SIDE, SIDE, 3, dtype=tf1.uint8), tf1.float32)))
    with pytest.raises(slimcam.PhotoError, match="'input:0' takes uint8: give photos as uint8 RGB or paths"):
        explain(model, images)


def test_an_input_of_one_image_without_a_batch(frozen, images):
    path = frozen(lambda: net(tf1.expand_dims(placeholder(SIDE, SIDE, 3), 0)))
    with slimcam.load(path) as model:
        together = explain(model, images)
    for one, image in zip(together, images):
        assert_net(one, by_hand(path, "input:0", image)[0])


def test_photos_for_an_input_of_one_image_without_a_batch(frozen, photo):
    path = frozen(lambda: net(tf1.expand_dims(placeholder(SIDE, SIDE, 3), 0)))
    with slimcam.load(path, preprocess="squash") as model:
        together = explain(model, [photo(SIDE, SIDE, seed) for seed in (1, 2)])
    for one, seed in zip(together, (1, 2)):
        alone = by_hand(path, "input:0", photo(SIDE, SIDE, seed) / np.float32(127.5) - 1)
        assert_net(one, alone[0])


def const_contents():
    return tf1.constant(b"", name="DecodeJpeg/contents")


def scalar_contents():
    return tf1.placeholder(tf1.string, [], name="DecodeJpeg/contents")


def shapeless_contents():
    return tf1.placeholder(tf1.string, name="DecodeJpeg/contents")


@pytest.fixture
def files(tmp_path, photo):
    """Return a JPEG and a PNG on disk."""
    smooth = cv2.resize(photo(4, 5), (30, 20), interpolation=cv2.INTER_CUBIC)
    paths = [str(tmp_path / name) for name in ("photo.jpg", "photo.png")]
    for path in paths:
        cv2.imwrite(path, smooth)
    return paths


@pytest.mark.parametrize("contents", [const_contents, scalar_contents, shapeless_contents])
def test_a_net_that_decodes_jpeg_is_fed_each_file_s_own_bytes(frozen, files, contents):
    path = frozen(lambda: net(decoded(contents())))
    with slimcam.load(path) as model:
        assert model.input.name == "DecodeJpeg/contents:0"
        together = explain(model, files)
    for one, file in zip(together, files):
        with open(file, "rb") as opened:
            alone = by_hand(path, "DecodeJpeg/contents:0", opened.read())
        assert_net(one, alone[0])


def test_a_jpeg_goes_in_byte_for_byte_and_anything_else_as_png(model_of, files):
    model = model_of(lambda: net(decoded(const_contents())))
    fed = [model.inputs[0].feeds(as_batch(files), [i])[model.input] for i in (0, 1)]
    with open(files[0], "rb") as jpeg:
        assert fed[0] == jpeg.read()
    assert fed[1].startswith(b"\x89PNG")


def test_a_net_that_decodes_jpeg_is_fed_arrays_without_loss(frozen, files):
    path = frozen(lambda: net(decoded(const_contents())))
    pixels = cv2.imread(files[1])[..., ::-1]
    with slimcam.load(path) as model:
        np.testing.assert_array_equal(explain(model, pixels), explain(model, files[1]))


def test_a_net_that_decodes_a_batch_of_photos(frozen, files):
    def build():
        contents = tf1.placeholder(tf1.string, [None], name="contents")
        net(tf1.map_fn(lambda one: decoded(one)[0], contents, tf1.float32))

    path = frozen(build)
    with slimcam.load(path) as model:
        together = explain(model, files)
        assert not model.single_image
    for one, file in zip(together, files):
        with open(file, "rb") as opened:
            assert_net(one, by_hand(path, "contents:0", [opened.read()])[0])


def test_an_inner_tensor_as_input_takes_batches(frozen, images):
    path = frozen(lambda: net(decoded(const_contents())))
    with slimcam.load(path, input="Mul:0") as model:
        assert model.input.name == "Mul:0"
        together = explain(model, images)
    for one, image in zip(together, images):
        assert_net(one, by_hand(path, "Mul:0", image[None])[0])


def test_an_inner_tensor_as_input_takes_photos_where_preprocessing_is_named(frozen, photo):
    path = frozen(lambda: net(decoded(const_contents())))
    with slimcam.load(path, input="Mul:0", preprocess="squash") as model:
        alone = by_hand(path, "Mul:0", (photo(SIDE, SIDE) / np.float32(127.5) - 1)[None])
        assert_net(explain(model, photo(SIDE, SIDE)), alone)


def test_photos_need_to_be_told_how_they_are_prepared(model_of, photo):
    model = model_of(lambda: net(placeholder(None, SIDE, SIDE, 3)))
    with pytest.raises(slimcam.PhotoError, match="load it with preprocess="):
        explain(model, photo(SIDE, SIDE))


def test_an_unknown_input_names_the_nearest(frozen):
    path = frozen(lambda: net(placeholder(None, SIDE, SIDE, 3)))
    with pytest.raises(UnknownName, match="input='inpt:0': no such tensor; near: 'input'"):
        slimcam.load(path, input="inpt:0")


def test_a_graph_without_a_placeholder_of_images_lists_those_it_has(frozen):
    path = frozen(lambda: dense(placeholder(None, 4, name="features")))
    with pytest.raises(ModelError, match=r"no placeholder takes images \(placeholders: features:0\): say input="):
        slimcam.load(path)


def two_inputs():
    left, right = placeholder(None, SIDE, SIDE, 3, name="left"), placeholder(None, SIDE, SIDE, 3, name="right")
    dense(tf1.reduce_mean(maps(left), [1, 2]), "one")
    dense(tf1.reduce_mean(maps(right, "other_maps"), [1, 2]), "other")


def test_two_nets_in_one_graph_are_told_apart_by_their_logits(frozen):
    with pytest.raises(ModelError, match="the logits could be 'one:0', 'other:0': say logits="):
        slimcam.load(frozen(two_inputs))


def test_the_logits_decide_which_of_two_placeholders_is_meant(model_of):
    assert model_of(two_inputs, logits="other").input.name == "right:0"


# Logits


def test_logits_are_what_the_softmax_reads(model_of):
    model = model_of(lambda: net(placeholder(None, SIDE, SIDE, 3)))
    assert model.logits.name == "logits:0"
    assert "logits 'logits:0': what Softmax (Softmax) reads" in model.why


def test_logits_are_what_the_sigmoid_reads(model_of):
    def build():
        tf1.sigmoid(dense(tf1.reduce_mean(maps(placeholder(None, SIDE, SIDE, 3)), [1, 2])), name="each")

    assert "logits 'logits:0': what each (Sigmoid) reads" in model_of(build).why


def test_logits_are_the_only_end(model_of):
    def build():
        dense(tf1.reduce_mean(maps(placeholder(None, SIDE, SIDE, 3)), [1, 2]))

    assert "logits 'logits:0': the only (N, classes) that nothing reads" in model_of(build).why


def test_a_softmax_within_the_net_is_no_end_of_it(model_of):
    def build():
        features = tf1.reduce_mean(maps(placeholder(None, SIDE, SIDE, 3)), [1, 2])
        tf1.nn.softmax(dense(features * tf1.nn.softmax(features, name="attention")), name="end")

    assert model_of(build).logits.name == "logits:0"


def two_ends(end):
    features = tf1.reduce_mean(maps(placeholder(None, SIDE, SIDE, 3)), [1, 2])
    end(dense(features, "age"))
    end(dense(features, "kind"))


@pytest.mark.parametrize("end", [tf1.nn.softmax, tf1.identity])
def test_logits_that_could_be_two_are_listed(frozen, end):
    path = frozen(lambda: two_ends(end))
    with pytest.raises(ModelError, match=r"the logits could be '(age|Identity):0', '(kind|Identity_1):0': say logits="):
        slimcam.load(path)


def test_named_logits_are_taken(model_of):
    model = model_of(lambda: two_ends(tf1.nn.softmax), logits="kind")
    assert (model.logits.name, model.classes) == ("kind:0", 5)
    assert "logits 'kind:0': as asked" in model.why


def test_unknown_logits_name_the_nearest(frozen):
    path = frozen(lambda: net(placeholder(None, SIDE, SIDE, 3)))
    with pytest.raises(UnknownName, match="logits='logit': no such tensor; near: 'logits'"):
        slimcam.load(path, logits="logit")


def test_a_graph_that_ends_in_no_scores_asks_for_them(frozen):
    with pytest.raises(ModelError, match=r"nothing of shape \(N, classes\) comes after 'input:0': say logits="):
        slimcam.load(frozen(lambda: maps(placeholder(None, SIDE, SIDE, 3))))


# Weights and names


def test_large_constants_become_variables_and_change_nothing(frozen, images, monkeypatch):
    path = frozen(lambda: net(placeholder(None, SIDE, SIDE, 3)))
    with slimcam.load(path) as model:
        constants = explain(model, images)
    monkeypatch.setattr(weights, "LARGE", 64)
    with slimcam.load(path) as model:
        assert sum(op.type == "VarHandleOp" for op in model.graph.get_operations()) == 2
        assert_net(explain(model, images), constants)


def branches(ends):
    """Make a block "Net/Mixed_7c" of two branches that are joined in it, or leave it both."""
    images = placeholder(None, SIDE, SIDE, 3)
    with tf1.name_scope("Net/Mixed_7c"):
        both = [maps(images, "left"), maps(images, "right")]
        both = [tf1.add_n(both, "joined")] if ends == 1 else both
    features = [tf1.reduce_mean(one, [1, 2]) for one in both]
    tf1.nn.softmax(dense(tf1.add_n(features)))


@pytest.mark.parametrize("name", ["Mixed_7c", "Net/Mixed_7c", "Net/Mixed_7c/joined", "Net/Mixed_7c/joined:0"])
def test_a_scope_stands_for_the_one_tensor_that_leaves_it(model_of, name):
    assert model_of(lambda: branches(1)).tensor(name).name == "Net/Mixed_7c/joined:0"


def test_a_scope_that_two_tensors_leave_lists_them(model_of):
    with pytest.raises(UnknownName, match="'Mixed_7c' could mean 'Net/Mixed_7c/left:0', 'Net/Mixed_7c/right:0'"):
        model_of(lambda: branches(2)).tensor("Mixed_7c")


def test_an_unknown_layer_names_the_nearest(model_of):
    with pytest.raises(UnknownName, match=r"no tensor 'Mixd_7c'; near: .*Mixed_7c"):
        model_of(lambda: branches(1)).tensor("Mixd_7c")
