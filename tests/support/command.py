"""Run the command line: in this process, which is quick, or in one of its own."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from superscope.cli import main

COMMAND = [sys.executable, "-m", "superscope"]


@dataclass(frozen=True)
class Done:
    """What a command returned: its exit code, and all that it wrote."""

    code: int
    out: str
    err: str


def superscope(
    *arguments: object,
    given: bytes | str = b"",
    folder: Path | None = None,
    **environment: str,
) -> Done:
    """Run a command in this process, as a shell without a terminal would.

    Its streams are its own, `given` is what it reads from standard input, and the environment,
    the working folder and the handling of signals are afterwards what they were. A fault that
    the command does not handle, and a warning, are raised here.
    """
    out, err = _stream(), _stream()
    code = 0
    with ExitStack() as changed:
        changed.enter_context(patch.dict(os.environ, environment))
        changed.enter_context(_signals_kept())
        changed.enter_context(patch.object(sys, "stdin", _stream(given)))
        changed.enter_context(redirect_stdout(out))
        changed.enter_context(redirect_stderr(err))
        if folder is not None:
            changed.enter_context(chdir(folder))
        try:
            main([str(a) for a in arguments])
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else int(left.code is not None)
    return Done(code, _written(out), _written(err))


def process(
    *arguments: object,
    given: bytes | str = b"",
    folder: Path | None = None,
    timeout: float = 120,
    **environment: str,
) -> Done:
    """Run a command in a process of its own: only where the process itself is the fact."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        input=given.encode() if isinstance(given, str) else given,
        capture_output=True,
        cwd=folder,
        env=_with(environment),
        timeout=timeout,
        check=False,
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def python(code: str, *, timeout: float = 120, given: bytes = b"", **environment: str) -> Done:
    """Run Python code in a process of its own: to see what it imports, or how it ends."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=given,
        capture_output=True,
        env=_with(environment),
        timeout=timeout,
        check=False,
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def _with(environment: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, **environment}


def _stream(given: bytes | str = b"") -> io.TextIOWrapper:
    """Return text over bytes, as a pipe is: commands also read and write the bytes."""
    data = given.encode() if isinstance(given, str) else given
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="\n")


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Leave the handling of signals as it was found."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
