"""The names of the classes: a list, or a text file with one line per class."""

import os
import re
from typing import List, Optional, Sequence, Union

from ..errors import ModelError
from ..files.reading import read_bytes
from ..text.printable import escape

MOST = 1 << 24  # bytes of a file of labels: 21,841 classes of ImageNet have a few hundred thousand


def read_labels(labels: Union[str, "os.PathLike", Sequence[str]], classes: Optional[int]) -> List[str]:
    """Return a label for each of `classes` logits, all that there are for None; ModelError where counts do not agree.

    Lines may begin with their number ("281: tabby, tabby cat"), or all of them, in their order, with a number and a
    space ("0 cardboard"). A list that is one short gets a "background" before
    its first: slim's ImageNet nets have 1001 classes and people's lists have 1000.
    """
    if isinstance(labels, (str, os.PathLike)):
        try:
            text = read_bytes(labels, ModelError, MOST).decode("utf-8")
        except (ModelError, UnicodeDecodeError) as error:
            raise ModelError(f"labels {labels}: {error}") from error
        names = _without_numbers([line.strip() for line in text.splitlines() if line.strip()])
    else:
        names = [str(label) for label in labels]
    names = [*map(escape, names)]
    if classes is None:
        return names
    if len(names) == classes - 1:
        names.insert(0, "background")
    if len(names) != classes:
        raise ModelError(f"{len(names)} labels for {classes} classes")
    return names


def _without_numbers(lines: Sequence[str]) -> List[str]:
    """Return labels without the numbers that they are listed by; a number in a label, "7 up", stays."""
    numbered = [re.match(r"(\d+)\s+(?=\S)", line) for line in lines]
    numbers = [int(one[1]) for one in numbered if one]
    if (
        len(numbers) == len(lines) > 1
        and numbers == list(range(numbers[0], numbers[0] + len(lines)))
        and numbers[0] < 2
    ):
        return [line[one.end() :] for line, one in zip(lines, numbered) if one]
    return [re.sub(r"^\d+:\s*", "", line) for line in lines]
