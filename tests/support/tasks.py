"""Cheap tasks for `superscope.runs`, and processes that are watched from outside."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from superscope.stopping import stop_later


@dataclass(frozen=True)
class Note:
    """A task that leaves a line in a log each time it is begun.

    Attributes
    ----------
    identity
        Its name.
    log
        The file of the lines.
    seconds
        How long it takes.
    deaths
        How many times its worker is killed before it succeeds.
    wrong
        Whether it raises.
    kind
        Notes of one kind can be done together, `most` at once.
    """

    identity: str
    log: Path
    seconds: float = 0.0
    deaths: int = 0
    wrong: bool = False
    kind: str = ""
    most: int = 1


def work(notes: list[Note]) -> list[bytes]:
    """Do some notes; the result of each is its name."""
    for note in notes:
        # One write to a file opened for appending: lines of several processes do not mix.
        file = os.open(note.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, f"{note.identity} {os.getpid()} {len(notes)}\n".encode())
        os.close(file)
        if begun(note.log).count(note.identity) <= note.deaths:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(note.seconds)
        if note.wrong:
            raise ValueError(f"{note.identity} is wrong")
    return [note.identity.encode() for note in notes]


def begun(log: Path) -> list[str]:
    """Return the notes that were begun, in order, as often as they were."""
    return [line.split()[0] for line in log.read_text().splitlines()] if log.exists() else []


def sweep(folder: Path, notes: list[Note], workers: int) -> None:
    """Do all notes; for a process of its own."""
    from superscope.runs import RunFolder, processes, run_all

    with processes(workers) as doing:
        run_all(notes, work, RunFolder(folder, ".txt"), doing)


def hold_claim(folder: Path, identity: str, claimed: Any, free: Any) -> None:
    """Claim a run, and keep it until told; for a process of its own."""
    from superscope.runs import RunFolder

    claim = RunFolder(folder, ".txt").claim(identity)
    claimed.send(claim is not None)
    free.recv()
    if claim is not None:
        claim.release()
    claimed.send(None)


def eventually(true: Callable[[], object], seconds: float = 60) -> bool:
    """Return whether something becomes true before so many seconds are over."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def group_members(group: int) -> list[int]:
    """Return the processes of a group that have not ended."""
    members = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, its_group = stat.read_text().rpartition(")")[2].split()[:3]
        except OSError:  # it has just ended
            continue
        if int(its_group) == group and state not in "ZX":
            members.append(int(stat.parent.name))
    return members


def keep_when_stopped(folder: Path) -> None:
    """Work until a signal comes, and then write a file."""
    with stop_later() as stopped:
        (folder / "begun").touch()
        while not stopped():
            time.sleep(0.01)
        time.sleep(0.2)  # as a step takes some time
        (folder / "kept").touch()
