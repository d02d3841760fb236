"""A data set by its name: `get_dataset("flowers", "train", folder)`."""

from typing import Any, Optional

from ...suggest import nearest
from . import cifar10, flowers, imagenet, mnist

datasets_map = {"cifar10": cifar10, "flowers": flowers, "imagenet": imagenet, "mnist": mnist}


def get_dataset(
    name: str, split_name: str, dataset_dir: str, file_pattern: Optional[str] = None, reader: Any = None
) -> Any:
    """Return the slim Dataset of a split. Raises ValueError for a set or a split that is not there."""
    if name not in datasets_map:
        raise ValueError(f"Name of dataset unknown {name}; {nearest(name, datasets_map)}")
    return datasets_map[name].get_split(split_name, dataset_dir, file_pattern, reader)
