"""How pictures and maps are resized: where it samples, and by which method; of the photos, and inside the net."""

import functools
from typing import Callable, NamedTuple, Optional, Tuple

import numpy as np

from ..._tf import tf, tf1
from ..._types import GraphDef, NodeDef
from ...graphs.graph_defs import add_copy
from ...inputs.preprocess import Preprocessing, prepare_one
from .case import Case, Trial, Trials
from .subgraph import run_copy

METHODS = {
    "ResizeBilinear": "bilinear",
    "ResizeNearestNeighbor": "nearest",
    "ResizeBicubic": "bicubic",
    "ResizeArea": "area",
}


class Resizing(NamedTuple):
    """One way of resizing."""

    op: str
    align_corners: bool
    half_pixel_centers: bool

    def __str__(self) -> str:
        grid = "align_corners" if self.align_corners else "half-pixel centres"
        there = "with" if self.align_corners or self.half_pixel_centers else "without"
        return METHODS[self.op] + ("" if self.op == "ResizeArea" else f" {there} {grid}")


GRIDS = ((False, False), (False, True), (True, False))
WAYS = [Resizing(op, *grid) for op in METHODS for grid in GRIDS if op != "ResizeArea" or grid == (False, False)]


def toggle_half_pixel_centers(case: Case) -> Trials:
    """Resize with half-pixel centres instead of without, or vice versa."""
    return _resize(case, lambda old, new: old.op == new.op and not (old.align_corners or new.align_corners))


def toggle_align_corners(case: Case) -> Trials:
    """Resize with the corners aligned instead of without, or vice versa."""
    return _resize(case, lambda old, new: old.op == new.op and old.align_corners != new.align_corners)


def change_method(case: Case) -> Trials:
    """Resize by another method."""
    return _resize(case, lambda old, new: old.op != new.op)


def _resize(case: Case, differs: Callable[[Resizing, Resizing], bool]) -> Trials:
    """Try each way of resizing that differs so from B's own."""
    photos = case.photo_pipeline()
    row = photos.preprocess if photos is not None else None
    nodes = _build(case, row)[0].node if row is not None else [op.node_def for op in case.b.ops]
    old = next((way_of(node) for node in nodes if node.op in METHODS), None)
    for new in WAYS:
        if old is not None and new != old and differs(old, new):
            text = f"{new} in A, {old} in B"
            if row is not None:
                yield Trial(f"{text} (of the photos)", prepare_photos(case, row, new))
            else:
                yield Trial(text, case.b.run_edited(functools.partial(resize_by, way=new)))


def way_of(node: NodeDef) -> Resizing:
    """Return how a node of METHODS resizes."""
    return Resizing(node.op, node.attr["align_corners"].b, node.attr["half_pixel_centers"].b)


def resize_by(node: NodeDef, way: Resizing) -> None:
    """Let a node resize in another way, if it resizes at all."""
    if node.op not in METHODS:
        return
    node.op = way.op
    node.attr["align_corners"].b = way.align_corners
    if way.op == "ResizeArea":
        del node.attr["half_pixel_centers"]
    else:
        node.attr["half_pixel_centers"].b = way.half_pixel_centers


def prepare_photos(case: Case, row: Preprocessing, way: Optional[Resizing] = None) -> Optional[np.ndarray]:
    """Return the photos as a row of PREPROCESSING makes them for B, resized in its own way or in another."""
    photos = case.pair.photos
    if photos is None or case.photo_pipeline() is None:
        return None
    built, result = _build(case, row)
    graph_def = tf1.GraphDef(versions=built.versions)
    for node in built.node:
        if node.name != "photo":
            copy = add_copy(graph_def, node)
            if way is not None:
                resize_by(copy, way)
    try:
        images = [run_copy(graph_def, {"photo": photo}, result) for photo in photos.photos]
    except (ValueError, TypeError, tf.errors.OpError):
        return None
    return np.stack(images) if len({one.shape for one in images}) == 1 else None


def _build(case: Case, row: Preprocessing) -> Tuple[GraphDef, str]:
    """Build a row of PREPROCESSING for a photo `photo`, as B's input takes it; return the result's name, too."""
    tensor, photos = case.b.tensor, case.photo_pipeline()
    with tf1.Graph().as_default() as graph:
        photo = tf1.placeholder(tf.uint8, [None, None, 3], name="photo")
        # as floats, since nearest neighbour gives the type that it is given, and the others float32
        size, channels = photos.size if photos is not None else None, tensor.shape.as_list()[-1] or 3
        result = prepare_one(row, tf.cast(photo, tf.float32), size, channels, tensor.dtype)
    return graph.as_graph_def(), result.name
