"""Tables of lab runs whose truth is known: what each variant is worth is given."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from superscope.arguments import checked
from superscope.lab.variants.registry import BASELINE

if TYPE_CHECKING:
    import pandas as pd

AMPLITUDE, EXPONENT, FLOOR, TOKENS = 8.0, 0.6, 3.0, 300.0
"""Of the baseline's loss A m^(−a) + B + C D^(−1/2) at width m and D tokens, nats per token."""
BEND = 0.05  # standard deviation of log overlap
SETTINGS = {
    "dataset": "simulated", "text": "none", "architecture": "gpt-neox", "depth": 4, "context": 256,
    "attention_width": 16, "vocabulary": 4096, "batch": 4, "learning_rate": 8e-3,
    "head_learning_rate": 4e-2, "decay": 0.1,
}  # fmt: skip


def simulated_loss(width: float, tokens: int = 2_000_000) -> float:
    """Return the baseline's loss without noise, nats per token.

    Parameters
    ----------
    width, tokens
        Of the run.
    """
    return float(AMPLITUDE * width**-EXPONENT + FLOOR + TOKENS * tokens**-0.5)


@checked
def simulate(
    factors: Mapping[str, Any],
    *,
    widths: Sequence[int] = (32, 64, 128),
    tokens: Sequence[int] = (2_000_000,),
    seeds: Sequence[int] = (0, 1, 2),
    noise: float = 0.0,
    shared: float = 0.0,
    slopes: tuple[float, float] = (-0.4, -0.7),
    rng: int = 0,
    **settings: Any,
) -> pd.DataFrame:
    """Return a table of runs that were never trained; losses follow a power law of the width.

    Parameters
    ----------
    factors
        What each variant is worth: a variant of factor f has the loss of the baseline at width
        f m. A mapping gives one factor for each number of tokens. The baseline is there without
        being named.
    widths, tokens, seeds
        Each combination is a run.
    noise, shared
        Standard deviations of the loss: of each run, and of all runs of a width, budget and seed
        together.
    slopes
        Of raw and of mean-centered mean square overlap: d log c² / d log m.
    rng
        Seed of the noise.
    **settings
        Values of other columns, such as ``learning_rate``, the same for all runs.

    Returns
    -------
    DataFrame
        With the columns that :func:`superscope.lab.report` needs.

    Examples
    --------
    >>> from superscope import lab
    >>> table = lab.simulate({"muon": 1.25}, noise=0.003, shared=0.02)
    >>> (muon,) = lab.gains(table).comparisons
    >>> muon.factor.low < 1.25 < muon.factor.high, muon.standing
    (True, 'better')
    """
    import pandas as pd

    draw = np.random.default_rng(rng)
    cells = list(product(tokens, widths, seeds))
    together = shared * draw.standard_normal(len(cells))
    rows = []
    for variant, factor in ({BASELINE: 1.0} | dict(factors)).items():
        for (budget, width, seed), both in zip(cells, together, strict=True):
            worth = factor[budget] if isinstance(factor, Mapping) else factor
            own = noise * draw.standard_normal()
            raw, centered = (
                width**slope * np.exp(BEND * draw.standard_normal()) for slope in slopes
            )
            rows.append(
                SETTINGS
                | {"variant": variant, "width": width, "tokens": budget, "seed": seed}
                | {"loss": simulated_loss(worth * width, budget) + both + own}
                | {"mean_square_overlap": raw, "mean_square_overlap_centered": centered}
                | settings
            )
    return with_identities(pd.DataFrame(rows))


def with_identities(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with the name of each run, which its settings make.

    Parameters
    ----------
    table
        Of simulated runs.
    """
    told = table[[*SETTINGS, "variant", "width", "tokens", "seed"]].to_dict("records")
    names = [hashlib.sha256(repr(row).encode()).hexdigest()[:24] for row in told]
    return table.assign(run=names)
