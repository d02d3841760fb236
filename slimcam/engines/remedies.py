"""What can be done where a score needs a placeholder that nobody feeds, as lines to paste."""

from typing import Collection, List, Optional

from .._types import Tensor
from ..errors import Remedy
from ..graphs.feeds import needs
from ..graphs.walk import gates
from ..inputs.image_input import ImageInput
from ..model import Model


def remedies(
    model: Model, layer: Tensor, score_tensor: Tensor, missing: Tensor, cut: Collection[str], engine: str
) -> List[Remedy]:
    """Return the ways out where `score_tensor` needs the tensor `missing`, given the tensors named in `cut`."""
    name, also = model.name_of(layer), "" if engine == "graph" else f', engine="{engine}"'
    ways = []
    if not any(tensor is missing for tensor in _placeholders(model, layer, cut)):
        code = f'slimcam.GradCAM(model, "{name}", target=slimcam.Mean("{name}"){also})'
        ways.append(Remedy(code, f"--layer {name} --target mean:{name}", "explain a score that does without it"))
    lacking = [one for one in model.inputs_of([layer, score_tensor], cut) if one.tensor.name not in cut]
    alone = [_last_alone(model, image_input, score_tensor, engine) for image_input in lacking]
    if not any(image_input.tensor is missing for image_input in lacking) or None in alone:
        code = f'slimcam.GradCAM(model, "{name}", hold={{"{missing.name}": array}}{also})'
        return [*ways, Remedy(code, f"--hold {missing.name}=FILE.npy", "give it a value")]
    zeros = ", ".join(f'"{one}": "zeros"' for one in alone)
    options = " ".join(f"--hold {one}=zeros" for one in alone)
    code = f'slimcam.GradCAM(model, "{name}", hold={{{zeros}}}{also})'
    ways.append(Remedy(code, f"--layer {name} {options}", f'or hold model.features("{alone[0]}", photo)'))
    photos = ", ".join(f"photo_{i + 1}" for i in range(len(model.inputs)))
    command = f"slimcam pair {'PHOTO ' * len(model.inputs)}--model {model.source}"
    ways.append(Remedy(f"slimcam.explain_pair(model, {photos}{also})", command, "feed all, a map for each"))
    return ways


def _placeholders(model: Model, tensor: Tensor, cut: Collection[str]) -> List[Tensor]:
    """Return the placeholders and inputs that a tensor needs beside those in `cut`."""
    return needs([tensor], cut) + [image_input.tensor for image_input in model.inputs_of([tensor], cut)]


def _last_alone(model: Model, image_input: ImageInput, score_tensor: Tensor, engine: str) -> Optional[str]:
    """Return the name of the last tensor on all ways from an input to `score_tensor` that no other input leads to.

    It is one that the engine can replace: a tape meets only what the calls of layers give.
    """
    met = {output.name for call in model.calls or () for output in call.outputs}
    for op in gates(image_input.tensor, score_tensor):
        tensor = op.outputs[0]
        if model.inputs_of([tensor]) == [image_input] and (engine == "graph" or tensor.name in met):
            return model.name_of(tensor)
    return None
