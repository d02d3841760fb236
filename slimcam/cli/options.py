"""Options that several commands have: which model to load and what of it to explain; and how they are read."""

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Sequence, Tuple

import click

from .. import methods
from ..maps import dialects, styles
from ..methods import parameters as parameters_of_methods
from ..sources.options import OF_FILES, ON_COMMAND_LINE, CommandLine, LoadOptions
from .wording import line

if TYPE_CHECKING:
    from ..model import Model

# Of tables that can be read without NumPy and TensorFlow, as --help is not to wait for these.
ONE_PASS = [name for name, row in methods.METHODS.items() if row.takes == "evidence"]
PEERS = dict.fromkeys(peer for row in methods.METHODS.values() for peer in row.dialects)
METHODS, METHODS_OF_ONE_PASS, DIALECTS, DIALECTS_AND_PEERS, STYLES = (
    click.Choice(tuple(table))
    for table in (methods.METHODS, ONE_PASS, dialects.DIALECTS, {**dialects.DIALECTS, **PEERS}, styles.STYLES)
)
DEFAULTS = {one.name: one.default for one in fields(LoadOptions)}
# Options of which the second of two models has the first's, where nothing else is said of it.
SHARED = tuple(name for name, row in ON_COMMAND_LINE.items() if row.of_both)
OUT = "maps"  # the folder that results go to when none is named
MODELS = (
    "Frozen .pb or .pbtxt, checkpoint, .h5, .keras, a Keras .json or .yaml, SavedModel, TF Hub module, .tflite, .meta, "
    "or folder with one"
)
LAYER = "Layer to explain: layer, end point, scope, operation or tensor."
OUTPUTS = (
    "box:K, the K-th detection from 0 on, box:CLASS@X,Y, the one there; region:CLASS, or region:CLASS=MASK (.npy or a "
    "picture); peak:K, of a channel of a heat map"
)
SCORES = (
    "mean:TENSOR, norm:TENSOR, channel:TENSOR:K, neuron:TENSOR:K (its centre), direction:TENSOR=FILE.npy, "
    "dot:TENSOR=FILE, caricature:TENSOR=FILE: a score of another tensor (FILE: .npy, or a photo whose features are "
    "meant)."
)
TARGETS = f"Class to explain, by number or label (else the winner); topK: the K best; {OUTPUTS}; {SCORES}"
LIKE = "Explain what makes each photo like this one: the product of the model's output, an embedding say, with its."
HOLD = "Replace tensor T by `zeros`, a number, `true`, an array (.npy), or what it is for a photo; may be repeated."
SHOWN = "; ".join(f"{name}: {row.shows}" for name, row in styles.STYLES.items())
COLORMAP = "Colours: viridis, cividis, jet or another of OpenCV's; of signed maps blue_red or purple_orange."


def option_group(*options: Callable) -> Callable:
    """Return a decorator that gives a command these options, in this order."""

    def decorate(command: Callable) -> Callable:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def out_options(folder: str, what: str = "the results") -> Callable:
    """Return a decorator that gives a command --out, `folder` where it is left out, and --overwrite."""
    return option_group(
        click.option("--out", default=folder, metavar="DIR", show_default=True, help=f"Folder for {what}; it is made."),
        click.option("--overwrite", is_flag=True, help="Replace results that are there already."),
    )


def _photo_paths(ctx: click.Context, param: click.Parameter, words: Sequence[str]) -> Tuple[str, ...]:
    """Return the paths of photos, those in folders and of patterns too, each once."""
    from ..inputs.photos import photos_in

    return tuple(dict.fromkeys(photos_in(words)))


def photos_argument(required: bool = True) -> Callable:
    """Return a decorator that gives a command its photos: `photos`, paths of files."""
    metavar = "PHOTO..." if required else "[PHOTO]..."
    return click.argument("photos", nargs=-1, required=required, metavar=metavar, callback=_photo_paths)


def _load_option(name: str, row: CommandLine, prefix: str = "", word: str = "") -> Callable:
    """Return the option of the command line that is an option of load(); a prefix makes it that of the model B."""
    default, read, word = DEFAULTS[name], row.read, word or row.option or name
    help = row.help if not prefix else f"B's, if not A's --{word}." if row.of_both else f"B's --{word}."
    how: Dict[str, Any] = {"is_flag": True} if default is False else {"metavar": row.metavar, "default": default}
    if row.type is not None:
        how["type"] = row.type
    if row.choices:
        how["type"] = click.Choice(tuple(row.choices))
    if row.multiple:
        how.update(multiple=True, default=None)
    if read is not None:
        how["callback"] = lambda ctx, param, word: None if word is None else read(word)
    return click.option(f"--{prefix}{word}".replace("_", "-"), f"{prefix}{name}".replace("-", "_"), help=help, **how)


model_options = option_group(*(_load_option(name, row) for name, row in ON_COMMAND_LINE.items()))
# Of a command that has a --size of its own.
model_options_beside_size = option_group(
    *(_load_option(name, row, word="model-size" if name == "size" else "") for name, row in ON_COMMAND_LINE.items())
)
second_model_options = option_group(*(_load_option(name, row, "b-") for name, row in ON_COMMAND_LINE.items()))
target_option = click.option("--target", metavar="TARGET", help=TARGETS)
how_options = option_group(
    target_option,
    click.option("--method", type=METHODS_OF_ONE_PASS, help="How gradients become weights (else the dialect's way)."),
    click.option("--dialect", type=DIALECTS, default="paper", help="Published pipeline to follow."),
)
# Of a command that takes every row of METHODS.
method_options = option_group(
    target_option,
    click.option("--method", type=METHODS, metavar="METHOD", help="How maps are made; slimcam methods lists them."),
    click.option("--dialect", type=DIALECTS_AND_PEERS, default="paper", help="Published pipeline, or peer, to follow."),
    click.option("--set", "parameters", multiple=True, metavar="NAME=VALUE", help="Parameter of the method."),
    click.option("--seed", type=int, default=0, metavar="N", help="What random numbers of a method start from."),
    click.option("--run-memory", type=float, metavar="GIB", help="What a run of a method may take (else 1)."),
)
means_options = option_group(
    click.option("--augment", is_flag=True, help="Mean of maps: the photo, mirrored, darker and brighter."),
    click.option("--smooth", type=click.IntRange(1), metavar="N", help="Mean of maps of the photo and noise, N times."),
)
model_option = click.option("--model", required=True, metavar="PATH", help=f"{MODELS}.")
shown_options = option_group(
    click.option("--like", metavar="PHOTO", help=LIKE),
    click.option("--hold", multiple=True, metavar="T=VALUE", help=HOLD),
    click.option("--style", type=STYLES, default="overlay", help=f"What the pictures show (else overlay): {SHOWN}."),
    click.option("--colormap", metavar="NAME", help=COLORMAP),
    click.option("--alpha", type=click.FloatRange(0, 1), metavar="SHARE", help="Share of the colours in an overlay."),
    click.option(
        "--columns", type=click.IntRange(1), metavar="N", help="All pictures on contact sheets as well, N to a row."
    ),
    out_options(OUT),
)


explain_options = option_group(
    model_option,
    model_options,
    click.option("--layer", multiple=True, metavar="TENSOR", help=f"{LAYER} Of several the mean; repeatable."),
    method_options,
    means_options,
    shown_options,
)
pair_options = option_group(
    model_option,
    model_options,
    click.option("--layer", multiple=True, metavar="TENSOR", help=f"{LAYER} Given twice, one of each photo."),
    method_options,
    shown_options,
)


def load_options(options: Dict[str, Any]) -> Dict[str, Any]:
    """Return the keywords of load()."""
    return {name: options[name] for name in ON_COMMAND_LINE}


def load_options_of_both(a: str, b: str, options: Dict[str, Any]) -> Tuple[Dict[str, Any], Dict[str, Any]]:
    """Return the keywords of load() for the models A and B; what is shared goes to those of them that take it."""
    of_a, of_b = load_options(options), {name: options[f"b_{name}"] for name in ON_COMMAND_LINE}
    shared = {name: of_a[name] for name in SHARED if of_a[name] and not of_b[name]}
    by_all = {name: shared.pop(name) for name in list(shared) if name in OF_FILES}  # which need no look at the file
    of_b.update(by_all)
    takes_a, takes_b = _taken(((a, of_a), (b, {**of_b, "net": of_b["net"] or shared.get("net")})), list(shared))
    of_b.update({name: value for name, value in shared.items() if takes_b[name]})
    of_a.update({name: DEFAULTS[name] for name in shared if takes_b[name] and not takes_a[name]})
    return of_a, of_b


def _taken(models: Sequence[Tuple[str, Dict[str, Any]]], names: Sequence[str]) -> List[Dict[str, bool]]:
    """Return of each model, a path and options of load(), which options it takes; isolated, its process looks."""
    from ..isolation.answers import read
    from ..isolation.model import started
    from ..sources.loading import source_of

    each: List[Dict[str, bool]] = []
    for path, options in models if names else ():
        if options["isolated"]:
            with started([(path, options)]) as child:
                each.append(read(Dict[str, bool], child.call("takes", path, options["net"], names)))
        else:
            source = source_of(path, options["net"])
            each.append({name: source.takes(name) for name in names})
    return each or [{}, {}]


def load_model(options: Dict[str, Any]) -> "Model":
    """Load the model of --model, a context manager."""
    from ..sources.loading import load

    return load(options["model"], **load_options(options))


def print_notes(*models: "Model") -> None:
    """Print to stderr what the user of models' maps must know: what was assumed, say; a line each."""
    for note in dict.fromkeys(note for model in models for note in model.notes):
        click.echo(line(note), err=True)


def exit_status(*models: "Model", failed: bool = False) -> int:
    """Return the exit status of a command: 1 where something failed, or what a model gives cannot be trusted."""
    return 1 if failed or any(model.fault for model in models) else 0


def cam_options(model: "Model", options: Dict[str, Any]) -> Dict[str, Any]:
    """Return the keywords of GradCAM, read from the command line."""
    from ..targets.as_text import read_hold, read_like, read_target

    if options["like"] is not None and options["target"] is not None:
        raise click.UsageError("--like and --target: give one of them")
    hold = dict(read_hold(model, one) for one in options["hold"])
    like = options["like"]
    target = read_target(model, options["target"]) if like is None else read_like(model, like)
    layers = list(options["layer"])
    layer = layers if len(layers) > 1 else next(iter(layers), None)
    given = {key: options[key] for key in ("dialect", "method", "engine")}
    return {"layer": layer, "target": target, "hold": hold, **given}


def explainer_options(model: "Model", options: Dict[str, Any]) -> Dict[str, Any]:
    """Return the keywords of Explainer, read from the command line."""
    given = cam_options(model, options)
    given["method"] = given["method"] or dialects.DIALECTS[options["dialect"]].method
    row = methods.find_method(given["method"])
    parameters = {}
    for word in options["parameters"]:
        name, equals, text = word.partition("=")
        if not equals:
            raise click.UsageError(f"--set {word}: give NAME=VALUE")
        parameters[name] = _parameter(f"--set {name}", row, name, text)
    memory = options["run_memory"]
    return {
        **given,
        **parameters,
        "seed": options["seed"],
        "memory": None if memory is None else int(memory * (1 << 30)),
    }


def named_parameters(words: Sequence[str], rows: Mapping[str, Any]) -> Dict[str, Dict[str, Any]]:
    """Read ROW.NAME=VALUE of several --set: the parameters, and the dialect, of each of some rows."""
    given: Dict[str, Dict[str, Any]] = {name: {} for name in rows}
    for word in words:
        row, dot, rest = word.partition(".")
        name, equals, text = rest.partition("=")
        if not dot or not equals or row not in rows:
            raise click.UsageError(f"--set {word}: give NAME.PARAMETER=VALUE, of {', '.join(rows)}")
        given[row][name] = _parameter(f"--set {row}.{name}", rows[row], name, text)
    return given


def _parameter(where: str, row: Any, name: str, text: str) -> Any:
    """Return the value of a parameter: an array where it takes one and a file is named. Unknown names stay text."""
    known = row.parameters.get(name)
    if known is None:
        return text
    if known.array and text.endswith(".npy"):
        from ..errors import ParameterError
        from ..files.arrays import read_npy

        return read_npy(text, ParameterError)
    return parameters_of_methods.from_text(where, known, text)


def style_options(options: Dict[str, Any]) -> Dict[str, Any]:
    """Return the keywords of Maps.pictures; an error, before anything is loaded, where the colours do not fit."""
    style, colormap, alpha = (options[name] for name in ("style", "colormap", "alpha"))
    row, painting = styles.STYLES[style], {"style": style}
    if alpha is not None:
        if not row.alpha:
            known = ", ".join(name for name, one in styles.STYLES.items() if one.alpha)
            raise click.UsageError(f"--alpha: the style {style} does not mix colours and photo; these do: {known}")
        painting["alpha"] = alpha
    if colormap is None:
        return painting
    from ..maps.paint import find_colormap, find_diverging

    if not row.colormaps:
        known = ", ".join(name for name, one in styles.STYLES.items() if one.colormaps)
        raise click.UsageError(f"--colormap: the style {style} has no colours of its own; these have: {known}")
    (find_diverging if row.colormaps == "signed" else find_colormap)(colormap)
    return {**painting, "colormap": colormap}


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
