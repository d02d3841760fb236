"""Assertions for the tests of a migration.

    def test_the_maps_are_those_of_the_old_program(golden_maps):
        golden_maps("model.pb", ["cat.jpg", "dog.jpg"])

`pytest --slimcam-record` under the old TensorFlow writes a recording to golden/ beside the test file; `pytest` under
the new one verifies it. `@pytest.mark.tensorflow(">=2.13,<2.16")` skips a test under other versions of TensorFlow.

slimcam's pytest plugin, which every run of pytest imports, imports this module: it imports nothing heavy until it is
used, and not pytest, without which assert_maps_close is of use still.
"""

import os
import re
from typing import TYPE_CHECKING, Any, List, Mapping, Optional, Sequence, Tuple, Union

from .files.digests import digest

if TYPE_CHECKING:
    import numpy as np

    from ._types import ImagesLike, ModelLike, TargetLike, TensorLike
    from .maps.comparison import Comparison
    from .maps.maps import Maps
    from .migration import Verification
    from .migration.golden import Golden

RECORD = "--slimcam-record"
FOLDER = "golden"
LONGEST = 100  # letters of a folder's name; some file systems end at 143


def assert_maps_close(
    a: "Maps",
    b: "Maps",
    tolerance: Optional[float] = 2e-5,
    cosine: Optional[float] = None,
    pearson: Optional[float] = None,
    spearman: Optional[float] = None,
    iou: Optional[float] = None,
    peaks: Optional[float] = None,
    classes: bool = True,
    names: Optional[Sequence[Any]] = None,
) -> "Comparison":
    """Assert that the Maps B are those of A, map by map, and return their Comparison.

    `tolerance` bounds the largest difference, as a share of A's largest absolute value; `peaks` the distance between
    the peaks, as a share of the diagonal; None leaves a bound out. `cosine`, `pearson`, `spearman` and `iou` (of the
    top 5, 10 and 20 % of places) are the least that will do. `classes`: they must agree. `names` are for the table.

    Raises AssertionError with the table, ComparisonError for maps that cannot be compared.
    """
    __tracebackhide__ = True
    from .maps.comparison import compare

    comparison = compare(a, b)
    labels = comparison.map_names(names)
    bounds = (
        ("relative", tolerance, "tolerance", +1),
        ("peaks", peaks, "peaks", +1),
        ("cosine", cosine, "cosine", -1),
        ("pearson", pearson, "pearson", -1),
        ("spearman", spearman, "spearman", -1),
        *((f"iou{top}", iou, "iou", -1) for top in (5, 10, 20)),
    )
    failures = _beyond(comparison, bounds, labels)
    if classes:
        failures.append(_differing_classes(comparison, labels))
    if any(failures):
        lines = ["the maps are not close:", *filter(None, failures), "", comparison.table(names)]
        raise AssertionError("\n".join(lines))
    return comparison


def _beyond(
    comparison: "Comparison", bounds: Sequence[Tuple[str, Optional[float], str, int]], labels: Sequence[str]
) -> List[str]:
    """Return a line for each bound: figure, limit, its name, and 1 for a most, -1 for a least; "" where it is kept."""
    return [
        _worst(figure, getattr(comparison, figure), f"{bound}={limit:g}", sign * limit, sign, labels)
        for figure, limit, bound, sign in bounds
        if limit is not None
    ]


def _differing_classes(comparison: "Comparison", labels: Sequence[str]) -> str:
    """Return the line of maps whose classes differ, "" where none does."""
    differ = [label for label, agrees in zip(labels, comparison.agrees) if not agrees]
    return f"the class differs in {len(differ)} of {len(comparison)} maps: {', '.join(differ)}" if differ else ""


def _worst(figure: str, values: "np.ndarray", bound: str, limit: float, sign: int, labels: Sequence[str]) -> str:
    """Return a line on the worst of the values that are beyond a limit, "" if none is: below it where `sign` is -1."""
    over = sign * values - limit
    if not (over > 0).any():
        return ""
    worst = int(over.argmax())
    return (
        f"{figure} {values[worst]:.6g} of map {labels[worst]} is {'above' if sign > 0 else 'below'} {bound} "
        f"by {over[worst]:.3g}; so it is in {(over > 0).sum()} of {len(over)} maps"
    )


class GoldenMaps:
    """`golden_maps(model, photos, ...)` verifies a recording; under --slimcam-record it writes that first.

    `recording` says which it is, for tests in which the old program's model and the new one are two.
    """

    def __init__(self, request: Any) -> None:
        """Take the pytest request of the test that asks for the fixture."""
        self._node, self._config = request.node, request.config
        self.recording = bool(self._config.getoption("slimcam_record"))

    def __call__(
        self,
        model: "ModelLike",
        photos: "ImagesLike",
        layers: Union["TensorLike", Sequence["TensorLike"], Mapping[str, str], None] = None,
        target: "TargetLike" = None,
        dialect: str = "paper",
        method: Optional[str] = None,
        engine: str = "graph",
        tolerances: Optional[Mapping[str, float]] = None,
        name: Optional[str] = None,
        **load_options: Any,
    ) -> "Optional[Verification]":
        """Record, or verify and return the Verification; the arguments are those of slimcam.record and slimcam.verify.

        `layers` is what to record, or maps the recorded names to the model's. `name` takes the place of the test's in
        the recording's path; calls with one path share a recording, which the first of a run writes.

        Raises AssertionError where the model gives something else than was recorded, or the test asks for something
        else, and without a recording; GoldenError for a recording that cannot be read or is of other photos.
        """
        __tracebackhide__ = True
        folder, again = self.folder(name), f"pytest {RECORD} {self._node.nodeid!r}"
        if not self.recording and not os.path.isdir(folder):
            raise AssertionError(f"there is no recording {folder}: write it, with the old program's model, by {again}")
        from . import migration

        renamed = layers if isinstance(layers, Mapping) else None
        names = list(layers) if isinstance(layers, Mapping) else layers
        if self.recording and folder not in self._config.slimcam_recordings:
            migration.record(
                model, photos, folder, names, target, dialect, method, engine, overwrite=True, **load_options
            )
            self._config.slimcam_recordings.append(folder)
            return None
        recording = _read_recording(folder, again, names, target, dialect, method)
        report = migration.verify(recording, model, photos, renamed, tolerances, engine, **load_options)
        if not report.passed:
            raise AssertionError(f"{report.table()}\n\nrecording: {folder}\nif the change is meant: {again}")
        return report

    def folder(self, name: Optional[str] = None) -> str:
        """Return the folder of a recording: golden/MODULE/TEST-PARAMETERS beside the test file."""
        path = os.fspath(getattr(self._node, "path", None) or self._node.fspath)
        owners = [one.name for one in self._node.listchain() if type(one).__name__ == "Class"]
        test = folder_name(name or ".".join([*owners, self._node.name]))
        return os.path.join(os.path.dirname(path), FOLDER, os.path.splitext(os.path.basename(path))[0], test)


def folder_name(test: str) -> str:
    """Return the name of a test as that of a folder: test_maps[inception] as test_maps-inception.

    Where more than brackets had to go, some of its sha256 keeps it apart from others.
    """
    plain = re.sub(r"\[(.*)\]$", r"-\1", test, flags=re.S)
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "_", plain)
    if safe == plain and len(safe) <= LONGEST and not safe.startswith(".") and not safe.endswith("."):
        return safe
    return f"{safe[:LONGEST].strip('.')}-{digest(test.encode())[:8]}"


def _read_recording(folder: str, again: str, *asked: Any) -> "Golden":
    """Read a recording; raise AssertionError where it is not what is `asked` for, as _mismatch takes that."""
    from .migration import golden

    recording = golden.read(folder)
    mismatch = _mismatch(recording, *asked)
    if mismatch:
        raise AssertionError(f"the recording {folder} {mismatch}: record again by {again}, or ask for what it is")
    return recording


def _mismatch(
    recording: "Golden",
    layers: Union["TensorLike", Sequence["TensorLike"], None],
    target: "TargetLike",
    dialect: str,
    method: Optional[str],
) -> str:
    """Return in what a recording is not what a test asks for, "" if it is; targets are compared by classes' numbers."""
    from .maps.dialects import find_dialect
    from .targets import as_json

    method = method or find_dialect(dialect).method
    names: List[Any] = [layers] if isinstance(layers, str) else list(layers or ())
    recorded_names = [layer.name for layer in recording.layers]
    target_json = as_json.to_json(target)
    if recording.dialect != dialect:
        return f"is of dialect {recording.dialect!r}, not {dialect!r}"
    if recording.method != method:
        return f"is of method {recording.method!r}, not {method!r}"
    if names and all(isinstance(one, str) for one in names) and sorted(names) != sorted(recorded_names):
        return f"is of the layers {', '.join(recorded_names)}, not {', '.join(names)}"
    if _is_of_numbers(target_json) and target_json != recording.target:
        return f"is of the target {recording.target}, not {target_json}"
    return ""


def _is_of_numbers(target: Any) -> bool:
    """Tell whether a target, as golden.json has it, is of classes by their numbers: labels are recorded as those."""
    if isinstance(target, list):
        return all(map(_is_of_numbers, target))
    if target is None or "top" in target:
        return True
    classes = [target["class"]] if "class" in target else [one for one, _ in target.get("sum", ())]
    return bool(classes) and all(isinstance(one, int) for one in classes)
