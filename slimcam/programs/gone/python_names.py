"""Names of Python's library that went, as they were."""

import base64
import collections
import inspect
import os
import types
import unittest
from typing import Any, Callable

ArgSpec = collections.namedtuple("ArgSpec", "args varargs keywords defaults")
encodestring, decodestring = base64.encodebytes, base64.decodebytes


def getargspec(func: Callable) -> ArgSpec:
    """Return the arguments of a Python function; raise ValueError where it has keyword-only ones or annotations."""
    args, varargs, varkw, defaults, kwonly, _, annotations = inspect.getfullargspec(func)
    if kwonly or annotations:
        raise ValueError(
            "Function has keyword-only parameters or annotations, use inspect.signature() API which can support them"
        )
    return ArgSpec(args, varargs, varkw, defaults)


def coroutine(func: Callable) -> Callable:
    """Return a generator function that can be awaited."""
    return types.coroutine(func)


def popen(cmd: str, mode: str = "r", bufsize: int = -1) -> Any:
    """Return a file of what a shell's command prints."""
    return os.popen(cmd, mode, bufsize)


def makeSuite(testCaseClass: type, prefix: str = "test") -> Any:
    """Return the tests of a class whose names begin so."""
    loader = unittest.TestLoader()
    loader.testMethodPrefix = prefix
    return loader.loadTestsFromTestCase(testCaseClass)
