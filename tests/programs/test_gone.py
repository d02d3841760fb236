"""The table of what libraries took away: every row, and what stands in."""

import collections
import importlib
import random
import re
import sys
import warnings

import numpy as np
import pytest

from slimcam.programs import gone

LIBRARIES = "NumPy|SciPy|Pillow|scikit-image|OpenCV|imageio|matplotlib|scikit-learn|h5py|PyYAML|pandas|Python"


def test_a_name_has_one_row():
    assert [name for name, rows in collections.Counter(row.name for row in gone.GONE).items() if rows > 1] == []


@pytest.mark.parametrize("row", gone.GONE, ids=lambda row: row.name)
def test_every_row_says_since_when_and_leads_somewhere(row):
    assert re.fullmatch(rf"({LIBRARIES}) \d+(\.\d+)?", row.since)
    assert row.of in ("module", "class", "call")
    assert ("(" in row.name) <= (row.of != "module")
    if row.stand_in in ("", "*"):
        return
    # What stands in from this project is there; another library may not be installed.
    module, _, name = row.stand_in.partition(":")
    if not module.startswith("="):
        assert hasattr(importlib.import_module(f"slimcam.programs.gone.{module}"), name or "__name__")


def test_a_row_says_what_to_do():
    assert gone.missing(gone.row_of("sklearn.datasets.load_boston")) == (
        "sklearn.datasets.load_boston went with scikit-learn 1.2; instead: another data set: its makers withdrew it"
    )
    assert gone.missing(gone.row_of("md5")) == "md5 is of Python 2; instead: hashlib"
    with pytest.raises(AttributeError, match=r"pandas\.Panel went with pandas 0\.25; instead: the package xarray"):
        gone.stand_in(gone.row_of("pandas.Panel"))


def test_what_stands_in_may_need_what_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "joblib", None)
    message = r"sklearn\.externals\.joblib went with scikit-learn 0\.23; instead: joblib; that is not there either: "
    with pytest.raises(ImportError, match=message):
        gone.stand_in(gone.row_of("sklearn.externals.joblib"))


def test_a_missing_pillow_is_answered_with_the_pip_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(ImportError, match=r'images of scipy.misc need Pillow: pip install "slimcam\[programs\]"'):
        gone.stand_in(gone.row_of("scipy.misc.imresize"))(np.zeros((2, 2)), 50)


def test_a_module_of_rows_has_their_names():
    module = gone.stand_in(gone.row_of("cgi"))
    assert module.parse_qs("a=1&a=2") == {"a": ["1", "2"]}
    assert module.escape("<") == "&lt;"
    with pytest.raises(
        AttributeError, match=r"cgi.FieldStorage: cgi went with Python 3.13; instead: urllib.parse, html"
    ):
        module.FieldStorage()


# --- names


@pytest.mark.parametrize(
    ("name", "arguments", "wanted"),
    [
        ("numpy.asscalar", (np.array([[7]]),), 7),
        ("numpy.alen", (np.zeros((3, 2)),), 3),
        ("numpy.rank", (np.zeros((3, 2)),), 2),
        ("numpy.msort", ([[3, 1], [2, 5]],), [[2, 1], [3, 5]]),
        ("numpy.in1d", ([[1, 2], [3, 4]], [2, 3]), [False, True, True, False]),
        ("numpy.fastCopyAndTranspose", ([[1, 2]],), [[1], [2]]),
        ("numpy.obj2sctype", ("f4",), np.float32),
        ("numpy.sctype2char", (np.int8,), "b"),
        ("numpy.issubsctype", ("f4", np.floating), True),
        ("numpy.find_common_type", ([np.float32], [np.int64, np.float64]), np.dtype("float32")),
        ("numpy.find_common_type", ([np.int8], [np.float32]), np.dtype("float32")),
        ("numpy.product", ([2, 3],), 6),
        ("numpy.sometrue", ([0, 1],), True),
        ("scipy.misc.derivative", (lambda x: x**3, 2.0, 1.0), 13.0),  # (27 - 1) / 2
        ("scipy.misc.derivative", (lambda x: x**3, 2.0, 1.0, 2), 12.0),  # 27 - 2 * 8 + 1
        ("scipy.misc.central_diff_weights", (3, 2), [1, -2, 1]),
        ("scipy.stats.itemfreq", ([5, 3, 5],), [[3, 1], [5, 2]]),
        ("scipy.stats.signaltonoise", ([[1.0, 2], [3, 2]],), [2, 0]),
        ("fractions.gcd", (12, 18), 6),
        ("cgi.escape", ("<a>",), "&lt;a&gt;"),
        ("string.join", (["a", "b"], "-"), "a-b"),
        ("string.atoi", ("12",), 12),
        ("distutils.util.strtobool", ("yes",), 1),
        ("matplotlib.mlab.normpdf", (0.0, 0.0, 0.5), 2 / np.sqrt(2 * np.pi)),
        ("matplotlib.mlab.movavg", ([1.0, 3, 5], 2), [2, 4]),
        ("matplotlib.mlab.frange", (2.0,), [0, 1, 2]),
        ("matplotlib.mlab.frange", (0.0, 1.0, None, True, 3), [0, 0.5, 1]),
        ("imghdr.what", (None, b"\x89PNG\r\n\x1a\n"), "png"),
        ("imghdr.what", (None, b"\0" * 6 + b"JFIF"), "jpeg"),
        ("imghdr.what", (None, b"P5 2 2"), "pgm"),
        ("imghdr.what", (None, b"text"), None),
    ],
)
def test_a_name_gives_what_it_gave(name, arguments, wanted):
    owner, _, last = name.rpartition(".")
    row = gone.row_of(name)
    if row is None:  # of a module that is one of ours
        value = getattr(gone.stand_in(gone.row_of(owner)), last)(*arguments)
    else:
        value = gone.stand_in(row)(*arguments)
    if isinstance(wanted, (list, float)):
        np.testing.assert_allclose(value, wanted, rtol=4 * np.finfo(np.float64).eps)
    else:
        assert value == wanted


def test_constants_and_tables_of_numpy():
    rows = gone.rows_of("numpy").items()
    stand_ins = {name: gone.stand_in(row) for name, row in rows if row.stand_in.startswith("numpy_names:")}
    assert stand_ins["NINF"] == -np.inf
    assert np.signbit(stand_ins["NZERO"])
    assert stand_ins["nbytes"][np.float64] == 8
    assert stand_ins["cast"]["int32"]([1.7]).tolist() == [1]
    assert np.float32 in stand_ins["sctypes"]["float"]
    assert stand_ins["asfarray"]([1]).dtype == np.float64
    assert stand_ins["deprecate"](len) is len
    assert gone.stand_in(gone.row_of("numpy.float")) is float
    assert gone.stand_in(gone.row_of("numpy.Inf")) == np.inf


def test_getargspec():
    getargspec = gone.stand_in(gone.row_of("inspect.getargspec"))

    def function(a, b=1, *c, **d):
        pass

    def keyword_only(a, *, b):
        pass

    assert getargspec(function) == (["a", "b"], "c", "d", (1,))
    with pytest.raises(ValueError, match="keyword-only"):
        getargspec(keyword_only)


def test_versions_compare_as_distutils_had_them():
    loose = gone.stand_in(gone.row_of("distutils.version")).LooseVersion
    strict = gone.stand_in(gone.row_of("distutils.version")).StrictVersion
    assert loose("1.13.1") > "1.4.0"
    assert loose("1.4.0") < loose("1.4.0.1")
    assert loose("1.4") == "1.4"
    assert strict("1.2a3") < strict("1.2")
    assert strict("1.2.0") == strict("1.2")
    with pytest.raises(ValueError, match=r"invalid version number '1\.4\.0rc1'"):
        strict("1.4.0rc1")


def test_a_source_is_loaded_as_imp_did(tmp_path, monkeypatch):
    (tmp_path / "options.py").write_text("WIDTH = 3\n")
    imp = gone.stand_in(gone.row_of("imp"))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    assert imp.load_source("old_options", str(tmp_path / "options.py")).WIDTH == 3
    file, path, kind = imp.find_module("options", [str(tmp_path)])
    with file:
        assert imp.load_module("options", file, path, kind).WIDTH == 3
    with pytest.raises(ImportError, match="No module named 'nowhere_at_all'"):
        imp.find_module("nowhere_at_all")


# --- functions that take less than they did


def call(name, real):
    owner, _, last = name.rpartition(".")
    return gone.stand_in(gone.calls_of(owner)[last], real)


def test_ragged_lists_make_arrays_of_objects():
    array = call("numpy.array", np.array)
    assert array([[1, 2], [3, 4]]).dtype.kind == "i"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy 1.19 to 1.23 warn, and do it
        ragged = array([[1, 2], [3]])
    assert (ragged.dtype, ragged.tolist()) == (np.dtype(object), [[1, 2], [3]])
    with pytest.raises(ValueError, match=r"setting an array element|inhomogeneous"):
        array([[1, 2], [3]], dtype=float)


def test_calls_of_numpy(tmp_path):
    np.save(str(tmp_path / "weights.npy"), {"fc8": 1}, allow_pickle=True)
    assert call("numpy.load", np.load)(str(tmp_path / "weights.npy"), encoding="latin1").item() == {"fc8": 1}
    fromstring = call("numpy.fromstring", np.fromstring)
    values = fromstring(b"\1\0\2\0", dtype="<i2")
    values += 1  # numpy.frombuffer's could not be written to
    assert values.tolist() == [2, 3]
    assert fromstring("1 2", dtype=int, sep=" ").tolist() == [1, 2]
    assert call("numpy.vstack", np.vstack)(map(list, ([1, 2], [3, 4]))).tolist() == [[1, 2], [3, 4]]
    assert call("numpy.histogram", np.histogram)([0, 1, 1, 3], bins=2, range=(0, 4), normed=True)[0].tolist() == [
        0.375,
        0.125,
    ]
    # a singular value of 4e-16 counts, since eps is 2.2e-16; four rows make it nothing by today's rule, 8.9e-16
    small = np.array([[1, 0], [0, 4e-16], [0, 0], [0, 0]])
    solution = call("numpy.linalg.lstsq", np.linalg.lstsq)(small, [1.0, 1, 0, 0])[0]
    assert solution[1] == pytest.approx(2.5e15)


def test_arrays_are_made_as_before_numpy_2():
    array = call("numpy.array", np.array)
    assert array([1, 2], copy=False).tolist() == [1, 2]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy 1.24 to 1.26 warn, and do it
        assert array([-1, 256, 7], dtype=np.uint8).tolist() == [255, 0, 7]
    assert call("numpy.bool", np.bool_) is bool
    assert call("numpy.sum", np.sum)(n for n in (1, 2)) == 3
    assert call("numpy.reshape", np.reshape)([1, 2], newshape=(2, 1)).tolist() == [[1], [2]]
    assert call("numpy.cross", np.cross)([[1, 2]], [3, 4]).tolist() == [-2]


def test_calls_of_python(tmp_path):
    import json

    assert call("json.loads", json.loads)("[1]", encoding="utf-8") == [1]
    assert call("random.sample", random.sample)({5}, 1) == [5]
    assert call("random.randint", random.randint)(4.0, 8 / 2) == 4
    items = [1, 2, 3]
    call("random.shuffle", random.shuffle)(items, lambda: 0.0)
    assert items == [2, 3, 1]
    (tmp_path / "names.txt").write_bytes(b"a\r\nb")
    with call("builtins.open", open)(str(tmp_path / "names.txt"), "rU") as file:
        assert file.read() == "a\nb"
