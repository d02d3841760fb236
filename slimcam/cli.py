"""The command line: the only place that prints and exits. What it needs beyond click is imported by the command."""

import sys
from typing import Any, Callable, Dict, List, Optional, Tuple

import click

from . import __version__
from .errors import MissingFeed, SlimcamError, TargetError
from .quiet import quiet

TOGETHER = 8  # photos a session run
# The names of the tables PREPROCESSING, METHODS and DIALECTS; --help would pay for importing NumPy and TensorFlow.
PREPROCESSING = click.Choice(("inception", "vgg", "squash", "none"))
METHODS = click.Choice(("gradcam", "normalised", "gated"))
DIALECTS = click.Choice(("paper", "hiveml", "book", "csdn", "gates"))
SCORES = "Mean", "Norm", "Channel"  # targets of a tensor: mean:TENSOR, norm:TENSOR, channel:TENSOR:K


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
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
def main() -> None:
    """Explain image models whose living form is a TensorFlow 1 graph."""


@main.command()
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO...")
@click.option("--model", required=True, metavar="PATH", help="Frozen .pb or .pbtxt, checkpoint, or folder with either.")
@_model_options
@click.option("--layer", metavar="TENSOR", help="Layer to explain: end point, scope, operation or tensor.")
@click.option("--target", metavar="ID|LABEL|topK", help="Class to explain (else the winner); topK: the K best classes.")
@click.option("--method", type=METHODS, help="How gradients become weights (else the dialect's way).")
@click.option("--dialect", type=DIALECTS, default="paper", help="Published pipeline to follow.")
@click.option("--hold", multiple=True, metavar="T=FILE.npy", help="Replace tensor T by an array; may be repeated.")
@click.option("--out", required=True, metavar="DIR", help="Folder for the overlays and maps.npz; it is made.")
@click.pass_context
def explain(ctx: click.Context, photos: Tuple[str, ...], model: str, out: str, **options: Any) -> None:
    """Paint over each PHOTO where the model saw what it decided on."""
    from .explainer import GradCAM
    from .results import Folder
    from .sources import load

    said = {key: options[key] for key in ("net", "input", "logits", "labels", "preprocess")}
    with load(model, **said) as loaded:
        target = parse_target(options["target"])
        holds = _holds(options["hold"])
        cam = GradCAM(loaded, options["layer"], target, options["dialect"], options["method"], holds)
        folder = Folder(out)
        failed = _explain_all(cam, photos, folder)
    if failed < len(photos):
        click.echo(folder.close(cam.layer))
    ctx.exit(1 if failed else 0)


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


def parse_target(text: Optional[str]) -> Any:
    """Read --target: a class number, topK, mean:TENSOR, norm:TENSOR, channel:TENSOR:K, or else a label."""
    import re

    from . import target as targets

    if text is None:
        return None
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    if re.fullmatch(r"top\d+", text):
        return targets.Top(int(text[3:]))
    kind, _, rest = text.partition(":")
    if rest and kind.capitalize() in SCORES:
        if kind != "channel":
            return getattr(targets, kind.capitalize())(rest)
        tensor, _, k = rest.rpartition(":")
        if not k.isdigit():
            raise TargetError(f"--target {text}: give channel:TENSOR:NUMBER")
        return targets.Channel(tensor, int(k))
    return text


def _holds(given: Tuple[str, ...]) -> Dict[str, Any]:
    """Read --hold T=FILE.npy."""
    import numpy as np

    holds = {}
    for one in given:
        tensor, _, file = one.rpartition("=")
        if not tensor:
            raise click.UsageError(f"--hold {one}: give TENSOR=FILE.npy")
        try:
            holds[tensor] = np.load(file, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise click.UsageError(f"--hold {one}: {error}") from error
    return holds


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
