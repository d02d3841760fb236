"""Rewrite a source: its names, its calls, its imports. Formatting and comments stay, by LibCST."""

from typing import Any, List, Optional, Set, Tuple

import libcst as cst
from libcst import metadata

from ..._tf.keras1.paths import SHAPE
from .calls import Call, changed
from .imports import Imports, Notes
from .names import Gone
from .reading import PROVIDERS, Reader, Visitor, code, dotted


def rewrite(text: str) -> Tuple[str, Notes, Notes]:
    """Return the source for today's TensorFlow, what was changed and what is left, by lines of `text`."""
    wrapper = metadata.MetadataWrapper(cst.parse_module(text))
    reader = Reader()
    wrapper.visit(reader)
    writer = _Writer(reader)
    source = wrapper.visit(writer).code
    return source, writer.changes, writer.left


class _Writer(Visitor, Imports, cst.CSTTransformer):
    """Rewrite a program."""

    METADATA_DEPENDENCIES = PROVIDERS

    def __init__(self, reader: Reader) -> None:
        cst.CSTTransformer.__init__(self)
        Imports.__init__(self, reader)
        self._inner: Set[int] = set()

    # --- names

    def visit_Import(self, node: cst.Import) -> bool:
        return False

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        return False

    def visit_Attribute(self, node: cst.Attribute) -> None:
        self._inner.add(id(node.value))

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.BaseExpression:
        whole, text = self.whole(original_node), dotted(original_node)
        if original_node.attr.value == SHAPE:
            return self._shape(original_node, code(updated_node.value))
        if id(original_node) in self._inner or not whole or not text:
            return updated_node
        found, prefix = self._place(whole)
        if found is None:
            return updated_node
        depth = len(whole) - len(prefix)
        old, rest = text[: len(text) - depth], text[len(text) - depth :]
        if isinstance(found, Gone):
            self.left.append((self.line(original_node), f"{old}: {found.why}"))
            return updated_node
        new = self._expression(found, text.split(".")[0])
        if new == old:
            return updated_node
        self.changes.append((self.line(original_node), f"{old} -> {new}"))
        return cst.parse_expression(new + rest)

    def _shape(self, node: cst.Attribute, tensor: str) -> cst.BaseExpression:
        """Return the shape of a tensor by Keras' backend, by what the program calls that."""
        backend = next((one for one in self._reader.bound if self._base(one).endswith(".backend")), "backend")
        if backend == "backend":
            self._added["from tf_keras import backend"] = None
        self.changes.append((self.line(node), f"{_short(code(node))} -> {backend}.int_shape({_short(tensor)})"))
        return cst.parse_expression(f"{backend}.int_shape({tensor})")

    def visit_Call(self, node: cst.Call) -> None:
        call = _call(node, self.whole(node.func))
        if call is not None and not call.name.startswith(("keras.", "tensorflow.")) and changed(call) is not None:
            self._inner.add(id(node.func))  # the call is written anew, with its name

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        call = _call(updated_node, self.whole(original_node.func))
        new = None if call is None else changed(call)
        if (
            call is None
            or new is None
            or ("PIL:Image" in new.imports and self._reader.bound.get("Image", "PIL.Image") != "PIL.Image")
        ):
            return updated_node
        for one in new.imports:
            module, _, name = one.partition(":")
            if one == "numpy as np" and self._reader.bound.get("np") == "numpy":
                continue
            self._added[f"from {module} import {name}" if name else f"import {module}"] = None
        line = self.line(original_node)
        if new.left:
            self.left.append((line, f"{call.function.rpartition('.')[2]}: {new.left}"))
        if new.text == code(updated_node):
            return updated_node
        self.changes.append((line, f"{_short(code(original_node))} -> {_short(new.text)}"))
        return cst.parse_expression(new.text)

    # --- layers of the program's own

    def leave_ClassDef(self, original_node: cst.ClassDef, updated_node: cst.ClassDef) -> cst.ClassDef:
        """Give build() of a layer a tuple for its shape, which TensorFlow's Keras gives as a TensorShape."""
        if not any(self.whole(base.value).endswith(".Layer") for base in original_node.bases):
            return updated_node
        shape = f"lambda shape: tuple({self._tf}.TensorShape(shape).as_list())"
        methods = []
        for one in updated_node.body.body:
            if isinstance(one, cst.FunctionDef) and one.name.value == "build" and len(one.params.params) > 1:
                name = one.params.params[1].name.value
                line = cst.parse_statement(f"{name} = {self._tf}.nest.map_structure({shape}, {name})")
                at = 1 if one.get_docstring() is not None else 0
                inside = [*one.body.body[:at], line, *one.body.body[at:]]
                one = one.with_changes(body=one.body.with_changes(body=inside))
                self.changes.append((self.line(original_node), f"{name} of build() is a tuple again"))
            methods.append(one)
        return updated_node.with_changes(body=updated_node.body.with_changes(body=methods))

    # --- imports

    def leave_SimpleStatementLine(self, original_node: cst.SimpleStatementLine, updated_node: Any) -> Any:
        if len(original_node.body) == 1 and isinstance(original_node.body[0], cst.ImportFrom):
            inside = self._renamed(original_node.body[0])
            if inside is not None:
                if inside is not original_node.body[0]:
                    line = code(original_node.body[0]), code(inside)
                    self.changes.append((self.line(original_node), " -> ".join(map(_short, line))))
                return updated_node.with_changes(body=[inside])
        lines: List[str] = []
        for old, small in zip(original_node.body, updated_node.body):
            if isinstance(old, (cst.Import, cst.ImportFrom)):
                lines += self._import_lines(old, self.line(original_node))
            else:
                lines.append(code(small.with_changes(semicolon=cst.MaybeSentinel.DEFAULT)))
        before = [code(one.with_changes(semicolon=cst.MaybeSentinel.DEFAULT)) for one in updated_node.body]
        if lines == before:
            return updated_node
        text = "; ".join(line.partition("  #")[0] for line in lines) or "(nothing)"
        self.changes.append((self.line(original_node), f"{_short('; '.join(before))} -> {_short(text, 160)}"))
        if not lines:
            return cst.RemoveFromParent()
        statements: List[Any] = [cst.parse_statement(line) for line in lines]
        statements[0] = statements[0].with_changes(leading_lines=updated_node.leading_lines)
        statements[-1] = statements[-1].with_changes(trailing_whitespace=updated_node.trailing_whitespace)
        return cst.FlattenSentinel(statements)

    def leave_Module(self, original_node: cst.Module, updated_node: cst.Module) -> cst.Module:
        """Add the imports that changed names need, below those at the top."""
        there = {code(one).strip() for one in updated_node.body}
        added = [cst.parse_statement(line) for line in self._added if line not in there]
        if not added:
            return updated_node
        body = list(updated_node.body)
        at = 0
        for number, one in enumerate(body):
            if not isinstance(one, cst.SimpleStatementLine):
                break
            if any(isinstance(small, (cst.Import, cst.ImportFrom)) for small in one.body) or "disable_v2" in code(one):
                at = number + 1
        if at == 0 and body and original_node.get_docstring() is not None:
            at = 1
        return updated_node.with_changes(body=[*body[:at], *added, *body[at:]])


def _call(node: cst.Call, name: str) -> Optional[Call]:
    """Return a call as text; None for what is called without a name, or with stars."""
    if isinstance(node.func, cst.Call) or any(argument.star for argument in node.args):
        return None
    named = {argument.keyword.value: code(argument.value) for argument in node.args if argument.keyword}
    args = [code(argument.value) for argument in node.args if argument.keyword is None]
    return Call(name, code(node.func), args, named)


def _short(text: str, most: int = 90) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"
