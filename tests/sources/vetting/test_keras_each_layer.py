"""Each layer of each Keras, made with as few arguments as it takes: no false alarm where it only computes."""

import contextlib

import pytest
from fixtures.keras_nets import NEW, quiet

from slimcam._tf import keras2, keras3, keras_version, tf
from slimcam.sources.keras_trust import verdict_of_config
from slimcam.sources.vetting import keras_names
from slimcam.sources.vetting.keras import parsed

SHAPES = [(16, 16, 3), (16, 3), (16,), (4, 16, 16, 3), (2, 8, 8, 8, 3)]
ABSTRACT = ("Layer", "Wrapper", "AbstractRNNCell", "InputLayer", "InputSpec")
# What a layer takes where it is none of ARGUMENTS: other layers, mostly.
OF_LAYERS = {
    **dict.fromkeys(("TimeDistributed", "SpectralNormalization"), lambda layers: [layers.Dense(2)]),
    **dict.fromkeys(("Dropout", *(f"SpatialDropout{dims}D" for dims in (1, 2, 3))), lambda layers: [0.5]),
    "RNN": lambda layers: [layers.LSTMCell(2)],
    "StackedRNNCells": lambda layers: [[layers.LSTMCell(2)]],
    "Bidirectional": lambda layers: [layers.LSTM(2)],
    "Pipeline": lambda layers: [[layers.Rescaling(0.5)]],
    "Activation": lambda layers: ["relu"],
    "Permute": lambda layers: [(2, 1)],
    "EinsumDense": lambda layers: ["abc,cd->abd", (None, 2)],
}
OPTIONS = {
    "Discretization": {"bin_boundaries": [0.0, 1.0]},
    "Normalization": {"mean": 0.0, "variance": 1.0},
    "GroupNormalization": {"groups": 1},
    "STFTSpectrogram": {"frame_length": 4, "frame_step": 2, "fft_length": 4},
    "MelSpectrogram": {"fft_length": 16, "num_mel_bins": 4},
    "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1},
}
ARGUMENTS = [(), (2,), (0.5,), (2, 2), (2, 2, 1), ((16,),)]


def make(layers, name):
    """Return a layer of a kind, or what calls it."""
    kind = getattr(layers, name)
    if name in OPTIONS:
        return kind(**OPTIONS[name])
    for arguments in [OF_LAYERS[name](layers)] if name in OF_LAYERS else ARGUMENTS:
        try:
            layer = kind(*arguments)
        except (TypeError, ValueError):
            continue
        return layers.RNN(layer) if name.endswith(("Cell", "Cells")) else layer
    raise AssertionError(f"{name} takes none of the arguments")


def configuration(keras, name):
    """Return the configuration of a net of a layer, on the first inputs that it takes, None where it takes none."""
    for shape in SHAPES:
        for count in (1, 2, 3):
            with contextlib.ExitStack() if keras_version(keras).startswith("3") else tf.Graph().as_default(), quiet():
                layer = make(keras.layers, name)
                photos = [keras.layers.Input(shape) for _ in range(count)]
                for given in ([photos[0]],) if count == 1 else ([photos], photos):
                    with contextlib.suppress(Exception):  # of whatever kind Keras says that these do not fit
                        return keras.Model(photos, layer(*given)).to_json()
    return None


@pytest.mark.slow
@pytest.mark.parametrize("which", [keras2, pytest.param(keras3, marks=NEW)])
def test_each_layer_raises_no_alarm(which):
    keras = which()
    kinds = [name for name in dir(keras.layers) if isinstance(getattr(keras.layers, name), type)]
    kinds = [name for name in kinds if name not in keras_names.REACHING and name not in ABSTRACT]
    kinds = [name for name in kinds if not name.endswith("Wrapper")]  # of cells, in no file's configuration alone
    texts = {name: configuration(keras, name) for name in kinds}
    # of these the inputs are whole numbers or texts
    assert {name for name, text in texts.items() if text is None} <= {"Equalization", "Hashing", "HashedCrossing"}
    is_3 = keras_version(keras).startswith("3")
    verdicts = {name: verdict_of_config(parsed(text), keras3=is_3) for name, text in texts.items() if text}
    assert {name: verdict.refused for name, verdict in verdicts.items() if verdict.refused} == {}
    assert len(verdicts) > 90
