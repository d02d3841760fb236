"""A small net of two convolutions, a block of three branches and a dense layer, built in ways that give the same.

Weights depend on the names of layers only. `Net(...)` is a build function, as the fixture `model_of` takes it; its
fields say how the net is built, and what was changed.
"""

import zlib
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Tuple

import numpy as np
import tensorflow.compat.v1 as tf1

SIDE = 12
CONVS = ("stem", "second", "one", "two_a", "two_b", "three_a", "three_b", "last")
BRANCHES = (("one",), ("two_a", "two_b"), ("three_a", "three_b"))


def weight(name, *shape):
    """Return the weight of a name, float32."""
    random = np.random.RandomState(zlib.crc32(name.encode()))
    if name.endswith(("gamma", "variance")):
        return random.uniform(0.5, 1.5, shape).astype(np.float32)
    if name.endswith(("beta", "mean", "bias")):
        return random.normal(0, 0.3, shape).astype(np.float32)
    return random.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape).astype(np.float32)


def kernel(name, before, size):
    return weight(f"{name}/kernel", size, size, before, 8)


def norm_weights(name):
    """Return gamma, beta, mean and variance."""
    return [weight(f"{name}/{one}", 8) for one in ("gamma", "beta", "mean", "variance")]


def size_of(name):
    return 1 if name in ("one", "two_a", "three_a") else 3


def images(count=2, seed=0):
    return np.random.RandomState(seed).uniform(-1, 1, (count, SIDE, SIDE, 3)).astype(np.float32)


def renamed(name):
    """A name that tells nothing."""
    return f"layer_{zlib.crc32(name.encode()) % 1000}"


@dataclass
class Net:
    """How the net is built."""

    names: Callable[[str], str] = str
    norm: str = "fused"  # "unfused", "folded", "switch" (on is_training), "training"
    backwards: bool = False  # the branches are built from the last to the first
    epsilon: float = 1e-3
    change: Dict[str, float] = field(default_factory=dict)  # how much noise is added to a kernel
    activations: Dict[str, Tuple[Callable[[Any], Any], ...]] = field(default_factory=dict)  # other than one ReLU
    dropout: bool = False
    background: bool = False
    moved: str = ""  # a layer whose convolution has a bias, which its norm takes away again
    between: Callable[[Any], Any] = lambda x: x  # after the block

    def __call__(self):
        x = tf1.placeholder(tf1.float32, [None, SIDE, SIDE, 3], name="images")
        self.training = tf1.placeholder_with_default(False, [], name="is_training") if self.norm == "switch" else None
        x = self.layer(self.layer(x, "stem"), "second")
        x = tf1.nn.max_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], "SAME", name=self.names("pool"))
        ends = {}
        for branch in reversed(BRANCHES) if self.backwards else BRANCHES:
            end = x
            for name in branch:
                end = self.layer(end, name)
            ends[branch] = end
        with tf1.name_scope(self.names("block")):
            x = tf1.concat([ends[branch] for branch in BRANCHES], 3)
        x = tf1.reduce_mean(self.layer(self.between(x), "last"), [1, 2], name=self.names("mean"))
        if self.dropout:
            x = tf1.nn.dropout(x, rate=0.4, name=self.names("dropout"))
        kernel, bias = weight("scores/kernel", 8, 5), weight("scores/bias", 5)
        if self.background:
            kernel = np.concatenate([weight("background", 8, 1), kernel], 1)
            bias = np.concatenate([[np.float32(0.1)], bias])
        with tf1.name_scope(self.names("scores")):
            return tf1.nn.softmax(tf1.nn.bias_add(tf1.matmul(x, kernel), bias))

    def layer(self, x, name):
        """A convolution, its norm and its activation."""
        w = kernel(name, int(x.shape[-1]), size_of(name))
        w = w + self.change.get(name, 0) * weight("noise", *w.shape)
        with tf1.name_scope(self.names(name)):
            if self.norm == "folded":
                gamma, beta, mean, variance = norm_weights(name)
                scale = gamma / np.sqrt(variance + np.float32(self.epsilon))
                x = tf1.nn.bias_add(self.conv(x, w * scale), beta - mean * scale)
            else:
                x = self.normed(self.conv(x, w), name)
            for activation in self.activations.get(name, (tf1.nn.relu,)):
                x = activation(x)
        return x

    def conv(self, x, w):
        return tf1.nn.conv2d(x, tf1.constant(w), strides=[1, 1, 1, 1], padding="SAME", name="Conv2D")

    def normed(self, x, name):
        gamma, beta, mean, variance = norm_weights(name)
        if name == self.moved:
            x, mean = tf1.nn.bias_add(x, np.ones(8, np.float32)), mean + np.float32(1)
        gamma, beta, mean, variance = map(tf1.constant, (gamma, beta, mean, variance))
        if self.norm == "unfused":
            return tf1.nn.batch_normalization(x, mean, variance, beta, gamma, self.epsilon)
        if self.norm == "training":
            return tf1.nn.batch_normalization(x, *tf1.nn.moments(x, [0, 1, 2]), beta, gamma, self.epsilon)

        def fused(*statistics, training):
            options = {"epsilon": self.epsilon, "is_training": training}
            return tf1.nn.fused_batch_norm(x, gamma, beta, *statistics, **options)[0]

        if self.norm == "switch":
            return tf1.cond(self.training, lambda: fused(training=True), lambda: fused(mean, variance, training=False))
        return fused(mean, variance, training=False)


def keras_net(keras):
    """The same net of Keras' layers, the branches made in another order, under Keras' own names."""
    layers = keras.layers
    made = {}

    def layer(x, name):
        conv = layers.Conv2D(8, size_of(name), padding="same", use_bias=False)
        norm = layers.BatchNormalization(epsilon=1e-3)
        made[name] = conv, norm
        return layers.Activation("relu")(norm(conv(x)))

    start = layers.Input((SIDE, SIDE, 3))
    pooled = layers.MaxPooling2D(2, padding="same")(layer(layer(start, "stem"), "second"))
    ends = {}
    for branch in reversed(BRANCHES):
        ends[branch] = pooled
        for name in branch:
            ends[branch] = layer(ends[branch], name)
    x = layer(layers.Concatenate()([ends[branch] for branch in BRANCHES]), "last")
    scores = layers.Dense(5)
    model = keras.Model(start, scores(layers.GlobalAveragePooling2D()(x)))
    for name, (conv, norm) in made.items():
        conv.set_weights([kernel(name, int(conv.weights[0].shape[2]), size_of(name))])
        norm.set_weights(norm_weights(name))
    scores.set_weights([weight("scores/kernel", 8, 5), weight("scores/bias", 5)])
    return model
