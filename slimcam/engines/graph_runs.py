"""What a Net asks of a model, by a session: every tensor is built at the start, and later only run."""

from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from .._tf import tf, tf1
from .._types import Tensor
from ..errors import LayerError
from ..graphs.copying import ops_between
from ..methods.evidence import Evidence, plain
from ..methods.net import Contributions
from ..methods.relevance_rules import Biases
from ..text.printable import first_line
from .graph import Probe, gather, probe
from .relevances import contribution_tensors, relevance_tensors
from .resolve import Query, refusing_functions
from .slopes import Tensors, slope_tensors

Feeds = Mapping[Tensor, Any]
Masked = Tuple[np.ndarray, Optional[np.ndarray]]  # what was asked for, and the weights of classes that it was of


class GraphRuns:
    """Runs of one query; `needs` and `rules` are those of its row of METHODS."""

    def __init__(self, query: Query, needs: str, rules: Sequence[Any] = ()) -> None:
        """Build what will be run; errors are those of graph.probe and slopes.slope."""
        self.query, self.model = query, query.model
        self.probe: Optional[Probe] = None if needs == "pixels" else probe(query)
        names = () if needs in ("layer", "curvature") else ("", *rules)
        self.slopes: Dict[Any, Tensors] = {rule: _tensors(query, rule) for rule in names}
        self._score, self._mask = (
            (self.probe.scores, self.probe.mask)
            if self.probe is not None
            else (self.slopes[""].scores, self.slopes[""].mask)
        )
        self.beside = self.probe is not None and query.image_input in self.model.inputs_of(
            [self._score], [self.probe.layer.name, *(tensor.name for tensor in query.hold)]
        )  # whether the score needs the images beside the layer

        self.curvature = _curvature(query, self.probe) if needs == "curvature" and self.probe is not None else None

    def scores(self, fed: Feeds, mask: Optional[np.ndarray]) -> Masked:
        """Return the scores, (M,)."""
        got = self._run({"scores": self._score}, fed, mask, self._mask)
        return got["scores"], got.get("mask", mask)

    def gradients(self, fed: Feeds, mask: Optional[np.ndarray], rule: Any) -> Tuple[np.ndarray, Masked]:
        """Return the gradients at the images, or what a backward rule gives there, and the scores."""
        tensors = self.slopes[rule]
        fetches = {"scores": tensors.scores, "gradients": tensors.gradients}
        got = self._run(fetches, fed, mask, tensors.mask)
        return got["gradients"], (got["scores"], got.get("mask", mask))

    def contributions(self, fed: Feeds, mask: Optional[np.ndarray], rule: Biases) -> Tuple[Contributions, Masked]:
        """Return what the scores are made of, and the scores."""
        tensors = self.slopes[rule]
        fetches = {"scores": tensors.scores, "image": tensors.gradients}
        each = [[f"{kind}{i}" for i in range(len(getattr(tensors, kind)))] for kind in ("biases", "implicit")]
        fetches.update(zip(each[0] + each[1], [*tensors.biases, *tensors.implicit]))
        got = self._run(fetches, fed, mask, tensors.mask)
        biases, implicit = ([got[name] for name in names] for names in each)
        return Contributions(got["image"], biases, implicit), (got["scores"], got.get("mask", mask))

    def baseline(self, rule: Any, images: np.ndarray) -> Dict[Tensor, Any]:
        """Return what is fed as the baseline of a rule, for images (M, H, W, C)."""
        place = self.slopes[rule].baseline
        assert place is not None, "only DeepLIFT compares with a baseline"
        return {place: (images[0] if place.shape.rank == 3 else images).astype(place.dtype.as_numpy_dtype)}

    def evidence(self, fed: Feeds, mask: Optional[np.ndarray], holds: Feeds) -> Evidence:
        """Return the layer's evidence."""
        self.model.check_open()
        return gather(self.model, [self._probe], fed, mask, holds)[0]

    def outputs(self, fed: Feeds) -> np.ndarray:
        """Return the logits, one for each class."""
        logits = self.model.need_logits()
        array = self._run({"logits": logits}, fed, None, None)["logits"]
        return np.concatenate([-array, array], -1) if self.model.one_logit else array

    def head(self, activations: np.ndarray, fed: Feeds, mask: Optional[np.ndarray]) -> np.ndarray:
        """Return the scores of activations, in the graph's own order of dimensions."""
        return self._run({"scores": self._score}, {**fed, self._layer: activations}, mask, self._mask)["scores"]

    def head_gradients(self, activations: np.ndarray, fed: Feeds, mask: Optional[np.ndarray]) -> np.ndarray:
        """Return the gradients at activations that are fed."""
        feeds = {**fed, self._layer: activations}
        return self._run({"gradients": self._probe.gradients}, feeds, mask, self._mask)["gradients"]

    def head_curvature(self, activations: np.ndarray, fed: Feeds, mask: Optional[np.ndarray]) -> np.ndarray:
        """Return the slope of the gradient along activations that are fed, 0 where the head is linear."""
        if self.curvature is None:
            return np.zeros_like(activations)
        feeds = {**fed, self._layer: activations}
        return self._run({"slopes": self.curvature}, feeds, mask, self._mask)["slopes"]

    @property
    def _probe(self) -> Probe:
        assert self.probe is not None, "a row that asks for a layer says so: needs"
        return self.probe

    @property
    def _layer(self) -> Tensor:
        return self._probe.layer

    def _run(
        self, fetches: Dict[str, Tensor], fed: Feeds, mask: Optional[np.ndarray], place: Optional[Tensor]
    ) -> Dict[str, np.ndarray]:
        """Run, with the weights of classes at `place`; those that the graph chooses are fetched."""
        self.model.check_open()
        feeds: Dict[Tensor, Any] = {one.tensor: one.value for one in self.query.fed}
        feeds.update(fed)
        if place is not None and mask is None:
            fetches = {**fetches, "mask": place}
        elif place is not None:
            feeds[place] = mask
        with refusing_functions(self.query.layer, self._score):
            got = self.model.run(fetches, feeds)
        return {name: plain(one) for name, one in got.items()}

    def floats(self, head: bool) -> int:
        """Return about how many numbers a run holds for a row: those of all operations to the score."""
        start = self._layer if head else self.query.image_input.tensor
        sizes: List[int] = []
        for op in ops_between(start, self._score)[0]:
            for tensor in op.outputs:
                dims = tensor.shape.as_list()[1:] if tensor.shape.rank else []
                sizes.append(int(np.prod([size or 1 for size in dims], dtype=np.int64)))
        return sum(sizes)


def _curvature(query: Query, built: Probe) -> Optional[Tensor]:
    """Build the slope of the gradient along the layer's own values, once; None where nothing makes it other than 0."""

    def build() -> Optional[Tensor]:
        with query.model.graph.as_default(), tf1.name_scope("slimcam/curvature"):
            along = tf.stop_gradient(built.layer)
            stops = list(query.hold) or None
            return tf1.gradients(built.gradients, built.layer, grad_ys=along, stop_gradients=stops)[0]

    try:
        return query.model.once(("curvature", getattr(built.gradients, "name", "")), build)
    except (LookupError, TypeError, ValueError) as error:
        raise LayerError(
            f"{query.layer_name!r}: TensorFlow has no second derivative of what comes after it ({first_line(error)}): "
            "name a later layer"
        ) from error


def _tensors(query: Query, rule: Any) -> Tensors:
    if isinstance(rule, Biases):
        return contribution_tensors(query, rule)
    return slope_tensors(query, rule) if isinstance(rule, str) else relevance_tensors(query, rule)


RUNS = GraphRuns
