"""MobileNets v2 and v3."""

from ...nets import mobilenet_v2, mobilenet_v3

__all__ = ["mobilenet_v2", "mobilenet_v3"]
