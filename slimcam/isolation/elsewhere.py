"""Functions of a model that run where the model is: here, or in the process of an isolated one.

The function is run there by its name, with its arguments; what it returns comes back as plain values and arrays, read
by the type that is declared with it. What it reads of the caller's, photos say, is read here, and what it calls back,
progress say, is called here.
"""

import functools
import inspect
from typing import Any, Callable, Mapping, Optional, Sequence, Tuple, TypeVar

from ..errors import ModelError
from ..inputs.photos import Batch, as_batch
from ..model import Model
from .answers import read
from .child import Calls
from .model import IsolatedModel, Way, bytes_of, started

Function = TypeVar("Function", bound=Callable[..., Any])
Types = Sequence[Any]
PROGRESS = "progress"  # a function of how much is done, and of how much
STEP = "step"  # one of how many rows were run, and of how many maps are there since


def where_the_model_is(
    kind: Any,
    photos: Sequence[str] = (),
    calls: Optional[Mapping[str, Types]] = None,
    runs: int = 1,
    check: Optional[Callable[[Any], bool]] = None,
) -> Callable[[Function], Function]:
    """Return a decorator of functions whose first argument is a Model, and which return values of a type.

    `photos` names parameters that take photos, `calls` those that take functions, with the types of their arguments;
    `runs` is how many runs it may take, or, where it is given `progress`, from one step to the next. `check` tells
    whether parts of a result fit each other. Raises what the function raises there.
    """

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def run(model: Model, *arguments: Any, **keywords: Any) -> Any:
            if not isinstance(model, IsolatedModel):
                return function(model, *arguments, **keywords)
            given = inspect.signature(function).bind(model, *arguments, **keywords)
            given.apply_defaults()
            sent = dict(list(given.arguments.items())[1:])
            back: Calls = {name: _call(types, sent.pop(name), name) for name, types in (calls or {}).items()}
            sent.update({name: sendable(sent[name]) for name in photos})
            how = {"count": sum(bytes_of(sent[name]) for name in photos), "runs": runs, "calls": back}
            return model.ask(_reader(kind, check), "run", _place(function), sent, list(back), **how)

        return run  # type: ignore[return-value]

    return decorate


def steps(most: int, progress: Callable[[int], None]) -> Calls:
    """Return what a process may call as it goes on: each step renews its time, but no more than `most` rows and maps.

    `progress` is called with the rows.
    """
    done = 0

    def prepare(arguments: Any) -> Callable[[], bool]:
        pair: Any = Tuple[int, int]
        rows, maps = read(pair, arguments)
        if min(rows, maps) < 0 or rows + maps < 1:
            raise ValueError("no step")

        def run() -> bool:
            nonlocal done
            done += rows + maps
            if rows:
                progress(rows)
            return done <= most

        return run

    return {STEP: prepare}


def in_one_process(kind: Any, function: Callable[..., Any], models: Sequence[Model], runs: int, **keywords: Any) -> Any:
    """Return what a function of several models returns, in a new process that loads them all, each of them a file's."""
    ways = [_way(model) for model in models]
    with started(ways) as child:
        for path, options in ways:
            child.call("load", path, {name: value for name, value in options.items() if name != "memory"})
        return read(kind, child.call("run", _place(function), keywords, [], runs=runs))


def sendable(photos: Any) -> Any:
    """Return photos as they are sent: a Batch with the files that they were read from, or an array; None as it is.

    A tuple of photos, for each input of a model, stays one.
    """
    if photos is None:
        return None
    if isinstance(photos, tuple) and not isinstance(photos, Batch):
        return tuple(map(sendable, photos))
    batch = as_batch(photos)
    return batch._replace(photos=list(batch.photos)) if batch.array is None else batch.array


def _place(function: Callable[..., Any]) -> str:
    return f"{function.__module__}:{function.__name__}"


def _way(model: Model) -> Way:
    """Return the path of a model and the options of load() by which a process of its own loads it."""
    if model.loaded_by is None:
        raise ModelError(
            f"{model.source} came from a live object, which the process of an isolated model does not have: save it, "
            "and load() its path"
        )
    how: Any = model.loaded_by
    options = {"timeout": getattr(model, "timeout", None), **how.keywords}
    return how.args[0], {name: value for name, value in options.items() if name != "isolated"}


def _reader(kind: Any, check: Optional[Callable[[Any], bool]]) -> Callable[[Any], Any]:
    def reader(answer: Any) -> Any:
        value = read(kind, answer)
        if check is not None and not check(value):
            raise ValueError("parts that do not fit each other")
        return value

    return reader


def _call(types: Types, function: Optional[Callable[..., None]], name: str) -> Callable[[Any], Callable[[], bool]]:
    """Return what calls a function of the caller's with arguments that a child sent; see child.Calls.

    Progress must go on each time, up to what was said first, so that no child renews its time for ever.
    """
    done, most = -1, None
    several: Any = Tuple

    def prepare(arguments: Any) -> Callable[[], bool]:
        nonlocal done, most
        values = read(several[tuple(types)], arguments)
        if name == PROGRESS:
            most = values[1] if most is None else most
            if not done < values[0] <= values[1] == most:
                raise ValueError("no progress")
            done = values[0]

        def run() -> bool:
            if function is not None:
                function(*values)
            return name == PROGRESS

        return run

    return prepare
