"""Progress where stderr is a log, and times in words."""

from __future__ import annotations

import pytest

from superscope.cli import terminal
from superscope.cli.terminal import progress_bar


def test_a_log_gets_a_line_now_and_then_with_the_time_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [0.0]
    monkeypatch.setattr(terminal.time, "monotonic", lambda: now[0])
    with progress_bar(lines=True) as progress:
        for done in range(11):
            progress("runs", 10 + done, 20)  # 10 were there before
            now[0] += 40
    assert capsys.readouterr().err.splitlines() == [
        "runs: 12 of 20, 5 min left", "runs: 14 of 20, 4 min left", "runs: 16 of 20, 3 min left",
        "runs: 18 of 20, 1 min left", "runs: 20 of 20",
    ]  # fmt: skip


def test_a_log_gets_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar() as progress:
        progress("reading", 1, 1)
    assert capsys.readouterr().err == ""
