"""Names of the package keras 2.2 that lead elsewhere now, and ways of its models that Keras 2 left."""

import numpy as np
import pytest
from fixtures.old_programs import started

from slimcam._tf import TF_VERSION

PROGRAM = """
from keras.layers import AveragePooling1D, Conv1D, Conv2D, Dense, GlobalAveragePooling2D, MaxPooling2D
from keras.layers.convolutional import _Conv
from keras.layers.pooling import _GlobalPooling2D, _Pooling1D, _Pooling2D, _Pooling3D

print('convolutions', *(isinstance(layer, _Conv) for layer in (Conv1D(1, 1), Conv2D(1, 1), Dense(1))))
print('pooling', *(isinstance(MaxPooling2D(), kind) for kind in (_Pooling1D, _Pooling2D, _Pooling3D)))
print('others', isinstance(AveragePooling1D(), _Pooling1D), isinstance(GlobalAveragePooling2D(), _GlobalPooling2D))
"""


def test_layers_are_of_the_classes_that_keras_made_them_of(run):
    ended = run(PROGRAM)
    assert ended.status == 0
    assert ended.line("convolutions") == "True True False"
    assert ended.line("pooling") == "False True False"
    assert ended.line("others") == "True True"


def test_validation_data_may_be_a_list(run):
    ended = run("""
import numpy as np
from keras.layers import Dense, Input
from keras.models import Model

x, y = np.ones((2, 3)), np.ones((2, 1))
ins = [Input((3,)), Input((3,))]
model = Model(ins, [Dense(1)(one) for one in ins])
model.compile('sgd', 'mse')


def batches():
    while True:
        yield [x, x], [y, y]


history = model.fit_generator(batches(), steps_per_epoch=1, epochs=1, verbose=0, validation_data=[[x, x], [y, y]])
print('kept', 'val_loss' in history.history)
""")
    assert ended.line("kept") == "True"


def test_variables_of_the_program_and_the_nodes_of_models_are_there_at_once(run):
    ended = run("""
import numpy as np
import tensorflow as tf
from keras.layers import Input, Lambda
from keras.models import Model

w = tf.Variable(2 * tf.ones([3, 2]))
x = Input((3,))
model = Model(x, Lambda(lambda rows: tf.matmul(rows, w))(x))
print('predict', *model.predict(np.ones((1, 3)))[0])
own = model.output
print('own', model.get_output_at(0) is model.get_output_at(-1) is own, model.get_input_shape_at(0))
called = model(Input((3,)))
print('called', model.get_output_at(0) is own, model.get_output_at(1).name == called.name != own.name)
""")
    assert ended.line("predict") == "6.0 6.0"
    assert ended.line("own") == "True (None, 3)"
    assert ended.line("called") == "True True"


def test_an_installed_keras_reads_its_data_sets_of_objects(tmp_path):
    if TF_VERSION >= (2, 4):
        pytest.skip("no keras of its own works on TensorFlow 2.4 and newer")
    folder = tmp_path / "site-packages" / "keras" / "datasets"
    folder.mkdir(parents=True)
    np.save(str(tmp_path / "words.npy"), np.array([[1], [2, 3]], object))
    for file in (folder.parent / "__init__.py", folder / "__init__.py"):
        file.write_text("")
    for name in ("imdb", "reuters"):
        code = f"import numpy as np\ndef load_data():\n    return np.load({str(tmp_path / 'words.npy')!r})\n"
        (folder / f"{name}.py").write_text(code)
    (tmp_path / "program.py").write_text("from keras.datasets import imdb\nprint(imdb.load_data().tolist())\n")
    code = "import sys; from slimcam.programs.running import Program, run; run(Program(sys.argv[1]))"
    ended = started("-c", code, tmp_path / "program.py", path=[folder.parents[1]])
    assert ended.out == "[[1], [2, 3]]\n"
