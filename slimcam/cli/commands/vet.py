"""`slimcam vet`."""

import json
from typing import TYPE_CHECKING, Any, Dict, List, Sequence, Tuple

import click

from ...errors import SlimcamError
from ...sources.options import TIMEOUT
from ...text.printable import escape
from ..wording import line

if TYPE_CHECKING:
    from ...sources.vetting import Verdict


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--allow", multiple=True, metavar="WORD", help="What is refused else, by its word; may be repeated.")
@click.option("--isolated", is_flag=True, help="Read each in a process of its own that reaches nothing but the file.")
@click.option("--json", "as_json", is_flag=True, help="Print the verdicts as JSON.")
@click.pass_context
def vet(ctx: click.Context, paths: Tuple[str, ...], allow: Tuple[str, ...], isolated: bool, as_json: bool) -> None:
    """Say what is in each PATH beside computing with tensors; nothing of it is run.

    The exit status is 1 where there is something that would not run without --trusted or --allow, else 2 where a PATH
    cannot be read, which is said of it; the others are judged.
    """
    from ...sources.verdicts import vet as verdict_on

    words = [word for one in allow for word in one.split(",")]
    reports: List[Dict[str, Any]] = []
    statuses = {0}
    for path in paths:
        try:
            verdict = (_elsewhere if isolated else verdict_on)(path, words)
        except SlimcamError as error:
            statuses.add(2)
            reports.append({"path": path, "error": str(error)})
            click.echo(line(error.on_one_line()), err=True)
            continue
        statuses.add(1 if verdict.refused else 0)
        reports.append({"path": path, **verdict.to_json()})
        if not as_json:
            click.echo("\n".join(escape(f"{path}: {one}") for one in verdict.lines()))
    if as_json:
        click.echo(json.dumps(reports, indent=2))
    ctx.exit(1 if 1 in statuses else max(statuses))


def _elsewhere(path: str, allow: Sequence[str]) -> "Verdict":
    """Return the verdict on a file that a process of its own reads."""
    from ...isolation.answers import read
    from ...isolation.model import started
    from ...sources.vetting import Verdict

    with started([(path, {"timeout": TIMEOUT})]) as child:
        verdict: Verdict = read(Verdict, child.call("vet", path, allow))
    return verdict
