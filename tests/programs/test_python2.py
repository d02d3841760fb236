"""Python 2 as Python 3 reads it. What the converted programs print is what Python 2.7 printed, by its rules."""

import subprocess
import sys
import textwrap
import warnings

import numpy as np
import pytest

from slimcam.errors import SourceError
from slimcam.programs import python2, python2_arithmetic


@pytest.fixture
def without_fissix(monkeypatch):
    monkeypatch.setitem(sys.modules, "fissix", None)


@pytest.mark.parametrize(
    "text",
    [
        "print('a', 7 / 2)\n",
        "try:\n    unicode\nexcept NameError:\n    unicode = str\nunicode(1)\n",
        "import sys\nif sys.version_info[0] < 3:\n    text = unicode(1)\n",
        "from six.moves import xrange\nfor i in xrange(3): pass\n",
        "def long(x):\n    return x\nlong(1)\n",
        "x.iteritems()\n",
    ],
)
def test_a_program_of_python_3_stays_as_it_is(text, capsys):
    assert python2.python3_source("program.py", text) is text
    assert capsys.readouterr().err == ""


SIGNS = [
    ("import os\nprint os.name\n", 2, "print(x)"),
    ("if x: print 'a'\n", 1, "print(x)"),
    ("print >>f, 1\n", 1, "print(x, file=f)"),
    ("try:\n    f()\nexcept (A, B), e:\n    pass\n", 3, "except Error as error:"),
    ("raise ValueError, 'a'\n", 1, "raise Error(text)"),
    ("exec 'a = 1'\n", 1, "exec(code)"),
    ("if a <> b: pass\n", 1, "!="),
    ("a = `b`\n", 1, "repr(x)"),
    ("os.chmod(a, 0755)\n", 1, "0o17 for 017"),
    ("a = 10L\n", 1, "a number without L"),
    ("a = ur'b'\n", 1, 'r"…"'),
    ("def f(a, (b, c)):\n    pass\n", 1, "one name for a tuple"),
    ("if a:\n\tb()\n        c()\n", 3, "spaces for tabs"),
    ("a = 1\nfor i in xrange(3): pass\n", 2, "range for xrange"),
    ("a = raw_input()\n", 1, "input for raw_input"),
    ("b = isinstance(a, basestring)\n", 1, "str for basestring"),
]


@pytest.mark.parametrize(("text", "line", "today"), SIGNS, ids=[sign[2] for sign in SIGNS])
def test_python_2_is_told_by_its_line(text, line, today, without_fissix):
    with pytest.raises(SourceError) as caught:
        python2.python3_source("program.py", text)
    pip = 'pip install "slimcam[programs]"'
    assert str(caught.value) == f"program.py:{line}: this is Python 2 (today: {today}); to convert it: {pip}"


@pytest.mark.parametrize("text", ["a = (1\n", "def f(:\n", "x = = 3  # print 'a'\n"])
def test_what_is_wrong_in_both_is_pythons_own_error(text):
    with pytest.raises(SyntaxError):
        python2.python3_source("program.py", text)


def test_what_fissix_cannot_convert_is_one_line():
    pytest.importorskip("fissix", reason="pip install slimcam[programs]")
    with pytest.raises(
        SourceError, match=r"^program\.py:1: this is Python 2 \(today: print\(x\)\); fissix could not .*$"
    ):
        python2.python3_source("program.py", "print 'a'\nb = = 3\n")


PROGRAM = """\
'''What it does.'''
import os
import StringIO, sys

def area((width, height), scale):
    return width * height / scale

class Counts(object):
    def __init__(self):
\tself.n = 7
        self.n /= 2

print "half", 7 / 2, 7.0 / 2, -7 / 2, area((3, 5), 2), Counts().n
d = {'a': 1}
for key, value in d.iteritems():
    print key, value,
print d.has_key('a'), `d`, 0777, map(len, ['a', 'bb'])[1]
try:
    raise ValueError, 'bad'
except ValueError, error:
    print error
print reduce(lambda a, b: a + b, xrange(5)), 10L ** 20
text = '''tab:
\there'''
print repr(text), StringIO.StringIO('in memory').read()
raise RuntimeError('at line 26')
"""


def test_a_program_of_python_2_prints_what_it_printed(tmp_path):
    pytest.importorskip("fissix", reason="pip install slimcam[programs]")
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    code = f"from slimcam.programs import source; exec(source.code_of({str(path)!r}), {{'__name__': '__main__'}})"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.stdout.splitlines() == [
        "half 3 3.5 -4 7 3",
        "a 1 True {'a': 1} 511 2",
        "bad",
        "10 100000000000000000000",
        "'tab:\\n\\there' in memory",
    ]
    assert f"slimcam: {path}:5: this is Python 2 (today: one name for a tuple); converted by fissix" in ended.stderr
    # Lines keep their numbers.
    assert f'File "{path}", line 26, in <module>\n' in ended.stderr


def test_python_2_may_ask_for_the_division_of_python_3():
    pytest.importorskip("fissix", reason="pip install slimcam[programs]")
    text = "from __future__ import division\nhalf = 7 / 2\nprint half,\n"
    names = {}
    exec(python2.code_of_text("program.py", text), names)
    assert names["half"] == 3.5


@pytest.mark.parametrize(
    ("head", "wanted"), [("", [3.0, -3.0, 2.67, 1200.0, 0.0]), ("def round(x, n=0): return n", [0, 0, 2, -2, 0])]
)
def test_halves_are_rounded_away_from_zero_by_the_round_of_python_2(head, wanted):
    pytest.importorskip("fissix", reason="pip install slimcam[programs]")
    text = f"{head}\nprint 1,\nall = [round(2.5), round(-2.5), round(2.675, 2), round(1249, -2), round(0.4)]\n"
    names = {}
    exec(python2.code_of_text("program.py", text), names)
    assert names["all"] == wanted


def test_division_of_arrays_is_in_place_where_it_was():
    whole, floats = np.array([7, -7]), np.array([7.0])
    assert python2_arithmetic.divide(whole, 2).tolist() == [3, -4]
    assert python2_arithmetic.divide(whole, 2.0).tolist() == [3.5, -3.5]
    assert python2_arithmetic.divide(7, floats).tolist() == [1.0]
    assert python2_arithmetic.divide(floats, 2, True) is floats
    assert floats.tolist() == [3.5]


def test_a_guarded_import_is_left_to_the_program(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(
        textwrap.dedent("""
            try:
                from StringIO import StringIO
            except ImportError:
                from io import BytesIO as StringIO
            import cPickle
            try:
                import Queue
            finally:
                pass
        """)
    )
    assert python2.guarded_imports(str(path)) == {3}


def test_the_program_and_its_modules_are_converted(tmp_path):
    pytest.importorskip("fissix", reason="pip install slimcam[programs]")
    (tmp_path / "helper.py").write_text("def half(n):\n    return n / 2\nprint 'helper'\n")
    (tmp_path / "main.py").write_text(
        "import cPickle\nfrom helper import half\ntry:\n    from StringIO import StringIO\nexcept ImportError:\n"
        "    StringIO = None\nprint(half(7), StringIO, cPickle.loads(cPickle.dumps(3)))\n"
    )
    command = [sys.executable, "-m", "slimcam", "run", str(tmp_path / "main.py")]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=str(tmp_path))
    assert ended.stdout == "helper\n3 None 3\n", ended.stderr
    assert not list(tmp_path.glob("__pycache__/helper*"))


def test_pickles_of_python_2_hold_arrays():
    from slimcam.programs import gone

    # pickle.dumps(numpy.array([1, 255], "u1"), 2) of Python 2.7
    data = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85U\x01b\x87Rq\x03(K\x01K\x02\x85"
        b"cnumpy\ndtype\nq\x04U\x02u1K\x00K\x01\x87Rq\x05(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x02"
        b"\x01\xfftb."
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy 2 says that its core moved
        assert gone.stand_in(gone.row_of("cPickle")).loads(data).tolist() == [1, 255]
