"""Read the input embedding of a checkpoint whose head is a matrix of its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from superscope.errors import SuperscopeError
from superscope.heads import naming
from superscope.heads._locate import locate
from superscope.heads.choosing import choose_head
from superscope.heads.head import Head
from superscope.heads.opened import Opened, config_of
from superscope.heads.options import HeadOptions
from superscope.heads.read import read_head
from superscope.progress import Progress, silent

_SAMPLE, _SAME = 64, 0.95  # rows that are compared, and the cosine of two copies of one matrix


def input_embedding(head: Head, *, progress: Progress = silent) -> tuple[Head | None, str | None]:
    """Return the input embedding beside a head, with the rows of the head.

    Parameters
    ----------
    head
        A head that was read from a checkpoint.
    progress
        Called with the bytes that are downloaded.

    Returns
    -------
    Head or None
        The embedding; None where the two are tied, or where there is none.
    str or None
        Why it could not be used although it is there.
    """
    p = head.provenance
    if p.file is None or p.tensor is None:
        return None, None
    try:
        checkpoint = locate(p.model, p.revision)
        where = choose_head(checkpoint, Opened(checkpoint), config_of(checkpoint), p.tensor).where
        name = naming.embedding_of(where)
        if name is None or name == p.tensor:
            return None, None
        embedding = read_head(checkpoint, HeadOptions(tensor=name), progress=progress)
    except SuperscopeError as error:
        return None, f"the input embedding was left out: {error}"
    if embedding.features != head.stored.shape[0]:
        return None, (
            f"the input embedding {name} was left out: it has {embedding.features:,} rows, and "
            f"the head has {head.stored.shape[0]:,}"
        )
    embedding = replace(embedding, ids=head.ids)
    return (None if _same(head, embedding) else embedding), None


def _same(head: Head, embedding: Head) -> bool:
    """Return whether two matrices are copies of each other, perhaps in other number formats."""
    if head.width != embedding.width:
        return False
    some = np.unique(np.linspace(0, head.features - 1, _SAMPLE).astype(np.int64))
    a, b = (matrix.take(some).astype(np.float64) for matrix in (head, embedding))
    if head.gain is not None:
        b *= head.gain
    scale = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    cosines = np.einsum("ij,ij->i", a, b)[scale > 0] / scale[scale > 0]
    return len(cosines) > 0 and float(np.median(cosines)) > _SAME
