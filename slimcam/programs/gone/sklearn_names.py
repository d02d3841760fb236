"""Names of scikit-learn that went, as they were."""

import functools
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
            if old in kwargs and new in init_names:
                kwargs[new] = kwargs.pop(old)
            real(self, *args, **kwargs)

        init_names = real.__code__.co_varnames
        return init

    return wrap


iterations = _renamed("n_iter", "max_iter")
sparse = _renamed("sparse", "sparse_output")
