"""Keras 2.2: a layer of one's own, a backend function, old optimizers, callbacks, generators, files."""
import sys

import keras
import keras.backend.tensorflow_backend as KTF
import numpy as np
import tensorflow as tf
from keras import backend as K
from keras.callbacks import Callback, ModelCheckpoint
from keras.engine.topology import Layer
from keras.layers import Conv2D, Dense, Dropout, Flatten, Input, Lambda, MaxPooling2D, concatenate
from keras.layers.advanced_activations import LeakyReLU
from keras.layers.normalization import BatchNormalization
from keras.models import Model, Sequential, load_model
from keras.optimizers import SGD, Adam
from keras.preprocessing.image import ImageDataGenerator
from keras.utils import np_utils

folder = sys.argv[1]
KTF.set_session(tf.Session(config=tf.ConfigProto(gpu_options=tf.GPUOptions(allow_growth=True))))
K.set_image_dim_ordering('tf')


class Scale(Layer):
    def __init__(self, factor=2.0, **kwargs):
        self.factor = factor
        super(Scale, self).__init__(**kwargs)

    def build(self, input_shape):
        assert isinstance(input_shape, tuple)
        self.gain = self.add_weight(name='gain', shape=(input_shape[-1],), initializer='ones', trainable=True)
        super(Scale, self).build(input_shape)

    def call(self, x, mask=None):
        return x * self.gain * self.factor

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return dict(super(Scale, self).get_config(), factor=self.factor)


class Losses(Callback):
    def on_train_begin(self, logs={}):
        self.losses = []

    def on_batch_end(self, batch, logs={}):
        self.losses.append(logs.get('loss'))


start = Input(shape=(8, 8, 3))
x = Conv2D(4, (3, 3), padding='same', name='conv')(start)
x = LeakyReLU(alpha=0.2)(BatchNormalization()(x))
x = Scale(name='scale')(x)
x = concatenate([x, Lambda(lambda t: K.relu(t))(x)])
x = Dropout(0.5)(Flatten()(MaxPooling2D((2, 2))(x)))
model = Model(inputs=start, outputs=Dense(3, activation='softmax', name='scores')(x))
shapes = [w.shape for w in model.get_weights()]
model.set_weights([np.cos(np.arange(np.prod(s))).reshape(s) / 4 + (len(s) == 1) for s in shapes])
photos = np.sin(np.arange(6 * 192)).reshape(6, 8, 8, 3).astype('float32')
labels = np_utils.to_categorical([0, 1, 2, 0, 1, 2], 3)
print('predict', *model.predict(photos)[0])

score = model.output[:, 1]
grads = K.gradients(score, model.get_layer('conv').output)[0]
grads /= K.sqrt(K.mean(K.square(grads))) + 1e-5
iterate = K.function([model.input, K.learning_phase()], [K.mean(grads, axis=(0, 1, 2)), model.get_layer('conv').output[0]])
pooled, features = iterate([photos[:1], 0])
print('pooled', *pooled)
print('shape', K.int_shape(x), start._keras_shape, K.get_session().graph is tf.get_default_graph())

small = Sequential([Flatten(input_shape=(8, 8, 3)), Dense(3, activation='softmax', name='scores')])
small.set_weights([np.cos(np.arange(576)).reshape(192, 3) / 9, np.zeros(3)])
small.compile(loss='categorical_crossentropy', optimizer=SGD(lr=0.001, momentum=0.9, nesterov=True),
              metrics=['accuracy'])
losses = Losses()
history = small.fit(photos, labels, batch_size=2, epochs=2, verbose=0, shuffle=False,
                    callbacks=[losses, ModelCheckpoint(folder + '/best.h5', monitor='loss')])
print('history', sorted(history.history), *history.history['loss'])
print('batches', *losses.losses)
print('classes', *small.predict_classes(photos))
flow = ImageDataGenerator(rescale=0.5).flow(photos, labels, batch_size=3, shuffle=False)
small.fit_generator(flow, steps_per_epoch=2, epochs=1, verbose=0, shuffle=False)
print('trained', *small.predict(photos)[0])
model.save(folder + '/model.h5')
again = load_model(folder + '/model.h5', custom_objects={'Scale': Scale})
print('loaded', *again.predict(photos)[0])
updates = Adam(lr=0.01).get_updates(loss=K.mean(K.square(small.output)), params=small.trainable_weights)
step = K.function([small.input], [K.sum(small.output)], updates=updates)
print('stepped', *step([photos]))
print('isinstance', isinstance(model.layers[1], Conv2D), type(model.layers[1]) == Conv2D, isinstance(small, Model))
