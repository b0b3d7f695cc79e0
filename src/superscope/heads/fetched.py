"""Heads that were fetched, kept in the cache as safetensors files with what is known of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from superscope.errors import FormatError
from superscope.heads import cache, tokens
from superscope.heads._locate import Checkpoint
from superscope.heads.encodings import ENCODINGS, ggml_encoding
from superscope.heads.find import find_head
from superscope.heads.formats import read_directory
from superscope.heads.head import Head, Provenance
from superscope.heads.opened import loaded, rows_of
from superscope.heads.stored import Directory, StoredTensor
from superscope.heads.transport import open_local
from superscope.progress import Progress


def fetch(
    checkpoint: Checkpoint, wanted: str | None, fold_norm: bool, copy: Path, progress: Progress
) -> None:
    """Fetch the head's bytes into the cache, with all that is known of it beside them."""
    found = find_head(checkpoint, wanted, fold_norm)
    tensor, texts = found.tensor, gguf_tokens(found.directory)
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
    if found.gain is not None:
        parts["gain"] = ("F32", found.gain.shape, found.gain.nbytes)
    metadata = {
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
        if found.gain is not None:
            yield found.gain.astype("<f4").tobytes()

    cache.write(copy, pieces())


def kept_head(copy: Path) -> Head | None:
    """Return a head from the cache; None if it is not there, damaged, or of another version."""
    if not copy.is_file():
        return None
    try:
        return from_copy(copy)
    except FormatError:
        return None


def from_copy(copy: Path) -> Head:
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
        gain = directory.tensors.get("gain")
        gains = None if gain is None else loaded(file, gain).ravel()
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"{copy} was not written by this version: {error!r}") from None
    return Head(rows_of(file, stored), provenance, texts, gain=gains)


def gguf_tokens(directory: Directory) -> tuple[str | None, ...] | None:
    if directory.tokens is None:
        return None
    return tokens.from_gguf(directory.tokens, directory.properties.get("tokenizer.ggml.model"))
