"""The command line: the only place that prints and exits. What it needs beyond click is imported by the command."""

import errno
import os
import sys
import warnings
from typing import Any, Callable

import click

from .. import __version__
from ..errors import NotFinite, OutputError, SlimcamError, Unsure
from ..text.printable import one_line
from .commands.activations import activations
from .commands.compare import compare
from .commands.doctor import doctor
from .commands.evaluate import evaluate
from .commands.explain import explain
from .commands.filters import filters
from .commands.inspect import inspect
from .commands.methods import methods
from .commands.nets import nets
from .commands.pair import pair
from .commands.port import port
from .commands.record import record
from .commands.run import Handover, run
from .commands.verify import verify
from .commands.vet import vet
from .quiet import is_descriptor, quiet
from .wording import line

FULL = errno.ENOSPC, errno.EDQUOT, errno.EFBIG  # no room, of the disk, of the user, of a file
INTERRUPTED = 130  # as a shell has it: 128 + SIGINT


class _Commands(click.Group):
    """Turn slimcam's errors, and those of usage, into one line on stderr and exit status 2; Ctrl-C into 130."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            passing = SlimcamError, click.ClickException, click.exceptions.Exit, Handover
            with warnings.catch_warnings(), quiet(passing):
                warnings.simplefilter("ignore", NotFinite)  # the line on each photo says it
                warnings.simplefilter("ignore", Unsure)  # print_notes() does
                return _invoke(super().invoke, ctx)
        except Handover as program:
            program.take_over()
        except SlimcamError as error:
            click.echo(line(error.on_one_line()), err=True)
            ctx.exit(2)
        except click.UsageError as error:
            command = (error.ctx or ctx).command_path
            click.echo(one_line(f"slimcam: {error.format_message().rstrip('.')}; see {command} --help"), err=True)
            ctx.exit(2)
        except KeyboardInterrupt as stop:
            click.echo("slimcam: " + "; ".join(["interrupted", *map(str, stop.args)]), err=True)
            ctx.exit(INTERRUPTED)


def _invoke(invoke: Callable[[click.Context], Any], ctx: click.Context) -> Any:
    """Run a command; raise OutputError where the disk is full that its output, or a temporary file, goes to."""
    try:
        return invoke(ctx)
    except OSError as error:
        if error.errno not in FULL or error.filename is not None:
            raise
        if is_descriptor(sys.stdout, 1):
            with open(os.devnull, "w") as nowhere:  # where Python puts, as it ends, what it could not print
                os.dup2(nowhere.fileno(), 1)
        raise OutputError(f"output, or a temporary file, cannot be written: {error.strerror}") from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
def main() -> None:
    """Explain image models whose living form is a TensorFlow 1 graph."""


EXPLAINING = explain, pair, methods, evaluate, activations, filters
COMPARING = record, verify, compare
LOOKING = inspect, vet, nets, doctor
for command in (*EXPLAINING, *COMPARING, *LOOKING, run, port):
    main.add_command(command)
