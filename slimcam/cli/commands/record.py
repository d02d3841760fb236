"""`slimcam record`."""

from typing import Any, Optional, Tuple

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
        click.echo(record_in(python, options["model"], photos, out, target=options["target"], **how))
        return
    with load_model(options) as model:
        print_notes(model)
        click.echo(migration.record(model, list(photos), out, target=read_target(model, options["target"]), **how))
    ctx.exit(exit_status(model))
