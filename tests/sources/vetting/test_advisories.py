"""Recipes of TensorFlow's published advisories on graphs, binary and text: each is an error of one line."""

import shutil

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from advisory_graphs import HARMLESS, RECIPES
from google.protobuf import text_format
from graph_files import net, write
from tensorflow.core.protobuf import saved_model_pb2

import slimcam
from slimcam.errors import SlimcamError

DEEP = 20_000


IMAGES = np.ones((1, 4, 4, 1), np.float32)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """Return the folder of a checkpoint of the name model."""
    folder = tmp_path_factory.mktemp("checkpoint")
    with tf1.Graph().as_default(), tf1.Session() as session:
        variable = tf1.get_variable("scale", [], initializer=tf1.ones_initializer())
        session.run(variable.initializer)
        tf1.train.Saver().save(session, str(folder / "model"), write_meta_graph=False)
    return folder


def _text(graph_def, folder, checkpoint):
    path = folder / "model.pbtxt"
    path.write_text(text_format.MessageToString(graph_def))
    return path


def _saved_model(graph_def, folder, checkpoint):
    saved = saved_model_pb2.SavedModel(saved_model_schema_version=1)
    meta = saved.meta_graphs.add(graph_def=graph_def)
    meta.meta_info_def.tags.append("serve")
    write(saved, folder / "saved_model.pb")
    return folder


def _meta(graph_def, folder, checkpoint):
    for file in checkpoint.iterdir():
        shutil.copy(str(file), str(folder))
    return write(tf1.MetaGraphDef(graph_def=graph_def), folder / "model.meta")


KINDS = {
    "binary": lambda graph_def, folder, checkpoint: write(graph_def, folder / "model.pb"),
    "text": _text,
    "SavedModel": _saved_model,
    "meta": _meta,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("advisory", RECIPES)
def test_a_recipe_is_an_error_of_one_line(advisory, kind, checkpoint, tmp_path):
    make, words = RECIPES[advisory]
    path = KINDS[kind](make(), tmp_path, checkpoint)
    with pytest.raises(SlimcamError, match=words) as raised, slimcam.load(path, preprocess="none") as model:
        slimcam.explain(model, IMAGES, "relu")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("advisory", HARMLESS)
def test_a_recipe_that_harms_nothing_leaves_the_net_as_it_is(advisory, kind, checkpoint, tmp_path):
    path = KINDS[kind](HARMLESS[advisory](), tmp_path, checkpoint)
    with slimcam.load(path, preprocess="none", logits="logits") as model:
        np.testing.assert_array_equal(model.features("logits", IMAGES), [[-1, -1, -1]])


def test_attributes_within_attributes_end_no_stack(tmp_path):
    """CVE-2021-29615, in a text and in a binary graph."""
    attributes = 'attr { key: "f" value { func { name: "g" ' * DEEP + "} } }" * DEEP
    deep = f'node {{ name: "deep" op: "NoOp" {attributes} }}'
    (tmp_path / "model.pbtxt").write_text(text_format.MessageToString(net()) + deep)
    data = b""
    for _ in range(DEEP // 10):  # AttrValue.func, NameAttrList.attr, and its entry's value
        data = _field(2, _field(1, b"f") + _field(2, _field(10, data)))
    attribute = _field(5, _field(1, b"f") + _field(2, _field(10, data)))
    graph = _field(1, _field(1, b"deep") + _field(2, b"NoOp") + attribute)
    (tmp_path / "model.pb").write_bytes(net().SerializeToString() + graph)
    for name in ("model.pbtxt", "model.pb"):
        with pytest.raises(SlimcamError, match="not a GraphDef, or a damaged or truncated one"):
            slimcam.load(tmp_path / name)


def _field(number, data):
    """Return a field of a proto that has a length."""
    size, rest = [], len(data)
    while rest > 127:
        size.append(rest & 127 | 128)
        rest >>= 7
    return bytes([number << 3 | 2, *size, rest]) + data
