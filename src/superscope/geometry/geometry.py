"""The geometry of a head: every number of definitions.md §2 and §3, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from superscope.geometry.frames import collision_frame, token_frame
from superscope.geometry.moved import Moved
from superscope.geometry.norms import Norms, Regime, regime
from superscope.geometry.notes import measured_notes
from superscope.geometry.overlap import Overlap
from superscope.geometry.row_classes import RowClasses
from superscope.geometry.untrained import Evidence, UntrainedRows, evidence, untrained_rows
from superscope.heads import Provenance
from superscope.observations import Observation
from superscope.plotting import Pictured
from superscope.result import Result
from superscope.text import named, number

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Settings:
    """How a head was measured.

    Attributes
    ----------
    pairs
        ``none``, ``sample`` or ``exact``.
    samples, seed
        Number of sampled pairs and the seed that drew them.
    neighbors, top
        Number of nearest rows stored for each row; number of top pairs stored.
    device, dtype
        Where and in which precision tiles were multiplied.
    version
        Version of superscope.
    """

    pairs: str
    samples: int
    seed: int
    neighbors: int
    top: int
    device: str
    dtype: str
    version: str


@dataclass(frozen=True, eq=False)
class Geometry(Result, Pictured):
    """What the rows of a head look like.

    Attributes
    ----------
    provenance
        Where the head came from.
    settings
        How it was measured.
    stored_features, width
        Rows of the stored tensor, and m.
    zero_rows
        Ids of rows that are exactly zero: they have no direction and were dropped.
    norms
        Norms of the kept rows.
    raw, centered
        Overlaps of the rows as they are, and after subtracting the mean row.
    frequency_centered
        Overlaps after subtracting the mean row weighted by token frequencies, if these were given.
    moved
        How many rows differ from those of the initialization, if one was given.
    ids
        Ids of the kept rows, ascending, int64, shape (V,); None if all stored rows were kept.
    texts
        Text of each kept row, None for a row without text; or None if no text is known.
    near_zero_rows
        Ids of rows that are not zero, but whose norm is below a thousandth of the rms norm. They
        are among the kept rows, unless the provenance says that only trained rows were read.
    classes
        What each kept row stands for, and which are equal; None if no pairs are listed.
    mean_row_norm
        Norm of the mean of the kept rows.

    Examples
    --------
    >>> import numpy as np
    >>> import superscope
    >>> head = np.random.default_rng(0).standard_normal((1000, 50))
    >>> geometry = superscope.measure(head)
    >>> geometry
    Geometry(array: V = 1,000, m = 50, mean c² = 0.0199861 raw, 0.0199863 mean-centered)
    >>> geometry.raw.random_mean_square
    0.02
    """

    DERIVED = (
        "features", "rows_outside_tokenizer", "represented_fraction", "regime", "untrained",
        "evidence", "notes",
    )  # fmt: skip

    provenance: Provenance
    settings: Settings
    stored_features: int
    width: int
    zero_rows: tuple[int, ...]
    norms: Norms
    raw: Overlap
    centered: Overlap
    frequency_centered: Overlap | None = None
    moved: Moved | None = None
    ids: npt.NDArray[np.int64] | None = None
    texts: tuple[str | None, ...] | None = None
    near_zero_rows: tuple[int, ...] = ()
    classes: RowClasses | None = None
    mean_row_norm: float | None = None

    @property
    def features(self) -> int:
        """V, the number of kept rows."""
        return self.raw.features

    @property
    def rows_outside_tokenizer(self) -> int:
        """Number of rows dropped because the tokenizer cannot produce their id."""
        untrained = len(self.near_zero_rows) if self.provenance.rows == "trained" else 0
        return self.stored_features - self.features - len(self.zero_rows) - untrained

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know: of where the head came from, and of what was measured."""
        untrained = () if self.provenance.rows == "trained" else self.near_zero_rows
        found = measured_notes(self.norms, self.raw, self.centered, untrained)
        return (*self.provenance.notes, *found)

    @property
    def represented_fraction(self) -> float | None:
        """φ, the share of rows with a norm above the threshold in `norms`.

        None where norms have no meaning: fp8 or int8 numbers whose scale is not known.
        """
        known = self.provenance.scale_known
        return self.norms.represented_fraction() if known else None

    @property
    def regime(self) -> Regime:
        """Regime after LLG25, by the norms alone; see `untrained` and `evidence`."""
        return regime(self.features, self.width, self.represented_fraction)

    @property
    def untrained(self) -> UntrainedRows:
        """What untrained rows of this shape give by the same threshold."""
        return untrained_rows(self.features, self.width, self.norms)

    @property
    def evidence(self) -> Evidence:
        """What tells the rows from untrained ones, by overlaps and spectrum."""
        return evidence(self.raw, self.centered, self.moved)

    @property
    def mean_row_share(self) -> float | None:
        """Squared norm of the mean row over the mean square norm of rows: what all share."""
        if self.mean_row_norm is None:
            return None
        return (self.mean_row_norm / self.norms.root_mean_square) ** 2

    @property
    def overlaps(self) -> tuple[Overlap, ...]:
        """All centerings measured, raw first."""
        more = () if self.frequency_centered is None else (self.frequency_centered,)
        return (self.raw, self.centered, *more)

    def observation(self) -> Observation:
        """Return this geometry as a row of the table of observations."""
        return Observation(
            source="checkpoint",
            run=self.provenance.matrix,
            family=self.provenance.family,
            model=self.provenance.model,
            revision=self.provenance.revision,
            width=self.width,
            features=self.features,
            depth=self.provenance.depth,
            parameters=self.provenance.parameters,
            mean_square_overlap=self.raw.mean_square_overlap,
            mean_square_overlap_centered=self.centered.mean_square_overlap,
            effective_width=self.raw.effective_width,
            effective_width_centered=self.centered.effective_width,
            represented_fraction=self.represented_fraction,
            norm_mean=self.norms.mean if self.provenance.scale_known else None,
            norm_cv=self.norms.coefficient_of_variation if self.provenance.scale_known else None,
            represented_fraction_untrained=self.untrained.represented_fraction,
            overlap_deviation=self.raw.deviation_from_random,
            overlap_deviation_centered=self.centered.deviation_from_random,
            outside_marchenko_pastur=self.centered.outside_marchenko_pastur,
            random_direction_share=self.raw.random_direction_share,
            moved_fraction=None if self.moved is None else self.moved.moved,
            evidence=str(self.evidence),
        )

    def tokens(self) -> pd.DataFrame:
        """Return one row for each token: its norm, its interference, its nearest tokens.

        Returns
        -------
        pandas.DataFrame
            Columns ``id``, ``token`` (missing if unknown), ``norm``, ``represented``, and
            ``interference`` and ``interference_centered``: the mean square overlap with all other
            tokens, for raw and for centered rows. If neighbors were measured, also ``nearest``,
            ``nearest_token`` and ``nearest_overlap``, then ``nearest_2`` …, and each of them with
            ``_centered``. Values of rows that are zero after centering are missing.

        Examples
        --------
        >>> import numpy as np
        >>> import superscope
        >>> rows = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 2.0]])
        >>> tokens = superscope.measure(rows, tokens=["a", "b", "c"]).tokens()
        >>> tokens[["token", "norm", "interference"]].round(2)
          token  norm  interference
        0     a   1.0          0.32
        1     b   1.0          0.50
        2     c   2.0          0.18
        """
        return token_frame(self.norms, self.overlaps, self.ids, self.texts)

    def collisions(self) -> pd.DataFrame:
        """Return the pairs of tokens that overlap most, those of raw rows first.

        Returns
        -------
        pandas.DataFrame
            Columns ``center`` (``raw``, ``mean-centered`` or ``frequency-centered``), ``first``
            and ``second`` (ids), ``first_token`` and ``second_token`` (missing if unknown) and
            ``overlap``. It is empty if no pairs were measured.

        Examples
        --------
        >>> import numpy as np
        >>> import superscope
        >>> rows = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 2.0]])
        >>> head = superscope.measure(rows, pairs="exact", tokens=["a", "b", "c"])
        >>> pairs = head.collisions().query("center == 'raw'")
        >>> pairs[["first_token", "second_token", "overlap"]].round(2)
          first_token second_token  overlap
        0           a            b      0.8
        1           b            c      0.6
        2           a            c      0.0
        """
        return collision_frame(self.overlaps)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Geometry) and self.to_json() == other.to_json()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return (
            f"Geometry({named(self.provenance.model)}: V = {self.features:,}, m = {self.width:,}, "
            f"mean c² = {number(self.raw.mean_square_overlap)} raw, "
            f"{number(self.centered.mean_square_overlap)} mean-centered)"
        )
