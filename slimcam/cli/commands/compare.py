"""`slimcam compare`."""

from typing import TYPE_CHECKING, Any, Dict, List, Tuple

import click

from ...text.printable import escape
from ..options import (
    as_json_text,
    exit_status,
    how_options,
    load_options_of_both,
    model_options,
    named_pairs,
    photos_argument,
    print_notes,
    second_model_options,
)

if TYPE_CHECKING:
    from ...maps.comparison import Comparison
    from ...model import Model


@click.command()
@click.argument("a")
@click.argument("b")
@photos_argument()
@model_options
@second_model_options
@click.option("--layer", "layers", multiple=True, metavar="A[=B]", help="Layer of A, and of B where its name differs.")
@how_options
@click.option("--layers", "all_layers", is_flag=True, help="Compare layer by layer: where do they part, and why?")
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
@click.option("--out", metavar="DIR", help="Folder for a picture a photo: A, B, and their difference.")
@click.option("--overwrite", is_flag=True, help="Replace pictures that are there already.")
@click.pass_context
def compare(ctx: click.Context, a: str, b: str, photos: Tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Compare the maps that models A and B give for each PHOTO.

    With --layers the exit status is 1 where the models part.
    """
    from ...sources.loading import load
    from ...targets.as_text import read_target

    pairs = named_pairs(options["layers"], "--layer")
    if len(pairs) > 1 and not options["all_layers"]:
        raise click.UsageError("--layer: one layer is compared at a time; several can be matched by --layers")
    of_a, of_b = load_options_of_both(a, b, options)
    with load(a, **of_a) as model_a, load(b, **of_b) as model_b:
        print_notes(model_a, model_b)
        if options["all_layers"]:
            from ...divergence import compare_layers

            target = read_target(model_a, options["target"])
            layers = compare_layers(model_a, model_b, list(photos), pairs, target=target)
            click.echo(as_json_text(layers) if as_json else f"{layers.table()}\n{layers.verdict()}")
            ctx.exit(exit_status(model_a, model_b, failed=bool(layers.first)))
        comparison, pictures = _compare_maps((model_a, model_b), photos, pairs, options)
    click.echo(as_json_text(comparison) if as_json else comparison.table(photos))
    for path in pictures:
        click.echo(escape(path), err=as_json)
    finite = comparison.a.finite.all() and comparison.b.finite.all()
    ctx.exit(exit_status(model_a, model_b, failed=not finite))


def _compare_maps(
    models: "Tuple[Model, Model]", photos: Tuple[str, ...], pairs: Dict[str, str], options: Dict[str, Any]
) -> "Tuple[Comparison, List[str]]":
    """Compare the maps of two models; return that, and the paths of the pictures where --out asks for them."""
    from ...explainers.gradcam import GradCAM
    from ...maps.comparison import compare as compare_maps
    from ...maps.folder import Folder, unique_stems
    from ...targets.as_text import read_target

    layers = next(iter(pairs.items()), (None, None))
    folder = Folder(options["out"], overwrite=options["overwrite"]) if options["out"] else None
    if folder:
        for stem in unique_stems(photos):
            folder.claim(stem, alone=True)
    both = []
    for model, layer, engine in zip(models, layers, (options["engine"], options["b_engine"])):
        target = read_target(model, options["target"])
        cam = GradCAM(model, layer, target, options["dialect"], options["method"], engine=engine)
        both.append(cam(list(photos)))
    comparison = compare_maps(*both)
    if folder is None:
        return comparison, []
    stems = unique_stems([photos[i] for i in both[0].photo])
    return comparison, [folder.add_picture(stem, comparison.picture(i)) for i, stem in enumerate(stems)]
