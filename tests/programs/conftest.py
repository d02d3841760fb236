"""`run`: an old program in a process of its own."""

import sys

import pytest
from fixtures.old_programs import EXAMPLES, started


@pytest.fixture
def run(tmp_path):
    """Return `run(program, *arguments)`: `slimcam run` of an example's name, or of source; `python=` of another."""

    def call(program, *arguments, python=sys.executable, options=(), **kwargs):
        path = EXAMPLES / f"{program}.py"
        if "\n" in program:
            path = tmp_path / "program.py"
            path.write_text(program)
        return started("-m", "slimcam", "run", *options, path, *arguments, python=python, cwd=str(tmp_path), **kwargs)

    return call
