"""tf.contrib.opt: optimizers outside of the graph, SciPy's; by 1.15's definitions."""

import itertools
from typing import Any, Callable, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from ...._types import Tensor
from ...core import tf1

Array = Any


class ExternalOptimizerInterface:
    """Minimise a loss by a library outside of the graph: all variables as one vector. Subclasses have `_minimize`."""

    def __init__(
        self,
        loss: Tensor,
        var_list: Optional[Sequence[Any]] = None,
        equalities: Optional[Sequence[Tensor]] = None,
        inequalities: Optional[Sequence[Tensor]] = None,
        var_to_bounds: Optional[Mapping[Any, Tuple[Any, Any]]] = None,
        **optimizer_kwargs: Any,
    ) -> None:
        self._loss, self.optimizer_kwargs = loss, optimizer_kwargs
        self._equalities, self._inequalities = list(equalities or []), list(inequalities or [])
        self._vars = list(tf1.trainable_variables() if var_list is None else var_list)
        self._shapes = [tuple(variable.shape.as_list()) for variable in self._vars]
        ends = [0, *itertools.accumulate(int(np.prod(shape)) for shape in self._shapes)]
        self._slices = [slice(start, end) for start, end in zip(ends, ends[1:])]
        self._bounds = self._packed_bounds(var_to_bounds)
        self._placeholders = [tf1.placeholder(variable.dtype.base_dtype) for variable in self._vars]
        self._updates = [
            variable.assign(tf1.reshape(value, shape))
            for variable, value, shape in zip(self._vars, self._placeholders, self._shapes)
        ]
        self._packed = self._pack([tf1.convert_to_tensor(variable) for variable in self._vars])
        self._gradients = {id(one): self._gradient(one) for one in (loss, *self._equalities, *self._inequalities)}

    def _packed_bounds(self, bounds: Optional[Mapping[Any, Tuple[Any, Any]]]) -> Optional[List[Tuple[float, float]]]:
        if bounds is None:
            return None
        by_identity = {id(variable): pair for variable, pair in bounds.items()}  # variables may have no hash
        packed: List[Tuple[float, float]] = []
        for variable, shape in zip(self._vars, self._shapes):
            low, high = by_identity.get(id(variable), (-np.inf, np.inf))
            lows, highs = (np.broadcast_to(side, shape).ravel() for side in (low, high))
            packed.extend(zip(lows, highs))
        return packed

    @staticmethod
    def _pack(tensors: Sequence[Tensor]) -> Tensor:
        flat = [tf1.reshape(tensor, [-1]) for tensor in tensors]
        return flat[0] if len(flat) == 1 else tf1.concat(flat, 0)

    def _gradient(self, tensor: Tensor) -> Tensor:
        gradients = tf1.gradients(tensor, self._vars)
        dense = [tf1.zeros_like(var) if one is None else one for one, var in zip(gradients, self._vars)]
        return self._pack([tf1.convert_to_tensor(one) for one in dense])

    def minimize(
        self,
        session: Any = None,
        feed_dict: Optional[Mapping[Any, Any]] = None,
        fetches: Optional[Sequence[Any]] = None,
        step_callback: Optional[Callable[..., Any]] = None,
        loss_callback: Optional[Callable[..., Any]] = None,
        **run_kwargs: Any,
    ) -> None:
        """Set the variables to what minimises the loss; `loss_callback` gets `fetches` at each value of the loss."""
        session = session or tf1.get_default_session()
        fed, fetched = dict(feed_dict or {}), list(fetches or [])

        def evaluator(tensors: List[Tensor], callback: Optional[Callable[..., Any]] = None) -> Callable[[Array], Any]:
            def evaluate(x: Array) -> Any:
                values = session.run(tensors + fetched, feed_dict={**self._feeds(session, x), **fed})
                if callback is not None:
                    callback(*values[len(tensors) :])
                return values[: len(tensors)]

            return evaluate

        start = session.run(self._packed)
        end = self._minimize(
            initial_val=start,
            loss_grad_func=evaluator([self._loss, self._gradients[id(self._loss)]], loss_callback),
            equality_funcs=[evaluator([one]) for one in self._equalities],
            equality_grad_funcs=[evaluator([self._gradients[id(one)]]) for one in self._equalities],
            inequality_funcs=[evaluator([one]) for one in self._inequalities],
            inequality_grad_funcs=[evaluator([self._gradients[id(one)]]) for one in self._inequalities],
            packed_bounds=self._bounds,
            step_callback=step_callback or (lambda x: None),
            optimizer_kwargs=self.optimizer_kwargs,
        )
        values = [end[part] for part in self._slices]
        session.run(self._updates, feed_dict=dict(zip(self._placeholders, values)), **run_kwargs)

    def _feeds(self, session: Any, x: Array) -> Mapping[Any, Array]:
        """Return what gives the variables the values in a vector, by a feed, or after an update by none."""
        feeds = {var: x[part].reshape(shape) for var, part, shape in zip(self._vars, self._slices, self._shapes)}
        if any(hasattr(var, "handle") for var in self._vars):  # read anew by each use: no feed reaches them
            session.run(self._updates, feed_dict=dict(zip(self._placeholders, feeds.values())))
            return {}
        return feeds

    def _minimize(self, **parts: Any) -> Array:
        raise NotImplementedError("a subclass of ExternalOptimizerInterface implements _minimize()")


class ScipyOptimizerInterface(ExternalOptimizerInterface):
    """Minimise a loss by scipy.optimize.minimize; L-BFGS-B where no `method` is given."""

    _DEFAULT_METHOD = "L-BFGS-B"

    def _minimize(self, **parts: Any) -> Array:
        import scipy.optimize

        def loss_and_gradient(x: Array) -> Tuple[Any, Array]:
            loss, gradient = parts["loss_grad_func"](x)
            return loss, gradient.astype(np.float64)  # SciPy's solvers take no other

        def wide(function: Callable[[Array], Any]) -> Callable[[Array], Array]:
            return lambda x: np.asarray(function(x)[0], np.float64)

        options = dict(parts["optimizer_kwargs"])
        method = options.pop("method", self._DEFAULT_METHOD)
        constraints = [
            {"type": kind, "fun": wide(f), "jac": wide(g)}
            for kind, functions, slopes in (
                ("eq", parts["equality_funcs"], parts["equality_grad_funcs"]),
                ("ineq", parts["inequality_funcs"], parts["inequality_grad_funcs"]),
            )
            for f, g in zip(functions, slopes)
        ]
        ours = {
            "jac": True,
            "callback": parts["step_callback"],
            "method": method,
            "constraints": constraints,
            "bounds": parts["packed_bounds"],
        }
        for name in ours:
            if name in options and name == "bounds":
                raise ValueError("Bounds must be set using the var_to_bounds argument")
            if name in options:
                raise ValueError(f"Optimizer keyword arg '{name}' is set automatically and cannot be injected manually")
        result = scipy.optimize.minimize(
            loss_and_gradient, parts["initial_val"].astype(np.float64), **{**ours, **options}
        )
        tf1.logging.info("%s", _report(result))
        return result["x"]


def _report(result: Any) -> str:
    words = f"Optimization terminated with:\n  Message: {result.message}\n  Objective function value: {result.fun:f}"
    for name, what in (("nit", "iterations"), ("nfev", "functions evaluations")):
        words += f"\n  Number of {what}: {getattr(result, name)}" if hasattr(result, name) else ""
    return words
