"""The training loops of keras 2.2: the order of samples, and losses and metrics that each batch has for itself.

Keras 2 starts each epoch's order from 0, 1, 2 again, shuffles validation data, too, which moves NumPy's state on, and
adds metrics up over an epoch: by values where keras 2.2 weighted each batch's mean by the size of the batch.
"""

import functools
import importlib
import itertools
import sys
import threading
from typing import Any, Callable, List

import numpy as np

from ..._types import KerasModule
from ...modules.view import View
from .models import kinds_of_models


class EpochOrder:
    """Shuffle the samples of an epoch from the order of the epoch before; Keras 2 starts from 0, 1, 2 again."""

    def __init__(self) -> None:
        self.order: Any = None

    def __call__(self, samples: Any) -> None:
        if self.order is None or len(self.order) != len(samples):
            self.order = np.arange(len(samples))
        np.random.shuffle(self.order)
        samples[:] = self.order

    def of_the_only_batch(self, arrays: Any) -> Any:
        """Return a batch in this order if it is the whole epoch, which Keras 2 leaves as it is."""
        if self.order is None or _rows(arrays) != len(self.order):
            return arrays
        return [one[self.order] if np.ndim(one) or hasattr(one, "tocsr") else one for one in arrays]


class BatchSize:
    """The number of samples of the batch at hand, from where it is trained on to where its losses are added up."""

    def __init__(self) -> None:
        self.samples = 1


def train_as_2_2(keras: KerasModule) -> None:
    """Let the models of a Keras, in this process, be trained and evaluated by the rules of keras 2.2."""
    order, size = EpochOrder(), BatchSize()
    random = View("numpy.random", [np.random], {"shuffle": lambda: order})
    arrays, generators = _loops(keras, "training_arrays"), _loops(keras, "training_generator")
    arrays.np = View("numpy", [np], {"random": lambda: random})
    arrays.model_iteration = _testing_in_order(arrays.model_iteration)
    generators.model_iteration = _from_where_it_was(generators.model_iteration, keras.utils.Sequence)
    for name in ("fit_generator", "evaluate_generator", "predict_generator"):
        setattr(generators, name, _one_after_the_other(getattr(generators, name), keras.preprocessing.image.Iterator))
    queues: Any = sys.modules[keras.utils.GeneratorEnqueuer.__module__]
    queues.next_sample = _one_at_a_time(queues.next_sample)
    for loops in (arrays, generators):
        loops._make_execution_function = _batch_by_batch(loops._make_execution_function, size, order)
    aggregator = _loops(keras, "training_utils").MetricsAggregator
    aggregator.create, aggregator.aggregate, aggregator.finalize = _create, _adding(size), _finalize
    callbacks: Any = sys.modules[keras.callbacks.Callback.__module__]
    callbacks.set_callback_parameters = _averaging(callbacks.set_callback_parameters, callbacks)
    if hasattr(callbacks.ProgbarLogger, "_batch_update_progbar"):
        callbacks.ProgbarLogger._batch_update_progbar = _without_sizes(callbacks.ProgbarLogger._batch_update_progbar)
        callbacks.ProgbarLogger._maybe_init_progbar = _of_means(callbacks.ProgbarLogger._maybe_init_progbar)
    for kind in kinds_of_models(keras.models.Model):
        if "fit" in vars(kind):
            kind.fit = _from_the_start(kind.fit, order)


def _loops(keras: KerasModule, name: str) -> Any:
    """Return a module with which a Keras trains models of graphs; its name has had a _v1 since 2.2."""
    folder = keras.models.Model.__module__.rpartition(".")[0]
    try:
        return importlib.import_module(f"{folder}.{name}_v1")
    except ModuleNotFoundError:
        return importlib.import_module(f"{folder}.{name}")


def _rows(batch: Any) -> int:
    """Return how many samples a batch has, 1 where its data are tensors of the graph."""
    first = batch
    while isinstance(first, (list, tuple, dict)):
        parts = list(first.values()) if isinstance(first, dict) else first
        first = parts[0] if len(parts) else None
    return first.shape[0] if getattr(first, "shape", ()) else 1


def _from_the_start(fit: Callable[..., Any], order: EpochOrder) -> Callable[..., Any]:
    @functools.wraps(fit)
    def call(self: Any, *args: Any, **named: Any) -> Any:
        order.order = None
        return fit(self, *args, **named)

    return call


def _testing_in_order(iterate: Callable[..., Any]) -> Callable[..., Any]:
    """Leave data for validation in their order; Keras 2 shuffles them, and so moves NumPy's state on."""

    @functools.wraps(iterate)
    def call(*args: Any, **named: Any) -> Any:
        if named.get("mode") == "test":
            named["shuffle"] = False
        return iterate(*args, **named)

    return call


def _one_after_the_other(loop: Callable[..., Any], kind: Any) -> Callable[..., Any]:
    """Take random pictures in the order of their own permutation, not of another one over it."""

    @functools.wraps(loop)
    def call(model: Any, data: Any, **named: Any) -> Any:
        if isinstance(data, kind) and (named.get("steps_per_epoch") or named.get("steps")):
            data = (batch for batch in data)
        if isinstance(named.get("validation_data"), kind) and named.get("validation_steps"):
            named["validation_data"] = (batch for batch in named["validation_data"])
        return loop(model, data, **named)

    return call


def _one_at_a_time(draw: Callable[..., Any]) -> Callable[..., Any]:
    """Let one worker at a time draw from a generator, which Python refuses to several."""
    lock = threading.Lock()

    @functools.wraps(draw)
    def call(number: int) -> Any:
        with lock:
            return draw(number)

    return call


def _from_where_it_was(iterate: Callable[..., Any], sequence: Any) -> Callable[..., Any]:
    """Validate an epoch on the batches after those of the epoch before; Keras 2 drops what it has read ahead."""

    @functools.wraps(iterate)
    def call(model: Any, data: Any, **named: Any) -> Any:
        if hasattr(data, "__next__") and not isinstance(data, sequence) and named.get("steps_per_epoch"):
            data = (batch for batch in itertools.islice(data, named["steps_per_epoch"]))
        return iterate(model, data, **named)

    return call


def _batch_by_batch(make: Callable[..., Any], size: BatchSize, order: EpochOrder) -> Callable[..., Any]:
    @functools.wraps(make)
    def call(model: Any, mode: Any, **named: Any) -> Any:
        step = make(model, mode, **named)
        if mode == "predict":
            return step

        def run(*batch: Any) -> Any:
            model.reset_metrics()
            size.samples = _rows(batch)
            return step(*(map(order.of_the_only_batch, batch) if mode == "train" and not named else batch))

        return run

    return call


def _create(self: Any, results: List[Any]) -> None:
    self.results, self.seen = [0.0] * len(results), 0


def _adding(size: BatchSize) -> Callable[..., None]:
    def aggregate(self: Any, results: List[Any], batch_start: Any = None, batch_end: Any = None) -> None:
        self.results = [total + one * size.samples for total, one in zip(self.results, results)]
        self.seen += size.samples

    return aggregate


def _finalize(self: Any) -> None:
    if not self.results:
        raise ValueError("Empty training data.")
    self.results = [total / self.seen for total in self.results]


def _averaging(set_parameters: Callable[..., None], callbacks: Any) -> Callable[..., None]:
    """Let the loops' own loggers average metrics, too, since each batch now has its own, and come before others."""

    @functools.wraps(set_parameters)
    def call(callback_list: Any, *args: Any, **named: Any) -> None:
        set_parameters(callback_list, *args, **named)
        loggers = [one for one in callback_list if isinstance(one, (callbacks.BaseLogger, callbacks.ProgbarLogger))]
        for one in loggers:
            one.stateful_metrics = set()
        callback_list.callbacks.sort(key=lambda one: one not in loggers)

    return call


def _without_sizes(update: Callable[..., None]) -> Callable[..., None]:
    """Show losses and metrics alone: Keras 2 shows each batch's number and size, too, where a bar counts steps."""

    @functools.wraps(update)
    def call(self: Any, batch: Any, logs: Any = None) -> None:
        if self.use_steps:
            logs = {name: one for name, one in (logs or {}).items() if name not in ("batch", "size")}
        update(self, batch, logs)

    return call


def _of_means(begin: Callable[..., None]) -> Callable[..., None]:
    """Let the bar show means over the epoch so far, where Keras 2 shows what its metrics have added up."""

    @functools.wraps(begin)
    def call(self: Any) -> None:
        begin(self)
        self.stateful_metrics = self.progbar.stateful_metrics = set()

    return call
