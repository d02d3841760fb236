"""tf.contrib.opt: Adam's kin, by 1.15's definitions, on TensorFlow's own Adam and Momentum."""

from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from ...._types import Tensor
from ...core import private, tf, tf1

AdamOptimizer: Any = tf1.train.AdamOptimizer
MomentumOptimizer: Any = tf1.train.MomentumOptimizer
Optimizer: Any = tf1.train.Optimizer


def _numbers_of(adam: Any, dtype: Any) -> List[Tensor]:
    """Return beta1 and beta2 to the power of the step, the rate, beta1, beta2, epsilon."""
    numbers = [*adam._get_beta_accumulators(), adam._lr_t, adam._beta1_t, adam._beta2_t, adam._epsilon_t]
    return [tf1.cast(number, dtype) for number in numbers]


class NadamOptimizer(AdamOptimizer):
    """Adam with Nesterov's momentum (Dozat 2015)."""

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        slots = self.get_slot(var, "m"), self.get_slot(var, "v")
        options = _numbers_of(self, var.dtype.base_dtype)
        step = private("ops.gen_training_ops").apply_adam
        return step(var, *slots, *options, grad, use_locking=self._use_locking, use_nesterov=True).op

    def _resource_apply_dense(self, grad: Tensor, var: Any) -> Any:
        slots = self.get_slot(var, "m").handle, self.get_slot(var, "v").handle
        options = _numbers_of(self, grad.dtype.base_dtype)
        step = private("ops.gen_training_ops").resource_apply_adam
        return step(var.handle, *slots, *options, grad, use_locking=self._use_locking, use_nesterov=True)

    def _apply_sparse_shared(self, grad: Tensor, var: Any, indices: Tensor, scatter_add: Callable[..., Any]) -> Any:
        power1, power2, rate, beta1, beta2, epsilon = _numbers_of(self, var.dtype.base_dtype)
        means = []
        for slot, beta, new in (("m", beta1, grad), ("v", beta2, grad * grad)):
            mean = self.get_slot(var, slot)
            with tf1.control_dependencies([tf1.assign(mean, mean * beta, use_locking=self._use_locking)]):
                means.append(scatter_add(mean, indices, new * (1 - beta)))
        m = grad * (1 - beta1) + beta1 * tf1.gather(means[0], indices)
        rate = rate * tf1.sqrt(1 - power2) / (1 - power1)
        moved = scatter_add(var, indices, -rate * m / (tf1.sqrt(tf1.gather(means[1], indices)) + epsilon))
        return tf1.group(moved, *means)


class LazyAdamOptimizer(AdamOptimizer):
    """Adam that moves, and remembers, only the rows that a sparse gradient has."""

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        def put(into: Any, values: Tensor) -> Any:
            return tf1.scatter_update(into, grad.indices, values, use_locking=self._use_locking)

        def take(values: Tensor) -> Any:
            return tf1.scatter_sub(var, grad.indices, values, use_locking=self._use_locking)

        return self._lazily(grad.values, var, grad.indices, put, take)

    def _resource_apply_sparse(self, grad: Tensor, var: Any, indices: Tensor) -> Any:
        operations = private("ops.resource_variable_ops")

        def put(into: Any, values: Tensor) -> Any:
            return operations.resource_scatter_update(into.handle, indices, values)

        def take(values: Tensor) -> Any:
            return operations.resource_scatter_sub(var.handle, indices, values)

        return self._lazily(grad, var, indices, put, take)

    def _lazily(self, grad: Tensor, var: Any, indices: Tensor, put: Any, take: Any) -> Any:
        power1, power2, rate, beta1, beta2, epsilon = _numbers_of(self, var.dtype.base_dtype)
        rate = rate * tf1.sqrt(1 - power2) / (1 - power1)
        m, v = self.get_slot(var, "m"), self.get_slot(var, "v")
        new_m = beta1 * tf1.gather(m, indices) + (1 - beta1) * grad
        new_v = beta2 * tf1.gather(v, indices) + (1 - beta2) * tf1.square(grad)
        return tf1.group(take(rate * new_m / (tf1.sqrt(new_v) + epsilon)), put(m, new_m), put(v, new_v))


class DecoupledWeightDecayExtension:
    """Take weight_decay * w off each variable before its step (Loshchilov, Hutter 2017); before an optimizer."""

    def __init__(self, weight_decay: Any, **kwargs: Any) -> None:
        self._weight_decay = weight_decay
        self._decay_only: Optional[List[int]] = None
        super().__init__(**kwargs)

    def minimize(self, *args: Any, decay_var_list: Optional[Sequence[Any]] = None, **kwargs: Any) -> Any:
        """Do as an optimizer does; `decay_var_list`: the variables that decay, all if left out."""
        self._pending = decay_var_list
        return super().minimize(*args, **kwargs)  # type: ignore[misc]

    def apply_gradients(
        self, grads_and_vars: Any, global_step: Any = None, name: Any = None, decay_var_list: Any = None
    ) -> Any:
        """Do as an optimizer does, after the decay."""
        variables = decay_var_list or self.__dict__.pop("_pending", None)
        self._decay_only = [id(one) for one in variables] if variables else None
        pairs = list(grads_and_vars)
        # 1.15 lets a variable decay while other gradients still read it; here they are all done before.
        with tf1.control_dependencies([gradient for gradient, _ in pairs if gradient is not None]):
            return super().apply_gradients(pairs, global_step=global_step, name=name)  # type: ignore[misc]

    def _decay(self, var: Any, indices: Any = None) -> Any:
        if self._decay_only is not None and id(var) not in self._decay_only:
            return tf1.no_op()
        rate = self._weight_decay() if callable(self._weight_decay) else self._weight_decay
        if indices is None:
            return var.assign_sub(rate * var, self._use_locking)  # type: ignore[attr-defined]
        return tf1.scatter_add(var, indices, -rate * tf1.gather(var, indices))

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        with tf1.control_dependencies([self._decay(var)]):
            return super()._apply_dense(grad, var)  # type: ignore[misc]

    def _resource_apply_dense(self, grad: Tensor, var: Any) -> Any:
        with tf1.control_dependencies([self._decay(var)]):
            return super()._resource_apply_dense(grad, var)  # type: ignore[misc]

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        with tf1.control_dependencies([self._decay(var, grad.indices)]):
            return super()._apply_sparse(grad, var)  # type: ignore[misc]

    def _resource_apply_sparse(self, grad: Tensor, var: Any, indices: Tensor) -> Any:
        with tf1.control_dependencies([self._decay(var, indices)]):
            return super()._resource_apply_sparse(grad, var, indices)  # type: ignore[misc]


def extend_with_decoupled_weight_decay(base_optimizer: Any) -> Any:
    """Return a class of an optimizer that takes `weight_decay` first."""

    class OptimizerWithDecoupledWeightDecay(DecoupledWeightDecayExtension, base_optimizer):
        """Its other arguments by name."""

    return OptimizerWithDecoupledWeightDecay


class AdamWOptimizer(DecoupledWeightDecayExtension, AdamOptimizer):
    """Adam with weight decay."""

    def __init__(
        self,
        weight_decay: Any,
        learning_rate: Any = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        use_locking: bool = False,
        name: str = "AdamW",
    ) -> None:
        options: Dict[str, Any] = {"beta1": beta1, "beta2": beta2, "epsilon": epsilon}
        super().__init__(weight_decay, learning_rate=learning_rate, use_locking=use_locking, name=name, **options)


class MomentumWOptimizer(DecoupledWeightDecayExtension, MomentumOptimizer):
    """Momentum with weight decay."""

    def __init__(
        self,
        weight_decay: Any,
        learning_rate: Any,
        momentum: Any,
        use_locking: bool = False,
        name: str = "MomentumW",
        use_nesterov: bool = False,
    ) -> None:
        options = {"momentum": momentum, "use_nesterov": use_nesterov}
        super().__init__(weight_decay, learning_rate=learning_rate, use_locking=use_locking, name=name, **options)


class MovingAverageOptimizer(Optimizer):
    """An optimizer that keeps moving averages of what it trains; `swapping_saver` saves those as the variables."""

    def __init__(
        self, opt: Any, average_decay: float = 0.9999, num_updates: Any = None, sequential_update: bool = True
    ) -> None:
        self._optimizer, self._sequential_update = opt, sequential_update
        self._ema = tf1.train.ExponentialMovingAverage(average_decay, num_updates=num_updates)
        self._swapped: Optional[Dict[str, str]] = None

    def compute_gradients(self, *args: Any, **kwargs: Any) -> Any:
        """Do as the optimizer does."""
        return self._optimizer.compute_gradients(*args, **kwargs)

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None, name: Any = None) -> Any:
        """Do as the optimizer does; then update the averages."""
        trained = self._optimizer.apply_gradients(grads_and_vars, global_step=global_step, name=name)
        variables = [variable for gradient, variable in grads_and_vars if gradient is not None]
        with tf1.control_dependencies([trained] if self._sequential_update else []):
            averaged = self._ema.apply(variables)
        pairs = [(one.op.name, self._ema.average(one).op.name) for one in variables]
        self._swapped = {**dict(pairs), **{average: name for name, average in pairs}}
        return tf1.group(trained, averaged, name="train_with_avg")

    def swapping_saver(self, var_list: Any = None, name: str = "swapping_saver", **kwargs: Any) -> Any:
        """Return a Saver that writes each average under its variable's name, and the variable under the average's."""
        if self._swapped is None:
            raise RuntimeError("Must call apply_gradients or minimize before creating the swapping_saver")
        variables = tf1.global_variables() if var_list is None else var_list
        named = variables if isinstance(variables, dict) else {one.op.name: one for one in variables}
        for each in named:
            if self._swapped.get(each, each) not in named:
                raise ValueError(
                    f"Variable to swap {self._swapped[each]} is not part of variables to save. "
                    "This breaks MovingAverageOptimizer."
                )
        return tf1.train.Saver({each: named[self._swapped.get(each, each)] for each in named}, name=name, **kwargs)


def clip_gradients_by_global_norm(gradients_variables: Sequence[Tuple[Any, Any]], clip_norm: float = 20.0) -> List[Any]:
    """Scale pairs of gradient and variable down to a norm of all gradients."""
    gradients, variables = zip(*gradients_variables)
    norm = tf1.global_norm(gradients)
    clipped, _ = tf.clip_by_global_norm(gradients, clip_norm, use_norm=norm)
    return list(zip(clipped, variables))
