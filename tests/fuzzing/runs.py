"""What is done with a case, and what comes of it: numbers, and what was said."""

import contextlib
import inspect
import warnings
from typing import Any, Dict, List, NamedTuple

import numpy as np

import slimcam
from slimcam.cli import inspection
from slimcam.errors import ModelError, SlimcamError
from slimcam.migration.making import inputs_of
from slimcam.sources.options import LoadOptions
from slimcam.sources.verdicts import vet

# Of another shape than any net's images: it is resized and prepared, whatever the model takes.
PHOTO = np.random.RandomState(0).randint(0, 256, (10, 12, 3), np.uint8)
TIMEOUT = 5.0  # seconds that a run may take, where load() takes such an option


class Came(NamedTuple):
    """What came of a case."""

    numbers: Dict[str, np.ndarray]
    said: List[str]  # why, notes, warnings
    finite: bool = True  # whether the maps call themselves so
    names: Dict[str, str] = {}  # noqa: RUF012 - of the tensors that TensorFlow is asked for: input, logits, layer
    fed: Dict[str, Any] = {}  # noqa: RUF012 - what else is to be fed, by tensor


def explain(path: str, options: Dict[str, Any]) -> Came:
    """Load a model, describe it as `slimcam inspect` does, and explain a photo.

    Of one that is refused is told what `slimcam inspect` and `slimcam vet` tell of it.
    """
    try:
        with loaded(path, options) as model:
            inspection.describe_model(model)
            return explain_photos(model, [PHOTO])
    except SlimcamError:
        inspection.describe_graph(path, LoadOptions())
        with contextlib.suppress(ModelError):
            vet(path).lines()
        raise


def loaded(path: str, options: Dict[str, Any]) -> slimcam.model.Model:
    """Load a model by its options, with a bound on the time of its runs."""
    bound = {"timeout": TIMEOUT} if "timeout" in inspect.signature(slimcam.load).parameters else {}
    return slimcam.load(path, **{**bound, **options})


def explain_photos(model: slimcam.model.Model, photos: Any) -> Came:
    """Explain class 0 of photos, by the layer that a model explains when none is named."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        cam = slimcam.GradCAM(model, target=0)
        maps = cam(photos)
    batch = cam.image_input.batch(photos)
    numbers = {"raw": maps.raw, "scores": maps.scores, "photo": np.asarray(maps.photos[0])}
    logits = cam.model.logits
    names = {"layer": cam.model.tensor(cam.layer).name, **({} if logits is None else {"logits": logits.name})}
    fed = {one.tensor.name: one.value for one in cam.query.fed}
    if logits is not None:
        numbers["logits"] = np.stack(model.values([logits], batch)[logits.name])
    try:
        numbers["input"] = inputs_of(model, cam.image_input, batch, "graph")
        names["input"] = cam.image_input.tensor.name
    except SlimcamError:  # photos as files: nothing but the model itself can be asked
        pass
    finite = bool(maps.finite.all())
    said = [*model.why, *model.notes, model.fault, *(str(one.message) for one in caught)]
    return Came(numbers, said, finite, names, fed)


def same(a: Came, b: Came) -> bool:
    """Whether two came to the same, but for rounding."""
    return a.numbers.keys() == b.numbers.keys() and all(close(a.numbers[key], b.numbers[key]) for key in a.numbers)


def close(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether arrays agree to 1e-4 of the largest: the nets have sums of some hundred terms, off by less than 1e-5."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.shape != b.shape or not np.array_equal(np.isfinite(a), np.isfinite(b)):
        return False
    a, b = np.nan_to_num(a), np.nan_to_num(b)
    return bool(np.abs(a - b).max(initial=0) <= 1e-4 * max(1e-6, np.abs(b).max(initial=0)))
