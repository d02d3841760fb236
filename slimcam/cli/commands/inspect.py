"""`slimcam inspect`."""

from typing import Any

import click

from ..options import model_options


@click.command()
@click.argument("path")
@model_options
def inspect(path: str, **options: Any) -> None:
    """Say what is in PATH: inputs, scores, layers, what each score needs, which nets its variables fit."""
    from ..inspection import describe_path

    click.echo(describe_path(path, options))
