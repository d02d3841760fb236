"""Where the paths and names of the package keras 2.2 lead to: one row of PARTS for each module that has moved."""

from typing import Dict, Mapping, NamedTuple, Tuple


class Part(NamedTuple):
    """A module of keras 2.2: the modules that have its names, and names that are called otherwise now.

    Homes and names are paths of Keras 2 today; with an @ in front, paths of this table.
    """

    homes: Tuple[str, ...] = ()
    names: Mapping[str, str] = {}


# The classes that others are made of, whose names began with an underscore: keras-vis and others test layers by them.
_BASES = {
    "_Conv": "layers.Conv2D.__base__",
    **{f"_Pooling{n}D": f"layers.MaxPooling{n}D.__base__" for n in (1, 2, 3)},
    **{f"_GlobalPooling{n}D": f"layers.GlobalMaxPooling{n}D.__base__" for n in (1, 2, 3)},
}
_LAYERS = Part(("@layers",), _BASES)
_ENGINE = Part(
    ("@models", "@layers", "@utils"),
    {"Layer": "@layers.Layer", "InputSpec": "layers.InputSpec", "Input": "@layers.Input", "Network": "@models.Model"},
)
_UTILITIES = Part(("@utils",))

PARTS: Dict[str, Part] = {
    "layers": Part(
        ("layers",),
        {
            "AtrousConv2D": "@layers.AtrousConvolution2D",
            "Deconv2D": "@layers.Conv2DTranspose",
            "Deconv3D": "@layers.Conv3DTranspose",
            "Deconvolution2D": "@layers.Conv2DTranspose",
            "Deconvolution3D": "@layers.Conv3DTranspose",
        },
    ),
    **{
        f"layers.{name}": _LAYERS
        for name in (
            "advanced_activations", "convolutional", "convolutional_recurrent", "core", "cudnn_recurrent", "embeddings",
            "local", "noise", "normalization", "pooling", "recurrent", "wrappers",
        )
    },
    "models": Part(("models",)),
    "legacy": Part(("@layers",)),
    "legacy.layers": _LAYERS,
    "engine": _ENGINE,
    **{
        f"engine.{name}": _ENGINE
        for name in ("base_layer", "input_layer", "network", "saving", "sequential", "topology", "training")
    },
    "optimizers": Part(("optimizers",)),  # and optimizers.py
    "initializers": Part(("initializers",), {"zero": "initializers.zeros", "one": "initializers.ones"}),
    "initializations": Part(("@initializers",)),  # of Keras 1
    "constraints": Part(
        ("constraints",),
        {"maxnorm": "constraints.max_norm", "nonneg": "constraints.non_neg", "unitnorm": "constraints.unit_norm"},
    ),
    "regularizers": Part(("regularizers",), {"activity_l1": "regularizers.l1", "activity_l2": "regularizers.l2"}),
    "objectives": Part(("losses",)),
    "utils": Part(("utils",)),
    **{
        f"utils.{name}": _UTILITIES
        for name in (
            "conv_utils", "data_utils", "generic_utils", "io_utils", "layer_utils", "np_utils", "training_utils",
            "vis_utils", "visualize_util", "multi_gpu_utils",
        )
    },
    "wrappers": Part(),
    "wrappers.scikit_learn": Part(),
    "backend.tensorflow_backend": Part(("@backend",)),
    "backend.common": Part(("@backend",)),
}  # fmt: skip

SHAPE = "_keras_shape"  # of Keras 2.2's tensors; backend.int_shape(tensor) for those of today

SINCE = {  # what is nowhere any more
    "utils.multi_gpu_model": "went with TensorFlow 2.4: on one machine without several GPUs, use the model itself",
}
