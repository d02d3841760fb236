"""Text of others, fit to be printed: names in files, labels, paths, what libraries say in their errors.

A terminal obeys control characters: such text could move the cursor, paint over lines, set the title or end a line.
"""

import re

MOST = 500  # characters of an error
_HEAD = 200  # of them before what is left out: the path and what is wrong; what to do stands at the end

# Controls of both ranges, marks that turn the direction of writing or show nothing, separators of lines, and halves of
# surrogate pairs, by which Python has the bytes of a path that are no UTF-8 and which cannot be printed.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)


def escape(text: str) -> str:
    """Return a text on one line, with what is no printable character as Python writes it in a string: \\x1b, \\n."""
    return _UNSEEN.sub(lambda one: ascii(one[0])[1:-1], text)


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, its type's name where it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def one_line(text: str) -> str:
    """Return a text as escape() does, of no more than MOST characters: the middle of a longer one is left out."""
    line = escape(text)
    return line if len(line) <= MOST else f"{line[:_HEAD]} […] {line[len(line) - MOST + _HEAD + 5 :]}"


def escape_lines(text: str) -> str:
    """Return a text of several lines, which are meant, each as escape() does."""
    return "\n".join(map(escape, text.split("\n")))
