"""What a net looks for: pictures that drive a channel, a class or any other score, by gradient ascent from noise."""

from dataclasses import dataclass, field
from typing import Callable, Dict, Iterable, List, NamedTuple, Optional, Sequence, Union

import numpy as np

from .. import targets
from .._types import HoldLike, KerasModel, PathLike, TargetLike, TensorLike
from ..engines import find_engine
from ..engines.resolve import Query, resolve_images
from ..errors import LayerError, TargetError
from ..files.digests import digest
from ..isolation.elsewhere import where_the_model_is
from ..maps.sheets import grid
from ..model import Model
from ..sources.loading import load
from .ascent import Ascent, Progress
from .ascent_state import AscentState, StateFile
from .image_space import space_of
from .recipes import Recipe, Setup, Size, find_recipe

TOGETHER = 8  # pictures a session run


@dataclass(repr=False)
class Filters:
    """Pictures that drive scores; one row for each in every array."""

    name: str  # the layer whose channels they are of, or the target
    numbers: List[int]  # channels, classes, or 0, 1, … of one target
    pictures: np.ndarray  # (N, h, w, C) uint8, RGB or grey
    scores: np.ndarray  # (N, steps) float32, what each step began with
    silent: List[int]  # the numbers of those that never fired: no step changed the score
    snapshots: Dict[int, np.ndarray] = field(default_factory=dict)  # pictures after the steps that thresholds= names

    def __repr__(self) -> str:
        size = " x ".join(map(str, self.pictures.shape[1:3]))
        return f"<Filters: {len(self)} pictures of {self.name!r}, {size}, {len(self.silent)} never fired>"

    def __len__(self) -> int:
        return len(self.numbers)

    def sheet(self, columns: int = 8, margin: int = 5) -> np.ndarray:
        """Return the first of the `sheets`: all pictures, where there are no more than columns x columns."""
        return self.sheets(columns, margin)[0]

    def sheets(self, columns: int = 8, margin: int = 5) -> List[np.ndarray]:
        """Lay the pictures into squares of columns x columns, (H, W, 3) uint8 RGB, on black.

        As in the Keras book the second is below the first, and the first of the next column beside it.
        """
        pictures = self.pictures if self.pictures.shape[-1] == 3 else np.repeat(self.pictures, 3, -1)
        return [_square(pictures[i : i + columns**2], columns, margin) for i in range(0, len(self), columns**2)]


def _square(pictures: np.ndarray, columns: int, margin: int) -> np.ndarray:
    """Lay pictures down the first column, then the second; a few that fill no column are laid side by side."""
    if len(pictures) <= columns:
        return grid(list(pictures), columns, margin)
    used = -(-len(pictures) // columns)
    cells = np.zeros((used * columns, *pictures.shape[1:]), np.uint8)
    cells[: len(pictures)] = pictures
    rows = cells.reshape(used, columns, *pictures.shape[1:]).swapaxes(0, 1)
    return grid(list(rows.reshape(cells.shape)), used, margin)


class Job(NamedTuple):
    """What is climbed: a query, and for each picture its number and, where a mask is fed, its weights."""

    query: Query
    name: str
    numbers: List[int]
    weights: Optional[np.ndarray]  # (N, K)


def filters(
    model: Union[Model, KerasModel],
    layer: Optional[TensorLike] = None,
    channels: Optional[Iterable[int]] = None,
    recipe: str = "book",
    target: TargetLike = None,
    count: int = 1,
    steps: Optional[int] = None,
    size: Optional[Union[int, Size]] = None,
    seed: int = 0,
    thresholds: Sequence[int] = (),
    hold: Optional[HoldLike] = None,
    engine: str = "graph",
    together: int = TOGETHER,
    state: Optional[PathLike] = None,
    progress: Optional[Progress] = None,
) -> Filters:
    """Make pictures that drive channels of a layer, all of them where none are named, or another score.

    `layer` is a name or a tensor, (N, h, w, C) or (N, C), the logits too; the model's own default where it is left
    out. `target` takes its place and that of `channels`: a class or a list of them, Channel, Neuron, Direction,
    Caricature, another score, or a sum of such; `count` pictures are made of one, which Diversity lets differ.
    `recipe` is a row of RECIPES: "book" (the Keras book, 5.4: 40 steps on plain pixels) or "lucid" (frequencies,
    decorrelated colours, transforms, Adam, 513 steps). `size` is that of the pictures, in pixels or as (height,
    width); where the net takes one size and this is another, what the score needs of the graph is copied for it.
    `thresholds` names steps, counted from 0, after which pictures are kept in `snapshots`.

    `together` pictures of a layer's channels run at once. `state` is a file: what is done is kept in it, also when the
    run is interrupted, and the same call goes on from there. `progress` is called with the steps done, and of all.

    Raises LayerError, TargetError, UnknownName, MissingFeed and PhotoError before the first step, TargetError with the
    step at a score or gradient that is not finite, and OutputError for a state that is another call's.
    """
    find_engine(engine)
    model = model if isinstance(model, Model) else load(model, engine=engine)
    if target is not None and (layer is not None or channels is not None):
        raise TargetError("a target takes the place of layer= and channels=: give one or the other")
    named = None if channels is None else list(channels)
    file = StateFile.at(state)
    how = recipe, target, count, steps, size, seed, tuple(thresholds), hold, engine, together
    return pictures_of(model, layer, named, *how, file.path, file.data, file.write, progress)


def _fits(made: Filters) -> bool:
    arrays = [made.pictures, *made.snapshots.values()]
    pictures = all(one.dtype == np.uint8 and one.ndim == 4 and one.shape[3] in (1, 3) for one in arrays)
    return pictures and {len(one) for one in [*arrays, made.scores]} == {len(made)} and made.scores.ndim == 2


@where_the_model_is(Filters, calls={"keep": [bytes], "progress": [int, int]}, check=_fits)
def pictures_of(
    model: Model,
    layer: Optional[TensorLike],
    channels: Optional[List[int]],
    recipe: str,
    target: TargetLike,
    count: int,
    steps: Optional[int],
    size: Optional[Union[int, Size]],
    seed: int,
    thresholds: Sequence[int],
    hold: Optional[HoldLike],
    engine: str,
    together: int,
    path: Optional[str],
    kept: Optional[bytes],
    keep: Callable[[bytes], None],
    progress: Optional[Progress],
) -> Filters:
    """Make the pictures of filters(); what is `kept` of the file at `path` is gone on from, and `keep` called."""
    row = find_recipe(recipe)
    if target is None:
        job = _job_of_layer(model, layer, channels, hold, engine)
    else:
        job = _job_of_target(model, target, count, hold, engine)
    ascent = _ascent(job, row, size, seed, row.steps if steps is None else steps, thresholds)
    held = sorted((tensor.name, digest(array)) for tensor, array in job.query.hold.items())
    what = [recipe, model.source, engine, held, job.name, job.numbers]
    run = [*what, ascent.setup.size, seed, ascent.steps, ascent.kept]
    at_once = len(job.numbers) if job.weights is None else max(together, 1)
    state = AscentState(StateFile(path, kept, keep), run)
    done = ascent.run(job.numbers, job.weights, at_once, state, progress)
    fires = done.moved & ((np.ptp(done.scores, 1) > 0) | (ascent.steps == 1))
    silent = [number for number, one in zip(job.numbers, fires) if not one]
    snapshots = {step: done.snapshots[:, i] for i, step in enumerate(ascent.kept) if step in thresholds}
    return Filters(job.name, job.numbers, done.snapshots[:, -1], done.scores, silent, snapshots)


@where_the_model_is(str)
def check_channels(model: Model, layer: TensorLike, channels: Sequence[int]) -> str:
    """Return the name of a layer's tensor; raise UnknownName or TargetError where it, or a channel, is not there."""
    tensor = model.tensor(layer)
    count = targets.Channels(tensor).channels(model)
    for number in channels:
        targets.check_channel(number, tensor, count)
    return str(tensor.name)


def _job_of_layer(
    model: Model, layer: Optional[TensorLike], channels: Optional[Iterable[int]], hold: Optional[HoldLike], engine: str
) -> Job:
    tensor = model.tensor(layer if layer is not None else model.layers()[0].tensor)
    query = resolve_images(model, targets.Channels(tensor), hold, engine)
    count = query.target.channels(model)
    numbers = list(range(count)) if channels is None else [int(number) for number in channels]
    if not numbers:
        raise TargetError("no channels were named")
    for number in numbers:
        targets.check_channel(number, tensor, count)
    name = layer if isinstance(layer, str) else model.name_of(tensor)
    return Job(query, name, numbers, np.eye(count, dtype=np.float32)[numbers])


def _job_of_target(model: Model, target: TargetLike, count: int, hold: Optional[HoldLike], engine: str) -> Job:
    query = resolve_images(model, target, hold, engine)
    each = list(target) if isinstance(target, (list, tuple, np.ndarray)) else [target] * count
    if isinstance(query.target, targets.Top) or not each:
        raise TargetError(f"no picture can be made for {target!r}: give classes, or a score")
    weights = None if isinstance(query.target, targets.Score) else targets.mask(model, each, len(each))
    numbers = list(range(len(each)))
    if all(isinstance(one, (int, str, np.integer)) for one in each) and len(set(each)) == len(each):
        numbers = [model.class_id(one) for one in each]
    return Job(query, str(target), numbers, weights)


def _ascent(
    job: Job, row: Recipe, size: Optional[Union[int, Size]], seed: int, steps: int, thresholds: Sequence[int]
) -> Ascent:
    """Return the ascent of a job, with the gradients built."""
    query = job.query
    space = space_of(query.model, query.image_input)
    wanted = (size, size) if isinstance(size, int) else size
    any_size = wanted is not None and space.fixed not in (None, wanted)
    if any_size:
        space = space._replace(fixed=None)
    height, width = wanted or space.fixed or (row.size, row.size)
    if min(height, width) < 2:
        raise LayerError(f"size={size!r}: a picture has at least 2 x 2 pixels")
    if steps < 1 or seed < 0 or any(not 0 <= threshold < steps for threshold in thresholds):
        raise TargetError(
            f"steps={steps}, seed={seed}, thresholds={tuple(thresholds)}: give steps from 1 on, a seed from 0 on, and "
            "thresholds from 0 to steps - 1"
        )
    build = find_engine(query.engine).slope
    plain = build(query, any_size=any_size)
    first = build(query, rule="redirected", any_size=any_size) if row.head_start else plain
    kept = tuple(sorted({*thresholds, steps - 1}))
    return Ascent(row, Setup(space, (int(height), int(width)), seed), steps, kept, first, plain)
