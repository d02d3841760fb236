"""`slimcam record`."""

from typing import Any, List, Optional, Tuple

import click

from ..options import (
    LAYER,
    MODELS,
    exit_status,
    how_options,
    load_model,
    load_options,
    model_options,
    out_options,
    photos_argument,
    print_notes,
)

GOLDEN = "golden"  # the folder that a recording goes to when none is named


@click.command()
@photos_argument()
@click.option("--model", required=True, metavar="PATH", help=f"{MODELS}.")
@model_options
@click.option("--layer", "layers", multiple=True, metavar="TENSOR", help=f"{LAYER} May be repeated.")
@how_options
@out_options(GOLDEN, "the recording")
@click.option("--python", metavar="PATH", help="Record in this interpreter, of Python 3.7 and TensorFlow 1, say.")
@click.pass_context
def record(ctx: click.Context, photos: Tuple[str, ...], out: str, python: Optional[str], **options: Any) -> None:
    """Record what a model makes of each PHOTO: inputs, logits, activations, gradients, maps; for `slimcam verify`."""
    from ... import migration
    from ...targets.as_text import read_target

    how = {key: options[key] for key in ("dialect", "method", "engine", "overwrite")}
    how["layers"] = list(options["layers"]) or None
    if python:
        from ...migration.remote import record_in

        how.update(load_options(options))
        record_in(python, options["model"], photos, out, target=options["target"], **how)
        ctx.exit(0 if _print_maps(out) else 1)
    with load_model(options) as model:
        print_notes(model)
        migration.record(model, list(photos), out, target=read_target(model, options["target"]), **how)
    ctx.exit(exit_status(model, failed=not _print_maps(out, model.labels)))


def _print_maps(out: str, labels: Optional[List[str]] = None) -> bool:
    """Print a line on each recorded map, and where they are; return whether all are to be trusted."""
    from ...migration import golden
    from ...migration.recorded_maps import recorded_maps
    from ..results import describe_recorded

    layers = recorded_maps(golden.read(out), labels)
    for maps in layers:
        for row in range(len(maps)):
            click.echo(describe_recorded(maps, row))
    click.echo(out)
    return all(maps.finite.all() for maps in layers)
