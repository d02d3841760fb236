"""Rows that change the photo, or the layer, and look what becomes of the score."""

from typing import Dict

from ..method import Method

ROWS: Dict[str, Method] = {}
