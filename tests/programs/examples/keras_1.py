"""Keras 1, with the arguments of its time."""
import numpy as np
import tensorflow as tf
from keras import backend as K
from keras.layers import Input, merge
from keras.layers.convolutional import Convolution2D, MaxPooling2D, UpSampling2D, ZeroPadding2D
from keras.layers.core import Activation, Dense, Dropout, Flatten, Lambda
from keras.layers.normalization import BatchNormalization
from keras.layers.recurrent import LSTM
from keras.models import Model, Sequential
from keras.optimizers import SGD
from keras.regularizers import l2

session = K.get_session()  # before there is a variable
start = Input(shape=(8, 8, 3))
a = Convolution2D(4, 3, 3, border_mode='same', activation='relu', init='he_normal', W_regularizer=l2(0.01))(start)
b = Convolution2D(4, nb_row=1, nb_col=1, subsample=(1, 1), dim_ordering='tf', bias=False)(start)
both = merge([a, b], mode='concat', concat_axis=-1)
summed = merge([a, b], mode='sum')
x = Flatten()(MaxPooling2D((2, 2), border_mode='valid')(BatchNormalization(mode=0)(both)))
model = Model(input=start, output=Dense(output_dim=3, activation='softmax')(Dropout(p=0.5)(x)))
total = Model(input=[start], output=[summed])
for one in (model, total):
    one.set_weights([np.cos(np.arange(np.prod(w.shape))).reshape(w.shape) / 4 + (w.ndim == 1) for w in one.get_weights()])
model.compile(optimizer=SGD(lr=0.01), loss='categorical_crossentropy', metrics=['accuracy'])
photos = np.sin(np.arange(6 * 192)).reshape(6, 8, 8, 3)
labels = np.eye(3)[[0, 1, 2, 0, 1, 2]]
print('predict', *model.predict(photos)[0])
print('sum', *total.predict(photos)[0, 0, 0])


def batches():
    while True:
        yield photos[:2], labels[:2]


history = model.fit(photos, labels, nb_epoch=1, batch_size=3, verbose=0)
model.fit_generator(batches(), samples_per_epoch=2, nb_epoch=1, verbose=0, nb_val_samples=None, max_q_size=2)
print('history', sorted(history.history))
net = Sequential()
net.add(ZeroPadding2D((1, 1), input_shape=(8, 8, 3), dim_ordering='tf'))
net.add(UpSampling2D(size=(2, 2), dim_ordering='tf'))
print('sizes', net.output_shape, both._keras_shape, K.image_dim_ordering())
text = Sequential()
text.add(LSTM(output_dim=4, input_dim=5, input_length=7, init='uniform', inner_activation='hard_sigmoid'))
print('text', text.input_shape, text.output_shape)
rows, targets = tf.train.batch([tf.ones([8, 4]), tf.ones([8, 2])], 2, enqueue_many=True)
first = Input(tensor=rows)
queued = Model(input=first, output=Dense(2)(first))
queued.compile('sgd', 'mse', target_tensors=[targets])
coordinator = tf.train.Coordinator()
threads = tf.train.start_queue_runners(session, coordinator)
queued.fit(epochs=1, steps_per_epoch=2, verbose=0)
coordinator.request_stop()
coordinator.join(threads)
print('queue', K.get_session() is session, queued.output_shape)
