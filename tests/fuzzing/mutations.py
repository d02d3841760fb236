"""Changes of bytes, text and JSON; what a random number generator picks, it says in a word or two."""

import json
import struct
from random import Random
from typing import Any, Callable, Dict, List, Tuple

INTEGERS = (0, 1, -1, 2, 3, 7, 127, 128, 255, 256, 65535, 65536, 2**31 - 1, -(2**31), 2**32, 2**63 - 1, -(2**63))
NUMBERS = (0.0, -1.0, 0.5, 1e-30, 1e30, float("inf"), float("-inf"), float("nan"))
WORDS = (
    *(
        "",
        ".",
        "..",
        "../x",
        "/etc/passwd",
        "a/b",
        "a:0",
        "a:99",
        ":",
        "^a",
        " ",
        "%s",
        "{}",
        "0",
        "-1",
        "None",
        "null",
    ),
    *("\x1b[31mred\x1b[0m", "two\nlines", "\x00", "\u202e", "ÿ", "名", "x" * 600, "x/" * 400, "__class__", "lambda"),
    *("float32", "NHWC", "NCHW", "SAME", "channels_first", "relu", "softmax"),
)


def damage(random: Random, data: bytes) -> Tuple[bytes, str]:
    """Return bytes with one change: a bit, a number, a cut, a block that went, came, moved or is empty."""
    if not data:
        return bytes([random.randrange(256)]), "a byte where there was none"
    at = random.randrange(len(data))
    size = min(random.choice((1, 2, 4, 8, 64, 1024)), len(data) - at)
    way = random.randrange(9)
    if way <= 1:
        flipped = data[at] ^ (1 << random.randrange(8))
        return data[:at] + bytes([flipped]) + data[at + 1 :], f"a bit of byte {at}"
    if way == 2:
        return data[:at], f"cut at {at}"
    if way == 3:
        return data[:at] + data[at + size :], f"{size} bytes at {at} taken out"
    if way == 4:
        return data[:at] + bytes(random.randrange(256) for _ in range(size)) + data[at:], f"{size} bytes at {at} put in"
    if way == 5:
        return data[:at] + data[at : at + size] + data[at:], f"{size} bytes at {at} twice"
    if way == 6:
        return data[:at] + bytes(size) + data[at + size :], f"{size} bytes at {at} are zero"
    if way == 7:
        there = random.randrange(len(data))
        block = data[there : there + size]
        return data[:at] + block + data[at + len(block) :], f"bytes at {there} over those at {at}"
    return _with_number(random, data, at)


def _with_number(random: Random, data: bytes, at: int) -> Tuple[bytes, str]:
    """Put a number of consequence into a word of 1, 2, 4 or 8 bytes, at its own boundary."""
    size, letter = random.choice(((1, "B"), (2, "H"), (4, "I"), (8, "Q")))
    at -= at % size
    number = random.choice(INTEGERS) % 2 ** (8 * size)
    word = struct.pack(random.choice("<>") + letter, number)
    return data[:at] + word + data[at + size :], f"{number} in {size} bytes at {at}"


def other_value(random: Random, value: Any, known: List[Any]) -> Any:
    """Return another value of JSON, of the same type as often as not; `known` are others of the document."""
    ways: List[Callable[[], Any]] = [
        lambda: random.choice(WORDS),
        lambda: random.choice(INTEGERS),
        lambda: random.choice(NUMBERS),
        lambda: random.choice((None, True, False, [], {}, [[]], [None], {"a": {}})),
        lambda: json.loads(dump(random.choice(known)).decode()),
    ]
    own = {str: 0, int: 1, float: 2}.get(type(value))
    if own is not None and random.random() < 0.5:
        return ways[own]()
    return random.choice(ways)()


def change_json(random: Random, document: Any, strange: Callable[[Random], Any] = lambda random: {}) -> str:
    """Change a JSON document in place in one key or item; return where and how.

    `strange` may return what is put in the place of any value.
    """
    slots: List[Tuple[Any, Any, str]] = []
    known: List[Any] = []
    _collect(document, "", slots, known)
    holder, key, path = random.choice(slots)
    way = random.randrange(8)
    if way == 0:
        del holder[key]
        return f"{path} taken out"
    if way == 1 and isinstance(holder, list):
        holder.insert(key, json.loads(json.dumps(holder[key])))
        return f"{path} twice"
    if way == 1:
        other = random.choice([*WORDS, *(one[1] for one in slots if isinstance(one[1], str))])
        holder[other] = holder.pop(key)
        return f"{path} renamed {other[:40]!r}"
    if way == 2 and isinstance(holder, list):
        random.shuffle(holder)
        return f"the items beside {path} in another order"
    if way == 3:
        holder[key] = strange(random) or other_value(random, holder[key], known)
        return f"{path} is {str(holder[key])[:80]!r}"
    if way == 4:
        nested: Any = holder[key]
        for _ in range(random.choice((1, 2, 50, 2000))):
            nested = [nested]
        holder[key] = nested
        return f"{path} in lists in lists"
    holder[key] = other_value(random, holder[key], known)
    return f"{path} is {str(holder[key])[:80]!r}"


def _collect(value: Any, path: str, slots: List[Tuple[Any, Any, str]], known: List[Any]) -> None:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in items:
        slots.append((value, key, f"{path}/{key}"))
        known.append(one)
        _collect(one, f"{path}/{key}", slots, known)


def dump(document: Any) -> bytes:
    """Return a document as JSON, of any depth; what nests too deep for Python's own writer is written by hand."""
    try:
        return json.dumps(document).encode("utf-8", "surrogatepass")
    except RecursionError:
        depth, inner = 0, document
        while isinstance(inner, list) and len(inner) == 1:
            depth, inner = depth + 1, inner[0]
        return b"[" * 3000 + b"]" * 3000


def json_case(random: Random, data: bytes, strange: Callable[[Random], Any] = lambda random: {}) -> Tuple[bytes, str]:
    """Return JSON with one change: of a key mostly, of its bytes at times."""
    if random.random() < 0.15:
        return damage(random, data)
    document = json.loads(data.decode())
    recipe = change_json(random, document, strange)
    return dump(document), recipe


def lines_case(random: Random, data: bytes) -> Tuple[bytes, str]:
    """Return text with one change: of a line mostly, of its bytes at times."""
    if random.random() < 0.4:
        return damage(random, data)
    lines: List[str] = data.decode("utf-8", "replace").split("\n")
    at = random.randrange(len(lines))
    ways: Dict[str, Callable[[], List[str]]] = {
        "taken out": lambda: lines[:at] + lines[at + 1 :],
        "twice": lambda: [*lines[: at + 1], *lines[at:]],
        "another": lambda: [*lines[:at], random.choice(WORDS), *lines[at + 1 :]],
        "with a number": lambda: [*lines[:at], f"{random.choice(INTEGERS)} {lines[at]}", *lines[at + 1 :]],
        "of two": lambda: [
            *lines[:at],
            lines[at] + random.choice(("\r", "\x0b", "\x85", "\u2028")) + "b",
            *lines[at + 1 :],
        ],
    }
    name = random.choice(sorted(ways))
    return "\n".join(ways[name]()).encode("utf-8", "surrogatepass"), f"line {at} {name}"
