"""slimcam explains image models whose living form is a TensorFlow 1 graph, on TensorFlow 1.15.5 to today's.

Importing it imports no TensorFlow: the public names below are looked up when they are first used (PEP 562).
"""

import importlib
from typing import Any, List

__version__ = "0.1.0"

_EXPORTS = {  # module: what it gives to the public
    "sources.loading": ("load",),
    "sources.verdicts": ("vet",),
    "model": ("Model",),
    "explainers.gradcam": ("GradCAM", "explain"),
    "explainers.explainer": ("Explainer",),
    "explainers.averages": ("augment", "smooth"),
    "explainers.evaluating": ("evaluate",),
    "faithfulness": ("METRICS",),
    "faithfulness.evaluation": ("Evaluation",),
    "explainers.pair": ("ExplainPair", "Pair", "explain_pair"),
    "methods": ("METHODS",),
    "maps.maps": ("Maps",),
    "visualisation.activation_sheets": ("Activations", "activations"),
    "maps.comparison": ("Comparison", "compare"),
    "divergence": ("compare_layers",),
    "migration": ("record", "verify"),
    "visualisation.filter_pictures": ("Filters", "filters"),
    "visualisation.dreams": ("deep_dream",),
    "visualisation.styles": ("style_transfer",),
    "visualisation.tensorboard": ("to_tensorboard",),
    "targets": (
        "Box",
        "Caricature",
        "Channel",
        "Class",
        "Direction",
        "Diversity",
        "Dot",
        "Mean",
        "Neuron",
        "Norm",
        "Peak",
        "Region",
        "Top",
        "detections",
    ),
    "_tf": ("slim",),
    "errors": (
        "SlimcamError",
        "MissingPackage",
        "ModelError",
        "UntrustedModel",
        "UnknownName",
        "MissingFeed",
        "WrongFeed",
        "LayerError",
        "TargetError",
        "ParameterError",
        "PhotoError",
        "GoldenError",
        "ComparisonError",
        "InterpreterError",
        "OutputError",
        "GoneName",
        "GoneModule",
    ),
}
_HOME = {name: module for module, names in _EXPORTS.items() for name in names}

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'slimcam' has no attribute {name!r}")
    value = getattr(importlib.import_module("." + _HOME[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> List[str]:
    return sorted(__all__)
