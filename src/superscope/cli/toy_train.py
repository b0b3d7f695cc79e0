"""``superscope toy train``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from superscope.atomic import check_writable, write_file
from superscope.errors import UsageError
from superscope.toy.config import ToyConfig


def toy_train(
    *,
    config: Annotated[ToyConfig, Parameter(name="*")] = ToyConfig(),  # noqa: B008  (frozen)
    device: str = "auto",
    json: Annotated[bool, Parameter(negative="")] = False,
    out: Path | None = None,
    figures: Path | None = None,
) -> None:
    """Train one toy model of superposition and say how it packs its features.

    Parameters
    ----------
    device
        Device for the engine torch: cpu, cuda, …; auto uses a GPU if there is one.
    json
        Print one line of JSON instead of the table.
    out
        Write the run, with its weights, to this .npz file.
    figures
        Write the figures to this folder, each as PNG, PDF and SVG.
    """
    from superscope.cli.figures import check_folder, write_figures
    from superscope.cli.terminal import progress_bar
    from superscope.toy import to_bytes, train
    from superscope.toy.summary import to_summary_json

    if out is not None:
        _check_output(out)
    check_folder(figures)
    with progress_bar() as progress:
        run = train(config, device=device, progress=progress)
    if out is not None:
        write_file(out, to_bytes(run))
    write_figures(figures, "toy", lambda room: room.run_drawings(run))
    print(to_summary_json(run) if json else run)


def _check_output(out: Path) -> None:
    """Raise for a file that cannot be written, before the work starts."""
    if out.suffix != ".npz":
        raise UsageError(f"{out} must end in .npz, the format of a run")
    check_writable(out)
