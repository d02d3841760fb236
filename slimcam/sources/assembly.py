"""From a GraphDef and its weights to a Model: the way that all sources share.

Where weights live. Weights up to LARGE are constants in the graph: TensorFlow folds them, and oneDNN keeps
convolution kernels in its own order, which makes InceptionV3 on TensorFlow 2.21 about 15 % faster than with variables.
Larger ones (the first dense layer of a VGG16 has 411 MB) are variables of the model's own session, which nothing
assigns after loading: as a constant, such an array is copied into the graph, into its optimised copies and into each
executor. On TensorFlow 2.21, loading and first running VGG16's dense layers took 14 s and 7 GB with constants, and
0.8 s and 1.7 GB with variables. Both start fast, cannot drift, and need no graph but the model's own.
"""

import functools
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Tuple

import numpy as np

from .._tf import tf, tf1
from ..errors import MissingFeed, ModelError
from ..graphs import dense_gradient as dense
from ..graphs.feeds import plan
from ..graphs.graph_defs import add_copy, cut_to, empty_like, needed, op_name, shape_and_dtype, unplace
from ..graphs.op_types import DECODERS
from ..graphs.walk import ancestors, between
from ..inputs import preprocess
from ..inputs.image_input import ImageInput, PhotoPipeline
from ..layers.names import Call, Calls
from ..layers.shared import shared_calls
from ..model import Eager, Model
from . import infer

LARGE = 16 << 20  # bytes


@dataclass
class Parts:
    """What a source found."""

    source: str
    graph_def: Any
    weights: Mapping[str, Callable[[], np.ndarray]] = field(default_factory=dict)  # read when needed, one at a time
    input: Optional[str] = None
    logits: Optional[str] = None
    layer: Optional[str] = None
    named: str = "as asked"  # who named input and logits
    inputs: List[str] = field(default_factory=list)  # all inputs, in order, where the source says which they are
    outputs: List[str] = field(default_factory=list)  # likewise
    calls: List[Call] = field(default_factory=list)  # of Keras layers, on tensors of a graph with the same names
    end_points: Dict[str, str] = field(default_factory=dict)
    preprocess: Optional[str] = None
    size: Optional[int] = None  # the side of the images, where the graph does not say it
    labels: Optional[List[str]] = None
    why: List[str] = field(default_factory=list)
    live: bool = False  # the weights may be read again later
    eager: Optional[Eager] = None  # the Keras model that the graph was traced from
    preprocess_note: str = ""  # what to say where photos are fed as they are, since nothing says how they were prepared


def assemble(parts: Parts) -> Model:
    """Import the graph, put its weights into it, join the preprocessing to its inputs, and find its logits."""
    nodes, because = infer.input_nodes(parts.graph_def, parts.input, parts.inputs, parts.logits, parts.named)
    parts.why.append(because)
    graph_def, weights = _without_large(parts.graph_def, parts.weights)
    graph = tf1.Graph()
    with graph.as_default():
        session = tf1.Session(graph=graph, config=_config())
        # a frozen graph may hold others, without a value, that its logits do not need
        handles = {node.name for node in graph_def.node if node.op == "VarHandleOp" and node.name in weights}
        placed = {name: read for name, read in weights.items() if name not in handles}
        tensors, variables = _place(session, placed, 0 if parts.live else LARGE)
        joined = [_join_photos(graph_def, node.name, parts, tensors) for node in nodes]
        _import(graph_def, tensors, parts.source)
        variables.update({name: graph.get_tensor_by_name(name + ":0") for name in handles})
        reload_weights = _assigning(session, variables, weights)
        reload_weights(handles)
        inputs = [ImageInput(graph.get_tensor_by_name(node.name + ":0"), photos, False, parts.source)
                  for node, (photos, _) in zip(nodes, joined)]  # fmt: skip
        calls = _calls(graph, parts)
        logits, because = _logits(graph, inputs, calls, parts)
    parts.why.append(because)
    inputs = _needed(inputs, logits)
    if calls is None:
        found = shared_calls(between([image_input.tensor for image_input in inputs], logits))
        calls = (
            Calls(found, {image_input.tensor.name: image_input.tensor.op.name for image_input in inputs})
            if found
            else None
        )
    model = Model(graph, session, inputs, logits, calls, labels=parts.labels, source=parts.source, why=parts.why)
    model.reload_weights, model.eager = reload_weights if parts.live else None, parts.eager
    model.preprocess_note = parts.preprocess_note
    model.end_points = {name: graph.get_tensor_by_name(tensor) for name, tensor in parts.end_points.items()}
    _settle(model, parts.layer, max(fixed for _, fixed in joined))
    return model


def _needed(inputs: List[ImageInput], logits: Any) -> List[ImageInput]:
    """Return the inputs that the logits need, and the first, which was asked for, or is the only one."""
    behind = ancestors([logits])
    needed = [image_input for image_input in inputs if image_input.tensor.op in behind]
    return needed or inputs[:1]


def _logits(graph: Any, inputs: List[ImageInput], calls: Optional[Calls], parts: Parts) -> Tuple[Any, str]:
    """Return the logits: as asked, or before the softmax of the model's output, or as the graph ends."""
    named = calls.find(parts.logits) if calls is not None and parts.logits is not None else None
    if named is not None:
        return named, f"logits {named.name!r}: {parts.named}"
    if parts.logits is None and len(parts.outputs) > 1:
        known = {tensor.name: name for name, tensor in (calls.tensors if calls is not None else {}).items()}
        known.update({tensor: name for name, tensor in parts.end_points.items()})
        names = ", ".join(repr(known.get(name, name)) for name in parts.outputs)
        raise ModelError(f"the model has {len(parts.outputs)} outputs, {names}: say logits=")
    if parts.logits is None and parts.outputs:
        return infer.logits_of_output(graph.get_tensor_by_name(parts.outputs[0]))
    return infer.logits(graph, [image_input.tensor for image_input in inputs], parts.logits, parts.named)


def _calls(graph: Any, parts: Parts) -> Optional[Calls]:
    """Return the calls of Keras layers on the model's own graph, where the source knows of any."""
    if not parts.calls:
        return None
    there = {op.name for op in graph.get_operations()}
    here = lambda tensors: [graph.get_tensor_by_name(t.name) for t in tensors if t.op.name in there]  # noqa: E731
    moved = [Call(one.path, here(one.inputs), one.begun, one.ended, here(one.outputs)) for one in parts.calls]
    names = {name: op_name(name) for name in parts.inputs}
    return Calls([call for call in moved if call.outputs], names)


def _config() -> Any:
    """Place operations of graphs frozen on a GPU where there is none, and leave a GPU's memory to others."""
    config = tf1.ConfigProto(allow_soft_placement=True)
    config.gpu_options.allow_growth = True
    return config


def _without_large(graph_def: Any, given: Mapping[str, Callable[[], np.ndarray]]) -> Tuple[Any, Dict[str, Callable]]:
    """Return a copy of a GraphDef without its large constants, device names and colocations; and all weights."""
    weights = dict(given)
    kept = empty_like(graph_def)
    for node in graph_def.node:
        tensor = node.attr["value"].tensor if node.op == "Const" else None
        if node.name in given and node.op != "VarHandleOp":
            continue
        if tensor is not None and len(tensor.tensor_content) > LARGE:
            weights[node.name] = functools.partial(tf.make_ndarray, tensor)
            continue
        copy = add_copy(kept, node)
        unplace(copy)
        dense.mark(copy)
    return kept, weights


def _place(session: Any, weights: Mapping[str, Callable[[], np.ndarray]], most: int) -> Tuple[Dict, Dict]:
    """Put weights into the default graph under their own names: constants, or variables from `most` bytes on.

    Returns what reads them, and the handles of those that are variables.
    """
    tensors: Dict[str, Any] = {}
    handles: Dict[str, Any] = {}
    waiting: Dict[str, np.ndarray] = {}  # let go before much more is read, as a net's largest two are large

    def assign() -> None:
        values = {name: functools.partial(waiting.__getitem__, name) for name in waiting}
        _assigning(session, {name: handles[name] for name in waiting}, values)()
        waiting.clear()

    for name, read in weights.items():
        array = read()
        if array.nbytes <= most:
            tensors[name] = tf.constant(array, name=name)
            continue
        dtype = tf.as_dtype(array.dtype)
        shared = {"dtype": dtype, "shape": array.shape, "shared_name": name}
        handles[name] = tf.raw_ops.VarHandleOp(name=f"slimcam/{name}", **shared)
        tensors[name] = tf.raw_ops.ReadVariableOp(resource=handles[name], dtype=dtype, name=name)
        waiting[name] = array
        del array
        if sum(one.nbytes for one in waiting.values()) > LARGE:
            assign()
    assign()
    return tensors, handles


def _assigning(session: Any, handles: Mapping[str, Any], weights: Mapping[str, Callable[[], np.ndarray]]) -> Callable:
    """Build what assigns variables; return a function that reads and assigns those of the names given, or all."""
    assigns = {}
    for name, handle in handles.items():
        dtype, shape = tf.as_dtype(handle.op.get_attr("dtype")), tf.TensorShape(handle.op.get_attr("shape"))
        value = tf1.placeholder(dtype, shape, name="slimcam/value")
        assigns[name] = tf.raw_ops.AssignVariableOp(resource=handle, value=value, name="slimcam/assign"), value

    def assign(names: Optional[Iterable[str]] = None) -> None:
        operations, feeds = [], {}
        for name in assigns if names is None else names:
            operation, value = assigns[name]
            operations.append(operation)
            feeds[value] = weights[name]()
            if sum(array.nbytes for array in feeds.values()) > LARGE:
                session.run(operations, feeds)
                operations, feeds = [], {}
        if operations:
            session.run(operations, feeds)

    return assign


def _join_photos(
    graph_def: Any, name: str, parts: Parts, tensors: Dict[str, Any]
) -> Tuple[Optional[PhotoPipeline], int]:
    """Make the input's node read the preprocessing where nothing else is fed; return how photos go in.

    The second result is the batch size that the graph was made for, 0 for any.
    """
    node = next(node for node in graph_def.node if node.name == name)
    shape, dtype = _declared(node, parts)
    fixed = shape[0] if shape is not None and len(shape) == 4 and shape[0] else 0
    if dtype == tf.string:
        return PhotoPipeline(tensor=name + ":0"), 0
    if shape is None or len(shape) not in (3, 4):
        return None, 0
    batchless = [None, *shape[-3:]]
    height, width, channels = shape[-3:]
    size = (height, width) if height and width else None
    chosen = parts.preprocess or ("none" if dtype.is_integer else None)
    photos, default = None, None
    if chosen is not None and channels in (1, 3, None):
        row = preprocess.find(chosen)
        with tf1.name_scope("slimcam/photos"):
            pixels, sizes, default = preprocess.prepare(row, size, channels or 3, dtype)
            default = default[0] if len(shape) == 3 else default
        photos = PhotoPipeline(None, pixels, sizes, row, size)
        tensors[f"slimcam_photos/{name}"] = default
    _set_input(node, dtype, shape if len(shape) == 3 else batchless, default)
    return photos, fixed


def _declared(node: Any, parts: Parts) -> Tuple[Optional[List[Optional[int]]], Any]:
    """Return shape and dtype of the input's node; what it leaves open is filled by what the caller said."""
    shape, dtype = shape_and_dtype(node)
    if shape is None and not node.op.startswith("Placeholder"):
        shape = _static_shape(parts.graph_def, node.name)
    if parts.size and not shape:
        return [None, parts.size, parts.size, 3], dtype
    if parts.size and shape is not None and len(shape) in (3, 4):
        shape[-3:-1] = [side or parts.size for side in shape[-3:-1]]
    return shape, dtype


def _static_shape(graph_def: Any, name: str) -> Optional[List[Optional[int]]]:
    """Return the shape that TensorFlow works out for a tensor inside the graph, None where it cannot."""
    part = cut_to(graph_def, needed(graph_def, [name]))
    with tf1.Graph().as_default() as graph:
        tf1.import_graph_def(part, name="")
    shape = graph.get_tensor_by_name(name + ":0").shape
    return None if shape.rank is None else shape.as_list()


def _set_input(node: Any, dtype: Any, shape: List[Optional[int]], default: Any) -> None:
    """Turn a node into a placeholder of any batch size, which reads the photos where nobody feeds it."""
    del node.input[:]
    node.attr.clear()
    node.op = "Placeholder" if default is None else "PlaceholderWithDefault"
    node.attr["dtype"].type = dtype.as_datatype_enum
    node.attr["shape"].shape.CopyFrom(tf.TensorShape(shape).as_proto())
    if default is not None:
        node.input.append(f"slimcam_photos/{node.name}")


def _import(graph_def: Any, tensors: Mapping[str, Any], source: str) -> None:
    read = {op_name(name) for node in graph_def.node for name in node.input}
    try:
        tf1.import_graph_def(graph_def, name="", input_map={k: v for k, v in tensors.items() if k in read})
    except (ValueError, tf.errors.OpError) as error:
        text = str(error).splitlines()[0]
        raise ModelError(f"{source}: TensorFlow {tf.__version__} cannot import this graph: {text}") from error


def _settle(model: Model, layer: Optional[str], fixed: int) -> None:
    """Find the default layer, and see whether the graph takes more images at once than it was made for."""
    for image_input in model.inputs:
        photos = image_input.photos
        if photos is not None and isinstance(photos.tensor, str):
            photos.tensor = model.graph.get_tensor_by_name(photos.tensor)
            decoded = any(op.type in DECODERS for op in photos.tensor.consumers())
            image_input.single_image = decoded or photos.tensor.shape.rank == 0
        image_input.single_image = image_input.single_image or image_input.tensor.shape.rank == 3
    if layer is not None:
        model.layer = model.tensor(layer)
    amiss = _cannot_batch(model) if fixed else ""
    if amiss and fixed > 1:
        raise ModelError(f"{model.source}: made for {fixed} images at once, and for another number {amiss}")
    if amiss:
        for image_input in model.inputs:
            image_input.single_image = True
        model.why.append(f"one image at a time: made for a batch of 1, and for two {amiss}")
    elif fixed:
        model.why.append(f"any batch size: made for {fixed}, and two images at once give the logits of each alone")


def _cannot_batch(model: Model) -> str:
    """Return what is amiss where two images at once do not give the logits that each gives alone, else ""."""
    images = {image_input.tensor: _noise(image_input.tensor) for image_input in model.inputs}
    try:
        feeds = {fed.tensor: fed.value for fed in plan([model.logits], model.required())}
    except MissingFeed as error:
        return f"nothing can be said ({error})"
    batch = lambda rows: {**feeds, **{tensor: array[rows] for tensor, array in images.items()}}  # noqa: E731
    run = lambda rows: model.session.run(model.logits, batch(rows))  # noqa: E731
    try:
        together = run(slice(2))
        alone = np.concatenate([run(slice(1)), run(slice(1, 2))])
    except (ValueError, tf.errors.InvalidArgumentError):
        return "it does not run"
    same = together.shape == alone.shape and np.allclose(together, alone, rtol=1e-4, atol=1e-4 * np.abs(alone).max())
    return "" if same else "the logits are not those of each alone"


def _noise(tensor: Any) -> np.ndarray:
    """Return two images that a tensor takes."""
    shape = [2] + [size or 64 for size in tensor.shape.as_list()[1:]]
    noise = np.random.RandomState(0).uniform(0, 1, shape)
    return (noise * (255 if tensor.dtype.is_integer else 1)).astype(tensor.dtype.as_numpy_dtype)
