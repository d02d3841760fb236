"""tf.contrib.seq2seq: training and greedy decoding, with attention."""
import numpy as np
import tensorflow as tf
from tensorflow.contrib import seq2seq
from tensorflow.contrib.legacy_seq2seq.python.ops import seq2seq as lists
from tensorflow.contrib.rnn.python.ops import core_rnn_cell
from tensorflow.contrib.seq2seq.python.ops import attention_wrapper


def cosines(shape, dtype=tf.float32, partition_info=None):
    sizes = [int(n) for n in shape]
    return tf.constant(np.cos(np.arange(int(np.prod(sizes)))).reshape(sizes) / 4, dtype)


def waves(*shape):
    return np.sin(np.arange(np.prod(shape))).reshape(shape).astype(np.float32)


def decoder(kind, memory, lengths):
    cell = tf.nn.rnn_cell.BasicLSTMCell(3)
    start = tf.nn.rnn_cell.LSTMStateTuple(tf.constant(waves(2, 3)), tf.constant(waves(2, 3)))
    if kind == 'plain':
        return cell, start
    if kind == 'luong':
        attention = seq2seq.LuongAttention(3, memory, memory_sequence_length=lengths, scale=True)
    else:
        attention = seq2seq.BahdanauAttention(4, memory, lengths, normalize=kind == 'normed')
    size = 3 if kind == 'luong' else None
    cell = seq2seq.AttentionWrapper(cell, attention, attention_layer_size=size, alignment_history=kind == 'normed',
                                    output_attention=kind != 'bahdanau')
    return cell, cell.zero_state(2, tf.float32).clone(cell_state=start)


for kind in ('plain', 'luong', 'bahdanau', 'normed'):
    tf.reset_default_graph()
    tf.get_variable_scope().set_initializer(cosines)
    table = tf.get_variable('table', [5, 2])
    memory, lengths = tf.constant(waves(2, 4, 3)), tf.constant([4, 2])
    cell, state = decoder(kind, memory, lengths)
    layer = tf.layers.Dense(5, use_bias=False, name='symbols')
    helper = seq2seq.TrainingHelper(tf.nn.embedding_lookup(table, [[1, 2, 3], [2, 0, 0]]), [3, 1])
    train = seq2seq.dynamic_decode(seq2seq.BasicDecoder(cell, helper, state, layer), impute_finished=True)
    loss = seq2seq.sequence_loss(train[0].rnn_output, tf.constant([[2, 3, 4], [0, 0, 0]]), tf.sequence_mask([3, 1], dtype=tf.float32))
    slopes = tf.add_n([tf.reduce_sum(tf.convert_to_tensor(g)) for g in tf.gradients(loss, tf.trainable_variables())])
    with tf.variable_scope('', reuse=True):
        helper = seq2seq.GreedyEmbeddingHelper(table, [1, 2], 4)
        greedy = seq2seq.dynamic_decode(seq2seq.BasicDecoder(cell, helper, state, layer), maximum_iterations=6)
    fetched = [train[0], train[2], loss, slopes, greedy[0], greedy[2]]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        print(kind, *np.concatenate([np.ravel(one) for one in tf.contrib.framework.nest.flatten(session.run(fetched))]))
        if kind == 'normed':
            print('history', *session.run(train[1].alignment_history.stack()).ravel())
    print('shapes_' + kind, train[0].rnn_output.shape.as_list(), train[0].sample_id.shape.as_list())
    print('names_' + kind, *sorted(one.op.name for one in tf.global_variables()))
with tf.Session() as session:
    print('tiled', *session.run(seq2seq.tile_batch(tf.constant(waves(2, 2)), 2)).ravel())
    print('hardmax', *session.run(seq2seq.hardmax(tf.constant(waves(2, 3)))).ravel())
print('old_paths', attention_wrapper.AttentionWrapper is seq2seq.AttentionWrapper,
      core_rnn_cell.OutputProjectionWrapper is tf.contrib.rnn.OutputProjectionWrapper, lists.sequence_loss.__name__)
