"""How a command ended, and what the tests say of it."""

import collections
import re

Result = collections.namedtuple("Result", "status stdout stderr")


def assert_said(result, message):
    """Assert that the command ended with status 2, no output, and one line on stderr that matches `message`."""
    assert result.status == 2
    assert result.stdout == ""
    assert re.fullmatch(f"slimcam: .*{message}.*\n", result.stderr), result.stderr
