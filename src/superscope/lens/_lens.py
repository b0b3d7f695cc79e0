"""Look at a head token by token."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from superscope.arguments import checked
from superscope.errors import HeadDataError, UsageError
from superscope.evaluation import Pass
from superscope.frequency.checkpoint import loadable
from superscope.frequency.text import Text, text_of
from superscope.geometry import Geometry, measure_head
from superscope.geometry.frames import text_column
from superscope.geometry.row_classes import RowClass
from superscope.heads import Head
from superscope.heads.embedding import input_embedding
from superscope.lens import vocabulary
from superscope.lens._argmax import Argmax, argmax
from superscope.lens._neighbor_cost import neighbor_cost
from superscope.lens._undertrained import undertrained
from superscope.lens.cost import NeighborCost
from superscope.lens.cost_options import CostOptions
from superscope.lens.lensed_head import LensedHead
from superscope.lens.one_token import token_of
from superscope.lens.overview import Overview, overview
from superscope.lens.token import Comparison, Square, Token
from superscope.lens.undertrained_rows import Undertrained
from superscope.options import changed, taking
from superscope.plotting import Pictured
from superscope.progress import ProgressChoice, chosen
from superscope.text import as_html, as_text

if TYPE_CHECKING:
    import pandas as pd

MEMORY = 2 << 30  # bytes of a head whose rows are kept, so that no token reads them again


@dataclass(frozen=True, eq=False)
class Lens(LensedHead, Pictured):
    """A head, to be looked at token by token; :func:`lens` makes it.

    What takes long is computed when it is first asked for.

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
    notes
        Remarks for the user.
    source
        Name of the checkpoint, which a text can be read with; None for a model in memory.
    """

    notes: tuple[str, ...] = ()
    source: str | Path | None = None

    def __getitem__(self, name: str | int) -> Token:
        """Return a token by its text, by ``#id``, or by its id.

        Of several entries that are the same word, it is the one after a space.

        Raises
        ------
        NotFoundError
            The vocabulary has no such entry. The message names those of like spelling.
        UsageError
            The head has no such row.

        Examples
        --------
        >>> import numpy as np
        >>> import superscope
        >>> lens = superscope.lens(np.eye(3) + 0.1, tokens=["red", " red", "blue"])
        >>> lens["red"]
        Token(' red', id 1, norm 1.109)
        """
        first, *others = self.find(name)
        return token_of(self, first, others)

    def find(self, name: str | int) -> tuple[int, ...]:
        """Return the ids of the entries that a name stands for, the best first.

        Raises
        ------
        NotFoundError, UsageError
            As of ``lens[name]``.

        Examples
        --------
        >>> import numpy as np
        >>> import superscope
        >>> superscope.lens(np.eye(3), tokens=["red", " red", "blue"]).find("red")
        (1, 0)
        """
        return vocabulary.find(self.head, name, self._is_special)

    def _is_special(self, index: int) -> bool:
        return self.classes.of(index) is RowClass.SPECIAL

    def compare(self, names: Iterable[str | int]) -> Comparison:
        """Return the overlaps of some tokens with each other, raw, mean-centered and as looked at.

        Parameters
        ----------
        names
            Two tokens or more, as for ``lens[name]``.

        Returns
        -------
        Comparison
            Overlaps of each two, beside those of a random pair.

        Raises
        ------
        NotFoundError, UsageError
            As of ``lens[name]``; there are fewer than two; or a row has no direction.

        Examples
        --------
        >>> import numpy as np
        >>> import superscope
        >>> lens = superscope.lens(np.eye(3) + 0.5, tokens=["red", "green", "blue"])
        >>> lens.compare(["red", "blue"]).to_frame()["overlap_centered"].round(6).tolist()
        [-0.5]
        """
        ids = [self.find(name)[0] for name in names]
        if len(ids) < 2:
            raise UsageError("a comparison needs two tokens or more")
        named = {i: vocabulary.shown(self.head, i) for i in ids}
        centers = dict.fromkeys(("none", "mean", self.options.center))
        return Comparison(
            self.model,
            tuple(map(self.named, ids)),
            tuple(
                Square(self.views.square(center, ids, named), self.views.chance(center))
                for center in centers
                if self.views.measurable(center)
            ),
        )

    def undertrained(
        self,
        *,
        reference: Iterable[int] | None = None,
        embedding: Any = "auto",
        fdr: float = 0.05,
        components: int = 1,
    ) -> Undertrained:
        """Find the rows that seem never trained.

        Parameters
        ----------
        reference
            As of :func:`superscope.lens.undertrained`.
        embedding
            Input embedding with the rows of the head, if it is another matrix: a head or a
            matrix. ``"auto"`` reads it from the checkpoint; None leaves it out.
        fdr, components
            As of :func:`superscope.lens.undertrained`.

        Returns
        -------
        Undertrained
            A probability for each row, the list, and every indicator.

        Raises
        ------
        SuperscopeError
            As of :func:`superscope.lens.undertrained`.

        Examples
        --------
        >>> import numpy as np
        >>> import superscope
        >>> rows = np.random.default_rng(0).normal(size=(300, 16))
        >>> rows[:20] = 3 + rows[:20] / 20
        >>> superscope.lens(rows).undertrained(reference=range(5))
        Undertrained(array: 20 of 300 rows)
        """
        note = None
        if isinstance(embedding, str):
            if embedding != "auto":
                raise UsageError(f"embedding={embedding!r}; it must be 'auto', None or a matrix")
            embedding, note = input_embedding(self.head)
        if embedding is not None and not isinstance(embedding, Head):
            embedding = Head.from_array(embedding, model="embedding")
        return undertrained(
            self.head,
            reference=reference,
            embedding=None if embedding is None else embedding.in_memory(MEMORY),
            fdr=fdr,
            components=components,
            notes=self.notes if note is None else (*self.notes, note),
        )

    def tokens(self) -> pd.DataFrame:
        """Return one row for each token of the head.

        Returns
        -------
        pandas.DataFrame
            Columns ``id``, ``token``, ``class``, ``equal_to`` (the first of the rows that equal
            it), ``norm``, ``represented``, ``interference`` and ``interference_centered`` (mean
            square overlap with every other token). What a zero row lacks is missing.
        """
        return self._table.copy()

    @cached_property
    def _table(self) -> pd.DataFrame:
        every = self.classes.to_frame()
        measured = self.geometry.tokens().drop(columns="token")
        every.insert(1, "token", text_column(map(self.head.token, every["id"].tolist())))
        return every.merge(measured, on="id", how="left")

    def argmax(self, *, device: str = "auto", progress: ProgressChoice = "auto") -> Argmax:
        """Return for every token whether it can have the highest logit; see :func:`argmax`.

        Parameters
        ----------
        device
            ``auto``, ``cpu`` or a device of torch.
        progress
            As of :func:`lens`.

        Returns
        -------
        Argmax
            The status, the margin and the certificate of every row.

        Examples
        --------
        >>> import numpy as np
        >>> import superscope
        >>> superscope.lens(np.array([[0.0], [0.5], [1.0]])).argmax()
        Argmax(array: 2 of 3 tokens argmaxable)
        """
        return argmax(self.head, device=device, progress=progress)

    @taking(CostOptions)
    @checked
    def cost(
        self,
        text: Text | Iterable[str],
        options: CostOptions = CostOptions(),  # noqa: B008 - frozen
        *,
        keep: Path | None = None,
        progress: ProgressChoice = "auto",
        **changes: Any,
    ) -> NeighborCost:
        """Return what the nearest rows cost the model on a text, against random rows.

        Parameters
        ----------
        text
            From :func:`superscope.frequency.text_files`, or strings, one a document.
        options
            How; the keywords change them.
        keep
            Folder that keeps what is finished, as of :func:`superscope.evaluation.evaluate`.
        progress
            As of :func:`lens`.
        **changes
            Options, by name.

        Returns
        -------
        NeighborCost
            Nats that go to the nearest rows and to controls, by token, class and frequency.

        Raises
        ------
        SuperscopeError
            The lens is on a matrix in memory, the model cannot be evaluated, or the text is too
            short for controls.

        Examples
        --------
        >>> import superscope
        >>> lens = superscope.lens("openai-community/gpt2")  # doctest: +SKIP
        >>> print(lens.cost(["A text.", "Another."]))  # doctest: +SKIP
        """
        o = changed(options, changes, "cost")
        if self.source is None:
            raise UsageError(
                f"{self.model} is in memory and reads no text; make the lens from the name of a "
                "checkpoint"
            )
        place = loadable(self.source, self.options.revision, self.options.base)
        with chosen(progress) as report:
            return neighbor_cost(
                self,
                Pass(place, text if isinstance(text, Text) else text_of(text), o, keep, report),
                o,
            )

    @property
    def model(self) -> str:
        """Name of the head."""
        return self.head.provenance.model

    @cached_property
    def geometry(self) -> Geometry:
        """Norms, and overlaps of every token by the Gram matrix: O(V m²).

        Raises
        ------
        HeadDataError
            All rows are equal, so that mean-centered rows have no overlaps.
        """
        if not self.views.measurable("mean"):
            raise HeadDataError(
                f"{self.model}: all rows may be equal, so there is no overview and no table of all "
                "tokens; name the tokens to look at"
            )
        return measure_head(self.head, pairs="none", frequencies=self.frequencies)

    @cached_property
    def overview(self) -> Overview:
        """The head in a few lines; it needs the geometry."""
        groups = tuple(tuple(map(self.named, group)) for group in self.classes.groups)
        return overview(
            self.geometry, self.tokens(), groups, (*self.notes, *self._unknown_classes())
        )

    def _unknown_classes(self) -> tuple[str, ...]:
        reason = self.classes.reason
        return () if reason is None else (f"classes of rows but zero and duplicate: {reason}",)

    def __str__(self) -> str:
        return as_text(self)

    def __repr__(self) -> str:
        return f"Lens({self.model}: V = {self.head.features:,}, m = {self.head.width:,})"

    def _repr_html_(self) -> str:
        return as_html(self)
