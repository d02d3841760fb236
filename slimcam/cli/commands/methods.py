"""`slimcam methods`."""

import json
from typing import Any, Dict

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON, with the parameters.")
def methods(as_json: bool) -> None:
    """List the ways of explaining: what each needs, what it costs, where it is from, whose numbers it gives."""
    from ...methods import METHODS

    if as_json:
        click.echo(json.dumps({name: _as_json(row) for name, row in METHODS.items()}, indent=2))
        return
    from tabulate import tabulate

    rows = [(name, row.needs, row.cost, row.source, ", ".join(row.peers)) for name, row in METHODS.items()]
    click.echo(tabulate(rows, ("method", "needs", "passes for a photo", "source", "equals")))


def _as_json(row: Any) -> Dict[str, Any]:
    """Return a row as JSON holds it."""
    from ...methods.reductions import known_parameters

    parameters = {
        name: {"default": one.default, "what": one.text, "choices": list(one.choices)}
        for name, one in known_parameters(row).items()
    }
    dialects = {name: dict(formula) for name, formula in row.dialects.items()}
    known = {"needs": row.needs, "cost": row.cost, "source": row.source, "peers": list(row.peers)}
    return {**known, "parameters": parameters, "dialects": dialects}
