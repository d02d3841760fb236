"""verify(): a model against a recording."""

from typing import Any, Dict, List, Mapping, Optional, Tuple, Union

import numpy as np

from .._types import ImagesLike, ModelLike, PathLike
from ..errors import GoldenError, UnknownName
from ..explainers.gradcam import GradCAM, features
from ..inputs.image_input import ImageInput
from ..inputs.photos import as_batch
from ..isolation.elsewhere import where_the_model_is
from ..maps.differences import largest
from ..methods.evidence import plain
from ..model import Model
from ..suggest import nearest
from ..targets import as_json
from . import golden as golden_files
from . import rounding
from .making import explain_inputs, feedable, inputs_of, open_model, photo_records, program_versions
from .measures import statistics, top_classes
from .report import Row, Verification, chosen_tolerances, row_of, row_of_top, worst

RUNS = 100  # of a model whose gradients rounding may explain: 16 and two more for each layer
STATISTICS = "mean", "deviation", "smallest", "largest"


def verify(
    golden: Union[golden_files.Golden, PathLike],
    model: ModelLike,
    photos: Optional[ImagesLike] = None,
    layers: Optional[Mapping[str, str]] = None,
    tolerances: Optional[Mapping[str, float]] = None,
    engine: str = "graph",
    **load_options: Any,
) -> Verification:
    """Compare what a model gives with a recording: the folder that record() wrote, or a Golden.

    The recorded inputs are fed and the recorded classes explained. With `photos`, those that were recorded, the model's
    own preparation of them is compared as well. `layers` maps recorded names to the model's where they differ;
    `tolerances` takes the place of some of TOLERANCES. `model`, `engine` and `load_options` are as for record().

    Raises GoldenError for a recording that cannot be read or is of something else (other photos, shapes, types, number
    of classes), UnknownName for a layer that the model lacks and for a quantity without tolerance.
    """
    recorded = golden if isinstance(golden, golden_files.Golden) else golden_files.read(golden)
    limits = chosen_tolerances(tolerances)
    names = layers or {}
    _check_names(recorded, names)
    with open_model(model, engine, load_options) as loaded:
        made_by, rows = compared(loaded, recorded, photos, dict(names), limits, engine)
        verified = {"made_by": made_by, "source": loaded.source, "engine": engine}
    keys = "made_by", "model", "photos", "target", "dialect", "method", "engine"
    return Verification({key: getattr(recorded, key) for key in keys}, verified, rows)


@where_the_model_is(Tuple[Dict[str, str], List[Row]], photos=["photos"], runs=RUNS)
def compared(
    model: Model,
    recorded: golden_files.Golden,
    photos: Optional[ImagesLike],
    names: Mapping[str, str],
    limits: Mapping[str, float],
    engine: str,
) -> Tuple[Dict[str, str], List[Row]]:
    """Return the versions of what runs the model, and the rows of verify()."""
    _check_classes(recorded, model)
    cams = [_cam(recorded, layer, names, model, engine) for layer in recorded.layers]
    image_input = cams[0].image_input
    _check_input(recorded, image_input)
    rows = [] if photos is None else [_preparation_row(recorded, model, image_input, photos, engine, limits)]
    fed = feedable(image_input, recorded.inputs)
    if recorded.logits is not None and recorded.top_classes is not None:
        logits = features(model, model.need_logits(), fed, engine)
        rows += _logit_rows(recorded.logits, recorded.top_classes, logits, limits)
    layer_rows = [_layer_rows(layer, cam, recorded.inputs, limits) for layer, cam in zip(recorded.layers, cams)]
    rows += layer_rows[0][:1] + [row for some in layer_rows for row in some[1:]]
    return program_versions(model), rows


def _check_names(recorded: golden_files.Golden, layers: Mapping[str, str]) -> None:
    """Raise UnknownName where `layers` maps what was not recorded."""
    known = [layer.name for layer in recorded.layers] + list(as_json.tensor_names(recorded.target))
    for name in layers:
        if name not in known:
            raise UnknownName(
                f"layers: {name!r} was not recorded (there are {', '.join(known)}); {nearest(name, known)}"
            )


def _check_classes(recorded: golden_files.Golden, model: Model) -> None:
    if recorded.logits is None:
        return
    logits = model.need_logits()
    old, new = recorded.logits.shape[-1], logits.shape.as_list()[-1] if logits.shape.rank else None
    if old == new:
        return
    why = "verify a model of the same classes"
    if new is not None and abs(old - new) == 1:
        more = "recording" if old > new else "model"
        why = (
            f"the {more} seems to count a background class, as slim's class 0, and the other not: compare with one "
            "that counts the same (num_classes= for a checkpoint)"
        )
    raise GoldenError(f"the recording has {old} classes, and the logits {logits.name!r} have {new}: {why}")


def _check_input(recorded: golden_files.Golden, image_input: ImageInput) -> None:
    tensor, old = image_input.tensor, recorded.inputs.shape
    kind = recorded.model["dtype"]
    if tensor.dtype.name != kind:
        raise GoldenError(
            f"the recording feeds {kind}, and {tensor.name!r} takes {tensor.dtype.name}: name a tensor that takes "
            f"{kind} (input=), or record again a model that is fed as this one"
        )
    shape = tensor.shape
    expected = old[1:] if shape.rank == 3 else old
    if not shape.is_compatible_with(expected):
        raise GoldenError(
            f"the recording feeds {list(old)}, and {tensor.name!r} takes {shape}: verify a model of the same size of "
            "images, or record again"
        )


def _cam(
    recorded: golden_files.Golden, layer: golden_files.Layer, names: Mapping[str, str], model: Model, engine: str
) -> GradCAM:
    """Return the GradCAM of a recorded layer: of classes that come with each call, or of the recorded target."""
    name = names.get(layer.name, layer.name)
    try:
        model.tensor(name)
    except UnknownName as error:
        raise UnknownName(
            f"{model.source} lacks the recorded layer {layer.name!r} ({error}): say what it is called there, "
            f"layers={{{layer.name!r}: NAME}}, or --layer {layer.name}=NAME"
        ) from error
    target = None if (layer.classes >= 0).all() else as_json.from_json(recorded.target, model, names)
    return GradCAM(model, name, target, recorded.dialect, recorded.method, engine=engine)


def _preparation_row(
    recorded: golden_files.Golden,
    model: Model,
    image_input: ImageInput,
    photos: ImagesLike,
    engine: str,
    limits: Mapping[str, float],
) -> Row:
    """Return the row of the model's own preparation of the recorded photos."""
    batch = as_batch(photos)
    if len(batch.photos) != len(recorded.photos):
        raise GoldenError(f"{len(batch.photos)} photos, and {len(recorded.photos)} were recorded: give those, in order")
    for old, new in zip(recorded.photos, photo_records(batch)):
        if old["sha256"] != new["sha256"]:
            raise GoldenError(
                f"{new['name']}: not the photo that was recorded as {old['name']} (its sha256 differs): give the "
                "recorded photos in their order, or none"
            )
    inputs = plain(inputs_of(model, image_input, batch, engine))
    if inputs.shape != recorded.inputs.shape:
        raise GoldenError(
            f"the photos are prepared as {list(inputs.shape)}, and were as {list(recorded.inputs.shape)}: load the "
            "model with the preprocess= and the size that were recorded"
        )
    return row_of("input", "", recorded.inputs, inputs, limits["input"])


def _logit_rows(old: np.ndarray, top: np.ndarray, new: np.ndarray, limits: Mapping[str, float]) -> List[Row]:
    if new.shape != old.shape:
        raise GoldenError(f"the recorded logits are {list(old.shape)}, the model's {list(new.shape)}: say logits=")
    first = row_of("logits", "", old, new, limits["logits"])
    return [first, row_of_top(old, top, top_classes(new), limits["logits"])]


def _layer_rows(layer: golden_files.Layer, cam: GradCAM, inputs: np.ndarray, limits: Mapping[str, float]) -> List[Row]:
    """Return the rows of one layer: scores (which are those of all), activations, gradients, maps."""
    classes = layer.classes if (layer.classes >= 0).all() else None
    evidence, maps = explain_inputs(cam, feedable(cam.image_input, inputs), classes)
    name = layer.name if cam.layer == layer.name else f"{layer.name} = {cam.layer}"
    activations = evidence.activations[:: len(evidence.activations) // len(inputs)]
    if activations.shape != layer.shape:
        raise GoldenError(
            f"the recorded layer {layer.name!r} is {list(layer.shape)}, and the model's {cam.layer!r} "
            f"{list(activations.shape)}: name the one that it became, layers={{{layer.name!r}: NAME}}, or "
            f"--layer {layer.name}=NAME"
        )
    limit = limits["activations"]
    scale = max(largest(layer.smallest, equal_nan=True), largest(layer.largest, equal_nan=True))
    figures = statistics(activations)
    parts = [row_of("activations", name, getattr(layer, key), figures[key], limit, scale) for key in STATISTICS]
    parts.append(row_of("activations", name, layer.sample, activations.reshape(-1)[layer.places], limit, scale))
    forward = [row_of("scores", "", layer.scores, evidence.scores, limits["scores"]), worst(parts)]
    old, new = (layer.gradients, layer.maps), (evidence.gradients, maps)
    back = [row_of(key, name, a, b, limits[key]) for key, a, b in zip(("gradients", "maps"), old, new)]
    if all(row.passed for row in forward) and not all(row.passed for row in back) and rounding.can_move(inputs):
        bounds = rounding.bounds(lambda images: _backward(cam, images, classes), inputs, new)
        back = [row if row.passed else rounding.beyond(row, a, *b) for row, a, b in zip(back, old, bounds)]
    return forward + back


def _backward(cam: GradCAM, images: np.ndarray, classes: Optional[np.ndarray]) -> Tuple[np.ndarray, np.ndarray]:
    evidence, maps = explain_inputs(cam, images, classes)
    return evidence.gradients, maps
