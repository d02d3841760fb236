"""Every Inception by its name."""

from tf_slim.nets.inception import inception_v1_base, inception_v2_base, inception_v3_base

from ...nets.inception_resnet_v2 import (
    inception_resnet_v2,
    inception_resnet_v2_arg_scope,
    inception_resnet_v2_base,
)
from ...nets.inception_v4 import inception_v4, inception_v4_base
from ...nets.slim_variants import inception_v1, inception_v2, inception_v3
from .inception_utils import inception_arg_scope

inception_v1_arg_scope = inception_v2_arg_scope = inception_v3_arg_scope = inception_arg_scope
inception_v4_arg_scope = inception_arg_scope

__all__ = [
    "inception_resnet_v2",
    "inception_resnet_v2_arg_scope",
    "inception_resnet_v2_base",
    "inception_v1",
    "inception_v1_arg_scope",
    "inception_v1_base",
    "inception_v2",
    "inception_v2_arg_scope",
    "inception_v2_base",
    "inception_v3",
    "inception_v3_arg_scope",
    "inception_v3_base",
    "inception_v4",
    "inception_v4_arg_scope",
    "inception_v4_base",
]
