"""``superscope lens MODEL --undertrained``."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from superscope.cli import main
from superscope.tables import read_table

NEVER = 30


@pytest.fixture
def head(tmp_path: Path) -> str:
    """A head whose first rows were never trained."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(400, 5)) @ rng.normal(size=(5, 16)) * 2 + rng.normal(size=(400, 16))
    rows[:NEVER] = 4 + rng.normal(size=(NEVER, 16)) / 10
    np.save(tmp_path / "head.npy", rows.astype(np.float32))
    return str(tmp_path / "head.npy")


def test_it_lists_them(head: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """As text, as JSON and as a table."""
    main(["lens", head, "--undertrained"])
    assert "30 rows seem never trained" in capsys.readouterr().out
    table = tmp_path / "rows.parquet"
    main(["lens", head, "--undertrained", "--json", "--unused", "0", "1", "2", "--fdr", "0.01",
          "--table", str(table)])  # fmt: skip
    said = json.loads(capsys.readouterr().out)
    assert sorted(said["derived"]["found"]) == list(range(NEVER))
    assert said["fdr"] == 0.01
    assert read_table(table)["listed"].sum() == NEVER


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--fdr", "0.1"], "go with --undertrained"),
        (["--fdr", "0"], "go with --undertrained"),
        (["--undertrained", "#1"], "a question of its own about all rows"),
        (["--undertrained", "--fdr", "1"], "between 0 and 1"),
        (["--undertrained", "--unused", "1", "2", "900"], "no row of id 900"),
    ],
)
def test_bad_input(
    head: str, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It ends with 2 and says why."""
    with pytest.raises(SystemExit) as ended:
        main(["lens", head, *arguments])
    assert ended.value.code == 2
    assert message in " ".join(capsys.readouterr().err.split())
