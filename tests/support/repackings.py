"""Narrower heads whose losses are made up after a law."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from superscope.lens.estimate import Estimate
from superscope.repack import HeadScore, OtherText, Repacking, TextPart
from superscope.repack.laws import with_laws
from superscope.repack.overlap import RowOverlap
from superscope.repack.repacking import BlocksGain
from superscope.repack.width_law import law_of_family

WIDTH, ROWS = 512, 8192
RANKS = (32, 64, 128, 256, 384)
LOSS = 3.0
WAYS = {"svd": 300.0, "whitened": 60.0, "frequency": 40.0}
"""Amplitude of each way: its excess is that over r, less what is left at m."""


def make_score(way: str, rank: int, excess: float, error: float | None = 0.01) -> HeadScore:
    """Make up a head; without an error as on a text of one document."""
    unpaired = None if error is None else 10 * error
    weights = rank * (ROWS + WIDTH) if rank < WIDTH else ROWS * WIDTH
    return HeadScore(
        way=way,
        rank=rank,
        loss=Estimate(LOSS + excess, unpaired),
        excess=Estimate(excess, error),
        unpaired_error=unpaired,
        bits_per_byte=Estimate((LOSS + excess) / 4 / math.log(2), error),
        agree=Estimate(math.exp(-max(0.0, excess)), error),
        kl=Estimate(max(0.0, excess), error),
        weights=weights,
        multiply_adds=weights,
        rows=ROWS,
        row_rank=rank,
        overlap=RowOverlap(3 / rank, 1.2 / rank),
    )


def make_repacking(
    ways: Mapping[str, float] = WAYS, family: pd.DataFrame | None = None, *, other: bool = False,
    error: float | None = 0.01,
) -> Repacking:  # fmt: skip
    """Make up the heads of some ways, whose excess is A (1/r − 1/m)."""
    full = make_score("full", WIDTH, 0.0, error)

    def scores(times: float) -> tuple[HeadScore, ...]:
        return tuple(
            make_score(way, rank, times * amplitude * (1 / rank - 1 / WIDTH), error)
            for way, amplitude in ways.items()
            for rank in RANKS
        )

    half, gain = WIDTH // 2, None
    if "blocks" in ways:
        single = min((way for way in ways if way != "blocks"), key=lambda way: ways[way])
        less = (ways[single] - ways["blocks"]) * (1 / half - 1 / WIDTH)
        gain = BlocksGain(half, single, Estimate(less, None if error is None else error / 10))
    found = Repacking(
        model="made-up",
        rows=ROWS,
        width=WIDTH,
        calibration=TextPart("train", 200_000, 900),
        scored=TextPart("test", 20_000, 80),
        split="two texts",
        shrinkage=1e-5,
        shift_free=True,
        full=full,
        scores=scores(1.0),
        blocks=gain,
        other=OtherText(TextPart("another", 9_000, 12), full, scores(2.0)) if other else None,
    )
    law = None if family is None else law_of_family("family.csv", family)
    return with_laws(found, "family.csv", law)
