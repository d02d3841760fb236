"""Once: what is built once, by however many threads."""

import time

import pytest
from fixtures.threads import at_once

from slimcam.graphs.once import Once


def test_a_value_is_built_once_for_each_key():
    once, built = Once(), []
    values = [once(key, lambda key=key: built.append(key) or object()) for key in ("a", "b", "a", "b")]
    assert built == ["a", "b"]
    assert values[0] is values[2] and values[1] is values[3] and values[0] is not values[1]
    assert "a" in once and "c" not in once


def test_nothing_is_a_value_too():
    once, built = Once(), []
    assert [once("a", lambda: built.append(1)) for _ in range(2)] == [None, None]
    assert built == [1]


def test_a_build_may_ask_for_another_key():
    once = Once()
    assert once("outer", lambda: once("inner", lambda: 2) + 1) == 3
    assert once("inner", lambda: 5) == 2


def test_nothing_is_kept_of_a_build_that_raises():
    once = Once()
    with pytest.raises(ZeroDivisionError):
        once("a", lambda: 1 / 0)
    assert "a" not in once
    assert once("a", lambda: 7) == 7


def test_threads_that_ask_at_the_same_time_get_one_value():
    once, built = Once(), []

    def build():
        built.append(1)
        time.sleep(0.02)
        return object()

    assert len(set(map(id, at_once(lambda i: once("a", build))))) == 1
    assert built == [1]


def test_two_builds_never_run_at_the_same_time():
    once, running, most = Once(), [], []

    def build():
        running.append(1)
        most.append(len(running))
        time.sleep(0.005)
        running.pop()

    at_once(lambda i: once(i, build))
    assert most == [1] * 8
