"""How much of what width buys is bought by the head's space alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from superscope.arguments import checked
from superscope.errors import SuperscopeError
from superscope.lab.results import LabRuns
from superscope.lab.variants.registry import BASELINE
from superscope.lab.worth.bench import Bench
from superscope.lab.worth.compared import Group, compared, named_in
from superscope.lab.worth.joined import table_of
from superscope.lab.worth.moderated import moderated, per_seed
from superscope.laws import Estimate, Law, fit
from superscope.laws.formula import Floats
from superscope.plotting import Pictured
from superscope.result import Result
from superscope.text import counted

if TYPE_CHECKING:
    import pandas as pd

FACTORED = re.compile(r"factored=(\d+)")
Seeds = Mapping[int, float]


@dataclass(frozen=True)
class HeadPoint:
    """A head of rank r on the whole body, and a body of width r.

    Attributes
    ----------
    rank
        r.
    seeds
        Of both.
    head, body
        Loss of the body of width m with a head of rank r; of the body of width r with its own head.
    share
        What the head's rank r costs the whole body, over what width r costs: of what widening from
        r to m buys, the share that is lost where the head's space stays at r. None at r = m, or
        where a wider body is not better.
    attention_width
        Numbers of a head of attention of the body of width r where it has others than the body of
        width m, of which r is no multiple; else None.
    """

    rank: int
    seeds: tuple[int, ...]
    head: Estimate
    body: Estimate
    share: Estimate | None
    attention_width: int | None = None


@dataclass(frozen=True, eq=False, repr=False)
class HeadOrBody(Result, Pictured):
    """Narrow heads on one body, beside narrow bodies.

    Attributes
    ----------
    bench, tokens
        Of which runs.
    width
        m, of the body.
    points
        By rank.
    own_end
        Whether the loss at rank m is that of a factored head; else it is the baseline's.
    head_law, body_law
        loss = A r^(−α) + B of each; None without.
    missing
        Why a law is not there; empty if both are.
    """

    bench: Bench
    tokens: int
    width: int
    points: tuple[HeadPoint, ...]
    own_end: bool
    head_law: Law | None
    body_law: Law | None
    missing: str

    @property
    def variants(self) -> tuple[str, ...]:
        """Names of the narrow heads."""
        return tuple(f"factored={p.rank}" for p in self.points)

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each rank."""
        import pandas as pd

        def columns(name: str, of: Estimate | None) -> dict[str, float | None]:
            ends = (None, None, None) if of is None else (of.value, of.low, of.high)
            return dict(zip((name, f"{name}_low", f"{name}_high"), ends, strict=True))

        rows = [
            {"dataset": self.bench.dataset, "tokens": self.tokens, "width": self.width,
             "rank": p.rank, "seeds": len(p.seeds)}
            | columns("head_loss", p.head) | columns("body_loss", p.body)
            | columns("share", p.share)
            | {"body_attention_width": p.attention_width or self.bench.attention_width}
            for p in self.points
        ]  # fmt: skip
        return pd.DataFrame(rows).astype({"body_attention_width": "Int64"})

    def __repr__(self) -> str:
        return f"HeadOrBody(width={self.width}, {counted(len(self.points), 'rank')})"


@checked
def head_or_body(runs: LabRuns | pd.DataFrame, baseline: str = BASELINE) -> tuple[HeadOrBody, ...]:
    """Compare heads of rank r on a body of width m with bodies of width r.

    Parameters
    ----------
    runs
        Runs, or a table of them: ``factored=r`` at width m, and the baseline at widths r and m.
    baseline
        What bodies of width r are.

    Returns
    -------
    tuple of HeadOrBody
        One for each bench, budget and width m at which two ranks or more can be compared.

    Raises
    ------
    FormatError, UsageError
        The table is of another kind, or has no run of the baseline.
    """
    found = []
    table = table_of(runs)
    baseline = named_in(table, baseline)
    groups = compared(table)
    for (bench, tokens), group in groups.items():
        if baseline in group:
            heads = _heads(group)
            bodies = group[baseline].values("loss")
            others = _other_bodies(groups, bench, tokens, baseline)
            for width in sorted(heads):
                one = _compared((bench, tokens), width, heads[width], bodies, others)
                found += [one] if one is not None else []
    return tuple(found)


def _other_bodies(
    groups: Mapping[tuple[Bench, int], Group], bench: Bench, tokens: int, baseline: str
) -> dict[int, tuple[int, Seeds]]:
    """Return losses of bodies that the bench cannot have, with their attention heads, by width.

    A width that is no multiple of its attention heads needs others: the widest there are.
    """
    found: dict[int, tuple[int, Seeds]] = {}
    if bench.attention_width is None:
        return found
    for (other, budget), group in groups.items():
        heads = other.attention_width
        alike = heads is not None and replace(other, attention_width=bench.attention_width) == bench
        if heads is None or not alike or other == bench or budget != tokens:
            continue
        for width, of in group[baseline].values("loss").items() if baseline in group else ():
            known = found.get(width, (0, {}))[0]
            if width % bench.attention_width and heads > known:
                found[width] = (heads, of)
    return found


def _heads(group: Group) -> dict[int, dict[int, Seeds]]:
    """Return losses of factored heads by width of the body, then by rank."""
    found: dict[int, dict[int, Seeds]] = {}
    for name, of in group.items():
        rank = FACTORED.fullmatch(name)
        if rank is not None:
            for width, losses in of.values("loss").items():
                found.setdefault(width, {})[int(rank[1])] = losses
    return found


def _compared(
    place: tuple[Bench, int], width: int, heads: Mapping[int, Seeds],
    bodies: Mapping[int, Seeds], others: Mapping[int, tuple[int, Seeds]],
) -> HeadOrBody | None:  # fmt: skip
    if width not in bodies:
        return None
    bench, tokens = place
    attention = {m: of for m, (of, _) in others.items() if m not in bodies}
    bodies = {m: others[m][1] for m in attention} | dict(bodies)
    own_end = width in heads
    end = heads[width] if own_end else bodies[width]
    ranks = [r for r in sorted(heads) if r in bodies and r <= width]
    cells, shares, taken = [], [], []
    for rank in ranks:
        sides = (heads[rank], end, bodies[rank], bodies[width])
        seeds = sorted(set.intersection(*(set(side) for side in sides)))
        if not seeds:
            continue
        values = np.array([[side[s] for s in seeds] for side in sides])
        taken.append((rank, tuple(seeds)))
        cells += [values[0], values[2]]
        shares.append(None if rank == width else _share(values))
    if len(taken) < 2:
        return None
    means = iter(moderated(cells))
    known = iter(moderated([of for of in shares if of is not None]))
    points = tuple(
        HeadPoint(rank, seeds, next(means).estimate, next(means).estimate,
                  None if of is None else next(known).estimate, attention.get(rank))
        for (rank, seeds), of in zip(taken, shares, strict=True)
    )  # fmt: skip
    laws, missing = {}, []
    for name, losses in (("head", heads), ("body", bodies)):
        laws[name], why = _law(losses, width)
        missing += [f"of the {name}: {why}"] if why else []
    return HeadOrBody(
        bench, tokens, width, points, own_end, laws["head"], laws["body"], "; ".join(missing)
    )


def _share(values: Floats) -> Floats | None:
    """Return what each seed says of the share; None where a wider body is not better."""
    head, whole_head, body, whole_body = values

    def statistic(weights: Floats) -> float:
        bought = float(weights @ (body - whole_body))
        return float(weights @ (head - whole_head)) / bought if bought > 0 else float("nan")

    return per_seed(statistic, values.shape[1])


def _law(losses: Mapping[int, Seeds], width: int) -> tuple[Law | None, str]:
    """Return the width law of losses by rank or width up to `width`, or why there is none."""
    import pandas as pd

    rows = [(r, loss) for r, of in losses.items() if r <= width for loss in of.values()]
    table = pd.DataFrame(rows, columns=["rank", "loss"])
    try:
        return fit(table, "power", x="rank", resamples=0, progress=None), ""
    except SuperscopeError as error:
        return None, str(error)
