"""Images for VGG and ResNet v1 (Simonyan, Zisserman 2015): the shorter side set, a crop, the mean colour taken off."""

from typing import Any, List, Sequence, Tuple

from ..._tf import tf1
from ..._types import Tensor

_R_MEAN, _G_MEAN, _B_MEAN = 123.68, 116.78, 103.94
_RESIZE_SIDE_MIN, _RESIZE_SIDE_MAX = 256, 512


def _crop(image: Tensor, offset_height: Any, offset_width: Any, crop_height: Any, crop_width: Any) -> Tensor:
    """Return a (crop_height, crop_width, C) part of an image; a run fails where the image is smaller."""
    size = tf1.shape(image)
    has_rank = tf1.Assert(tf1.equal(tf1.rank(image), 3), ["Rank of image must be equal to 3."])
    with tf1.control_dependencies([has_rank]):
        cut = tf1.stack([crop_height, crop_width, size[2]])
    is_large = tf1.logical_and(tf1.greater_equal(size[0], crop_height), tf1.greater_equal(size[1], crop_width))
    checked = tf1.Assert(is_large, ["Crop size greater than the image size."])
    offsets = tf1.cast(tf1.stack([offset_height, offset_width, 0]), tf1.int32, name="ToInt32")
    with tf1.control_dependencies([checked]):
        image = tf1.slice(image, offsets, cut)
    return tf1.reshape(image, cut)


def _random_crop(image_list: Sequence[Tensor], crop_height: int, crop_width: int) -> List[Tensor]:
    """Return the same random part of images of one size. Raises ValueError without an image."""
    if not image_list:
        raise ValueError("Empty image_list.")
    ranks = []
    for image in image_list:
        rank = tf1.rank(image)
        words = ["Wrong rank for tensor  %s [expected] [actual]", image.name, 3, rank]
        ranks.append(tf1.Assert(tf1.equal(rank, 3), words))
    with tf1.control_dependencies([ranks[0]]):
        size = tf1.shape(image_list[0])
    height, width = size[0], size[1]
    is_large = tf1.logical_and(tf1.greater_equal(height, crop_height), tf1.greater_equal(width, crop_width))
    checks = [ranks[0], tf1.Assert(is_large, ["Crop size greater than the image size."])]
    for image, has_rank in zip(image_list[1:], ranks[1:]):
        checks.append(has_rank)
        with tf1.control_dependencies([has_rank]):
            shape = tf1.shape(image)
        sides = shape[0], shape[1]
        for side, wanted, word in zip(sides, (height, width), ("height", "width")):
            words = [f"Wrong {word} for tensor %s [expected][actual]", image.name, side, wanted]
            checks.append(tf1.Assert(tf1.equal(side, wanted), words))
    ends = []
    for side, wanted in ((height, crop_height), (width, crop_width)):
        with tf1.control_dependencies(checks):
            ends.append(tf1.reshape(side - wanted + 1, []))
    top, left = [tf1.random_uniform([], maxval=end, dtype=tf1.int32) for end in ends]
    return [_crop(image, top, left, crop_height, crop_width) for image in image_list]


def _central_crop(image_list: Sequence[Tensor], crop_height: int, crop_width: int) -> List[Tensor]:
    """Return the middle of each image."""
    cut = []
    for image in image_list:
        height, width = tf1.shape(image)[0], tf1.shape(image)[1]
        top, left = (height - crop_height) / 2, (width - crop_width) / 2
        cut.append(_crop(image, top, left, crop_height, crop_width))
    return cut


def _mean_image_subtraction(image: Tensor, means: Sequence[float]) -> Tensor:
    """Take a number off each channel of a (height, width, C) image. Raises ValueError for another rank or number."""
    if image.get_shape().ndims != 3:
        raise ValueError("Input must be of size [height, width, C>0]")
    number = image.get_shape().as_list()[-1]
    if len(means) != number:
        raise ValueError("len(means) must match the number of channels")
    channels = tf1.split(axis=2, num_or_size_splits=number, value=image)
    return tf1.concat(axis=2, values=[channel - mean for channel, mean in zip(channels, means)])


def _smallest_size_at_least(height: Tensor, width: Tensor, smallest_side: Any) -> Tuple[Tensor, Tensor]:
    """Return the int32 height and width of an image whose shorter side becomes `smallest_side`."""
    side = tf1.convert_to_tensor(smallest_side, dtype=tf1.int32)
    height, width, side = (tf1.cast(one, tf1.float32, name="ToFloat") for one in (height, width, side))
    scale = tf1.cond(tf1.greater(height, width), lambda: side / width, lambda: side / height)
    rounded = [tf1.cast(tf1.rint(one * scale), tf1.int32, name="ToInt32") for one in (height, width)]
    return rounded[0], rounded[1]


def _aspect_preserving_resize(image: Tensor, smallest_side: Any) -> Tensor:
    """Resize a (height, width, 3) image bilinearly, so that its shorter side becomes `smallest_side`."""
    side = tf1.convert_to_tensor(smallest_side, dtype=tf1.int32)
    shape = tf1.shape(image)
    size = list(_smallest_size_at_least(shape[0], shape[1], side))
    image = tf1.image.resize_bilinear(tf1.expand_dims(image, 0), size, align_corners=False)
    image = tf1.squeeze(image)
    image.set_shape([None, None, 3])
    return image


def preprocess_for_train(
    image: Tensor,
    output_height: int,
    output_width: int,
    resize_side_min: int = _RESIZE_SIDE_MIN,
    resize_side_max: int = _RESIZE_SIDE_MAX,
) -> Tensor:
    """Return a (height, width, 3) float32 image: a random scale, crop and flip, the mean colour taken off."""
    side = tf1.random_uniform([], minval=resize_side_min, maxval=resize_side_max + 1, dtype=tf1.int32)
    image = _random_crop([_aspect_preserving_resize(image, side)], output_height, output_width)[0]
    image.set_shape([output_height, output_width, 3])
    image = tf1.image.random_flip_left_right(tf1.cast(image, tf1.float32, name="ToFloat"))
    return _mean_image_subtraction(image, [_R_MEAN, _G_MEAN, _B_MEAN])


def preprocess_for_eval(image: Tensor, output_height: int, output_width: int, resize_side: int) -> Tensor:
    """Return the (height, width, 3) float32 middle of an image whose shorter side becomes `resize_side`."""
    image = _central_crop([_aspect_preserving_resize(image, resize_side)], output_height, output_width)[0]
    image.set_shape([output_height, output_width, 3])
    return _mean_image_subtraction(tf1.cast(image, tf1.float32, name="ToFloat"), [_R_MEAN, _G_MEAN, _B_MEAN])


def preprocess_image(
    image: Tensor,
    output_height: int,
    output_width: int,
    is_training: bool = False,
    resize_side_min: int = _RESIZE_SIDE_MIN,
    resize_side_max: int = _RESIZE_SIDE_MAX,
) -> Tensor:
    """Return what preprocess_for_train does, or preprocess_for_eval with `resize_side_min`."""
    if is_training:
        return preprocess_for_train(image, output_height, output_width, resize_side_min, resize_side_max)
    return preprocess_for_eval(image, output_height, output_width, resize_side_min)
