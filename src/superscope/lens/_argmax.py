"""Which tokens a head can give the highest logit, whatever the hidden state is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from superscope.arguments import checked
from superscope.device import resolved
from superscope.errors import HeadDataError, UsageError
from superscope.heads import Head
from superscope.lens.argmax_search import search
from superscope.lens.certificates import (
    ARGMAXABLE,
    IMPOSSIBLE,
    STATUSES,
    TIED,
    UNDECIDED,
    Certificates,
)
from superscope.plotting import Pictured
from superscope.progress import ProgressChoice, chosen
from superscope.result import Result

if TYPE_CHECKING:
    import pandas as pd

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Argmax(Result, Pictured):
    """Which of a head's tokens can have the highest logit (G22).

    A token is *argmaxable* if some hidden state gives it a higher logit than all others. It is
    *tied* if another row equals its own and has the same bias, so that both logits are always
    equal. It is *impossible* if its row is a convex combination of others that does not have a
    lower bias, so that one of these is always at least as high.

    The first two are proved in float64. *Impossible* is proved to within rounding: the combination
    may miss the row by 1e-6 of the distance of its farthest part, or by what storing rows in
    float32 explains if that is less, and its bias may be lower by 1e-6 of the range of all biases.
    A row that lies outside the hull by less counts as impossible.

    Attributes
    ----------
    model
        Name of the head.
    width
        m.
    biased
        Whether the logits have a bias.
    ids
        Vocabulary id of each row, int64, shape (V,).
    status
        For each row 0 (argmaxable), 1 (tied), 2 (impossible) or 3 (undecided, because rounding
        decides), int8, shape (V,).
    margin
        min over j of ((w_i − w_j)·h + b_i − b_j)/‖h‖ for the hidden state h of an argmaxable row's
        certificate, float64, shape (V,); NaN for other rows. What float32 may be off is subtracted,
        so that it is never more, and at most 2 % less; :func:`verify` gives it in float64. Another
        hidden state may have a greater margin.
    twin
        Id of an equal row for each tied row, else −1, int64, shape (V,).
    combined
        Number of rows in the combination of each impossible row, else 0, int64, shape (V,).
    texts
        Text of each row, None for a row without text; or None if no text is known.
    certificates
        What proves it; not written to JSON, but :meth:`Certificates.save` writes it.
    """

    DERIVED = ("argmaxable", "tied", "impossible", "undecided")

    model: str
    width: int
    biased: bool
    ids: Int64
    status: npt.NDArray[np.int8]
    margin: Float64
    twin: Int64
    combined: Int64
    texts: tuple[str | None, ...] | None = None
    certificates: Certificates | None = field(default=None, metadata={"json": None})

    @property
    def argmaxable(self) -> int:
        """Number of argmaxable rows."""
        return self._count(ARGMAXABLE)

    @property
    def tied(self) -> int:
        """Number of tied rows."""
        return self._count(TIED)

    @property
    def impossible(self) -> int:
        """Number of impossible rows."""
        return self._count(IMPOSSIBLE)

    @property
    def undecided(self) -> int:
        """Number of rows without a certificate."""
        return self._count(UNDECIDED)

    def _count(self, status: int) -> int:
        return int((self.status == status).sum())

    def tokens(self) -> pd.DataFrame:
        """Return one row for each token.

        Returns
        -------
        pandas.DataFrame
            Columns ``id``, ``token`` (missing if unknown), and those of
            :data:`superscope.lens.token_columns.ARGMAX`, which says what they mean. What does not
            apply is missing.

        Examples
        --------
        >>> import numpy as np
        >>> from superscope import Head, lens
        >>> rows = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0], [0.0, 0.0]])
        >>> can = lens.argmax(Head.from_array(rows, tokens=("a", "b", "c", "d")))
        >>> can.tokens()[["token", "status", "combined"]]
          token      status  combined
        0     a  argmaxable      <NA>
        1     b  argmaxable      <NA>
        2     c  argmaxable      <NA>
        3     d  impossible         3
        """
        import pandas as pd

        def where(values: Int64, status: int) -> Any:
            kept = pd.Series(values, dtype="Int64")
            return kept.where(pd.Series(self.status == status))

        return pd.DataFrame({
            "id": self.ids,
            "token": self.texts or [None] * len(self.ids),
            "status": np.array(STATUSES)[self.status],
            "margin": self.margin,
            "twin": where(self.twin, TIED),
            "combined": where(self.combined, IMPOSSIBLE),
        })  # fmt: skip

    def __repr__(self) -> str:
        return f"Argmax({self.model}: {self.argmaxable:,} of {len(self.ids):,} tokens argmaxable)"


@checked
def argmax(
    head: Head,
    *,
    bias: Any = None,
    device: str = "auto",
    progress: ProgressChoice = "auto",
) -> Argmax:
    """Return for every token of a head whether it can have the highest logit.

    All rows are multiplied with all once; of the rows that this leaves, each is multiplied with all
    a few dozen times, and what is left then needs a solver of its own, about 0.2 s of one core at
    m = 256. A head of which that leaves many takes long; progress says how many there are.

    A copy of the rows is kept in memory if it takes no more than 512 MB, and likewise hidden states
    that have to be stored; larger ones go to a temporary file.

    Parameters
    ----------
    head
        The head, shape (V, m).
    bias
        Logit bias of each row, shape (V,), in place of the head's own.
    device
        Where all rows are multiplied with all: ``auto``, ``cpu`` or a device of torch.
    progress
        ``"auto"`` shows a bar in a terminal or a notebook; None shows nothing; a function is
        called as ``progress(stage, done, total)``.

    Returns
    -------
    Argmax
        The status, the margin and the certificate of every row.

    Raises
    ------
    HeadDataError
        A row or a bias has numbers that are not finite.
    UsageError
        The biases are not one for each row, or the device is not there.

    Examples
    --------
    >>> import numpy as np
    >>> from superscope import Head, lens
    >>> rows = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0], [0.0, 0.0]])
    >>> lens.argmax(Head.from_array(rows))
    Argmax(array: 3 of 4 tokens argmaxable)
    """
    biases = biases_of(head, bias)
    with chosen(progress) as report:
        certificates, margin = search(head, biases, resolved(device), report)
    c = certificates
    twin, combined = np.full(head.features, -1), np.zeros(head.features, np.int64)
    twin[c.tied] = c.ids[c.twins]
    combined[c.impossible] = np.diff(c.starts)
    texts = None
    if head.tokens is not None:
        texts = tuple(head.token(i) for i in c.ids.tolist())
    return Argmax(
        head.provenance.model, head.width, biases is not None, c.ids, c.status, margin, twin,
        combined, texts, certificates,
    )  # fmt: skip


def biases_of(head: Head, bias: Any) -> Float64 | None:
    """Return the logit biases that were given, or those of the head, float64; or None.

    Raises
    ------
    UsageError, HeadDataError
        They are not one for each row, or not finite.
    """
    given = head.kept_bias if bias is None else bias
    if given is None:
        return None
    values = np.asarray(given, np.float64)
    if values.shape != (head.features,):
        raise UsageError(
            f"bias has shape {values.shape}; it must have one number for each of the "
            f"{head.features:,} rows"
        )
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise HeadDataError(f"the bias of row {bad[0]} is {values[bad[0]]}, which is not finite")
    return values
