"""Configurations of Keras, judged by what they name."""

import json

import pytest
from fixtures import keras_texts
from fixtures.keras_nets import NEW, quiet

from slimcam._tf import keras2, keras3, keras_version, tf
from slimcam.sources.vetting import keras, keras_names, keras_structure

BOTH = [keras2, pytest.param(keras3, marks=NEW)]


def judged(*layers, known=()):
    config = {"class_name": "Sequential", "config": {"name": "net", "layers": list(layers)}}
    return keras.vet(config, known)


def refused(*layers, known=()):
    return [one.in_words() for one in judged(*layers, known=known).refused]


def layer(kind, config=None, **names):
    return {"class_name": kind, "config": {"name": "odd", **(config or {})}, **names}


def test_a_finding_says_where_it_is_and_how_to_allow_it():
    (finding,) = judged(layer("TFOpLambda", {"function": "io.gfile.rmtree"})).refused
    assert finding == (
        "net/odd",
        "the function io.gfile.rmtree",
        "is none of those that only compute",
        "io.gfile.rmtree",
    )
    assert judged(layer("TFOpLambda", {"function": "io.gfile.rmtree"})).allowing(["io.gfile.rmtree"]).refused == []


def test_everything_that_is_found_is_named():
    layers = [layer("Evil"), layer("Lambda", {"name": "b"}), layer("Dense", {"name": "c", "activation": "eval"})]
    assert refused(*layers) == [
        "'net/odd' is the layer 'Evil', which Keras does not have",
        "'net/b' is the layer Lambda, which is code that would run: give the function, custom_objects={'b': function}",
        "'net/c' is the activation function 'eval', which Keras does not have",
    ]


@pytest.mark.parametrize("form", [json.dumps, dict], ids=["text", "dictionary"])
def test_operations_of_tensorflow_in_layers_are_judged_as_in_graphs(form):
    """Keras of TensorFlow 2.1 to 2.3 has an operation's proto in the place of a symbol."""
    for op, fine in (("AddV2", True), ("WriteFile", False), ("PrintV2", False), ("Nobody", False)):
        assert (refused(layer("TensorFlowOpLayer", {"node_def": form({"op": op, "name": "a"})})) == []) == fine
        assert (refused(layer("TFOpLambda", {"function": f"raw_ops.{op}"})) == []) == fine
    assert refused(layer("TensorFlowOpLayer", {"node_def": "no JSON"}))


@pytest.mark.parametrize("junk", [None, 3, [], {}, [[]], {"class_name": {}}, True, ""])
def test_what_is_no_name_is_refused_and_no_crash(junk):
    for entry in (
        layer("TFOpLambda", {"function": junk}),
        layer("SlicingOpLambda", {"function": junk}),
        layer("InstanceMethod", {"attr_name": junk}),
        layer("ClassMethod", {"cls_symbol": junk, "method_name": junk}),
        layer("TensorFlowOpLayer", {"node_def": junk}),
        layer("Lambda", {"function": junk, "output_shape": junk, "function_type": junk}),
        {"class_name": "function", "config": junk},
        {"class_name": "__typespec__", "spec_name": junk, "module": junk, "config": []},
        {"class_name": junk, "config": {}},
        layer("Dense", module=junk, registered_name=[junk]),
    ):
        assert refused(entry, known=["own"]), entry
    judged({"class_name": "__numpy__", "config": {"dtype": junk}}, layer("Dense", {"name": junk}))
    keras.vet(junk), list(keras_structure.check(junk)), keras.without_training(junk)


def test_a_draw_is_said_and_not_refused():
    verdict = judged(layer("TFOpLambda", {"function": "random.normal"}))
    assert not verdict.refused and verdict.said[0].why == "draws at random"


@pytest.mark.parametrize(
    "entry, known",
    [
        (layer("Block"), ["Block"]),
        (layer("Block", module="mine", registered_name="Block"), ["Block"]),
        (layer("Block", module="mine", registered_name="pkg>Block"), ["pkg>Block"]),
        (layer("pkg>Block"), ["pkg>Block"]),
        (layer("Dense", {"activation": "doubled"}), ["doubled"]),
        (
            layer("Dense", {"activation": {"class_name": "function", "config": "doubled", "module": "mine"}}),
            ["doubled"],
        ),
        (layer("Lambda", {"function": "f", "function_type": "function"}), ["f"]),
        (layer("Lambda", {"function": {"class_name": "function", "config": "f", "module": None}}), ["f"]),
    ],
)
def test_the_callers_own_objects_are_taken_and_nobody_elses(entry, known):
    assert refused(entry, known=known) == []
    assert refused(entry, known=["other"]) != []


@pytest.mark.parametrize(
    "entry",
    [
        # by its class it is the caller's, by its registered name, by which Keras 3 goes, another's
        layer("Block", module="os", registered_name="pkg>Evil"),
        # and the other way round, by which Keras 2 goes
        layer("Evil", module="os", registered_name="Block"),
    ],
)
def test_an_object_must_be_the_callers_by_each_of_its_names(entry):
    assert refused(entry, known=["Block"]) != []


def test_what_a_caller_s_own_layer_holds_is_judged_as_well():
    assert refused(layer("Block", {"inner": layer("Evil")}), known=["Block"])


def test_training_is_left_out_of_a_configuration_at_each_level():
    trains = {"class_name": "Adam", "module": "os", "config": {}}
    inner = {**layer("Sequential", {"layers": []}), "compile_config": trains}
    config = {"class_name": "Sequential", "config": {"layers": [inner]}, "compile_config": trains}
    assert keras.vet(config).refused
    assert not keras.vet(keras.without_training(config)).refused
    assert config["compile_config"] == trains  # the caller's is left as it is


# --- no false alarms


def every_layer(keras_):
    """Return a model of one Keras with the layers that image models use, and a few more."""
    layers = keras_.layers
    photo = layers.Input((16, 16, 3), name="photo")
    x = layers.Conv2D(4, 3, padding="same", kernel_regularizer="l2", kernel_constraint="max_norm")(photo)
    for one in (
        layers.BatchNormalization(beta_initializer="zeros"), layers.Activation("relu"), layers.ReLU(6.0),
        layers.PReLU(), layers.LeakyReLU(), layers.ELU(), layers.Softmax(),
        layers.SeparableConv2D(4, 3, padding="same"),
        layers.DepthwiseConv2D(3, padding="same"), layers.Conv2DTranspose(4, 3, padding="same"), layers.UpSampling2D(),
        layers.MaxPooling2D(), layers.AveragePooling2D(1), layers.ZeroPadding2D(1), layers.Cropping2D(1),
        layers.SpatialDropout2D(0.1), layers.GaussianNoise(0.1), layers.GaussianDropout(0.1), layers.AlphaDropout(0.1),
        layers.LayerNormalization(), layers.ActivityRegularization(0.1), layers.Permute((2, 1, 3)),
    ):  # fmt: skip
        x = one(x)
    joined = [kind()([x, x]) for kind in (layers.Add, layers.Subtract, layers.Multiply, layers.Average, layers.Maximum)]
    x = layers.Concatenate()([*joined, layers.Minimum()([x, x])])
    rows = layers.TimeDistributed(layers.Dense(4, kernel_initializer=keras_.initializers.RandomNormal(0.0, 0.1)))(x)
    rows = layers.Reshape((16, 64))(rows)
    states = layers.Bidirectional(layers.LSTM(2, return_sequences=True))(rows)
    states = layers.Dot(1)([layers.Flatten()(states), layers.GRU(64)(rows)])
    x = layers.GlobalAveragePooling2D()(x)
    inner = keras_.Sequential([layers.Dense(4, input_shape=(24,), activation="softmax"), layers.Dropout(0.5)])
    x = layers.Dense(3, activation=tf.nn.relu if keras_.__name__ != "keras" else "gelu")(inner(x))
    return keras_.Model(photo, [x, layers.RepeatVector(2)(states), layers.GlobalMaxPooling2D()(joined[0])])


@pytest.mark.parametrize("which", BOTH)
def test_the_layers_of_image_models_raise_no_alarm(which):
    keras_ = which()
    with tf.Graph().as_default() if which is keras2 else quiet(), quiet():
        config = keras.parsed(every_layer(keras_).to_json())
    assert keras.vet(config).refused == []
    assert list(keras_structure.check(config, keras_version(keras_).startswith("3"))) == []


APPLICATIONS = ["MobileNet", "MobileNetV2", "MobileNetV3Small", "NASNetMobile", "EfficientNetB0", "DenseNet121"]
APPLICATIONS += ["ResNet50", "ResNet50V2", "InceptionV3", "Xception", "VGG16", "ConvNeXtTiny", "EfficientNetV2B0"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [*APPLICATIONS, "InceptionV3", "Xception", "VGG16", "ConvNeXtTiny", "EfficientNetV2B0"]
)
@pytest.mark.parametrize("which", BOTH)
def test_the_nets_of_keras_applications_raise_no_alarm(which, name):
    keras_ = which()
    if not hasattr(keras_.applications, name):
        pytest.skip("later Keras has more applications")
    with tf.Graph().as_default() if which is keras2 else quiet(), quiet():
        config = keras.parsed(getattr(keras_.applications, name)(weights=None).to_json())
    assert keras.vet(config).refused == []
    assert list(keras_structure.check(config, keras_version(keras_).startswith("3"))) == []


@NEW
def test_operations_on_symbols_of_keras_raise_no_alarm():
    for keras_, where in ((keras2(), tf), (keras3(), keras3().ops)):
        photo = keras_.layers.Input((4, 4, 3))
        x = where.concat([photo, photo], -1) if where is tf else where.concatenate([photo, photo], -1)
        x = where.transpose(photo * 2.0 - 1.0, (0, 2, 1, 3))[:, 1:, :, 0] + where.abs(x[:, 1:, :, 1])
        config = keras.parsed(keras_.Model(photo, x / 2.0).to_json())
        assert keras.vet(config).refused == []


# --- the lists


@NEW
def test_every_layer_of_keras_is_listed_or_refused_with_a_reason():
    """A new release of Keras brings new layers: look at each, and put it into a table of keras_names.py."""
    not_layers = {"Layer", "InputSpec", "Wrapper", "AbstractRNNCell"}
    for keras_ in (keras2(), keras3()):
        layers = {name for name in dir(keras_.layers) if isinstance(getattr(keras_.layers, name), type)}
        known = keras_names.LAYERS | set(keras_names.REACHING) | set(keras_names.WRAPPERS) | not_layers
        assert sorted(layers - known) == []
    assert not keras_names.CLASSES & set(keras_names.REACHING)


@NEW
def test_every_operation_of_keras_3_is_listed_or_refused_with_a_reason():
    found, stack = set(), [keras3().Operation]
    while stack:
        kind = stack.pop()
        if not issubclass(kind, keras3().layers.Layer):
            found |= {kind.__name__} if ".ops." in kind.__module__ else set()
            stack.extend(kind.__subclasses__())
    abstract = {"Operation", "SegmentReduction"}
    assert sorted(found - keras_names.OPERATIONS - set(keras_names.REACHING) - abstract) == []


@NEW
def test_listed_symbols_are_functions_of_tensorflow_and_touch_no_files():
    reaching = ("io", "data", "raw_ops", "py_function", "numpy_function", "load", "print", "saved_model", "train")
    for symbol in keras_names.SYMBOLS | keras_names.DRAWING:
        assert not set(symbol.split(".")) & set(reaching), symbol


def test_yaml_and_json_are_read_alike():
    config = keras_texts.keras2_config()
    assert keras.parsed(json.dumps(config)) == config
