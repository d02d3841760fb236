"""Who imports whom: importing slimcam is light, imports run downward only, and TensorFlow has one door."""

import ast
import functools
import pathlib
import pkgutil
import re
import subprocess
import sys
import textwrap

import pytest

import slimcam

ROOT = pathlib.Path(slimcam.__file__).parent

# A folder, or a module beside them, imports from rows below its own only; what a folder holds is its own affair.
ROWS = (
    {"__main__"},
    {"cli"},
    {"_pytest_plugin"},
    {"testing"},
    {"migration", "divergence", "legacy"},
    {"programs"},
    {"research_slim"},
    {"explainers", "visualisation"},
    {"engines", "backend"},
    {"sources", "targets"},
    {"isolation"},
    {"model"},
    {"nets", "layers", "inputs"},
    {"graphs"},
    {"_tf"},
    {"faithfulness"},
    {"maps", "methods"},
    {"files", "forks", "modules"},
    {"suggest", "errors", "_packages"},
    {"_types", "text"},
)
NEVER_TENSORFLOW = (
    "faithfulness",
    "methods",
    "maps",
    "files",
    "forks",
    "modules",
    "suggest",
    "errors",
    "_packages",
    "_types",
    "text",
)
FRAMEWORKS = {"tensorflow", "tf_slim", "tf_keras", "keras"}
# Protobuf and h5py come with TensorFlow and go by its version: to slimcam they are parts of it.
COMPANIONS = {"google", "h5py"}
# The table of what libraries lost has rows of h5py itself, for programs that read their own files by it.
MAY_IMPORT = {
    "_tf": FRAMEWORKS | COMPANIONS,
    "cli": FRAMEWORKS,
    "nets": {"tf_slim"},
    "research_slim": {"tf_slim"},
    "programs": {"h5py"},
}
FILES = sorted(ROOT.rglob("*.py"))


def module_of(path):
    """Return the dotted name of a file below slimcam: "cli", "sources.box", "" for slimcam itself."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


@functools.lru_cache(maxsize=None)
def imports(path):
    """Return the absolute names that a file imports, anywhere in it: modules and what is taken from them."""
    names = set()
    package = ["slimcam", *path.relative_to(ROOT).parent.parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            whole = ".".join(base + ([node.module] if node.module else []))
            names.update(f"{whole}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "import_module":
            names.update(arg.value for arg in node.args if isinstance(getattr(arg, "value", None), str))
    return names


@functools.lru_cache(maxsize=None)
def unit(name):
    """Return the part of slimcam that an absolute name is in: "cli", "sources"; None for other packages' names."""
    parts = name.split(".")
    if parts[0] != "slimcam" or len(parts) < 2:
        return None
    return parts[1] if (ROOT / parts[1]).is_dir() or (ROOT / f"{parts[1]}.py").is_file() else None


@functools.lru_cache(maxsize=None)
def units_imported():
    """Map each part of slimcam to the parts that it imports."""
    found = {}
    for path in FILES:
        own = module_of(path).split(".")[0]
        if own:
            others = {unit(name) for name in imports(path)} - {None, own}
            found.setdefault(own, set()).update(others)
    return found


def python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def test_importing_slimcam_imports_nothing_heavy():
    heavy = sorted(FRAMEWORKS | {"numpy", "cv2", "click", "tqdm"})
    ended = python(f"import sys, slimcam; print([name for name in {heavy} if name in sys.modules])")
    assert (ended.stdout, ended.stderr) == ("[]\n", "")


@pytest.mark.parametrize("name", slimcam.__all__)
def test_every_public_name_is_there(name):
    assert getattr(slimcam, name) is not None
    assert name in dir(slimcam)


def test_another_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'slimcam' has no attribute 'GradCam'"):
        slimcam.GradCam  # noqa: B018


def test_no_module_hides_a_public_name():
    assert not set(slimcam.__all__) & {module.name for module in pkgutil.iter_modules([str(ROOT)])}


def test_few_files_stand_beside_the_folders():
    files = sorted(path.name for path in ROOT.iterdir() if path.is_file())
    assert len(files) <= 12, files


def test_every_module_has_a_row():
    assert set(units_imported()) == set().union(*ROWS)


@pytest.mark.parametrize("row", range(len(ROWS)))
def test_imports_run_downward(row):
    below = set().union(*ROWS[row + 1 :])
    upward = {name: others - below for name, others in units_imported().items() if name in ROWS[row]}
    assert upward == {name: set() for name in ROWS[row]}


@pytest.mark.parametrize("module", NEVER_TENSORFLOW)
def test_tensorflow_is_never_reached_from(module):
    imported, reached, stack = units_imported(), set(), [module]
    while stack:
        fresh = imported[stack.pop()] - reached
        reached |= fresh
        stack.extend(fresh)
    assert "_tf" not in reached


def test_modules_without_tensorflow_load_none():
    names = ", ".join(f"slimcam.{name}" for name in NEVER_TENSORFLOW)
    ended = python(f"import sys, {names}; print(sorted({FRAMEWORKS} & set(sys.modules)))")
    assert ended.stdout == "[]\n", ended.stderr


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_tensorflow_has_one_door(path):
    imported = {name.split(".")[0] for name in imports(path)} & (FRAMEWORKS | COMPANIONS)
    assert imported <= MAY_IMPORT.get(module_of(path).split(".")[0], set())


# What only slimcam/_tf may name: TensorFlow's version, its private modules, and private names of its and of Keras'.
PRIVATE = re.compile(
    r"TF_VERSION|tensorflow\.python|\b_keras_\w+|\b_(inbound|outbound)_nodes|\b_closed|\b_build_input_shape|\b_SESSION"
    r"|_make_callable_from_options|_watched_variables"
)


TEXT = "s" if sys.version_info < (3, 8) else "value"  # where the syntax tree holds a string


def private_names(code):
    """Return "line: name" for each name and each string of code that PRIVATE is found in, docstrings left out."""
    tree = ast.parse(code)
    bodies = [node.body for node in ast.walk(tree) if isinstance(getattr(node, "body", None), list)]
    docstrings = {id(one.value) for body in bodies for one in body if isinstance(one, ast.Expr)}
    seen = set()
    for node in ast.walk(tree):
        texts = [getattr(node, key, None) for key in ("id", "attr", "name", "module", TEXT)]
        texts += [alias.name for alias in getattr(node, "names", ()) if isinstance(alias, ast.alias)]
        if id(node) not in docstrings and hasattr(node, "lineno"):
            seen.update((node.lineno, text) for text in texts if isinstance(text, str) and PRIVATE.search(text))
    return [f"{line}: {text}" for line, text in sorted(seen)]


@pytest.mark.parametrize("path", [path for path in FILES if "_tf" not in path.parts], ids=module_of)
def test_versions_and_private_names_are_behind_the_door(path):
    seen = [f"{path}:{one}" for one in private_names(path.read_text(encoding="utf-8"))]
    assert not seen, "\n".join(["put this into slimcam/_tf, as a function whose name says what it answers:", *seen])


def test_a_private_name_is_seen_wherever_it_stands():
    code = '''
        """Not tensorflow.python in a docstring."""
        from ._tf import TF_VERSION
        old = TF_VERSION < (2, 3)
        def shape(x):
            """Return _keras_shape."""
            return getattr(x, "_keras_shape", None) or x._keras_history  # _inbound_nodes
        importlib.import_module("tensorflow.python." + name)
        is_keras_tensor(x)
    '''
    assert private_names(textwrap.dedent(code)) == [
        "3: TF_VERSION",
        "4: TF_VERSION",
        "7: _keras_history",
        "7: _keras_shape",
        "8: tensorflow.python.",
    ]


def test_diagnosis_imports_tensorflow_only_when_it_examines():
    ended = python(f"import sys, slimcam.cli.diagnosis; print(sorted({FRAMEWORKS} & set(sys.modules)))")
    assert ended.stdout == "[]\n", ended.stderr


BLOCKER = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == 'tensorflow':
            raise ModuleNotFoundError("No module named " + repr(name), name=name)

sys.meta_path.insert(0, Blocker())
import slimcam
try:
    {call}
except slimcam.MissingPackage as error:
    print(isinstance(error, ImportError), error)
"""


@pytest.mark.parametrize("call", ["slimcam.load('model.pb')", "slimcam.GradCAM", "slimcam.slim()"])
def test_a_missing_tensorflow_is_answered_with_the_pip_line(call):
    ended = python(BLOCKER.format(call=call))
    wanted = '"tensorflow==1.15.5" "protobuf==3.20.3" "h5py==2.10.0"' if sys.version_info < (3, 8) else '"slimcam[tf]"'
    assert ended.stdout == f"True TensorFlow is not installed: pip install {wanted}\n", ended.stderr


def test_the_command_answers_a_missing_tensorflow_in_one_line():
    call = "import slimcam.cli; slimcam.cli.main(['inspect', 'model.pb'])"
    ended = python(BLOCKER.format(call=call))
    assert ended.returncode == 2
    assert ended.stderr.startswith("slimcam: TensorFlow is not installed: pip install ")
    assert ended.stderr.count("\n") == 1
