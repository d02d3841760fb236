"""`slimcam evaluate`."""

import json
import os
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Tuple

import click

from ... import faithfulness
from ...methods import find_method
from ..options import (
    HOLD,
    LAYER,
    METHODS,
    exit_status,
    load_model,
    model_option,
    model_options,
    named_parameters,
    photos_argument,
    print_notes,
    target_option,
)
from ..wording import line

if TYPE_CHECKING:
    from ...explainers.explainer import Explainer
    from ...faithfulness.evaluation import Evaluation
    from ...inputs.photos import Batch
    from ...model import Model

METRICS = click.Choice(tuple(faithfulness.METRICS))
METRIC = f"What to judge by: {', '.join(faithfulness.METRICS)}; repeatable (else {', '.join(faithfulness.FIRST)})."
SET = "Parameter of a method or a metric, also its dialect: insertion.steps=20; repeatable."
TRUTH = "JSON of photos and their boxes (top, left, bottom, right), or the path of a mask (.npy or a picture)."


@click.command()
@photos_argument()
@model_option
@model_options
@click.option("--layer", metavar="TENSOR", help=LAYER)
@target_option
@click.option("--hold", multiple=True, metavar="T=VALUE", help=HOLD)
@click.option(
    "--method", "names", type=METHODS, multiple=True, metavar="METHOD", help="Whose maps (else gradcam); repeatable."
)
@click.option("--metric", "metrics", type=METRICS, multiple=True, metavar="METRIC", help=METRIC)
@click.option("--set", "words", multiple=True, metavar="NAME.NAME=VALUE", help=SET)
@click.option("--truth", metavar="FILE", help=TRUTH)
@click.option("--seed", type=int, default=0, metavar="N", help="What random numbers start from.")
@click.option("--run-memory", type=float, metavar="GIB", help="What a run may take (else 1).")
@click.option("--sheet", metavar="FILE", help="Picture of all maps: a row a method, a column a photo.")
@click.option("--json", "as_json", is_flag=True, help="Print it all as JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="Print it as CSV, a column for each photo.")
@click.pass_context
def evaluate(
    ctx: click.Context,
    photos: Tuple[str, ...],
    names: Tuple[str, ...],
    metrics: Tuple[str, ...],
    words: Tuple[str, ...],
    truth: Optional[str],
    sheet: Optional[str],
    as_json: bool,
    as_csv: bool,
    **options: Any,
) -> None:
    """Judge maps by numbers: how the score of each PHOTO changes as what a map points at is shown or hidden.

    Prints a line for each metric and method: the mean over the photos, and the spread.
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv: give one of them")
    names, metrics = tuple(dict.fromkeys(names or ("gradcam",))), tuple(dict.fromkeys(metrics or faithfulness.FIRST))
    rows = {**{name: find_method(name) for name in names}, **{name: faithfulness.METRICS[name] for name in metrics}}
    given = named_parameters(words, rows)
    measures = {name: given[name] for name in metrics}
    faithfulness.read_metrics(measures, options["seed"])
    _check_sheet(sheet)
    batch, failures = _read(photos)
    if batch is None:
        ctx.exit(1)
    boxes = _truth(truth, batch)
    with load_model(options) as model:
        cams = {name: _explainer(model, name, given[name], options) for name in names}
        print_notes(model)
        evaluation = _judged(cams, model, batch, measures, boxes, options)
        if sheet is not None:
            from ...maps.folder import write_picture

            write_picture(sheet, evaluation.sheet())
        status = exit_status(model, failed=failures > 0)
    if as_json:
        click.echo(json.dumps(evaluation.json(), indent=2, allow_nan=False))
    else:
        click.echo(evaluation.csv() if as_csv else evaluation.table(), nl=not as_csv)
    ctx.exit(status)


def _judged(
    cams: Dict[str, "Explainer"],
    model: "Model",
    batch: "Batch",
    measures: Dict[str, Dict[str, Any]],
    truth: Any,
    options: Dict[str, Any],
) -> "Evaluation":
    """Judge, and show how far it is."""
    from tqdm import tqdm

    from ...explainers.evaluating import evaluate as judge

    with tqdm(unit="pass", disable=None, leave=False) as bar:
        for cam in cams.values():
            cam.watch(bar.update)
        photos: Any = batch
        how = {"seed": options["seed"], "memory": _bytes(options), "progress": bar.update}
        return judge(cams, model, photos, measures, truth=truth, **how)


def _check_sheet(path: Optional[str]) -> None:
    """Raise UsageError for a sheet that is no picture, OutputError where a file is there already."""
    from ...files.writing import refuse
    from ...maps.folder import PICTURES

    if path is not None:
        if not path.lower().endswith(PICTURES):
            raise click.UsageError(f"--sheet {path}: a picture's name ends in {', '.join(PICTURES)}")
        refuse(path)


def _explainer(model: "Model", name: str, given: Dict[str, Any], options: Dict[str, Any]) -> "Explainer":
    from ...explainers.explainer import Explainer
    from ...targets.as_text import read_hold, read_target

    layer = None if find_method(name).needs == "pixels" else options["layer"]
    hold = dict(read_hold(model, one) for one in options["hold"])
    how = {"seed": options["seed"], "memory": _bytes(options), "engine": options["engine"]}
    return Explainer(model, name, layer, read_target(model, options["target"]), hold=hold, **{**how, **given})


def _bytes(options: Dict[str, Any]) -> Optional[int]:
    return None if options["run_memory"] is None else int(options["run_memory"] * (1 << 30))


def _read(photos: Sequence[str]) -> Tuple[Optional["Batch"], int]:
    """Return the photos that can be read, and how many cannot; print why."""
    from ...errors import PhotoError
    from ...inputs.photos import as_batch, join_batches

    each, failures = [], 0
    for file in photos:
        try:
            each.append(as_batch(file))
        except PhotoError as error:
            click.echo(line(str(error)), err=True)
            failures += 1
    return (join_batches(each) if each else None), failures


def _truth(path: Optional[str], batch: "Batch") -> Optional[List[Any]]:
    """Return what a file says of each photo, by its path or its name alone; raise ParameterError where it does not."""
    if path is None:
        return None
    from ...errors import ParameterError

    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
    except (OSError, ValueError) as error:
        raise ParameterError(f"{path}: {getattr(error, 'strerror', None) or 'no JSON'}") from error
    truth = []
    for name in batch.names:
        known = isinstance(content, dict) and [key for key in (name, os.path.basename(name)) if key in content]
        if not known:
            raise ParameterError(f"{path}: it has nothing on {name}: give its boxes, [] for none, or a mask's path")
        one = content[known[0]]
        truth.append(_mask(os.path.join(os.path.dirname(path), one)) if isinstance(one, str) else _boxes(path, one))
    return truth


def _mask(path: str) -> Any:
    from ...errors import ParameterError
    from ...files.arrays import read_npy
    from ...inputs.photos import as_batch

    return read_npy(path, ParameterError) if path.endswith(".npy") else as_batch(path).photos[0].max(-1)


def _boxes(path: str, boxes: Any) -> Any:
    from ...errors import ParameterError

    several = boxes if boxes and isinstance(boxes, list) and isinstance(boxes[0], list) else [boxes] if boxes else []
    for box in several:
        numbers = isinstance(box, list) and len(box) == 4 and all(type(side) in (int, float) for side in box)
        if not numbers:
            raise ParameterError(f"{path}: {box!r} is no box: give top, left, bottom, right")
    return several
