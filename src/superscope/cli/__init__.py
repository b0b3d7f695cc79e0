"""The ``superscope`` command: one module per subcommand, loaded when called."""

from __future__ import annotations

import io
import os
import sys

from cyclopts import App, CycloptsError

from superscope._version import __version__
from superscope.errors import SuperscopeError

app = App(
    name="superscope",
    help="How much meaning is packed into a language model's width.",
    version=__version__,
    print_error=False,
    exit_on_error=False,
    suppress_keyboard_interrupt=False,
    result_action="return_value",
)
app.command(
    "superscope.cli.measure:measure",
    name="measure",
    help="Measure how a model's output head packs its vocabulary into its width.",
)


def main() -> None:
    """Run the command line: exit 0, 2 on a user's error, 130 on Ctrl-C."""
    for stream in (sys.stdout, sys.stderr):  # a terminal that lacks a character gets its code
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
        sys.stdout.flush()
    except (CycloptsError, SuperscopeError, MemoryError) as error:
        from superscope.cli.terminal import warn

        warn(str(error) or "out of memory")
        sys.exit(2)
    except KeyboardInterrupt:
        print("superscope: stopped", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output has gone, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except OSError as error:  # the output cannot be written; other files are handled where they are
        print(f"superscope: cannot write the output: {error.strerror}", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(2)
