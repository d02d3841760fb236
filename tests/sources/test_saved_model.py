"""SavedModels: which graph, which signature, what its keys mean, and what is said of a folder that is not whole."""

import shutil
import subprocess
import sys
import warnings

import numpy as np
import pytest
from fixtures.keras_nets import KERASES, NEW
from fixtures.tolerance import assert_net
from google.protobuf import text_format

import slimcam
from slimcam._tf import TF_VERSION, keras2, keras3, saved_model_proto, tf, tf1

X = np.random.RandomState(0).uniform(-1, 1, (2, 8, 8, 3)).astype(np.float32)
TF2 = pytest.mark.skipif(TF_VERSION < (2, 1), reason="functions are not laid open before TensorFlow 2.1")


def values(*shape):
    return np.random.RandomState(len(shape)).normal(size=shape).astype(np.float32)


class Program:
    """A program of TensorFlow 1: a conv, a batch norm, scores, and words for the classes from a table and a file."""

    def __init__(self):
        self.graph = tf1.Graph()
        self.session = tf1.Session(graph=self.graph)
        with self.graph.as_default(), tf1.variable_scope("", use_resource=True):
            self.photos = tf1.placeholder(tf1.float32, [None, 8, 8, 3], name="photos")
            x = tf1.nn.conv2d(self.photos, tf1.get_variable("kernel", initializer=values(3, 3, 3, 4)), 1, "SAME")
            moments = [tf1.get_variable(name, initializer=np.abs(values(4)) + 0.5) for name in ("s", "o", "m", "v")]
            x = tf1.nn.fused_batch_norm(x, *moments, is_training=False)[0]
            self.features = tf1.nn.relu(x, name="features")
            dense = tf1.get_variable("dense", initializer=values(4, 3))
            self.logits = tf1.matmul(tf1.reduce_mean(self.features, [1, 2]), dense, name="logits")
            self.probs = tf1.nn.softmax(self.logits, name="probs")
            self.classes = tf1.argmax(self.probs, 1, name="classes")
            pairs = tf1.lookup.KeyValueTensorInitializer(tf1.range(3, dtype=tf1.int64), tf1.constant(["a", "b", "c"]))
            self.words = tf1.lookup.StaticHashTable(pairs, "?").lookup(self.classes)
            self.session.run([tf1.global_variables_initializer(), tf1.tables_initializer()])

    def signature(self, **outputs):
        make = tf1.saved_model.build_tensor_info
        with self.graph.as_default():
            inputs = {"img": make(self.photos)}
            infos = {key: make(tensor) for key, tensor in outputs.items()}
        return tf1.saved_model.signature_def_utils.build_signature_def(inputs, infos, "predict")

    def write(self, path, signatures=None, tags=("serve",), also=None, as_text=False, name="serving_default"):
        """Save with the signatures, by default one that gives `probs`; `also` are tags of a second graph."""
        if signatures is None:
            signatures = {name: self.signature(probs=self.probs)}
        with self.graph.as_default():
            tf1.get_default_graph().clear_collection("saved_model_main_op")  # of an earlier one
            builder = tf1.saved_model.Builder(str(path))
            builder.add_meta_graph_and_variables(self.session, list(tags), signatures, main_op=tf1.tables_initializer())
            if also:
                builder.add_meta_graph(list(also), {"other": self.signature(probs=self.probs)})
            builder.save()
        if as_text:  # not by the builder: it takes str(), which protobuf 5.29.6 writes without escapes
            text = text_format.MessageToString(saved_model_proto(str(path)))
            (path / "saved_model.pbtxt").write_text(text)
            (path / "saved_model.pb").unlink()
        return str(path)

    def map(self):
        with self.graph.as_default():
            gradient = tf1.gradients(self.logits[:, 1], self.features)[0]
        activations, gradients = self.session.run([self.features, gradient], {self.photos: X})
        return np.einsum("nhwc,nc->nhw", activations, gradients.mean((1, 2)))


@pytest.fixture
def program():
    return Program()


def assert_map(model, expected, layer="features"):
    raw = slimcam.explain(model, X, layer, 1).raw
    assert_net(raw, expected)


def edited(path, op, name):
    """Change the operation of a node of a SavedModel."""
    proto = saved_model_proto(path)
    next(node for node in proto.meta_graphs[0].graph_def.node if node.name == name).op = op
    with open(path + "/saved_model.pb", "wb") as file:
        file.write(proto.SerializeToString())


# --- of TensorFlow 1


@pytest.mark.parametrize("as_text", [False, True])
def test_the_output_is_explained_before_its_softmax_and_why_says_the_keys(program, tmp_path, as_text):
    path = program.write(tmp_path / "saved", as_text=as_text)
    assert (tmp_path / "saved" / ("saved_model.pbtxt" if as_text else "saved_model.pb")).is_file()
    with slimcam.load(path) as model:
        assert_map(model, program.map())
        assert model.why == [
            "tags serve; signature 'serving_default'",
            "its inputs 'img' is 'photos:0'; its outputs 'probs' is 'probs:0'",
            f"6 variables: their values in {path}/variables/variables",
            "input 'photos:0': the only placeholder of images, float32 (None, 8, 8, 3)",
            "logits 'logits:0': what probs (Softmax) reads",
        ]


def test_what_simple_save_writes_is_read(program, tmp_path):
    path = str(tmp_path / "saved")
    with warnings.catch_warnings(), program.graph.as_default():
        warnings.simplefilter("ignore")
        tf1.saved_model.simple_save(program.session, path, {"img": program.photos}, {"probs": program.probs})
    with slimcam.load(path) as model:
        assert_map(model, program.map())


def test_tables_and_what_starts_them_are_cut_away(program, tmp_path):
    outputs = {"probs": program.probs, "classes": program.classes, "words": program.words}
    path = program.write(tmp_path / "saved", {"serving_default": program.signature(**outputs)})
    with slimcam.load(path) as model:
        assert_map(model, program.map())
        assert not [op.type for op in model.graph.get_operations() if "Table" in op.type]


def test_a_signature_without_scores_leads_to_those_that_it_is_made_of(program, tmp_path):
    path = program.write(tmp_path / "saved", {"serving_default": program.signature(classes=program.classes)})
    with slimcam.load(path) as model:
        assert model.logits.name == "logits:0"
        assert_map(model, program.map())


@pytest.mark.parametrize("logits, tensor", [("probs", "logits:0"), ("scores", "logits:0"), ("probs:0", "probs:0")])
def test_a_key_means_what_is_before_its_softmax_and_a_tensor_itself(program, tmp_path, logits, tensor):
    outputs = {"probs": program.probs, "scores": program.logits}
    path = program.write(tmp_path / "saved", {"serving_default": program.signature(**outputs)})
    with slimcam.load(path, logits=logits) as model:
        assert model.logits.name == tensor


def test_the_input_goes_by_its_key_too(program, tmp_path):
    with slimcam.load(program.write(tmp_path / "saved"), input="img") as model:
        assert model.input.name == "photos:0"


def test_of_several_graphs_the_one_with_serve_is_read(program, tmp_path):
    path = program.write(tmp_path / "saved", tags=["serve", "gpu"], also=["train"])
    with slimcam.load(path) as model:
        assert model.why[0] == "tags gpu, serve; signature 'serving_default'"
    with slimcam.load(path, tags="train") as model:
        assert model.why[0] == "tags train; signature 'other'"
        assert_map(model, program.map())


def test_tags_that_no_graph_has_list_those_that_there_are(program, tmp_path):
    path = program.write(tmp_path / "saved", tags=["serve", "gpu"], also=["train"])
    message = r"no graph with the tags \['tpu'\]: say tags=\['gpu', 'serve'\] or \['train'\]"
    with pytest.raises(slimcam.ModelError, match=message):
        slimcam.load(path, tags="tpu")


def test_two_graphs_without_serve_ask_for_tags(program, tmp_path):
    path = program.write(tmp_path / "saved", tags=["eval"], also=["train"])
    with pytest.raises(slimcam.ModelError, match=r"2 graphs: say tags=\['eval'\] or \['train'\]"):
        slimcam.load(path)


def test_the_only_signature_is_taken_and_of_several_one_is_asked_for(program, tmp_path):
    signature = program.signature(probs=program.probs)
    with slimcam.load(program.write(tmp_path / "one", {"a": signature})) as model:
        assert model.why[0] == "tags serve; signature 'a'"
    path = program.write(tmp_path / "two", {"a": signature, "b": signature})
    message = r"no signature 'serving_default' \(there are 'a', 'b'\); say signature="
    with pytest.raises(slimcam.UnknownName, match=message):
        slimcam.load(path)
    with slimcam.load(path, signature="b") as model:
        assert model.why[0] == "tags serve; signature 'b'"


def test_without_a_signature_the_graph_is_looked_through(program, tmp_path):
    path = program.write(tmp_path / "saved", {})
    with slimcam.load(path, logits="logits") as model:
        assert model.why[0] == "tags serve; no signature"
        assert_map(model, program.map())


def test_a_folder_without_its_variables_is_said(program, tmp_path):
    path = program.write(tmp_path / "saved")
    shutil.rmtree(path + "/variables")
    message = "lacks 6 of 6 variables that 'probs:0' needs, such as 'kernel'; it is not there, or is empty"
    with pytest.raises(slimcam.ModelError, match=message):
        slimcam.load(path)


def test_operations_that_cannot_be_explained_are_named(program, tmp_path):
    path = program.write(tmp_path / "saved")
    edited(path, "ContribRelu", "features")
    message = "'probs:0' needs 'features', a ContribRelu, which TensorFlow .* does not have"
    with pytest.raises(slimcam.ModelError, match=message):
        slimcam.load(path)
    edited(path, "QuantizedRelu", "features")
    with pytest.raises(slimcam.ModelError, match="'probs:0' needs 'features', a QuantizedRelu: a quantised graph"):
        slimcam.load(path)


def test_text_that_is_no_saved_model_is_said(tmp_path):
    (tmp_path / "saved_model.pbtxt").write_text("nodes {")
    with pytest.raises(slimcam.ModelError, match="not a SavedModel that can be read"):
        slimcam.load(str(tmp_path))


def test_within_a_graph_of_the_callers_nothing_is_added_to_it(program, tmp_path):
    path = program.write(tmp_path / "saved")
    with tf1.Graph().as_default() as graph:
        slimcam.load(path).close()
        assert tf1.get_default_graph() is graph
        assert not graph.get_operations()


# --- of TensorFlow 2


def exported(keras, path, outputs=1, activation="relu"):
    """Save a Keras model as a SavedModel; return the path and the model."""
    layers = keras.layers
    photo = layers.Input((8, 8, 3), name="photo")
    x = layers.BatchNormalization(name="norm")(layers.Conv2D(4, 3, name="conv")(photo))
    x = layers.GlobalAveragePooling2D()(layers.Activation(activation, name="act")(x))
    ends = [layers.Dense(3 + i, activation="softmax", name=f"probs{i}")(x) for i in range(outputs)]
    model = keras.Model(photo, ends if outputs > 1 else ends[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (model.save if keras is keras2() else model.export)(str(path))
    return str(path), model


def map_by_tape(keras, model):
    """Return the Grad-CAM of conv's output for class 1, from the layers themselves."""
    conv, dense = model.get_layer("conv"), model.get_layer("probs0")
    with tf.GradientTape() as tape:
        activations = conv(X)
        tape.watch(activations)
        x = model.get_layer("act")(model.get_layer("norm")(activations, training=False))
        score = tf.reduce_sum((tf.reduce_mean(x, [1, 2]) @ dense.kernel + dense.bias)[:, 1])
    gradients = tape.gradient(score, activations).numpy().mean((1, 2))
    return np.einsum("nhwc,nc->nhw", activations.numpy(), gradients)


def conv_of(model):
    names = [op.name for op in model.graph.get_operations()]
    (name,) = [one for one in names if one.endswith("/BiasAdd") and one.split("/")[-2].startswith("conv")]
    return model.tensor(name)


@TF2
@pytest.mark.parametrize("keras", KERASES)
@pytest.mark.parametrize("activation", ["relu", "swish"])
@pytest.mark.parametrize("inside", [False, True])
def test_keras_models_give_the_map_of_a_tape(tmp_path, keras, activation, inside):
    if activation == "swish" and not hasattr(keras().activations, "swish"):
        activation = tf.nn.swish  # Keras' name for it came with 2.2
    path, model = exported(keras(), tmp_path / "saved", activation=activation)
    expected = map_by_tape(keras(), model)
    with tf1.Graph().as_default() as graph:
        if not inside:
            with tf.init_scope():
                loaded = slimcam.load(path)
        else:
            loaded = slimcam.load(path)
        assert not graph.get_operations()
    with loaded:
        assert loaded.input.name == "photo:0"
        assert loaded.logits.op.type == "BiasAdd"
        assert not [line for line in loaded.why if "custom gradients" in line]
        assert_map(loaded, expected, conv_of(loaded))


@TF2
def test_where_version_2_behaviour_is_disabled_a_saved_model_is_read(tmp_path):
    path, model = exported(keras2(), tmp_path / "saved")
    np.save(str(tmp_path / "x.npy"), X)
    code = (
        "import sys, numpy as np, tensorflow.compat.v1 as tf1\n"
        "tf1.disable_v2_behavior()\n"
        "import slimcam\n"
        "model = slimcam.load(sys.argv[1])\n"
        "layer = next(op.name for op in model.graph.get_operations() if op.name.endswith('/conv/BiasAdd'))\n"
        "np.save(sys.argv[2], slimcam.explain(model, np.load(sys.argv[3]), layer, 1).raw)\n"
        "assert not tf1.get_default_graph().get_operations()\n"
    )
    names = [path, str(tmp_path / "map.npy"), str(tmp_path / "x.npy")]
    subprocess.run([sys.executable, "-W", "ignore", "-c", code, *names], check=True, capture_output=True)
    expected = map_by_tape(keras2(), model)
    assert_net(np.load(names[1]), expected)


@TF2
@pytest.mark.parametrize(
    "keras, keys", [(keras2, ("probs0", "probs1")), pytest.param(keras3, ("output_0", "output_1"), marks=NEW)]
)
def test_of_several_outputs_of_functions_one_is_asked_for_by_its_key(tmp_path, keras, keys):
    path, model = exported(keras(), tmp_path / "saved", outputs=2)
    message = f"the signature gives '{keys[0]}', '{keys[1]}': say logits="
    with pytest.raises(slimcam.ModelError, match=message):
        slimcam.load(path)
    with slimcam.load(path, logits=keys[1]) as loaded:
        assert loaded.classes == 4
    with slimcam.load(path, logits=keys[0]) as loaded:
        assert loaded.logits.op.type == "BiasAdd"
        assert_map(loaded, map_by_tape(keras(), model), conv_of(loaded))


class Scorer(tf.Module):
    """Scores and classes, from one weight."""

    def __init__(self):
        super().__init__()
        self.kernel = tf.Variable(np.full((1, 1, 3, 2), 0.5, np.float32))

    def save(self, path, name="photo"):
        @tf.function(input_signature=[tf.TensorSpec([None, 4, 4, 3], tf.float32, name=name)])
        def score(photo):
            scores = tf.reduce_mean(tf.nn.conv2d(photo, self.kernel, 1, "SAME", name="conv"), [1, 2])
            return {"scores": scores, "classes": tf.argmax(scores, 1)}

        tf.saved_model.save(self, str(path), score.get_concrete_function())
        return str(path)


@TF2
def test_an_output_that_is_no_scores_is_not_asked_about(tmp_path):
    with slimcam.load(Scorer().save(tmp_path / "saved"), input="photo") as model:
        assert (
            model.why[1]
            == "its inputs 'photo' is 'photo:0'; its outputs 'classes' is 'Identity:0', 'scores' is 'Identity_1:0'"
        )
        # each of the 16 places holds 1.5, and weighs 1/16
        raw = slimcam.explain(model, np.ones((1, 4, 4, 3), np.float32), model.layers()[0].tensor, 0).raw
        np.testing.assert_allclose(raw, np.full((1, 4, 4), 1.5 / 16))


@TF2
def test_functions_without_their_variables_are_said(tmp_path):
    path = Scorer().save(tmp_path / "saved")
    shutil.rmtree(path + "/variables")
    with pytest.raises(slimcam.ModelError, match=r"saved: TensorFlow .* cannot load it: "):
        slimcam.load(path)


@TF2
def test_tags_and_signatures_of_functions_are_named(tmp_path):
    path = Scorer().save(tmp_path / "saved")
    with pytest.raises(slimcam.ModelError, match=r"no graph with the tags \['gpu'\]: say tags=\['serve'\]"):
        slimcam.load(path, tags="gpu")
    with pytest.raises(slimcam.UnknownName, match=r"no signature 'serve' \(there are 'serving_default'\)"):
        slimcam.load(path, signature="serve")
