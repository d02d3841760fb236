"""EngineNet: the Net of a model, for the photos of one part of a call; every array of M rows is run in parts."""

import importlib
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from .._types import Tensor
from ..errors import LayerError, TargetError
from ..inputs.photos import Batch, as_batch
from ..methods.evidence import Evidence
from ..methods.net import Contributions, chunks
from .engine import Engine
from .graph import classes_of
from .holds import holds_of
from .resolve import Query

MEMORY = 1 << 30  # bytes that the numbers of a run may take where memory= is left out
MOST_ROWS = 64  # of a run through the whole net: more make no run faster
MOST_HEADS = 1 << 10
PLAIN_SIDE = 16  # pixels of the plain photos by which black and white are found


def runs_of(query: Query, needs: str, rules: Sequence[Any] = ()) -> Any:
    """Return what an engine runs for a query, built whole; `needs` and `rules` are those of a row of METHODS.

    Errors are those of engines' probes and slopes: LayerError where no gradient reaches the layer or the images.
    """
    return importlib.import_module(f".{query.engine}_runs", __package__).RUNS(query, needs, rules)


class Asked:
    """What a call asks of its photos, beside the images: the targets' weights or places, and the size of the call."""

    def __init__(self, query: Query, count: int, mask: Optional[np.ndarray], others: Mapping[Tensor, np.ndarray]):
        self.query, self.count, self.mask, self.others = query, count, mask, others

    def feeds(self, photos: List[int]) -> Tuple[Dict[Tensor, Any], Dict[Tensor, Any]]:
        """Return what is fed to other inputs, and what is held, of some photos of the call."""
        others = {tensor: array[photos] for tensor, array in self.others.items()}
        return others, holds_of(self.query.hold, photos, self.count)


class EngineNet:
    """A Net (see methods/net.py) over a session or a tape."""

    def __init__(
        self,
        runs: Any,
        images: np.ndarray,
        photos: Sequence[int],
        asked: Asked,
        memory: Optional[int] = None,
        progress: Callable[[int], None] = lambda rows: None,
        plain_photos: Optional[Callable[[], np.ndarray]] = None,
    ) -> None:
        """Take the `images` as they are fed, (N, H, W, C), `photos` of the call, some perhaps twice."""
        self.images, self._photos = images, np.asarray(photos, np.int64)
        self.numbers = np.zeros(len(images), np.int64)
        self.progress, self._runs, self._asked, self._query = progress, runs, asked, asked.query
        self._mask, self._plain, self._memory = asked.mask, plain_photos, memory
        self._result: Optional[np.ndarray] = None
        single = self._query.model.single_image
        self.size = 1 if single else rows_that_fit(runs.floats(False), memory, MOST_ROWS)
        self._head_size = self.size
        if not single and self._query.layer is not self._query.image_input.tensor:
            self._head_size = rows_that_fit(runs.floats(True), memory, MOST_HEADS)

    # --- the protocol

    @property
    def black(self) -> np.ndarray:
        """What a black pixel is as it is fed, (C,)."""
        return self._plain_pixels()[0]

    @property
    def white(self) -> np.ndarray:
        """What a white pixel is as it is fed, (C,)."""
        return self._plain_pixels()[1]

    def scores(self, images: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return the scores, (M,), of images (M, H, W, C); those of the photos themselves are run once."""
        if self._result is not None and self._are_own(images, rows):
            return self._result
        return self._over(
            images, rows, lambda fed, holds, mask: self._scored(self._runs.scores({**fed, **holds}, mask))
        )

    def gradients(
        self, images: np.ndarray, rows: np.ndarray, rule: Any = "", baseline: Optional[np.ndarray] = None
    ) -> np.ndarray:
        """Return the gradient of each score at its image, (M, H, W, C), or what a backward rule gives there."""
        parts = chunks(len(images), self.size)

        def run(fed: Any, holds: Any, mask: Any) -> Any:
            some, start = next(parts), {}
            if baseline is not None:
                start = self._runs.baseline(rule, baseline[some])
            gradients, scored = self._runs.gradients({**fed, **holds, **start}, mask, rule)
            return (gradients, *self._scored(scored)[1:])

        return self._over(images, rows, run).reshape(images.shape)

    def contributions(self, images: np.ndarray, rows: np.ndarray, rule: Any) -> Contributions:
        """Return what the scores are made of, images and biases by their gradients."""
        each: List[Contributions] = []

        def run(fed: Any, holds: Any, mask: Any) -> Any:
            parts, scored = self._runs.contributions({**fed, **holds}, mask, rule)
            each.append(parts)
            return (parts.image, *self._scored(scored)[1:])

        whole = self._over(images, rows, run).reshape(images.shape)
        biases, implicit = ([np.concatenate(some) for some in zip(*kind)] for kind in list(zip(*each))[1:])
        return Contributions(whole, biases, implicit)

    def evidence(self, images: np.ndarray, rows: np.ndarray) -> Evidence:
        """Return the layer's activations and gradients, (M, h, w, K), and the scores and classes, (M,)."""
        each: List[Evidence] = []

        def run(fed: Any, holds: Any, mask: Any) -> Any:
            each.append(self._runs.evidence(fed, mask, holds))
            weights = self._of_classes(each[-1].classes) if mask is None else mask
            return each[-1].scores, each[-1].scores, weights

        self._over(images, rows, run)
        names = "activations", "gradients", "scores", "classes"
        whole = Evidence(*(np.concatenate([getattr(one, name) for one in each]) for name in names))
        if len(whole.activations) != len(images) or len(whole.gradients) != len(images):
            raise LayerError(
                f"the layer {self._query.layer_name!r} has {len(whole.activations)} rows for {len(images)} images, so "
                "a row is not one image's: name another layer"
            )
        return whole

    def outputs(self, images: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return the logits, (M, classes)."""
        return self._over(images, rows, lambda fed, holds, mask: (self._runs.outputs({**fed, **holds}), None, None))

    def head(self, activations: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return the scores, (M,), of activations (M, h, w, K) that are fed at the layer."""
        return self._fed_at_layer(self._runs.head, activations, rows)

    def head_gradients(self, activations: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return the gradient of each score at activations that are fed, (M, h, w, K)."""
        gradients = self._fed_at_layer(self._runs.head_gradients, activations, rows)
        return np.moveaxis(gradients, 1, -1) if self._query.channels_first else gradients

    def head_curvature(self, activations: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return how the gradient changes along activations that are fed, (M, h, w, K)."""
        slopes = self._fed_at_layer(self._runs.head_curvature, activations, rows)
        return np.moveaxis(slopes, 1, -1) if self._query.channels_first else slopes

    def changed(self, images: np.ndarray) -> "EngineNet":
        """Return the Net of other images in the photos' places; the class that won stays the photos'."""
        self._settle()
        asked = Asked(self._query, self._asked.count, self._mask, self._asked.others)
        return EngineNet(self._runs, images, self._photos.tolist(), asked, self._memory, self.progress, self._plain)

    def weighted(self, weights: np.ndarray) -> "EngineNet":
        """Return the Net of the same photos whose score is a sum of logits times weights, (N, classes)."""
        if not self._query.on_logits:
            raise TargetError(f"{self._query.target!r} is no class: give a class as the target")
        asked = Asked(self._query, self._asked.count, weights.astype(np.float32), self._asked.others)
        return EngineNet(
            self._runs, self.images, self._photos.tolist(), asked, self._memory, self.progress, self._plain
        )

    # --- what the photos themselves give

    def result(self) -> Tuple[np.ndarray, np.ndarray]:
        """Return scores and classes of the photos, (N,) each; run once, if no run gave them yet."""
        self._settle(scored=True)
        assert self._result is not None
        count, mask = len(self.images), self._mask
        classes = classes_of(mask) if mask is not None and self._query.on_logits else np.full(count, -1)
        return self._result, classes.astype(np.int64)

    # --- runs

    def _over(self, images: np.ndarray, rows: np.ndarray, run: Callable[..., Any]) -> np.ndarray:
        """Run images in parts; of the photos themselves keep the scores, and the classes that the graph chose."""
        rows = np.asarray(rows)
        own = self._are_own(images, rows)
        if not own:
            self._settle()
        each, scores, masks = [], [], []
        for some in chunks(len(images), self.size):
            fed, holds = self._feeds(images[some], rows[some])
            got, scored, mask = run(fed, holds, None if self._mask is None else self._mask[rows[some]])
            self._check(got, some.stop - some.start)
            each.append(got)
            scores.append(scored)
            masks.append(mask)
            self.progress(some.stop - some.start)
        if own and scores[0] is not None:
            self._result = np.concatenate(scores)
            self._mask = None if masks[0] is None else np.concatenate(masks)
        return np.concatenate(each)

    def _are_own(self, images: np.ndarray, rows: np.ndarray) -> bool:
        """Whether these are the photos themselves, each once."""
        return images is self.images and np.array_equal(rows, np.arange(len(self.images)))

    def _settle(self, scored: bool = False) -> None:
        """Let the graph choose the photos' classes, where nobody did, before other images are run."""
        open_target = self._mask is None and self._query.on_logits
        if open_target or (scored and self._result is None):
            self.scores(self.images, np.arange(len(self.images)))

    def _scored(self, scored: Any) -> Any:
        scores, mask = scored
        return scores, scores, mask

    def _of_classes(self, classes: np.ndarray) -> Optional[np.ndarray]:
        """Return the weights of the classes that the graph chose, None where the score is of no class."""
        if not self._query.on_logits:
            return None
        return np.eye(self._query.model.classes, dtype=np.float32)[classes]

    def _feeds(self, images: np.ndarray, rows: np.ndarray) -> Tuple[Dict[Tensor, Any], Dict[Tensor, Any]]:
        """Return what is fed for rows of images, and what is held."""
        tensor = self._query.image_input.tensor
        others, holds = self._asked.feeds(self._photos[rows].tolist())
        if tensor.dtype.is_integer:
            images = np.clip(np.rint(images), tensor.dtype.min, tensor.dtype.max)
        images = images.astype(tensor.dtype.as_numpy_dtype, copy=False)
        return {tensor: images[0] if tensor.shape.rank == 3 else images, **others}, holds

    def _fed_at_layer(self, run: Callable[..., np.ndarray], activations: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Run activations in parts; the images are fed too where the score needs them beside the layer."""
        self._settle()
        rows, each = np.asarray(rows), []
        for some in chunks(len(rows), self._head_size):
            fed, holds = self._feeds(self.images[rows[some]], rows[some])
            if not self._runs.beside:
                del fed[self._query.image_input.tensor]
            array = activations[some].astype(np.float32, copy=False)
            array = np.moveaxis(array, -1, 1) if self._query.channels_first else array
            each.append(run(array, {**fed, **holds}, None if self._mask is None else self._mask[rows[some]]))
            self._check(each[-1], some.stop - some.start)
            self.progress(some.stop - some.start)
        return np.concatenate(each)

    def _check(self, array: np.ndarray, count: int) -> None:
        if array.ndim and len(array) != count and count > 1:
            raise LayerError(
                f"{self._query.score_tensor.name!r} gives {len(array)} scores for {count} images, so that a score is "
                "not one image's: name another target"
            )

    def _plain_pixels(self) -> np.ndarray:
        if self._plain is None:
            raise LayerError("nothing says what black is: load with preprocess=, or give numbers")
        return self._plain()


def rows_that_fit(floats: int, memory: Optional[int], most: int) -> int:
    """Return how many rows a run may have; forward and back each number is held twice, as float32."""
    return int(max(1, min(most, (MEMORY if memory is None else memory) // max(1, 8 * floats))))


def images_of(engine: Engine, query: Query, batch: Batch, part: List[int]) -> np.ndarray:
    """Return the images of some photos as the net is fed, (N, H, W, C) float32."""
    if batch.array is not None:
        query.image_input.feeds(batch, part)  # for its errors
        return np.asarray(batch.array[part], np.float32)
    fed, tensor = engine.feeds(query.image_input, batch, part), query.image_input.tensor
    array = fed[tensor] if tensor in fed else query.model.run(tensor, fed)
    array = np.asarray(array, np.float32)
    return array[None] if tensor.shape.rank == 3 else array


def plain_pixels(engine: Engine, query: Query) -> np.ndarray:
    """Return what a black and a white pixel are as the net is fed, (2, C)."""
    photos = [np.full((PLAIN_SIDE, PLAIN_SIDE, 3), value, np.uint8) for value in (0, 255)]
    each = [images_of(engine, query, as_batch([photo]), [0])[0] for photo in photos]
    return np.stack([image[image.shape[0] // 2, image.shape[1] // 2] for image in each])
