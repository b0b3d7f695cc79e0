"""Resampled fits: one that never left its start is not evidence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from law_tables import CHINCHILLA

from superscope.laws import FitOptions, FitStatus, fit, resampled
from superscope.laws.points import select
from superscope.laws.problem import make_problem
from superscope.laws.resampling import bootstrap, failed_fits


def two_branches(points: int = 8) -> pd.DataFrame:
    """Return models on two texts whose losses are far apart: between them Huber's sum is flat."""
    rng = np.random.default_rng(0)
    n = np.tile(np.geomspace(2e7, 1e9, points // 2), points // 2)
    d = np.repeat(np.geomspace(1e9, 1e11, points // 2), points // 2)
    p = CHINCHILLA
    loss = p["A"] * n ** -p["alpha"] + p["B"] * d ** -p["beta"] + p["E"]
    one = pd.DataFrame({"parameters": n, "tokens": d, "model": [f"m{i}" for i in range(len(n))]})
    parts = [
        one.assign(text=name, loss=loss * factor * np.exp(rng.normal(0, 0.002, len(n))))
        for name, factor in (("web", 1.2), ("code", 0.8))
    ]
    return pd.concat(parts, ignore_index=True)


def test_an_interval_is_as_wide_as_the_fits_that_are_equally_good() -> None:
    law = fit(two_branches(), "chinchilla", resamples=100, rules=(), starts=8)
    kinds = {f.status: f for f in law.findings}
    assert {FitStatus.SEVERAL_BEST, FitStatus.POOLED} <= {*kinds}
    assert kinds[FitStatus.POOLED].about == "text"
    for name in ("alpha", "beta"):
        interval = law.intervals[name]
        if interval.low is not None and interval.high is not None:
            assert interval.high - interval.low > 0.1 * law.parameters[name]
    assert all(abs(i.shift) < 1e3 for i in law.influences)
    apart = fit(two_branches(), "chinchilla", group="text", resamples=0, judge=False, starts=8)
    assert apart.parameters["alpha"] == pytest.approx(0.34, rel=0.1)


def test_a_search_that_never_leaves_its_start_is_made_again_from_elsewhere() -> None:
    options = FitOptions(starts=8)
    problem = make_problem(
        options.form("chinchilla"), select(two_branches(), options.form("chinchilla"), options)
        .points, options,
    )  # fmt: skip
    found = problem.solve(problem.points.weights[None])
    drawn = bootstrap(problem, found.exponents, 100, 0)
    good = drawn[~failed_fits(problem, drawn)]
    assert not np.any(good[:, 1] == found.exponents[0, 0])
    moved = problem.parameters(found.exponents, found.linear)[0, 1] * 2
    assert np.mean(failed_fits(problem, drawn)) > 0.5 or np.std(good[:, 1]) > 0.01 * moved


def test_fits_that_fail_are_counted_and_none_is_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    def stuck(problem, exponents, count, seed):
        drawn = bootstrap(problem, exponents, count, seed)
        drawn[: count // 2] = np.nan
        return drawn

    monkeypatch.setattr(resampled, "bootstrap", stuck)
    table = two_branches()
    table = table[table["text"] == "web"]
    law = fit(table, "chinchilla", resamples=100, rules=(), starts=8)
    assert (law.interval_method, len(law.bootstrap)) == ("none", 0)
    (found,) = (f for f in law.findings if f.status is FitStatus.RESAMPLES_FAILED)
    assert found.text.startswith("50 of 100 resampled fits did not move from their start")
    assert not law.identified
