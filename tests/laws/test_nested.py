"""Whether points contradict a restriction of a law."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from law_tables import CHINCHILLA, PLAIN, make_table

from superscope.errors import UsageError
from superscope.laws import fit, nested_test, simulate
from superscope.laws.restriction import read_restriction

QUICK = {"resamples": 200}
RUNS = pd.DataFrame(
    {"run": np.repeat(np.arange(16), 4), "tokens": np.repeat(np.geomspace(1e8, 1e12, 16), 4)}
)


def time(**truth: float):
    return fit(simulate("time", parameters=truth), "time", **PLAIN)


def test_the_true_exponent_is_not_contradicted_and_a_wrong_one_is() -> None:
    law = time(alpha=0.4)
    assert nested_test(law, "alpha=2/5", **QUICK).verdict == "not contradicted"
    wrong = nested_test(law, "alpha=1", **QUICK)
    assert wrong.verdict == "contradicted"
    assert wrong.p == 1 / 201  # none of 200 is as large
    assert wrong.restricted_rms > 2 * wrong.rms


def test_f_is_that_of_two_sums_of_squares() -> None:
    law = time(alpha=0.4)
    found = nested_test(law, {"alpha": 0.41}, resamples=0)
    free, held = law, fit(simulate("time", parameters={"alpha": 0.4}), "time", **PLAIN,
                          fix={"alpha": 0.41})  # fmt: skip
    n = len(free.points)
    rise = held.mean_square_residual / free.mean_square_residual - 1
    assert found.f == pytest.approx(rise * (n - 3), rel=1e-6)
    assert found.restricted_rms == pytest.approx(np.sqrt(held.mean_square_residual), rel=1e-9)


def test_where_points_are_independent_both_say_the_same() -> None:
    law = time()
    for value in (0.331, 0.336):
        found = nested_test(law, {"alpha": value}, resamples=400)
        assert found.f_p is not None and found.p is not None
        assert found.p == pytest.approx(found.f_p, abs=0.08)


@pytest.mark.slow
def test_runs_of_points_that_are_alike_reject_the_truth_in_one_of_twenty_only() -> None:
    """Taken as independent, points that share their run's error reject it in four of ten."""
    classical, resampled = [], []
    for seed in range(40):
        table = simulate("time", design=RUNS, noise=0.001, unit_noise=0.003, seed=seed)
        law = fit(table, "time", resamples=0, judge=False, starts=2)
        found = nested_test(law, {"alpha": 1 / 3}, resamples=100, seed=seed)
        classical.append(found.f_p < 0.05)
        resampled.append(found.p < 0.05)
    assert np.mean(classical) > 0.2
    assert np.mean(resampled) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 40)


def test_equal_exponents_are_tested_as_one() -> None:
    alike = make_table("chinchilla", CHINCHILLA | {"alpha": 0.4, "beta": 0.4}, noise=0.002)
    unlike = make_table("chinchilla", CHINCHILLA | {"alpha": 0.3, "beta": 0.6}, noise=0.002)
    for table, verdict in ((alike, "not contradicted"), (unlike, "contradicted")):
        law = fit(table, "chinchilla", **PLAIN, loss="squared")
        found = nested_test(law, "alpha=beta", **QUICK)
        assert (found.restrictions, found.verdict) == (1, verdict)
        one, other = (r for r in found.parameters if r.parameter in ("alpha", "beta"))
        assert one.restricted == other.restricted
        assert one.held and other.held


def test_a_floor_of_all_groups_is_held_in_each() -> None:
    law = fit("published-llms", "width", **PLAIN)
    found = nested_test(law, "B=0", resamples=0)
    assert found.restrictions == 16
    frame = found.to_frame()
    assert (frame.loc[frame["held"], "restricted"] == 0).all()
    assert frame["held"].sum() == 16


def test_a_term_without_amplitude_loses_its_exponent_too() -> None:
    law = fit(simulate("shape"), "shape", **PLAIN)
    found = nested_test(law, "c_l=0", **QUICK)
    assert (found.restrictions, found.verdict) == (2, "contradicted")


def test_few_runs_leave_the_verdict_open() -> None:
    table = simulate("time", design=RUNS[RUNS["run"] < 6].reset_index(drop=True))
    found = nested_test(fit(table, "time", **PLAIN), "alpha=1/3", **QUICK)
    assert (found.verdict, found.p, found.resamples) == ("cannot be said", None, 0)
    assert "6 runs are too few to resample" in str(found)


def test_seeds_say_the_same_or_that_it_is_borderline() -> None:
    law = time()
    said = {nested_test(law, "alpha=1/3", seed=s, **QUICK).verdict for s in range(5)}
    assert len(said - {"borderline"}) == 1


@pytest.mark.parametrize(
    ("given", "values", "equal"),
    [
        ("a_m=1,a_D=1/3", {"a_m": 1.0, "a_D": 1 / 3}, ()),
        (["a_m = 1", "a_l=0.5"], {"a_m": 1.0, "a_l": 0.5}, ()),
        ("a_m=a_l", {}, ("a_m", "a_l")),
        ("a_m=a_l,a_l=a_D", {}, ("a_m", "a_l", "a_D")),
        ("a_m=a_l=1", {"a_m": 1.0, "a_l": 1.0}, ()),
        ("B[opt,c4]=2e0", {"B[opt,c4]": 2.0}, ()),
        ({"a_m": 1}, {"a_m": 1.0}, ()),
    ],
)
def test_restrictions_as_people_write_them(given, values, equal) -> None:
    found = read_restriction(given)
    assert (found.values, found.equal) == (values, equal)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "names no restriction; write NAME=NUMBER"),
        ("alpha", "'alpha' is no restriction"),
        ("alpha=", "'alpha=' is no restriction"),
        ("alpha=alpha", "against 'alpha=alpha' is no restriction"),
        ("alpha=1/0", "divides by zero"),
        ("alpha=nan", "finite and not negative"),
        ("alpha=-1", "finite and not negative"),
        ("alpha=1,alpha=2", "alpha cannot be both 1 and 2"),
        ("alpha=c,alpha=1", "alpha is both given and equal to others"),
        ("alpha=beta,c=d", "only one set of parameters can be equal, and it is alpha = beta"),
        ("alhpa=1", "no parameter 'alhpa'; did you mean alpha?"),
        ("alpha=9", "the law itself cannot have it, as alpha is sought from 0 to 8"),
        ("alpha=c", "only parameters of one kind can be equal"),
    ],
)
def test_what_is_no_restriction_is_refused(given: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        nested_test(time(), given)
    assert said in str(error.value)


def test_what_a_law_holds_already_cannot_be_tested() -> None:
    law = fit(simulate("time"), "time", **PLAIN, fix={"alpha": 1 / 3})
    with pytest.raises(UsageError, match=r"alpha is held at 0.3333 in the law itself"):
        nested_test(law, "alpha=1")


def test_as_many_parameters_as_points_cannot_be_tested() -> None:
    law = fit(simulate("time").iloc[::20], "time", **PLAIN)
    with pytest.raises(UsageError, match="3 points for 3 parameters: no residuals are left"):
        nested_test(law, "alpha=1")
