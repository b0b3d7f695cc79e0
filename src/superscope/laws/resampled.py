"""What a fit's parameters come to on other points like its own, and the intervals that follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from superscope.laws.formula import Floats
from superscope.laws.intervals import (
    Interval,
    bca,
    linear_interval,
    logarithmic_interval,
    one_sided,
    widened,
)
from superscope.laws.linearization import Linearization
from superscope.laws.monte_carlo import SURE, ends_and_errors, hangs_on_the_draw
from superscope.laws.no_floor import floor_is_open, steepest
from superscope.laws.options import FitOptions
from superscope.laws.points import Points
from superscope.laws.problem import FEW_RUNS, LEAST_UNITS, Problem
from superscope.laws.resampling import (
    bootstrap,
    covariance_of_units,
    determined_without,
    failed_fits,
    jackknife,
    jackknife_covariance,
    unmoved,
)
from superscope.laws.status import Finding, FitStatus
from superscope.text import counted, number, rounded

ROUNDS = 4  # of resamples, each as many as there are by then: eight times those asked for
NEAR = 1.0  # Monte Carlo errors from what a verdict turns on, within which it is borderline
FAILED = 0.1  # share of resampled fits that fail, beyond which the others are not trusted
NO_WIDTH = 1e-9  # width of an interval, as a share of the value, below which it has none


@dataclass(frozen=True, eq=False)
class Resampled:
    """A law fitted again to resamples or without each unit, as far as either is of use.

    Attributes
    ----------
    method
        How intervals are made: see :attr:`superscope.laws.Law.interval_method`.
    bootstrap, without
        Parameters of the resamples, (R, P), and without each unit, (U, P); empty without them.
    findings
        What there is to say of it.
    """

    method: str
    bootstrap: Floats
    without: Floats
    findings: tuple[Finding, ...] = ()

    def errors(self, problem: Problem, parameters: Floats, linear: Linearization) -> Floats:
        """Return the parameters' standard errors by the method, shape (P,)."""
        independent = np.sqrt(np.diagonal(linear.covariance))
        if len(self.bootstrap):
            errors = np.asarray(np.nanstd(self.bootstrap, axis=0), np.float64)
            return np.where(unmoved(errors, parameters), independent, errors)
        if self.method == "jackknife":
            terms = problem.equations.terms
            found = jackknife_covariance(self.without, parameters, terms, linear.covariance)
            return np.sqrt(np.diagonal(found))
        return independent

    def intervals(
        self, problem: Problem, parameters: Floats, linear: Linearization
    ) -> dict[str, Interval]:
        """Return the 95 % interval of each parameter."""
        jackknifed = self.method == "jackknife"
        freedom = len(self.without) - 1 if jackknifed else linear.degrees_of_freedom
        errors = self.errors(problem, parameters, linear)
        found = {}
        for i, name in enumerate(problem.names):
            low, high = float(problem.low[i]), float(problem.high[i])
            if low == high:
                found[name] = Interval(float(parameters[i]), float(parameters[i]))
                continue
            of = self._interval(problem, i, float(parameters[i]), bool(linear.free[i]))
            if of is None and linear.free[i]:
                logarithmic = jackknifed and i in range(0, 2 * problem.equations.terms, 2)
                student = logarithmic_interval if logarithmic else linear_interval
                of = student(float(parameters[i]), float(errors[i]), freedom, low, high)
            of = of or Interval(None, None)
            scatters = linear.covariance[i, i] > (NO_WIDTH * parameters[i]) ** 2
            if linear.free[i] and _has_no_width(of) and scatters:
                of = Interval(None, None)  # residuals scatter, and the resamples do not show it
            found[name] = _open(of, low, high) if name in problem.form.exponents else of
        student_s = self.method == "jackknife" or (self.method == "linear" and freedom > 0)
        if student_s and floor_is_open(problem, parameters):
            found |= self._without_floor(problem, parameters, linear, found)
        return found

    def _without_floor(
        self,
        problem: Problem,
        parameters: Floats,
        linear: Linearization,
        intervals: Mapping[str, Interval],
    ) -> dict[str, Interval]:
        """Return intervals of amplitudes and exponents whose upper ends allow for a floor."""
        units = self.method == "jackknife"
        unit = problem.points.unit if units else np.arange(len(problem.points))
        freedom = len(self.without) - 1 if units else linear.degrees_of_freedom
        found = {}
        for i in range(problem.equations.terms):
            names = problem.names[2 * i : 2 * i + 2]
            high = intervals[names[1]].high
            if not linear.free[2 * i + 1] or high is None:
                continue
            most = steepest(problem, parameters, i, high, unit=unit, freedom=freedom)
            for at, name in enumerate(names, start=2 * i):
                if linear.free[at] and (own := intervals[name].high) is not None:
                    end = None if most is None else max(own, float(most[at]))
                    found[name] = Interval(intervals[name].low, end)
        return found

    def _interval(self, problem: Problem, i: int, value: float, free: bool) -> Interval | None:
        """Return a parameter's interval from the resamples; None where there are none."""
        if self.method == "none":
            return Interval(None, None)
        if not len(self.bootstrap):
            return None
        z = widened(len(self.without))
        if not free:
            return one_sided(self.bootstrap[:, i], value, float(problem.low[i]), z)
        return bca(self.bootstrap[:, i], value, self.without[:, i], z)


def resample(
    problem: Problem,
    parameters: Floats,
    linear: Linearization,
    starts: Floats,
    *,
    options: FitOptions,
    left_out: Floats,
) -> Resampled:
    """Fit again to resamples, or without each of a few runs, where that says something.

    The points of a run may share more than noise; a bootstrap of few runs shows too little of it,
    and has ends that hang on single resamples.

    Where what the judge says hangs on the draw, up to eight times the resamples are made. He asks
    how wide an exponent's interval is, and whether `left_out`, (K, P), is in it: parameters under
    other exclusions, not a number where none is to be asked about.
    """
    points = problem.points
    units = points.unit_count
    nothing = np.empty((0, len(parameters)))
    few = units < FEW_RUNS
    if not points.independent and (few or not options.resamples):
        without = nothing
        if linear.degrees_of_freedom > 0 and determined_without(problem, parameters, linear):
            without = jackknife(problem, starts, points.unit)
        known = len(without) > 0 and bool(np.isfinite(without).all())
        same = _same_without_each(problem, without, parameters, linear) if known else []
        findings = (_few(points, units, known, same),) if few else ()
        if not known:
            return Resampled("linear", nothing, nothing, findings)
        return Resampled("jackknife", nothing, without, findings)
    free = len(points) - linear.degrees_of_freedom
    if not options.resamples or units < LEAST_UNITS or len(points) < 2 * free:
        return Resampled("linear", nothing, nothing)
    rng = np.random.default_rng(options.seed)
    without = jackknife(problem, starts, points.unit)
    asked = np.vstack([left_out, without]) if options.judge else left_out[:0]
    judged = [i for i, name in enumerate(problem.names) if name in problem.form.exponents]
    judged = [i for i in judged if linear.free[i] and options.judge]
    drawn = nothing
    for done in range(ROUNDS):
        count = max(len(drawn), options.resamples)
        drawn = np.vstack([drawn, bootstrap(problem, starts, count, rng)])
        failed = failed_fits(problem, drawn)
        if failed.mean() > FAILED:
            return Resampled("none", nothing, nothing, (_failed(int(failed.sum()), len(failed)),))
        sure = SURE if done < ROUNDS - 1 else NEAR
        unsure = [
            i for i in judged
            if hangs_on_the_draw(drawn[~failed, i], parameters[i], without[:, i], asked[:, i], sure)
        ]  # fmt: skip
        if not unsure:
            break
    found = tuple(
        _borderline(problem.names[i], drawn[~failed, i], float(parameters[i]), without[:, i])
        for i in unsure
    )
    return Resampled("bca", drawn[~failed], without, found)


def _same_without_each(
    problem: Problem, without: Floats, parameters: Floats, linear: Linearization
) -> list[str]:
    """Return the free parameters that fits without each unit leave as they are."""
    found = covariance_of_units(without, parameters, problem.equations.terms)
    same = unmoved(np.sqrt(np.diagonal(found)), parameters)
    return [problem.names[i] for i in np.flatnonzero(linear.free & same)]


def _few(points: Points, units: int, known: bool, same: Sequence[str]) -> Finding:
    how = (
        f"the intervals are Student's with {counted(units - 1, 'degree')} of freedom"
        if known
        else "the intervals take every point as independent"
    )
    if same:
        names = " and ".join(same)
        how += f"; {names} without each is the same, so its error is that of independent points"
    text = f"{counted(units, points.units)} tell little of what the points of each share: {how}"
    return Finding(FitStatus.FEW_RUNS, points.units, text)


def _borderline(name: str, drawn: Floats, value: float, without: Floats) -> Finding:
    ends, errors, _ = ends_and_errors(drawn, value, without)
    said = " and ".join(
        f"{rounded(end)} ± {number(error, 1)}"
        for end, error in zip(map(float, ends), map(float, errors), strict=True)
    )
    text = (
        f"the verdict turns on where the interval of {name} ends, and {len(drawn):,} resamples say "
        f"it only to within their Monte Carlo errors: {said}"
    )
    return Finding(FitStatus.BORDERLINE, name, text)


def _failed(failed: int, count: int) -> Finding:
    text = (
        f"{failed:,} of {count:,} resampled fits did not move from their start, so no "
        "intervals are reported"
    )
    return Finding(FitStatus.RESAMPLES_FAILED, "", text)


def _has_no_width(interval: Interval) -> bool:
    if interval.low is None or interval.high is None:
        return False
    return interval.high - interval.low <= NO_WIDTH * abs(interval.high)


def _open(interval: Interval, low: float, high: float) -> Interval:
    """Return an exponent's interval without the ends that are only the search's own."""
    return Interval(
        None if interval.low is None or interval.low <= low else interval.low,
        None if interval.high is None or interval.high >= high else interval.high,
    )
