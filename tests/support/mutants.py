"""Damaged and hostile checkpoints in any number, made from valid ones of every format.

Run this module to measure as many as wanted, each in a process of its own under limits:
``python tests/support/mutants.py --mutants 1000``. It fails where one ends in a traceback,
takes 10 s of CPU or 500 MB, or is read as other numbers although a checksum denies them.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import pickle
import re
import struct
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hostile
import numpy as np
import torch
from files import framed, gguf, matrix, safetensors, torch_bin

CPU, MEMORY = 10, 500_000_000  # seconds and bytes that no mutant may take
Rng = np.random.Generator
Files = dict[str, bytes]


@dataclass(frozen=True)
class Mutant:
    """A damaged checkpoint.

    Attributes
    ----------
    kind, change
        The format of its weights, and what was done to them.
    files
        Its files by name.
    checked
        Whether a checksum denies every change of its numbers.
    """

    kind: str
    change: str
    files: Files
    checked: bool = False


WEIGHT = matrix(24, 32)
CONFIG = {"model_type": "llama", "num_hidden_layers": 3, "vocab_size": 24, "hidden_size": 32,
          "tie_word_embeddings": False, "architectures": ["LlamaForCausalLM"],
          "text_config": {"model_type": "llama", "num_hidden_layers": 2},
          "quantization_config": {"quant_method": ""}}  # fmt: skip
TOKENIZER = {
    "version": "1.0",
    "added_tokens": [{"id": 24, "content": "<s>", "single_word": False, "lstrip": False,
                      "rstrip": False, "normalized": False, "special": True}],
    "normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAAA"},
    "pre_tokenizer": {"type": "Metaspace", "replacement": "▁"},
    "decoder": {"type": "Metaspace", "replacement": "▁"},
    "model": {"type": "Unigram", "unk_id": 0, "vocab": [[f"▁{i}", -1.0] for i in range(24)]},
}  # fmt: skip


def _seeds() -> dict[str, bytes]:
    """Return a valid file of every format, by its name."""
    tensor = torch.from_numpy(WEIGHT)
    state = {"lm_head.weight": tensor, "model.norm.weight": tensor[0]}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.savez(folder / "m.npz", head=WEIGHT)
        np.savez_compressed(folder / "deflated.npz", head=WEIGHT)
        np.save(folder / "m.npy", WEIGHT)
        made = {path.name: path.read_bytes() for path in folder.iterdir()}
        quantized = {"output.weight": (WEIGHT, "Q8_0"), "output_norm.weight": (WEIGHT[0], "F32")}
        made["m.gguf"] = gguf(quantized, folder, [f"t{i}" for i in range(24)], token_types=[1] * 24)
    made["model.safetensors"] = safetensors(state, {"format": "pt"})
    made["pytorch_model.bin"] = torch_bin(state)
    return made


SEEDS = _seeds()


def mutants(rng: Rng, count: int, large: bool = False) -> list[Mutant]:
    """Return `count` mutants, of every format and change in turn; `large` ones only if wanted."""
    makers = [*MAKERS, *(LARGE if large else ())]
    return [makers[i % len(makers)](rng) for i in range(count)]


# ---- bytes


_EXTREMES = (0, 1, 127, 255, 1 << 16, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 40, 1 << 60,
             (1 << 63) - 1, 1 << 63, (1 << 64) - 1)  # fmt: skip


def edited(rng: Rng, data: bytes) -> bytes:
    """Return bytes with some edits, most of them near the start or the end."""
    for _ in range(int(rng.integers(1, 5))):
        at = int(rng.random() ** 2 * len(data))
        at = max(0, len(data) - 1 - at) if rng.random() < 0.4 else at
        length = int(rng.choice([1, 1, 2, 4, 8, 33, 200]))
        piece = data[at : at + length]
        size = int(rng.choice([1, 2, 4, 8]))
        number = int(rng.choice(np.array(_EXTREMES, np.uint64))) & ((1 << 8 * size) - 1)
        new = [
            bytes([piece[0] ^ 1 << int(rng.integers(8))]) + piece[1:] if piece else b"",
            rng.bytes(length), b"", piece * 2, number.to_bytes(size, "little"),
            bytes([int(rng.choice([0, 255, 128]))]) * length,
        ][int(rng.integers(6))]  # fmt: skip
        data = data[:at] + new + data[at + (size if len(new) == size else length) :]
    return data[: int(rng.integers(len(data) + 1))] if rng.random() < 0.1 else data


def _bytes_of(name: str) -> Callable[[Rng], Mutant]:
    zipped = name.endswith((".bin", ".npz"))
    return lambda rng: Mutant(name, "bytes", {name: edited(rng, SEEDS[name])}, checked=zipped)


def _one_bit(name: str) -> Callable[[Rng], Mutant]:
    def make(rng: Rng) -> Mutant:
        data = bytearray(SEEDS[name])
        data[int(rng.integers(len(data)))] ^= 1 << int(rng.integers(8))
        return Mutant(name, "one bit", {name: bytes(data)}, checked=True)

    return make


# ---- JSON


_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 1 << 31, 1 << 63, 1 << 70, 10**4000, 1e308, float("nan"), "",
    "x" * 100_000, "\ud800", "\x1b[2J", "../../etc/passwd", [], {}, [[]], [1] * 5000, {"a": {}},
    "F64", "I8", "F8_E4M3", "lm_head.weight", ["a"],
)  # fmt: skip


def reshaped(rng: Rng, value: Any) -> Any:
    """Return a JSON value of which one part, at any depth, is another, missing or twice there."""
    new = _VALUES[int(rng.integers(len(_VALUES)))]
    if not isinstance(value, (dict, list)) or not value or rng.random() < 0.15:
        return new
    if isinstance(value, dict):
        key = list(value)[int(rng.integers(len(value)))]
        if rng.random() < 0.1:
            return {k: v for k, v in value.items() if k != key}
        if rng.random() < 0.1:
            return value | {str(new)[:200]: value[key]}
        return value | {key: reshaped(rng, value[key])}
    at = int(rng.integers(len(value)))
    return [*value[:at], reshaped(rng, value[at]), *value[at + int(rng.random() < 0.9) :]]


def _text(rng: Rng, value: Any) -> bytes:
    text = json.dumps(value)
    if rng.random() < 0.05:
        text = text.replace(":", ":" + "[" * 5000, 1)
    if rng.random() < 0.05:
        text = re.sub(r"\d+", "9" * 5000, text, count=1)
    return text.encode()


def _json_of(file: str) -> Callable[[Rng], Mutant]:
    """Change a JSON file that lies beside valid weights."""
    index = {"weight_map": {"lm_head.weight": "model.safetensors"}, "metadata": {"total_size": 9}}
    plain = {"config.json": CONFIG, "tokenizer.json": TOKENIZER,
             "model.safetensors.index.json": index}[file]  # fmt: skip

    def make(rng: Rng) -> Mutant:
        data = _text(rng, reshaped(rng, plain))
        if rng.random() < 0.3:
            data = edited(rng, data)
        weights = "a.safetensors" if "index" in file else "model.safetensors"
        if weights == "a.safetensors":
            data = data.replace(b'"model.safetensors"', b'"a.safetensors"')
        return Mutant(file, "JSON", {weights: SEEDS["model.safetensors"], file: data})

    return make


def _safetensors_header(rng: Rng) -> Mutant:
    seed = SEEDS["model.safetensors"]
    length = int.from_bytes(seed[:8], "little")
    header = reshaped(rng, json.loads(seed[8 : 8 + length]))
    changed = framed(_text(rng, header), seed[8 + length :])
    return Mutant("model.safetensors", "header", {"model.safetensors": changed})


# ---- pickles and zips


def _pickle(rng: Rng) -> Mutant:
    """Change the pickle, and store it with a checksum that is right."""
    number = int(rng.choice(np.array(_EXTREMES, np.uint64)))
    pieces = (
        hostile._int(-number), hostile._int(number) if number < 1 << 63 else pickle.NONE,
        pickle.LONG1 + b"\xfe" + b"\x7f" * 254, hostile._text("x" * 3000), pickle.EMPTY_DICT,
        pickle.MARK, pickle.EMPTY_TUPLE, pickle.TUPLE, pickle.REDUCE, pickle.SETITEMS,
        hostile._global("torch.Size"), hostile._global("os.system"), pickle.BINGET + b"\1",
    )  # fmt: skip
    seed = hostile.state(hostile.tensor())
    at = int(rng.integers(2, len(seed)))
    piece = pieces[int(rng.integers(len(pieces)))] * int(rng.choice([1, 1, 3, 2000]))
    data = seed[:at] + piece + seed[at + int(rng.choice([0, 1, 5])) :]
    return Mutant("model.bin", "pickle", {"model.bin": hostile.archive(data)})


def _many_axes(rng: Rng) -> Mutant:
    axes = int(rng.choice([65, 2000, 20_000]))
    number = hostile._int((1 << int(rng.integers(1, 2000))) - 1)
    shape = pickle.MARK + number + (pickle.BINPUT + b"\x09" + (pickle.BINGET + b"\x09") * axes)
    record = hostile.tensor().replace(hostile._tuple(*map(hostile._int, (3, 2))),
                                      shape + pickle.TUPLE)  # fmt: skip
    compressed = zipfile.ZIP_DEFLATED
    return Mutant("model.bin", "axes",
                  {"model.bin": hostile.archive(hostile.state(record), compressed)})  # fmt: skip


def _zip_fields(rng: Rng) -> Mutant:
    """Change a field of a local header, or of the directory, of a zip."""
    name = ("pytorch_model.bin", "m.npz", "deflated.npz")[int(rng.integers(3))]
    data = bytearray(SEEDS[name])
    marks = [m.start() for m in re.finditer(rb"PK(\x01\x02|\x03\x04|\x05\x06)", data)]
    at = marks[int(rng.integers(len(marks)))] + int(rng.integers(4, 46))
    size = int(rng.choice([1, 2, 4]))
    value = int(rng.choice(np.array(_EXTREMES, np.uint64))) & ((1 << 8 * size) - 1)
    data[at : at + size] = value.to_bytes(size, "little")
    return Mutant(name, "zip fields", {name: bytes(data)}, checked=True)


def _npy_header(rng: Rng) -> Mutant:
    shape = [
        "(True, 320)", "(" + "9" * 4000 + ", 2)", "(3, " + "(" * 200, f"({1 << 63}, 2)", "(-1, 2)",
        "(2.0, 3)", "(3L, 2)", "('a', 2)", "(1,)" * 50, "(" + "1," * 100 + ")", "(0, 2)", "None",
    ][int(rng.integers(12))]  # fmt: skip
    descr = ["'<f4'", "'<f8'", "'>f4'", "'|O'", "'<U1000000000'", "('<f4', (9, 9))", "3"][
        int(rng.integers(7))
    ]
    return Mutant("m.npy", "header", {"m.npy": hostile.npy(hostile._npy_header(descr, shape))})


def _gguf_values(rng: Rng) -> Mutant:
    """Write values and tensors of any type, number and length into a GGUF header."""
    keys = ("general.alignment", "tokenizer.ggml.tokens", "tokenizer.ggml.token_type",
            "general.architecture", "llama.block_count", "a")  # fmt: skip
    metadata, count = b"", int(rng.integers(4))
    for _ in range(count):
        kind = int(rng.integers(14))
        number = struct.pack("<Q", int(rng.choice(np.array(_EXTREMES, np.uint64))))
        inner = struct.pack("<I", int(rng.integers(14))) + number + rng.bytes(16)
        value = inner if kind == 9 else number + rng.bytes(8)
        metadata += hostile.gguf_value(keys[int(rng.integers(6))], kind, value)
    shape = tuple(int(rng.choice([0, 2, 3, 32, 1 << 31, 1 << 62])) for _ in range(2))
    tensor = hostile.gguf_tensor(shape=shape, kind=int(rng.choice([0, 1, 2, 8, 14, 30, 99])))
    counts = [count, 1, int(rng.choice(np.array(_EXTREMES, np.uint64)))]
    values, tensors = (counts[int(rng.choice([0, 0, 0, 2]))], counts[int(rng.choice([1, 1, 2]))])
    return Mutant("m.gguf", "values",
                  {"m.gguf": hostile.gguf_bytes(metadata, values, tensor, tensors)})  # fmt: skip


def _gguf_split(rng: Rng) -> Mutant:
    part = SEEDS["m.gguf"]
    return Mutant("m.gguf", "split", {"m-00001-of-00002.gguf": part,
                                      "m-00002-of-00002.gguf": edited(rng, part)})  # fmt: skip


MAKERS: tuple[Callable[[Rng], Mutant], ...] = (
    *(_bytes_of(name) for name in SEEDS),
    *(_one_bit(name) for name in ("pytorch_model.bin", "m.npz", "deflated.npz")),
    *map(_json_of, ("config.json", "tokenizer.json", "model.safetensors.index.json")),
    _safetensors_header, _pickle, _many_axes, _zip_fields, _npy_header, _gguf_values, _gguf_split,
)  # fmt: skip


# ---- files of many megabytes


def _large_json(rng: Rng) -> Mutant:
    """Write JSON of tens of megabytes: of small values, or of one long text."""
    cell = ("[],", '{"a":0},', '"",', "1,", '["é",1.5],', '"😀",', "{},")[int(rng.integers(7))]
    size = int(rng.choice([5, 20, 60, 95])) * 1_000_000
    filled = (cell.encode() * (size // len(cell.encode())))[:-1]
    text = b'{"model": {"vocab": [' + filled + b"]}}"
    if rng.random() < 0.3:
        text = json.dumps({"__metadata__": {str(i): "" for i in range(size // 14)}}).encode()
    where = int(rng.integers(4))
    if where == 0:
        return Mutant("model.safetensors", "large", {"model.safetensors": framed(text)})
    file = ("config.json", "tokenizer.json", "model.safetensors.index.json")[where - 1]
    weights = "a.safetensors" if where == 3 else "model.safetensors"
    return Mutant(file, "large", {weights: SEEDS["model.safetensors"], file: text})


def _large_gguf(rng: Rng) -> Mutant:
    """Write a GGUF header that goes on for 150 MB."""
    kinds = (
        hostile.gguf_value("tokenizer.ggml.tokens", 9, struct.pack("<IQ", 8, 18_000_000)),
        hostile.gguf_value("tokenizer.ggml.tokens", 9, struct.pack("<IQ", 8, 1_900_000)),
        hostile.gguf_value("tokenizer.ggml.token_type", 9, struct.pack("<IQ", 0, 140_000_000)),
        hostile.gguf_value("a", 9, struct.pack("<IQ", 9, 9_000)),
        hostile.gguf_value("a", 8, struct.pack("<Q", 140_000_000)),
        b"",
    )
    metadata = kinds[int(rng.integers(len(kinds)))]
    count = int(rng.choice([1, 9_000, 10_000_000]))
    data = hostile.gguf_bytes(metadata, count if not metadata else 1, b"", count=count)
    return Mutant("m.gguf", "large", {"m.gguf": data + bytes(150_000_000)})


def _large_pickle(rng: Rng) -> Mutant:
    """Write a pickle, or a zip's directory, of megabytes that deflate to nothing."""
    piece = (pickle.EMPTY_LIST, pickle.EMPTY_DICT, pickle.MARK, pickle.NONE, pickle.BININT1 + b"\1",
             pickle.EMPTY_TUPLE + pickle.MEMOIZE)[int(rng.integers(6))]  # fmt: skip
    size = int(rng.choice([1_000_000, 3_900_000, 7_000_000]))
    data = pickle.PROTO + b"\x04" + piece * (size // len(piece)) + pickle.STOP
    if rng.random() < 0.3:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as file:
            for i in range(int(rng.choice([3_000, 60_000]))):
                file.writestr(zipfile.ZipInfo(f"{i}.npy"), hostile.npy("x"))
        return Mutant("m.npz", "large", {"m.npz": out.getvalue()}, checked=True)
    return Mutant("model.bin", "large",
                  {"model.bin": hostile.archive(data, zipfile.ZIP_DEFLATED)})  # fmt: skip


LARGE: tuple[Callable[[Rng], Mutant], ...] = (_large_json, _large_gguf, _large_pickle)


# ---- measuring them


def measured(mutant: Mutant, folder: Path) -> tuple[str, float, int]:
    """Measure a mutant in another process; return what came out, CPU seconds and peak bytes."""
    import resource

    for name, data in mutant.files.items():
        (folder / name).write_bytes(data)
    model = folder if len(mutant.files) > 1 else folder / next(iter(mutant.files))
    read, write = os.pipe()
    process = os.fork()
    if process == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (CPU + 5, CPU + 6))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        said = "crash"
        try:
            said = _outcome(model, mutant.checked, folder)
        finally:
            os.write(write, said.encode("utf-8", "replace")[:4000])
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        said = pipe.read().decode()
    _, status, usage = os.wait4(process, 0)
    if status:
        said = f"crash: ended with status {status}"
    return said, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def _outcome(model: Path, checked: bool, folder: Path) -> str:
    from contextlib import redirect_stderr, redirect_stdout

    from superscope.cli import main
    from superscope.heads import read_head

    words = io.StringIO()
    with redirect_stdout(words), redirect_stderr(words):
        try:
            for options in (["--table", str(folder / "t.csv")], ["--fold-norm"]):
                main(["measure", str(model), "--pairs", "none", "--json", *options])
        except SystemExit as end:
            if end.code != 2:
                return f"crash: exit {end.code}"
            if "--fold-norm" not in options or "Traceback" in words.getvalue():
                return f"refused: {words.getvalue()[-2000:]}"
        except BaseException as error:  # whatever a user would see as a traceback
            return f"crash: {type(error).__name__}: {error}"[:1500]
    if checked:
        head = read_head(model)
        if not np.array_equal(head.block(0, head.features), WEIGHT, equal_nan=True):
            return "wrong: other numbers than were stored"
    return "read"


def main_of_mutants() -> None:
    """Measure mutants, and print how many were refused, read, wrong, slow, large or crashed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    rng, counts, faults = np.random.default_rng(given.seed), Counter[str](), []
    with tempfile.TemporaryDirectory() as folder:  # what is imported now no child imports again
        (Path(folder) / "m.npy").write_bytes(SEEDS["m.npy"])
        _outcome(Path(folder) / "m.npy", True, Path(folder))
    base = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    worst_cpu, worst_memory, started = 0.0, 0, time.monotonic()
    makers = [*MAKERS, *MAKERS, *MAKERS, *LARGE]
    for number in range(given.mutants):
        mutant = makers[number % len(makers)](rng)
        held = sum(map(len, mutant.files.values()))
        with tempfile.TemporaryDirectory() as folder:
            said, cpu, peak = measured(mutant, Path(folder))
        peak -= base + held  # the child has the parent's memory, with the mutant itself
        worst_cpu, worst_memory = max(worst_cpu, cpu), max(worst_memory, peak)
        kind = said.partition(":")[0]
        slow, big = cpu > CPU, peak > MEMORY
        counts.update([kind, *(["slow"] * slow), *(["over 500 MB"] * big)])
        if kind not in ("read", "refused") or slow or big:
            faults.append(f"{number} {mutant.kind}, {mutant.change}: {cpu:.1f} s, "
                          f"{peak / 1e6:.0f} MB: {said[:300]}")  # fmt: skip
            print(faults[-1], flush=True)
    print(f"{given.mutants} mutants: {dict(counts)}; at most {worst_cpu:.1f} CPU s and "
          f"{worst_memory / 1e6:.0f} MB; {time.monotonic() - started:.0f} s")  # fmt: skip
    sys.exit(bool(faults))


if __name__ == "__main__":
    main_of_mutants()
