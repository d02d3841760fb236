"""ImageNet (ILSVRC 2012) with bounding boxes; class 0 is the background."""

import urllib.error
import urllib.request
from typing import Any, Dict, List, Optional

from ..._tf import tf1
from ...errors import GoneName
from . import dataset_utils
from .splits import dataset, decoders, features_of, names_in, pattern_of

_FILE_PATTERN = "%s-*"
_SPLITS_TO_SIZES = {"train": 1281167, "validation": 50000}
_NUM_CLASSES = 1001
_ITEMS_TO_DESCRIPTIONS = {
    "image": "A color image of varying height and width.",
    "label": "The label id of the image, integer between 0 and 999",
    "label_text": "The text of the label.",
    "object/bbox": "A list of bounding boxes.",
    "object/label": "A list of labels, one per each object.",
}
LOAD_READABLE_NAMES = True

# Where the two lists of names lie since research/inception left the head of tensorflow/models.
NAMES = "https://raw.githubusercontent.com/tensorflow/models/v1.13.0/research/slim/datasets/"


def _lines(name: str) -> List[str]:
    try:
        with urllib.request.urlopen(NAMES + name) as answer:
            return [line.strip() for line in answer.read().decode().splitlines() if line.strip()]
    except (urllib.error.URLError, OSError) as error:
        raise GoneName(
            f"ImageNet's label names cannot be fetched from {NAMES + name} ({error}); put a file "
            f"{dataset_utils.LABELS_FILENAME} with lines number:name beside the records, "
            "or set imagenet.LOAD_READABLE_NAMES = False"
        ) from error


def create_readable_names_for_imagenet_labels() -> Dict[int, str]:
    """Fetch the names of the classes 1 to 1000, in the order of their synsets; 0 is "background".

    Raises GoneName where they cannot be had.
    """
    synsets = _lines("imagenet_lsvrc_2015_synsets.txt")
    names = dict(line.split("\t") for line in _lines("imagenet_metadata.txt"))
    return {0: "background", **{number: names[synset] for number, synset in enumerate(synsets, 1)}}


def _names(dataset_dir: str) -> Optional[Dict[int, str]]:
    if not LOAD_READABLE_NAMES:
        return None
    names = names_in(dataset_dir)
    if names is None:
        names = create_readable_names_for_imagenet_labels()
        dataset_utils.write_label_file(names, dataset_dir)
    return names


def get_split(split_name: str, dataset_dir: str, file_pattern: Optional[str] = None, reader: Any = None) -> Any:
    """Return the slim Dataset of a split. Raises ValueError for one that is not there.

    Without a file of label names beside the records they are fetched, and written there.
    """
    sources = pattern_of(split_name, _SPLITS_TO_SIZES, dataset_dir, file_pattern or _FILE_PATTERN)
    sides = ["ymin", "xmin", "ymax", "xmax"]
    features = features_of("jpeg", tf1.FixedLenFeature([], dtype=tf1.int64, default_value=-1))
    features["image/class/text"] = tf1.FixedLenFeature([], dtype=tf1.string, default_value="")
    features.update({f"image/object/bbox/{side}": tf1.VarLenFeature(dtype=tf1.float32) for side in sides})
    features["image/object/class/label"] = tf1.VarLenFeature(dtype=tf1.int64)
    handlers = {
        "image": decoders.Image("image/encoded", "image/format"),
        "label": decoders.Tensor("image/class/label"),
        "label_text": decoders.Tensor("image/class/text"),
        "object/bbox": decoders.BoundingBox(sides, "image/object/bbox/"),
        "object/label": decoders.Tensor("image/object/class/label"),
    }
    return dataset(
        sources,
        reader,
        features,
        handlers,
        num_samples=_SPLITS_TO_SIZES[split_name],
        items_to_descriptions=_ITEMS_TO_DESCRIPTIONS,
        num_classes=_NUM_CLASSES,
        labels_to_names=_names(dataset_dir),
    )
