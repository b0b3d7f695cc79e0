"""Text of the Hugging Face hub's data sets, streamed: nothing is downloaded whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from superscope.arguments import checked
from superscope.errors import (
    FormatError,
    NotFoundError,
    RemoteError,
    SuperscopeError,
    UnreachableError,
    UsageError,
    did_you_mean,
    install_hint,
)
from superscope.frequency.text import Document, Text, identity_of, text_field
from superscope.heads import network
from superscope.text import visible

TIMEOUT = 30.0  # seconds that the hub may take to tell that it has a data set


@dataclass(frozen=True)
class HubText:
    """A text column of a data set of the hub.

    Attributes
    ----------
    repository, config, split, revision
        Which data set, and which part of it.
    field
        Column that holds the text.
    words
        Rows are joined until a document has so many words; None where a row is a document.
    """

    repository: str
    config: str | None = None
    split: str = "train"
    revision: str | None = None
    field: str = "text"
    words: int | None = None


DATASETS: dict[str, HubText] = {
    "wikitext-103": HubText("Salesforce/wikitext", "wikitext-103-v1", words=1024),
    "c4": HubText("allenai/c4", "en"),
    "pile": HubText("NeelNanda/pile-10k"),
    "bookcorpus": HubText("bookcorpus/bookcorpus", revision="refs/convert/parquet", words=1024),
}
"""Data sets by short name, as LLG25 takes them: the first rows of the training split. Its WikiText
and BookCorpus, which have a line or sentence a row, are joined to documents of 1,024 words."""


@checked
def hub_text(
    name: str,
    *,
    config: str | None = None,
    split: str | None = None,
    field: str | None = None,
    revision: str | None = None,
) -> Text:
    """Return the documents of a data set of the hub, streamed.

    Parameters
    ----------
    name
        A short name (`DATASETS`), or a data set's hub id.
    config, split, field, revision
        Which part of it; by default what the short name stands for, or the hub's default
        configuration, ``train`` and ``text``.

    Returns
    -------
    Text
        The documents, streamed: nothing is downloaded whole.

    Raises
    ------
    NotFoundError
        No short name and no hub id.
    UsageError
        A folder of that name would be read instead.

    Notes
    -----
    Reading raises MissingExtraError if the package datasets is not installed, NotFoundError and
    RemoteError if the hub does not have it, does not give it, or cannot be reached.
    """
    chosen = DATASETS.get(name.lower())
    if chosen is None and not re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", name, re.ASCII):
        raise NotFoundError(
            f"no data set {visible(name)}; {did_you_mean(name.lower(), DATASETS)}"
            f"known: {', '.join(DATASETS)}, or a hub id OWNER/NAME"
        )
    given: dict[str, Any] = {"config": config, "split": split, "field": field, "revision": revision}
    source = replace(
        chosen or HubText(name), **{key: value for key, value in given.items() if value is not None}
    )
    if Path(source.repository).exists():
        raise UsageError(
            f"{source.repository} is a path here, which would be read in place of the hub's data "
            "set of that name: work in another folder, or name its files with text="
        )
    return Text(
        name.lower() if chosen else name,
        partial(_documents, source),
        identity_of([source.__dict__]),
    )


def _rows(source: HubText) -> Iterator[Document]:
    try:
        import datasets
    except ImportError:
        raise install_hint("datasets", "text", "reading a data set of the hub") from None
    from huggingface_hub import HfApi

    datasets.disable_progress_bars()
    # It tries 20 times, and each try makes six requests over half a minute.
    datasets.config.STREAMING_READ_MAX_RETRIES = 1
    exists = False
    try:
        # Asked first, once: datasets tries again and again where the hub cannot be reached.
        commit = HfApi().dataset_info(
            source.repository, revision=source.revision, timeout=TIMEOUT
        ).sha  # fmt: skip
        exists = True
        rows = datasets.load_dataset(
            source.repository, source.config, split=source.split, revision=commit, streaming=True
        )
        for number, row in enumerate(rows):
            place = f"{source.repository}, row {number}"
            text = text_field(row, source.field, place)
            if text is not None:
                yield Document(text, 0, place, len(text))
    except FormatError:
        raise
    except Exception as error:  # it may be an error of many packages
        raise _explained(error, source, exists) from None


def _documents(source: HubText) -> Iterator[Document]:
    """Join rows to documents of at least so many words; the last, shorter one is left out."""
    rows = _rows(source)
    if source.words is None:
        yield from rows
        return
    gathered: list[Document] = []
    words = 0
    for row in rows:
        if row.text.strip():
            gathered.append(row)
            words += len(row.text.split())
        if words >= source.words:
            yield Document(
                "".join(f"{part.text} " for part in gathered),
                0,
                gathered[0].place,
                sum(part.nbytes for part in gathered),
            )
            gathered, words = [], 0


def _explained(error: Exception, source: HubText, exists: bool) -> SuperscopeError:
    """Return what an exception of datasets means for the user.

    `exists` is whether the hub has told of the data set already.
    """
    part = f"data set {source.repository}"
    of_hub = network.hub_error(error, part, source.revision)
    if isinstance(of_hub, UnreachableError):
        return type(of_hub)(f"{of_hub}; name local files with text= instead")
    if isinstance(of_hub, NotFoundError) and exists:
        return network.gated(part)  # datasets says that it does not exist
    if of_hub is not None:
        return of_hub
    told = " ".join(str(error).split()).partition(" Example of usage")[0][:500]
    reason = told or type(error).__name__
    # datasets raises plain ValueErrors for these.
    for sign, option in (("Bad split", "split"), ("BuilderConfig", "config"),
                         ("Config name", "config")):  # fmt: skip
        if reason.startswith(sign):
            return UsageError(f"{part}: {reason}: choose one with hub_text({option}=NAME)")
    return RemoteError(f"{part} cannot be read: {reason}")
