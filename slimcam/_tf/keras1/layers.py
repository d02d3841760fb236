"""The classes of Keras as keras 2.2 had them: they take arguments of Keras 1, and give a program's own layers tuples.

What a constructor makes is an object of Keras 2's own class, so that libraries underneath see nothing unusual; a class
here is equal to its original, whose objects are instances of it. A program derives its own classes from it.
"""

import functools
from typing import Any, Callable, Dict, Mapping

from .arguments import RENAMED, RULES, converted


def constructors(home: Any) -> Dict[str, Callable[[], Any]]:
    """Return, by name, what makes the classes of a module of Keras that keras 2.2 had in other ways."""
    made: Dict[str, Callable[[], Any]] = {}
    for name in dir(home):
        kind = getattr(home, name)
        if isinstance(kind, type) and (kind.__name__ in RENAMED or kind.__name__ in RULES or _is_layer(kind)):
            made[name] = functools.partial(as_in_2_2, kind)
    if hasattr(home, "Conv2D"):
        made["AtrousConvolution2D"] = lambda: functools.partial(_atrous, as_in_2_2(home.Conv2D))
    return made


def _is_layer(kind: type) -> bool:
    return any(one.__name__ == "Layer" for one in kind.__mro__)


def _atrous(conv: Any, *args: Any, atrous_rate: Any = (1, 1), **named: Any) -> Any:
    return conv(*args, dilation_rate=atrous_rate, **named)


@functools.lru_cache(maxsize=None)
def as_in_2_2(kind: Any) -> Any:
    """Return a class that stands for a class of Keras; see above."""
    name = "Conv2D" if kind.__name__ == "Convolution2D" else kind.__name__

    class Meta(type(kind)):  # type: ignore[misc]
        def __call__(cls, *args: Any, **named: Any) -> Any:
            if cls is proxy:
                args, named = converted(name, args, named)
                return kind(*args, **named)
            return super().__call__(*args, **named)

        def __instancecheck__(cls, thing: Any) -> bool:
            return isinstance(thing, kind) if cls is proxy else super().__instancecheck__(thing)

        def __subclasscheck__(cls, other: Any) -> bool:
            return issubclass(other, kind) if cls is proxy else super().__subclasscheck__(other)

        def __eq__(cls, other: Any) -> bool:
            return other is cls or (cls is proxy and other is kind)

        def __hash__(cls) -> int:
            return hash(kind) if cls is proxy else type.__hash__(cls)

    def __init__(self: Any, *args: Any, **named: Any) -> None:
        args, named = converted(name, args, named)
        kind.__init__(self, *args, **named)

    def __init_subclass__(cls: Any, **named: Any) -> None:
        kind.__init_subclass__(**named)
        _take_tuples(cls)

    members: Mapping[str, Any] = {
        **{key: getattr(kind, key) for key in ("__module__", "__qualname__", "__doc__")},
        "__init__": __init__,
        "__init_subclass__": classmethod(__init_subclass__),
    }
    proxy: Any = None
    proxy = Meta(kind.__name__, (kind,), dict(members))
    return proxy


SHAPES = ("build", "compute_output_shape", "get_output_shape_for")


def _take_tuples(cls: Any) -> None:
    """Give a program's own layer shapes as tuples of numbers, as keras did; Keras 2 gives TensorShapes."""
    for name in SHAPES:
        if name in vars(cls):
            setattr(cls, name, _with_tuples(vars(cls)[name]))
    if "get_output_shape_for" in vars(cls) and "compute_output_shape" not in vars(cls):
        cls.compute_output_shape = vars(cls)["get_output_shape_for"]  # its name in Keras 1


def _with_tuples(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(self: Any, input_shape: Any, *args: Any, **named: Any) -> Any:
        return method(self, as_tuple(input_shape), *args, **named)

    return call


def as_tuple(shape: Any) -> Any:
    """Return a TensorShape as a tuple of numbers and None; a list of them as a list."""
    if isinstance(shape, (list, tuple)) and any(
        hasattr(one, "as_list") or isinstance(one, (list, tuple)) for one in shape
    ):
        return [as_tuple(one) for one in shape]
    dims = shape.as_list() if hasattr(shape, "as_list") else shape
    return tuple(getattr(one, "value", one) for one in dims) if isinstance(dims, (list, tuple)) else dims
