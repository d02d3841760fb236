"""Names for signatures, so that they say what they take. To mypy TensorFlow's own are Any: they differ by version.

A tensor that a session runs is a Tensor; a value that came out of one is an np.ndarray.
"""

import os
from typing import Any, Callable, Mapping, Sequence, Union

import numpy as np

Tensor = Any  # tf.Tensor of a graph
Operation = Any  # tf.Operation
Graph = Any  # tf.Graph
GraphDef = Any  # tf.compat.v1.GraphDef
NodeDef = Any  # a node of a GraphDef
Session = Any  # tf.compat.v1.Session, or what runs like one
DType = Any  # tf.DType
KerasModule = Any  # the package keras, tf_keras or tf.keras
KerasModel = Any  # a model of any Keras
KerasLayer = Any  # a layer of any Keras
ModelLike = Any  # a Model, or what load() takes: a path, a session, a model of Keras
BackendTensor = Any  # what slimcam.backend takes: a tensor, a variable, a KerasTensor, a Symbol, or what becomes one
Axis = Union[None, int, Sequence[int]]  # None: all
TensorLike = Union[str, Tensor]  # a name that Model.tensor() finds, or the tensor itself

PathLike = Union[str, "os.PathLike[str]"]
ImageLike = Union[PathLike, np.ndarray]  # a path, or uint8 RGB (H, W, 3)
ImagesLike = Union[ImageLike, Sequence[ImageLike]]  # of these one or a list; or floating point (N, h, w, C)
# A class by number or label, Class, Top, a Score, one of each per image, a tensor or a function; None: the winner.
TargetLike = Any
HoldLike = Mapping[TensorLike, Any]  # arrays, or "zeros", by the tensors that they replace

ArrayReader = Callable[[], np.ndarray]  # reads one array when called
