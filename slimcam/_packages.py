"""The pip line that brings a missing package, for the Python and TensorFlow at hand; TensorFlow is not imported."""

import sys
from typing import Optional, Tuple

Version = Tuple[int, ...]

# What pip resolves on its own breaks TensorFlow 1.15: protobuf 4 refuses its generated code, h5py 3 its Keras loader.
PYTHON37 = ("tensorflow==1.15.5", "protobuf==3.20.3", "h5py==2.10.0")
# The only release of tf_slim that TensorFlow 2 can import.
TF_SLIM = "tf_slim==1.1.0"
# What pip calls a module, the one that slimcam asks for first.
DISTRIBUTIONS = {
    "cv2": ("opencv-python-headless", "opencv-python", "opencv-contrib-python"),
    "tensorflow": ("tensorflow", "tensorflow-cpu"),
    "tf_slim": ("tf-slim", "tf_slim"),
}


def pip_line(package: str, tensorflow: Optional[Version] = None, python: Optional[Version] = None) -> str:
    """Return the line that installs `package` ('tensorflow', 'tf_slim', 'tf_keras', 'keras') and breaks nothing.

    `tensorflow` is the version at hand, unknown if left out; `python` is the running one if left out; tuples of ints.
    """
    if package == "tensorflow":
        old = tuple(python or sys.version_info[:2]) < (3, 8)
        wanted = PYTHON37 if old else ("slimcam[tf]",)
    elif package == "tf_slim":
        wanted = (TF_SLIM,)
    elif package in ("tf_keras", "keras") and tensorflow:
        # A tf_keras wheel requires the TensorFlow of its own minor version: unpinned, it would upgrade an old one.
        wanted = ("{}=={}.{}.*".format(package, *tensorflow[:2]),)
    else:
        wanted = (package,)
    return "pip install " + " ".join(f'"{requirement}"' for requirement in wanted)


def installed_version(module: str) -> Optional[str]:
    """Return the version that pip installed a module as, None where it did not."""
    try:
        from importlib import metadata
    except ImportError:  # Python 3.7, where click and pytest bring the backport
        import importlib_metadata as metadata  # type: ignore[no-redef]
    for name in DISTRIBUTIONS.get(module, (module,)):
        try:
            return str(metadata.version(name))
        except metadata.PackageNotFoundError:
            continue
    return None
