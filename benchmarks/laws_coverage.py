"""Simulated tables of known laws: what is recovered, how often intervals hold the truth, and how
often the judge condemns a true law."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
import pandas as pd
from benchmarks.pool import all_cores
from benchmarks.result import Result, Section, markdown_table
from benchmarks.setting import Setting

from superscope.laws import FORMS, TRUTHS, Interval, Law, fit, simulate
from superscope.laws.intervals import linear_interval

LEVEL = 95  # per cent


@dataclass(frozen=True)
class Held:
    """Whether the intervals of one parameter in one simulation hold the truth.

    Attributes
    ----------
    law, seed, parameter
        Which; all groups' floors go by one name.
    below, above
        Whether the truth lies below or above the BCa interval.
    open
        Whether that interval lacks an end.
    linear
        Whether Student's interval from the joint Jacobian holds the truth.
    """

    law: str
    seed: int
    parameter: str
    below: bool
    above: bool
    open: bool
    linear: bool


@dataclass(frozen=True)
class Judged:
    """What the judge said of a true law.

    Attributes
    ----------
    law, identified, reasons
        The law, the verdict, and the kinds of its severe findings.
    reserved
        Whether it was identified with reservations.
    """

    law: str
    identified: bool
    reserved: bool
    reasons: tuple[str, ...]


def run(setting: Setting) -> Iterator[Result | Section]:
    """Yield recovery without noise, coverage for every law, and the judge's false alarms."""
    if setting.quick:
        yield from _parts(map, ("chinchilla",), simulations=1, judged=1)
        return
    with all_cores() as pool:
        each = partial(pool.map, chunksize=4)
        yield from _parts(each, tuple(TRUTHS), simulations=400, judged=100)


def _parts(
    each: Callable, laws: tuple[str, ...], simulations: int, judged: int
) -> Iterator[Result | Section]:
    yield _recovery(laws)
    tables, verdicts = [], []
    for law in laws:
        held = itertools.chain.from_iterable(
            each(_coverage, [law] * simulations, range(simulations))
        )
        tables.append(_shares(pd.DataFrame(map(asdict, held))))
        yield _promise(law, tables[-1], simulations)
    for law in laws:
        verdicts += each(_verdict, [law] * judged, range(judged))
        print(f"{law}: {judged} tables judged", flush=True)
    yield _coverage_section(pd.concat(tables), simulations)
    yield _alarm_section(verdicts, judged)


def _fit(law: str, table: pd.DataFrame, **options: object) -> Law:
    return fit(table, law, x="x" if law == "power" else None, **options)


def _truth(law: str, name: str) -> float:
    return TRUTHS[law][_pooled(name)]


def _pooled(name: str) -> str:
    return name.partition("[")[0]


def _recovery(laws: tuple[str, ...]) -> Result:
    """Return the largest relative error of a parameter over the laws' tables without noise."""
    worst = {}
    for law in laws:
        found = _fit(law, simulate(law, noise=0.0), judge=False, resamples=0)
        worst[law] = max(abs(v / _truth(law, name) - 1) for name, v in found.parameters.items())
    return Result(
        "every parameter recovered from tables without noise, largest relative error of each law",
        "the truth", ", ".join(f"{law} {error:.1g}" for law, error in worst.items()),
        max(worst.values()), "", 1e-6,
    )  # fmt: skip


def _coverage(law: str, seed: int) -> list[Held]:
    found = _fit(law, simulate(law, seed=seed), judge=False, starts=4, seed=seed)
    held = []
    for name, value in found.parameters.items():
        truth, bca = _truth(law, name), found.intervals[name]
        error = found.standard_errors[name]
        linear = Interval(None, None)
        if error is not None:
            linear = linear_interval(value, error, found.degrees_of_freedom, 0, np.inf)
        held.append(
            Held(
                law, seed, _pooled(name),
                below=bca.low is not None and truth < bca.low,
                above=bca.high is not None and truth > bca.high,
                open=bca.low is None or bca.high is None, linear=truth in linear,
            )
        )  # fmt: skip
    return held


def _verdict(law: str, seed: int) -> Judged:
    found = _fit(law, simulate(law, seed=seed), resamples=200, seed=seed)
    severe = {f.status.value for f in found.findings if f.status.severe}
    reserved = found.identified and bool(found.findings)
    return Judged(law, found.identified, reserved, tuple(sorted(severe)))


def _shares(held: pd.DataFrame) -> pd.DataFrame:
    """Return per cent of each law's and parameter's intervals, one row each.

    Floors of one simulation go together: the standard errors are those of its mean.
    """
    held["bca"] = ~(held["below"] | held["above"])
    kinds = ["bca", "linear", "below", "above", "open"]
    each = held.groupby(["law", "parameter", "seed"], sort=False)[kinds].mean()
    by = each.groupby(["law", "parameter"], sort=False)
    shares = 100 * by.mean()
    for kind in ("bca", "linear"):
        shares[f"{kind}_se"] = 100 * by[kind].std(ddof=0) / np.sqrt(by[kind].size())
    counts = held.groupby(["law", "parameter"], sort=False).size().rename("intervals")
    return shares.join(counts).reset_index()


def _promise(law: str, table: pd.DataFrame, simulations: int) -> Result:
    """Return how far the worst exponent of a law is from 95 %."""
    exponents = table[table["parameter"].isin(FORMS[law].exponents)]
    away = float((exponents["bca"] - LEVEL).abs().max())

    def said(kind: str) -> str:
        return ", ".join(
            f"{row['parameter']} {row[kind]:.1f} %" for row in exponents.to_dict("records")
        )

    return Result(
        f"95 % intervals that hold the true exponents of {law}, {simulations} simulated tables",
        f"joint Jacobian: {said('linear')}", f"BCa: {said('bca')}",
        round(away, 6), "points from 95 %", 3,
    )  # fmt: skip


def _coverage_section(table: pd.DataFrame, simulations: int) -> Section:
    rows = (
        (
            row["law"], row["parameter"], f"{row['intervals']:,}",
            f"{row['bca']:.1f} ± {row['bca_se']:.1f}", f"{row['below']:.1f}",
            f"{row['above']:.1f}", f"{row['linear']:.1f} ± {row['linear_se']:.1f}",
        )
        for row in table.to_dict("records")
    )  # fmt: skip
    header = ("law", "parameter", "intervals", "BCa holds it, %", "truth below, %",
              "truth above, %", "joint Jacobian holds it, %")  # fmt: skip
    text = f"""\
Share of the 95 % intervals that hold the truth, in {simulations} simulated tables of each law, with
its standard error. BCa resamples the table's units (rows; whole models for width); the joint
Jacobian's interval is ± t standard errors. All 16 floors of width go by B. Also as
[CSV](data/laws_coverage.csv).

{markdown_table(header, rows)}"""
    csv = table.to_csv(index=False, float_format="%.4g").encode()
    return Section("Coverage", text, {"data/laws_coverage.csv": csv})


def _alarm_section(verdicts: list[Judged], count: int) -> Section:
    rows = []
    for law in dict.fromkeys(v.law for v in verdicts):
        own = [v for v in verdicts if v.law == law]
        alarms = [v for v in own if not v.identified]
        share = len(alarms) / len(own)
        error = np.sqrt(share * (1 - share) / len(own))
        reasons = Counter(reason for v in alarms for reason in v.reasons)
        rows.append(
            (
                law, f"{100 * share:.0f} ± {100 * error:.0f}",
                f"{100 * sum(v.reserved for v in own) / len(own):.0f}",
                ", ".join(f"{reason} {n}" for reason, n in reasons.most_common()) or "–",
            )
        )  # fmt: skip
    header = ("law", "not identified, %", "identified, with reservations, %", "reasons, times")
    text = f"""\
What the judge says of {count} simulated tables of each law, every one of which the law made
(`fit` with 200 resamples and otherwise its defaults). Reported, not promised.

{markdown_table(header, rows)}"""
    return Section("False alarms", text)
