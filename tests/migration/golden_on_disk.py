"""A recording of made-up numbers, and ways to damage it."""

import dataclasses
import hashlib
import json
import os

import numpy as np

from slimcam.migration import golden

PHOTOS, SIDE, CHANNELS, CLASSES = 2, 3, 4, 6


def make_golden(seed=0, **changed):
    """Return a recording of two photos and one layer, of seeded numbers."""
    random = np.random.RandomState(seed)
    layer = golden.Layer(
        name="maps",
        shape=(PHOTOS, SIDE, SIDE, CHANNELS),
        dtype="float32",
        classes=np.array([1, 5]),
        scores=np.array([0.5, 2.0], np.float32),
        places=np.arange(0, PHOTOS * SIDE * SIDE * CHANNELS, 2),
        sample=random.normal(size=PHOTOS * SIDE * SIDE * CHANNELS // 2).astype(np.float32),
        gradients=random.normal(size=(PHOTOS, SIDE, SIDE, CHANNELS)).astype(np.float32),
        maps=random.normal(size=(PHOTOS, SIDE, SIDE)).astype(np.float32),
        **{name: random.normal(size=CHANNELS) for name in ("mean", "deviation", "smallest", "largest")},
    )
    whole = golden.Golden(
        made_by={"python": "3.7.16", "tensorflow": "1.15.5", "slimcam": "0.1.0"},
        model={"source": "old.pb", "sha256": "0" * 64, "dtype": "float32", "classes": CLASSES},
        photos=[{"name": f"{i}.png", "sha256": str(i) * 64, "size": [9, 9]} for i in range(PHOTOS)],
        target=None,
        dialect="paper",
        method="gradcam",
        engine="graph",
        inputs=random.normal(size=(PHOTOS, 9, 9, 3)).astype(np.float16),
        logits=np.eye(CLASSES, dtype=np.float32)[[1, 5]] + np.linspace(0.5, 0, CLASSES, dtype=np.float32),
        top_classes=np.array([[1, 0, 2, 3, 4], [5, 0, 1, 2, 3]]),
        layers=[layer],
    )
    return dataclasses.replace(whole, **changed)


def edit_header(folder, **changed):
    """Change keys of golden.json ("nothing" takes one out), and return all that it says."""
    path = os.path.join(folder, "golden.json")
    with open(path, encoding="utf-8") as file:
        header = json.load(file)
    header.update(changed)
    with open(path, "w", encoding="utf-8") as file:
        json.dump({key: value for key, value in header.items() if value != "nothing"}, file)
    return header


def pack(folder, changes, lists=()):
    """Replace arrays of golden.npz (None takes one out) and its sha256; golden.json lists those of `lists` anew."""
    path = os.path.join(folder, "golden.npz")
    with np.load(path) as packed:
        arrays = {**packed, **changes}
    arrays = {name: array for name, array in arrays.items() if array is not None}
    np.savez(path, **arrays)
    overwrite(folder, open_bytes(path))
    npz = edit_header(folder)["npz"]
    for name in lists:
        npz["arrays"].pop(name)
        if name in arrays:
            npz["arrays"][name] = {"dtype": arrays[name].dtype.name, "shape": list(arrays[name].shape)}
    edit_header(folder, npz=npz)


def open_bytes(path):
    with open(path, "rb") as file:
        return file.read()


def overwrite(folder, data, listed=True):
    """Write golden.npz, and, unless it is to look damaged, its sha256 and size to golden.json."""
    with open(os.path.join(folder, "golden.npz"), "wb") as file:
        file.write(data)
    if listed:
        npz = {**edit_header(folder)["npz"], "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        edit_header(folder, npz=npz)
