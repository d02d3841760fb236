"""The pages of the documentation, and the blocks of code in them."""

import pathlib
import re
import textwrap
from typing import NamedTuple

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = sorted(
    str(path.relative_to(ROOT))
    for pattern in ("*.md", "docs/*.md", "checkpoints/**/*.md", "tests/**/*.md")
    for path in ROOT.glob(pattern)
)
INDENTED = "sh"  # the language of a block that is indented and not fenced


class Block(NamedTuple):
    """A block of code: where it stands, its language, itself, and the text block that shows its output, or ""."""

    page: str
    heading: str
    line: int
    language: str
    code: str
    output: str = ""

    def __str__(self):
        return f"{self.page}:{self.line}"


def text_of(page):
    return (ROOT / page).read_text(encoding="utf-8")


def blocks_of(page):
    """Return the blocks of a page; a block in the language `text` is the output of the one before it."""
    blocks = []
    for block in _all_blocks(page):
        if block.language == "text" and blocks:
            blocks[-1] = blocks[-1]._replace(output=block.code)
        else:
            blocks.append(block)
    return blocks


def prose_of(page):
    """Return the text of a page without its blocks."""
    lines = text_of(page).split("\n")
    for block in _all_blocks(page):
        for number in range(block.line, block.line + block.code.count("\n")):
            lines[number] = ""
    return "\n".join(lines)


def assert_pictures_alike(made, shown):
    """Assert that two uint8 pictures are one, but for rounding, which moves a pixel by a level of the colours."""
    assert made.shape == shown.shape
    assert np.abs(made.astype(int) - shown).mean() < 1  # level, of 255


def _all_blocks(page):
    lines = text_of(page).split("\n")
    heading, number = "", 0
    while number < len(lines):
        line = lines[number]
        fence = re.fullmatch(r"\s*```(.*)", line)
        if fence:
            end = next(i for i in range(number + 1, len(lines)) if lines[i].strip() == "```")
            code = textwrap.dedent("\n".join(lines[number + 1 : end]) + "\n")
            yield Block(page, heading, number + 1, fence.group(1), code)
            number = end
        elif line.startswith("    ") and line.strip() and (number == 0 or not lines[number - 1].strip()):
            end = next((i for i in range(number, len(lines)) if not lines[i].startswith("    ")), len(lines))
            yield Block(page, heading, number, INDENTED, textwrap.dedent("\n".join(lines[number:end]) + "\n"))
            number = end
        elif line.startswith("#"):
            heading = line.lstrip("#").strip()
        number += 1
