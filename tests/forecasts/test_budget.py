"""Budgets: gradients, the minimum, and how far an input may be from it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from law_tables import CHINCHILLA, PLAIN, POWER, SHAPE, make_table
from scipy.optimize import minimize

from superscope.errors import UsageError
from superscope.forecasts.budget import Budget, held_loss, make_budget, tolerance
from superscope.laws import Law, fit

some = settings(max_examples=15, deadline=None)


def exact(law: str, offset: float = 0.0, **changes: float) -> Law:
    """Return a law with these very parameters."""
    true = {"shape": SHAPE, "chinchilla": CHINCHILLA}[law]
    table = make_table(law, true)
    if offset:
        table["depth"] += offset
    found = fit(table, law, **PLAIN, **({"depth_offset": offset} if offset else {}))
    return replace(found, parameters=true | changes)


SHAPES = {offset: exact("shape", offset) for offset in (0.0, 2.0)}
vocabularies = pytest.mark.parametrize(
    ("vocabulary", "tied"), [(0, False), (50_257, True), (50_257, False), (151_936, False)]
)
offsets = pytest.mark.parametrize("offset", [0.0, 2.0])


@offsets
@vocabularies
def test_parameters_are_those_of_a_decoder(vocabulary: int, tied: bool, offset: float) -> None:
    budget = make_budget(SHAPES[offset], vocabulary, tied)
    m, depth = 512.0, 24.0
    u = np.log([[m, depth - offset]])
    n = 12 * depth * m**2 + vocabulary * m * (1 if tied else 2)
    assert np.exp(budget.log_parameters(u)[0][0]) == pytest.approx(n, rel=1e-12)
    inputs = budget.inputs(u, np.array([1e21]))
    assert inputs["width"][0] == pytest.approx(m)
    assert inputs["depth"][0] == pytest.approx(depth)
    assert inputs["parameters"][0] == pytest.approx(n)
    assert 6 * inputs["parameters"][0] * inputs["tokens"][0] == pytest.approx(1e21)


@offsets
@vocabularies
@given(at=st.tuples(st.floats(3, 10), st.floats(0, 5)), compute=st.floats(18, 27))
@some
def test_derivatives_are_those_of_the_loss(at, compute, vocabulary, tied, offset) -> None:
    budget = make_budget(SHAPES[offset], vocabulary, tied)
    p = SHAPES[offset].vector
    logs, exponents = np.log(p[[0, 2, 4]])[None], p[[1, 3, 5]][None]
    spare = np.array([compute * math.log(10) - math.log(6)])
    u = np.array([at])

    def value(u: np.ndarray) -> float:
        inputs = budget.inputs(u[None], 6 * np.exp(spare))
        parts = [
            SHAPE["c_m"] * inputs["width"][0] ** -SHAPE["a_m"],
            SHAPE["c_l"] * (inputs["depth"][0] - offset) ** -SHAPE["a_l"],
            SHAPE["c_D"] * inputs["tokens"][0] ** -SHAPE["a_D"],
        ]
        return math.log(sum(parts))

    found, gradient, hessian = budget._value(u, logs, exponents, spare)
    assert found[0] == pytest.approx(value(u[0]), abs=1e-9)
    steps = 1e-4 * np.eye(2)
    numeric = [(value(u[0] + s) - value(u[0] - s)) / 2e-4 for s in steps]
    assert gradient[0] == pytest.approx(numeric, abs=1e-6)
    slopes = [
        (budget._value(u + s, logs, exponents, spare)[1]
         - budget._value(u - s, logs, exponents, spare)[1])[0] / 2e-4
        for s in steps
    ]  # fmt: skip
    assert hessian[0] == pytest.approx(np.array(slopes), abs=1e-6)


@given(
    a=st.tuples(*[st.floats(0.1, 1.5)] * 3),
    sizes=st.tuples(*[st.floats(0.05, 20)] * 3),
    compute=st.floats(17, 28),
    vocabulary=st.sampled_from([0, 50_257]),
)
@some
def test_scipy_finds_no_better_shape(a, sizes, compute, vocabulary) -> None:
    """Parts of the given sizes at width 1024, depth 16 and 1e11 tokens."""
    law = SHAPES[0.0]
    middles = (1024.0, 16.0, 1e11)
    p = np.array(
        [[v for s, m, e in zip(sizes, middles, a, strict=True) for v in (s * m**e, e)] + [1.7]]
    )
    budget = make_budget(law, vocabulary, False)
    c = np.array([10.0**compute])
    u = budget.best(law.form, p, c)

    def loss(u: np.ndarray) -> float:
        inputs = budget.inputs(u[None], c)
        x = np.array([[inputs[n][0] for n in ("width", "depth", "tokens")]])
        return math.log(law.loss(x, np.array([0]), p - np.array([[0] * 6 + [1.7]]))[0, 0])

    theirs = min(
        minimize(loss, start, method="Nelder-Mead",
                 options={"xatol": 1e-9, "fatol": 1e-13, "maxiter": 4000}).fun
        for start in ([5.0, 2.0], [9.0, 4.0], u[0])
    )  # fmt: skip
    assert loss(u[0]) <= theirs + 1e-10


def test_many_parameters_at_once_are_each_alone() -> None:
    law = SHAPES[0.0]
    budget = make_budget(law, 50_257, True)
    p = law.vector * np.random.default_rng(0).uniform(0.8, 1.25, (20, 7))
    c = np.geomspace(1e18, 1e26, 20)
    together = budget.best(law.form, p, c)
    alone = np.vstack([budget.best(law.form, p[i : i + 1], c[i : i + 1]) for i in range(20)])
    assert together == pytest.approx(alone, abs=1e-8)


@pytest.mark.parametrize("compute", [1e18, 1e22])
@pytest.mark.parametrize("name", ["width", "depth", "parameters", "tokens"])
@offsets
@vocabularies
def test_an_input_held_leaves_the_others_their_best(
    name: str, compute: float, vocabulary: int, tied: bool, offset: float
) -> None:
    """Against a plain search over the one direction that is left."""
    law = SHAPES[offset]
    budget = make_budget(law, vocabulary, tied)
    c = np.array([compute])
    best = {k: float(v[0]) for k, v in
            budget.inputs(budget.best(law.form, law.vector[None], c), c).items()}  # fmt: skip
    least = held_loss(budget, law, compute, name)
    whole = law.loss(np.array([[best["width"], best["depth"] - offset, best["tokens"]]]),
                     np.array([0]))[0]  # fmt: skip
    assert least(best[name]) == pytest.approx(whole, rel=1e-9)
    per_width = vocabulary * (1 if tied else 2)
    for factor in (0.5, 0.8, 1.25, 2.0):
        value = best[name] * factor
        if name == "depth" and value <= offset:
            continue
        m = np.exp(np.linspace(0, math.log(best["width"] * 1e3), 20_001))
        if name == "width":
            depth = offset + np.geomspace(1e-3, 1e5, 20_001)
            m = np.full_like(depth, value)
        elif name == "depth":
            depth = np.full_like(m, value)
        else:
            n = value if name == "parameters" else compute / (6 * value)
            depth = (n - per_width * m) / (12 * m**2)
        inside = depth > offset
        m, depth = m[inside], depth[inside]
        tokens = compute / (6 * (12 * depth * m**2 + per_width * m))
        brute = law.loss(np.column_stack([m, depth - offset, tokens]), np.zeros(len(m), int)).min()
        assert least(value) <= brute * (1 + 1e-9)
        assert least(value) == pytest.approx(brute, rel=1e-4)


def test_tolerances_end_where_the_loss_is_worth() -> None:
    low, high = tolerance(lambda v: 1 + math.log(v / 5) ** 2, 5.0, 1.25, 0.0)
    assert (low, high) == pytest.approx((5 * math.exp(-0.5), 5 * math.exp(0.5)))
    assert tolerance(lambda v: 1.0, 5.0, 1.25, 0.0) == (None, None)
    falling = tolerance(lambda v: 1 + 1 / v, 10.0, 1.2, 0.0)
    assert falling[0] == pytest.approx(5)
    assert falling[1] is None
    # An input with a floor of its own: never at or below it.
    low, _ = tolerance(lambda v: 1 + 0.1 / (v - 2), 10.0, 1.5, 2.0)
    assert low == pytest.approx(2.2)


def test_laws_that_do_not_trade_size_for_data_have_no_budget() -> None:
    law = fit(make_table("power", POWER), "power", x="x", **PLAIN)
    with pytest.raises(UsageError, match=r"a plan needs a law of size and data.*this is power"):
        make_budget(law, 0, False)
    for vocabulary, tied in ((50_257, False), (0, True)):
        with pytest.raises(UsageError, match="chinchilla knows only N"):
            make_budget(exact("chinchilla"), vocabulary, tied)
    budget = make_budget(exact("chinchilla"), 0, False)
    assert isinstance(budget, Budget)
    assert budget.free == ("parameters",)
