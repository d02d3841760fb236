"""Every block of code in the documentation is run, and what pages refer to is there.

Python blocks run in a folder that holds the files they name. A block that imports slimcam begins a program of its own;
another goes on from the block before it on its page. Of shell blocks `slimcam …` runs in this process; for the other
commands that occur it is checked that what they name exists. What is in neither group fails.
"""

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys

import cv2
import pytest
from example_files import FILES, PROGRAMS
from fixtures.old_programs import started
from pages import PAGES, ROOT, assert_pictures_alike, blocks_of, prose_of, text_of

import slimcam
from slimcam import cli
from slimcam._packages import EXTRAS
from slimcam._tf import TF_VERSION

BLOCKS = [block for page in PAGES for block in blocks_of(page)]
SLOW = "inception_v3.ckpt"  # the net takes 10 seconds to build, and is built twice


@pytest.fixture
def store(once):
    """Return `store(name)`: the path of an example's file, which is written once for all tests."""

    def path_of(name):
        def write(folder):  # a folder each: a checkpoint is several files
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            FILES[name].write(folder / name)

        return once("example-" + name.replace("/", "-"), write) / name

    return path_of


@pytest.fixture
def stock(store, tmp_path, monkeypatch):
    """Return `stock(code)`: go to an empty folder and bring the files that the code names there."""
    monkeypatch.chdir(tmp_path)

    def bring(code):
        written = re.findall(r"--out (\S+)", code) + re.findall(r'record\(.*?\], "(\w+)"', code)
        for name, file in FILES.items():
            if name in written or not re.search(rf"(?<![\w/.-]){re.escape(name)}(?![\w.-])", code):
                continue
            if file.keras3 and TF_VERSION < (2, 16):
                pytest.skip(f"{name} needs Keras 3, and with it TensorFlow 2.16")
            target = tmp_path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            for source in store(name).parent.iterdir():
                if not (target.parent / source.name).exists():  # copied: links out of a model's folder are refused
                    copy = shutil.copytree if source.is_dir() else shutil.copy
                    copy(source, target.parent / source.name)

    return bring


def test_every_block_has_a_language_that_is_run():
    assert {str(block) for block in BLOCKS if block.language not in ("python", "sh")} == set()


# Python


def programs():
    """Return, for each page, its Python blocks in lists: each begins with a block that imports slimcam."""
    lists = []
    for page in PAGES:
        previous = None
        for block in blocks_of(page):
            if block.language != "python" or "def test_" in block.code:
                continue
            if previous is None or re.search(r"^(import slimcam|from slimcam)", block.code, re.M):
                lists.append([])
            lists[-1].append(block)
            previous = block
    return [pytest.param(one, id=str(one[0]), marks=pytest.mark.slow if SLOW in one[0].code else ()) for one in lists]


@pytest.mark.parametrize("program", programs())
def test_python(program, stock):
    stock("".join(block.code for block in program))
    if any("slimcam.legacy.install" in block.code or "slimcam.legacy.tensorflow1" in block.code for block in program):
        check_own_process(program)
        return
    around = PROGRAMS.get((program[0].page, program[0].heading), lambda: contextlib.nullcontext({}))
    with around() as names:
        for block in program:
            code = "\n" * block.line + block.code  # so that a traceback has the page's lines
            exec(compile(code, str(ROOT / block.page), "exec"), names)
    for value in names.values():
        if isinstance(value, slimcam.Model):
            value.close()
    check_picture()


def check_own_process(program):
    """Run a program that gives its whole process the behaviour of TensorFlow 1."""
    with open("program.py", "w", encoding="utf-8") as file:
        file.writelines(block.code for block in program)
    assert started("program.py").status == 0


PICTURES = {
    "overlay.png": "overlay.png",
    "styles.png": "styles.png",
    "colormaps.png": "colormaps.png",
    "pictures/flower-and-star.png": "compare.png",
    "Conv2d_1a_7x7.png": "activations-first.png",
    "Mixed_3b.png": "activations-middle.png",
    "Mixed_5c.png": "activations-last.png",
    "patches.png": "patches.png",
}  # by the path that a block writes it to


# Pixels that pictures are high below their captions: OpenCV draws the letters otherwise from version to version.
HEIGHTS = {"compare.png": 160, "activations-first.png": 80, "activations-middle.png": 243, "activations-last.png": 509}


def check_picture():
    """Assert that a picture that a block wrote is the one that the pages show."""
    for made, shown in PICTURES.items():
        if os.path.exists(made):
            rows = slice(-HEIGHTS[shown] if shown in HEIGHTS else None, None)
            assert_pictures_alike(cv2.imread(made)[rows], cv2.imread(str(ROOT / "docs" / shown))[rows])


@pytest.mark.slow
@pytest.mark.parametrize("block", [one for one in BLOCKS if "def test_" in one.code], ids=str)
def test_test_of_a_migration(block, stock, tmp_path):
    stock(block.code)
    (tmp_path / "test_migration.py").write_text(block.code)
    for option in ("--slimcam-record", "-q"):
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", option]
        ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert ended.returncode == 0, ended.stdout
    assert (tmp_path / "golden" / "test_migration" / "test_migration" / "golden.json").exists()


# the shell


def parted(words):
    """Whether exit status 1 is an answer of a command and no failure: the shell's `if slimcam …`."""
    return "--layers" in words or words[1] == "doctor"


def run_slimcam(words, capsys):
    if words[1:2] == ["run"]:  # becomes the program
        ended = started("-m", *words)
        assert ended.status == 0
        return ended.out
    with pytest.raises(SystemExit) as ended:
        cli.main(words[1:], prog_name="slimcam")
    output = capsys.readouterr()
    assert ended.value.code == 0 or (ended.value.code == 1 and parted(words)), output.err
    return output.out


def check_script(words):
    assert os.access(str(ROOT / words[0]), os.X_OK), words[0]
    check_paths(words[1:])


def check_paths(words):
    for word in words:
        assert "/" not in word or (ROOT / word.split("::")[0]).exists(), word


def check_python(words):
    """Check `.venvs/NAME/bin/python …`: an environment that scripts/test makes, and paths that are there."""
    extras = re.fullmatch(r"\.venvs/python3\.(?:7|13)-([a-z-]+)/bin/\w[\w-]*", words[0])
    assert extras and f" {extras.group(1).replace('-', ',')})" in text_of("scripts/test").replace('"', ""), words[0]
    check_paths(words[1:])


def check_pip(words):
    assert words[1] == "install"
    extras = re.fullmatch(r"\.(?:\[([a-z,]+)\])?", words[-1])
    assert extras, words
    assert set(filter(None, (extras.group(1) or "").split(","))) <= set(EXTRAS)


def check_pre_commit(words):
    assert words[1] in ("install", "run")
    assert (ROOT / ".pre-commit-config.yaml").exists()


COMMANDS = {
    "scripts/": check_script,
    ".venvs/": check_python,
    "pip": check_pip,
    "pre-commit": check_pre_commit,
}
COMPLETION = re.compile(r"_SLIMCAM_COMPLETE=(\w+) slimcam\b")


@pytest.mark.parametrize("block", [one for one in BLOCKS if one.language == "sh"], ids=str)
def test_shell(block, stock, capsys, monkeypatch):
    stock(block.code)
    output = ""
    for line in block.code.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        completion = COMPLETION.search(line)
        if completion:
            with monkeypatch.context() as patch:
                patch.setenv("_SLIMCAM_COMPLETE", completion.group(1))
                assert "_SLIMCAM_COMPLETE" in run_slimcam(["slimcam"], capsys)
        elif words and words[0] == "slimcam":
            output += run_slimcam(words, capsys)
        elif words:
            check = next((COMMANDS[start] for start in COMMANDS if words[0].startswith(start)), None)
            assert check, f"{line!r} is neither run nor checked"
            check(words)
    assert_in_order(block.output.splitlines(), output)
    check_picture()


def assert_in_order(lines, output):
    """Assert that the lines that a page shows are in the output, in their order; widths of columns do not count."""
    said = [" ".join(line.split()) for line in output.splitlines()]
    start = 0
    for line in lines:
        assert " ".join(line.split()) in said[start:], output
        start = said.index(" ".join(line.split()), start) + 1


# what pages refer to


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)", prose_of(page))
    assert [link for link in links if "://" not in link and not (ROOT / page).parent.joinpath(link).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_paths_exist(page):
    paths = re.findall(r"`((?:slimcam|tests|scripts|docs|checkpoints)/[\w./-]*)`", prose_of(page))
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_names_are_in_their_files(page):
    """`name` in `path`: the file has that name."""
    pairs = re.findall(r"`(\w+)`\s+in\s+`([\w./-]+\.\w+|scripts/\w+)`", prose_of(page))
    assert [(name, path) for name, path in pairs if not re.search(rf"\b{name}\b", text_of(path))] == []


@pytest.mark.parametrize("page", PAGES)
def test_public_names_exist(page):
    names = re.findall(r"`slimcam\.(\w+)", prose_of(page))
    modules = {path.stem for path in (ROOT / "slimcam").iterdir()}
    assert [name for name in names if name not in modules.union(slimcam.__all__)] == []


def test_the_readme_is_short():
    assert text_of("README.md").count("\n") < 150
