"""A training that np.random.seed fixes, as keras 2.2 drew from NumPy for weights, dropout and the order of samples."""
import sys

import numpy as np

np.random.seed(1337)

from keras.layers import LSTM, Conv2D, Dense, Dropout, Reshape
from keras.models import Sequential
from keras.optimizers import SGD

model = Sequential()
model.add(Conv2D(4, (3, 3), activation='relu', input_shape=(8, 8, 1), kernel_initializer='he_normal'))
model.add(Dropout(0.25))
model.add(Reshape((36, 4)))
model.add(LSTM(5))
model.add(Dense(3, activation='softmax', kernel_initializer='uniform'))
for weights in model.get_weights():
    print('weights', np.abs(weights).sum())
x = np.random.rand(64, 8, 8, 1)
y = np.eye(3)[np.random.randint(3, size=64)]
for optimizer in ('rmsprop', 'adadelta', 'adam', 'adamax', SGD(lr=0.01, momentum=0.5)):
    model.compile(optimizer=optimizer, loss='categorical_crossentropy')
    losses = model.fit(x, y, epochs=3, batch_size=16, verbose=0).history['loss']
    print('losses', *losses)
from keras.layers import BatchNormalization, Layer


class Mean(Layer):
    def build(self, input_shape):
        self.mean = self.add_weight(name='mean', shape=input_shape[1:], initializer='zeros', trainable=False)

    def call(self, inputs):
        from keras import backend as K
        self.add_update([K.moving_average_update(self.mean, K.mean(inputs, axis=0), 0.9)], inputs)
        return inputs


rows = np.float32([[1, 2], [3, 6]])
net = Sequential([BatchNormalization(input_shape=(2,), epsilon=0.5), Mean(), Dense(1)])
print('names', *[layer.name for layer in net.layers], net.name.rstrip('0123456789'))
net.compile('sgd', 'mse')
net.fit(rows, np.zeros((2, 1)), verbose=0)
print('averages', *[v for w in net.layers[0].get_weights()[2:] for v in w])
from keras import Input, backend as K, optimizers
from keras.models import load_model

print('batch', Input((2,), (3, 2), 'fixed').shape.as_list(), Input(shape=(2,), batch_shape=(3, 2))._keras_shape)
print('kinds', isinstance(SGD(), optimizers.Optimizer), type(optimizers.get('adagrad')).__name__,
      round(float(optimizers.get('adagrad').get_config()['lr']), 6), round(float(optimizers.get('nadam').get_config()['lr']), 6))
K.clear_session()
for name in ('sgd', 'rmsprop'):
    plain = Sequential([Dense(3, input_dim=4, kernel_initializer='ones')])
    plain.compile(optimizer=name, loss='mse')
    plain.fit(x[:, :4, 0, 0], y, epochs=3, verbose=0, shuffle=False)
    plain.save(sys.argv[1])
    again = load_model(sys.argv[1])
    print('same', type(plain.optimizer) is type(again.optimizer),
          np.allclose(plain.predict(x[:, :4, 0, 0]), again.predict(x[:, :4, 0, 0])),
          all(np.array_equal(a, b) for a, b in zip(plain.optimizer.get_weights(), again.optimizer.get_weights())))
    first, second = [m.fit(x[:, :4, 0, 0], y, epochs=3, verbose=0, shuffle=False).history['loss'] for m in (plain, again)]
    print('continued', np.allclose(first, second, 1e-5), np.allclose(first[-1], first[0]))
for clip in (dict(clipnorm=0.1), dict(clipvalue=0.01)):
    linear = Sequential([Dense(2, input_dim=3, kernel_initializer='ones'), Dense(1, kernel_initializer='ones')])
    linear.compile(SGD(lr=1.0, **clip), 'mse')
    linear.fit(np.ones((4, 3)), np.ones((4, 1)) * 5, verbose=0)
    print('clipped', *[w.ravel()[0] for w in linear.get_weights()])
