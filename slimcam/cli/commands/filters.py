"""`slimcam filters`."""

import json
import os
import re
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional

import click

from ...text.printable import escape
from ...visualisation.names import RECIPES
from ..options import HOLD, MODELS, SCORES, exit_status, load_model, model_options_beside_size, out_options, print_notes

if TYPE_CHECKING:
    from ...model import Model
    from ...visualisation.filter_pictures import Filters

OUT = "filters"  # the folder that sheets go to when none is named
SHOWN = "; ".join(f"{name}: {what}" for name, what in RECIPES.items())
LEAVES = {"graph": "--recipe lucid", "tape": "--recipe lucid with --engine graph"}  # leads away from where none fires


class Job(NamedTuple):
    """What one sheet is of: keywords of filters(), and the start of its files' names."""

    name: str
    stem: str
    keywords: Dict[str, Any]


def _read_channels(ctx: click.Context, param: click.Parameter, words: Optional[str]) -> Optional[List[int]]:
    """Read 0-63,70 as numbers, each once."""
    numbers: Dict[int, None] = {}
    for word in words.split(",") if words is not None else ():
        ends = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", word)  # no layer has a million channels
        if not ends or int(ends.group(2) or ends.group(1)) < int(ends.group(1)):
            raise click.BadParameter(f"{words!r}: give numbers and ranges, as 0-63,70", ctx, param)
        numbers.update(dict.fromkeys(range(int(ends.group(1)), int(ends.group(2) or ends.group(1)) + 1)))
    return list(numbers) or None


@click.command()
@click.option("--model", required=True, metavar="PATH", help=f"{MODELS}.")
@model_options_beside_size
@click.option(
    "--layer", "layers", multiple=True, metavar="TENSOR", help="Layer whose channels are climbed; repeatable."
)
@click.option("--channels", callback=_read_channels, metavar="0-63,70", help="Of each layer only these channels.")
@click.option("--target", metavar="TARGET", help=f"Instead: a class, by number or label; {SCORES}")
@click.option("--count", type=click.IntRange(1), metavar="N", help="Pictures of the target (1).")
@click.option("--recipe", type=click.Choice(tuple(RECIPES)), default="book", help=f"How (else book). {SHOWN}.")
@click.option("--steps", type=click.IntRange(1), metavar="N", help="Steps (else the recipe's).")
@click.option(
    "--size", "side", type=click.IntRange(2), metavar="N", help="Side of the pictures in pixels (else the net's)."
)
@click.option("--seed", type=click.IntRange(0), default=0, metavar="N", help="Of all that is random (0).")
@click.option("--together", type=click.IntRange(1), default=8, metavar="N", help="Channels a session run (8).")
@click.option("--hold", multiple=True, metavar="T=VALUE", help=HOLD)
@click.option("--json", "as_json", is_flag=True, help="Print the scores as JSON.")
@out_options(OUT, "the sheets")
@click.pass_context
def filters(ctx: click.Context, out: str, overwrite: bool, as_json: bool, **options: Any) -> None:
    """Make pictures of what channels, a class or another score look for.

    Writes LAYER.filters.png, in numbered sheets of 64 where there are more; on a sheet the second picture is below
    the first. One channel is one plain picture. Prints from which to which score they rose and which channels never
    fired.

    After Ctrl-C (exit status 130) the same command goes on where it stopped: what is done is kept in DIR, in
    LAYER.ascent.npz, until all sheets are written. Exit status 1: nothing of a layer fires.
    """
    from ...maps.folder import Folder
    from ...targets.as_text import read_hold

    _check(options)
    with load_model(options) as model:
        jobs = _jobs(model, options)
        how = {key: options[key] for key in ("recipe", "steps", "seed", "together", "engine")}
        how["size"] = options["side"]
        how["hold"] = dict(read_hold(model, one) for one in options["hold"])
        # a run that goes on replaces the sheets that it wrote before it was interrupted
        folders = [Folder(out, overwrite=overwrite or os.path.exists(_state(out, job))) for job in jobs]
        for job, folder in zip(jobs, folders):
            folder.claim(f"{job.stem}.filters")
        print_notes(model)
        reports = []
        try:
            for job, folder in zip(jobs, folders):
                pictures = _run(model, job, _state(out, job), how)
                files = folder.add_pages(f"{job.stem}.filters", pictures.sheets())
                reports.append(_report(job, pictures, options["recipe"], files))
                if not as_json:
                    click.echo(escape(_line(reports[-1], options["engine"])))
        except KeyboardInterrupt:
            raise KeyboardInterrupt("the same command goes on from here") from None
    for job in jobs:
        os.remove(_state(out, job))
    if as_json:
        click.echo(json.dumps(reports, indent=2, allow_nan=False))
    blank = any(len(report["silent"]) == len(report["pictures"]) for report in reports)
    ctx.exit(exit_status(model, failed=blank))


def _check(options: Dict[str, Any]) -> None:
    """Raise UsageError for options that do not go together, before anything is loaded."""
    if options["target"] is not None and (options["layers"] or options["channels"]):
        raise click.UsageError("--target takes the place of --layer and --channels: give one or the other")
    if options["target"] is None and options["count"] is not None:
        raise click.UsageError("--count is of a --target: a channel has one picture")


def _jobs(model: "Model", options: Dict[str, Any]) -> List[Job]:
    """Return a job for each layer, or that of the target; a name or channel that is not there is an error now."""
    from ...maps.folder import short_names
    from ...targets.as_text import read_target
    from ...visualisation.filter_pictures import check_channels

    text = options["target"]
    if text is not None:
        keywords = {"target": read_target(model, text), "count": options["count"] or 1}
        return [Job(text, _file_name(text), keywords)]
    layers: Dict[str, str] = {}
    for layer in options["layers"] or (model.layers()[0].name,):
        tensor = check_channels(model, layer, options["channels"] or ())
        layers.setdefault(tensor, layer)  # once, also if it is named in two ways
    names = list(layers.values())
    return [
        Job(layer, stem, {"layer": layer, "channels": options["channels"]})
        for layer, stem in zip(names, short_names(names))
    ]


def _file_name(text: str) -> str:
    """Return a target's words as part of a file's name; of a file that they name only its own name."""
    words, equals, file = text.rpartition("=")
    return re.sub(r"[^\w@.-]+", "_", words + equals + os.path.basename(file))


def _state(out: str, job: Job) -> str:
    return os.path.join(out, f"{job.stem}.ascent.npz")


def _run(model: "Model", job: Job, state: str, how: Dict[str, Any]) -> "Filters":
    """Climb, with a progress bar."""
    from tqdm import tqdm

    from ...visualisation.filter_pictures import filters as run

    with tqdm(desc=escape(job.stem), unit="step", disable=None, leave=False) as bar:

        def progress(done: int, steps: int) -> None:
            if not bar.n:
                bar.reset(steps)
                # What an earlier run did says nothing of the time that is left.
                bar.initial = bar.n = bar.last_print_n = done
            bar.update(done - bar.n)

        return run(model, **job.keywords, state=state, progress=progress, **how)


def _report(job: Job, pictures: "Filters", recipe: str, files: List[str]) -> Dict[str, Any]:
    """Return what there is to say of a sheet, as JSON has it."""
    height, width = pictures.pictures.shape[1:3]
    rows = zip(pictures.numbers, pictures.scores[:, 0], pictures.scores[:, -1])
    return {
        "layer" if "layer" in job.keywords else "target": job.name,
        "recipe": recipe,
        "steps": pictures.scores.shape[1],
        "size": [height, width],
        "pictures": [{"number": number, "first": float(first), "last": float(last)} for number, first, last in rows],
        "silent": pictures.silent,
        "files": files,
    }


def _line(report: Dict[str, Any], engine: str) -> str:
    """Return the line on a sheet: how many pictures, how their scores rose, which channels never fired, the files."""
    import numpy as np

    from ..results import arrow_to, first_of

    pictures, silent = report["pictures"], report["silent"]
    what = ("channel" if "layer" in report else "picture") + ("s" if len(pictures) > 1 else "")
    said = [f"{report.get('layer') or report['target']}: {len(pictures)} {what}, {report['steps']} steps"]
    rows = [(row["first"], row["last"]) for row in pictures if row["number"] not in silent]
    if rows:
        first, last = np.median(rows, 0)
        said.append(f"score {first:.4g} to {last:.4g}" + (" (medians)" if len(rows) > 1 else ""))
    if silent:
        one = len(silent) == 1
        because = f"no step made {'it' if one else 'them'} fire"
        if report["recipe"] != "lucid":
            noise = "the picture is" if one else "their pictures are"
            because = f"{noise} the noise of the start; {LEAVES[engine]} leads most away from it"
        said.append(f"{len(silent)} never fired: {first_of(silent)} ({because})")
    return "; ".join(said) + arrow_to(report["files"])
