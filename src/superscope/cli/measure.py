"""``superscope measure``."""

from __future__ import annotations

from collections.abc import Sequence
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from superscope._measure import MeasureOptions, NotMeasured
from superscope.errors import SuperscopeError, UsageError
from superscope.text import advice, counted, named

if TYPE_CHECKING:
    from superscope.geometry import Geometry
    from superscope.geometry.frequencies import TokenCounts


def measure(
    *models: Annotated[str, Parameter(name="MODEL")],
    options: Annotated[MeasureOptions, Parameter(name="*")] = MeasureOptions(),  # noqa: B008
    frequencies: Path | None = None,
    family: str | None = None,
    initial: str | None = None,
    revisions: str | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
    table: Path | None = None,
    tokens: Path | None = None,
    report: Path | None = None,
    figures: Path | None = None,
) -> None:
    """Measure how a model's output head packs its vocabulary into its width.

    Parameters
    ----------
    models
        Hub id (openai-community/gpt2), hf://, s3:// or https:// URI, local folder or file.
    frequencies
        Token frequencies: .npy, or a .parquet or .csv table with columns id and count. A column
        token is compared with the model's tokens. They add overlaps weighted by frequency, and a
        frequency-weighted centering.
    family
        Measure every member: opt, gpt2, qwen2.5, pythia, llama3, gemma3, qwen3, olmo2, smollm2.
    initial
        The MODEL before training, such as hf://EleutherAI/pythia-70m@step0; shows which rows moved.
    revisions
        Measure the head over training: the branches and tags of MODEL that match a pattern, such as
        'step*'; or in a local folder, the folders or files, such as 'checkpoint-*'. Measured ones
        are kept, so that the same command goes on where it was stopped.
    json
        Print one line of JSON for each model instead of the table, without numbers of single
        tokens.
    table
        Write one row for each model, or revision, to this .parquet or .csv file.
    tokens
        Write one row for each token to this .parquet or .csv file: norm, interference and nearest
        tokens.
    report
        Write a self-contained HTML report to this file.
    figures
        Write the figures to this folder, each as PNG, PDF and SVG.
    """
    if revisions is not None:
        from superscope.cli.revisions import measure_over_training

        measure_over_training(
            models, revisions, options, json=json, table=table, figures=figures,
            others={"frequencies": frequencies, "family": family, "initial": initial,
                    "tokens": tokens, "report": report},
        )  # fmt: skip
        return

    from superscope.cli.figures import write_figures
    from superscope.frequency import read_frequencies
    from superscope.heads import members

    names = [*models, *(members(family) if family else ())]
    if not names:
        raise UsageError("name a MODEL or a --family; see: superscope measure --help")
    if initial is not None and len(names) > 1:
        raise UsageError("--initial is for a single MODEL; measure one at a time")
    _check_outputs((table, tokens), report, figures)
    weights = None if frequencies is None else read_frequencies(frequencies)
    measured, failed, missing, stopped = _measure_all(names, options, weights, initial)
    if measured:  # write files first, because a closed pipe ends the printing
        if table is not None:
            _write_table(measured, missing, table)
        if tokens is not None:
            _write_tokens(measured, tokens)
        if report is not None:
            from superscope.report import write_report

            write_report(measured, report)
        write_figures(figures, "geometry", lambda room: room.geometry_drawings(measured))
        _print(measured, json)
    for one in missing:
        print(_line(one) if json else f"{named(one.tensor)}  not measured: {advice(one.why)}")
    if stopped:
        raise KeyboardInterrupt(_remaining(names, measured, failed, options.tensor, table))
    if missing:
        raise UsageError(
            f"{len(missing)} of {len(missing) + len(measured)} matrices were not measured: "
            f"{', '.join(one.tensor for one in missing)}"
        )
    if failed:
        raise UsageError(
            f"{len(failed)} of {len(names)} models were not measured: {', '.join(failed)}"
        )


def _measure_all(
    names: list[str],
    options: MeasureOptions,
    frequencies: TokenCounts | None,
    initial: str | None,
) -> tuple[list[Geometry], list[str], list[NotMeasured], bool]:
    """Return the geometries, the names and matrices that failed, and whether Ctrl-C was pressed."""
    from superscope._measure import each_tensor
    from superscope._measure import measure as measure_one
    from superscope.cli.terminal import warn

    measured: list[Geometry] = []
    failed: list[str] = []
    missing: list[NotMeasured] = []
    for name in names:
        try:
            if options.tensor is None or frequencies is not None or initial is not None:
                one = measure_one(name, options, frequencies=frequencies, initial=initial)
                measured.append(one)
            else:
                for found in each_tensor(name, options):
                    if isinstance(found, NotMeasured):
                        missing.append(found)
                    else:
                        measured.append(found)
        except SuperscopeError as error:
            if len(names) == 1:
                raise
            warn(str(error))  # the other members of the family are still measured
            failed.append(name)
        except KeyboardInterrupt:
            if not measured:
                raise
            return measured, failed, missing, True
    return measured, failed, missing, False


def _line(one: NotMeasured) -> str:
    """Return a matrix that was not measured as one line of JSON."""
    return dumps({"model": one.model, "tensor": one.tensor, "not_measured": one.why})


def _remaining(
    names: list[str],
    measured: list[Geometry],
    failed: list[str],
    tensor: str | None,
    table: Path | None,
) -> str:
    """Return what a stopped command did, and how to continue."""
    written = "" if table is None else f"; {table} has only these"
    if tensor is not None:  # a model has as many matrices as match
        return (
            f"stopped: {counted(len(measured), 'matrix was', 'matrices were')} measured, and not "
            f"all{written}; a narrower --tensor names those that are left"
        )
    left = names[len(measured) + len(failed) :]
    return (
        f"stopped: {len(measured)} of {len(names)} models were "
        f"measured{written}; to measure the rest: superscope measure {' '.join(left)}"
    )


def _print(measured: list[Geometry], json: bool) -> None:
    """Print one line of JSON for each model, or one table."""
    from superscope.cli.terminal import print_geometry
    from superscope.geometry.compare import brief_json, compared

    if json:
        for geometry in measured:
            print(brief_json(geometry), flush=True)
    elif len(measured) == 1:
        print_geometry(measured[0])
    else:
        print(compared(measured))


def _write_table(measured: list[Geometry], missing: list[NotMeasured], file: Path) -> None:
    from superscope.observations import Observation, to_frame
    from superscope.tables import write_table

    rows = [geometry.observation() for geometry in measured]
    for one in missing:
        run, why = f"{one.model}: {one.tensor}", f"not measured: {one.why}"
        rows.append(Observation("checkpoint", run=run, model=one.model, evidence=why))
    write_table(to_frame(rows), file)


def _write_tokens(measured: list[Geometry], file: Path) -> None:
    """Write the tokens of all models; with several models, the first column is their name."""
    import pandas as pd

    from superscope.tables import write_table

    frames = [geometry.tokens() for geometry in measured]
    if len(frames) > 1:
        for frame, geometry in zip(frames, measured, strict=True):
            p = geometry.provenance
            frame.insert(0, "model", p.matrix or p.model)
    write_table(pd.concat(frames, ignore_index=True), file)


def _check_outputs(tables: Sequence[Path | None], report: Path | None, folder: Path | None) -> None:
    """Raise for files that cannot be written, before the work starts."""
    from superscope.cli.figures import check_folder
    from superscope.cli.outputs import check_page, check_table

    for table in tables:
        check_table(table)
    check_page(report)
    check_folder(folder)
