"""Nets of the caller's own, and what is said of those that are none."""

import sys
import types

import pytest

from slimcam import nets
from slimcam._tf import slim, tf1
from slimcam.errors import ModelError, UnknownName


def images(size):
    return tf1.placeholder(tf1.float32, (None, size, size, 3))


def shape(tensor):
    return tensor.shape.as_list()


def own_net_arg_scope(is_training=True):
    library = slim()
    norm = library.arg_scope([library.batch_norm], is_training=is_training)
    with norm, library.arg_scope([library.conv2d], normalizer_fn=library.batch_norm, activation_fn=tf1.nn.elu) as scope:
        return scope


def own_net(photos, num_classes=4, is_training=True):
    library = slim()
    net = library.conv2d(photos, 2, [3, 3], scope="conv")
    return library.fully_connected(library.flatten(net), num_classes, scope="logits"), {"conv": net}


own_net_wide_18 = own_net


def no_pair(photos, num_classes=None):
    return photos


@pytest.mark.parametrize("net", [own_net, f"{__name__}:own_net", f"{__name__}:own_net_wide_18"])
def test_own_function_is_built_under_its_arg_scope(net):
    with tf1.Graph().as_default() as graph:
        logits, end_points = nets.build(net, images(8))
        norm = next(op for op in graph.get_operations() if op.type.startswith("FusedBatchNorm"))
    assert shape(logits) == [None, 4]
    assert end_points["conv"].op.type == "Elu"
    assert norm.get_attr("is_training") is False


def test_own_net_tells_its_variables():
    assert nets.variables(own_net, num_classes=3, size=8) == {
        "conv/weights": (3, 3, 3, 2),
        "conv/BatchNorm/beta": (2,),
        "conv/BatchNorm/moving_mean": (2,),
        "conv/BatchNorm/moving_variance": (2,),
        "logits/weights": (128, 3),
        "logits/biases": (3,),
    }


def test_own_row_is_built_like_one_of_the_registry():
    net = nets.Net(
        "mine", f"{__name__}:own_net", f"{__name__}:own_net_arg_scope", "", 8, "vgg", "logits/BiasAdd:0", "conv",
        "logits/biases", 6,
    )  # fmt: skip
    assert nets.variables(net)["logits/biases"] == (6,)


def test_arg_scope_of_contrib_is_entered_where_contrib_is_in_use(monkeypatch):
    entered = []
    contrib = types.ModuleType("tensorflow.contrib.slim")
    contrib.arg_scope = lambda scope: entered.append(scope) or slim().arg_scope(scope)
    monkeypatch.setitem(sys.modules, "tensorflow.contrib.slim", contrib)
    with tf1.Graph().as_default():
        nets.build(own_net, images(8))
    assert len(entered) == 1


# Messages


@pytest.mark.parametrize(
    "net, message",
    [
        ("inception_v5", "no net 'inception_v5'; near: 'inception_v4', 'inception_v3'"),
        ("inception_v5", "one of your own is 'module:function'"),
        ("no_such_module:net", "no net 'no_such_module:net': importing 'no_such_module' gives ModuleNotFoundError"),
        (f"{__name__}:own_nett", "no function 'own_nett' there; near: 'own_net'"),
        (f"{__name__}:__doc__", "no function '__doc__' there"),
        (7, "no net 7; give a name of slimcam.nets.NETS, 'module:function', or a function"),
    ],
)
def test_a_net_that_is_not_there_is_named_with_the_nearest(net, message):
    with pytest.raises(UnknownName, match=message):
        nets.build(net, None)


def test_a_module_that_breaks_says_why(monkeypatch, tmp_path):
    (tmp_path / "old_net_of_mine.py").write_text("import math\nslim = math.contrib.slim\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    message = "importing 'old_net_of_mine' gives AttributeError: module 'math' has no attribute 'contrib'"
    with pytest.raises(UnknownName, match=message):
        nets.build("old_net_of_mine:net", None)


def test_a_function_that_returns_no_pair_is_refused():
    with pytest.raises(ModelError, match=r"net 'no_pair' must return \(logits, end_points\)"):
        nets.build(no_pair, None)


def test_variables_of_a_net_are_told_apart_by_identity():
    with tf1.Graph().as_default():
        nets.build(own_net, images(8))
        made = tf1.global_variables()
        assert len(set(made)) == len(made) == 6
        assert (made[0] == made[0]) is True and (made[0] == made[1]) is False and (made[0] != made[1]) is True
