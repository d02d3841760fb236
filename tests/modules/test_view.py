"""View: changes first, then the names of other modules, then a word on what is nowhere."""

import types

import pytest

from slimcam.modules.view import View


def module(name, **names):
    made = types.ModuleType(name)
    made.__dict__.update(names)
    return made


@pytest.fixture
def real():
    return module("real", a=1, b=2, _private=3)


def test_a_change_stands_before_the_name_of_the_module(real):
    assert View("shown", [real], {"a": lambda: 10}).a == 10
    assert View("shown", [real], {"a": lambda: 10}).b == 2


def test_a_change_is_made_once_and_when_it_is_asked_for(real):
    calls = []
    shown = View("shown", [real], {"made": lambda: calls.append(1) or [1]})
    assert not calls
    assert shown.made is shown.made
    assert calls == [1]


def test_modules_are_looked_at_in_their_order(real):
    assert View("shown", [module("other", a=5), real]).a == 5
    assert View("shown", [module("other", a=5), real]).b == 2


def test_what_the_module_changes_later_is_seen(real):
    shown = View("shown", [real])
    real.a = 7
    assert shown.a == 7


def test_an_assignment_goes_to_the_module_that_has_the_name(real):
    shown = View("shown", [real], {"changed": lambda: 1})
    shown.a, shown.new, shown.changed = 8, 9, 10
    assert real.a == 8
    assert not hasattr(real, "new")
    assert (shown.a, shown.new, shown.changed) == (8, 9, 10)


def test_a_submodule_of_a_package_is_imported_when_it_is_asked_for():
    import xml

    assert View("shown", [xml]).dom.__name__ == "xml.dom"


def test_a_name_that_is_nowhere_is_answered(real):
    assert View("shown", [real], lacking=lambda name: name.upper()).gone == "GONE"
    with pytest.raises(AttributeError, match="module 'shown' has no attribute 'gone'"):
        View("shown", [real]).gone  # noqa: B018


def test_a_name_with_two_underscores_is_never_made_up(real):
    assert not hasattr(View("shown", [real], lacking=lambda name: name), "__wrapped__")


def test_all_names_are_those_without_an_underscore(real):
    shown = View("shown", [real], {"c": lambda: 3})
    assert dir(shown) == ["a", "b", "c"]
    namespace = {}
    import sys

    sys.modules["shown_for_star"] = shown
    try:
        exec("from shown_for_star import *", namespace)
    finally:
        del sys.modules["shown_for_star"]
    assert (namespace["a"], namespace["c"]) == (1, 3)


def test_it_is_a_module_and_says_what_it_is(real):
    shown = View("shown", [real])
    assert isinstance(shown, types.ModuleType)
    assert repr(shown) == "<module 'shown' as an old program sees it>"
