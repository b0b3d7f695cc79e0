"""A head whose rows are spread over processes."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from superscope import Watch
from superscope.watch import read_trace

ROWS, WIDTH = 900, 32


def two_processes(folder: Path) -> list[dict[str, Any]]:
    script = Path(__file__).with_name("two_processes.py")
    started = [
        subprocess.Popen([sys.executable, str(script), str(folder), str(rank), "2"])
        for rank in range(2)
    ]
    try:
        assert [process.wait(120) for process in started] == [0, 0]
    finally:
        for process in started:
            process.kill()
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(2)]


def close(a: dict[str, Any], b: dict[str, Any]) -> None:
    """Assert that two points are equal, to 1e-6 of each number."""
    flat = [{**point.pop("observation"), **point} for point in (dict(a), dict(b))]
    assert flat[0].keys() == flat[1].keys()
    for name, value in flat[0].items():
        other = flat[1][name]
        assert other == (pytest.approx(value, rel=1e-6) if isinstance(value, float) else value), (
            name
        )


@pytest.mark.slow
def test_two_processes_find_what_one_does_and_send_little(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    states = random.standard_normal((3, ROWS, WIDTH)).astype(np.float32) + 1
    states[:, 5] = 0
    states[:, -2] *= 1e-6
    states[2] *= 0.9
    states[2, -7] *= 1e4
    np.save(tmp_path / "states.npy", states)
    whole = Watch(rows := states[0].copy())
    for step, state in enumerate(states):
        rows[:] = state
        whole.observe(step)
    first, second = two_processes(tmp_path)

    for found in (first, second):
        for point, expected in zip(found["points"], whole.trace.points, strict=True):
            own = asdict(expected)
            own["observation"]["model"] = point["observation"]["model"]
            close(json.loads(json.dumps(own)), point)
        rows_of = [(e.step, e.kind, list(e.rows)) for e in whole.trace.events]
        assert [tuple(event) for event in found["events"]] == rows_of
    assert len(read_trace(tmp_path / "run.parquet").points) == 3

    # Two Gram matrices, and some numbers for each row; all rows would be 4 V m bytes.
    gram, a_row = 2 * 8 * WIDTH**2, 8 * 6
    assert gram < first["sent"] < gram + a_row * ROWS + 10_000
    assert first["sent"] < 4 * ROWS * WIDTH

    rows_placed = first["rows"]
    rows_placed["observation"]["model"] = whole.trace.model
    close(json.loads(json.dumps(asdict(whole.trace.points[0]))), rows_placed)
    assert first["whole"] is not None and second["whole"] is None
    assert "only whole rows" in first["columns"]
    assert first["broken"] == second["broken"] == ["unmeasured"]
    assert first["moved"] == second["moved"] == [None, 0, None]
    assert sorted(path.name for path in tmp_path.glob("copy*")) == ["copy0.parquet"]
    assert sorted(path.name for path in tmp_path.glob("stage*")) == ["stage1.parquet"]
    assert first["stage"][0] is True
    assert first["stage"][1].startswith("the process of rank 1 observes")
    assert second["stage"][0] is False
    assert "with pipeline parallelism, watch in the process that has the head" in first["headless"]

    for found in (first, second):
        assert [point["step"] for point in found["fully_shard"]] == [0, 2, 4]
        assert found["fully_shard"][-1]["own_update"] > 0
        for sharded, whole_one in zip(found["fully_shard"], found["unsharded"], strict=True):
            sharded["observation"]["model"] = whole_one["observation"]["model"]
            close(sharded, whole_one)
