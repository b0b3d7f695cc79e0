"""Find what the nearest rows cost a language model on a text, against random rows."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from superscope.errors import UsageError
from superscope.evaluation import Evaluation, Pass
from superscope.frequency.reading import Counts
from superscope.geometry import RowClass
from superscope.lens.clusters import Clusters
from superscope.lens.controls import WIDEST, Controls, draw
from superscope.lens.cost import GroupCost, NeighborCost, TokenCosts
from superscope.lens.cost_options import CostOptions
from superscope.lens.cost_scoring import QUANTITIES, CostScoring
from superscope.lens.decades import NEVER, decade_name, decades_of
from superscope.lens.estimate import Estimate, estimates
from superscope.lens.halves import Halves
from superscope.lens.lensed_head import LensedHead
from superscope.lens.moving import intervention
from superscope.lens.neighbors import NearestRows, nearest_rows
from superscope.text import counted, fixed, number, percent

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

_CLASSES = tuple(RowClass)
_NOTED = 0.5  # share of neighbors that never occur beyond which it is noted
_SOME = 0.01  # share of tokens beyond which it is noted that they are left out


def neighbor_cost(lens: LensedHead, read: Pass, options: CostOptions) -> NeighborCost:
    """Return what the nearest rows cost a model on a text.

    Parameters
    ----------
    lens
        The head.
    read
        The model and the text.
    options
        How.

    Raises
    ------
    SuperscopeError
        The text is too short for controls, or the head is not that of the model.
    """
    lens.check(read.model)
    if options.pairs:
        lens.check_movable(read.model)
    targets, counts, documents = _targets(read)
    frequencies = _by_id(lens, read, targets, counts)
    found = nearest_rows(
        lens.views.rows(lens.options.center), targets, lens.options.neighbors, read.progress
    )
    _check(found, frequencies, read)
    of = found.neighbors if options.like == "neighbor" else found.targets[:, None]
    controls = draw(
        found.targets,
        found.neighbors,
        np.broadcast_to(frequencies[of], found.neighbors.shape),
        frequencies,
        _allowed(lens),
        options.draws,
        options.seed,
    )
    if not controls.drawn.any():
        raise UsageError(_too_short(read, "no frequency has enough rows to draw controls from"))
    has = controls.drawn
    sets = np.concatenate([found.neighbors[has][:, None], controls.ids[has]], axis=1)
    decades, decade_names = _decades(frequencies, targets)
    class_of = _class_codes(lens, read.model.rows)
    labels = {
        "total": (np.zeros(read.model.rows, np.int64), 1),
        "classes": (class_of, len(_CLASSES)),
        "decades": (decades, len(decade_names)),
    }
    halves = Halves.of(documents, options.seed)
    scoring = CostScoring(found.targets[has], sets, read.model.rows, labels, halves)
    evaluation = read.evaluation(scoring)
    scoring.finish()
    (total,) = _groups(scoring.groups["total"], ("all",))
    weights = _weights(found.targets, targets, counts)
    texts = tuple(evaluation.vocabulary[i] for i in found.targets[has].tolist())
    made = NeighborCost(
        model=evaluation.model,
        text=evaluation.text,
        settings=evaluation.settings,
        loss=Estimate(evaluation.loss, evaluation.loss_se),
        center=lens.options.center,
        nearest=sets.shape[2],
        draws=options.draws,
        like=options.like,
        seed=options.seed,
        counted="text" if lens.frequencies is None else "given",
        total=total,
        drawing_se=_drawing_se(scoring, total.tokens),
        left_out=scoring.left_out,
        unseen=float(np.average((frequencies[found.neighbors] == 0).mean(1), weights=weights)),
        widened=float(np.average(controls.widened[has], weights=weights[has])),
        as_frequent=_as_frequent(controls, weights),
        classes=_groups(scoring.groups["classes"], tuple(map(str, _CLASSES))),
        decades=_groups(scoring.groups["decades"], decade_names),
        token_costs=_token_costs(scoring, found, has, frequencies),
        texts=texts,
        row_classes=tuple(str(_CLASSES[c]) for c in class_of[found.targets[has]].tolist()),
        intervention=intervention(
            lens, read, scoring, found.targets[has], sets, halves, options
        ),
        notes=evaluation.notes,
    )  # fmt: skip
    return made.noting(_notes(made, evaluation))


def _targets(read: Pass) -> tuple[Int64, Int64, Int64]:
    """Return the tokens that are scored, ascending, how often, and the documents they are in."""
    counts, met = np.zeros(read.model.rows, np.int64), Counts()
    documents: set[int] = set()
    for sequence in read.sequences(met):
        read.check_ids([sequence])
        counts += np.bincount(sequence.ids[sequence.scored], minlength=len(counts))
        documents.update(np.unique(sequence.documents[sequence.scored]).tolist())
    targets = np.flatnonzero(counts)
    if not len(targets):
        raise read.nothing(met)
    return targets, counts[targets], np.array(sorted(documents), np.int64)


def _by_id(lens: LensedHead, read: Pass, targets: Int64, counts: Int64) -> Float64:
    """Return the frequency of each id of the model."""
    made = np.zeros(read.model.rows)
    if lens.frequencies is None:
        made[targets] = counts
        return made
    given = lens.frequencies[: len(made)]
    made[: len(given)] = given
    return made


def _check(found: NearestRows, frequencies: Float64, read: Pass) -> None:
    """Refuse a text from which nothing can be said."""
    if not len(found.targets) or not found.neighbors.shape[1]:
        raise UsageError(f"{read.text.name}: no token of it has a row with a direction")
    if not frequencies[found.neighbors].any():
        raise UsageError(_too_short(read, "no row near to one of its tokens is counted once"))


def _too_short(read: Pass, why: str) -> str:
    return (
        f"{read.text.name} is too short for controls: {why}; choose a longer text, or count a "
        "longer one (superscope frequency) and pass frequencies="
    )


def _allowed(lens: LensedHead) -> Int64:
    """Return the ids that may be controls: rows with a direction that stand for text."""
    rows = lens.views.rows(lens.options.center).head
    c = lens.classes
    plain = [k for k, kind in enumerate(_CLASSES) if kind.may_be_word or kind is RowClass.BYTE]
    return np.intersect1d(rows.kept_ids, c.kept_ids[np.isin(c.codes, plain)])


def _class_codes(lens: LensedHead, rows: int) -> Int64:
    """Return the number of the class of each id."""
    codes = np.full(rows, _CLASSES.index(RowClass.UNKNOWN), np.int64)
    codes[lens.classes.kept_ids] = lens.classes.codes
    return codes


def _decades(frequencies: Float64, targets: Int64) -> tuple[Int64, tuple[str, ...]]:
    """Return the decade of each id's frequency as a number from 0, and their names, ascending."""
    powers, made = decades_of(frequencies), np.zeros(len(frequencies), np.int64)
    present = np.unique(powers[targets][np.isfinite(powers[targets])]).tolist()
    for k, power in enumerate(present, 1):
        made[powers == power] = k
    return made, (NEVER, *map(decade_name, present))


def _groups(clusters: Clusters, names: tuple[str, ...]) -> tuple[GroupCost, ...]:
    """Return the groups that have tokens."""
    nats = {
        name: estimates(clusters, of, "count")
        for name, of in (
            ("loss", {"loss": 1.0}),
            ("neighbors", {"neighbors": 1.0}),
            ("controls", {"controls": 1.0}),
            ("difference", {"neighbors": 1.0, "controls": -1.0}),
        )
    }
    near_by = estimates(clusters, {"on_neighbors": 1.0}, "confident")
    by_chance = estimates(clusters, {"on_controls": 1.0}, "confident")
    sums = clusters.sums

    def of(k: int) -> Iterator[GroupCost]:
        made = {name: values[k] for name, values in nats.items()}
        present = {name: value for name, value in made.items() if value is not None}
        if len(present) == len(made):
            yield GroupCost(
                name=names[k],
                tokens=round(sums[k, QUANTITIES.index("count")]),
                confident=round(sums[k, QUANTITIES.index("confident")]),
                on_neighbors=near_by[k],
                on_controls=by_chance[k],
                **present,
            )

    return tuple(group for k in range(len(names)) for group in of(k))


def _drawing_se(scoring: CostScoring, tokens: int) -> float:
    """Return the error of the controls' mean nats that comes from drawing them a few times."""
    draws = scoring.draws / tokens
    return float(draws.std(ddof=1)) / math.sqrt(len(draws))


def _as_frequent(controls: Controls, weights: Float64) -> float | None:
    """Return how many times as frequent as wanted controls are, geometric mean."""
    known = np.isfinite(controls.ratio)
    if not known.any():
        return None
    return float(2.0 ** np.average(controls.ratio[known], weights=weights[known]))


def _weights(some: Int64, targets: Int64, counts: Int64) -> Float64:
    return counts[np.searchsorted(targets, some)].astype(np.float64)


def _token_costs(
    scoring: CostScoring, found: NearestRows, has: npt.NDArray[np.bool_], frequencies: Float64
) -> TokenCosts:
    sums = {name: scoring.tokens.sums[:, k] for k, name in enumerate(QUANTITIES)}
    ratio = scoring.tokens.ratio
    _, error = ratio({"neighbors": 1.0, "controls": -1.0}, "count")
    _, near_by = ratio({"on_neighbors": 1.0}, "confident")
    _, by_chance = ratio({"on_controls": 1.0}, "confident")
    ids = found.targets[has]
    return TokenCosts(
        ids, sums["count"].astype(np.int64), frequencies[ids], found.interference[has],
        sums["loss"], sums["neighbors"], sums["controls"], error, sums["confident"],
        sums["on_neighbors"], sums["on_controls"], near_by, by_chance,
    )  # fmt: skip


def _notes(made: NeighborCost, evaluation: Evaluation) -> Iterator[str]:
    """Yield what the reader of the cost should know."""
    if made.unseen > _NOTED:
        where = "the text" if made.counted == "text" else "the frequencies"
        yield (
            f"{percent(made.unseen)} of the nearest rows never occur in {where}, so that their "
            "controls are any rows that never do; count a longer text and pass frequencies="
        )
    scored = evaluation.scored
    if made.left_out > _SOME * scored:
        yield (
            f"{counted(made.left_out, 'token')} of {scored:,} ({percent(made.left_out / scored)}) "
            "are left out: their rows, or too few rows of their neighbors' frequencies, give no "
            f"controls; the loss of all is {number(evaluation.loss, 4)}"
        )
    if made.widened > _SOME:
        factor = "" if made.as_frequent is None else (
            f"; on average controls are {fixed(made.as_frequent, 2)} times as frequent as they "
            "should be"
        )  # fmt: skip
        yield (
            f"too few rows are as frequent as the {made.like} for {percent(made.widened)} of the "
            f"controls: these are of the nearest frequencies, up to {WIDEST:g} times more or less"
            f"{factor}"
        )
