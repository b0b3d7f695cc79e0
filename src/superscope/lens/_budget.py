"""Predict how well a direction can be read among the others of a dictionary."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from superscope.arguments import checked
from superscope.arrays import real_numbers
from superscope.errors import HeadDataError, UsageError
from superscope.geometry.unit_rows import UnitRows, prepare
from superscope.heads import Head, HeadOptions, any_head
from superscope.lens import vocabulary
from superscope.lens.activations import activations_of
from superscope.lens.budget_options import BudgetOptions
from superscope.lens.interference import Interference, below, random_squares
from superscope.lens.products import overlaps
from superscope.lens.reading import Reading, ReadingBudget
from superscope.options import changed, taking

SAME = 1 - 1e-6  # an overlap above which two directions are one
_NAMED = 5  # of these that a note names
_GAP = 0.02  # between the two AUCs, from which a note says that the interference is not Gaussian


@taking(BudgetOptions)
@checked
def budget(
    direction: str | int | Any,
    dictionary: str | Path | Head | Any,
    options: BudgetOptions = BudgetOptions(),  # noqa: B008 - frozen
    *,
    rates: float | npt.ArrayLike | None = None,
    amplitudes: npt.ArrayLike | None = None,
    read: HeadOptions = HeadOptions(),  # noqa: B008 - frozen
    tokens: Any = None,
    **changes: Any,
) -> ReadingBudget:
    """Predict how well a linear reading of a direction does among the others of a dictionary.

    The reading of direction v is r = v·x of x = Σ z_i a_i d_i, with independent activations z_i
    and unit directions d_i. Its interference has the variance Σ (p_i s² − p_i² μ²) c_iv² over the
    others, d′ is μ / √(interference + noise²).

    Parameters
    ----------
    direction
        A vector of m numbers; or the id, ``#id`` or name of a direction of the dictionary, which
        is then not one of the others.
    dictionary
        Directions as rows: what :func:`superscope.measure` takes.
    options
        Amplitudes and noise; the keywords change them.
    rates
        How often each direction is active, from 0 to 1: one number for all, or one for each row.
        Without it, what a ``sparsity.safetensors`` beside the dictionary says, or else 0.01.
    amplitudes
        Mean amplitude of each row, in place of `amplitude`; a vector that is no row has
        `amplitude`.
    read
        How the dictionary is read.
    tokens
        Names of the rows of a dictionary in memory.
    **changes
        Options, by name.

    Returns
    -------
    ReadingBudget
        Interference, d′ and AUC, beside those of random dictionaries of the same shape and rates.

    Raises
    ------
    UsageError
        The vector has another width, a rate is outside [0, 1], or there are not as many rates as
        directions.
    SuperscopeError
        The dictionary cannot be found or read.

    Examples
    --------
    Orthonormal directions do not disturb each other:

    >>> import numpy as np
    >>> import superscope
    >>> superscope.budget(0, np.eye(4), noise=0.5)
    ReadingBudget(#0 in array: d′ = 2, better than random)
    """
    o = changed(options, changes, "budget")
    head = any_head(dictionary, read, tokens=tokens)
    rows = prepare(head).raw
    vector, name, itself = vector_of(direction, rows)
    every, said = activations_of(head, rows.head, rates, amplitudes, o.amplitude)
    if itself is not None:
        o = replace(o, amplitude=float(every.amplitudes[itself]))
    c = overlaps(rows, vector[None])[0].astype(np.float64)
    notes = [*head.provenance.notes, *([] if said is None else [said])]
    others = np.ones(len(c), bool)
    if itself is not None:
        others[itself] = False
    same = np.flatnonzero(others & (c > SAME))
    if len(same):
        others[same] = False
        notes.append(_left_out(rows.head, same))
    if not others.any():
        raise HeadDataError(f"{head.provenance.model} has no direction that differs from {name}")
    made = Interference(c[others], every.of(others), o)
    drawn = [made.read(squares[others]) for squares in random_squares(len(c), rows.width, o)]
    if np.isin(every.of(others).rates, (0.0, 1.0)).all():
        notes.append(
            "every other direction is always on or never: what never changes does not disturb, "
            "unless its size does"
        )
    exact = made.auc()
    reading = made.read(made.overlaps**2)
    if abs(exact - reading.auc) > _GAP:
        notes.append(
            f"the interference is not Gaussian: a Gaussian one of its variance gives an AUC of "
            f"{reading.auc:.3f}, and these rates give {exact:.3f}"
        )
    ids = [rows.head.id_of(i) for i in np.flatnonzero(others).tolist()]
    return ReadingBudget(
        direction=name,
        dictionary=head.provenance.model,
        features=int(others.sum()),
        width=rows.width,
        active=float(made.rates.sum()),
        amplitude=o.amplitude,
        noise=o.noise,
        mean_square_overlap=float(np.mean(made.overlaps**2)),
        reading=reading,
        auc=exact,
        random=_over(drawn, np.mean),
        random_sd=_over(drawn, partial(np.std, ddof=1)),
        lower=float(below(np.array([r.interference for r in drawn]), reading.interference).mean()),
        draws=o.draws,
        seed=o.seed,
        fails_at=made.fails_at(made.overlaps**2),
        random_fails_at=made.fails_at(np.full(len(ids), 1 / rows.width)),
        contributors=made.contributors(ids, head),
        notes=tuple(notes),
    )


def _over(drawn: list[Reading], what: Callable[[Any], Any]) -> Reading:
    """Return the mean, or what else is asked, of several readings."""
    d = [one.d_prime for one in drawn if one.d_prime is not None]
    return Reading(
        float(what([one.interference for one in drawn])),
        float(what(d)) if len(d) == len(drawn) else None,
        float(what([one.auc for one in drawn])),
    )


def vector_of(direction: Any, rows: UnitRows) -> tuple[npt.NDArray[np.float32], str, int | None]:
    """Return a unit vector, its name, and its place if it is a row of the dictionary."""
    head = rows.head
    if isinstance(direction, np.integer):
        direction = int(direction)
    if isinstance(direction, (str, int)) and not isinstance(direction, bool):
        index = vocabulary.find(vocabulary.of_directions(head), direction, lambda _: False)[0]
        place = head.position_of(index)
        if place is None:
            raise UsageError(f"{vocabulary.shown(head, index)} is zero, so it has no direction")
        return rows.take(np.array([place]))[0], vocabulary.shown(head, index), place
    values = real_numbers(direction, "the direction").squeeze()
    if values.shape != (head.width,):
        raise UsageError(
            f"the direction has shape {np.shape(direction)}, and the directions of "
            f"{head.provenance.model} have {head.width:,} numbers each"
        )
    length = float(np.linalg.norm(values))
    if not 0 < length < math.inf:
        raise UsageError("the direction is zero or not finite, so that it cannot be read")
    return (values / length).astype(np.float32), "the direction", None


def _left_out(head: Head, same: npt.NDArray[np.intp]) -> str:
    """Return a note on rows that are the very direction that is read."""
    shown = ", ".join(vocabulary.shown(head, head.id_of(i)) for i in same[:_NAMED].tolist())
    more = f" and {len(same) - _NAMED:,} more" if len(same) > _NAMED else ""
    return f"left out, because they are this direction itself: {shown}{more}"
