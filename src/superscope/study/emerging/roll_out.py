"""Which classes and tokens the narrower widths say to pass a threshold at the widest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from superscope.study.emerging.class_curves import ahead_of, summed
from superscope.study.emerging.classes import TokenClass
from superscope.study.emerging.curves import LEAST_WIDTHS, Curves
from superscope.study.emerging.result import BITS, Foretold, ThresholdRollOut
from superscope.study.emerging.scattered import scattered


def threshold_roll_out(
    curves: Curves, members: Sequence[TokenClass], threshold: float
) -> ThresholdRollOut | None:
    """Forecast the widest from widths up to half of it, and compare with what is measured.

    Parameters
    ----------
    curves
        Of the tokens.
    members
        The classes.
    threshold
        Bits.

    Returns
    -------
    ThresholdRollOut or None
        None with fewer than four widths to fit.
    """
    width = float(curves.widths[-1])
    fitted = curves.widths[curves.widths <= width / 2]
    if len(fitted) < LEAST_WIDTHS:
        return None
    nats = threshold * BITS
    found = (_foretold(c, float(fitted[-1]), nats) for c in (summed(curves, members), curves))
    return ThresholdRollOut(tuple(fitted.tolist()), width, *found)


def _foretold(curves: Curves, half: float, nats: float) -> Foretold:
    before = curves.below(half)
    forecast = ahead_of(scattered(before), before.losses, float(curves.widths[-1]))
    above = np.flatnonzero((before.losses > nats).all(axis=1))
    passed = curves.losses[above, -1] <= nats
    named = forecast[above] <= nats
    frequent = np.argsort(-curves.occurrences[above], kind="stable")[: int(named.sum())]
    return Foretold(
        len(above), int(passed.sum()), int(named.sum()), int((passed & named).sum()),
        int(passed[frequent].sum()),
    )  # fmt: skip
