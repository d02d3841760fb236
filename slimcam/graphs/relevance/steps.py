"""Steps: a graph from the image to a score as what rules are written for, one behind another."""

from typing import Collection, Dict, List, Mapping, NamedTuple, Union

from ..._tf import tf
from ..._types import Operation, Tensor
from .. import op_types, walk
from .chains import CORES, Chain, affine
from .linear import Linear, one_by_one


class Step(NamedTuple):
    """An operation that is no weighted sum."""

    op: Operation
    kind: str  # a row of KINDS, "" for one that no rule is written for
    inputs: List[Tensor]  # what of its inputs depends on the image


# Types of operations by what they do with relevance; weighted sums are recognised by chains.
KINDS: Dict[str, str] = {
    **dict.fromkeys(("Identity", "IdentityN", "Snapshot", "CheckNumerics", "Cast"), "move"),
    **dict.fromkeys(("Reshape", "Squeeze", "ExpandDims", *op_types.REARRANGING), "move"),
    **dict.fromkeys((*op_types.PADS, *op_types.CONCATS, "Pack", "Unpack", "Split", "SplitV"), "move"),
    **dict.fromkeys(("Slice", "StridedSlice", "SpaceToDepth", "DepthToSpace", "GatherV2"), "move"),
    **dict.fromkeys(op_types.SELECTS, "move"),
    **dict.fromkeys(("AvgPool", "Mean", "Sum", *op_types.RESIZES), "pool"),
    **dict.fromkeys(("MaxPool", "MaxPoolV2", "Max"), "maximum"),
    **dict.fromkeys((*op_types.ACTIVATIONS, "Erf", *op_types.BOUNDS), "activation"),
    "Mul": "product",
    "LRN": "neighbours",
}
GATES = ("Sigmoid", "Relu6", "Tanh", "Erf")  # what a value is multiplied by, to let it through or not
_AROUND = (*op_types.RESTATING, *op_types.ADDITIONS, *op_types.DIVISIONS, "Mul", "Sub", "StridedSlice", "Transpose")
_OF_SHAPE = (*op_types.SIZES, "ZerosLike", "OnesLike")  # whose numbers are not those of what they read
SUMS = (*op_types.ADDITIONS, "AddN", "Sub")


class Steps(NamedTuple):
    """What lies between the image and a score, each after what it reads."""

    each: List[Union[Linear, Step]]
    producers: Dict[str, Linear]  # the weighted sums by the names of their outputs, those that just one step reads


def read_steps(image: Tensor, end: Tensor, cut: Collection[str], fold: bool) -> Steps:
    """Return the steps from the image to a tensor; none is behind the tensors named in `cut`.

    With `fold`, what scales and shifts the channels of a convolution after it is part of it; see chains.
    """
    dependent = _dependent(image, end, cut)
    readers: Dict[str, int] = {end.name: 1}
    for op, numbers in dependent.items():
        for name in {op.inputs[number].name for number in numbers}:
            readers[name] = readers.get(name, 0) + 1
    chains: Dict[str, Chain] = {}
    steps: Dict[str, Union[Chain, Linear, Step]] = {}
    depths: Dict[str, int] = {image.name: 0}
    for op, numbers in dependent.items():
        inputs = [op.inputs[number] for number in numbers]
        depth = max(depths[one.name] for one in inputs)
        after, before = affine(op, numbers), chains.get(inputs[0].name)
        single = before is not None and readers[inputs[0].name] == 1 and inputs[0].name not in cut
        if before is not None and single and after is not None and before.may_join(after, fold):
            del steps[before.output.op.name]
            steps[op.name] = chains[op.outputs[0].name] = before.joined(op, after)
        elif op.type in CORES and numbers == [0] and not _turned(op):
            steps[op.name] = chains[op.outputs[0].name] = Chain(op, inputs[0], op.outputs[0], depth)
            depth += 1
        elif after is not None:
            start = Chain(None, inputs[0], inputs[0], depth)
            steps[op.name] = chains[op.outputs[0].name] = start.joined(op, after)
        else:
            steps[op.name] = _sum(op, inputs) if op.type in SUMS else _step(op, inputs, dependent)
        depths.update((out.name, depth) for out in op.outputs)
    each = [one.linear() if isinstance(one, Chain) else one for one in steps.values()]
    linears = [one for one in each if isinstance(one, Linear) and readers.get(one.output.name) == 1]
    return Steps(each, {one.output.name: one for one in linears})


def _dependent(image: Tensor, end: Tensor, cut: Collection[str]) -> Dict[Operation, List[int]]:
    """Map the operations that numbers of the image go through to the inputs that these come by, in their order.

    What is chosen by them counts as given: no truth value and no place of a largest number hands any on.
    """
    alive = {image.name}
    dependent: Dict[Operation, List[int]] = {}
    for op in walk.flow([end], [image.name, *cut]):
        numbers = [number for number, one in enumerate(op.inputs) if one.name in alive]
        if numbers and op.type not in _OF_SHAPE:
            dependent[op] = numbers
            outputs = [out for out in op.outputs if out.dtype.is_floating or out.dtype == image.dtype]
            alive.update(out.name for out in outputs if out.name not in cut)
    return dependent


def _turned(op: Operation) -> bool:
    return op.type == "MatMul" and bool(op.get_attr("transpose_a"))


def _sum(op: Operation, inputs: List[Tensor]) -> Linear:
    one = tf.ones([], op.outputs[0].dtype)
    weights = [one, -one] if op.type == "Sub" else [one for _ in inputs]
    return Linear(op, "sum", inputs, weights, None, op.outputs[0], *one_by_one())


def _step(op: Operation, inputs: List[Tensor], dependent: Mapping[Operation, List[int]]) -> Step:
    """Return an operation as a step; of a product with a gate, the gate is the second input."""
    kind = KINDS.get(op.type, "")
    if op.type in op_types.BOUNDS and len(inputs) > 1:
        kind = "maximum"
    if kind == "product":
        gates = [_is_gate(one, dependent) for one in inputs]
        if sum(gates) == 1 and len(inputs) == 2:
            return Step(op, "gate", inputs[::-1] if gates[0] else inputs)
    return Step(op, kind, inputs)


def _is_gate(tensor: Tensor, dependent: Mapping[Operation, List[int]]) -> bool:
    """Whether a factor is what a gate gives, scaled and shifted: sigmoid(x), relu6(x + 3) / 6, 1 + erf(x)."""
    op = tensor.op
    while op.type in _AROUND and len(dependent.get(op, [])) == 1:
        op = op.inputs[dependent[op][0]].op
    return op.type in GATES and (op.type != "Relu6" or op is not tensor.op)
