"""The options of load(), one row each: its default, and how the command line offers it.

This imports neither NumPy nor TensorFlow, as --help is not to wait for them. A new option is a field
here, a parameter of load(), and what reads it: a reader, whose row in SOURCES then names it.
"""

import sys
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Union

from ..errors import UnknownName
from ..inputs.names import PREPROCESSING
from ..modules.importing import import_function

if TYPE_CHECKING:
    from .._types import PathLike, TensorLike

TIMEOUT = 1800.0  # seconds a run, in which a core explains 256 MiB of images by the largest nets; no run is fed more
ENGINES = "graph", "tape"  # the names of engines.ENGINES, which imports the sources

LabelsLike = Union["PathLike", Sequence[str]]
Tags = Union[str, Sequence[str]]
NamesLike = Union["TensorLike", Sequence["TensorLike"]]  # one tensor or several, by name or themselves

# What load() itself does with whatever a reader returns: every source takes these.
EVERYWHERE = ("input", "logits", "labels", "preprocess", "layer", "size", "keep_dropout", "timeout")
# What every source takes that is a file or a folder: a session or a Keras model is the caller's own program.
OF_FILES = ("trusted", "allow", "isolated", "memory")


class CommandLine(NamedTuple):
    """How the command line offers an option; one whose default is False is a flag."""

    help: str
    metavar: Optional[str] = None
    choices: Sequence[str] = ()
    type: Any = None  # what the word is, where that is no string
    read: Optional[Callable[[str], Any]] = None  # what the word that was typed stands for, where it is not the word
    of_both: bool = False  # of two models, the second's too where nothing is said of that
    option: str = ""  # what it is called there, where that is not its name
    multiple: bool = False  # it may be repeated; `read` is given all of its words


def _row(help: str, **how: Any) -> Dict[str, CommandLine]:
    return {"command_line": CommandLine(help, **how)}


def _importable(net: str) -> str:
    """Let package.module:function be found in the current folder, as `python -m` would."""
    if ":" in net and "" not in sys.path:
        sys.path.insert(0, "")
    return net


def _functions(words: Sequence[str]) -> Optional[Dict[str, Any]]:
    """Import what each NAME=package.module:function names; None where nothing is said."""
    functions = {}
    for word in words:
        name, _, path = word.partition("=")
        if not name or ":" not in path:
            raise UnknownName(f"--custom {word}: give NAME=package.module:function")
        functions[name] = import_function(_importable(path), f"custom object {name!r}")[1]
    return functions or None


def _split(text: str) -> Optional[List[str]]:
    return text.split(",") if text else None


def _all_words(texts: Sequence[str]) -> Optional[List[str]]:
    return [word for text in texts for word in text.split(",")] or None


def _seconds(number: float) -> Optional[float]:
    return number or None


def _one_or_more(text: str) -> Union[str, List[str]]:
    return text.split(",") if "," in text else text


def names_of(tensors: Optional["NamesLike"]) -> List[str]:
    """Return the names of a tensor, or of several, given by name or themselves; [] for None."""
    if tensors is None:
        return []
    each: Sequence[Any] = tensors if isinstance(tensors, (list, tuple)) else [tensors]
    return [one if isinstance(one, str) else one.name for one in each]


@dataclass(frozen=True)
class LoadOptions:
    """What load() would otherwise infer, and how it goes about it; those of the command line come first."""

    net: Any = field(
        default=None,
        metadata=_row(
            "Net of a checkpoint: see `slimcam nets`, or package.module:function; of Keras weights: a name of "
            "keras.applications, the model's .json or .yaml, or package.module:function.",
            metavar="NAME",
            read=_importable,
            of_both=True,
        ),
    )
    input: Optional["NamesLike"] = field(
        default=None,
        metadata=_row("Tensor that images are fed to; of several, A,B.", metavar="TENSOR", read=_one_or_more),
    )
    logits: Optional["TensorLike"] = field(
        default=None, metadata=_row("Tensor of the classes' scores before the softmax.", metavar="TENSOR")
    )
    labels: Optional[LabelsLike] = field(
        default=None, metadata=_row("Text file with a line a class.", metavar="FILE", of_both=True)
    )
    preprocess: Optional[str] = field(
        default=None,
        metadata=_row("How photos were prepared.", choices=PREPROCESSING, of_both=True),
    )
    tags: Optional[Tags] = field(
        default=None, metadata=_row("Tags of the graph in a SavedModel or a TF Hub module.", metavar="A,B", read=_split)
    )
    signature: Optional[str] = field(
        default=None, metadata=_row("Signature of a SavedModel or a TF Hub module.", metavar="NAME")
    )
    weights: Optional["PathLike"] = field(
        default=None, metadata=_row("Weights of a Keras model's .json or .yaml.", metavar="FILE")
    )
    custom_objects: Optional[Dict[str, Any]] = field(
        default=None,
        metadata=_row(
            "What a Keras file names and Keras lacks, a Lambda layer's function too; may be repeated.",
            metavar="NAME=MODULE:FUNCTION",
            option="custom",
            multiple=True,
            read=_functions,
            of_both=True,
        ),
    )
    trusted: bool = field(
        default=False,
        metadata=_row("Run whatever the file holds: code, and operations that reach files and hosts.", of_both=True),
    )
    allow: Optional[Sequence[str]] = field(
        default=None,
        metadata=_row(
            "Run these operations, layers or functions of the file, and no other that is refused; may be repeated.",
            metavar="A,B",
            multiple=True,
            read=_all_words,
            of_both=True,
        ),
    )
    keep_dropout: bool = field(
        default=False,
        metadata=_row("Leave dropout that the graph has at work: maps differ from run to run.", of_both=True),
    )
    engine: str = field(
        default="graph",
        metadata=_row("How it is run: in a graph, or a Keras model eagerly by a tape.", choices=ENGINES),
    )
    timeout: Optional[float] = field(
        default=TIMEOUT,
        metadata=_row(
            f"Seconds that a run may take ({TIMEOUT:g}); 0 for no bound.", metavar="SECONDS", type=float, read=_seconds
        ),
    )
    isolated: bool = field(
        default=False,
        metadata=_row("Load and run it in a process of its own that reaches nothing but the model.", of_both=True),
    )
    memory: Optional[float] = field(
        default=None,
        metadata=_row(
            "GiB that such a process may take (4, and 16 times the model).", metavar="GIB", type=float, of_both=True
        ),
    )
    num_classes: Optional[int] = None
    layer: Optional["TensorLike"] = None
    size: Optional[int] = field(
        default=None,
        metadata=_row("Side of the net's images in pixels, where it leaves that open.", metavar="N", type=int),
    )
    arguments: Optional[Dict[str, Any]] = None
    moving_averages: bool = True
    checkpoint: Optional["PathLike"] = None

    def differing(self) -> List[str]:
        """Return the names of the options that are not at their defaults."""
        return [one.name for one in fields(self) if not _is(getattr(self, one.name), one.default)]


def _is(value: Any, default: Any) -> bool:
    """Whether a value is a default; a tensor or an array is never compared."""
    return value is default or (isinstance(value, (bool, str)) and value == default)


# By name, what the command line offers, in the order in which --help lists it.
ON_COMMAND_LINE: Dict[str, CommandLine] = {
    one.name: one.metadata["command_line"] for one in fields(LoadOptions) if "command_line" in one.metadata
}
