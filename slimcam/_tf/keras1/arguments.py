"""Arguments of Keras 1 that Keras 2.2 still took, by the class or method that took them; it warned, and so it goes on.

The names and the rules are those of keras 2.2.4's legacy interfaces.
"""

from typing import Any, Callable, Dict, List, Mapping, Tuple

Named = Dict[str, Any]
Rule = Callable[[List[Any], Named], None]  # changes positional and named arguments in place

_WEIGHTS = {
    "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
    "bias": "use_bias",
}
_ORDER = {"dim_ordering": "data_format"}
_CONV = {"nb_filter": "filters", "subsample": "strides", "border_mode": "padding", **_ORDER, **_WEIGHTS}
_CONV1D = {
    "nb_filter": "filters",
    "filter_length": "kernel_size",
    "subsample_length": "strides",
    "border_mode": "padding",
    **_WEIGHTS,
}
_POOL = {"border_mode": "padding", **_ORDER}
_RECURRENT = {
    "output_dim": "units",
    "inner_init": "recurrent_initializer",
    "inner_activation": "recurrent_activation",
    "U_regularizer": "recurrent_regularizer",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
    "consume_less": "implementation",
    **_WEIGHTS,
}

_KEEP = {"p": "rate"}
_POOL1D = {"pool_length": "pool_size", "stride": "strides", "border_mode": "padding"}
_SEPARABLE = {old: new for old, new in _CONV.items() if old not in ("init", "W_regularizer", "W_constraint")}
_GENERATOR = {
    "samples_per_epoch": "steps_per_epoch",
    "val_samples": "steps",
    "nb_epoch": "epochs",
    "nb_val_samples": "validation_steps",
    "nb_worker": "workers",
    "pickle_safe": "use_multiprocessing",
    "max_q_size": "max_queue_size",
}
_BY_NAMES: Tuple[Tuple[str, Mapping[str, str]], ...] = (
    ("Dense", {"output_dim": "units", **_WEIGHTS}),
    ("Dropout GaussianDropout SpatialDropout1D", _KEEP),
    ("SpatialDropout2D SpatialDropout3D", {**_KEEP, **_ORDER}),
    ("GaussianNoise", {"sigma": "stddev"}),
    (
        "Embedding",
        {
            "init": "embeddings_initializer",
            "W_regularizer": "embeddings_regularizer",
            "W_constraint": "embeddings_constraint",
        },
    ),
    ("MaxPooling1D AveragePooling1D", _POOL1D),
    ("MaxPooling2D AveragePooling2D MaxPooling3D AveragePooling3D", _POOL),
    ("GlobalMaxPooling2D GlobalAveragePooling2D GlobalMaxPooling3D GlobalAveragePooling3D", _ORDER),
    ("UpSampling2D UpSampling3D ZeroPadding2D ZeroPadding3D Cropping2D Cropping3D Flatten", _ORDER),
    ("UpSampling1D", {"length": "size"}),
    ("Conv1D", _CONV1D),
    ("Conv2D Conv3D Conv2DTranspose Conv3DTranspose", _CONV),
    ("SeparableConv2D", _SEPARABLE),
    ("ConvLSTM2D", {**_RECURRENT, **_CONV}),
    ("SimpleRNN GRU LSTM", _RECURRENT),
    ("BatchNormalization", {"beta_init": "beta_initializer", "gamma_init": "gamma_initializer"}),
    ("PReLU", {"init": "alpha_initializer"}),
    ("Model", {"input": "inputs", "output": "outputs"}),
    ("fit", {"nb_epoch": "epochs"}),
    ("fit_generator evaluate_generator predict_generator", _GENERATOR),
)
RENAMED: Dict[str, Mapping[str, str]] = {name: renamed for names, renamed in _BY_NAMES for name in names.split()}

VALUES: Dict[str, Dict[str, Any]] = {
    "dim_ordering": {"tf": "channels_last", "th": "channels_first", "default": None},
    "consume_less": {"cpu": 0, "mem": 1, "gpu": 2},
}


def _kernel(names: Tuple[str, ...]) -> Rule:
    """Join the kernel's sizes, given one by one after the number of filters, into `kernel_size`."""

    def rule(args: List[Any], named: Named) -> None:
        sizes = [*args[1:]]
        if len(sizes) > len(names) or not all(isinstance(size, int) for size in sizes):
            return
        if len(sizes) == len(names) and any(name in named for name in ("padding", "strides", "data_format")):
            raise ValueError(
                "Pass `strides` as a keyword argument: whole numbers after kernel_size are Keras 1's sizes"
            )
        rest = [named[name] for name in names[len(sizes) :] if name in named]
        if len(sizes) + len(rest) == len(names):
            for name in names:
                named.pop(name, None)
            del args[1:]
            named["kernel_size"] = (*sizes, *rest)

    return rule


def _without(*gone: str) -> Rule:
    """Drop arguments that Keras 2.2 took and did not use."""

    def rule(args: List[Any], named: Named) -> None:
        for name in gone:
            named.pop(name, None)

    return rule


def _transposed(args: List[Any], named: Named) -> None:
    named.pop("output_shape", None)
    if len(args) == 4 and isinstance(args[3], tuple):
        args.pop()
    _kernel(("nb_row", "nb_col"))(args, named)


def _separable(args: List[Any], named: Named) -> None:
    if "init" in named:
        named["depthwise_initializer"] = named["pointwise_initializer"] = named.pop("init")
    _kernel(("nb_row", "nb_col"))(args, named)


def _normalization(args: List[Any], named: Named) -> None:
    if named.pop("mode", 0) != 0:
        raise TypeError("BatchNormalization takes mode=0 only; Keras 2.2 had no mode=1 and mode=2 either")


def _sequence(args: List[Any], named: Named) -> None:
    if named.pop("forget_bias_init", None) == "one":
        named["unit_forget_bias"] = True
    if "input_dim" in named:
        named["input_shape"] = (named.pop("input_length", None), named.pop("input_dim"))


def _padding(args: List[Any], named: Named) -> None:
    given = args[0] if args else named.get("padding")
    if isinstance(given, dict) and set(given) <= {"top_pad", "bottom_pad", "left_pad", "right_pad"}:
        rows = (given.get("top_pad", 0), given.get("bottom_pad", 0))
        del args[:]
        named["padding"] = (rows, (given.get("left_pad", 0), given.get("right_pad", 0)))


def _samples(args: List[Any], named: Named) -> None:
    """Steps an epoch from samples, where the generator says how many a batch has."""
    generator = args[0] if args else named.get("generator")
    batch_size = getattr(generator, "batch_size", None)
    if len(args) < 2 and "samples_per_epoch" in named and batch_size:
        named["steps_per_epoch"] = named.pop("samples_per_epoch") // batch_size


RULES: Dict[str, Rule] = {
    "Conv2D": _kernel(("nb_row", "nb_col")),
    "Conv3D": _kernel(("kernel_dim1", "kernel_dim2", "kernel_dim3")),
    "Conv2DTranspose": _transposed,
    "SeparableConv2D": _separable,
    "Conv1D": _sequence,
    "SimpleRNN": _sequence,
    "GRU": _sequence,
    "LSTM": _sequence,
    "ConvLSTM2D": _sequence,
    "BatchNormalization": _normalization,
    "Embedding": _without("dropout"),
    "ZeroPadding2D": _padding,
    "fit_generator": _samples,
}


def converted(name: str, args: Tuple[Any, ...], named: Named) -> Tuple[Tuple[Any, ...], Named]:
    """Return the arguments of a call, of the class or method `name` of Keras, as Keras 2 takes them."""
    positional, named = list(args), dict(named)
    if name in RULES:
        RULES[name](positional, named)
    for old, new in RENAMED.get(name, {}).items():
        if old in named:
            if new in named:
                raise TypeError(f"{name} received both {old!r}, of Keras 1, and {new!r}, of Keras 2; pass the latter")
            value = named.pop(old)
            choices = VALUES.get(old, {})
            named[new] = choices.get(value, value) if isinstance(value, str) else value
    return tuple(positional), named
