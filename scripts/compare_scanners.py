"""Print what `slimcam vet` and ModelScan say of the same files, harmful and harmless, as the table of docs/security.md.

    python scripts/compare_scanners.py /path/to/bin/modelscan [FOLDER_OF_HARMLESS_FILES ...]

The first is the program of ModelScan 0.8.8, in an environment of its own:
`pip install "modelscan[tensorflow,h5py]==0.8.8"`.
Python runs this with the tests' requirements beside slimcam. What is made lies in a temporary folder.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from typing import Callable, Dict, Iterator, NamedTuple, Set

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [ROOT, os.path.join(ROOT, "tests")]

import tensorflow.compat.v1 as tf1  # noqa: E402
import tf_keras  # noqa: E402
from fixtures import harmful  # noqa: E402
from tabulate import tabulate  # noqa: E402

import slimcam  # noqa: E402
from slimcam._tf import keras3  # noqa: E402
from slimcam.sources.verdicts import vet  # noqa: E402


class Case(NamedTuple):
    """A file or folder, what is in it, and whether it would do more than compute."""

    path: str
    kind: str
    holds: str
    harmful: bool


def cases(top: str) -> Iterator[Case]:
    """Make the files below a folder."""

    def made(kind: str, holds: str, make: Callable[..., str], harms: bool = True) -> Case:
        folder = tempfile.mkdtemp(dir=top)
        return Case(make(holds, folder), kind, holds, harms)

    for name in harmful.GRAPHS:
        yield made("frozen .pb", name, harmful.frozen)
        yield made("saved_model.pb", name, harmful.saved_model)
    yield made("saved_model.pbtxt", "WriteFile", lambda name, folder: harmful.saved_model(name, folder, True))
    for name in harmful.LAYERS:
        yield made(".h5", name, harmful.keras_h5)
        yield made(".keras", name, harmful.keras_zip)
    yield made("manifest.json", "a function of the host", harmful.manifest)
    for kind, make in HARMLESS.items():
        yield made(kind, "a net", make, False)


def _text(name: str, folder: str) -> str:
    return harmful.saved_model(name, folder, True)


def _of_slim(net: str) -> Callable[[str, str], str]:
    def write(_: str, folder: str) -> str:
        path = os.path.join(folder, f"{net}.pb")
        with tf1.Graph().as_default() as graph:
            row = slimcam.nets.NETS[net]
            row.build(tf1.placeholder(tf1.float32, [None, row.size, row.size, 3]), 10)
        with open(path, "wb") as file:
            file.write(graph.as_graph_def().SerializeToString())
        return path

    return write


def _application(keras: object, suffix: str) -> Callable[[str, str], str]:
    def write(_: str, folder: str) -> str:
        path = os.path.join(folder, f"mobilenet{suffix}")
        keras.applications.MobileNet(weights=None).save(path)  # type: ignore[attr-defined]
        return path

    return write


HARMLESS: Dict[str, Callable[[str, str], str]] = {
    "frozen .pb": harmful.frozen,
    "saved_model.pb": harmful.saved_model,
    "saved_model.pbtxt": _text,
    ".h5": harmful.keras_h5,
    ".keras": harmful.keras_zip,
    "MobileNet of Keras 2, .h5": _application(tf_keras, ".h5"),
    "MobileNet of Keras 2, .keras": _application(tf_keras, ".keras"),
    "MobileNet of Keras 2, SavedModel": _application(tf_keras, ""),
    "MobileNet of Keras 3, .h5": _application(keras3(), ".h5"),
    "MobileNet of Keras 3, .keras": _application(keras3(), ".keras"),
}


def of_modelscan(program: str, top: str) -> Set[str]:
    """Return the files below a folder that ModelScan finds an issue in, or cannot read."""
    report = os.path.join(top, "modelscan.json")
    subprocess.run([program, "-p", top, "-r", "json", "-o", report], stdout=subprocess.DEVNULL, check=False)
    with open(report) as file:
        issues = json.load(file)["issues"]
    return {os.path.join(top, issue["source"].split(":")[0]) for issue in issues}


def main(program: str, *harmless: str) -> None:
    """Print a row for each file, and how many each scanner caught, missed and accused falsely."""
    with tempfile.TemporaryDirectory() as top:
        every = list(cases(top))
        for folder in harmless:
            for name in sorted(os.listdir(folder)):
                if os.path.splitext(name)[1] in (".pb", ".h5", ".keras"):
                    place = os.path.join(tempfile.mkdtemp(dir=top), name)
                    shutil.copy(os.path.join(folder, name), place)
                    every.append(Case(place, name, "a published model", False))
        named = of_modelscan(program, top)
        rows, counts = [], Counter()  # type: ignore[var-annotated]
        for case in every:
            says = bool(vet(case.path).refused), any(path.startswith(case.path) for path in named)
            words = [
                ("caught" if said else "missed") if case.harmful else ("false alarm" if said else "ok") for said in says
            ]
            rows.append([case.kind, case.holds, *words])
            counts.update(zip(("slimcam", "ModelScan"), words))
    print(tabulate(rows, ["file", "holds", "slimcam", "ModelScan"], tablefmt="github"))
    for who in ("slimcam", "ModelScan"):
        print(
            f"{who}: " + ", ".join(f"{counts[who, word]} {word}" for word in ("caught", "missed", "false alarm", "ok"))
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
