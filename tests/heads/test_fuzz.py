"""Random and damaged bytes: a valid head or a SuperscopeError, and nothing else.

SUPERSCOPE_FUZZ=20000 runs that many examples of each test instead of a few hundred.
"""

from __future__ import annotations

import json
import os
import pickle
import struct
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hostile
import mutants
import numpy as np
import pytest
import torch
from files import framed, gguf, matrix, safetensors, torch_bin
from hypothesis import given, settings
from hypothesis import strategies as st

from superscope.errors import SuperscopeError
from superscope.heads import read_head

EXAMPLES = int(os.environ.get("SUPERSCOPE_FUZZ", "150"))
fuzz = settings(max_examples=EXAMPLES, deadline=None, database=None)


@pytest.fixture(scope="module", autouse=True)
def limited_memory() -> Iterator[None]:
    """Let no file of a few hundred bytes claim gigabytes."""
    if sys.platform != "linux":
        yield
        return
    import resource

    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (now + (1 << 30), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def attempt(data: bytes, kind: str) -> None:
    """Read these bytes as a file of a kind; fail on anything but a head or a clear error."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"m.{kind}"
        path.write_bytes(data)
        try:
            head = read_head(path)
            rows = head.block(0, min(head.features, 3))
        except SuperscopeError as error:
            assert str(error).isprintable()
            assert len(str(error)) < 2500
            return
        assert rows.dtype == np.float32
        assert rows.shape == (min(head.features, 3), head.width)


def _valid() -> dict[str, list[bytes]]:
    weight = matrix(8, 32)
    tensor = torch.from_numpy(weight)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.savez_compressed(folder / "a.npz", head=weight)
        np.savez(folder / "b.npz", head=weight.T)
        np.save(folder / "c.npy", weight)
        files = {path.name: path.read_bytes() for path in folder.iterdir()}
        return {
            "safetensors": [
                safetensors({"lm_head.weight": weight, "model.norm.weight": weight[0]}),
                safetensors({"wte.weight": tensor.bfloat16()}, {"format": "pt"}),
            ],
            "bin": [
                torch_bin({"lm_head.weight": tensor, "b": tensor[0]}),
                torch_bin({"wte.weight": tensor.T.contiguous().T.to(torch.float8_e5m2)}),
                hostile._VALID_BIN,
            ],
            "gguf": [
                gguf({"output.weight": (weight, "Q8_0")}, folder, ["a", "b"], token_types=[1, 5]),
                hostile.gguf_bytes(),
            ],
            "npz": [files["a.npz"], files["b.npz"]],
            "npy": [files["c.npy"]],
            "word2vec.bin": [hostile.word2vec(), hostile.word2vec(after=b"")],
            "vec": [
                b"".join(
                    b"w%d %s\n" % (i, b" ".join(b"%f" % x for x in row))
                    for i, row in enumerate(weight)
                ),
                b"3 2\na 1 2\nb c 3 4\nd .5 -6e-1\n",
            ],
        }


VALID = _valid()

EDITS = st.lists(
    st.tuples(
        st.sampled_from(["flip", "flip", "set", "cut", "insert", "drop", "copy"]),
        st.floats(0, 1, exclude_max=True),
        st.one_of(st.integers(0, 255), st.sampled_from([0, 1, 127, 128, 255])),
        st.sampled_from([1, 1, 1, 2, 4, 8, 33]),
    ),
    min_size=1,
    max_size=6,
)


def edited(data: bytes, edits: list[tuple[str, float, int, int]]) -> bytes:
    """Return damaged bytes; edits of one place prefer the start, where headers are."""
    for kind, where, value, length in edits:
        at = int(where**2 * len(data))
        piece = {"flip": bytes(b ^ value for b in data[at : at + length]),
                 "set": bytes([value]) * length,
                 "insert": bytes([value]) * length + data[at : at + length],
                 "drop": b"",
                 "copy": data[at : at + length] * 2}.get(kind)  # fmt: skip
        data = data[:at] if piece is None else data[:at] + piece + data[at + length :]
    return data


def from_the_end(data: bytes, edits: list[tuple[str, float, int, int]]) -> bytes:
    """Damage the end, where a zip's directory is."""
    return edited(data[::-1], edits)[::-1]


@pytest.mark.parametrize("kind", VALID)
def test_the_files_to_be_damaged_are_valid(kind: str, tmp_path: Path) -> None:
    for data in VALID[kind]:
        path = tmp_path / f"m.{kind}"
        path.write_bytes(data)
        assert read_head(path).features >= 3


@pytest.mark.parametrize("kind", VALID)
@fuzz
@given(st.data(), EDITS, st.booleans())
def test_damaged_files(kind: str, data: st.DataObject, edits: list, end: bool) -> None:
    valid = data.draw(st.sampled_from(VALID[kind]))
    attempt(from_the_end(valid, edits) if end else edited(valid, edits), kind)


@pytest.mark.parametrize(
    "magic", [b"", b"GGUF\x03\0\0\0", b"PK\x03\x04", b"\x93NUMPY\x01\0", b"\x80\x02"]
)
@fuzz
@given(rest=st.binary(max_size=400))
def test_random_bytes(magic: bytes, rest: bytes) -> None:
    attempt(magic + rest, "bin")
    if magic == b"PK\x03\x04":
        attempt(magic + rest, "npz")


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 70), 1 << 70)
    | st.floats()
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
_NAMES = st.sampled_from(
    ["lm_head.weight", "wte.weight", "a", "__metadata__", "lm_head.weight_scale"]
)
_NUMBER = st.integers(-1, 40) | st.sampled_from([1 << 31, 1 << 63, 1 << 64])
_ENTRY = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(["F32", "BF16", "F8_E4M3", "I8", "F4", ""]) | _JSON,
        "shape": st.lists(_NUMBER, max_size=3) | _JSON,
        "data_offsets": st.lists(_NUMBER, min_size=2, max_size=2) | _JSON,
    }
)


@fuzz
@given(header=st.dictionaries(_NAMES, _ENTRY | _JSON, max_size=4) | _JSON, size=st.integers(0, 64))
def test_safetensors_headers(header: object, size: int) -> None:
    attempt(framed(json.dumps(header), bytes(size)), "safetensors")


_OPCODES = st.sampled_from(
    [
        getattr(pickle, n)
        for n in pickle.__all__
        if n.isupper() and isinstance(getattr(pickle, n), bytes)
    ]
)
_PIECES = st.one_of(
    _OPCODES,
    _OPCODES.flatmap(lambda code: st.binary(max_size=4).map(lambda rest: code + rest)),
    st.sampled_from([
        hostile._text("lm_head.weight"), hostile._text("storage"), hostile._text("0"),
        hostile._int(0), hostile._int(6), hostile._int(-1), hostile._int(1 << 70),
        hostile.tensor(), hostile._global("collections.OrderedDict"),
        hostile._global("torch.FloatStorage"), hostile._global("torch._utils._rebuild_tensor_v2"),
        hostile._global("torch._utils._rebuild_tensor_v3"), hostile._global("torch.Size"),
        hostile._global("torch._utils._rebuild_parameter"), hostile._global("os.system"),
        pickle.EMPTY_DICT, pickle.EMPTY_TUPLE, pickle.MARK, pickle.TUPLE, pickle.REDUCE,
        pickle.SETITEM, pickle.SETITEMS, pickle.BUILD, pickle.BINPERSID, pickle.TUPLE2,
        pickle.BINPUT + b"\0", pickle.BINGET + b"\0",
    ]),
)  # fmt: skip


@fuzz
@given(pieces=st.lists(_PIECES, max_size=30), good=st.booleans())
def test_pickles(pieces: list[bytes], good: bool) -> None:
    """Opcodes in any order, alone or as the key or value of an otherwise good pickle."""
    made = b"".join(pieces)
    data = (
        hostile.state(hostile.tensor())[:-2] + made + b"s." if good else b"\x80\x02" + made + b"."
    )
    attempt(hostile.archive(data), "bin")


@fuzz
@given(
    shape=st.lists(_NUMBER, max_size=3),
    stride=st.lists(_NUMBER, max_size=3),
    offset=_NUMBER,
    items=_NUMBER,
)
def test_tensors_in_pickles(shape: list, stride: list, offset: int, items: int) -> None:
    record = hostile.tensor(tuple(shape), tuple(stride), offset, items)
    attempt(hostile.archive(hostile.state(record)), "bin")


_KIND = st.integers(0, 13)
_KEYS = st.sampled_from(
    ["general.alignment", "tokenizer.ggml.tokens", "tokenizer.ggml.token_type",
     "tokenizer.ggml.model", "general.architecture", "llama.block_count", "a"]
)  # fmt: skip
_SHORT = st.integers(0, 9).map(lambda n: struct.pack("<Q", n))
_VALUE = st.one_of(
    st.tuples(_KIND, st.binary(max_size=12)),
    st.text(max_size=4).map(lambda text: (8, hostile._string(text))),
    st.tuples(_KIND, _SHORT, st.binary(max_size=40)).map(
        lambda v: (9, struct.pack("<I", v[0]) + v[1] + v[2])
    ),
    st.lists(st.text(max_size=4), max_size=4).map(
        lambda v: (9, struct.pack("<IQ", 8, len(v)) + b"".join(map(hostile._string, v)))
    ),
)


@fuzz
@given(
    values=st.lists(st.tuples(_KEYS, _VALUE), max_size=4),
    shape=st.lists(st.integers(0, 40) | st.sampled_from([256, 1 << 32, (1 << 64) - 1]), max_size=4),
    kind=st.integers(0, 45),
    offset=st.sampled_from([0, 0, 0, 32, 33, 1 << 63]),
    size=st.integers(0, 400),
)
def test_gguf_headers(values: list, shape: list, kind: int, offset: int, size: int) -> None:
    metadata = b"".join(hostile.gguf_value(key, *value) for key, value in values)
    tensor = hostile.gguf_tensor("output.weight", tuple(shape), kind, offset)
    attempt(hostile.gguf_bytes(metadata, len(values), tensor, data=bytes(size)), "gguf")


@pytest.mark.parametrize("seed", range(4))
def test_mutants_of_every_format(seed: int, tmp_path: Path) -> None:
    """A few of those that ``tests/support/mutants.py`` measures by the thousand."""
    made = mutants.mutants(np.random.default_rng(seed), len(mutants.MAKERS))
    for number, mutant in enumerate(made):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name, data in mutant.files.items():
            (folder / name).write_bytes(data)
        try:
            head = read_head(folder if len(mutant.files) > 1 else folder / next(iter(mutant.files)))
            rows = head.block(0, head.features)
        except SuperscopeError as error:
            assert str(error).isprintable()
            continue
        if mutant.checked:
            np.testing.assert_array_equal(rows, mutants.WEIGHT)
