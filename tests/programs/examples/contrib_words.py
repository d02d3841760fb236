"""Words as numbers, and clusters, as old programs of texts and of tutorials make them."""
import os
import sys

import numpy as np
import tensorflow as tf
from tensorflow.contrib import learn
from tensorflow.contrib.factorization import KMeans
from tensorflow.contrib.learn.python.learn.preprocessing.text import CategoricalVocabulary

texts = [u"it's a well-made film", u"a film of JSONFiles and CamelCase , 3 of 4", u"caf\xe9 film"]
words = learn.preprocessing.VocabularyProcessor(6)
print('rows', *np.array(list(words.fit_transform(texts))).ravel())
print('size', len(words.vocabulary_), words.max_document_length)
print('unknown', *next(words.transform(['a new film'])))
print('back', *words.reverse([[1, 2, 0]]))
rare = learn.preprocessing.VocabularyProcessor(4, min_frequency=1, tokenizer_fn=lambda texts: (t.split() for t in texts))
print('trimmed', *np.array(list(rare.fit_transform(texts))).ravel())
path = os.path.join(sys.argv[1], 'vocabulary')
words.save(path)
again = learn.preprocessing.VocabularyProcessor.restore(path)
print('restored', *next(again.transform(texts)))
kinds = CategoricalVocabulary(unknown_token='none')
for kind, count in (('b', 2), ('c', 5), ('a', 2), ('d', 1)):
    kinds.add(kind, count)
kinds.trim(1, 5)
print('kinds', len(kinds), kinds.get('a'), kinds.get('b'), kinds.reverse(0), kinds.get('e'))

points = np.random.RandomState(0).rand(30, 4).astype('float32')
data = tf.placeholder(tf.float32, [None, 4])
graph = KMeans(data, 3, distance_metric='cosine', use_mini_batch=True).training_graph()
with tf.Session() as session:
    session.run(tf.global_variables_initializer(), {data: points})
    session.run(graph[-2], {data: points})
    print('scores', *session.run(graph[2][0], {data: points}))
    session.run(graph[-1], {data: points})
