"""The command line: the only place that prints and exits. What it needs beyond click is imported by the command."""

import sys
from typing import Any, Callable, Dict, List, Optional, Tuple

import click

from . import __version__
from .errors import MissingFeed, SlimcamError
from .quiet import quiet

TOGETHER = 8  # photos a session run
# The names of the tables PREPROCESSING, METHODS and DIALECTS; --help would pay for importing NumPy and TensorFlow.
PREPROCESSING = click.Choice(("inception", "vgg", "squash", "unit", "caffe", "torch", "none"))
METHODS = click.Choice(("gradcam", "normalised", "gated"))
DIALECTS = click.Choice(("paper", "hiveml", "book", "csdn", "gates"))
SAID = "net", "input", "logits", "labels", "preprocess", "tags", "signature", "trusted"  # what load() is told
OUT = "maps"  # the folder that results go to when none is said
MODELS = "Frozen .pb or .pbtxt, checkpoint, .h5, .keras, SavedModel, .meta, or folder with one"
TARGETS = (
    "Class to explain, by number or label (else the winner); topK: the K best; mean:TENSOR, norm:TENSOR, "
    "channel:TENSOR:K, dot:TENSOR=FILE: a score of another tensor (FILE: .npy, or a photo whose features are meant)."
)
HOLD = "Replace tensor T by `zeros`, an array (.npy), or what it is for a photo; may be repeated."


class _Commands(click.Group):
    """Turn slimcam's errors, and those of usage, into one line on stderr and exit status 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with quiet((SlimcamError, click.ClickException, click.exceptions.Exit)):
                return super().invoke(ctx)
        except SlimcamError as error:
            text = error.on_one_line() if isinstance(error, MissingFeed) else error
            click.echo(f"slimcam: {text}", err=True)
            ctx.exit(2)
        except click.UsageError as error:
            command = (error.ctx or ctx).command_path
            click.echo(f"slimcam: {error.format_message().rstrip('.')}; see {command} --help", err=True)
            ctx.exit(2)


def _importable(ctx: click.Context, param: click.Parameter, net: Optional[str]) -> Optional[str]:
    """Let package.module:function be found in the current folder, as `python -m` would."""
    if net is not None and ":" in net and "" not in sys.path:
        sys.path.insert(0, "")
    return net


def _listed(ctx: click.Context, param: click.Parameter, text: Optional[str]) -> Optional[List[str]]:
    return text.split(",") if text else None


def _model_options(command: Callable) -> Callable:
    """Options that say what load() would otherwise infer."""
    options = (
        click.option(
            "--net",
            callback=_importable,
            metavar="NAME",
            help="Net of a checkpoint: see `slimcam nets`, or package.module:function.",
        ),
        click.option("--input", metavar="TENSOR", help="Tensor that images are fed to."),
        click.option("--logits", metavar="TENSOR", help="Tensor of the classes' scores before the softmax."),
        click.option("--labels", metavar="FILE", help="Text file with a line a class."),
        click.option("--preprocess", type=PREPROCESSING, help="How photos were prepared."),
        click.option("--tags", metavar="A,B", callback=_listed, help="Tags of the graph in a SavedModel."),
        click.option("--signature", metavar="NAME", help="Signature of a SavedModel."),
        click.option("--trusted", is_flag=True, help="Run the code in a Keras file (Lambda layers)."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
def main() -> None:
    """Explain image models whose living form is a TensorFlow 1 graph."""


def _explain_options(command: Callable) -> Callable:
    """Options that say what is explained, and how."""
    options = (
        click.option("--model", required=True, metavar="PATH", help=f"{MODELS}."),
        _model_options,
        click.option(
            "--layer", metavar="TENSOR", help="Layer to explain: layer, end point, scope, operation or tensor."
        ),
        click.option("--target", metavar="TARGET", help=TARGETS),
        click.option("--method", type=METHODS, help="How gradients become weights (else the dialect's way)."),
        click.option("--dialect", type=DIALECTS, default="paper", help="Published pipeline to follow."),
        click.option("--hold", multiple=True, metavar="T=VALUE", help=HOLD),
        click.option(
            "--out", default=OUT, metavar="DIR", show_default=True, help="Folder for the results; it is made."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@main.command()
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO...")
@_explain_options
@click.pass_context
def explain(ctx: click.Context, photos: Tuple[str, ...], out: str, **options: Any) -> None:
    """Paint over each PHOTO where the model saw what it decided on.

    Writes an overlay for each photo and maps.npz.
    """
    from .explainer import GradCAM
    from .results import Folder

    with _loaded(options) as model:
        cam = GradCAM(model, **_asked(model, options))
        folder = Folder(out)
        _say_undeclared(model)
        failed = _explain_all(cam, photos, folder)
    if failed < len(photos):
        click.echo(folder.close(cam.layer))
    ctx.exit(1 if failed else 0)


@main.command()
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO PHOTO...")
@_explain_options
def pair(photos: Tuple[str, ...], out: str, **options: Any) -> None:
    """Explain what a model of several images, a Siamese net say, sees in each PHOTO of a pair.

    Writes an overlay for each photo, a picture of all side by side, and maps.npz.
    """
    from .pair import ExplainPair
    from .results import Folder

    with _loaded(options) as model:
        explained = ExplainPair(model, **_asked(model, options))
        folder = Folder(out)
        maps = explained(*photos)
        _say_undeclared(model)
    for file, one in zip(photos, maps):
        click.echo(_line(file, one, [0], [folder.add(file, one, 0)]))
    click.echo(folder.add_picture(photos, maps.overlay()))
    click.echo(folder.close([one.layer for one in maps]))


def _loaded(options: Dict[str, Any]) -> Any:
    from .sources import load

    return load(options["model"], **{key: options[key] for key in SAID})


def _say_undeclared(model: Any) -> None:
    if model.undeclared:
        click.echo(f"slimcam: {model.undeclared}", err=True)


def _asked(model: Any, options: Dict[str, Any]) -> Dict[str, Any]:
    """Return what GradCAM is told, read from the command line."""
    from .arguments import read_hold, read_target

    hold = dict(read_hold(model, one) for one in options["hold"])
    target = read_target(model, options["target"])
    return {"target": target, "hold": hold, **{key: options[key] for key in ("layer", "dialect", "method")}}


def _explain_all(cam: Any, photos: Tuple[str, ...], folder: Any) -> int:
    """Explain photos some at a time, write each one's overlays, and return how many photos failed."""
    from tqdm import tqdm

    from .errors import OutputError, PhotoError
    from .photos import as_batch

    failed = 0
    with tqdm(total=len(photos), unit="photo", disable=None, leave=False) as bar:
        for start in range(0, len(photos), TOGETHER):
            files = []
            for file in photos[start : start + TOGETHER]:
                try:
                    as_batch(file)
                    files.append(file)
                except PhotoError as error:
                    failed += 1
                    bar.write(f"slimcam: {error}", file=sys.stderr)
                    bar.update()
            maps: Any = cam(files) if files else None
            for i, file in enumerate(files):
                rows = [row for row in range(len(maps)) if maps.photo[row] == i]
                try:
                    written = [folder.add(file, maps, row) for row in rows]
                    bar.write(_line(file, maps, rows, written))
                except OutputError as error:
                    failed += 1
                    bar.write(f"slimcam: {error}", file=sys.stderr)
                bar.update()
    return failed


def _line(file: str, maps: Any, rows: List[int], written: List[str]) -> str:
    parts = []
    for row, path in zip(rows, written):
        number = int(maps.classes[row])
        label = maps.label(row)
        name = f"class {number}" + (f" {label}" if label != str(number) else "") if number >= 0 else "score"
        blank = " (blank: nothing in the layer speaks for it)" if maps.blank[row] else ""
        parts.append(f"{name} {maps.scores[row]:.4g}{blank} -> {path}")
    return f"{file}: " + "; ".join(parts)


@main.command()
@click.argument("path")
@_model_options
def inspect(path: str, **options: Any) -> None:
    """Say what is in PATH: inputs, scores, layers, what each score needs, which nets its variables fit."""
    from . import inspection

    click.echo(inspection.report(path, options))


@main.command()
def nets() -> None:
    """List the nets that slimcam can build, with their sizes and preprocessing."""
    from tabulate import tabulate

    from .nets import NETS

    rows = [(net.name, net.size, net.classes, net.preprocess, net.layer) for net in NETS.values()]
    click.echo(tabulate(rows, ("net", "size", "classes", "preprocess", "default layer")))


@main.command()
@click.pass_context
def doctor(ctx: click.Context) -> None:
    """Say what works here, and the pip line that mends the rest."""
    from tabulate import tabulate

    from .diagnosis import examine

    rows = examine()
    click.echo(tabulate([row[:3] for row in rows], ("", "version", "state")))
    lines = [row.mend for row in rows if row.mend]
    if lines:
        click.echo("\nto mend it:\n" + "\n".join(f"  {line}" for line in lines))
    ctx.exit(1 if lines else 0)


if __name__ == "__main__":
    main()
