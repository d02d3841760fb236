"""slimcam explains image models whose living form is a TensorFlow 1 graph, on TensorFlow 1.15.5 to today's.

Importing it imports no TensorFlow: the public names below are looked up when they are first used (PEP 562).
"""

import importlib
from typing import Any, List

__version__ = "0.1.0"

_HOME = {  # public name: the module that holds it
    "load": "sources",
    "Model": "model",
    "GradCAM": "explainer",
    "explain": "explainer",
    "explain_pair": "pair",
    "ExplainPair": "pair",
    "Pair": "pair",
    "Maps": "maps.maps",
    "compare": "maps.comparison",
    "Comparison": "maps.comparison",
    "record": "migration",
    "verify": "migration",
    "Class": "targets",
    "Top": "targets",
    "Mean": "targets",
    "Norm": "targets",
    "Dot": "targets",
    "Channel": "targets",
    "slim": "_tf",
    "SlimcamError": "errors",
    "MissingPackage": "errors",
    "ModelError": "errors",
    "UnknownName": "errors",
    "MissingFeed": "errors",
    "WrongFeed": "errors",
    "LayerError": "errors",
    "TargetError": "errors",
    "PhotoError": "errors",
    "GoldenError": "errors",
    "ComparisonError": "errors",
    "InterpreterError": "errors",
    "OutputError": "errors",
}

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'slimcam' has no attribute {name!r}")
    value = getattr(importlib.import_module("." + _HOME[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> List[str]:
    return sorted(__all__)
