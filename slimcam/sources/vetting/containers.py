"""What HDF5 files and zip archives hold that reaches out of them, or is far larger than they are.

Both are judged by what they say of their parts; nothing of these is read.
"""

import stat
import zipfile
from typing import Any, Iterator, List, NamedTuple, Set, Tuple

from . import Finding, Verdict

# A file may hold this many times its own size, or this many bytes: weights hardly shrink when they are compressed.
FACTOR, FLOOR = 100, 1 << 28
# Kinds of links of HDF5 by their numbers, without the hard ones, which lead to a part of the file itself.
_LINKS = {1: "leads elsewhere", 64: "leads to a file"}
# Types of HDF5, as h5py calls them.
_TYPES = "TypeIntegerID", "TypeFloatID", "TypeStringID", "TypeEnumID", "TypeBitfieldID", "TypeOpaqueID"


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

    Refused are links and data that lie in other files, and data far larger than the file. Raises ValueError for types
    of data that no Keras writes: reading them from a damaged file can crash the process.
    """
    refused: List[Finding] = []
    parts: List[_Count] = []
    for where, item in _items(file, refused):
        _check_attributes(where, item, size)
        if hasattr(item, "shape"):
            _check_type(where, item.id.get_type())
            refused.extend(_of_dataset(where, item))
            parts.append(_Count(where, _bytes(item)))
    return Verdict([*refused, *_too_large(parts, size)])


def read_chunks(file: Any) -> None:
    """Read what data of an HDF5 file is kept in chunks, by an index of its own, and what is not read else."""
    for _, item in _items(file, []):
        if hasattr(item, "shape") and item.chunks is not None:
            item[()]


def _items(file: Any, refused: List[Finding]) -> Iterator[Tuple[str, Any]]:
    """Yield each group and each dataset once, by its path; `refused` gets the links."""
    seen: Set[int] = set()
    stack = [("", file)]
    yield "/", file
    while stack:
        path, group = stack.pop()
        for name in group:
            where = f"{path}/{name}"
            link = _LINKS.get(group.id.links.get_info(name.encode("utf-8", "surrogateescape")).type)
            if link is not None:
                refused.append(Finding(where, "a link", link))
                continue
            item = group[name]
            if hash(item.id) in seen:
                continue
            seen.add(hash(item.id))
            yield where, item
            if hasattr(item, "keys"):
                stack.append((where, item))


def _check_attributes(where: str, item: Any, size: int) -> None:
    """Read attributes whose types and sizes are such as Keras writes; raise ValueError for others."""
    for name in item.attrs:
        attribute = item.attrs.get_id(name)
        _check_type(f"{where}@{name}", attribute.get_type())
        if _bytes(attribute) > size:
            raise ValueError(f"{where}@{name} says that it is larger than the file")
        item.attrs[name]


def _check_type(where: str, kind: Any) -> None:
    """Raise ValueError for a type of HDF5 that is no number, text or opaque bytes: lists, references and records."""
    if type(kind).__name__ not in _TYPES:
        raise ValueError(f"{where} is of the type {type(kind).__name__}")


def _of_dataset(where: str, dataset: Any) -> Iterator[Finding]:
    """Yield why data does not lie in the file itself."""
    layout = dataset.id.get_create_plist()
    if layout.get_external_count():
        yield Finding(where, "data", "lies in other files")
    elif getattr(dataset, "is_virtual", False):
        yield Finding(where, "data", "is put together from other files")


def _bytes(data: Any) -> int:
    """Return how many bytes a dataset or an attribute says it has."""
    count = int(data.dtype.itemsize)
    for size in data.shape or ():
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
