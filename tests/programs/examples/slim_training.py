"""A training script as slim's users wrote them: contrib's paths, arg scopes, learning.train with a logdir, a restore."""
from __future__ import print_function

import os
import shutil
import sys

import numpy as np
import tensorflow as tf
import tensorflow.contrib.slim as slim
from tensorflow.contrib import layers
from tensorflow.contrib.framework.python.ops import arg_scope
from tensorflow.contrib.framework import nest
from tensorflow.contrib.layers.python.layers import utils
from tensorflow.contrib.metrics.python.ops import set_ops
from tensorflow.contrib.slim.python.slim.nets import inception_v3, resnet_v2
from tensorflow.python.framework import graph_util
from tensorflow.python.ops import math_ops
from tensorflow.python.platform import gfile
from tensorflow.python.training import optimizer, training_ops

FLAGS = tf.app.flags.FLAGS
tf.app.flags.DEFINE_integer('steps', 3, 'Steps to train.')
tf.app.flags.DEFINE_string('logdir', None, 'Where checkpoints go.')


def weights(shape, dtype=tf.float32, partition_info=None):
    size = int(np.prod([int(n) for n in shape]))
    return tf.constant(np.cos(np.arange(size)).reshape([int(n) for n in shape]) / 4, dtype)


class Descent(optimizer.Optimizer):
    """An optimizer of one's own, as TensorFlow's were written: private operations by variables of both kinds."""

    def __init__(self, rate):
        super(Descent, self).__init__(use_locking=False, name='Descent')
        self.rate = rate

    def _apply_dense(self, grad, var):
        return training_ops.apply_gradient_descent(var, math_ops.cast(self.rate, var.dtype.base_dtype), grad).op

    def _resource_apply_dense(self, grad, var):
        return training_ops.resource_apply_gradient_descent(var.handle, math_ops.cast(self.rate, grad.dtype), grad)


def net(images, is_training):
    with slim.arg_scope([slim.conv2d, slim.fully_connected], weights_initializer=weights,
                        weights_regularizer=slim.l2_regularizer(0.01)):
        with arg_scope([slim.batch_norm], is_training=is_training, decay=0.5):
            y = slim.conv2d(images, 4, [3, 3], normalizer_fn=slim.batch_norm, scope='conv1')
            y = slim.repeat(y, 2, slim.conv2d, 4, [3, 3], scope='conv2')
            y = slim.max_pool2d(y, [2, 2], scope='pool')
            y = slim.flatten(y)
            return slim.fully_connected(y, 3, activation_fn=None, biases_initializer=slim.init_ops.zeros_initializer(),
                                        scope='logits')


def main(_):
    images = np.sin(np.arange(4 * 8 * 8 * 3)).reshape(4, 8, 8, 3).astype(np.float32)
    with tf.Graph().as_default():
        logits = net(tf.constant(images), True)
        assert logits.get_shape()[1].value == 3
        slim.losses.softmax_cross_entropy(logits, tf.constant(np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]))
        loss = slim.losses.get_total_loss()
        tf.summary.scalar('loss', loss)
        train_op = slim.learning.create_train_op(loss, Descent(0.1))
        # saved at the end alone: a timer's save of the first step may be the later one of the two
        last = slim.learning.train(train_op, FLAGS.logdir, number_of_steps=FLAGS.steps, save_summaries_secs=600,
                                   save_interval_secs=0, log_every_n_steps=100)
        print('loss', last)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 8, 8, 3], name='images')
        logits = tf.identity(net(x, False), name='scores')
        checkpoint = tf.train.latest_checkpoint(FLAGS.logdir)
        init = slim.assign_from_checkpoint_fn(checkpoint, slim.get_model_variables())
        with tf.Session() as sess:
            init(sess)
            print('scores', *sess.run(logits, {x: images}).ravel())
            frozen = graph_util.convert_variables_to_constants(sess, sess.graph_def, ['scores'])
    with gfile.FastGFile(os.path.join(FLAGS.logdir, 'frozen.pb'), 'wb') as f:
        f.write(frozen.SerializeToString())
    with tf.Graph().as_default():
        graph_def = tf.GraphDef()
        with gfile.FastGFile(os.path.join(FLAGS.logdir, 'frozen.pb'), 'rb') as f:
            graph_def.ParseFromString(f.read())
        scores, = tf.import_graph_def(graph_def, return_elements=['scores:0'])
        with tf.Session() as sess:
            print('frozen', *sess.run(scores, {'import/images:0': images})[0])
    print('variables', len(slim.get_variables()), layers.xavier_initializer is slim.xavier_initializer)
    with tf.Session() as sess:
        shared = set_ops.set_intersection(tf.constant([[1, 2, 3]]), tf.constant([[3, 2, 5]]))
        print('shared', sess.run(shared).values.tolist(), nest.is_sequence([1]), nest.is_sequence(shared))
    print('nets', inception_v3.inception_v3.__name__, resnet_v2.resnet_v2_50.__name__, callable(utils.smart_cond))


if __name__ == '__main__':
    tf.app.run()
