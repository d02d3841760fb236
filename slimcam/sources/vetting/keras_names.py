"""What configurations of Keras may name: tables of layers, functions and symbols that only compute with tensors.

They hold what Keras 1, Keras 2 and Keras 3 write and has been looked at; whatever is not here is refused.
"""

import re
from typing import Dict, FrozenSet


def _each(*words: str) -> FrozenSet[str]:
    return frozenset(" ".join(words).split())


def _dims(*words: str, dims: str = "1D 2D 3D") -> FrozenSet[str]:
    return frozenset(word + dim for word in _each(*words) for dim in dims.split())


MODELS = _each("Model Functional Sequential Network")

# Layers of Keras that take a path, code, or what only the process has; the words follow "which".
REACHING: Dict[str, str] = {
    "Lambda": "is code that would run",
    "TFSMLayer": "runs a SavedModel of any path",
    "TorchModuleWrapper": "unpickles a module of PyTorch",
    "FlaxLayer": "calls a function of the file's own",
    "JaxLayer": "calls a function of the file's own",
    "StringLookup": "reads its vocabulary from any path",
    "IntegerLookup": "reads its vocabulary from any path",
    "IndexLookup": "reads its vocabulary from any path",
    "TextVectorization": "reads its vocabulary from any path",
    "DenseFeatures": "reads vocabularies from any path",
    "SequenceFeatures": "reads vocabularies from any path",
    "FeatureSpace": "reads vocabularies from any path",
    "ResidualWrapper": "calls a function of the file's own",
    "__lambda__": "is code that would run",
}
# Operations of Keras 3 that call functions of the configuration's own.
REACHING.update(
    dict.fromkeys(
        _each("AssociativeScan Cond ForiLoop Function JVP Map Scan Switch VectorizedMap WhileLoop"),
        "calls a function of the file's own",
    )
)

LAYERS = MODELS | (
    _dims(
        "AdaptiveAveragePooling AdaptiveMaxPooling AveragePooling AvgPool Conv ConvLSTM Convolution Cropping Deconv",
        "GlobalAveragePooling GlobalAvgPool GlobalMaxPool GlobalMaxPooling MaxPool MaxPooling SpatialDropout",
        "UpSampling ZeroPadding LocallyConnected SeparableConv SeparableConvolution DepthwiseConv Deconvolution",
        "AtrousConvolution",
    )
    | {name + "Transpose" for name in _dims("Conv Convolution")}
    | _each(
        "Activation ActivityRegularization Add AddLoss AddMetric AdditiveAttention AlphaDropout Attention AugMix",
        "AutoContrast Average BatchNormalization BatchNormalizationV1 BatchNormalizationV2 Bidirectional",
        "CategoryEncoding CenterCrop Concatenate ContrastLimitedAdaptiveHistogramEqualization ConvLSTMCell",
        "ConvLSTM2DCell CuDNNGRU CuDNNLSTM CutMix Dense DeviceWrapper Discretization Dot Dropout DropoutWrapper ELU",
        "EinsumDense Embedding Equalization Flatten GRU GRUCell GaussianDropout GaussianNoise GroupNormalization",
        "GroupQueryAttention GroupedQueryAttention HashedCrossing Hashing Identity InputLayer LSTM LSTMCell",
        "LayerNormalization LeakyReLU Masking MaxNumBoundingBoxes Maximum MelSpectrogram Merge Minimum MixUp",
        "MultiHeadAttention Multiply Normalization PReLU Permute Pipeline RMSNormalization RNN RandAugment",
        "RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop RandomElasticTransform",
        "RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHeight RandomHue RandomInvert",
        "RandomPerspective RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear",
        "RandomTranslation RandomWidth RandomZoom ReLU RepeatVector Rescaling Reshape Resizing ReversibleEmbedding",
        "STFTSpectrogram SimpleRNN SimpleRNNCell Softmax Solarization SpectralNormalization StackedRNNCells Subtract",
        "SyncBatchNormalization ThresholdedReLU TimeDistributed UnitNormalization",
        # of keras.applications
        "CustomScaleLayer LayerScale StochasticDepth",
    )
)
# Layers of Keras 2 around a symbol of TensorFlow, by the entry of their configuration that names it.
WRAPPERS: Dict[str, str] = {
    "TFOpLambda": "function",
    "SlicingOpLambda": "function",
    "InstanceProperty": "attr_name",
    "InstanceMethod": "attr_name",
    "ClassMethod": "method_name",
    "TensorFlowOpLayer": "node_def",
}

# Operations of Keras 3, by their classes.
OPERATIONS = _each(
    "Cast ConvertToTensor SaturateCast Scatter ScatterUpdate Slice SliceUpdate StopGradient Unstack Rearrange",
    "AffineTransform CropImages ElasticTransform ExtractPatches GaussianBlur HSVToRGB MapCoordinates PadImages",
    "PerspectiveTransform RGBToGrayscale RGBToHSV Resize SSIM ScaleAndTranslate SobelEdges Cholesky CholeskyInverse",
    "Det Eig Eigh Inv Lstsq LuFactor MatrixRank Norm Pinv Qr SVD Solve SolveTriangular CDist Erf Erfc Erfinv",
    "ExtractSequences FFT FFT2 IFFT2 IRFFT ISTFT InTopK Logdet Logsumexp RFFT Rsqrt STFT SegmentMax SegmentMin",
    "SegmentProd SegmentSum TopK ViewAsComplex ViewAsReal AdaptiveAveragePool AdaptiveMaxPool AveragePool BatchNorm",
    "BinaryCrossentropy CTCDecode CTCLoss CategoricalCrossentropy Celu Conv ConvTranspose DepthToSpace DepthwiseConv",
    "DotProductAttention Elu Fold Gelu Glu HardShrink HardSigmoid HardSilu HardTanh LayerNorm LeakyRelu LogSigmoid",
    "LogSoftmax MaxPool Mish Moments MultiHot Normalize OneHot PSNR Polar RMSNorm Relu Relu6 Selu SeparableConv",
    "Sigmoid Silu SoftShrink Softmax Softplus Softsign SpaceToDepth SparseCategoricalCrossentropy SparsePlus",
    "SparseSigmoid Sparsemax Squareplus TanhShrink Threshold Unfold Abs Absolute Add All AllClose Amax Amin Angle Any",
    "Append Arange Arccos Arccosh Arcsin Arcsinh Arctan Arctan2 Arctanh Argmax Argmin Argpartition Argsort Array",
    "ArraySplit Average Bincount BitwiseAnd BitwiseInvert BitwiseLeftShift BitwiseNot BitwiseOr BitwiseRightShift",
    "BitwiseXor BroadcastTo Cbrt Ceil Clip Concatenate Conj Conjugate Copy Corrcoef Correlate Cos Cosh CountNonzero",
    "Cross Cumprod Cumsum Deg2rad Diag Diagflat Diagonal Diff Digitize Divide DivideNoNan Dot Dsplit Dstack Einsum",
    "EmptyLike Equal Exp Exp2 ExpandDims Expm1 Fabs FakeQuantWithMinMaxVars Flip Fliplr Flipud Floor FloorDivide Fmax",
    "Fmin Fmod Full FullLike Gcd Geomspace GetItem Greater GreaterEqual Heaviside Histogram Hsplit Hstack Hypot I0",
    "Imag Inner IsIn Isclose Isfinite Isinf Isnan Isneginf Isposinf Isreal Kron Lcm Ldexp LeftShift Less LessEqual",
    "Linspace Log Log10 Log1p Log2 Logaddexp Logaddexp2 LogicalAnd LogicalNot LogicalOr LogicalXor Logspace Matmul",
    "Max Maximum Mean Median Meshgrid Min Minimum Mod Moveaxis Multiply NanToNum Nanargmax Nanargmin Nancumprod",
    "Nancumsum Nanmax Nanmean Nanmedian Nanmin Nanpercentile Nanprod Nanquantile Nanstd Nansum Nanvar Ndim Negative",
    "Nextafter Nonzero NotEqual OnesLike Outer Pad Percentile Power Prod Ptp Quantile Rad2deg Ravel Real Reciprocal",
    "Repeat Reshape RightShift Roll Rot90 Round SearchSorted Select Sign Signbit Sin Sinc Sinh Size Slogdet Sort Split",
    "Sqrt Square Squeeze Stack Std Subtract Sum Swapaxes Take TakeAlongAxis Tan Tanh Tensordot Tile Trace Transpose",
    "Trapezoid Tril Triu TrueDivide Trunc Unique UnravelIndex Vander Var Vdot View Vsplit Vstack Where ZerosLike ReLU",
)

ACTIVATIONS = _each(
    "celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear",
    "log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus",
    "sparse_sigmoid sparsemax squareplus swish tanh tanh_shrink threshold",
    "ELU LeakyReLU PReLU ReLU Softmax ThresholdedReLU",
)
INITIALIZERS = _each(
    "Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity IdentityInitializer LecunNormal LecunUniform Ones",
    "Orthogonal OrthogonalInitializer RandomNormal RandomUniform STFT STFTInitializer TruncatedNormal VarianceScaling",
    "Zeros constant glorot_normal glorot_uniform he_normal he_uniform identity lecun_normal lecun_uniform normal one",
    "ones orthogonal random_normal random_uniform stft truncated_normal uniform variance_scaling zero zeros",
)
REGULARIZERS = _each("L1 L1L2 L2 OrthogonalRegularizer l1 l1_l2 l2 L1_L2 l1l2 orthogonal_regularizer WeightRegularizer")
REGULARIZERS |= _each("ActivityRegularizer")
CONSTRAINTS = _each(
    "MaxNorm MinMaxNorm NonNeg RadialConstraint UnitNorm max_norm maxnorm min_max_norm nonneg non_neg",
    "radial_constraint unit_norm unitnorm",
)
POLICIES = _each(
    "DTypePolicy DTypePolicyMap FloatDTypePolicy QuantizedDTypePolicy QuantizedFloat8DTypePolicy Policy PolicyV1",
)
CLASSES = LAYERS | OPERATIONS | INITIALIZERS | REGULARIZERS | CONSTRAINTS | POLICIES

# Values that are no objects of Keras': of these only the entries are looked at.
VALUES = _each("__tensor__ __numpy__ __bytes__ __ellipsis__ __slice__ __tuple__ __keras_tensor__ TensorShape")
DTYPES = _each(
    "float16 float32 float64 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool",
    "complex64 complex128 string",
)

# By the end of an entry's name, what its text may name.
NAMED_BY_TEXT: Dict[str, FrozenSet[str]] = {
    "activation": ACTIVATIONS,
    "initializer": INITIALIZERS,
    "init": INITIALIZERS,  # of Keras 1: init, inner_init, forget_bias_init
    "regularizer": REGULARIZERS,
    "constraint": CONSTRAINTS,
}

# Modules, public and Keras' own, in which the classes above lie; TensorFlow has some initializers.
MODULES = re.compile(
    r"(tf_)?keras(\.src)?(\.(layers|models|engine|initializers|regularizers|constraints|activations|ops|dtype_policies"
    r"|mixed_precision|quantizers|legacy|applications)(\.\w+)*)?|tensorflow(\.\w+)*\.init_ops(_v2)?"
)
MODULES_OF_TYPES = re.compile(r"tensorflow((\.\w+)*\.tensor(_spec)?)?")

_MATH = _each(
    "abs accumulate_n acos acosh add add_n angle approx_max_k approx_min_k argmax argmin asin asinh atan atan2 atanh",
    "betainc bincount ceil confusion_matrix conj cos cosh count_nonzero cumprod cumsum cumulative_logsumexp digamma",
    "bessel_i0 bessel_i0e bessel_i1 bessel_i1e",
    "divide divide_no_nan equal erf erfc erfcinv erfinv exp expm1 floor floordiv floormod greater greater_equal igamma",
    "igammac imag in_top_k invert_permutation is_finite is_inf is_nan is_non_decreasing is_strictly_increasing",
    "l2_normalize lbeta less less_equal lgamma log log1p log_sigmoid log_softmax logical_and logical_not logical_or",
    "logical_xor maximum minimum mod multiply multiply_no_nan ndtri negative nextafter not_equal polygamma polyval pow",
    "real reciprocal reciprocal_no_nan reduce_all reduce_any reduce_euclidean_norm reduce_logsumexp reduce_max",
    "reduce_mean reduce_min reduce_prod reduce_std reduce_sum reduce_variance rint round rsqrt scalar_mul segment_max",
    "segment_mean segment_min segment_prod segment_sum sigmoid sign sin sinh softmax softplus softsign sqrt square",
    "squared_difference subtract tan tanh top_k truediv unsorted_segment_max unsorted_segment_mean",
    "unsorted_segment_min unsorted_segment_prod unsorted_segment_sqrt_n unsorted_segment_sum xdivy xlog1py xlogy",
    "zero_fraction zeta",
)
_NN = _each(
    "atrous_conv2d atrous_conv2d_transpose avg_pool avg_pool1d avg_pool2d avg_pool3d batch_normalization",
    "batch_norm_with_global_normalization bias_add conv1d conv1d_transpose conv2d conv2d_transpose conv3d",
    "conv3d_transpose conv_transpose convolution crelu depth_to_space depthwise_conv2d dilation2d elu embedding_lookup",
    "erosion2d fractional_avg_pool fractional_max_pool gelu in_top_k l2_loss l2_normalize leaky_relu",
    "local_response_normalization log_softmax lrn max_pool max_pool1d max_pool2d max_pool3d max_pool_with_argmax",
    "moments normalize_moments pool relu relu6 selu separable_conv2d sigmoid sigmoid_cross_entropy_with_logits silu",
    "softmax softmax_cross_entropy_with_logits softplus softsign space_to_batch space_to_depth",
    "sparse_softmax_cross_entropy_with_logits sufficient_statistics swish tanh top_k",
    "weighted_cross_entropy_with_logits weighted_moments with_space_to_batch zero_fraction",
)
_IMAGE = _each(
    "adjust_brightness adjust_contrast adjust_gamma adjust_hue adjust_saturation central_crop",
    "combined_non_max_suppression convert_image_dtype crop_and_resize crop_to_bounding_box draw_bounding_boxes",
    "extract_glimpse extract_image_patches extract_patches flip_left_right flip_up_down",
    "generate_bounding_box_proposals grayscale_to_rgb hsv_to_rgb image_gradients non_max_suppression",
    "non_max_suppression_overlaps non_max_suppression_padded non_max_suppression_with_scores pad_to_bounding_box",
    "per_image_standardization psnr resize resize_area resize_bicubic resize_bilinear resize_images",
    "resize_image_with_pad resize_nearest_neighbor resize_with_crop_or_pad resize_with_pad rgb_to_grayscale rgb_to_hsv",
    "rgb_to_yiq rgb_to_yuv rot90 sobel_edges ssim ssim_multiscale total_variation transpose yiq_to_rgb yuv_to_rgb",
)
_LINALG = _each(
    "adjoint band_part cholesky cholesky_solve cross det diag diag_part eig eigh eigvals eigvalsh einsum expm eye",
    "global_norm inv l2_normalize logdet logm lstsq lu matmul matrix_rank matrix_transpose matvec norm normalize pinv",
    "qr set_diag slogdet solve sqrtm svd tensor_diag tensor_diag_part tensordot trace triangular_solve",
    "tridiagonal_matmul tridiagonal_solve",
)
_SIGNAL = _each(
    "dct fft fft2d fft3d fftshift frame hamming_window hann_window idct ifft ifft2d ifft3d ifftshift inverse_stft",
    "irfft",
    "irfft2d irfft3d kaiser_window linear_to_mel_weight_matrix mfccs_from_log_mel_spectrograms overlap_and_add rfft",
    "rfft2d rfft3d stft",
)
_TOP = _each(
    "argsort batch_gather batch_to_space bitcast boolean_mask broadcast_dynamic_shape broadcast_static_shape",
    "broadcast_to cast clip_by_global_norm clip_by_norm clip_by_value complex concat constant convert_to_tensor",
    "depth_to_space div dynamic_partition dynamic_stitch edit_distance einsum ensure_shape expand_dims",
    "extract_volume_patches eye fill gather gather_nd guarantee_const histogram_fixed_width",
    "histogram_fixed_width_bins identity identity_n linspace matmul matrix_square_root meshgrid norm one_hot ones",
    "ones_like pad parallel_stack range rank realdiv repeat required_space_to_batch_paddings reshape reverse",
    "reverse_sequence roll saturate_cast scatter_nd searchsorted sequence_mask shape shape_n size slice sort",
    "space_to_batch space_to_batch_nd space_to_depth split stack stop_gradient strided_slice squeeze switch_case",
    "tensor_scatter_nd_add tensor_scatter_nd_max tensor_scatter_nd_min tensor_scatter_nd_sub tensor_scatter_nd_update",
    "tensordot tile to_double to_float to_int32 to_int64 transpose truncatediv truncatemod unique unique_with_counts",
    "unravel_index unstack where zeros zeros_like",
) - {"switch_case"}
_BACKEND = _each(
    "abs all any argmax argmin batch_dot batch_flatten bias_add cast clip concatenate conv1d conv2d cos cumprod cumsum",
    "depthwise_conv2d dot elu equal exp expand_dims flatten gather greater greater_equal hard_sigmoid l2_normalize",
    "less less_equal log max maximum mean min minimum not_equal one_hot ones_like permute_dimensions pool2d pow prod",
    "relu repeat repeat_elements reshape resize_images reverse round sigmoid sign sin softmax softplus softsign",
    "spatial_2d_padding sqrt square squeeze stack std sum switch tanh temporal_padding tile transpose var zeros_like",
)
_OPERATORS = _each(
    "getitem ragged_getitem add radd sub rsub mul rmul truediv rtruediv floordiv rfloordiv mod rmod pow rpow and rand",
    "or ror xor rxor neg abs invert eq ne lt le gt ge matmul rmatmul",
)
_ALL = (  # by their names today; those of TensorFlow 1 come with a prefix
    {f"math.{name}" for name in _MATH}
    | {f"nn.{name}" for name in _NN}
    | {f"image.{name}" for name in _IMAGE}
    | {f"linalg.{name}" for name in _LINALG}
    | {f"signal.{name}" for name in _SIGNAL}
    | {f"bitwise.{name}" for name in _each("bitwise_and bitwise_or bitwise_xor invert left_shift right_shift")}
    | {f"dtypes.{name}" for name in _each("cast complex saturate_cast")}
    | {f"quantization.fake_quant_with_min_max_{name}" for name in _each("args vars vars_per_channel")}
    | {f"keras.activations.{name}" for name in ACTIVATIONS if name.islower()}
    | {f"keras.backend.{name}" for name in _BACKEND}
    | {f"__operators__.{name}" for name in _OPERATORS}
    | _MATH
    | _TOP
)
# Symbols of TensorFlow, as TFOpLambda and SlicingOpLambda name them.
SYMBOLS = frozenset(_ALL | {f"compat.v1.{name}" for name in _ALL})
# Symbols that draw at random, which is said.
DRAWING = frozenset(
    prefix + name
    for prefix in ("", "compat.v1.")
    for name in (
        *(f"random.{one}" for one in _each("categorical gamma normal poisson shuffle truncated_normal uniform")),
        *(f"random.stateless_{one}" for one in _each("categorical gamma normal poisson truncated_normal uniform")),
        *(f"image.random_{one}" for one in _each("brightness contrast crop hue saturation")),
        *_each("image.random_flip_left_right image.random_flip_up_down nn.dropout random_uniform random_normal"),
    )
)
# Attributes of ragged and sparse tensors that InstanceProperty and InstanceMethod take.
ATTRIBUTES = _each(
    "values flat_values row_splits nested_row_splits value_rowids nested_value_rowids nrows row_starts row_limits",
    "row_lengths nested_row_lengths bounding_shape with_values with_flat_values with_row_splits_dtype merge_dims",
    "to_tensor to_sparse indices dense_shape",
)
