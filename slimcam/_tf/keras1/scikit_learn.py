"""`keras.wrappers.scikit_learn`, which went with TensorFlow 2.12: Keras models as estimators of scikit-learn.

Arguments, attributes and results are those of keras 2.2.4.
"""

import copy
import inspect
from typing import Any, Callable, Dict, List, Optional

import numpy as np

from ..keras import keras2
from .utilities import has_arg, to_list

Array = Any

try:
    from sklearn.base import (  # its newer releases ask estimators for tags
        BaseEstimator,
        ClassifierMixin,
        RegressorMixin,
    )
except ImportError:
    BaseEstimator = ClassifierMixin = RegressorMixin = object


class BaseWrapper:
    """An estimator around `build_fn`, a function that returns a compiled model; other arguments go where they fit."""

    def __init__(self, build_fn: Optional[Callable[..., Any]] = None, **sk_params: Any) -> None:
        self.build_fn, self.sk_params = build_fn, sk_params
        self.check_params(sk_params)

    def _builder(self) -> Any:
        if self.build_fn is None:
            return getattr(self, "__call__")  # noqa: B004, B009 - of a class that is derived from this one
        function = inspect.isfunction(self.build_fn) or inspect.ismethod(self.build_fn)
        return self.build_fn if function else getattr(self.build_fn, "__call__")  # noqa: B004, B009

    def check_params(self, params: Dict[str, Any]) -> None:
        """Raise ValueError for a name that neither the builder nor a method of the model takes."""
        model = keras2().models.Sequential
        takers = [model.fit, model.predict, model.predict_classes, model.evaluate, self._builder()]
        for name in params:
            if name != "nb_epoch" and not any(has_arg(taker, name) for taker in takers):
                raise ValueError(f"{name} is not a legal parameter")

    def get_params(self, **params: Any) -> Dict[str, Any]:
        """Return the arguments by their names."""
        return {**copy.deepcopy(self.sk_params), "build_fn": self.build_fn}

    def set_params(self, **params: Any) -> "BaseWrapper":
        """Set arguments; return the estimator."""
        self.check_params(params)
        self.sk_params.update(params)
        return self

    def fit(self, x: Array, y: Array, **kwargs: Any) -> Any:
        """Build a new model and fit it; return its history."""
        builder = self._builder()
        self.model = builder(**self.filter_sk_params(builder))
        y = self._for_loss(np.asarray(y))
        given = {**copy.deepcopy(self.filter_sk_params(keras2().models.Sequential.fit)), **kwargs}
        return self.model.fit(x, y, **given)

    def _for_loss(self, y: Array) -> Array:
        loss = getattr(self.model.loss, "__name__", self.model.loss)
        one_hot = loss == "categorical_crossentropy" and y.ndim != 2
        return keras2().utils.to_categorical(y) if one_hot else y

    def filter_sk_params(self, fn: Callable[..., Any], override: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        """Return the arguments that a function takes, and `override`."""
        return {**{name: value for name, value in self.sk_params.items() if has_arg(fn, name)}, **(override or {})}


class KerasClassifier(ClassifierMixin, BaseWrapper, BaseEstimator):
    """A classifier of scikit-learn."""

    def fit(self, x: Array, y: Array, sample_weight: Any = None, **kwargs: Any) -> Any:
        """Build a new model and fit it to labels, or rows of 0 and 1; return its history."""
        y = np.array(y)
        if y.ndim == 2 and y.shape[1] > 1:
            self.classes_ = np.arange(y.shape[1])
        elif y.ndim in (1, 2):
            self.classes_ = np.unique(y)
            y = np.searchsorted(self.classes_, y)
        else:
            raise ValueError(f"Invalid shape for y: {y.shape}")
        self.n_classes_ = len(self.classes_)
        if sample_weight is not None:
            kwargs["sample_weight"] = sample_weight
        return super().fit(x, y, **kwargs)

    def predict(self, x: Array, **kwargs: Any) -> Array:
        """Return the label of each row."""
        scores = self.model.predict(x, **self.filter_sk_params(keras2().models.Sequential.predict_classes, kwargs))
        classes = scores.argmax(axis=-1) if scores.shape[-1] > 1 else (scores > 0.5).astype("int32")
        return self.classes_[classes]

    def predict_proba(self, x: Array, **kwargs: Any) -> Array:
        """Return (N, classes) probabilities; two for a model of one output."""
        scores = self.model.predict(x, **self.filter_sk_params(keras2().models.Sequential.predict_proba, kwargs))
        return np.hstack([1 - scores, scores]) if scores.shape[1] == 1 else scores

    def score(self, x: Array, y: Array, **kwargs: Any) -> float:
        """Return the accuracy; raises ValueError where the model was compiled without it."""
        y = self._for_loss(np.searchsorted(self.classes_, y))
        given = self.filter_sk_params(keras2().models.Sequential.evaluate, kwargs)
        results: List[Any] = to_list(self.model.evaluate(x, y, **given))
        for name, result in zip(self.model.metrics_names, results):
            if name in ("acc", "accuracy"):
                return float(result)
        raise ValueError(
            'The model is not configured to compute accuracy: pass metrics=["accuracy"] to model.compile()'
        )


class KerasRegressor(RegressorMixin, BaseWrapper, BaseEstimator):
    """A regressor of scikit-learn."""

    def predict(self, x: Array, **kwargs: Any) -> Array:
        """Return the output for each row."""
        return np.squeeze(self.model.predict(x, **self.filter_sk_params(keras2().models.Sequential.predict, kwargs)))

    def score(self, x: Array, y: Array, **kwargs: Any) -> float:
        """Return minus the loss."""
        loss = self.model.evaluate(x, y, **self.filter_sk_params(keras2().models.Sequential.evaluate, kwargs))
        return -float(to_list(loss)[0])
