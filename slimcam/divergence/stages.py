"""Stages: what a net does to its images on the way to the logits, read from its graph.

Most operations that compute are a stage. Some are one together: a convolution and its bias, a batch norm of several
operations, dropout, the two branches of a training switch. Those that only pass activations on are none.
"""

from typing import Dict, Iterable, List, NamedTuple, Optional, Sequence, Set, Tuple

from .._types import Operation, Tensor
from ..graphs import op_types, walk
from ..graphs.op_types import ADDITIONS, CLOSING, OPENING, SIZES, UNIFORM_OR_NORMAL
from ..model import Model
from .types import Stage

KINDS: Dict[str, str] = {
    **dict.fromkeys(op_types.CONVOLUTIONS, "conv"),
    **dict.fromkeys(op_types.DEPTHWISE, "depthwise"),
    **dict.fromkeys(op_types.DECONVOLUTIONS, "deconv"),
    **dict.fromkeys((*op_types.MATRIX_PRODUCTS, "Einsum"), "dense"),
    **dict.fromkeys(op_types.NORMS, "norm"),
    **{name: f"activation:{name.lower()}" for name in (*op_types.ACTIVATIONS, *op_types.BOUNDS)},
    **dict.fromkeys(op_types.MAX_POOLS, "pool:max"),
    **dict.fromkeys(op_types.AVG_POOLS, "pool:avg"),
    **{"Mean": "mean", "Max": "max", "Softmax": "softmax", "LRN": "lrn"},
    **dict.fromkeys(op_types.CONCATS, "concat"),
    **dict.fromkeys((*ADDITIONS, "AddN"), "add"),
    **{"Sub": "subtract", "Mul": "multiply", **dict.fromkeys(op_types.DIVISIONS, "divide")},
    **dict.fromkeys(op_types.RESIZES, "resize"),
    **dict.fromkeys(op_types.CONDS, "cond"),  # what its branches do is not seen
    **dict.fromkeys(op_types.PADS, "pad"),
}  # of an operation that is not here, its type in small letters
# Where the other operand is no activation.
BY_CONSTANT = {"add": "shift", "subtract": "shift", "multiply": "scale", "divide": "scale"}
LINEAR = ("conv", "depthwise", "deconv", "dense")

# No stages: the same numbers, in another shape, order or type, or of a branch or a loop.
PASSING = frozenset(
    (
        *(*op_types.PLACEHOLDERS, *op_types.FORWARDING, *op_types.RESTATING, *op_types.REARRANGING),
        *(*OPENING, *op_types.LOOPING, "Exit"),
    )
)
_BIAS = ("BiasAdd", "BiasAddV1", *ADDITIONS, "Sub")


class Step(NamedTuple):
    """Operations that are one stage: the one that gives it its kind, the last, and all that lie in between."""

    op: Operation
    end: Operation
    kind: str
    inner: Sequence[Operation] = ()


def stages_of(model: Model, inputs: Sequence[Tensor]) -> List[Stage]:
    """Return the stages from the tensors `inputs` to a model's logits, each after those that it reads."""
    names = tuple(tensor.name for tensor in inputs)
    return model.once(("divergence/stages", names), lambda: _stages(model, inputs))


def _stages(model: Model, inputs: Sequence[Tensor]) -> List[Stage]:
    flow = _Flow(walk.between(inputs, model.need_logits()), [tensor.op for tensor in inputs])
    steps = {step.end: step for step in flow.steps()}
    stages: Dict[Operation, Stage] = {}
    behind: Dict[Operation, Tuple[Stage, ...]] = {}  # the nearest stages behind an operation's output
    for op in flow.order:
        step = steps.get(op)
        read = [t.op for one in ((op, *step.inner) if step else (op,)) for t in one.inputs]
        nearest = list(dict.fromkeys(stage for one in read for stage in behind.get(one, ())))
        if step is not None:
            tensor = next((t for t in inputs if t.op is op), op.outputs[0])
            first_channels = walk.data_format(op) == "NCHW"
            stages[op] = Stage(step.op, tensor, step.kind, model.name_of(tensor), tuple(nearest), first_channels)
            behind[op] = (stages[op],)
        elif op not in flow.inside_steps:
            behind[op] = tuple(nearest)
    return list(stages.values())


class _Flow:
    """The operations from the images to the logits, and how they group."""

    def __init__(self, order: Sequence[Operation], starts: Sequence[Operation]) -> None:
        self.starts = starts
        self.among: Set[Operation] = set(starts)
        for op in order:
            # how large activations are is not what they are: random numbers of their shape do not depend on them
            if op.type not in SIZES and any(tensor.op in self.among for tensor in op.inputs):
                self.among.add(op)
        self.order = [op for op in order if op in self.among]
        self.place = {op: i for i, op in enumerate(order)}
        self.inside_steps: Set[Operation] = set()
        self.depth = self._depths()

    def steps(self) -> List[Step]:
        """Return what is one stage each, in order."""
        steps = [Step(op, op, "input") for op in self.starts if _holds_numbers(op.outputs[0])]
        for group in (self._norms, self._switches, self._dropouts):
            for step in group():
                if not self.inside_steps.intersection((step.end, *step.inner)):
                    self.inside_steps.update(step.inner)
                    steps.append(step)
        taken = {step.end for step in steps} | self.inside_steps
        for op in self.order:
            if op not in taken and not self.depth[op] and self._computes(op):
                step = self._with_bias(op)
                taken.update((step.end, *step.inner))
                self.inside_steps.update(step.inner)
                steps.append(step)
        return sorted(steps, key=lambda step: self.place[step.end])

    def _computes(self, op: Operation) -> bool:
        return op.type not in PASSING and op.type not in CLOSING and op.outputs[0].dtype.is_floating

    def _readers(self, op: Operation) -> List[Operation]:
        return list(dict.fromkeys(c for c in walk.consumers(op) if c in self.among))

    def _moving(self, op: Operation) -> List[Tensor]:
        """Return the tensors read that depend on the images."""
        return [tensor for tensor in op.inputs if tensor.op in self.among]

    def _depths(self) -> Dict[Operation, int]:
        """Count the switches and loops that an operation is in: what is in one cannot always be fetched."""
        depth: Dict[Operation, int] = {}
        for op in self.order:
            inside = max([depth.get(tensor.op, 0) for tensor in op.inputs], default=0)
            depth[op] = max(0, inside + (op.type in OPENING) - (op.type in CLOSING))
        return depth

    def _kind(self, op: Operation) -> str:
        kind = KINDS.get(op.type, op.type.lower())
        return BY_CONSTANT.get(kind, kind) if len(self._moving(op)) < 2 else kind

    def _with_bias(self, op: Operation) -> Step:
        """Return an operation, and if it is linear, what it becomes by a bias or the end of a dilation."""
        inner: List[Operation] = []
        waiting: List[Operation] = []
        kind, end, step = self._kind(op), op, op
        while kind in LINEAR and len(self._readers(step)) == 1:
            step = self._readers(step)[0]
            bias = step.type in _BIAS and len(self._moving(step)) == 1
            if bias or step.type == "BatchToSpaceND":
                inner += [end, *waiting]
                end, waiting = step, []
            elif step.type in PASSING and not self.depth[step]:
                waiting.append(step)
            else:
                break
            if bias:
                break
        return Step(op, end, kind, inner)

    def _norms(self) -> Iterable[Step]:
        """Yield batch norms made of several operations: x * s + (offset - mean * s)."""
        for op in self.order:
            if op.type not in ADDITIONS or self.depth[op]:
                continue
            for scaled, other in (list(op.inputs), list(op.inputs)[::-1]):
                x = self._norm_input(scaled.op, other)
                if x is not None and scaled.op.type == "Mul" and self._readers(scaled.op) == [op]:
                    inner = [one for one in walk.between([x], op.outputs[0]) if one not in (x.op, op)]
                    yield Step(op, op, "norm", [one for one in inner if one in self.among])
                    break

    def _norm_input(self, product: Operation, other: Tensor) -> Optional[Tensor]:
        """Return the x of a product x * s with which `other` is the rest of a batch norm, None if it is not."""
        if product not in self.among or product.type != "Mul":
            return None
        for x, s in (list(product.inputs), list(product.inputs)[::-1]):
            if x.op not in self.among or x.op in (s.op, other.op):
                continue
            if s.op in self.among or other.op in self.among:
                moving = s.op in self.among and s.op is not other.op and s.op in walk.near(other.op, 4)
                if moving and _has(s.op, ("Rsqrt",), 6):
                    return x
            elif _has(s.op, ("Rsqrt",), 6) or ((s.shape.rank or 0) > 0 and s.shape.num_elements() != 1):
                return x
        return None

    def _switches(self) -> Iterable[Step]:
        """Yield what is in a training switch, by what its branches do."""
        for op in self.order:
            if op.type not in op_types.MERGES or self.depth[op]:
                continue
            inner = walk.reachable(self._in_switch(op), self._in_switch)
            kinds = [self._kind(one) for one in inner if self._computes(one)]
            if any(_random_behind(tensor, self.among) for one in inner for tensor in one.inputs):
                yield Step(op, op, "dropout", inner)
            elif kinds:
                yield Step(op, op, "norm" if "norm" in kinds or "rsqrt" in kinds else kinds[-1], inner)

    def _in_switch(self, op: Operation) -> List[Operation]:
        """Return the operations that one reads and that are in a switch or a loop."""
        return [tensor.op for tensor in self._moving(op) if self.depth[tensor.op]]

    def _dropouts(self) -> Iterable[Step]:
        """Yield dropout that is at work: x times, or chosen by, what is random."""
        for op in self.order:
            if op.type not in ("Mul", *op_types.SELECTS) or self.depth[op]:
                continue
            if any(_random_behind(tensor, self.among) for tensor in op.inputs):
                before = [tensor.op for tensor in self._moving(op)]
                scale = [one for one in before if self._kind(one) == "scale" and self._readers(one) == [op]]
                yield Step(op, op, "dropout", scale)


def _holds_numbers(tensor: Tensor) -> bool:
    """Whether a tensor holds numbers, as encoded images do not."""
    return tensor.dtype.is_floating or tensor.dtype.is_integer


def _has(op: Operation, types: Sequence[str], most: int) -> bool:
    """Whether an operation, or one that it reads by at most so many steps, is of one of some types."""
    return any(one.type in types for one in walk.near(op, most))


def _random_behind(tensor: Tensor, among: Set[Operation]) -> bool:
    """Whether a tensor that does not depend on the images is made from random numbers."""
    made_from = walk.near(tensor.op, 7, lambda op: op not in among and op.type not in SIZES)
    return any(op.type in UNIFORM_OR_NORMAL for op in made_from)
