"""Progress where stderr is a log, and times in words."""

from __future__ import annotations

import pytest

from superscope.cli import terminal
from superscope.cli.terminal import duration, progress_bar


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 s"), (59, "59 s"), (61, "1 min"), (3599, "1 h 0 min"), (7260, "2 h 1 min"),
        (47 * 3600, "47 h 0 min"), (75 * 3600, "3 d 3 h"),
    ],
)  # fmt: skip
def test_durations_read_as_people_say_them(seconds: float, words: str) -> None:
    assert duration(seconds) == words


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
