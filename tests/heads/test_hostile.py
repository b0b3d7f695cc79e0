"""Files that lie, attack or are damaged: a clear error each time, and nothing else."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import hostile
import numpy as np
import pytest

from superscope.errors import HeadDataError, SuperscopeError
from superscope.heads import read_head

EVERYTHING = hostile.everything()
MODELS = sorted({name.partition("/")[0] for name in EVERYTHING})


def test_the_folder_holds_what_the_script_makes() -> None:
    paths = (p for p in hostile.FOLDER.rglob("*") if p.is_file())
    there = {p.relative_to(hostile.FOLDER).as_posix(): p.read_bytes() for p in paths}
    assert there == EVERYTHING, "run tests/support/hostile.py"


@pytest.mark.parametrize("model", MODELS)
def test_a_hostile_file_is_refused_in_one_line(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where the attacks would leave their marker
    path = hostile.FOLDER / model
    tracemalloc.start()
    started = time.monotonic()
    try:
        with pytest.raises(SuperscopeError) as raised:
            read_head(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    message = str(raised.value)
    assert message.isprintable(), "one line, and nothing that acts on a terminal"
    assert model in message, "says which file"
    assert len(message) < 600
    assert peak < 100e6
    assert time.monotonic() - started < 5
    assert not list(tmp_path.iterdir()), "nothing was executed"


@pytest.mark.parametrize("kind", ["safetensors", "bin", "gguf", "npy", "npz", "word2vec.bin"])
def test_a_file_without_the_fault_is_read(kind: str, tmp_path: Path) -> None:
    """What makes the others fail is what their names say."""
    good = {
        "safetensors": hostile._GOOD,
        "bin": hostile._VALID_BIN,
        "gguf": hostile.gguf_bytes(),
        "npy": hostile.npy(hostile._npy_header()),
        "npz": hostile._GOOD_NPZ,
        "word2vec.bin": hostile.word2vec(),
    }[kind]
    path = tmp_path / f"m.{kind}"
    path.write_bytes(good)
    head = read_head(path)
    expected = bytes(range(24)) if kind == "bin" else bytes(24)
    np.testing.assert_array_equal(head.block(0, 3), np.frombuffer(expected, "<f4").reshape(3, 2))


EXPECTED = {
    "header-length-over-100-MB.safetensors": "its header should have 100,000,001 bytes",
    "header-length-beyond-the-file.safetensors": "truncated: its header should have 100 bytes",
    "offsets-overlap.safetensors": "tensors lm_head.weight and b overlap",
    "offsets-beyond-the-file.safetensors": "lm_head.weight ends at byte",
    "name-with-terminal-codes.safetensors": r"\\x1b\[2J.lm_head.weight",
    "dtype-unknown.safetensors": "tensor lm_head.weight has dtype F9, which superscope cannot read",
    "shape-1-D.safetensors": r"tensor lm_head.weight has shape \(6,\), but a head is a 2-D matrix",
    "empty.safetensors": "is empty",
    "calls-os-system.bin": "its pickle uses posix.system, .*; superscope did not run it",
    "calls-by-inst.bin": "uses INST, which tensors do not need",
    "calls-by-newobj.bin": "uses subprocess.Popen",
    "strides-with-gaps.bin": "save a contiguous copy of it",
    "big-endian.bin": "is big-endian",
    "old-format.bin": r"old format .* save it again: torch.save\(torch.load",
    "pointer-of-git-lfs.bin": "is a pointer of git-lfs instead of the file, .* git lfs pull",
    "html.bin": "a web page instead of the file",
    "version-1.gguf": "has GGUF version 1, and superscope reads",
    "tensor-of-unknown-type.gguf": "does not know ggml type 9999",
    "python-objects.npy": "Python objects, and loading those would run code",
    "index-points-above": "names a file outside its folder, '../../header-not-json.safetensors'",
    "index-points-to-the-root": "names a file outside its folder, '/etc/passwd'",
    "index-points-to-nothing": "has no file b.safetensors",
    "config-says-untied": "candidates: wpe.weight 3 × 2, wte.weight 3 × 2",
    "words-without-numbers.txt": "is not a table of word vectors, .* line 1 does not end with a",
    "words-and-counts.txt": "it has one number for each word",
    "words-with-terminal-codes.vec": r"line 3 has '\\x1b\[2J' in place of a number",
    "word2vec-that-goes-on.bin": "says that it has 2 words, and goes on after them",
    "split-gguf-with-a-part-missing": "has no file m-00002-of-00002.gguf",
}


@pytest.mark.parametrize("model", EXPECTED)
def test_the_message_says_what_is_wrong(model: str) -> None:
    with pytest.raises(SuperscopeError, match=EXPECTED[model]):
        read_head(hostile.FOLDER / model)


def test_a_shape_is_the_fault_of_the_data_not_of_the_file() -> None:
    with pytest.raises(HeadDataError):
        read_head(hostile.FOLDER / "shape-1-D.safetensors")
