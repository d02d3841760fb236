"""What a model file would do beside computing, found before TensorFlow or Keras sees it: findings and verdicts.

This imports neither TensorFlow nor Keras, and runs nothing. graphs.py judges graphs, keras.py configurations, files.py
paths and sizes; a reader asks them, and gives `refuse` what they found.
"""

from typing import TYPE_CHECKING, Any, Dict, Iterable, List, NamedTuple, Sequence, Tuple

from ...errors import Finding, UntrustedModel

if TYPE_CHECKING:
    from ..options import LoadOptions

_NAMED = 3  # findings that an error names; the others are counted


class Verdict(NamedTuple):
    """What was found in a file: what does not run unless it is trusted or allowed, and what runs but is said."""

    refused: Sequence[Finding] = ()
    said: Sequence[Finding] = ()

    @property
    def pure(self) -> bool:
        """Whether there is nothing but computing with tensors."""
        return not self.refused and not self.said

    def allowing(self, words: Sequence[str]) -> "Verdict":
        """Return the verdict where the words of allow= are given: what they allow is said."""
        allowed = [one for one in self.refused if one.allow and one.allow in words]
        return Verdict([one for one in self.refused if one not in allowed], [*self.said, *allowed])

    def lines(self) -> List[str]:
        """Return the verdict in words, a line for each kind of finding."""
        if self.pure:
            return ["pure: nothing but computing with tensors"]
        sides = ("refused", self.refused), ("noted", self.said)
        return [f"{side}: {line}" for side, findings in sides for line in in_words(findings)]

    def to_json(self) -> Dict[str, Any]:
        """Return the verdict as JSON has it."""
        refused, said = ([one._asdict() for one in side] for side in self)
        return {"pure": self.pure, "refused": refused, "said": said}

    def joined(self, other: "Verdict") -> "Verdict":
        """Return this verdict and another one of the same file as one."""
        return Verdict([*self.refused, *other.refused], [*self.said, *other.said])


def refuse(source: str, verdict: Verdict, options: "LoadOptions") -> List[str]:
    """Raise UntrustedModel for what neither trusted= nor allow= lets through; return what is said of the rest.

    The error is one line: the first findings, how many more there are, and how to allow just these, or all.
    """
    left = verdict.allowing(options.allow or ())
    if left.refused and not options.trusted:
        raise UntrustedModel(error_of(source, left.refused), left.refused)
    return in_words([*left.refused, *left.said])


def in_words(findings: Iterable[Finding]) -> List[str]:
    """Return findings in words: one of each kind, and how many more there are of that."""
    kinds: Dict[Tuple[str, str], List[Finding]] = {}
    for one in findings:
        kinds.setdefault((one.what, one.why), []).append(one)
    return [one[0].in_words() + (f" ({len(one) - 1} more)" if len(one) > 1 else "") for one in kinds.values()]


def error_of(source: str, refused: Sequence[Finding], otherwise: str = "") -> str:
    """Return one line: the first of what is refused, how many more there are, and how to allow just these, or all.

    `otherwise` is another way out, which follows "say".
    """
    named = "; ".join(one.in_words() for one in refused[:_NAMED])
    more = f"; and {len(refused) - _NAMED} more" if len(refused) > _NAMED else ""
    words = sorted({one.allow for one in refused})
    just = "" if "" in words else f"allow={words!r} if that is meant, or "
    ways = f"{otherwise}{just}trusted=True if you trust who made it"
    return f"{source}: more than computing with tensors: {named}{more}: say {ways}"
