"""What 1,000 calls of each row of METHODS leave behind, on a net of two convolutions."""

import gc
import sys
import tempfile
from typing import List, Optional, Sequence, Tuple

import numpy as np
import psutil

SIDE, FIRST, CALLS = 16, 100, 1000
FEW = {"samples": 2, "steps": 2, "masks": 2, "patch": 8, "stride": 8, "cells": 2, "weight": 1.0, "start": 0.5}


def _build(folder: str) -> str:
    from slimcam._tf import tf1

    random = np.random.RandomState(0)
    kernels = [random.normal(0, 0.3, shape).astype(np.float32) for shape in ((3, 3, 3, 4), (3, 3, 4, 6), (6, 3))]
    with tf1.Graph().as_default() as graph:
        x = tf1.placeholder(tf1.float32, [None, SIDE, SIDE, 3], name="images")
        for kernel, name in zip(kernels, ("first", "last")):
            x = tf1.nn.relu(tf1.nn.conv2d(x, kernel, 2, "SAME"), name=name)
        tf1.matmul(tf1.reduce_mean(x, [1, 2]), kernels[2], name="logits")
    path = f"{folder}/small.pb"
    with open(path, "wb") as file:
        file.write(graph.as_graph_def().SerializeToString())
    return path


def over_calls(names: Optional[Sequence[str]] = None) -> List[Tuple[str, ...]]:
    """Rows: megabytes and operations that calls after the first 100 leave behind, of the method with most."""
    import slimcam
    from slimcam.methods import METHODS

    with tempfile.TemporaryDirectory() as folder:
        model = slimcam.load(_build(folder), preprocess="squash", logits="logits")
    images = np.random.RandomState(0).uniform(-1, 1, (1, SIDE, SIDE, 3)).astype(np.float32)
    left = []
    for name in names or METHODS:
        print(f"{name}, {CALLS} calls …", file=sys.stderr, flush=True)
        row = METHODS[name]
        few = {key: value for key, value in FEW.items() if key in row.parameters}
        try:
            explain = slimcam.Explainer(model, name, None if row.needs == "pixels" else "last", **few)
            explain(images)
        except ImportError:
            continue
        for call in range(1, CALLS + 1):
            explain(images)
            if call == FIRST:
                before = _memory(), len(model.graph.get_operations())
        left.append((_memory() - before[0], len(model.graph.get_operations()) - before[1], name))
    megabytes, _, most = max(left)
    operations = max(one[1] for one in left)
    title = f"{CALLS:,} calls against {FIRST} of each of {len(left)} methods"
    return [
        (f"memory, {title}", f"{megabytes:+.1f} MB ({most})", "", "20 MB"),
        (f"operations, {title}", f"{operations:+d}", "", "0"),
    ]


def _memory() -> float:
    gc.collect()
    return psutil.Process().memory_info().rss / 2**20
