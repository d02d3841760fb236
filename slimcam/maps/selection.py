"""Some maps of several, with their photos."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Sequence

import numpy as np

if TYPE_CHECKING:
    from .maps import Maps


class Selection(Sequence[np.ndarray]):
    """Some photos of several, which are made when they are looked at."""

    def __init__(self, photos: Sequence[np.ndarray], rows: Sequence[int]) -> None:
        self._photos, self._rows = photos, rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, i: Any) -> Any:
        return self._photos[self._rows[i]]


def select(maps: "Maps", which: Any) -> "Maps":
    """Return the maps that a number, a slice, numbers or a mask picks, with their photos; IndexError for none such."""
    rows = np.atleast_1d(np.arange(len(maps))[which])
    if rows.ndim > 1:
        raise IndexError(f"{which!r} picks no maps: give a number, a slice, numbers or a mask")
    used, photo = np.unique(maps.photo[rows], return_inverse=True)
    of_maps: Any = {name: getattr(maps, name)[rows] for name in ("classes", "scores", "finite", "rounding")}
    of_maps["boxes"] = None if maps.boxes is None else maps.boxes[rows]
    of_photos: Any = {name: [getattr(maps, name)[i] for i in used] for name in ("windows", "names")}
    of_maps["details"] = {name: one[rows] for name, one in maps.details.items()}
    of_maps["channels"] = None if maps.channels is None else stack([maps.channels[i] for i in rows])
    raw, photos = stack([maps.raw[i] for i in rows]), Selection(maps.photos, list(used))
    return replace(maps, raw=raw, photos=photos, photo=photo.reshape(-1), **of_maps, **of_photos)


def stack(arrays: Sequence[np.ndarray]) -> Any:
    """Return one array where all have one shape, else the list."""
    return np.stack(arrays) if len({array.shape for array in arrays}) == 1 else list(arrays)
