"""Which targets fit a model without (N, classes) logits, by what its outputs look like: the end of a message."""

from ..model import Model
from .dense import dense_outputs
from .detections import find_detector


def fitting(model: Model) -> str:
    """Return "; …" with the targets that fit the outputs of a model, "" where nothing is known to fit."""
    if find_detector(model) is not None:
        return "; explain a detection by target=slimcam.Box(0) (--target box:0), the best of a photo"
    ways = []
    for output in dense_outputs(model):
        tensor = "" if len(dense_outputs(model)) == 1 else f", tensor={output.name!r}"
        ways.append(
            f"{output.name!r} {output.shape} is a map: explain a class of it by target=slimcam.Region(class{tensor}) "
            f"(--target region:CLASS), or the peak of a channel by slimcam.Peak(k{tensor}) (--target peak:K)"
        )
    for output in model.outputs:
        if output.shape.rank == 2 and output.dtype.is_floating:
            name = model.name_of(output)
            ways.append(
                f"{output.name!r} {output.shape} is a vector: explain what makes a photo like another by "
                f"target=slimcam.Dot({name!r}, model.features({name!r}, other)[0]) (--like OTHER)"
            )
    return "".join("; " + way for way in ways)
