"""One net, saved in every format, gives one map: that of a plain session on the program's own graph."""

import re
import warnings

import numpy as np
import pytest
from fixtures.keras_nets import KERASES
from fixtures.siamese_net import seeded
from fixtures.tolerance import assert_net

import slimcam
from slimcam._tf import TF_VERSION, eager, keras2, tf, tf1

X = np.random.RandomState(5).uniform(-1, 1, (3, 32, 32, 3)).astype(np.float32)
TF2 = pytest.mark.skipif(TF_VERSION < (2, 1), reason="models are eager from TensorFlow 2.1 on")


def net(keras):
    """A classifier with batch norms and a dropout; its weights are the same under every Keras."""
    layers = keras.layers
    x = photo = layers.Input((32, 32, 3), name="photo")
    for i, channels in enumerate((8, 12, 16), 1):
        x = layers.Conv2D(channels, 3, padding="same", strides=min(i, 2), name=f"conv{i}")(x)
        x = layers.BatchNormalization(name=f"norm{i}")(x)
        x = layers.Activation("relu", name=f"act{i}")(x)
    x = layers.Dropout(0.5, name="drop")(layers.GlobalAveragePooling2D(name="pool")(x))
    x = layers.Activation("softmax", name="probs")(layers.Dense(5, name="scores")(x))
    model = keras.Model(photo, x, name="net")
    model.set_weights(seeded(model))
    return model


class Program:
    """An old program: the net in a graph, and its session."""

    def __init__(self):
        self.graph = tf1.Graph()
        self.session = tf1.Session(graph=self.graph)
        with warnings.catch_warnings(), self.graph.as_default(), self.session.as_default():
            warnings.simplefilter("ignore")
            keras2().backend.set_learning_phase(0)
            self.model = net(keras2())
            self.photo, self.probs = self.model.input, self.model.output
            self.logits = self.probs.op.inputs[0]
            layer = self.graph.get_tensor_by_name("act3/Relu:0")
            gradient = tf1.gradients(self.logits[:, 2], layer)[0]
            activations, gradients = self.session.run([layer, gradient], {self.photo: X})
        self.expected = np.einsum("nhwc,nc->nhw", activations, gradients.mean((1, 2)))

    def __enter__(self):
        self._stack = [self.graph.as_default(), self.session.as_default()]
        for context in self._stack:
            context.__enter__()
        return self

    def __exit__(self, *exception):
        for context in reversed(self._stack):
            context.__exit__(*exception)


@pytest.fixture(scope="module")
def program():
    return Program()


@pytest.fixture(scope="module")
def expected(program):
    return program.expected


def assert_expected(model, expected, layer="act3"):
    raw = slimcam.explain(model, X, layer, 2).raw
    assert_net(raw, expected)


# --- what writes the net


def h5(program, path):
    program.model.save(path + ".h5", include_optimizer=False)
    return path + ".h5"


def saved_model(program, path, tags=("serve",), outputs=None):
    make = tf1.saved_model.build_tensor_info
    inputs = {"photo": make(program.photo)}
    infos = {name: make(tensor) for name, tensor in (outputs or {"probs": program.probs}).items()}
    signature = tf1.saved_model.signature_def_utils.build_signature_def(inputs, infos, "tensorflow/serving/predict")
    builder = tf1.saved_model.Builder(path)
    builder.add_meta_graph_and_variables(program.session, list(tags), {"serving_default": signature})
    builder.save()
    return path


def meta(program, path):
    return tf1.train.Saver(tf1.global_variables()).save(program.session, path) + ".meta"


def meta_of_v1(program, path):
    saver = tf1.train.Saver(tf1.global_variables(), write_version=tf1.train.SaverDef.V1)
    return saver.save(program.session, path) + ".meta"


def frozen(program, path):
    graph_def = program.graph.as_graph_def()
    constant = tf1.graph_util.convert_variables_to_constants(program.session, graph_def, [program.probs.op.name])
    with open(path + ".pb", "wb") as file:
        file.write(constant.SerializeToString())
    return path + ".pb"


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
@pytest.mark.parametrize("write", [h5, saved_model, meta, meta_of_v1, frozen])
def test_every_file_gives_the_map_of_the_session(program, expected, tmp_path, write):
    with program:
        path = write(program, str(tmp_path / "net"))
    with slimcam.load(path) as model:
        assert_expected(model, expected)
        assert model.classes == 5


def test_the_live_session_gives_it(program, expected):
    with slimcam.load(program.session, logits=program.logits) as model:
        assert_expected(model, expected)


def test_the_live_model_gives_it(program, expected):
    with program, slimcam.load(program.model) as model:
        assert_expected(model, expected)


@TF2
@pytest.mark.parametrize("keras", KERASES)
@pytest.mark.parametrize("write", ["object", ".keras", ".h5", "SavedModel"])
def test_eager_models_and_their_files_give_it(expected, tmp_path, keras, write):
    model, path = net(keras()), str(tmp_path / "net")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras would rather have another format
        if write == "SavedModel":
            (model.save if keras is keras2 else model.export)(path)
        elif write != "object":
            path += write
            model.save(path)
    with slimcam.load(model if write == "object" else path) as loaded:
        layer = "act3" if write != "SavedModel" else loaded.layers()[0].name
        assert layer.startswith("act3")
        assert_expected(loaded, expected, layer)


# --- SavedModels


def test_tags_choose_the_graph(program, expected, tmp_path):
    with program:
        path = saved_model(program, str(tmp_path / "net"), ("serve", "gpu"))
    with slimcam.load(path) as model:  # the only one there is
        assert model.why[0] == "tags gpu, serve; signature 'serving_default'"
    with slimcam.load(path, tags=["serve", "gpu"]) as model:
        assert_expected(model, expected)
    message = r"no graph with the tags \['train'\]: say tags=\['gpu', 'serve'\]"
    with pytest.raises(slimcam.ModelError, match=message):
        slimcam.load(path, tags="train")


def test_a_signature_that_is_not_there_suggests(program, tmp_path):
    with program:
        path = saved_model(program, str(tmp_path / "net"))
    message = r"no signature 'serving' \(there are 'serving_default'\); near: 'serving_default'"
    with pytest.raises(slimcam.UnknownName, match=message):
        slimcam.load(path, signature="serving")


def test_a_signature_with_several_scores_asks_for_one_by_its_key(program, expected, tmp_path):
    outputs = {"probs": program.probs, "scores": program.logits}
    with program:
        path = saved_model(program, str(tmp_path / "net"), outputs=outputs)
    choice = "the model has 2 outputs, 'probs', 'scores': say logits="
    with slimcam.load(path) as model, pytest.raises(slimcam.TargetError, match=choice):
        slimcam.GradCAM(model)
    with slimcam.load(path, logits="scores") as model:
        assert_expected(model, expected)


def test_the_file_in_the_folder_stands_for_the_folder(program, expected, tmp_path):
    with program:
        path = saved_model(program, str(tmp_path / "net"))
    with slimcam.load(path + "/saved_model.pb") as model:
        assert_expected(model, expected)


def test_a_damaged_saved_model_is_said(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"\x0a\xff\xff\xff")
    with pytest.raises(slimcam.ModelError, match="not a SavedModel that can be read"):
        slimcam.load(str(tmp_path))


@TF2
@pytest.mark.parametrize("signed", [True, False])
def test_a_saved_module_is_read_by_its_signature_or_its_call(tmp_path, signed):
    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.kernel = tf.Variable(np.full((1, 1, 3, 2), 0.5, np.float32))

        @tf.function(input_signature=[tf.TensorSpec([None, 4, 4, 3], tf.float32, name="photo")])
        def __call__(self, photo):
            return tf.reduce_mean(tf.nn.conv2d(photo, self.kernel, 1, "SAME", name="conv"), [1, 2])

    module = Module()
    signatures = module.__call__.get_concrete_function() if signed else None
    tf.saved_model.save(module, str(tmp_path / "saved"), signatures)
    with slimcam.load(str(tmp_path / "saved")) as model:
        (layer,) = [one.name for one in model.layers() if one.tensor.op.type == "Conv2D"]
        photo = np.ones((1, 4, 4, 3), np.float32)
        # each of the 16 places holds 1.5, and weighs 1/16
        np.testing.assert_allclose(slimcam.explain(model, photo, layer, 0).raw, np.full((1, 4, 4), 1.5 / 16))


@pytest.mark.skipif(TF_VERSION >= (2,), reason="TensorFlow 2 reads it")
def test_functions_of_tensorflow_2_are_said_to_need_it(tmp_path):
    module = tf.Module()
    module.call = tf.function(lambda x: x, input_signature=[tf.TensorSpec([None, 4], tf.float32)])
    with eager():
        tf.compat.v2.saved_model.save(module, str(tmp_path / "saved"))
    message = "a SavedModel of functions, .* load it on TensorFlow 2.1 or newer, or save the model as .h5"
    with pytest.raises(slimcam.ModelError, match=message):
        slimcam.load(str(tmp_path / "saved"))


# --- .meta


def training_program(path, feed_images=True):
    """Write the .meta and checkpoint of a program with a loss, an optimiser, and a batch norm that trains."""
    with tf1.Graph().as_default() as graph, tf1.variable_scope("", use_resource=True):
        tf1.set_random_seed(0)
        if feed_images:
            photos = tf1.placeholder(tf1.float32, [None, 8, 8, 3], name="photos")
        else:
            queue = tf1.FIFOQueue(4, [tf1.float32], [[2, 8, 8, 3]])
            photos = tf1.multiply(queue.dequeue(), 2.0, name="scaled")
        kernel = tf1.get_variable("kernel", [3, 3, 3, 4])
        net = tf1.nn.relu(tf1.nn.conv2d(photos, kernel, 1, "SAME"), name="features")
        if feed_images:
            net, *_ = tf1.nn.fused_batch_norm(net, tf1.ones([4]), tf1.zeros([4]), is_training=True)
        logits = tf1.matmul(tf1.reduce_mean(net, [1, 2]), tf1.get_variable("dense", [4, 3]), name="logits")
        loss = tf1.nn.sparse_softmax_cross_entropy_with_logits(labels=[0, 1], logits=logits)
        tf1.train.MomentumOptimizer(0.1, 0.9).minimize(tf1.reduce_mean(loss))
        unsaved = tf1.get_local_variable("count", [])
        with tf1.Session(graph=graph) as session:
            session.run([tf1.global_variables_initializer(), unsaved.initializer])
            return tf1.train.Saver().save(session, path) + ".meta"


def test_a_training_graph_is_cut_to_its_logits(tmp_path):
    with slimcam.load(training_program(str(tmp_path / "model.ckpt-7"))) as model:
        assert model.logits.name == "logits:0"
        assert not [op for op in model.graph.get_operations() if "Momentum" in op.type]
        message = "1 batch norms such as '.*' are in training mode for good"
        assert [why for why in model.why if re.match(message, why)]
        assert slimcam.explain(model, X[:2, :8, :8], "features", 0).raw.shape == (2, 8, 8)


def test_an_input_pipeline_is_fed_by_naming_a_tensor_after_it(tmp_path):
    path = training_program(str(tmp_path / "model.ckpt-7"), feed_images=False)
    with pytest.raises(slimcam.ModelError, match=r"no placeholder takes images .*: say input='scaled:0'"):
        slimcam.load(path)
    with slimcam.load(path, input="scaled") as model:
        assert slimcam.explain(model, X[:2, :8, :8], "features", 0).raw.shape == (2, 8, 8)


def test_a_meta_file_without_its_checkpoint_says_what_it_looked_for(tmp_path):
    path = training_program(str(tmp_path / "model.ckpt-7"))
    alone = tmp_path / "alone.meta"
    alone.write_bytes((tmp_path / "model.ckpt-7.meta").read_bytes())
    with pytest.raises(slimcam.ModelError, match=r"alone\.meta: no checkpoint '.*alone' beside it .*: say checkpoint="):
        slimcam.load(str(alone))
    with slimcam.load(str(alone), checkpoint=path[: -len(".meta")]) as model:
        assert model.classes == 3


def test_another_nets_checkpoint_is_refused_by_the_variable_that_it_lacks(program, tmp_path):
    with program:
        other = meta(program, str(tmp_path / "other"))[: -len(".meta")]
    path = training_program(str(tmp_path / "model.ckpt-7"))
    with pytest.raises(slimcam.ModelError, match="lacks 2 of 2 variables that 'logits:0' needs, such as 'kernel'"):
        slimcam.load(path, checkpoint=other)


def test_a_file_that_is_no_meta_graph_is_said(tmp_path):
    (tmp_path / "model.meta").write_bytes(b"\x12\xff\xff\xff not one")
    with pytest.raises(slimcam.ModelError, match="not a MetaGraphDef, or a damaged one"):
        slimcam.load(str(tmp_path / "model.meta"))


def test_loading_leaves_the_default_graph_as_it_was(program, tmp_path):
    with program:
        paths = [saved_model(program, str(tmp_path / "saved")), meta(program, str(tmp_path / "model"))]
    default = tf1.get_default_graph()
    count = len(default.get_operations())
    for path in paths:
        slimcam.load(path).close()
    assert tf1.get_default_graph() is default
    assert len(default.get_operations()) == count
