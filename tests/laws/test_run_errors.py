"""Facts of errors that the rows of a run share."""

from __future__ import annotations

import math

import numpy as np

from superscope.laws._run_errors import RunErrors

RUNS, ROWS = 40, 5
X = np.tile(np.geomspace(50, 50_000, ROWS), RUNS)[:, None]
RUN = np.repeat(np.arange(RUNS), ROWS)
ONE = np.full((len(X), 1), len(X) ** -0.5)
SLOPE = np.log(X) - np.log(X).mean()
ERRORS = RunErrors(X, RUN, ONE, SLOPE / np.linalg.norm(SLOPE))


def residuals(share: float, count: int = 1) -> np.ndarray:
    """Return errors of which a share of the variance is the run's own, freed of their mean."""
    rng = np.random.default_rng(0)
    own = math.sqrt(share) * rng.standard_normal((count, RUNS))
    row = math.sqrt(1 - share) * rng.standard_normal((count, len(X)))
    noise = own.take(RUN, axis=1) + row
    return np.asarray(noise - noise.mean(axis=1, keepdims=True))


def test_draws_are_correlated_as_the_residuals_are() -> None:
    drawn = ERRORS.draw(np.random.default_rng(1), 300, residuals(0.6)[0])
    cells = drawn.reshape(-1, ROWS)
    found = np.asarray(np.corrcoef(cells.T))[np.triu_indices(ROWS, 1)]
    assert abs(cells.std() - 1) < 0.02
    assert abs(found - 0.6).max() < 0.15
    assert abs(np.mean(drawn[:, 0] * drawn[:, ROWS])) < 0.2  # rows of different runs


def test_a_direction_within_runs_is_measured_by_what_runs_do_not_share() -> None:
    """Its squares over the rest have the mean of F with 1 and about 200 degrees of freedom."""
    for share in (0.0, 0.6, 0.9):
        values = ERRORS.statistics(residuals(share, 400))[:, 0] * (len(X) - 2)
        assert 0.8 < values.mean() < 1.25


def test_a_change_is_found_in_the_direction_s_own_length() -> None:
    change = ERRORS.changes(residuals(0.6)[0] + 30 * SLOPE[:, 0] / np.linalg.norm(SLOPE))
    assert abs(change[0] - 30) < 3
