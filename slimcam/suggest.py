"""What to say of a name that does not exist. Names match exactly; a miss suggests and never guesses."""

import difflib
from typing import Dict, Iterable, List


def nearest(name: str, known: Iterable[str], most: int = 3) -> str:
    """Return "near: 'a', 'b'", the known names that look most like `name`, or a word that there are none."""
    close = _closest(name, list(known), most)
    return "near: " + ", ".join(map(repr, close)) if close else "nothing is near it"


def _closest(name: str, known: List[str], most: int) -> List[str]:
    """Compare whole names first, then their last parts: a long path hides a short slip."""
    unique = list(dict.fromkeys(known))
    close = difflib.get_close_matches(name, unique, most, 0.6)
    lasts: Dict[str, List[str]] = {}
    for full in unique:
        lasts.setdefault(full.rsplit("/", 1)[-1].split(":")[0], []).append(full)
    last = name.rsplit("/", 1)[-1].split(":")[0]
    for match in difflib.get_close_matches(last, list(lasts), most, 0.6):
        close.extend(full for full in lasts[match] if full not in close)
    return close[:most]
