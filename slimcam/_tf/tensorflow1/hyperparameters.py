"""HParams of tf.contrib.training: named values of one type each, set from text."""

import json
import re
from typing import Any, Dict


class HParams:
    """A value a name, which is an attribute; its type is that of its first value."""

    def __init__(self, hparam_def: Any = None, model_structure: Any = None, **kwargs: Any) -> None:
        self._hparam_types: Dict[str, Any] = {}
        self._model_structure = model_structure
        for name, value in kwargs.items():
            self.add_hparam(name, value)

    def add_hparam(self, name: str, value: Any) -> None:
        """Add a name with its first value; a list gives the type of its elements."""
        if getattr(self, name, None) is not None:
            raise ValueError(f"Hyperparameter name is reserved: {name}")
        if isinstance(value, (list, tuple)):
            if not value:
                raise ValueError(f"Multi-valued hyperparameters cannot be empty: {name}")
            self._hparam_types[name] = (type(value[0]), True)
        else:
            self._hparam_types[name] = (type(value), False)
        setattr(self, name, value)

    def set_hparam(self, name: str, value: Any) -> None:
        """Set a name that is there, to a value of its type."""
        kind, many = self._hparam_types[name]
        if isinstance(value, list) != many:
            raise ValueError(f"{'Must' if many else 'Must not'} pass a list for multi-valued parameter: {name}.")
        setattr(self, name, [_cast(name, kind, one) for one in value] if many else _cast(name, kind, value))

    def del_hparam(self, name: str) -> None:
        """Remove a name."""
        if hasattr(self, name):
            delattr(self, name)
            del self._hparam_types[name]

    def parse(self, values: str) -> "HParams":
        """Set values from text: "name=value,list=[1,2]"."""
        rest = values.strip()
        while rest:
            match = re.match(r"\s*(?P<name>\w[\w.]*)\s*=\s*(?:\[(?P<many>[^\]]*)\]|(?P<one>[^,\[]*))\s*(?:,|$)", rest)
            if match is None or match["name"] not in self._hparam_types:
                raise ValueError(
                    f"Could not parse hparam: {rest} in {values}"
                    if match is None
                    else f"Unknown hyperparameter type for {match['name']}"
                )
            kind, many = self._hparam_types[match["name"]]
            texts = (
                [match["one"]] if match["many"] is None else [one for one in match["many"].split(",") if one.strip()]
            )
            read = [_read(match["name"], kind, one.strip()) for one in texts]
            self.set_hparam(match["name"], read if many else read[0])
            rest = rest[match.end() :]
        return self

    def override_from_dict(self, values_dict: Dict[str, Any]) -> "HParams":
        """Set values of names that are there."""
        for name, value in values_dict.items():
            self.set_hparam(name, value)
        return self

    def parse_json(self, values_json: str) -> "HParams":
        """Set values from a JSON object."""
        return self.override_from_dict(json.loads(values_json))

    def values(self) -> Dict[str, Any]:
        """Return all values by name."""
        return {name: getattr(self, name) for name in self._hparam_types}

    def to_json(self, indent: Any = None, separators: Any = None, sort_keys: bool = False) -> str:
        """Return all values as a JSON object."""
        return json.dumps(self.values(), indent=indent, separators=separators, sort_keys=sort_keys)

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value, or `default` where the name is not there."""
        return getattr(self, key) if key in self._hparam_types else default

    def __contains__(self, key: str) -> bool:
        return key in self._hparam_types

    def __str__(self) -> str:
        return str(sorted(self.values().items()))

    def __repr__(self) -> str:
        return f"HParams({self})"


def _read(name: str, kind: type, text: str) -> Any:
    if kind is bool:
        if text.lower() not in ("true", "false", "0", "1"):
            raise ValueError(f"Could not parse '{text}' as a value of {name}, a bool")
        return text.lower() in ("true", "1")
    try:
        return kind(text) if kind is not type(None) else text
    except ValueError:
        raise ValueError(f"Could not parse hparam '{name}' of type '{kind.__name__}' with value '{text}'") from None


def _cast(name: str, kind: type, value: Any) -> Any:
    """Return a value in its type; whole numbers may become floats, nothing else changes its kind."""
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is type(None) or value is None or isinstance(value, kind):
        return value
    if kind is str or isinstance(value, (str, bool)) or kind is bool:
        raise ValueError(f"Could not cast hparam '{name}' of type '{kind}' from value {value!r}")
    return kind(value)
