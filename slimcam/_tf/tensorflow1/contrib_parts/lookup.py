"""tf.contrib.lookup: tables by the arguments of 1.15's contrib, `mapping` and `shared_name`."""

from typing import Any, Optional

from ...._types import Tensor
from ...core import private, tf1

_tables: Any = private("ops.lookup_ops")


def index_table_from_tensor(
    mapping: Any,
    num_oov_buckets: int = 0,
    default_value: int = -1,
    hasher_spec: Any = _tables.FastHashSpec,
    dtype: Any = tf1.string,
    name: Optional[str] = None,
) -> Any:
    """Return a table from the words of `mapping` to their places, int64."""
    if mapping is None:
        raise ValueError("mapping must be specified.")
    return _tables.index_table_from_tensor(mapping, num_oov_buckets, default_value, hasher_spec, dtype, name)


def index_to_string_table_from_tensor(mapping: Any, default_value: str = "UNK", name: Optional[str] = None) -> Any:
    """Return a table from places, int64, to the words of `mapping`."""
    if mapping is None:
        raise ValueError("mapping must be specified.")
    return _tables.index_to_string_table_from_tensor(mapping, default_value, name)


string_to_index_table_from_tensor = index_table_from_tensor
string_to_index_table_from_file = _tables.index_table_from_file


def string_to_index(tensor: Tensor, mapping: Any, default_value: int = -1, name: Optional[str] = None) -> Tensor:
    """Return the places in `mapping` of a tensor's words."""
    return index_table_from_tensor(mapping, default_value=default_value, name=name).lookup(tensor)


def index_to_string(tensor: Tensor, mapping: Any, default_value: str = "UNK", name: Optional[str] = None) -> Tensor:
    """Return the words of `mapping` at a tensor's places."""
    return index_to_string_table_from_tensor(mapping, default_value, name).lookup(tensor)


class HashTable(_tables.HashTable):
    """A table that `init` fills; TensorFlow names what sessions share by `name` alone."""

    def __init__(
        self, initializer: Any, default_value: Any, shared_name: Optional[str] = None, name: Optional[str] = None
    ) -> None:
        super().__init__(initializer, default_value, name or shared_name)
