"""What a fetch needs to be fed, and what it is fed when nobody says.

A session asks for every placeholder that a fetch depends on, and for no other. So the ancestors of the fetches are
walked, stopping at each tensor whose value is given; the placeholders that are met take their inference value if their
use or their name tells it, and any other is an error, raised when the fetch is planned and not when it is run.
"""

import re
from typing import Any, Callable, Collection, Iterable, List, Mapping, NamedTuple, Optional
from weakref import WeakKeyDictionary

from .._types import Graph, Operation, Tensor
from ..errors import MissingFeed
from .op_types import PLACEHOLDERS, UNFED
from .usage import Whole, inference_use
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


# By graph, the errors of the operations in it, by name, in whose places stand others that never run.
STAND_INS: "WeakKeyDictionary[Graph, Mapping[str, Callable[[], Exception]]]" = WeakKeyDictionary()


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
    `required` that is not in `cut`; the error of STAND_INS where that placeholder is what an operation reads that
    stands in for another.
    """
    fetches = list(fetches)
    toward = ancestors(fetches, cut)
    fed = []
    whole: Optional[Whole] = None
    for op in sorted(toward, key=lambda op: (all(out.name not in required for out in op.outputs), op.name)):
        tensor = op.outputs[0] if op.outputs else None
        if tensor is None or tensor.name in cut or not (op.type in PLACEHOLDERS or tensor.name in required):
            continue
        whole = whole or Whole(tensor.graph)
        value = inference_value(tensor, whole)
        if value is not None:
            fed.append(value)
        elif op.type != "PlaceholderWithDefault" or tensor.name in required:
            refused = STAND_INS.get(tensor.graph, {}).get(getattr(toward[op], "name", ""))
            if refused is not None:
                raise refused()
            theirs = {one: None if _is_ours(after) else after for one, after in toward.items()}
            score = _end(theirs, op).name + ":0"
            raise MissingFeed(f"{score!r} needs {tensor.name!r}: {path(theirs, op)}", tensor)
    return fed


def inference_value(tensor: Tensor, whole: Optional[Whole] = None) -> Optional[DefaultFeed]:
    """Return what a placeholder gets in inference: as it is used, else by the last part of its name, else None."""
    if tensor.shape.rank not in (None, 0):
        return None
    last = tensor.op.name.rsplit("/", 1)[-1].lower()
    last = re.sub(r"_\d+$", "", last)
    named = next((row for row in INFERENCE if re.fullmatch(row.pattern, last)), None)
    # a truth value is named well where it is named at all, and what depends on it takes a walk through the graph
    used = None if named is not None and not tensor.dtype.is_floating else inference_use(tensor, whole)
    says = used if used is not None and (named is None or used.value != named.value) else named
    return None if says is None else DefaultFeed(tensor, tensor.dtype.as_numpy_dtype(says.value), says.why)


def _is_ours(op: Optional[Operation]) -> bool:
    """Whether an operation was added by slimcam; a message that names it would tell the user nothing."""
    return op is not None and op.name.startswith("slimcam/")


def _end(toward: Mapping[Operation, Optional[Operation]], op: Operation) -> Operation:
    """Return the fetch that the way from an operation leads to."""
    while toward[op] is not None:
        op = toward[op]
    return op
