"""``superscope emergence``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def emergence(
    study: Annotated[Path, Parameter(name="STUDY")],
    *,
    family: str | None = None,
    least: int = 50,
    threshold: float | None = None,
    fdr: float = 0.05,
    resamples: int = 2000,
    seed: int = 0,
    table: Path | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Tell which tokens a family learns at which width: by a power law, in a step, not at all.

    Parameters
    ----------
    study
        Folder that superscope study wrote, of four widths or more with one tokenizer.
    family
        Which family, if the study has several.
    least
        Occurrences that a token needs.
    threshold
        Loss in bits: show the width at which each class of tokens passes it.
    fdr
        False-discovery rate of what is said of tokens.
    resamples
        For each token whose p-value is small.
    seed
        Of the resamples.
    table
        Write a row for each token to this .csv or .parquet file.
    json
        Print everything as one line of JSON.
    """
    from superscope.cli.outputs import check_table
    from superscope.study import emergence as tell
    from superscope.study import read
    from superscope.tables import write_table

    check_table(table)
    found = tell(
        read(study), family=family, least=least, threshold=threshold, fdr=fdr,
        resamples=resamples, seed=seed,
    )  # fmt: skip
    if table is not None:
        write_table(found.to_frame(), table)
    print(found.to_json() if json else found)
