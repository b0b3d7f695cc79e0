"""What the columns of tables of tokens mean, of those that superscope itself writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """What a column says of a token.

    Attributes
    ----------
    meaning
        In words, with which a sentence could go on after the column's name.
    unit
        Of its numbers, in the plural; empty if they have none.
    ids
        Whether its numbers are ids of other tokens.
    always
        Whether every such table has it.
    """

    meaning: str
    unit: str = ""
    ids: bool = False
    always: bool = True


ARGMAX: Mapping[str, Column] = {
    "status": Column(
        "whether some hidden state gives it the highest logit (argmaxable), an equal row always "
        "has its logit (tied), or other rows always have one as high (impossible)"
    ),
    "margin": Column(
        "by how much it leads all others, for the hidden state that shows it, at length 1", "logits"
    ),
    "twin": Column("a token with an equal row and the same bias, of tied ones", ids=True),
    "combined": Column("how many rows its own is a combination of, of impossible ones", "rows"),
}
"""Of :meth:`superscope.lens.Argmax.tokens`."""

COST: Mapping[str, Column] = {
    "class": Column("what the row stands for"),
    "count": Column("how often it was scored", "times"),
    "frequency": Column("how often it occurs, as given or as counted in the text"),
    "decade": Column("log10 of the frequency, rounded down"),
    "interference": Column("mean c² with every other centered row"),
    "loss": Column("its mean loss", "nats"),
    "to_neighbors": Column("what its nearest rows take of its loss: mean of −ln(1 − p)", "nats"),
    "to_controls": Column("what as many random rows of their frequencies take of it", "nats"),
    "difference": Column("to_neighbors less to_controls: what closeness costs it", "nats"),
    "difference_se": Column("standard error of the difference, clustered by document", "nats"),
    "confident": Column("errors in which another token has more than half of the probability"),
    "on_neighbors": Column("share of the confident errors that fall on one of its nearest rows"),
    "on_neighbors_se": Column("standard error of on_neighbors"),
    "on_controls": Column("share of the confident errors that fall on one of the random rows"),
    "on_controls_se": Column("standard error of on_controls"),
}
"""Of :meth:`superscope.lens.NeighborCost.tokens`."""


def _indicators() -> Iterator[tuple[str, Column]]:
    of = "from the mean of unused rows"
    for matrix, row in (("head", "row"), ("embedding", "row of the input embedding")):
        for name, meaning in (
            ("norm", f"norm of its {row}"),
            ("cosine", f"cosine distance, 1 − c, of its {row} {of}"),
            ("euclidean", f"distance of its {row} {of}"),
            ("cosine_without_pc", f"cosine distance of its {row} {of}, without the first "
                                  "principal components"),
            ("euclidean_without_pc", f"distance of its {row} {of}, without the first principal "
                                     "components"),
        ):  # fmt: skip
            yield f"{matrix}_{name}", Column(meaning, always=False)
            ranked = f"rank by {matrix}_{name}; 1 is the least trained"
            yield f"{matrix}_{name}_rank", Column(ranked, always=False)


UNDERTRAINED: Mapping[str, Column] = {
    "reference": Column("whether it is one of the rows that distances are taken from"),
    "listed": Column("whether it is on the list of rows that seem never trained"),
    "probability": Column("probability that it was never trained"),
    "distance": Column("distance from the mean of the rows that seem never trained, over theirs"),
    "distance_rank": Column("rank by distance; 1 is the least trained", always=False),
    **dict(_indicators()),
}
"""Of :meth:`superscope.lens.Undertrained.to_frame`."""

LOSSES: Mapping[str, Column] = {
    "count": Column("how often it was scored", "times"),
    "loss": Column("its mean loss", "nats"),
}
"""Of :meth:`superscope.evaluation.Evaluation.tokens`."""


def meanings_of(names: Iterable[str]) -> Mapping[str, Column]:
    """Return what the columns of a table of tokens mean; empty if it is none of superscope's.

    Parameters
    ----------
    names
        All columns of the table.
    """
    further = {*names} - {"id", "token"}
    for known in (ARGMAX, COST, UNDERTRAINED, LOSSES):
        always = {name for name, column in known.items() if column.always}
        if always <= further <= known.keys():
            return {name: column for name, column in known.items() if name in further}
    return {}
