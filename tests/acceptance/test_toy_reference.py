"""Toy runs against an independent plain script's (settings: tests/data/README.md)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from superscope.toy import ToyConfig, train

REFERENCE = Path(__file__).parents[1] / "data" / "toy_reference.csv"
SETTING = ["n", "width", "batch", "steps", "warmup", "alpha", "decay"]


@pytest.mark.slow
def test_every_setting_reaches_the_reference_loss() -> None:
    """Each log loss differs by less than 3 s √(1 + 1/2) from the mean of the reference's two.

    s is the spread of its log losses between seeds, pooled over the settings of one decay. Nor are
    ours lower or higher throughout.
    """
    rows = []
    some = pd.read_csv(REFERENCE).query("width != 16")  # as far apart as they were trained
    for key, reference in some.groupby(SETTING)["loss"]:
        assert len(reference) == 2
        setting = dict(zip(SETTING, (*map(int, key[:5]), *key[5:]), strict=True))
        # The mean of the last 200 steps, as the reference took it.
        ours = np.log(train(ToyConfig(**setting, seed=0)).losses[-200:].mean(dtype=float))
        theirs = np.log(reference.to_numpy())
        rows.append({**setting, "ours": ours, "theirs": theirs.mean(),
                     "variance": theirs.var(ddof=1)})  # fmt: skip
    table = pd.DataFrame(rows)
    spread = np.sqrt(table.groupby("decay")["variance"].transform("mean"))
    table["off"] = (table["ours"] - table["theirs"]) / (spread * np.sqrt(1 + 1 / 2))
    print(table.assign(spread=spread))
    assert len(table) == 12
    assert table["off"].abs().max() < 3
    assert abs(table["off"].mean()) < 3 / np.sqrt(12)
