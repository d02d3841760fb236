"""Some photos of several."""

from typing import Any, Sequence

import numpy as np


class Selection(Sequence[np.ndarray]):
    """Some photos of several, which are made when they are looked at."""

    def __init__(self, photos: Sequence[np.ndarray], rows: Sequence[int]) -> None:
        self._photos, self._rows = photos, rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, i: Any) -> Any:
        return self._photos[self._rows[i]]
