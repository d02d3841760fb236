"""SavedModels: which graph, which signature, what its keys mean, and what is said of a folder that is not whole."""

import re
import shutil
import warnings

import numpy as np
import pytest
from fixtures.saved_models import X, assert_map
from google.protobuf import text_format

import slimcam
from slimcam._tf import TF_VERSION, saved_model_proto, tf1

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


def edited(path, op, name, reads=1):
    """Change the operation of a node of a SavedModel, to one that reads what the node reads so many times."""
    proto = saved_model_proto(path)
    node = next(node for node in proto.meta_graphs[0].graph_def.node if node.name == name)
    node.op = op
    node.input.extend([node.input[0]] * (reads - 1))
    with open(path + "/saved_model.pb", "wb") as file:
        file.write(proto.SerializeToString())


@pytest.mark.parametrize("name", ["probs", "probs:1", "probs:x", "^probs:0"])
def test_an_output_that_is_no_tensor_is_an_error_and_logits_lead_past_it(program, tmp_path, name):
    path = program.write(tmp_path / "saved")
    proto = saved_model_proto(path)
    proto.meta_graphs[0].signature_def["serving_default"].outputs["probs"].name = name
    (tmp_path / "saved" / "saved_model.pb").write_bytes(proto.SerializeToString())
    with pytest.raises(slimcam.ModelError, match=re.escape(f"names {name!r}, and its graph has no such tensor")):
        slimcam.load(path)
    with slimcam.load(path, logits="logits") as model:
        assert_map(model, program.map())


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
            "photos are fed as 0 to 255: nothing says how they were prepared",
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
    edited(path, "QuantizedRelu", "features", reads=3)
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
