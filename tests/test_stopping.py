"""Work that stops where it can go on from, when Ctrl-C or SIGTERM comes."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import tasks

from superscope.runs import processes
from superscope.stopping import stop_later


def test_ctrl_c_waits_for_the_end_of_the_block_and_then_ends_it() -> None:
    done = []
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), stop_later() as stopped:
        assert not stopped()
        signal.raise_signal(signal.SIGINT)
        done.append(stopped())
    assert done == [True]
    assert signal.getsignal(signal.SIGINT) is handler


def test_a_second_ctrl_c_does_not_wait() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), stop_later():
        signal.raise_signal(signal.SIGINT)
        done.append(1)
        signal.raise_signal(signal.SIGINT)
        done.append(2)
    assert done == [1]


def test_a_signal_that_is_ignored_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stop_later() as stopped:
            signal.raise_signal(signal.SIGINT)
            assert not stopped()
    finally:
        signal.signal(signal.SIGINT, handler)


def test_other_threads_leave_signals_alone() -> None:
    def handler_within() -> object:
        with stop_later():
            return signal.getsignal(signal.SIGINT)

    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(handler_within).result() is signal.getsignal(signal.SIGINT)


def test_sigterm_lets_workers_keep_what_they_did(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), processes(1) as workers:
        workers.executor.submit(tasks.keep_when_stopped, tmp_path)
        assert tasks.eventually((tmp_path / "begun").exists, 60)
        signal.raise_signal(signal.SIGTERM)
    assert (tmp_path / "kept").exists()
    assert signal.getsignal(signal.SIGTERM) is before
