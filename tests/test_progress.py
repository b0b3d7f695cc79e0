"""Progress: a bar where somebody looks, one time left for all stages, silence elsewhere."""

from __future__ import annotations

import io
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from superscope import progress
from superscope.errors import UsageError
from superscope.progress import ProgressChoice, at_share, chosen, expect, silent


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which the test sets."""
    time = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: time[0])
    return time


class Terminal(io.StringIO):
    """What a terminal receives."""

    def isatty(self) -> bool:
        return True


def test_a_log_gets_a_line_now_and_then_with_the_time_left(
    now: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with chosen("lines") as report:
        for done in range(11):
            report("runs", 10 + done, 20)  # 10 were there before
            now[0] += 40
    assert capsys.readouterr().err.splitlines() == [
        "runs: 12 of 20, 5 min left", "runs: 14 of 20, 4 min left", "runs: 16 of 20, 3 min left",
        "runs: 18 of 20, 1 min left", "runs: 20 of 20",
    ]  # fmt: skip


def test_the_time_left_of_unequal_parts_is_that_of_their_work(
    now: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with chosen("lines") as report:
        for done, share in enumerate([0.0, 0.01, 0.04, 0.16]):
            at_share(report, "runs", 100 + done, 104, share)
            now[0] += 60 * (1, 3, 12, 48)[done]
    assert capsys.readouterr().err.splitlines() == [
        f"runs: {done} of 104, 1 h {minutes} min left"
        for done, minutes in ((101, 39), (102, 36), (103, 24))
    ]


@pytest.mark.parametrize("choice", ["auto", None, False, True])
def test_nothing_is_shown_where_nobody_looks(
    choice: ProgressChoice, now: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with chosen(choice) as report:
        assert report is silent
    assert capsys.readouterr().err == ""


def test_a_function_is_called_as_it_is() -> None:
    told = []
    with chosen(lambda *args: told.append(args)) as report:
        expect(report, {"reading": 1.0})
        report("reading", 1, 2)
    assert told == [("reading", 1, 2)]


def test_anything_else_is_refused() -> None:
    with pytest.raises(UsageError, match="'auto', 'lines', None or a function"), chosen("bar"):
        pass


def test_the_time_left_is_that_of_all_stages(now: list[float]) -> None:
    seen: list[progress.Standing] = []

    class View:
        def show(self, standing: progress.Standing) -> None:
            seen.append(standing)

        def close(self) -> None: ...

    report = progress._Reporter(View())
    expect(report, {"small": 1.0, "large": 9.0})
    now[0] = 1.0
    report("small", 1, 1)
    now[0] = 5.5
    report("large", 1, 2)
    report("other", 1, 2)
    now[0] = 10.0
    report("large", 2, 2)
    assert [round(s.share, 3) for s in seen] == [0.1, 0.55, 0.5, 1.0]
    assert [s.left for s in seen] == [pytest.approx(9), pytest.approx(4.5), None, None]
    assert [s.key for s in seen] == ["", "", "other", ""]


def test_a_terminal_gets_one_bar_after_half_a_second(
    now: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    with chosen() as report, chosen() as inner:
        assert inner is silent  # a bar within a bar would tear both
        report("fitting", 0, 4)
        assert sys.stderr.getvalue() == ""
        now[0] = 1.0
        report("fitting", 1, 4)
        assert "fitting" in sys.stderr.getvalue()
        now[0] = 4.0
        report("fitting", 4, 4)
    assert not progress._shown


def test_threads_show_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: progress._view(lines=True)).result() is None


def test_a_notebook_gets_a_bar_that_goes(now: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []

    class Handle:
        def update(self, data: dict[str, str], raw: bool) -> None:
            drawn.append(data["text/html"])

    def display(data: dict[str, str], raw: bool, display_id: bool) -> Handle:
        drawn.append(data["text/html"])
        return Handle()

    monkeypatch.setattr(progress, "_notebook_display", lambda: display)
    with chosen() as report:
        report("a <stage>", 0, 4)
        now[0] = 1.0
        report("a <stage>", 1, 4)
        now[0] = 1.01  # not drawn more often than an eye sees
        report("a <stage>", 2, 4)
    assert len(drawn) == 2
    assert "value='0.2500'" in drawn[0] and "25 % a &lt;stage&gt; 3 s left" in drawn[0]
    assert drawn[1] == ""


def test_a_real_notebook_shows_a_bar_by_default_and_keeps_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import nbformat  # seconds, which every worker would pay at the top
    from nbclient import NotebookClient

    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    drawn: list[tuple[str, str]] = []

    class Notebook(NotebookClient):
        def process_message(self, message: Any, cell: Any, index: int) -> Any:
            if message["msg_type"] in ("display_data", "update_display_data"):
                drawn.append((message["msg_type"], message["content"]["data"]["text/html"]))
            return super().process_message(message, cell, index)

    code = """
        import numpy as np
        import superscope
        from superscope import progress

        progress.SHOW_AFTER = 0.0
        measured = superscope.measure(np.eye(4, 3), pairs="none", device="cpu")
    """
    cell = nbformat.v4.new_code_cell(dedent(code))
    Notebook(nbformat.v4.new_notebook(cells=[cell]), timeout=60, kernel_name="python3").execute()
    (first, bar), *_, (last, nothing) = drawn
    assert first == "display_data" and bar.startswith("<progress value='")
    assert last == "update_display_data" and nothing == ""
    assert [output.data["text/html"] for output in cell.outputs] == [""]


def test_a_stage_that_reports_only_its_beginning_is_shown(now: list[float]) -> None:
    seen: list[progress.Standing] = []

    class View:
        def show(self, standing: progress.Standing) -> None:
            seen.append(standing)

        def close(self) -> None: ...

    report = progress._Reporter(View())
    report("loading the model", 0, 1)
    now[0] = 2.0
    report.show_again()
    assert (seen[-1].stage, seen[-1].since) == ("loading the model", 2.0)
    report("loading the model", 1, 1)
    report.close()
    count = len(seen)
    report.show_again()
    assert len(seen) == count
