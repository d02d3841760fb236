"""Configurations of other Keras versions, as the Keras 2 at hand takes them."""

import inspect
import sys
from typing import Any, Dict, Iterator, List

from .._types import KerasModule
from .core import TF_VERSION
from .keras import keras2
from .keras1.configurations import as_keras2, is_keras1, rewritten
from .keras_later_layers import later_layers

# What tf.keras keeps a layer's lists in, by the modules of TensorFlow 1 and 2: to_yaml() names it.
LIST_WRAPPERS = tuple(
    f"{root}.training.tracking.data_structures.ListWrapper" for root in ("tensorflow.python", "tensorflow_core.python")
)

# Keras 2's own layers that keras.layers does not show.
UNLISTED_LAYERS = "Functional", "TensorFlowOpLayer", "TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod"
# Entries of layers that came with later versions, at the value that stands for what was before them.
_LATER: Dict[str, Any] = {"groups": 1, "keepdims": False, "synchronized": False, "ragged": False, "optional": False}


def as_known(config: Any, version: str) -> Any:
    """Return a configuration that another Keras wrote, `version`, as Keras 2 here takes it.

    Keras 1 had other names. 2.4 called what Model is "Functional". Later entries that stand at what was always done
    are left out where a layer here does not take them. Raises TypeError for what Keras 2 does not have any more.
    """
    return rewritten(as_keras2(config) if is_keras1(config, version) else config, _as_here)


def _as_here(new: Dict[str, Any]) -> Dict[str, Any]:
    if new.get("class_name") == "Functional" and TF_VERSION < (2, 3):
        new["class_name"] = "Model"
    name, inner = str(new.get("class_name")), new.get("config")
    kind = getattr(keras2().layers, name, None) or later_layers().get(name)
    if kind is not None and isinstance(inner, dict):
        late = [key for key in inner if key in _LATER and inner[key] == _LATER[key] and not _takes(kind, key)]
        new["config"] = {key: value for key, value in inner.items() if key not in late}
        if TF_VERSION < (2, 4) and isinstance(inner.get("dtype"), dict):
            new["config"]["dtype"] = inner["dtype"].get("config", {}).get("name", "float32")
    return new


def for_keras2(config: Any) -> Any:
    """Return a configuration as Keras 2 makes a model of it.

    Functions of one's own are there by name alone: from 2.13 on it loads no other from .h5. It goes through layers that
    wait for each other's outputs no more often than they are called, where it would for ever.
    """
    return rewritten(config, _for_keras2)


def _for_keras2(new: Dict[str, Any]) -> Any:
    if new.get("class_name") == "function" and isinstance(new.get("config"), str):
        return new["config"]
    return {**new, "layers": _Layers(new["layers"])} if "input_layers" in new and "layers" in new else new


class _Layers(list):
    """Layers of a functional model, which Keras 2 goes through again for as long as one waits for another's output."""

    def __init__(self, layers: List[Any]) -> None:
        super().__init__(layers)
        self._left = 10 + sum(len(one.get("inbound_nodes", ())) for one in layers)  # each time makes a call or more

    def __iter__(self) -> Iterator[Any]:
        self._left -= 1
        if self._left < 0:
            raise ValueError("some of its layers wait for outputs that never come")
        return super().__iter__()


def turns_kernels_of_theano(keras: KerasModule) -> bool:
    """Whether a Keras 2 turns the kernels of convolutions round as it loads weights that were saved on Theano.

    Theano convolves with the kernel turned, TensorFlow does not; Keras 2 minds that in TensorFlow 1.15, and no longer
    in tf_keras 2.21. Which release ended it is not noted, so its code is asked.
    """
    root = keras.layers.Layer.__module__.split(".")[0]
    for name in sorted(sys.modules):
        load = getattr(sys.modules[name], "preprocess_weights_for_loading", None)
        if load is not None and name.startswith(root) and name.endswith(".hdf5_format"):
            return "theano" in inspect.getsource(load)
    return False


def _takes(kind: type, argument: str) -> bool:
    """Whether a class of layers has an argument of a name, of its own or of those that it comes from."""
    own = [vars(one)["__init__"] for one in kind.__mro__ if "__init__" in vars(one) and one is not object]
    return any(argument in inspect.signature(one).parameters for one in own)
