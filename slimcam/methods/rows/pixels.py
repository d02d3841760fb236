"""Rows whose maps are of pixels, by the true gradient."""

from typing import Dict

from ..method import Method

ROWS: Dict[str, Method] = {}
