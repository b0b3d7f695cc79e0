"""Copies of heads in the cache: download, check, keep and read them.

A copy is a safetensors file. It holds the head's bytes exactly as in the checkpoint, and its
metadata hold the provenance.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from superscope.errors import FormatError, RemoteError
from superscope.heads import cache, gguf_vocabulary, tokens
from superscope.heads.checkpoint import Checkpoint
from superscope.heads.encodings import ENCODINGS, ggml_encoding
from superscope.heads.found import FoundHead
from superscope.heads.gguf_vocabulary import GgufVocabulary
from superscope.heads.head import Head, Provenance
from superscope.heads.opened import loaded, read_directory, rows_of
from superscope.heads.rows import ArrayRows, Rows, ScaledRows
from superscope.heads.stored import Directory, StoredTensor
from superscope.heads.transport import open_local
from superscope.progress import Progress
from superscope.text import counted

EDGE = 16  # bytes that are requested twice, to see whether the server repeats itself
ROWS = 4096  # rows that are checked at once
MANY = 0.1  # a head with a larger share of zero rows is not kept


def kept(copy: Path, checkpoint: Checkpoint) -> Head | None:
    """Return a head from the cache.

    Return None if there is no copy, if it is damaged or from another version of superscope, or
    if the file has changed on the server.
    """
    if not copy.is_file():
        return None
    try:
        head, facts = _read(copy)
    except FormatError:
        return None
    now = checkpoint.facts(str(head.provenance.file))
    return head if now is None or now == facts else None


def fetched(checkpoint: Checkpoint, found: FoundHead, copy: Path, progress: Progress) -> Head:
    """Download a head, and keep it in the cache if its rows look sound.

    Raises
    ------
    RemoteError
        The file changed, or the server sent wrong bytes.
    UsageError
        The cache cannot be written.
    """
    fresh = copy.with_name(f".{copy.name}.{os.getpid()}")
    try:
        cache.write(fresh, _content(checkpoint, found, progress))
        head, _ = _read(fresh)
        doubt = _doubt(head.stored)
        if doubt is None:
            fresh.replace(copy)
            return _read(copy)[0]
        notes = (*head.provenance.notes, f"the head was not kept in the cache: {doubt}")
        return replace(
            head,
            stored=ArrayRows(head.stored.block(0, head.stored.shape[0])),
            provenance=replace(head.provenance, notes=notes),
            copy=None,
        )
    finally:
        fresh.unlink(missing_ok=True)


def _content(checkpoint: Checkpoint, found: FoundHead, progress: Progress) -> Iterator[bytes]:
    """Yield the content of a copy."""
    tensor, scale = found.tensor, found.scale
    # safetensors has no names for ggml's types, so their bytes are kept as U8.
    plain = tensor.dtype in ENCODINGS
    shape = tensor.shape[::-1] if tensor.transposed else tensor.shape
    parts = {
        "head": (
            (tensor.dtype, shape, tensor.nbytes)
            if plain
            else ("U8", (shape[0], tensor.nbytes // shape[0]), tensor.nbytes)
        )
    }
    optional = {
        "gain": found.gain,
        "factors": None if scale is None else scale.factors,
        "zero": None if scale is None else scale.zero,
        "bias": found.bias,
    }
    tables = {name: table for name, table in optional.items() if table is not None}
    parts |= {name: ("F32", table.shape, table.nbytes) for name, table in tables.items()}
    name = str(found.provenance.file)
    facts = checkpoint.facts(name)
    vocabulary = gguf_vocabulary.of_directory(found.directory)
    metadata = {
        "span": json.dumps(None if scale is None else scale.span),
        "provenance": json.dumps(asdict(found.provenance)),
        "facts": json.dumps(facts),
        "shape": json.dumps(tensor.shape),
        "transposed": json.dumps(tensor.transposed),
        "bias": json.dumps(found.bias is not None),
        "tokens": json.dumps(tokens.of_directory(found.directory)),
        "vocabulary": json.dumps(None if vocabulary is None else asdict(vocabulary)),
    }
    yield cache.safetensors_header(parts, metadata)
    done = 0
    for chunk in _checked(found, checkpoint.sha256(name)):
        yield chunk
        done += len(chunk)
        progress("fetching the head", done, tensor.nbytes)
    if checkpoint.facts(name, anew=True) not in (None, facts):
        raise RemoteError(f"{found.file.name} changed while it was read; try again")
    for table in tables.values():
        yield table.astype("<f4").tobytes()


def _checked(found: FoundHead, sha256: str | None) -> Iterator[bytes]:
    """Yield a head's bytes; at the end raise RemoteError if the server sent wrong ones.

    If the file holds little besides the head, the rest is read too and the hash of the whole file
    is compared with the hub's. A part of a file has no hash to compare with.
    """
    file, tensor = found.file, found.tensor
    matrix = found.matrix if found.factors is None else found.factors.matrix()
    if matrix is not None:
        yield matrix.astype("<f4").tobytes()
        return
    if not tensor.mappable and tensor.entry is not None and tensor.entry.deflated:
        yield from tensor.chunks(file)
        return
    start = tensor.offset(file)
    stop = start + tensor.nbytes
    little = file.size - tensor.nbytes <= tensor.nbytes // 100 + 1000
    whole = hashlib.sha256() if sha256 is not None and little else None
    if whole is not None:
        whole.update(file.read_at(0, start))
    last = b""
    for chunk in tensor.chunks(file):
        last = (last + chunk)[-EDGE:]
        if whole is not None:
            whole.update(chunk)
        yield chunk
    begin = file.read_at(0, min(3 * EDGE, file.size))
    same = file.read_at(EDGE, len(begin) - EDGE) == begin[EDGE:] if len(begin) > EDGE else True
    if not same or file.read_at(stop - len(last), len(last)) != last:
        raise RemoteError(
            f"{file.name}: the server sent different bytes for the same part of the file; "
            "download the file and pass its path"
        )
    if whole is not None:
        whole.update(file.read_at(stop, file.size - stop))
        if whole.hexdigest() != sha256:
            raise cache.damaged(file.name, whole.hexdigest(), str(sha256))


def _doubt(rows: Rows) -> str | None:
    """Return why a head should not be kept, or None.

    Such rows may come from a failing server, and a kept copy would hide that for ever.
    """
    features = rows.shape[0]
    zeros = broken = 0
    for start in range(0, features, ROWS):
        block = rows.block(start, min(start + ROWS, features))
        broken += int((~np.isfinite(block).all(axis=1)).sum())
        zeros += int((block == 0).all(axis=1).sum())
    if broken:
        return f"{counted(broken, 'row has', 'rows have')} numbers that are not finite"
    if zeros > MANY * features:
        return f"{zeros:,} of {features:,} rows are all zeros"
    return None


def provenance(copy: Path) -> Provenance:
    """Return where a head in the cache came from.

    Raises
    ------
    FormatError
        The copy is damaged, or from another version of superscope.
    """
    return _provenance(copy, _known(copy, read_directory(open_local(copy))))


def _known(copy: Path, directory: Directory) -> dict[str, Any]:
    try:
        return {key: json.loads(str(value)) for key, value in directory.properties.items()}
    except ValueError as error:
        raise _of_another_version(copy, error) from None


def _provenance(copy: Path, known: Mapping[str, Any]) -> Provenance:
    try:
        return Provenance(**{**known["provenance"], "notes": tuple(known["provenance"]["notes"])})
    except (KeyError, TypeError) as error:
        raise _of_another_version(copy, error) from None


def _of_another_version(copy: Path, error: Exception) -> FormatError:
    return FormatError(f"{copy} was written by another version of superscope: {error!r}")


def _read(copy: Path) -> tuple[Head, dict[str, str] | None]:
    """Return the head of a copy, and the facts that identify the version of its file."""
    file = open_local(copy)
    directory = read_directory(file)
    known = _known(copy, directory)
    source = _provenance(copy, known)
    try:
        tensor = directory.tensors["head"]
        quantized = source.dtype not in ENCODINGS
        stored = StoredTensor(
            "head",
            f"ggml:{ggml_encoding(source.dtype).name}" if quantized else source.dtype,
            tuple(known["shape"]),
            tensor.start,
            tensor.nbytes,
            transposed=known["transposed"],
        )
        texts = None if known["tokens"] is None else tuple(known["tokens"])
        written = known.get("vocabulary")  # older copies have none
        vocabulary = None if written is None else GgufVocabulary(**written)
        facts = known["facts"]
        tables = {
            name: loaded(file, directory.tensors[name])
            for name in ("gain", "factors", "zero", "bias")
            if name in directory.tensors
        }
        bias = tables["bias"].ravel() if known["bias"] else None
        span = known["span"]  # None for a head that has no separate scale
    except (KeyError, TypeError, ValueError) as error:
        raise _of_another_version(copy, error) from None
    rows = rows_of(file, stored)
    if span is not None:
        rows = ScaledRows(rows, tables["factors"], (span[0], span[1]), tables.get("zero"))
    gain = tables["gain"].ravel() if "gain" in tables else None
    head = Head(rows, source, texts, gain=gain, copy=copy, bias=bias, tokenizer=vocabulary)
    return head, facts
