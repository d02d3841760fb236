"""What all parts of scripts/bench share: InceptionV3 with seeded weights, and clocks."""

import os
import time
from typing import Any, Callable, List, NamedTuple, Sequence, Tuple

import numpy as np

SIDE, LAYER = 299, "Mixed_7c"


class Times(NamedTuple):
    """Of functions that were called in turn: median milliseconds, and median ratios to the first."""

    wall: List[float]
    ratios: List[float]
    processor: List[float]  # ratios of processor seconds, which a busy machine changes less


def make_frozen(folder: str) -> Tuple[str, str]:
    """Write InceptionV3 with seeded weights as a frozen graph; return its path and the name of its logits."""
    from slimcam import nets
    from slimcam._tf import tf1

    with tf1.Graph().as_default() as graph:
        tf1.set_random_seed(0)
        images = tf1.placeholder(tf1.float32, [None, SIDE, SIDE, 3], name="input")
        logits, _ = nets.build("inception_v3", images)
        with tf1.Session(graph=graph) as session:
            session.run(tf1.global_variables_initializer())
            frozen = tf1.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), [logits.op.name])
    path = os.path.join(folder, "inception_v3.pb")
    with open(path, "wb") as file:
        file.write(frozen.SerializeToString())
    return path, logits.name


def bare_forward(path: str, logits: str) -> Callable[[np.ndarray], Any]:
    """Return a function that runs the frozen graph in a plain session, as a program without slimcam would."""
    from slimcam._tf import tf1

    graph_def = tf1.GraphDef()
    with open(path, "rb") as file:
        graph_def.ParseFromString(file.read())
    graph = tf1.Graph()
    with graph.as_default():
        tf1.import_graph_def(graph_def, name="")
    session = tf1.Session(graph=graph)
    return lambda images: session.run(logits, {"input:0": images})


def photos(count: int) -> np.ndarray:
    """Return images as the net is fed, (count, 299, 299, 3) float32."""
    return np.random.RandomState(0).uniform(-1, 1, (count, SIDE, SIDE, 3)).astype(np.float32)


def in_turn(functions: Sequence[Callable[[], Any]], rounds: int) -> Times:
    """Call functions in turn, `rounds` times; once before, which does not count."""
    for function in functions:
        function()
    times = np.array([[_seconds(function) for function in functions] for _ in range(rounds)])
    ratios = np.median(times / times[:, :1], 0)
    return Times((1000 * np.median(times[..., 0], 0)).tolist(), ratios[:, 0].tolist(), ratios[:, 1].tolist())


def _seconds(function: Callable[[], Any]) -> Tuple[float, float]:
    """Return the seconds that a call takes by the wall's clock, and by the processors'."""
    start = time.perf_counter(), time.process_time()
    function()
    return time.perf_counter() - start[0], time.process_time() - start[1]
