"""What HDF5 files and zip archives hold that reaches out of them, or is far larger than they are.

Both are judged by what they say of their parts; nothing of these is read.
"""

import stat
import zipfile
from typing import Any, Iterator, List, NamedTuple, Set

from . import Finding, Verdict

# A file may hold this many times its own size, or this many bytes: weights hardly shrink when they are compressed.
FACTOR, FLOOR = 100, 1 << 28


class _Count(NamedTuple):
    """A part of a file, and how many bytes it says it has."""

    name: str
    size: int


def _too_large(parts: List[_Count], size: int) -> Iterator[Finding]:
    """Yield the largest part where all together are more than a file of a size can explain."""
    total, most = sum(part.size for part in parts), max(FLOOR, FACTOR * size)
    if total > most:
        largest = max(parts, key=lambda part: part.size)
        yield Finding(
            largest.name,
            f"{largest.size:,} bytes, of {total:,} in all",
            f"are more than {FACTOR} times the {size:,} of the file",
        )


def vet_h5(file: Any, size: int) -> Verdict:
    """Judge an open HDF5 file, of h5py; `size` is that of the file on disk in bytes.

    Refused are links and data that lie in other files, and data far larger than the file.
    """
    refused: List[Finding] = []
    parts: List[_Count] = []
    seen: Set[int] = set()
    stack = [("", file)]
    while stack:
        path, group = stack.pop()
        for name in group:
            where = f"{path}/{name}"
            link = type(group.get(name, getlink=True)).__name__
            if link in ("SoftLink", "ExternalLink"):
                refused.append(Finding(where, "a link", "leads elsewhere" if link == "SoftLink" else "leads to a file"))
                continue
            item = group[name]
            if hash(item.id) in seen:
                continue
            seen.add(hash(item.id))
            if hasattr(item, "keys"):
                stack.append((where, item))
            elif hasattr(item, "shape"):
                refused.extend(_of_dataset(where, item))
                parts.append(_Count(where, _bytes(item)))
    return Verdict([*refused, *_too_large(parts, size)])


def _of_dataset(where: str, dataset: Any) -> Iterator[Finding]:
    """Yield why data does not lie in the file itself."""
    layout = dataset.id.get_create_plist()
    if layout.get_external_count():
        yield Finding(where, "data", "lies in other files")
    elif getattr(dataset, "is_virtual", False):
        yield Finding(where, "data", "is put together from other files")


def _bytes(dataset: Any) -> int:
    count = int(dataset.dtype.itemsize)
    for size in dataset.shape or ():
        count *= int(size)
    return count


def vet_zip(archive: zipfile.ZipFile, size: int) -> Verdict:
    """Judge an open zip archive; `size` is that of the file on disk in bytes.

    Refused are names that lead out of a folder or come twice, links, and contents far larger than the file.
    """
    refused: List[Finding] = []
    seen: Set[str] = set()
    for item in archive.infolist():
        parts = item.filename.replace("\\", "/").split("/")
        if ".." in parts or item.filename.startswith(("/", "\\")) or ":" in parts[0]:
            refused.append(Finding(item.filename, "a name", "leads out of the archive"))
        elif stat.S_ISLNK(item.external_attr >> 16):
            refused.append(Finding(item.filename, "a link", "leads elsewhere"))
        elif item.filename in seen:
            refused.append(Finding(item.filename, "a name", "stands for two files"))
        seen.add(item.filename)
    return Verdict([*refused, *_too_large([_Count(one.filename, one.file_size) for one in archive.infolist()], size)])
