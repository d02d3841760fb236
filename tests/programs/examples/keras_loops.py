"""A training as keras 2.2 went about it: batches, validation, generators, random pictures and losses."""
import numpy as np

np.random.seed(7)

from keras import backend as K
from keras.callbacks import Callback
from keras.layers import Dense, Dropout, Flatten, Masking, TimeDistributed
from keras.models import Sequential
from keras.optimizers import SGD
from keras.preprocessing.image import ImageDataGenerator, array_to_img


def near(y_true, y_pred):
    return K.mean(K.cast(K.abs(y_true - y_pred) < 0.5, 'float32'))


class Shown(Callback):
    def on_train_begin(self, logs=None):
        self.each = []

    def on_batch_end(self, batch, logs=None):
        self.each.append(logs['near'])

    def on_epoch_end(self, epoch, logs=None):
        logs['seen'] = 123.5


x = np.random.rand(20, 6)
y = np.random.randint(2, size=(20, 1))
model = Sequential([Dense(8, activation='tanh', input_dim=6), Dropout(0.5), Dense(1)])
model.compile(SGD(0.1), 'mse', metrics=[near])
shown = Shown()
history = model.fit(x, y, batch_size=8, epochs=3, validation_data=[x[:10], y[:10]], verbose=2, callbacks=[shown]).history
print('each', *shown.each)
print('fitted', *(history['loss'] + history['near'] + history['val_loss'] + history['val_near']))
print('state', np.random.randint(10 ** 6))
whole = model.fit(x, y, batch_size=20, epochs=2, verbose=0).history
print('whole', *whole['loss'])


def rows(start, size):
    while True:
        for at in (start, start + 5, start + 11):
            yield x[at:at + size], y[at:at + size]


def sizes():
    for at in (3, 6, 2, 5, 1) * 20:
        yield x[:at + 1], y[:at + 1]


uneven = model.fit_generator(sizes(), steps_per_epoch=3, epochs=2, validation_data=rows(0, 4), validation_steps=2, verbose=0)
print('generated', *(uneven.history['loss'] + uneven.history['val_loss']))

pictures = np.random.rand(12, 6, 8, 3) * 200 + 20
random = ImageDataGenerator(rotation_range=20, width_shift_range=0.2, height_shift_range=0.1, zoom_range=0.2,
                            shear_range=10, horizontal_flip=True, fill_mode='constant', cval=3.)
a, b = next(random.flow(pictures, np.arange(12), batch_size=5))
print('turned', *b, *[picture.astype('f8').sum() for picture in a])
bright = ImageDataGenerator(brightness_range=(0.4, 1.6)).flow(pictures, batch_size=4, seed=5)
print('bright', *[picture.sum() for picture in next(bright)])
print('gray', *np.asarray(array_to_img(np.float32([[[50.], [100.]], [[150.], [200.]]]))).ravel())
net = Sequential([Flatten(input_shape=(6, 8, 3)), Dense(1, kernel_initializer='zeros')])
net.compile(SGD(1e-6), 'mse')
flow = random.flow(pictures, np.arange(12.), batch_size=5)
print('flowed', *net.fit_generator(flow, steps_per_epoch=4, epochs=1, verbose=0).history['loss'])

# a softmax and a sigmoid that are sure of what is not so
sure = Sequential([Dense(2, activation='softmax', input_dim=1, kernel_initializer='ones', bias_initializer='zeros')])
sure.set_weights([np.float32([[50., 0.]]), np.zeros(2)])
for loss, target in (('categorical_crossentropy', [[0, 1]]), ('sparse_categorical_crossentropy', [[1]])):
    sure.compile('sgd', loss)
    print('sure', sure.test_on_batch(np.ones((1, 1)), np.array(target)))
sure = Sequential([Dense(1, activation='sigmoid', input_dim=1, kernel_initializer='ones')])
sure.compile('sgd', 'binary_crossentropy')
print('sure', sure.test_on_batch(np.ones((1, 1)) * -50, np.ones((1, 1))))
weighted = Sequential([Dense(1, input_dim=1, kernel_initializer='ones')])
weighted.compile('sgd', 'mse')
print('weighted', weighted.test_on_batch(np.float32([[1], [2], [3]]), np.zeros((3, 1)), sample_weight=np.float32([2, 0, 1])))
masked = Sequential([Masking(input_shape=(3, 1)), TimeDistributed(Dense(1, kernel_initializer='ones'))])
masked.compile('sgd', 'mse')
print('masked', masked.test_on_batch(np.float32([[[1], [2], [0]], [[3], [0], [0]]]), np.zeros((2, 3, 1))))
