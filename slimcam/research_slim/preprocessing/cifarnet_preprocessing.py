"""Images for CifarNet: a crop, each image with mean 0 and variance 1; for training distorted before that."""

from ..._tf import tf1
from ..._types import Tensor

PADDING = 4


def _summary(name: str, image: Tensor, wanted: bool) -> None:
    if wanted:
        tf1.summary.image(name, tf1.expand_dims(image, 0))


def preprocess_for_train(
    image: Tensor, output_height: int, output_width: int, padding: int = PADDING, add_image_summaries: bool = True
) -> Tensor:
    """Return a (height, width, 3) float32 image: padded, a random crop, flip, brightness and contrast; standardised."""
    _summary("image", image, add_image_summaries)
    image = tf1.cast(image, tf1.float32, name="ToFloat")
    if padding > 0:
        image = tf1.pad(image, [[padding, padding], [padding, padding], [0, 0]])
    image = tf1.image.random_flip_left_right(tf1.random_crop(image, [output_height, output_width, 3]))
    _summary("distorted_image", image, add_image_summaries)
    image = tf1.image.random_brightness(image, max_delta=63)
    image = tf1.image.random_contrast(image, lower=0.2, upper=1.8)
    return tf1.image.per_image_standardization(image)


def preprocess_for_eval(
    image: Tensor, output_height: int, output_width: int, add_image_summaries: bool = True
) -> Tensor:
    """Return a (height, width, C) float32 image: cut or padded about the middle, standardised."""
    _summary("image", image, add_image_summaries)
    image = tf1.cast(image, tf1.float32, name="ToFloat")
    # Width and height change places here as they do in the published function.
    image = tf1.image.resize_image_with_crop_or_pad(image, output_width, output_height)
    _summary("resized_image", image, add_image_summaries)
    return tf1.image.per_image_standardization(image)


def preprocess_image(
    image: Tensor, output_height: int, output_width: int, is_training: bool = False, add_image_summaries: bool = True
) -> Tensor:
    """Return what preprocess_for_train or preprocess_for_eval does."""
    prepare = preprocess_for_train if is_training else preprocess_for_eval
    return prepare(image, output_height, output_width, add_image_summaries=add_image_summaries)
