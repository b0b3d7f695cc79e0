"""The table of lab runs: a row of the table of observations, and what the lab alone knows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from superscope.arguments import checked
from superscope.lab.run import LabFailure, LabRun
from superscope.observations import DTYPES, Observation

if TYPE_CHECKING:
    import pandas as pd

NEWER: dict[str, str] = {"attention_width": "Int64", "vocabulary": "Int64", "text": "string"}
"""Columns that older tables lack; they are then null."""
OWN: dict[str, str] = {
    "variant": "string", "architecture": "string", "learning_rate": "Float64",
    "head_learning_rate": "Float64", "batch": "Int64", "context": "Int64", "steps": "Int64",
    "head_width": "Int64", "head_parameters": "Int64", "training_loss": "Float64",
    "seconds": "Float64", "tokens_per_second": "Float64", "diverged_at": "Int64",
    **NEWER,
}  # fmt: skip
"""What the lab adds, with pandas' type. Rates are those at width 64; `head_width` is the number of
columns of the matrix that stands for the head, which `wide` alone has more of than the body; `text`
is the fingerprint of the corpus."""

COLUMN_TYPES = DTYPES | OWN
KIND = "table of lab runs, as superscope lab table writes them"


def to_frame(runs: tuple[LabRun | LabFailure, ...]) -> pd.DataFrame:
    """Return one row per run; one that diverged has no loss, and the step at which it did."""
    import pandas as pd

    from superscope import observations

    frame = observations.to_frame(_observation(run) for run in runs)
    own = pd.DataFrame([_own(run) for run in runs], columns=list(OWN), dtype=object)
    return pd.concat([frame, own.astype(OWN)], axis=1)


@checked
def read_table(path: Path) -> pd.DataFrame:
    """Read a table that ``lab table`` wrote, with the types of its columns.

    Parameters
    ----------
    path
        A .csv or .parquet file.

    Returns
    -------
    DataFrame
        One row for each run; missing values are null.

    Raises
    ------
    NotFoundError, FormatError, UsageError
        The file does not exist, is not such a table, or has another suffix.
    """
    from superscope import tables

    return tables.read_table(path, COLUMN_TYPES, KIND, optional=[*NEWER])


def _observation(run: LabRun | LabFailure) -> Observation:
    if isinstance(run, LabRun):
        return run.observation
    c = run.config
    return Observation(
        "lab", run=run.identity, family=f"{c.architecture} {c.variant}", width=c.width,
        features=run.corpus.vocabulary, depth=c.depth, tokens=c.trained_tokens,
        dataset=run.corpus.name, decay=c.decay, seed=c.seed,
    )  # fmt: skip


def _own(run: LabRun | LabFailure) -> dict[str, Any]:
    c = run.config
    found = {
        "variant": c.variant, "architecture": c.architecture, "learning_rate": c.learning_rate,
        "head_learning_rate": c.head_rate, "batch": c.batch, "context": c.context,
        "steps": c.steps, "attention_width": c.attention_width,
        "vocabulary": run.corpus.vocabulary, "text": run.corpus.fingerprint,
    }  # fmt: skip
    if isinstance(run, LabFailure):
        return found | {"diverged_at": run.step}
    return found | {
        "head_width": run.packing.width, "head_parameters": run.head_parameters,
        "training_loss": run.training_loss, "seconds": run.seconds,
        "tokens_per_second": run.tokens_per_second,
    }  # fmt: skip
