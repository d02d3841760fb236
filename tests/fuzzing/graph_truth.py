"""What TensorFlow itself computes of a graph that was changed: in a frozen file, a .meta or a SavedModel."""

import os
from typing import Any, Iterable, List

import numpy as np

from slimcam._tf import tf, tf1

from .case import Case
from .graphs import parse
from .runs import Came, close

SAVED_MODEL = "saved_model.pb"


def truth(path: str, case: Case, came: Came) -> bool:
    """Whether TensorFlow computes the same scores and the same map from the file, given what slimcam fed."""
    with tf1.Graph().as_default() as graph, tf1.Session(graph=graph) as session:
        names = came.names
        _import(path, case, session, [name.split(":")[0] for name in (*names.values(), *came.fed)])
        tensors = {key: graph.get_tensor_by_name(name) for key, name in names.items()}
        feeds = {tensors["input"]: came.numbers["input"]}
        feeds.update({graph.get_tensor_by_name(name): value for name, value in came.fed.items()})
        score = tf1.reduce_sum(tensors["logits"][:, 0])
        gradient = tf1.gradients(score, tensors["layer"])[0]
        score, a, g = session.run([score, tensors["layer"], gradient], feeds)
    raw = np.einsum("nhwc,nc->nhw", a, g.mean((1, 2)))
    return close(came.numbers["scores"], np.reshape(score, (1,))) and close(came.numbers["raw"], raw)


def _import(path: str, case: Case, session: Any, wanted: List[str]) -> None:
    """Import what nodes need, as TensorFlow's own tools cut a graph: damage to the others is none to these."""
    if case.entry == ".":
        saved = parse(SAVED_MODEL, case.files[SAVED_MODEL])
        for meta in saved.meta_graphs:
            _plain(meta.graph_def.node)
        with open(os.path.join(path, SAVED_MODEL), "wb") as file:
            file.write(saved.SerializeToString())
        tf1.saved_model.load(session, [] if case.base == "hub" else ["serve"], path)
        if case.base == "hub":  # which has no Saver
            _fill(session, os.path.join(path, "variables", "variables"))
        return
    data = case.files[case.entry]
    if case.entry == "net.meta":
        _restore(tf1.MetaGraphDef.FromString(data), path[: -len(".meta")], session, wanted)
    else:
        graph_def = tf1.graph_util.extract_sub_graph(parse(case.entry, data), wanted)
        _plain(graph_def.node)
        tf1.import_graph_def(graph_def, name="")


def _plain(nodes: Iterable[Any]) -> None:
    """Take from nodes what they do not compute: where they run, and the shapes that a Saver noted, right or wrong."""
    for node in nodes:
        node.device = ""
        node.attr.pop("_output_shapes", None)


def _restore(meta: Any, prefix: str, session: Any, wanted: List[str]) -> None:
    """Import what nodes need, and restore variables by the Saver of the file; by their names, where that is broken."""
    saver, whole = meta.saver_def, tf1.GraphDef.FromString(meta.graph_def.SerializeToString())
    _plain(whole.node)
    saving = [name.split(":")[0] for name in (saver.restore_op_name, saver.filename_tensor_name)]
    meta.ClearField("collection_def")  # which names variables that may be gone
    meta.graph_def.CopyFrom(tf1.graph_util.extract_sub_graph(whole, [*wanted, *saving]))
    try:
        tf1.train.import_meta_graph(meta, clear_devices=True).restore(session, prefix)
    except ValueError:
        tf1.import_graph_def(tf1.graph_util.extract_sub_graph(whole, wanted), name="")
        _fill(session, prefix)


def _fill(session: Any, prefix: str) -> None:
    """Give variables the values that a checkpoint has by their names."""
    reader = tf1.train.load_checkpoint(prefix)
    for op in session.graph.get_operations():
        value = reader.get_tensor(op.name) if op.type in ("VariableV2", "VarHandleOp") else None
        if op.type == "VariableV2":
            session.run(tf.raw_ops.Assign(ref=op.outputs[0], value=value))
        elif op.type == "VarHandleOp":
            session.run(tf.raw_ops.AssignVariableOp(resource=op.outputs[0], value=value))
