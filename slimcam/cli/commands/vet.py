"""`slimcam vet`."""

import json
from typing import Tuple

import click

from ...text.printable import shown


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--allow", multiple=True, metavar="WORD", help="What is refused else, by its word; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print the verdicts as JSON.")
@click.pass_context
def vet(ctx: click.Context, paths: Tuple[str, ...], allow: Tuple[str, ...], as_json: bool) -> None:
    """Say what is in each PATH beside computing with tensors; nothing of it is run.

    The exit status is 1 where there is something that would not run without --trusted or --allow, and 2 where a PATH
    cannot be read.
    """
    from ...sources.verdicts import vet as verdict_on

    verdicts = {path: verdict_on(path).allowing([word for one in allow for word in one.split(",")]) for path in paths}
    if as_json:
        reports = [{"path": path, **verdict.to_json()} for path, verdict in verdicts.items()]
        click.echo(json.dumps(reports, indent=2))
    else:
        for path, verdict in verdicts.items():
            click.echo("\n".join(shown(f"{path}: {line}") for line in verdict.lines()))
    ctx.exit(1 if any(verdict.refused for verdict in verdicts.values()) else 0)
