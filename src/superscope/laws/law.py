"""A law: fitted, judged, and ready to predict."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from superscope.errors import FormatError, UsageError, did_you_mean
from superscope.laws import formula
from superscope.laws._profile import Profile
from superscope.laws.exclusion import Excluded
from superscope.laws.forms import FORMS, Form
from superscope.laws.options import FitOptions
from superscope.laws.points import Points
from superscope.laws.problem import parameter_names
from superscope.laws.stability import Influence, Refit
from superscope.laws.status import Finding, FitStatus
from superscope.laws.uncertainty import Interval
from superscope.serialize import decode, encode
from superscope.text import as_html, as_text, counted

Floats = npt.NDArray[np.float64]

FORMAT = 1


@dataclass(frozen=True, eq=False)
class Law:
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
    intervals
        95 %, by `interval_method`: ``bca`` (case resampling of `points.units`) or ``linear``
        (Student's, from the standard errors).
    profiles
        Of the free exponents.
    objective
        Σρ over the points.
    freedom
        Points minus parameters that are neither held nor at a bound.
    share_of_starts, converged
        Share of the searches that ended in the best minimum; whether the best one converged.
    condition_number
        Of the joint Jacobian, amplitudes at the middle of the data; None: singular.
    covariance, correlations
        Of the parameters in the order of `parameters`, shape (P, P).
    draws, without
        Parameters of the resamples, shape (R, P), and without each resampling unit, (U, P); not
        a number where the points left do not determine one.
    refits, influences
        The law under other exclusions; the points that matter most.
    findings
        Every reason to doubt it.

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
    freedom: int
    share_of_starts: float
    converged: bool
    condition_number: float | None
    covariance: Floats
    correlations: Floats
    draws: Floats
    without: Floats
    refits: tuple[Refit, ...]
    influences: tuple[Influence, ...]
    findings: tuple[Finding, ...]

    @property
    def status(self) -> FitStatus:
        """The gravest finding, or that the law is identified."""
        ordered = sorted(self.findings, key=lambda f: not f.status.severe)
        return ordered[0].status if ordered else FitStatus.IDENTIFIED

    @property
    def identified(self) -> bool:
        """Whether no finding is severe."""
        return not any(f.status.severe for f in self.findings)

    @property
    def given(self) -> str:
        """What was held and not fitted: ``given alpha = 1``; empty if nothing was."""
        k = 2 * len(self.form.terms)
        floors = list(self.parameters)[k:]
        held = [name for name, error in self.standard_errors.items() if error == 0.0]
        if len(floors) > 1 and set(floors) <= set(held):
            held = [name for name in held if name not in floors] + ["every floor"]
        said = [f"{n} = {self.parameters[n]:.4g}" if n in self.parameters else n for n in held]
        return f"given {', '.join(said)}" if said else ""

    @property
    def headline(self) -> str:
        """Whether the law is identified, and given what."""
        said = "Not identified"
        if self.identified:
            said = "Identified, with reservations" if self.findings else "Identified"
        return said + (f", {self.given}" if self.given else "")

    @property
    def verdict(self) -> str:
        """What the judge says, in a sentence or two."""
        severe = [f.text for f in self.findings if f.status.severe]
        doubts = [f.text for f in self.findings if not f.status.severe]
        if severe:
            said = f"{self.headline}: " + "; ".join(severe) + "."
            return said + (" Also: " + "; ".join(doubts) + "." if doubts else "")
        if doubts:
            return f"{self.headline}: " + "; ".join(doubts) + "."
        others = " other" if self.given else ""
        return (
            f"{self.headline}: the data determine every{others} parameter, whichever points are "
            "left out."
        )

    @property
    def short_verdict(self) -> str:
        """The verdict by its kinds: ``not identified (floor at its bound: E)``."""
        kinds: dict[str, list[str]] = {}
        for f in self.findings:
            if f.status.severe or self.identified:
                kinds.setdefault(f.status.value, []).append(f.about)
        said = "; ".join(
            f"{k}: {', '.join(filter(None, a))}".rstrip(": ") for k, a in kinds.items()
        )
        headline = self.headline[0].lower() + self.headline[1:]
        return f"{headline} ({said})" if said else headline

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
        return math.sqrt(total / self.freedom) if self.freedom > 0 else math.nan

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
        groups = self.points.groups
        if group is None:
            if len(groups) == 1:
                return 0
            raise UsageError(
                f"the law has a floor for each {' and '.join(self.grouped_by)}; name a group: "
                + ", ".join(groups)
            )
        if group not in groups:
            if groups == ("",):
                raise UsageError(f"the law has one floor and no groups; {group!r} is none")
            hint = did_you_mean(group, groups)
            raise UsageError(f"no group {group!r}; {hint}groups: {', '.join(groups)}")
        return groups.index(group)

    def inputs_of(self, values: Mapping[str, float | Sequence[float]]) -> Floats:
        """Return inputs (N, k) from values by column; one value serves all.

        Raises
        ------
        UsageError
            A column missing or unknown to the law, or a value it cannot take.
        """
        missing = [c for c in self.form.columns if values.get(c) is None]
        if missing:
            raise UsageError(
                f"the law {self.form.name} needs " + ", ".join(f"--{c}" for c in missing)
            )
        unused = [c for c in values if values[c] is not None and c not in self.form.columns]
        if unused:
            raise UsageError(
                f"the law {self.form.name} has no {', '.join(unused)}; it has "
                + ", ".join(self.form.columns)
            )
        columns = []
        for term in self.form.terms:
            column = np.atleast_1d(np.asarray(values[term.column], np.float64)) - term.offset
            if not (np.isfinite(column).all() and (column > 0).all()):
                raise UsageError(f"{term.column} must be a number above {term.offset:g}")
            columns.append(column)
        lengths = {len(c) for c in columns} - {1}
        if len(lengths) > 1:
            raise UsageError("give each input one value, or all the same number of values")
        return np.column_stack(np.broadcast_arrays(*columns))

    def predict(self, *, group: str | None = None, **values: float | Sequence[float]) -> Floats:
        """Return the law's loss: ``law.predict(width=4096, depth=32, tokens=1e12)``."""
        inputs = self.inputs_of(values)
        return self.loss(inputs, np.full(len(inputs), self.group_number(group)))

    def to_json(self) -> str:
        """Return the law as one line of JSON, nothing lost."""
        return encode(self, lambda _: {})

    @staticmethod
    def from_json(text: str) -> Law:
        """Return the law that :meth:`to_json` wrote.

        Raises
        ------
        FormatError
            The text is no law, or one of another format.
        """
        try:
            written = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise FormatError(f"this is no law: {error}") from None
        if not isinstance(written, dict) or "format" not in written or "form" not in written:
            raise FormatError("this JSON is no law that superscope fit wrote")
        if written["format"] != FORMAT:
            raise FormatError(
                f"this law has format {written['format']!r} (superscope "
                f"{written.get('version', '?')}); this superscope reads format {FORMAT}: "
                "fit it again"
            )
        law = decode(Law, text)
        wrong = _wrong(law)
        if wrong:
            raise FormatError(f"this is no law that superscope fit wrote: {wrong}")
        return law

    def __eq__(self, other: object) -> bool:
        """Whether two laws are the same in everything."""
        return isinstance(other, Law) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        """Return the hash of all there is."""
        return hash(self.to_json())

    def __str__(self) -> str:
        """Return the verdict, the parameters and what was left out, as lines of text."""
        return as_text(self)

    def __repr__(self) -> str:
        """Return the law, its points and its headline in one line."""
        points = counted(len(self.points), "point")
        return f"Law({self.form.name}, {points}: {self.headline.lower()})"

    def _repr_html_(self) -> str:
        return as_html(self)


def _wrong(law: Law) -> str:
    """Return what does not fit together in a law that was read; empty if it does."""
    form, points = law.form, law.points
    known = FORMS.get(form.name)
    named = [(t.amplitude, t.exponent) for t in form.terms]
    if known is None or named != [(t.amplitude, t.exponent) for t in known.terms]:
        return f"{form.name!r} with terms {named} is no form"
    if form.loss not in ("huber", "squared") or form.residual not in ("log", "plain"):
        return f"its objective is {form.loss!r} of {form.residual!r} residuals"
    names = list(parameter_names(form, points.groups))
    if list(law.parameters) != names:
        return f"its parameters are {', '.join(law.parameters)}, not {', '.join(names)}"
    n, k, size = len(points.loss), len(named), len(names)
    shapes = {
        "inputs": (points.inputs.shape, (n, k)), "weights": (points.weights.shape, (n,)),
        "group": (points.group.shape, (n,)), "unit": (points.unit.shape, (n,)),
        "rows": (points.rows.shape, (n,)), "labels": ((len(points.labels),), (n,)),
        "covariance": (law.covariance.shape, (size, size)),
        "correlations": (law.correlations.shape, (size, size)),
        "draws": (law.draws.shape[1:], (size,)), "without": (law.without.shape[1:], (size,)),
    }  # fmt: skip
    for name, (found, expected) in shapes.items():
        if found != expected:
            return f"{name} has the shape {found}, not {expected}"
    for name, numbers in {
        "a loss": points.loss, "an input": points.inputs, "a weight": points.weights,
    }.items():  # fmt: skip
        if not (n and np.isfinite(numbers).all() and (numbers > 0).all()):
            return f"{name} is not positive and finite"
    if not (np.isfinite(law.vector).all() and (law.vector >= 0).all()):
        return "a parameter is negative or not finite"
    if not (points.group.min() >= 0 and points.group.max() < len(points.groups)):
        return "a point has no group"
    if {*law.intervals} != {*names} or {*law.standard_errors} != {*names}:
        return "its intervals are not of its parameters"
    if law.freedom >= n or (len(law.draws) and not len(law.without)):
        return "its freedom or its resamples do not go with its points"
    return ""
