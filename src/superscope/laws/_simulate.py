"""Tables of losses whose law is known: the judge's own test, and a reader's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from superscope.arguments import checked
from superscope.errors import UsageError
from superscope.laws.exclusion import group_rows
from superscope.laws.formula import make_form
from superscope.laws.problem import floor_names
from superscope.laws.rules import OWN_FLOOR

TRUTHS: dict[str, dict[str, float]] = {
    "power": {"A": 30.0, "alpha": 0.6, "B": 1.5},
    "width": {"A": 480.0, "alpha": 0.91, "B": 2.0},
    "chinchilla": {"A": 480.0, "alpha": 0.35, "B": 2100.0, "beta": 0.37, "E": 1.8},
    "shape": {
        "c_m": 275.0, "a_m": 0.95, "c_l": 6.0, "a_l": 1.2, "c_D": 530.0, "a_D": 0.3, "E": 1.75,
    },
    "time": {"c": 700.0, "alpha": 1 / 3, "B": 2.0},
}  # fmt: skip
NOISE = {"power": 0.005, "width": 0.03, "chinchilla": 0.005, "shape": 0.003, "time": 0.003}


@checked
def simulate(
    law: str,
    *,
    parameters: Mapping[str, float] | None = None,
    design: pd.DataFrame | None = None,
    noise: float | None = None,
    unit_noise: float = 0.0,
    seed: int | np.random.Generator = 0,
) -> pd.DataFrame:
    """Return a table of losses that follow a law exactly but for Gaussian noise.

    Parameters
    ----------
    law
        ``power`` (of the column ``x``), ``width``, ``chinchilla``, ``shape`` or ``time``.
    parameters
        The truth; what is missing is taken from :data:`TRUTHS`. A floor may be given by group,
        ``B[opt/c4]``.
    design
        The inputs, one row a point; default: a design as real studies have it.
    noise
        Standard deviation of each point's residual, of log loss or of the loss, as the law is
        fitted; None: the law's own in :data:`NOISE`.
    unit_noise
        Standard deviation of a residual that all points of one ``run`` (or ``model``) share.
    seed
        Of the noise and of the design's random inputs.

    Returns
    -------
    DataFrame
        The design with a column ``loss``.

    Raises
    ------
    UsageError
        An unknown law or parameter, or losses that are not positive.

    Examples
    --------
    >>> from superscope.laws import simulate
    >>> table = simulate("power", parameters={"A": 30.0, "alpha": 0.6, "B": 1.5}, noise=0.0)
    >>> list(table)
    ['x', 'source', 'loss']
    >>> bool((abs(table["loss"] - (30 * table["x"] ** -0.6 + 1.5)) < 1e-12).all())
    True
    """
    form = make_form(law, x="x" if law == "power" else None)
    rng = np.random.default_rng(seed)
    table = DESIGNS[law](rng) if design is None else design.reset_index(drop=True)
    groups = tuple(c for c in OWN_FLOOR if c in table)
    by_label = group_rows(table, groups)
    truth = TRUTHS[law] | dict(parameters or {})
    known = {*TRUTHS[law], *floor_names(form, tuple(by_label))}
    unknown = [name for name in truth if name not in known]
    if unknown:
        raise UsageError(f"{law} has no parameter {unknown[0]!r}; it has {', '.join(known)}")
    loss = np.empty(len(table))
    for label, rows in by_label.items():
        loss[rows] = truth.get(f"{form.floor}[{label}]", truth[form.floor])
    for term in form.terms:
        loss += truth[term.amplitude] * table[term.column].to_numpy(np.float64) ** (
            -truth[term.exponent]
        )
    scatter = rng.normal(0, NOISE[law] if noise is None else noise, len(table))
    if unit_noise:
        unit = next(c for c in ("run", "model") if c in table)
        codes = pd.factorize(table[unit])[0]
        scatter += rng.normal(0, unit_noise, codes.max() + 1)[codes]
    loss = loss * np.exp(scatter) if form.residual == "log" else loss + scatter
    if not (loss > 0).all():
        raise UsageError(f"noise {noise} makes losses that are not positive")
    return table.assign(source="simulated", loss=loss)


def _log_uniform(
    rng: np.random.Generator, low: float, high: float, count: int
) -> npt.NDArray[np.float64]:
    return np.asarray(np.exp(rng.uniform(np.log(low), np.log(high), count)), np.float64)


def _power(rng: np.random.Generator) -> pd.DataFrame:
    return pd.DataFrame({"x": np.geomspace(50, 50_000, 40)})


def _width(rng: np.random.Generator) -> pd.DataFrame:
    """Four families of seven models, each on four data sets."""
    rows = [
        {"family": f"family{f}", "model": f"model{f}.{i}", "dataset": f"text{d}", "width": width}
        for f in range(4)
        for i, width in enumerate(np.round(np.geomspace(512, 8192, 7)) + 64 * f)
        for d in range(4)
    ]
    return pd.DataFrame(rows)


def _chinchilla(rng: np.random.Generator) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "parameters": np.round(_log_uniform(rng, 5e7, 1.6e10, 240)),
            "tokens": np.round(_log_uniform(rng, 1e9, 3e11, 240)),
        }
    )


def _shape(rng: np.random.Generator) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "width": np.round(_log_uniform(rng, 256, 5120, 240)),
            "depth": np.round(_log_uniform(rng, 3, 80, 240)),
            "tokens": np.round(_log_uniform(rng, 1e9, 3e11, 240)),
        }
    )


def _time(rng: np.random.Generator) -> pd.DataFrame:
    return pd.DataFrame({"tokens": np.round(np.geomspace(1e8, 1e12, 60))})


DESIGNS: dict[str, Callable[[np.random.Generator], pd.DataFrame]] = {
    "power": _power, "width": _width, "chinchilla": _chinchilla, "shape": _shape, "time": _time,
}  # fmt: skip
