"""Rows of METHODS judged by metrics, on pictures of two shapes each: the shipped checkpoint, and where each shape is.

The class that is explained is the first shape's, whether it wins or not; the truth is the mask of what is seen of it.
"""

import sys
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np
from draw_shapes import LABELS, draw

PICTURES, SIZE, SEED = 20, 160, 20_261_122
METRICS = {"pointing": {}, "insertion": {"steps": 20}, "deletion": {"steps": 20}}
HEADER = ("", *METRICS, "passes")
# Methods of thousands of passes are given fewer here.
FEWER: Dict[str, Mapping[str, Any]] = {
    "rise": {"masks": 500},
    "lime": {"samples": 300},
    "kernel_shap": {"samples": 300},
    "occlusion": {"patch": 32, "stride": 16},
}


def of_methods(path: str, names: Optional[Sequence[str]] = None, photos: Sequence[str] = ()) -> List[Tuple[str, ...]]:
    """Rows: what metrics say of each method, or of those of some names: mean and standard deviation of the pictures.

    Of photos, nobody says where the objects are: their winning classes are explained, and there is no pointing.
    """
    import slimcam

    drawn, classes, truth = (list(photos), None, None) if photos else pictures()
    metrics = {name: how for name, how in METRICS.items() if truth is not None or name != "pointing"}
    preprocess = {"preprocess": "squash"} if photos else {}
    rows = []
    with slimcam.load(path, **preprocess) as model:
        for name in names or slimcam.METHODS:
            given = FEWER.get(name, {})
            try:
                explain = slimcam.Explainer(model, name, **given)
                judged = slimcam.evaluate({name: explain}, model, drawn, metrics, classes, truth)
            except (ImportError, slimcam.SlimcamError) as error:
                rows.append((name, str(error).splitlines()[0][:60]))
                continue
            figures = [f"{mean:.2f} ± {spread:.2f}" for mean, spread in zip(judged.mean[0], judged.spread[0])]
            figures = figures if truth is not None else ["", *figures]
            shown = ", ".join([name, *(f"{key} {value}" for key, value in given.items())])
            size = model.input.shape.as_list()[1] or SIZE
            rows.append((shown, *figures, str(explain.passes(size, size))))
            print(*rows[-1], sep="  ", file=sys.stderr, flush=True)
    return rows


def pictures() -> Tuple[List[np.ndarray], List[int], List[np.ndarray]]:
    """Return pictures, the class that is explained in each, and the mask of that shape."""
    random = np.random.RandomState(SEED)
    photos, classes, truth = [], [], []
    for _ in range(PICTURES):
        two = random.permutation(len(LABELS))[:2].tolist()
        image, masks = draw(random, two, SIZE)
        photos.append(image)
        classes.append(two[0])
        truth.append(masks[0])
    return photos, classes, truth
