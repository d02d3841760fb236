"""Every error that slimcam raises on purpose, so that one `except SlimcamError` catches them all.

SlimcamError
├── MissingPackage   TensorFlow, tf_slim or tf_keras is not installed; the message holds the pip line
├── ModelError       a path that does not hold the model that was asked for, or does not hold it whole
│   └── UntrustedModel  its file does more than computing with tensors; the message says what, and how to allow it
├── UnknownName      a tensor, end point, net, label or dialect of that name does not exist; the nearest are named
├── MissingFeed      a score needs a placeholder that nobody feeds; the message holds one path to it
├── WrongFeed        an array of hold= does not fit the tensor that it replaces
├── LayerError       a layer that cannot be explained: not four-dimensional, or no gradient reaches it
├── TargetError      a class out of range, or not as many targets as photos
├── ParameterError   a parameter that a method has not, or a value that it does not take
├── RuleError        a backward rule that the net does not allow: an operation without one, or nothing that it changes
├── PhotoError       a photo that cannot be read or painted on so, or an array that is no image
├── GoldenError      a recording that is damaged, foreign, newer, or not of what is to be verified
├── ComparisonError  two things that cannot be compared
├── InterpreterError another Python that cannot run slimcam; the message says what it lacks
├── OutputError      a file that cannot be written
├── GoneName         a name of another library that went and that nothing stands for; the message says since when
├── GoneModule       the same of a module
└── SourceError      a program or a notebook that Python 3 cannot read; the message says the line and what to change
"""

import sys
import warnings
from typing import TYPE_CHECKING, Any, Dict, NamedTuple, Optional, Sequence, Tuple, Type

from .text.printable import escape_lines, one_line

if TYPE_CHECKING:
    from ._types import Tensor


class SlimcamError(Exception):
    """Base of all errors below; its text says what is wrong and what to do.

    That is one line of at most text.printable.MOST characters, whatever the files and libraries say that it quotes.
    """

    def __str__(self) -> str:
        return one_line(super().__str__())

    def on_one_line(self) -> str:
        """Return the message for the command line."""
        return str(self)


class MissingPackage(SlimcamError, ImportError):
    """A package that this call needs is not installed."""


class ModelError(SlimcamError):
    """The model cannot be loaded from this source."""


class Finding(NamedTuple):
    """Something in a file that is more than computing with tensors."""

    where: str  # a node's name, by its function's, or the path in a configuration
    what: str  # the operation, layer or symbol
    why: str  # a few words that follow it: "reads files"
    allow: str = ""  # the word that allow= takes for just this, "" where only trusted=True does

    def in_words(self) -> str:
        """Return what is where and why it matters, in words."""
        return f"{self.where!r} is {self.what}, which {self.why}"


class UntrustedModel(ModelError):
    """The model's file holds what is run for no stranger: `findings`."""

    def __init__(self, message: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(message)
        self.findings = findings


class UnknownName(SlimcamError):
    """A name that does not exist; names match exactly."""


class Remedy(NamedTuple):
    """A way out of an error: a line of Python, what to say on the command line instead, and what it does."""

    code: str
    option: str
    why: str


class MissingFeed(SlimcamError):
    """What is fetched depends on a placeholder that is not fed, `tensor`; each of `remedies` mends that."""

    def __init__(self, message: str, tensor: "Optional[Tensor]" = None, remedies: Sequence[Remedy] = ()) -> None:
        message = one_line(message)
        lines = [one_line(f"    {remedy.code}  # {remedy.why}") for remedy in remedies]
        super().__init__("\n".join([message + (". Ways out:" if remedies else ""), *lines]))
        self.message, self.tensor, self.remedies = message, tensor, remedies

    def __str__(self) -> str:
        """Return the message, and each remedy on a line of its own."""
        return str(self.args[0])

    def on_one_line(self) -> str:
        """Return the message with the command line's remedies."""
        return self.message + "".join(f"; or {remedy.option}" for remedy in self.remedies)


class WrongFeed(SlimcamError):
    """An array does not fit the tensor that it replaces."""


class LayerError(SlimcamError):
    """The layer cannot be explained."""


class TargetError(SlimcamError):
    """The target does not fit the model or the photos."""


class ParameterError(SlimcamError):
    """A method has no such parameter, or it does not take this value."""


class RuleError(SlimcamError):
    """A net does not allow for a backward rule."""


class PhotoError(SlimcamError):
    """A photo cannot be read, or not painted on so, or an array is not an image."""


class GoldenError(SlimcamError):
    """A recording cannot be read, or does not fit what is verified."""


class ComparisonError(SlimcamError):
    """Two things cannot be compared."""


class InterpreterError(SlimcamError):
    """Another Python cannot run slimcam; `output` is the end of what it printed, where that is known."""

    def __init__(self, message: str, output: Optional[str] = None) -> None:
        message, output = one_line(message), None if output is None else escape_lines(output)
        end = "" if output is None else f"; it said:\n{output}" if output else "; it said nothing"
        super().__init__(message + end)
        self.message, self.output = message, output

    def __str__(self) -> str:
        """Return the message, and the output on lines of its own."""
        return str(self.args[0])

    def on_one_line(self) -> str:
        """Return the message with the last line of the output."""
        return f"{self.message}; it said: {self.output.splitlines()[-1]}" if self.output else str(self)


class OutputError(SlimcamError):
    """A result cannot be written."""


class GoneName(SlimcamError, AttributeError):
    """A name of another library that an old program uses went, and nothing stands for it."""


class GoneModule(SlimcamError, ModuleNotFoundError):
    """A module that an old program imports went, and nothing stands for it."""


class SourceError(SlimcamError):
    """A program, or a notebook, that Python 3 cannot read."""


class NotFinite(UserWarning):
    """A warning: maps cannot be trusted, as NaN or infinity is in what they are made from."""


class Unsure(UserWarning):
    """A warning: maps rest on what was only assumed, or differ from run to run; `model.notes` says it too."""


def to_json(error: SlimcamError) -> Dict[str, Any]:
    """Return an error as JSON can hold it, for another process."""
    remedies = [list(remedy) for remedy in getattr(error, "remedies", ())]
    message = getattr(error, "message", None) or str(error)
    spec = {"error": type(error).__name__, "message": message, "remedies": remedies}
    return {**spec, "findings": [list(one) for one in getattr(error, "findings", ())]}


def from_json(spec: Any) -> SlimcamError:
    """Return the error of another process; raise KeyError, TypeError or ValueError for what is none."""
    kind, message = globals().get(str(spec["error"])), str(spec["message"])
    if not (isinstance(kind, type) and issubclass(kind, SlimcamError)):
        raise ValueError(f"no error of slimcam's: {spec['error']!r}")
    if kind is MissingFeed:
        return MissingFeed(message, None, [Remedy(*map(str, remedy)) for remedy in spec["remedies"]])
    if kind is UntrustedModel:
        return UntrustedModel(message, [Finding(*map(str, finding)) for finding in spec["findings"]])
    return kind(message)


def warning_from_json(spec: Any) -> Tuple[Type[Warning], str]:
    """Return category and text of a warning of another process; raise KeyError, ValueError for what is none."""
    name, text = spec
    return {"NotFinite": NotFinite, "Unsure": Unsure}[name], one_line(str(text))


def warn(text: str, category: Type[Warning]) -> None:
    """Warn at the line outside slimcam that led here."""
    frame, level = sys._getframe(1), 2
    while frame is not None and frame.f_globals.get("__name__", "").split(".")[0] == __package__:
        frame, level = frame.f_back, level + 1  # type: ignore[assignment]
    warnings.warn(text, category, stacklevel=level)
