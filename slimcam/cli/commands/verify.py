"""`slimcam verify`."""

from typing import Any, Dict, Tuple

import click

from ..options import MODELS, as_json_text, load_model, model_options, named_pairs, photos_argument


@click.command()
@click.argument("golden")
@photos_argument(required=False)
@click.option("--model", required=True, metavar="PATH", help=f"{MODELS}.")
@model_options
@click.option(
    "--layer", "layers", multiple=True, metavar="OLD=NEW", help="What a recorded layer is called in the model."
)
@click.option(
    "--tolerance", "tolerances", multiple=True, metavar="WHAT=SHARE", help="Allow more or less, logits=1e-4 say."
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_context
def verify(ctx: click.Context, golden: str, photos: Tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Check that a model gives what the recording GOLDEN holds; exit status 0 if all is within the tolerances, else 1.

    The recorded inputs are fed. With the PHOTOs that were recorded, their preparation is checked as well.
    """
    from ... import migration

    layers = named_pairs(options["layers"], "--layer") or None
    with load_model(options) as model:
        tolerances = _tolerances(options["tolerances"])
        report = migration.verify(golden, model, list(photos) or None, layers, tolerances, options["engine"])
    click.echo(as_json_text(report) if as_json else report.table())
    ctx.exit(0 if report.passed else 1)


def _tolerances(words: Tuple[str, ...]) -> Dict[str, float]:
    """Read WHAT=NUMBER of each of several options."""
    tolerances = {}
    for word in words:
        name, _, number = word.partition("=")
        try:
            tolerances[name] = float(number)
        except ValueError:
            raise click.UsageError(f"--tolerance {word}: give WHAT=SHARE, logits=1e-4 say") from None
    return tolerances
