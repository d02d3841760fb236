"""A small net of plain TensorFlow 1 with seeded weights, and the same net with something changed.

Operations have the same names in both, so a test can pair their stages by itself.
"""

import zlib

import numpy as np
import tensorflow.compat.v1 as tf1

SIDE = 16
HIDDEN = CLASSES = 6
UPDATES = 20  # of moving statistics, all with the same values


def images(count=3, seed=0):
    """Return pictures in [0, 1], (count, SIDE, SIDE, 3) float32, each channel darker than the last."""
    noise = np.random.RandomState(seed).uniform(0, 1, (count, SIDE, SIDE, 3))
    return (noise * [1.0, 0.8, 0.6]).astype(np.float32)


def draw(name, *shape):
    """Return numbers that depend on a name only, of the size that keeps activations about as large as they were."""
    fan = max(1, int(np.prod(shape[:-1])))
    return np.random.RandomState(zlib.crc32(name.encode())).normal(0, np.sqrt(2 / fan), shape).astype(np.float32)


# What can be done to one weight, said as "kernel_1: flipped".
OF_WEIGHTS = {
    "flipped": lambda array: array[::-1, ::-1],
    "upside down": lambda array: array[::-1],
    "left to right": lambda array: array[:, ::-1],
    "height and width": lambda array: array.transpose(1, 0, 2, 3),
    "in and out": lambda array: array.swapaxes(-1, -2),
    "stored in and out": lambda array: array.swapaxes(-1, -2).reshape(array.shape),
    "stored out first": lambda array: array.transpose(3, 2, 0, 1).reshape(array.shape),
    "channels first": lambda array: array.reshape(8, 8, 5, -1).transpose(2, 0, 1, 3).reshape(array.shape),
    "BGR": lambda array: array[:, :, ::-1],
    "shuffled": lambda array: array[..., np.random.RandomState(0).permutation(array.shape[-1])],
    "half": lambda array: array.astype(np.float16).astype(np.float32),
    "other": lambda array: (array + 0.1 * draw("other", *array.shape)).astype(np.float32),
}


def net(*changes):
    """Return a function that builds the net in the default graph, from "input" to "logits", with changes.

    A change is a text that Net asks for, or one of OF_WEIGHTS after the name of a weight.
    """
    return Net(changes).build


def switched_norm(x, gamma, beta, mean, variance, epsilon):
    """Return what tf.cond made of batch norm in TensorFlow 1: two norms, one of which runs."""
    training = tf1.placeholder(tf1.bool, [], name="is_training")
    branches = list(zip(*(tf1.raw_ops.Switch(data=one, pred=training) for one in (x, gamma, beta, mean, variance))))
    found = [
        tf1.raw_ops.FusedBatchNorm(
            x=x,
            scale=scale,
            offset=offset,
            mean=mean[:count],
            variance=variance[:count],
            epsilon=epsilon,
            is_training=not count,
        ).y
        for (x, scale, offset, mean, variance), count in zip(branches, (4, 0))
    ]
    return tf1.raw_ops.Merge(inputs=found, name="norm_1").output


class Net:
    """The net; what a change makes of it stands beside what it is changed from."""

    def __init__(self, changes=()):
        self.changes = changes

    def has(self, change):
        return change in self.changes

    def build(self):
        x = self.prepare(tf1.placeholder(tf1.float32, [None, SIDE, SIDE, 3], name="input"))
        x = self.activation("act_1", self.norm_1(self.conv_1(x)), "relu")
        x = self.activation("act_2", self.conv_2(x), "relu")
        x = self.activation("act_3", self.depthwise(x), "sigmoid")
        x = self.resize(self.pool(x))
        x = self.activation("act_4", self.norm_2(self.conv_3(x)), "tanh")
        x = self.dropout(tf1.reshape(x, [-1, 8 * 8 * 5], name="flat"))
        x = self.activation("act_5", self.dense("hidden", x, 8 * 8 * 5, HIDDEN), "softmax")
        x = self.dense("scores", x, HIDDEN, CLASSES)
        tf1.identity(x, name="logits")

    def weight(self, name, *shape):
        array = draw(name, *shape)
        for change, make in OF_WEIGHTS.items():
            array = make(array) if self.has(f"{name}: {change}") else array
        if self.has("background") and name.startswith("scores"):
            array = np.concatenate([draw("background", *array.shape[:-1], 1), array], -1)
        return tf1.constant(np.ascontiguousarray(array), name=name)

    def prepare(self, x):
        if self.has("takes [-1, 1]"):
            return tf1.subtract(x * 2.0, 1.0, name="signed")
        return tf1.reverse(x, [3], name="bgr") if self.has("takes BGR") else x

    def conv_1(self, x):
        kernel, bias = self.weight("kernel_1", 3, 3, 3, 4), self.weight("bias_1", 4)
        if self.has("norm_1: folded"):
            gamma, beta, mean, variance = self.statistics("norm_1", 4)
            scale = gamma / tf1.sqrt(variance + self.epsilon_1())
            with tf1.Session() as session:
                kernel, bias = map(tf1.constant, session.run([kernel * scale, beta + (bias - mean) * scale]))
        x = tf1.nn.conv2d(x, kernel, strides=[1, 1, 1, 1], padding="SAME", name="conv_1")
        return tf1.nn.bias_add(x, bias, name="biased_1")

    def epsilon_1(self):
        return 1e-4 if self.has("norm_1: epsilon") else 1e-3

    def statistics(self, name, channels):
        """Return gamma, beta, and mean and variance after some updates from 0 and 1 on."""
        gamma, beta, mean = 1 + 0.3 * draw(f"{name}/gamma", channels), draw(f"{name}/beta", channels), 0.3
        mean, variance = mean * draw(f"{name}/mean", channels), 0.5 + np.abs(draw(f"{name}/variance", channels))
        left = (0.9 if self.has(f"{name}: momentum") else 0.99) ** UPDATES
        mean, variance = mean * (1 - left), variance + (1 - variance) * left
        if self.has(f"{name}: statistics"):
            mean, variance = mean + 0.1 * draw("more", channels), variance * np.linspace(0.7, 1.5, channels)
        arrays = {"gamma": gamma, "beta": beta, "mean": mean, "variance": variance}
        return [tf1.constant(array.astype(np.float32), name=f"{name}/{key}") for key, array in arrays.items()]

    def norm_1(self, x):
        if self.has("norm_1: folded"):
            return x
        gamma, beta, mean, variance = self.statistics("norm_1", 4)
        epsilon = self.epsilon_1()
        if self.has("norm_1: switched"):
            return switched_norm(x, gamma, beta, mean, variance, epsilon)
        if self.has("norm_1: unfused"):
            return tf1.nn.batch_normalization(x, mean, variance, beta, gamma, epsilon, name="norm_1")
        training = self.has("norm_1: training")
        given = (None, None) if training else (mean, variance)
        found = tf1.nn.fused_batch_norm(x, gamma, beta, *given, epsilon=epsilon, is_training=training, name="norm_1")
        return found[0]

    def norm_2(self, x):
        gamma, beta, mean, variance = self.statistics("norm_2", 5)
        if self.has("norm_2: training"):
            mean, variance = tf1.nn.moments(x, [0, 1, 2], name="norm_2/moments")
        epsilon = 1e-2 if self.has("norm_2: epsilon") else 1e-3
        return tf1.nn.batch_normalization(x, mean, variance, beta, gamma, epsilon, name="norm_2")

    def conv_2(self, x):
        kernel = self.weight("kernel_2", 3, 3, 4, 4)
        padding = "SAME"
        if self.has("conv_2: explicit"):
            x, padding = tf1.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], name="pad_2"), "VALID"
        if self.has("conv_2: uneven"):
            x, padding = tf1.pad(x, [[0, 0], [0, 2], [2, 0], [0, 0]], name="pad_2"), "VALID"
        if self.has("conv_2: VALID"):
            padding = "VALID"
        if self.has("conv_2: half"):
            x, kernel = tf1.cast(x, tf1.float16), tf1.cast(kernel, tf1.float16)
        x = tf1.nn.conv2d(x, kernel, strides=[1, 2, 2, 1], padding=padding, name="conv_2")
        x = tf1.nn.bias_add(x, tf1.cast(self.weight("bias_2", 4), x.dtype), name="biased_2")
        return tf1.cast(x, tf1.float32) if self.has("conv_2: half") else x

    def depthwise(self, x):
        kernel = self.weight("kernel_d", 3, 3, 4, 2)
        if self.has("depthwise: half"):
            x = tf1.cast(tf1.cast(x, tf1.float16, name="act_2_half"), tf1.float16)
        x = tf1.nn.depthwise_conv2d_native(x, tf1.cast(kernel, x.dtype), [1, 1, 1, 1], "SAME", name="depthwise")
        return tf1.cast(x, tf1.float32)

    def pool(self, x):
        if self.has("pool: explicit"):
            x = tf1.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], name="pad_pool")
        padding = "VALID" if self.has("pool: explicit") else "SAME"
        if self.has("pool: average"):
            return tf1.nn.avg_pool2d(x, [1, 3, 3, 1], [1, 2, 2, 1], padding, name="pool")
        x = tf1.nn.max_pool2d(x, [1, 3, 3, 1], [1, 2, 2, 1], padding, name="pool")
        return tf1.tanh(x, name="pool_act") if self.has("pool: and tanh") else x

    def resize(self, x):
        corners, centres = self.has("resize: align_corners"), self.has("resize: half-pixel centres")
        options = {"align_corners": corners, "half_pixel_centers": centres, "name": "resize"}
        if self.has("resize: nearest"):
            return tf1.raw_ops.ResizeNearestNeighbor(images=x, size=[8, 8], **options)
        return tf1.raw_ops.ResizeBilinear(images=x, size=[8, 8], **options)

    def conv_3(self, x):
        return tf1.nn.conv2d(
            x, self.weight("kernel_3", 1, 3, 8, 5), strides=[1, 1, 1, 1], padding="SAME", name="conv_3"
        )

    def dropout(self, x):
        return tf1.nn.dropout(x, rate=0.4, name="dropout") if self.has("dropout") else x

    def dense(self, name, x, inputs, outputs):
        x = tf1.matmul(x, self.weight(f"{name}_kernel", inputs, outputs), name=name)
        return tf1.nn.bias_add(x, self.weight(f"{name}_bias", outputs), name=f"{name}_biased")

    def activation(self, name, x, kind):
        functions = {"relu": tf1.nn.relu, "tanh": tf1.tanh, "sigmoid": tf1.sigmoid, "softmax": tf1.nn.softmax}
        functions.update(relu6=tf1.nn.relu6, elu=tf1.nn.elu, softplus=tf1.nn.softplus)
        functions["swish"] = lambda x, name: tf1.multiply(x, tf1.sigmoid(x), name=name)
        kind = next((other for other in functions if self.has(f"{name}: {other}")), kind)
        more = next((other for other in functions if self.has(f"{name}: and {other}")), None)
        x = x if self.has(f"{name}: none") else functions[kind](x, name=name)
        return x if more is None else functions[more](x, name=f"{name}_more")
