"""Options that several commands have: which model to load and what of it to explain; and how they are read."""

import json
import sys
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Sequence, Tuple

import click

from .. import engines, methods
from ..inputs import names
from ..maps import dialects

if TYPE_CHECKING:
    from ..model import Model

# Of tables that can be read without NumPy and TensorFlow, as --help is not to wait for these.
PREPROCESSING, METHODS, DIALECTS, ENGINES = (
    click.Choice(tuple(table)) for table in (names.PREPROCESSING, methods.METHODS, dialects.DIALECTS, engines.ENGINES)
)
LOAD_KEYS = "net", "input", "logits", "labels", "preprocess", "tags", "signature", "trusted", "engine"  # of load()
OUT = "maps"  # the folder that results go to when none is named
MODELS = "Frozen .pb or .pbtxt, checkpoint, .h5, .keras, SavedModel, .meta, or folder with one"
LAYER = "Layer to explain: layer, end point, scope, operation or tensor."
TARGETS = (
    "Class to explain, by number or label (else the winner); topK: the K best; mean:TENSOR, norm:TENSOR, "
    "channel:TENSOR:K, dot:TENSOR=FILE: a score of another tensor (FILE: .npy, or a photo whose features are meant)."
)
HOLD = "Replace tensor T by `zeros`, an array (.npy), or what it is for a photo; may be repeated."


def _importable(ctx: click.Context, param: click.Parameter, net: Optional[str]) -> Optional[str]:
    """Let package.module:function be found in the current folder, as `python -m` would."""
    if net is not None and ":" in net and "" not in sys.path:
        sys.path.insert(0, "")
    return net


def _listed(ctx: click.Context, param: click.Parameter, text: Optional[str]) -> Optional[List[str]]:
    return text.split(",") if text else None


# What load() would otherwise infer, and how each is read.
_LOADING: Tuple[Tuple[str, Dict[str, Any], str], ...] = (
    (
        "net",
        {"callback": _importable, "metavar": "NAME"},
        "Net of a checkpoint: see `slimcam nets`, or package.module:function.",
    ),
    ("input", {"metavar": "TENSOR"}, "Tensor that images are fed to."),
    ("logits", {"metavar": "TENSOR"}, "Tensor of the classes' scores before the softmax."),
    ("labels", {"metavar": "FILE"}, "Text file with a line a class."),
    ("preprocess", {"type": PREPROCESSING}, "How photos were prepared."),
    ("tags", {"metavar": "A,B", "callback": _listed}, "Tags of the graph in a SavedModel."),
    ("signature", {"metavar": "NAME"}, "Signature of a SavedModel."),
    ("trusted", {"is_flag": True}, "Run the code in a Keras file (Lambda layers)."),
    ("engine", {"type": ENGINES, "default": "graph"}, "How it is run: in a graph, or a Keras model eagerly by a tape."),
)


def option_group(*options: Callable) -> Callable:
    """Return a decorator that gives a command these options, in this order."""

    def decorate(command: Callable) -> Callable:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


model_options = option_group(*(click.option(f"--{name}", help=text, **how) for name, how, text in _LOADING))
# The same for the second of two models; what is left out is the first's where both may well share it.
SHARED = "net", "labels", "preprocess", "trusted"
second_model_options = option_group(
    *(
        click.option(f"--b-{name}", help=f"B's, if not A's --{name}." if name in SHARED else f"B's --{name}.", **how)
        for name, how, _ in _LOADING
    )
)
how_options = option_group(
    click.option("--target", metavar="TARGET", help=TARGETS),
    click.option("--method", type=METHODS, help="How gradients become weights (else the dialect's way)."),
    click.option("--dialect", type=DIALECTS, default="paper", help="Published pipeline to follow."),
)
explain_options = option_group(
    click.option("--model", required=True, metavar="PATH", help=f"{MODELS}."),
    model_options,
    click.option("--layer", metavar="TENSOR", help=LAYER),
    how_options,
    click.option("--hold", multiple=True, metavar="T=VALUE", help=HOLD),
    click.option("--out", default=OUT, metavar="DIR", show_default=True, help="Folder for the results; it is made."),
)


def load_options(options: Dict[str, Any]) -> Dict[str, Any]:
    """Return the keywords of load()."""
    return {key: options[key] for key in LOAD_KEYS}


def second_load_options(options: Dict[str, Any]) -> Dict[str, Any]:
    """Return the keywords of load() for the second model."""
    own = {key: options[f"b_{key}"] for key in LOAD_KEYS}
    return {key: options[key] if key in SHARED and not value else value for key, value in own.items()}


def load_model(options: Dict[str, Any]) -> "Model":
    """Load the model of --model, a context manager."""
    from ..sources import load

    return load(options["model"], **load_options(options))


def print_preprocess_note(model: "Model") -> None:
    """Print to stderr that nothing says how a model's photos were prepared, and what was done instead."""
    if model.preprocess_note:
        click.echo(f"slimcam: {model.preprocess_note}", err=True)


def cam_options(model: "Model", options: Dict[str, Any]) -> Dict[str, Any]:
    """Return the keywords of GradCAM, read from the command line."""
    from ..targets.as_text import read_hold, read_target

    hold = dict(read_hold(model, one) for one in options["hold"])
    target = read_target(model, options["target"])
    return {"target": target, "hold": hold, **{key: options[key] for key in ("layer", "dialect", "method", "engine")}}


def named_pairs(words: Sequence[str], option: str) -> Dict[str, str]:
    """Read OLD=NEW, or a NAME that both have, of each of several options."""
    pairs = {}
    for word in words:
        old, _, new = word.partition("=")
        if not old:
            raise click.UsageError(f"{option} {word}: give NAME, or OLD=NEW")
        pairs[old] = new or old
    return pairs


def as_json_text(report: Any) -> str:
    """Return what --json prints of a report, whose to_json() it is."""
    return json.dumps(report.to_json(), indent=2, allow_nan=False)
