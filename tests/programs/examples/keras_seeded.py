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
