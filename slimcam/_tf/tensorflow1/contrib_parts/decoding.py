"""tf.contrib.seq2seq: decoders step by step, with their helpers; by 1.15's definitions."""

import collections
import functools
from typing import Any, Callable, List, Optional, Sequence, Tuple

from ...._types import Tensor
from ...core import tf, tf1

Step = Tuple[Any, Any, Any, Any]  # outputs, state, the next inputs, finished
BasicDecoderOutput = collections.namedtuple("BasicDecoderOutput", ["rnn_output", "sample_id"])


def _swapped(tensor: Tensor) -> Tensor:
    """Swap time and batch."""
    if tensor.shape.ndims is not None and tensor.shape.ndims < 2:
        return tensor
    rest = tf1.range(2, tf1.rank(tensor))
    result = tf1.transpose(tensor, tf1.concat([[1, 0], rest], 0))
    if tensor.shape.ndims is not None:
        sizes = tensor.shape.as_list()
        result.set_shape([sizes[1], sizes[0], *sizes[2:]])
    return result


def hardmax(logits: Tensor, name: Optional[str] = None) -> Tensor:
    """Return 1 at the largest of the last axis, 0 elsewhere."""
    with tf1.name_scope(name, "Hardmax", [logits]):
        depth = logits.shape.as_list()[-1] or tf1.shape(logits)[-1]
        return tf1.one_hot(tf1.argmax(logits, -1), depth, dtype=logits.dtype)


def tile_batch(t: Any, multiplier: int, name: Optional[str] = None) -> Any:
    """Repeat each row of a batch, in tensors of any structure, as a beam of that width asks for."""

    def tiled(tensor: Tensor) -> Tensor:
        tensor = tf1.convert_to_tensor(tensor)
        sizes = tensor.shape.as_list()
        tiles = [1, multiplier] + [1] * (len(sizes) - 1)
        result = tf1.tile(tensor[:, None], tiles)
        result = tf1.reshape(result, tf1.concat([[-1], tf1.shape(tensor)[1:]], 0))
        result.set_shape([None if sizes[0] is None else sizes[0] * multiplier, *sizes[1:]])
        return result

    with tf1.name_scope(name, "tile_batch", tf.nest.flatten(t)):
        return tf.nest.map_structure(tiled, t)


class Helper:
    """What a BasicDecoder asks for its inputs and samples."""

    batch_size: Tensor
    sample_ids_shape: Any = tf1.TensorShape([])
    sample_ids_dtype: Any = tf1.int32

    def initialize(self, name: Optional[str] = None) -> Tuple[Tensor, Any]:
        """Return (batch,) booleans of what is finished, and the first inputs."""
        raise NotImplementedError

    def sample(self, time: Tensor, outputs: Tensor, state: Any, name: Optional[str] = None) -> Tensor:
        """Return the (batch,) int32 best of (batch, classes) outputs."""
        return tf1.cast(tf1.argmax(outputs, axis=-1), tf1.int32)

    def next_inputs(
        self, time: Tensor, outputs: Tensor, state: Any, sample_ids: Tensor, name: Optional[str] = None
    ) -> Tuple[Tensor, Any, Any]:
        """Return what is finished, the next inputs, the state."""
        raise NotImplementedError


class TrainingHelper(Helper):
    """Inputs from a tensor, (batch, time, …), each as long as it is."""

    def __init__(self, inputs: Any, sequence_length: Any, time_major: bool = False, name: Optional[str] = None) -> None:
        with tf1.name_scope(name, "TrainingHelper", [inputs, sequence_length]):
            self.inputs = tf1.convert_to_tensor(inputs)
            by_time = self.inputs if time_major else _swapped(self.inputs)
            array = tf1.TensorArray(by_time.dtype, size=tf1.shape(by_time)[0], element_shape=by_time.shape[1:])
            self._array = array.unstack(by_time)
            self.sequence_length = tf1.convert_to_tensor(sequence_length)
            if self.sequence_length.shape.ndims != 1:
                raise ValueError(
                    f"Expected sequence_length to be a vector, but received shape: {self.sequence_length.shape}"
                )
            self._zeros = tf1.zeros_like(by_time[0])
            self.batch_size = tf1.size(self.sequence_length)

    def _read(self, finished: Tensor, time: Any) -> Tensor:
        return tf1.cond(tf1.reduce_all(finished), lambda: self._zeros, lambda: self._array.read(time))

    def initialize(self, name: Optional[str] = None) -> Tuple[Tensor, Any]:
        """Return what has no step at all, and the first inputs."""
        finished = tf1.equal(0, self.sequence_length)
        return finished, self._read(finished, 0)

    def next_inputs(
        self, time: Tensor, outputs: Tensor, state: Any, sample_ids: Any = None, name: Optional[str] = None
    ) -> Tuple[Tensor, Any, Any]:
        """Return what has ended, the inputs of the next step, the state."""
        finished = time + 1 >= self.sequence_length
        return finished, self._read(finished, time + 1), state


class GreedyEmbeddingHelper(Helper):
    """Inputs are the embeddings of the best symbols of the step before, up to an end token."""

    def __init__(self, embedding: Any, start_tokens: Any, end_token: Any) -> None:
        self._embed: Callable[[Tensor], Tensor] = (
            embedding if callable(embedding) else lambda ids: tf1.nn.embedding_lookup(embedding, ids)
        )
        start = tf1.convert_to_tensor(start_tokens, tf1.int32)
        self._end = tf1.convert_to_tensor(end_token, tf1.int32)
        if start.shape.ndims != 1:
            raise ValueError("start_tokens must be a vector")
        if self._end.shape.ndims != 0:
            raise ValueError("end_token must be a scalar")
        self.batch_size = tf1.size(start)
        self._start = self._embed(start)

    def initialize(self, name: Optional[str] = None) -> Tuple[Tensor, Any]:
        """Return that nothing is finished, and the start tokens' embeddings."""
        return tf1.tile([False], [self.batch_size]), self._start

    def next_inputs(
        self, time: Tensor, outputs: Tensor, state: Any, sample_ids: Tensor, name: Optional[str] = None
    ) -> Tuple[Tensor, Any, Any]:
        """Return what put the end token out, the samples' embeddings, the state."""
        finished = tf1.equal(sample_ids, self._end)
        inputs = tf1.cond(tf1.reduce_all(finished), lambda: self._start, lambda: self._embed(sample_ids))
        return finished, inputs, state


class SampleEmbeddingHelper(GreedyEmbeddingHelper):
    """Draws symbols by their scores."""

    def __init__(
        self,
        embedding: Any,
        start_tokens: Any,
        end_token: Any,
        softmax_temperature: Any = None,
        seed: Optional[int] = None,
    ) -> None:
        super().__init__(embedding, start_tokens, end_token)
        self._temperature, self._seed = softmax_temperature, seed

    def sample(self, time: Tensor, outputs: Tensor, state: Any, name: Optional[str] = None) -> Tensor:
        """Return drawn symbols, (batch,) int32."""
        logits = outputs if self._temperature is None else outputs / self._temperature
        return tf1.distributions.Categorical(logits=logits).sample(seed=self._seed)


class Decoder:
    """What dynamic_decode runs: `initialize()` and `step()`, with batch_size, output_size and output_dtype."""

    tracks_own_finished = False

    def finalize(self, outputs: Any, final_state: Any, sequence_lengths: Tensor) -> Tuple[Any, Any]:
        """Return outputs and state as they are to be returned."""
        return outputs, final_state


class BasicDecoder(Decoder):
    """A cell, fed by a helper; its outputs go through a layer where one is given."""

    def __init__(self, cell: Any, helper: Helper, initial_state: Any, output_layer: Any = None) -> None:
        if not isinstance(helper, Helper):
            raise TypeError(f"helper must be a Helper, received: {type(helper)}")
        self._cell, self._helper, self._layer = cell, helper, output_layer
        self._initial_state = initial_state

    @property
    def batch_size(self) -> Tensor:
        """How many sequences."""
        return self._helper.batch_size

    @property
    def output_size(self) -> BasicDecoderOutput:
        """The shapes of a step's outputs, without the batch."""
        size = tf1.TensorShape([self._cell.output_size])
        if self._layer is not None:
            size = tf1.TensorShape(self._layer.compute_output_shape(tf1.TensorShape([None]).concatenate(size)))[1:]
        return BasicDecoderOutput(size, self._helper.sample_ids_shape)

    @property
    def output_dtype(self) -> BasicDecoderOutput:
        """The types of a step's outputs."""
        return BasicDecoderOutput(tf.nest.flatten(self._initial_state)[0].dtype, self._helper.sample_ids_dtype)

    def initialize(self, name: Optional[str] = None) -> Tuple[Tensor, Any, Any]:
        """Return what is finished, the first inputs, the first state."""
        return (*self._helper.initialize(), self._initial_state)

    def step(self, time: Tensor, inputs: Any, state: Any, name: Optional[str] = None) -> Step:
        """Run the cell once."""
        with tf1.name_scope(name, "BasicDecoderStep", [time, inputs]):
            outputs, state = self._cell(inputs, state)
            outputs = outputs if self._layer is None else self._layer(outputs)
            samples = self._helper.sample(time=time, outputs=outputs, state=state)
            finished, inputs, state = self._helper.next_inputs(
                time=time, outputs=outputs, state=state, sample_ids=samples
            )
        return BasicDecoderOutput(outputs, samples), state, inputs, finished


def dynamic_decode(
    decoder: Any,
    output_time_major: bool = False,
    impute_finished: bool = False,
    maximum_iterations: Any = None,
    parallel_iterations: int = 32,
    swap_memory: bool = False,
    scope: Optional[str] = None,
) -> Tuple[Any, Any, Tensor]:
    """Step a decoder until all is finished; return outputs (batch, time, …), the last state, and (batch,) lengths.

    `impute_finished`: zeros, and the state kept, past the end of each sequence.
    """
    with tf1.variable_scope(scope, "decoder") as at:
        if at.caching_device is None:
            at.set_caching_device(lambda op: op.device)
        finished, inputs, state = decoder.initialize()
        if maximum_iterations is not None:
            finished = tf1.logical_or(finished, maximum_iterations <= 0)
        types = tf.nest.flatten(decoder.output_dtype)
        arrays = [tf1.TensorArray(dtype, size=0, dynamic_size=True) for dtype in types]
        last = tf1.while_loop(
            lambda time, arrays, state, inputs, finished, lengths: tf1.logical_not(tf1.reduce_all(finished)),
            _body(decoder, _zeros(decoder, types) if impute_finished else []),
            (tf1.constant(0), arrays, state, inputs, finished, tf1.zeros_like(finished, tf1.int32)),
            parallel_iterations=parallel_iterations,
            maximum_iterations=maximum_iterations,
            swap_memory=swap_memory,
        )
        outputs = tf.nest.pack_sequence_as(decoder.output_dtype, [array.stack() for array in last[1]])
        outputs, state = decoder.finalize(outputs, last[2], last[5])
        return (outputs if output_time_major else tf.nest.map_structure(_swapped, outputs)), state, last[5]


def _body(decoder: Any, zeros: Sequence[Tensor]) -> Callable[..., Any]:
    """Return what a loop of a decoder does in a step; `zeros` are put in the place of what comes after the end."""

    def body(time: Tensor, arrays: Any, state: Any, inputs: Any, finished: Tensor, lengths: Tensor) -> Any:
        outputs, new_state, inputs, ended = decoder.step(time, inputs, state)
        over = ended if decoder.tracks_own_finished else tf1.logical_or(ended, finished)
        lengths = tf1.where(finished, lengths, tf1.fill(tf1.shape(lengths), time + 1))
        values = tf.nest.flatten(outputs)
        if zeros:
            values = [tf1.where(finished, zero, value) for zero, value in zip(zeros, values)]
            new_state = tf.nest.map_structure(functools.partial(_unless_finished, finished), new_state, state)
        arrays = [array.write(time, value) for array, value in zip(arrays, values)]
        return time + 1, arrays, new_state, inputs, over, lengths

    return body


def _zeros(decoder: Any, types: Sequence[Any]) -> List[Tensor]:
    """Return what a decoder gives at a step, as zeros."""
    sizes = [tf1.TensorShape(size).as_list() for size in _shapes(decoder.output_size)]
    shapes = [tf1.concat([[decoder.batch_size], tf1.constant(size, tf1.int32)], 0) for size in sizes]
    return [tf1.zeros(shape, dtype) for shape, dtype in zip(shapes, types)]


def _unless_finished(finished: Tensor, new: Any, old: Any) -> Any:
    """Return a part of the state: the old one where its sequence has ended."""
    if isinstance(old, tf1.TensorArray) or old.shape.ndims == 0:
        return new
    new.set_shape(old.shape)
    return tf1.where(finished, old, new)


def _shapes(sizes: Any) -> Any:
    """Return the shapes in a structure of them; a shape is a leaf, though it is a sequence of sizes."""
    return sizes if isinstance(sizes, tuple) and not isinstance(sizes, tf1.TensorShape) else (sizes,)
