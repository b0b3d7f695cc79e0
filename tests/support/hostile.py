"""The hostile files of tests/heads/hostile, each named by what is wrong with it.

Run this module to write them again. They are committed, so that a reader is tested
against bytes that do not change with the libraries that write such files.
"""

from __future__ import annotations

import io
import json
import pickle
import struct
import sys
import zipfile
import zlib
from pathlib import Path

from files import framed

FOLDER = Path(__file__).parents[1] / "heads" / "hostile"
MARKER = "superscope-was-executed"  # what a hostile pickle makes in the current folder
_COMMAND = f"touch {MARKER}"
_DATE = (1980, 1, 1, 0, 0, 0)

# ---- safetensors


def _entry(dtype: object = "F32", shape: object = (3, 2), offsets: object = (0, 24)) -> object:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def _header(**names: object) -> bytes:
    text = json.dumps({name.replace("__", "."): entry for name, entry in names.items()})
    return framed(text, bytes(24))


_GOOD = _header(lm_head__weight=_entry())

SAFETENSORS = {
    "empty": b"",
    "seven-bytes": bytes(7),
    "header-length-beyond-the-file": framed("{}", length=100),
    "header-length-over-100-MB": framed("{}", length=100_000_001),
    "header-length-of-all-ones": framed("{}", length=(1 << 64) - 1),
    "header-of-no-bytes": framed(""),
    "header-not-json": framed("{lm_head"),
    "header-not-utf8": framed(b'{"\xff": 1}'),
    "header-not-an-object": framed("[1, 2]"),
    "header-nested-without-end": framed("[" * 3000),
    "header-with-a-number-of-5000-digits": framed('{"a": ' + "9" * 5000 + "}"),
    "name-twice": framed('{"a": 1, "a": 2}'),
    "name-with-terminal-codes": _header(**{"\x1b[2J__lm_head__weight": _entry()}),
    "entry-not-an-object": _header(lm_head__weight=3),
    "entry-without-offsets": framed('{"lm_head.weight": {"dtype": "F32", "shape": [3, 2]}}'),
    "offsets-overlap": _header(lm_head__weight=_entry(), b=_entry(shape=(1,), offsets=(20, 24))),
    "offsets-beyond-the-file": _header(lm_head__weight=_entry(offsets=(24, 48))),
    "offsets-reversed": _header(lm_head__weight=_entry(offsets=(24, 0))),
    "offsets-negative": _header(lm_head__weight=_entry(offsets=(-24, 0))),
    "offsets-fractional": _header(lm_head__weight=_entry(offsets=(0.0, 24.0))),
    "offsets-of-70-bits": _header(lm_head__weight=_entry(offsets=(1 << 70, (1 << 70) + 24))),
    "shape-of-more-bytes": _header(lm_head__weight=_entry(shape=(4, 2))),
    "shape-of-fewer-bytes": _header(lm_head__weight=_entry(shape=(2, 2))),
    "shape-that-overflows": _header(lm_head__weight=_entry(shape=(1 << 62, 1 << 62))),
    "shape-negative": _header(lm_head__weight=_entry(shape=(-3, -2))),
    "shape-of-truths": _header(lm_head__weight=_entry(shape=(True, True), offsets=(0, 4))),
    "shape-a-string": _header(lm_head__weight=_entry(shape="32")),
    "shape-of-1000-axes": _header(lm_head__weight=_entry(shape=[1] * 1000, offsets=(0, 4))),
    "shape-1-D": _header(lm_head__weight=_entry(shape=(6,))),
    "shape-0-D": _header(lm_head__weight=_entry(shape=(), offsets=(0, 4))),
    "shape-without-rows": _header(lm_head__weight=_entry(shape=(0, 2), offsets=(0, 0))),
    "dtype-unknown": _header(lm_head__weight=_entry(dtype="F9")),
    "dtype-integer": _header(lm_head__weight=_entry(dtype="I32")),
    "dtype-a-list": _header(lm_head__weight=_entry(dtype=["F32"])),
    "no-tensors": framed("{}"),
    "data-cut": _GOOD[:-1],
}

# ---- PyTorch


def _text(value: str) -> bytes:
    data = value.encode()
    return pickle.BINUNICODE + struct.pack("<I", len(data)) + data


def _int(value: int) -> bytes:
    if -(1 << 31) <= value < 1 << 31:
        return pickle.BININT + struct.pack("<i", value)
    data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return pickle.LONG1 + bytes([len(data)]) + data


def _tuple(*items: bytes) -> bytes:
    return pickle.MARK + b"".join(items) + pickle.TUPLE


def _global(path: str) -> bytes:
    module, _, name = path.rpartition(".")
    return pickle.GLOBAL + f"{module}\n{name}\n".encode()


def _reduce(path: str, *arguments: bytes) -> bytes:
    return _global(path) + _tuple(*arguments) + pickle.REDUCE


def tensor(
    shape: tuple[int, ...] = (3, 2),
    stride: tuple[int, ...] = (2, 1),
    offset: int = 0,
    items: int = 6,
    storage: bytes = _global("torch.FloatStorage"),
    key: bytes = _text("0"),
) -> bytes:
    """Return the opcodes that describe a tensor as torch.save does."""
    pid = _tuple(_text("storage"), storage, key, _text("cpu"), _int(items)) + pickle.BINPERSID
    return _reduce(
        "torch._utils._rebuild_tensor_v2", pid, _int(offset),
        _tuple(*map(_int, shape)), _tuple(*map(_int, stride)), pickle.NEWFALSE,
        _reduce("collections.OrderedDict"),
    )  # fmt: skip


def state(value: bytes, key: bytes = _text("lm_head.weight")) -> bytes:
    """Return the pickle of a dict of one item."""
    return pickle.PROTO + b"\x02" + pickle.EMPTY_DICT + key + value + pickle.SETITEM + pickle.STOP


def _plain(*opcodes: bytes) -> bytes:
    return pickle.PROTO + b"\x04" + b"".join(opcodes) + pickle.STOP


def archive(data_pkl: bytes | None, compression: int = zipfile.ZIP_STORED, **more: bytes) -> bytes:
    """Return a PyTorch zip with these bytes as its pickle, and six numbers."""
    entries = {} if data_pkl is None else {"data.pkl": data_pkl}
    entries |= {"version": b"3\n", "data/0": bytes(range(24))} | more
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, data in entries.items():
            info = zipfile.ZipInfo(f"archive/{name.replace('__', '/')}", _DATE)
            info.compress_type = compression
            file.writestr(info, data)
    return out.getvalue()


_VALID_BIN = archive(state(tensor()))
_SYSTEM = "posix.system"
_DIRECTORY = _VALID_BIN.index(b"PK\x01\x02")


def _patched(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


def _nested(levels: int) -> bytes:
    inside = b"".join(pickle.EMPTY_DICT + _text("k") for _ in range(levels))
    return pickle.PROTO + b"\x02" + inside + tensor() + pickle.SETITEM * levels + pickle.STOP


def _old_format() -> bytes:
    numbers = (0x1950A86A20F9469CFC6C, 1001, {"protocol_version": 1001}, {})
    return b"".join(pickle.dumps(number, 2) for number in numbers)


TORCH = {
    "calls-os-system": archive(state(_reduce(_SYSTEM, _text(_COMMAND)))),
    "calls-os-system-by-stack-global": archive(
        _plain(_text("os"), _text("system"), pickle.STACK_GLOBAL, _tuple(_text(_COMMAND)),
               pickle.REDUCE)
    ),
    "calls-eval-by-a-dotted-name": archive(
        _plain(_text("torch"), _text("serialization.os.system"), pickle.STACK_GLOBAL,
               _tuple(_text(_COMMAND)), pickle.REDUCE)
    ),
    "calls-by-inst": archive(
        _plain(pickle.MARK, _text(_COMMAND), pickle.INST, b"posix\nsystem\n")
    ),
    "calls-by-obj": archive(_plain(pickle.MARK, _global(_SYSTEM), _text(_COMMAND), pickle.OBJ)),
    "calls-by-newobj": archive(
        _plain(_global("subprocess.Popen"), _tuple(_text(_COMMAND)), pickle.NEWOBJ)
    ),
    "calls-by-newobj-ex": archive(
        _plain(_global("subprocess.Popen"), _tuple(_text(_COMMAND)), pickle.EMPTY_DICT,
               pickle.NEWOBJ_EX)
    ),
    "calls-newobj-of-an-allowed-name": archive(
        _plain(_global("torch.FloatStorage"), _tuple(), pickle.NEWOBJ)
    ),
    "calls-by-build": archive(
        _plain(_reduce("torch._utils._rebuild_tensor_v2"), pickle.EMPTY_DICT,
               _text("__setstate__"), _global(_SYSTEM), pickle.SETITEM, pickle.BUILD,
               _text(_COMMAND), pickle.BUILD)
    ),
    "calls-by-extension-code": archive(_plain(pickle.EXT1, b"\x01", _tuple(), pickle.REDUCE)),
    "calls-the-result-of-a-call": archive(
        _plain(_reduce("collections.OrderedDict"), _tuple(_text(_COMMAND)), pickle.REDUCE)
    ),
    "calls-numpy-reconstruct": archive(
        state(_reduce("numpy.core.multiarray._reconstruct", _text(_COMMAND)))
    ),
    "persistent-id-as-text": archive(_plain(pickle.PERSID, b"storage\n")),
    "persistent-id-a-number": archive(_plain(_int(1), pickle.BINPERSID)),
    "global-with-terminal-codes": archive(state(_global("os.\x1b[2J"))),
    "memo-index-that-is-not-there": archive(_plain(pickle.LONG_BINGET, b"\xff\xff\xff\x7f")),
    "memo-index-of-4-billion": archive(
        _plain(_int(1), pickle.LONG_BINPUT, b"\xff\xff\xff\xff")
    ),
    "pickle-cut": archive(state(tensor())[:-30]),
    "pickle-of-no-bytes": archive(b""),
    "pickle-of-nothing": archive(_plain(pickle.NONE)),
    "pickle-of-protocol-200": archive(b"\x80\xc8."),
    "pickle-with-an-empty-stack": archive(_plain(pickle.SETITEM)),
    "pickle-with-a-frame-of-2-to-the-60": archive(
        b"\x80\x04" + pickle.FRAME + struct.pack("<Q", 1 << 60) + b"."
    ),
    "pickle-with-a-string-of-4-GB": archive(
        b"\x80\x04" + pickle.BINUNICODE + b"\xff\xff\xff\xffabc"
    ),
    "pickle-with-a-number-of-5000-digits": archive(
        _plain(pickle.INT, b"9" * 5000, b"\n")
    ),
    "pickle-with-bytearray-of-2-to-the-60": archive(
        b"\x80\x05" + pickle.BYTEARRAY8 + struct.pack("<Q", 1 << 60) + b"."
    ),
    "key-of-tuples-that-never-ends-hashing": archive(
        state(_int(1), _tuple() + b"".join(
            pickle.BINPUT + bytes([i]) + pickle.BINGET + bytes([i]) + pickle.TUPLE2
            for i in range(100)
        ))
    ),
    "key-a-list": archive(state(tensor(), pickle.EMPTY_LIST)),
    "dict-in-itself": archive(
        b"\x80\x02" + pickle.EMPTY_DICT + pickle.BINPUT + b"\x00" + _text("a") + pickle.BINGET
        + b"\x00" + pickle.SETITEM + pickle.STOP
    ),
    "dicts-nested-1000-deep": archive(_nested(1000)),
    "items-set-on-a-list": archive(
        _plain(pickle.EMPTY_LIST, _int(0), _int(1), pickle.SETITEM)
    ),
    "storage-missing": archive(state(tensor(key=_text("7")))),
    "storage-outside": archive(state(tensor(key=_text("../../../etc/passwd")))),
    "storage-key-a-number": archive(state(tensor(key=_int(0)))),
    "storage-of-an-unknown-type": archive(state(tensor(storage=_global("torch.float32")))),
    "storage-of-negative-length": archive(state(tensor(items=-6))),
    "storage-too-short": archive(state(tensor(shape=(4, 2)))),
    "offset-beyond-the-storage": archive(state(tensor(offset=1))),
    "offset-negative": archive(state(tensor(offset=-1))),
    "offset-of-70-bits": archive(state(tensor(offset=1 << 70))),
    "shape-negative": archive(state(tensor(shape=(-3, -2)))),
    "shape-that-overflows": archive(state(tensor(shape=(1 << 62, 1 << 62)))),
    "shape-without-rows": archive(state(tensor(shape=(0, 2)))),
    "shape-1-D": archive(state(tensor(shape=(6,), stride=(1,)))),
    "shape-with-other-strides": archive(state(tensor(stride=(1,)))),
    "strides-with-gaps": archive(state(tensor(shape=(2, 2), stride=(3, 1)))),
    "strides-of-zero": archive(state(tensor(shape=(1000, 2), stride=(0, 1)))),
    "dtype-integer": archive(state(tensor(items=3, storage=_global("torch.LongStorage")))),
    "rebuilt-from-nothing": archive(state(_reduce("torch._utils._rebuild_parameter"))),
    "rebuilt-from-text": archive(
        state(_reduce("torch._utils._rebuild_tensor_v2", *[_text("x")] * 4))
    ),
    "big-endian": archive(state(tensor()), byteorder=b"big"),
    "zip-without-a-pickle": archive(None),
    "zip-with-two-pickles": archive(state(tensor()), other__data_pkl=b"").replace(
        b"other/data_pkl", b"other/data.pkl"
    ),
    "zip-with-an-entry-twice": archive(state(tensor()), data__1=bytes(24)).replace(
        b"data/1", b"data/0"
    ),
    "zip-with-lzma": archive(state(tensor()), zipfile.ZIP_LZMA),
    "zip-bomb-in-the-pickle": archive(
        b"\x80\x02" + pickle.EMPTY_LIST * 9_000_000, zipfile.ZIP_DEFLATED
    ),
    "zip-whose-sizes-lie": _patched(
        archive(state(tensor()), zipfile.ZIP_DEFLATED),
        archive(state(tensor()), zipfile.ZIP_DEFLATED).index(b"PK\x01\x02") + 24,
        struct.pack("<I", 5_000),
    ),
    "zip-whose-entry-is-elsewhere": _patched(_VALID_BIN, 0, b"PKxx"),
    "zip-whose-directory-is-elsewhere": _patched(
        _VALID_BIN, len(_VALID_BIN) - 6, struct.pack("<I", 1 << 31)
    ),
    "zip-whose-directory-has-4-GB": _patched(
        _VALID_BIN, len(_VALID_BIN) - 10, struct.pack("<I", 0xFFFFFFF0)
    ),
    "zip-whose-entry-starts-beyond": _patched(
        _VALID_BIN, _DIRECTORY + 42, struct.pack("<I", 1 << 30)
    ),
    "zip-cut-in-its-directory": _VALID_BIN[:-40],
    "zip-cut-in-its-data": _VALID_BIN[: _DIRECTORY - 10],
    "zip-of-two-bytes": b"PK",
    "old-format": _old_format(),
    "pointer-of-git-lfs": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n",
    "html": b"<!DOCTYPE html><title>Sign in</title>",
}  # fmt: skip

# ---- GGUF


def _string(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def gguf_bytes(
    metadata: bytes = b"",
    values: int = 0,
    tensors: bytes | None = None,
    count: int = 1,
    version: int = 3,
    data: bytes = bytes(24),
) -> bytes:
    """Return a GGUF file; by default a valid one with one 3 × 2 tensor."""
    listed = gguf_tensor() if tensors is None else tensors
    start = b"GGUF" + struct.pack("<IQQ", version, count, values) + metadata + listed
    return start + bytes(-len(start) % 32) + data


def gguf_tensor(
    name: str = "output.weight", shape: tuple[int, ...] = (2, 3), kind: int = 0, offset: int = 0
) -> bytes:
    axes = struct.pack("<I", len(shape)) + b"".join(struct.pack("<Q", n) for n in shape)
    return _string(name) + axes + struct.pack("<IQ", kind, offset)


def gguf_value(key: str, kind: int, value: bytes) -> bytes:
    return _string(key) + struct.pack("<I", kind) + value


_NESTED_ARRAY = b"".join(struct.pack("<IQ", 9, 1) for _ in range(300))
_TWICE = gguf_tensor() * 2

GGUF = {
    "magic-alone": b"GGUF",
    "version-1": gguf_bytes(version=1),
    "big-endian": gguf_bytes(version=3 << 24),
    "tensors-of-2-to-the-60": gguf_bytes(count=1 << 60),
    "values-of-2-to-the-60": gguf_bytes(values=1 << 60),
    "cut-in-the-tensor-list": gguf_bytes()[:50],
    "data-cut": gguf_bytes()[:-1],
    "key-of-2-to-the-60-bytes": gguf_bytes(struct.pack("<Q", 1 << 60) + b"key", 1),
    "array-of-2-to-the-60": gguf_bytes(gguf_value("a", 9, struct.pack("<IQ", 4, 1 << 60)), 1),
    "strings-of-2-to-the-60": gguf_bytes(
        gguf_value("tokenizer.ggml.tokens", 9, struct.pack("<IQ", 8, 1 << 60)), 1
    ),
    "array-nested-300-deep": gguf_bytes(gguf_value("a", 9, _NESTED_ARRAY), 1),
    "value-of-unknown-type": gguf_bytes(gguf_value("a", 77, b""), 1),
    "alignment-0": gguf_bytes(gguf_value("general.alignment", 4, struct.pack("<I", 0)), 1),
    "alignment-a-string": gguf_bytes(gguf_value("general.alignment", 8, _string("32")), 1),
    "alignment-of-4-GB": gguf_bytes(
        gguf_value("general.alignment", 4, struct.pack("<I", (1 << 32) - 1)), 1
    ),
    "tensor-twice": gguf_bytes(tensors=_TWICE, count=2),
    "tensors-overlap": gguf_bytes(
        tensors=gguf_tensor() + gguf_tensor("b", offset=20), count=2, data=bytes(60)
    ),
    "tensor-of-unknown-type": gguf_bytes(tensors=gguf_tensor(kind=9999)),
    "tensor-of-integers": gguf_bytes(tensors=gguf_tensor(kind=26)),
    "tensor-of-a-type-nobody-dequantizes": gguf_bytes(
        tensors=gguf_tensor(shape=(256, 1), kind=15), data=bytes(1000)
    ),
    "tensor-with-4-billion-axes": gguf_bytes(
        tensors=_string("output.weight") + struct.pack("<I", (1 << 32) - 1)
    ),
    "tensor-that-does-not-fill-its-blocks": gguf_bytes(tensors=gguf_tensor(shape=(5, 3), kind=2)),
    "tensor-beyond-the-file": gguf_bytes(tensors=gguf_tensor(offset=1 << 40)),
    "tensor-that-overflows": gguf_bytes(tensors=gguf_tensor(shape=(1 << 63, 1 << 63))),
    "tensor-1-D": gguf_bytes(tensors=gguf_tensor(shape=(6,))),
    "tensor-without-rows": gguf_bytes(tensors=gguf_tensor(shape=(2, 0))),
}

# ---- numpy


def npy(header: str, data: bytes = bytes(24), version: bytes = b"\x01\x00") -> bytes:
    """Return a ``.npy`` file with this header."""
    text = header.encode() + b"\n"
    return b"\x93NUMPY" + version + struct.pack("<H", len(text)) + text + data


def _npy_header(descr: str = "'<f4'", shape: str = "(3, 2)") -> str:
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}"


NPY = {
    "magic-alone": b"\x93NUMPY",
    "version-9": npy(_npy_header(), version=b"\x09\x00"),
    "header-beyond-the-file": npy(_npy_header())[:30],
    "header-that-calls": npy(f"__import__('os').system({_COMMAND!r})"),
    "header-that-calls-in-its-dtype": npy(_npy_header(f"__import__('os').system({_COMMAND!r})")),
    "header-nested-without-end": npy("(" * 5000),
    "header-with-a-bad-escape": npy(_npy_header(r"'\z'")),
    "header-of-python-2": npy(_npy_header(shape="(3L, 4L)")),
    "data-cut": npy(_npy_header())[:-1],
    "shape-that-overflows": npy(_npy_header(shape="(4611686018427387904, 4611686018427387904)")),
    "shape-negative": npy(_npy_header(shape="(-3, -2)")),
    "shape-1-D": npy(_npy_header(shape="(6,)")),
    "shape-3-D": npy(_npy_header(shape="(3, 2, 1)")),
    "shape-without-rows": npy(_npy_header(shape="(0, 2)")),
    "python-objects": npy(_npy_header("'|O'"), pickle.dumps([None] * 6, 2)),
    "big-endian": npy(_npy_header("'>f4'")),
    "integers": npy(_npy_header("'<i4'")),
    "fields": npy(_npy_header("[('a', '<f4')]")),
}


def _npz(entries: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, data in entries.items():
            info = zipfile.ZipInfo(name, _DATE)
            info.compress_type = compression
            file.writestr(info, data)
    return out.getvalue()


_GOOD_NPZ = _npz({"head.npy": npy(_npy_header())}, zipfile.ZIP_DEFLATED)
_DEFLATED = zlib.compress(npy(_npy_header()))[2:-4]

NPZ = {
    "no-arrays": _npz({"readme.txt": b"text"}),
    "python-objects": _npz({"head.npy": NPY["python-objects"]}),
    "array-cut": _npz({"head.npy": NPY["data-cut"]}),
    "array-of-no-bytes": _npz({"head.npy": b""}),
    "deflate-damaged": _GOOD_NPZ.replace(_GOOD_NPZ[50:60], b"\xff" * 10),
    "cut": _GOOD_NPZ[:-5],
}

# ---- word vectors

_ROW = b" 1 2 3\n"


def word2vec(head: bytes = b"3 2\n", after: bytes = b"\n", end: bytes = b"") -> bytes:
    """Return word vectors in word2vec's binary form."""
    return head + b"".join(w + b" " + bytes(8) + after for w in (b"a", b"b", b"c")) + end


WORDS = {
    "words-empty.vec": b"",
    "words-of-zeros.vec": bytes(1_000),
    "words-without-numbers.txt": b"A note.\nAnd more of it.\n",
    "words-and-counts.txt": b"the 500\nof 200\n",
    "words-with-commas.txt": b"a,1,2\nb,3,4\n",
    "words-fewer-than-said.vec": b"4 3\na" + _ROW + b"b" + _ROW,
    "words-of-2-to-the-33.vec": b"9999999999 3\na" + _ROW,
    "words-of-999999-numbers.vec": b"1 999999\na" + _ROW,
    "words-of-no-numbers.vec": b"2 0\na\nb\n",
    "words-with-a-short-line.vec": b"a" + _ROW + b"b" + _ROW + b"c 1 2\n",
    "words-with-a-number-of-5000-digits.vec": b"a" + _ROW + b"b 1 2 " + b"9" * 5000 + b"\n",
    "words-with-a-number-not-finite.vec": b"a" + _ROW + b"b 1 2 inf\n",
    "words-with-underscores-in-a-number.vec": b"a" + _ROW + b"b 1 2 3\nc 1 2 1_0\n",
    "words-with-terminal-codes.vec": b"a" + _ROW + b"b" + _ROW + b"c 1 \x1b[2J 3\n",
    "word2vec-of-2-to-the-33.bin": word2vec(b"9999999999 2\n"),
    "word2vec-of-999999-numbers.bin": word2vec(b"3 999999\n"),
    "word2vec-of-no-numbers.bin": word2vec(b"3 0\n"),
    "word2vec-cut.bin": word2vec()[:-3],
    "word2vec-that-goes-on.bin": word2vec(b"2 2\n"),
    "word2vec-without-a-space.bin": b"1 2\n" + bytes(100),
    "word2vec-not-finite.bin": b"1 2\na " + b"\xff" * 8,
}

# ---- folders


def _index(**where: object) -> bytes:
    return json.dumps({"weight_map": {k.replace("__", "."): v for k, v in where.items()}}).encode()


def _sharded(shard: object) -> dict[str, bytes]:
    return {"model.safetensors.index.json": _index(lm_head__weight=shard), "a.safetensors": _GOOD}


FOLDERS: dict[str, dict[str, bytes]] = {
    "no-weights": {"README.md": b"text"},
    "index-points-above": _sharded("../../header-not-json.safetensors"),
    "index-points-above-from-within": _sharded("a/../../data-cut.safetensors"),
    "index-points-to-the-root": _sharded("/etc/passwd"),
    "index-points-to-a-drive": _sharded("C:model.safetensors"),
    "index-points-with-backslashes": _sharded("..\\..\\x.safetensors"),
    "index-points-to-a-url": _sharded("http://127.0.0.1:9/model.safetensors"),
    "index-points-to-nothing": _sharded("b.safetensors"),
    "index-points-to-its-folder": _sharded("."),
    "index-points-to-a-number": _sharded(3),
    "index-not-json": {"model.safetensors.index.json": b"{", "a.safetensors": _GOOD},
    "index-nested-without-end": {"pytorch_model.bin.index.json": b"[" * 3000},
    "index-without-a-map": {"model.safetensors.index.json": b"{}", "a.safetensors": _GOOD},
    "index-that-is-wrong": {
        "model.safetensors.index.json": _index(model__embed_tokens__weight="a.safetensors"),
        "a.safetensors": _header(
            **{"other__weight": _entry(), "wpe__weight": _entry(offsets=(24, 48))}
        ) + bytes(24),
    },
    "index-of-nothing": {"model.safetensors.index.json": _index(), "a.safetensors": _GOOD},
    "config-not-json": {"model.safetensors": _GOOD, "config.json": b"{"},
    "config-says-untied": {
        "model.safetensors": _header(
            **{"wte__weight": _entry(), "wpe__weight": _entry(offsets=(24, 48))}
        ) + bytes(24),
        "config.json": b'{"tie_word_embeddings": false}',
    },
    "tokenizer-not-json": {"model.safetensors": _GOOD, "tokenizer.json": b"{"},
    "tokenizer-with-an-id-of-4-billion": {
        "model.safetensors": _GOOD,
        "tokenizer.json": json.dumps(
            {
                "version": "1.0",
                "model": {"type": "WordLevel", "vocab": {"a": (1 << 32) - 1}, "unk_token": "a"},
            }
        ).encode(),
    },
    "split-gguf-with-a-part-missing": {"m-00001-of-00002.gguf": gguf_bytes()},
    "split-gguf-of-9999-parts": {"m-00001-of-09999.gguf": gguf_bytes()},
}  # fmt: skip


def everything() -> dict[str, bytes]:
    """Return every hostile file by its path in the folder."""
    kinds = {"safetensors": SAFETENSORS, "bin": TORCH, "gguf": GGUF, "npy": NPY, "npz": NPZ}
    files = {f"{name}.{kind}": data for kind, made in kinds.items() for name, data in made.items()}
    files |= WORDS
    for folder, contents in FOLDERS.items():
        files |= {f"{folder}/{name}": data for name, data in contents.items()}
    return files


if __name__ == "__main__":
    for name, data in everything().items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    print(f"{len(everything())} files in {FOLDER}", file=sys.stderr)
