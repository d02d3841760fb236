"""Families of operation types: what a node's `op`, or an operation's `type`, says that it does.

Each family has its one name and definition here. Who needs a wider one joins families where it is needed, so that what
is added shows. Nothing here imports TensorFlow.
"""

# --- where values come from

UNFED = ("Placeholder", "PlaceholderV2")  # without a value of their own
PLACEHOLDERS = (*UNFED, "PlaceholderWithDefault")
PIPELINES = ("IteratorGetNext", "QueueDequeueV2", "QueueDequeueManyV2", "QueueDequeueUpToV2")
DECODERS = ("DecodeJpeg", "DecodePng", "DecodeImage", "DecodeBmp", "DecodeAndCropJpeg")
PARSERS = ("ParseExample", "ParseExampleV2", "ParseSingleExample")  # of tf.Example records
REF_VARIABLES = ("VariableV2", "Variable")  # their output is the value
VARIABLES = (*REF_VARIABLES, "VarHandleOp")  # of the last, the output is a handle that a ReadVariableOp reads
ASSIGNMENTS = ("AssignVariableOp", "AssignAddVariableOp")
UPDATES = (*ASSIGNMENTS, "AssignSubVariableOp", "Assign", "AssignAdd", "AssignSub")  # of every kind of variable
WEIGHTS = ("Const", *VARIABLES)
READS = ("Identity", "ReadVariableOp", "Enter")  # what lies between a weight and who computes with it
# Random numbers of the generators that layers of TensorFlow and Keras call, and the beginnings of all there are.
UNIFORM = ("RandomUniform", "StatelessRandomUniform", "StatelessRandomUniformV2")
UNIFORM_OR_NORMAL = (*UNIFORM, "RandomStandardNormal")
RANDOM_PREFIXES = (
    *("Random", "TruncatedNormal", "Multinomial", "ParameterizedTruncatedNormal", "SampleDistortedBoundingBox"),
    *("StatelessRandom", "StatelessTruncatedNormal", "StatelessMultinomial"),
)
# Those of tf.random.Generator, and operations that draw by the way.
RANDOM_TYPES = (
    *("StatefulUniform", "StatefulUniformInt", "StatefulUniformFullInt", "StatefulStandardNormal"),
    *("StatefulStandardNormalV2", "StatefulTruncatedNormal", "StatefulRandomBinomial", "NonDeterministicInts"),
    *("StatelessParameterizedTruncatedNormal", "StatelessSampleDistortedBoundingBox", "StatelessShuffle"),
    *("FractionalMaxPool", "FractionalAvgPool"),
)

# --- functions, branches and loops

CALLS = ("PartitionedCall", "StatefulPartitionedCall")  # of functions; imported ones get zeros for their gradient
CONDS = ("If", "StatelessIf")
BRANCHES = (*CONDS, "While", "StatelessWhile", "Case", "StatelessCase")  # control flow of TensorFlow 2, by functions
SWITCHES = ("Switch", "RefSwitch")  # control flow of TensorFlow 1, by operations
MERGES = ("Merge", "RefMerge")
OPENING = (*SWITCHES, "Enter")  # what comes after is in a branch or a loop,
CLOSING = (*MERGES, "Exit")  # and here it ends
AGAIN = ("NextIteration", "RefNextIteration")  # the last round of a loop, for the next
LOOPING = ("NextIteration", "LoopCond")
LOOPS = ("Enter", "Exit", *LOOPING)  # what a loop of TensorFlow 1 is made of

# --- the same numbers

FORWARDING = ("IdentityN", "StopGradient", "PreventGradient", "Snapshot", "CheckNumerics")  # as Identity does
FLATTENING = ("Identity", "Reshape", "Squeeze")  # the same numbers in the same order, in as many dimensions or fewer
RESTATING = (*FLATTENING, "ExpandDims", "Cast")  # the same numbers in the same order, in another shape or type
REARRANGING = ("Transpose", "SpaceToBatchND", "BatchToSpaceND")  # the same numbers in another order
SIZES = ("Shape", "ShapeN", "Size", "Rank")  # how large a tensor is, not what is in it
CONCATS = ("Concat", "ConcatV2")
PADS = ("Pad", "PadV2", "MirrorPad")
RESIZES = ("ResizeBilinear", "ResizeNearestNeighbor", "ResizeBicubic", "ResizeArea")

# --- arithmetic

ADDITIONS = ("Add", "AddV2")
DIVISIONS = ("RealDiv", "Div")
SELECTS = ("Select", "SelectV2")
COMPARISONS = ("Greater", "GreaterEqual", "Less", "LessEqual")
CONVOLUTIONS = ("Conv2D", "Conv3D")
DEPTHWISE = ("DepthwiseConv2dNative",)
DECONVOLUTIONS = ("Conv2DBackpropInput", "Conv3DBackpropInputV2")
MATRIX_PRODUCTS = ("MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3")
FUSED_NORMS = ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")
NORMS = (*FUSED_NORMS, "BatchNormWithGlobalNormalization")
MAX_POOLS = ("MaxPool", "MaxPoolV2", "MaxPool3D")
AVG_POOLS = ("AvgPool", "AvgPool3D")
ACTIVATIONS = ("Relu", "Relu6", "Elu", "Selu", "LeakyRelu", "Sigmoid", "Tanh", "Softplus", "Softsign")  # one by one
BOUNDS = ("Maximum", "Minimum")  # by which other activations are written
# What a convolution's block still does to its output before the next one reads it.
SAME_BLOCK = (
    *("BiasAdd", "Identity", "Mul", "Sub", "RealDiv", "Maximum"),
    *(*NORMS, *ACTIVATIONS, *ADDITIONS),
)
PROBABILITIES = ("Softmax", "Sigmoid")  # what a classifier's logits become
# What the numbers that a model gives are, by what reads its logits.
OUTPUT_KINDS = {"Softmax": "softmax", "LogSoftmax": "softmax", "Sigmoid": "sigmoid"}
COMBINED = ("CombinedNonMaxSuppression",)  # of all classes and a batch in one
SUPPRESSIONS = (*COMBINED, "NonMaxSuppression", *(f"NonMaxSuppressionV{i}" for i in range(2, 6)))
CROPS = ("CropAndResize",)  # rows of proposals, not of images, come after
LOSSES = ("SoftmaxCrossEntropyWithLogits", "SparseSoftmaxCrossEntropyWithLogits")
