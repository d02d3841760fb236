"""Tests of a migration: a plugin, which pytest finds wherever slimcam is installed, and an assertion for any test.

    def test_the_maps_are_those_of_the_old_program(golden_maps):
        golden_maps("model.pb", ["cat.jpg", "dog.jpg"])

`pytest --slimcam-record` under the old TensorFlow writes a recording to golden/ beside the test file; `pytest` under
the new one verifies it. `@pytest.mark.tensorflow(">=2.13,<2.16")` skips a test under other versions of TensorFlow.

Every run of pytest imports this module, so it imports nothing heavy until it is used. Python's own library only.
"""

import functools
import hashlib
import os
import re
from typing import Any, Callable, List, Mapping, Optional, Sequence, Tuple, Union

RECORD = "--slimcam-record"
MARK = "tensorflow"
FOLDER = "golden"
LONGEST = 100  # letters of a folder's name; some file systems end at 143


def assert_maps_close(
    a: Any,
    b: Any,
    tolerance: Optional[float] = 2e-5,
    cosine: Optional[float] = None,
    pearson: Optional[float] = None,
    spearman: Optional[float] = None,
    iou: Optional[float] = None,
    peaks: Optional[float] = None,
    classes: bool = True,
    names: Optional[Sequence[Any]] = None,
) -> Any:
    """Assert that the Maps B are those of A, map by map, and return their Comparison.

    `tolerance` bounds the largest difference, as a share of A's largest absolute value; `peaks` the distance between
    the peaks, as a share of the diagonal; None leaves a bound out. `cosine`, `pearson`, `spearman` and `iou` (of the
    top 5, 10 and 20 % of places) are the least that will do. `classes`: they must agree. `names` are for the table.

    Raises AssertionError with the table, ComparisonError for maps that cannot be compared.
    """
    __tracebackhide__ = True
    from .maps.comparison import compare

    found = compare(a, b)
    named = found.named(names)
    bounds = (
        ("relative", tolerance, "tolerance", +1),
        ("peaks", peaks, "peaks", +1),
        ("cosine", cosine, "cosine", -1),
        ("pearson", pearson, "pearson", -1),
        ("spearman", spearman, "spearman", -1),
        ("iou5", iou, "iou", -1),
        ("iou10", iou, "iou", -1),
        ("iou20", iou, "iou", -1),
    )
    failures = [
        _beyond(figure, getattr(found, figure), f"{bound}={limit:g}", sign * limit, sign, named)
        for figure, limit, bound, sign in bounds
        if limit is not None
    ]
    if classes and not found.agrees.all():
        differ = [name for name, agrees in zip(named, found.agrees) if not agrees]
        failures.append(f"the class differs in {len(differ)} of {len(found)} maps: {', '.join(differ)}")
    if any(failures):
        raise AssertionError("\n".join(["the maps are not close:", *filter(None, failures), "", found.table(names)]))
    return found


def _beyond(figure: str, values: Any, bound: str, limit: float, sign: int, names: Sequence[str]) -> str:
    """Return a line on the worst of the values that are beyond a limit, "" if none is: below it where `sign` is -1."""
    over = sign * values - limit
    if not (over > 0).any():
        return ""
    worst = int(over.argmax())
    return (
        f"{figure} {values[worst]:.6g} of map {names[worst]} is {'above' if sign > 0 else 'below'} {bound} "
        f"by {over[worst]:.3g}; so it is in {(over > 0).sum()} of {len(over)} maps"
    )


def pytest_addoption(parser: Any) -> None:
    """Add --slimcam-record."""
    group = parser.getgroup("slimcam", "slimcam: class activation maps")
    group.addoption(
        RECORD,
        action="store_true",
        dest="slimcam_record",
        help=f"Let golden_maps record what models give, to {FOLDER}/ beside the test file, where it else verifies it.",
    )


def pytest_configure(config: Any) -> None:
    """Make the marker known."""
    about = f'{MARK}(versions): run under these versions of TensorFlow only, ">=2.13,<2.16" say; under any without them'
    config.addinivalue_line("markers", about)
    config.slimcam_recorded = []


def pytest_collection_modifyitems(items: List[Any]) -> None:
    """Skip tests that are marked for another TensorFlow."""
    import pytest

    for item in items:
        for mark in item.iter_markers(MARK):
            try:
                why = why_not(mark.args, mark.kwargs)
            except ValueError as error:
                raise pytest.UsageError(f"{item.nodeid}: @pytest.mark.{MARK}: {error}") from error
            if why:
                item.add_marker(pytest.mark.skip(reason=why))


def pytest_terminal_summary(terminalreporter: Any, config: Any) -> None:
    """List what was recorded."""
    if config.slimcam_recorded:
        terminalreporter.write_sep("=", "slimcam recorded")
        for folder in config.slimcam_recorded:
            terminalreporter.write_line(os.path.relpath(folder))


def why_not(args: Tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    """Return why a test with this marker is skipped, "" if it is not; raise ValueError for what is no range."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    if kwargs or len(args) > 1 or not all(isinstance(one, str) for one in args):
        given = ", ".join([*map(repr, args), *(f"{key}={value!r}" for key, value in kwargs.items())])
        raise ValueError(f'({given}) is not a range of versions: give one string, ">=2.13,<2.16" say')
    wanted = args[0] if args else ""
    try:
        versions = SpecifierSet(wanted)
    except InvalidSpecifier as error:
        raise ValueError(f'{wanted!r} is not a range of versions, as ">=2.13,<2.16" is ({error})') from error
    found = tensorflow_version()
    if found is None:
        return f"needs TensorFlow{wanted and ' ' + wanted}, and none is installed"
    return "" if versions.contains(found, prereleases=True) else f"needs TensorFlow {wanted}, and this is {found}"


@functools.lru_cache(maxsize=None)
def tensorflow_version() -> Optional[str]:
    """Return the version that TensorFlow was installed as, without importing it if that can be; None without one."""
    try:
        from importlib import metadata
    except ImportError:  # Python 3.7, where pytest brings the backport
        import importlib_metadata as metadata  # type: ignore[no-redef]
    from ._packages import DISTRIBUTIONS

    for name in DISTRIBUTIONS["tensorflow"]:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    try:
        from ._tf import tf
    except ImportError:
        return None
    return str(tf.__version__)


def _fixture(function: Callable) -> Callable:
    """Make a fixture of a function; where there is no pytest, assert_maps_close is of use still."""
    try:
        import pytest
    except ImportError:
        return function
    return pytest.fixture(function)


@_fixture
def golden_maps(request: Any) -> "GoldenMaps":
    """Verify what a model gives against a recording beside the test, or write it: see GoldenMaps."""
    return GoldenMaps(request)


class GoldenMaps:
    """`golden_maps(model, photos, ...)` verifies a recording; under --slimcam-record it writes that first.

    `recording` says which it is, for tests in which the old program's model and the new one are two.
    """

    def __init__(self, request: Any) -> None:
        self._node, self._config = request.node, request.config
        self.recording = bool(self._config.getoption("slimcam_record"))

    def __call__(
        self,
        model: Any,
        photos: Any,
        layers: Union[str, Sequence[Any], Mapping[str, str], None] = None,
        target: Any = None,
        dialect: str = "paper",
        method: Optional[str] = None,
        engine: str = "graph",
        tolerances: Optional[Mapping[str, float]] = None,
        name: Optional[str] = None,
        **load_options: Any,
    ) -> Any:
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
        from .migration import golden

        asked = list(layers) if isinstance(layers, Mapping) else layers
        if self.recording and folder not in self._config.slimcam_recorded:
            migration.record(model, photos, folder, asked, target, dialect, method, engine, **load_options)
            self._config.slimcam_recorded.append(folder)
            return None
        recorded = golden.read(folder)
        other = _asked_otherwise(recorded, asked, target, dialect, method)
        if other:
            raise AssertionError(f"the recording {folder} {other}: record again by {again}, or ask for what it is")
        renamed = layers if isinstance(layers, Mapping) else None
        report = migration.verify(recorded, model, photos, renamed, tolerances, engine, **load_options)
        if not report.passed:
            raise AssertionError(f"{report.table()}\n\nrecording: {folder}\nif the change is meant: {again}")
        return report

    def folder(self, name: Optional[str] = None) -> str:
        """Return the folder of a recording: golden/MODULE/TEST-PARAMETERS beside the test file."""
        path = os.fspath(getattr(self._node, "path", None) or self._node.fspath)
        owners = [one.name for one in self._node.listchain() if type(one).__name__ == "Class"]
        test = file_safe(name or ".".join([*owners, self._node.name]))
        return os.path.join(os.path.dirname(path), FOLDER, os.path.splitext(os.path.basename(path))[0], test)


def file_safe(name: str) -> str:
    """Return the name of a test as that of a folder: test_maps[inception] as test_maps-inception.

    Where more than brackets had to go, some of its sha256 keeps it apart from others.
    """
    plain = re.sub(r"\[(.*)\]$", r"-\1", name, flags=re.S)
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "_", plain)
    if safe == plain and len(safe) <= LONGEST and not safe.startswith(".") and not safe.endswith("."):
        return safe
    return f"{safe[:LONGEST].strip('.')}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _asked_otherwise(recorded: Any, layers: Any, target: Any, dialect: str, method: Optional[str]) -> str:
    """Return in what a recording is not what a test asks for, "" if it is; targets are compared by classes' numbers."""
    from .maps.dialects import find_dialect
    from .targets import as_json

    method = method or find_dialect(dialect).method
    names = [layers] if isinstance(layers, str) else list(layers or ())
    held = [layer.name for layer in recorded.layers]
    told = as_json.to_json(target)
    if recorded.dialect != dialect:
        return f"is of dialect {recorded.dialect!r}, not {dialect!r}"
    if recorded.method != method:
        return f"is of method {recorded.method!r}, not {method!r}"
    if names and all(isinstance(one, str) for one in names) and sorted(names) != sorted(held):
        return f"is of the layers {', '.join(held)}, not {', '.join(names)}"
    if _is_of_numbers(told) and told != recorded.target:
        return f"is of the target {recorded.target}, not {told}"
    return ""


def _is_of_numbers(told: Any) -> bool:
    """Tell whether a target, as golden.json has it, is of classes by their numbers: labels are recorded as those."""
    if isinstance(told, list):
        return all(map(_is_of_numbers, told))
    if told is None or "top" in told:
        return True
    classes = [told["class"]] if "class" in told else [one for one, _ in told.get("sum", ())]
    return bool(classes) and all(isinstance(one, int) for one in classes)
