"""The head of a checkpoint that stores it as factors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from superscope.errors import UsageError
from superscope.heads.beside import depth_of, folded_gain, parameters_of
from superscope.heads.checkpoint import Checkpoint
from superscope.heads.encodings import Float32
from superscope.heads.factored import FILE, body_config, factors
from superscope.heads.families import family_of
from superscope.heads.found import FoundHead
from superscope.heads.head import Provenance
from superscope.heads.narrow_head import NarrowHead
from superscope.heads.opened import Opened, holders_of
from superscope.heads.options import HeadOptions
from superscope.heads.rows import Indices, Rows
from superscope.heads.stored import StoredTensor


@dataclass(frozen=True, eq=False)
class FactoredRows(Rows):
    """Rows that are products of factors, made when they are read.

    Attributes
    ----------
    head
        The factors.
    """

    head: NarrowHead

    @property
    def shape(self) -> tuple[int, int]:  # type: ignore[override]
        """V and m."""
        return self.head.vocabulary, self.head.width

    def block(self, start: int, stop: int) -> Float32:
        """Return rows `start` to `stop`, float32."""
        return self.head.take(np.arange(start, max(start, min(stop, self.head.vocabulary))))

    def take(self, indices: Indices) -> Float32:
        """Return the rows at `indices`, float32."""
        return self.head.take(indices)


def found_factors(checkpoint: Checkpoint, opened: Opened, options: HeadOptions) -> FoundHead:
    """Return the head of a checkpoint that stores it as factors.

    Raises
    ------
    SuperscopeError
        It is damaged, or the options do not suit it.
    """
    if options.axis is not None or options.layer is not None:
        raise UsageError(
            f"{checkpoint.name}: its head is stored as factors, of which the rows are tokens; "
            "leave out axis and layer"
        )
    config = body_config(checkpoint)
    holders = holders_of(checkpoint)
    if isinstance(holders, str):
        body = opened.directory(holders)
        where, counted = dict.fromkeys(body.tensors, holders), parameters_of(body)
    else:
        where, counted = holders, None
    head, directory = factors(checkpoint, opened), opened.directory(FILE)
    assert head is not None
    stored = directory.tensors["head.0.rows"]
    ranks = sorted({block.rank for block in head.blocks})
    label = f"{checkpoint.name}: the product of its factors"
    norm = folded_gain(opened, where, config, head.width, label) if options.fold_norm else None
    more = parameters_of(directory)
    shown = f"rank {ranks[0]}" if len(head.blocks) == 1 else f"ranks {', '.join(map(str, ranks))}"
    pairs = "two factors" if len(head.blocks) == 1 else f"{len(head.blocks)} pairs of factors"
    return FoundHead(
        file=opened.file(FILE),
        tensor=StoredTensor(
            "head", "F32", (head.vocabulary, head.width), 0, 4 * head.vocabulary * head.width
        ),
        directory=directory,
        provenance=Provenance(
            model=checkpoint.name,
            family=family_of(checkpoint.name),
            revision=checkpoint.revision,
            file=FILE,
            format=directory.format,
            tensor="head",
            reason=f"the product of {pairs} of {shown}",
            dtype=stored.encoding.name,
            folded_norm=None if norm is None else norm[0],
            depth=depth_of(config, directory),
            parameters=None if counted is None or more is None else counted + more,
            notes=(f"the output head is stored as {pairs} of {shown}",),
        ),
        gain=None if norm is None else norm[1],
        bias=head.bias,
        factors=head,
    )
