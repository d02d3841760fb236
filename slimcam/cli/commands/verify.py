"""`slimcam verify`."""

from typing import TYPE_CHECKING, Any, Dict, Sequence, Tuple

import click

from ..options import (
    MODELS,
    as_json_text,
    exit_status,
    load_model,
    model_options,
    named_pairs,
    photos_argument,
    print_notes,
)

if TYPE_CHECKING:
    from ...migration.golden import Golden
    from ...model import Model


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
@click.option("--write", is_flag=True, help="Record what the model gives for the PHOTOs in the recording's place.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_context
def verify(
    ctx: click.Context, golden: str, photos: Tuple[str, ...], write: bool, as_json: bool, **options: Any
) -> None:
    """Check that a model gives what the recording GOLDEN holds; exit status 0 if all is within the tolerances, else 1.

    The recorded inputs are fed. With the PHOTOs that were recorded, their preparation is checked as well. What tells
    nothing, recorded maps that are flat, blank or of NaN, is said on stderr; NaN or infinity makes the exit status 1.
    With --write, what differs is meant: it is recorded anew, which takes the PHOTOs, and the exit status is 0.
    """
    from ... import migration
    from ...migration import golden as golden_files

    layers = named_pairs(options["layers"], "--layer") or None
    if write and not photos:
        raise click.UsageError("--write records anew: give the PHOTOs that were recorded")
    if write:
        golden_files.check_place(golden)
    with load_model(options) as model:
        tolerances = _tolerances(options["tolerances"])
        recorded = golden_files.read(golden)
        report = migration.verify(recorded, model, list(photos) or None, layers, tolerances, options["engine"])
        if write:
            _record_again(golden, recorded, model, photos, layers or {}, options["engine"])
            recorded = golden_files.read(golden)
    print_notes(model)
    sound = _print_unsound(recorded)
    click.echo(as_json_text(report) if as_json else report.table())
    ctx.exit(exit_status(model, failed=not ((report.passed or write) and sound)))


def _record_again(
    golden: str, recorded: "Golden", model: "Model", photos: Sequence[str], names: Dict[str, str], engine: str
) -> None:
    """Record what was recorded of a model, with what it is called now, in the recording's place."""
    from ... import migration
    from ...targets import as_json

    layers = [names.get(one.name, one.name) for one in recorded.layers]
    target = as_json.from_json(recorded.target, model, names)
    how = layers, target, recorded.dialect, recorded.method, engine
    migration.record(model, list(photos), golden, *how, overwrite=True)


def _print_unsound(recorded: "Golden") -> bool:
    """Print a line on each recorded map that tells nothing; return whether all are to be trusted."""
    from ...migration.recorded_maps import recorded_maps
    from ..results import describe_recorded, soundness

    layers = recorded_maps(recorded)
    for maps in layers:
        for row in range(len(maps)):
            if soundness(maps, row):
                click.echo(f"slimcam: recorded: {describe_recorded(maps, row)}", err=True)
    return all(maps.finite.all() for maps in layers)


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
