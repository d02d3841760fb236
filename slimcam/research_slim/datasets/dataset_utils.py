"""Records of images, and the file of label names beside them."""

import os
import sys
import tarfile
import urllib.request
from typing import Any, Dict, Mapping

from ..._tf import tf1

LABELS_FILENAME = "labels.txt"


def _several(values: Any) -> Any:
    return values if isinstance(values, (tuple, list)) else [values]


def int64_feature(values: Any) -> Any:
    """Return a feature of whole numbers, of one or several."""
    return tf1.train.Feature(int64_list=tf1.train.Int64List(value=_several(values)))


def bytes_feature(values: bytes) -> Any:
    """Return a feature of bytes."""
    return tf1.train.Feature(bytes_list=tf1.train.BytesList(value=[values]))


def float_feature(values: Any) -> Any:
    """Return a feature of floats, of one or several."""
    return tf1.train.Feature(float_list=tf1.train.FloatList(value=_several(values)))


def image_to_tfexample(image_data: bytes, image_format: bytes, height: int, width: int, class_id: int) -> Any:
    """Return the example of one encoded image."""
    features = {
        "image/encoded": bytes_feature(image_data),
        "image/format": bytes_feature(image_format),
        "image/class/label": int64_feature(class_id),
        "image/height": int64_feature(height),
        "image/width": int64_feature(width),
    }
    return tf1.train.Example(features=tf1.train.Features(feature=features))


def download_and_uncompress_tarball(tarball_url: str, dataset_dir: str) -> None:
    """Fetch a .tar.gz into a folder, and unpack it there. Raises tarfile.TarError for a member that lies outside."""
    name = tarball_url.split("/")[-1]

    def progress(count: int, block: int, total: int) -> None:
        sys.stdout.write(f"\r>> Downloading {name} {count * block / total * 100.0:.1f}%")
        sys.stdout.flush()

    path, _ = urllib.request.urlretrieve(tarball_url, os.path.join(dataset_dir, name), progress)
    print()
    print("Successfully downloaded", name, os.stat(path).st_size, "bytes.")
    with tarfile.open(path, "r:gz") as archive:
        top = os.path.realpath(dataset_dir)
        for member in archive.getmembers():
            if os.path.commonpath([top, os.path.realpath(os.path.join(top, member.name))]) != top:
                raise tarfile.TarError(f"{member.name!r} of {name} lies outside {dataset_dir}; it was not unpacked")
        safely: Dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        archive.extractall(dataset_dir, **safely)


def write_label_file(
    labels_to_class_names: Mapping[int, str], dataset_dir: str, filename: str = LABELS_FILENAME
) -> None:
    """Write lines "number:name"."""
    with tf1.gfile.Open(os.path.join(dataset_dir, filename), "w") as file:
        for label, name in labels_to_class_names.items():
            file.write(f"{label:d}:{name}\n")


def has_labels(dataset_dir: str, filename: str = LABELS_FILENAME) -> bool:
    """Whether a folder has a file of label names."""
    there: bool = tf1.gfile.Exists(os.path.join(dataset_dir, filename))
    return there


def read_label_file(dataset_dir: str, filename: str = LABELS_FILENAME) -> Dict[int, str]:
    """Return the names by their numbers."""
    with tf1.gfile.Open(os.path.join(dataset_dir, filename), "rb") as file:
        lines = file.read().decode().split("\n")
    pairs = (line.split(":", 1) for line in lines if line)
    return {int(number): name for number, name in pairs}
