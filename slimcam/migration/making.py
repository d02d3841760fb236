"""make_golden(): what a model makes of some photos; and its parts, which verify() compares with a recording's."""

import contextlib
import glob
import os
import platform
import sys
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from .. import __version__
from .._tf import keras_version, tf
from .._types import ImagesLike, ModelLike, TargetLike, TensorLike
from ..errors import MissingFeed, ModelError, PhotoError, UntrustedModel
from ..explainers.gradcam import GradCAM, features
from ..files.digests import digest, file_digest
from ..inputs.image_input import ImageInput
from ..inputs.photos import Batch, as_batch
from ..inputs.preprocess import PREPROCESSING
from ..isolation.elsewhere import sendable
from ..isolation.model import IsolatedModel
from ..methods.cams import raw_map, rounding
from ..methods.evidence import Evidence, plain
from ..model import Model
from ..sources.loading import load
from ..targets import as_json, as_target
from . import golden
from .measures import sample_places, statistics, top_classes


@contextlib.contextmanager
def open_model(model: ModelLike, engine: str, load_options: Mapping[str, Any]) -> Iterator[Model]:
    """Give a Model as it is, or load it, and close what was loaded; raise ModelError for options of no use."""
    if not isinstance(model, Model):
        with load(model, engine=engine, **load_options) as loaded:
            yield loaded
        return
    if load_options:
        raise ModelError(f"{model.source} is loaded: give {', '.join(load_options)} to slimcam.load()")
    yield model


def make_golden(
    model: Model,
    source: str,
    photos: ImagesLike,
    layers: Union[TensorLike, Sequence[TensorLike], None],
    target: TargetLike,
    how: Mapping[str, Any],
) -> golden.Golden:
    """Return the recording of a model that was loaded from `source`; `how` holds dialect, method and engine."""
    if isinstance(model, IsolatedModel):
        given = source, layers, as_target(target), dict(how)
        made: golden.Golden = model.ask(_sent_golden, "golden", *given, images=sendable(photos))
        return made
    names = list(layers) if isinstance(layers, (list, tuple)) else [layers]
    cams = [GradCAM(model, name, target, **how) for name in names]
    image_input = cams[0].image_input
    batch, engine = as_batch(photos), how["engine"]
    inputs = plain(inputs_of(model, image_input, batch, engine))
    fed = feedable(image_input, inputs)
    logits = _logits(model, image_input, fed, engine)
    return golden.Golden(
        made_by=program_versions(model),
        model=_model_record(model, source, image_input, batch),
        photos=photo_records(batch),
        target=as_json.to_json(target, model),
        dialect=how["dialect"],
        method=cams[0].dialect.method,
        engine=engine,
        inputs=inputs,
        logits=None if logits is None else plain(logits),
        top_classes=None if logits is None else top_classes(logits),
        layers=[_layer(cam, fed) for cam in cams],
    )


def _sent_golden(answer: Any) -> golden.Golden:
    """Return the recording that another process sent."""
    layers = [golden.Layer(**{**one, "shape": tuple(map(int, one["shape"]))}) for one in answer["layers"]]
    return golden.Golden(**{**answer, "layers": layers})


def inputs_of(model: Model, image_input: ImageInput, batch: Batch, engine: str) -> np.ndarray:
    """Return what is fed for a batch, (N, h, w, C); raise PhotoError where that is not one array."""
    tensor = image_input.tensor
    if tensor.dtype == tf.string:
        raise PhotoError(
            f"{tensor.name!r} takes photos as files, which no array can hold: load the model with input= the tensor "
            "behind their decoding and resizing, and preprocess="
        )
    images = batch.array if batch.array is not None else batch.photos
    if len(image_input.groups(batch)) > 1 and not image_input.single_image:
        raise PhotoError("the net takes any size, and the photos differ in size: record those of each size alone")
    return features(model, tensor, images, engine)


def feedable(image_input: ImageInput, inputs: np.ndarray) -> Any:
    """Return inputs in the form that feeds them as they are; integers go in as photos, which nothing changes."""
    if np.issubdtype(inputs.dtype, np.floating) or not image_input.tensor.dtype.is_integer:
        return inputs
    images = np.repeat(inputs, 3, -1) if inputs.shape[-1] == 1 else inputs
    return list(images.astype(np.uint8))


def _logits(model: Model, image_input: ImageInput, fed: Any, engine: str) -> Optional[np.ndarray]:
    """Return the logits, None where they need more than one image, or are not (N, classes)."""
    logits = model.logits
    if logits is None or model.inputs_of([logits]) != [image_input] or logits.shape.rank != 2:
        return None
    try:
        return features(model, logits, fed, engine)
    except (MissingFeed, UntrustedModel):
        return None


def explain_inputs(cam: GradCAM, fed: Any, classes: Optional[np.ndarray] = None) -> Tuple[Evidence, np.ndarray]:
    """Return the evidence of inputs, and all maps of theirs.

    `classes`, (M,), are those to explain, M / N for each image in a row; else the GradCAM's own target.
    """
    count = len(fed)
    runs = [None] if classes is None else [list(map(int, one)) for one in classes.reshape(count, -1).T]
    each = [cam.evidence(fed, target) for target in runs]
    names = "activations", "gradients", "scores", "classes"
    joined = [np.stack([getattr(one, name) for one in each], 1) for name in names]
    evidence = Evidence(*(plain(array.reshape(-1, *array.shape[2:])) for array in joined))
    dialect = cam.dialect
    return evidence, raw_map(evidence, dialect.method, dialect.start, dialect.average)


def _layer(cam: GradCAM, fed: Any) -> golden.Layer:
    evidence, maps = explain_inputs(cam, fed)
    dialect = cam.dialect
    activations = evidence.activations[:: len(evidence.activations) // len(fed)]
    places = sample_places(activations.size)
    return golden.Layer(
        name=cam.layer,
        shape=activations.shape,
        dtype=cam.model.tensor(cam.layer).dtype.name,
        classes=evidence.classes,
        scores=evidence.scores,
        places=places,
        sample=activations.reshape(-1)[places],
        gradients=evidence.gradients,
        maps=maps,
        rounding=rounding(evidence, dialect.method, dialect.start, dialect.average),
        **statistics(activations),
    )


def program_versions(model: Model) -> Dict[str, str]:
    """Return the versions of what runs here, by name."""
    versions = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "slimcam": __version__,
        "tensorflow": tf.__version__,
        "numpy": np.__version__,
    }
    for name in ("keras", "tf_keras"):
        if hasattr(sys.modules.get(name), "__version__"):
            versions[name] = sys.modules[name].__version__
    if model.eager is not None:
        versions[model.eager.keras.__name__.split(".")[0]] = keras_version(model.eager.keras)
    return versions


def _model_record(model: Model, source: str, image_input: ImageInput, batch: Batch) -> Dict[str, Any]:
    """Return what golden.json has of a model."""
    photos = image_input.photos
    rows = {id(row): name for name, row in PREPROCESSING.items()}
    prepared = batch.array is None and photos is not None and photos.preprocess is not None
    return {
        "source": source,
        "sha256": model_digest(model.source if _files(model.source) else source),
        "input": image_input.tensor.name,
        "dtype": image_input.tensor.dtype.name,
        "logits": None if model.logits is None else model.logits.name,
        "classes": None if model.logits is None or not model.logits.shape.rank else model.logits.shape.as_list()[-1],
        "preprocess": rows.get(id(photos.preprocess)) if prepared and photos is not None else None,
        "labels": digest("\n".join(model.labels).encode("utf-8")) if model.labels else None,
        "why": list(model.why),
    }


def _files(path: str) -> List[str]:
    """Return the files that a path stands for: itself, those in a folder, or those of a checkpoint's prefix."""
    if os.path.isdir(path):
        return sorted(os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names)
    if os.path.isfile(path) and not path.endswith(".meta"):
        return [path]
    prefix = path[: -len(".meta")] if path.endswith(".meta") else path
    ends = (".index", ".data-*", "", ".meta") if path.endswith(".meta") else (".index", ".data-*")
    return sorted(file for end in ends for file in glob.glob(glob.escape(prefix) + end))


def model_digest(path: str) -> Optional[str]:
    """Return the sha256 of a model's file or files, as golden.json has it; None for what is no path."""
    files = _files(path)
    if files == [path]:
        return file_digest(path)
    start = path if os.path.isdir(path) else os.path.dirname(path)
    lines = [f"{file_digest(file)}  {os.path.relpath(file, start).replace(os.sep, '/')}\n" for file in files]
    return digest("".join(lines).encode("utf-8")) if files else None


def photo_records(batch: Batch) -> List[Dict[str, Any]]:
    """Return what golden.json has of photos: name, sha256 and size of each."""
    data: Any = batch.array
    if data is None:
        data = [file or image for file, image in zip(batch.files, batch.photos)]
    sizes = [list(map(int, image.shape[:2])) for image in (batch.photos if batch.array is None else batch.array)]
    return [{"name": name, "sha256": digest(one), "size": size} for name, one, size in zip(batch.names, data, sizes)]
