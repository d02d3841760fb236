"""Cases with a word of allow=: they come beside those without one, and what goes beyond the word is silent."""

from random import Random

import pytest

from fuzzing import allowed, judging, kinds
from fuzzing.runs import Came

KINDS = "graph", "meta", "saved_model"
NOTHING = Came({}, [])


@pytest.mark.parametrize("kind", KINDS)
def test_of_whole_ones_that_alone_runs_which_is_allowed(kind, tmp_path):
    for name, outcome in (("reading", "same"), ("reading_and_listing", "refused")):
        case = kinds.allowing(kind)[name]
        assert judging.judge(kind, case, str(tmp_path / "case")).name == outcome
        none = case._replace(options={"allow": ["Timestamp"]})
        assert judging.judge(kind, none, str(tmp_path / "case")).name == "refused"


@pytest.mark.parametrize("name, allow, through", [("reading", "ReadFile", ""), ("reading", "PyFunc", "ReadFile")])
def test_what_runs_beyond_the_word_is_a_lie(name, allow, through, tmp_path, monkeypatch):
    case = kinds.allowing("graph")[name]._replace(options={"allow": [allow]})
    case.write(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert allowed.beyond(case, NOTHING) == (through and f"allow={[allow]!r} let {through} through")


def test_what_was_let_through_is_silent(tmp_path, monkeypatch):
    """As it would be if load() took a word for another one."""
    load = kinds.runs.slimcam.load
    both = ["ReadFile", "MatchingFiles"]
    monkeypatch.setattr("slimcam.load", lambda path, allow=(), **options: load(path, allow=allow and both, **options))
    case = kinds.allowing("graph")["reading_and_listing"]
    ended = judging.judge("graph", case, str(tmp_path / "case"))
    assert ended == judging.Outcome("silent", "allow=['ReadFile'] let MatchingFiles through")


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_the_other_cases_are_those_that_there_were_without(kind):
    with_words = 0
    for number in range(40):
        random = Random(f"{kind} 1 {number}")
        base = kinds.bases(kind)[random.choice(sorted(kinds.bases(kind)))]
        case = kinds.make(kind, 1, number)
        with_words += "allow" in case.options
        assert "allow" in case.options or case == kinds.KINDS[kind].mutate(random, base)
    assert (with_words > 0) == (kind in KINDS)
