"""Event files, which TensorBoard reads, by TensorFlow's own writer: TensorFlow 1's, which 2 still has for graphs."""

import os
import uuid
from typing import Tuple

from ..text.printable import first_line
from .core import tf, tf1

_ERRORS = (tf.errors.OpError, RuntimeError, StopIteration)  # the last where TensorFlow only logs that it failed


class EventWriter:
    """Writes pictures to an event file of its own in a folder, which is made; `path` is the file's.

    The file is there from the start, and each summary in it whole: TensorBoard reads files that grow.
    """

    def __init__(self, folder: str) -> None:
        """Begin a file; raise OSError where the folder or the file cannot be made."""
        suffix, self._bytes = f".slimcam-{uuid.uuid4().hex[:8]}", 0
        try:
            with tf1.Graph().as_default():  # TensorFlow 2 refuses it to a program that runs eagerly
                self._writer = tf1.summary.FileWriter(folder, filename_suffix=suffix)
            self._writer.flush()
            self.path = next(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(suffix))
        except _ERRORS as error:
            raise OSError(_why(error)) from error

    def add(self, tag: str, png: bytes, size: Tuple[int, int], step: int) -> None:
        """Add a picture, a PNG of (height, width), by its tag."""
        image = tf1.Summary.Image(height=size[0], width=size[1], colorspace=3, encoded_image_string=png)
        self._writer.add_summary(tf1.Summary(value=[tf1.Summary.Value(tag=tag, image=image)]), step)
        self._bytes += len(png)

    def close(self) -> None:
        """Write what is left; raise OSError where not all came to the file: 1.15 says nothing of a full disk."""
        try:
            self._writer.close()
        except _ERRORS as error:
            raise OSError(_why(error)) from error
        if os.path.getsize(self.path) < self._bytes:
            raise OSError("not all pictures came to the file, as on a full disk")


def _why(error: Exception) -> str:
    """Return the reason alone of an error of TensorFlow's, "PATH; No space left on device" and more lines."""
    return "no file came of it" if isinstance(error, StopIteration) else first_line(error).rpartition("; ")[2]
