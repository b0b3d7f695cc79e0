"""Problems: parameters by name, bounds, and the same law on other points."""

from __future__ import annotations

import numpy as np
import pytest
from law_tables import GROUPS, SHAPE, losses, make_table, truth

from superscope.errors import UsageError
from superscope.laws import FitOptions
from superscope.laws.points import select
from superscope.laws.problem import HIGHEST, TRIED_EXPONENTS, Problem, floor_names, make_problem

WIDTH = truth("width", (0.9,), (1,), (1.7, 2.0, 1.5))


def problem_of(law: str, table, **changes) -> Problem:
    options = FitOptions(**changes)
    form = options.form(law)
    return make_problem(form, select(table, form, options).points, options)


def shape(**changes) -> Problem:
    return problem_of("shape", make_table("shape", SHAPE), **changes)


def width(**changes) -> Problem:
    return problem_of("width", make_table("width", WIDTH), **changes)


def test_parameters_come_by_terms_then_floors() -> None:
    assert shape().names == tuple(SHAPE)
    assert width().names == ("A", "alpha", *(f"B[{g}]" for g in GROUPS))
    assert floor_names(shape().form, ("",)) == ("E",)
    assert floor_names(shape().form, ("a", "b")) == ("E[a]", "E[b]")


def test_amplitudes_and_floors_are_from_0_and_exponents_to_8() -> None:
    problem = shape()
    assert np.array_equal(problem.low, np.zeros(7))
    expected = {n: HIGHEST if n.startswith("a_") else np.inf for n in SHAPE}
    assert dict(zip(problem.names, problem.high, strict=True)) == expected


def test_bounds_and_values_held_go_by_name() -> None:
    problem = shape(fix={"a_l": 1.0, "E": 0.0}, bounds={"c_m": (1.0, None), "a_D": (None, 0.5)})
    bounds = {n: (a, b) for n, a, b in zip(problem.names, problem.low, problem.high, strict=True)}
    assert bounds["a_l"] == (1, 1)
    assert bounds["E"] == (0, 0)
    assert bounds["c_m"] == (1, np.inf)
    assert bounds["a_D"] == (0, 0.5)
    assert bounds["c_l"] == (0, np.inf)
    groups = width(fix={"B[opt/pile]": 2.0}, bounds={"B[opt/c4]": (1.0, None)})
    assert list(groups.low) == [0, 0, 1, 2, 0]
    assert list(groups.high) == [np.inf, HIGHEST, np.inf, 2, np.inf]
    assert list(width(fix={"B": 1.5}).low) == [0, 0, 1.5, 1.5, 1.5]


@pytest.mark.parametrize("law", ["width", "shape"])
def test_natural_parameters_give_the_losses_of_the_equations(law: str) -> None:
    """Whether inputs are centered or not (as where an amplitude is bounded)."""
    table = make_table(law, SHAPE if law == "shape" else WIDTH)
    amplitude = "c_l" if law == "shape" else "A"
    for changes in ({}, {"bounds": {amplitude: (0.5, None)}}):
        problem = problem_of(law, table, **changes)
        e = problem.equations
        rng = np.random.default_rng(0)
        theta, c = rng.uniform(0.1, 1.5, e.terms), rng.uniform(0.1, 2, e.linear)
        natural = dict(zip(problem.names, problem.parameters(theta[None], c[None])[0], strict=True))
        plain = np.exp(-theta * e.x) @ c[: e.terms] + c[e.terms + e.group]
        assert losses(law, natural, table) == pytest.approx(plain, rel=1e-10)


def test_inputs_are_centered_unless_an_amplitude_has_a_bound() -> None:
    problem = shape(bounds={"c_l": (0.5, None)}, fix={"c_D": 400.0})
    assert list(problem.centers[1:]) == [0, 0]
    assert problem.equations.x[:, 0].mean() == pytest.approx(0, abs=1e-12)
    assert problem.equations.x[:, 1] == pytest.approx(np.log(problem.points.inputs[:, 1]))


def test_the_objective_is_the_forms() -> None:
    table = make_table("shape", SHAPE)
    log, plain = shape().equations, shape(residual="plain").equations
    assert log.log and not plain.log
    assert log.y == pytest.approx(np.log(table["loss"].to_numpy()))
    assert plain.y == pytest.approx(table["loss"].to_numpy())
    assert log.delta == np.inf
    assert shape(loss="huber", delta=0.02).equations.delta == 0.02


def test_an_exponent_can_be_held_and_the_rest_stays() -> None:
    problem = shape()
    held = problem.held("a_l", 1.25)
    at = problem.names.index("a_l")
    others = np.arange(7) != at
    assert held.low[at] == held.high[at] == 1.25
    assert np.array_equal(held.low[others], problem.low[others])
    assert problem.low[at] == 0
    found = held.solve(problem.points.weights[None])
    assert found.exponents[0, 1] == 1.25


@pytest.mark.parametrize("count", [1, 2, 5, 64, 100])
def test_starts_fill_the_box_and_depend_on_the_seed_alone(count: int) -> None:
    one, same, other = (shape(starts=count, seed=s).starts for s in (0, 0, 1))
    assert one.shape == (count, 3)
    assert TRIED_EXPONENTS[0] <= one.min() and one.max() <= TRIED_EXPONENTS[1]
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    if count >= 64:  # each half of each exponent's range has its share
        middle = np.sqrt(TRIED_EXPONENTS[0] * TRIED_EXPONENTS[1])
        assert np.mean(one < middle, axis=0) == pytest.approx(np.full(3, 0.5), abs=0.02)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"fix": {"a_k": 1.0}}, "fix: no parameter 'a_k'; did you mean a_"),
        ({"bounds": {"a_k": (0, 1)}}, "bounds: no parameter 'a_k'"),
        ({"fix": {"a_m": -1.0}}, "finite and not negative"),
        ({"fix": {"a_m": np.nan}}, "finite and not negative"),
        ({"fix": {"E": np.inf}}, "finite and not negative"),
        ({"fix": {"E": 1.0}, "bounds": {"E": (0, 2)}}, "E is both fixed and bounded"),
        ({"bounds": {"E": (2, 1)}}, "E=2:1: lowest <= highest"),
        ({"bounds": {"a_m": (-1, 1)}}, "0 <= lowest <= highest"),
        ({"bounds": {"E": (np.nan, 1)}}, "E=nan:1: lowest <= highest"),
        ({"bounds": {"a_m": (9, None)}}, "0 <= lowest <= highest"),
    ],
)
def test_bounds_that_cannot_be_are_refused(changes: dict, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        shape(**changes)


def test_a_parameter_held_through_its_floors_name_cannot_be_bounded_through_its_groups() -> None:
    with pytest.raises(UsageError, match="both fixed and bounded"):
        width(fix={"B": 1.5}, bounds={f"B[{GROUPS[0]}]": (0.0, 1.0)})


def test_parameters_held_need_no_points() -> None:
    table = make_table("shape", SHAPE, points=4)
    with pytest.raises(UsageError, match="4 points are fewer than the 7 parameters"):
        problem_of("shape", table)
    fixed = {n: SHAPE[n] for n in ("a_m", "a_l", "a_D")}
    assert len(problem_of("shape", table, fix=fixed).points) == 4
