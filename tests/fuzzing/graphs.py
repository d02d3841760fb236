"""Kinds: frozen graphs, .meta graphs and SavedModels, changed field by field."""

import os
import pathlib
import tempfile
from random import Random
from typing import Any, Callable, Dict, List

import numpy as np
from fixtures.hub_modules import write_module

from slimcam._tf import TF_VERSION, parse_text, tf, tf1

from .case import Case, listing
from .mutations import damage
from .protos import change

SIDE = 8
# Ops of every sort: pure, of files, of state, of control; all others follow by their names in the registry.
FAVOURITES = (
    *(
        "ReadFile",
        "WriteFile",
        "PrintV2",
        "SaveV2",
        "RestoreV2",
        "PyFunc",
        "Assert",
        "Const",
        "Placeholder",
        "Identity",
    ),
    *("While", "If", "StatefulPartitionedCall", "Merge", "Switch", "Enter", "Exit", "NextIteration", "RandomUniform"),
    *(
        "Conv2D",
        "MatMul",
        "Relu",
        "Softmax",
        "Mean",
        "Reshape",
        "Fill",
        "VarHandleOp",
        "NoOp",
        "Switch",
        "Abort",
        "Where",
    ),
)


def op_types() -> List[str]:
    """Return what a node's op may become: all that TensorFlow has registered, those of consequence as often again."""
    from tensorflow.python.framework import op_def_registry

    if hasattr(op_def_registry, "get_registered_ops"):
        names = sorted(op_def_registry.get_registered_ops())
    else:
        from tensorflow.python.framework import c_api_util

        with c_api_util.tf_buffer() as _:
            from tensorflow.core.framework import op_def_pb2
            from tensorflow.python.client import pywrap_tf_session as c_api

            data = c_api.TF_GetBuffer(c_api.TF_GetAllOpList())
            ops = op_def_pb2.OpList.FromString(data)
            names = sorted(op.name for op in ops.op)
    return [*names, *(list(FAVOURITES) * max(1, len(names) // (4 * len(FAVOURITES))))]


_OPS: List[str] = []


def ops() -> List[str]:
    """Return op_types(), asked for once."""
    if not _OPS:
        _OPS.extend(op_types())
    return _OPS


# --- nets


def seeded(seed: int, *shape: int) -> np.ndarray:
    """Return weights."""
    return np.random.RandomState(seed).normal(0, 0.5, shape).astype(np.float32)


def plain(batch: Any = None, variable: Any = tf1.constant) -> Any:
    """Convolution, norm, ReLU, pool, convolution, mean, dense, softmax."""
    images = tf1.placeholder(tf1.float32, [batch, SIDE, SIDE, 3], name="images")
    x = tf1.nn.conv2d(images, variable(seeded(1, 3, 3, 3, 4), name="one"), [1, 1, 1, 1], "SAME", name="conv1")
    parts = [variable(np.float32(values), name=f"norm{i}") for i, values in enumerate(np.ones((4, 4)))]
    x = tf1.nn.fused_batch_norm(x, *parts, is_training=False, name="norm")[0]
    x = tf1.nn.max_pool(tf1.nn.relu(x, name="relu1"), [1, 2, 2, 1], [1, 2, 2, 1], "SAME", name="pool")
    x = tf1.nn.conv2d(x, variable(seeded(2, 3, 3, 4, 4), name="two"), [1, 1, 1, 1], "SAME", name="conv2")
    x = tf1.reduce_mean(tf1.nn.relu(x, name="relu2"), [1, 2], name="mean")
    logits = tf1.matmul(x, variable(seeded(3, 4, 3), name="dense"), name="logits")
    return images, tf1.nn.softmax(logits, name="softmax")


def trained() -> None:
    """A net with placeholders for dropout and training, preprocessing in it, and what is left of a training."""
    images = tf1.placeholder(tf1.float32, [None, None, None, 3], name="images")
    keep = tf1.placeholder_with_default(1.0, [], name="keep_prob")
    training = tf1.placeholder(tf1.bool, [], name="is_training")
    x = tf1.image.resize_bilinear((images - 128) / 128, [SIDE, SIDE], name="resize")
    x = tf1.nn.relu(tf1.nn.conv2d(x, seeded(4, 3, 3, 3, 4), [1, 1, 1, 1], "SAME"), name="conv")
    x = tf1.cond(training, lambda: x * 2, lambda: x * 1)
    noise = tf1.floor(tf1.random_uniform(tf1.shape(x)) + keep)
    x = x / keep * noise
    x = tf1.reshape(x, [-1, SIDE * SIDE * 4])
    tf1.nn.softmax(tf1.matmul(x, seeded(5, SIDE * SIDE * 4, 2), name="logits"), name="final_result")


def looping() -> None:
    """A net of one image with a loop, a function of the library, a string and an Assert."""
    images = tf1.placeholder(tf1.float32, [1, SIDE, SIDE, 3], name="images")
    x = tf1.nn.conv2d(images, seeded(6, 3, 3, 3, 4), [1, 1, 1, 1], "SAME", name="conv")
    x = tf1.while_loop(lambda i, _: i < 3, lambda i, x: (i + 1, tf1.nn.relu(x + 0.1)), [tf1.constant(0), x])[1]
    with tf1.control_dependencies([tf1.Assert(tf1.greater(tf1.size(x), 0), [tf1.constant("empty")])]):
        x = tf1.identity(x, name="features")
    tf1.matmul(tf1.reduce_mean(_doubled(x), [1, 2]), seeded(7, 4, 3), name="logits")


def _doubled(x: Any) -> Any:
    if TF_VERSION >= (2, 0):
        return tf.function(lambda value: value * 2)(x)
    from tensorflow.python.framework import function

    @function.Defun(tf1.float32)
    def double(value: Any) -> Any:
        return value * 2

    doubled = double(x)
    doubled.set_shape(x.shape)
    return doubled


def graph_def(build: Any) -> Any:
    """Return what `build` adds to a graph of its own."""
    with tf1.Graph().as_default() as graph:
        build()
    return graph.as_graph_def()


# --- bases


def frozen_bases() -> Dict[str, Case]:
    """Return graphs as binary and as text."""
    bases = {}
    for build in (plain, trained, looping, lambda: plain(1)):
        name = build.__name__ if build.__name__ != "<lambda>" else "one_image"
        made = graph_def(build)
        bases[name] = Case({"model.pb": made.SerializeToString(deterministic=True)}, "model.pb", {}, name)
    bases["text"] = Case({"model.pbtxt": str(graph_def(plain)).encode()}, "model.pbtxt", {}, "text")
    return bases


def meta_bases() -> Dict[str, Case]:
    """Return .meta graphs with checkpoints of format V1 and V2."""
    bases = {}
    for name, version in (("v1", tf1.train.SaverDef.V1), ("v2", tf1.train.SaverDef.V2)):
        bases[name] = meta_case(lambda variable: plain(variable=variable), version)._replace(base=name)
    return bases


def meta_case(build: Callable[[Any], Any], version: int) -> Case:
    """Return a .meta graph with its checkpoint, of what `build` makes with its variables."""
    with tempfile.TemporaryDirectory() as folder, tf1.Graph().as_default(), tf1.Session() as session:
        build(_variable)
        step = tf1.get_variable("global_step", [], tf1.int64, tf1.zeros_initializer())
        session.run(tf1.global_variables_initializer())
        tf1.train.Saver(write_version=version).save(session, os.path.join(folder, "net"))
        assert step is not None
        files = listing(folder)
    files.pop("checkpoint", None)
    return Case(files, "net.meta", {})


def _variable(value: np.ndarray, name: str) -> Any:
    return tf1.get_variable(name, initializer=value, use_resource=False)


def saved_model_bases() -> Dict[str, Case]:
    """Return SavedModels of TensorFlow 1, and of 2 where that is here; and a module of TF Hub."""
    bases = {}
    with tempfile.TemporaryDirectory() as folder, tf1.Graph().as_default(), tf1.Session() as session:
        images, scores = plain(variable=_variable)
        session.run(tf1.global_variables_initializer())
        tf1.saved_model.simple_save(session, os.path.join(folder, "one"), {"images": images}, {"scores": scores})
        bases["one"] = Case(listing(os.path.join(folder, "one")), ".", {}, "one")
    if TF_VERSION >= (2, 0):
        with tempfile.TemporaryDirectory() as folder:
            tf.saved_model.save(_module(), folder)
            bases["two"] = Case(listing(folder), ".", {}, "two")
    with tempfile.TemporaryDirectory() as folder:
        written = listing(write_module(pathlib.Path(folder) / "hub"))
        bases["hub"] = Case({name: data for name, data in written.items() if "checkpoint" not in name}, ".", {}, "hub")
    return bases


def _module() -> Any:
    """Return a module of TensorFlow 2 with a signature."""
    module = tf.Module()
    module.one, module.dense = tf.Variable(seeded(1, 3, 3, 3, 4)), tf.Variable(seeded(3, 4, 3))

    @tf.function(input_signature=[tf.TensorSpec([None, SIDE, SIDE, 3], tf.float32)])
    def call(images: Any) -> Any:
        x = tf.nn.relu(tf.nn.conv2d(images, module.one, 1, "SAME"))
        return {"scores": tf.matmul(tf.reduce_mean(x, [1, 2]), module.dense)}

    module.call = call
    return module


# --- changes

_MESSAGES = {"model.pb": tf1.GraphDef, "model.pbtxt": tf1.GraphDef, "net.meta": tf1.MetaGraphDef}


def mutate(random: Random, case: Case) -> Case:
    """Change a graph's file field by field mostly, in a byte at times; or another file of the model."""
    name = random.choice([one for one in sorted(case.files) if one in _MESSAGES or one == "saved_model.pb"])
    if len(case.files) > 1 and random.random() < 0.1:
        name = random.choice(sorted(case.files))
    data = case.files[name]
    if (name not in _MESSAGES and name != "saved_model.pb") or random.random() < 0.1:
        return case.with_file(name, *damage(random, data))
    message = parse(name, data)
    recipe = "; ".join(change(random, message, ops()) for _ in range(random.choice((1, 1, 1, 2, 3))))
    text = name.endswith("txt")
    return case.with_file(
        name, str(message).encode() if text else message.SerializeToString(deterministic=True), recipe
    )


def parse(name: str, data: bytes) -> Any:
    if name == "saved_model.pb":
        from tensorflow.core.protobuf import saved_model_pb2

        return saved_model_pb2.SavedModel.FromString(data)
    message = _MESSAGES[name]()
    if name.endswith("txt"):
        parse_text(data.decode(), message)
    else:
        message.ParseFromString(data)
    return message
