"""What a Keras file is trusted with: it and its configuration are judged before Keras sees them."""

import contextlib
import os
import zipfile
from dataclasses import replace
from typing import Any, ContextManager, Dict, List, Sequence

from .._tf import bounded, h5_file, h5_lock, registered_names
from .._types import KerasLayer, KerasModule
from ..errors import ModelError, UntrustedModel
from ..forks import Died, in_fork
from .keras_code import check_python
from .keras_weights import UNREADABLE, WEIGHTS, h5_of, in_few_words, is_h5
from .options import LoadOptions
from .parts import Parts
from .vetting import Finding, Verdict, error_of, refuse
from .vetting import keras as configurations
from .vetting.containers import FACTOR, FLOOR, read_chunks, vet_h5, vet_zip
from .vetting.graphs import Judged
from .vetting.hdf5_structure import is_sound
from .vetting.keras_structure import MOST_CALLS
from .vetting.keras_structure import check as check_wiring
from .vetting.sizes import MOST_VALUES, fills

_NUMBER = 4  # bytes of a weight's number
_SECONDS, _SPEED = 5, 1e7  # of a processor that reading a file may take, and so many bytes a second


def runs_code(options: LoadOptions) -> bool:
    """Whether the Lambda layers of a file may run."""
    return options.trusted or "Lambda" in (options.allow or ())


def vet_file(path: str, options: LoadOptions) -> None:
    """Judge what a Keras file is made of; raise UntrustedModel for what is refused, ModelError for a damaged one."""
    refuse(path, verdict_of_file(path), options)


def verdict_of_file(path: str) -> Verdict:
    """Return the verdict on a Keras file's parts, its configuration aside; raise ModelError for a damaged one."""
    kind = "an HDF5 file that h5py can read"
    try:
        size = os.path.getsize(path)
        if is_h5(path):
            return _verdict_of_h5(path, path, size)
        kind = "a zip archive that can be read"
        with zipfile.ZipFile(path) as archive:
            verdict, weights = vet_zip(archive, size), WEIGHTS in archive.namelist()
        if weights and not verdict.refused:
            with h5_of(path) as inner:
                return verdict.joined(_verdict_of_h5(path, inner, size))
        return verdict
    except FileNotFoundError:
        raise ModelError(f"{path}: no such file") from None
    except UNREADABLE as error:  # of zipfile and h5py
        raise ModelError(f"{path}: not {kind}, or a damaged one ({in_few_words(error)})") from error


def _verdict_of_h5(path: str, place: str, size: int) -> Verdict:
    """Return the verdict on an HDF5 file, that at a path or a part of it, which lies at a place.

    It is read in a fork, unless all of its structure is understood: a fork of this process costs far more than that.
    Then there is nothing to refuse, but for sizes where it is packed.
    """

    def refused() -> List[Finding]:
        with h5_file(place) as h5:
            verdict = vet_h5(h5, size)
            if not verdict.refused:
                read_chunks(h5)
            return list(verdict.refused)

    if is_sound(place):
        return Verdict() if place == path else Verdict(refused())
    try:
        return Verdict([Finding(*one) for one in in_fork(refused, _SECONDS + size / _SPEED, h5_lock())])
    except Died as error:
        raise ModelError(f"{path}: a damaged HDF5 file, which {error} where it is read") from error


def vet_config(path: str, config: Any, custom: Dict[str, Any], options: LoadOptions, keras3: bool = False) -> List[str]:
    """Judge a configuration that took the caller's functions; return what is said of it.

    Raises UntrustedModel for what is refused, ModelError for code of another Python that would run.
    """
    if runs_code(options):
        check_python(path, config)
    verdict = verdict_of_config(config, [*custom, *registered_names()], keras3)
    left = verdict.allowing(options.allow or ()).refused
    if left and not options.trusted and all(one.why == configurations.UNKNOWN for one in left):
        first = left[0]
        give = f"custom_objects={{{first.allow!r}: {first.allow.rsplit('>', 1)[-1]}}}"
        raise UntrustedModel(f"{path}: it needs {first.what}, which {first.why}: load it with {give}", left)
    return refuse(path, verdict, options)


def verdict_of_config(config: Any, known: Sequence[str] = (), keras3: bool = False) -> Verdict:
    """Return the verdict on a configuration, but for what only training uses of it, which is never read.

    `known` are the names of the caller's own classes and functions.
    """
    return configurations.vet(configurations.without_training(config), known).joined(
        Verdict([*check_wiring(config, keras3)])
    )


def bounds(keras: KerasModule, path: str, options: LoadOptions) -> ContextManager[Any]:
    """Return a context in which a model may have as many weights as the file at a path explains, and calls."""
    if options.trusted:
        return contextlib.ExitStack()
    size = os.path.getsize(path)

    def error(problem: str) -> ModelError:
        return ModelError(
            f"{path}: {problem}, more than a file of {size:,} bytes explains; say trusted=True if it does"
        )

    def check(layer: KerasLayer, count: int) -> None:
        if count > MOST_VALUES:
            finding = Finding(layer.name, f"a {type(layer).__name__}", fills(count * _NUMBER))
            raise UntrustedModel(error_of(path, [finding]), [finding])

    return bounded(keras, max(FLOOR, FACTOR * size) // _NUMBER, MOST_CALLS, error, check)


def with_bound(parts: Parts, options: LoadOptions) -> Parts:
    """Return parts whose graph, which Keras built of a file's configuration, has a bound on the sizes of its tensors.

    Its operations are not judged again: they are what the layers and symbols on the lists are made of.
    """
    return replace(parts, judged=Judged({}, {}, trusted=options.trusted))
