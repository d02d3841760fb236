"""Methods beside the tools that publish them, on one Keras InceptionV3 with seeded weights, one photo a call.

Each is called as its documentation has it, for class 1 of logits, and given an array; objects that may be kept are.
What only it does is in its time: tf-explain paints each map, tf-keras-vis enlarges and norms it. tf-keras-vis and
tf-explain know no Keras 3: TensorFlow's own Keras must be Keras 2, by TF_USE_LEGACY_KERAS=1 before it is imported.
"""

import importlib
import sys
import warnings
from typing import Any, Callable, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .timing import SIDE, in_turn

CLASS, LAYER = 1, "mixed10"
TARGET = "3"


class Beside(NamedTuple):
    """A peer's call, and the same of slimcam."""

    peer: str  # its module
    method: str
    build: Callable[[Any], Callable[[np.ndarray], Any]]  # of the model: what is called
    parameters: Mapping[str, Any] = {}  # of slimcam's
    eager: bool = True  # else it compiles the passes themselves


def _vis(module: str, name: str, **call: Any) -> Callable[[Any], Callable[[np.ndarray], Any]]:
    def build(model: Any) -> Callable[[np.ndarray], Any]:
        score = importlib.import_module("tf_keras_vis.utils.scores").CategoricalScore([CLASS])
        tool = getattr(importlib.import_module(f"tf_keras_vis.{module}"), name)(model)
        return lambda images: tool(score, images, **call)

    return build


def _explain(module: str, name: str, *options: Any, **call: Any) -> Callable[[Any], Callable[[np.ndarray], Any]]:
    def build(model: Any) -> Callable[[np.ndarray], Any]:
        tool = getattr(importlib.import_module(f"tf_explain.core.{module}"), name)(**(options[0] if options else {}))
        return lambda images: tool.explain((images, None), model, class_index=CLASS, **call)

    return build


def _xplique(name: str, **options: Any) -> Callable[[Any], Callable[[np.ndarray], Any]]:
    def build(model: Any) -> Callable[[np.ndarray], Any]:
        tool = getattr(importlib.import_module("xplique.attributions"), name)(model, batch_size=16, **options)
        labels = np.eye(model.output_shape[-1], dtype=np.float32)[[CLASS]]
        return lambda images: tool(images, labels)

    return build


STEPS, SAMPLES, MASKS, CHANNELS = ({name: 16} for name in ("steps", "samples", "masks", "channels"))
PATCHES = {"patch": 100, "stride": 100}
AT = {"penultimate_layer": LAYER, "seek_penultimate_conv_layer": False}
VIS, EXPLAIN, XPLIQUE = "tf_keras_vis", "tf_explain", "xplique"
ROWS: Sequence[Beside] = [
    Beside(VIS, "gradcam", _vis("gradcam", "Gradcam", **AT)),
    Beside(VIS, "gradcampp", _vis("gradcam_plus_plus", "GradcamPlusPlus", **AT)),
    Beside(VIS, "layercam", _vis("layercam", "Layercam", **AT)),
    Beside(VIS, "scorecam", _vis("scorecam", "Scorecam", max_N=16, **AT), CHANNELS),
    Beside(VIS, "gradient", _vis("saliency", "Saliency")),
    Beside(VIS, "smoothgrad", _vis("saliency", "Saliency", smooth_samples=16), SAMPLES),
    Beside(EXPLAIN, "gated", _explain("grad_cam", "GradCAM", layer_name=LAYER)),
    Beside(EXPLAIN, "gradient", _explain("vanilla_gradients", "VanillaGradients"), {}, False),
    Beside(EXPLAIN, "gradient_x_input", _explain("gradients_inputs", "GradientsInputs"), {}, False),
    Beside(
        *(EXPLAIN, "integrated_gradients"),
        *(_explain("integrated_gradients", "IntegratedGradients", n_steps=16), STEPS, False),
    ),
    Beside(EXPLAIN, "smoothgrad", _explain("smoothgrad", "SmoothGrad", num_samples=16, noise=0.15), SAMPLES, False),
    Beside(
        *(EXPLAIN, "occlusion"),
        *(_explain("occlusion_sensitivity", "OcclusionSensitivity", {"batch_size": 9}, patch_size=100), PATCHES, False),
    ),
    Beside(XPLIQUE, "gradcam", _xplique("GradCAM", conv_layer=LAYER), {}, False),
    Beside(XPLIQUE, "gradcampp", _xplique("GradCAMPP", conv_layer=LAYER), {}, False),
    Beside(XPLIQUE, "gradient", _xplique("Saliency"), {}, False),
    Beside(XPLIQUE, "integrated_gradients", _xplique("IntegratedGradients", steps=16), STEPS, False),
    Beside(XPLIQUE, "smoothgrad", _xplique("SmoothGrad", nb_samples=16), SAMPLES, False),
    Beside(XPLIQUE, "guided_backprop", _xplique("GuidedBackprop"), {}, False),
    Beside(XPLIQUE, "occlusion", _xplique("Occlusion", patch_size=100, patch_stride=100), PATCHES, False),
    Beside(XPLIQUE, "rise", _xplique("Rise", nb_samples=16), MASKS, False),
]


def against_peers(rounds: int, names: Optional[Sequence[str]] = None) -> List[Tuple[str, ...]]:
    """Rows: how much longer each peer takes than slimcam; a peer that is not there is said."""
    missing = {one.peer: why for one in ROWS for why in [_missing(one.peer)] if why}
    rows = [(peer, "", why) for peer, why in missing.items()]
    if len(missing) == len({one.peer for one in ROWS}):
        return rows
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model, loaded = _models()
        for one in ROWS:
            if one.peer not in missing and (not names or one.method in names):
                rows.append(_row(one, model, loaded, max(rounds // 8, 3)))
                print(*rows[-1], sep="  ", file=sys.stderr, flush=True)
    return rows


def _missing(peer: str) -> str:
    try:
        importlib.import_module(peer)
    except Exception as error:
        return f"not here: {type(error).__name__}: {error}".splitlines()[0][:90]
    return ""


def _models() -> Tuple[Any, Any]:
    """Return one Keras model for the peers, and the same loaded; the Keras is that of tf.keras, which they use."""
    import tensorflow as tf

    import slimcam

    tf.random.set_seed(0)
    model = tf.keras.applications.InceptionV3(weights=None, classifier_activation=None)
    return model, slimcam.load(model, preprocess="inception")


def _row(one: Beside, model: Any, loaded: Any, rounds: int) -> Tuple[str, ...]:
    import slimcam

    images = np.random.RandomState(0).uniform(-1, 1, (1, SIDE, SIDE, 3)).astype(np.float32)
    layer = None if slimcam.METHODS[one.method].needs == "pixels" else LAYER
    explain = slimcam.Explainer(loaded, one.method, layer, target=CLASS, **one.parameters)
    title = f"{one.method} of {one.peer}, {'eager' if one.eager else 'compiled'}"
    try:
        call = one.build(model)
        times = in_turn([lambda: explain(images), lambda: call(images)], rounds)
    except Exception as error:  # of a program of others
        return title, "", f"{type(error).__name__}: {error}".splitlines()[0][:90]
    shown = f"{times.wall[0]:.0f} and {times.wall[1]:.0f}"
    return title, shown, f"{times.ratios[1]:.1f}", f"{times.processor[1]:.1f}", TARGET if one.eager else ""
