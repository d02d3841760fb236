"""The Siamese net of a question that nobody answered (SOURCES of the tests' data): one encoder on two images.

Its layers and names are those of the question; its weights are seeded here, the same under every Keras.
"""

import numpy as np

SIDE = 256
NARROW = 32  # the net that is kept as a file has this share of the channels


def encoder(keras, side, width):
    """Five convolutions, with the encoder's names of the question."""
    layers = keras.layers
    made = keras.Sequential(name="encoder")
    blocks = ((96, 11, 4, True), (256, 5, 1, True), (384, 3, 1, False), (384, 3, 1, False), (256, 3, 1, True))
    pools = 0
    for i, (channels, kernel, stride, pooled) in enumerate(blocks, 1):
        shape = {"input_shape": (side, side, 3)} if i == 1 and not _is_keras3(keras) else {}
        if i == 1 and not shape:
            made.add(layers.Input((side, side, 3)))
        conv = layers.Conv2D(channels // width, kernel, strides=stride, padding="same", name=f"conv2d_{i}", **shape)
        made.add(conv)
        made.add(layers.BatchNormalization(name=f"batch_normalization_{i}"))
        made.add(layers.Activation("relu", name=f"activation_{i}"))
        if pooled:
            pools += 1
            made.add(layers.MaxPooling2D(3, 2, name=f"max_pooling2d_{pools}"))
    return made


def siamese(keras, side=SIDE, width=1):
    """Return the whole net; `width` divides the channels."""
    layers = keras.layers
    one, two = (layers.Input((side, side, 3), name=name) for name in ("input_1", "input_2"))
    shared = encoder(keras, side, width)
    x = layers.Concatenate(name="Merged_feature_map")([shared(one), shared(two)])
    for i, channels in ((1, 1024), (2, 2048)):
        x = layers.Conv2D(channels // width, 2, padding="same", name=f"mnet_conv{i}")(x)
        x = layers.BatchNormalization(name=f"batch_normalization_{i}")(x)
        x = layers.Activation("relu", name=f"activation_{i}")(x)
        x = layers.MaxPooling2D(2, name=f"mnet_pool{i}")(x)
    x = layers.Reshape((1, 2048 // width), name="reshape_1")(x)
    for i, units in enumerate((256, 128, 64, 1), 1):
        x = layers.Dense(units, name=f"fc{i}")(x)
        x = layers.BatchNormalization(name=f"batch_normalization_{i + 2}")(x)
        x = layers.Activation("relu" if i < 4 else "sigmoid", name=f"activation_{i + 2}")(x)
        x = layers.Dropout(0.3, name=f"dropout_{i}")(x)
    model = keras.Model([one, two], layers.Reshape((1,), name="reshape_2")(x), name="siamese")
    model.set_weights(seeded(model))
    return model


def seeded(model, seed=0):
    """Return weights for a Keras 2 or 3 model that keep activations alive, by the kind and the order of its layers."""
    random = np.random.RandomState(seed)
    weights = []
    for weight in model.weights:
        shape, name = tuple(map(int, weight.shape)), weight.name.split(":")[0].rsplit("/", 1)[-1]
        if name == "kernel":
            weights.append(random.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape))
        elif name in ("gamma", "moving_variance"):
            weights.append(random.uniform(0.5, 1.5, shape))
        else:
            weights.append(random.normal(0, 0.1, shape))
    return [array.astype(np.float32) for array in weights]


def images(side=SIDE, count=2, seed=1):
    """Return two batches of images in [0, 1]: noise on gradients, so that no two places are alike."""
    random = np.random.RandomState(seed)
    return [random.uniform(0, 1, (count, side, side, 3)).astype(np.float32) for _ in range(2)]


def _is_keras3(keras):
    return getattr(keras, "__version__", "2").startswith("3")  # tf.keras of TensorFlow 2.13 to 2.15 has none
