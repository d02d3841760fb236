"""Names of scikit-learn that went, as they were."""

import functools
import inspect
from typing import Any, Callable

import numpy as np


def Imputer(
    missing_values: Any = "NaN", strategy: str = "mean", axis: int = 0, verbose: int = 0, copy: bool = True
) -> Any:
    """Return what fills gaps of columns by their mean, median or most frequent value."""
    from sklearn.impute import SimpleImputer

    if axis != 0:
        raise ValueError(
            "sklearn.preprocessing.Imputer(axis=1) went with scikit-learn 0.22; instead: transpose the data"
        )
    gap = np.nan if missing_values == "NaN" else missing_values
    return SimpleImputer(missing_values=gap, strategy=strategy, copy=copy)


def fetch_mldata(dataname: str, target_name: str = "label", data_name: str = "data", *args: Any, **kwargs: Any) -> Any:
    """Return a data set from openml.org, since mldata.org is no more: MNIST in the order that mldata.org had it."""
    from sklearn.datasets import fetch_openml

    names = {"mnist original": "mnist_784", "mnist-original": "mnist_784"}
    known = names.get(dataname.lower())
    if known is None:
        raise ValueError(f"fetch_mldata({dataname!r}): mldata.org is no more; instead: sklearn.datasets.fetch_openml")
    data = fetch_openml(known, version=1, as_frame=False)
    target = data.target.astype(np.float64)
    # mldata.org's had the 60000 of training, then the 10000 of the test, each ordered by digit
    order = np.concatenate(
        [np.argsort(target[:60000], kind="stable"), 60000 + np.argsort(target[60000:], kind="stable")]
    )
    data.data, data.target = data.data[order].astype(np.uint8), target[order]
    return data


def plot_confusion_matrix(estimator: Any, X: Any, y_true: Any, **kwargs: Any) -> Any:
    """Plot how often each class was taken for each."""
    from sklearn.metrics import ConfusionMatrixDisplay

    return ConfusionMatrixDisplay.from_estimator(estimator, X, y_true, **kwargs)


def plot_roc_curve(estimator: Any, X: Any, y: Any, **kwargs: Any) -> Any:
    """Plot the rate of true positives over that of false ones."""
    from sklearn.metrics import RocCurveDisplay

    return RocCurveDisplay.from_estimator(estimator, X, y, **kwargs)


def linear_assignment(X: Any) -> np.ndarray:
    """Return (n, 2): the rows and columns of the cheapest assignment, in the order of rows."""
    from scipy.optimize import linear_sum_assignment

    return np.stack(linear_sum_assignment(X), axis=1)


def _renamed(old: str, new: str) -> Callable[[Callable], Callable]:
    """Return what wraps a constructor so that it takes an argument by its old name."""

    def wrap(real: Callable) -> Callable:
        @functools.wraps(real)
        def init(self: Any, *args: Any, **kwargs: Any) -> None:
            if old in kwargs and new in names:
                kwargs[new] = kwargs.pop(old)
            real(self, *args, **kwargs)

        names = inspect.signature(real).parameters
        return init

    return wrap


def _by_default(**defaults: Any) -> Callable[[Callable], Callable]:
    """Return what gives a function or a constructor its old defaults, where the installed release has others."""

    def wrap(real: Callable) -> Callable:
        parameters = inspect.signature(real).parameters
        names = list(parameters)
        # releases that announced a change have "warn" for the old value
        changed = {k: v for k, v in defaults.items() if k in names and parameters[k].default not in (v, "warn")}
        if not changed:
            return real

        @functools.wraps(real)
        def call(*args: Any, **kwargs: Any) -> Any:
            given = names[: len(args)]
            return real(*args, **{**{k: v for k, v in changed.items() if k not in given}, **kwargs})

        return call

    return wrap


def tsne(real: Callable) -> Callable:
    """Return a constructor that takes n_iter, and starts and steps as it did until 1.2."""
    return _renamed("n_iter", "max_iter")(_by_default(init="random", learning_rate=200.0)(real))


sparse = _renamed("sparse", "sparse_output")
three_folds = _by_default(cv=3)
three_splits = _by_default(n_splits=3)
ten_trees = _by_default(n_estimators=10)
gamma_of_features = _by_default(gamma="auto")
ten_starts = _by_default(n_init=10)
three_starts = _by_default(n_init=3)
