"""`slimcam port`."""

import difflib
import os
from typing import Tuple

import click


@click.command()
@click.argument(
    "programs", nargs=-1, required=True, metavar="PROGRAM.py...", type=click.Path(exists=True, dir_okay=False)
)
@click.option("--diff", "as_diff", is_flag=True, help="Print the changes as a patch.")
@click.option("--write", is_flag=True, help="Write the changes into the files.")
@click.pass_context
def port(ctx: click.Context, programs: Tuple[str, ...], as_diff: bool, write: bool) -> None:
    """Rewrite old programs for today's TensorFlow, for good.

    What has a place of its own today leads there: tensorflow.compat.v1, tf_slim, tf_keras, numpy, Pillow; only what has
    none leads to slimcam. Comments and formatting stay. Without an option, each change is listed, line by line; what is
    left to do always is, and then the exit status is 1.
    """
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")  # as the ported programs do, whose names are looked up
    from ...files.writing import write_file
    from ...programs.port import port as port_source
    from ...programs.source import text_of

    if as_diff and write:
        raise click.UsageError("--diff or --write: one of them")
    left = 0
    for path in programs:
        text = text_of(path)
        ported = port_source(path, text)
        left += len(ported.left)
        if as_diff:
            lines = (text.splitlines(True), ported.source.splitlines(True))
            click.echo("".join(difflib.unified_diff(*lines, path, f"{path} (ported)")), nl=False)
        elif write:
            if ported.source != text:
                write_file(path, ported.source.encode("utf-8"))
            click.echo(f"{path}: {len(ported.changes)} changes, {len(ported.left)} left")
        else:
            for note in ported.changes:
                click.echo(f"{path}:{note.line}: {note.text}")
        for note in ported.left:
            click.echo(f"{path}:{note.line}: left: {note.text}", err=as_diff)
    ctx.exit(1 if left else 0)
