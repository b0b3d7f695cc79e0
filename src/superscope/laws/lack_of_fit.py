"""Whether a law's form holds: whether its residuals are noise, or follow their inputs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from superscope.arguments import checked
from superscope.laws import formula
from superscope.laws.formula import Floats
from superscope.laws.intervals import SIGNIFICANT
from superscope.laws.law import Law
from superscope.laws.linearization import Linearization, jacobian, linearize, residuals
from superscope.laws.noise import Noise
from superscope.laws.problem import Problem, make_problem
from superscope.laws.resampling import random_weights
from superscope.result import Result
from superscope.text import as_text, counted, number, rounded

DRAWS = 999  # of noise, which the residuals are compared with
AT_ONCE = 2_000_000  # numbers of draws that are held in memory together
LEAST_FREEDOM = 3  # degrees of freedom below which residuals show no order
LEAST_UNITS = 5  # runs below which their noise is not known
PLACES = 24  # where a bend is looked for along an input, at most
ENDS = 4  # of these, next to each end, where a bend decides a forecast
CLIPPED = 3.0  # robust standard deviations beyond which a residual is a single point's matter


@dataclass(frozen=True)
class FormTest(Result):
    """What residuals say of a law's form.

    Attributes
    ----------
    p
        Chance of residuals as orderly as these, or more so, if the form is true, with all that was
        looked for taken into account; None where it cannot be tested.
    missing
        Why not; empty where it was.
    text
        What is most unlike noise, and where: said where the form does not hold.
    uneven
        On what the size of the noise depends; empty where it does not seem to.
    """

    p: float | None
    missing: str
    text: str
    uneven: str

    @property
    def rejected(self) -> bool:
        """Whether the form does not hold."""
        return self.p is not None and self.p <= SIGNIFICANT


@as_text.register
def _(test: FormTest) -> str:
    if test.p is None:
        return f"the form cannot be tested: {test.missing}"
    chance = f"p = {number(test.p, 2)}"
    if test.rejected:
        return f"the form does not hold ({chance}): {test.text}"
    return f"nothing speaks against the form ({chance})"


@dataclass(frozen=True)
class _Direction:
    """A way in which residuals may follow the inputs.

    Attributes
    ----------
    values
        Shape (n,).
    kind, term
        ``bend``, ``drift`` or ``group``, and the number of the law's term.
    at
        The input at a bend, or the number of the other term or of the group.
    """

    values: Floats
    kind: str
    term: int
    at: float


@checked
def check_form(law: Law, *, seed: int = 0) -> FormTest:
    """Test whether a law's residuals are noise about it.

    Looked for: a bend of each term at up to 24 inputs (the exponent is another beyond, as in a
    broken power law), an exponent that drifts with another input or differs between groups; and
    where rows are independent, residuals that are alike at neighbouring inputs, and means of
    repeated inputs that lie further off than repeats scatter. All are compared with noise of the
    residuals' own size, made anew 999 times and freed of what the law's parameters take up; the
    most unlikely of them is compared with the most unlikely of each draw, so that the number of
    looks is paid for.

    Noise is Gaussian, row by row, its variance a power of an input where the residuals say so;
    where rows are resampled by run, whole runs' residuals with random weights (Webb 2014,
    Queen's Economics Department 1315), which leaves all that the rows of a run have in common.

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
    the form does not hold (p = 0.001): beyond x = ... the loss falls ... than the law says
    """
    points = law.points
    units = int(points.unit.max()) + 1
    freedom = law.degrees_of_freedom
    if freedom < LEAST_FREEDOM:
        left = counted(max(freedom, 0), "degree")
        return FormTest(None, f"{left} of freedom are too few", "", "")
    if points.units != "row" and units < LEAST_UNITS:
        return FormTest(None, f"{counted(units, points.units)} are too few to know noise", "", "")
    problem = make_problem(law.form, points, law.options)
    test = _Test(problem, law.vector, linearize(problem, law.vector))
    if not test.scatters:
        return FormTest(None, "the law passes through every point", "", "")
    return test.result(np.random.default_rng(seed))


class _Test:
    """The statistics of residuals, observed or drawn."""

    def __init__(self, problem: Problem, parameters: Floats, linear: Linearization) -> None:
        self._problem, self._parameters = problem, parameters
        points = problem.points
        roots = np.sqrt(points.weights)
        single = linear.free & problem.untied
        plain = problem.tied(roots[:, None] * jacobian(problem, parameters))[:, single]
        length = np.linalg.norm(plain, axis=0)
        self._fitted = _basis(plain[:, length > 0] / length[length > 0])
        self._leverage = np.minimum((self._fitted**2).sum(axis=1), 1 - 1e-9)
        raw = roots * residuals(problem, parameters)
        self._residuals = self._freed(_clipped(raw)[None])[0]
        self.scatters = bool(np.linalg.norm(self._residuals) > 1e-10 * np.linalg.norm(roots))
        self._by_row = points.units == "row" or len(np.unique(points.unit)) == len(points)
        found = [*_bends(problem, parameters), *_drifts(problem, parameters)]
        self._directions, columns = [], []
        for one in found:
            column = roots * one.values
            column = column / max(float(np.linalg.norm(column)), 1e-300)
            rest = self._freed(column[None])[0]
            if (size := float(np.linalg.norm(rest))) > 1e-6:
                self._directions.append(one)
                columns.append(rest / size)
        self._columns = np.array(columns).T.reshape(len(points), len(columns))
        # Sums over all runs, which no error of the runs themselves goes with, mislead with few.
        self._orders = _orders(problem) if self._by_row else []
        self._repeats = _repeats(problem) if self._by_row else None
        self._freedom = len(points) - self._fitted.shape[1]

    def _freed(self, noise: Floats) -> Floats:
        """Return noise (R, n) without what the law's parameters take up."""
        return np.asarray(noise - (noise @ self._fitted) @ self._fitted.T)

    def _statistics(self, noise: Floats) -> Floats:
        """Return the statistics of noise that is freed, shape (R, S)."""
        total = np.maximum((noise**2).sum(axis=1), 1e-300)
        along = noise @ self._columns
        if self._by_row:
            squares = np.maximum(total[:, None] - along**2, 1e-300)
        else:
            squares = np.maximum(self._by_unit(noise), 1e-300)
        found = [along**2 / squares]
        found += [
            ((noise[:, after] * noise[:, before]).sum(axis=1) / total)[:, None]
            for before, after in self._orders
        ]
        if self._repeats is not None:
            cell, counts = self._repeats
            means = np.zeros((len(noise), len(counts)))
            for k, at in enumerate(np.split(np.argsort(cell), np.cumsum(counts)[:-1])):
                means[:, k] = noise[:, at].mean(axis=1)
            off = (means**2 * counts).sum(axis=1)
            found.append((off / np.maximum(total - off, 1e-300))[:, None])
        return np.hstack(found)

    def _by_unit(self, noise: Floats) -> Floats:
        """Return the sum of squares of what each unit says of each direction, (R, D)."""
        unit = self._problem.points.unit
        found = np.zeros((len(noise), self._columns.shape[1]))
        for u in range(int(unit.max()) + 1):
            at = unit == u
            found += (noise[:, at] @ self._columns[at]) ** 2
        return found

    def result(self, rng: np.random.Generator) -> FormTest:
        """Return the test's result."""
        noise = Noise.of(
            self._problem.form.columns, self._problem.points.inputs, self._residuals, self._leverage
        )
        scale = noise.at(self._problem.points.inputs)
        own = self._statistics(self._residuals[None])
        chunk = max(1, AT_ONCE // len(self._residuals))
        drawn = [own]
        for start in range(0, DRAWS, chunk):
            count = min(chunk, DRAWS - start)
            drawn.append(self._statistics(self._freed(self._noise(rng, count, scale))))
        unlikely = self._unlikely(np.vstack(drawn))
        most = unlikely.max(axis=1)
        p = float(np.mean(most >= most[0]))
        return FormTest(p, "", self._text(int(unlikely[0].argmax()), own[0]), noise.column)

    def _unlikely(self, found: Floats) -> Floats:
        """Return statistics (R, S), the first of them observed, on one scale: − log p, about.

        Only the scale is approximate: the largest is compared with the largest of each draw.
        """
        from scipy.stats import norm, t

        directions = len(self._directions)
        units = int(self._problem.points.unit.max()) + 1
        freedom = self._freedom - 1 if self._by_row else units - 1
        scale = freedom if self._by_row else (units - 1) / np.maximum(units - found, 1e-300)
        result = np.empty_like(found)
        squares = (found * scale)[:, :directions]
        result[:, :directions] = -t.logsf(np.sqrt(squares), freedom) - np.log(2)
        rest = found[:, directions:]
        drawn = rest[1:]
        spread = np.maximum(drawn.std(axis=0), 1e-300)
        result[:, directions:] = -norm.logsf((rest - drawn.mean(axis=0)) / spread)
        return result

    def _noise(self, rng: np.random.Generator, count: int, scale: Floats) -> Floats:
        """Return noise like the residuals', shape (count, n)."""
        if self._by_row:
            return _clipped(rng.standard_normal((count, len(scale))) * scale)
        unit = self._problem.points.unit
        weights = random_weights(rng, count, int(unit.max()) + 1)
        return np.asarray(weights[:, unit] * (self._residuals / np.sqrt(1 - self._leverage)))

    def _text(self, strongest: int, own: Floats) -> str:
        """Return what is most unlike noise."""
        if strongest < len(self._directions):
            along = float(self._residuals @ self._columns[:, strongest])
            return self._said(self._directions[strongest], along)
        at = strongest - len(self._directions)
        if at < len(self._orders):
            column = self._problem.form.columns[at]
            return (
                f"residuals at neighbouring {column} are alike (correlation {own[strongest]:.2f})"
            )
        return "means at repeated inputs lie further off than the repeats scatter"

    def _said(self, one: _Direction, along: float) -> str:
        term = self._problem.form.terms[one.term]
        exponent = float(self._parameters[2 * one.term + 1])
        if one.kind == "bend":
            place = f"{term.column} = {rounded(one.at + term.offset)}"
            way = "slower" if along > 0 else "faster"
            return f"beyond {place} the loss falls {way} than the law says"
        if one.kind == "drift":
            other = self._problem.form.terms[int(one.at)].column
            return f"{term.exponent} ({exponent:.3g}) is not the same at every {other}"
        group = self._problem.points.groups[int(one.at)]
        return f"{term.exponent} ({exponent:.3g}) is not that of {group}"


def _basis(columns: Floats) -> Floats:
    """Return an orthonormal basis of columns, (n, rank)."""
    if not columns.shape[1]:
        return columns
    u, s, _ = np.linalg.svd(columns, full_matrices=False)
    return np.asarray(u[:, s > 1e-10 * s[0]])


def _clipped(values: Floats) -> Floats:
    """Return values (…, n) with none beyond three robust standard deviations of its row."""
    from scipy.stats import norm

    middle = np.median(np.abs(values), axis=-1, keepdims=True)
    limit = CLIPPED * middle / float(norm.ppf(0.75))
    return np.where(limit > 0, np.clip(values, -limit, limit), values)


def _bends(problem: Problem, parameters: Floats) -> list[_Direction]:
    """Return how losses change where a term's exponent is another beyond an input."""
    parts = _parts(problem, parameters)
    found = []
    for i in range(len(problem.form.terms)):
        x = problem.points.inputs[:, i]
        logs = np.log(x)
        for place in _places(np.unique(logs)):
            values = parts[:, i] * np.maximum(logs - place, 0)
            found.append(_Direction(values, "bend", i, float(np.exp(place))))
    return found


def _places(logs: Floats) -> Floats:
    """Return where to look for a bend: between inputs, with two or more on either side."""
    between = (logs[1:] + logs[:-1])[1:-1] / 2
    if len(between) <= PLACES:
        return between
    last = len(between) - 1
    even = np.round(np.linspace(0, last, PLACES - 2 * ENDS)).astype(int)
    chosen = {*even.tolist(), *range(ENDS + 1), *range(last - ENDS, last + 1)}
    return np.asarray(between[sorted(chosen)])


def _drifts(problem: Problem, parameters: Floats) -> list[_Direction]:
    """Return how losses change where an exponent differs with another input, or with the group."""
    parts, points = _parts(problem, parameters), problem.points
    logs = np.log(points.inputs)
    logs = logs - logs.mean(axis=0)
    terms = len(problem.form.terms)
    found = []
    for i in range(terms):
        for j in range(terms):
            if i < j or (i != j and terms == 2):
                found.append(_Direction(parts[:, i] * logs[:, i] * logs[:, j], "drift", i, j))
        if len(points.groups) > 1:
            for g in range(len(points.groups)):
                values = parts[:, i] * logs[:, i] * (points.group == g)
                found.append(_Direction(values, "group", i, g))
    return found


def _parts(problem: Problem, parameters: Floats) -> Floats:
    """Return the terms' parts of each loss, as shares of it where residuals are of logs; (n, k)."""
    points = problem.points
    parts = formula.parts(points.inputs, points.group, parameters)
    if problem.form.residual == "log":
        parts = parts / parts.sum(axis=1, keepdims=True)
    return np.asarray(parts[:, :-1])


def _orders(problem: Problem) -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Return pairs of neighbours along each input, within groups."""
    points = problem.points
    found = []
    for i in range(len(problem.form.terms)):
        others = [points.inputs[:, j] for j in range(points.inputs.shape[1]) if j != i]
        order = np.lexsort((*others, points.inputs[:, i], points.group))
        before, after = order[:-1], order[1:]
        same = points.group[before] == points.group[after]
        found.append((before[same], after[same]))
    return found


def _repeats(problem: Problem) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]] | None:
    """Return each point's place among the distinct inputs and how many have each; None if none."""
    points = problem.points
    _, cell, counts = np.unique(
        np.column_stack([points.inputs, points.group]), axis=0,
        return_inverse=True, return_counts=True,
    )  # fmt: skip
    if len(counts) == len(points):
        return None
    return cell.ravel().astype(np.int64), counts.astype(np.int64)
