"""load(): a model from whatever holds it. A row of SOURCES is one source: how it is known, read, and what it takes."""

import functools
import glob
import os
from dataclasses import replace
from typing import Any, Callable, Dict, NamedTuple, Optional, Sequence

from .._tf import check_process, check_timeout
from .._types import PathLike, TensorLike
from ..errors import ModelError
from ..files.reading import special
from ..graphs.collector import uncollected
from ..inputs import preprocess as preprocessing
from ..isolation.model import load_isolated
from ..model import Model
from . import checkpoint as checkpoints
from . import (
    frozen,
    hub,
    keras_files,
    keras_models,
    keras_nets,
    manifest,
    meta_graph,
    saved_model,
    session,
    tflite_files,
)
from .assembly import Parts, assemble
from .options import EVERYWHERE, OF_FILES, TIMEOUT, LabelsLike, LoadOptions, NamesLike, Tags, names_of
from .vetting.files import regular


class Source(NamedTuple):
    """One kind of thing that a model can be loaded from."""

    name: str
    fits: Callable[[Any], bool]
    read: Callable[[Any, LoadOptions], Parts]
    options: Sequence[str] = ()  # those that it takes beside what every source does
    is_file: bool = True  # or a folder; else an object of the caller's program

    @property
    def kind(self) -> str:
        """The name without the endings of files."""
        return self.name.split(" (")[0]

    def takes(self, option: str) -> bool:
        """Whether this source takes an option."""
        return option in EVERYWHERE or option in self.options or (self.is_file and option in OF_FILES)


_OF_CHECKPOINTS = "net", "num_classes", "arguments", "moving_averages"
SOURCES = (
    Source("a session", session.is_session, session.read_session, (), False),
    Source("a Keras model", keras_models.is_keras, keras_models.read_keras, ("custom_objects", "engine"), False),
    Source("a checkpoint with a manifest", manifest.is_checkpoint, manifest.read_manifest, _OF_CHECKPOINTS),
    Source("a frozen graph with a manifest", manifest.is_frozen_graph, manifest.read_manifest),
    Source("a TF Hub module", hub.is_hub_module, hub.read_hub_module, ("tags", "signature")),
    Source("a SavedModel", saved_model.is_saved_model, saved_model.read_saved_model, ("tags", "signature")),
    Source("a frozen graph (.pb, .pbtxt)", frozen.is_frozen, frozen.read_frozen),
    Source("a Keras file (.h5, .keras)", keras_files.is_file, keras_files.read_file,
           ("custom_objects", "engine", "net", "num_classes", "arguments")),
    Source("a Keras architecture (.json, .yaml)", keras_nets.is_architecture, keras_nets.read_architecture,
           ("weights", "custom_objects", "engine")),
    Source("a TensorFlow Lite model (.tflite)", tflite_files.is_tflite, tflite_files.read_tflite),
    Source("a .meta graph with its checkpoint", meta_graph.is_meta, meta_graph.read_meta, ("checkpoint",)),
    Source("a TF-Slim checkpoint", checkpoints.is_checkpoint, checkpoints.read_checkpoint, _OF_CHECKPOINTS),
)  # fmt: skip


def load(
    path: Any,
    net: Any = None,
    num_classes: Optional[int] = None,
    input: Optional[NamesLike] = None,
    logits: Optional[TensorLike] = None,
    preprocess: Optional[str] = None,
    labels: Optional[LabelsLike] = None,
    layer: Optional[TensorLike] = None,
    size: Optional[int] = None,
    arguments: Optional[Dict[str, Any]] = None,
    moving_averages: bool = True,
    custom_objects: Optional[Dict[str, Any]] = None,
    trusted: bool = False,
    tags: Optional[Tags] = None,
    signature: Optional[str] = None,
    checkpoint: Optional[PathLike] = None,
    engine: str = "graph",
    weights: Optional[PathLike] = None,
    keep_dropout: bool = False,
    allow: Optional[Sequence[str]] = None,
    timeout: Optional[float] = TIMEOUT,
    isolated: bool = False,
    memory: Optional[float] = None,
) -> Model:
    """Load a model from a file or folder that holds one, a Keras model, or a session of yours; SOURCES lists them.

    `net` is a name of the registry (`slimcam nets` lists them), "package.module:function" of your own with slim's
    signature, or such a function; `arguments` go to it, and `size` is the side of its images in pixels. `input` and
    `logits` name tensors, or are tensors of the session, `input` one or a list of several; `layer` names the one that
    is explained when none is named.
    `preprocess` is a name of preprocess.PREPROCESSING. `labels` is a list or a text file with one line per class.
    `moving_averages=False` reads the variables themselves where a checkpoint holds their averages too.
    `engine="tape"` reads a Keras .h5 as TensorFlow 2 does, so that GradCAM can run it by that engine.
    Of a Keras file of weights alone, `net` is a name of keras.applications ("VGG16"), the model's .json or .yaml, or a
    function that returns the model; such a .json or .yaml is a path as well, and `weights` then its file of weights.
    `custom_objects` are what a Keras file names and Keras lacks.
    A file may compute with tensors and nothing else: `trusted=True` runs whatever it holds, `allow` what it names.
    `keep_dropout=True` leaves dropout at work that the graph has for good, which is bypassed else.
    `timeout` is how many seconds a run may take, here and later, None for no bound.
    `isolated=True` loads and runs the model in a child process that reaches no files but the model's, no network and no
    programs; `memory` is how many GiB it may take, 4 and 16 times the size of the model where that is left out.

    Whatever is not said is inferred, and `model.why` says from what. Raises ModelError where the path holds no whole
    model, or another than was asked for, or does not take an option; UnknownName for a name that does not exist; and
    UntrustedModel where a file does more than computing with tensors.
    """
    arguments_of_load = dict(locals())  # LoadOptions has a field for each parameter but the first
    return _load(arguments_of_load.pop("path"), _by_names(LoadOptions(**arguments_of_load)))


def _load(path: Any, options: LoadOptions) -> Model:
    """Load a model by its source's reader, or in a child process where that is asked for."""
    place = path if session.is_session(path) or keras_models.is_keras(path) else os.fspath(path)
    _check_values(options)
    if options.isolated and isinstance(place, str):
        return _load_isolated(place, options)
    check_process()
    source = source_of(place, options.net)
    _check_taken(place, source, options)
    with uncollected():
        parts = source.read(place, options)
        if source.is_file:
            parts = replace(parts, why=[*parts.why, *manifest.foreign(place)])
        model = assemble(_complete(parts, options))
    if source.is_file:
        given = {name: getattr(options, name) for name in options.differing()}
        model.loaded_by = functools.partial(load, os.path.abspath(place), **given)
    return model


def _check_values(options: LoadOptions) -> None:
    """Raise for what is wrong with options whatever the source is."""
    check_timeout(options.timeout)
    if options.preprocess is not None:
        preprocessing.find(options.preprocess)
    for file in (options.weights, options.checkpoint, options.net):
        _check_file(file)
    if options.memory is not None and not options.isolated:
        raise ModelError(f"memory={options.memory!r} is of a process of its own: give isolated=True as well")


def _load_isolated(path: str, options: LoadOptions) -> Model:
    """Load a model in a child process."""
    if not os.path.exists(path) and not glob.glob(glob.escape(path) + ".*"):
        raise ModelError(f"{path}: no such file, folder or checkpoint prefix")
    given = {name: getattr(options, name) for name in options.differing() if name not in ("isolated", "memory")}
    return load_isolated(path, {"timeout": options.timeout, **given}, options.memory, load)


def _check_file(file: Any) -> None:
    """Raise ModelError for a pipe, a socket or a device, before anything opens it, and for what is no path."""
    path = os.fspath(file) if isinstance(file, (str, os.PathLike)) else ""
    if special(path) or "\0" in path:
        regular(path)


def _by_names(options: LoadOptions) -> LoadOptions:
    """Return options that name the tensors they are given; raise ModelError for what is neither tensor nor name."""
    for option in ("input", "logits"):
        given = getattr(options, option)
        several = isinstance(given, (list, tuple))
        if several and (option == "logits" or not given):
            raise ModelError(f"{option}={given!r}: give {'the name of one tensor' if option == 'logits' else 'names'}")
        for one in given if several else [given]:
            if one is not None and not isinstance(getattr(one, "name", one), str):
                raise ModelError(f"{option}={one!r}: no tensor, and no name of one")
    names, logits = names_of(options.input), names_of(options.logits)
    return replace(options, input=names if len(names) > 1 else next(iter(names), None), logits=next(iter(logits), None))


def source_of(path: Any, net: Any = None) -> Source:
    """Return the row of SOURCES that a path or an object is of; with a net, a .meta file stands for its checkpoint."""
    _check_file(path)
    try:
        for source in SOURCES:
            if source.fits(path) and not (net is not None and source.fits is meta_graph.is_meta):
                return source
    except OSError as error:  # some look at how a file begins
        raise ModelError(f"{path}: {error.strerror or error}") from error
    if not os.path.exists(path):
        raise ModelError(f"{path}: no such file, folder or checkpoint prefix")
    kinds = ", ".join(source.name for source in SOURCES)
    problem = "a folder without a model" if os.path.isdir(path) else "not a model that slimcam can load"
    raise ModelError(f"{path}: {problem}; it loads {kinds}")


def _check_taken(place: Any, source: Source, options: LoadOptions) -> None:
    """Raise ModelError for an option that does not apply to the source, with those that it does apply to."""
    for name in options.differing():
        if not source.takes(name):
            where = f"{place}: " if isinstance(place, str) else ""
            *others, last = ["a file or a folder"] if name in OF_FILES else [s.kind for s in SOURCES if s.takes(name)]
            ends = f"{', '.join(others)} and {last} do" if others else f"{last} does"
            raise ModelError(f"{where}{source.kind} takes no {name}=; {ends}")


def _complete(parts: Parts, options: LoadOptions) -> Parts:
    """Return what a reader returns with what the caller says before it."""
    return replace(
        parts,
        preprocess=options.preprocess or parts.preprocess,
        size=options.size,
        keep_dropout=options.keep_dropout,
        timeout=options.timeout,
        layer=parts.layer if options.layer is None else options.layer,
        labels=parts.labels if options.labels is None else options.labels,
    )
