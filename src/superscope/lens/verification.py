"""Check the certificates of a head's tokens, by code that the search does not use.

Each certificate is checked in float64 against every row of the head, by its definition (G22). Only
the head and the form of the certificates are common to both. What the two allow for rounding is
written here too, so that the search cannot widen it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from superscope.arguments import checked
from superscope.errors import UsageError
from superscope.heads import Head
from superscope.lens.certificates import (
    ARGMAXABLE,
    IMPOSSIBLE,
    TIED,
    UNDECIDED,
    Certificates,
)
from superscope.progress import Progress, ProgressChoice, chosen
from superscope.result import Result

if TYPE_CHECKING:
    import pandas as pd

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

_TOGETHER = 1 << 22  # numbers of the hidden states that are checked at once
_BLOCK = 1 << 20  # numbers of the rows that are read at once
_ROUNDED = 2.0**-22  # of a row's norm: what storing it in float32 may move it, and a little more
_OFF = (
    1e-6  # share of the farthest part, or of the range of biases, by which a combination may miss
)


@dataclass(frozen=True)
class Fault:
    """A certificate that does not hold.

    Attributes
    ----------
    id
        Vocabulary id of the token.
    reason
        What is wrong.
    """

    id: int
    reason: str


@dataclass(frozen=True, eq=False)
class Verification(Result):
    """What checking the certificates of a head found.

    Attributes
    ----------
    model
        Name of the head.
    ids
        Vocabulary id of each row, int64, shape (V,).
    undecided
        Number of rows without a certificate.
    margin
        min over j of ((w_i − w_j)·h + b_i − b_j)/‖h‖ of each argmaxable row, in float64, shape
        (V,); NaN for other rows.
    residual
        The greatest distance between an impossible row and its combination, as a share of the
        distance of the farthest row in it; 0 if no row is impossible. More than 1e-6, or more than
        storing the rows in float32 explains, is a fault.
    faults
        The certificates that do not hold, by id.
    """

    DERIVED = ("holds", "least_margin")

    model: str
    ids: Int64
    undecided: int
    margin: Float64
    residual: float
    faults: tuple[Fault, ...]

    @property
    def holds(self) -> bool:
        """Whether every certificate holds."""
        return not self.faults

    @property
    def least_margin(self) -> float | None:
        """The least margin of an argmaxable row; None if there is none."""
        known = self.margin[~np.isnan(self.margin)]
        return float(known.min()) if len(known) else None

    def tokens(self) -> pd.DataFrame:
        """Return one row for each token.

        Returns
        -------
        pandas.DataFrame
            Columns ``id``, ``margin`` (missing for tokens that are not argmaxable) and ``fault``:
            why the certificate does not hold (missing if it does).
        """
        import pandas as pd

        reasons = {fault.id: fault.reason for fault in self.faults}
        faults = [reasons.get(i) for i in self.ids.tolist()]
        return pd.DataFrame({"id": self.ids, "margin": self.margin, "fault": faults})

    def __repr__(self) -> str:
        found = f"{len(self.faults):,} faults" if self.faults else "all hold"
        return f"Verification({self.model}: certificates of {len(self.ids):,} rows, {found})"


@checked
def verify(
    head: Head,
    certificates: Certificates,
    *,
    bias: Any = None,
    progress: ProgressChoice = "auto",
) -> Verification:
    """Check every certificate of a head in float64, against every row.

    Parameters
    ----------
    head
        The head, shape (V, m).
    certificates
        What :func:`argmax` found for it, perhaps read from a file.
    bias
        Logit bias of each row, shape (V,), in place of the head's own.
    progress
        As for :func:`argmax`.

    Returns
    -------
    Verification
        The certificates that do not hold, and the margins of those that do.

    Raises
    ------
    UsageError
        The certificates are of a head of another shape or with other rows.
    """
    ids = head.kept_ids
    shape = (len(certificates.status), len(certificates.center))
    if shape != (head.features, head.width) or not np.array_equal(ids, certificates.ids):
        raise UsageError(
            f"the certificates are of a head with {shape[0]:,} rows and {shape[1]:,} columns; "
            f"{head.provenance.model} has {head.features:,} rows and {head.width:,} columns, "
            "or rows of other tokens"
        )
    given = head.kept_bias if bias is None else bias
    b = np.zeros(head.features) if given is None else np.asarray(given, np.float64)
    if b.shape != (head.features,):
        raise UsageError(f"bias has shape {b.shape}; it must be ({head.features},)")
    b = b - b.mean()  # which changes no difference, and large ones would be rounded
    with chosen(progress) as report:
        margin, faults = _states(head, certificates, b, report)
    residual, more = _combinations(head, certificates, b)
    found = [*faults, *more, *_ties(head, certificates, b), *_uncertified(certificates)]
    return Verification(
        head.provenance.model,
        ids,
        int((certificates.status == UNDECIDED).sum()),
        margin,
        residual,
        tuple(Fault(int(ids[row]), reason) for row, reason in sorted(found)),
    )


def _states(
    head: Head, c: Certificates, bias: Float64, progress: Progress
) -> tuple[Float64, list[tuple[int, str]]]:
    """Return the margins of the argmaxable rows, and which of them are not highest."""
    margins = np.full(head.features, np.nan)
    faults = []
    stated = {row: n for n, row in enumerate(c.stated.tolist())}
    able = np.flatnonzero(c.status == ARGMAXABLE)
    longest = max(float(np.linalg.norm(rows, axis=1).max()) for _, rows in _blocks(head))
    together, biased = max(1, _TOGETHER // head.width), bool(bias.any())
    for start in range(0, len(able), together):
        some = able[start : start + together]
        rows = head.take(some).astype(np.float64)
        states = (rows - c.center) @ c.matrix * c.scale[some, None]
        for n, row in enumerate(some.tolist()):
            if row in stated:
                states[n] = c.directions[stated[row]]
        own = np.einsum("ij,ij->i", rows, states) + bias[some]
        other = np.full(len(some), -np.inf)
        for first, wide in _blocks(head):
            last = first + len(wide)
            logits = states @ wide.T
            if biased:
                logits += bias[first:last]
            here = np.flatnonzero((some >= first) & (some < last))
            logits[here, some[here] - first] = -np.inf
            np.maximum(other, logits.max(axis=1), out=other)
        norms = np.linalg.norm(states, axis=1)
        rounding = (
            2 * (head.width + 2) * np.finfo(float).eps * (norms * longest + np.abs(bias).max())
        )
        gap = own - other
        with np.errstate(divide="ignore", invalid="ignore"):
            margins[some] = np.where(np.isinf(gap), np.inf, gap / norms)
        for n in np.flatnonzero(~(gap > rounding)).tolist():
            faults.append((int(some[n]), "another row has as high a logit at its hidden state"))
        progress("checking hidden states", start + len(some), len(able))
    return margins, faults


def _blocks(head: Head) -> Iterator[tuple[int, Float64]]:
    """Yield all rows in blocks, float64, each with the position of its first row."""
    step = max(1, _BLOCK // head.width)
    for start in range(0, head.features, step):
        yield start, head.block(start, min(start + step, head.features)).astype(np.float64)


def _combinations(
    head: Head, c: Certificates, bias: Float64
) -> tuple[float, list[tuple[int, str]]]:
    """Return the greatest residual of a combination, and the rows that theirs does not make."""
    worst, faults = 0.0, []
    for n, row in enumerate(c.impossible.tolist()):
        part = slice(int(c.starts[n]), int(c.starts[n + 1]))
        parts, weights = c.parts[part], c.weights[part]
        if c.status[row] != IMPOSSIBLE:
            continue
        if row in parts.tolist() or not len(parts):
            faults.append((row, "it is a part of its own combination"))
            continue
        if not (weights >= 0).all() or not abs(float(weights.sum()) - 1) < 1e-9:
            faults.append((row, "its weights are not positive with a sum of 1"))
            continue
        own = head.take(np.array([row]))[0].astype(np.float64)
        others = head.take(parts).astype(np.float64)
        far = float(np.linalg.norm(others - own, axis=1).max())
        off = float(np.linalg.norm(weights @ others - own))
        if off > min(_OFF * far, _ROUNDED * max(float(np.linalg.norm(own)), far)):
            faults.append((row, f"its combination is off by {off:.3g}"))
        elif weights @ bias[parts] < bias[row] - _OFF * float(np.ptp(bias)):
            faults.append((row, "its combination has a lower bias"))
        elif off:
            worst = max(worst, off / far)
    return worst, faults


def _ties(head: Head, c: Certificates, bias: Float64) -> Iterator[tuple[int, str]]:
    """Yield the tied rows that do not equal their twins."""
    for row, twin in zip(c.tied.tolist(), c.twins.tolist(), strict=True):
        a, b = head.take(np.array([row, twin]))
        if row == twin or not np.array_equal(a, b) or bias[row] != bias[twin]:
            yield row, "its twin is another row"


def _uncertified(c: Certificates) -> Iterator[tuple[int, str]]:
    """Yield the rows whose status has no certificate."""
    proved = np.full(len(c.status), UNDECIDED, np.int8)
    proved[c.scale != 0] = ARGMAXABLE
    proved[c.stated], proved[c.tied], proved[c.impossible] = ARGMAXABLE, TIED, IMPOSSIBLE
    for row in np.flatnonzero((proved != c.status) & (c.status != UNDECIDED)).tolist():
        yield row, "it has no certificate of its status"
