"""Tables of losses that follow a law exactly, or up to known noise, written apart from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

TERMS = {
    "power": (("A", "alpha", "x"),),
    "width": (("A", "alpha", "width"),),
    "chinchilla": (("A", "alpha", "parameters"), ("B", "beta", "tokens")),
    "shape": (("c_m", "a_m", "width"), ("c_l", "a_l", "depth"), ("c_D", "a_D", "tokens")),
    "time": (("c", "alpha", "tokens"),),
}
FLOOR = {"power": "B", "width": "B", "chinchilla": "E", "shape": "E", "time": "B"}
RANGE = {
    "x": (1.0, 1e4),
    "width": (64.0, 16384.0),
    "depth": (2.0, 128.0),
    "tokens": (1e8, 1e13),
    "parameters": (1e7, 1e12),
}
LAWS = tuple(TERMS)
PLAIN: dict[str, Any] = {"resamples": 0, "judge": False, "starts": 16}  # the fit alone
FAST: dict[str, Any] = {"resamples": 0, "rules": (), "starts": 16}  # judged on these points
GROUPS = ("opt/c4", "opt/pile", "gpt2/c4")

SHAPE = {"c_m": 50.0, "a_m": 0.9, "c_l": 3.0, "a_l": 1.1, "c_D": 500.0, "a_D": 0.3, "E": 1.7}
CHINCHILLA = {"A": 400.0, "alpha": 0.34, "B": 2000.0, "beta": 0.37, "E": 1.8}
POWER = {"A": 3.0, "alpha": 0.5, "B": 1.0}


def truth(
    law: str, exponents: Sequence[float], sizes: Sequence[float], floors: Sequence[float]
) -> dict[str, float]:
    """Return parameters by name; sizes are the parts of the loss at the middle of the inputs.

    The law width gets one floor for each of GROUPS, the others the first alone.
    """
    parameters = {}
    for (amplitude, exponent, column), power, size in zip(
        TERMS[law], exponents, sizes, strict=False
    ):
        low, high = RANGE[column]
        parameters[amplitude] = size * float(np.sqrt(low * high)) ** power
        parameters[exponent] = power
    if law == "width":
        return parameters | {f"B[{g}]": f for g, f in zip(GROUPS, floors, strict=True)}
    return parameters | {FLOOR[law]: floors[0]}


def losses(law: str, parameters: Mapping[str, float], table: pd.DataFrame) -> np.ndarray:
    """Return the law's loss at each row of a table."""
    if law == "width" and "family" in table:
        groups = table["family"] + "/" + table["dataset"]
        loss = np.array([parameters[f"B[{g}]"] for g in groups])
    else:
        loss = np.full(len(table), parameters[FLOOR[law]])
    for amplitude, exponent, column in TERMS[law]:
        loss = loss + parameters[amplitude] * table[column].to_numpy() ** -parameters[exponent]
    return loss


def make_table(
    law: str, parameters: Mapping[str, float], points: int = 40, seed: int = 0, noise: float = 0.0
) -> pd.DataFrame:
    """Return inputs drawn evenly in logarithm, and the law's loss times exp(noise · normal)."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {column: np.exp(rng.uniform(*np.log(RANGE[column]), points)) for _, _, column in TERMS[law]}
    )
    if law == "width":
        names = [GROUPS[i % len(GROUPS)].split("/") for i in range(points)]
        table["family"], table["dataset"] = zip(*names, strict=True)
    table["loss"] = losses(law, parameters, table) * np.exp(noise * rng.standard_normal(points))
    return table


def options_for(law: str) -> dict[str, Any]:
    """Return what fit must be told besides the law's name."""
    return {"x": "x"} if law == "power" else {}
