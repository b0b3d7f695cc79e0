"""Find the head's tensor in a checkpoint, with its scale, its norm and its provenance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from superscope.errors import FormatError, NotFoundError, UsageError
from superscope.heads import (
    adapters,
    dcp_file,
    directions,
    naming,
    scales,
    slices,
    tokens,
    vocabulary,
)
from superscope.heads.beside import depth_of, folded_gain, parameters_of
from superscope.heads.bias import logit_bias
from superscope.heads.checkpoint import Checkpoint
from superscope.heads.choosing import Chosen, choose_head, only_tensor
from superscope.heads.drift import drifted_embedding
from superscope.heads.encodings import Encoding, Float32
from superscope.heads.factored import is_factored
from superscope.heads.families import family_of
from superscope.heads.found import FoundHead
from superscope.heads.found_factors import found_factors
from superscope.heads.head import Provenance, check_shape
from superscope.heads.opened import Opened, config_of, described, rows_of
from superscope.heads.options import HeadOptions
from superscope.heads.scaled import stored_scale
from superscope.heads.scales import Scale
from superscope.heads.stored import Directory, StoredTensor
from superscope.heads.transport import RangeFile
from superscope.heads.tying import tied_by_config
from superscope.heads.word_vectors import WordVectors, word_vectors

_DRIFTED = "its own output head, although config.json ties it to the input embedding"


@dataclass(frozen=True, eq=False)
class _Made:
    """A head made from several tensors: its matrix, how, and what was added to its bias."""

    matrix: Float32
    how: str
    bias: Float32 | None = None


OTHERS = "; pass tensor='NAME' to choose another tensor"


def find_head(checkpoint: Checkpoint, opened: Opened, options: HeadOptions) -> FoundHead:
    """Find the head of a checkpoint, or the tensor that the options name.

    Raises
    ------
    SuperscopeError
        There is none, there are several, or it cannot be read.
    """
    if options.tensor is None and (vectors := word_vectors(checkpoint)):
        return _of_words(checkpoint, vectors, options)
    if options.tensor is None and is_factored(checkpoint):
        return found_factors(checkpoint, opened, options)
    config, layer = config_of(checkpoint), options.layer
    wanted = None if options.tensor is None else only_tensor(checkpoint, opened, options.tensor)
    if wanted is None and (found := directions.stacked(checkpoint, opened, layer)):
        return _of_stacked(checkpoint, opened, found, options)
    try:
        chosen = choose_head(checkpoint, opened, config, wanted)
    except NotFoundError:
        of_matrices = directions.of_matrices(checkpoint, opened, layer) if wanted is None else None
        if of_matrices is None:
            raise
        return _of_stacked(checkpoint, opened, of_matrices, options)
    return _found(checkpoint, opened, chosen, options)


def _found(
    checkpoint: Checkpoint, opened: Opened, chosen: Chosen, options: HeadOptions
) -> FoundHead:
    """Return the chosen tensor as a matrix with a row for each feature."""
    config, choice, where = config_of(checkpoint), chosen.choice, chosen.where
    file_name, named = where[choice.tensor], options.tensor is not None
    file, directory = opened.file(file_name), opened.directory(file_name)
    stored, label, of_tokens = _stored(checkpoint, opened, chosen, options.layer)
    params = config_of(checkpoint, "params.json")
    size = vocabulary.vocabulary_size(config, params) if of_tokens else None
    if not named:
        slices.refuse_rank(checkpoint, file_name)
    scale = stored_scale(opened, where, stored, config=config, label=label)
    quantized = _encoding(checkpoint, stored, scale, config).quantized
    parts = slices.slices_of(file_name, checkpoint.files())
    if len(parts) > 1:
        made: _Made | None = _Made(*slices.joined(opened, parts, stored.name, params, label))
    else:
        made = _made(checkpoint, opened, chosen, stored, scale=scale, label=label, named=named)
    matrix, notes = None, [*chosen.notes]
    if made is not None:
        matrix = made.matrix
        notes.append(made.how)
        stored, scale = _in_memory(stored, matrix), None
    unscaled = scale is None and scales.needed(stored.dtype)
    quantized |= scale is not None or unscaled
    notes += _scale_notes(scale, stored, where)
    ids = _ids(checkpoint, stored, size) if of_tokens and options.axis is None else None
    by_rows, how_turned = vocabulary.by_rows(stored, size, options.axis, ids, choice.columns)
    if how_turned is not None:
        notes.append(how_turned)
        matrix, scale = _turned(file, stored, matrix, scale)
        by_rows = by_rows if matrix is None else _in_memory(by_rows, matrix)
    elif options.axis is None and (of_tokens or named):
        shape = (by_rows.shape[0], by_rows.shape[1])
        notes += vocabulary.check_rows(shape, size, label, named)
    if by_rows.transposed and (by_rows.encoding.quantized or scale is not None):
        raise FormatError(
            f"{label} is quantized and stored transposed, which superscope cannot read; "
            "measure the unquantized checkpoint"
        )
    features, width = by_rows.shape
    if not named and of_tokens:
        notes += vocabulary.check_columns(width, config)
    tied = not named and choice.own and tied_by_config(config)
    drifted = drifted_embedding(opened, where, by_rows.name) if tied else None
    notes += [] if drifted is None else [_drift_note(by_rows.name, drifted)]
    norm = folded_gain(opened, where, config, width, label) if options.fold_norm else (None, None)
    beside = where if of_tokens else {}
    bias, said = logit_bias(opened, beside, chosen.stored_name, features, named=named)
    bias = bias if made is None else adapters.sum_of(bias, made.bias)
    notes += [*cut_off(directory, file), *said]
    provenance = Provenance(
        model=checkpoint.name,
        family=family_of(checkpoint.name),
        revision=checkpoint.revision,
        file=file_name,
        format=directory.format,
        tensor=stored.name if options.layer is None else f"{stored.name}[{options.layer}]",
        reason=choice.reason if drifted is None else _DRIFTED,
        dtype=by_rows.encoding.name,
        quantized=quantized,
        scale_known=not unscaled,
        folded_norm=norm[0],
        depth=depth_of(config, directory),
        parameters=parameters_of(directory) if chosen.one_file and len(parts) == 1 else None,
        notes=tuple(notes),
        features="tokens" if of_tokens else "directions",
    )
    if not of_tokens:
        names = directions.names_beside(directory.tensors, file, features)
        directory = replace(directory, format="directions", tokens=names)
    return FoundHead(file, by_rows, directory, provenance, norm[1], scale, matrix, bias)


def _stored(
    checkpoint: Checkpoint, opened: Opened, chosen: Chosen, layer: int | None
) -> tuple[StoredTensor, str, bool]:
    """Return the chosen matrix as it is stored, its label, and whether it is of tokens."""
    file_name = chosen.where[chosen.choice.tensor]
    directory = opened.directory(file_name)
    stored = described(directory, chosen.stored_name, f"{checkpoint.name}: {file_name}")
    if not stored.name.isprintable():
        raise FormatError(
            f"{checkpoint.name}: the tensor name {stored.name} has characters that cannot be "
            "printed; the file may be damaged"
        )
    label = f"{checkpoint.name}: tensor {stored.name}"
    stored.check_whole(opened.file(file_name))
    layered = directions.of_layer(stored, layer, label, directory.format)
    check_shape(layered.shape, label, OTHERS if len(chosen.where) > 1 else "")
    return layered, label, not chosen.choice.directions and layered is stored


def _turned(
    file: RangeFile, stored: StoredTensor, matrix: Float32 | None, scale: Scale | None
) -> tuple[Float32 | None, Scale | None]:
    """Return a matrix transposed in memory, if it must be, and the scale that is left."""
    if matrix is None and not stored.transposed and (scale or stored.encoding.quantized):
        rows = rows_of(file, stored)  # scales and blocks go along the rows as stored
        matrix = (rows if scale is None else scale.applied(rows)).block(0, rows.shape[0])
        scale = None
    return None if matrix is None else np.ascontiguousarray(matrix.T), scale


def _of_stacked(
    checkpoint: Checkpoint, opened: Opened, found: directions.Stacked, options: HeadOptions
) -> FoundHead:
    """Return directions that were put together from several tensors or files."""
    if options.fold_norm or options.axis is not None:
        raise UsageError(
            f"{checkpoint.name} holds directions one by one, and no norm; leave out axis and "
            "fold_norm"
        )
    directory = replace(opened.directory(found.file), format="directions", tokens=found.names)
    provenance = Provenance(
        model=checkpoint.name,
        revision=checkpoint.revision,
        file=found.file if found.one_file else None,
        format=found.format,
        tensor="directions" if options.layer is None else f"directions[{options.layer}]",
        reason=found.note,
        features="directions",
    )
    tensor = _in_memory(found.tensor, found.matrix)
    return FoundHead(
        opened.file(found.file), tensor, directory, provenance, None, matrix=found.matrix
    )


def _of_words(checkpoint: Checkpoint, found: WordVectors, options: HeadOptions) -> FoundHead:
    """Return word vectors, with the words as their names."""
    if options.fold_norm or options.axis is not None or options.layer is not None:
        raise UsageError(
            f"{checkpoint.name} holds word vectors; leave out axis, layer and fold_norm"
        )
    provenance = Provenance(
        model=checkpoint.name,
        revision=checkpoint.revision,
        file=checkpoint.only,
        format=found.format,
        tensor=found.tensor.name,
        reason="word vectors, a row for each word",
        features="directions",
    )
    directory = Directory("directions", {}, tokens=found.words)
    return FoundHead(found.file, found.tensor, directory, provenance, None, matrix=found.matrix)


def _encoding(
    checkpoint: Checkpoint, stored: StoredTensor, scale: Scale | None, config: Mapping[str, Any]
) -> Encoding:
    """Return the number format of a head; raise FormatError if it is not one of a head."""
    try:
        if scale is None:
            naming.refuse_integers(stored.name, stored.dtype, config)
        stored.encoding.row_bytes(stored.shape[1])
    except FormatError as error:
        raise FormatError(f"{checkpoint.name}: {error}") from None
    return stored.encoding


def _scale_notes(
    scale: Scale | None, stored: StoredTensor, where: Mapping[str, str]
) -> tuple[str, ...]:
    if scale is not None:
        return (scale.described((stored.shape[0], stored.shape[1])),)
    if scales.needed(stored.dtype):
        return scales.missing(stored.dtype, scales.unknown_beside(stored.name, where))
    return ()


def _drift_note(head: str, embedding: str) -> str:
    return (
        f"config.json ties the head to the input embedding, but the file holds both {head} and "
        f"{embedding}, and they differ. {head} was measured, because transformers 5 uses it; "
        f"transformers 4 and vLLM use {embedding}"
    )


def _in_memory(stored: StoredTensor, matrix: Float32) -> StoredTensor:
    """Return the description of a matrix that was made from stored ones."""
    return replace(stored, dtype="F32", shape=matrix.shape, nbytes=matrix.nbytes, transposed=False)


def _ids(checkpoint: Checkpoint, stored: StoredTensor, size: int | None) -> int | None:
    """Return the number of ids of the tokenizer, read only where the config does not say it."""
    if size is not None or stored.shape[0] >= stored.shape[1]:
        return None
    ids = tokens.of_checkpoint(checkpoint)
    return None if ids is None else len(ids)


def _made(
    checkpoint: Checkpoint,
    opened: Opened,
    chosen: Chosen,
    stored: StoredTensor,
    *,
    scale: Scale | None,
    label: str,
    named: bool,
) -> _Made | None:
    """Return a head that has to be made from several tensors; None if it is one."""
    file = chosen.where[chosen.choice.tensor]
    where = {stored.name: file}
    adapter = None
    if not named:
        adapter = adapters.adapter_beside(chosen.choice.tensor, chosen.where, label)
    if adapter is not None:
        rows = opened.rows(where, stored.name)
        merged = adapters.merged(
            rows if scale is None else scale.applied(rows),
            opened,
            chosen.where,
            adapter,
            config=config_of(checkpoint, adapters.CONFIG),
            label=label,
        )
        whole = np.ascontiguousarray(merged.rows.block(0, merged.rows.shape[0]))
        return _Made(whole, "; ".join(merged.notes), merged.bias)
    if opened.directory(file).format != dcp_file.FORMAT:
        return None
    how = "the head was joined from the chunks of a distributed checkpoint"
    return _Made(opened.loaded(where, stored.name), how)


def cut_off(directory: Directory, file: RangeFile) -> tuple[str, ...]:
    """Return a note if the file ends before its last tensor."""
    ends = [t.start + t.nbytes for t in directory.tensors.values() if t.entry is None]
    needed = max(ends, default=0)
    if needed <= file.size:
        return ()
    return (f"the file has only {file.size:,} of {needed:,} bytes, but the head is complete",)
