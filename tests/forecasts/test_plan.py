"""Plans: the best use of compute, against closed forms and brute force."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from law_tables import CHINCHILLA, PLAIN, SHAPE, make_table, truth

from superscope.errors import UsageError
from superscope.forecasts import Plan, forecast, plan
from superscope.laws import Law, fit
from superscope.laws.intervals import bca, widened


@cache
def chinchilla(resamples: int = 0) -> Law:
    table = make_table("chinchilla", CHINCHILLA, points=60, noise=0.003)
    return fit(table, "chinchilla", **(PLAIN | {"resamples": resamples}))


@cache
def shape(offset: float = 0.0, resamples: int = 0) -> Law:
    table = make_table("shape", SHAPE, points=60, noise=0.003)
    table["depth"] += offset
    return fit(table, "shape", depth_offset=offset, **(PLAIN | {"resamples": resamples}))


@cache
def shape_plan(offset: float, compute: float, vocabulary: int, tied: bool) -> Plan:
    return plan(shape(offset), compute, vocabulary=vocabulary, tied=tied)


def known(law: Law, parameters: dict[str, float]) -> Law:
    """Return the law with other parameters, known exactly."""
    return replace(law, parameters=parameters, covariance=np.zeros_like(law.covariance))


def shape_loss(law: Law, m, depth, tokens):
    p, offset = law.parameters, law.options.depth_offset
    return (
        p["c_m"] * m ** -p["a_m"]
        + p["c_l"] * (depth - offset) ** -p["a_l"]
        + p["c_D"] * tokens ** -p["a_D"]
        + p["E"]
    )


def decoder(m, depth, vocabulary: int, tied: bool):
    return 12 * depth * m**2 + vocabulary * m * (1 if tied else 2)


@given(
    st.floats(0.1, 1.5), st.floats(0.1, 1.5), st.floats(1, 1e5), st.floats(1, 1e5),
    st.floats(0, 3), st.floats(17, 28),
)  # fmt: skip
@settings(max_examples=20, deadline=None)
def test_chinchilla_is_the_closed_form(alpha, beta, A, B, E, compute) -> None:
    """N = G (C/6)^(β/(α+β)), D = (C/6)^(α/(α+β)) / G, G = (αA/βB)^(1/(α+β)): H22, eq. 4."""
    law = known(chinchilla(), {"A": A, "alpha": alpha, "B": B, "beta": beta, "E": E})
    C = 10.0**compute
    G = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    N = G * (C / 6) ** (beta / (alpha + beta))
    D = (C / 6) ** (alpha / (alpha + beta)) / G
    assume(min(N, D) > 1.01)  # less than one parameter or token is refused
    found = plan(law, C)
    assert found.best.parameters == pytest.approx(N, rel=1e-9)
    assert found.best.tokens == pytest.approx(D, rel=1e-9)
    assert found.best.loss.value == pytest.approx(A * N**-alpha + B * D**-beta + E, rel=1e-12)
    assert found.exponents["parameters"] == pytest.approx(beta / (alpha + beta), abs=1e-8)
    assert found.exponents["tokens"] == pytest.approx(alpha / (alpha + beta), abs=1e-8)
    assert (found.best.width, found.best.depth, found.rounded) == (None, None, None)


cases = pytest.mark.parametrize(
    ("vocabulary", "tied"), [(0, False), (50_257, False), (50_257, True), (151_936, False)]
)
offsets = pytest.mark.parametrize("offset", [0.0, 2.0])
computes = pytest.mark.parametrize("compute", [1e18, 1e22])


@cases
@offsets
@computes
def test_shape_is_no_worse_than_any_point_of_a_fine_grid(vocabulary, tied, offset, compute) -> None:
    law = shape(offset)
    found = shape_plan(offset, compute, vocabulary, tied)
    best = found.best
    step = 1e-3
    m = best.width * np.exp(np.arange(-200, 201) * 5 * step)[:, None]
    depth = offset + (best.depth - offset) * np.exp(np.arange(-200, 201) * 5 * step)[None]
    far = np.exp(np.linspace(0, 14, 701))[:, None], offset + np.geomspace(1e-2, 1e4, 700)[None]
    for width, layers in ((m, depth), far):
        tokens = compute / (6 * decoder(width, layers, vocabulary, tied))
        losses = shape_loss(law, width, layers, tokens)
        assert best.loss.value <= losses.min() * (1 + 1e-12)
    tokens = compute / (6 * decoder(m, depth, vocabulary, tied))
    i, j = np.unravel_index(shape_loss(law, m, depth, tokens).argmin(), (401, 401))
    assert (i, j) == (200, 200)


@cases
@offsets
@computes
def test_compute_is_spent(vocabulary: int, tied: bool, offset: float, compute: float) -> None:
    found = shape_plan(offset, compute, vocabulary, tied)
    assert found.best.compute == compute
    for a in (found.best, found.rounded, *found.frontier):
        assert 6 * a.parameters * a.tokens == pytest.approx(a.compute, rel=1e-12)
        n = decoder(a.width, a.depth, vocabulary, tied)
        assert a.parameters == pytest.approx(n, rel=1e-12)
        assert a.loss.value == pytest.approx(
            shape_loss(shape(offset), a.width, a.depth, a.tokens), rel=1e-12
        )


def test_the_head_costs_and_two_cost_more() -> None:
    none, tied, untied = (
        plan(shape(), 1e19, vocabulary=v, tied=t).best.loss.value
        for v, t in ((0, False), (50_257, True), (50_257, False))
    )
    assert none < tied < untied


@cases
@offsets
@computes
def test_at_the_limits_the_loss_is_one_percent_higher(vocabulary, tied, offset, compute) -> None:
    law = shape(offset)
    found = shape_plan(offset, compute, vocabulary, tied)
    worth = 1.01 * found.best.loss.value
    assert set(found.tolerances) == {"width", "depth", "parameters", "tokens"}
    for name, t in found.tolerances.items():
        value = getattr(found.best, name)
        for end in (t.low, t.high):
            if end is None:
                continue
            assert _brute(law, compute, vocabulary, tied, name, end) == pytest.approx(
                worth, rel=1e-4
            ), name
        assert t.low is None or t.low < value
        assert t.high is None or t.high > value
        # A limit that was not found is not there.
        if t.low is None and name != "depth":
            assert _brute(law, compute, vocabulary, tied, name, value / 1e4) <= worth
        if t.high is None:
            assert _brute(law, compute, vocabulary, tied, name, value * 1e4) <= worth


def _brute(law, compute, vocabulary, tied, name, value) -> float:
    """Return the least loss on a fine line, one input held and the others free."""
    offset = law.options.depth_offset
    line = np.exp(np.linspace(-3, 18, 50_001))
    if name == "width":
        m, depth = value, offset + line * 1e-2
    elif name == "depth":
        m, depth = line, np.full_like(line, value)
    else:
        n = value if name == "parameters" else compute / (6 * value)
        m = line
        depth = (n / m - vocabulary * (1 if tied else 2)) / (12 * m)
        m, depth = m[depth > offset], depth[depth > offset]
    tokens = compute / (6 * decoder(m, depth, vocabulary, tied))
    return float(shape_loss(law, m, depth, tokens).min())


@pytest.mark.parametrize("law", [chinchilla, shape])
def test_the_frontier_falls_and_holds_the_best(law) -> None:
    found = plan(law(), 1e21)
    computes = [a.compute for a in found.frontier]
    assert computes == pytest.approx(list(np.geomspace(1e18, 1e24, 13)))
    values = [a.loss.value for a in found.frontier]
    assert values == sorted(values, reverse=True)
    assert len(set(values)) == 13
    assert found.frontier[6].loss.value == pytest.approx(found.best.loss.value, rel=1e-12)
    for name in ("parameters", "tokens"):
        inputs = [getattr(a, name) for a in found.frontier]
        assert inputs == sorted(inputs)


def test_exponents_share_the_compute() -> None:
    found = plan(shape(), 1e21)
    e = found.exponents
    assert e["parameters"] + e["tokens"] == pytest.approx(1, abs=1e-9)
    assert 2 * e["width"] + e["depth"] == pytest.approx(e["parameters"], abs=1e-9)
    for name in e:
        more = plan(shape(), 1.01e21).ranges[name].value
        assert e[name] == pytest.approx(
            math.log(more / found.ranges[name].value) / math.log(1.01), abs=1e-3
        )


def test_returns_are_of_each_input_alone_and_of_compute_spent_anew() -> None:
    law = shape()
    found = plan(law, 1e21)
    b = found.best
    assert found.returns["width"].value == pytest.approx(
        shape_loss(law, 2 * b.width, b.depth, b.tokens) - b.loss.value, abs=1e-12
    )
    assert found.returns["tokens"].value == pytest.approx(
        shape_loss(law, b.width, b.depth, 2 * b.tokens) - b.loss.value, abs=1e-12
    )
    assert found.returns["compute"].value == pytest.approx(
        plan(law, 2e21).best.loss.value - b.loss.value, abs=1e-12
    )
    assert found.returns["compute"].value < 0


@computes
@offsets
def test_round_numbers_are_the_best_depth_at_a_width_in_use(compute: float, offset: float) -> None:
    law = shape(offset)
    found = shape_plan(offset, compute, 50_257, True)
    r = found.rounded
    assert r.width == pytest.approx(max(128, 128 * round(found.best.width / 128)), rel=1e-12)
    assert r.depth == pytest.approx(round(r.depth), rel=1e-12)
    assert r.depth > offset
    depths = np.arange(int(offset) + 1, 2000)
    losses = shape_loss(
        law, r.width, depths, compute / (6 * decoder(r.width, depths, 50_257, True))
    )
    assert round(r.depth) == depths[losses.argmin()]
    assert r.loss.value >= found.best.loss.value


def test_ranges_are_of_the_resamples() -> None:
    law = chinchilla(100)
    found = plan(law, 1e21)
    A, alpha, B, beta, _ = law.bootstrap.T
    N = (alpha * A / (beta * B)) ** (1 / (alpha + beta)) * (1e21 / 6) ** (beta / (alpha + beta))
    found_range = found.ranges["parameters"]
    value = float(found.best.parameters)
    A, alpha, B, beta, _ = law.jackknife.T
    W = (alpha * A / (beta * B)) ** (1 / (alpha + beta)) * (1e21 / 6) ** (beta / (alpha + beta))
    expected = bca(N, value, W, widened(len(W)))
    assert (found_range.low, found_range.high) == pytest.approx(
        (expected.low, expected.high), rel=1e-8
    )
    assert found_range.value == value
    assert found.best.loss.low < found.best.loss.value < found.best.loss.high
    assert found.new_model.low < found.best.loss.low


def test_without_resamples_ranges_are_of_the_covariance() -> None:
    law = chinchilla()
    assert not len(law.bootstrap)
    found = plan(law, 1e21).ranges["parameters"]
    resampled = plan(chinchilla(100), 1e21).ranges["parameters"]
    assert found.low < found.value < found.high
    width, other = np.log(found.high / found.low), np.log(resampled.high / resampled.low)
    assert 0.3 < width / other < 3


def test_doubts_are_the_forecasts() -> None:
    law = shape()
    found = plan(law, 1e30)
    at = {"width": found.best.width, "depth": found.best.depth, "tokens": found.best.tokens}
    assert found.doubts == forecast(law, **at).doubts
    assert found.new_model == forecast(law, **at).loss
    assert any("times the largest in the data" in d for d in found.doubts)


@pytest.mark.parametrize("compute", [0, -1e20, math.nan, math.inf])
def test_compute_that_cannot_be_spent_is_refused(compute: float) -> None:
    with pytest.raises(UsageError, match="compute must be positive and at most"):
        plan(shape(), compute)


def test_what_cannot_be_planned_is_refused() -> None:
    with pytest.raises(UsageError, match="vocabulary must not be negative"):
        plan(shape(), 1e21, vocabulary=-1)
    with pytest.raises(UsageError, match="chinchilla knows only N"):
        plan(chinchilla(), 1e21, vocabulary=50_257)
    with pytest.raises(UsageError, match="chinchilla knows only N"):
        plan(chinchilla(), 1e21, tied=True)
    table = make_table("width", truth("width", (0.9,), (1,), (1.7, 2.0, 1.5)))
    with pytest.raises(UsageError, match="a plan needs a law of size and data"):
        plan(fit(table, "width", **PLAIN), 1e21)
    for name in ("c_l", "a_l"):
        vanished = known(shape(), shape().parameters | {name: 0.0})
        with pytest.raises(UsageError, match=r"the loss does not fall with depth") as error:
            plan(vanished, 1e21)
        assert f"{name} = 0" in str(error.value)
    groups = make_table("chinchilla", CHINCHILLA).assign(family=["a", "b"] * 20)
    law = fit(groups, "chinchilla", group="family", **PLAIN)
    with pytest.raises(UsageError, match="needs one floor, and the law has 2; fit one group"):
        plan(law, 1e21)


def test_a_plan_reads_well() -> None:
    for found in (plan(shape(0.0, 100), 1e21, vocabulary=50_257), plan(chinchilla(), 1e21)):
        assert isinstance(found, Plan)
        text = str(found)
        for doubt in found.doubts:
            assert f"Doubt: {doubt}" in text
        assert "costs < 1 %" in text and "grows as C^" in text
        assert str(found.new_model) in text
        assert ("In round numbers: width" in text) is (found.rounded is not None)
        written = json.loads(found.to_json())
        assert written["best"]["tokens"] == found.best.tokens
        assert len(written["frontier"]) == 13
