"""How pictures and maps are resized: where it samples, and by which method; of the photos, and inside the net."""

import functools
from typing import Any, Callable, Iterator, NamedTuple, Optional, Tuple

import numpy as np

from ..._tf import tf, tf1
from ...graphs.graph_defs import add_copy
from ..sides import Found
from .case import Case
from .subgraph import run_copy

METHODS = {
    "ResizeBilinear": "bilinear",
    "ResizeNearestNeighbor": "nearest",
    "ResizeBicubic": "bicubic",
    "ResizeArea": "area",
}


class Remedy(NamedTuple):
    """One way of resizing."""

    op: str
    align_corners: bool
    half_pixel_centers: bool

    def __str__(self) -> str:
        grid = "align_corners" if self.align_corners else "half-pixel centres"
        there = "with" if self.align_corners or self.half_pixel_centers else "without"
        return METHODS[self.op] + ("" if self.op == "ResizeArea" else f" {there} {grid}")


GRIDS = ((False, False), (False, True), (True, False))
WAYS = [Remedy(op, *grid) for op in METHODS for grid in GRIDS if op != "ResizeArea" or grid == (False, False)]


def half_pixel_centers(case: Case) -> Optional[Found]:
    """Resize with half-pixel centres instead of without, or the other way round."""
    differs = lambda old, new: old.op == new.op and not (old.align_corners or new.align_corners)  # noqa: E731
    return case.named("half-pixel centres", _tries(case, differs))


def align_corners(case: Case) -> Optional[Found]:
    """Resize with the corners aligned instead of without, or the other way round."""
    differs = lambda old, new: old.op == new.op and old.align_corners != new.align_corners  # noqa: E731
    return case.named("align_corners", _tries(case, differs))


def method(case: Case) -> Optional[Found]:
    """Resize by another method."""
    return case.named("resize method", _tries(case, lambda old, new: old.op != new.op))


def _tries(case: Case, differs: Callable[[Remedy, Remedy], bool]) -> Iterator[Tuple[str, Optional[np.ndarray]]]:
    """Yield what comes of resizing in each way that differs so from B's own."""
    photos = case.prepared_by()
    nodes = _built(case, photos.preprocess)[0] if photos is not None else [op.node_def for op in case.b.ops]
    old = next((way_of(node) for node in nodes if node.op in METHODS), None)
    for new in WAYS:
        if old is not None and new != old and differs(old, new):
            text = f"{new} in A, {old} in B"
            if photos is not None:
                yield f"{text} (of the photos)", prepared(case, photos.preprocess, new)
            else:
                yield text, case.b.rebuilt(functools.partial(resize_by, way=new))


def way_of(node: Any) -> Remedy:
    """Return how a node of METHODS resizes."""
    return Remedy(node.op, node.attr["align_corners"].b, node.attr["half_pixel_centers"].b)


def resize_by(node: Any, way: Remedy) -> None:
    """Let a node resize in another way, if it resizes at all."""
    if node.op not in METHODS:
        return
    node.op = way.op
    node.attr["align_corners"].b = way.align_corners
    if way.op == "ResizeArea":
        del node.attr["half_pixel_centers"]
    else:
        node.attr["half_pixel_centers"].b = way.half_pixel_centers


def prepared(case: Case, row: Any, way: Optional[Remedy] = None) -> Optional[np.ndarray]:
    """Return the photos as a row of PREPROCESSING makes them for B, resized in its own way or in another."""
    photos = case.parted.photos
    if photos is None or case.prepared_by() is None:
        return None
    nodes, versions, result = _built(case, row)
    graph_def = tf1.GraphDef(versions=versions)
    for node in nodes:
        if node.name != "photo":
            copy = add_copy(graph_def, node)
            if way is not None:
                resize_by(copy, way)
    try:
        made = [run_copy(graph_def, {"photo": photo}, result) for photo in photos.photos]
    except (ValueError, TypeError, tf.errors.OpError):
        return None
    return np.stack(made) if len({one.shape for one in made}) == 1 else None


def _built(case: Case, row: Any) -> Tuple[Any, Any, str]:
    """Build a row of PREPROCESSING for a photo `photo`, as B's input takes it: nodes, versions, the result's name."""
    tensor, photos = case.b.tensor, case.prepared_by()
    with tf1.Graph().as_default() as graph:
        photo = tf1.placeholder(tf.uint8, [None, None, 3], name="photo")
        # as floats, since nearest neighbour gives the type that it is given, and the others float32
        image = row.apply(tf.cast(photo, tf.float32), photos.size if photos is not None else None)
        image = tf.image.rgb_to_grayscale(image) if tensor.shape.as_list()[-1] == 1 else image
        image = tf.round(image) if tensor.dtype.is_integer else image
        result = tf.cast(image, tensor.dtype, name="prepared")
    graph_def = graph.as_graph_def()
    return graph_def.node, graph_def.versions, result.name
