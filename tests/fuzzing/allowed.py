"""What `allow=` lets through: graphs that read a file, loaded with one word, of which that alone may run.

Only words whose operations touch nothing are given, so that whatever a case does beside that is slimcam's doing.
"""

import os
import tempfile
from random import Random
from typing import Any, Dict

from slimcam._tf import tf1
from slimcam.errors import SlimcamError, UntrustedModel

from .case import Case, listing
from .graphs import SIDE, meta_case, seeded
from .runs import Came, loaded

SHARE = 0.125  # of a kind's cases
WORD = "ReadFile"
OTHERS = "MatchingFiles", "PyFunc", "Timestamp"  # words that a case may have in its place
DATA = "scale.bin"  # a file of the case's own


def reading(variable: Any = tf1.constant, also: bool = False) -> Any:
    """A net whose channels are scaled by numbers from a file; `also` lists files, which is another word."""
    images = tf1.placeholder(tf1.float32, [None, SIDE, SIDE, 3], name="images")
    x = tf1.nn.conv2d(images, variable(seeded(8, 3, 3, 3, 4), name="one"), [1, 1, 1, 1], "SAME", name="conv")
    scale = tf1.reshape(tf1.decode_raw(tf1.read_file(DATA, name="read"), tf1.float32), [4], name="scale")
    if also:
        scale *= tf1.cast(tf1.size(tf1.matching_files("*.bin", name="list")), tf1.float32)
    x = tf1.reduce_mean(tf1.nn.relu(x * scale, name="relu"), [1, 2], name="mean")
    logits = tf1.matmul(x, variable(seeded(9, 4, 3), name="dense"), name="logits")
    return images, tf1.nn.softmax(logits, name="softmax")


def bases(kind: str) -> Dict[str, Case]:
    """Return whole ones of a kind of graphs; the second is refused."""
    made = {}
    for name, also in (("reading", False), ("reading_and_listing", True)):
        case = _WRITERS[kind](also)
        files = {**case.files, DATA: seeded(10, 4).tobytes()}
        made[name] = case._replace(files=files, options={"allow": [WORD]}, base=name)
    return made


def _frozen(also: bool) -> Case:
    with tf1.Graph().as_default() as graph:
        reading(also=also)
    return Case({"model.pb": graph.as_graph_def().SerializeToString(deterministic=True)}, "model.pb", {})


def _saved_model(also: bool) -> Case:
    with tempfile.TemporaryDirectory() as folder, tf1.Graph().as_default(), tf1.Session() as session:
        images, scores = reading(also=also)
        tf1.saved_model.simple_save(session, os.path.join(folder, "one"), {"images": images}, {"scores": scores})
        return Case(listing(os.path.join(folder, "one")), ".", {})


_WRITERS = {
    "graph": _frozen,
    "meta": lambda also: meta_case(lambda variable: reading(variable, also), tf1.train.SaverDef.V2),
    "saved_model": _saved_model,
}


def choose(random: Random, whole: Dict[str, Case]) -> Case:
    """Return one of bases(), mostly the one that is not refused."""
    return whole["reading" if random.random() < 0.75 else "reading_and_listing"]


def with_word(random: Random, case: Case) -> Case:
    """Return a case that allows another word at times."""
    word = WORD if random.random() < 0.9 else random.choice(OTHERS)
    return case._replace(options={**case.options, "allow": [word]}, recipe=f"allow {word}; {case.recipe}")


def beyond(case: Case, came: Came) -> str:
    """Say what ran of a case that was loaded though the word that it allows does not name it."""
    allow = case.options.get("allow")
    if allow is None:
        return ""
    try:
        with loaded(case.entry, {**case.options, "allow": []}):
            return ""
    except UntrustedModel as error:
        others = sorted({one.allow or one.what for one in error.findings} - set(allow))
        return f"allow={allow!r} let {', '.join(others)} through" if others else ""
    except SlimcamError:
        return ""
