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
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

import numpy as np

from .. import dense, preprocess
from .._tf import tf, tf1
from ..errors import MissingFeed, ModelError
from ..feeds import plan
from ..model import Model, Photos
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
    end_points: Dict[str, str] = field(default_factory=dict)
    preprocess: Optional[str] = None
    size: Optional[int] = None  # the side of the images, where the graph does not say it
    labels: Optional[List[str]] = None
    why: List[str] = field(default_factory=list)


def assemble(parts: Parts) -> Model:
    """Import the graph, put its weights into it, join the preprocessing to its input, and find its logits."""
    node, because = infer.input_node(parts.graph_def, parts.input, parts.logits, parts.named)
    parts.why.append(because)
    graph_def, weights = _without_large(parts.graph_def, parts.weights)
    graph = tf1.Graph()
    with graph.as_default():
        session = tf1.Session(graph=graph, config=_config())
        # a frozen graph may hold others, without a value, that its logits do not need
        handles = {node.name for node in graph_def.node if node.op == "VarHandleOp" and node.name in weights}
        tensors = _place(session, {name: read for name, read in weights.items() if name not in handles})
        photos, fixed = _join_photos(graph_def, node.name, parts, tensors)
        _import(graph_def, tensors, parts.source)
        _assign(session, {graph.get_tensor_by_name(name + ":0"): weights[name]() for name in handles})
    model_input = graph.get_tensor_by_name(node.name + ":0")
    logits, because = infer.logits(graph, model_input, parts.logits, parts.named)
    parts.why.append(because)
    model = Model(graph, session, model_input, logits, photos, labels=parts.labels, source=parts.source, why=parts.why)
    model.end_points = {name: graph.get_tensor_by_name(tensor) for name, tensor in parts.end_points.items()}
    _settle(model, parts.layer, fixed)
    return model


def _config() -> Any:
    """Place operations of graphs frozen on a GPU where there is none, and leave a GPU's memory to others."""
    config = tf1.ConfigProto(allow_soft_placement=True)
    config.gpu_options.allow_growth = True
    return config


def _without_large(graph_def: Any, given: Mapping[str, Callable[[], np.ndarray]]) -> Tuple[Any, Dict[str, Callable]]:
    """Return a copy of a GraphDef without its large constants, device names and colocations; and all weights."""
    weights = dict(given)
    kept = tf1.GraphDef(versions=graph_def.versions, library=graph_def.library)
    for node in graph_def.node:
        tensor = node.attr["value"].tensor if node.op == "Const" else None
        if node.name in given and node.op != "VarHandleOp":
            continue
        if tensor is not None and len(tensor.tensor_content) > LARGE:
            weights[node.name] = functools.partial(tf.make_ndarray, tensor)
            continue
        copy = kept.node.add()
        copy.CopyFrom(node)
        copy.device = ""
        dense.mark(copy)
        if "_class" in copy.attr:
            del copy.attr["_class"]
    return kept, weights


def _place(session: Any, weights: Mapping[str, Callable[[], np.ndarray]]) -> Dict[str, Any]:
    """Put weights into the default graph under their own names: constants, or variables where they are large."""
    tensors = {}
    for name, read in weights.items():
        array = read()
        if array.nbytes <= LARGE:
            tensors[name] = tf.constant(array, name=name)
            continue
        dtype = tf.as_dtype(array.dtype)
        handle = tf.raw_ops.VarHandleOp(dtype=dtype, shape=array.shape, shared_name=name, name=f"slimcam/{name}")
        tensors[name] = tf.raw_ops.ReadVariableOp(resource=handle, dtype=dtype, name=name)
        _assign(session, {handle: array})
        del array  # before the next is read: the largest two of a net need not be held at once
    return tensors


def _assign(session: Any, values: Mapping[Any, np.ndarray]) -> None:
    """Give variables, by their handles, their values in one run."""
    assigns, feeds = [], {}
    for handle, array in values.items():
        value = tf1.placeholder(tf.as_dtype(array.dtype), array.shape, name="slimcam/value")
        assigns.append(tf.raw_ops.AssignVariableOp(resource=handle, value=value, name="slimcam/assign"))
        feeds[value] = array
    session.run(assigns, feeds)


def _join_photos(graph_def: Any, name: str, parts: Parts, tensors: Dict[str, Any]) -> Tuple[Optional[Photos], int]:
    """Make the input's node read the preprocessing where nothing else is fed; return how photos go in.

    The second result is the batch size that the graph was made for, 0 for any.
    """
    node = next(node for node in graph_def.node if node.name == name)
    shape, dtype = _declared(node, parts)
    fixed = shape[0] if shape is not None and len(shape) == 4 and shape[0] else 0
    if dtype == tf.string:
        return Photos(tensor=name + ":0"), 0
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
        photos = Photos(None, pixels, sizes, row, size)
        tensors["slimcam_photos"] = default
    _set_input(node, dtype, shape if len(shape) == 3 else batchless, default)
    return photos, fixed


def _declared(node: Any, parts: Parts) -> Tuple[Optional[List[Optional[int]]], Any]:
    """Return shape and dtype of the input's node; what it leaves open is filled by what the caller said."""
    shape, dtype = infer.shape_and_type(node)
    if shape is None and not node.op.startswith("Placeholder"):
        shape = _static_shape(parts.graph_def, node.name)
    if parts.size and not shape:
        return [None, parts.size, parts.size, 3], dtype
    if parts.size and shape is not None and len(shape) in (3, 4):
        shape[-3:-1] = [side or parts.size for side in shape[-3:-1]]
    return shape, dtype


def _static_shape(graph_def: Any, name: str) -> Optional[List[Optional[int]]]:
    """Return the shape that TensorFlow works out for a tensor inside the graph, None where it cannot."""
    needed = infer.before(graph_def, [name])
    part = tf1.GraphDef(versions=graph_def.versions, node=[node for node in graph_def.node if node.name in needed])
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
        node.input.append("slimcam_photos")


def _import(graph_def: Any, tensors: Mapping[str, Any], source: str) -> None:
    read = {name.split(":")[0].lstrip("^") for node in graph_def.node for name in node.input}
    try:
        tf1.import_graph_def(graph_def, name="", input_map={k: v for k, v in tensors.items() if k in read})
    except (ValueError, tf.errors.OpError) as error:
        text = str(error).splitlines()[0]
        raise ModelError(f"{source}: TensorFlow {tf.__version__} cannot import this graph: {text}") from error


def _settle(model: Model, layer: Optional[str], fixed: int) -> None:
    """Find the default layer, and see whether the graph takes more images at once than it was made for."""
    photos = model.photos
    if photos is not None and isinstance(photos.tensor, str):
        photos.tensor = model.graph.get_tensor_by_name(photos.tensor)
        decoded = any(op.type in infer.DECODERS for op in photos.tensor.consumers())
        model.one_by_one = decoded or photos.tensor.shape.rank == 0
    if layer is not None:
        model.layer = model.tensor(layer)
    model.one_by_one = model.one_by_one or model.input.shape.rank == 3
    amiss = _cannot_batch(model) if fixed else ""
    if amiss and fixed > 1:
        raise ModelError(f"{model.source}: made for {fixed} images at once, and for another number {amiss}")
    if amiss:
        model.one_by_one = True
        model.why.append(f"one image at a time: made for a batch of 1, and for two {amiss}")
    elif fixed:
        model.why.append(f"any batch size: made for {fixed}, and two images at once give the logits of each alone")


def _cannot_batch(model: Model) -> str:
    """Return what is amiss where two images at once do not give the logits that each gives alone, else ""."""
    shape = [2] + [size or 64 for size in model.input.shape.as_list()[1:]]
    noise = np.random.RandomState(0).uniform(0, 1, shape)
    images = (noise * (255 if model.input.dtype.is_integer else 1)).astype(model.input.dtype.as_numpy_dtype)
    try:
        feeds = {fed.tensor: fed.value for fed in plan([model.logits], (model.input.name,))}
    except MissingFeed as error:
        return f"nothing can be said ({error})"
    run = lambda batch: model.session.run(model.logits, {**feeds, model.input: batch})  # noqa: E731
    try:
        together = run(images)
        alone = np.concatenate([run(images[:1]), run(images[1:])])
    except (ValueError, tf.errors.InvalidArgumentError):
        return "it does not run"
    same = together.shape == alone.shape and np.allclose(together, alone, rtol=1e-4, atol=1e-4 * np.abs(alone).max())
    return "" if same else "the logits are not those of each alone"
