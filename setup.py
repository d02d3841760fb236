"""slimcam's packaging."""

import os
import re

from setuptools import find_packages, setup

HERE = os.path.dirname(os.path.abspath(__file__))


def read(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return file.read()


VERSION = re.search(r'^__version__ = "(.+)"', read("slimcam/__init__.py"), re.M).group(1)

# TensorFlow and tf_keras are not hard dependencies. People have `tensorflow`, `tensorflow-cpu` or a vendor's build, and
# requiring one of them installs it beside another; a tf_keras wheel pulls in the TensorFlow of its own minor version.
# The extra gives a fresh machine a set that works together.
TENSORFLOW = [
    # The last of TensorFlow 1, and what breaks it: protobuf 4 refuses its generated code, h5py 3 its .h5 loader.
    "tensorflow==1.15.5; python_version < '3.8'",
    "protobuf==3.20.3; python_version < '3.8'",
    "h5py==2.10.0; python_version < '3.8'",
    # Today's, and the Keras 2 that holds TensorFlow 1's batch normalisation, of the same minor version.
    "tensorflow>=2.16; python_version >= '3.9'",
    "tf_keras>=2.16; python_version >= '3.9'",
    # Python 3.8 ends at TensorFlow 2.13, whose own Keras still is Keras 2.
    "tensorflow>=2.8,<2.14; python_version == '3.8'",
]

setup(
    name="slimcam",
    version=VERSION,
    description="Class activation maps of TensorFlow 1 image models, on TensorFlow 1.15.5 to today's",
    long_description=read("README.md"),
    long_description_content_type="text/markdown",
    author="The slimcam developers",
    license="Apache-2.0",
    license_files=["LICENSE"],
    keywords=["tensorflow", "tf-slim", "keras", "grad-cam", "class activation map", "saliency", "explainability"],
    packages=find_packages(include=["slimcam", "slimcam.*"]),
    package_data={"slimcam": ["py.typed"]},
    python_requires=">=3.7,<3.14",
    install_requires=[
        "numpy>=1.17",  # all arithmetic after the session
        # Photos in, overlays out. Headless: `opencv-python` asks for libGL.so.1, which a Debian without X or GL lacks.
        "opencv-python-headless>=4.5",
        "tf-slim==1.1.0",  # the nets, and the layers that checkpoints of slim's time were built with
        "click>=8.0",  # the command line
        "tqdm>=4.60",  # its progress bar
        "tabulate>=0.8.10",  # its tables
    ],
    extras_require={
        "tf": TENSORFLOW,
        # psutil: the memory tests and the benchmark; xdist: two tests at a time, which halves the time
        "test": ["pytest>=7", "pytest-xdist>=3", "psutil>=5.9"],
        "lint": ["ruff==0.17.5; python_version >= '3.9'", "mypy==2.4.1; python_version >= '3.9'"],
    },
    entry_points={
        "console_scripts": ["slimcam = slimcam.cli:main"],
        "pytest11": ["slimcam = slimcam._pytest_plugin"],  # golden_maps, --slimcam-record, pytest.mark.tensorflow
    },
    classifiers=[
        "Development Status :: 4 - Beta",
        "Intended Audience :: Developers",
        "Intended Audience :: Science/Research",
        "License :: OSI Approved :: Apache Software License",
        "Operating System :: OS Independent",
        "Framework :: Pytest",
        "Programming Language :: Python :: 3 :: Only",
        *(f"Programming Language :: Python :: 3.{minor}" for minor in range(7, 14)),
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Topic :: Scientific/Engineering :: Image Recognition",
        "Typing :: Typed",
    ],
)
