"""Images for Inception and what was trained as it was: the middle 7/8, in [-1, 1]; for training crops and colours."""

from typing import Any, Callable, Optional, Sequence, Tuple

from ..._tf import switch_merge, tf1
from ..._types import Tensor

# The four orders of the colour steps; b brightness, s saturation, h hue, c contrast. The fast mode has b and s alone.
ORDERS = ("bshc", "sbch", "chbs", "hscb")


def apply_with_random_selector(x: Tensor, func: Callable[[Tensor, int], Tensor], num_cases: int) -> Tensor:
    """Return func(x, case) of a case that each run draws from range(num_cases); no other is computed."""
    drawn = tf1.random_uniform([], maxval=num_cases, dtype=tf1.int32)
    switch, merge = switch_merge()
    return merge([func(switch(x, tf1.equal(drawn, case))[1], case) for case in range(num_cases)])[0]


def distort_color(
    image: Tensor, color_ordering: int = 0, fast_mode: bool = True, scope: Optional[str] = None
) -> Tensor:
    """Return a (height, width, 3) image in [0, 1] with random colours. Raises ValueError for an order out of 0-3."""
    steps: Any = {
        "b": lambda x: tf1.image.random_brightness(x, max_delta=32.0 / 255.0),
        "s": lambda x: tf1.image.random_saturation(x, lower=0.5, upper=1.5),
        "h": lambda x: tf1.image.random_hue(x, max_delta=0.2),
        "c": lambda x: tf1.image.random_contrast(x, lower=0.5, upper=1.5),
    }
    with tf1.name_scope(scope, "distort_color", [image]):
        if fast_mode:
            order = "bs" if color_ordering == 0 else "sb"
        elif color_ordering in range(len(ORDERS)):
            order = ORDERS[color_ordering]
        else:
            raise ValueError("color_ordering must be in [0, 3]")
        for step in order:
            image = steps[step](image)
        return tf1.clip_by_value(image, 0.0, 1.0)


def distorted_bounding_box_crop(
    image: Tensor,
    bbox: Tensor,
    min_object_covered: float = 0.1,
    aspect_ratio_range: Sequence[float] = (0.75, 1.33),
    area_range: Sequence[float] = (0.05, 1.0),
    max_attempts: int = 100,
    scope: Optional[str] = None,
) -> Tuple[Tensor, Tensor]:
    """Return a random part of an image that covers enough of a box of (1, boxes, 4), and where it lies, (1, 1, 4)."""
    with tf1.name_scope(scope, "distorted_bounding_box_crop", [image, bbox]):
        begin, size, box = tf1.image.sample_distorted_bounding_box(
            tf1.shape(image),
            bounding_boxes=bbox,
            min_object_covered=min_object_covered,
            aspect_ratio_range=aspect_ratio_range,
            area_range=area_range,
            max_attempts=max_attempts,
            use_image_if_no_bounding_boxes=True,
        )
        return tf1.slice(image, begin, size), box


def preprocess_for_train(
    image: Tensor,
    height: int,
    width: int,
    bbox: Optional[Tensor],
    fast_mode: bool = True,
    scope: Optional[str] = None,
    add_image_summaries: bool = True,
) -> Tensor:
    """Return a (height, width, 3) float32 image in [-1, 1]: a random part, resized, flipped, with random colours."""

    def summary(name: str, images: Tensor) -> None:
        if add_image_summaries:
            tf1.summary.image(name, images)

    with tf1.name_scope(scope, "distort_image", [image, height, width, bbox]):
        if bbox is None:
            bbox = tf1.constant([0.0, 0.0, 1.0, 1.0], dtype=tf1.float32, shape=[1, 1, 4])
        if image.dtype != tf1.float32:
            image = tf1.image.convert_image_dtype(image, dtype=tf1.float32)
        summary("image_with_bounding_boxes", tf1.image.draw_bounding_boxes(tf1.expand_dims(image, 0), bbox))
        part, box = distorted_bounding_box_crop(image, bbox)
        part.set_shape([None, None, 3])  # which the slice does not know
        drawn = tf1.image.draw_bounding_boxes(tf1.expand_dims(image, 0), box)
        summary("images_with_distorted_bounding_box", drawn)
        part = apply_with_random_selector(
            part,
            lambda x, method: tf1.image.resize_images(x, [height, width], method),
            num_cases=1 if fast_mode else 4,
        )
        if add_image_summaries:
            tf1.summary.image("cropped_resized_image", tf1.expand_dims(part, 0))
        part = tf1.image.random_flip_left_right(part)
        part = apply_with_random_selector(
            part, lambda x, order: distort_color(x, order, fast_mode), num_cases=1 if fast_mode else 4
        )
        if add_image_summaries:
            tf1.summary.image("final_distorted_image", tf1.expand_dims(part, 0))
        return tf1.multiply(tf1.subtract(part, 0.5), 2.0)


def preprocess_for_eval(
    image: Tensor,
    height: Optional[int],
    width: Optional[int],
    central_fraction: Optional[float] = 0.875,
    scope: Optional[str] = None,
) -> Tensor:
    """Return a (height, width, 3) float32 image in [-1, 1]: the middle fraction of each side, resized bilinearly."""
    with tf1.name_scope(scope, "eval_image", [image, height, width]):
        if image.dtype != tf1.float32:
            image = tf1.image.convert_image_dtype(image, dtype=tf1.float32)
        if central_fraction:
            image = tf1.image.central_crop(image, central_fraction=central_fraction)
        if height and width:
            image = tf1.image.resize_bilinear(tf1.expand_dims(image, 0), [height, width], align_corners=False)
            image = tf1.squeeze(image, [0])
        return tf1.multiply(tf1.subtract(image, 0.5), 2.0)


def preprocess_image(
    image: Tensor,
    height: int,
    width: int,
    is_training: bool = False,
    bbox: Optional[Tensor] = None,
    fast_mode: bool = True,
    add_image_summaries: bool = True,
) -> Tensor:
    """Return what preprocess_for_train or preprocess_for_eval does."""
    if is_training:
        return preprocess_for_train(image, height, width, bbox, fast_mode, add_image_summaries=add_image_summaries)
    return preprocess_for_eval(image, height, width)
