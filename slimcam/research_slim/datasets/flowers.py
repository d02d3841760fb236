"""The flowers of TensorFlow's tutorials, five kinds."""

from typing import Any, Optional

from .splits import dataset, decoders, features_of, names_in, pattern_of, zero_label

_FILE_PATTERN = "flowers_%s_*.tfrecord"
SPLITS_TO_SIZES = {"train": 3320, "validation": 350}
_NUM_CLASSES = 5
_ITEMS_TO_DESCRIPTIONS = {"image": "A color image of varying size.", "label": "A single integer between 0 and 4"}


def get_split(split_name: str, dataset_dir: str, file_pattern: Optional[str] = None, reader: Any = None) -> Any:
    """Return the slim Dataset of a split. Raises ValueError for one that is not there."""
    return dataset(
        pattern_of(split_name, SPLITS_TO_SIZES, dataset_dir, file_pattern or _FILE_PATTERN),
        reader,
        features_of("png", zero_label([])),
        {"image": decoders.Image(), "label": decoders.Tensor("image/class/label")},
        num_samples=SPLITS_TO_SIZES[split_name],
        items_to_descriptions=_ITEMS_TO_DESCRIPTIONS,
        num_classes=_NUM_CLASSES,
        labels_to_names=names_in(dataset_dir),
    )
