"""Inception blocks written as pictures: a line is a branch, a word is a layer, and all branches meet in one concat.

    MaxPool_1a_3x3/2
    Conv2d_0a_1x1:192 Conv2d_0b_1x3:256|Conv2d_0c_3x1:256

A word starts with TF-Slim's scope, which tells kind and kernel (rows x columns). `:192` is a convolution's depth. `/2`
is a stride, and a layer that has one is not padded; any other keeps the size of its input. `a|b` lie side by side.
"""

import re
from typing import Any, Callable, Dict, List, Optional, Tuple, Union

from .._tf import slim as import_slim
from .._tf import tf1
from .._types import Tensor

slim = import_slim()

Body = List[Union[str, Tuple[str, str]]]

_WORD = re.compile(
    r"(?P<scope>(?P<kind>[A-Za-z0-9]+)_(?:\w+_)?(?P<rows>\d+)x(?P<columns>\d+))(:(?P<depth>\d+))?(/(?P<stride>\d))?"
)
_POOLS = {"AvgPool": slim.avg_pool2d, "MaxPool": slim.max_pool2d}


def layer(net: Tensor, word: str) -> Tensor:
    """Return the layer that one word of a picture describes, on `net`; ValueError for a word that is none."""
    match = _WORD.fullmatch(word)
    if match is None:
        raise ValueError(f"no layer reads {word!r}")
    kernel = [int(match["rows"]), int(match["columns"])]
    stride = match["stride"]
    place = {"stride": int(stride or 1), "padding": "VALID" if stride else "SAME", "scope": match["scope"]}
    if match["kind"] in _POOLS:
        return _POOLS[match["kind"]](net, kernel, **place)
    return slim.conv2d(net, int(match["depth"]), kernel, **place)


def branches(net: Tensor, picture: str) -> Tensor:
    """Return the concat of a picture's branches on `net`, each in its own scope Branch_0, Branch_1, …"""
    ends = []
    for number, line in enumerate(picture.strip().splitlines()):
        with tf1.variable_scope(f"Branch_{number}"):
            end = net
            for word in line.split():
                sides = [layer(end, side) for side in word.split("|")]
                end = sides[0] if len(sides) == 1 else tf1.concat(sides, 3)
            ends.append(end)
    return tf1.concat(ends, 3)


def stack(net: Tensor, body: Body, end_points: Dict[str, Tensor]) -> Tensor:
    """Return the last of `body` stacked on `net`: layers and (scope, picture) pairs, each an end point of its name."""
    for item in body:
        name = name_of(item)
        if isinstance(item, str):
            net = layer(net, item)
        else:
            with tf1.variable_scope(name):
                net = branches(net, item[1])
        end_points[name] = net
    return net


def name_of(item: Union[str, Tuple[str, str]]) -> str:
    """Return the end point that an item of a body makes."""
    return re.split("[:/]", item)[0] if isinstance(item, str) else item[0]


def up_to(body: Body, name: str) -> Body:
    """Return a body up to an end point; all of it where it has none of that name."""
    names = [name_of(item) for item in body]
    return body[: names.index(name) + 1] if name in names else body


def arg_scope(
    weight_decay: float = 0.00004,
    batch_norm_decay: float = 0.9997,
    batch_norm_epsilon: float = 0.001,
    activation_fn: Callable[..., Tensor] = tf1.nn.relu,
    weights_initializer: Optional[Any] = None,
) -> Any:
    """Return the arg scope that the released Inception nets share: batch norm, without a scale, on convolutions."""
    decay = slim.l2_regularizer(weight_decay)
    weighted = slim.arg_scope([slim.conv2d, slim.fully_connected], weights_regularizer=decay)
    convolutions = slim.arg_scope(
        [slim.conv2d],
        weights_initializer=weights_initializer or slim.xavier_initializer(),
        activation_fn=activation_fn,
        normalizer_fn=slim.batch_norm,
        normalizer_params={"decay": batch_norm_decay, "epsilon": batch_norm_epsilon},
    )
    with weighted, convolutions as scope:
        return scope
