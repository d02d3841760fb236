"""What a fetch needs to be fed, and what it is fed when nobody says.

A session asks for every placeholder that a fetch depends on, and for no other. So the ancestors of the fetches are
walked, stopping at each tensor whose value is given; the placeholders that are met take their inference value if their
name tells it, and any other is an error, raised when the fetch is planned and not when it is run.
"""

import re
from typing import Any, Collection, Iterable, List, Mapping, NamedTuple, Optional

from .._types import Operation, Tensor
from ..errors import MissingFeed
from .op_types import ADDITIONS, PLACEHOLDERS, UNFED
from .walk import ancestors, path


class Inference(NamedTuple):
    """A kind of placeholder that only training programs vary, and its value when a net is just used."""

    pattern: str  # what the last part of its name looks like
    value: Any
    why: str


INFERENCE = (
    Inference(r"is_?train(ing)?|training|train(ing)?_(phase|mode|flag)|phase_?train|train", False, "not training"),
    Inference(r".*learning_phase", False, "Keras' learning phase: test"),
    Inference(r".*keep_?prob.*|(.*_)?keep(_?rate)?", 1.0, "dropout keeps everything"),
    Inference(r".*drop_?out.*|(.*_)?drop(_?(prob|rate).*)?", 0.0, "dropout drops nothing"),
)


class DefaultFeed(NamedTuple):
    """A value that is fed although nobody gave it."""

    tensor: Tensor
    value: Any
    why: str

    def __str__(self) -> str:
        return f"{self.tensor.name} = {self.value} ({self.why})"


def needs(fetches: Iterable[Tensor], cut: Collection[str] = ()) -> List[Tensor]:
    """Return the placeholders that `fetches` cannot do without, given the tensors named in `cut`."""
    places = [op.outputs[0] for op in ancestors(fetches, cut) if op.type in UNFED]
    return sorted((tensor for tensor in places if tensor.name not in cut), key=lambda tensor: tensor.name)


def plan(fetches: Iterable[Tensor], cut: Collection[str], required: Collection[str] = ()) -> List[DefaultFeed]:
    """Return what must be fed beside the tensors named in `cut`, each with its inference value.

    Raises MissingFeed, with one path, where `fetches` need a placeholder that has none, or a tensor named in
    `required` that is not in `cut`.
    """
    fetches = list(fetches)
    toward = ancestors(fetches, cut)
    fed = []
    for op in sorted(toward, key=lambda op: (all(out.name not in required for out in op.outputs), op.name)):
        tensor = op.outputs[0] if op.outputs else None
        if tensor is None or tensor.name in cut or not (op.type in PLACEHOLDERS or tensor.name in required):
            continue
        value = inference_value(tensor)
        if value is not None:
            fed.append(value)
        elif op.type != "PlaceholderWithDefault" or tensor.name in required:
            theirs = {one: None if _is_ours(after) else after for one, after in toward.items()}
            score = _end(theirs, op).name + ":0"
            raise MissingFeed(f"{score!r} needs {tensor.name!r}: {path(theirs, op)}", tensor)
    return fed


def inference_value(tensor: Tensor) -> Optional[DefaultFeed]:
    """Return what a placeholder gets in inference, by the last part of its name, or None if the name does not tell."""
    if tensor.shape.rank not in (None, 0):
        return None
    last = tensor.op.name.rsplit("/", 1)[-1].lower()
    last = re.sub(r"_\d+$", "", last)
    for row in INFERENCE:
        if re.fullmatch(row.pattern, last):
            value, why = row.value, row.why
            if value == 0.0 and not tensor.dtype.is_bool and _is_kept(tensor):
                value, why = 1.0, "its readers use it as the share that dropout keeps"
            return DefaultFeed(tensor, tensor.dtype.as_numpy_dtype(value), why)
    return None


def _is_kept(tensor: Tensor) -> bool:
    """Whether a placeholder called "dropout" is the share kept, by how tf.nn.dropout of its time computes.

    A share that is kept is added to noise and divided by (TensorFlow to 1.12), or taken from one before it is compared
    with noise (1.13 on); a rate is compared with noise itself.
    """
    readers = [(op, list(op.inputs)) for op in tensor.consumers()]
    if any(op.type == "GreaterEqual" for op, _ in readers):
        return False
    if any(op.type in ADDITIONS and any("random_uniform" in t.name for t in inputs) for op, inputs in readers):
        return True
    rates = [op.outputs[0] for op, _ in readers if op.type == "Sub"]
    return any(c.type == "GreaterEqual" for rate in rates for c in rate.consumers())


def _is_ours(op: Optional[Operation]) -> bool:
    """Whether an operation was added by slimcam; a message that names it would tell the user nothing."""
    return op is not None and op.name.startswith("slimcam/")


def _end(toward: Mapping[Operation, Optional[Operation]], op: Operation) -> Operation:
    """Return the fetch that the way from an operation leads to."""
    while toward[op] is not None:
        op = toward[op]
    return op
