"""Small functions of `tensorflow.contrib` that tf_slim and compat.v1 lack, a class a part; by 1.15's definitions."""

from typing import Any, Callable, List, Optional, Sequence, Tuple

from ...._types import Tensor
from ...core import private, tf, tf1
from .. import mnist
from ..hyperparameters import HParams
from . import preprocessing


class Training:
    """tf.contrib.training"""

    HParams = HParams


class Learn:
    """tf.contrib.learn, of which the reader of MNIST, the modes and what makes numbers of texts are here."""

    preprocessing = preprocessing

    class ModeKeys:
        """tf.contrib.learn.ModeKeys"""

        TRAIN, EVAL, INFER = "train", "eval", "infer"

    class datasets:
        """tf.contrib.learn.datasets"""

        mnist = mnist

        @staticmethod
        def load_dataset(name: str, **options: Any) -> Any:
            """Load "mnist", from MNIST-data as there."""
            if name != "mnist":
                raise ValueError(f"Name of dataset is not found: {name}; only 'mnist' is here")
            return mnist.read_data_sets("MNIST-data", **options)


class Deprecated:
    """tf.contrib.deprecated: the summaries of TensorFlow 0.x."""

    scalar_summary = staticmethod(tf1.summary.scalar)
    histogram_summary = staticmethod(tf1.summary.histogram)
    image_summary = staticmethod(tf1.summary.image)
    audio_summary = staticmethod(tf1.summary.audio)
    merge_summary = staticmethod(tf1.summary.merge)
    merge_all_summaries = staticmethod(tf1.summary.merge_all)


class Data:
    """tf.contrib.data"""

    @staticmethod
    def batch_and_drop_remainder(batch_size: int) -> Callable[[Any], Any]:
        """Batch without a smaller last one."""
        return lambda dataset: dataset.batch(batch_size, drop_remainder=True)

    @staticmethod
    def padded_batch_and_drop_remainder(batch_size: int, padded_shapes: Any, padding_values: Any = None) -> Any:
        """Batch, pad to one shape, without a smaller last one."""
        return lambda dataset: dataset.padded_batch(batch_size, padded_shapes, padding_values, drop_remainder=True)


class Compiler:
    """tf.contrib.compiler"""

    class jit:
        """tf.contrib.compiler.jit"""

        @staticmethod
        def experimental_jit_scope(*args: Any, **named: Any) -> Any:
            """Have XLA compile what is made in the scope."""
            return private("compiler.xla.jit").experimental_jit_scope(*args, **named)


class Nn:
    """tf.contrib.nn: the losses with their arguments in TensorFlow 0.x's order."""

    @staticmethod
    def deprecated_flipped_softmax_cross_entropy_with_logits(
        logits: Tensor, labels: Tensor, dim: int = -1, name: Optional[str] = None
    ) -> Tensor:
        """Return tf.nn.softmax_cross_entropy_with_logits."""
        return tf1.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits, dim=dim, name=name)

    @staticmethod
    def deprecated_flipped_sparse_softmax_cross_entropy_with_logits(
        logits: Tensor, labels: Tensor, name: Optional[str] = None
    ) -> Tensor:
        """Return tf.nn.sparse_softmax_cross_entropy_with_logits."""
        return tf1.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits, name=name)

    @staticmethod
    def deprecated_flipped_sigmoid_cross_entropy_with_logits(
        logits: Tensor, targets: Tensor, name: Optional[str] = None
    ) -> Tensor:
        """Return tf.nn.sigmoid_cross_entropy_with_logits."""
        return tf1.nn.sigmoid_cross_entropy_with_logits(labels=targets, logits=logits, name=name)


class Summary:
    """tf.contrib.summary"""

    @staticmethod
    def all_summary_ops() -> Any:
        """Return the operations that write summaries in this graph."""
        return private("ops.summary_ops_v2").all_v2_summary_ops()


class Tfprof:
    """tf.contrib.tfprof: the profiler by its first names."""

    class model_analyzer:
        """tf.contrib.tfprof.model_analyzer"""

        TRAINABLE_VARS_PARAMS_STAT_OPTIONS = tf1.profiler.ProfileOptionBuilder.trainable_variables_parameter()
        FLOAT_OPS_OPTIONS = tf1.profiler.ProfileOptionBuilder.float_operation()
        PRINT_ALL_TIMING_MEMORY = tf1.profiler.ProfileOptionBuilder.time_and_memory()

        @staticmethod
        def print_model_analysis(
            graph: Any,
            run_meta: Any = None,
            op_log: Any = None,
            tfprof_cmd: str = "scope",
            tfprof_options: Any = None,
        ) -> Any:
            """Count parameters or operations, print them; return the profiler's protocol buffer."""
            options = tfprof_options or Tfprof.model_analyzer.TRAINABLE_VARS_PARAMS_STAT_OPTIONS
            return tf1.profiler.profile(graph, run_meta, op_log, tfprof_cmd, options)


class Layers:
    """tf.contrib.layers"""

    @staticmethod
    def embed_sequence(
        ids: Tensor,
        vocab_size: Optional[int] = None,
        embed_dim: Optional[int] = None,
        unique: bool = False,
        initializer: Any = None,
        regularizer: Any = None,
        trainable: bool = True,
        scope: Optional[str] = None,
        reuse: Optional[bool] = None,
    ) -> Tensor:
        """Look up (batch, length) ids in a variable `embeddings`; return (batch, length, embed_dim)."""
        with tf1.variable_scope(scope, "EmbedSequence", [ids], reuse=reuse):
            shape = None if (reuse and vocab_size is None) or embed_dim is None else [vocab_size, embed_dim]
            collections = [tf1.GraphKeys.GLOBAL_VARIABLES, tf1.GraphKeys.MODEL_VARIABLES]
            table = tf1.get_variable(
                "embeddings",
                shape,
                initializer=initializer,
                regularizer=regularizer,
                trainable=trainable,
                collections=collections,
            )
            return tf1.nn.embedding_lookup(table, ids)


class Framework:
    """tf.contrib.framework"""

    is_tensor = staticmethod(tf.is_tensor)

    @staticmethod
    def get_placeholders(graph: Any) -> List[Tensor]:
        """Return the placeholders of a graph."""
        return [op.outputs[0] for op in graph.get_operations() if op.type == "Placeholder"]

    @staticmethod
    def with_shape(expected_shape: Sequence[int], tensor: Tensor) -> Tensor:
        """Return the tensor, of an expected static shape."""
        return tf1.ensure_shape(tensor, expected_shape)

    @staticmethod
    def with_same_shape(expected_tensor: Tensor, tensor: Tensor) -> Tensor:
        """Return the tensor, of the static shape of another one."""
        return tf1.ensure_shape(tensor, tf.convert_to_tensor(expected_tensor).shape)

    @staticmethod
    def zero_initializer(ref: Any, use_locking: bool = True, name: str = "zero_initializer") -> Any:
        """Return what sets a variable to zeros."""
        return tf1.assign(ref, tf1.zeros(ref.shape, ref.dtype.base_dtype), use_locking=use_locking, name=name)

    @staticmethod
    def load_checkpoint(filepattern: str) -> Any:
        """Return the reader of a checkpoint, or of a folder's latest."""
        return tf1.train.load_checkpoint(filepattern)

    @staticmethod
    def load_variable(checkpoint_dir: str, name: str) -> Any:
        """Return the array of that name in a checkpoint, or in a folder's latest."""
        return tf1.train.load_variable(checkpoint_dir, name)

    @staticmethod
    def list_variables(checkpoint_dir: str) -> List[Tuple[str, List[int]]]:
        """Return names and shapes of what a checkpoint has, or a folder's latest."""
        variables: List[Tuple[str, List[int]]] = tf1.train.list_variables(checkpoint_dir)
        return variables

    @staticmethod
    def init_from_checkpoint(checkpoint_dir: str, assignment_map: Any) -> None:
        """Have variables start with what a checkpoint has."""
        tf1.train.init_from_checkpoint(checkpoint_dir, assignment_map)

    @staticmethod
    def get_name_scope() -> str:
        """Return the name scope that is open."""
        return str(tf1.get_default_graph().get_name_scope())


class Eager:
    """tf.contrib.eager"""

    Variable = private("ops.resource_variable_ops").ResourceVariable
    Iterator = private("data.ops.iterator_ops").OwnedIterator if hasattr(tf, "data") else None
    GradientTape = tf.GradientTape
    Checkpoint = tf1.train.Checkpoint
    in_eager_mode = staticmethod(tf.executing_eagerly)
    defun = staticmethod(tf.function)
    num_gpus = staticmethod(lambda: len(tf.config.experimental.list_physical_devices("GPU")))
