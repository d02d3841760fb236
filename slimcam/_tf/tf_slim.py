"""tf_slim, mended for the TensorFlow at hand: `slim()`.

tf_slim 1.1.0 reads names from TensorFlow's private modules that later releases moved, unchanged, to other ones: each
row of MOVED_NAMES gives one back where it is missing. No global switch is touched, and NumPy is left alone: the names
that NumPy dropped are read by tf_slim's tests only.
"""

import functools
import importlib
from types import ModuleType
from typing import Any, Callable, NamedTuple

from .._packages import pip_line
from ..errors import MissingPackage
from .core import TF_VERSION, private, tf


class MovedName(NamedTuple):
    """One name that tf_slim reads from a private module, and where it lives now; both are under tensorflow.python."""

    module: str
    name: str
    home: str
    gone: str  # the first TensorFlow without it
    reader: str  # what of tf_slim fails then


MOVED_NAMES = (
    MovedName(
        "framework.ops", "IndexedSlices", "framework.indexed_slices", "2.13", "training, learning, optimize_loss"
    ),
    MovedName("framework.ops", "Tensor", "framework.tensor", "2.14", "constant_value, optimize_loss, rev_block"),
    MovedName("ops.array_ops", "stack", "ops.array_ops_stack", "2.13", "legacy_fully_connected, metrics, data"),
    MovedName("ops.array_ops", "unstack", "ops.array_ops_stack", "2.13", "legacy_fully_connected"),
    MovedName("ops.control_flow_ops", "cond", "ops.cond", "2.14", "smart_cond, so batch_norm(is_training=tensor)"),
    MovedName("ops.control_flow_ops", "case", "ops.control_flow_case", "2.14", "data.tfexample_decoder"),
    MovedName("ops.control_flow_ops", "while_loop", "ops.while_loop", "2.14", "losses.metric_learning"),
    MovedName("ops.control_flow_ops", "Assert", "ops.control_flow_assert", "2.14", "metrics.histogram_ops"),
    MovedName(
        "ops.variable_scope", "variable", "ops.variable_v1:VariableV1", "2.14", "local_variable, global_variable"
    ),
    MovedName("ops.variables", "VariableV1", "ops.variable_v1", "2.13", "its tests"),
    MovedName("ops.variable_scope", "resource_variables_enabled", "ops.resource_variables_toggle", "2.16", "its tests"),
    MovedName("ops.variable_scope", "enable_resource_variables", "ops.resource_variables_toggle", "2.16", "its tests"),
    MovedName("ops.variable_scope", "disable_resource_variables", "ops.resource_variables_toggle", "2.16", "its tests"),
)

# Where TensorFlow 1's batch normalisation lives: in tf_keras, else in the Keras 2 that TensorFlow 2.13-2.15 bring.
LEGACY_LAYERS = ("tf_keras.src.legacy_tf_layers.normalization", "keras.src.legacy_tf_layers.normalization")


class _LegacyNormalization:
    """TensorFlow 1's batch normalisation, imported when a net first asks for it: a VGG needs no Keras, nor waits."""

    def __getattr__(self, name: str) -> Any:
        return getattr(_legacy_normalization(), name)


@functools.lru_cache(maxsize=None)
def _legacy_normalization() -> ModuleType:
    for path in LEGACY_LAYERS:
        try:
            return importlib.import_module(path)
        except ModuleNotFoundError as error:
            # Only "it is not here" leads on to the next place; a Keras that breaks inside must be heard.
            if not (path + ".").startswith(f"{error.name}."):
                raise
    keras = "tf_keras" if TF_VERSION >= (2, 15) else "keras"
    raise MissingPackage(
        f"tf_slim's batch_norm on TensorFlow {tf.__version__} needs {keras}: {pip_line(keras, tensorflow=TF_VERSION)}"
    )


def _mend_names() -> None:
    """Give TensorFlow's private modules the names of MOVED_NAMES that they lack."""
    for moved in MOVED_NAMES:
        module = private(moved.module)
        if not hasattr(module, moved.name):
            home, _, name = moved.home.partition(":")
            setattr(module, moved.name, getattr(private(home), name or moved.name))


def _mend_normalization() -> None:
    """Point TensorFlow's lazy loader of batch normalisation at a module that exists.

    From 2.13 on it names `keras.legacy_tf_layers` or `tf_keras.legacy_tf_layers`, which no wheel contains.
    """
    if TF_VERSION >= (2, 13):
        private("layers.normalization").normalization = _LegacyNormalization()


# The threads of a Supervisor, by which slim.learning.train writes checkpoints and summaries. TensorFlow 2 runs a thread
# eagerly unless it is told which graph it is for, and then takes the session's variables for eager ones.
SUPERVISOR_THREADS = ("SVSummaryThread", "SVStepCounterThread", "SVTimerCheckpointThread")


def _mend_supervisor() -> None:
    """Let the threads of a Supervisor run in the graph of its session."""
    for name in SUPERVISOR_THREADS:
        thread = getattr(private("training.supervisor"), name)
        if "run" not in vars(thread):
            thread.run = _in_graph_of_session(thread.run)


def _in_graph_of_session(run: Callable[[Any], None]) -> Callable[[Any], None]:
    def run_in_graph(thread: Any) -> None:
        with thread._sess.graph.as_default():
            run(thread)

    return run_in_graph


# `slim.nets` of TensorFlow 1's contrib had these; tf_slim has them as modules that nothing imports.
NETS = ("alexnet", "inception", "overfeat", "resnet_utils", "resnet_v1", "resnet_v2", "vgg")


@functools.lru_cache(maxsize=None)
def slim() -> ModuleType:
    """Return the module tf_slim with its `nets`, able to build and train every one on the TensorFlow at hand."""
    _mend_names()
    _mend_normalization()
    _mend_supervisor()
    try:
        module = importlib.import_module("tf_slim")
        for name in NETS:
            importlib.import_module(f"tf_slim.nets.{name}")
        return module
    except ModuleNotFoundError as error:
        if error.name != "tf_slim":
            raise
        raise MissingPackage(f"tf_slim is not installed: {pip_line('tf_slim')}") from error


@functools.lru_cache(maxsize=None)
def share_arg_scopes() -> None:
    """Have contrib.slim of TensorFlow 1 and tf_slim take each other's arg scopes; once. On 2 they are the same.

    A program's own `slim` is contrib's there, and the nets of slimcam are tf_slim's. Both keep a stack of scopes, with
    a key for each function; contrib's become tf_slim's, too.
    """
    if TF_VERSION >= (2,):
        return
    ours: Any = importlib.import_module("tf_slim.ops.arg_scope")
    theirs: Any = importlib.import_module("tensorflow.contrib.framework.python.ops.arg_scope")
    theirs._DECORATED_OPS.update(ours._DECORATED_OPS)
    ours._ARGSTACK, ours._DECORATED_OPS = theirs._ARGSTACK, theirs._DECORATED_OPS
    contrib, mended = importlib.import_module("tensorflow.contrib.slim"), slim()
    for name in dir(contrib):
        function = getattr(contrib, name)
        twin: Any = getattr(mended, name, None)
        if hasattr(function, "_key_op") and hasattr(twin, "_key_op"):
            twin._key_op = twin.__wrapped__._key_op = function._key_op
