"""What an operation does beside computing with tensors, by its name and those attributes that decide it.

An operation that is on no list is refused: it may be a newer TensorFlow's, or a library's of the user. Nothing here
imports TensorFlow; a node is read by its proto.
"""

from typing import Any, Callable, Dict, NamedTuple, Optional

from ..._types import NodeDef
from .operators_computing import COMPUTING, DRAWING
from .operators_refused import REASONS

RESOURCE, VARIANT = 20, 21  # of types.proto: a name of a resource, and an object of any kind
UNKNOWN = "does what slimcam does not know"
DRAWS = "draws random numbers"
SAID: Dict[str, str] = {
    **dict.fromkeys(DRAWING, DRAWS),
    "Assert": "may end a run with an error",
    "Print": "prints to the terminal",
}
# What a Saver is made of, and why the rest is refused of a program's input: nearly each file of training holds them.
SAVING = frozenset(("Save", "SaveV2", "SaveSlices", "RestoreV2", "Restore", "RestoreSlice", "MergeV2Checkpoints"))
OF_TRAINING = ("reads files", "may wait for ever", "is of an input pipeline")
_TERMINALS = (b"", b"stderr", b"stdout", b"log(info)", b"log(warning)", b"log(error)")


_MOST_PLACES = 1000  # of a number as a text


class Judgement(NamedTuple):
    """What a node does beside computing, and whether that is refused or only said."""

    why: str
    is_refused: bool


def judge(node: NodeDef) -> Optional[Judgement]:
    """Return what a node does beside computing with tensors, None where that is nothing. Functions are not its own."""
    op = node.op
    if op in BY_ATTRIBUTES:
        judgement = BY_ATTRIBUTES[op](node)
        if judgement is not None:
            return judgement
    if op in COMPUTING:
        return None
    if op in SAID:
        return Judgement(SAID[op], False)
    return Judgement(REASONS.get(op, UNKNOWN), True)


def is_known(op: str) -> bool:
    """Whether an operation is on a list."""
    return op in COMPUTING or op in SAID or op in REASONS or op in BY_ATTRIBUTES


def _text(node: NodeDef, name: str) -> bytes:
    return node.attr[name].s if name in node.attr else b""


def _print(node: NodeDef) -> Optional[Judgement]:
    if _text(node, "output_stream") in _TERMINALS:
        return Judgement(SAID["Print"], False)
    return Judgement("writes files", True)


def _descriptors(node: NodeDef) -> Optional[Judgement]:
    """Judge a coder of protos: it is told where descriptors are, in the program, in the attribute, or in a file."""
    source = _text(node, "descriptor_source")
    return None if source in (b"", b"local://") or source.startswith(b"bytes://") else Judgement("reads files", True)


def _vocabulary(node: NodeDef) -> Optional[Judgement]:
    return Judgement("reads files", True) if _text(node, "vocab_file") else None


def _empty(node: NodeDef) -> Optional[Judgement]:
    initialised = "init" in node.attr and node.attr["init"].b
    return None if initialised else Judgement("reads memory that nobody has written", True)


def _padded(node: NodeDef) -> Optional[Judgement]:
    lengths = [node.attr[name].i for name in ("width", "precision") if name in node.attr]
    return Judgement("expands without bound", True) if max(lengths, default=0) > _MOST_PLACES else None


def _handles(attribute: str) -> Callable[[Any], Optional[Judgement]]:
    """Return what refuses a value that says itself which resource of the program, or which object, it is."""

    def handles(node: NodeDef) -> Optional[Judgement]:
        holds = node.attr[attribute].type if attribute in node.attr else 0
        return Judgement("names resources or objects of the program", True) if holds in (RESOURCE, VARIANT) else None

    return handles


# Operations that are judged by their attributes first, then by their name.
BY_ATTRIBUTES: Dict[str, Callable[[Any], Optional[Judgement]]] = {
    "PrintV2": _print,
    "DecodeProtoV2": _descriptors,
    "EncodeProto": _descriptors,
    "FixedUnigramCandidateSampler": _vocabulary,
    "Empty": _empty,
    "AsString": _padded,
    "Const": _handles("dtype"),
    "HostConst": _handles("dtype"),
    "ParseTensor": _handles("out_type"),
    "DeserializeSparse": _handles("dtype"),
    "DeserializeManySparse": _handles("dtype"),
}
