"""The ResNet50 of Keras 2.0 to 2.2, whose published weights later Keras no longer builds.

Its layers are called res2a_branch2a and so on. The later ResNet50 has the same weights in another order, and batch
norms of another epsilon, so that such a file must not be read into it. Layers and names are those of
keras_applications 1.0.8 (resnet50.py); before that release its first pooling had no padding.
"""

from typing import Any

from .._types import KerasModel, KerasModule
from .keras_weights import SavedWeights

_STAGES = ((2, "abc", 64), (3, "abcd", 128), (4, "abcdef", 256), (5, "abc", 512))  # number, blocks, channels


def is_old_resnet50(saved: SavedWeights) -> bool:
    """Whether weights are of the old ResNet50, by the names of its layers."""
    return any(layer.name == "res2a_branch2a" for layer in saved.layers)


def old_resnet50(keras: KerasModule, size: int, include_top: bool = True, classes: int = 1000) -> KerasModel:
    """Build it for images of `size` pixels."""
    layers = keras.layers
    x = start = layers.Input((size, size, 3))
    x = layers.ZeroPadding2D(3, name="conv1_pad")(x)
    x = layers.Conv2D(64, 7, strides=2, name="conv1")(x)
    x = layers.Activation("relu")(layers.BatchNormalization(name="bn_conv1")(x))
    x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
    x = layers.MaxPooling2D(3, strides=2)(x)
    for stage, blocks, channels in _STAGES:
        for block in blocks:
            x = _block(layers, x, f"{stage}{block}", channels, 2 if block == "a" and stage > 2 else 1)
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dense(classes, activation="softmax", name="fc1000")(x)
    return keras.Model(start, x, name="resnet50")


def _block(layers: Any, x: Any, name: str, channels: int, stride: int) -> Any:
    """Three convolutions, and beside them none, or, in a stage's first block, one."""

    def convolved(x: Any, branch: str, *options: Any, **named: Any) -> Any:
        x = layers.Conv2D(*options, **named, name=f"res{name}_branch{branch}")(x)
        return layers.BatchNormalization(name=f"bn{name}_branch{branch}")(x)

    inner = layers.Activation("relu")(convolved(x, "2a", channels, 1, strides=stride))
    inner = layers.Activation("relu")(convolved(inner, "2b", channels, 3, padding="same"))
    inner = convolved(inner, "2c", channels * 4, 1)
    beside = convolved(x, "1", channels * 4, 1, strides=stride) if name.endswith("a") else x
    return layers.Activation("relu")(layers.Add()([inner, beside]))
