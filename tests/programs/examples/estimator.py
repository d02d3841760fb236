"""An Estimator as the tutorials of its time wrote it: a model function, numpy inputs, train, evaluate, predict, export."""
import sys

import numpy as np
import tensorflow as tf

tf.logging.set_verbosity(tf.logging.ERROR)
folder = sys.argv[1]


def cosines(shape, dtype=tf.float32, partition_info=None):
    sizes = [int(n) for n in shape]
    return tf.constant(np.cos(np.arange(int(np.prod(sizes)))).reshape(sizes) / 4, dtype)


def model_fn(features, labels, mode, params):
    x = tf.reshape(features['x'], [-1, 6, 6, 1])
    x = tf.layers.conv2d(x, 4, 3, activation=tf.nn.relu, kernel_initializer=cosines)
    x = tf.layers.flatten(tf.layers.max_pooling2d(x, 2, 2))
    x = tf.layers.dropout(x, 0.0, training=mode == tf.estimator.ModeKeys.TRAIN)
    logits = tf.layers.dense(x, 3, kernel_initializer=cosines)
    predictions = {'classes': tf.argmax(logits, 1), 'shares': tf.nn.softmax(logits, name='softmax_tensor')}
    if mode == tf.estimator.ModeKeys.PREDICT:
        outputs = {'serving_default': tf.estimator.export.PredictOutput(predictions)}
        return tf.estimator.EstimatorSpec(mode=mode, predictions=predictions, export_outputs=outputs)
    loss = tf.losses.sparse_softmax_cross_entropy(labels=labels, logits=logits)
    if mode == tf.estimator.ModeKeys.TRAIN:
        optimizer = tf.train.GradientDescentOptimizer(params['rate'])
        step = optimizer.minimize(loss, global_step=tf.train.get_global_step())
        return tf.estimator.EstimatorSpec(mode=mode, loss=loss, train_op=step)
    metrics = {'accuracy': tf.metrics.accuracy(labels, predictions['classes'])}
    return tf.estimator.EstimatorSpec(mode=mode, loss=loss, eval_metric_ops=metrics)


x = np.sin(np.arange(8 * 36)).reshape(8, 36).astype(np.float32)
y = (np.arange(8) % 3).astype(np.int32)
config = tf.estimator.RunConfig(save_summary_steps=2, save_checkpoints_steps=4, model_dir=folder)
estimator = tf.estimator.Estimator(model_fn=model_fn, config=config, params={'rate': 0.1})
train = tf.estimator.inputs.numpy_input_fn(x={'x': x}, y=y, batch_size=4, num_epochs=None, shuffle=False)
test = tf.estimator.inputs.numpy_input_fn(x={'x': x}, y=y, num_epochs=1, shuffle=False)
hook = tf.train.LoggingTensorHook({'shares': 'softmax_tensor'}, every_n_iter=50)
estimator.train(input_fn=train, steps=5, hooks=[hook])
after = estimator.evaluate(input_fn=test)
print('evaluated', after['accuracy'], after['loss'], after['global_step'])
print('predicted', *[share for row in estimator.predict(test) for share in row['shares']])
specs = tf.estimator.TrainSpec(train, max_steps=9), tf.estimator.EvalSpec(test, steps=None, throttle_secs=0)
tf.estimator.train_and_evaluate(estimator, *specs)
print('again', estimator.evaluate(input_fn=test)['loss'])


def serving():
    fed = tf.placeholder(tf.float32, [None, 36])
    return tf.estimator.export.ServingInputReceiver({'x': fed}, {'x': fed})


path = estimator.export_savedmodel(folder + '/export', serving)
with tf.Session(graph=tf.Graph()) as session:
    tf.saved_model.loader.load(session, ['serve'], path.decode())
    print('served', *session.run('softmax_tensor:0', {'Placeholder:0': x[:1]})[0])
columns = [tf.feature_column.numeric_column('x', shape=[36])]
linear = tf.estimator.LinearClassifier(feature_columns=columns, n_classes=3, model_dir=folder + '/linear')
linear.train(train, steps=3)
print('linear', linear.evaluate(test)['loss'])
print('names', *estimator.get_variable_names())
