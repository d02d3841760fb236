"""Functions of tf.contrib whose arguments TensorFlow's own of that name call otherwise: tables, checkpoints, evaluation."""
import sys

import numpy as np
import tensorflow as tf
from tensorflow.contrib import framework, lookup, metrics, seq2seq, training

folder = sys.argv[1]


def waves(*shape):
    return np.sin(np.arange(np.prod(shape))).reshape(shape).astype(np.float32)


words = tf.constant(['cat', 'dog', 'owl'])
table = lookup.index_table_from_tensor(mapping=words, num_oov_buckets=1, default_value=-1)
names = lookup.index_to_string_table_from_tensor(mapping=words, default_value='none')
pairs = lookup.HashTable(lookup.KeyValueTensorInitializer(['a', 'b'], [7, 8]), -1, shared_name='pairs')
with tf.Session() as sess:
    tf.tables_initializer().run()
    print('found', *sess.run([table.lookup(tf.constant(['owl', 'cow'])), pairs.lookup(tf.constant(['b', 'c']))]))
    print('words', *sess.run(names.lookup(tf.constant([1, 5], tf.int64))))

logits, targets = tf.constant(waves(2, 3, 4)), tf.constant([[0, 1, 2], [3, 0, 0]])
weights = tf.constant([[1.0, 0.5, 0.0], [2.0, 0.0, 0.0]])
losses = [
    seq2seq.sequence_loss(logits, targets, weights),
    seq2seq.sequence_loss(logits, targets, weights, False, False, True, True),
    seq2seq.sequence_loss(logits, targets, weights, average_across_timesteps=True, average_across_batch=False),
    seq2seq.sequence_loss(logits, targets, weights, False, False, sum_over_batch=True),
    seq2seq.sequence_loss(logits, targets, weights * 0),
]
with tf.Session() as sess:
    print('losses', *np.concatenate([np.ravel(one) for one in sess.run(losses)]))

tf.reset_default_graph()
step = tf.train.get_or_create_global_step()
w = tf.get_variable('w', initializer=tf.constant([1.0, 2.0, 4.0]))
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    path = tf.train.Saver().save(sess, folder + '/model.ckpt', global_step=step)
print('there', *[name for name, _ in framework.list_variables(checkpoint_dir=folder)])
print('value', *framework.load_variable(checkpoint_dir=path, name='w'))
with tf.variable_scope('copy'):
    copy = tf.get_variable('w', [3])
framework.init_from_checkpoint(checkpoint_dir=path, assignment_map={'w': copy})
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    print('copied', *sess.run(copy))

tf.reset_default_graph()
tf.train.get_or_create_global_step()
w = tf.get_variable('w', [3])
mean, update = metrics.streaming_mean(w)
final = training.evaluate_once(path, eval_ops=[update], final_ops={'mean': mean}, hooks=[training.StopAfterNEvalsHook(2)])
print('mean', final['mean'])
