"""``superscope measure``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from superscope.errors import SuperscopeError, UsageError

if TYPE_CHECKING:
    from superscope.geometry import Geometry


def measure(
    *models: Annotated[str, Parameter(name="MODEL")],
    revision: str | None = None,
    tensor: str | None = None,
    rows: Literal["all", "tokenizer"] = "all",
    pairs: Literal["none", "sample", "exact"] = "sample",
    samples: int = 1 << 18,
    neighbors: int = 0,
    top: int = 20,
    fold_norm: Annotated[bool, Parameter(negative="")] = False,
    threshold: float | None = None,
    frequencies: Path | None = None,
    device: str = "auto",
    dtype: Literal["float32", "bfloat16", "float16"] = "float32",
    seed: int = 0,
    family: str | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
    table: Path | None = None,
    report: Path | None = None,
    figures: Path | None = None,
) -> None:
    """Measure how a model's output head packs its vocabulary into its width.

    Parameters
    ----------
    models
        Hub id (openai-community/gpt2), hf://, s3:// or https:// URI, local folder or file.
    revision
        Branch, tag or commit of a hub repository.
    tensor
        Name of the tensor to take as the head.
    rows
        All rows, or only ids the tokenizer can produce.
    pairs
        What of pairs to measure: nothing, a sample with standard errors, or all of them.
    samples
        Number of sampled pairs.
    neighbors
        Nearest tokens of every token to keep (in --json); needs --pairs exact.
    top
        Most colliding pairs to keep.
    fold_norm
        Multiply the final norm's gain into the head. Changes cosines.
    threshold
        Norm above which a row counts as represented; default: half the rms norm.
    frequencies
        Token frequencies: .npy, or a .parquet or .csv table with columns id and count. Adds
        overlaps weighted by them, and a frequency-weighted centering.
    device
        Where products are computed: cpu, cuda, …; auto is a GPU where there is one.
    dtype
        Precision of the tiles of --pairs exact; what is close is re-scored in float32.
    seed
        Seed of the sample.
    family
        Measure every member: opt, gpt2, qwen2.5, pythia, llama3, gemma3, qwen3, olmo2, smollm2.
    json
        Print one line of JSON a model instead of the table.
    table
        Write a row a model to this .parquet or .csv file.
    report
        Write a self-contained HTML report to this file.
    figures
        Write the figures of the report to this folder, each as PNG, PDF and SVG.
    """
    from superscope.cli.frequency_file import read_frequencies
    from superscope.heads import members

    names = [*models, *(members(family) if family else ())]
    if not names:
        raise UsageError("name a MODEL or a --family; see: superscope measure --help")
    _check_outputs(table, report)
    options = {
        "revision": revision, "tensor": tensor, "rows": rows, "fold_norm": fold_norm,
        "pairs": pairs, "samples": samples, "neighbors": neighbors, "top": top, "seed": seed,
        "device": device, "dtype": dtype, "threshold": threshold,
        "frequencies": None if frequencies is None else read_frequencies(frequencies),
    }  # fmt: skip
    measured, failed = _measure_all(names, options, json)
    if measured and table is not None:
        from superscope.observations import to_frame
        from superscope.tables import write_table

        write_table(to_frame(geometry.observation() for geometry in measured), table)
    if measured and report is not None:
        from superscope.report import write_report

        write_report(measured, report)
    if measured and figures is not None:
        from superscope.figures.geometry import geometry_drawings
        from superscope.report.files import write_figures

        write_figures(geometry_drawings(measured), figures)
    if failed:
        raise UsageError(f"{len(failed)} of {len(names)} not measured: {', '.join(failed)}")


def _measure_all(
    names: list[str], options: dict[str, Any], json: bool
) -> tuple[list[Geometry], list[str]]:
    """Measure and print each model; return the geometries and the names that failed."""
    from superscope._measure import measure as measure_one
    from superscope.cli.terminal import print_geometry, progress_bar, warn

    measured: list[Geometry] = []
    failed: list[str] = []
    for name in names:
        try:
            with progress_bar() as progress:
                geometry = measure_one(name, progress=progress, **options)
        except SuperscopeError as error:
            if len(names) == 1:
                raise
            warn(str(error))  # one gated member must not cost the rest of a family
            failed.append(name)
            continue
        if json:
            print(geometry.to_json(), flush=True)
        else:
            print("\n" if measured else "", end="")
            print_geometry(geometry)
        measured.append(geometry)
    return measured, failed


def _check_outputs(table: Path | None, report: Path | None) -> None:
    """Refuse files that could not be written, before the work instead of after it."""
    from superscope.tables import check_suffix

    if table is not None:
        check_suffix(table)
    for file in (table, report):
        if file is not None and file.is_dir():
            raise UsageError(f"cannot write {file}: it is a folder")
        if file is not None and not file.absolute().parent.is_dir():
            raise UsageError(f"cannot write {file}: there is no folder {file.parent}")
