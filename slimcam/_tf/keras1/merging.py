"""`keras.layers.merge`: a module of layers, and in Keras 1 a function."""

from typing import Any, List, Sequence

from ...modules.view import View

MODES = {
    "sum": "Add",
    "mul": "Multiply",
    "ave": "Average",
    "max": "Maximum",
    "concat": "Concatenate",
    "dot": "Dot",
    "cos": "Dot",
}


class Merging(View):
    """A module of layers that can be called as Keras 1's function `merge`."""

    def __call__(
        self,
        inputs: Sequence[Any],
        mode: Any = "sum",
        concat_axis: int = -1,
        dot_axes: Any = -1,
        output_shape: Any = None,
        output_mask: Any = None,
        arguments: Any = None,
        name: Any = None,
    ) -> Any:
        """Join tensors by one of the modes sum, mul, ave, max, concat, dot, cos, or by a function of their list."""
        if callable(mode):
            shape = output_shape if output_shape is None or callable(output_shape) else tuple(output_shape)
            return self.Lambda(mode, output_shape=shape, arguments=arguments, name=name)(inputs)
        if mode not in MODES:
            raise ValueError(f"Invalid merge mode {mode!r}; there are {', '.join(MODES)}, or a function")
        options = {
            "concat": {"axis": concat_axis},
            "dot": {"axes": dot_axes},
            "cos": {"axes": dot_axes, "normalize": True},
        }.get(mode, {})
        return getattr(self, MODES[mode])(name=name, **options)(list(inputs))


def merge_module(reals: List[Any]) -> View:
    """Return `keras.layers.merge` over the module of Keras' layers."""
    return Merging("keras.layers.merge", reals)
