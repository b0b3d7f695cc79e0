"""Look at a head token by token."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from superscope.arguments import checked
from superscope.errors import NotFoundError, UsageError
from superscope.evaluation import Pass
from superscope.frequency.checkpoint import loadable
from superscope.frequency.text import Text, text_of
from superscope.geometry import Geometry, measure_head
from superscope.geometry.frequencies import TokenCounts, of_rows
from superscope.geometry.row_classes import CLASSES, RowClass, RowClasses, classify
from superscope.geometry.unit_rows import Float32, Float64, UnitRows
from superscope.geometry.weighted import shares
from superscope.heads import Head, any_head
from superscope.heads.embedding import input_embedding
from superscope.lens import vocabulary
from superscope.lens._argmax import Argmax, argmax
from superscope.lens._neighbor_cost import neighbor_cost
from superscope.lens._undertrained import undertrained
from superscope.lens.cost import NeighborCost
from superscope.lens.cost_options import CostOptions
from superscope.lens.looked import Looked
from superscope.lens.neighbors import in_degree, nearest, overlaps, shortest
from superscope.lens.options import LensOptions
from superscope.lens.overview import Overview, overview
from superscope.lens.token import Comparison, Named, Neighbor, Token
from superscope.lens.untrained import Undertrained
from superscope.lens.views import Views, position_of
from superscope.options import changed, taking
from superscope.plotting import Pictured
from superscope.progress import ProgressChoice, chosen
from superscope.text import as_html, as_text, counted, visible

if TYPE_CHECKING:
    import pandas as pd

MEMORY = 2 << 30  # bytes of a head whose rows are kept, so that no token reads them again
FIRST = 5  # neighbors that must differ for the list without short rows to be given


@dataclass(frozen=True, eq=False)
class Lens(Pictured):
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

    head: Head
    options: LensOptions
    frequencies: Float64 | None
    views: Views
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
        return self._token(first, others)

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
        if not isinstance(name, (str, int, np.integer)) or isinstance(name, bool):
            raise UsageError(f"a token is a text, '#1234' or an id, not {name!r:.80}")
        index = vocabulary.id_in(name) if isinstance(name, str) else int(name)
        if index is not None:
            self._check_id(index)
            return (index,)
        if self.head.tokens is None:
            raise UsageError(
                f"{self.model} has no tokenizer, so its tokens have no text; name a token by its "
                "id, such as '#1234'"
            )
        found = vocabulary.entries(self.head.tokens, str(name))
        kept = tuple(i for i in found if position_of(self.head, i) is not None)
        if found and not kept:
            self._check_id(found[0])
        if not kept:
            raise NotFoundError(self._unknown(str(name)))
        return kept

    def compare(self, names: Iterable[str | int]) -> Comparison:
        """Return the overlaps of some tokens with each other, raw and centered.

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
        >>> lens.compare(["red", "blue"]).table()["centered"].round(6).tolist()
        [-0.5]
        """
        ids = [self.find(name)[0] for name in names]
        if len(ids) < 2:
            raise UsageError("a comparison needs two tokens or more")
        named = {i: self._shown(i) for i in ids}
        raw, less = (self.views.square(center, ids, named) for center in ("none", "mean"))
        return Comparison(
            self.model, tuple(map(self.named, ids)), raw, less,
            self.views.chance("none"), self.views.chance("mean"),
        )  # fmt: skip

    def undertrained(
        self,
        *,
        reference: Iterable[int] | None = None,
        embedding: Any = "auto",
        fdr: float = 0.05,
        components: int = 1,
    ) -> Undertrained:
        """Find the rows that were never trained.

        Parameters
        ----------
        reference, fdr, components
            As of :func:`superscope.lens.undertrained`.
        embedding
            Input embedding with the rows of the head, if it is another matrix: a head or a
            matrix. ``"auto"`` reads it from the checkpoint; None leaves it out.

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
        import pandas as pd

        every = pd.DataFrame({"id": [self.head.id_of(k) for k in range(self.head.features)]})
        every["class"] = [CLASSES[code].value for code in self.classes.codes.tolist()]
        first = {i: group[0] for group in self.classes.groups for i in group[1:]}
        every["equal_to"] = every["id"].map(first).astype("Int64")
        measured = self.geometry.tokens().drop(columns="token")
        every.insert(1, "token", [self.head.token(i) for i in every["id"].tolist()])
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
        looked = Looked(self.head, self.views, self.options.center, self.options.neighbors,
                        self.classes, self.frequencies)  # fmt: skip
        place = loadable(self.source, self.options.revision, self.options.base)
        with chosen(progress) as report:
            return neighbor_cost(
                looked,
                Pass(place, text if isinstance(text, Text) else text_of(text), o, keep, report),
                o,
            )

    @property
    def model(self) -> str:
        """Name of the head."""
        return self.head.provenance.model

    @cached_property
    def geometry(self) -> Geometry:
        """Norms, and overlaps of every token by the Gram matrix: O(V m²)."""
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

    @cached_property
    def classes(self) -> RowClasses:
        """The class of every row: it takes a pass over the rows and over the vocabulary."""
        return classify(self.head)

    def named(self, index: int) -> Named:
        """Return the entry of an id, with its text and its class."""
        return Named(index, self.head.token(index), self.classes.of(index))

    def __str__(self) -> str:
        return as_text(self)

    def __repr__(self) -> str:
        return f"Lens({self.model}: V = {self.head.features:,}, m = {self.head.width:,})"

    def _repr_html_(self) -> str:
        return as_html(self)

    def _token(self, index: int, others: Iterable[int]) -> Token:
        o, norms = self.options, self.views.prepared.norms
        at = position_of(self.views.prepared.raw.head, index)
        norm = 0.0 if at is None else float(norms[at])
        own: dict[str, Float32] = {}
        for center in dict.fromkeys(("none", "mean", o.center)):
            place = self.views.position(center, index)
            if place is not None:
                rows = self.views.rows(center)
                own[center] = overlaps(rows, rows.take(np.array([place])))[0]
        near, longer = self._near(index, own.get(o.center))
        degree = None
        if o.center in own:
            rows, place = self.views.rows(o.center), self.views.position(o.center, index) or 0
            degree = in_degree(rows, place, own[o.center], o.neighbors)
        return Token(
            model=self.model,
            entry=self.named(index),
            equal=tuple(map(self.named, self._equal(index))),
            others=tuple(map(self.named, others)),
            features=self.head.features,
            width=self.head.width,
            norm=norm,
            norm_rank=1 + int((norms > norm).sum()),
            interference=self._interference("none", index, own),
            centered_interference=self._interference("mean", index, own),
            frequency_interference=self._frequency_interference(index, own),
            center=o.center,
            chance=self.views.chance(o.center),
            neighbors=near,
            longer_neighbors=longer,
            in_degree=degree,
        )

    def _near(
        self, index: int, own: Float32 | None
    ) -> tuple[tuple[Neighbor, ...], tuple[Neighbor, ...] | None]:
        """Return the nearest rows, and those without the shortest where the first differ."""
        if own is None:
            return (), None
        rows = self.views.rows(self.options.center)
        out = np.zeros(rows.features, bool)
        for left_out in (index, *self._equal(index), *self._repeated()):
            place = position_of(rows.head, left_out)
            if place is not None:
                out[place] = True
        near = self._neighbors(rows, own, out)
        longer = self._neighbors(rows, own, out | shortest(1 / rows.inverse_norms))
        same = near[:FIRST] == longer[:FIRST]
        return near, None if same else longer

    def _neighbors(
        self, rows: UnitRows, own: Float32, out: npt.NDArray[np.bool_]
    ) -> tuple[Neighbor, ...]:
        found = nearest(own, self.options.neighbors, out)
        return tuple(
            Neighbor(self.named(rows.head.id_of(i)), float(own[i])) for i in found.tolist()
        )

    def _equal(self, index: int) -> tuple[int, ...]:
        """Return the ids of the other rows that equal one."""
        return tuple(i for i in self.classes.group(index) if i != index)

    def _repeated(self) -> tuple[int, ...]:
        """Return the ids of the rows that equal an earlier one."""
        return tuple(i for group in self.classes.groups for i in group[1:])

    def _interference(self, center: str, index: int, own: dict[str, Float32]) -> float | None:
        if center not in own:
            return None
        c = own[center].astype(np.float64)
        c[self.views.position(center, index)] = 0
        return float(c @ c) / (len(c) - 1)

    def _frequency_interference(self, index: int, own: dict[str, Float32]) -> float | None:
        if self.frequencies is None or "mean" not in own:
            return None
        p, _ = shares(self.frequencies, self.views.rows("mean").head.ids)
        p[self.views.position("mean", index)] = 0
        total = float(p.sum())
        return float(p @ own["mean"].astype(np.float64) ** 2) / total if total else None

    def _check_id(self, index: int) -> None:
        stored = self.head.stored.shape[0]
        if not 0 <= index < stored:
            raise UsageError(
                f"{self.model} has no row {index:,}: its ids go from 0 to {stored - 1:,}"
            )
        if position_of(self.head, index) is None:
            raise UsageError(
                f"{self._shown(index)} was left out by rows='{self.options.rows}'; choose "
                "rows='all'"
            )

    def _pieces(self, name: str) -> tuple[int, ...]:
        """Return the tokens that a text is read as; none where it cannot be told or read."""
        tokenizer = self.head.tokenizer
        found = () if tokenizer is None else tokenizer.encode(name)
        return found if all(self.classes.of(i) is not RowClass.SPECIAL for i in found) else ()

    def _shown(self, index: int) -> str:
        text = self.head.token(index)
        return f"#{index}" if text is None else f"{visible(text)} (#{index})"

    def _unknown(self, name: str) -> str:
        """Return the message for a text that is no entry of the vocabulary."""
        assert self.head.tokens is not None
        said = f"{self.model} has no token {visible(name)}"
        if pieces := self._pieces(name):
            return f"{said}; it reads it as {counted(len(pieces), 'token')}: " + ", ".join(
                map(self._shown, pieces)
            )
        near = vocabulary.like(self.head.tokens, name)
        if not near:
            return f"{said}, and none is spelled like it"
        return f"{said}; spelled like it: {', '.join(map(self._shown, near))}"


@taking(LensOptions)
@checked
def lens(
    model: str | Path | Head | Any,
    options: LensOptions = LensOptions(),  # noqa: B008 - frozen
    *,
    frequencies: npt.ArrayLike | TokenCounts | None = None,
    tokens: Any = None,
    progress: ProgressChoice = "auto",
    **changes: Any,
) -> Lens:
    """Look at the output head of a language model token by token.

    Parameters
    ----------
    model
        As of :func:`superscope.measure`.
    options
        What to read and how to look at it; the keywords change them.
    frequencies
        Token frequencies by id, on any scale, or what counted them.
    tokens
        For a model or matrix in memory, the text of each row: a sequence of strings, or a
        tokenizer.
    progress
        ``"auto"`` shows a bar in a terminal or a notebook; None shows nothing; a function is
        called as ``progress(stage, done, total)``.
    **changes
        Options, by name.

    Returns
    -------
    Lens
        ``lens["Paris"]`` is a token; printed, it is an overview.

    Raises
    ------
    SuperscopeError
        The model cannot be found or read, or a row is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> import superscope
    >>> lens = superscope.lens(np.eye(4) + 0.1, tokens=["a", "b", "c", "d"])
    >>> lens["b"].norm_rank
    1
    """
    o = changed(options, changes, "lens")
    with chosen(progress) as report:
        head = any_head(model, o, tokens=tokens, progress=report).in_memory(MEMORY)
    weights, notes = (None, ()) if frequencies is None else of_rows(frequencies, head)
    views = Views(head, weights)
    views.rows(o.center)
    source = model if isinstance(model, (str, Path)) else None
    return Lens(head, o, weights, views, (*head.provenance.notes, *notes), source)
