"""Parameters tied to one value."""

from __future__ import annotations

import numpy as np
import pytest

from superscope.errors import UsageError
from superscope.laws import Law, fit, simulate
from superscope.laws.summary import law_summary

TRUTH = {"alpha": 0.36, "beta": 0.36}


@pytest.fixture(scope="module")
def tied() -> Law:
    table = simulate("chinchilla", parameters=TRUTH, noise=0.003)
    return fit(table, "chinchilla", equal=("alpha", "beta"), resamples=100, starts=8)


def test_tied_exponents_have_one_value_in_every_fit(tied: Law) -> None:
    names = list(tied.parameters)
    a, b = names.index("alpha"), names.index("beta")
    assert tied.parameters["alpha"] == tied.parameters["beta"]
    assert tied.intervals["alpha"] == tied.intervals["beta"]
    assert np.array_equal(tied.bootstrap[:, a], tied.bootstrap[:, b])
    assert np.array_equal(tied.jackknife[:, a], tied.jackknife[:, b])
    assert tied.degrees_of_freedom == len(tied.points) - 4


def test_a_tie_finds_the_truth_and_lessens_the_error(tied: Law) -> None:
    free = fit(
        simulate("chinchilla", parameters=TRUTH, noise=0.003), "chinchilla", resamples=0,
        judge=False, starts=8,
    )  # fmt: skip
    for name in TRUTH:
        assert 0.36 in tied.intervals[name]
        error, of_free = tied.standard_errors[name], free.standard_errors[name]
        assert error is not None and of_free is not None and error <= of_free
    assert tied.objective >= free.objective
    assert tied.converged


def test_a_tied_fit_is_the_lowest_along_the_diagonal(tied: Law) -> None:
    at = tied.parameters["alpha"]
    for value in (at * 0.99, at * 1.01):
        held = fit(
            simulate("chinchilla", parameters=TRUTH, noise=0.003), "chinchilla",
            fix={"alpha": value, "beta": value}, resamples=0, judge=False, starts=2,
        )  # fmt: skip
        assert held.objective > tied.objective


def test_text_and_json_say_what_is_tied(tied: Law) -> None:
    assert "alpha = beta, one free parameter" in str(tied)
    assert law_summary(tied)["parameters"]["alpha"]["equal_to"] == ["beta"]
    assert law_summary(tied)["parameters"]["A"]["equal_to"] == []
    assert Law.from_json(tied.to_json()) == tied


def test_scales_can_be_tied() -> None:
    truth = {"c_m": 50.0, "c_l": 50.0}
    table = simulate("shape", parameters=truth, noise=0.001)
    law = fit(table, "shape", equal="c_m, c_l", resamples=0, judge=False, starts=8)
    assert law.parameters["c_m"] == law.parameters["c_l"] == pytest.approx(50, rel=0.1)
    assert law.degrees_of_freedom == len(law.points) - 6


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"equal": ("alpha", "betta")}, "did you mean"),
        ({"equal": ("alpha",)}, "at least two different parameters"),
        ({"equal": ("alpha", "alpha")}, "at least two different parameters"),
        ({"equal": ("A", "beta")}, "parameters of one kind"),
        ({"equal": ("A", "E")}, "parameters of one kind"),
        ({"equal": ("alpha", "beta"), "fix": {"beta": 1.0}}, "fix each of them"),
        (
            {"equal": ("alpha", "beta"), "bounds": {"alpha": (0, 1), "beta": (2, 3)}},
            "no value in common",
        ),
    ],
)
def test_what_cannot_be_equal_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        fit(simulate("chinchilla"), "chinchilla", resamples=0, judge=False, **options)


def test_points_that_contradict_a_tie_are_said_to(tied: Law) -> None:
    assert any("do not contradict it" in note for note in tied.notes)
    table = simulate("chinchilla", parameters={"alpha": 0.45, "beta": 0.25}, noise=0.003)
    law = fit(table, "chinchilla", equal=("alpha", "beta"), resamples=0, judge=False, starts=8)
    assert any("the points contradict it" in note for note in law.notes)


def test_just_enough_points_for_a_tie_are_fitted_and_the_tie_is_not_tested() -> None:
    table = simulate("chinchilla", parameters=TRUTH, noise=0).iloc[[0, 70, 130, 239]]
    law = fit(table, "chinchilla", equal=("alpha", "beta"), resamples=0, judge=False, starts=8)
    assert law.parameters["alpha"] == law.parameters["beta"] == pytest.approx(0.36, rel=1e-3)
    assert any(note.endswith("too few to fit them apart and test it") for note in law.notes)
    with pytest.raises(UsageError, match="4 points are fewer than the 5 parameters"):
        fit(table, "chinchilla", resamples=0)
