"""Kind: arrays in .npy files, which hold= and targets read."""

import io
from random import Random
from typing import Any, Dict

import numpy as np

from slimcam import GradCAM
from slimcam.targets.as_text import read_hold

from .case import Case
from .documents import whole
from .mutations import damage
from .runs import PHOTO, Came, loaded

LAYER = "relu1"


def bases() -> Dict[str, Case]:
    """Return an array that takes the place of a layer."""
    array = np.random.RandomState(0).uniform(size=(1, 8, 8, 4)).astype(np.float32)
    memory = io.BytesIO()
    np.save(memory, array)
    return {"hold": Case({**whole().files, "hold.npy": memory.getvalue()}, "model.pb", {}, "hold")}


def mutate(random: Random, case: Case) -> Case:
    """Change bytes, the header's text, or the array."""
    data = case.files["hold.npy"]
    if random.random() < 0.4:
        return case.with_file("hold.npy", *damage(random, data))
    if random.random() < 0.5:
        old, new = random.choice(
            (
                *((b"<f4", b"|O8"), (b"<f4", b">f4"), (b"<f4", b"<U9"), (b"<f4", b"<i4"), (b"<f4", b"<f2")),
                *(
                    (b"(1, 8, 8, 4)", b"(9, 9**9**9,)"),
                    (b"(1, 8, 8, 4)", b"(99999999,) "),
                    (b"(1, 8, 8, 4)", b"(-1, 8, 8,) "),
                ),
                *((b"False", b"True "), (b"'descr'", b"'descx'"), (b"(1, 8, 8, 4)", b"()          "), (b"{", b"[")),
            )
        )
        return case.with_file("hold.npy", data.replace(old, new), f"{new.decode()} for {old.decode()}")
    array = np.load(io.BytesIO(data))
    made = random.choice(
        (
            array[..., :2],
            array[0],
            np.full_like(array, np.nan),
            array.astype(np.int64),
            array.astype(complex),
            array[:0],
        )
    )
    memory = io.BytesIO()
    np.save(memory, made)
    return case.with_file("hold.npy", memory.getvalue(), f"{made.dtype} {made.shape}")


_MODEL: Dict[str, Any] = {}


def explain(path: str, options: Dict[str, Any]) -> Came:
    """Explain a photo with the array held in the place of a layer, by a model that is loaded once."""
    if not _MODEL:
        _MODEL["model"] = loaded(path, {"preprocess": "squash"})
    model = _MODEL["model"]
    name, array = read_hold(model, f"{LAYER}=hold.npy")
    maps = GradCAM(model, "relu2", 0, hold={name: array})([PHOTO])
    return Came({"raw": maps.raw, "scores": maps.scores}, [], bool(maps.finite.all()))


def truth(path: str, case: Case, came: Came) -> bool:
    """Whether NumPy reads an array of the layer's shape from the file: then any map is that array's."""
    array = np.load(io.BytesIO(case.files["hold.npy"]), allow_pickle=False)
    return array.shape == (1, 8, 8, 4) or array.shape == (8, 8, 4)
