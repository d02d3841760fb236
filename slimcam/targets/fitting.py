"""Which targets fit a model without (N, classes) logits, by what its outputs look like: the end of a message."""

from typing import Optional

from .._types import Tensor
from ..graphs.op_types import PROBABILITIES, RESTATING
from ..graphs.walk import source
from ..model import Model
from .dense import dense_outputs
from .detections import find_detector


def fitting_targets(model: Model) -> str:
    """Return "; …" with the targets that fit the outputs of a model, "" where nothing is known to fit."""
    if find_detector(model) is not None:
        return "; explain a detection by target=slimcam.Box(0) (--target box:0), the best of a photo"
    ways = []
    for output in dense_outputs(model):
        alone = len(dense_outputs(model)) == 1
        tensor, word = ("", "") if alone else (f", tensor={output.name!r}", f"{output.name}:")
        ways.append(
            f"{output.name!r} {output.shape} is a map: explain a class of it by target=slimcam.Region(class{tensor}) "
            f"(--target region:{word}CLASS), or the peak of a channel by slimcam.Peak(k{tensor}) "
            f"(--target peak:{word}K)"
        )
    ways += [way for way in (_of_rows(model, output) for output in model.outputs) if way]
    return "".join("; " + way for way in ways)


def _of_rows(model: Model, output: Tensor) -> Optional[str]:
    """Return what fits an output of one number an image, or of several; None for any other."""
    if not output.dtype.is_floating or output.shape.rank not in (1, 2):
        return None
    name, what = model.name_of(output), f"{output.name!r} {output.shape}"
    if output.shape.rank == 1:
        return f"{what} is a number: explain it by target=slimcam.Mean({name!r}) (--target mean:{name})"
    before = source(output, RESTATING).op
    if before.type in PROBABILITIES:
        return f"{what} are probabilities: explain their classes by loading with logits={before.inputs[0].name!r}"
    width = output.shape.as_list()[1]
    if model.logits is None and width is not None and len(model.outputs) > 1:
        return (
            f"{what} are {width} numbers: explain the K-th by target=slimcam.Channel({name!r}, k) "
            f"(--target channel:{name}:K)"
        )
    return (
        f"{what} is a vector: explain what makes a photo like another by "
        f"target=slimcam.Dot({name!r}, model.features({name!r}, other)[0]) (--like OTHER)"
    )
