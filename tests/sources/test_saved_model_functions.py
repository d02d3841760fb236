"""SavedModels of TensorFlow 2, whose graph is in functions."""

import shutil
import subprocess
import sys
import warnings

import numpy as np
import pytest
from fixtures.keras_nets import KERASES, NEW
from fixtures.saved_models import X, assert_map
from fixtures.tolerance import assert_net

import slimcam
from slimcam._tf import TF_VERSION, keras2, keras3, tf, tf1

TF2 = pytest.mark.skipif(TF_VERSION < (2, 1), reason="functions are not laid open before TensorFlow 2.1")


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
    message = f"the model has 2 outputs, '{keys[0]}', '{keys[1]}': say logits="
    with slimcam.load(path) as loaded, pytest.raises(slimcam.TargetError, match=message):
        slimcam.GradCAM(loaded)
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
