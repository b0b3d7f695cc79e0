"""The head that a lens is on, as all that looks at its tokens or reads a text takes it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from superscope.errors import UsageError
from superscope.evaluation.model import LanguageModel
from superscope.geometry.row_classes import RowClasses, classify
from superscope.geometry.unit_rows import UnitRows
from superscope.heads import Head
from superscope.lens.options import LensOptions
from superscope.lens.token import Named
from superscope.lens.views import Views

Float64 = npt.NDArray[np.float64]

_ROWS = 64  # that are compared with those of the model
_ALIKE = 0.02  # of the largest number, by which these may differ


@dataclass(frozen=True, eq=False)
class LensedHead:
    """A head, and how a lens looks at it.

    Attributes
    ----------
    head
        The head, V rows.
    options
        How tokens are looked at.
    frequencies
        Frequencies of the stored rows, float64; or None.
    views
        The unit rows under each centering.
    """

    head: Head
    options: LensOptions
    frequencies: Float64 | None
    views: Views

    @cached_property
    def classes(self) -> RowClasses:
        """The class of every row: it takes a pass over the rows and over the vocabulary."""
        return classify(self.head)

    def check(self, model: LanguageModel) -> None:
        """Refuse a model that has another output head than this one.

        Raises
        ------
        UsageError
            Their rows differ in number, or in more than the precision of a checkpoint explains.
        """
        name, stored = self.head.provenance.model, self.head.stored.shape[0]
        if stored > model.rows:
            raise UsageError(
                f"{name}: the lens looks at {stored:,} rows, and the model that reads the text has "
                f"{model.rows:,}; leave out tensor="
            )
        if self.head.provenance.folded_norm is not None or not model.head.plain:
            return  # its rows are changed on the way
        ids = self.head.kept_ids
        places = np.arange(0, len(ids), max(1, len(ids) // _ROWS))
        ours = self.head.take(places).astype(np.float64)
        theirs = model.head.rows(ids[places]).astype(np.float64)
        alike = ours.shape == theirs.shape and (
            float(np.abs(ours - theirs).max()) <= _ALIKE * float(np.abs(theirs).max())
        )
        if not alike:
            raise UsageError(
                f"{name}: the lens looks at another matrix than the output head of the model that "
                "reads the text; leave out tensor="
            )

    def check_movable(self, model: LanguageModel) -> None:
        """Refuse to move rows that are not those of the model.

        Raises
        ------
        UsageError
            The norm is folded into the rows, or an adapter adds to them.
        """
        if self.head.provenance.folded_norm is not None:
            raise UsageError(
                "rows with the norm folded in are not those of the model, so that none can be "
                "moved in it; choose pairs=0"
            )
        if not model.head.plain:
            raise UsageError(
                f"{model.name}: an adapter changes its output head, so that no row can be moved "
                "in it; choose pairs=0"
            )

    def named(self, index: int) -> Named:
        """Return the entry of an id, with its text and its class."""
        return Named(index, self.head.token(index), self.classes.of(index))

    def equal(self, index: int) -> tuple[int, ...]:
        """Return the ids of the other rows that equal one."""
        return tuple(i for i in self.classes.group(index) if i != index)

    @property
    def repeated(self) -> tuple[int, ...]:
        """Ids of the rows that equal an earlier one."""
        return tuple(i for group in self.classes.groups for i in group[1:])

    def compared(self, center: str) -> UnitRows:
        """Return the unit rows under a centering, of equal ones the first, if two are left.

        Raises
        ------
        HeadDataError, UsageError
            As of ``views.rows``.
        """
        rows = self.views.rows(center)
        ids = rows.head.kept_ids
        kept = np.flatnonzero(~np.isin(ids, np.array(self.repeated, np.int64)))
        if len(kept) in (rows.features, 0, 1):
            return rows
        head = rows.head.keeping(ids[kept], rows.head.provenance.rows)
        return UnitRows(head, rows.inverse_norms[kept], rows.center)
