"""tf.contrib.image: the geometry, by the operation that 1.15 uses."""

import functools
from typing import Any, Callable

from ...._types import Tensor
from ....errors import GoneName
from ...core import TF_VERSION, private, tf


def _of_any_rank(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Let a function of (N, H, W, C) images take (H, W, C) and (H, W), too."""

    @functools.wraps(function)
    def call(images: Any, *args: Any, **named: Any) -> Tensor:
        images = tf.convert_to_tensor(images)
        rank = images.shape.rank
        if rank not in (2, 3, 4):
            raise TypeError("Images should have rank between 2 and 4.")
        batch = images if rank == 4 else images[None] if rank == 3 else images[None, :, :, None]
        result = function(batch, *args, **named)
        return result if rank == 4 else result[0] if rank == 3 else result[0, :, :, 0]

    return call


@_of_any_rank
def transform(
    images: Tensor, transforms: Any, interpolation: str = "NEAREST", output_shape: Any = None, name: Any = None
) -> Tensor:
    """Sample images at projective transforms, (8,) or (N, 8); zeros outside."""
    transforms = tf.convert_to_tensor(transforms, tf.float32)
    transforms = transforms[None] if transforms.shape.rank == 1 else transforms
    size = tf.shape(images)[1:3] if output_shape is None else tf.convert_to_tensor(output_shape, tf.int32)
    operations = private("ops.gen_image_ops")
    if not hasattr(operations, "image_projective_transform_v2"):  # 2.1 lacks it, which contrib had in a library
        version = ".".join(map(str, TF_VERSION))
        raise GoneName(f"tf.contrib.image.transform: TensorFlow {version} lacks its operation: take a newer one")
    return operations.image_projective_transform_v2(
        images, transforms=transforms, output_shape=size, interpolation=interpolation.upper(), name=name
    )


@_of_any_rank
def rotate(images: Tensor, angles: Any, interpolation: str = "NEAREST", name: Any = None) -> Tensor:
    """Rotate counterclockwise by radians about the middle."""
    height, width = (tf.cast(tf.shape(images)[axis], tf.float32) for axis in (1, 2))
    rotations = angles_to_projective_transforms(angles, height, width)
    return transform(images, rotations, interpolation, name=name)


@_of_any_rank
def translate(images: Tensor, translations: Any, interpolation: str = "NEAREST", name: Any = None) -> Tensor:
    """Move by (dx, dy) pixels."""
    moves = translations_to_projective_transforms(translations)
    return transform(images, moves, interpolation, name=name)


def angles_to_projective_transforms(angles: Any, image_height: Any, image_width: Any, name: Any = None) -> Tensor:
    """Return (N, 8) transforms that turn by radians about the middle."""
    angles = tf.reshape(tf.convert_to_tensor(angles, tf.float32), [-1])
    cos, sin, right, low = tf.cos(angles), tf.sin(angles), image_width - 1, image_height - 1
    x = (right - (cos * right - sin * low)) / 2.0
    y = (low - (sin * right + cos * low)) / 2.0
    zero = tf.zeros_like(angles)
    return tf.stack([cos, -sin, x, sin, cos, y, zero, zero], 1)


def translations_to_projective_transforms(translations: Any, name: Any = None) -> Tensor:
    """Return (N, 8) transforms that move by (dx, dy)."""
    moves = tf.reshape(tf.convert_to_tensor(translations, tf.float32), [-1, 2])
    one, zero = tf.ones_like(moves[:, 0]), tf.zeros_like(moves[:, 0])
    return tf.stack([one, zero, -moves[:, 0], zero, one, -moves[:, 1], zero, zero], 1)
