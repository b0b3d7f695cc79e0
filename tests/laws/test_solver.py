"""The solver: its gradients, its inner problem, and its minima against scipy's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from law_tables import CHINCHILLA, FLOOR, POWER, SHAPE, TERMS, make_table, options_for, truth
from scipy.optimize import least_squares, minimize, nnls

from superscope.laws import FitOptions, kernel_types, kernels, solver
from superscope.laws.points import select
from superscope.laws.problem import Problem, make_problem

TRUE = {"power": POWER, "chinchilla": CHINCHILLA, "shape": SHAPE}


def problem_of(law: str, table=None, **changes) -> Problem:
    options = FitOptions(**options_for(law) | changes)
    if table is None:
        table = make_table(law, TRUE[law], noise=0.01)
    form = options.form(law)
    return make_problem(form, select(table, form, options).points, options)


def objective(
    equations: solver.Equations, c: np.ndarray, theta: np.ndarray, w: np.ndarray
) -> float:
    """Return Σ w ρ(r), plainly."""
    s = np.exp(-equations.x * theta) @ c[: equations.terms] + c[equations.terms + equations.group]
    if equations.log and not (s > 0).all():
        return np.inf
    r = np.abs(equations.y - (np.log(s) if equations.log else s))
    d = equations.delta
    return float(np.sum(w * np.where(r <= d, r**2 / 2, d * (r - d / 2 if np.isfinite(d) else r))))


def target(e: solver.Equations) -> kernel_types.Target:
    return kernel_types.Target(e.x, e.group, e.y, e.log, float(e.delta), e.low, e.high, e.leader)


def derivatives(equations, c, theta, w, all_: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    size = len(c) + (len(theta) if all_ else 0)
    grad, newton, gauss = np.empty(size), np.empty((size, size)), np.empty((size, size))
    phi = np.exp(-theta * equations.x)
    system = kernel_types.System(grad, newton, gauss, np.empty(size, np.bool_), np.empty(size))
    kernels._derivatives(c, w, phi, target(equations), all_, system)
    return grad, newton, gauss


cases = pytest.mark.parametrize(
    ("residual", "loss", "delta"),
    [("log", "squared", 1e-3), ("plain", "squared", 1e-3), ("log", "huber", 0.02),
     ("plain", "huber", 0.05)],
)  # fmt: skip


@cases
@given(seed=st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_gradient_and_curvature_are_those_of_the_objective(residual, loss, delta, seed) -> None:
    true = truth("width", (0.9,), (1,), (1.7, 2, 1.5))
    table = make_table("width", true, points=12, seed=seed, noise=0.05)
    e = problem_of("width", table, residual=residual, loss=loss, delta=delta).equations
    rng = np.random.default_rng(seed)
    w = rng.uniform(0, 2, 12)
    value = np.concatenate([rng.uniform(0.5, 2, e.linear), rng.uniform(0.3, 1.2, e.terms)])
    p = e.linear

    def f(v: np.ndarray) -> float:
        return objective(e, v[:p], v[p:], w)

    def gradient(v: np.ndarray) -> np.ndarray:
        return derivatives(e, v[:p], v[p:], w, True)[0]

    phi = np.exp(-value[p:] * e.x)
    assert kernels._objective(value[:p], w, phi, target(e)) == pytest.approx(f(value), rel=1e-12)
    h = 1e-6
    steps = h * np.eye(len(value))
    grad, newton, gauss = derivatives(e, value[:p], value[p:], w, True)
    numeric = np.array([(f(value + s) - f(value - s)) / (2 * h) for s in steps])
    scale = np.abs(grad).max()
    assert grad == pytest.approx(numeric, abs=1e-5 * scale)
    # Only the lower triangle is set. Where no residual crosses δ, the Hessian is the gradient's
    # derivative.
    s = np.exp(-e.x * value[p:]) @ value[: e.terms] + value[e.terms + e.group]
    r = np.abs(e.y - (np.log(s) if e.log else s))
    if np.isfinite(e.delta) and np.any(np.abs(r - e.delta) < 1e-4):
        return
    numeric2 = np.array([(gradient(value + s) - gradient(value - s)) / (2 * h) for s in steps])
    low = np.tril_indices(len(value))
    assert newton[low] == pytest.approx(numeric2[low], abs=1e-5 * np.abs(numeric2).max())
    # The matrix that damps majorizes: positive semidefinite.
    full = np.tril(gauss) + np.tril(gauss, -1).T
    assert np.linalg.eigvalsh(full).min() > -1e-10 * np.abs(full).max()


@cases
def test_the_reduced_gradient_is_the_partial_one(residual, loss, delta) -> None:
    """With amplitudes and floor at their best, dF/dθ = ∂f/∂θ (Golub and Pereyra 1973)."""
    problem = problem_of("chinchilla", residual=residual, loss=loss, delta=delta)
    w = problem.points.weights
    theta = np.array([0.5, 0.25])

    def held(theta: np.ndarray):
        one = problem.held("alpha", float(theta[0])).held("beta", float(theta[1]))
        return one.solve(w[None], theta[None])

    found = held(theta)
    c, e = found.linear[0], problem.equations
    assert (c > 0).all()
    assert objective(e, c, theta, w) == pytest.approx(found.objective[0], rel=1e-10)
    partial = derivatives(e, c, theta, w, True)[0]
    assert partial[: e.linear] == pytest.approx(
        np.zeros(e.linear), abs=1e-6 * np.abs(partial).max()
    )
    h = 1e-4
    total = [
        (held(theta + h * s).objective[0] - held(theta - h * s).objective[0]) / (2 * h)
        for s in np.eye(2)
    ]
    assert partial[e.linear :] == pytest.approx(total, rel=1e-3)


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_plain_squares_at_fixed_exponents_are_non_negative_least_squares(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = make_table("shape", SHAPE, points=12, seed=seed)
    # Losses that often want a negative part.
    table["loss"] = rng.uniform(0.1, 3, len(table))
    exponents = rng.uniform(0.1, 1.5, 3)
    fixed = dict(zip(("a_m", "a_l", "a_D"), map(float, exponents), strict=True))
    problem = problem_of("shape", table, residual="plain", fix=fixed)
    found = problem.solve(problem.points.weights[None])
    design = np.column_stack([np.exp(-exponents * problem.equations.x), np.ones(len(table))])
    expected, norm = nnls(design, table["loss"].to_numpy())
    assert found.objective[0] == pytest.approx(norm**2 / 2, rel=1e-9)
    assert found.linear[0] == pytest.approx(expected, rel=1e-6, abs=1e-8 * expected.max())


def scipy_best(law: str, table, residual: str, loss: str, delta: float, starts: int) -> float:
    """Return the least objective that scipy finds over all parameters from many starts."""
    terms = TERMS[law]
    logs = np.column_stack([np.log(table[c]) for _, _, c in terms])
    logs -= logs.mean(axis=0)
    y = table["loss"].to_numpy()
    k = len(terms)

    def residuals(v: np.ndarray) -> np.ndarray:
        s = np.exp(v[:k] - v[k : 2 * k] * logs).sum(axis=1) + np.exp(v[2 * k])
        return y - s if residual == "plain" else np.log(y) - np.log(s)

    def total(v: np.ndarray) -> float:
        r = np.abs(residuals(v))
        return float(np.sum(np.where(r <= delta, r**2 / 2, delta * (r - delta / 2))))

    rng = np.random.default_rng(0)
    best = np.inf
    for _ in range(starts):
        start = np.concatenate(
            [rng.uniform(-2, 1, k), rng.uniform(0.05, 1.5, k), rng.uniform(-1, 1, 1)]
        )
        if loss == "squared":
            found = least_squares(residuals, start, xtol=1e-15, ftol=1e-15, gtol=1e-15).cost
        else:
            start = least_squares(residuals, start).x
            start = least_squares(residuals, start, loss="huber", f_scale=delta).x
            found = minimize(total, start, method="BFGS", options={"gtol": 1e-12}).fun
        best = min(best, float(found))
    assert FLOOR[law]
    return best


@pytest.mark.parametrize("law", ["power", "chinchilla", "shape"])
@pytest.mark.parametrize("residual", ["log", "plain"])
@pytest.mark.parametrize(("loss", "delta"), [("squared", 1.0), ("huber", 0.01)])
def test_scipy_finds_no_lower_minimum(law: str, residual: str, loss: str, delta: float) -> None:
    table = make_table(law, TRUE[law], noise=0.01, seed=3)
    problem = problem_of(law, table, residual=residual, loss=loss, delta=delta)
    found = problem.solve(problem.points.weights[None]).objective[0]
    theirs = scipy_best(law, table, residual, loss, delta, starts=6)
    assert found <= theirs * (1 + 1e-9)
    # And theirs is near enough to have been a test.
    assert theirs <= found * (1 + 1e-2)


@pytest.mark.parametrize("loss", ["squared", "huber"])
def test_the_number_of_threads_and_chunks_changes_nothing(
    loss: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = problem_of("chinchilla", loss=loss)
    weights = np.random.default_rng(0).multinomial(40, np.full(40, 1 / 40), 30).astype(float)
    starts = problem.starts[:4]
    whole = problem.solve(weights, starts)
    for chunk, cores in ((8, 1), (1, 4), (7, 3), (64, 1)):
        monkeypatch.setattr(solver, "ROWS_AT_A_TIME", chunk)
        monkeypatch.setattr(solver, "usable_cores", lambda cores=cores: cores)
        again = problem.solve(weights, starts)
        assert np.array_equal(again.exponents, whole.exponents)
        assert np.array_equal(again.linear, whole.linear)
        assert np.array_equal(again.objectives, whole.objectives)


def test_each_row_of_weights_is_a_fit_of_its_own() -> None:
    problem = problem_of("chinchilla")
    weights = np.random.default_rng(0).uniform(0, 2, (3, 40))
    weights[1, :20] = 0
    together = problem.solve(weights)
    for i in range(3):
        alone = problem.solve(weights[i : i + 1])
        assert np.array_equal(alone.exponents[0], together.exponents[i])
    # A weight of 0 is a point left out.
    kept = np.arange(40) >= 20
    part = replace(
        problem.equations, x=np.ascontiguousarray(problem.equations.x[kept]),
        y=problem.equations.y[kept], group=problem.equations.group[kept],
    )  # fmt: skip
    alone = solver.solve(part, weights[1:2, kept], problem.starts)
    assert alone.objective[0] == pytest.approx(together.objective[1], rel=1e-10)
    assert alone.exponents[0] == pytest.approx(together.exponents[1], rel=1e-6)


def test_starts_may_differ_by_row_and_the_best_is_kept() -> None:
    problem = problem_of("chinchilla")
    weights = np.ones((2, 40))
    starts = np.stack([problem.starts[:5], problem.starts[5:10]])
    found = problem.solve(weights, starts)
    assert found.objectives.shape == found.converged.shape == (2, 5)
    assert np.array_equal(found.objective, found.objectives.min(axis=1))
    for i in range(2):
        e = problem.equations
        assert objective(e, found.linear[i], found.exponents[i], weights[i]) == pytest.approx(
            found.objective[i], rel=1e-12
        )


def test_starts_outside_the_bounds_are_moved_inside() -> None:
    problem = problem_of("power", bounds={"alpha": (0.2, 0.4)})
    found = problem.solve(np.ones((1, 40)), np.array([[3.0], [0.01]]))
    assert 0.2 <= found.exponents[0, 0] <= 0.4
