"""Studies whose members are random heads with losses made up after a law."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from superscope._measure import measure
from superscope._version import __version__
from superscope.evaluation import Evaluation, Losses
from superscope.evaluation.evaluation import EvaluatedModel, LossSettings, TextRead
from superscope.geometry import Geometry
from superscope.heads import Head
from superscope.study import Member, MemberFailure, Study, StudyLaws, fit_laws, table_of

WIDTHS = (32, 48, 64, 96, 128, 192, 256, 384)
ROWS = 2000  # V
AMPLITUDE, FLOOR, SCATTER = 40.0, 3.0, 0.2
"""Of the losses: A m^(−1) + B in nats per token, and what a document differs by."""
NO_LAWS = StudyLaws(None, None, None, dict.fromkeys(
    ("overlap", "overlap_centered", "loss"), "2 different widths; a law takes 3 or more"
))  # fmt: skip


def make_geometry(
    width: int, name: str, seed: int = 0, *, rows: int = ROWS, weighted: bool = True,
    notes: tuple[str, ...] = (), lean: float = 0.6,
) -> Geometry:  # fmt: skip
    """Measure random rows that lean towards one direction, by `lean` times their own length."""
    rng = np.random.default_rng([seed, width])
    matrix = rng.normal(size=(rows, width)) / math.sqrt(width)
    matrix[:, 0] += lean
    frequencies = 1 / np.arange(1, rows + 1) if weighted else None
    found = measure(
        Head.from_array(matrix, model=name), pairs="none", device="cpu", frequencies=frequencies
    )
    known = found.provenance
    return replace(
        found,
        provenance=replace(known, depth=6, parameters=12 * 6 * width**2 + rows * width,
                           notes=notes),
    )  # fmt: skip


def make_evaluation(
    width: int, name: str, seed: int = 0, *, documents: int = 40, context: int = 512,
    floor: float = FLOOR, notes: tuple[str, ...] = (), bytes_per_token: float = 4.0,
    rows: int = ROWS,
) -> Evaluation:  # fmt: skip
    """Make up the losses of a model."""
    rng = np.random.default_rng([seed, width, 1])
    counts = rng.integers(200, 400, documents)
    means = AMPLITUDE / width + floor + SCATTER * rng.standard_normal(documents)
    ids = np.arange(documents)
    return Evaluation(
        EvaluatedModel(name, None, rows, width, 6, 12 * 6 * width**2 + rows * width),
        TextRead("gcide", documents, 1, 0, 7, 0, round(bytes_per_token * int(counts.sum()))),
        LossSettings("documents", context, None, 8, None, None, "cpu", "float32", __version__),
        Losses(ids, counts.astype(np.int64), means * counts),
        np.rint(bytes_per_token * counts).astype(np.int64),
        Losses(np.array([5]), np.array([counts.sum()]), np.array([float(means @ counts)])),
        notes=notes,
    )


def make_member(
    width: int, name: str, family: str | None = None, seed: int = 0, *,
    head: bool = True, loss: bool = True, failures: Sequence[MemberFailure] | None = None,
    floor: float = FLOOR, **more: object,
) -> Member:  # fmt: skip
    """Make a member; what it lacks has failed for a reason."""
    of_head = {k: v for k, v in more.items() if k in ("weighted", "lean")}
    of_loss = {k: v for k, v in more.items() if k in ("context", "documents", "bytes_per_token")}
    why = [MemberFailure("head", f"{name}: no tensor is a head; candidates: a.weight")] * (not head)
    why += [MemberFailure("loss", f"{name}: 12 GB are needed, and 4 GB are free")] * (not loss)
    return Member(
        name, family,
        make_geometry(width, name, seed, **of_head) if head else None,  # type: ignore[arg-type]
        make_evaluation(width, name, seed, floor=floor, **of_loss) if loss else None,  # type: ignore[arg-type]
        tuple(why if failures is None else failures),
    )  # fmt: skip


def make_study(
    members: int | Sequence[Member] = 5, *, text: str = "gcide", laws: StudyLaws | None = None
) -> Study:
    """Make a study of members, or of so many of one family, with the laws that they give."""
    found = (
        [make_member(m, f"out/family/neox-{m:03}", "neox") for m in WIDTHS[:members]]
        if isinstance(members, int)
        else list(members)
    )
    return Study(text, tuple(found), fit_laws(table_of(found)) if laws is None else laws)


def families_study(families: int = 3, each: int = 4) -> Study:
    """Make a study of several families, each with its floor, tokenizer and head."""
    return make_study(
        [
            make_member(m, f"lab{f}/family{f}-{m}m", f"family{f}", seed=f, floor=FLOOR + 0.3 * f,
                        bytes_per_token=4 + 0.2 * f, lean=0.3 + 0.2 * f, weighted=f != 1)
            for f in range(families)
            for m in WIDTHS[f : f + each]
        ]
    )  # fmt: skip
