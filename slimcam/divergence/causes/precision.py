"""Half precision: weights that were rounded to it, or operations that compute in it."""

from typing import Any, Dict, Iterator, List, Optional, Tuple

import numpy as np

from ..._tf import tf
from ..sides import Found, in_layout_of
from .case import Case
from .subgraph import Region
from .weights import paired

HALVES = {"float16": tf.float16, "bfloat16": tf.bfloat16}


def float16(case: Case) -> Optional[Found]:
    """Give B its weights before they were rounded, and let it compute in float32; or A, where it is A that does not."""
    found = case.named("float16", _whole(case))
    return found or case.named("float16", _of_a(case), case.b_value())


def rounded(array: np.ndarray, half: str) -> np.ndarray:
    """Return an array as half precision holds it, in the array's own type."""
    with np.errstate(all="ignore"):
        return array.astype(HALVES[half].as_numpy_dtype).astype(array.dtype)


def _whole(case: Case) -> Iterator[Tuple[str, Optional[np.ndarray]]]:
    for half, dtype in HALVES.items():
        if case.are_inputs() and _is_rounded(case.target, case.b_value(), half):
            yield f"what B is fed is A's input rounded to {half}", case.target
        coarse = _coarse(case.b, case.a, [pair[::-1] for pair in paired(case)], half)
        if _computes(case.b, dtype):
            text = f"B computes in {half}" + (", with weights rounded to it" if coarse else "")
            yield text, case.b.rebuilt(_widen, {**_unrounded(case), **coarse}, single=True)
        elif coarse:
            yield f"B's weights are A's rounded to {half}", case.b.run(coarse)


def _of_a(case: Case) -> Iterator[Tuple[str, Optional[np.ndarray]]]:
    for half, dtype in HALVES.items():
        coarse = _coarse(case.a, case.b, paired(case), half)
        if _computes(case.a, dtype):
            yield f"A computes in {half}", case.a.rebuilt(_widen, coarse, single=True)
        elif coarse:
            yield f"A's weights are B's rounded to {half}", case.a.run(coarse)


def _computes(region: Region, dtype: Any) -> bool:
    return any(out.dtype == dtype for op in region.ops for out in op.outputs)


def _coarse(region: Region, other: Region, pairs: List[Tuple[Any, Any]], half: str) -> Dict[Any, np.ndarray]:
    """Return the weights of a region that are rounded, and what they are in the other one."""
    found = {}
    for ours, theirs in pairs:
        array = region.value(ours)
        whole = other.value(theirs).reshape(array.shape)
        if _is_rounded(whole, array, half):
            found[ours] = whole
    return found


def _unrounded(case: Case) -> Dict[Any, np.ndarray]:
    """Return what A's region starts from, laid out as B's starts but not rounded to their type."""
    found = {}
    for one, other in case.parted.pairs:
        if other.tensor in case.b.starts:
            array = case.parted.a.values[one.tensor.name]
            laid = in_layout_of(array, one, other, case.b.starts[other.tensor].astype(array.dtype))
            found.update({} if laid is None else {other.tensor: laid})
    return found


def _is_rounded(whole: np.ndarray, half: np.ndarray, name: str) -> bool:
    same = np.array_equal(rounded(whole, name), half.astype(whole.dtype))
    return same and not np.array_equal(whole, half.astype(whole.dtype))


def _widen(node: Any) -> None:
    """Let a node compute in float32 what it computes in half precision."""
    narrow = [half.as_datatype_enum for half in HALVES.values()]
    for attr in node.attr.values():
        if attr.type in narrow:
            attr.type = tf.float32.as_datatype_enum
        for i, kind in enumerate(attr.list.type):
            if kind in narrow:
                attr.list.type[i] = tf.float32.as_datatype_enum
