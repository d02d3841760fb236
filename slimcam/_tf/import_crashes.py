"""Operations whose import ends the process on some TensorFlows: they compute with sizes at which they did not look."""

from .core import TF_VERSION

# These divide by the number of their groups, which is 0 for images of no channels, up to TensorFlow 2.2.
_DIVIDING = ("Conv2D", "Conv3D", "QuantizedConv2D")
# The first divides by its stride; the others read the third size of tensors that may have fewer. Up to 2.8 or later.
_CRASHING = ("AudioSpectrogram", "CudnnRNN")

TRIES_IMPORTS = TF_VERSION < (2, 21)  # whether there is any here


def divides_by_channels(op: str) -> bool:
    """Whether the import of an operation of a type ends this process where its images have no channels."""
    return TF_VERSION < (2, 3) and op.startswith(_DIVIDING)


def may_end_import(op: str) -> bool:
    """Whether the import of an operation of a type may end this process by what its own attributes and inputs are."""
    return TRIES_IMPORTS and op.startswith(_CRASHING)
