"""Configurations of Keras 1 as Keras 2 takes them: classes and arguments had other names."""

from typing import Any, Callable, Dict

from .arguments import converted
from .merging import MODES

_CLASSES = {
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution3D": "Conv3D",
    "AtrousConvolution2D": "Conv2D",
    "Deconvolution2D": "Conv2DTranspose",
    "SeparableConvolution2D": "SeparableConv2D",
}
# What only training uses, in a form of Keras 1's own, and what Keras 1 noted and Keras 2 does not take.
_GONE = {"W_regularizer", "b_regularizer", "U_regularizer", "activity_regularizer", "gamma_regularizer"}
_GONE |= {"beta_regularizer", "W_constraint", "b_constraint", "U_constraint", "create_input_layer", "input_dim"}
_GONE |= {"input_length", "output_mask", "output_mask_type", "arguments"}


def is_keras1(config: Any, version: str) -> bool:
    """Whether a configuration is of Keras 1, by its version, or by its names where it says none."""
    names = ("'nb_filter'", "'border_mode'", "'dim_ordering'", "'inner_init'")
    return version.startswith("1.") or (not version and any(name in str(config) for name in names))


def rewritten(config: Any, change: Callable[[Dict[str, Any]], Any]) -> Any:
    """Return a configuration with each of its dictionaries changed, or replaced, the inner ones first."""
    if isinstance(config, list):
        return [rewritten(one, change) for one in config]
    if not isinstance(config, dict):
        return config
    return change({key: rewritten(value, change) for key, value in config.items()})


def as_keras2(config: Any) -> Any:
    """Return a configuration of Keras 1 as Keras 2 takes it."""
    return rewritten(config, _as_keras2)


def _as_keras2(new: Dict[str, Any]) -> Dict[str, Any]:
    inner = new.get("config")
    if isinstance(new.get("class_name"), str) and isinstance(inner, dict) and "layers" not in inner:
        new["class_name"], new["config"] = _layer(new["class_name"], inner)
    return new


def _layer(kind: str, config: Dict[str, Any]) -> Any:
    kind = _CLASSES.get(kind, kind)
    if kind == "Merge":
        return _merge(config)
    gone = _GONE - {"arguments"} if kind == "Lambda" else _GONE
    kept = {key: value for key, value in config.items() if key not in gone}
    if "input_dtype" in kept:
        kept["dtype"] = kept.pop("input_dtype")
    if "atrous_rate" in kept:
        kept["dilation_rate"] = kept.pop("atrous_rate")
    return kind, converted(kind, (), kept)[1]


def _merge(config: Dict[str, Any]) -> Any:
    mode = config.get("mode")
    if mode not in MODES:
        raise ValueError(f"a Merge layer of Keras 1 with the mode {mode!r}: there are {', '.join(MODES)}")
    options: Dict[str, Any] = {"name": config["name"]}
    if mode == "concat":
        options["axis"] = config.get("concat_axis", -1)
    if mode in ("dot", "cos"):
        options.update(axes=config.get("dot_axes", -1), normalize=mode == "cos")
    return MODES[mode], options
