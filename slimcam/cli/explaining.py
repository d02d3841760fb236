"""`slimcam explain` and `slimcam pair`."""

import sys
from typing import Any, List, Tuple

import click

from .options import asked, explain_options, loaded, say_preprocess_note

TOGETHER = 8  # photos a session run


@click.command()
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO...")
@explain_options
@click.pass_context
def explain(ctx: click.Context, photos: Tuple[str, ...], out: str, **options: Any) -> None:
    """Paint over each PHOTO where the model saw what it decided on.

    Writes an overlay for each photo and maps.npz.
    """
    from ..explainer import GradCAM
    from .results import Folder

    with loaded(options) as model:
        cam = GradCAM(model, **asked(model, options))
        folder = Folder(out)
        say_preprocess_note(model)
        failed = _explain_all(cam, photos, folder)
    if failed < len(photos):
        click.echo(folder.close(cam.layer))
    ctx.exit(1 if failed else 0)


@click.command()
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO PHOTO...")
@explain_options
def pair(photos: Tuple[str, ...], out: str, **options: Any) -> None:
    """Explain what a model of several images, a Siamese net say, sees in each PHOTO of a pair.

    Writes an overlay for each photo, a picture of all side by side, and maps.npz.
    """
    from ..pair import ExplainPair
    from .results import Folder

    with loaded(options) as model:
        explained = ExplainPair(model, **asked(model, options))
        folder = Folder(out)
        maps = explained(*photos)
        say_preprocess_note(model)
    for file, one in zip(photos, maps):
        click.echo(_line(file, one, [0], [folder.add(file, one, 0)]))
    click.echo(folder.add_picture(photos, maps.overlay()))
    click.echo(folder.close([one.layer for one in maps]))


def _explain_all(cam: Any, photos: Tuple[str, ...], folder: Any) -> int:
    """Explain photos some at a time, write each one's overlays, and return how many photos failed."""
    from tqdm import tqdm

    from ..errors import OutputError, PhotoError
    from ..inputs.photos import as_batch

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
