"""``superscope frequency``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from superscope.cli.text_arguments import TextArguments
from superscope.frequency.options import FrequencyOptions


def frequency(
    tokenizer: Annotated[str, Parameter(name="TOKENIZER")],
    *,
    text: TextArguments = TextArguments(),  # noqa: B008  (frozen)
    options: Annotated[FrequencyOptions, Parameter(name="*")] = FrequencyOptions(),  # noqa: B008
    revision: str | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
    out: Path | None = None,
    figures: Path | None = None,
) -> None:
    """Count the tokens of a text: Zipf's exponent, and how much of the vocabulary occurs.

    Parameters
    ----------
    tokenizer
        Hub id, local folder, GGUF file or tokenizer.json.
    revision
        Branch, tag or commit of a hub repository.
    json
        Print everything as one line of JSON.
    out
        Write each token's id, text, count and rank to this .csv or .parquet file, which
        superscope measure takes as --frequencies.
    figures
        Write the figures to this folder, each as PNG, PDF and SVG.
    """
    from superscope.cli.figures import check_folder, write_figures
    from superscope.cli.outputs import check_table
    from superscope.cli.terminal import progress_bar
    from superscope.frequency import count_tokens
    from superscope.frequency.tokenizer import load_tokenizer
    from superscope.tables import write_table

    check_table(out)
    check_folder(figures)
    read = text.text()
    loaded = load_tokenizer(tokenizer, revision)
    with progress_bar() as progress:
        try:
            found = count_tokens(loaded, read, progress=progress, **vars(options))
        except KeyboardInterrupt:
            raise KeyboardInterrupt(
                "stopped: nothing was written, because the text was not read to its end; "
                "--max-documents reads less of it"
            ) from None
    if out is not None:
        write_table(found.to_frame(), out)
    write_figures(figures, "frequency", lambda room: [room.frequency_ranks(found)])
    print(found.to_json() if json else found)
