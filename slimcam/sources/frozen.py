"""A frozen GraphDef: `.pb` (binary) or `.pbtxt` (text), its weights inside as constants."""

import os
import warnings
from dataclasses import replace

from .._tf import parse_text, tf1
from .._types import GraphDef
from ..errors import ModelError
from ..files.reading import read_bytes
from ..graphs.darkflow import read_yolo
from ..graphs.graph_defs import needed_nodes
from ..graphs.import_checks import check_inputs, restate_swish
from ..graphs.newer_attributes import without_newer_attributes
from ..graphs.op_types import VARIABLES
from ..graphs.writes import without_writes
from .options import LoadOptions
from .parts import Parts
from .vetting.inert import vetted

MOST = 1 << 31  # bytes of a message: protobuf's own bound
MOST_TEXT = 1 << 28  # and of one in text, of which protobuf reads about a megabyte a second
_BINARY = frozenset(range(32)) - frozenset(b"\t\n\f\r")  # control characters, which no text holds


def is_frozen(path: str) -> bool:
    """Whether the name is that of a graph file."""
    return path.endswith((".pb", ".pbtxt")) and not os.path.isdir(path)


def read_frozen(path: str, options: LoadOptions) -> Parts:
    """Read a graph; raise ModelError for what is no frozen graph."""
    graph_def = read_graph_def(path)
    judged = vetted(path, graph_def, options)
    graph_def = without_writes(graph_def)
    variables = [node.name for node in graph_def.node if node.op in VARIABLES]
    if variables and options.logits:
        among = needed_nodes(graph_def, [options.logits])
        variables = [name for name in variables if name in among]
    if variables:
        raise ModelError(
            f"{path}: not frozen: {len(variables)} variables such as {variables[0]!r} have no value in it; "
            "freeze it, or load its checkpoint with net="
        )
    why = [*without_newer_attributes(graph_def), *restate_swish(graph_def, stale=True)]
    parts = Parts(path, graph_def, input=options.input, logits=options.logits, why=why, judged=judged)
    yolo = read_yolo(path)
    if yolo is None:
        return parts
    because = f"a YOLO of version {yolo.version}, by darkflow's .meta beside it: whole photos in 0 to 1"
    return replace(parts, preprocess="unit", labels=yolo.labels or None, why=[*why, because])


def read_graph_def(path: str) -> GraphDef:
    """Parse a GraphDef, binary or (`.pbtxt`) text; raise ModelError for a file that is none, or not a whole one."""
    data = read_bytes(path, ModelError, MOST_TEXT if path.endswith(".pbtxt") else MOST)
    graph_def = tf1.GraphDef()
    try:
        if path.endswith(".pbtxt"):
            parse_text(data.decode("utf-8", "replace"), graph_def)
        else:
            with warnings.catch_warnings():
                # protobuf 3 only warns of bytes that are left over after an end-group tag
                warnings.simplefilter("error", RuntimeWarning)
                graph_def.ParseFromString(data)
    except Exception as error:  # protobuf raises DecodeError or ParseError, by version from different modules
        raise ModelError(f"{path}: {_what_it_is(data, path)} ({type(error).__name__})") from error
    if not graph_def.node:
        raise ModelError(f"{path}: {_what_it_is(data, path)} (it has no nodes)")
    check_inputs(path, graph_def)
    return graph_def


def _what_it_is(data: bytes, path: str) -> str:
    if not data:
        return "the file is empty"
    if not _BINARY.intersection(data[:4096]) and not path.endswith(".pbtxt"):
        return "a text file, not a binary GraphDef; a GraphDef in text form ends in .pbtxt"
    return "not a GraphDef, or a damaged or truncated one"
