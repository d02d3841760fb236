"""What others wrote is printed so that a terminal shows it and obeys none of it; errors are one short line."""

import pickle

import pytest

from slimcam.errors import InterpreterError, MissingFeed, MissingPackage, ModelError, PhotoError, Remedy
from slimcam.text.printable import MOST, escape, escape_lines, one_line

ESCAPE = "\x1b]0;title\x07\x1b[2J"


@pytest.mark.parametrize(
    "text, expected",
    [
        ("Mixed_7c:0", "Mixed_7c:0"),
        ("Straße 猫 é 👩‍🔬", "Straße 猫 é 👩‍🔬"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("a\u2028b", "a\\u2028b"),
        ("caf\udce9", "caf\\udce9"),
    ],
)
def test_what_a_terminal_would_obey_is_shown_as_python_writes_it(text, expected):
    assert escape(text) == expected


def test_lines_that_are_meant_stay_lines():
    assert escape_lines("one\x07\ntwo\x1b") == "one\\x07\ntwo\\x1b"


def test_of_a_long_text_the_middle_is_left_out():
    text = "model.h5: " + "x" * 6000 + ": say custom_objects="
    line = one_line(text)
    assert len(line) == MOST
    assert line.startswith("model.h5: xxx") and line.endswith("xxx: say custom_objects=")
    assert " […] " in line
    assert one_line("x" * MOST) == "x" * MOST


@pytest.mark.parametrize("kind", [ModelError, PhotoError, MissingPackage])
def test_every_error_is_one_line_of_at_most_500_characters(kind):
    text = str(kind(f"{ESCAPE}.pb: first\nsecond {'y' * 6000} end"))
    assert len(text) == MOST and text.endswith("y end")
    assert text.isprintable()
    assert text.startswith(r"\x1b]0;title\x07\x1b[2J.pb: first\nsecond")


def test_an_error_stays_so_in_another_process():
    error = pickle.loads(pickle.dumps(ModelError("a\x1bb")))
    assert str(error) == r"a\x1bb"


def test_the_lines_of_remedies_are_kept_and_what_they_quote_is_not():
    remedy = Remedy("hold={'a\x1b': 0}", "--hold a=0", "to\nend it")
    error = MissingFeed("'x\ny' is needed", None, [remedy])
    assert str(error).splitlines() == [r"'x\ny' is needed. Ways out:", r"    hold={'a\x1b': 0}  # to\nend it"]


def test_what_another_interpreter_said_keeps_its_lines_without_its_escapes():
    assert str(InterpreterError("python: fails", f"one{ESCAPE}\ntwo")).splitlines() == [
        "python: fails; it said:",
        r"one\x1b]0;title\x07\x1b[2J",
        "two",
    ]
