"""tf.contrib.factorization, of which k-means is here."""

import inspect
from typing import Any

from ...core import private

_KMeans: Any = private("ops.clustering_ops").KMeans


class KMeans(_KMeans):
    """TensorFlow's own, whose first clusters are drawn from `random_seed` (0), not from the seed of the graph."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        given = inspect.signature(_KMeans.__init__).bind(self, *args, **named)
        self._seed = given.arguments.get("random_seed", 0)
