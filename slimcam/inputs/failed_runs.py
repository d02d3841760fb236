"""What is raised where TensorFlow cannot run a graph on the images that it is fed."""

from typing import Sequence

from ..errors import ModelError, PhotoError, SlimcamError
from .image_input import ImageInput


def cannot_run(source: str, inputs: Sequence[ImageInput], error: Exception) -> SlimcamError:
    """Return the error for a run that TensorFlow ended, with the last of what it says.

    Where the graph leaves the size of its images open, that is likely the cause.
    """
    lines = str(error).split("\n\t [[")[0].splitlines()  # then come the operation, and where it was built
    why = lines[-1] if lines else type(error).__name__
    dims = [one.tensor.shape.as_list() for one in inputs if one.tensor.shape.rank]
    if any(None in one[1:] for one in dims):
        return PhotoError(
            f"{source} cannot run on images of this size ({why}): load it with size=, the side that it takes"
        )
    sizes = " and ".join(" x ".join(map(str, one[1:])) for one in dims)
    what = f"images of {sizes}" if sizes else "these photos"
    return ModelError(f"{source} cannot be run on {what}: {type(error).__name__}: {why}")
