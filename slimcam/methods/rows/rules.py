"""Rows whose gradient goes back by another rule."""

from typing import Dict

from ..method import Method

ROWS: Dict[str, Method] = {}
