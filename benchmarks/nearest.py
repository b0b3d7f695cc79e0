"""The rows nearest to one token of a large head in a file, against the bare product."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from benchmarks.result import Result
from benchmarks.setting import Setting
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models

import superscope
from superscope.cli import main
from superscope.lens import Token

ROUNDS = 3
SEED = 0
HUB = 5  # row that many others have among their nearest
AROUND = 0.05  # share of the rows that lie about it


def run(setting: Setting) -> Iterator[Result]:
    """Yield what one token of a random head with a hub takes, and what a user waits for."""
    features, width = (3000, 64) if setting.quick else (262_144, 640)
    size = f"{features:,} × {width}"
    with tempfile.TemporaryDirectory() as folder:
        plain, whole = Path(folder) / "plain", Path(folder) / "whole"
        write(plain, whole, features, width)
        times = []
        for _ in range(ROUNDS + 1):  # the first brings the file into memory, and counts for none
            times.append((
                _timed(bare_product, plain / "head.npy"),
                _timed(token_of, plain / "head.npy"),
                _timed(token_of, whole),
            ))  # fmt: skip
        bare, ours, classes = (min(side) for side in zip(*times[1:], strict=True))
        hub = token_of(plain / "head.npy").in_degree
        assert hub is not None and hub.count > hub.nearest, "it is no hub"
        command = min(_timed(by_command, whole) for _ in range(ROUNDS))
    yield Result(
        f"nearest rows of one token, head opened from a file, against the bare product, {size}",
        f"{bare:.3g} s", f"{ours:.3g} s", ours / bare, "×", None,
    )  # fmt: skip
    yield Result(
        f"until the nearest rows of one token are known, {size}, a hub",
        f"{hub.count} of the {hub.asked} rows nearest to it have it among their {hub.nearest}",
        f"{ours:.3g} s", ours, "s", None if setting.quick else 2,
    )  # fmt: skip
    yield Result(
        f"the same with the classes of all rows, by a tokenizer of {features:,} pieces",
        f"{ours:.3g} s", f"{classes:.3g} s", classes, "s", None,
    )  # fmt: skip
    yield Result(
        "the same by `superscope lens MODEL TOKEN`, in a process that has started",
        f"{classes:.3g} s", f"{command:.3g} s", command, "s", None,
    )  # fmt: skip


def write(plain: Path, whole: Path, features: int, width: int) -> None:
    """Write random rows of which some lie about one: as a matrix, and as a model with tokens."""
    generator = np.random.default_rng(SEED)
    rows = generator.standard_normal((features, width), np.float32)
    rows[HUB + 1 : HUB + 1 + int(AROUND * features)] += 0.3 * rows[HUB]
    for folder in (plain, whole):
        folder.mkdir()
    np.save(plain / "head.npy", rows)
    save_file({"lm_head.weight": rows}, whole / "model.safetensors")
    (whole / "config.json").write_text(
        f'{{"model_type": "llama", "vocab_size": {features}, "hidden_size": {width}}}'
    )
    letters = np.array(list("etaoinshrdlucmfw"))
    pieces = {"".join(word) for word in generator.choice(letters, (2 * features, 6))}
    vocab = [("<unk>", 0.0), *((piece, -1.0) for piece in sorted(pieces)[: features - 1])]
    Tokenizer(models.Unigram(vocab, 0)).save(str(whole / "tokenizer.json"))


def bare_product(file: Path) -> np.ndarray:
    """Read the file once, and multiply it with one of its rows."""
    rows = np.load(file)
    product: np.ndarray = rows @ rows[HUB]
    return product


def token_of(model: Path) -> Token:
    """Open the head, and look at one token of it."""
    return superscope.lens(model, progress=None)[HUB]


def by_command(model: Path) -> None:
    """Print that token, as a user does."""
    from contextlib import redirect_stdout
    from io import StringIO

    with redirect_stdout(StringIO()):
        main(["lens", str(model), f"#{HUB}"])


def _timed(work, *given):  # type: ignore[no-untyped-def]
    start = time.perf_counter()
    work(*given)
    return time.perf_counter() - start
