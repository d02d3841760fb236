"""Prove a migration: record() what a model makes of some photos, verify() it in another TensorFlow or another format.

A recording is a folder of NumPy arrays and JSON; migration.golden documents it. What is verified is fed the recorded
inputs, so that a difference is the model's, and asked for the recorded classes, so that maps of one class are compared.
"""

from .recording import record
from .report import TOLERANCES, Row, Verification
from .verifying import verify

__all__ = ["TOLERANCES", "Row", "Verification", "record", "verify"]
