"""Files that once broke slimcam, found by scripts/fuzz: each is refused, or explained rightly, for good."""

import pathlib
import re
import subprocess
import sys

import pytest

from fuzzing import judging, kinds, mutations, protos, runs
from fuzzing.case import Case, pack, unpack
from fuzzing.pool import Worker
from slimcam._tf import tf1

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORPUS = sorted((ROOT / "tests" / "data" / "fuzz").glob("*.zip"))


@pytest.fixture(scope="module")
def worker():
    """Return a process that runs cases; one that breaks it is one red test."""
    with Worker(sys.executable) as one:
        yield one


@pytest.mark.parametrize("path", CORPUS, ids=[path.stem for path in CORPUS])
def test_a_file_that_once_broke_something_does_not(path, worker):
    answer = worker.run(path=str(path))
    assert answer["outcome"] not in judging.FAILURES, answer


def test_the_corpus_stays_small():
    assert sum(path.stat().st_size for path in CORPUS) < 2**20


# The fuzzer itself


@pytest.fixture
def judge(monkeypatch, tmp_path):
    """Return `judge(run, **row)`: how a case ends whose run is that function, of one whole file and one changed."""

    def one(run, changed=b"changed", **row):
        base = Case({"a": b"whole"}, "a", {}, "base")
        kind = kinds.Kind(lambda: {"base": base}, None, run, **row)
        monkeypatch.setitem(kinds.KINDS, "one", kind)
        monkeypatch.setitem(kinds._BASES, "one", {"base": base})
        monkeypatch.setattr(judging, "_WHOLE", {})
        return judging.judge("one", base.with_file("a", changed, "changed"), str(tmp_path / "case"))

    return one


def read(path):
    """Return what is in a file."""
    with open(path, "rb") as file:
        return file.read()


def only_if_changed(act):
    """Return a run that gives a map of 1, and does something first with a changed file."""

    def run(path, options):
        came = runs.Came({"raw": runs.np.ones(1)}, ["as ever"])
        return (act(came) or came) if read(path) == b"changed" else came

    return run


def fail(error):
    """Return what raises an error."""

    def act(came):
        raise error

    return act


class AsItCame(runs.SlimcamError):
    """An error whose text nobody made one line of."""

    def __str__(self):
        return Exception.__str__(self)


OTHER = {"raw": runs.np.zeros(1)}
NAN = {"raw": runs.np.full(1, runs.np.nan)}
ENDINGS = {
    "refused": (fail(runs.SlimcamError("a: no model; give another")), {}),
    "same": (lambda came: None, {}),
    "said": (lambda came: came._replace(numbers=OTHER, said=["as ever", "another layer"]), {}),
    "said by what TensorFlow gives": (lambda came: came._replace(numbers=OTHER), {"truth": lambda *case: True}),
    "said by maps": (lambda came: came._replace(numbers=NAN, finite=False), {}),
    "raw": (fail(KeyError("node")), {}),
    "raw of two lines": (fail(AsItCame("a:\nb")), {}),
    "raw of an escape": (fail(AsItCame("a: \x1b[31m")), {}),
    "raw of 501 characters": (fail(AsItCame("a" * 501)), {}),
    "silent": (lambda came: came._replace(numbers=OTHER), {}),
    "silent beside TensorFlow": (lambda came: came._replace(numbers=OTHER), {"truth": lambda *case: False}),
    "silent with checksums": (lambda came: came._replace(numbers=OTHER, said=["x"]), {"checked": True}),
    "silent of NaN": (lambda came: came._replace(numbers=NAN, said=["as ever", "x"]), {}),
    "silent of a lie": (lambda came: None, {"lie": lambda case, came: "a checksum"}),
    "silent of a file": (lambda came: open("other", "wb").close(), {}),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_outcome_is_told(ending, judge):
    act, row = ENDINGS[ending]
    assert judge(only_if_changed(act), **row).name == ending.split()[0]


def test_a_worker_that_dies_or_hangs_is_an_outcome_and_replaced(monkeypatch, tmp_path):
    program = tmp_path / "worker.py"
    program.write_text(
        "import json, os, sys, time\n"
        'print(\'{"at": "start"}\', flush=True)\n'
        "for line in sys.stdin:\n"
        "    do = json.loads(line)['do']\n"
        "    os.abort() if do == 'die' else time.sleep(60) if do == 'hang' else None\n"
        "    if do == 'die in truth': print('{\"at\": \"truth\"}', flush=True); os.abort()\n"
        '    print(\'{"outcome": "same"}\', flush=True)\n'
    )
    start = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda words, **how: start([sys.executable, str(program)], **how))
    monkeypatch.setattr("fuzzing.pool.CLOCK", 1.0)
    with Worker(sys.executable) as one:
        endings = [one.run(do=do)["outcome"] for do in ("die", "work", "hang", "die in truth", "work")]
    assert endings == ["crash", "same", "hang", "said", "same"]


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_a_case_is_the_same_by_its_number_and_when_it_was_kept(kind, tmp_path):
    cases = [kinds.make(kind, 1, number) for number in range(6)]
    assert cases == [kinds.make(kind, 1, number) for number in range(6)]
    assert any(case.files != {**kinds.bases(kind), **kinds.allowing(kind)}[case.base].files for case in cases)
    (tmp_path / "case.zip").write_bytes(pack(kind, cases[0], "raw"))
    assert unpack(str(tmp_path / "case.zip")) == (kind, cases[0])


def test_a_word_of_the_script_names_each_kind_and_outcome():
    text = (ROOT / "scripts" / "fuzz").read_text()
    names = re.findall(r'"([a-z_0-9]+)"', text[text.index("KINDS = (") : text.index("FAILURES")])
    assert names == [*kinds.KINDS, *judging.OUTCOMES]


def test_bytes_are_damaged_in_every_way():
    random = mutations.Random(0)
    said = {re.sub(r"\d+", "N", mutations.damage(random, bytes(range(100)))[1]) for _ in range(300)}
    assert len(said) == 8


def test_keys_of_a_map_stay_of_their_type():
    for seed in range(40):
        graph_def = tf1.GraphDef()
        graph_def.library.function.add().arg_attr[0].attr["T"].type = 1
        protos.change(mutations.Random(seed), graph_def, ["NoOp"])
