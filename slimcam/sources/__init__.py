"""load(): a model from whatever holds it. A source is one row of SOURCES: how it is known, and how it is read."""

import os
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Union

from ..errors import ModelError
from ..inputs import preprocess as preprocessing
from ..model import Model
from . import checkpoint, frozen, keras_files, keras_models, manifest, meta_graph, saved_model, session
from .assembly import Parts, assemble
from .labels import read_labels


class Source(NamedTuple):
    """One kind of thing that a model can be loaded from."""

    name: str
    fits: Callable[[Any], bool]
    read: Callable[..., Parts]


SOURCES = (
    Source("a session", session.is_session, session.read_session),
    Source("a Keras model", keras_models.is_keras, keras_models.read_keras),
    Source("a folder with a manifest", manifest.is_manifest, manifest.read_manifest),
    Source("a SavedModel", saved_model.is_saved_model, saved_model.read_saved_model),
    Source("a frozen graph (.pb, .pbtxt)", frozen.is_frozen, frozen.read_frozen),
    Source("a Keras file (.h5, .keras)", keras_files.is_file, keras_files.read_file),
    Source("a .meta graph with its checkpoint", meta_graph.is_meta, meta_graph.read_meta),
    Source("a TF-Slim checkpoint", checkpoint.is_checkpoint, checkpoint.read_checkpoint),
)


def load(
    path: Any,
    net: Any = None,
    num_classes: Optional[int] = None,
    input: Any = None,
    logits: Any = None,
    preprocess: Optional[str] = None,
    labels: Union[str, List[str], None] = None,
    layer: Optional[str] = None,
    size: Optional[int] = None,
    arguments: Optional[Dict[str, Any]] = None,
    moving_averages: bool = True,
    custom_objects: Optional[Dict[str, Any]] = None,
    trusted: bool = False,
    tags: saved_model.Tags = None,
    signature: Optional[str] = None,
    checkpoint: Optional[str] = None,
    engine: str = "graph",
) -> Model:
    """Load a model from a file or folder that holds one, a Keras model, or a session of yours; SOURCES lists them.

    `net` is a name of the registry (`slimcam nets` lists them), "package.module:function" of your own with slim's
    signature, or such a function; `arguments` go to it, and `size` is the side of its images in pixels. `input` and
    `logits` name tensors, or are tensors of the session; `layer` names the one that is explained when none is named.
    `preprocess` is a name of preprocess.PREPROCESSING. `labels` is a list or a text file with a line a class.
    `moving_averages=False` reads the variables themselves where a checkpoint holds their averages too.
    `engine="tape"` reads a Keras .h5 as TensorFlow 2 does, so that GradCAM can run it by that engine.
    `custom_objects` are what a Keras file names and Keras lacks; `trusted=True` lets code in it run (Lambda layers).

    Whatever is not said is inferred, and `model.why` says from what. Raises ModelError where the path holds no whole
    model, or another than was asked for, and UnknownName for a name that does not exist.
    """
    place = path if session.is_session(path) or keras_models.is_keras(path) else os.fspath(path)
    if preprocess is not None:
        preprocessing.find(preprocess)
    source = _source(place, net)
    parts = source.read(
        place,
        net=net,
        num_classes=num_classes,
        input=input,
        logits=logits,
        preprocess=preprocess,
        layer=layer,
        size=size,
        arguments=arguments,
        moving_averages=moving_averages,
        custom_objects=custom_objects,
        trusted=trusted,
        tags=tags,
        signature=signature,
        checkpoint=checkpoint,
        engine=engine,
    )
    parts.preprocess = preprocess or parts.preprocess
    if parts.preprocess is None and parts.preprocess_note:
        parts.preprocess = "none"
        parts.why.append(parts.preprocess_note)
    else:
        parts.preprocess_note = ""
    parts.size = size
    parts.layer = layer or parts.layer
    model = assemble(parts)
    if labels is None:
        labels = parts.labels
    model.labels = None if labels is None else read_labels(labels, model.classes)
    return model


def _source(path: Any, net: Any) -> Source:
    for source in SOURCES:
        # with a net, a .meta file stands for the checkpoint that it is a part of
        if source.fits(path) and not (net is not None and source.fits is meta_graph.is_meta):
            return source
    if not os.path.exists(path):
        raise ModelError(f"{path}: no such file, folder or checkpoint prefix")
    kinds = ", ".join(source.name for source in SOURCES)
    held = "a folder without a model" if os.path.isdir(path) else "not a model that slimcam can load"
    raise ModelError(f"{path}: {held}; it loads {kinds}")
