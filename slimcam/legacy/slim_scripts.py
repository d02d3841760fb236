"""The scripts for TF-Slim nets and plain TensorFlow 1. NumPy but for what score_gradients.py runs."""

from typing import Any, Mapping, NamedTuple

import numpy as np

from .._types import Session, Tensor
from ..errors import TargetError, UnknownName
from ..maps import paint
from ..maps.steps import relu, unit
from ..methods.cams import raw_map
from ..methods.evidence import Evidence
from ..suggest import nearest
from . import score_gradients
from .resampling import like_skimage

ANKUSH96_SIDE = 224


def hiveml_grad_cam(
    img: Any,
    imgs0: Any,
    end_points: Mapping[str, Any],
    sess: Any,
    predicted_class: Any,
    layer_name: str,
    nb_classes: int,
    eval_image_size: int,
) -> np.ndarray:
    """Return the (eval_image_size, eval_image_size) float32 map of the image that is fed to `imgs0`.

    The mean over classes of Logits x one-hot; the gradient over its root mean square; from ones; ReLU; / max; linear.
    Raises UnknownName for an end point that is not, TargetError, LayerError, ModelError and MissingFeed.
    """
    logits = _find(end_points, "Logits", "end point")
    heat = _heat(img, imgs0, sess, predicted_class, logits, _find(end_points, layer_name, "end point"), nb_classes)
    return paint.resize(heat, (eval_image_size, eval_image_size))


def ankush96_grad_cam(
    x: Any, vgg: Any, sess: Any, predicted_class: Any, layer_name: str, nb_classes: int
) -> np.ndarray:
    """Return the map of the image `x`, (1, 224, 224, 3), three times over: (224, 224, 3) float32.

    As hiveml_grad_cam, of the logits `vgg.layers["fc3"]`, but enlarged as scikit-image's resize does by default (0.15
    and newer); `vgg` has `layers`, a dict of tensors, and `imgs`, the placeholder.
    """
    logits = _find(vgg.layers, "fc3", "layer")
    heat = _heat(x, vgg.imgs, sess, predicted_class, logits, _find(vgg.layers, layer_name, "layer"), nb_classes)
    return np.repeat(like_skimage(heat, (ANKUSH96_SIDE, ANKUSH96_SIDE))[..., None], 3, axis=-1)


def _find(tensors: Mapping[str, Tensor], name: str, kind: str) -> Tensor:
    """Return the tensor of a name; raise UnknownName with the nearest."""
    if name not in tensors:
        raise UnknownName(f"no {kind} {name!r}; {nearest(name, tensors)}")
    return tensors[name]


def _heat(
    images: Any, placeholder: Any, sess: Session, target: Any, logits: Tensor, layer: Tensor, count: int
) -> np.ndarray:
    """Return the (h, w) map in [0, 1] of the first image, as both scripts make it."""
    width = score_gradients.class_count(logits)
    if width not in (None, count):
        raise TargetError(f"nb_classes is {count}, and the logits {logits.name!r} have {width} classes")
    mask = score_gradients.one_hot(target, count)
    evidence = score_gradients.run_in_program(sess, placeholder, images, logits, layer, mask)
    return unit(relu(raw_map(score_gradients.by_rms(evidence), "gradcam", 1.0)[0]))


class InsikkPictures(NamedTuple):
    """What insikk's visualize() draws, in its order."""

    image: np.ndarray  # (H, W, 3) float in [0, 1], "Input Image"
    heat: np.ndarray  # (size, size, 3) uint8 RGB, "Grad-CAM"
    guided: np.ndarray  # (size, size, 3) float in [0, 1], "guided backpropagation"
    guided_cam: np.ndarray  # (size, size, 3) float in [0, 1], "guided Grad-CAM"


def insikk_visualize(image: Any, conv_output: Any, conv_grad: Any, gb_viz: Any, size: int = 224) -> InsikkPictures:
    """Return the pictures of insikk's `visualize`, for plt.imshow; the published one draws them and returns None.

    `conv_output` and `conv_grad`, (h, w, C), are a layer's values and the gradient of the class score y_c there,
    `gb_viz`, (size, size, 3), is the image's guided gradient. ReLU, / max, scikit-image's resize (0.15 and newer).
    """
    one = Evidence(np.asarray(conv_output)[None], np.asarray(conv_grad)[None])
    heat = like_skimage(unit(relu(raw_map(one, "gradcam")[0])), (size, size))
    guided = _stretch(gb_viz)
    return InsikkPictures(_stretch(image), paint.colour(heat), guided, guided * heat[..., None])


def _stretch(picture: Any) -> np.ndarray:
    """Return an (H, W, 3) picture from 0 to its largest value as 1; a flat one becomes zeros."""
    from_zero = np.asarray(picture, float) - np.min(picture)
    return unit(from_zero)
