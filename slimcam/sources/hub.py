"""A TF Hub module of TensorFlow 1: a folder like a SavedModel's with a tfhub_module.pb beside it.

Its graphs bear no tag "serve": the one without tags is for inference. Signatures are those that TF Hub calls common
for images (tensorflow.org/hub/common_signatures/images): `image_classification` and `image_feature_vector` take
"images" of values in [0, 1] and give what they are named for as "default"; `default` is one of the two.
"""

import os
from dataclasses import replace
from typing import Any, Dict, List, Optional, Tuple

from .._types import GraphDef
from ..errors import ModelError
from ..files.reading import read_bytes
from ..files.wire import fields, message, number
from ..graphs.graph_defs import dtype_of, nodes_by_name, op_name
from . import saved_model
from .meta_graph import with_values
from .options import LoadOptions, names_of
from .parts import Parts
from .vetting import refuse
from .vetting.files import check_files, saved_model_files

MODULE = "tfhub_module.pb"
FORMAT = 3  # ModuleDef.SAVED_MODEL of module_def.proto
DEFAULT = "default"  # a signature, and an output of one
CLASSES, FEATURES = "image_classification", "image_feature_vector"
_FEATURES_ONLY = f"{DEFAULT!r} is a feature vector, by the signature {FEATURES!r}: explain a Channel or a Dot of it"


def is_hub_module(path: str) -> bool:
    """Whether the path is a module's folder, or its tfhub_module.pb."""
    folder = saved_model.folder_of(path, (MODULE,))
    return os.path.isfile(os.path.join(folder, MODULE)) and saved_model.is_saved_model(folder)


def read_hub_module(path: str, options: LoadOptions) -> Parts:
    """Read the graph without tags and its signature "default", or those asked for.

    Its photos are prepared as TF Hub has it, and a feature vector is no row of classes' scores. Raises ModelError
    for tags that no graph has, UnknownName for another signature.
    """
    folder = saved_model.folder_of(path, (MODULE,))
    said = refuse(path, check_files(path, saved_model_files(folder), folder), options)
    _check_format(folder)
    meta = saved_model.graph_of_tags(folder, options.tags, ())
    signatures = dict(meta.signature_def)
    chosen, because = saved_model.signature_of(folder, signatures, options.signature, DEFAULT)
    if chosen is None:
        raise ModelError(f"{folder}: a TF Hub module without a signature: say another one of its graphs, tags=")
    inputs, outputs = saved_model.named_by_keys(chosen)
    kind = _kind(signatures, outputs)
    wanted, logits = [outputs[DEFAULT]] if DEFAULT in outputs else list(outputs.values()), options.logits
    if logits in outputs:
        wanted, logits = [outputs[logits]], None
    graph_def = meta.graph_def
    images = inputs.get("images")
    why = _set_size(graph_def, images, _image_size(meta)) if images is not None else []
    input = [inputs.get(name, name) for name in names_of(options.input)]
    saved = saved_model.variables_in(folder, options)
    parts = with_values(folder, graph_def, options, saved, input, logits, None if logits else wanted)
    there = nodes_by_name(parts.graph_def)
    points = {key: name for key, name in outputs.items() if op_name(name) in there and key != DEFAULT}
    tags = sorted(meta.meta_info_def.tags)
    words = [f"tags {', '.join(tags) or 'none'}; {because}", *saved_model.in_words(inputs, outputs)]
    features = kind == FEATURES and options.logits in (None, DEFAULT)
    unit = images is not None and dtype_of(chosen.inputs["images"].dtype, f"{images!r}").is_floating
    because_unit = "preprocess 'unit': the images of a TF Hub module have values in [0, 1], by its common signatures"
    return replace(
        parts,
        inputs=list(inputs.values()),
        end_points={**parts.end_points, **points},
        preprocess="unit" if unit else None,
        no_logits=_FEATURES_ONLY if features else "",
        why=[*words, *why, *([because_unit] if unit and options.preprocess is None else []), *parts.why, *said],
    )


def _check_format(folder: str) -> None:
    data = read_bytes(os.path.join(folder, MODULE), ModelError, 1 << 20)
    try:
        version = number(fields(data), 1)
    except ValueError:
        version = None
    if version != FORMAT:
        raise ModelError(f"{folder}: its {MODULE} is damaged, or of a format that slimcam does not read")


def _kind(signatures: Dict[str, Any], outputs: Dict[str, str]) -> Optional[str]:
    """Return the common signature whose "default" the tensor is that a signature gives as such, None for neither."""
    for kind in (CLASSES, FEATURES):
        info = signatures[kind].outputs.get(DEFAULT) if kind in signatures else None
        if info is not None and info.name == outputs.get(DEFAULT):
            return kind
    return None


def _image_size(meta: Any) -> Optional[Tuple[int, int]]:
    """Return height and width of the attachment image_module_info, of image_module_info.proto, None without one."""
    for attachment in meta.collection_def["hub_module_attachments"].bytes_list.value:
        try:
            entry = fields(attachment)
            if entry.get(1) == [b"image_module_info"]:
                size = message(message(entry, 2), 1)
                height, width = number(size, 1), number(size, 2)
                return (height, width) if 0 < min(height, width) <= max(height, width) < 1 << 16 else None
        except ValueError:
            continue
    return None


def _set_size(graph_def: GraphDef, images: str, size: Optional[Tuple[int, int]]) -> List[str]:
    """Give the placeholder of images the size that the module says, where it leaves that open."""
    node = nodes_by_name(graph_def).get(op_name(images))
    if node is None or size is None or node.attr["shape"].shape.unknown_rank:
        return []
    dims = node.attr["shape"].shape.dim
    if len(dims) != 4 or (dims[1].size > 0 and dims[2].size > 0):
        return []
    dims[1].size, dims[2].size = size
    return [f"images of {size[0]} x {size[1]} pixels: its image_module_info"]
