"""Toy runs as text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from weakref import WeakKeyDictionary

from superscope.geometry.baselines import welch_floor
from superscope.text import as_text, counted, named, signed
from superscope.toy.config import ToyConfig
from superscope.toy.evaluation import ToyEvaluation, evaluate
from superscope.toy.point import ToyPoint
from superscope.toy.results import ToyRuns
from superscope.toy.run import ToyRun

_FRESH: WeakKeyDictionary[ToyRun, ToyEvaluation] = WeakKeyDictionary()


@as_text.register
def _(run: ToyRun) -> str:
    """Return the text of ``toy train``; this evaluates the loss on fresh samples."""
    fresh = _on_fresh_samples(run)
    error = "" if run.loss_se is None else f" ± {run.loss_se:.2g}"
    return _point(
        ToyPoint.of(run), error,
        fresh=[("loss on fresh samples", f"{fresh.loss:.6g} ± {fresh.loss_se:.2g}")],
        seconds=[("seconds", f"{run.seconds:.1f}")],
    )  # fmt: skip


@as_text.register
def _(point: ToyPoint) -> str:
    return _point(point)


def _point(
    point: ToyPoint,
    error: str = "",
    fresh: Sequence[tuple[str, str]] = (),
    seconds: Sequence[tuple[str, str]] = (),
) -> str:
    o = point.observation
    expected = f"(expected: {point.expected_loss:.6g})"
    rows = [
        ("loss, last 100 steps", f"{o.loss:.6g}{error}"),
        ("  of unrepresented features", f"{point.unrepresented_loss:.6g} {expected}"),
        ("  of interference", f"{point.interference_loss:.6g}"),
        *fresh,
        ("represented, norm above ½", f"{o.represented_fraction:.4g}"),
        *_overlap(point),
        *_dimensionality(point),
        *seconds,
    ]
    return _table(f"toy model {point.config.identity}: {title(point.config)}", rows)


@as_text.register
def _(fresh: ToyEvaluation) -> str:
    return (
        f"loss on {counted(fresh.samples, 'fresh sample')}: {fresh.loss:.6g} ± {fresh.loss_se:.2g}"
    )


@as_text.register
def _(runs: ToyRuns) -> str:
    configs = [point.config for point in runs.points]
    rows = [
        ("runs", f"{len(runs.points):,}"),
        ("diverged", f"{len(runs.failures):,}"),
        ("unreadable", f"{len(runs.unreadable):,}"),
    ]
    for name in ("n", "width", "alpha", "decay", "seed"):
        values = sorted({getattr(config, name) for config in configs})
        if values:
            rows.append((name, _listed([f"{value:g}" for value in values])))
    for kernel in runs.kernels:
        count = sum(point.kernel == kernel for point in runs.points)
        rows.append(("kernel", f"{named(kernel) or 'unknown'} ({counted(count, 'run')})"))
    return _table("toy runs", rows)


def to_summary_json(run: ToyRun) -> str:
    """Return a run without its weights as one line of JSON."""
    point, fresh = ToyPoint.of(run), _on_fresh_samples(run)
    return json.dumps({
        "observation": asdict(point.observation),
        "unrepresented_loss": point.unrepresented_loss,
        "interference_loss": point.interference_loss,
        "expected_unrepresented_loss": point.expected_loss,
        "mean_dimensionality": point.mean_dimensionality,
        "fresh_loss": fresh.loss,
        "fresh_loss_se": fresh.loss_se,
        "seconds": run.seconds,
        "kernel": run.kernel,
        "config": asdict(run.config),
    })  # fmt: skip


def _on_fresh_samples(run: ToyRun) -> ToyEvaluation:
    """Return the loss on fresh samples, drawn once however often a run is printed."""
    if run not in _FRESH:
        _FRESH[run] = evaluate(run)
    return _FRESH[run]


def title(config: ToyConfig) -> str:
    """Return a one-line description of a config."""
    law = config.frequencies if isinstance(config.frequencies, str) else "given frequencies"
    if law == "power":
        law = f"p ∝ i^{signed(-config.alpha, 6)}"
    return (
        f"n = {config.n:,}, m = {config.width:,}, {law}, γ = {signed(config.decay, 6)}, "
        f"seed {config.seed}"
    )


def _dimensionality(point: ToyPoint) -> list[tuple[str, str]]:
    mean = point.mean_dimensionality
    return [] if mean is None else [("dimensionality, if represented", f"{mean:.4g} on average")]


def _overlap(point: ToyPoint) -> list[tuple[str, str]]:
    overlap, config = point.observation.mean_square_overlap, point.config
    if overlap is None:
        return []
    chance = f"{overlap * config.width:.3g} × chance (1/m)"
    floor = f"Welch floor {welch_floor(config.n, config.width):.4g}"
    return [("mean square overlap", f"{overlap:.6g}: {chance}, {floor}")]


def _listed(values: list[str], most: int = 8) -> str:
    if len(values) > most:
        return f"{values[0]} to {values[-1]} ({len(values):,} values)"
    return ", ".join(values)


def _table(title: str, rows: list[tuple[str, str]]) -> str:
    return "\n".join([title, *(f"{label:<30} {value}" for label, value in rows)])
