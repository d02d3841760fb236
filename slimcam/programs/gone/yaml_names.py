"""yaml.load without a Loader."""

import functools
from typing import Any, Callable


def with_loader(real: Callable) -> Callable:
    """Return yaml.load that, without a Loader, reads plain data and Python's own types, as PyYAML 5.1 to 5.4 did."""

    @functools.wraps(real)
    def load(stream: Any, Loader: Any = None) -> Any:
        import yaml

        return real(stream, Loader=Loader or getattr(yaml, "FullLoader", yaml.SafeLoader))

    return load
