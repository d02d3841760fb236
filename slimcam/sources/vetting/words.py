"""The attributes that are text: TensorFlow quotes them in its errors, and ends the process where they are none.

TensorFlow 1 makes a Python string of such an error without a look at whether it is one. Names are of the operations
that are allowed, in the registries of 1.15.5 and 2.21; an operation that is refused is not imported.
"""

from typing import Sequence

from ..._types import NodeDef

# What protos, tables of translations or pictures lie in: bytes of any value, which no error quotes.
BYTES = frozenset(
    (
        *("config", "config_proto", "descriptor_source", "dimension_numbers", "metadata", "precision_config"),
        *("sharding", "manual_sharding", "xmp_metadata"),
    )
)
WORDS = frozenset(
    (
        *("_class", "_gradient_op_type", "activation_mode", "align", "allowed_devices", "bad_indices_policy"),
        *("container", "context_dense_keys", "context_sparse_keys", "data_format", "dct_method", "debug_name"),
        *("dense_keys", "density_unit", "description", "direction", "display_name", "dst_format", "encoding"),
        *("equation", "errors", "executor_type", "feature_list_dense_keys", "feature_list_sparse_keys"),
        *("feature_list_dense_missing_assumed_empty", "field_delim", "field_names", "fill", "fill_mode"),
        *("filter_format", "format", "frame_name", "fused_ops", "id", "input_encoding", "input_mode", "input_order"),
        *("input_quant_mode", "interpolation", "kernel_type", "labels", "left_pad", "loss_type", "message"),
        *("message_format", "message_type", "method", "mode", "na_value", "noise", "op_type", "output_encoding"),
        *("padding", "pattern", "placeholder", "pooling_type", "reduce_type", "rewrite", "right_pad", "rnn_mode"),
        *("round_mode", "row_partition_types", "separator", "set_operation", "shared_name", "source", "sparse_keys"),
        *("split_type", "src_format", "stack_name", "template", "tensor_array_name", "unit", "var_name"),
    )
)


def no_text(node: NodeDef, names: Sequence[str]) -> str:
    """Return the first of these attributes of a node whose value, or one of whose values, is no text; "" for none."""
    for name in names:
        value = node.attr[name]
        if name in WORDS and not all(map(_is_text, (value.s, *value.list.s))):
            return name
    return ""


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
