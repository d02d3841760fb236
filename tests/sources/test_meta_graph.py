""".meta graphs of training programs: what is cut away, what is fed, and what is said of a graph that does not fit."""

import numpy as np
import pytest
from fixtures.tolerance import assert_net

import slimcam
from slimcam._tf import tf1

X = np.random.RandomState(0).uniform(-1, 1, (2, 8, 8, 3)).astype(np.float32)


def variable(name, *shape):
    values = np.random.RandomState(len(name)).normal(size=shape).astype(np.float32)
    return tf1.get_variable(name, initializer=values)


def normalised(x, training):
    scale, offset = variable("gamma", 4), variable("beta", 4)
    moments = () if training else (variable("mean", 4), tf1.abs(variable("variance", 4)) + 0.5)
    return tf1.nn.fused_batch_norm(x, scale, offset, *moments, is_training=training)[0]


def net(images, training=False, activation=tf1.nn.relu):
    """Return the layer that is explained, the logits, and the classes' probabilities."""
    x = tf1.nn.conv2d(images, variable("kernel", 3, 3, 3, 4), 1, "SAME", name="conv")
    if isinstance(training, bool):
        x = normalised(x, training)
    else:
        with tf1.variable_scope("", reuse=tf1.AUTO_REUSE):
            x = tf1.cond(training, lambda: normalised(x, True), lambda: normalised(x, False))
    features = tf1.identity(activation(x), name="features")
    logits = tf1.matmul(tf1.reduce_mean(features, [1, 2]), variable("dense", 4, 3), name="logits")
    return features, logits, tf1.nn.softmax(logits, name="probs")


class Program:
    """A program of TensorFlow 1; `write` saves it, `map` is its Grad-CAM for class 1 by tf1.gradients."""

    def __init__(self, build, resource=True):
        self.graph = tf1.Graph()
        self.session = tf1.Session(graph=self.graph)
        with self.graph.as_default(), tf1.variable_scope("", use_resource=resource):
            self.parts = build()
            self.session.run([tf1.global_variables_initializer(), tf1.get_collection("start")])

    def write(self, path, variables=None):
        with self.graph.as_default():
            saver = tf1.train.Saver(variables or tf1.global_variables())
            return saver.save(self.session, str(path)) + ".meta"

    def map(self, layer=None, feeds=None):
        features, logits = self.parts[:2]
        layer = features if layer is None else self.graph.get_tensor_by_name(layer)
        with self.graph.as_default():
            gradient = tf1.gradients(logits[:, 1], layer)[0]
        activations, gradients = self.session.run([layer, gradient], feeds)
        return np.einsum("nhwc,nc->nhw", activations, gradients.mean((1, 2)))


def photos():
    return tf1.placeholder(tf1.float32, [None, 8, 8, 3], name="photos")


def assert_map(model, expected, layer="features"):
    raw = slimcam.explain(model, X, layer, 1).raw
    assert_net(raw, expected)


@pytest.fixture
def plain():
    return Program(lambda: net(photos()))


def edited(path, other, edit):
    """Write a changed copy of a .meta file."""
    meta = tf1.MetaGraphDef()
    with open(path, "rb") as file:
        meta.ParseFromString(file.read())
    edit(meta)
    other.write_bytes(meta.SerializeToString())
    return str(other)


def with_node(op, name, source):
    return lambda meta: meta.graph_def.node.add(op=op, name=name, input=[source])


def with_operation(op, name, reads=1):
    """Change a node to an operation that reads what the node reads so many times."""

    def edit(meta):
        node = next(node for node in meta.graph_def.node if node.name == name)
        node.op = op
        node.input.extend([node.input[0]] * (reads - 1))

    return edit


@pytest.mark.parametrize("resource", [False, True])
def test_both_kinds_of_variables_give_the_map_of_the_session(tmp_path, resource):
    program = Program(lambda: net(photos()), resource)
    path = program.write(tmp_path / "model.ckpt-100")
    with slimcam.load(path) as model:
        assert_map(model, program.map(feeds={"photos:0": X}))
        assert model.why == [
            f"6 variables: their values in {tmp_path / 'model.ckpt-100'}",
            "photos are fed as 0 to 255: nothing says how they were prepared",
            "input 'photos:0': the only placeholder of images, float32 (None, 8, 8, 3)",
            "logits 'logits:0': what probs (Softmax) reads",
        ]


def test_a_gradient_with_the_shape_of_logits_is_not_taken_for_them(tmp_path):
    def build():
        parts = net(photos())
        tf1.gradients(tf1.reduce_sum(parts[1] ** 2), [parts[1], parts[0]])  # (N, 3), and nothing reads it
        return parts

    program = Program(build)

    def without_softmax(meta):
        kept = [node for node in meta.graph_def.node if node.name != "probs"]
        del meta.graph_def.node[:]
        meta.graph_def.node.extend(kept)
        node = meta.graph_def.node.add(name="out", op="Identity", input=["logits"])
        node.attr["T"].type = tf1.float32.as_datatype_enum

    path = program.write(tmp_path / "model")
    path = edited(path, tmp_path / "model.meta", without_softmax)
    with slimcam.load(path) as model:
        assert model.logits.name == "out:0"


def test_what_trains_is_cut_away(tmp_path):
    def build():
        features, logits, _ = net(photos())
        labels = tf1.placeholder(tf1.int32, [None], name="labels")
        loss = tf1.losses.sparse_softmax_cross_entropy(labels, logits)
        tf1.summary.scalar("loss", loss)
        tf1.train.AdamOptimizer().minimize(loss, tf1.train.get_or_create_global_step())
        return features, logits

    program = Program(build)
    with slimcam.load(program.write(tmp_path / "model")) as model:
        assert_map(model, program.map(feeds={"photos:0": X}))
        kept = " ".join(op.type for op in model.graph.get_operations())
        assert not [op for op in ("Adam", "Summary", "Save", "Restore", "CrossEntropy") if op in kept]
        assert model.needs("logits") == ["photos:0"]


# --- batch norms


def test_batch_norms_that_train_are_told(tmp_path):
    program = Program(lambda: net(photos(), training=True))
    with slimcam.load(program.write(tmp_path / "model")) as model:
        (why,) = [line for line in model.why if "training mode" in line]
        assert why.startswith("1 batch norms such as 'FusedBatchNorm")
        assert_map(model, program.map(feeds={"photos:0": X}))


def test_batch_norms_that_a_placeholder_switches_are_not_told_of(tmp_path):
    program = Program(lambda: net(photos(), tf1.placeholder(tf1.bool, [], name="is_training")))
    with slimcam.load(program.write(tmp_path / "model")) as model:
        assert not [line for line in model.why if "training mode" in line]
        assert_map(model, program.map(feeds={"photos:0": X, "is_training:0": False}))


# --- input pipelines


def iterator():
    images = tf1.data.Dataset.from_tensors((X, np.array([1, 2], np.int32))).repeat()
    found = tf1.data.make_initializable_iterator(images)
    tf1.add_to_collection("start", found.initializer)
    return found.get_next()


def test_of_an_iterator_the_images_are_named_and_fed(tmp_path):
    def build():
        images, labels = iterator()
        parts = net(images)
        tf1.losses.sparse_softmax_cross_entropy(labels, parts[1])
        return parts

    program = Program(build)
    path = program.write(tmp_path / "model")
    message = r"no placeholder takes images \(placeholders: .*\): say input='IteratorGetNext:0'$"
    with pytest.raises(slimcam.ModelError, match=message):
        slimcam.load(path)
    expected = program.map()
    for options in ({}, {"logits": "logits"}):
        with slimcam.load(path, input="IteratorGetNext:0", **options) as model:
            assert_map(model, expected)
            assert model.tensor("IteratorGetNext:0") is model.input
            assert model.needs("logits") == [model.input.name]


def test_a_queue_of_several_tensors_is_fed_after_it(tmp_path):
    def build():
        queue = tf1.FIFOQueue(4, [tf1.int32, tf1.float32], [[2], [2, 8, 8, 3]])
        return net(queue.dequeue()[1])

    path = Program(build).write(tmp_path / "model")
    with pytest.raises(slimcam.ModelError, match=r"say input='fifo_queue_Dequeue:1'$"):
        slimcam.load(path)
    expected = Program(lambda: net(photos())).map(feeds={"photos:0": X})
    with slimcam.load(path, input="fifo_queue_Dequeue:1") as model:
        assert_map(model, expected)


def test_an_input_that_is_not_there_suggests(tmp_path, plain):
    with pytest.raises(slimcam.UnknownName, match="input='photo': no such tensor; near: 'photos'"):
        slimcam.load(plain.write(tmp_path / "model"), input="photo")


# --- operations


def test_collections_of_unknown_messages_do_not_matter(tmp_path, plain):
    def edit(meta):
        meta.collection_def["odd"].bytes_list.value.append(b"\x00not a message")
        meta.collection_def["any"].any_list.value.add().type_url = "type.googleapis.com/nobody.Knows"

    path = edited(plain.write(tmp_path / "model"), tmp_path / "model.meta", edit)
    with slimcam.load(path) as model:
        assert_map(model, plain.map(feeds={"photos:0": X}))


def test_an_unknown_operation_is_named_and_matters_only_to_what_needs_it(tmp_path, plain):
    path = edited(plain.write(tmp_path / "model"), tmp_path / "model.meta", with_node("ContribCrf", "crf", "logits"))
    message = "'crf' is a ContribCrf, which TensorFlow .* does not have: say logits=, so that only what they need"
    with pytest.raises(slimcam.ModelError, match=message):
        slimcam.load(path)
    with slimcam.load(path, logits="logits") as model:
        assert_map(model, plain.map(feeds={"photos:0": X}))


def test_an_unknown_operation_that_the_logits_need_is_named(tmp_path, plain):
    path = edited(plain.write(tmp_path / "model"), tmp_path / "model.meta", with_operation("ContribRelu", "Relu"))
    message = "'logits' needs 'Relu', a ContribRelu, which TensorFlow .* does not have: import what brings it"
    with pytest.raises(slimcam.ModelError, match=message):
        slimcam.load(path, logits="logits")


def test_a_quantised_graph_is_refused(tmp_path, plain):
    quantised = with_operation("QuantizedRelu", "Relu", reads=3)
    path = edited(plain.write(tmp_path / "model"), tmp_path / "model.meta", quantised)
    message = "'logits' needs 'Relu', a QuantizedRelu: a quantised graph has no gradients; load the float model"
    with pytest.raises(slimcam.ModelError, match=message):
        slimcam.load(path, logits="logits")


def test_swish_is_differentiated_as_it_is_computed(tmp_path):
    program = Program(lambda: net(photos(), activation=tf1.nn.swish))
    path = program.write(tmp_path / "model")
    count = len(program.graph.get_operations())
    with slimcam.load(path) as model:
        raw = slimcam.explain(model, X, "conv", 1).raw
        assert not [line for line in model.why if "custom gradients" in line]
    assert len(program.graph.get_operations()) == count  # the file's number of a gradient is this program's too
    expected = program.map("conv:0", {"photos:0": X})
    assert_net(raw, expected)


def test_another_custom_gradient_is_told_and_is_not_taken_for_this_programs(tmp_path):
    @tf1.custom_gradient
    def rounded(x):
        return tf1.round(x), lambda gradient: gradient

    program = Program(lambda: net(photos(), activation=rounded))
    with slimcam.load(program.write(tmp_path / "model")) as model:
        assert [line for line in model.why if line.startswith("1 custom gradients such as that of 'IdentityN'")]
        slimcam.explain(model, X, "features", 1)
        (node,) = [op for op in model.graph.get_operations() if op.type == "IdentityN"]
        assert node.get_attr("_gradient_op_type") == b"CustomGradientOfAnotherProgram"


# --- checkpoints


def test_a_variable_that_the_checkpoint_lacks_is_named(tmp_path, plain):
    with plain.graph.as_default():
        saved = [one for one in tf1.global_variables() if one.op.name != "kernel"]
    path = plain.write(tmp_path / "model", saved)
    message = r"lacks 1 of 6 variables that 'logits:0' needs, such as 'kernel'; it has beta, dense, gamma, …"
    with pytest.raises(slimcam.ModelError, match=message):
        slimcam.load(path)


def test_a_checkpoint_of_other_shapes_is_refused(tmp_path, plain):
    def build():
        variable("dense", 4, 7)
        for name in ("beta", "gamma", "mean", "variance"):
            variable(name, 4)
        variable("kernel", 3, 3, 3, 4)

    path = plain.write(tmp_path / "model")
    other = Program(build).write(tmp_path / "other")[: -len(".meta")]
    message = (
        r"'dense' has the shape \(4, 3\) in the graph and \(4, 7\) in the checkpoint .*other: it is another model's"
    )
    with pytest.raises(slimcam.ModelError, match=message):
        slimcam.load(path, checkpoint=other)


def test_a_checkpoint_of_objects_is_said(tmp_path, plain):
    path = plain.write(tmp_path / "model")
    with plain.graph.as_default(), plain.session.as_default():
        checkpoint = tf1.train.Checkpoint(one=tf1.global_variables()[0])
        other = checkpoint.save(str(tmp_path / "objects"), session=plain.session)
    message = "it is one of objects, without the graph's names: save the model as .h5, or by a tf.train.Saver"
    with pytest.raises(slimcam.ModelError, match=message):
        slimcam.load(path, checkpoint=other)


def test_an_empty_file_is_no_meta_graph(tmp_path):
    (tmp_path / "model.meta").write_bytes(b"")
    with pytest.raises(slimcam.ModelError, match=r"model\.meta: not a MetaGraphDef \(it has no nodes\)"):
        slimcam.load(str(tmp_path / "model.meta"))


def test_with_a_net_the_file_stands_for_its_checkpoint(tmp_path, plain):
    with pytest.raises(slimcam.ModelError, match="is not a checkpoint of vgg_16"):
        slimcam.load(plain.write(tmp_path / "model"), net="vgg_16", num_classes=3)


@pytest.mark.parametrize("inside", [True, False])
def test_the_callers_graph_is_left_as_it_was(tmp_path, plain, inside):
    path = plain.write(tmp_path / "model")
    graph = tf1.Graph() if inside else tf1.get_default_graph()
    if inside:
        with graph.as_default():
            slimcam.load(path).close()
            assert tf1.get_default_graph() is graph
            assert not graph.get_operations()
    else:
        count = len(graph.get_operations())
        slimcam.load(path).close()
        assert tf1.get_default_graph() is graph
        assert len(graph.get_operations()) == count
