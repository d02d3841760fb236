"""The symbols that functional Keras models are made of from TensorFlow 2.4 on: what made them, and from what."""

import inspect
import re
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from .._types import Graph
from .core import TF_VERSION, tf


def is_keras_tensor(thing: Any) -> bool:
    """Whether a thing is a Keras symbol, not a tensor: from 2.4 on, in Keras 2's eager mode and in Keras 3."""
    return any(kind.__name__ == "KerasTensor" for kind in type(thing).__mro__)


def made_by_keras(tensor: Any) -> bool:
    """Whether a layer of Keras made a tensor: it has noted on it when and from what."""
    return hasattr(tensor, "_keras_history")


def is_keras_graph(graph: Optional[Graph]) -> bool:
    """Whether a graph is the one that Keras 2 makes functional models in eagerly, to 2.3, and that no session runs."""
    return TF_VERSION < (2, 4) and getattr(graph, "name", None) == "keras_graph"


def is_scratch_graph(graph: Graph) -> bool:
    """Whether a graph is one that Keras 2 infers shapes in, from 2.4 on, and drops."""
    return "scratch" in getattr(graph, "name", "")


def inputs_of(symbol: Any) -> List[Any]:
    """Return the symbols that the layer was called on which made a Keras symbol."""
    layer, node = symbol._keras_history[:2]
    made = layer._inbound_nodes[node]
    if made.is_input:
        return []
    return [one for one in getattr(made, "keras_inputs", None) or made.input_tensors if is_keras_tensor(one)]


def input_name(symbol: Any) -> Optional[str]:
    """Return the name of the input layer that a Keras symbol is of, None for a symbol that a layer made."""
    layer, node = symbol._keras_history[:2]
    return re.sub(r"\W", "_", layer.name) if layer._inbound_nodes[node].is_input else None


def symbols_before(symbols: Sequence[Any], known: Mapping[int, Any]) -> List[Any]:
    """Return Keras symbols and all that they were made from, earlier ones first, but for those `known` by their ids."""
    order: Dict[int, Any] = {}
    stack = [(one, False) for one in reversed(symbols)]
    while stack:
        one, done = stack.pop()
        if done:
            order[id(one)] = one
        elif id(one) not in known and id(one) not in order:
            stack.append((one, True))
            stack.extend((before, False) for before in reversed(inputs_of(one)))
    return list(order.values())


def symbols_joined(symbols: Sequence[Any]) -> List[Any]:
    """Return Keras symbols and all that they were made from or that was made from them, and so on."""
    joined: Dict[int, Any] = {}
    stack = list(symbols)
    while stack:
        one = stack.pop()
        if id(one) in joined:
            continue
        joined[id(one)] = one
        stack.extend(inputs_of(one))
        for made in one._keras_history[0]._outbound_nodes:
            outputs = [out for out in tf.nest.flatten(made.outputs) if is_keras_tensor(out)]
            if any(before is one for out in outputs[:1] for before in inputs_of(out)):
                stack.extend(outputs)
    return list(joined.values())


def is_seed(variable: str) -> bool:
    """Whether a variable's name is that of a generator's state: Keras 3 draws by one, and steps it with each draw."""
    return "seed_generator_state" in variable


def call_again(symbols: Sequence[Any], known: Mapping[int, Any], training: bool) -> List[Any]:
    """Call the layers that made Keras symbols as they were called then, each call once; return what they give now.

    `known` has, by their ids, what stands for symbols that are not made here; `symbols` are in the order of the flow.
    """
    values = dict(known)
    calls: Dict[Tuple[int, int], List[Any]] = {}
    for one in symbols:
        layer, index, output = one._keras_history[:3]
        if (id(layer), index) not in calls:
            calls[id(layer), index] = _called_on(layer, layer._inbound_nodes[index], values, training)
        values[id(one)] = calls[id(layer), index][output]
    return [values[id(one)] for one in symbols]


def _called_on(layer: Any, node: Any, known: Mapping[int, Any], training: bool) -> List[Any]:
    """Call a layer as its node says that it was called, on what `known` has for symbols; return a flat list.

    As in a model that is called with `training`, a layer's own training=True holds in Keras 2 and not in Keras 3.
    """
    then = getattr(node, "arguments", None)  # of Keras 3
    args, kwargs = (node.call_args, node.call_kwargs) if then is None else (then.args, then.kwargs)
    args, kwargs = tf.nest.map_structure(
        lambda one: known[id(one)] if is_keras_tensor(one) else one, (tuple(args), dict(kwargs))
    )
    if "training" in inspect.signature(layer.call).parameters and (then is not None or kwargs.get("training") is None):
        kwargs["training"] = training
    return tf.nest.flatten(layer(*args, **kwargs))
