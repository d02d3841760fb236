"""Rows whose maps are of a layer."""

from typing import Dict

from ..method import Method

ROWS: Dict[str, Method] = {
    "gradcam": Method("cams", "gradcam", "Selvaraju et al. 2017, eq. 1-2"),
    "normalised": Method("cams", "normalised", "hiveml/tensorflow-grad-cam"),
    "gated": Method("cams", "gated", "tensorflow/tensorflow issue 37680"),
}
