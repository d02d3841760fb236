"""Constants as protos: whether types, shapes and values agree, and how much memory they come to.

A proto may hold one number for any count of the same: a file of a hundred bytes, for a tensor of any size.
"""

from typing import Dict, NamedTuple, Tuple

from ..._types import NodeDef


class Kind(NamedTuple):
    """How a TensorProto holds the values of a type."""

    bytes: int  # of a value in memory; 0 where that is not fixed
    field: str  # where single values are
    each: int = 1  # how many of them make a value


# By the numbers of types.proto, to TensorFlow 2.21.
KINDS: Dict[int, Kind] = {
    1: Kind(4, "float_val"),
    2: Kind(8, "double_val"),
    **{number: Kind(4, "int_val") for number in (3, 13)},
    **{number: Kind(1, "int_val") for number in (4, 6, 11, 12, 29, 30, 31, 32)},
    **{number: Kind(2, "int_val") for number in (5, 15, 16, 17)},
    **{number: Kind(1, "float8_val") for number in (24, 25, 26, 27, 28)},
    7: Kind(0, "string_val"),
    8: Kind(8, "scomplex_val", 2),
    9: Kind(8, "int64_val"),
    10: Kind(1, "bool_val"),
    14: Kind(2, "half_val"),
    18: Kind(16, "dcomplex_val", 2),
    19: Kind(2, "half_val"),
    20: Kind(0, "resource_handle_val"),
    21: Kind(0, "variant_val"),
    22: Kind(4, "uint32_val"),
    23: Kind(8, "uint64_val"),
}
MOST_DIMS = 32  # what every NumPy takes
MOST_VALUES = 1 << 62
_POINTER = 8  # bytes that a value of no fixed size takes at least


def problem_of_constant(node: NodeDef) -> str:
    """Return why a constant is none, in words that follow its name, "" where it is one, whatever it holds."""
    tensor = node.attr["value"].tensor if "value" in node.attr else None
    if tensor is None or not node.attr["value"].HasField("tensor"):
        return "is a constant without a value"
    dtype, declared = tensor.dtype, node.attr["dtype"].type
    if dtype != declared:
        return f"is a constant of type {declared}, and its value of type {dtype}"
    if dtype not in KINDS:
        return f"is a constant of type {dtype}, which is none"
    shape = tensor.tensor_shape
    if shape.unknown_rank or len(shape.dim) > MOST_DIMS:
        return "is a constant of no shape"
    count = 1
    for dim in shape.dim:
        if dim.size < 0:
            return "is a constant of a negative size"
        count *= max(dim.size, 1)
    return "is a constant of a shape that no memory holds" if count > MOST_VALUES else ""


def contents_of(node: NodeDef) -> Tuple[str, int]:
    """Return what is wrong with a constant's content, and the bytes that it takes in memory beyond those of its file.

    To count the content protobuf copies it, so that this is asked once.
    """
    tensor = node.attr["value"].tensor
    kind, count = KINDS[tensor.dtype], count_of(node)
    values = len(getattr(tensor, kind.field, ()))
    content = len(tensor.tensor_content)  # where there is any, it is what is read
    if content and content != count * kind.bytes:
        return f"is a constant of {count} values in {content} bytes", 0
    if values > count * kind.each or values % kind.each:
        return f"is a constant of {count} values, and holds {values}", 0
    held = count if content else values // kind.each
    return "", (count - held) * (kind.bytes or _POINTER)


def count_of(node: NodeDef) -> int:
    """Return how many values a constant has."""
    count = 1
    for dim in node.attr["value"].tensor.tensor_shape.dim:
        count *= dim.size
    return count
