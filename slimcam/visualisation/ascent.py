"""Gradient ascent: the steps of a recipe, for some pictures at a time. NumPy, no TensorFlow."""

from typing import Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ..errors import TargetError
from .ascent_state import AscentState, Part
from .recipes import Recipe, Setup

# Of what is fed, (N, h, w, C), and of the weights of channels or classes, (N, K) or None: scores, (N,), and gradients.
Slope = Callable[[np.ndarray, Optional[np.ndarray]], Tuple[np.ndarray, np.ndarray]]
Progress = Callable[[int, int], None]  # steps of pictures done, and of all


class Ascent(NamedTuple):
    """A recipe, what it is about, and what it climbs."""

    recipe: Recipe
    setup: Setup
    steps: int
    kept: Tuple[int, ...]  # the steps after which pictures are kept, the last one included
    first: Slope  # of the recipe's head start
    plain: Slope

    def run(
        self,
        numbers: Sequence[int],
        weights: Optional[np.ndarray],
        together: int,
        state: AscentState,
        progress: Optional[Progress] = None,
    ) -> Part:
        """Climb for each number, `together` at a time, and return all as one finished part."""
        parts: List[Part] = []
        for start in range(0, len(numbers), together):
            some = slice(start, start + together)
            part = state.parts.get(start)
            if part is None or len(part.moved) != len(numbers[some]):
                part = self._start(numbers[some])
            try:
                while part.step < self.steps:
                    part = self._step(part, numbers[some], None if weights is None else weights[some])
                    if progress is not None:
                        progress(start * self.steps + part.step * len(part.moved), len(numbers) * self.steps)
                part = part._replace(arrays={})  # what was climbed is large, and needed no more
            finally:
                if part.step:  # else what failed has left nothing to go on from
                    state.keep(start, part)
            parts.append(part)
        scores, moved, snapshots = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("scores", "moved", "snapshots")
        )
        return Part({}, scores, moved, snapshots, self.steps)

    def _start(self, numbers: Sequence[int]) -> Part:
        each = [self.recipe.start(self.setup, number) for number in numbers]
        arrays = {name: np.stack([one[name] for one in each]) for name in each[0]}
        count = len(numbers)
        pictures = (*self.setup.size, self.setup.space.channels)
        snapshots = np.zeros((count, len(self.kept), *pictures), np.uint8)
        return Part(arrays, np.zeros((count, self.steps), np.float32), np.zeros(count, bool), snapshots, 0)

    def _step(self, part: Part, numbers: Sequence[int], weights: Optional[np.ndarray]) -> Part:
        step = part.step
        slope = self.first if step < self.recipe.head_start else self.plain
        met: Dict[str, np.ndarray] = {}

        def climb(fed: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
            met["scores"], met["gradients"] = slope(fed, weights)
            finite = np.isfinite(met["scores"]) & np.isfinite(met["gradients"]).all((1, 2, 3))
            if not finite.all():
                first = numbers[int(finite.argmin())]
                raise TargetError(
                    f"the score or its gradient is not finite at step {step}, of picture {first}: "
                    "what is climbed has NaN or infinity in it"
                )
            return met["scores"], met["gradients"]

        arrays = self.recipe.step(self.setup, part.arrays, step, climb)
        part.scores[:, step] = met["scores"]
        if step in self.kept:
            part.snapshots[:, self.kept.index(step)] = self.recipe.pictures(self.setup, arrays)
        return part._replace(arrays=arrays, moved=part.moved | met["gradients"].any((1, 2, 3)), step=step + 1)
