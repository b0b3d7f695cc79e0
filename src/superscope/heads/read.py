"""Reading the head of a checkpoint: find the tensor, fetch only it, describe it.

A head that was fetched is kept in the cache as a safetensors file, with what is known of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from superscope.errors import (
    FormatError,
    HeadDataError,
    NotFoundError,
    SuperscopeError,
)
from superscope.heads import cache, tokens
from superscope.heads._locate import Checkpoint, locate
from superscope.heads.encodings import ENCODINGS, ggml_encoding
from superscope.heads.find import find_head
from superscope.heads.head import Head, Provenance
from superscope.heads.json_text import TooLargeError
from superscope.heads.opened import loaded, read_directory, rows_of
from superscope.heads.options import HeadOptions
from superscope.heads.rows import ScaledRows
from superscope.heads.stored import Directory, StoredTensor
from superscope.heads.trained import trained_rows
from superscope.heads.transport import open_local
from superscope.options import changed, taking
from superscope.progress import Progress, ProgressChoice, chosen
from superscope.text import encodable, slug, visible


@taking(HeadOptions)
def read_head(
    model: str | Path | Checkpoint,
    options: HeadOptions = HeadOptions(),  # noqa: B008 - frozen
    *,
    progress: ProgressChoice = "auto",
    **changes: Any,
) -> Head:
    """Read the output head of a language model, and nothing else of it.

    Parameters
    ----------
    model
        Hub id, ``hf://``, ``s3://`` or ``https://`` URI, local folder or file; or a checkpoint
        that :func:`locate` returned.
    options
        What to read; the keywords change them.
    progress
        ``"auto"`` shows a bar in a terminal or a notebook; None shows nothing; a function is
        called as ``progress(stage, done, total)``, in bytes.
    **changes
        Options, by name.

    Returns
    -------
    Head
        The matrix, its tokens' strings where they are known, and where it came from.

    Raises
    ------
    NotFoundError, RemoteError, FormatError, HeadDataError, UsageError
        One line that names the model, the file or tensor, and the way out.

    Examples
    --------
    >>> import numpy as np
    >>> import superscope
    >>> np.save("head.npy", np.eye(4, 3, dtype=np.float32))
    >>> head = superscope.read_head("head.npy")
    >>> head.features, head.width
    (4, 3)
    """
    o = changed(options, changes, "read_head")
    try:
        found = model if isinstance(model, Checkpoint) else locate(model, o.revision)
        with chosen(progress) as report:
            head = _read(found, o.tensor, o.fold_norm, report)
        if o.rows == "trained":
            return trained_rows(head)
        return head if o.rows == "all" else _tokenizer_rows(head)
    except SuperscopeError as error:
        # Names out of a file may hold anything, and an error is one line that can be printed.
        if str(error).isprintable():
            raise
        raise type(error)(visible(str(error), quote="", longest=2000)) from error


def _read(checkpoint: Checkpoint, tensor: str | None, fold_norm: bool, progress: Progress) -> Head:
    if checkpoint.cache is None:
        head = _from_source(checkpoint, tensor, fold_norm)
    else:
        request = slug(repr((checkpoint.only, tensor, fold_norm)))
        copy = checkpoint.cache / f"head-{request}.safetensors"
        kept = _kept_head(copy)
        if kept is None:
            _fetch(checkpoint, tensor, fold_norm, copy, progress)
        head = kept or _from_copy(copy)
    notes = (*checkpoint.notes, *head.provenance.notes)
    if head.tokens is None:
        try:
            head = replace(head, tokens=_token_strings(checkpoint))
        except TooLargeError as error:
            notes = (*notes, f"{error}; tokens have no text")
    described = replace(
        head.provenance,
        model=encodable(head.provenance.model),
        file=None if head.provenance.file is None else encodable(head.provenance.file),
        notes=notes,
    )
    return replace(head, provenance=described)


def _from_source(checkpoint: Checkpoint, wanted: str | None, fold_norm: bool) -> Head:
    found = find_head(checkpoint, wanted, fold_norm)
    rows = rows_of(found.file, found.tensor)
    return Head(
        rows if found.scale is None else found.scale.applied(rows),
        found.provenance,
        _gguf_tokens(found.directory),
        gain=found.gain,
    )


def _fetch(
    checkpoint: Checkpoint, wanted: str | None, fold_norm: bool, copy: Path, progress: Progress
) -> None:
    """Fetch the head's bytes into the cache, with all that is known of it beside them."""
    found = find_head(checkpoint, wanted, fold_norm)
    tensor, texts = found.tensor, _gguf_tokens(found.directory)
    # ggml's types are none of safetensors': their bytes are kept as bytes.
    plain = tensor.dtype in ENCODINGS
    shape = tensor.shape[::-1] if tensor.transposed else tensor.shape
    parts = {
        "head": (
            (tensor.dtype, shape, tensor.nbytes)
            if plain
            else ("U8", (shape[0], tensor.nbytes // shape[0]), tensor.nbytes)
        )
    }
    scale = found.scale
    optional = {
        "gain": found.gain,
        "factors": None if scale is None else scale.factors,
        "zero": None if scale is None else scale.zero,
    }
    tables = {name: table for name, table in optional.items() if table is not None}
    parts |= {name: ("F32", table.shape, table.nbytes) for name, table in tables.items()}
    metadata = {
        "span": json.dumps(None if scale is None else scale.span),
        "provenance": json.dumps(asdict(found.provenance)),
        "shape": json.dumps(tensor.shape),
        "transposed": json.dumps(tensor.transposed),
        "tokens": json.dumps(texts),
    }

    def pieces() -> Iterator[bytes]:
        yield cache.safetensors_header(parts, metadata)
        done = 0
        for chunk in tensor.chunks(found.file):
            yield chunk
            done += len(chunk)
            progress("fetching the head", done, tensor.nbytes)
        for table in tables.values():
            yield table.astype("<f4").tobytes()

    cache.write(copy, pieces())


def _kept_head(copy: Path) -> Head | None:
    """Return a head from the cache; None if it is not there, damaged, or of another version."""
    if not copy.is_file():
        return None
    try:
        return _from_copy(copy)
    except FormatError:
        return None


def _from_copy(copy: Path) -> Head:
    file = open_local(copy)
    directory = read_directory(file)
    try:
        known = {k: json.loads(str(v)) for k, v in directory.properties.items()}
        fields = known["provenance"]
        provenance = Provenance(**{**fields, "notes": tuple(fields["notes"])})
        tensor = directory.tensors["head"]
        quantized = provenance.dtype not in ENCODINGS
        stored = StoredTensor(
            "head",
            f"ggml:{ggml_encoding(provenance.dtype).name}" if quantized else provenance.dtype,
            tuple(known["shape"]),
            tensor.start,
            tensor.nbytes,
            transposed=known["transposed"],
        )
        texts = None if known["tokens"] is None else tuple(known["tokens"])
        tables = {
            name: loaded(file, directory.tensors[name])
            for name in ("gain", "factors", "zero")
            if name in directory.tensors
        }
        span = known["span"]  # None for a head that is stored on its own scale
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"{copy} was not written by this version: {error!r}") from None
    rows = rows_of(file, stored)
    if span is not None:
        rows = ScaledRows(rows, tables["factors"], (span[0], span[1]), tables.get("zero"))
    gain = tables["gain"].ravel() if "gain" in tables else None
    return Head(rows, provenance, texts, gain=gain)


def _gguf_tokens(directory: Directory) -> tuple[str | None, ...] | None:
    if directory.tokens is None:
        return None
    return tokens.from_gguf(directory.tokens, directory.properties.get("tokenizer.ggml.model"))


def _token_strings(checkpoint: Checkpoint) -> tuple[str | None, ...] | None:
    data = checkpoint.small("tokenizer.json")
    if data is None:
        return None
    return tokens.from_tokenizer_json(data, f"{checkpoint.name}/tokenizer.json")


def _tokenizer_rows(head: Head) -> Head:
    if head.tokens is None:
        raise NotFoundError(
            f"{head.provenance.model} has no tokenizer.json to tell which ids it can produce; "
            "choose rows='all'"
        )
    kept = [i for i, text in enumerate(head.tokens[: head.features]) if text is not None]
    if not kept:
        raise HeadDataError(f"{head.provenance.model}: the tokenizer can produce none of the rows")
    return head.keeping(np.array(kept, np.int64), "tokenizer")
