"""What pytest finds wherever slimcam is installed: the fixture golden_maps, --slimcam-record, and a marker.

Every run of pytest imports this module, so it imports nothing heavy until it is used.
"""

import functools
import os
from typing import Any, List, Mapping, Optional, Tuple

import pytest

from ._packages import installed_version
from .testing import FOLDER, RECORD, GoldenMaps

MARK = "tensorflow"


def pytest_addoption(parser: "pytest.Parser") -> None:
    """Add --slimcam-record."""
    group = parser.getgroup("slimcam", "slimcam: class activation maps")
    group.addoption(
        RECORD,
        action="store_true",
        dest="slimcam_record",
        help=f"Make golden_maps write recordings to {FOLDER}/ next to the test file instead of verifying them.",
    )


def pytest_configure(config: Any) -> None:
    """Register the marker, and start the list of recordings."""
    about = f'{MARK}(versions): run under these versions of TensorFlow only, ">=2.13,<2.16" say; under any without them'
    config.addinivalue_line("markers", about)
    config.slimcam_recordings = []


def pytest_collection_modifyitems(items: "List[pytest.Item]") -> None:
    """Skip tests that are marked for another TensorFlow."""
    for item in items:
        for mark in item.iter_markers(MARK):
            try:
                reason = skip_reason(mark.args, mark.kwargs)
            except ValueError as error:
                raise pytest.UsageError(f"{item.nodeid}: @pytest.mark.{MARK}: {error}") from error
            if reason:
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_terminal_summary(terminalreporter: Any, config: Any) -> None:
    """List the recordings of this run."""
    if config.slimcam_recordings:
        terminalreporter.write_sep("=", "slimcam recorded")
        for folder in config.slimcam_recordings:
            terminalreporter.write_line(os.path.relpath(folder))


@pytest.fixture
def golden_maps(request: "pytest.FixtureRequest") -> GoldenMaps:
    """Verify what a model gives against a recording beside the test, or write it: see slimcam.testing.GoldenMaps."""
    return GoldenMaps(request)


def skip_reason(args: Tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    """Return why a test with this marker is skipped, "" if it is not; raise ValueError for what is no range."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    if kwargs or len(args) > 1 or not all(isinstance(one, str) for one in args):
        arguments = ", ".join([*map(repr, args), *(f"{key}={value!r}" for key, value in kwargs.items())])
        raise ValueError(f'({arguments}) is not a range of versions: give one string, ">=2.13,<2.16" say')
    text = args[0] if args else ""
    try:
        versions = SpecifierSet(text)
    except InvalidSpecifier as error:
        raise ValueError(f'{text!r} is not a range of versions, as ">=2.13,<2.16" is ({error})') from error
    version = tensorflow_version()
    if version is None:
        return f"needs TensorFlow{text and ' ' + text}, and none is installed"
    return "" if versions.contains(version, prereleases=True) else f"needs TensorFlow {text}, and this is {version}"


@functools.lru_cache(maxsize=None)
def tensorflow_version() -> Optional[str]:
    """Return the version that TensorFlow was installed as, without importing it if that can be; None without one."""
    version = installed_version("tensorflow")
    if version is None:
        try:
            from ._tf import tf
        except ImportError:
            return None
        version = str(tf.__version__)
    return version
