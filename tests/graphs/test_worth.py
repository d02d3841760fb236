"""Which tensors are worth explaining, on chains that count how often they are looked at."""

from types import SimpleNamespace

from slimcam.graphs.worth import is_split


class Step:
    """An operation of one map, made of another, that counts how often it is asked what it reads."""

    def __init__(self, kind, before=None):
        self.type, self.looks = kind, 0
        self._inputs = [] if before is None else [SimpleNamespace(op=before, shape=SimpleNamespace(rank=4))]

    @property
    def inputs(self):
        self.looks += 1
        return self._inputs


def chain(*kinds):
    steps = []
    for kind in kinds:
        steps.append(Step(kind, steps[-1] if steps else None))
    return steps


def test_rows_are_parts_of_images_between_the_two_ends_of_a_dilated_convolution():
    steps = chain("Placeholder", "SpaceToBatchND", "Conv2D", "BatchToSpaceND", "Relu")
    expected = [False, True, True, False, False]
    assert [is_split(step) for step in steps] == expected
    known = {}
    assert [is_split(step, known) for step in steps[::-1]] == expected[::-1]


def test_a_circle_is_no_part_of_a_dilated_convolution():
    merge, add = chain("Merge", "AddV2")
    merge._inputs.append(SimpleNamespace(op=add, shape=SimpleNamespace(rank=4)))
    assert not is_split(add)
    known = {}
    assert not is_split(add, known) and not is_split(merge, known)


def test_what_was_walked_for_one_operation_is_not_walked_again_for_the_next():
    steps = chain("Placeholder", *["Conv2D"] * 50)
    known = {}
    assert not any(is_split(step, known) for step in steps[::-1])
    assert {step.looks for step in steps} == {1}
