"""``superscope lens``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from superscope.cli.text_arguments import TextArguments
from superscope.errors import SuperscopeError, UsageError
from superscope.lens.cost_options import CostOptions
from superscope.lens.options import LensOptions
from superscope.result import Result

if TYPE_CHECKING:
    from superscope.lens import Comparison, Lens, Token


def lens(
    model: Annotated[str, Parameter(name="MODEL")],
    *tokens: Annotated[str, Parameter(name="TOKEN")],
    options: Annotated[LensOptions, Parameter(name="*")] = LensOptions(),  # noqa: B008  (frozen)
    frequencies: Path | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
    table: Path | None = None,
    figures: Path | None = None,
    report: Path | None = None,
    argmax: Annotated[bool, Parameter(negative="")] = False,
    certificates: Path | None = None,
    verify: Path | None = None,
    text: TextArguments = TextArguments(),  # noqa: B008  (frozen)
    cost: Annotated[CostOptions, Parameter(name="*")] = CostOptions(),  # noqa: B008  (frozen)
    out: Path | None = None,
    undertrained: Annotated[bool, Parameter(negative="")] = False,
    fdr: float | None = None,
    unused: Annotated[tuple[int, ...], Parameter(consume_multiple=True, negative="")] = (),
) -> None:
    """Look at single tokens of a model: what each collides with, and how much.

    Parameters
    ----------
    model
        Hub id, URI, local folder or file, as of superscope measure.
    tokens
        Tokens to look at: a text (" Paris" with its space, or Paris), or an id, #1234. Several
        are also compared with each other. Without one, an overview of all rows is printed.
    frequencies
        Token frequencies: .npy, or a .parquet or .csv table with columns id and count.
    json
        Print a line of JSON for each token, and one for their comparison.
    table
        Write a .parquet or .csv file: a row for each token of the vocabulary, or for each nearest
        row of the tokens named. With --argmax, whether each can have the highest logit; with
        --text or --dataset, what its nearest rows cost it; with --undertrained, every indicator.
    figures
        Write the figures to this folder, each as PNG, PDF and SVG.
    report
        Write a page to this .html file in which every token and the rows nearest to it can be
        looked up. It takes a pass over all pairs of rows.
    argmax
        Print which tokens can have the highest logit, and which cannot: all of them, or those
        named. --device chooses where rows are multiplied.
    certificates
        With --argmax, write what proves it to this .npz file; --verify checks it.
    verify
        Check the certificates of this .npz file against every row of the model, in float64. The
        exit code is 1 if one does not hold, and the tokens are named. --table then writes a row
        for each token.
    out
        With --text or --dataset, write what the nearest rows cost all tokens, each class and each
        decade of frequency to this .csv or .parquet file, and a row for each token and for each
        pair moved apart to NAME.tokens.parquet and NAME.pairs.parquet beside it. Finished parts
        are kept in NAME.blocks, and the same command continues from there.
    undertrained
        Print which rows seem never trained.
    fdr
        With --undertrained, the expected share of trained rows in its list; 0.05 by default.
    unused
        With --undertrained, ids that are known to be unused; the tokenizer tells them by default.
    """
    from superscope.cli import lens_argmax, lens_cost, lens_undertrained
    from superscope.cli.figures import check_folder, write_figures
    from superscope.cli.outputs import check_page, check_table
    from superscope.frequency import read_frequencies
    from superscope.lens import lens as look

    check_table(table)
    if certificates is not None:
        if not argmax:
            raise UsageError("--certificates goes with --argmax")
        check_table(certificates, (".npz",))
    lens_argmax.check_verify(
        verify, (tokens, argmax, undertrained, text.given, figures, report, certificates)
    )
    lens_cost.check(text, cost, tokens, out, argmax)
    lens_undertrained.check(undertrained, (fdr, unused), (tokens, argmax, text.given))
    check_page(report)
    if report is None and (argmax or undertrained or verify is not None):
        _refuse_unused(options, frequencies)
    check_folder(figures)
    if verify is not None:
        lens_argmax.verify(lens_argmax.head_of(model, options), verify, table, json)
        return
    weights = None if frequencies is None else read_frequencies(frequencies)
    if argmax:
        seen = None if report is None else look(model, options, frequencies=weights)
        head = lens_argmax.head_of(model, options) if seen is None else seen.head
        can = lens_argmax.show(head, tokens, cost.device, certificates, table, json)
        write_figures(figures, "lens", lambda room: room.drawings_of(can))
        if seen is not None:
            _report(seen, report, [seen[name] for name in tokens], [can])
        return
    read = text.text() if text.given else None
    if read is not None:
        lens_cost.check_words(read)
    found = look(model, options, frequencies=weights)
    if read is not None:
        costs = lens_cost.show(found, read, cost, out, table, json)
        write_figures(figures, "lens", lambda room: room.drawings_of(costs))
        _report(found, report, [], [costs])
        return
    if undertrained:
        rows = lens_undertrained.show(found, unused, fdr, table, json)
        write_figures(figures, "lens", lambda room: room.drawings_of(rows))
        _report(found, report, [], [rows])
        return
    _show_tokens(found, tokens, table, figures, report, json)


def _show_tokens(  # noqa: PLR0917 - what is shown, and where it goes
    found: Lens,
    names: Sequence[str],
    table: Path | None,
    figures: Path | None,
    report: Path | None,
    json: bool,
) -> None:
    """Print the tokens or the overview; write files only where every token is found.

    Raises
    ------
    UsageError
        A token is not found.
    """
    from superscope.cli.figures import write_figures

    shown, unknown = _found(found, names)
    compared = found.compare([token.id for token in shown]) if len(shown) > 1 else None
    _print(found, shown, compared, json)
    if unknown:
        files = any(path is not None for path in (table, figures, report))
        no_file = "; no file is written" if files else ""
        raise UsageError(f"{unknown} of {len(names)} tokens were not found{no_file}")
    if table is not None:
        _write(found, shown, table)
    write_figures(figures, "lens", lambda room: room.lens_drawings(found, shown, compared))
    _report(found, report, shown)


def _refuse_unused(options: LensOptions, frequencies: Path | None) -> None:
    """Refuse options of overlaps for questions that compare no rows, unless a page does."""
    given = [
        f"--{name}"
        for name in ("center", "neighbors")
        if getattr(options, name) != getattr(LensOptions(), name)
    ]
    given += [] if frequencies is None else ["--frequencies"]
    if given:
        raise UsageError(
            f"{' and '.join(given)} change nothing here, because no overlaps are shown; leave them "
            "out, or add --report"
        )


def _found(found: Lens, names: Sequence[str]) -> tuple[list[Token], int]:
    """Return the tokens that are found, each once, and how many names are not; print why not."""
    from superscope.cli.terminal import warn

    shown: list[Token] = []
    unknown = 0
    for name in names:
        try:
            token = found[name]
        except SuperscopeError as error:
            if len(names) == 1:
                raise
            warn(str(error))
            unknown += 1
            continue
        if token.id in {other.id for other in shown}:
            warn(f"{name!r} is #{token.id} too, which is shown once")
        else:
            shown.append(token)
    if names and not shown:
        raise UsageError("none of the tokens were found")
    return shown, unknown


def _report(
    found: Lens, file: Path | None, shown: list[Token], results: Sequence[Result] = ()
) -> None:
    if file is not None:
        from superscope.cli.terminal import progress_bar
        from superscope.report.lens import write_lens_report

        with progress_bar() as progress:
            write_lens_report(found, file, shown, results, progress=progress)


def _write(found: Lens, shown: list[Token], table: Path) -> None:
    import pandas as pd

    from superscope.tables import write_table

    frames = []
    for token in shown:
        frame = token.to_frame()
        frame.insert(0, "of_token", token.text)
        frame.insert(0, "of", token.id)
        frames.append(frame)
    write_table(pd.concat(frames, ignore_index=True) if frames else found.tokens(), table)


def _print(found: Lens, shown: list[Token], compared: Comparison | None, json: bool) -> None:
    from superscope.cli.terminal import warn

    results = [*shown, *([] if compared is None else [compared])]
    if json:
        for result in results:
            print(result.to_json())
        if not results:
            print(found.overview.to_json())
        return
    print("\n\n".join(map(str, results)) if results else found)
    for note in found.notes if results else ():
        warn(note)
