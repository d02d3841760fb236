"""What a Net asks of a model, by a tape. The whole model is called each time, also where a layer is fed."""

from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Tuple

import numpy as np

from .._tf import deadline, eager, tf
from .._types import Tensor
from ..errors import LayerError
from ..methods.evidence import Evidence, plain
from ..methods.relevance_rules import Biases
from .graph_runs import Feeds, Masked
from .resolve import Query, no_gradient
from .slopes import check_slope
from .tape import Place, gather, output_place, probe, run_places, score_place, score_places
from .tape_scores import scores_of


class TapeRuns:
    """Runs of one query; `needs` and `rules` are those of its row of METHODS."""

    beside = True  # the model is called with images, whatever is fed behind them

    def __init__(self, query: Query, needs: str, rules: Sequence[Any] = ()) -> None:
        """Find what will be met; raise LayerError for what no tape sees, and for another backward rule."""
        self.query, self.model = query, query.model
        if any(isinstance(rule, Biases) for rule in rules):
            raise LayerError("a tape does not see the biases of a model: engine='graph' does")
        if rules:
            name = getattr(rules[0], "name", rules[0])
            raise LayerError(f"a tape has no backward rule but the model's own, not {name!r}: engine='graph' has")
        if needs in ("pixels", "both"):
            check_slope(query)
        self.probe = None if needs == "pixels" else probe(query)
        self.sources = score_places(query)
        self.layer = None if needs == "pixels" else output_place(self.model, query.layer)

    def scores(self, fed: Feeds, mask: Optional[np.ndarray]) -> Masked:
        """Return the scores, (M,)."""
        with eager():
            scores, chosen = self._scores(fed, mask, deadline(self.model.session))
            return plain(scores.numpy()), chosen

    def gradients(self, fed: Feeds, mask: Optional[np.ndarray], rule: str) -> Tuple[np.ndarray, Masked]:
        """Return the gradients at the images, and the scores."""
        tensor, check = self.query.image_input.tensor, deadline(self.model.session)
        with eager(), tf.GradientTape() as tape:
            images = tf.constant(fed[tensor], tensor.dtype)
            tape.watch(images)
            scores, chosen = self._scores({**fed, tensor: images}, mask, check)
        with eager():
            gradients = tape.gradient(scores, images)
        check()
        if gradients is None:
            raise no_gradient(tensor, self.query.score_tensor)
        return plain(gradients.numpy()), (plain(scores.numpy()), chosen)

    def evidence(self, fed: Feeds, mask: Optional[np.ndarray], holds: Feeds) -> Evidence:
        """Return the layer's evidence."""
        return gather(self.model, [self.probe], fed, mask, holds)[0]  # type: ignore[list-item]

    def outputs(self, fed: Feeds) -> np.ndarray:
        """Return the logits, one for each class."""
        place = score_place(self.model, self.model.need_logits())
        images, holds = self._apart(fed)
        self.model.check_open()
        with eager():
            met = run_places(self.model, [place], images, holds, deadline(self.model.session))
            array = plain(met[place].numpy())
        return np.concatenate([-array, array], -1) if self.model.one_logit else array

    def head(self, activations: np.ndarray, fed: Feeds, mask: Optional[np.ndarray]) -> np.ndarray:
        """Return the scores of activations, in the graph's own order of dimensions."""
        return self.scores({**fed, self.query.layer: activations}, mask)[0]

    def head_gradients(self, activations: np.ndarray, fed: Feeds, mask: Optional[np.ndarray]) -> np.ndarray:
        """Return the gradients at activations that are fed."""
        check = deadline(self.model.session)
        with eager(), tf.GradientTape() as tape:
            layer = tf.constant(activations, self.query.layer.dtype)
            tape.watch(layer)
            scores, _ = self._scores({**fed, self.query.layer: layer}, mask, check)
        with eager():
            gradients = tape.gradient(scores, layer)
        check()
        if gradients is None:
            raise no_gradient(self.query.layer, self.query.score_tensor)
        return plain(gradients.numpy())

    def head_curvature(self, activations: np.ndarray, fed: Feeds, mask: Optional[np.ndarray]) -> np.ndarray:
        """Return the slope of the gradient along activations that are fed, 0 where the head is linear."""
        check = deadline(self.model.session)
        with eager(), tf.GradientTape() as outer:
            layer = tf.constant(activations, self.query.layer.dtype)
            outer.watch(layer)
            with tf.GradientTape() as inner:
                inner.watch(layer)
                scores, _ = self._scores({**fed, self.query.layer: layer}, mask, check)
            gradients = inner.gradient(scores, layer)
        with eager():
            slopes = outer.gradient(gradients, layer, output_gradients=layer)
        check()
        return np.zeros_like(activations) if slopes is None else plain(slopes.numpy())

    def _apart(self, fed: Feeds) -> Tuple[Dict[Tensor, Any], Dict[Tensor, Any]]:
        """Return what is fed to inputs, and what takes the place of layers' outputs."""
        held = {tensor.name for tensor in self.query.hold} | {self.query.layer.name}
        held -= {one.tensor.name for one in self.query.inputs}
        images = {tensor: value for tensor, value in fed.items() if tensor.name not in held}
        return images, {tensor: value for tensor, value in fed.items() if tensor.name in held}

    def _scores(self, fed: Feeds, mask: Optional[np.ndarray], check: Callable[[], None]) -> Any:
        """Return the scores, and the weights of classes: those given, or those of the winners."""
        self.model.check_open()
        images, holds = self._apart(fed)
        values: Mapping[Place, Tensor] = run_places(self.model, self.sources, images, holds, check)
        scores, classes = scores_of(self.query, [values[place] for place in self.sources], mask)
        if mask is None and self.query.on_logits:
            mask = np.eye(self.model.classes, dtype=np.float32)[classes]
        return scores[0], mask

    def floats(self, head: bool) -> int:
        """Return about how many numbers a run holds for a row: those of all layers' outputs."""
        sizes = 0
        for call in self.model.calls or ():
            for output in call.outputs:
                dims = output.shape.as_list()[1:] if output.shape.rank else []
                sizes += int(np.prod([size or 1 for size in dims], dtype=np.int64))
        return sizes


RUNS = TapeRuns
