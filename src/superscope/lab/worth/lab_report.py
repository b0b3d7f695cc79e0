"""All that a table of lab runs says, in one result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from superscope.arguments import checked
from superscope.lab.results import LabRuns
from superscope.lab.variants.registry import BASELINE
from superscope.lab.worth._correlations import LabCorrelations, correlations
from superscope.lab.worth._gains import gains_beside
from superscope.lab.worth._head_or_body import HeadOrBody, head_or_body
from superscope.lab.worth._slopes import slopes
from superscope.lab.worth.compared import named_in
from superscope.lab.worth.joined import table_of
from superscope.lab.worth.lab_gains import LabGains
from superscope.lab.worth.lab_slopes import LabSlopes
from superscope.plotting import Pictured
from superscope.result import Result

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class LabReport(Result, Pictured):
    """What variants are worth, and how overlap, loss and width hang together.

    Attributes
    ----------
    runs
        How many there are.
    gains
        What each variant is worth.
    slopes
        How overlap and loss fall with width.
    correlations
        Of overlap and loss at one width and budget.
    heads
        Narrow heads beside narrow bodies.
    diverged
        How many runs of a variant diverged, of those that had some.
    """

    runs: int
    gains: LabGains
    slopes: LabSlopes
    correlations: LabCorrelations
    heads: tuple[HeadOrBody, ...]
    diverged: dict[str, int]

    def to_frame(self) -> pd.DataFrame:
        """Return the table of gains."""
        return self.gains.to_frame()

    def frames(self) -> dict[str, pd.DataFrame]:
        """Return every table that is not empty, that of gains under no name."""
        import pandas as pd

        found = {
            "": self.gains.to_frame(), "slopes": self.slopes.to_frame(),
            "correlations": self.correlations.to_frame(),
        }  # fmt: skip
        if self.heads:
            heads = [one.to_frame() for one in self.heads]
            found["heads"] = pd.concat(heads, ignore_index=True)
        return {name: frame for name, frame in found.items() if not (name and frame.empty)}

    def __repr__(self) -> str:
        return f"LabReport({self.runs:,} runs: {self.gains!r})"


@checked
def report(runs: LabRuns | pd.DataFrame, baseline: str = BASELINE, *, seed: int = 0) -> LabReport:
    """Say all that a table of lab runs says: gains, slopes, correlations, head or body.

    Parameters
    ----------
    runs
        Runs, or a table of them, as :func:`superscope.lab.read_tables` joins several.
    baseline
        The variant that the others are compared with.
    seed
        Of the permutations that correlations are compared with.

    Returns
    -------
    LabReport
        Everything; it prints in words.

    Raises
    ------
    FormatError, UsageError
        The table is of another kind, or has no run of the baseline.
    """
    table = table_of(runs)
    baseline = named_in(table, baseline)
    heads = head_or_body(table, baseline)
    diverged = table["variant"][table["loss"].isna()].value_counts(sort=False)
    return LabReport(
        len(table), gains_beside(table, baseline, heads), slopes(table, baseline),
        correlations(table, seed=seed), heads,
        {str(name): int(count) for name, count in diverged.items()},
    )  # fmt: skip
