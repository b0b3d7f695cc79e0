"""What became of a sweep."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SweepOutcome:
    """The outcome of a sweep.

    Attributes
    ----------
    done, found
        Runs done now, and runs done earlier or at the same time by another sweep.
    failed
        Reason for each run that diverged, now or earlier, by identity.
    errors
        Runs that could not be done, for example for lack of memory; nothing of them is stored.
    set_aside
        Unreadable files, with the reason and their new path; their runs were repeated.
    """

    done: int
    found: int
    failed: dict[str, str]
    errors: dict[str, str]
    set_aside: tuple[str, ...]
