"""Read what a program uses of old libraries, and under which names."""

from typing import Any, Dict, Set, Tuple

import libcst as cst
from libcst import metadata

from .names import Gone, Today, is_module, today


def dotted(node: cst.CSTNode) -> str:
    """Return the text of names with dots between them, "" of anything else."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr.value}" if base else ""
    return ""


def code(node: cst.CSTNode) -> str:
    """Return the text of a node."""
    return cst.Module([]).code_for_node(node)


class Visitor:
    """What the reader and the writer know of a node."""

    get_metadata: Any

    def whole(self, node: cst.CSTNode) -> str:
        """Return the whole name of what an import brought: "tensorflow.contrib.slim.conv2d"; "" of all else."""
        for one in self.get_metadata(metadata.QualifiedNameProvider, node, ()):
            if one.source is metadata.QualifiedNameSource.IMPORT:
                return str(one.name)
        return ""

    def line(self, node: cst.CSTNode) -> int:
        """Return a node's line."""
        return int(self.get_metadata(metadata.PositionProvider, node).start.line)


PROVIDERS = (metadata.QualifiedNameProvider, metadata.PositionProvider)


class Reader(Visitor, cst.CSTVisitor):
    """Read what a program uses of old libraries, and decide what holds for the whole file."""

    METADATA_DEPENDENCIES = PROVIDERS

    def __init__(self) -> None:
        super().__init__()
        self.uses: Set[str] = set()  # whole names, each as far as the program writes it
        self.bound: Dict[str, str] = {}  # what imports bind, by local name
        self.names: Set[str] = set()
        self.os_line = 0
        self._inner: Set[int] = set()

    def visit_Attribute(self, node: cst.Attribute) -> None:
        if id(node) not in self._inner:
            self.uses.add(self.whole(node))
        self._inner.add(id(node.value))

    def visit_Name(self, node: cst.Name) -> None:
        self.names.add(node.value)
        if id(node) not in self._inner:
            self.uses.add(self.whole(node))

    def visit_Import(self, node: cst.Import) -> bool:
        for alias in node.names:
            name = dotted(alias.name)
            local = alias.evaluated_alias or name.split(".")[0]
            self.bound[local] = name if alias.evaluated_alias else local
            if local == name == "os":
                self.os_line = self.os_line or self.line(node)
        return False

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        if node.module is not None and not node.relative and not isinstance(node.names, cst.ImportStar):
            for alias in node.names:
                whole = f"{dotted(node.module)}.{alias.evaluated_name}"
                self.bound[alias.evaluated_alias or alias.evaluated_name] = whole
        return False

    @property
    def tensorflow(self) -> str:
        """Return what the program calls tensorflow."""
        for local, whole in self.bound.items():
            if whole == "tensorflow":
                return local
        return "tf" if "tf" not in self.names else "tensorflow_1"

    def needs(self, module: str, family: str) -> bool:
        """Return whether a use of names below `family` leads to a module."""
        found = (place(one)[0] for one in self.uses if one == family or one.startswith(f"{family}."))
        return any(isinstance(one, Today) and one.module == module for one in found)


def place(whole: str) -> Tuple[Any, str]:
    """Return where a name is today, and the part of the name that this is about: a name of a module, no deeper."""
    parts = whole.split(".")
    if parts[:2] == ["tensorflow", "compat"]:
        return None, whole  # of TensorFlow 2 already
    lost: Any = None
    for size in range(len(parts), 0, -1):
        prefix = ".".join(parts[:size])
        found = today(prefix)
        if isinstance(found, Gone):
            lost = (found, prefix)
        elif isinstance(found, Today):
            return lost if lost is not None and is_module(found) else (found, prefix)
    return lost or (None, whole)
