"""The Keras model that somebody migrating a slim net would build: the same layers, one by one, and the same weights.

A layer is called what slim calls the operation, with dots for slashes: `InceptionV3.InceptionV3.Mixed_7c.concat`.
"""

from keras_nets import give

from slimcam.graphs import between


def keras_name(name):
    """Return what the layer of a slim operation is called; Keras 3 takes no slash."""
    return name.replace("/", ".")


def migrated(keras, model):
    """Return a functional model of a Keras, 2 or 3, with the layers and weights of a slimcam model of a slim net."""
    ops = between([model.input], model.logits)
    shape = model.input.shape.as_list()[1:]
    start = keras.layers.Input(shape, name="images")
    made, weights = {model.input.name: start}, []
    for op in ops[1:]:
        known = [made[tensor.name] for tensor in op.inputs if tensor.name in made]
        make = LAYERS[op.type]
        if make is None:
            made[op.outputs[0].name] = known[0]
            continue
        layer, arrays = make(keras.layers, op, model.session.run, keras_name(op.name))
        made[op.outputs[0].name] = layer(known if len(known) > 1 else known[0])
        weights += zip(layer.weights, arrays)
    built = keras.Model(start, made[model.logits.name], name="migrated")
    give(built, weights)
    return built


def _window(op, key="ksize"):
    return tuple(op.get_attr(key)[1:3])


def _padding(op):
    return op.get_attr("padding").decode().lower()


def _conv(layers, op, value, name):
    """A convolution with the bias that is added to it, which makes the BiasAdd a layer that does nothing."""
    kernel = value(op.inputs[1])
    bias = _biases(op)
    sizes = kernel.shape[-1], kernel.shape[:2], _window(op, "strides"), _padding(op)
    return layers.Conv2D(*sizes, use_bias=bool(bias), name=name), [kernel, *map(value, bias)]


def _biases(op):
    return [reader.inputs[1] for reader in op.outputs[0].consumers() if reader.type == "BiasAdd"]


def _depthwise(layers, op, value, name):
    kernel = value(op.inputs[1])
    layer = layers.DepthwiseConv2D(
        kernel.shape[:2], _window(op, "strides"), _padding(op), kernel.shape[-1], use_bias=False, name=name
    )
    return layer, [kernel]


def _norm(layers, op, value, name):
    layer = layers.BatchNormalization(epsilon=op.get_attr("epsilon"), name=name)
    return layer, [value(tensor) for tensor in op.inputs[1:]]


def _pad(layers, op, value, name):
    return layers.ZeroPadding2D(tuple(map(tuple, value(op.inputs[1])[1:3].tolist())), name=name), []


LAYERS = {
    "Conv2D": _conv,
    "DepthwiseConv2dNative": _depthwise,
    "FusedBatchNorm": _norm,
    "FusedBatchNormV3": _norm,
    "Pad": _pad,
    "Relu": lambda layers, op, value, name: (layers.Activation("relu", name=name), []),
    "MaxPool": lambda layers, op, value, name: (
        layers.MaxPooling2D(_window(op), _window(op, "strides"), _padding(op), name=name),
        [],
    ),
    "AvgPool": lambda layers, op, value, name: (
        layers.AveragePooling2D(_window(op), _window(op, "strides"), _padding(op), name=name),
        [],
    ),
    "ConcatV2": lambda layers, op, value, name: (layers.Concatenate(name=name), []),
    "AddV2": lambda layers, op, value, name: (layers.Add(name=name), []),
    "Add": lambda layers, op, value, name: (layers.Add(name=name), []),
    "Mean": lambda layers, op, value, name: (layers.GlobalAveragePooling2D(keepdims=True, name=name), []),
    "Squeeze": lambda layers, op, value, name: (layers.Reshape((op.outputs[0].shape.as_list()[-1],), name=name), []),
    "Identity": None,
    "BiasAdd": None,  # part of its convolution
}
