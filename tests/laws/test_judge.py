"""The judge: data that do not identify a law, and what it says of each."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from law_tables import CHINCHILLA, FAST, POWER, SHAPE, losses, make_table, truth

from superscope.forecasts import forecast
from superscope.laws import TRUTHS, FitStatus, Law, fit, simulate
from superscope.laws._judge import part_correlations
from superscope.laws.linearization import linearize
from superscope.laws.points import select
from superscope.laws.problem import make_problem
from superscope.laws.summary import law_summary
from superscope.text import told_apart


def about(law: Law, status: FitStatus) -> list[str]:
    return [f.about for f in law.findings if f.status is status]


def text(law: Law, status: FitStatus) -> str:
    return " | ".join(f.text for f in law.findings if f.status is status)


def even_table(law: str, parameters: dict[str, float], side: int, noise: float) -> pd.DataFrame:
    """Return the law on a full grid of its inputs, which no design can better."""
    axes = {"width": (64, 8192), "depth": (4, 64), "tokens": (1e9, 1e12),
            "parameters": (1e7, 1e11), "x": (1, 1e4)}  # fmt: skip
    names = [n for n in axes if n in make_table(law, parameters, points=1)]
    grid = np.meshgrid(*[np.geomspace(*axes[n], side) for n in names])
    table = pd.DataFrame({n: g.ravel() for n, g in zip(names, grid, strict=True)})
    z = np.random.default_rng(0).uniform(-1, 1, len(table))  # no tails, no outliers
    table["loss"] = losses(law, parameters, table) * np.exp(noise * z)
    return table


@pytest.mark.parametrize(
    ("law", "true", "side"),
    [("power", POWER, 200), ("chinchilla", CHINCHILLA, 12), ("shape", SHAPE, 7)],
)
def test_many_good_data_identify_a_law_without_a_word(law: str, true: dict, side: int) -> None:
    table = even_table(law, true, side, noise=1e-4)
    options = {"x": "x"} if law == "power" else {}
    found = fit(table, law, resamples=0, loss="squared", starts=16, **options)
    assert found.findings == ()
    assert found.status is FitStatus.IDENTIFIED
    assert found.identified
    assert found.verdict.startswith("Identified: the data determine every parameter")
    assert found.short_verdict == "identified"
    for name, value in true.items():
        assert value in found.intervals[name] or found.parameters[name] == pytest.approx(
            value, abs=4 * found.standard_errors[name]
        )


def test_where_all_losses_are_equal_no_part_falls_and_nothing_is_given() -> None:
    table = pd.DataFrame({"x": np.geomspace(10, 1000, 12), "loss": 2.5})
    found = fit(table, "power", x="x", resamples=0)
    assert found.parameters["A"] == 0 and found.parameters["B"] == pytest.approx(2.5)
    assert about(found, FitStatus.TERM_VANISHED) == ["A"]
    assert found.held == {} and "given" not in found.verdict
    assert found.verdict.startswith("Not identified: A is 0: no part of the loss falls with x")


@pytest.mark.parametrize("residual", ["log", "plain"])
def test_losses_without_a_floor_have_it_at_its_bound(residual: str) -> None:
    """A pure power, bent down at the far end: the best floor would be negative."""
    table = make_table("power", POWER | {"B": 0.0}, points=40)
    table["loss"] -= 0.5 * table["loss"].min()
    found = fit(table, "power", x="x", residual=residual, **FAST)
    assert found.parameters["B"] == 0
    assert about(found, FitStatus.FLOOR_AT_BOUND) == ["B"]
    assert "the floor B is at the bound 0" in found.verdict
    assert not found.identified
    assert found.status is FitStatus.FORM
    assert found.verdict.startswith("Refused: the form does not hold: beyond x = ")


def test_floors_at_their_bound_are_counted_among_groups() -> None:
    true = truth("width", (0.9,), (1,), (1.7, 2.0, 0.0))
    table = make_table("width", true, points=60, noise=0.003)
    last = table["family"] == "gpt2"
    table.loc[last, "loss"] -= 0.5 * table.loc[last, "loss"].min()
    found = fit(table, "width", **FAST)
    assert about(found, FitStatus.FLOOR_AT_BOUND) == ["1 of 3 floors"]
    assert "such as B[gpt2/c4]" in found.verdict


def test_a_floor_that_is_held_is_not_at_its_bound() -> None:
    table = make_table("power", POWER | {"B": 0.0}, points=40, noise=0.003)
    found = fit(table, "power", x="x", fix={"B": 0.0}, **FAST)
    assert about(found, FitStatus.FLOOR_AT_BOUND) == []
    assert found.parameters["alpha"] == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("seed", range(3))
def test_tokens_in_proportion_to_width_cannot_be_told_from_it(seed: int) -> None:
    """Both are powers of one number: which exponent belongs to which, no data can say."""
    table = make_table("shape", SHAPE, points=60, seed=seed)
    table["tokens"] = 1e7 * table["width"]
    rng = np.random.default_rng(seed)
    table["loss"] = losses("shape", SHAPE, table) * np.exp(0.003 * rng.standard_normal(60))
    found = fit(table, "shape", **FAST)
    assert not found.identified
    assert about(found, FitStatus.COLLINEAR)
    assert "width and tokens" in about(found, FitStatus.COLLINEAR)


def test_collinear_parts_are_named_with_their_correlation() -> None:
    """Widths over a range so short that the power and the floor are one."""
    table = make_table("power", POWER, points=60, noise=1e-4)
    table["x"] = np.geomspace(100, 110, 60)
    rng = np.random.default_rng(0)
    table["loss"] = losses("power", POWER, table) * np.exp(1e-6 * rng.standard_normal(60))
    found = fit(table, "power", x="x", fix={"alpha": 0.5}, **FAST)
    assert about(found, FitStatus.COLLINEAR) == ["A and B"]
    said = text(found, FitStatus.COLLINEAR)
    assert said == "the parts of A and B cannot be told apart (correlation −0.9999)"


def test_parts_that_are_exactly_alike_are_singular_and_say_so() -> None:
    """Width is constant, its amplitude held, its exponent free: only a part of the floor."""
    table = make_table("shape", SHAPE, points=30, noise=0.003).assign(width=512.0)
    found = fit(table, "shape", fix={"c_m": 50.0}, **FAST)
    assert found.condition_number is None
    assert FitStatus.COLLINEAR in {f.status for f in found.findings}
    assert "change exactly alike" in text(found, FitStatus.COLLINEAR)
    assert not found.identified


def test_the_correlations_of_parts_are_those_of_a_regression() -> None:
    """With exponents held: amplitudes at the middle, and the floor."""
    table = make_table("chinchilla", CHINCHILLA, points=40, noise=0.01)
    from superscope.laws import FitOptions

    options = FitOptions(residual="plain", loss="squared", fix={"alpha": 0.34, "beta": 0.37})
    form = options.form("chinchilla")
    problem = make_problem(form, select(table, form, options).points, options)
    found = problem.solve(problem.points.weights[None])
    p = problem.parameters(found.exponents, found.linear)[0]
    names, correlations = part_correlations(problem, p, linearize(problem, p))
    design = np.column_stack([table["parameters"] ** -0.34, table["tokens"] ** -0.37, np.ones(40)])
    design /= np.linalg.norm(design, axis=0)
    inverse = np.linalg.inv(design.T @ design)
    d = np.sqrt(np.diagonal(inverse))
    assert names == ["A", "B", "E"]
    assert correlations == pytest.approx(inverse / np.outer(d, d), abs=1e-6)


def test_a_wide_interval_is_weak() -> None:
    """Depths from 16 to 32 alone."""
    table = make_table("shape", SHAPE, points=60, seed=2)
    table["depth"] = np.geomspace(16, 32, 60)
    rng = np.random.default_rng(0)
    table["loss"] = losses("shape", SHAPE, table) * np.exp(0.003 * rng.standard_normal(60))
    found = fit(table, "shape", **FAST)
    interval = found.profiles["a_l"].interval
    assert interval.high - interval.low > found.parameters["a_l"]
    assert about(found, FitStatus.UNDETERMINED) == ["a_l"]
    assert f"a_l lies anywhere in {interval} (by its profile)" in found.verdict
    assert not FitStatus.WEAK.severe and FitStatus.UNDETERMINED.severe


def test_an_influential_outlier_is_named() -> None:
    table = make_table("power", POWER, points=40, noise=0.003)
    table["model"] = [f"m{i}" for i in range(40)]
    at = int(table["x"].argmin())
    table.loc[at, "loss"] *= 1.2
    found = fit(table, "power", x="x", **FAST)
    named = [
        f for f in found.findings
        if f.status in (FitStatus.INFLUENTIAL, FitStatus.UNSTABLE_POINT)
    ]  # fmt: skip
    assert named and named[0].about == "alpha"
    assert f"without m{at} (" in named[0].text
    assert found.influences[0].name == f"m{at}"
    without = fit(table.drop(at), "power", x="x", **FAST).parameters["alpha"]
    both = told_apart(
        [found.parameters["alpha"], without], *vars(found.intervals["alpha"]).values()
    )
    assert f"alpha = {both[0]} becomes {both[1]} without m{at}" in named[0].text


def test_an_exponent_that_leaves_its_interval_without_one_point_hangs_on_it() -> None:
    """One far point against a cluster: the slope is its word alone."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"x": np.concatenate([np.geomspace(1, 100, 30), [1e5]])})
    table["loss"] = losses("power", POWER, table) * np.exp(1e-3 * rng.standard_normal(31))
    table.loc[30, "loss"] = 0.8  # the others say a floor of 1
    found = fit(table, "power", x="x", **FAST)
    assert "alpha" in about(found, FitStatus.UNSTABLE_POINT)
    assert "row 31" in text(found, FitStatus.UNSTABLE_POINT)
    assert "outside its interval" in text(found, FitStatus.UNSTABLE_POINT)
    assert not found.identified


def test_a_point_below_its_floor_is_named() -> None:
    true = truth("width", (0.9,), (1,), (1.7, 2.0, 1.5))
    table = make_table("width", true, points=60, noise=0.001)
    table["model"] = [f"m{i}" for i in range(60)]
    at = int(np.argsort(table["width"])[50])
    table.loc[at, "loss"] = 0.99 * true[f"B[{table['family'][at]}/{table['dataset'][at]}]"]
    found = fit(table, "width", **FAST)
    assert f"m{at} on" in found.verdict
    below = text(found, FitStatus.BELOW_FLOOR) + text(found, FitStatus.UNSTABLE_POINT)
    assert f"without m{at} on" in below


def test_two_regimes_move_with_exclusion() -> None:
    """The highest losses, of the smallest models, fall by another power."""
    table = pd.DataFrame({"x": np.geomspace(1, 1e4, 100)})
    rng = np.random.default_rng(0)
    loss = losses("power", POWER, table)
    loss[:20] *= np.geomspace(2, 1, 20)
    table["loss"] = loss * np.exp(0.003 * rng.standard_normal(100))
    found = fit(table, "power", x="x", resamples=0, starts=16)
    assert "alpha" in about(found, FitStatus.UNSTABLE_EXCLUSION)
    said = text(found, FitStatus.UNSTABLE_EXCLUSION)
    last = found.refits[-1]
    assert last.dropped == 20
    assert f"{last.parameters['alpha']:.3g} with 20" in said
    assert last.parameters["alpha"] == pytest.approx(0.5, abs=0.05)
    assert not found.identified


def test_what_a_model_s_losses_share_explains_that_an_exponent_moves() -> None:
    """Each model has four losses, which are alike: taken as independent they say too much."""
    by_row = fit("published-llms", "width", resamples=0, resample="row", starts=4, rules=(1,))
    by_model = fit("published-llms", "width", resamples=200, starts=4)
    (moved,) = [f for f in by_row.findings if f.status is FitStatus.UNSTABLE_EXCLUSION]
    assert moved.about == "alpha" and "becomes 0.716 with 16 points left out" in moved.text
    assert by_model.verdict.startswith("Identified, with reservations: ")
    assert {r.unit for r in by_model.refits[1:]} == {"model"}
    assert "without every point of model pythia-70m" in text(by_model, FitStatus.INFLUENTIAL)


def test_one_regime_does_not_move_with_exclusion() -> None:
    """Fewer points alone are no reason: at most a few seeds in thirty are remarked upon."""
    moved = 0
    for seed in range(30):
        table = make_table("power", POWER, points=40, seed=seed, noise=0.01)
        found = fit(table, "power", x="x", resamples=0, starts=2, loss="squared")
        moved += FitStatus.UNSTABLE_EXCLUSION in {f.status for f in found.findings}
    assert moved <= 6


def test_as_many_points_as_parameters_leave_no_freedom() -> None:
    found = fit(make_table("power", POWER, points=3), "power", x="x", **FAST)
    assert FitStatus.NO_DEGREES_OF_FREEDOM in {f.status for f in found.findings}
    assert "as many parameters as points" in found.verdict


def test_a_loss_that_does_not_fall_with_depth_has_lost_that_term() -> None:
    table = make_table("shape", SHAPE | {"c_l": 0.0}, points=60, noise=1e-3)
    # Deeper is slightly worse, which no positive amplitude can say.
    table["loss"] *= 1 + 1e-3 * np.log(table["depth"])
    found = fit(table, "shape", **FAST)
    assert about(found, FitStatus.TERM_VANISHED) == ["c_l"]
    assert "no part of the loss falls with depth" in found.verdict
    assert found.parameters["c_l"] == 0
    assert found.standard_errors["a_l"] is None
    assert "a_l" not in found.profiles
    assert not found.identified
    assert found.parameters["a_m"] == pytest.approx(0.9, abs=0.1)


def test_a_step_runs_into_the_highest_exponent() -> None:
    table = pd.DataFrame({"x": [1.0, *np.geomspace(2, 100, 30)], "loss": [3.0] + [1.0] * 30})
    found = fit(table, "power", x="x", **FAST)
    assert found.parameters["alpha"] == 8
    assert about(found, FitStatus.EXPONENT_AT_BOUND) == ["alpha"]
    assert "alpha is at 8, the edge of what was tried" in found.verdict


def test_an_interval_without_an_end_is_unbounded() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"x": [1.0, *np.geomspace(100, 1000, 19)]})
    table["loss"] = np.concatenate([[3.0], 1 + 0.01 * rng.standard_normal(19)])
    found = fit(table, "power", x="x", **FAST)
    assert found.parameters["alpha"] < 8
    assert about(found, FitStatus.UNBOUNDED) == ["alpha"]
    assert "the interval of alpha has no high end by its profile" in found.verdict
    assert not found.identified


def test_severe_findings_come_first_and_make_the_status() -> None:
    table = make_table("shape", SHAPE | {"c_l": 0.0}, points=60, noise=1e-3)
    table["loss"] *= 1 + 1e-3 * np.log(table["depth"])
    table.loc[0, "tokens"] *= 1e7
    found = fit(table, "shape", **FAST)
    severe = [f.status.severe for f in found.findings]
    assert severe == sorted(severe, reverse=True)
    assert found.status is found.findings[0].status
    assert found.identified is False
    for finding in found.findings:
        assert finding.text in found.verdict


def test_every_status_explains_itself() -> None:
    for status in FitStatus:
        assert status.meaning and not status.meaning.endswith(".")
        assert bool(status.remedy) is (status is not FitStatus.IDENTIFIED)
    assert not FitStatus.IDENTIFIED.severe
    assert len({s.meaning for s in FitStatus}) == len(FitStatus)


@pytest.mark.parametrize("law", TRUTHS)
def test_exact_data_are_identified(law: str) -> None:
    """What moves an exponent by rounding moves it by nothing."""
    x = "x" if law == "power" else None
    found = fit(simulate(law, noise=0.0), law, x=x, resamples=100, starts=16)
    assert found.identified, found.verdict


def test_a_rule_that_makes_the_law_is_named() -> None:
    """Losses of short runs lie on another law; leaving them out is a choice."""
    table = simulate("chinchilla", seed=2)
    table.loc[table.tokens < 5e9, "loss"] *= 1.15
    found = fit(table, "chinchilla", exclude="tokens < 5e9", resamples=100)
    assert "beta" in about(found, FitStatus.UNSTABLE_EXCLUSION)
    assert "without the rule tokens < 5e9" in text(found, FitStatus.UNSTABLE_EXCLUSION)


def test_an_interval_wider_than_the_exponent_is_severe() -> None:
    """Five models under five times the usual scatter: any exponent will do, or no end is known."""
    undetermined = []
    for seed in range(5):
        table = simulate("width", noise=0.15, seed=seed)
        few = table[(table.family == "family0") & (table.dataset == "text0")].iloc[:5]
        found = fit(few, "width")
        assert not found.identified
        undetermined.append(about(found, FitStatus.UNDETERMINED) == ["alpha"])
        interval = found.profiles["alpha"].interval
        wide = (interval.high or 0) - (interval.low or 0) > found.parameters["alpha"]
        assert undetermined[-1] == wide
    assert undetermined == [True, True, True, False, False]


def test_what_is_held_is_said_with_the_verdict() -> None:
    table = make_table("power", POWER, points=40, noise=1e-3)
    found = fit(table, "power", x="x", fix={"B": POWER["B"]}, **FAST)
    assert found.held_text == f"given B = {POWER['B']:.4g}"
    assert found.verdict.startswith(
        f"Identified, {found.held_text}: the data determine every other"
    )
    said = forecast(found, x=100.0).doubts
    assert any(found.held_text in doubt for doubt in said)
    grouped = fit(simulate("width"), "width", fix={"B": 2.0}, **FAST)
    assert grouped.held_text == "given every floor"


def test_a_floor_that_may_be_none_is_weak() -> None:
    table = simulate("power", parameters={"B": 0.02, "A": 3.0, "alpha": 0.2}, noise=0.02, seed=1)
    found = fit(table, "power", x="x", resamples=0)
    interval = found.intervals["B"]
    assert found.parameters["B"] > 0 and interval.low == 0
    assert about(found, FitStatus.WEAK) == ["B"]
    (weak,) = (f for f in found.findings if f.status is FitStatus.WEAK)
    assert "exponent" not in weak.remedy  # of a floor


def test_a_law_whose_form_does_not_hold_is_refused_before_anything_else() -> None:
    """Two powers: the parameters are well determined, and those of no law."""
    x = np.geomspace(50, 50_000, 40)
    rng = np.random.default_rng(0)
    loss = (30 * x**-0.9 + 2 * x**-0.15 + 1.5) * np.exp(0.003 * rng.standard_normal(40))
    table = pd.DataFrame({"x": x, "loss": loss})
    found = fit(table, "power", x="x", **FAST)
    assert found.status is FitStatus.FORM and found.findings[0].status is FitStatus.FORM
    assert not found.identified
    assert found.refused == found.form_test.reason != ""
    assert found.verdict.startswith(f"Refused: the form does not hold: {found.refused}.")
    assert found.short_verdict.startswith("refused (the form does not hold: x")
    assert found.headline == "Refused"
    assert Law.from_json(found.to_json()) == found
    said = law_summary(found)["form"]
    assert said["holds"] is False and said["column"] == "x" and 50 < said["beyond"] < 50_000
    assert (found.to_frame()["form_p"] == said["p"]).all()
    bare = fit(table, "power", x="x", judge=False, **FAST)
    assert bare.form_test is None and bare.refused == "" and np.isnan(bare.to_frame()["form_p"][0])


def test_a_verdict_says_what_was_not_tested() -> None:
    table = make_table("power", POWER, points=40, noise=1e-3)
    quick = fit(table, "power", x="x", **FAST)
    assert quick.verdict.endswith(
        "Not tested: the parameters on resampled points (no resamples were asked for)."
    )
    assert "whichever points are left out" not in quick.verdict
    resampled = fit(table, "power", x="x", **(FAST | {"resamples": 100}))
    assert resampled.untested == ()
    few = fit(table[:5], "power", x="x", **FAST)
    assert "the form (2 degrees of freedom are too few)" in few.untested


def test_residuals_larger_than_the_errors_they_are_weighed_by_are_a_reservation() -> None:
    table = make_table("power", POWER, points=40, noise=0.01)
    statuses = {}
    for share in (1.0, 0.2):
        stated = table.assign(loss_se=share * 0.01 * table["loss"])
        found = fit(stated, "power", x="x", weights="loss_se", **FAST)
        statuses[share] = about(found, FitStatus.EXCESS_NOISE)
    assert statuses == {1.0: [], 0.2: ["loss_se"]}
    assert "times as large as the stated errors (χ², p < 1e-6)" in found.verdict
    assert found.form_test.excess == pytest.approx(5, rel=0.4)
    unweighted = fit(stated, "power", x="x", **FAST)
    assert about(unweighted, FitStatus.EXCESS_NOISE) == []  # such errors are seldom all noise
    assert unweighted.form_test.scatter in str(unweighted)


def test_noise_that_depends_on_an_input_is_a_reservation() -> None:
    table = make_table("power", POWER, points=60)
    rng = np.random.default_rng(1)
    size = 0.001 * (table["x"] / table["x"].min()) ** 0.5
    table["loss"] = losses("power", POWER, table) * np.exp(size * rng.standard_normal(60))
    found = fit(table, "power", x="x", **FAST)
    assert about(found, FitStatus.NOISE_DEPENDS) == ["x"]
    assert "the size of the noise depends on x" in found.verdict


def test_repeated_rows_are_the_first_reservation() -> None:
    """Copies make every error too small, whatever else is said."""
    table = simulate("power", parameters={"B": 0.02, "A": 3.0, "alpha": 0.2}, noise=0.02, seed=1)
    found = fit(pd.concat([table, table[:3]]), "power", x="x", **FAST)
    statuses = [f.status for f in found.findings]
    assert statuses == [FitStatus.COLLINEAR, FitStatus.REPEATED, FitStatus.WEAK]
    assert "remove rows that are copies" in str(found)


def test_one_degree_of_freedom_is_a_reservation() -> None:
    table = make_table("power", POWER, points=6, noise=1e-4)
    for left in (1, 2, 3):
        found = fit(table[: 3 + left], "power", x="x", **FAST)
        said = text(found, FitStatus.LITTLE_FREEDOM)
        degree = "degree" if left == 1 else "degrees"
        assert said == ("" if left == 3 else f"only {left} {degree} of freedom")
    found = fit(table[:4], "power", x="x", **FAST)
    assert "the form (1 degree of freedom is too few)" in found.untested
    assert "rms for 1 degree of freedom)" in str(found)


def test_what_moves_is_told_from_what_it_was() -> None:
    assert told_apart([0.3, 0.3012]) == ("0.3000", "0.3012")
    assert told_apart([0.684, 0.911]) == ("0.684", "0.911")
    assert told_apart([0.3, 0.35004], 0.35001) == ("0.30000", "0.35004")
    assert told_apart([0.5, 0.5, math.nan]) == ("0.5", "0.5", "nan")


def test_remedies_are_those_that_can_be_taken() -> None:
    """No weights that the table lacks, no resampling by what is resampled, no exponent of B."""
    x = np.geomspace(1, 1e4, 60)
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"x": x, "loss": 3 * x**-0.5 + 1})
    table["loss"] *= np.exp(0.001 * x**0.4 * rng.standard_normal(60))
    remedies = {}
    for name, stated in (("none", table), ("stated", table.assign(loss_se=0.01))):
        found = fit(stated, "power", x="x", **FAST)
        (remedies[name],) = (f.remedy for f in found.findings if f.about == "x")
    assert remedies["none"].startswith("take intervals that are resampled")
    assert remedies["stated"].startswith("weigh the points (weights loss_se); or take")
    kinds = table.assign(run=[*"abcdef"] * 10, kind=[*"uv"] * 30)
    found = fit(kinds, "power", x="x", resample="run", **FAST)
    pooled = {f.text.split()[0]: f.remedy for f in found.findings if f.status is FitStatus.POOLED}
    assert "in resample" in pooled["kind"] and "in resample" not in pooled["run"]
