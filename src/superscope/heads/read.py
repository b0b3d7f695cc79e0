"""Reading the head of a checkpoint: find the tensor, fetch only it, describe it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from superscope.errors import (
    FormatError,
    HeadDataError,
    NotFoundError,
    SuperscopeError,
    UsageError,
)
from superscope.heads import cache, naming, tokens
from superscope.heads.encodings import ENCODINGS, Float32, ggml_encoding
from superscope.heads.families import family_of
from superscope.heads.formats import read_directory
from superscope.heads.head import Head, Provenance, check_shape
from superscope.heads.locate import USUAL_FILES, USUAL_INDEXES, WEIGHTS, Checkpoint, locate
from superscope.heads.rows import ArrayRows, FileRows, Rows
from superscope.heads.stored import Directory, StoredTensor
from superscope.heads.transport import RangeFile, open_local
from superscope.progress import Progress, silent
from superscope.text import slug, visible

_Choose = Callable[[Mapping[str, tuple[int, ...]]], naming.Choice]


def read_head(
    model: str | Path,
    *,
    revision: str | None = None,
    tensor: str | None = None,
    rows: str = "all",
    fold_norm: bool = False,
    progress: Progress = silent,
) -> Head:
    """Read the output head of a language model, and nothing else of it.

    Parameters
    ----------
    model
        Hub id, ``hf://``, ``s3://`` or ``https://`` URI, local folder or file.
    revision
        Branch, tag or commit of a hub repository.
    tensor
        Name of the tensor to take, if the known names are not enough.
    rows
        ``all``, or ``tokenizer`` for only the ids the tokenizer can produce.
    fold_norm
        Multiply the final norm's gain into the columns. Changes cosines; off by default.
    progress
        Told of the bytes fetched.

    Raises
    ------
    NotFoundError, RemoteError, FormatError, HeadDataError, UsageError
        One line that names the model, the file or tensor, and the way out.
    """
    if rows not in ("all", "tokenizer"):
        raise UsageError(f"rows={rows!r}; expected 'all' or 'tokenizer'")
    try:
        head = _read(model, revision, tensor, fold_norm, progress)
        return head if rows == "all" else _tokenizer_rows(head)
    except SuperscopeError as error:
        # Names out of a file may hold anything, and an error is one line that can be printed.
        if str(error).isprintable():
            raise
        raise type(error)(visible(str(error), quote="", longest=2000)) from error


def _read(
    model: str | Path, revision: str | None, tensor: str | None, fold_norm: bool, progress: Progress
) -> Head:
    checkpoint = locate(model, revision)
    if checkpoint.cache is None:
        head = _from_source(checkpoint, tensor, fold_norm)
    else:
        request = slug(repr((checkpoint.only, tensor, fold_norm)))
        copy = checkpoint.cache / f"head-{request}.safetensors"
        kept = _kept(copy)
        if kept is None:
            _fetch(checkpoint, tensor, fold_norm, copy, progress)
        head = kept or _from_copy(copy)
    notes = (*checkpoint.notes, *head.provenance.notes)
    head = replace(head, provenance=replace(head.provenance, notes=notes))
    if head.tokens is None:
        head = replace(head, tokens=_token_strings(checkpoint))
    return head


@dataclass(frozen=True)
class _Found:
    """The head's tensor and what goes with it, not yet read."""

    file: RangeFile
    tensor: StoredTensor
    directory: Directory
    provenance: Provenance
    gain: Float32 | None


def _find(checkpoint: Checkpoint, wanted: str | None, fold_norm: bool) -> _Found:
    config = _config(checkpoint)
    holders = _holders(checkpoint)
    opened = _Opened(checkpoint)
    if isinstance(holders, str):
        directory = opened.directory(holders)
        where = dict.fromkeys(directory.tensors, holders)
        shapes = {name: t.shape for name, t in directory.tensors.items()}
    else:
        where, shapes = holders, {}
    choose = partial(naming.choose, where, config, wanted)
    try:
        choice = choose(shapes)
    except (NotFoundError, UsageError, FormatError) as error:
        raise _with_shapes(error, checkpoint.name, opened, where, choose) from None
    file_name = where[choice.tensor]
    directory = opened.directory(file_name)
    stored = _described(directory, choice.tensor, f"{checkpoint.name}: {file_name}")
    if not stored.name.isprintable():
        raise FormatError(f"{checkpoint.name}: the name of tensor {stored.name} cannot be printed")
    label = f"{checkpoint.name}: tensor {stored.name}"
    check_shape(stored.shape, label)
    width = stored.shape[1]
    try:
        naming.refuse_integers(stored.name, stored.dtype, config)
        encoding = stored.encoding
        encoding.row_bytes(width)
    except FormatError as error:
        raise FormatError(f"{checkpoint.name}: {error}") from None
    if stored.transposed and encoding.quantized:
        raise FormatError(f"{label} is quantized and transposed, which is not read")
    folded, gain = _gain(opened, where, config, width, label) if fold_norm else (None, None)
    scaled, scale = _scale(opened, where, stored, label)
    if scale is not None:
        with np.errstate(over="ignore", invalid="ignore"):  # non-finite rows are found later
            gain = (np.ones(width, np.float32) if gain is None else gain) * scale
    provenance = Provenance(
        model=checkpoint.name,
        family=family_of(checkpoint.name),
        revision=checkpoint.revision,
        file=file_name,
        format=directory.format,
        tensor=stored.name,
        reason=choice.reason,
        dtype=encoding.name,
        quantized=encoding.quantized or scale is not None,
        folded_norm=folded,
        depth=_depth(config, directory),
        parameters=_parameters(directory) if isinstance(holders, str) else None,
        notes=() if scale is None else (f"multiplied by {scaled} = {scale:g}",),
    )
    return _Found(opened.file(file_name), stored, directory, provenance, gain)


def _with_shapes(
    error: SuperscopeError, name: str, opened: _Opened, where: Mapping[str, str], choose: _Choose
) -> SuperscopeError:
    """Return why no head was chosen; the shards' headers, not needed before, give the shapes."""
    if not isinstance(error, FormatError):
        shapes: dict[str, tuple[int, ...]] = {}
        for shard in sorted(set(where.values())):
            shapes |= {name: t.shape for name, t in opened.directory(shard).tensors.items()}
        try:
            choose(shapes)
        except (NotFoundError, UsageError) as shown:
            error = shown
    return type(error)(f"{name}: {error}")


class _Opened:
    """The files of a checkpoint that were opened, with their directories."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self._files: dict[str, RangeFile] = {}
        self._directories: dict[str, Directory] = {}

    def file(self, name: str) -> RangeFile:
        if name not in self._files:
            self._files[name] = self._checkpoint.open(name)
        return self._files[name]

    def directory(self, name: str) -> Directory:
        if name not in self._directories:
            self._directories[name] = read_directory(self.file(name))
        return self._directories[name]


def _holders(checkpoint: Checkpoint) -> str | dict[str, str]:
    """Return the one weights file, or which file holds each tensor of a sharded checkpoint."""
    if checkpoint.only is not None:
        return _gguf_split(checkpoint, checkpoint.only) or checkpoint.only
    files = checkpoint.files()
    for index in USUAL_INDEXES:
        single = index.removesuffix(".index.json")
        if single in files:
            return single
        if index in files:
            return _read_index(checkpoint, index)
    for single in USUAL_FILES:
        if single in files:
            return single
    weights = [f for f in files if f.endswith(WEIGHTS)]
    for suffix in WEIGHTS:  # in order of preference
        of_kind = [f for f in weights if f.endswith(suffix)]
        if of_kind and {*of_kind} <= {*_parts(of_kind[0])}:
            return _gguf_split(checkpoint, of_kind[0]) or of_kind[0]
        if of_kind:
            shown = ", ".join(of_kind[:8]) + (", …" if len(of_kind) > 8 else "")
            raise UsageError(
                f"{checkpoint.name} has several weights files and no index; name one of: {shown}"
            )
    raise NotFoundError(
        f"{checkpoint.name} has no weights file ({', '.join(WEIGHTS)}); it has: "
        f"{', '.join(files[:8]) or 'nothing'}"
    )


_SPLIT = re.compile(r"(.*)-\d{5}-of-(\d{5})\.gguf")


def _parts(file: str) -> list[str]:
    """Return the files of the split GGUF that `file` is a part of, or `file` alone."""
    split = _SPLIT.fullmatch(file)
    if split is None:
        return [file]
    return [f"{split[1]}-{n:05d}-of-{split[2]}.gguf" for n in range(1, int(split[2]) + 1)]


def _gguf_split(checkpoint: Checkpoint, file: str) -> dict[str, str] | None:
    """Return which part of a split GGUF holds each tensor; None for a file of one part."""
    parts = _parts(file)
    if len(parts) == 1:
        return None
    opened = _Opened(checkpoint)
    return {tensor: part for part in parts for tensor in opened.directory(part).tensors}


def _read_index(checkpoint: Checkpoint, index: str) -> dict[str, str]:
    try:
        where = json.loads(checkpoint.small(index) or b"")["weight_map"]
        if not all(isinstance(k, str) and isinstance(v, str) for k, v in where.items()):
            raise TypeError
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise FormatError(f"{checkpoint.name}: {index} is not a valid index of shards") from None
    for shard in set(where.values()):
        path = PurePosixPath(shard)
        if path.is_absolute() or ".." in path.parts or "\\" in shard or ":" in shard:
            raise FormatError(
                f"{checkpoint.name}: {index} points outside its folder, to {shard!r}; refused"
            )
    return dict(where)


def _config(checkpoint: Checkpoint) -> dict[str, Any]:
    data = checkpoint.small("config.json")
    if data is None:
        return {}
    try:
        config = json.loads(data)
    except (ValueError, RecursionError):
        raise FormatError(f"{checkpoint.name}: config.json is not valid JSON") from None
    return config if isinstance(config, dict) else {}


def _gain(
    opened: _Opened,
    where: Mapping[str, str],
    config: Mapping[str, Any],
    width: int,
    label: str,
) -> tuple[str, Float32]:
    """Return the final norm's gain, shape (m,), and its name."""
    name = naming.final_norm(where)
    if name is None:
        raise NotFoundError(
            f"{label}: no final norm with a gain was found to fold in; leave out --fold-norm"
        )
    directory = opened.directory(where[name])
    stored = _described(directory, name, where[name])
    if stored.shape != (width,):
        raise FormatError(f"{label} has width {width}, the norm {name} has shape {stored.shape}")
    gain = _loaded(opened.file(where[name]), stored).ravel()
    if naming.gain_less_one(config) and directory.format != "gguf":  # GGUF stores the gain itself
        gain = gain + np.float32(1.0)
    return name, gain


def _scale(
    opened: _Opened, where: Mapping[str, str], head: StoredTensor, label: str
) -> tuple[str | None, np.float32 | None]:
    """Return the one factor that an fp8 head is stored without, and its name."""
    beside = (f"{head.name}_scale", f"{head.name}_scale_inv")
    name = next((n for n in beside if n in where), None)
    if name is None or not head.dtype.startswith("F8"):
        return None, None
    stored = _described(opened.directory(where[name]), name, where[name])
    if math.prod(stored.shape) != 1:
        raise FormatError(
            f"{label} is quantized with a scale for each row or block ({name}, shape "
            f"{stored.shape}), which is not read; measure the unquantized checkpoint"
        )
    return name, _loaded(opened.file(where[name]), stored).ravel()[0]


def _described(directory: Directory, name: str, file: str) -> StoredTensor:
    if name not in directory.tensors:
        raise FormatError(f"the index puts {name} into {file}, which does not have it")
    return directory.tensors[name]


def _loaded(file: RangeFile, tensor: StoredTensor) -> Float32:
    """Return a whole tensor as float32, as a matrix of its last axis."""
    shape = tensor.shape[::-1] if tensor.transposed else tensor.shape
    width = shape[-1] if shape else 1
    raw = np.frombuffer(b"".join(tensor.chunks(file)), np.uint8)
    values = tensor.encoding.decode(raw.reshape(math.prod(shape[:-1]), -1))
    values = values.reshape(-1, width)
    return values.T if tensor.transposed else values


def _rows(file: RangeFile, tensor: StoredTensor) -> Rows:
    if tensor.mappable and file.local is not None:
        shape = (tensor.shape[0], tensor.shape[1])
        encoding = tensor.encoding
        if encoding.row_bytes(shape[1]) * shape[0] != tensor.nbytes:
            raise FormatError(f"{file.name}: tensor {tensor.name} has the wrong length")
        return FileRows(file.local, tensor.offset(file), shape, encoding)
    return ArrayRows(_loaded(file, tensor))


def _from_source(checkpoint: Checkpoint, wanted: str | None, fold_norm: bool) -> Head:
    found = _find(checkpoint, wanted, fold_norm)
    return Head(
        _rows(found.file, found.tensor),
        found.provenance,
        _gguf_tokens(found.directory),
        gain=found.gain,
    )


def _fetch(
    checkpoint: Checkpoint, wanted: str | None, fold_norm: bool, copy: Path, progress: Progress
) -> None:
    """Fetch the head's bytes into the cache, with all that is known of it beside them."""
    found = _find(checkpoint, wanted, fold_norm)
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


def _kept(copy: Path) -> Head | None:
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
        gain = directory.tensors.get("gain")
        gains = None if gain is None else _loaded(file, gain).ravel()
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"{copy} was not written by this version: {error!r}") from None
    return Head(_rows(file, stored), provenance, texts, gain=gains)


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
            "measure with --rows all"
        )
    kept = [i for i, text in enumerate(head.tokens[: head.features]) if text is not None]
    if not kept:
        raise HeadDataError(f"{head.provenance.model}: the tokenizer can produce none of the rows")
    return head.keeping(np.array(kept, np.int64), "tokenizer")


def _depth(config: Mapping[str, Any], directory: Directory) -> int | None:
    parts = (config.get("text_config"), config)
    for part in parts:
        for key in ("num_hidden_layers", "n_layer", "num_layers", "n_layers", "decoder_layers"):
            if isinstance(part, Mapping) and isinstance(part.get(key), int):
                return int(part[key])
    architecture = directory.properties.get("general.architecture")
    blocks = directory.properties.get(f"{architecture}.block_count")
    return blocks if isinstance(blocks, int) else None


# What old checkpoints store beside their parameters: causal masks and rotary frequencies.
_BUFFER = re.compile(r"(\.attn\.bias|\.attention\.bias|masked_bias|inv_freq)$")


def _parameters(directory: Directory) -> int | None:
    if directory.format not in ("safetensors", "gguf"):
        return None  # a .bin lists tied tensors twice, an array file is no model
    return sum(
        math.prod(t.shape)
        for t in directory.tensors.values()
        if not _BUFFER.search(t.name) and (t.dtype in ENCODINGS or t.dtype.startswith("ggml:"))
    )
