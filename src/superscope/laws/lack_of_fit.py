"""Whether a law's form holds: whether its residuals are noise, or follow their inputs."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from superscope.arguments import checked
from superscope.laws._run_errors import RunErrors, known_within
from superscope.laws.directions import Direction, bends, drifts, orders, repeats
from superscope.laws.form_test import FormTest
from superscope.laws.formula import Floats
from superscope.laws.intervals import SIGNIFICANT
from superscope.laws.law import Law
from superscope.laws.linearization import Linearization, free_slopes, linearize, residuals
from superscope.laws.noise import Noise, basis
from superscope.laws.problem import Problem, make_problem
from superscope.laws.resampling import random_weights
from superscope.text import counted, rounded

DRAWS = 999  # of noise, which the residuals are compared with
FIRST_DRAWS, CLEAR = 199, (0.01, 0.12)  # so many do where the chance is not between these
AT_ONCE = 2_000_000  # numbers of draws that are held in memory together
LEAST_FREEDOM = 3  # degrees of freedom below which residuals show no order
LEAST_UNITS = 5  # runs, their residuals the noise, below which that is not known
LEAST_SHARE = 1.5  # degrees of freedom a run, below which its residuals are not its noise
CLIPPED = 3.0  # robust standard deviations beyond which a residual is a single point's matter


@checked
def check_form(law: Law, *, seed: int = 0) -> FormTest:
    """Test whether a law's residuals are noise about it.

    Looked for: a bend of each term at up to 24 inputs (the exponent is another beyond, as in a
    broken power law), an exponent that drifts with another input or differs between groups; and
    where rows are independent, residuals that are alike at neighbouring inputs, and means of
    repeated inputs that lie further off than repeats scatter. All are compared with noise of the
    residuals' own size, made anew 999 times (199 where they leave no doubt) and freed of what the
    law's parameters take up; the most unlikely of them is compared with the most unlikely of each
    draw, so that the number of looks is paid for.

    Noise is Gaussian, its variance a power of an input where the residuals say so. Where rows are
    resampled by run and every input varies within runs, rows of a run share a part of their errors,
    which may fade along the inputs: the part and the length most likely to leave such residuals
    (restricted maximum likelihood) hold for them, and for each draw its own. Where an input is one
    number in each run, such as width, draws are whole runs' residuals with random weights (Webb
    2014, Queen's Economics Department 1315), which leaves all that the rows of a run have in
    common.

    Parameters
    ----------
    law
        A fitted law.
    seed
        Of the noise.

    Returns
    -------
    FormTest
        The p-value, and what is most unlike noise; it prints in words.

    Examples
    --------
    >>> from superscope import laws
    >>> table = laws.simulate("power")
    >>> laws.check_form(laws.fit(table, "power", x="x", resamples=0)).rejected
    False
    >>> late = table["x"] > 3000
    >>> table.loc[late, "loss"] = table["loss"] * (table["x"] / 3000) ** -0.1
    >>> print(laws.check_form(laws.fit(table, "power", x="x", resamples=0)))
    the form does not hold: beyond x = ... the loss falls ... the law says, by up to ... (p = 0.005)
    """
    problem = make_problem(law.form, law.points, law.options)
    return form_test(problem, law.vector, linearize(problem, law.vector), seed=seed)


def form_test(
    problem: Problem, parameters: Floats, linear: Linearization, *, seed: int = 0
) -> FormTest:
    """Test the form of a fit; see :func:`check_form`."""
    points, freedom = problem.points, linear.degrees_of_freedom
    units = points.unit_count
    excess, chance = _excess(problem, parameters, freedom)
    if freedom < LEAST_FREEDOM:
        missing = _few_degrees(max(freedom, 0))
    elif points.units != "row" and units < LEAST_UNITS and not known_within(points):
        few = counted(units, f"{points.units} is", f"{points.units}s are")
        missing = f"{few} too few to know noise"
    elif units < len(points) and freedom < LEAST_SHARE * units:
        missing = f"{_few_degrees(freedom)} for {counted(units, points.units)}"
    else:
        test = _Test(problem, parameters, linear)
        if test.scatters and test.looks:
            found = test.result(np.random.default_rng(seed))
            return replace(found, excess=excess, excess_p=chance)
        missing = "the law passes through every point"
        if test.scatters:
            missing = "so few different inputs tell no other law from it"
    return FormTest(None, missing, excess=excess, excess_p=chance)


def _few_degrees(count: int) -> str:
    return f"{counted(count, 'degree of freedom is', 'degrees of freedom are')} too few"


def _excess(
    problem: Problem, parameters: Floats, freedom: int
) -> tuple[float, float] | tuple[None, None]:
    """Return the residuals' size over that of the stated errors, and the chance of more (χ²)."""
    from scipy.stats import chi2

    error = problem.points.loss_se
    if not len(error) or freedom < 1:
        return None, None
    if problem.form.residual == "log":
        error = error / problem.points.loss
    total = float(np.sum((residuals(problem, parameters) / error) ** 2))
    return math.sqrt(total / freedom), float(chi2.sf(total, freedom))


class _Test:
    """The statistics of residuals, observed or drawn."""

    def __init__(self, problem: Problem, parameters: Floats, linear: Linearization) -> None:
        self._problem, self._parameters = problem, parameters
        points = problem.points
        self._weights = points.weights
        roots = np.sqrt(points.weights)
        self._fitted = basis(roots[:, None] * free_slopes(problem, parameters, linear.free))
        self._leverage = np.minimum((self._fitted**2).sum(axis=1), 1 - 1e-9)
        raw = roots * residuals(problem, parameters)
        self._residuals = self._freed(_clipped(raw)[None])[0]
        self.scatters = bool(np.linalg.norm(self._residuals) > 1e-10 * np.linalg.norm(roots))
        self._units, self._by_row = points.unit_count, points.independent
        self._directions: list[Direction] = []
        columns = []
        for one in [*bends(problem, parameters), *drifts(problem, parameters)]:
            column = roots * one.values
            column = column / max(float(np.linalg.norm(column)), 1e-300)
            rest = self._freed(column[None])[0]
            if (size := float(np.linalg.norm(rest))) > 1e-6:
                self._directions.append(one)
                columns.append(rest / size)
        self._columns = np.array(columns).T.reshape(len(points), len(columns))
        self._bends = sum(one.kind == "bend" for one in self._directions)  # they come first
        # Sums over all runs, which no error of the runs themselves goes with, mislead with few.
        self._orders = orders(problem) if self._by_row else []
        self._repeats = repeats(problem) if self._by_row else None
        self._freedom = len(points) - self._fitted.shape[1]
        self._shared: RunErrors | None = None
        if known_within(points):
            self._shared = RunErrors(points.inputs, points.unit, self._fitted, self._columns)

    @property
    def looks(self) -> bool:
        """Whether another law could show: in a direction, or in means that parameters leave."""
        means = 0 if self._repeats is None else len(self._repeats[1])
        return bool(self._directions) or means > self._fitted.shape[1]

    def _freed(self, noise: Floats) -> Floats:
        """Return noise (R, n) without what the law's parameters take up."""
        return np.asarray(noise - (noise @ self._fitted) @ self._fitted.T)

    def _statistics(self, noise: Floats) -> tuple[Floats, Floats]:
        """Return the statistics of noise (R, n) that is freed.

        Of directions, (R, D): squares along each over their own variance; and, (R, S), the
        correlations of neighbours and the share of squares that means of repeats have.
        """
        if self._shared is not None:
            return self._shared.statistics(noise), np.empty((len(noise), 0))
        total = np.maximum((noise**2).sum(axis=1), 1e-300)
        along = noise @ self._columns
        squares = total[:, None] - along**2 if self._by_row else self._by_unit(noise)
        others = [
            (noise[:, after] * noise[:, before]).sum(axis=1) / total
            for before, after in self._orders
        ]
        if self._repeats is not None:
            cell, counts = self._repeats
            first = np.cumsum(counts) - counts
            sums = np.add.reduceat(noise[:, np.argsort(cell, kind="stable")], first, axis=1)
            others.append((sums**2 / counts).sum(axis=1) / total)
        rest = np.array(others).T.reshape(len(noise), len(others))
        return np.asarray(along**2 / np.maximum(squares, 1e-300)), rest

    def _by_unit(self, noise: Floats) -> Floats:
        """Return the sum of squares of what each unit says of each direction, (R, D)."""
        unit = self._problem.points.unit
        found = np.zeros((len(noise), self._columns.shape[1]))
        for u in range(self._units):
            at = unit == u
            found += (noise[:, at] @ self._columns[at]) ** 2
        return found

    def result(self, rng: np.random.Generator) -> FormTest:
        """Return the test's result."""
        inputs = self._problem.points.inputs
        noise = Noise.of(
            self._problem.form.columns, inputs, self._residuals, self._leverage,
            self._problem.points.unit,
        )  # fmt: skip
        scale, uneven = noise.at(inputs), noise.column
        along, rest = self._statistics(self._residuals[None])
        bent = self._strongest_bend(along)
        strongest, others = [along.max(axis=1, initial=0.0)], [rest]
        p = p_bend = 0.0
        for count in (FIRST_DRAWS, DRAWS - FIRST_DRAWS):
            for few in _chunks(count, len(self._residuals)):
                drawn, ordered = self._statistics(self._freed(self._noise(rng, few, scale)))
                strongest.append(drawn.max(axis=1, initial=0.0))
                others.append(ordered)
                bent = np.append(bent, self._strongest_bend(drawn))
            unlikely = self._unlikely(np.concatenate(strongest), np.vstack(others))
            most = unlikely.max(axis=1)
            p, p_bend = float(np.mean(most >= most[0])), float(np.mean(bent >= bent[0]))
            if not CLEAR[0] < p < CLEAR[1]:
                break
        # Beside their errors over few runs all bends look alike: what explains most has the place.
        explained = along[0] if self._shared else (self._residuals @ self._columns) ** 2
        if p_bend <= SIGNIFICANT:  # of several reasons the one that has a place
            return self._named(p, int(explained[: self._bends].argmax()), uneven)
        which = int(unlikely[0].argmax())
        if which == 0:
            return self._named(p, int(explained.argmax()), uneven)
        return FormTest(p, "", self._order_text(which - 1, rest[0]), uneven=uneven)

    def _strongest_bend(self, along: Floats) -> Floats:
        return np.asarray(along[:, : self._bends].max(axis=1, initial=0.0))

    def _unlikely(self, strongest: Floats, rest: Floats) -> Floats:
        """Return statistics, the first of them observed, on one scale: − log p, about.

        Only the scale is approximate: the largest is compared with the largest of each draw.
        """
        from scipy.stats import norm, t

        by_unit = not self._by_row and self._shared is None
        freedom = self._units - 1 if by_unit else self._freedom - 1
        scale = freedom / np.maximum(self._units - strongest, 1e-300) if by_unit else freedom
        result = np.empty((len(rest), 1 + rest.shape[1]))
        result[:, 0] = -t.logsf(np.sqrt(strongest * scale), freedom) - np.log(2)
        drawn = rest[1:]
        spread = np.maximum(drawn.std(axis=0), 1e-300)
        result[:, 1:] = -norm.logsf((rest - drawn.mean(axis=0)) / spread)
        return result

    def _noise(self, rng: np.random.Generator, count: int, scale: Floats) -> Floats:
        """Return noise like the residuals', shape (count, n)."""
        if self._by_row:
            return _clipped(rng.standard_normal((count, len(scale))) * scale)
        if self._shared is not None:
            return _clipped(self._shared.draw(rng, count, self._residuals) * scale)
        weights = random_weights(rng, count, self._units)
        unit = self._problem.points.unit
        return np.asarray(weights[:, unit] * (self._residuals / np.sqrt(1 - self._leverage)))

    def _order_text(self, at: int, rest: Floats) -> str:
        """Return in words that neighbours are alike, or that repeats lie together."""
        if at < len(self._orders):
            column = self._problem.form.columns[at]
            return f"residuals at neighbouring {column} are alike (correlation {rest[at]:.2f})"
        return "means at repeated inputs lie further off than the repeats scatter"

    def _named(self, p: float, at: int, uneven: str) -> FormTest:
        """Return the result where one direction is most unlike noise."""
        one = self._directions[at]
        shared = None if self._shared is None else self._shared.changes(self._residuals)
        along = float(self._residuals @ self._columns[:, at] if shared is None else shared[at])
        off = float(np.max(np.abs(along * self._columns[:, at]) / np.sqrt(self._weights)))
        most = f"{100 * off:.2g} %" if self._problem.equations.log else rounded(off)
        term = self._problem.form.terms[one.term]
        exponent = f"{term.exponent} ({self._parameters[2 * one.term + 1]:.3g})"
        if one.kind == "bend":
            place = one.at + term.offset
            way = "slower" if along > 0 else "faster"
            text = f"beyond {term.column} = {rounded(place)} the loss falls {way} than the law says"
            return FormTest(p, "", f"{text}, by up to {most}", term.column, place, uneven)
        if one.kind == "drift":
            other = self._problem.form.terms[int(one.at)].column
            text = f"{exponent} is not the same at every {other}: the loss is off by up to {most}"
        else:
            group = self._problem.points.groups[int(one.at)]
            text = f"{exponent} is not that of {group}: the loss is off by up to {most}"
        return FormTest(p, "", text, uneven=uneven)


def _chunks(count: int, points: int) -> list[int]:
    """Return how many draws are made at once, to `count` in all."""
    most = max(1, AT_ONCE // points)
    return [min(most, count - start) for start in range(0, count, most)]


def _clipped(values: Floats) -> Floats:
    """Return values (…, n) with none beyond three robust standard deviations of its row."""
    from scipy.stats import norm

    middle = np.median(np.abs(values), axis=-1, keepdims=True)
    limit = CLIPPED * middle / float(norm.ppf(0.75))
    return np.where(limit > 0, np.clip(values, -limit, limit), values)
