"""What is in a file, before anything is explained: `slimcam inspect`."""

import os
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sized

from .._types import Tensor
from ..errors import LayerError, ModelError
from ..graphs.op_types import PLACEHOLDERS
from ..graphs.walk import ancestors
from ..model import Model
from ..text.printable import escape, one_line
from .wording import in_options

if TYPE_CHECKING:
    from ..sources.graph_summary import TensorSummary
    from ..sources.options import LoadOptions

MOST = 12  # scores, layers and variables listed


def describe_path(path: str, options: Dict[str, Any]) -> str:
    """Describe a model in lines of text; one that cannot be loaded by the variables or the graph that are in its file.

    Raises ModelError where there are neither.
    """
    from ..sources.loading import load
    from ..sources.options import LoadOptions

    if options.get("isolated"):
        return _describe_elsewhere(path, {name: options[name] for name in options if name != "isolated"})
    given = LoadOptions(trusted=options.get("trusted", False), allow=options.get("allow"))
    variables = _variables(path, given)
    lines = [] if variables is None else variables
    try:
        with load(path, **options) as model:
            lines += describe_model(model)
    except (ModelError, LayerError) as error:
        lines += describe_graph(path, given)
        if not lines:
            raise
        reason = [one_line(f"not loaded: {in_options(error.on_one_line())}")]
    else:
        reason = []
    lines += [*(f"verdict: {line}" for line in _verdict(path, given)), *reason]
    return "\n".join(map(escape, lines))


def _describe_elsewhere(path: str, options: Dict[str, Any]) -> str:
    """Describe a model in a process of its own, and say what that is kept from."""
    from ..isolation.model import in_words, started

    with started([(path, options)]) as child:
        text = str(child.call("inspect", path, {name: options[name] for name in options if name != "memory"}))
        return "\n".join(map(escape, [*text.splitlines(), in_words(child)]))


def _verdict(path: str, options: "LoadOptions") -> List[str]:
    """Return what is in a file beside computing with tensors, in words; [] where it is damaged, which was said."""
    from ..sources.verdicts import vet

    try:
        return vet(path, options.allow or ()).lines()
    except ModelError:
        return []


def _variables(path: str, options: "LoadOptions") -> Optional[List[str]]:
    """Describe a checkpoint's variables, or return None for what is no checkpoint."""
    from ..nets import nets_fitting
    from ..sources.checkpoint import is_checkpoint
    from ..sources.variables import open_checkpoint

    if not is_checkpoint(path):
        return None
    reader = open_checkpoint(path, options)
    lines = [f"checkpoint {reader.path}: {len(reader.shapes)} variables"]
    lines += [f"  {name} {tuple(reader.shapes[name])}" for name in sorted(reader.shapes)[:MOST]]
    lines += _more(reader.shapes)
    fitting = nets_fitting(reader.shapes)
    lines.append(f"its variables fit: {', '.join(fitting) or 'no net that slimcam knows'}")
    return lines


def describe_graph(path: str, options: "LoadOptions") -> List[str]:
    """Describe a graph that no model can be made of, [] where there is none to be read."""
    from ..sources.graph_summary import summary_of

    try:
        summary = summary_of(path, options)
    except ModelError:
        return []
    if summary is None:
        return []
    lines = [f"graph {os.path.normpath(path)}: {summary.operations} operations"]
    kinds = {
        "placeholders": summary.placeholders,
        "images are fed to": summary.images,
        "scores may be": summary.scores,
        "it ends in": summary.ends,
    }
    for kind, tensors in kinds.items():
        if tensors:
            lines.append(f"{kind}:")
            lines += [f"  {_in_words(one)}" for one in tensors[:MOST]]
            lines += _more(tensors)
    return lines + ([f"this TensorFlow lacks {summary.lacking}"] if summary.lacking else [])


def _in_words(tensor: "TensorSummary") -> str:
    shape = "of any shape" if tensor.shape is None else tensor.shape
    return f"{tensor.name} {tensor.dtype} {shape}" + (f": {tensor.why}" if tensor.why else "")


def describe_model(model: Model) -> List[str]:
    """Describe a loaded model."""
    lines = [f"model {os.path.normpath(model.source)}: {len(model.names.operations)} operations"]
    lines += [f"  because {why}" for why in model.why]
    lines.append("inputs:")
    places = [op for op in model.names.operations if op.type in PLACEHOLDERS]
    tensors = list({t.name: t for t in [*(e.tensor for e in model.inputs), *(op.outputs[0] for op in places)]}.values())
    lines += [f"  {tensor.name} {tensor.dtype.name} {tensor.shape}" for tensor in tensors]
    lines.append("scores, and what each needs:")
    scores = _scores(model)
    lines += [f"  {tensor.name} {tensor.shape} needs {', '.join(model.needs(tensor))}" for tensor in scores[:MOST]]
    lines += _more(scores)
    lines.append("layers, best first:")
    layers = model.layers()
    lines += [f"  {layer.name} {layer.shape}" for layer in layers[:MOST]]
    return lines + _more(layers)


def _more(listed: Sized) -> List[str]:
    """Return the line that says how many more there are than MOST, where there are."""
    return [f"  … and {len(listed) - MOST} more"] if len(listed) > MOST else []


def _scores(model: Model) -> List[Tensor]:
    """Return the logits, and what else of one row per image the graph ends in."""
    behind, flow = ancestors(model.ends), dict.fromkeys(model.names.flow)
    ends = [
        op.outputs[0]
        for op in flow
        if op.outputs and op.outputs[0].dtype.is_floating and op.outputs[0].shape.rank in (1, 2)
        if not any(reader in flow for reader in op.outputs[0].consumers())
    ]
    return [*model.ends, *(tensor for tensor in ends if tensor.op not in behind)]
