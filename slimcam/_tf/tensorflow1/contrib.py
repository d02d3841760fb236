"""`tensorflow.contrib`, which went with TensorFlow 2.0: what tf_slim and compat.v1 have of it.

PARTS has a row for each part: where its names are looked for, in this order. A part's private paths
(`contrib.slim.python.slim.nets.vgg`) lead to what its public ones lead to.
"""

import functools
import importlib
import pkgutil
from types import ModuleType
from typing import Any, Callable, Dict, List, Mapping, Tuple

from ..._packages import pip_line
from ...errors import GoneName, MissingPackage
from ...modules.view import View
from ...suggest import nearest
from ..core import tf1
from ..tf_slim import slim
from .private_paths import python

OURS = f"{__package__}.contrib_parts."
SMALL = OURS + "small:"
IMPORTED = ("tensorflow.python.ops", "tensorflow.python.framework", "tensorflow.python.training")

# A home is a module, a part of compat.v1 where it starts with a dot, or a class of ours with the names of one part.
PARTS: Dict[str, Tuple[str, ...]] = {
    "autograph": (".autograph",),
    "checkpoint": (".train",),
    "cluster_resolver": (".distribute.cluster_resolver",),
    "compiler": (SMALL + "Compiler",),
    "crf": (OURS + "crf",),
    "ctc": (".nn",),
    "data": (".data.experimental", ".data", SMALL + "Data"),
    "deprecated": (SMALL + "Deprecated",),
    "distribute": (".distribute",),
    "distributions": (".distributions", OURS + "distributions"),
    "eager": (SMALL + "Eager", "."),
    "factorization": (OURS + "factorization", "tensorflow.python.ops.clustering_ops"),
    "framework": (
        "tf_slim.ops.arg_scope",
        "tf_slim.ops.variables",
        "tf_slim.ops",
        "tensorflow.python.framework.smart_cond",
        SMALL + "Framework",
        ".train",
        ".",
    ),
    "image": (OURS + "image", ".image"),
    "layers": ("tf_slim.layers", "tf_slim", SMALL + "Layers", ".feature_column"),
    "learn": (SMALL + "Learn",),
    "legacy_seq2seq": (OURS + "legacy_seq2seq", OURS + "legacy_attention", OURS + "legacy_losses"),
    "lite": (".lite",),
    "lookup": (OURS + "lookup", ".lookup", "tensorflow.python.ops.lookup_ops"),
    "losses": ("tf_slim.losses", ".losses"),
    "metrics": ("tf_slim.metrics", ".metrics", ".sets", ".math"),
    "nn": (SMALL + "Nn", ".nn"),
    "opt": (OURS + "optimizers", OURS + "external_optimizers", ".train"),
    "predictor": (OURS + "predictor",),
    "quantization": (".quantization", "."),
    "rnn": (".nn.rnn_cell", ".nn", OURS + "sequences:Rnn", OURS + "cells"),
    "saved_model": (".saved_model",),
    "seq2seq": (OURS + "sequences:Seq2seq", OURS + "decoding", OURS + "attention"),
    "signal": (".signal",),
    # slim has no list of its public names: what its files import is there, `slim.init_ops` and `slim.moving_averages`
    "slim": ("tf_slim", "tf_slim.layers", "tf_slim.ops.variables", ".", *IMPORTED),
    "staging": ("tensorflow.python.ops.data_flow_ops",),
    "summary": (SMALL + "Summary", "tensorflow.python.ops.summary_ops_v2", ".summary"),
    "tfprof": (SMALL + "Tfprof",),
    "tpu": (".tpu",),
    "training": (
        SMALL + "Training",
        "tf_slim.training",
        "tf_slim.training.training",
        "tf_slim.training.evaluation",
        ".train",
    ),
    "util": ("tensorflow.python.framework.tensor_util", ".graph_util", "."),
}

FOLDERS = {"data", "framework", "layers", "ops", "python", "slim", "training", "learn"}  # of private paths
MODULES = {  # of private paths, whose names a part shows itself
    *("core_rnn_cell", "core_rnn_cell_impl", "rnn_cell", "core_rnn", "rnn", "lstm_ops", "gru_ops"),
    *("seq2seq", "helper", "decoder", "basic_decoder", "attention_wrapper", "loss", "crf"),
    *("external_optimizer", "weight_decay_optimizers", "nadam_optimizer", "lazy_adam_optimizer"),
    *("adamax", "lars_optimizer", "model_average_optimizer", "moving_average_optimizer", "variable_clipping_optimizer"),
    *("elastic_average_optimizer", "multitask_optimizer_wrapper", "shampoo", "beam_search_decoder", "beam_search_ops"),
    *("fused_rnn_cell", "metric_loss_ops", "confusion_matrix_ops", "set_ops", "embedding_ops", "feature_column"),
    *("feature_column_ops", "checkpoint_ops", "checkpoint_utils", "sort_ops", "image_ops", "distort_image_ops"),
    *("clustering_ops", "factorization_ops", "gmm_ops", "bucket_ops", "hparam", "resample", "sampling_ops"),
    *("batching", "error_ops", "grouping", "interleave_ops", "iterator_ops", "prefetching_ops", "resampling"),
    *("device_setter", "scan_ops", "shuffle_ops", "sliding", "threadpool", "readers"),
}

SINCE = "went with TensorFlow 2.0, and neither tf_slim nor TensorFlow has it"
ADVICE = {  # what to do about parts that are asked for most; for any other, to run that program on TensorFlow 1.15.5
    "gan": "tensorflow-gan is the same code on pip",
    "tensorboard": "tensorboard.plugins.projector is the same module",
}


def contrib() -> View:
    """Return `tensorflow.contrib` as a program of TensorFlow 1 sees it on TensorFlow 2."""
    changes: Dict[str, Callable[[], Any]] = {name: functools.partial(_part, name) for name in PARTS}
    changes["keras"] = lambda: _keras("tensorflow.contrib.keras")
    changes["tensorboard"] = _tensorboard
    return View("tensorflow.contrib", changes=changes, lacking=_no_part)


def _keras(name: str) -> ModuleType:
    from ..keras1 import tensorflow_keras

    view: ModuleType = tensorflow_keras(name)
    return view


def _tensorboard() -> View:
    """The projector moved, as it was, to the package tensorboard, which TensorFlow needs no more since 2.21."""
    try:
        plugins = View("tensorflow.contrib.tensorboard.plugins", [importlib.import_module("tensorboard.plugins")])
    except ModuleNotFoundError as error:
        raise MissingPackage(f"tf.contrib.tensorboard is the package tensorboard: {pip_line('tensorboard')}") from error
    return View("tensorflow.contrib.tensorboard", changes={"plugins": lambda: plugins})


def _part(name: str) -> View:
    changes: Dict[str, Callable[[], Any]] = {"python": lambda: _private(name)}
    if name == "slim":
        changes["nets"] = lambda: slim_nets("tensorflow.contrib.slim.nets")
        changes["layers"] = lambda: _part("layers")
    if name == "framework":
        changes["nest"] = lambda: python().util.nest
    if name == "eager":
        changes["python"] = lambda: View("tensorflow.contrib.eager.python", changes={"tfe": lambda: _part("eager")})
    return _looking(f"tensorflow.contrib.{name}", PARTS[name], changes)


def _looking(path: str, homes: Tuple[str, ...], changes: Mapping[str, Callable[[], Any]]) -> View:
    """Return a view that looks a name up in homes one by one; each is imported when those before it lack a name."""
    slim()  # tf_slim's modules import on TensorFlow 2.13 and newer only when it was mended

    def lacking(name: str) -> Any:
        for home in homes:
            place = home_of(home)
            if place is not None and hasattr(place, name) and not _is_import(place, getattr(place, name)):
                return getattr(place, name)
            if isinstance(place, ModuleType) and home.startswith("tf_slim"):
                try:
                    return importlib.import_module(f"{home}.{name}")
                except ModuleNotFoundError:
                    continue
        raise GoneName(f"{path}.{name} {SINCE}; {nearest(name, public_names())}".replace("tensorflow.", "tf.", 1))

    def public_names() -> List[str]:
        places = [home_of(home) for home in homes if home not in (".", *IMPORTED)]
        names = {name: place for place in places for name in dir(place) if not name.startswith("_")}
        return [name for name, place in names.items() if not _is_import(place, getattr(place, name, None))]

    return View(path, [], {**changes, "__all__": public_names}, lacking)


def _is_import(place: Any, value: Any) -> bool:
    """Whether a name of a tf_slim module is one that it imports: TensorFlow's `ops.variables`, say."""
    ours = isinstance(place, ModuleType) and place.__name__.startswith("tf_slim")
    return ours and isinstance(value, ModuleType) and not value.__name__.startswith("tf_slim")


@functools.lru_cache(maxsize=None)
def home_of(home: str) -> Any:
    """Return a home of PARTS: a module, a part of compat.v1, or a class of ours; None where TensorFlow lacks it."""
    if home.startswith("."):
        return functools.reduce(lambda at, part: getattr(at, part, None), filter(None, home.split(".")), tf1)
    module, _, name = home.partition(":")
    try:
        place = importlib.import_module(module)
    except ModuleNotFoundError:
        return None
    return getattr(place, name) if name else place


def _private(name: str) -> View:
    """Return `contrib.NAME.python`: the folders below it (`python.ops`, `python.slim`) show the part's own names."""
    part = _part(name)

    def below(path: str, shown: List[ModuleType]) -> Callable[[str], Any]:
        def lacking(step: str) -> Any:
            deeper = f"{path}.{step}"
            if step == name or step in FOLDERS or step in MODULES:
                return View(deeper, shown, {}, below(deeper, shown))
            value = getattr(part, step)
            more = [value, part]
            return View(deeper, more, {}, below(deeper, more)) if isinstance(value, ModuleType) else value

        return lacking

    path = f"{part.__name__}.python"
    return View(path, [], {}, below(path, [part]))


def slim_nets(path: str) -> View:
    """Return the package `nets` of slim: tf_slim's modules, and those of research/slim that slimcam builds."""

    def net(name: str) -> Any:
        for home in ("tf_slim.nets", "slimcam.nets"):
            try:
                return importlib.import_module(f"{home}.{name}")
            except ModuleNotFoundError as error:
                if error.name != f"{home}.{name}":
                    raise
        modules = [*_modules("tf_slim.nets"), *_modules("slimcam.nets")]
        raise GoneName(f"{path} has no {name!r} here; {nearest(name, modules)}")

    return View(path, lacking=net)


def _modules(package: str) -> List[str]:
    return [one.name for one in pkgutil.iter_modules(importlib.import_module(package).__path__)]


def _no_part(name: str) -> Any:
    advice = ADVICE.get(name, "run this program on TensorFlow 1.15.5, with Python 3.7")
    raise GoneName(f"tf.contrib.{name} {SINCE}: {advice}")
