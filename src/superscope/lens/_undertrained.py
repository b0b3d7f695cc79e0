"""Find rows that seem never trained, with an estimate of how many of the found ones were."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from superscope.arguments import checked
from superscope.errors import HeadDataError, UsageError
from superscope.geometry.unit_rows import Float64, prepare
from superscope.heads import Head
from superscope.lens.indicators import distances_from, indicators, mean_of
from superscope.lens.reference import FEWEST, Reference, close_together, densest, references
from superscope.lens.two_groups import APART, FINEST, TwoGroups, two_groups
from superscope.lens.undertrained_rows import Undertrained

# A group that is not sure is told only within this share of the background's distance, and if
# it is less likely by chance. The densest rows of narrow random heads reach to 0.4 of it.
DENSE, CHANCE = 1 / 4, 1e-3
SHELL = 2.0  # a sure group's distances vary at most so many times as those of noise
_ROUNDS = 4  # how often the mean of the group is taken anew from the rows found


@dataclass(frozen=True, eq=False)
class _Fit:
    """A reference, and the groups that distances from it make.

    It is not sure that the rows were never trained where they are not known to be unused, or where
    most of those known lie apart from each other. `noise` is the share of its center by which the
    distance of independent noise varies.
    """

    reference: Reference
    distance: Float64
    groups: TwoGroups
    sure: bool
    noise: float


@checked
def undertrained(
    head: Head,
    *,
    reference: Iterable[int] | None = None,
    embedding: Head | None = None,
    fdr: float = 0.05,
    components: int = 1,
    notes: Iterable[str] = (),
) -> Undertrained:
    """Find the rows of a head that seem never trained.

    Rows of tokens that are in no text are pushed the same way at every step, and keep the noise
    that they began with. So they stay together, all at one distance from their mean, while the
    others leave. Distances are taken from the mean of rows known to be unused, as LB24 do, then
    anew from the mean of the rows found, and split into a near group and a background.

    Parameters
    ----------
    head
        The head, V rows.
    reference
        Ids known to be unused. By default bytes that UTF-8 never has, then ids that the tokenizer
        does not have; where nothing is known, the densest group of rows.
    embedding
        Input embedding with the rows of the head, if it is another matrix.
    fdr
        Expected share of trained rows in the list, between 0 and 1.
    components
        How many first principal components one of the indicators leaves out; LB24 leave out one.
    notes
        Remarks to hand on.

    Returns
    -------
    Undertrained
        A probability for each row, the list, and every indicator.

    Raises
    ------
    UsageError
        An id is not a row of the head, there are too few of them, or a number is out of range.
    HeadDataError
        There are too few rows, or too many are equal.

    Examples
    --------
    >>> import numpy as np
    >>> from superscope import Head
    >>> from superscope.lens import undertrained
    >>> rows = np.random.default_rng(0).normal(size=(300, 16))
    >>> rows[:20] = 3 + rows[:20] / 20
    >>> undertrained(Head.from_array(rows), reference=range(5)).found[-1] < 20
    True
    """
    if not 0 < fdr < 1:
        raise UsageError(f"fdr={fdr}; it must be between 0 and 1")
    if not 0 <= components < max(head.width, 1):
        raise UsageError(f"components={components}; it must be from 0 to {head.width - 1}")
    prepared = prepare(head)
    kept = prepared.raw.head
    if kept.features < 2 * FEWEST:
        raise HeadDataError(
            f"{head.provenance.model}: {kept.features} of {head.features:,} rows are not zero, and "
            f"rows that were never trained can be told only among {2 * FEWEST} or more"
        )
    ids = kept.kept_ids
    matrices = [kept] if embedding is None else [kept, _beside(embedding, head, ids)]
    fit = _fit(matrices, ids, reference)
    unused = None if fit is None else np.flatnonzero(np.isin(ids, fit.reference.ids))
    empty = np.zeros(0)
    return Undertrained(
        model=head.provenance.model,
        width=head.width,
        ids=ids,
        tokens=tuple(head.token(i) for i in ids.tolist()),
        reference=None if fit is None else fit.reference,
        fdr=fdr,
        distance=empty if fit is None else fit.distance,
        probability=np.zeros(len(ids)) if fit is None or not _told(fit) else fit.groups.probability,
        center=0.0 if fit is None else fit.groups.center,
        spread=0.0 if fit is None else fit.groups.spread,
        background=0.0 if fit is None else fit.groups.background,
        matrices=tuple(
            indicators(rows, unused, name, components)
            for rows, name in zip(matrices, ("head", "embedding"), strict=False)
        ),
        zero=prepared.zero_ids,
        components=components,
        notes=tuple(notes),
    )


def _beside(embedding: Head, head: Head, ids: npt.NDArray[np.int64]) -> Head:
    """Return the rows of the input embedding that belong to the rows of the head."""
    if embedding.stored.shape[0] != head.stored.shape[0]:
        raise UsageError(
            f"{embedding.provenance.model} has {embedding.stored.shape[0]:,} rows as an input "
            f"embedding, and the head has {head.stored.shape[0]:,}"
        )
    beside = replace(embedding, ids=None if len(ids) == head.stored.shape[0] else ids)
    finite = np.isfinite(distances_from(beside, np.zeros(beside.width)))
    if not finite.all():
        first = beside.id_of(int(np.argmin(finite)))
        raise HeadDataError(
            f"{embedding.provenance.model}: non-finite numbers in the input embedding's row of "
            f"id {first}"
        )
    return beside


def _fit(
    matrices: list[Head], ids: npt.NDArray[np.int64], given: Iterable[int] | None
) -> _Fit | None:
    """Return the first reference from which a group can be told, or else the first."""
    first = None
    for reference in _candidates(matrices, ids, given):
        fit = _from(matrices, ids, reference)
        if _told(fit):
            return fit
        first = first or (fit if reference.known else None)
    return first


def _candidates(
    matrices: list[Head], ids: npt.NDArray[np.int64], given: Iterable[int] | None
) -> Iterator[Reference]:
    if given is not None:
        yield _given(given, ids, matrices[0])
        return
    yield from references(matrices[0])
    near = densest(matrices[0])
    if len(near) >= FEWEST:
        yield Reference("the densest group of rows", ids[near], known=False)


def _given(given: Iterable[int], ids: npt.NDArray[np.int64], head: Head) -> Reference:
    try:
        wanted = np.unique(np.fromiter(given, np.int64))
    except (TypeError, ValueError, OverflowError):
        raise UsageError("reference must be ids, which are whole numbers") from None
    absent = wanted[~np.isin(wanted, ids)]
    if len(absent):
        raise UsageError(
            f"{head.provenance.model} has no row of id {absent[0]} that is not zero, which "
            "reference names"
        )
    if len(wanted) < FEWEST:
        raise UsageError(f"reference has {len(wanted)} ids; it needs {FEWEST} or more")
    return Reference("the ids given", wanted)


def _from(matrices: list[Head], ids: npt.NDArray[np.int64], reference: Reference) -> _Fit:
    """Return the groups by distances from the rows of a reference, then from the rows found."""
    every = np.flatnonzero(np.isin(ids, reference.ids))
    members = every[close_together(matrices[0].take(every))]
    sure = reference.known and 2 * len(members) > len(every)
    width = sum(matrix.width for matrix in matrices)
    fit = None
    for _ in range(_ROUNDS):
        squares = np.zeros(len(ids))
        for matrix in matrices:
            d = distances_from(matrix, mean_of(matrix, members))
            d[members] *= len(members) / (len(members) - 1)  # from the mean of the others
            least = FINEST * float(np.median(d))
            if not least:
                raise HeadDataError(
                    f"{matrix.provenance.model}: half of all rows are equal, so that nothing tells "
                    "rows that were never trained from others"
                )
            squares += np.square(d / max(float(np.median(d[members])), least))
        distance = np.sqrt(squares / len(matrices))
        groups = two_groups(distance, members, width)
        fit = _Fit(reference, distance, groups, sure, 1 / np.sqrt(2 * width))
        found = np.flatnonzero(groups.probability > 0.5)
        if not groups.apart or len(found) < FEWEST or np.array_equal(found, members):
            break
        members = found
    assert fit is not None
    return fit


def _told(fit: _Fit) -> bool:
    """Return whether the group stands apart, and is no chance find.

    Rows that are their mean and noise are all as far from it; those near the middle of a cloud of
    trained rows, which a wrong reference finds, are not.
    """
    groups = fit.groups
    if not groups.apart or groups.probability.sum() < FEWEST:
        return False
    shell = groups.spread < SHELL * fit.noise * groups.center
    return (fit.sure and shell) or _chance(fit) < CHANCE


def _chance(fit: _Fit) -> float:
    """Return the chance that the background alone has a group as dense about any of its rows.

    The number of background rows within a distance is taken to grow as a power of it, as between
    half the median distance and all of it.
    """
    from scipy.stats import poisson

    groups, distance = fit.groups, fit.distance
    within = groups.center + APART * groups.spread
    half = groups.background / 2
    if within >= DENSE * groups.background:
        return 1.0
    members = int((distance <= within).sum())
    nearer = max(int((distance <= half).sum()) - members, 1)
    nearest = max(int((distance <= groups.background).sum()) - members, nearer)
    expected = nearer * (within / half) ** np.log2(nearest / nearer)
    return float(len(distance) * poisson.sf(members - 1, expected))
