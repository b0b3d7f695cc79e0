"""One token against the bare product; the search for certificates against linear programs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from benchmarks import nearest
from benchmarks.loss import fetched
from benchmarks.result import Result
from benchmarks.setting import Setting
from scipy.optimize import linprog

from superscope import read_head
from superscope.heads import Head
from superscope.lens import argmax, verify

IN_THE_WAY = 16  # rows that a round of the linear program takes up
LONGEST = 60.0  # seconds after which a linear program's token is given up
SEED = 0


def run(setting: Setting) -> Iterator[Result]:
    """Yield the times of one token's neighbors and of the search, beside their baselines."""
    yield from nearest.run(setting)
    if setting.quick:
        rows = np.random.default_rng(SEED).standard_normal((300, 8), np.float32)
        yield from certificates(Head.from_array(rows, model="random rows"), 5, quick=True)
        return
    model = setting.model or next(fetched("fetch_models.py", "smollm2").glob("*.gguf"))
    yield from certificates(read_head(model), 32)


def certificates(head: Head, sample: int, quick: bool = False) -> Iterator[Result]:
    """Yield how the search compares with a linear program for each of a sample of the tokens."""
    name = f"{Path(head.provenance.model).name.partition('.')[0]}, "
    name += f"{head.features:,} × {head.width}"
    found, ours = _timed(lambda: argmax(head, device="cpu", progress=None))
    rows = head.block(0, head.features).astype(np.float64)
    rows -= rows.mean(axis=0)
    tokens = np.random.default_rng(SEED).choice(head.features, sample, replace=False).tolist()
    able, theirs = _timed(lambda: [by_programs(rows, i) for i in tokens])
    pairs = zip(able, found.status[tokens].tolist(), strict=True)
    if any(yes is not None and yes is not (status == 0) for yes, status in pairs):
        raise AssertionError("the search and the linear programs do not agree")
    each = theirs / sample
    yield Result(
        f"certificates of all tokens against a linear program for each, {name}",
        f"{each:.3g} s a token, of {sample}", f"{ours:.3g} s for all {head.features:,}",
        each * head.features / ours, "×", None if quick else 100, least=True,
    )  # fmt: skip
    yield Result(
        f"until every token is settled, {name}",
        f"{found.argmaxable:,} argmaxable, {found.tied:,} tied, {found.impossible:,} impossible",
        f"{found.undecided:,} undecided", ours, "s", None if quick else 60,
    )  # fmt: skip
    checked, verifying = _timed(lambda: verify(head, found.certificates, progress=None))
    if not checked.holds:
        raise AssertionError(str(checked))
    yield Result(
        f"verifying every certificate in float64 against the search, {name}",
        f"{ours:.3g} s", f"{verifying:.3g} s", verifying / ours, "×", None,
    )  # fmt: skip


def by_programs(rows: np.ndarray, i: int) -> bool | None:
    """Return whether a row is argmaxable, by linear programs with ever more rows (HiGHS).

    None: it was given up.
    """
    start = time.perf_counter()
    h = rows[i]
    active = np.empty(0, np.int64)
    width = rows.shape[1]
    while time.perf_counter() - start < LONGEST:
        logits = rows @ h
        own, logits[i] = float(logits[i]), -np.inf
        if len(active) and own - logits.max() > 1e-9:
            return True
        few = min(IN_THE_WAY, len(rows) - 1)
        new = np.setdiff1d(np.argpartition(-logits, few - 1)[:few], active)
        if not len(new):
            return False
        active = np.concatenate([active, new])
        found = linprog(
            -np.eye(width + 1)[-1],
            A_ub=np.column_stack([rows[active] - rows[i], np.ones(len(active))]),
            b_ub=np.zeros(len(active)), bounds=[(-1, 1)] * width + [(None, None)], method="highs",
        )  # fmt: skip
        if found.x[-1] <= 1e-9:
            return False
        h = found.x[:-1]
    return None


def _timed(work):  # type: ignore[no-untyped-def]
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start
