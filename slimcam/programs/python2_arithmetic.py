"""Arithmetic of Python 2 under signs that Python 3 has, too: `a / b` of integers, and `round(x)`."""

import ast
import builtins
import copy
import decimal
import operator
import re
from typing import Any, Iterable, Iterator, List, Set, Tuple

DIVIDE, ROUND = "__python2_divide__", "__python2_round__"


def of_python2(tree: ast.Module, text: str) -> ast.Module:
    """Return the tree with round of Python 2, and its division unless the text before asked for that of 3."""
    setattr(builtins, DIVIDE, divide)
    setattr(builtins, ROUND, round_half_away)
    if not _has_division_of_3(text):
        tree = _Divisions().visit(tree)
    if "round" not in bound_names(tree, perhaps=["round"]):
        tree = _Rounds().visit(tree)
    return ast.fix_missing_locations(tree)


def otherwise_today(tree: ast.AST, text: str) -> Iterator[Tuple[int, str]]:
    """Yield the lines of a converted source that Python 3 may count otherwise, and what to do there.

    A division counts where neither side is a float by its looks.
    """
    has_own_round = "round" in bound_names(tree, perhaps=["round"])
    for node in ast.walk(tree):
        if isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(node.op, ast.Div):
            sides = (node.left, node.right) if isinstance(node, ast.BinOp) else (node.target, node.value)
            if not _has_division_of_3(text) and not any(_is_float(side) for side in sides):
                yield node.lineno, "a / b of two integers was rounded down in Python 2: write // if they are"
        elif isinstance(node, ast.Name) and node.id == "round" and not has_own_round:
            yield node.lineno, "round(x) was a float in Python 2, and halves went away from zero"


def _has_division_of_3(text: str) -> bool:
    return re.search(r"^from __future__ import .*\bdivision\b", text, re.MULTILINE) is not None


def _is_float(node: ast.AST) -> bool:
    """Whether a float stands in an expression, or what makes one: `x * 2.0`, `float(n)`, `np.sqrt(n)`."""
    return any(
        isinstance(vars(one).get("value", vars(one).get("n")), float)  # `n` to Python 3.7
        or (isinstance(one, ast.Name) and one.id == "float")
        or (isinstance(one, ast.Attribute) and one.attr in ("float32", "float64", "sqrt", "exp", "log", "pi", "mean"))
        for one in ast.walk(node)
    )


def bound_names(tree: ast.AST, perhaps: Iterable[str]) -> Set[str]:
    """Return the names that a source binds anywhere; those of `perhaps` count where it imports `*`."""
    bound: Set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bound.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.alias):
            bound.add((node.asname or node.name).split(".")[0])
            if node.name == "*":
                bound.update(perhaps)
    return bound


class _Rounds(ast.NodeTransformer):
    """Make the built-in round that of Python 2."""

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.copy_location(ast.Name(ROUND, node.ctx), node) if node.id == "round" else node


class _Divisions(ast.NodeTransformer):
    """Make a / b a call of divide(a, b), and a /= b an assignment of one, in place where that was."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        return self._call(node, [node.left, node.right]) if isinstance(node.op, ast.Div) else node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Div) or any(isinstance(one, ast.Call) for one in ast.walk(node.target)):
            return node  # what is called in the target would be called twice
        read = copy.deepcopy(node.target)
        read.ctx = ast.Load()
        call = self._call(node, [read, node.value, ast.copy_location(ast.parse("True", mode="eval").body, node)])
        return ast.copy_location(ast.Assign(targets=[node.target], value=call), node)

    def _call(self, node: ast.AST, arguments: List[ast.expr]) -> ast.Call:
        name = ast.copy_location(ast.Name(DIVIDE, ast.Load()), node)
        return ast.copy_location(ast.Call(name, arguments, []), node)


def divide(a: Any, b: Any, in_place: bool = False) -> Any:
    """Return a / b of Python 2: of integers, and of arrays of integers, the whole part, rounded down."""
    if isinstance(a, int) and isinstance(b, int):
        return a // b
    if hasattr(type(a), "__div__"):  # TensorFlow's tensors have it still
        return a.__div__(b)
    if hasattr(type(b), "__rdiv__"):
        return b.__rdiv__(a)
    kinds = [getattr(getattr(one, "dtype", None), "kind", "i" if isinstance(one, int) else "") for one in (a, b)]
    if all(kind and kind in "iub" for kind in kinds):
        return (operator.ifloordiv if in_place else operator.floordiv)(a, b)
    return (operator.itruediv if in_place else operator.truediv)(a, b)


def round_half_away(number: Any, ndigits: int = 0) -> Any:
    """Return round(number, ndigits) of Python 2: a float, halves away from zero, by the number's exact value."""
    if getattr(number, "ndim", 0):  # the program's `round` is NumPy's, from another cell of its notebook
        return number.round(ndigits)
    exact = decimal.Decimal(float(number))
    if not exact.is_finite():
        return float(number)
    digits = decimal.Context(prec=400, rounding=decimal.ROUND_HALF_UP)
    return float(exact.quantize(decimal.Decimal(1).scaleb(-ndigits), context=digits))
