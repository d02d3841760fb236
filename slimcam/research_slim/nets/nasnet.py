"""NASNets and PNASNets."""

from ...nets import nasnet, pnasnet

__all__ = ["nasnet", "pnasnet"]
