"""Where the names of one program are today, and what its import statements become."""

from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import libcst as cst

from .. import gone
from .names import COMPAT, OURS, Gone, Today
from .reading import Reader, code, dotted, place

Notes = List[Tuple[int, str]]

_KERAS_2 = 'os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")  # Keras 2, which TensorFlow chooses when it is imported'


class Imports:
    """The imports of one program, old and new; `changes` and `left` are notes by line."""

    def __init__(self, reader: Reader) -> None:
        self.changes: Notes = []
        self.left: Notes = []
        self._reader = reader
        self._tf = reader.tensorflow
        self._ours = reader.needs(OURS, "tensorflow")
        self._our_backend = reader.needs("slimcam.backend", "keras.backend")
        self._added: Dict[str, None] = {}
        # a program that has one already was ported before
        self._has_header = COMPAT in reader.bound.values() or OURS in reader.bound.values()

    def _place(self, whole: str, chained: bool = True) -> Tuple[Any, str]:
        top, _, rest = whole.partition(".")
        if top == "tensorflow" and chained and rest.startswith("keras"):
            return Today(OURS if self._ours else COMPAT, rest), whole
        found, prefix = place(whole)
        if not isinstance(found, Today):
            return found, prefix
        if top == "tensorflow" and self._ours and (found.module == COMPAT or found.module.startswith("tf_slim")):
            found = Today(OURS, prefix.partition(".")[2])
        if found.module == "tf_keras.backend" and self._our_backend:
            found = Today("slimcam.backend", found.name)
        return found, prefix

    def _base(self, local: str) -> str:
        """Return the whole name of what a local name is after its import was rewritten."""
        whole = self._reader.bound.get(local, local)
        found, prefix = self._place(whole, chained=False)
        return str(found) + whole[len(prefix) :] if isinstance(found, Today) else whole

    def _expression(self, target: Today, local: str) -> str:
        """Return what to write for a name of today where an old one began with a local name."""
        whole = str(target)
        for one in (local, *self._reader.bound):  # by what the program has already
            base = self._base(one)
            if whole == base or whole.startswith(f"{base}."):
                return one + whole[len(base) :]
        if target.module == "builtins":
            return target.name
        if target.module in (COMPAT, OURS):
            return f"{self._tf}.{target.name}"
        if target.module.startswith("slimcam.programs.gone."):
            package, _, module = target.module.rpartition(".")
            self._added[f"from {package} import {module}"] = None
            return f"{module}.{target.name}"
        self._added[f"import {target.module}"] = None
        return whole

    def _renamed(self, node: cst.ImportFrom) -> Optional[cst.ImportFrom]:
        """Return an import whose names are all in one other module today, as it stood but for that; None for others."""
        if node.relative or node.module is None or isinstance(node.names, cst.ImportStar):
            return None
        module, homes, names = dotted(node.module), set(), []
        if not self._has_header and module.split(".")[0] in ("tensorflow", "keras"):
            return None
        for alias in node.names:
            whole = f"{module}.{alias.evaluated_name}"
            found, prefix = self._place(whole, chained=False)
            if found is None:
                found = Today(module, alias.evaluated_name)
            if not isinstance(found, Today) or prefix != whole or found.module in (COMPAT, OURS, "builtins"):
                return None
            if found.name.count(".") or not found.name:
                return None
            homes.add(found.module)
            if found.name != alias.evaluated_name:
                bound = alias.evaluated_alias or alias.evaluated_name
                as_name = cst.AsName(cst.Name(bound), cst.SimpleWhitespace(" "), cst.SimpleWhitespace(" "))
                alias = alias.with_changes(name=cst.Name(found.name), asname=None if bound == found.name else as_name)
            names.append(alias)
        if len(homes) != 1:
            return None
        if homes == {module}:
            return node
        return node.with_changes(module=cst.parse_expression(homes.pop()), names=names)

    def _import_lines(self, node: Union[cst.Import, cst.ImportFrom], line: int) -> List[str]:
        """Return what an import statement is today."""
        if isinstance(node, cst.Import):
            lines = [text for alias in node.names for text in self._imported(alias, line)]
            same = lines == [
                f"import {code(alias.with_changes(comma=cst.MaybeSentinel.DEFAULT))}" for alias in node.names
            ]
            lines = [code(node.with_changes(semicolon=cst.MaybeSentinel.DEFAULT))] if same else lines
            top = {dotted(alias.name).split(".")[0] for alias in node.names}
        elif node.relative or node.module is None:
            return [code(node.with_changes(semicolon=cst.MaybeSentinel.DEFAULT))]
        else:
            lines = self._from_lines(node, dotted(node.module), line)
            top = {dotted(node.module).split(".")[0]}
        if top & {"tensorflow", "keras"} and not self._has_header:
            self._has_header = True
            return [*self._header(line), *lines]
        return lines

    def _header(self, line: int) -> Sequence[str]:
        """Return what gives the process the behaviour of TensorFlow 1, before anything of it is imported."""
        if self._ours:
            return [f"import {OURS} as {self._tf}"]
        os = [] if 0 < self._reader.os_line < line else ["import os"]
        return [*os, _KERAS_2, f"import {COMPAT} as {self._tf}", f"{self._tf}.disable_v2_behavior()"]

    def _imported(self, alias: cst.ImportAlias, line: int) -> List[str]:
        """Return the lines for one name of `import a.b as c`."""
        whole, local = dotted(alias.name), alias.evaluated_alias
        same = f"import {code(alias.with_changes(comma=cst.MaybeSentinel.DEFAULT))}"
        if whole.split(".")[0] == "tensorflow" and not local:
            return []  # the header binds it
        found, _ = self._place(whole if local else whole.split(".")[0], chained=False)
        if whole == "tensorflow":
            return []
        if isinstance(found, Gone):
            self.left.append((line, f"{whole}: {found.why}"))
        if not isinstance(found, Today):
            found_inside = self._place(whole, chained=False)[0]
            if not local and isinstance(found_inside, Gone):
                self.left.append((line, f"{whole}: {found_inside.why}"))
            return [] if self._is_left_behind(whole) else [same]
        return [self._binding(found, local or whole.split(".")[0])]

    def _is_left_behind(self, whole: str) -> bool:
        """Return whether a module is only a table of names that are all elsewhere today, as scipy.misc is."""
        found = [place(one)[0] for one in self._reader.uses if one.startswith(f"{whole}.")]
        return (
            gone.row_of(whole) is not None
            and bool(found)
            and all(isinstance(one, Today) and not f"{one}.".startswith(f"{whole}.") for one in found)
        )

    def _binding(self, found: Today, local: str) -> str:
        """Return the line that binds a local name to what is there today."""
        if found.module in (COMPAT, OURS) and found.name:
            return f"{local} = {self._tf}.{found.name}"
        if found.name:
            outer, _, last = found.name.rpartition(".")
            module = f"{found.module}.{outer}".rstrip(".")
        else:
            module, _, last = found.module.rpartition(".")
        if not module:
            return f"import {last}" if last == local else f"import {last} as {local}"
        if module == "builtins":
            return f"{local} = {last}"
        return f"from {module} import {last}" + ("" if last == local else f" as {local}")

    def _from_lines(self, node: cst.ImportFrom, module: str, line: int) -> List[str]:
        """Return the lines for `from module import …`."""
        same = code(node.with_changes(semicolon=cst.MaybeSentinel.DEFAULT))
        if isinstance(node.names, cst.ImportStar):
            found, _ = self._place(module, chained=False)
            return [f"from {found} import *"] if isinstance(found, Today) and not found.name else [same]
        lines: Dict[str, List[str]] = {}
        for alias in node.names:
            name, local = str(alias.evaluated_name), alias.evaluated_alias or str(alias.evaluated_name)
            found, prefix = self._place(f"{module}.{name}", chained=False)
            if module == "keras.layers" and name == "merge":
                continue  # its calls name the function that each mode is
            if isinstance(found, Gone):
                self.left.append((line, f"{prefix}: {found.why}"))
            if isinstance(found, Today) and found.module == OURS and not self._ours:
                continue  # what the program takes from it has its own places
            if not isinstance(found, Today) or prefix != f"{module}.{name}":
                found = Today(module, name)
            text = self._binding(found, local)
            start, _, binding = text.partition(" import ")
            lines.setdefault(start if binding else text, []).extend([binding] if binding else [])
        statements = [f"{start} import {', '.join(names)}" if names else start for start, names in lines.items()]
        return [same] if [one.replace(" ", "") for one in statements] == [_flat(same)] else statements


def _flat(text: str) -> str:
    return text.replace(" ", "").replace("\n", "").replace("(", "").replace(")", "").rstrip(",")
