"""Notebooks: cells in order, magics, figures, errors."""

import json
import subprocess
import sys

import pytest

from slimcam.errors import MissingPackage, SourceError
from slimcam.programs import notebooks


def save(path, *sources, version=4, **metadata):
    """Write a notebook of format 3 or 4 with a text before each code cell."""
    if version == 4:
        code = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
        each = [dict(code, source=source.splitlines(True)) for source in sources]
        text = {"cell_type": "markdown", "metadata": {}, "source": "# Text"}
        content = {"cells": [one for cell in each for one in (text, cell)]}
    else:
        code = {"cell_type": "code", "metadata": {}, "outputs": [], "language": "python", "collapsed": False}
        content = {"worksheets": [{"cells": [dict(code, input=source) for source in sources], "metadata": {}}]}
        metadata = {"name": ""}
    path.write_text(json.dumps({"nbformat": version, "nbformat_minor": 0, "metadata": metadata, **content}))
    return str(path)


def run(path, *options):
    command = [sys.executable, "-m", "slimcam", "run", *options, path]
    return subprocess.run(command, capture_output=True, text=True, cwd=path.rpartition("/")[0])


def test_a_missing_nbformat_is_answered_with_the_pip_line(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "nbformat", None)
    with pytest.raises(MissingPackage, match=r'^notebooks need nbformat: pip install "slimcam\[programs\]"$'):
        notebooks.cells(save(tmp_path / "a.ipynb", "1"))


MAGICS = [
    ("a = 1", "a = 1\n"),
    ("%matplotlib inline\na = 1", "get_ipython().magic('%matplotlib inline')\na = 1\n"),
    ("if a:\n    !ls", "if a:\n    get_ipython().magic('!ls')\n"),
    ("files = !ls", "files = get_ipython().getoutput('ls')\n"),
    ("%time b = f(2)", "b = f(2)\n"),
    ("%timeit -n 10 f(2)", "f(2)\n"),
    ("%%time\nb = 2", "\nb = 2\n"),
    ("%%bash\nls", "get_ipython().magic('%%bash')\n"),
    ("%%writefile a.txt\nb\n", "get_ipython().write_file('a.txt', 'b\\n')\n"),
    ("np.array?", "get_ipython().magic('np.array?')\n"),
    # what only looks like a magic
    ("a = (7\n     % 4)", "a = (7\n     % 4)\n"),
    ("a = 7 \\\n% 4", "a = 7 \\\n% 4\n"),
    ("text = '''\n%d\n!\n'''", "text = '''\n%d\n!\n'''\n"),
]


@pytest.mark.parametrize(("source", "wanted"), MAGICS, ids=[source for source, _ in MAGICS])
def test_magics_become_calls_on_their_lines(source, wanted):
    assert notebooks.without_magics(source) == wanted


@pytest.mark.parametrize("version", [3, 4])
def test_cells_of_old_and_new_formats(tmp_path, version):
    pytest.importorskip("nbformat", reason="pip install slimcam[programs]")
    path = save(tmp_path / "old.ipynb", "a = 1", "print(a)\n", version=version)
    assert notebooks.cells(path) == [(1, "a = 1\n"), (2, "print(a)\n")]


def test_what_is_no_notebook_is_said_in_one_line(tmp_path):
    pytest.importorskip("nbformat", reason="pip install slimcam[programs]")
    (tmp_path / "text.ipynb").write_text("print('a')\n")
    with pytest.raises(SourceError, match=r"text\.ipynb: not a notebook: .+"):
        notebooks.cells(str(tmp_path / "text.ipynb"))
    ended = run(str(tmp_path / "text.ipynb"))
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)


def test_cells_run_in_one_namespace(tmp_path):
    pytest.importorskip("nbformat", reason="pip install slimcam[programs]")
    path = save(
        tmp_path / "book.ipynb",
        "%matplotlib inline\n!pip install that\n%load_ext autoreload\n%lsmagic\nimport tensorflow as tf, sys\n",
        "%%writefile helper.py\nHALF = 0.5\n",
        "from helper import HALF\nfrom IPython.display import Image, display\ndisplay(HALF)\n%env WIDTH=3\n",
        "import os\nos.environ['WIDTH'], [3 * HALF, 2]",
        "4;",
        "files = !ls\nprint(files, __name__, tf.placeholder.__name__)",
        "class Net(object):\n    def half(self):\n        return 1 / 0\n",
        "net = Net()\n%time net.half()\n",
    )
    ended = run(path)
    assert ended.stdout.splitlines() == ["0.5", "('3', [1.5, 2])", "[] __main__ placeholder"], ended.stderr
    notes = [line for line in ended.stderr.splitlines() if line.startswith("slimcam: ")]
    assert notes == [
        "slimcam: skipped !pip install that: a line for the shell",
        "slimcam: skipped %lsmagic: a magic of IPython",
        "slimcam: skipped !ls: a line for the shell",
    ]
    assert ended.returncode == 1
    trace = ended.stderr[ended.stderr.index("Traceback") :].splitlines()
    lines = [line for line in trace if "^" not in line and "~" not in line]
    assert lines == [
        "Traceback (most recent call last):",
        f'  File "{path}, cell 8", line 2, in <module>',
        "    net.half()",
        f'  File "{path}, cell 7", line 3, in half',
        "    return 1 / 0",
        "ZeroDivisionError: division by zero",
    ]


def test_a_notebook_of_python_2(tmp_path):
    pytest.importorskip("nbformat", reason="pip install slimcam[programs]")
    pytest.importorskip("fissix", reason="pip install slimcam[programs]")
    kernel = {"name": "python2", "display_name": "Python 2"}
    cells = "n = 7", "print n / 2\nn /= 2", "n / 2", "from __future__ import division", "n / 2"
    ended = run(save(tmp_path / "two.ipynb", *cells, kernelspec=kernel))
    assert ended.stdout == "3\n1\n1.5\n", ended.stderr


def test_figures_are_written_where_they_are_shown(tmp_path):
    pytest.importorskip("nbformat", reason="pip install slimcam[programs]")
    pytest.importorskip("matplotlib", reason="no dependency; tried where it is")
    path = save(
        tmp_path / "plots.ipynb",
        "%matplotlib inline\nimport matplotlib.pyplot as plt",
        "plt.plot([1, 2])\nplt.show()\nplt.figure()\nplt.figure();",
        "print(plt.get_fignums())",
        "plt.plot([1]);",
    )
    ended = run(path, "--figures", str(tmp_path / "out"))
    assert ended.stdout == "[]\n", ended.stderr
    names = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert names == ["plots-2-1.png", "plots-2-2.png", "plots-2-3.png", "plots-4-1.png"]
    assert (tmp_path / "out" / names[0]).read_bytes().startswith(b"\x89PNG")
    assert run(path).stdout == "[]\n"
