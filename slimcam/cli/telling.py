"""`slimcam inspect`, `slimcam nets` and `slimcam doctor`."""

from typing import Any

import click

from .options import model_options


@click.command()
@click.argument("path")
@model_options
def inspect(path: str, **options: Any) -> None:
    """Say what is in PATH: inputs, scores, layers, what each score needs, which nets its variables fit."""
    from . import inspection

    click.echo(inspection.report(path, options))


@click.command()
def nets() -> None:
    """List the nets that slimcam can build, with their sizes and preprocessing."""
    from tabulate import tabulate

    from ..nets import NETS

    rows = [(net.name, net.size, net.classes, net.preprocess, net.layer) for net in NETS.values()]
    click.echo(tabulate(rows, ("net", "size", "classes", "preprocess", "default layer")))


@click.command()
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
