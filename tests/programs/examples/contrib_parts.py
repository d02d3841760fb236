"""Parts of tf.contrib that neither tf_slim nor compat.v1 has: cells, lists of symbols, tags, optimizers, distributions."""
import sys

import numpy as np
import tensorflow as tf
from tensorflow.contrib import crf, legacy_seq2seq, predictor, rnn
from tensorflow.contrib.opt import AdamWOptimizer, LazyAdamOptimizer, NadamOptimizer, ScipyOptimizerInterface
from tensorflow.python.framework import tensor_util

folder = sys.argv[1]


def cosines(shape, dtype=tf.float32, partition_info=None):
    sizes = [int(n) for n in shape]
    return tf.constant(np.cos(np.arange(int(np.prod(sizes)))).reshape(sizes) / 4, dtype)


def waves(*shape):
    return np.sin(np.arange(np.prod(shape))).reshape(shape).astype(np.float32)


def show(word, values, feed=None):
    session.run(tf.global_variables_initializer())
    made = session.run(values, feed)
    print(word, *np.concatenate([np.asarray(one, np.float64).ravel() for one in tf.contrib.framework.nest.flatten(made)]))
    print(word + '_variables', 'are', *sorted(one.op.name for one in tf.global_variables()))


def graph():
    tf.reset_default_graph()
    tf.get_variable_scope().set_initializer(cosines)
    return tf.Session()


CELLS = {
    'in': lambda: rnn.InputProjectionWrapper(rnn.GRUCell(3), 2, activation=tf.tanh),
    'out': lambda: rnn.OutputProjectionWrapper(rnn.BasicLSTMCell(3), 2),
    'embedded': lambda: rnn.EmbeddingWrapper(rnn.BasicRNNCell(3), 4, 2),
    'norm': lambda: rnn.LayerNormBasicLSTMCell(3),
    'plain': lambda: rnn.LayerNormBasicLSTMCell(3, layer_norm=False),
    'block': lambda: rnn.LSTMBlockCell(3),
    'peephole': lambda: rnn.LSTMBlockCell(3, use_peephole=True, cell_clip=0.1),
    'gru': lambda: rnn.GRUBlockCell(3),
}
for name, cell in CELLS.items():
    with graph() as session:
        shape = (2, 5, 1) if name == 'embedded' else (2, 5, 2)
        inputs = tf.constant(np.arange(10).reshape(shape) % 4) if name == 'embedded' else tf.constant(waves(*shape))
        show('cell_' + name, tf.nn.dynamic_rnn(cell(), inputs, dtype=tf.float32))

for name in ('rnn', 'tied_rnn', 'attention'):
    for feeds in (False, True, 'tensor'):
        with graph() as session:
            symbols = [tf.constant([i % 3, 1]) for i in range(4)]
            sizes = (5, 2) if name == 'tied_rnn' else (4, 5, 2)
            build = getattr(legacy_seq2seq, 'embedding_%s_seq2seq' % name)
            previous = tf.constant(True) if feeds == 'tensor' else feeds
            outputs, state = build(symbols, symbols[:3], rnn.BasicLSTMCell(3), *sizes, feed_previous=previous)
            weights = [tf.ones([2]), tf.ones([2]), tf.constant([1.0, 0.0])]
            loss = legacy_seq2seq.sequence_loss(outputs, symbols[:3], weights)
            gradients = [g for g in tf.gradients(loss, tf.trainable_variables()) if g is not None]
            total = tf.add_n([tf.reduce_sum(tf.convert_to_tensor(g)) for g in gradients])
            show('seq2seq_%s_%s' % (name, feeds), [outputs, state, loss, total])
with graph() as session:
    symbols = [tf.constant([i % 3, 1]) for i in range(4)]
    weights = [tf.ones([2])] * 4
    model = lambda a, b: legacy_seq2seq.embedding_rnn_seq2seq(a, b, rnn.GRUCell(3), 4, 5, 2)
    outputs, losses = legacy_seq2seq.model_with_buckets(symbols, symbols, symbols, weights, [(2, 1), (4, 3)], model)
    show('buckets', losses)

with graph() as session:
    scores, tags, lengths = tf.constant(waves(3, 4, 3)), tf.constant([[0, 1, 2, 0], [2, 2, 1, 0], [1, 0, 0, 0]]), tf.constant([4, 3, 1])
    likelihood, transitions = crf.crf_log_likelihood(scores, tags, lengths)
    slope = tf.gradients(likelihood, [scores, transitions])
    show('crf', [likelihood, slope, crf.crf_decode(scores, transitions, lengths), crf.crf_log_norm(scores[:, :1], lengths, transitions),
                 crf.crf_decode(scores[:, :1], transitions, lengths)])
path, score = crf.viterbi_decode(waves(4, 3), np.cos(np.arange(9)).reshape(3, 3))
print('viterbi', *([score] + [int(one) for one in path]))

OPTIMIZERS = {
    'nadam': lambda: NadamOptimizer(0.1),
    'lazy': lambda: LazyAdamOptimizer(0.1),
    'adamw': lambda: AdamWOptimizer(0.01, 0.1),
    'momentumw': lambda: tf.contrib.opt.MomentumWOptimizer(0.01, 0.1, 0.9),
    'sgdw': lambda: tf.contrib.opt.extend_with_decoupled_weight_decay(tf.train.GradientDescentOptimizer)(0.01, learning_rate=0.1),
    'average': lambda: tf.contrib.opt.MovingAverageOptimizer(tf.train.GradientDescentOptimizer(0.1), 0.5),
}
for name, optimizer in OPTIMIZERS.items():
    with graph() as session:
        table, w = tf.get_variable('table', [4, 2]), tf.get_variable('w', [2])
        rows = tf.nn.embedding_lookup(table, [1, 3])
        # what decays weights does so while gradients are taken: here no gradient depends on a weight
        loss = tf.reduce_sum(rows * [1.0, 2.0]) + 3.0 * w[1] if name[-1] == 'w' else tf.reduce_sum(tf.square(rows * w - 1.0))
        made = optimizer()
        step = made.minimize(loss)
        session.run(tf.global_variables_initializer())
        for _ in range(3):
            session.run(step)
        print('opt_' + name, *np.concatenate([one.ravel() for one in session.run([table, w])]))
        if name == 'average':
            made.swapping_saver().save(session, folder + '/averages')
            print('opt_saved', *tf.train.load_variable(folder + '/averages', 'w'))
with graph() as session:
    a, b = tf.get_variable('a', [2]), tf.get_variable('b', [])
    loss = tf.reduce_sum(tf.square(a - [3.0, -1.0])) + tf.square(b - 2.0) + b * a[0]
    session.run(tf.global_variables_initializer())
    seen = []
    ScipyOptimizerInterface(loss, options={'maxiter': 100}).minimize(session, fetches=[loss], loss_callback=seen.append)
    print('scipy', *([seen[0]] + list(session.run(a)) + [session.run(b)]))
    ScipyOptimizerInterface(loss, var_to_bounds={a: ([-1.0, 0.0], 1.0)}, method='L-BFGS-B').minimize(session)
    print('bounds', *(list(session.run(a)) + [session.run(b)]))
    ScipyOptimizerInterface(loss, equalities=[a[0] - 1.0], inequalities=[b - 2.0], method='SLSQP').minimize(session)
    print('constraints', *(list(session.run(a)) + [session.run(b)]))

with graph() as session:
    d = tf.contrib.distributions
    p = d.MultivariateNormalDiag(tf.constant(waves(2, 3)), tf.constant(waves(2, 3) ** 2 + 1))
    q = d.MultivariateNormalDiag(scale_diag=tf.constant([1.0, 2.0, 3.0]), scale_identity_multiplier=1.0)
    x = waves(4, 2, 3)
    gumbel = d.RelaxedOneHotCategorical(0.5, logits=tf.constant(waves(2, 3)))
    soft = tf.nn.softmax(tf.constant(waves(2, 3)) * 3)
    numbers = tf.constant(waves(3, 4, 5))
    show('distributions', [p.log_prob(x), p.entropy(), p.mean(), p.stddev(), p.variance(), d.kl_divergence(p, q),
                           gumbel.log_prob(soft), q.covariance(), d.percentile(numbers, 30.0), d.percentile(numbers, 50.0, axis=1),
                           d.percentile(numbers, 80.0, axis=[0, 2], interpolation='lower', keep_dims=True)])
with graph() as session:
    d = tf.contrib.distributions
    drawn = d.RelaxedOneHotCategorical(0.5, probs=[[0.2, 0.8]]).sample(7), d.MultivariateNormalDiag([0.0], [1.0]).sample([2, 3])
    a, b = session.run(drawn)
    print('drawn', a.shape, b.shape, bool(np.allclose(a.sum(-1), 1)))

with graph() as session:
    x = tf.placeholder(tf.float32, [None, 2], name='x')
    y = tf.matmul(x, tf.get_variable('w', [2, 2]), name='y')
    session.run(tf.global_variables_initializer())
    tf.saved_model.simple_save(session, folder + '/saved', {'x': x}, {'y': y})
    print('predictor', *predictor.from_saved_model(folder + '/saved')({'x': waves(2, 2)})['y'].ravel())
    analyzer = tf.contrib.tfprof.model_analyzer
    counted = analyzer.print_model_analysis(session.graph, tfprof_options=dict(analyzer.TRAINABLE_VARS_PARAMS_STAT_OPTIONS, output='none'))
    print('profile', counted.total_parameters)
    frames = tf.contrib.signal.stft(tf.constant(waves(1, 40)), 8, 4)
    print('signal', *np.abs(session.run(frames)).ravel()[:20])
    print('constant', tf.contrib.util.constant_value(tf.constant(3)), tensor_util.constant_value(tf.constant(4)))
    flipped = tf.contrib.nn.deprecated_flipped_softmax_cross_entropy_with_logits
    print('flipped', *session.run(flipped(tf.constant(waves(2, 3)), tf.constant(np.eye(3, dtype=np.float32)[:2]))))
    any_number = tf.placeholder_with_default(waves(2, 3, 2), [None, 3, 2])
    cubes = tf.reduce_sum(any_number ** 3, np.arange(1, 3))
    print('axes', *session.run(tf.gradients(cubes, any_number)[0]).ravel())
