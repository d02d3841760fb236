"""A case: the files of a model and how they are loaded; in a folder to run it, in a zip file to keep it."""

import io
import json
import os
import zipfile
from typing import Any, Dict, NamedTuple

ABOUT = "case.json"  # in a kept case, beside the folder of its files


class Case(NamedTuple):
    """Files by their paths in the case's folder, and what is done with them."""

    files: Dict[str, bytes]
    entry: str  # the path that is loaded, "." for the folder
    options: Dict[str, Any]  # of load()
    base: str = ""  # which whole one was changed
    recipe: str = "whole"  # how

    def write(self, folder: str) -> str:
        """Write the files into a folder; return the path to load."""
        for name, data in self.files.items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(data)
        return folder if self.entry == "." else os.path.join(folder, self.entry)

    def with_file(self, name: str, data: bytes, recipe: str) -> "Case":
        """Return the case with another content of a file."""
        said = f"{name}: {recipe}"
        return self._replace(
            files={**self.files, name: data}, recipe=said if self.recipe == "whole" else f"{self.recipe}; {said}"
        )


def listing(folder: str) -> Dict[str, bytes]:
    """Return the content of all files in a folder, by their paths in it."""
    contents = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            with open(path, "rb") as file:
                contents[os.path.relpath(path, folder)] = file.read()
    return contents


def pack(kind: str, case: Case, seen: str) -> bytes:
    """Return a case as a zip file, the same for the same case; `seen` is how it ended when it was found."""
    about = {"kind": kind, **case._asdict(), "files": sorted(case.files), "seen": seen}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        contents = {f"files/{name}": data for name, data in sorted(case.files.items())}
        for name, data in {ABOUT: json.dumps(about, indent=1).encode(), **contents}.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def unpack(path: str) -> "tuple[str, Case]":
    """Return the kind and the case that pack() wrote."""
    with zipfile.ZipFile(path) as archive:
        about = json.loads(archive.read(ABOUT).decode())
        files = {name: archive.read(f"files/{name}") for name in about["files"]}
    return about["kind"], Case(files, about["entry"], about["options"], about["base"], about["recipe"])
