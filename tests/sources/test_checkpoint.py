"""TF-Slim checkpoints: V1 and V2, by prefix, file or folder; which net they are of, and what is wrong with them."""

import os
import shutil
import sys

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1
from fixtures import checkpoints
from fixtures.slim_values import all_terms, drawn
from fixtures.tolerance import MOBILENET_V1, assert_net

import slimcam
from slimcam import ModelError, UnknownName, nets
from slimcam.nets import variable_table

V1, V2 = tf1.train.SaverDef.V1, tf1.train.SaverDef.V2
MOBILENET = "mobilenet_v1_025"
SIDE = 64

OWN = '''
"""A net of one convolution, of slim's signature."""
import tensorflow.compat.v1 as tf


def own(images, num_classes=3, is_training=True):
    kernel = tf.get_variable("own/kernel", [3, 3, 3, 4])
    maps = tf.nn.relu(tf.nn.conv2d(images, kernel, [1, 2, 2, 1], "SAME"))
    logits = tf.matmul(tf.reduce_mean(maps, [1, 2]), tf.get_variable("own/dense", [4, num_classes]), name="logits")
    return logits, {"Maps": maps, "Logits": logits}


own.default_image_size = 8
'''


def save(prefix, arrays, version=V2):
    """Write a checkpoint of these arrays by name."""
    with tf1.Graph().as_default(), tf1.Session() as session:
        variables = {name: tf1.Variable(array) for name, array in arrays.items()}
        session.run(tf1.global_variables_initializer())
        return tf1.train.Saver(variables, write_version=version).save(session, str(prefix))


def values(shapes, seed=0):
    """Return an array for every variable, moving variances above zero."""
    random = np.random.RandomState(seed)
    return {name: random.uniform(0.1, 0.5, shape).astype(np.float32) for name, shape in shapes.items()}


def by_hand(net, classes, prefix, images, layer, winner=0):
    """Return the raw map of a class, by a plain session that restores a checkpoint as training programs do."""
    with tf1.Graph().as_default(), tf1.Session() as session:
        fed = tf1.placeholder(tf1.float32, [None, *images.shape[1:]])
        logits, end_points = nets.build(net, fed, classes)
        tf1.train.Saver().restore(session, prefix)
        at = end_points[layer] if layer in end_points else tf1.get_default_graph().get_tensor_by_name(layer)
        gradient = tf1.gradients(logits[:, winner], at)[0]
        activations, gradients = session.run([at, gradient], {fed: images})
    return (activations * gradients.mean((1, 2), keepdims=True)).sum(-1)


def explain(model, images):
    return slimcam.explain(model, images, target=0).raw


@pytest.fixture(scope="module")
def mobilenet(tmp_path_factory):
    """Return the prefixes of a narrow MobileNet of five classes: V1 and V2."""
    folder = tmp_path_factory.mktemp("mobilenet")
    arrays = values(nets.variables(MOBILENET, 5, SIDE))
    return {version: save(folder / f"v{version}.ckpt", arrays, version) for version in (V1, V2)}


@pytest.fixture(scope="module")
def images():
    return np.random.RandomState(2).normal(size=(2, SIDE, SIDE, 3)).astype(np.float32)


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Return the function of a net of one's own, in an importable module `own_nets.own`."""
    package = tmp_path / "modules" / "own_nets"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "own.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path / "modules"))
    from own_nets.own import own

    yield own
    for name in [name for name in sys.modules if name.startswith("own_nets")]:
        del sys.modules[name]


@pytest.fixture
def arrays():
    """Return values of the variables of `own`."""
    return values({"own/kernel": (3, 3, 3, 4), "own/dense": (4, 3)})


# Files


@pytest.mark.parametrize("version", [V1, V2])
def test_a_registered_net_gives_the_map_of_a_plain_session(mobilenet, images, version):
    with slimcam.load(mobilenet[version], net=MOBILENET, size=SIDE) as model:
        raw = explain(model, images)
    expected = by_hand(MOBILENET, 5, mobilenet[version], images, "Conv2d_13_pointwise")
    assert_net(raw, expected, MOBILENET_V1)


def test_v1_v2_and_frozen_give_one_map(mobilenet, images, tmp_path):
    with tf1.Graph().as_default() as graph, tf1.Session() as session:
        logits, _ = nets.build(MOBILENET, tf1.placeholder(tf1.float32, [1, SIDE, SIDE, 3], name="input"), 5)
        tf1.train.Saver().restore(session, mobilenet[V2])
        frozen = tf1.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), [logits.op.name])
    (tmp_path / "frozen.pb").write_bytes(frozen.SerializeToString())
    raws = []
    for path in (mobilenet[V1], mobilenet[V2], tmp_path / "frozen.pb"):
        options = {} if str(path).endswith(".pb") else {"net": MOBILENET, "size": SIDE}
        with slimcam.load(path, **options) as model:
            raws.append(slimcam.explain(model, images, "Conv2d_13_pointwise", 0).raw)
    np.testing.assert_array_equal(raws[0], raws[1])
    assert_net(raws[2], raws[1], MOBILENET_V1)


@pytest.mark.parametrize("end", [".index", ".data-00000-of-00001", ""])
def test_any_file_of_a_checkpoint_stands_for_it(own, arrays, tmp_path, end):
    prefix = save(tmp_path / "model.ckpt-7", arrays)
    with slimcam.load(prefix + end, net=own) as model:
        assert model.source == prefix


def test_a_folder_stands_for_its_latest_checkpoint(own, arrays, tmp_path):
    save(tmp_path / "old.ckpt", values({"own/kernel": (3, 3, 3, 4), "own/dense": (4, 3)}, seed=9))
    latest = save(tmp_path / "model.ckpt", arrays)
    with slimcam.load(tmp_path, net=own) as model:
        assert model.source == latest


def test_a_folder_that_was_moved_is_still_found(own, arrays, tmp_path):
    (tmp_path / "before").mkdir()
    save(tmp_path / "before" / "model.ckpt", arrays)
    shutil.move(str(tmp_path / "before"), str(tmp_path / "after"))
    with slimcam.load(tmp_path / "after", net=own) as model:
        assert model.source == str(tmp_path / "after" / "model.ckpt")


@pytest.mark.parametrize("text", [b"", b"model_checkpoint_path: \xff", b"\xca\xfe"])
def test_a_folder_whose_list_of_checkpoints_is_damaged_is_said(text, tmp_path):
    (tmp_path / "checkpoint").write_bytes(text)
    with pytest.raises(slimcam.ModelError, match=r"its 'checkpoint' file is damaged|a folder without a model"):
        slimcam.load(tmp_path)


def test_a_folder_whose_checkpoint_is_gone_is_said(own, arrays, tmp_path):
    prefix = save(tmp_path / "model.ckpt", arrays)
    os.remove(prefix + ".index")
    with pytest.raises(ModelError, match=r"its 'checkpoint' file names 'model\.ckpt', which is not there"):
        slimcam.load(tmp_path, net=own)


def test_a_missing_prefix_is_said(tmp_path):
    with pytest.raises(ModelError, match=r"model\.ckpt: no such file, folder or checkpoint prefix"):
        slimcam.load(tmp_path / "model.ckpt", net=MOBILENET)


@pytest.mark.parametrize("end", [".data-00000-of-00001", ".index"])
def test_a_truncated_checkpoint_is_said(own, arrays, tmp_path, end):
    prefix = save(tmp_path / "model.ckpt", arrays)
    os.truncate(prefix + end, os.path.getsize(prefix + end) // 2)
    with pytest.raises(ModelError, match=r"model\.ckpt: the checkpoint cannot be read: "):
        slimcam.load(prefix, net=own)


def test_a_missing_data_file_is_said(own, arrays, tmp_path):
    prefix = save(tmp_path / "model.ckpt", arrays)
    os.remove(prefix + ".data-00000-of-00001")
    with pytest.raises(ModelError, match=r"model\.ckpt: the checkpoint cannot be read: "):
        slimcam.load(prefix, net=own)


def test_a_truncated_v1_file_is_no_checkpoint(own, arrays, tmp_path):
    prefix = save(tmp_path / "model.ckpt", arrays, V1)
    os.truncate(prefix, os.path.getsize(prefix) // 2)
    with pytest.raises(ModelError, match=r"model\.ckpt: not a model that slimcam can load"):
        slimcam.load(prefix, net=own)


def test_a_damaged_v1_file_is_said(own, arrays, tmp_path):
    prefix = save(tmp_path / "model.ckpt", arrays, V1)
    with open(prefix, "r+b") as file:
        file.seek(40)
        file.write(b"\xff" * 200)
    with pytest.raises(ModelError, match=r"model\.ckpt: the checkpoint cannot be read: "):
        slimcam.load(prefix, net=own)


# Nets and their variables


def test_the_net_is_inferred_from_the_variables(mobilenet):
    with slimcam.load(mobilenet[V2], size=SIDE) as model:
        assert f"net '{MOBILENET}': the only one that the checkpoint's variables fit" in model.why


@pytest.mark.parametrize("name", ["mobilenet_v2_035", pytest.param("nasnet_mobile", marks=pytest.mark.slow)])
def test_a_net_is_known_where_only_averages_were_saved_and_a_second_head(name, images, tmp_path):
    shapes = variable_table.shapes(name, 5)
    arrays = {variable: drawn(variable, shape).astype(np.float32) for variable, shape in shapes.items()}
    averages = {variable + "/ExponentialMovingAverage": array for variable, array in arrays.items()}
    second_head = {"aux_7/aux_logits/FC/biases": np.zeros(5, np.float32)}
    saved = checkpoints.save(tmp_path / "averages.ckpt", {**averages, **second_head})
    with slimcam.load(saved, size=SIDE) as model:
        assert f"net {name!r}: the only one that the checkpoint's variables fit" in model.why
        assert f"{len(shapes)} of {len(shapes)} variables: their moving averages" in model.why
        assert (model.classes, model.logits.name) == (5, nets.NETS[name].logits)
        raw = explain(model, images)
    expected = by_hand(name, 5, checkpoints.save(tmp_path / "plain.ckpt", arrays), images, nets.NETS[name].layer)
    assert_net(raw, expected, 2 * all_terms(shapes))  # there and back


def test_a_checkpoint_of_no_known_net_asks_for_one(arrays, tmp_path):
    with pytest.raises(ModelError, match="say net=; its variables fit no net that slimcam knows"):
        slimcam.load(save(tmp_path / "model.ckpt", arrays))


def test_the_number_of_classes_is_read_from_the_checkpoint(mobilenet):
    with slimcam.load(mobilenet[V1], net=MOBILENET, size=SIDE) as model:
        assert model.classes == 5
        assert any(why.startswith("num_classes 5: the length of 'MobilenetV1/Logits") for why in model.why)


def test_preprocessing_and_layer_are_the_registered_ones(mobilenet, photo):
    with slimcam.load(mobilenet[V2], net=MOBILENET, size=SIDE) as model:
        maps = slimcam.explain(model, photo(30, 50))
    assert maps.layer == "Conv2d_13_pointwise"
    assert maps.resized().shape == (1, 30, 50)


def test_arguments_reach_the_net(tmp_path, images):
    arguments = {"depth_multiplier": 0.1, "min_depth": 4}
    with tf1.Graph().as_default():
        nets.build("inception_v2", tf1.placeholder(tf1.float32, [None, SIDE, SIDE, 3]), 4, **arguments)
        shapes = {variable.op.name: variable.shape.as_list() for variable in tf1.global_variables()}
    prefix = save(tmp_path / "model.ckpt", values(shapes))
    with slimcam.load(prefix, net="inception_v2", size=SIDE, arguments=arguments) as model:
        assert model.classes == 4
        assert model.tensor("Mixed_5c").op.type == "ConcatV2"
        assert explain(model, images).any()


def test_an_unknown_net_names_the_nearest(arrays, tmp_path):
    with pytest.raises(UnknownName, match="no net 'mobilenet_v1_25'; near: 'mobilenet_v1_025'"):
        slimcam.load(save(tmp_path / "model.ckpt", arrays), net="mobilenet_v1_25")


def test_another_net_s_checkpoint_lists_what_misfits_and_names_the_net_that_fits(mobilenet):
    message = (
        r"is not a checkpoint of mobilenet_v1_050: \d+ misshapen: MobilenetV1/Conv2d_0/\S+ \[.+\], not \[.+\],"
        rf".* and \d+ more; it fits net='{MOBILENET}'"
    )
    with pytest.raises(ModelError, match=message):
        slimcam.load(mobilenet[V2], net="mobilenet_v1_050", size=SIDE)


def test_missing_misshapen_and_extra_variables_are_listed(own, tmp_path):
    prefix = save(tmp_path / "model.ckpt", values({"own/dense": (5, 3), "own/odd": (2,)}))
    message = (
        r"model\.ckpt is not a checkpoint of own: 1 missing: own/kernel; "
        r"1 misshapen: own/dense \[5, 3\], not \[4, 3\]; 1 extra: own/odd; it fits no net that slimcam knows"
    )
    with pytest.raises(ModelError, match=message):
        slimcam.load(prefix, net=own)


def test_extra_variables_are_no_error_and_are_said(own, arrays, tmp_path):
    prefix = save(tmp_path / "model.ckpt", {**arrays, "other/weights": np.ones(2, np.float32)})
    with slimcam.load(prefix, net=own) as model:
        assert "left unused: other/weights" in model.why


def test_what_training_leaves_behind_is_passed_over_in_silence(own, arrays, tmp_path):
    left = {"global_step": np.int64(7), "beta1_power": np.float32(0.9)}
    for slot in ("Momentum", "Adam", "Adam_1", "RMSProp", "RMSProp_1", "ExponentialMovingAverage"):
        left[f"gone/weights/{slot}"] = np.ones(2, np.float32)
    with slimcam.load(save(tmp_path / "model.ckpt", {**arrays, **left}), net=own) as model:
        assert not [why for why in model.why if "left unused" in why]


def averaged(arrays):
    """Return these values as moving averages, and noise as the variables themselves."""
    averages = {name + "/ExponentialMovingAverage": array for name, array in arrays.items()}
    return {**averages, **{name: array + 1 for name, array in arrays.items()}}


@pytest.mark.parametrize("moving_averages", [True, False])
def test_moving_averages_go_before_the_variables_unless_told_not_to(own, arrays, tmp_path, moving_averages):
    prefix = save(tmp_path / "model.ckpt", averaged(arrays))
    meant = arrays if moving_averages else {name: array + 1 for name, array in arrays.items()}
    plain = save(tmp_path / "plain.ckpt", meant)
    images = np.random.RandomState(2).normal(size=(2, 8, 8, 3)).astype(np.float32)
    with slimcam.load(prefix, net=own, moving_averages=moving_averages) as model, slimcam.load(plain, net=own) as same:
        np.testing.assert_array_equal(explain(model, images), explain(same, images))
        assert ("2 of 2 variables: their moving averages" in model.why) == moving_averages


@pytest.mark.parametrize("function", ["own_nets.own:own", None])
def test_a_net_of_one_s_own_gives_the_map_of_a_plain_session(own, arrays, tmp_path, function):
    prefix = save(tmp_path / "model.ckpt", arrays)
    images = np.random.RandomState(2).normal(size=(2, 8, 8, 3)).astype(np.float32)
    with slimcam.load(prefix, net=function or own) as model:
        assert model.input.shape.as_list() == [None, 8, 8, 3]
        raw = slimcam.explain(model, images, "Maps", 0).raw
    assert_net(raw, by_hand(own, 3, prefix, images, "Maps"))


def test_a_net_of_one_s_own_takes_the_number_of_classes(own, tmp_path):
    prefix = save(tmp_path / "model.ckpt", values({"own/kernel": (3, 3, 3, 4), "own/dense": (4, 7)}))
    with slimcam.load(prefix, net=own, num_classes=7) as model:
        assert model.classes == 7


def test_a_function_that_is_not_there_is_said(own, arrays, tmp_path):
    with pytest.raises(UnknownName, match=r"no net 'own_nets\.own:owm': no function 'owm' there; near: 'own'"):
        slimcam.load(save(tmp_path / "model.ckpt", arrays), net="own_nets.own:owm")


def test_an_auxiliary_head_that_was_not_saved_is_left_out(own, arrays, tmp_path):
    def two_headed(pictures, num_classes=3, is_training=True):
        logits, end_points = sys.modules["own_nets.own"].own(pictures, num_classes)
        aside = tf1.matmul(tf1.reduce_mean(end_points["Maps"], [1, 2]), tf1.get_variable("aside", [4, 2]))
        return logits, {**end_points, "AuxLogits": aside}

    two_headed.default_image_size = own.default_image_size
    images = np.ones((1, 8, 8, 3), np.float32)
    prefix = save(tmp_path / "model.ckpt", arrays)
    with slimcam.load(prefix, net=two_headed) as model, slimcam.load(prefix, net=own) as plain:
        assert "without the end points AuxLogits: the checkpoint lacks their 1 variables" in model.why
        np.testing.assert_array_equal(explain(model, images), explain(plain, images))
