"""`slimcam pair`."""

from typing import Any, Tuple

import click

from ...text.printable import escape
from ..options import explainer_options, load_model, pair_options, print_notes, style_options


@click.command()
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO PHOTO...")
@pair_options
@click.pass_context
def pair(ctx: click.Context, photos: Tuple[str, ...], out: str, overwrite: bool, columns: int, **options: Any) -> None:
    """Explain what a model of several images, a Siamese net say, sees in each PHOTO of a pair.

    A PHOTO may be a folder, or a pattern in quotes: then the first of each are a pair, the second of each, and so on.
    Writes an overlay for each photo, or the picture of another --style, one of each pair side by side, and maps.npz.
    """
    from tqdm import tqdm

    from ...explainers.pair import ExplainPair
    from ...inputs.photos import expand
    from ...maps.folder import Folder, last_part, unique_stems
    from ..results import describe_maps

    painting = style_options(options)
    branches = [expand(photo) for photo in photos]
    files = [file for branch in branches for file in branch]
    with load_model(options) as model:
        explain = ExplainPair(model, **explainer_options(model, options))
        folder = Folder(out, painting, overwrite, npz=True, columns=columns)
        layers = [layer for layer, branch in zip(explain.layers, branches) for _ in branch]
        stems = unique_stems(files)
        for stem, layer in zip(stems, layers):
            folder.claim(stem, last_part(layer))
        pairs = ["-".join(stems[number :: len(branches[0])]) for number in range(len(branches[0]))]
        for stem in pairs:
            folder.claim(stem, alone=True)
        with tqdm(unit="pass", disable=None, leave=False) as bar:
            explain.watch(bar.update)
            maps = explain(*branches)
        print_notes(model)
    singles = [one for branch in maps for one in branch]
    for file, stem, one in zip(files, stems, singles):
        click.echo(describe_maps(file, one, [0], [folder.add(stem, file, one)]))
    for number, stem in enumerate(pairs):
        click.echo(escape(folder.add_picture(stem, maps.picture(i=number, **painting))))
    for path in folder.close([one.layer for one in singles]):
        click.echo(escape(path))
    ctx.exit(0 if all(one.finite.all() for one in singles) else 1)
