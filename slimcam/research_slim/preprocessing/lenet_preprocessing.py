"""Images for LeNet: cut or padded to the size, (x - 128) / 128."""

from ..._tf import tf1
from ..._types import Tensor


def preprocess_image(image: Tensor, output_height: int, output_width: int, is_training: bool) -> Tensor:
    """Return a (height, width, C) float32 image in [-1, 1) of one of grey levels; training has no step of its own."""
    image = tf1.cast(image, tf1.float32, name="ToFloat")
    # Width and height change places here as they do in the published function.
    image = tf1.image.resize_image_with_crop_or_pad(image, output_width, output_height)
    return tf1.div(tf1.subtract(image, 128.0), 128.0)
