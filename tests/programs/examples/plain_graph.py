"""TensorFlow 1 by hand: queues, a cell, scopes, control flow, a moving average, a saver, old private paths."""
import sys

import numpy as np
import tensorflow as tf
from tensorflow.python.client import device_lib
from tensorflow.python.framework import ops
from tensorflow.python.ops import control_flow_ops, rnn_cell
from tensorflow.python.saved_model import signature_constants, tag_constants
from tensorflow.python.training import moving_averages

folder = sys.argv[1]
config = tf.ConfigProto(allow_soft_placement=True)
config.gpu_options.allow_growth = True

with tf.variable_scope('tower', initializer=tf.constant_initializer(0.25)):
    x = tf.placeholder(tf.float32, shape=(None, 5, 2), name='x')
    cell = tf.contrib.rnn.BasicLSTMCell(3, forget_bias=1.0)
    outputs, state = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
    w = tf.get_variable('w', [3, 2])
with tf.variable_scope('tower', reuse=True):
    assert tf.get_variable('w') is w
logits = tf.matmul(outputs[:, -1], w) + tf.Variable(tf.zeros([2]), name='b')
labels = tf.placeholder(tf.float32, [None, 2])
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits))
step = tf.train.get_or_create_global_step()
average = tf.train.ExponentialMovingAverage(0.9, step)
optimizer = tf.train.AdamOptimizer(0.01)
grads = optimizer.compute_gradients(loss)
apply = optimizer.apply_gradients([(tf.clip_by_norm(g, 1.0), v) for g, v in grads if g is not None], step)
with tf.control_dependencies([apply]):
    train = average.apply(tf.trainable_variables())
print('width', x.get_shape().as_list(), x.get_shape()[2].value, x.shape.ndims)
print('branch', isinstance(tf.cond(tf.constant(True), lambda: w + 0, lambda: w * 2), tf.Tensor))

batch = np.sin(np.arange(40, dtype=np.float32)).reshape(4, 5, 2)
queue = tf.train.slice_input_producer([tf.constant(batch)], shuffle=False)
fed = tf.train.batch(queue, 2)
saver = tf.train.Saver()
with tf.Session(config=config) as sess:
    sess.run(tf.global_variables_initializer())
    coord = tf.train.Coordinator()
    threads = tf.train.start_queue_runners(sess=sess, coord=coord)
    for _ in range(3):
        sess.run(train, {x: batch, labels: np.eye(2)[[0, 1, 0, 1]]})
    print('queue', sess.run(fed).shape)
    coord.request_stop()
    coord.join(threads)
    print('logits', *sess.run(logits, {x: batch}).ravel())
    print('average', *sess.run(average.average(w)).ravel())
    saver.save(sess, folder + '/model.ckpt', global_step=step)
    builder = tf.saved_model.builder.SavedModelBuilder(folder + '/export')
    signature = tf.saved_model.signature_def_utils.predict_signature_def({'x': x}, {'y': logits})
    key = signature_constants.DEFAULT_SERVING_SIGNATURE_DEF_KEY
    builder.add_meta_graph_and_variables(sess, [tag_constants.SERVING], {key: signature})
    builder.save()
tf.reset_default_graph()
with tf.Session() as sess:
    tf.saved_model.loader.load(sess, ['serve'], folder + '/export')
    print('served', *sess.run('add:0', {'tower/x:0': batch})[0])
saver = tf.train.import_meta_graph(tf.train.latest_checkpoint(folder) + '.meta', clear_devices=True)
with tf.Session() as sess:
    saver.restore(sess, tf.train.latest_checkpoint(folder))
    print('restored', *sess.run('tower/w:0').ravel())
print('there', rnn_cell.BasicLSTMCell.__name__, ops.get_default_graph() is tf.get_default_graph(),
      callable(control_flow_ops.with_dependencies), callable(moving_averages.assign_moving_average),
      len(device_lib.list_local_devices()) > 0)
params = tf.contrib.training.HParams(rate=0.1, sizes=[1, 2])
params.parse('rate=0.5,sizes=[3,4]')
print('hparams', params.rate, params.sizes)
print('rotated', *tf.Session().run(tf.contrib.image.rotate(tf.constant(batch[:, :4, :1].reshape(1, 4, 4, 1)), 0.5)).ravel())
