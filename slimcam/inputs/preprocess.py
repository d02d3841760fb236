"""From photos to what a net was trained on, inside the graph: uint8 RGB of any size goes in, in the same session run.

Each row of PREPROCESSING is one way: what it does to one photo, and which part of the photo the net then sees (so that
a map is laid back where it belongs). TF-Slim's own evaluation preprocessing is `inception` and `vgg`
(inception_preprocessing.py and vgg_preprocessing.py of tensorflow/models, research/slim); `caffe`, `torch` and
`squash` are the three modes of keras.applications.

Resizing is TensorFlow 1's bilinear, which samples at `i * scale` and not at half-pixel centres: with any other, the
maps of an old checkpoint move by up to half a pixel of the photo.
"""

from typing import Callable, Dict, NamedTuple, Optional, Tuple, Union

from .._tf import map_fn, tf, tf1
from .._types import DType, Tensor
from ..errors import UnknownName
from ..suggest import nearest

# The mean of ImageNet's training pictures, in RGB (Simonyan and Zisserman 2015), as in slim's vgg_preprocessing.py and
# in keras.applications (imagenet_utils.preprocess_input, mode "caffe").
IMAGENET_MEAN = (123.68, 116.779, 103.939)
# Mean and deviation for values in [0, 1] (mode "torch").
TORCH_MEAN = (0.485, 0.456, 0.406)
TORCH_DEVIATION = (0.229, 0.224, 0.225)
VGG_SIDE = 256
INCEPTION_CROP = 0.875

IntLike = Union[int, Tensor]
Size = Optional[Tuple[int, int]]  # what the net takes, (height, width), or None where it takes any
Window = Tuple[float, float, float, float]  # top, left, height, width, in pixels of the photo


def _resize(image: Tensor, height: IntLike, width: IntLike, half_pixel_centers: bool = False) -> Tensor:
    """Resize (h, w, C) to (height, width, C) float32 with TensorFlow 1's bilinear."""
    batch = tf.expand_dims(image, 0)
    resized = tf.raw_ops.ResizeBilinear(images=batch, size=[height, width], half_pixel_centers=half_pixel_centers)
    return resized[0]


def _inception(image: Tensor, size: Size) -> Tensor:
    """Central 87.5 %, resized, to [-1, 1]."""
    shape = tf.shape(image)
    top, left = (tf.cast((tf.cast(n, tf.float64) * (1 - INCEPTION_CROP)) / 2, tf.int32) for n in (shape[0], shape[1]))
    image = image[top : shape[0] - top, left : shape[1] - left]
    image = tf.cast(image, tf.float32) * (1 / 255.0)
    if size is not None:
        image = _resize(image, *size)
    return (image - 0.5) * 2.0


def _inception_window(height: int, width: int, size: Size) -> Window:
    top, left = int(height * (1 - INCEPTION_CROP) / 2), int(width * (1 - INCEPTION_CROP) / 2)
    return top, left, height - 2 * top, width - 2 * left


def _vgg(image: Tensor, size: Size) -> Tensor:
    """Shorter side to 256, the centre, minus the mean."""
    shape = tf.shape(image)
    side = float(max(VGG_SIDE, *(size or (0,))))
    scale = side / tf.cast(tf.minimum(shape[0], shape[1]), tf.float32)
    height, width = (tf.cast(tf.math.rint(tf.cast(n, tf.float32) * scale), tf.int32) for n in (shape[0], shape[1]))
    image = _resize(image, height, width)
    if size is not None:
        top, left = (height - size[0]) // 2, (width - size[1]) // 2
        image = image[top : top + size[0], left : left + size[1]]
    return image - tf.constant(IMAGENET_MEAN, tf.float32)


def _vgg_window(height: int, width: int, size: Size) -> Window:
    if size is None:
        return 0, 0, height, width
    scale = max(VGG_SIDE, *size) / min(height, width)
    top, left = (round(height * scale) - size[0]) // 2, (round(width * scale) - size[1]) // 2
    return top / scale, left / scale, size[0] / scale, size[1] / scale


def _whole_photo(image: Tensor, size: Size) -> Tensor:
    """The whole photo, resized with half-pixel centres as OpenCV and PIL do, 0 to 255."""
    return tf.cast(image, tf.float32) if size is None else _resize(image, *size, half_pixel_centers=True)


def _squash(image: Tensor, size: Size) -> Tensor:
    """The whole photo, to [-1, 1]."""
    return _whole_photo(image, size) / 127.5 - 1.0


def _unit(image: Tensor, size: Size) -> Tensor:
    """The whole photo, to [0, 1]."""
    return _whole_photo(image, size) / 255.0


def _caffe(image: Tensor, size: Size) -> Tensor:
    """The whole photo as BGR minus the mean: VGG and ResNet v1 of keras.applications."""
    return (_whole_photo(image, size) - tf.constant(IMAGENET_MEAN, tf.float32))[..., ::-1]


def _torch(image: Tensor, size: Size) -> Tensor:
    """The whole photo, to [0, 1], minus the mean, over the deviation: DenseNet of keras.applications."""
    return (_unit(image, size) - tf.constant(TORCH_MEAN, tf.float32)) / tf.constant(TORCH_DEVIATION, tf.float32)


def _none(image: Tensor, size: Size) -> Tensor:
    """Values 0 to 255 as they are; resized only where the net takes one size."""
    return tf.cast(image, tf.float32) if size is None else _resize(image, *size)


def _retrained(image: Tensor, size: Size) -> Tensor:
    """The whole photo, to [-1, 1) by 128: label_image.py beside TensorFlow's retrain.py, for MobileNets."""
    return (_none(image, size) - 128.0) / 128.0


def _retrained_unit(image: Tensor, size: Size) -> Tensor:
    """The whole photo, to [0, 1]: label_image.py for retrained modules of TF Hub, which scale inside."""
    return _none(image, size) / 255.0


def _whole(height: int, width: int, size: Size) -> Window:
    return 0, 0, height, width


class Preprocessing(NamedTuple):
    """One way of preparing a photo."""

    apply: Callable[[Tensor, Size], Tensor]  # (h, w, 3) uint8 tensor to (height, width, 3) float32 tensor
    window: Callable[[int, int, Size], Window]  # what of an (h, w) photo the net sees


PREPROCESSING: Dict[str, Preprocessing] = {  # its names stand in names.py also
    "inception": Preprocessing(_inception, _inception_window),
    "vgg": Preprocessing(_vgg, _vgg_window),
    "squash": Preprocessing(_squash, _whole),
    "unit": Preprocessing(_unit, _whole),
    "caffe": Preprocessing(_caffe, _whole),
    "torch": Preprocessing(_torch, _whole),
    "retrained": Preprocessing(_retrained, _whole),
    "retrained_unit": Preprocessing(_retrained_unit, _whole),
    "none": Preprocessing(_none, _whole),
}


def find(name: str) -> Preprocessing:
    """Return the row of PREPROCESSING; raise UnknownName for another name."""
    if not isinstance(name, str) or name not in PREPROCESSING:
        known = ", ".join(PREPROCESSING)
        raise UnknownName(f"no preprocessing {name!r} (there are {known}); {nearest(str(name), PREPROCESSING)}")
    return PREPROCESSING[name]


def prepare_one(row: Preprocessing, photo: Tensor, size: Size, channels: int, dtype: DType) -> Tensor:
    """Return a photo, (h, w, 3) uint8, as the net takes it: (height, width, channels) of `dtype`.

    Of 1 channel it is grey; an integer type gets whole numbers by rounding.
    """
    image = row.apply(photo, size)
    if channels == 1:
        image = tf.image.rgb_to_grayscale(image)
    return tf.cast(tf.round(image) if dtype.is_integer else image, dtype)


def prepare(row: Preprocessing, size: Size, channels: int, dtype: DType) -> Tuple[Tensor, Tensor, Tensor]:
    """Build the preprocessing of any number of photos of any sizes in the default graph.

    Returns three tensors: the photos' values one after another (uint8, one dimension), their heights and widths
    ((N, 2) int32), and the batch ((N, height, width, channels), `dtype`).
    """
    pixels = tf1.placeholder(tf.uint8, [None], name="pixels")
    sizes = tf1.placeholder(tf.int32, [None, 2], name="sizes")
    counts = sizes[:, 0] * sizes[:, 1] * 3
    starts = tf.cumsum(counts, exclusive=True)

    @tf.autograph.experimental.do_not_convert  # there is nothing to convert, and looking takes 0.2 s
    def one(turn: Tuple[Tensor, Tensor, Tensor]) -> Tensor:
        start, count, shape = turn
        photo = tf.reshape(pixels[start : start + count], tf.concat([shape, [3]], 0))
        image = prepare_one(row, photo, size, channels, dtype)
        image.set_shape([*(size or (None, None)), channels])
        return image

    return pixels, sizes, map_fn(one, (starts, counts, sizes), dtype)
