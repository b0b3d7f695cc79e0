"""``superscope measure --figures``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from superscope.cli import main


def test_the_figures_of_the_report_are_written_three_ways(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head, folder = tmp_path / "W.npy", tmp_path / "figures"
    np.save(head, np.random.default_rng(0).standard_normal((200, 8)))
    main(["measure", str(head), "--figures", str(folder)])
    assert "mean square overlap" in capsys.readouterr().out
    assert {path.name for path in folder.iterdir()} == {
        f"{name}.{kind}"
        for name in ("overlap", "norms", "spectrum", "width")
        for kind in ("png", "pdf", "svg")
    }
