"""slimcam's packaging."""

import os
import re
import runpy

from setuptools import find_packages, setup

HERE = os.path.dirname(os.path.abspath(__file__))


def read(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return file.read()


VERSION = re.search(r'^__version__ = "(.+)"', read("slimcam/__init__.py"), re.M).group(1)

# Every requirement stands in one table, which can be read without what it lists.
PACKAGES = runpy.run_path(os.path.join(HERE, "slimcam", "_packages.py"))

setup(
    name="slimcam",
    version=VERSION,
    description="Class activation maps of TensorFlow 1 image models, on TensorFlow 1.15.5 to today's",
    long_description=read("README.md"),
    long_description_content_type="text/markdown",
    author="The slimcam developers",
    license="Apache-2.0",  # an SPDX expression; setuptools warns of a classifier beside it
    license_files=["LICENSE"],
    keywords=["tensorflow", "tf-slim", "keras", "grad-cam", "class activation map", "saliency", "explainability"],
    packages=find_packages(include=["slimcam", "slimcam.*"]),
    package_data={"slimcam": ["py.typed", "nets/variables.json.gz"]},
    python_requires=">=3.7,<3.14",
    install_requires=list(PACKAGES["REQUIREMENTS"].values()),
    extras_require=PACKAGES["EXTRAS"],
    entry_points={
        "console_scripts": ["slimcam = slimcam.cli:main"],
        "pytest11": ["slimcam = slimcam._pytest_plugin"],  # golden_maps, --slimcam-record, pytest.mark.tensorflow
    },
    classifiers=[
        "Development Status :: 4 - Beta",
        "Intended Audience :: Developers",
        "Intended Audience :: Science/Research",
        "Operating System :: OS Independent",
        "Framework :: Pytest",
        "Programming Language :: Python :: 3 :: Only",
        *(f"Programming Language :: Python :: 3.{minor}" for minor in range(7, 14)),
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Topic :: Scientific/Engineering :: Image Recognition",
        "Typing :: Typed",
    ],
)
