"""`slimcam record`, `slimcam verify` and `slimcam compare`."""

import json
from typing import Any, Dict, Tuple

import click

from .options import (
    LAYER,
    MODELS,
    how_options,
    loaded,
    model_options,
    named_pairs,
    said,
    said_of_second,
    say_preprocess_note,
    second_model_options,
)

GOLDEN = "golden"  # the folder that a recording goes to when none is said


@click.command()
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO...")
@click.option("--model", required=True, metavar="PATH", help=f"{MODELS}.")
@model_options
@click.option("--layer", "layers", multiple=True, metavar="TENSOR", help=f"{LAYER} May be repeated.")
@how_options
@click.option("--out", default=GOLDEN, metavar="DIR", show_default=True, help="Folder of the recording; it is made.")
@click.option("--python", metavar="PATH", help="Record in this interpreter, of Python 3.7 and TensorFlow 1, say.")
def record(photos: Tuple[str, ...], out: str, python: str, **options: Any) -> None:
    """Record what a model makes of each PHOTO: inputs, logits, activations, gradients, maps; for `slimcam verify`."""
    from ..migration import record as write
    from ..targets.as_text import read_target

    how = {key: options[key] for key in ("dialect", "method", "engine")}
    how["layers"] = list(options["layers"]) or None
    if python:
        from ..migration.remote import record_in

        told = {**how, **said(options), "target": options["target"]}
        click.echo(record_in(python, options["model"], photos, out, **told))
        return
    with loaded(options) as model:
        say_preprocess_note(model)
        click.echo(write(model, list(photos), out, target=read_target(model, options["target"]), **how))


@click.command()
@click.argument("golden")
@click.argument("photos", nargs=-1, metavar="[PHOTO]...")
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
    from ..migration import verify as check

    layers = named_pairs(options["layers"], "--layer") or None
    with loaded(options) as model:
        tolerances = _numbers(options["tolerances"])
        report = check(golden, model, list(photos) or None, layers, tolerances, options["engine"])
    click.echo(_json(report) if as_json else report.table())
    ctx.exit(0 if report.passed else 1)


@click.command()
@click.argument("a")
@click.argument("b")
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO...")
@model_options
@second_model_options
@click.option("--layer", "layers", multiple=True, metavar="A[=B]", help="Layer of A, and of B where its name differs.")
@how_options
@click.option("--layers", "all_layers", is_flag=True, help="Compare layer by layer: where do they part, and why?")
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
@click.option("--out", metavar="DIR", help="Folder for a picture a photo: A, B, and their difference.")
@click.pass_context
def compare(ctx: click.Context, a: str, b: str, photos: Tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Compare the maps that models A and B give for each PHOTO.

    With --layers the exit status is 1 where the models part.
    """
    from ..sources import load
    from ..targets.as_text import read_target

    pairs = named_pairs(options["layers"], "--layer")
    if len(pairs) > 1 and not options["all_layers"]:
        raise click.UsageError("--layer: one layer is compared at a time; several can be matched by --layers")
    with load(a, **said(options)) as model_a, load(b, **said_of_second(options)) as model_b:
        say_preprocess_note(model_a)
        if options["all_layers"]:
            from ..divergence import part

            parting = part(model_a, model_b, list(photos), pairs, target=read_target(model_a, options["target"]))
            click.echo(_json(parting) if as_json else f"{parting.table()}\n{parting.verdict()}")
            ctx.exit(1 if parting.first else 0)
        comparison, pictures = _compared((model_a, model_b), photos, pairs, options)
    click.echo(_json(comparison) if as_json else comparison.table(photos))
    for path in pictures:
        click.echo(path, err=as_json)


def _compared(models: Any, photos: Tuple[str, ...], pairs: Dict[str, str], options: Dict[str, Any]) -> Any:
    """Compare the maps of two models; return that, and the paths of the pictures that were asked for."""
    from ..explainer import GradCAM
    from ..maps.comparison import compare as compare_maps
    from ..targets.as_text import read_target
    from .results import Folder

    layers = next(iter(pairs.items()), (None, None))
    folder = Folder(options["out"]) if options["out"] else None
    both = []
    for model, layer, engine in zip(models, layers, (options["engine"], options["b_engine"])):
        target = read_target(model, options["target"])
        cam = GradCAM(model, layer, target, options["dialect"], options["method"], engine=engine)
        both.append(cam(list(photos)))
    comparison = compare_maps(*both)
    if folder is None:
        return comparison, []
    files = [photos[i] for i in both[0].photo]
    return comparison, [folder.add_picture([file], comparison.picture(i)) for i, file in enumerate(files)]


def _numbers(words: Tuple[str, ...]) -> Dict[str, float]:
    """Read WHAT=NUMBER of each of several options."""
    found = {}
    for word in words:
        name, _, number = word.partition("=")
        try:
            found[name] = float(number)
        except ValueError:
            raise click.UsageError(f"--tolerance {word}: give WHAT=SHARE, logits=1e-4 say") from None
    return found


def _json(report: Any) -> str:
    return json.dumps(report.to_json(), indent=2, allow_nan=False)
