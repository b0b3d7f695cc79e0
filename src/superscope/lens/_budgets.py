"""Predict how well many directions can be read among the others of a dictionary."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from superscope.arguments import checked
from superscope.errors import HeadDataError, UsageError
from superscope.geometry.unit_rows import Float32, Float64, UnitRows, prepare
from superscope.heads import Head, HeadOptions, any_head
from superscope.lens import vocabulary
from superscope.lens._budget import SAME, vector_of
from superscope.lens.activations import Activations, activations_of
from superscope.lens.budget_options import BudgetOptions
from superscope.lens.interference import (
    Interference,
    auc_of,
    below,
    d_prime_of,
    failing,
    random_squares,
)
from superscope.lens.products import overlaps
from superscope.lens.readings import ReadingBudgets
from superscope.options import changed, taking
from superscope.progress import Progress, ProgressChoice, chosen
from superscope.text import counted

EXACT = 1 << 21  # overlaps, of all readings, up to which the AUC by the rates is computed
EQUAL = 1 << 22  # pairs of equal directions that are kept in mind
_BLOCK = 1 << 22  # overlaps in memory

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Targets:
    """The directions that are read: names, places in the dictionary (−1), and unit vectors."""

    names: tuple[str, ...]
    places: Int64
    vectors: Callable[[int, int], Float32]


@taking(BudgetOptions)
@checked
def budgets(
    dictionary: str | Path | Head | Any,
    directions: Iterable[Any] | None = None,
    options: BudgetOptions = BudgetOptions(),  # noqa: B008 - frozen
    *,
    rates: float | npt.ArrayLike | None = None,
    amplitudes: npt.ArrayLike | None = None,
    read: HeadOptions = HeadOptions(),  # noqa: B008 - frozen
    tokens: Any = None,
    progress: ProgressChoice = "auto",
    **changes: Any,
) -> ReadingBudgets:
    """Predict how well linear readings of many directions do among the others of a dictionary.

    It is :func:`budget` of each, with the same random dictionaries for all. All pairs are passed
    over once, in blocks. The AUC by the rates is computed for up to 2,097,152 overlaps, such as
    those of 1,448 directions with each other; the Gaussian one always.

    Parameters
    ----------
    dictionary
        Directions as rows: what :func:`superscope.measure` takes.
    directions
        Which to read, each as :func:`budget` takes it; by default every direction of the
        dictionary.
    options
        Amplitudes and noise; the keywords change them.
    rates, amplitudes, read, tokens
        As of :func:`budget`.
    progress
        As of :func:`superscope.measure`.
    **changes
        Options, by name.

    Returns
    -------
    ReadingBudgets
        A number of each kind for each direction; ``to_frame()`` has a row for each.

    Raises
    ------
    SuperscopeError
        As of :func:`budget`.

    Examples
    --------
    >>> import numpy as np
    >>> import superscope
    >>> rows = np.random.default_rng(0).standard_normal((60, 8))
    >>> superscope.budgets(rows, rates=0.05, progress=None)
    ReadingBudgets(60 directions in array: 2 better, 53 no better, 5 worse than random)
    """
    o = changed(options, changes, "budgets")
    with chosen(progress) as report:
        head = any_head(dictionary, read, tokens=tokens, progress=report)
        rows = prepare(head).raw
        every, said = activations_of(head, rows.head, rates, amplitudes, o.amplitude)
        targets = _targets(directions, rows)
        return _read(targets, rows, every, o, notes=[said] if said else [], report=report)


def _targets(directions: Iterable[Any] | None, rows: UnitRows) -> _Targets:
    head = rows.head
    if directions is None:
        names = tuple(vocabulary.shown(head, index) for index in head.kept_ids.tolist())
        return _Targets(names, np.arange(rows.features), lambda a, b: rows.take(np.arange(a, b)))
    if isinstance(directions, str):
        raise UsageError(
            f"directions must be a list of directions; for one, call budget: {directions!r}"
        )
    found = [vector_of(direction, rows) for direction in directions]
    if not found:
        raise UsageError("directions is empty; name at least one")
    vectors = np.stack([vector for vector, _, _ in found])
    return _Targets(
        tuple(name for _, name, _ in found),
        np.array([-1 if place is None else place for _, _, place in found]),
        lambda a, b: vectors[a:b],
    )


def _read(
    targets: _Targets,
    rows: UnitRows,
    every: Activations,
    o: BudgetOptions,
    *,
    notes: list[str],
    report: Progress,
) -> ReadingBudgets:
    count, head = len(targets.names), rows.head
    linear, quadratic = every.parts(o.spread)
    weights = np.stack([np.ones(len(linear)), linear, quadratic], axis=1)
    amplitude = np.where(
        targets.places < 0, o.amplitude, every.amplitudes[np.maximum(targets.places, 0)]
    )
    exact = count * rows.features <= EXACT
    squares, a, b, share = (np.zeros(count) for _ in range(4))
    auc = np.full(count, np.nan)
    others, contributor = np.zeros(count, np.int64), np.zeros(count, np.int64)
    left_out: list[tuple[Int64, Int64]] = []  # of each reading: itself, and rows equal to it
    step = max(1, _BLOCK // rows.features)
    for start in range(0, count, step):
        stop = min(start + step, count)
        c = overlaps(rows, targets.vectors(start, stop)).astype(np.float64)
        at = targets.places[start:stop]
        same = c > SAME
        same[np.flatnonzero(at >= 0), at[at >= 0]] = True
        left_out.append((np.nonzero(same)[0] + start, np.nonzero(same)[1]))
        if sum(len(pairs[0]) for pairs in left_out) > EQUAL + count:
            raise HeadDataError(
                f"{head.provenance.model} has too many equal directions to read each; name some"
            )
        c[same] = 0.0
        others[start:stop] = rows.features - same.sum(axis=1)
        if exact:
            for k in range(stop - start):
                kept, own = ~same[k], replace(o, amplitude=float(amplitude[start + k]))
                auc[start + k] = Interference(c[k][kept], every.of(kept), own).auc()
                report("readings", start + k + 1, count)
        np.square(c, out=c)
        squares[start:stop], a[start:stop], b[start:stop] = (c @ weights).T
        c *= linear - quadratic
        most = c.argmax(axis=1)
        contributor[start:stop], share[start:stop] = most, c[np.arange(len(most)), most]
        report("readings", stop, count)
    interference = a - b
    if not others.all():
        first = targets.names[int(np.argmin(others))]
        raise HeadDataError(f"{head.provenance.model} has no direction that differs from {first}")
    pairs = np.concatenate([p[0] for p in left_out]), np.concatenate([p[1] for p in left_out])
    equal = int((np.bincount(pairs[0], minlength=count) > (targets.places >= 0)).sum())
    if equal:
        notes.append(
            f"{counted(equal, 'direction has', 'directions have')} equal ones in the dictionary, "
            "which are left out of their own readings"
        )
    if not exact:
        notes.append(
            "the AUC by the rates is left out, because so many directions would take too long; "
            "name fewer, or take the one of a Gaussian interference"
        )
    random, random_sd, random_auc, lower = _random(
        interference, amplitude, linear - quadratic, pairs, o, width=rows.width
    )
    active = every.rates.sum() - np.bincount(pairs[0], every.rates[pairs[1]], count)
    disturbed = interference > 0
    return ReadingBudgets(
        dictionary=head.provenance.model,
        ids=np.where(targets.places < 0, -1, head.kept_ids[np.maximum(targets.places, 0)]),
        directions=targets.names,
        features=rows.features,
        width=rows.width,
        active=float(every.rates.sum()),
        noise=o.noise,
        amplitude=amplitude,
        interference=interference,
        mean_square_overlap=squares / others,
        d_prime=d_prime_of(interference, amplitude, o),
        auc=auc,
        auc_gaussian=auc_of(interference, amplitude, o),
        random_interference=random,
        random_interference_sd=random_sd,
        random_auc=random_auc,
        lower=lower,
        fails_at=failing(
            a, b, amplitude, o, active=active, most=float(every.rates.max(initial=0.0))
        ),
        contributor=np.where(disturbed, head.kept_ids[contributor], -1),
        share=np.divide(share, interference, out=np.zeros(count), where=disturbed),
        draws=o.draws,
        seed=o.seed,
        notes=(*head.provenance.notes, *notes),
    )


def _random(
    interference: Float64,
    amplitude: Float64,
    variances: Float64,
    left_out: tuple[Int64, Int64],
    o: BudgetOptions,
    *,
    width: int,
) -> tuple[Float64, Float64, Float64, Float64]:
    """Return mean and spread of the interference in random dictionaries, AUC and share below."""
    count = len(interference)
    mean, square, auc, lower = (np.zeros(count) for _ in range(4))
    for done, squares in enumerate(random_squares(len(variances), width, o), 1):
        parts = variances * squares
        drawn = parts.sum() - np.bincount(left_out[0], parts[left_out[1]], count)
        off = drawn - mean  # Welford's way
        mean += off / done
        square += off * (drawn - mean)
        auc += auc_of(drawn, amplitude, o)
        lower += below(drawn, interference)
    return mean, np.sqrt(square / (o.draws - 1)), auc / o.draws, lower / o.draws
