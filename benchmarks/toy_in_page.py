"""The toy model of the explorer's page, in node, beside the numba engine at the same settings.

Both train from several seeds, and no two runs have the same samples. How far their means may be
apart follows from the scatter of the seeds: Welch's t, as a deviate z of the standard normal
distribution, which it is where both have one meaning.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.result import Result, Section, as_text, markdown_table
from benchmarks.setting import Setting
from scipy import stats

from superscope.geometry.norms import regime
from superscope.text import signed
from superscope.toy import ToyConfig, train

FRONTEND = Path(__file__).resolve().parent.parent / "frontend"
FIGURES = ("loss", "represented", "mean_square_overlap")
SEEDS = 6
GRID = [
    (alpha, decay, width)
    for alpha in (0.0, 1.0, 1.5)
    for decay in (-1.0, -1 / 3, 1 / 3, 1.0)
    for width in (2, 8, 25)
]


@dataclass(frozen=True)
class Comparison:
    """One figure of one setting.

    Attributes
    ----------
    config
        The setting.
    figure
        One of ``FIGURES``.
    page, engine
        The figure of each seed.
    """

    config: ToyConfig
    figure: str
    page: tuple[float, ...]
    engine: tuple[float, ...]

    @property
    def z(self) -> float:
        """How far the means are apart, as a deviate of the standard normal distribution."""
        if not (np.ptp(self.page) or np.ptp(self.engine)):
            return 0.0 if self.page[0] == self.engine[0] else np.inf
        test = stats.ttest_ind_from_stats(
            *_moments(self.page), *_moments(self.engine), equal_var=False
        )
        return float(np.sign(test.statistic) * stats.norm.isf(test.pvalue / 2))

    def __str__(self) -> str:
        of = self.config
        page, engine = (
            f"{np.mean(all_):.4f} ± {np.std(all_, ddof=1):.4f}" for all_ in (self.page, self.engine)
        )
        return (
            f"α {of.alpha:g}, γ {signed(of.decay, 2)}, m {of.width}: {self.figure} {page}, "
            f"engine {engine}, z {self.z:.2f}"
        )


def run(setting: Setting) -> Iterator[Result | Section]:
    """Yield how far the page's toy model is from the engine, and each setting's figures."""
    n, steps, grid, seeds = (20, 200, GRID[4:6], 3) if setting.quick else (100, 2000, GRID, SEEDS)
    configs = [
        ToyConfig(n=n, width=width, alpha=alpha, decay=decay, batch=256, steps=steps)
        for alpha, decay, width in grid
    ]
    found = compare(configs, seeds)
    most = limit(found)
    largest = max(found, key=lambda one: abs(one.z))
    where = f"{largest.figure.replace('_', ' ')}, m = {largest.config.width}"
    size = f"{len(configs)} settings × {seeds} seeds"
    yield Result(
        f"the page's toy model and the engine, {size}: largest size of z",
        f"{most:.2f} is exceeded by chance once in 100 such grids", where,
        abs(largest.z), "", round(most, 2),
    )  # fmt: skip
    for figure in FIGURES:
        z = together([one for one in found if one.figure == figure])
        yield Result(
            f"the same, {figure.replace('_', ' ')} of all settings together: size of z",
            "2.58 is exceeded by chance once in 100", f"{signed(z, 2)}", abs(z), "", 2.58,
        )  # fmt: skip
    title = f"The page's toy model and the engine, n = {n}, {steps:,} steps of 256 samples"
    yield Section(title, _table(found))


def _table(found: Sequence[Comparison]) -> str:
    rows = []
    for loss, share, overlap in zip(*(found[k::3] for k in range(3)), strict=True):
        of = loss.config
        regimes = [
            str(regime(of.n, of.width, float(np.mean(all_)))) for all_ in (share.page, share.engine)
        ]
        rows.append([
            f"{of.alpha:g}", signed(of.decay, 2), f"{of.width}",
            *(cell for one in (loss, share, overlap) for cell in _cells(one)),
            regimes[0] if regimes[0] == regimes[1] else " or ".join(regimes),
        ])  # fmt: skip
    head = ["α", "γ", "m"]
    for name in ("loss", "represented", "mean c²"):
        head += [f"{name}, page", "engine", "z"]
    return markdown_table([*head, "regime"], rows)


def _cells(one: Comparison) -> list[str]:
    means = [f"{np.mean(all_):.3f} ± {np.std(all_, ddof=1):.3f}" for all_ in (one.page, one.engine)]
    return [*means, signed(one.z, 2)]


def in_node(asked: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the answers of frontend/tests/toy_runs.ts, bundled as the page's worker is."""
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder) / "toy_runs.cjs"
        subprocess.run(
            [FRONTEND / "node_modules/.bin/esbuild", FRONTEND / "tests/toy_runs.ts", "--bundle",
             "--platform=node", "--log-level=error", f"--outfile={bundle}"],
            check=True,
        )  # fmt: skip
        done = subprocess.run(
            ["node", bundle], input=json.dumps(asked), capture_output=True, text=True, check=True
        )
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def settings(config: ToyConfig) -> dict[str, Any]:
    """Return a config as the page's model takes it."""
    return {
        "n": config.n, "m": config.width, "alpha": config.alpha, "decay": config.decay,
        "batch": config.batch, "steps": config.steps, "learningRate": config.learning_rate,
    }  # fmt: skip


def compare(configs: Sequence[ToyConfig], seeds: int) -> list[Comparison]:
    """Train each setting by both from several seeds, no seed twice, and compare the figures."""
    runs = [
        ToyConfig.from_mapping(config.to_mapping() | {"seed": seeds * k + seed})
        for k, config in enumerate(configs)
        for seed in range(seeds)
    ]
    page = in_node([{"settings": settings(run), "seed": run.seed} for run in runs])
    engine = [_of_engine(run) for run in runs]
    found = []
    for k, config in enumerate(configs):
        of = slice(seeds * k, seeds * (k + 1))
        for figure in FIGURES:
            ours, theirs = ([one[figure] for one in all_[of]] for all_ in (page, engine))
            found.append(Comparison(config, figure, tuple(ours), tuple(theirs)))
    return found


def limit(comparisons: Sequence[Comparison], chance: float = 0.01) -> float:
    """Return the |z| that one of so many comparisons exceeds with this chance if all agree."""
    return float(stats.norm.isf(chance / 2 / len(comparisons)))


def together(comparisons: Sequence[Comparison]) -> float:
    """Return the z of all comparisons, which a small difference of one sign adds up in."""
    return float(np.sum([one.z for one in comparisons]) / np.sqrt(len(comparisons)))


def _of_engine(config: ToyConfig) -> dict[str, float]:
    found = train(config, progress=None).observation
    return {
        "loss": found.loss, "represented": found.represented_fraction,
        "mean_square_overlap": found.mean_square_overlap,
    }  # fmt: skip


def _moments(values: Sequence[float]) -> tuple[float, float, int]:
    return float(np.mean(values)), float(np.std(values, ddof=1)), len(values)


if __name__ == "__main__":
    for one in run(Setting()):
        print(one.text if isinstance(one, Section) else as_text(one), flush=True)
