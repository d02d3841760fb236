"""The command line gives the same for an isolated model, and looks at no file of it here."""

import contextlib
import json
import sys

import pytest

from slimcam.cli.options import DEFAULTS, load_options_of_both

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux")


def run_json(run, *words):
    result = run(*words)
    assert result.status in (0, 1), result.stderr
    return json.loads(result.stdout)


@pytest.mark.slow
def test_the_command_line_does_all_of_it_isolated(run, folder, tmp_path):
    path, other, pair = (str(folder / name / "model.pb") for name in ("one", "other", "pair"))
    photo = str(folder / "photos" / "0.png")
    model = ["--preprocess", "inception", "--model", path]
    how = ["--input", "x,y", "--logits", "logits", "--preprocess", "inception", "--model", pair]
    for number, words in enumerate(
        (
            ["compare", path, other, photo, "--preprocess", "inception", "--layers", "--json"],
            ["activations", photo, *model, "--layer", "b0", "--json"],
            ["filters", *model, "--layer", "b0", "--channels", "0-1", "--steps", "2", "--json"],
            ["vet", path, "--json"],
            ["evaluate", photo, *model, "--metric", "deletion", "--set", "deletion.steps=2", "--json"],
        )
    ):
        each = []
        for name, more in (("here", []), ("there", ["--isolated"])):
            out = [] if words[0] in ("compare", "vet", "evaluate") else ["--out", str(tmp_path / f"{name}-{number}")]
            each.append(json.dumps(run_json(run, *words, *out, *more)).replace(f"{name}-{number}", "-"))
        assert each[0] == each[1], words[0]
    printed = [
        run("pair", photo, photo, *how, "--out", str(tmp_path / name), *more)
        for name, more in (("pair-a", []), ("pair-b", ["--isolated"]))
    ]
    assert printed[0].status == 0, printed[0].stderr
    assert printed[0].stdout.replace("pair-a", "") == printed[1].stdout.replace("pair-b", "")
    golden = str(tmp_path / "golden")
    assert run("record", photo, *model, "--layer", "b0", "--out", golden).status == 0
    assert run("verify", golden, photo, *model, "--isolated").status == 0


def test_the_command_line_looks_at_no_isolated_file_here(monkeypatch):
    """What two models share is asked of their processes, or needs no look."""
    asked = []

    class There:
        def call(self, name, path, net, names):
            asked.append((name, path, net))
            return dict.fromkeys(names, path == "b")

    @contextlib.contextmanager
    def started(models):
        assert [options["isolated"] for _, options in models] == [True]
        yield There()

    monkeypatch.setattr("slimcam.isolation.model.started", started)
    monkeypatch.setattr("slimcam.sources.loading.source_of", lambda *given: pytest.fail("looked at here"))
    given = {**DEFAULTS, **{f"b_{name}": value for name, value in DEFAULTS.items()}, "isolated": True, "memory": 2.0}
    of_a, of_b = load_options_of_both("a", "b", given)
    assert (asked, of_b["isolated"], of_b["memory"]) == ([], True, 2.0)
    of_a, of_b = load_options_of_both("a", "b", {**given, "net": "vgg_16"})
    assert (asked, of_a["net"], of_b["net"]) == ([("takes", "a", "vgg_16"), ("takes", "b", "vgg_16")], None, "vgg_16")
