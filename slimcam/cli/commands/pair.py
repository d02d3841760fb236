"""`slimcam pair`."""

from typing import Any, Tuple

import click

from ..options import cam_options, explain_options, load_model, print_notes, style_options


@click.command()
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO PHOTO...")
@explain_options
def pair(photos: Tuple[str, ...], out: str, **options: Any) -> None:
    """Explain what a model of several images, a Siamese net say, sees in each PHOTO of a pair.

    Writes an overlay for each photo, or the picture of another --style, one of all side by side, and maps.npz.
    """
    from ...pair import ExplainPair
    from ..results import Folder, describe_maps

    painting = style_options(options)
    with load_model(options) as model:
        explain = ExplainPair(model, **cam_options(model, options))
        folder = Folder(out, painting)
        maps = explain(*photos)
        print_notes(model)
    for file, one in zip(photos, maps):
        click.echo(describe_maps(file, one, [0], [folder.add(file, one, 0)]))
    click.echo(folder.add_picture(photos, maps.picture(**painting)))
    click.echo(folder.close([one.layer for one in maps]))
