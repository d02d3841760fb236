"""`slimcam activations`."""

import json
import sys
from typing import TYPE_CHECKING, Any, Dict, List, Sequence, Tuple

import click

from ...text.printable import escape
from ..options import MODELS, exit_status, load_model, model_options, out_options, photos_argument, print_notes
from ..wording import line

if TYPE_CHECKING:
    from ...maps.folder import Folder
    from ...model import Model

OUT = "activations"  # the folder that sheets go to when none is named


@click.command()
@photos_argument()
@click.option("--model", required=True, metavar="PATH", help=f"{MODELS}.")
@model_options
@click.option(
    "--layer", "layers", multiple=True, metavar="TENSOR", help="Layer to show (else the first 8); repeatable."
)
@click.option("--colormap", default="viridis", type=click.Choice(("viridis", "grey")), help="Colours of the sheets.")
@click.option("--top", default=5, metavar="K", type=click.IntRange(0), help="Channels named that fire most (5).")
@click.option("--json", "as_json", is_flag=True, help="Print what fires as JSON.")
@out_options(OUT, "the sheets")
@click.pass_context
def activations(
    ctx: click.Context,
    photos: Tuple[str, ...],
    layers: Tuple[str, ...],
    colormap: str,
    top: int,
    as_json: bool,
    out: str,
    overwrite: bool,
    **options: Any,
) -> None:
    """Show what each channel of a model's layers answers to each PHOTO.

    Writes a sheet for each photo and layer, in numbered pages where it has more than 256 channels, and prints which
    channels fire most, with their share, and which never fire.
    """
    from tqdm import tqdm

    from ...errors import PhotoError

    reports: List[Dict[str, Any]] = []
    failures = 0
    with load_model(options) as model:
        names = _names(model, layers, options["engine"])  # before a folder is made
        folder, stems = _claim(out, overwrite, photos, names)
        print_notes(model)
        with tqdm(total=len(photos), unit="photo", disable=None, leave=False) as bar:
            for file in photos:
                try:
                    new = _show(model, names, file, stems[file], colormap, top, folder, options["engine"])
                    reports += new
                    if not as_json:
                        bar.write("\n".join(escape(_line(one)) for one in new))
                except PhotoError as error:
                    failures += 1
                    bar.write(line(str(error)), file=sys.stderr)
                bar.update()
    if as_json:
        click.echo(json.dumps(reports, indent=2, allow_nan=False))
    ctx.exit(exit_status(model, failed=failures > 0))


def _names(model: "Model", layers: Sequence[str], engine: str) -> List[str]:
    """Return the names of the layers asked for, else of those that are shown."""
    from ...visualisation.activation_sheets import layers_of

    return list(layers_of(model, list(layers) or None, engine))


def _claim(out: str, overwrite: bool, photos: Sequence[str], names: Sequence[str]) -> Tuple["Folder", Dict[str, str]]:
    """Return the folder, in which nothing is in the way of the sheets, and the stems of their names by photos."""
    from ...maps.folder import Folder, short_names, unique_stems

    folder = Folder(out, overwrite=overwrite)
    stems = dict(zip(photos, unique_stems(photos)))
    for stem in stems.values():
        for end in short_names(names):
            folder.claim(stem, end)
    return folder, stems


def _show(
    model: "Model", names: Sequence[str], file: str, stem: str, colormap: str, top: int, folder: "Folder", engine: str
) -> List[Dict[str, Any]]:
    """Write the sheets of a photo and return what there is to say of each layer; raise PhotoError for what is none."""
    from ...inputs.photos import as_batch
    from ...maps.folder import short_names
    from ...visualisation.activation_sheets import activations as run

    photo: Any = as_batch(file)
    acts, reports = run(model, photo, names, engine), []
    for layer, end in zip(acts.layers, short_names(acts.layers)):
        height, width, channels = acts[layer][0].shape
        firing = acts.top(layer, top)
        report = {
            "photo": file,
            "layer": layer,
            "shape": [height, width, channels],
            "top": [{"channel": one.channel, "share": one.share, "mean": one.mean} for one in firing],
            "silent": acts.silent(layer),
            "files": folder.add_pages(f"{stem}.{end}", [page.picture for page in acts.pages(layer, 0, colormap)]),
        }
        reports.append(report)
    return reports


def _line(report: Dict[str, Any]) -> str:
    """Return the line on a layer: its size, the channels that fire most and those that never fire, and the files."""
    from ..results import arrow_to, first_of

    height, width, channels = report["shape"]
    said = [f"{report['photo']}: {report['layer']} {height} x {width} x {channels}"]
    if report["top"]:
        said.append("most " + ", ".join(f"{one['channel']} ({100 * one['share']:.1f} %)" for one in report["top"]))
    silent = report["silent"]
    if len(silent) == channels:
        said.append("no channel fires")
    elif silent:
        said.append(f"{len(silent)} never: {first_of(silent)}")
    return "; ".join(said) + arrow_to(report["files"])
