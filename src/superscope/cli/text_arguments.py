"""The options of commands that read text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from superscope.errors import UsageError

if TYPE_CHECKING:
    from superscope.frequency.text import Text


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class TextArguments:
    """Options that choose a text.

    Attributes
    ----------
    files
        Files, folders or URIs: .txt, .md, .raw, .tokens, .jsonl, .csv, also compressed; .parquet.
        --text=- is standard input.
    dataset
        Data set of the hub to read instead of files: wikitext-103, c4, pile, bookcorpus or
        OWNER/NAME. It is streamed.
    split
        The documents of a plain text file: the whole file (default), its paragraphs, its lines, or
        what stands between separators such as "<|endoftext|>".
    field
        Field of a JSON line, or column of a table, that holds the text; default: text.
    dataset_config
        Configuration of the data set.
    dataset_split
        Split of the data set; default: train.
    name
        Name of the text; default: name of the first file or of the data set.
    """

    files: Annotated[
        tuple[str, ...],
        Parameter(name="--text", consume_multiple=True, negative="", show_default=False),
    ] = ()
    dataset: str | None = None
    split: str | None = None
    field: str | None = None
    dataset_config: str | None = None
    dataset_split: str | None = None
    name: str | None = None

    @property
    def given(self) -> bool:
        """Whether a text is named."""
        return bool(self.files) or self.dataset is not None

    def text(self) -> Text:
        """Return the text.

        Raises
        ------
        UsageError, NotFoundError, MissingExtraError
            Files and a data set are both given or both missing, an option belongs to the other
            kind, or there is no such text.
        """
        if bool(self.files) == (self.dataset is not None):
            raise UsageError(
                "--text and --dataset exclude each other; leave one out"
                if self.files
                else "no text is given; name one with --text FILE… or --dataset NAME"
            )
        from superscope.frequency import hub_text, text_files

        if self.dataset is None:
            for option in ("dataset_config", "dataset_split"):
                if getattr(self, option) is not None:
                    raise UsageError(f"--{option.replace('_', '-')} is an option of --dataset")
            return text_files(
                self.files, split=self.split or "file", field=self.field or "text", name=self.name
            )
        if self.split is not None:
            raise UsageError(
                "--split is an option of --text; use --dataset-split to choose the split of a data "
                "set"
            )
        text = hub_text(
            self.dataset, config=self.dataset_config, split=self.dataset_split, field=self.field
        )
        return text if self.name is None else replace(text, name=self.name)
