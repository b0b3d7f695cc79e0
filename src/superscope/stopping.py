"""Let work stop at a point of its own choosing when Ctrl-C or SIGTERM comes."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def stop_later() -> Iterator[Callable[[], bool]]:
    """Keep Ctrl-C and SIGTERM until the block ends, which is to ask for them and to end soon.

    The signal then does what it would have done before: a process of its own ends, and Python
    raises KeyboardInterrupt. A second Ctrl-C does so at once. Outside of the main thread nothing
    changes, since signals come to the main thread alone.

    Yields
    ------
    callable
        Returns whether a signal has come.
    """
    heard: list[int] = []

    def hear(number: int, frame: Any) -> None:
        if heard and number == signal.SIGINT:
            raise KeyboardInterrupt
        heard.append(number)

    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            # A worker process ignores Ctrl-C, which is for the one that started it.
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                before[number] = signal.signal(number, hear)
    try:
        yield lambda: bool(heard)
    finally:
        for changed, handler in before.items():
            signal.signal(changed, handler)
        if heard:
            signal.raise_signal(heard[0])


@contextmanager
def term_as_ctrl_c() -> Iterator[None]:
    """Let SIGTERM raise KeyboardInterrupt in the main thread, so that it ends in order."""

    def stop(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
