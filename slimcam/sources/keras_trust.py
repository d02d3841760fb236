"""What a Keras file is trusted with: it and its configuration are judged before Keras sees them."""

import contextlib
import os
import zipfile
from typing import Any, ContextManager, Dict, List, Sequence

from .._tf import bounded, h5_file, registered_names
from .._types import KerasModule
from ..errors import ModelError, UntrustedModel
from .keras_code import check_python
from .options import LoadOptions
from .vetting import Verdict, refuse
from .vetting import keras as configurations
from .vetting.containers import FACTOR, FLOOR, vet_h5, vet_zip
from .vetting.keras_structure import MOST_CALLS, check

_HDF5 = b"\x89HDF\r\n\x1a\n"
_NUMBER = 4  # bytes of a weight's number


def runs_code(options: LoadOptions) -> bool:
    """Whether the Lambda layers of a file may run."""
    return options.trusted or "Lambda" in (options.allow or ())


def vet_file(path: str, options: LoadOptions) -> None:
    """Judge what a Keras file is made of; raise UntrustedModel for what is refused, ModelError for a damaged one."""
    if not options.trusted:
        refuse(path, verdict_of_file(path), options)


def verdict_of_file(path: str) -> Verdict:
    """Return the verdict on a Keras file's parts, its configuration aside; raise ModelError for a damaged one."""
    try:
        size = os.path.getsize(path)
        with open(path, "rb") as file:
            start = file.read(len(_HDF5))
        if start == _HDF5:
            with h5_file(path) as h5:
                return vet_h5(h5, size)
        with zipfile.ZipFile(path) as archive:
            return vet_zip(archive, size)
    except FileNotFoundError:
        raise ModelError(f"{path}: no such file") from None
    except zipfile.BadZipFile as error:
        raise ModelError(f"{path}: not a zip archive that can be read, or a damaged one ({error})") from error
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError) as error:  # of h5py
        raise ModelError(f"{path}: not an HDF5 file that h5py can read, or a damaged one ({error})") from error


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
    """Return the verdict on a configuration; `known` are the names of the caller's own classes and functions."""
    return configurations.vet(config, known).joined(Verdict(list(check(config, keras3))))


def bounds(keras: KerasModule, path: str, options: LoadOptions) -> ContextManager[Any]:
    """Return a context in which a model may have as many weights as the file at a path explains, and calls."""
    if options.trusted:
        return contextlib.ExitStack()
    size = os.path.getsize(path)

    def error(problem: str) -> ModelError:
        return ModelError(
            f"{path}: {problem}, more than a file of {size:,} bytes explains; say trusted=True if it does"
        )

    return bounded(keras, max(FLOOR, FACTOR * size) // _NUMBER, MOST_CALLS, error)
