"""`slimcam explain`."""

import sys
from typing import TYPE_CHECKING, Any, Callable, Dict, Mapping, Optional, Sequence, Tuple

import click

from ...text.printable import escape
from ..options import (
    explain_options,
    explainer_options,
    load_model,
    photos_argument,
    print_notes,
    style_options,
)
from ..wording import line

if TYPE_CHECKING:
    from ...explainers.explainer import Explainer
    from ...maps.folder import Folder
    from ...maps.maps import Maps
    from ...visualisation.tensorboard import Summaries

TOGETHER = 8  # photos a session run


@click.command()
@photos_argument()
@explain_options
@click.option("--tensorboard", metavar="LOGDIR", help="Write the pictures as image summaries as well.")
@click.option("--step", type=click.IntRange(0), help="The step of training that they are of, in TensorBoard.")
@click.pass_context
def explain(
    ctx: click.Context,
    photos: Tuple[str, ...],
    out: str,
    overwrite: bool,
    columns: Optional[int],
    tensorboard: Optional[str],
    step: Optional[int],
    **options: Any,
) -> None:
    """Paint over each PHOTO where the model saw what it decided on.

    A PHOTO may be a folder, of which all photos are meant, those in its folders too, or a pattern in quotes. Writes an
    overlay for each photo, or the picture of another --style, and maps.npz; with --columns contact sheets, with
    --tensorboard an event file.
    """
    from ...explainers.explainer import Explainer
    from ...maps.folder import Folder, last_part, unique_stems

    painting = style_options(options)
    if step is not None and tensorboard is None:
        raise click.UsageError("--step is that of --tensorboard: give both")
    with load_model(options) as model:
        cam = _averaged(Explainer(model, **explainer_options(model, options)), options)
        layer = cam.layer if isinstance(cam.layer, str) else ", ".join(cam.layer)
        summaries = _summaries(tensorboard, step)
        folder = Folder(out, painting, overwrite, npz=True, columns=columns, also=summaries.add if summaries else None)
        stems = dict(zip(photos, unique_stems(photos)))
        for stem in stems.values():
            folder.claim(stem, last_part(layer))
        print_notes(model)
        failures, untrusted = _explain_all(cam, stems, folder)
    if failures < len(photos):
        for path in [*folder.close(layer), *([summaries.close()] if summaries else [])]:
            click.echo(escape(path))
    ctx.exit(1 if failures or untrusted else 0)


def _summaries(logdir: Optional[str], step: Optional[int]) -> Optional["Summaries"]:
    """Return what writes pictures for TensorBoard, where that was asked for."""
    if logdir is None:
        return None
    from ...visualisation.tensorboard import Summaries

    return Summaries(logdir, step or 0)


def _averaged(cam: "Explainer", options: Mapping[str, Any]) -> "Explainer":
    """Return what makes the means of maps that were asked for, those of noise around those of mirror images."""
    from ...explainers.averages import augment, smooth

    cam = augment(cam) if options["augment"] else cam
    return smooth(cam, options["smooth"], seed=options["seed"]) if options["smooth"] else cam


def _explain_all(cam: "Explainer", stems: Mapping[str, str], folder: "Folder") -> Tuple[int, int]:
    """Explain photos some at a time and write their maps; return how many failed, and how many are not finite."""
    from tqdm import tqdm

    from ...errors import OutputError, TargetError
    from ...inputs.photos import join_batches
    from ...targets import PickedScore

    photos, failures, untrusted = list(stems), 0, 0
    alone = isinstance(cam.target, PickedScore)  # for one photo may have what is asked for, and another not
    at_once = 1 if alone else TOGETHER
    with tqdm(total=len(photos), unit="photo", disable=None, leave=False) as bar:
        cam.watch(_counter(bar))
        for start in range(0, len(photos), at_once):
            together = photos[start : start + at_once]
            read = _readable(together, bar)
            failures += len(together) - len(read)
            if not read:
                continue
            try:
                batch: Any = join_batches(list(read.values()))
                maps = cam(batch)
            except TargetError as error:
                if not alone:
                    raise
                failures += 1
                bar.write(line(f"{together[0]}: {error}"), file=sys.stderr)
                bar.update()
                continue
            for i, (file, photo) in enumerate(read.items()):
                rows = [row for row in range(len(maps)) if maps.photo[row] == i]
                try:
                    paths = [folder.add(stems[file], file, maps[row]) for row in rows]
                    bar.write(_lines(cam, file, photo, maps, rows, paths))
                    untrusted += not maps.finite[rows].all()
                except OutputError as error:
                    failures += 1
                    bar.write(line(str(error)), file=sys.stderr)
                bar.update()
    return failures, untrusted


def _counter(bar: Any) -> Callable[[int], None]:
    """Return what shows beside the photos how many passes have been run."""
    done = [0]

    def count(rows: int) -> None:
        done[0] += rows
        bar.set_postfix_str(f"{done[0]} passes")

    return count


def _lines(cam: "Explainer", file: str, photo: Any, maps: "Maps", rows: Sequence[int], paths: Sequence[str]) -> str:
    """Return the lines that are printed of a photo: its maps, those of `rows`, and what a detector finds on it."""
    from ...targets import detections
    from ..results import describe_detections, describe_maps

    lines = [describe_maps(file, maps, rows, paths, cam.model.one_number and cam.on_logits)]
    if maps.boxes is not None:
        lines += describe_detections(detections(cam.model, photo)[0])
    return "\n".join(lines)


def _readable(photos: Sequence[str], bar: Any) -> Dict[str, Any]:
    """Return the photos that can be read, by their paths, and print why the others cannot, past the progress bar.

    Each is read this once, for it may change or vanish meanwhile.
    """
    from ...errors import PhotoError
    from ...inputs.photos import as_batch

    read = {}
    for file in photos:
        try:
            read[file] = as_batch(file)
        except PhotoError as error:
            bar.write(line(str(error)), file=sys.stderr)
            bar.update()
    return read
