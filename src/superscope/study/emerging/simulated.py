"""Losses of tokens over widths of which the truth is known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from superscope.study.emerging.curves import Curves

WIDTHS = (32, 48, 70, 104, 154, 228, 338, 512)
PARTS = 20


def make_curves(
    tokens: int = 200, steps: float = 0.1, *, widths: tuple[int, ...] = WIDTHS, flat: float = 0.0,
    models: int = 1, scatter: float = 0.0, unequal: float = 0.0, common: float = 0.0,
    loading: float = 0.0, size: float = 1.0, noise: float = 1.0, seed: int = 0,
    ordered: bool = False,
) -> tuple[Curves, npt.NDArray[np.str_]]:  # fmt: skip
    """Return curves that nothing was trained for, and the true shape of each token.

    Occurrences of a token differ by a nat, mostly by what all widths have in common. Power laws
    have exponents from 0.3 to 1.5 over floors; steps lie anywhere between the second width and
    the last but one.

    Parameters
    ----------
    tokens
        How many.
    steps, flat
        Shares of tokens that step, and that do not improve.
    widths, models
        Which, and how many of each.
    scatter
        Of the loss, between models of one width.
    unequal
        How far tokens differ in that: standard deviation of its logarithm.
    common
        Of the loss, between models: an error that all tokens of a model share.
    loading
        How unequally they do: standard deviation of the logarithm.
    size, noise
        Of every fall, from a half to four nats; and of the errors of the text.
    ordered
        Whether the more frequent tokens step first.
    seed
        Of all that is drawn.

    Returns
    -------
    Curves, array of str
        The losses, and ``power``, ``step`` or ``flat`` for each token.
    """
    rng = np.random.default_rng(seed)
    m = np.repeat(np.array(widths), models)
    often = np.exp(rng.uniform(np.log(100), np.log(5000), tokens))
    drawn = rng.random(tokens)
    shapes = np.where(drawn < steps, "step", np.where(drawn < steps + flat, "flat", "power"))
    fall, floor = size * rng.uniform(0.5, 4, tokens), rng.uniform(0.3, 4, tokens)
    where = rng.random(tokens)
    if ordered:
        where = np.argsort(np.argsort(-often)) / tokens
    middle = np.log(widths[1]) + where * np.log(widths[-2] / widths[1])
    scale = rng.uniform(0.03, 0.25, tokens)
    step = 1 / (1 + np.exp((np.log(m) - middle[:, None]) / scale[:, None]))
    power = (m / m[0]) ** -rng.uniform(0.3, 1.5, tokens)[:, None]
    shape = np.select(
        [shapes[:, None] == "step", shapes[:, None] == "flat"], [step, np.ones_like(step)], power
    )
    losses = floor[:, None] + fall[:, None] * shape
    spread = scatter * np.exp(unequal * rng.standard_normal((tokens, 1)) if unequal else 0.0)
    losses = losses * np.maximum(1 + spread * rng.standard_normal(losses.shape), 0.05)
    if common:
        shared = common * rng.standard_normal(len(m))
        loads = np.exp(loading * rng.standard_normal((tokens, 1))) if loading else 1.0
        losses *= np.maximum(1 + loads * shared, 0.05)
    counts = np.maximum(rng.poisson(often[:, None] / PARTS, (tokens, PARTS)), 1).astype(float)
    of_all = rng.standard_normal((tokens, 1, PARTS))
    walk = np.cumsum(rng.standard_normal((tokens, len(m), PARTS)), axis=1) / np.sqrt(len(m))
    own = rng.standard_normal((tokens, len(m), PARTS))
    errors = noise * (1.5 * of_all + 0.5 * walk + 0.3 * own)
    nats = losses[:, :, None] * counts[:, None] + errors * np.sqrt(counts)[:, None]
    names = tuple(f"Ġtoken{k}" if k % 2 else f"Piece{k}" for k in range(tokens))
    return Curves(np.arange(tokens), names, m, counts, nats), shapes
