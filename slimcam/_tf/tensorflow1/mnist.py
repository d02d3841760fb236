"""`tensorflow.examples.tutorials.mnist.input_data`, which no wheel has from TensorFlow 1.15 on: MNIST in batches.

Order and draws of `next_batch` follow the published class, so a program that seeds NumPy or the graph sees its batches.
"""

import collections
import gzip
import os
from typing import Any, Optional, Tuple

import numpy as np

from ..core import private, tf

Array = Any

DEFAULT_SOURCE_URL = SOURCE_URL = "https://storage.googleapis.com/cvdf-datasets/mnist/"
NUM_CLASSES, IMAGE_SIZE, IMAGE_PIXELS = 10, 28, 784
FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
Datasets = collections.namedtuple("Datasets", ["train", "validation", "test"])


class DataSet:
    """Images and labels, in batches."""

    def __init__(
        self,
        images: Array,
        labels: Array,
        fake_data: bool = False,
        one_hot: bool = False,
        dtype: Any = tf.float32,
        reshape: bool = True,
        seed: Optional[int] = None,
    ) -> None:
        graph_seed, own_seed = private("framework.random_seed").get_seed(seed)
        np.random.seed(graph_seed if seed is None else own_seed)
        dtype = tf.as_dtype(dtype).base_dtype
        if dtype not in (tf.uint8, tf.float32):
            raise TypeError(f"Invalid image dtype {dtype!r}, expected uint8 or float32")
        self._fake, self.one_hot = fake_data, one_hot
        if not fake_data:
            assert images.shape[0] == labels.shape[0], f"images.shape: {images.shape} labels.shape: {labels.shape}"
            images = images.reshape(len(images), images.shape[1] * images.shape[2]) if reshape else images
            images = np.multiply(images.astype(np.float32), 1.0 / 255.0) if dtype == tf.float32 else images
        self._num_examples = 10000 if fake_data else len(images)
        self._images, self._labels = images, labels
        self._epochs_completed = self._index_in_epoch = 0

    @property
    def images(self) -> Array:
        """All images, in the order of the epoch."""
        return self._images

    @property
    def labels(self) -> Array:
        """All labels, in the order of the epoch."""
        return self._labels

    @property
    def num_examples(self) -> int:
        """How many there are."""
        return self._num_examples

    @property
    def epochs_completed(self) -> int:
        """How often all were seen."""
        return self._epochs_completed

    def next_batch(self, batch_size: int, fake_data: bool = False, shuffle: bool = True) -> Tuple[Array, Array]:
        """Return the next images and labels; a batch may end one epoch and begin the next."""
        if fake_data or self._fake:
            label = [1] + [0] * 9 if self.one_hot else 0
            return [[1] * 784 for _ in range(batch_size)], [label for _ in range(batch_size)]
        start = self._index_in_epoch
        if self._epochs_completed == 0 and start == 0 and shuffle:
            self._shuffle()
        if start + batch_size <= self._num_examples:
            self._index_in_epoch = end = start + batch_size
            return self._images[start:end], self._labels[start:end]
        self._epochs_completed += 1
        last = self._images[start:], self._labels[start:]
        if shuffle:
            self._shuffle()
        self._index_in_epoch = end = batch_size - (self._num_examples - start)
        return np.concatenate((last[0], self._images[:end])), np.concatenate((last[1], self._labels[:end]))

    def _shuffle(self) -> None:
        order = np.arange(self._num_examples)
        np.random.shuffle(order)
        self._images, self._labels = self._images[order], self._labels[order]


def read_data_sets(
    train_dir: str,
    fake_data: bool = False,
    one_hot: bool = False,
    dtype: Any = tf.float32,
    reshape: bool = True,
    validation_size: int = 5000,
    seed: Optional[int] = None,
    source_url: str = DEFAULT_SOURCE_URL,
) -> Datasets:
    """Read the four files of MNIST from a folder, each fetched there where it is missing."""
    options = {"dtype": dtype, "reshape": reshape, "seed": seed}
    if fake_data:
        options["reshape"] = True
        return Datasets(*(DataSet([], [], fake_data=True, one_hot=one_hot, **options) for _ in range(3)))
    paths = [
        maybe_download(f"{name}.gz", train_dir, (source_url or DEFAULT_SOURCE_URL) + f"{name}.gz") for name in FILES
    ]
    arrays = []
    for path, name in zip(paths, FILES):
        with open(path, "rb") as file:
            arrays.append(extract_images(file) if "images" in name else extract_labels(file, one_hot=one_hot))
    images, labels, test_images, test_labels = arrays
    if not 0 <= validation_size <= len(images):
        raise ValueError(f"Validation size should be between 0 and {len(images)}. Received: {validation_size}.")
    return Datasets(
        train=DataSet(images[validation_size:], labels[validation_size:], **options),
        validation=DataSet(images[:validation_size], labels[:validation_size], **options),
        test=DataSet(test_images, test_labels, **options),
    )


def maybe_download(filename: str, work_directory: str, source_url: str) -> str:
    """Return the path of a file in a folder; fetch it where it is not there."""
    os.makedirs(work_directory, exist_ok=True)
    path = os.path.join(work_directory, filename)
    if not os.path.exists(path):
        from urllib.request import urlretrieve

        urlretrieve(source_url, path + ".part")
        os.replace(path + ".part", path)
        print("Successfully downloaded", filename, os.path.getsize(path), "bytes.")
    return path


def _header(stream: gzip.GzipFile, magic: int, numbers: int, name: str) -> Tuple[int, ...]:
    first, *sizes = np.frombuffer(stream.read(4 * (numbers + 1)), ">u4")
    if first != magic:
        raise ValueError(f"Invalid magic number {first} in MNIST file: {name}")
    return tuple(int(size) for size in sizes)


def extract_images(f: Any) -> Array:
    """Read (N, 28, 28, 1) uint8 images from a gzipped file of MNIST."""
    print("Extracting", f.name)
    with gzip.GzipFile(fileobj=f) as stream:
        shape = _header(stream, 2051, 3, f.name)
        return np.frombuffer(stream.read(), np.uint8).reshape(*shape, 1)


def dense_to_one_hot(labels_dense: Array, num_classes: int) -> Array:
    """Return (N, classes) float64 rows that are 1 at each label."""
    return np.eye(num_classes)[labels_dense]


def extract_labels(f: Any, one_hot: bool = False, num_classes: int = 10) -> Array:
    """Read (N,) uint8 labels from a gzipped file of MNIST, or (N, classes) rows."""
    print("Extracting", f.name)
    with gzip.GzipFile(fileobj=f) as stream:
        _header(stream, 2049, 1, f.name)
        labels = np.frombuffer(stream.read(), np.uint8)
    return dense_to_one_hot(labels, num_classes) if one_hot else labels


def load_mnist(train_dir: str = "MNIST-data") -> Datasets:
    """Read MNIST from its usual folder."""
    return read_data_sets(train_dir)
