"""The application of the command line, and how its errors end the process."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from functools import partial

from cyclopts import App, CycloptsError, MissingArgumentError

from superscope._version import __version__
from superscope.errors import SuperscopeError, did_you_mean
from superscope.text import spelled

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

for name, help_text in {
    "lens": "Look at single tokens: what each collides with, and what that costs.",
    "explore": "Write a page in which a person walks through a model's vocabulary.",
    "repack": "Make the output head narrower in several ways, and score each on a text.",
    "budget": "Predict how well a direction can be read among the others of a dictionary.",
    "loss": "Evaluate the loss of a language model on a text, with its error.",
    "watch": "Show how a head changes while its model trains.",
    "frequency": "Count the tokens of a text: Zipf's exponent, coverage of the vocabulary.",
    "study": "Overlap and loss of a whole family, with laws fitted and questions answered.",
    "emergence": "Which tokens a family learns at which width: all together, or one by one.",
    "fit": "Fit a scaling law and say first whether the data identify it.",
    "test": "Test a restriction of a law, such as exponents that theory gives.",
    "forecast": "Forecast a model's loss from a fitted law, and where width ends.",
    "plan": "Spend a compute budget: the width, depth and tokens with the least loss.",
    "roll-out": "Compare laws: fit the small models, predict the large ones.",
    "cache": "List or delete the downloaded heads and tables.",
}.items():
    module = name.replace("-", "_")
    app.command(f"superscope.cli.{module}:{module}", name=name, help=help_text)

toy = App(name="toy", help="Train the toy model of superposition: one, or sweeps of thousands.")
for name, help_text in {
    "train": "Train one toy model and say how it packs its features.",
    "sweep": "Train the product of lists over any option; stop and start it at will.",
    "table": "Measure the runs of a sweep and write one row each.",
    "figures": "Draw what the runs of a sweep show, beside theory.",
}.items():
    toy.command(f"superscope.cli.toy_{name}:toy_{name}", name=name, help=help_text)
app.command(toy)

lab = App(name="lab", help="Train small language models with other ways of packing.")
for name, help_text in {
    "train": "Train the product of lists over any field; stop and start it at will.",
    "table": "Write one row for each run of a folder.",
    "report": "Say what each variant is worth in width.",
}.items():
    lab.command(f"superscope.cli.lab_{name}:lab_{name}", name=name, help=help_text)
app.command(lab)
app.register_install_completion_command(help="Complete commands and options in your shell.")


def _hyphen_attached(arguments: Sequence[str]) -> list[str]:
    """Change ``--text -`` to ``--text=-``, because cyclopts reads a lone hyphen as an option."""
    found: list[str] = []
    for argument in arguments:
        if argument == "-" and found and found[-1] == "--text":
            found[-1] = "--text=-"
        else:
            found.append(argument)
    return found


def run(arguments: Sequence[str]) -> None:
    """Run a command, print its error and exit with the code of the error."""
    for stream in (sys.stdout, sys.stderr):  # show codes for characters the terminal lacks
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    given = _hyphen_attached(arguments)
    with spelled(partial(_as_options, given)):
        _run(given)


def _as_options(given: Sequence[str], message: str) -> str:
    """Return a message with Python's arguments written as options of the command that runs."""
    from superscope.cli.wording import as_options

    *_, running = app.parse_commands(given)[1]
    command = running.default_command
    return message if command is None else as_options(message, command)


def _missing(error: MissingArgumentError) -> str | None:
    """Return what to say of an option that is not there, rather than there without a value."""
    argument, command = error.argument, error.command_chain
    if argument is None or error.keyword is not None or argument.tokens:
        return None
    name = argument.name.removeprefix("--") if argument.name.isupper() else argument.name
    choices = f" ({', '.join(argument.get_choices() or ())})" if argument.get_choices() else ""
    near = [word for word in error.unused_tokens or () if did_you_mean(name, [word], 0.6)]
    instead = f", not {near[0]}" if near else ""
    words = " ".join(command or ())
    return f"{words} needs {name}{choices}{instead}; see: superscope {words} --help"


def _run(given: Sequence[str]) -> None:
    try:
        app(given)
        sys.stdout.flush()
    except (CycloptsError, SuperscopeError, MemoryError) as error:
        from superscope.cli.terminal import warn

        missing = isinstance(error, MissingArgumentError) and _missing(error)
        warn(missing or str(error) or "out of memory")
        sys.exit(2)
    except KeyboardInterrupt as stop:
        from superscope.cli.terminal import warn

        warn(str(stop) or "stopped")
        sys.exit(130)
    except BrokenPipeError:  # the reader has closed the pipe, such as `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except OSError as error:  # stdout cannot be written; other files have their own errors
        print(f"superscope: cannot write the output: {error.strerror}", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(2)
