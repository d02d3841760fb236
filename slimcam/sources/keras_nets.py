"""Keras files of weights alone, and the net that they are of: net=, a model.json or .yaml, or the file's own name."""

import contextlib
import functools
import os
from dataclasses import replace
from typing import Callable, List, NamedTuple, Optional, Tuple

from .._tf import as_known, brings_keras2, eager, imported_keras2, kept_classes, keras2, keras3, keras_runs_eagerly
from .._types import KerasModel, KerasModule
from ..errors import ModelError
from ..modules.importing import import_function
from . import keras_applications as applications
from .keras_code import take_functions, with_partials
from .keras_config import from_config, from_config_of_keras3, keras_errors, of_keras3
from .keras_models import build_anew, run_on_symbols
from .keras_resnet50 import is_old_resnet50, old_resnet50
from .keras_text import ENDINGS, is_text, problem_of_weights, read_text
from .keras_trust import bounds, runs_code, vet_config, vet_file, with_bound
from .keras_weights import SavedWeights, classes_of, load_weights, loaded_readers, open_weights
from .options import LoadOptions
from .parts import Parts
from .vetting.keras import without_training


class KerasNet(NamedTuple):
    """An architecture: what builds it, without weights, and what is known of it."""

    name: str
    build: Callable[[KerasModule], KerasModel]
    keras: Optional[KerasModule] = None  # that it is built by, where that is not Keras 2
    eagerly: bool = False  # not in a graph of Keras 2
    preprocess: Optional[str] = None
    why: Tuple[str, ...] = ()
    of_file: bool = False  # a stranger's may be


is_architecture = is_text


def read_architecture(path: str, options: LoadOptions) -> Parts:
    """Read a model.json or .yaml, and `weights`, the file of its weights, which must be said."""
    if options.weights is None:
        raise ModelError(problem_of_weights(path))
    weights = os.fspath(options.weights)
    net = _of_text(path, weights, options)
    vet_file(weights, options)
    return _read(path, net, open_weights(weights), options)


def read_weights(path: str, options: LoadOptions) -> Parts:
    """Read a file of weights by `net`, or by its name where it is one of those that keras.applications publishes.

    The file itself was judged before.
    """
    saved = open_weights(path)
    return _read(path, _net_of(path, saved, options), saved, options)


def _net_of(path: str, saved: SavedWeights, options: LoadOptions) -> KerasNet:
    net = options.net
    if net is None:
        known = applications.published_weights(os.path.basename(path))
        if known is None:
            raise ModelError(
                f"{path}: weights only, without an architecture: say net= (the model's .json or .yaml, a name of "
                "keras.applications such as 'VGG16', 'package.module:function', or a function that returns the model)"
            )
        because = f"net {known.application.name}: by the name of the file, which keras.applications publishes"
        return _application(known, saved, options, because)
    if isinstance(net, os.PathLike) or (isinstance(net, str) and net.lower().endswith(ENDINGS)):
        return _of_text(os.fspath(net), path, options)
    if callable(net):
        return _of_function(net, getattr(net, "__name__", "the function"), options)
    if isinstance(net, str) and ":" in net and not net.startswith(applications.PREFIX):
        return _of_function(import_function(net, "net")[1], net, options)
    row = applications.find_application(str(net))
    known = applications.PublishedWeights(row, {}, row.size)
    return _application(known, saved, options, f"net {row.name} of keras.applications: as asked")


def _application(
    known: applications.PublishedWeights, saved: SavedWeights, options: LoadOptions, because: str
) -> KerasNet:
    """Return a net of keras.applications with the head that the weights have."""
    arguments, row, size = dict(known.arguments), known.application, options.size or known.size
    classes = classes_of(saved) if options.num_classes is None else options.num_classes
    if not saved.by_path:
        arguments.setdefault("include_top", classes is not None)
    if arguments.get("include_top", True) and classes is not None:
        arguments["classes"] = classes
    width = applications.width_of(row, [shape for layer in saved.layers for shape in layer.shapes if len(shape) == 4])
    if width is not None:
        arguments.setdefault("alpha", width)
    arguments.update(options.arguments or {})
    words = [because, f"preprocess {row.preprocess!r}: what keras.applications prepares photos for {row.name} by"]
    if not arguments.get("include_top", True):
        words.append("without its top: layers, and no scores of classes")
    build = functools.partial(applications.build, row=row, size=size, arguments=arguments)
    if row.name == "ResNet50" and is_old_resnet50(saved):
        build = functools.partial(old_resnet50, size=size, **arguments)
        words.append("its layers are those of the ResNet50 of Keras 2.0 to 2.2, which is built as it was")
    keras = keras3() if saved.by_path and not brings_keras2() else None
    return KerasNet(row.name, build, keras, keras is not None, row.preprocess, tuple(words))


def _of_function(function: Callable[..., KerasModel], name: str, options: LoadOptions) -> KerasNet:
    arguments = {} if options.num_classes is None else {"num_classes": options.num_classes}
    arguments.update(options.arguments or {})

    def build(_: KerasModule) -> KerasModel:
        model = function(**arguments)
        if not hasattr(model, "layers"):
            raise ModelError(f"net {name!r} must return a Keras model; it returned {model!r}")
        return model

    keras = None if brings_keras2() else keras3()  # not tf_keras, which may be missing; the function may return its
    return KerasNet(name, build, keras, keras_runs_eagerly(), why=(f"net {name!r}: as asked",))


def _of_text(path: str, weights: str, options: LoadOptions) -> KerasNet:
    """Return the architecture in a text, which may have as many weights as their file explains."""
    config, version = read_text(path)
    custom = dict(options.custom_objects or {})
    config = without_training(config)
    replaced = take_functions(path, config, custom)
    new = of_keras3(version)
    said = vet_config(path, config, custom, options, new)
    if new:

        def build_new(keras: KerasModule) -> KerasModel:
            with bounds(keras, weights, options):
                return from_config_of_keras3(keras, config, custom, runs_code(options))

        return KerasNet(path, build_new, keras3(), eagerly=True, why=(f"architecture: {path}", *said), of_file=True)
    custom = with_partials(custom, replaced)

    def build_known(keras: KerasModule) -> KerasModel:
        with bounds(keras, weights, options):
            return from_config(keras, as_known(config, version), custom, code=runs_code(options))

    return KerasNet(path, build_known, why=(f"architecture: {path}", *said), of_file=True)


def _read(source: str, net: KerasNet, saved: SavedWeights, options: LoadOptions) -> Parts:
    """Build a net, load its weights, and go on as with any model of its Keras."""
    if net.eagerly or (options.engine == "tape" and keras_runs_eagerly()):
        keras = net.keras or keras2()
        with contextlib.ExitStack() as scopes:
            scopes.enter_context(eager())
            for one in {id(one): one for one in (*imported_keras2(), keras)}.values():
                scopes.enter_context(kept_classes(one))
            with keras_errors(net.name):
                model = net.build(keras)
            matched = load_weights(model, saved, net.name)
            parts = run_on_symbols(model, source, options, preprocess=net.preprocess)
    else:
        words: List[str] = []
        read = functools.partial(loaded_readers, saved, net.name, words)
        parts = build_anew(source, net.build, read, options, preprocess=net.preprocess)
        (matched,) = words
    parts = replace(parts, why=[*net.why, f"{saved.path}: {matched}", *parts.why])
    return with_bound(parts, options) if net.of_file else parts
