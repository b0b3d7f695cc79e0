"""``superscope emergence``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from superscope.errors import UsageError
from superscope.study import Study
from superscope.study.emerging.classes import USUAL, Kind
from superscope.text import listed


def emergence(
    study: Annotated[Path, Parameter(name="STUDY")],
    *,
    family: str | None = None,
    least: int = 50,
    threshold: float | None = None,
    classes: Annotated[tuple[Kind, ...], Parameter(consume_multiple=True, negative="")] = USUAL,
    fdr: float = 0.05,
    resamples: int = 2000,
    seed: int = 0,
    out: Path | None = None,
    table: Path | None = None,
    figures: Path | None = None,
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
    classes
        What classes of tokens are told by: frequency, spelling, rows (what a row of the head
        stands for), collision (how far its row overlaps with others, in the narrowest model).
    fdr
        False-discovery rate of what is said of tokens.
    resamples
        For each token whose p-value is small.
    seed
        Of the resamples.
    out
        Write a self-contained HTML report to this file.
    table
        Write a row for each token to this .csv or .parquet file.
    figures
        Write the figures to this folder, each as PNG, PDF and SVG.
    json
        Print everything as one line of JSON.
    """
    from superscope.cli.figures import check_folder, write_figures
    from superscope.cli.outputs import check_page, check_table
    from superscope.study import emergence as tell
    from superscope.study import read
    from superscope.tables import write_table

    check_table(table)
    check_page(out)
    check_folder(figures)
    read_study = read(study)
    _check_tokens(read_study, study)
    found = tell(
        read_study, family=family, least=least, threshold=threshold, classes=classes, fdr=fdr,
        resamples=resamples, seed=seed,
    )  # fmt: skip
    if table is not None:
        write_table(found.to_frame(), table)
    write_figures(figures, "study", lambda room: room.emergence_drawings(found))
    if out is not None:
        from superscope.report import write_emergence_report

        write_emergence_report(found, out)
    print(found.to_json() if json else found)


def _check_tokens(found: Study, folder: Path) -> None:
    """Refuse a study whose folder was not written, or copied, to its end."""
    from superscope.study.result import token_file

    if not (folder / "tokens").is_dir():  # what is needed stands in study.json, too
        return
    evaluated = [m.name for m in found.members if m.evaluation is not None]
    lost = [file for file in map(token_file, evaluated) if not (folder / file).is_file()]
    if lost:
        raise UsageError(
            f"{folder / 'tokens'} lacks {listed([file.name for file in lost])}; run superscope "
            "study again into the same folder"
        )
