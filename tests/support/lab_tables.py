"""Tables of lab runs made up after a law: what variants are worth is known."""

from __future__ import annotations

import pandas as pd

from superscope.lab.worth._simulate import simulate, simulated_loss, with_identities

__all__ = ["joined", "simulate", "simulated_loss", "with_identities"]


def joined(*tables: pd.DataFrame) -> pd.DataFrame:
    """Return tables below each other."""
    return pd.concat(tables, ignore_index=True)
