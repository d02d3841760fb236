"""SavedModels and programs' graphs: what a file of training holds is no reason to refuse it, what runs at load is."""

import gc
import importlib
import os

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from graph_files import after
from graph_files import net as small

import slimcam
from slimcam._tf import TF_VERSION, saved_model_proto, tf
from slimcam.errors import UntrustedModel
from slimcam.sources.verdicts import vet
from slimcam.sources.vetting.graphs import vet_graph
from slimcam.sources.vetting.saved_models import judge_functions

TF2 = pytest.mark.skipif(TF_VERSION < (2, 1), reason="functions are not laid open before TensorFlow 2.1")
IMAGES = np.ones((1, 4, 4, 3), np.float32)


class Net(tf.Module):
    """A net of one weight, whose classes are looked up in a table, and what an initialiser of its own does."""

    def __init__(self, labels=None, initialise=None):
        super().__init__()
        self.weights = tf.Variable(tf.eye(3))
        if labels is not None:
            key, value = tf.lookup.TextFileIndex.LINE_NUMBER, tf.lookup.TextFileIndex.WHOLE_LINE
            names = tf.lookup.TextFileInitializer(str(labels), tf.int64, key, tf.string, value)
            self.table = tf.lookup.StaticHashTable(names, "?")
        self.resource = Resource(initialise) if initialise is not None else None

    def __call__(self, photos):
        logits = tf.matmul(tf.reduce_mean(tf.nn.relu(photos, name="layer"), [1, 2]), self.weights)
        if not hasattr(self, "table"):
            return {"logits": logits}
        return {"logits": logits, "labels": self.table.lookup(tf.argmax(logits, 1))}


if TF_VERSION >= (2, 1):
    # where TensorFlow has it: to 2.5, to 2.8, and from 2.9 on
    for home in ("training.tracking.tracking", "training.tracking.resource", "trackable.resource"):
        try:
            TrackableResource = importlib.import_module(f"tensorflow.python.{home}").TrackableResource
        except (ImportError, AttributeError):
            continue

    class Resource(TrackableResource):
        """A resource that does something as it is initialised, as tf.saved_model.load has it."""

        def __init__(self, initialise):
            super().__init__()
            self.initialise = initialise
            self._resource_handle = self._create_resource()

        def _create_resource(self):
            return tf.raw_ops.MutableHashTableV2(key_dtype=tf.int64, value_dtype=tf.int64)

        def _initialize(self):
            self.initialise()


def save(model, path):
    signature = tf.function(model.__call__).get_concrete_function(tf.TensorSpec([None, 4, 4, 3], tf.float32, "photos"))
    tf.saved_model.save(model, str(path), signatures=signature)
    return str(path)


@TF2
def test_a_table_of_the_files_own_asset_is_read(tmp_path):
    (tmp_path / "labels.txt").write_text("a\nb\nc\n")
    path = save(Net(tmp_path / "labels.txt"), tmp_path / "saved")
    assert judge_functions(path, saved_model_proto(path).meta_graphs[0]).pure
    with slimcam.load(path, preprocess="none", logits="logits") as model:
        assert model.classes == 3
    gc.collect()  # TensorFlow 2.3 printed an error as the table went


def _initialiser(proto):
    """Return the function that initialises a SavedModel's resource, by what the graph of objects says."""
    (resource,) = (one for one in proto.meta_graphs[0].object_graph_def.nodes if one.HasField("resource"))
    (index,) = (one.node_id for one in resource.children if one.local_name == "_initialize")
    node = proto.meta_graphs[0].object_graph_def.nodes[index]
    name = node.bare_concrete_function.concrete_function_name or node.function.concrete_functions[0]
    library = proto.meta_graphs[0].graph_def.library
    return node, next(one for one in library.function if one.signature.name == name)


@TF2
@pytest.mark.parametrize("computed", [False, True])
def test_what_only_the_graph_calls_may_fill_a_table_from_the_file_that_it_is_given(tmp_path, computed):
    """To 2.12 TensorFlow writes such a copy of the initialiser, which fills the table where the graph is run."""
    (tmp_path / "labels.txt").write_text("a\nb\nc\n")
    path = save(Net(tmp_path / "labels.txt"), tmp_path / "saved")
    proto = saved_model_proto(path)
    graph_def = proto.meta_graphs[0].graph_def
    copy = graph_def.library.function.add()
    copy.CopyFrom(_initialiser(proto)[1])
    copy.signature.name = "copy"
    (filling,) = (one for one in copy.node_def if one.op == "InitializeTableFromTextFileV2")
    if computed:
        copy.node_def.add(name="away", op="StringLower", input=[filling.input[1]])
        filling.input[1] = "away:output:0"
    called = graph_def.node.add(name="called", op="StatefulPartitionedCall")
    called.attr["f"].func.name = "copy"
    for side, arguments in (("Tin", copy.signature.input_arg), ("Tout", copy.signature.output_arg)):
        called.attr[side].list.type.extend(one.type for one in arguments)
    refused = [one.where for one in judge_functions(path, proto.meta_graphs[0]).refused]
    assert refused == ([f"copy/{filling.name}"] if computed else [])


@TF2
def test_an_object_that_names_what_the_saver_calls_is_refused(tmp_path):
    """tf.saved_model.load looks functions up by name in all of the library, bound to arguments or not."""
    armed = []

    def initialise():
        if armed:
            what = {"tensor_names": ["a"], "shape_and_slices": [""], "tensors": [tf.constant(1.0)]}
            tf.raw_ops.SaveV2(prefix=str(tmp_path / "out"), **what)

    model = Net(initialise=initialise)
    armed.append(True)
    path = save(model, tmp_path / "saved")
    proto = saved_model_proto(path)
    meta = proto.meta_graphs[0]
    node, function = _initialiser(proto)
    name = function.signature.name
    del function.signature.output_arg[:], meta.object_graph_def.concrete_functions[name]
    function.ret.clear()
    for one in [one for one in meta.graph_def.node if one.attr["f"].func.name == name]:
        meta.graph_def.node.remove(one)
    (saver,) = (one for one in meta.graph_def.node if meta.saver_def.save_tensor_name == f"{one.name}:0")
    saver.attr["more"].func.name = name
    node.bare_concrete_function.Clear()
    node.bare_concrete_function.concrete_function_name = name
    (tmp_path / "saved" / "saved_model.pb").write_bytes(proto.SerializeToString())
    assert f"{name}/SaveV2" in [one.where for one in judge_functions(path, meta).refused]
    with pytest.raises(UntrustedModel, match="is SaveV2, which writes files"):
        slimcam.load(path)
    assert sorted(os.listdir(str(tmp_path))) == ["saved"]


@TF2
def test_a_table_of_a_file_elsewhere_is_refused(tmp_path):
    (tmp_path / "labels.txt").write_text("a\nb\nc\n")
    path = save(Net(tmp_path / "labels.txt"), tmp_path / "saved")
    saved = tmp_path / "saved" / "saved_model.pb"
    data = saved.read_bytes()
    (tmp_path / "x.txt").write_text("secret\n")
    away = b"../../x.tx"  # as long as labels.txt
    assert len(away) == len(b"labels.txt") and b"labels.txt" in data
    saved.write_bytes(data.replace(b"labels.txt", away))
    with pytest.raises(UntrustedModel, match="is InitializeTableFromTextFileV2, which reads files"):
        slimcam.load(path)


@TF2
@pytest.mark.parametrize("filename", ["../../secret.txt", "{elsewhere}/secret.txt", "a\0b", "a link"])
def test_an_asset_elsewhere_is_refused_though_nothing_reads_it(tmp_path, filename):
    (tmp_path / "labels.txt").write_text("a\n")
    (tmp_path / "secret.txt").write_text("secret\n")
    model = Net()
    model.asset = tf.saved_model.Asset(str(tmp_path / "labels.txt"))
    path = save(model, tmp_path / "saved")
    with slimcam.load(path) as plain:
        assert plain.classes == 3
    if filename == "a link":
        os.remove(os.path.join(path, "assets", "labels.txt"))
        os.symlink(str(tmp_path / "secret.txt"), os.path.join(path, "assets", "labels.txt"))
    else:
        proto = saved_model_proto(path)
        proto.meta_graphs[0].asset_file_def[0].filename = filename.format(elsewhere=tmp_path)
        (tmp_path / "saved" / "saved_model.pb").write_bytes(proto.SerializeToString())
    with pytest.raises(UntrustedModel, match="leads out of its folder: say allow=\\['links'\\]") as raised:
        slimcam.load(path)
    assert vet(path).refused == raised.value.findings


@TF2
def test_a_signature_that_is_not_asked_for_is_judged_too_as_tensorflow_makes_all_functions(tmp_path):
    model = Net()

    @tf.function(input_signature=[tf.TensorSpec([], tf.string)])
    def reads(name):
        return {"text": tf.io.read_file(name)}

    photos = tf.function(model.__call__).get_concrete_function(tf.TensorSpec([None, 4, 4, 3], tf.float32, "photos"))
    path = str(tmp_path / "saved")
    tf.saved_model.save(model, path, signatures={"serving_default": photos, "reads": reads})
    with pytest.raises(UntrustedModel, match="ReadFile, which reads files: say allow=\\['ReadFile'\\]"):
        slimcam.load(path, signature="serving_default")


@TF2
def test_an_initialiser_that_writes_is_refused_before_it_runs(tmp_path):
    armed = []

    def initialise():
        if armed:
            tf.io.write_file(str(tmp_path / "out"), "written")

    model = Net(initialise=initialise)
    armed.append(True)
    path = save(model, tmp_path / "saved")
    assert any(one.what == "WriteFile" for one in judge_functions(path, saved_model_proto(path).meta_graphs[0]).refused)
    with pytest.raises(UntrustedModel, match="is WriteFile, which writes files: say allow") as raised:
        slimcam.load(path)
    assert not (tmp_path / "out").exists()
    assert raised.value.findings[0].where.endswith("/WriteFile")


@TF2
@pytest.mark.parametrize("name", ["saved_model.pb", "saved_model.pbtxt"])
def test_saving_and_restoring_of_functions_are_no_reason_to_refuse_binary_or_text(tmp_path, name):
    path = save(Net(), tmp_path / "saved")
    proto = saved_model_proto(path)
    held = vet_graph(proto.meta_graphs[0].graph_def).refused
    assert {one.what for one in held} == {"SaveV2", "RestoreV2", "MergeV2Checkpoints"}  # what the file holds
    assert judge_functions(path, proto.meta_graphs[0]).pure  # what loading it runs
    if name.endswith("txt"):
        os.remove(os.path.join(path, "saved_model.pb"))
        (tmp_path / "saved" / name).write_text(str(proto))
    with slimcam.load(path, preprocess="none") as model:
        assert slimcam.explain(model, IMAGES).scores[0] == 1


# --- programs of TensorFlow 1


def program(folder, end):
    """Write a .meta with its checkpoint, of a net whose logits are handed on by `end`; return the path."""
    with tf1.Graph().as_default(), tf1.Session() as session:
        tf1.import_graph_def(small(), name="")
        graph = session.graph
        scale = tf1.get_variable("scale", [], initializer=tf1.ones_initializer())
        end(tf1.multiply(graph.get_tensor_by_name("logits:0"), scale, name="scaled"))
        session.run(tf1.global_variables_initializer())
        tf1.train.Saver().save(session, str(folder / "model"))
    return str(folder / "model.meta")


def test_a_saver_and_readers_of_data_are_no_reason_to_refuse_a_program(tmp_path):
    def end(scores):
        label = tf1.data.TextLineDataset([str(tmp_path / "labels")]).map(lambda line: tf1.strings.to_number(line))
        asked = tf1.data.make_one_shot_iterator(label.repeat()).get_next()
        tf1.identity(tf1.nn.softmax(scores, name="end"), name="probabilities")
        tf1.add(tf1.reduce_mean(scores), asked, name="loss")

    path = program(tmp_path, end)
    with slimcam.load(path, preprocess="none", logits="scaled") as model:
        assert slimcam.explain(model, np.ones((1, 4, 4, 1), np.float32), "relu").scores[0] == 1
        assert not [line for line in model.why if line.startswith("never run")]
    assert sorted(os.listdir(tmp_path)) == ["checkpoint", "model.data-00000-of-00001", "model.index", "model.meta"]


def test_a_program_whose_scores_write_is_refused(tmp_path):
    def end(scores):
        written = tf1.raw_ops.WriteFile(filename=str(tmp_path / "out"), contents="written")
        tf1.nn.softmax(after(scores, written))

    with pytest.raises(UntrustedModel, match="'WriteFile' is WriteFile, which writes files"):
        slimcam.load(program(tmp_path, end), logits="waited")
    assert not (tmp_path / "out").exists()
