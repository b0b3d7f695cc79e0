"""A law: fitted, judged, and ready to predict."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload

import numpy as np
import numpy.typing as npt
import pandas as pd

from superscope.errors import FormatError, UsageError
from superscope.laws import formula
from superscope.laws._profile import Profile
from superscope.laws.check import wrong_form, wrong_points
from superscope.laws.exclusion import Excluded
from superscope.laws.form_test import FormTest
from superscope.laws.formula import Floats, Form
from superscope.laws.inputs import Inputs, by_column, groups_of, inputs_of, number_of
from superscope.laws.intervals import LEVEL, Interval, Uncertainty
from superscope.laws.judged import Judged
from superscope.laws.linearization import noise_of
from superscope.laws.noise import Noise
from superscope.laws.options import FitOptions
from superscope.laws.points import Points
from superscope.laws.prediction import Band, Scatter, expected, new_models
from superscope.laws.problem import make_problem, parameter_names
from superscope.laws.resampling import jackknife_covariance
from superscope.laws.stability import Influence, Refit
from superscope.laws.status import Finding
from superscope.plotting import Pictured
from superscope.result import Result
from superscope.serialize import decode
from superscope.text import counted

FORMAT = 5
LEAST_NOISE = 1e-300  # of points that a law passes through
NO_LAW = "this is not a law that superscope fit wrote"


@dataclass(frozen=True, eq=False)
class Law(Judged, Result, Pictured):
    """A scaling law fitted to points, with what is known of its parameters and what is wrong.

    Losses are in nats per token, or whatever the table holds.

    Attributes
    ----------
    format, version
        Of the file a law is kept in, and of the superscope that fitted it.
    form, options, grouped_by
        The law's form, how it was fitted, and the columns that make groups.
    points, excluded
        What it was fitted to, and what was left out by which rule.
    parameters
        By name: amplitudes, exponents, floors (``B[group]`` where there are groups).
    standard_errors
        From the joint Jacobian; None where nothing determines one, 0 of a parameter held.
    intervals, interval_method
        95 % intervals, and how they were made: ``bca`` (case resampling of `points.units`),
        ``jackknife`` (where points belong to fewer than ten runs, or there are no resamples:
        Student's, from fits without each run) or ``linear`` (Student's, from the standard errors);
        ``none`` where resampled fits failed.
    profiles
        Of the free exponents.
    objective
        Σρ over the points, times their weights: ρ(r) is r²/2 or Huber's function of residuals.
    degrees_of_freedom
        Points minus parameters that are neither held nor at a bound.
    share_of_starts, converged
        Share of the searches that ended in the best minimum; whether the best one converged.
    condition_number
        Of the joint Jacobian, amplitudes at the middle of the data; None: singular.
    covariance, correlations
        Of the parameters in the order of `parameters`, shape (P, P).
    bootstrap, jackknife
        Parameters of the resamples, shape (R, P), and without each resampling unit, (U, P); NaN
        where the points left do not determine one.
    refits, influences
        The law under other exclusions; the points that matter most.
    form_test
        Whether its form holds; None where the fit was not judged.
    findings
        Every reason to doubt it.
    notes
        What was not as usual about the table, and how its numbers were read.

    Source: definitions of LLG25, H22, B24, L26d, L26t (see `form.source`).
    """

    format: int
    version: str
    form: Form
    options: FitOptions
    grouped_by: tuple[str, ...]
    points: Points
    excluded: tuple[Excluded, ...]
    parameters: dict[str, float]
    standard_errors: dict[str, float | None]
    intervals: dict[str, Interval]
    interval_method: str
    profiles: dict[str, Profile]
    objective: float
    degrees_of_freedom: int
    share_of_starts: float
    converged: bool
    condition_number: float | None
    covariance: Floats
    correlations: Floats
    bootstrap: Floats
    jackknife: Floats
    refits: tuple[Refit, ...]
    influences: tuple[Influence, ...]
    form_test: FormTest | None
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()

    @property
    def uncertainty(self) -> Uncertainty:
        """How uncertain the parameters are, for intervals of what follows from them."""
        terms, covariance, freedom = len(self.form.terms), self.covariance, self.degrees_of_freedom
        if self.interval_method == "none":
            covariance = np.full_like(covariance, np.nan)
        elif self.interval_method == "jackknife":
            covariance = jackknife_covariance(self.jackknife, self.vector, terms, covariance)
            freedom = len(self.jackknife) - 1
        return Uncertainty(
            self.vector, terms, self.bootstrap, self.jackknife, covariance, freedom,
            self.options.seed,
        )  # fmt: skip

    @property
    def fitted(self) -> Floats:
        """The law's loss at its points, shape (n,)."""
        return self.loss(self.points.inputs, self.points.group)

    @property
    def parts_of_points(self) -> Floats:
        """The fitted loss of its points by terms and floor, shape (n, k + 1)."""
        return self.parts(self.points.inputs, self.points.group)

    @property
    def residuals(self) -> Floats:
        """Measured minus fitted losses, or their logarithms' difference, as the fit has it."""
        if self.form.residual == "log":
            return np.asarray(np.log(self.points.loss / self.fitted), np.float64)
        return np.asarray(self.points.loss - self.fitted, np.float64)

    @property
    def mean_square_residual(self) -> float:
        """Mean of the squared residuals."""
        return float(np.mean(self.residuals**2))

    @property
    def residual_scale(self) -> float:
        """Standard deviation of a residual, corrected for the parameters fitted; NaN if none."""
        total = float(np.sum(self.points.weights * self.residuals**2))
        freedom = self.degrees_of_freedom
        return math.sqrt(total / freedom) if freedom > 0 else math.nan

    @cached_property
    def noise(self) -> Noise:
        """How large residuals of weight 1 are: as large everywhere, or a power of an input."""
        free = np.array([bool(error) for error in self.standard_errors.values()])
        problem = make_problem(self.form, self.points, self.options)
        return noise_of(problem, self.vector, free)

    @property
    def vector(self) -> Floats:
        """The parameters in their order, shape (P,)."""
        return np.array(list(self.parameters.values()))

    def loss(
        self, inputs: Floats, group: npt.NDArray[np.int64], parameters: Floats | None = None
    ) -> Floats:
        """Return the loss at inputs (N, k), offsets subtracted, of groups by number (N,).

        With `parameters` of shape (R, P) the result has shape (R, N).
        """
        return np.asarray(self.parts(inputs, group, parameters).sum(axis=-1), np.float64)

    def parts(
        self, inputs: Floats, group: npt.NDArray[np.int64], parameters: Floats | None = None
    ) -> Floats:
        """Return the loss by its terms and the floor: a last axis of k + 1."""
        return formula.parts(inputs, group, self.vector if parameters is None else parameters)

    def group_number(self, group: str | None) -> int:
        """Return the number of a group by its label; None where there is only one.

        Raises
        ------
        UsageError
            No such group, or a choice to be made.
        """
        return number_of(group, self.points.groups, self.grouped_by)

    def inputs_of(self, values: Mapping[str, npt.ArrayLike]) -> Floats:
        """Return inputs (N, k), offsets subtracted, from values by column; one value serves all.

        Raises
        ------
        UsageError
            A column missing or unknown to the law, or a value it cannot take.
        """
        return inputs_of(self.form, values)

    # fmt: off
    @overload
    def predict(self, x: Inputs | None = ..., /, *, interval: None = ..., new: bool = ...,
                group: str | Sequence[str] | None = ..., **values: npt.ArrayLike) -> Floats: ...
    @overload
    def predict(self, x: Inputs | None = ..., /, *, interval: float, new: bool = ...,
                group: str | Sequence[str] | None = ..., **values: npt.ArrayLike) -> Band: ...
    # fmt: on

    def predict(
        self,
        x: Inputs | None = None,
        /,
        *,
        interval: float | None = None,
        new: bool = False,
        group: str | Sequence[str] | None = None,
        **values: npt.ArrayLike,
    ) -> Floats | Band:
        """Return the law's loss, with an interval where one is asked for.

        Parameters
        ----------
        x
            A data frame or mapping with the law's columns, an array (N, k) of them in the law's
            order, or an array (N,) where the law has one input.
        interval
            Level of the interval, such as 0.95; None: losses alone.
        new
            Whether the interval is that of one new model's loss, with a residual, rather than of
            the law's own value.
        group
            Whose floor, one for all inputs or one each; default: the frame's own columns.
        **values
            The inputs by column instead, a number or a sequence each.

        Returns
        -------
        numpy.ndarray or Band
            Losses, shape (N,); with an interval a :class:`Band` of them and the interval's ends.

        Raises
        ------
        UsageError
            An input missing, unknown or out of range; no such group; a level outside (0, 1).

        Examples
        --------
        >>> from superscope import laws
        >>> law = laws.fit(laws.simulate("time", noise=0.001), "time", resamples=0)
        >>> law.predict(tokens=[1e12, 1e13]).round(2)
        array([2.07, 2.03])
        >>> law.predict(tokens=[1e12, 1e13], interval=0.95).to_frame().round(3)
            loss    low   high
        0  2.071  2.070  2.072
        1  2.034  2.032  2.035
        """
        if x is not None and values:
            raise UsageError("give the inputs in one way: as x, or by name")
        inputs = self.inputs_of(values if x is None else by_column(self.form, x))
        if group is None and isinstance(x, pd.DataFrame):
            group = groups_of(x, self.grouped_by)
        if group is None or isinstance(group, str):
            at = np.full(len(inputs), self.group_number(group))
        else:
            at = np.array([self.group_number(g) for g in group], np.int64)
        if len(at) != len(inputs):
            raise UsageError(f"{len(at)} groups are given for {len(inputs)} inputs")
        if interval is None:
            return self.loss(inputs, at)
        if not 0 < interval < 1:
            raise UsageError(f"interval is a level between 0 and 1, not {interval:g}")
        return self.band(inputs, at, interval, new=new)

    def band(
        self,
        inputs: Floats,
        group: npt.NDArray[np.int64],
        level: float = LEVEL,
        *,
        new: bool = False,
    ) -> Band:
        """Return losses with intervals at inputs (N, k), offsets subtracted; see `predict`."""
        noise = self.noise
        roots = np.sqrt(self.points.weights)
        relative = self.residuals * roots / np.maximum(noise.at(self.points.inputs), LEAST_NOISE)
        scatter = Scatter(self.form.residual == "log", relative, noise)
        of = new_models if new else expected
        return of(self.uncertainty, scatter, inputs, group, level)

    def to_frame(self) -> pd.DataFrame:
        """Return the columns parameter, estimate, standard_error, low, high and form_p, a row each.

        What nothing determines is NaN; of a parameter that was held the standard error is 0.
        form_p is that of the test of the form, the same in every row; NaN where there was none.

        Examples
        --------
        >>> from superscope import laws
        >>> law = laws.fit(laws.simulate("time", noise=0.001), "time", resamples=0)
        >>> list(law.to_frame()["parameter"])
        ['c', 'alpha', 'B']
        """
        ends = [self.intervals[name] for name in self.parameters]
        p = None if self.form_test is None else self.form_test.p
        return pd.DataFrame(
            {
                "parameter": list(self.parameters),
                "estimate": self.vector,
                "standard_error": np.array(
                    [self.standard_errors[name] for name in self.parameters], np.float64
                ),
                "low": np.array([e.low for e in ends], np.float64),
                "high": np.array([e.high for e in ends], np.float64),
                "form_p": np.nan if p is None else p,
            }
        )

    @staticmethod
    def from_json(text: str) -> Law:
        """Return the law that :meth:`to_json` wrote.

        Raises
        ------
        FormatError
            The text is not a law, or one of another format.
        """
        try:
            written = json.loads(text)
        except (ValueError, RecursionError):
            written = None
        if not isinstance(written, dict) or "format" not in written or "form" not in written:
            raise FormatError(NO_LAW)
        if written["format"] != FORMAT:
            raise FormatError(
                f"this law has format {written['format']!r} (superscope "
                f"{written.get('version', '?')}); this superscope reads format {FORMAT}: "
                "fit it again"
            )
        law = decode(Law, text)
        wrong = wrong_form(law.form) or wrong_points(law.form, law.points) or _wrong_parameters(law)
        if wrong:
            raise FormatError(f"{NO_LAW}: {wrong}")
        return law

    def __eq__(self, other: object) -> bool:
        """Whether two laws are the same in everything."""
        return isinstance(other, Law) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        """Return the hash of all there is."""
        return hash(self.to_json())

    def __repr__(self) -> str:
        """Return the law, its points and its headline in one line."""
        points = counted(len(self.points), "point")
        return f"Law({self.form.name}, {points}: {self.headline.lower()})"


def _wrong_parameters(law: Law) -> str:
    """Return what is wrong with the parameters of a law that was read; empty if nothing is."""
    names = list(parameter_names(law.form, law.points.groups))
    if list(law.parameters) != names:
        return f"its parameters are {', '.join(law.parameters)}, not {', '.join(names)}"
    size = len(names)
    shapes = {
        "covariance": (law.covariance.shape, (size, size)),
        "correlations": (law.correlations.shape, (size, size)),
        "bootstrap": (law.bootstrap.shape[1:], (size,)),
        "jackknife": (law.jackknife.shape[1:], (size,)),
    }
    for name, (shape, fitting) in shapes.items():
        if shape != fitting:
            return f"{name} has the shape {shape}, not {fitting}"
    powers = law.vector[: 2 * len(law.form.terms)]  # a floor may be bounded below 0
    if not (np.isfinite(law.vector).all() and (powers >= 0).all()):
        return "a parameter is negative or not finite"
    if {*law.intervals} != {*names} or {*law.standard_errors} != {*names}:
        return "its intervals are not of its parameters"
    if law.degrees_of_freedom >= len(law.points) or (len(law.bootstrap) and not len(law.jackknife)):
        return "its degrees of freedom or its resamples do not fit its points"
    return ""
