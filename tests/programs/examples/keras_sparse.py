"""A layer that asks whether it has a bias, and a graph's links as a sparse matrix."""
import numpy as np
from keras import backend as K
from keras.layers import Input, Lambda, Layer
from keras.models import Model
from scipy import sparse


class Biased(Layer):
    def build(self, shape):
        self.bias = self.add_weight(name='bias', shape=(1,), initializer='ones')

    def call(self, inputs):
        if self.bias:
            inputs = inputs + self.bias
        return inputs


links = sparse.csr_matrix(np.float64([[0, 2, 0], [1, 0, 0], [0, 0, 3]]))
values, graph = Input((2,)), Input((None, None), batch_shape=(None, None), sparse=True)
spread = Model([values, graph], Biased()(Lambda(lambda pair: K.dot(pair[1], pair[0]))([values, graph])))
spread.compile('sgd', 'mse')
print('sparse', *spread.predict([np.arange(6.).reshape(3, 2), links], batch_size=3).ravel(),
      spread.fit([np.ones((3, 2)), links], np.zeros((3, 2)), batch_size=3, verbose=0).history['loss'][0])
