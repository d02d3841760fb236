"""Kind: TensorFlow Lite files, changed in their bytes, and by the tensors and operators that they are written from."""

from random import Random
from typing import Any, Dict, List

import numpy as np
from fixtures.tflite_models import NET, Op, T, conv_options, net_tensors, tflite_bytes

from slimcam._tf import tf

from .case import Case
from .mutations import INTEGERS, NUMBERS, damage
from .runs import Came, close

KERNEL = np.random.RandomState(0).normal(size=(2, 1, 1, 3)).astype(np.float32)
HEAD = np.random.RandomState(1).normal(size=(3, 2)).astype(np.float32)
OPTIONS = {"preprocess": "none"}
TYPES = "ADD", "SUB", "MUL", "RELU", "RESHAPE", "SOFTMAX", "PAD", "MEAN", "CONV_2D", "TRANSPOSE", "LSTM", "WHILE", "IF"


def bases() -> Dict[str, Case]:
    """Return a net of a convolution; quantised weights in it, and a few more operators."""
    data = tflite_bytes(net_tensors(KERNEL, HEAD, 4), NET, ("images",), ("probabilities",))
    return {"plain": Case({"net.tflite": data}, "net.tflite", OPTIONS, "plain")}


def mutate(random: Random, case: Case) -> Case:
    """Change bytes, or what the file is written from."""
    if random.random() < 0.5:
        return case.with_file("net.tflite", *damage(random, case.files["net.tflite"]))
    for _ in range(20):  # what no file can hold is drawn again
        tensors, operators = net_tensors(KERNEL, HEAD, 4), list(NET)
        inputs, outputs = ["images"], ["probabilities"]
        recipe = _change(random, tensors, operators, inputs, outputs)
        try:
            data = tflite_bytes(tensors, operators, inputs, outputs)
        except Exception:  # flatbuffers' own checks of a number's range
            continue
        return case.with_file("net.tflite", data, recipe)
    return case.with_file("net.tflite", *damage(random, case.files["net.tflite"]))


def _change(random: Random, tensors: List[T], operators: List[Op], inputs: List[str], outputs: List[str]) -> str:
    names = [tensor.name for tensor in tensors]
    way = random.randrange(5)
    if way == 0:
        chosen = random.choice((inputs, outputs))
        chosen[:] = [random.choice(names) for _ in range(random.randrange(3))]
        return f"inputs {inputs}, outputs {outputs}"
    if way <= 2:
        at = random.randrange(len(operators))
        operators[at], recipe = _change_operator(random, operators[at], names)
        if random.random() < 0.1:
            operators.insert(at, operators[at])
            recipe += ", twice"
        return f"operator {at} {recipe}"
    at = random.randrange(len(tensors))
    tensors[at], recipe = _change_tensor(random, tensors[at])
    return f"tensor {names[at]} {recipe}"


def _change_operator(random: Random, op: Op, names: List[str]) -> Any:
    way = random.randrange(5)
    if way == 0:
        kind = random.choice(TYPES)
        return op._replace(type=kind), f"of type {kind}"
    if way == 1:
        reads = [random.choice([name, name, "", *names]) for name in op.inputs][: random.choice((0, 1, 9, 9, 9))]
        return op._replace(inputs=tuple(reads)), f"reads {reads}"
    if way == 2:
        writes = tuple(random.choice(names) for _ in range(random.randrange(3)))
        return op._replace(outputs=writes), f"gives {writes}"
    if way == 3:
        return op._replace(table="", options={}), "without options"
    table = op.options or conv_options()
    key = random.choice(sorted(table))
    number = random.choice((0, -1, 1, 2, 3, 5, 100, 127, 2**31 - 1, -(2**31)))
    changed = {**op.options, key: number}
    return op._replace(options=changed, table=op.table or "Conv2DOptions"), f"with {key} {number}"


def _change_tensor(random: Random, tensor: T) -> Any:
    way = random.randrange(5)
    if way == 0:
        shape = tuple(random.choice((0, 1, 2, 4, -1, 2**16, 2**31 - 1, None)) for _ in range(random.randrange(6)))
        return tensor._replace(shape=shape, value=None), f"of shape {shape} without value"
    if way == 1:
        kind = random.choice(("float16", "int32", "uint8", "int8", "int64", "string", "bool", "complex64", "float64"))
        if tensor.value is None or kind == "string":
            return tensor._replace(dtype=kind), f"of type {kind}"
        return tensor._replace(value=tensor.value.astype(kind)), f"of type {kind}"
    if way == 2:
        scale = tuple(random.choice(NUMBERS) for _ in range(random.randrange(4)))
        return tensor._replace(scale=scale, zero=(random.choice(INTEGERS) % 2**62,)), f"of scale {scale}"
    if way == 3 and tensor.value is not None:
        value = np.asarray(tensor.value).reshape(-1)[: random.randrange(4)]
        return tensor._replace(value=value), f"of {value.size} values"
    name = random.choice(("", "a" * 700, "images", "x\x1b[0m", "a/b;c/d", "../x"))
    return tensor._replace(name=tensor.name if tensor.value is None else name), f"called {name[:20]!r}"


def truth(path: str, case: Case, came: Came) -> bool:
    """Whether TensorFlow Lite gives the same scores, as logits or as their softmax."""
    interpreter = tf.lite.Interpreter(model_path=path)
    interpreter.allocate_tensors()
    place = interpreter.get_input_details()[0]
    interpreter.set_tensor(place["index"], came.numbers["input"].astype(place["dtype"]))
    interpreter.invoke()
    found = [interpreter.get_tensor(one["index"]) for one in interpreter.get_output_details()]
    logits = came.numbers["logits"]
    shares = np.exp(logits - logits.max(-1, keepdims=True))
    either = logits, shares / shares.sum(-1, keepdims=True)
    return any(close(one, other) for one in either for other in found)
