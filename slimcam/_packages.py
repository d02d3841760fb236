"""What slimcam needs of other packages: requirements, pip lines, installed versions.

setup.py and scripts/matrix run this file by its path, so it imports Python's own library only.
"""

import sys
from typing import Dict, List, Optional, Tuple

Version = Tuple[int, ...]

REQUIREMENTS: Dict[str, str] = {  # by the names that Python imports
    "numpy": "numpy>=1.17",  # all arithmetic after the session
    # Photos in, overlays out. Headless: `opencv-python` asks for libGL.so.1, which a Debian without X or GL lacks.
    "cv2": "opencv-python-headless>=4.5",
    "click": "click>=8.0",  # the command line
    "tqdm": "tqdm>=4.60",  # its progress bar
    "tabulate": "tabulate>=0.8.10",  # its tables
    # The nets, and the layers that checkpoints of slim's time were built with; TensorFlow 2 imports only this release.
    "tf_slim": "tf_slim==1.1.0",
}

# The last of TensorFlow 1, and what breaks it: protobuf 4 refuses its generated code, h5py 3 its .h5 loader.
PROTOBUF, H5PY = "protobuf==3.20.3", "h5py==2.10.0"
TENSORFLOW_1 = ("tensorflow==1.15.5", PROTOBUF, H5PY)

PYYAML = "pyyaml>=5.4"

# Old programs: images as SciPy had them, notebooks, rewriting for good, Python 2 (3.13 has no lib2to3 any more).
PROGRAMS = ["pillow>=6.2", "nbformat>=5.1", "libcst>=1.0", "fissix>=21.11"]

# The tables of a .tflite file, generated of TensorFlow Lite's own schema, in plain Python; TensorFlow has them as
# private modules only, which 1.15.5 lacks.
TFLITE = "tflite>=2.18"
MATPLOTLIB = "matplotlib>=3.3"
SKIMAGE = "scikit-image>=0.18"

# TensorFlow and tf_keras are not hard dependencies. People have `tensorflow`, `tensorflow-cpu` or a vendor's build, and
# requiring one of them installs it beside another; a tf_keras wheel pulls in the TensorFlow of its own minor version.
# The extra gives a fresh machine a set that works together.
EXTRAS: Dict[str, List[str]] = {
    "tf": [
        *(f"{requirement}; python_version < '3.8'" for requirement in TENSORFLOW_1),
        # Today's, and the Keras 2 that holds TensorFlow 1's batch normalisation, of the same minor version.
        "tensorflow>=2.16; python_version >= '3.9'",
        "tf_keras>=2.16; python_version >= '3.9'",
        # Python 3.8 ends at TensorFlow 2.13, whose own Keras still is Keras 2.
        "tensorflow>=2.8,<2.14; python_version == '3.8'",
    ],
    # L-BFGS, by which style_transfer climbs; nothing else needs it
    "style": ["scipy>=1.2"],
    # sparse equations, by which the metric ROAD fills in pixels
    "road": ["scipy>=1.2"],
    "programs": PROGRAMS,
    # Architectures as to_yaml() of Keras wrote them, which few people have; Python itself reads no YAML.
    "yaml": [PYYAML],
    "tflite": [TFLITE],
    # parts of a photo that look alike, for XRAI, and for LIME and Kernel SHAP by "slic"
    "segments": [SKIMAGE],
    # maps.figure() and maps.show(); pictures need nothing of it
    "figures": [MATPLOTLIB],
    # psutil: the memory tests and the benchmark; xdist: two tests at a time, which halves the time; random-order:
    # scripts/test runs the tests in another order each time, so that none comes to need another; scipy: style, road
    "test": [
        *("pytest>=7", "pytest-xdist>=3.2", "pytest-random-order>=1.1", "psutil>=5.9", "scipy>=1.2"),
        # What old programs lean on: what stands in for the names that these took away is compared with what they have.
        *(*PROGRAMS, TFLITE, MATPLOTLIB, "pandas>=1.1", SKIMAGE, "scikit-learn>=0.24", PYYAML),
        # The estimators that TensorFlow 2.16 parted with; TensorFlow to 2.15, on Python to 3.11, brings its own.
        "tensorflow-estimator==2.15.0; python_version >= '3.12'",
    ],
    "lint": ["ruff==0.17.5; python_version >= '3.9'", "mypy==2.4.1; python_version >= '3.9'"],
}

DISTRIBUTIONS: Dict[str, Tuple[str, ...]] = {  # what pip may have installed a module as, where that is not its name
    "cv2": ("opencv-python-headless", "opencv-python", "opencv-contrib-python-headless", "opencv-contrib-python"),
    "tensorflow": ("tensorflow", "tensorflow-cpu"),
    "tf_slim": ("tf-slim", "tf_slim"),
}

# Its last release, for TensorFlow 2.16 and newer. In no extra: an older TensorFlow brings the one of its own version.
ESTIMATOR = "tensorflow-estimator==2.15.0"

# the modules of extras: what pip calls them, and their extra
OF_PROGRAMS = {"PIL": "pillow", "nbformat": "nbformat", "libcst": "libcst", "fissix": "fissix"}
OF_EXTRAS = {
    **{module: (name, "programs") for module, name in OF_PROGRAMS.items()},
    "yaml": (PYYAML, "yaml"),
    "tflite": (TFLITE, "tflite"),
    "matplotlib": (MATPLOTLIB, "figures"),
    "skimage": (SKIMAGE, "segments"),
}


def pip_line(
    *modules: str, tensorflow: Optional[Version] = None, python: Optional[Version] = None, program: str = ""
) -> str:
    """Return the line that installs modules, by the names that Python imports, and breaks nothing.

    `tensorflow` is the version at hand, unknown if left out. `program` is another interpreter to install them for, and
    `python` its version; the running one if left out.
    """
    pins = [pin for module in modules for pin in pins_of(module, tensorflow, python, bool(program))]
    return " ".join([*([program, "-m"] if program else []), "pip", "install", *(f'"{pin}"' for pin in pins)])


def pins_of(
    module: str, tensorflow: Optional[Version] = None, python: Optional[Version] = None, elsewhere: bool = False
) -> Tuple[str, ...]:
    """Return what pip is to be asked for to install a module; `elsewhere`: for a Python that need not have slimcam."""
    if module == "tensorflow":
        if (python or sys.version_info[:2]) < (3, 8):
            return TENSORFLOW_1
        return ("tensorflow",) if elsewhere else ("slimcam[tf]",)
    if module in ("tf_keras", "keras") and tensorflow:
        # A tf_keras wheel requires the TensorFlow of its own minor version: unpinned, it would upgrade an old one.
        return ("{}=={}.{}.*".format(module, *tensorflow[:2]),)
    if module == "tensorflow_estimator":
        return (ESTIMATOR,)
    if module in OF_EXTRAS:
        name, extra = OF_EXTRAS[module]
        return (name,) if elsewhere else (f"slimcam[{extra}]",)
    return (REQUIREMENTS.get(module, module),)


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
