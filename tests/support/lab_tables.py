"""Tables of lab runs made up after a law: what variants are worth is known."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

AMPLITUDE, EXPONENT, FLOOR = 8.0, 0.6, 3.0
"""Of the baseline's loss A m^(−a) + B(tokens), nats per token."""


def loss_at(width: float, tokens: int = 2_000_000) -> float:
    """Return the baseline's loss without noise."""
    return AMPLITUDE * width**-EXPONENT + FLOOR + 300 / tokens**0.5


def simulated(
    factors: Mapping[str, float | Mapping[int, float]],
    *,
    widths: Sequence[int] = (32, 64, 128),
    tokens: Sequence[int] = (2_000_000,),
    seeds: Sequence[int] = (0, 1, 2),
    noise: float = 0.0,
    shared: float = 0.0,
    rng: int = 0,
    slopes: tuple[float, float] = (-0.4, -0.7),
    **settings: object,
) -> pd.DataFrame:
    """Return a table of runs; a variant of factor f has the loss of the baseline at width f m.

    Parameters
    ----------
    factors
        Factor of each variant, or one for each budget; of the baseline, 1.
    widths, tokens, seeds
        Each combination is a run.
    noise, shared
        Standard deviations of the loss: of each run, and of all runs of a width and seed.
    rng
        Seed of the noise.
    slopes
        Of raw and centered mean c² in m.
    **settings
        Other columns, or columns with another value.
    """
    draw = np.random.default_rng(rng)
    common = {
        (t, m, s): shared * draw.standard_normal() for t in tokens for m in widths for s in seeds
    }
    rows = []
    for name, factor in factors.items():
        for (budget, width, seed), both in common.items():
            f = factor if isinstance(factor, int | float) else factor[budget]
            own = noise * draw.standard_normal()
            bend = np.exp(0.05 * draw.standard_normal(2))
            rows.append({
                "dataset": "words", "architecture": "gpt-neox", "depth": 4, "context": 256,
                "attention_width": 16, "vocabulary": 4096,
                "batch": 4, "learning_rate": 0.008, "head_learning_rate": 0.04, "decay": 0.1,
                "variant": name, "width": width, "tokens": budget, "seed": seed,
                "loss": loss_at(f * width, budget) + both + own,
                "mean_square_overlap": width ** slopes[0] * bend[0],
                "mean_square_overlap_centered": width ** slopes[1] * bend[1],
            } | settings)  # fmt: skip
    return identified(pd.DataFrame(rows))


def identified(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows with the name of each run, which its settings make."""
    told = rows.drop(columns=["run", "loss", *(c for c in rows if "overlap" in c)], errors="ignore")
    names = [hashlib.sha256(repr(row).encode()).hexdigest()[:24] for row in told.to_dict("records")]
    return rows.drop(columns="run", errors="ignore").assign(run=names)


def joined(*tables: pd.DataFrame) -> pd.DataFrame:
    """Return tables below each other."""
    return pd.concat(tables, ignore_index=True)
