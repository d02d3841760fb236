"""What keras 2.2 did otherwise than the Keras 2 of today.

Names, moving averages, updates, first values of plain variables, datasets that seed NumPy.
"""

import functools
import importlib
import inspect
import re
from types import ModuleType
from typing import Any, Callable

import numpy as np

from ..._types import KerasModule
from ...modules.view import View
from ..core import tf
from ..keras import layer_classes
from ..keras_backend import backend_module
from ..keras_sessions import initialise_all
from .models import kinds_of_models

PLAIN = re.compile(r"legacy_tf_layers|python\.layers")  # tf.layers are layers of Keras too, with habits of their own
SEED_NUMPY = {"imdb": 2, "reuters": 1, "boston_housing": 1}  # datasets, and how many parts each shuffles


def take_up(keras: KerasModule, backend: Callable[[], ModuleType]) -> None:
    """Give a Keras, in this process, the habits of keras 2.2; `backend()` is its `keras.backend`."""
    models = [kind for model in kinds_of_models(keras.models.Model) for kind in model.__mro__]
    for kind in dict.fromkeys((*layer_classes(keras), *models, *keras.models.Sequential.__mro__)):
        if "_init_set_name" in vars(kind):
            kind._init_set_name = _numbered_from_one(kind._init_set_name)
        if "add_update" in vars(kind) and "inputs" not in inspect.signature(kind.add_update).parameters:
            kind.add_update = _without_inputs(kind.add_update)
    home = backend_module(keras)
    home._initialize_variables = _initialising_all(home._initialize_variables, keras)
    norm = keras.layers.BatchNormalization
    norm.call = _normalizing(norm.call, backend)
    _call_as_they_are(keras)
    for name, parts in SEED_NUMPY.items():
        dataset = getattr(keras.datasets, name)
        dataset.load_data = _seeding(dataset.load_data, parts)


def _call_as_they_are(keras: KerasModule) -> None:
    """Let AutoGraph rewrite no `call`, and a variable be true: `if self.bias` asked whether there is one."""
    engine: Any = importlib.import_module(keras.layers.Layer.__module__.rpartition(".")[0] + ".base_layer_utils")
    if hasattr(engine, "is_subclassed"):
        engine.is_subclassed = lambda layer: False
    home: Any = importlib.import_module("tensorflow.python.ops.resource_variable_ops")
    kind = getattr(home, "BaseResourceVariable", home.ResourceVariable)
    value = kind.__bool__
    kind.__bool__ = kind.__nonzero__ = lambda self: value(self) if tf.executing_eagerly() else True


def input_of_2_2(keras: KerasModule) -> Callable[..., Any]:
    """Return keras 2.2's Input, for which `batch_shape` stands before `shape`; Keras 2 refuses both."""

    def Input(
        shape: Any = None,
        batch_shape: Any = None,
        name: Any = None,
        dtype: Any = None,
        sparse: bool = False,
        tensor: Any = None,
    ) -> Any:
        sizes = {"shape": shape} if batch_shape is None else {"batch_shape": tuple(batch_shape)}
        return keras.layers.Input(**sizes, name=name, dtype=dtype, sparse=sparse, tensor=tensor)

    return Input


def let_datasets_load() -> None:
    """Let an installed keras of 2.0 to 2.3 read imdb and reuters: arrays of objects, refused since NumPy 1.16.3."""
    changes = {"load": lambda: functools.partial(np.load, allow_pickle=True)}
    for name in ("imdb", "reuters"):
        importlib.import_module(f"keras.datasets.{name}").np = View("numpy", [np], changes)  # type: ignore[attr-defined]


def _numbered_from_one(set_name: Callable[..., None]) -> Callable[..., None]:
    """The first Dense without a name is dense_1, in Keras 2 of today dense."""

    @functools.wraps(set_name)
    def call(self: Any, name: Any, zero_based: bool = False) -> None:
        set_name(self, name, zero_based=bool(PLAIN.search(type(self).__module__)))

    return call


def _without_inputs(add_update: Callable[..., Any]) -> Callable[..., Any]:
    """Take the inputs that updates depend on, which Keras finds by itself since 2.3."""

    @functools.wraps(add_update)
    def call(self: Any, updates: Any, inputs: Any = None) -> Any:
        return add_update(self, updates)

    return call


def _initialising_all(initialise: Callable[[Any], None], keras: KerasModule) -> Callable[[Any], None]:
    """Give their first values to a program's own variables too, as fit and predict did; today to those of Keras."""

    @functools.wraps(initialise)
    def call(session: Any) -> None:
        initialise(session)
        initialise_all(session, keras)

    return call


def _normalizing(call_today: Callable[..., Any], backend: Callable[[], ModuleType]) -> Callable[..., Any]:
    """Normalize a batch with moving averages that are corrected for their start, and an unbiased variance."""

    @functools.wraps(call_today)
    def call(self: Any, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        if PLAIN.search(type(self).__module__) or self.renorm or getattr(self, "virtual_batch_size", None):
            return call_today(self, inputs, training=training)
        K = backend()
        rank = len(K.int_shape(inputs))
        axis = (self.axis[0] if isinstance(self.axis, (list, tuple)) else self.axis) % rank
        others = [one for one in range(rank) if one != axis]

        def inference() -> Any:
            arrays = [self.moving_mean, self.moving_variance, self.beta, self.gamma]
            if axis != rank - 1:
                shape = [-1 if one == axis else 1 for one in range(rank)]
                arrays = [None if one is None else K.reshape(one, shape) for one in arrays]
            return K.batch_normalization(inputs, *arrays, axis=axis, epsilon=self.epsilon)

        if isinstance(training, (bool, int)) and not training:
            return inference()
        normal, mean, variance = K.normalize_batch_in_training(
            inputs, self.gamma, self.beta, others, epsilon=self.epsilon
        )
        size = K.cast(K.prod([K.shape(inputs)[one] for one in others]), K.dtype(inputs))
        variance = variance * (size / (size - (1.0 + self.epsilon)))
        self.add_update(
            [
                K.moving_average_update(self.moving_mean, mean, self.momentum),
                K.moving_average_update(self.moving_variance, variance, self.momentum),
            ]
        )
        return K.in_train_phase(normal, inference, training=training)

    return call


def _seeding(load_data: Callable[..., Any], parts: int) -> Callable[..., Any]:
    """Leave NumPy's own state as keras 2.2 did, which seeded it and shuffled each part."""

    @functools.wraps(load_data)
    def call(*args: Any, **named: Any) -> Any:
        given = inspect.signature(load_data).bind(*args, **named)
        given.apply_defaults()
        loaded = load_data(*args, **named)
        np.random.seed(given.arguments["seed"])
        sizes = [len(labels) for _, labels in loaded]
        for size in sizes if parts == len(sizes) else [sum(sizes)]:
            np.random.shuffle(np.arange(size))
        return loaded

    return call
