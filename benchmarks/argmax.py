"""The search for certificates of all tokens, against linear programs alone."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
from benchmarks.result import Result
from scipy.optimize import linprog

from superscope.heads import Head
from superscope.lens import argmax, verify

IN_THE_WAY = 16  # rows that a round of the linear program takes up


def run(head: Head, sample: int, quick: bool = False) -> Iterator[Result]:
    """Yield the search's time beside that of linear programs, and what verifying it takes."""
    size = f"{head.features:,} × {head.width}"
    start = time.perf_counter()
    found = argmax(head, device="cpu", progress=None)
    ours = time.perf_counter() - start
    rows = head.block(0, head.features).astype(np.float64)
    tokens = np.random.default_rng(0).choice(head.features, sample, replace=False)
    start = time.perf_counter()
    statuses = [by_programs(rows, i) for i in tokens.tolist()]
    each = (time.perf_counter() - start) / sample
    if any(able is not (found.status[i] == 0) for able, i in zip(statuses, tokens, strict=True)):
        raise AssertionError("the search and the linear programs do not agree")
    yield Result(
        f"a certificate for every row of {head.provenance.model.rpartition('/')[2]}, {size}, "
        "against HiGHS alone for each",
        f"{each:.3g} s a token, {sample} tokens", f"{ours:.3g} s, all {head.features:,} tokens",
        each * head.features / ours, "×", None if quick else 100, least=True,
    )  # fmt: skip
    yield Result(
        "seconds until every row is argmaxable, tied or impossible",
        f"{found.argmaxable:,}, {found.tied:,} and {found.impossible:,}",
        f"{found.undecided:,} undecided", ours, "s", None if quick else 60,
    )  # fmt: skip
    start = time.perf_counter()
    checked = verify(head, found.certificates, progress=None)
    assert checked.holds
    yield Result(
        "verifying every certificate in float64, against the search", f"{ours:.3g} s",
        f"{time.perf_counter() - start:.3g} s", (time.perf_counter() - start) / ours, "×", None,
    )  # fmt: skip


def by_programs(rows: np.ndarray, i: int) -> bool:
    """Return whether a row is argmaxable, by linear programs with ever more rows (HiGHS)."""
    h = rows[i] - rows.mean(axis=0)
    active = np.empty(0, np.int64)
    while True:
        logits = rows @ h
        own, logits[i] = logits[i], -np.inf
        if own - logits.max() > 1e-9:
            return True
        few = min(IN_THE_WAY, len(rows) - 1)
        new = np.setdiff1d(np.argpartition(-logits, few - 1)[:few], active)
        active = np.concatenate([active, new])
        table = np.column_stack([rows[active] - rows[i], np.ones(len(active))])
        width = rows.shape[1]
        found = linprog(
            np.eye(1, width + 1, width)[0] * -1, A_ub=table, b_ub=np.zeros(len(active)),
            bounds=[(-1, 1)] * width + [(None, None)], method="highs",
        )  # fmt: skip
        h = found.x[:-1]
        if not len(new) or found.x[-1] <= 1e-9:
            return False
