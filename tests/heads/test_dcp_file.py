"""Distributed checkpoints of PyTorch are joined from their chunks, and nothing of them is run."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from files import matrix
from torch.distributed import checkpoint as dcp

from superscope.errors import FormatError, SuperscopeError
from superscope.heads import read_head

pytestmark = pytest.mark.filterwarnings("ignore:torch.distributed is disabled")
W = matrix(40, 6)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tensors = {"lm_head.weight": torch.from_numpy(W), "norm.weight": torch.ones(6).bfloat16()}
    state = {"model": tensors, "step": 3}
    dcp.save(state, checkpoint_id=tmp_path / "dcp", no_dist=True)
    return tmp_path / "dcp"


def test_the_head_is_joined(folder: Path) -> None:
    for fold_norm in (False, True):
        read = read_head(folder, fold_norm=fold_norm)
        np.testing.assert_array_equal(read.block(0, 40), W)
    assert read.provenance.tensor == "model.lm_head.weight"
    assert read.provenance.folded_norm == "model.norm.weight"
    assert read.provenance.format == "torch-dcp"
    with pytest.raises(FormatError, match="pass its folder"):
        read_head(folder / "__0_0.distcp")


@pytest.mark.parametrize("differs", [False, True])
def test_a_tied_head_that_differs_is_told(tmp_path: Path, differs: bool) -> None:
    embedding = torch.from_numpy(W + differs)
    state = {"lm_head.weight": torch.from_numpy(W), "embed_tokens.weight": embedding}
    dcp.save(state, checkpoint_id=tmp_path, no_dist=True)
    (tmp_path / "config.json").write_text('{"tie_word_embeddings": true, "vocab_size": 40}')
    assert ("and they differ" in "".join(read_head(tmp_path).provenance.notes)) is differs


def test_chunks_of_several_ranks_make_one_matrix(folder: Path) -> None:
    """Of two ranks, each has half of the rows."""
    metadata = pickle.loads((folder / ".metadata").read_bytes())
    described = metadata.state_dict_metadata["model.lm_head.weight"]
    (key,) = [k for k in metadata.storage_data if k.fqn == "model.lm_head.weight"]
    info = metadata.storage_data.pop(key)
    described.chunks.clear()
    for rank, start in enumerate((0, 20)):
        path = folder / f"__{rank}_9.distcp"
        with path.open("wb") as file:
            file.write(bytes(7))
            torch.save(torch.from_numpy(W[start : start + 20].copy()), file)
        offset, size = torch.Size((start, 0)), torch.Size((20, 6))
        described.chunks.append(dcp.metadata.ChunkStorageMetadata(offset, size))
        place = type(info)(path.name, 7, path.stat().st_size - 7)
        metadata.storage_data[dcp.metadata.MetadataIndex(key.fqn, offset)] = place
    (folder / ".metadata").write_bytes(pickle.dumps(metadata))
    np.testing.assert_array_equal(read_head(folder).block(0, 40), W)
    described.chunks.pop()
    (folder / ".metadata").write_bytes(pickle.dumps(metadata))
    with pytest.raises(FormatError, match="chunks are missing"):
        read_head(folder)
    described.chunks.append(described.chunks[0])
    (folder / ".metadata").write_bytes(pickle.dumps(metadata))
    with pytest.raises(FormatError, match=r"chunks that (overlap|share bytes)"):
        read_head(folder)


def test_nothing_is_run_and_damage_is_an_error(folder: Path) -> None:
    data = (folder / ".metadata").read_bytes()
    for name in (b"TensorProperties", b"MetadataIndex", b"_StorageInfo"):
        (folder / ".metadata").write_bytes(data.replace(name, name[:-1] + b"z"))
        with pytest.raises(FormatError, match="superscope did not run it"):
            read_head(folder)
    rng = np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(data)
        damaged[rng.integers(len(data))] = rng.integers(256)
        (folder / ".metadata").write_bytes(damaged)
        try:
            np.testing.assert_array_equal(read_head(folder).features, 40)
        except SuperscopeError as error:
            assert str(error).isprintable()
