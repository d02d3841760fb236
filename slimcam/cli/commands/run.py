"""`slimcam run`."""

import json
import os
import subprocess
import sys
from typing import List, Optional, Tuple

import click


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("-m", "module", metavar="MODULE", help="Run a module by its name, as python -m does.")
@click.option("--figures", metavar="DIR", help="Where a notebook's figures go, as PNG files.")
@click.option(
    "--old", "old_packages", metavar="PACKAGE", multiple=True, help="An installed package that is old, too; repeatable."
)
@click.argument("arguments", metavar="PROGRAM.py|NOTEBOOK.ipynb [ARGS]...", nargs=-1, type=click.UNPROCESSED)
def run(
    module: Optional[str], figures: Optional[str], old_packages: Tuple[str, ...], arguments: Tuple[str, ...]
) -> None:
    """Run an old program, unmodified, on the TensorFlow that is installed.

    Its imports see TensorFlow 1 with contrib and slim, Keras 2 with the arguments of Keras 1, and what scipy, NumPy and
    others took away; libraries underneath see what is installed. Input, output, arguments, signals and the exit status
    are the program's own.
    """
    if module is None and not arguments:
        raise click.UsageError("give a program, a notebook, or -m MODULE")
    path, rest = (module, arguments) if module is not None else (arguments[0], arguments[1:])
    if module is None and not os.path.isfile(path):
        raise click.UsageError(f"no such program: {path}")
    program = {"path": path, "arguments": rest, "is_module": module is not None}
    program.update(figures=figures, old_packages=old_packages)
    raise Handover([sys.executable, "-m", "slimcam.programs", json.dumps(program)])


class Handover(Exception):
    """This process is to become another program, once the command line has put back what it changed."""

    def take_over(self) -> None:
        """Become it; where a system cannot (Windows), wait for it and exit as it did."""
        command: List[str] = self.args[0]
        sys.stdout.flush()
        if os.name == "posix":
            os.execv(command[0], command)
        sys.exit(subprocess.call(command))
