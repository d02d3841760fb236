"""What the data sets have in common: a slim Dataset over TFRecords of encoded images with a class each."""

import os
from typing import Any, Dict, Mapping, Optional

from ..._tf import slim as import_slim
from ..._tf import tf1
from ...suggest import nearest
from . import dataset_utils

slim = import_slim()
decoders = slim.tfexample_decoder


def features_of(image_format: str, label: Any) -> Dict[str, Any]:
    """Return the features of an example: encoded image, its format, its class."""
    return {
        "image/encoded": tf1.FixedLenFeature((), tf1.string, default_value=""),
        "image/format": tf1.FixedLenFeature((), tf1.string, default_value=image_format),
        "image/class/label": label,
    }


def zero_label(shape: Any) -> Any:
    """Return the feature of a class that is 0 where an example has none."""
    return tf1.FixedLenFeature(shape, tf1.int64, default_value=tf1.zeros(shape, dtype=tf1.int64))


def names_in(dataset_dir: str) -> Optional[Dict[int, str]]:
    """Return the label names that lie beside the records; None without them."""
    return dataset_utils.read_label_file(dataset_dir) if dataset_utils.has_labels(dataset_dir) else None


def pattern_of(split_name: str, sizes: Mapping[str, int], dataset_dir: str, pattern: str) -> str:
    """Return the pattern of a split's files. Raises ValueError for a split that is not there."""
    if split_name not in sizes:
        raise ValueError(f"split name {split_name} was not recognized; {nearest(split_name, sizes)}")
    return os.path.join(dataset_dir, pattern % split_name)


def dataset(
    data_sources: str,
    reader: Any,
    keys_to_features: Mapping[str, Any],
    items_to_handlers: Mapping[str, Any],
    **about: Any,
) -> Any:
    """Return the slim Dataset of files of TFRecords, or of another reader."""
    decoder = decoders.TFExampleDecoder(keys_to_features, items_to_handlers)
    return slim.dataset.Dataset(
        data_sources=data_sources, reader=reader or tf1.TFRecordReader, decoder=decoder, **about
    )
