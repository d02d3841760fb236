"""RULES: what each type of operation makes of the sights that it reads.

A rule takes the operation, the sights of the inputs that depend on the image, by their numbers, and `known`, which
gives the value of an input that does not: an axis, a padding. It returns the sight of all outputs, or a list of theirs.
"""

from typing import Dict

from .. import op_types
from . import moves, reshaping, values, windows
from .rule import Constant, NoRule, Rule, Sights, constant, is_constant

__all__ = ["RULES", "Constant", "NoRule", "Sights", "constant", "is_constant"]

_EACH = (
    *("Identity", "Mul", "Sub", "AddN", "Cast", "Pow", "Neg", "Abs", "Sign", "Square", "SquaredDifference"),
    *("Sqrt", "Rsqrt", "Reciprocal", "Inv", "Exp", "Expm1", "Log", "Log1p", "Erf", "Erfc", "Sin", "Cos", "Tan"),
    *("Floor", "Ceil", "Round", "Rint", "FloorDiv", "FloorMod", "Mod", "DivNoNan", "MulNoNan", "Xdivy", "ClipByValue"),
    *("Greater", "GreaterEqual", "Less", "LessEqual", "Equal", "NotEqual", "IsFinite", "IsInf", "IsNan"),
    *("LogicalAnd", "LogicalOr", "LogicalNot", "ZerosLike", "OnesLike", "BatchNormWithGlobalNormalization"),
    *("StopGradient", "PreventGradient", "Snapshot", "CheckNumerics", "PlaceholderWithDefault"),
    *("FakeQuantWithMinMaxArgs", "FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxVarsPerChannel"),
    *(*op_types.ACTIVATIONS, *op_types.ADDITIONS, *op_types.DIVISIONS, *op_types.BOUNDS, *op_types.SELECTS),
    *(*op_types.SWITCHES, *op_types.MERGES),
)

RULES: Dict[str, Rule] = {
    **dict.fromkeys(_EACH, values.each),
    **dict.fromkeys(("BiasAdd", "LRN"), values.first),
    **dict.fromkeys(op_types.FUSED_NORMS, values.norm),
    **dict.fromkeys(("Softmax", "LogSoftmax"), values.along_last),
    **dict.fromkeys(("Conv2D", *op_types.DEPTHWISE), windows.convolution),
    **dict.fromkeys(("MaxPool", "MaxPoolV2", "AvgPool"), windows.pool),
    "Conv2DBackpropInput": windows.deconvolution,
    **dict.fromkeys(("ResizeBilinear", "ResizeNearestNeighbor"), windows.resize),
    **dict.fromkeys(op_types.PADS, moves.pad),
    **dict.fromkeys(op_types.CONCATS, moves.concat),
    "Transpose": moves.transpose,
    **dict.fromkeys(("Mean", "Sum", "Max", "Min", "Prod", "ArgMax", "ArgMin"), moves.reduce),
    "Squeeze": moves.squeeze,
    "ExpandDims": moves.expand,
    "Reshape": reshaping.reshape,
    "Pack": moves.pack,
    **dict.fromkeys(("Split", "SplitV", "Unpack"), moves.split),
    **dict.fromkeys(("Slice", "StridedSlice"), moves.part),
    "SpaceToBatchND": windows.to_batch,
    "BatchToSpaceND": windows.from_batch,
    "SpaceToDepth": windows.to_depth,
    "DepthToSpace": windows.from_depth,
    **dict.fromkeys(op_types.MATRIX_PRODUCTS, values.product_of_matrices),
    "IdentityN": values.forward,
}
