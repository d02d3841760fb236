"""How a case ended; the package's docstring says what each outcome means."""

import os
import shutil
import traceback
from typing import Callable, Dict, NamedTuple, Optional, Tuple

import numpy as np

from slimcam.errors import SlimcamError

from .case import Case, listing
from .kinds import KINDS, allowing, bases
from .runs import Came, same

FAILURES = "raw", "crash", "hang", "silent"
OUTCOMES = ("refused", "same", "said", *FAILURES)
LONGEST = 500  # characters of an error's line


class Outcome(NamedTuple):
    """How a case ended, and where or why in a few words."""

    name: str
    detail: str = ""


_WHOLE: Dict[Tuple[str, str], Optional[Came]] = {}


def judge(kind: str, case: Case, folder: str, before_truth: Callable[[], None] = lambda: None) -> Outcome:
    """Run a case in a folder that is made for it and removed; `before_truth` is called before TensorFlow is asked."""
    whole = came_of_base(kind, case.base, folder)
    try:
        came, outcome = _run(kind, case, folder)
        if came is None or outcome.name == "silent":
            return outcome
        lie = KINDS[kind].lie(case, came)
        if lie:
            return Outcome("silent", lie)
        if came.finite and not all(
            np.isfinite(came.numbers[key]).all() for key in ("raw", "scores") if key in came.numbers
        ):
            return Outcome("silent", "NaN or infinity in maps that call themselves finite")
        if whole is not None and same(came, whole):
            return Outcome("same")
        if KINDS[kind].checked:
            return Outcome("silent", "other maps, from files with checksums")
        return _of_difference(kind, case, came, whole, before_truth)
    finally:
        os.chdir("/")
        shutil.rmtree(folder, ignore_errors=True)


def came_of_base(kind: str, base: str, folder: str) -> Optional[Came]:
    """Return what comes of a whole one, None where it is refused or this TensorFlow does not write it."""
    key = kind, base
    if key not in _WHOLE:
        _WHOLE[key] = None
        whole = bases(kind).get(base) or allowing(kind).get(base)
        if whole is not None:
            try:
                _WHOLE[key], outcome = _run(kind, whole, folder)
                assert outcome.name not in FAILURES, f"{kind} {base}, unchanged: {outcome}"
            finally:
                os.chdir("/")
                shutil.rmtree(folder, ignore_errors=True)
    return _WHOLE[key]


def _run(kind: str, case: Case, folder: str) -> Tuple[Optional[Came], Outcome]:
    """Write and run a case in its folder, which stays the current one."""
    os.makedirs(folder)
    case.write(folder)
    os.chdir(folder)
    before = listing(folder)
    try:
        came = KINDS[kind].run(case.entry, case.options)
        outcome = Outcome("same")
    except SlimcamError as error:
        came, outcome = None, _of_refusal(error)
    except Exception as error:  # which is what is looked for
        came, outcome = None, Outcome("raw", f"{_place(error)}: {type(error).__name__}: {error}")
    after = listing(folder)
    if before != after:
        touched = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
        return None, Outcome("silent", f"a file was written, changed or removed: {touched[:3]}")
    return came, outcome


def _of_refusal(error: SlimcamError) -> Outcome:
    line = error.on_one_line()
    strange = sorted({char for char in line if not char.isprintable() and char != "\u3000"})
    if strange:
        return Outcome("raw", f"{_place(error)}: {type(error).__name__} with {strange[:3]} in its message")
    if len(line) > LONGEST:
        return Outcome("raw", f"{_place(error)}: {type(error).__name__} of more than {LONGEST} characters: {line[:80]}")
    return Outcome("refused", f"{type(error).__name__}: {line}")


def _place(error: BaseException) -> str:
    """Return the innermost line of slimcam that an error passed."""
    own = [one for one in traceback.extract_tb(error.__traceback__) if f"{os.sep}slimcam{os.sep}" in one.filename]
    if not own:
        return "outside slimcam"
    return f"{own[-1].filename.rsplit(os.sep + 'slimcam' + os.sep, 1)[1]}:{own[-1].lineno} {own[-1].name}"


def _of_difference(
    kind: str, case: Case, came: Came, whole: Optional[Came], before_truth: Callable[[], None]
) -> Outcome:
    """Judge maps that are not those of the whole file."""
    why, truth = "nobody else was asked", KINDS[kind].truth
    if truth is not None and (not came.names or {"input", "logits"} <= set(came.names)):
        before_truth()
        try:
            if truth(case.entry, case, came):
                return Outcome("said", "another model, and TensorFlow computes the same of it")
            why = "TensorFlow computes something else"
        except Exception as error:
            why = f"TensorFlow refuses it: {type(error).__name__}"
    fresh = [line for line in came.said if line and (whole is None or line not in whole.said)]
    if fresh or not came.finite:
        return Outcome("said", f"{why}; {fresh[0] if fresh else 'not finite'}")
    return Outcome("silent", f"other maps and not a word; {why}")
