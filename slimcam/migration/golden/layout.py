"""What a recording holds, and how its files are called."""

from dataclasses import dataclass, fields
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

FORMAT = "slimcam golden"
VERSION = 1
JSON, NPZ = "golden.json", "golden.npz"
ENGINES = "graph", "tape"  # those of engines.ENGINES, which imports TensorFlow
REMEDY = "record again, or take both files from where they were kept"


@dataclass(frozen=True)
class Layer:
    """What was recorded of one layer; see the module's docstring for the arrays."""

    name: str
    shape: Tuple[int, ...]  # (N, h, w, C)
    dtype: str  # of the activations as the model computed them
    classes: np.ndarray
    scores: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray
    smallest: np.ndarray
    largest: np.ndarray
    places: np.ndarray
    sample: np.ndarray
    gradients: np.ndarray
    maps: np.ndarray
    rounding: Optional[np.ndarray] = None


LAYER_KEYS = tuple(field.name for field in fields(Layer))[:3]  # in golden.json
LAYER_ARRAYS = tuple(field.name for field in fields(Layer))[3:]  # in golden.npz
LATER_ARRAYS = ("rounding",)  # of these, those that older recordings do not have


@dataclass(frozen=True)
class Golden:
    """A recording; see the module's docstring."""

    made_by: Dict[str, str]
    model: Dict[str, Any]
    photos: List[Dict[str, Any]]
    target: Any
    dialect: str
    method: str
    engine: str
    inputs: np.ndarray
    logits: Optional[np.ndarray]
    top_classes: Optional[np.ndarray]
    layers: List[Layer]


KEYS = tuple(field.name for field in fields(Golden))[:7]  # in golden.json, beside layers and npz
