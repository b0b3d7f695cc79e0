"""The options of commands that read text: words of the command line to :class:`Text`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from superscope.errors import UsageError

if TYPE_CHECKING:
    from superscope.frequency.text import Text


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class TextArguments:
    """What text to read.

    Attributes
    ----------
    files
        Files, folders or URIs: .txt, .md, .jsonl, also compressed; .parquet.
        --text=- is standard input.
    dataset
        Instead of files, a data set of the hub, streamed: wikitext-103, c4, pile, bookcorpus or
        OWNER/NAME.
    split
        What is a document of a plain text file; default: file.
    field
        Field of a JSON line, or column of a table, that holds the text; default: text.
    dataset_config
        Configuration of the data set.
    dataset_split
        Split of the data set; default: train.
    name
        What to call the text; default: the first file's name, or the data set's.
    """

    files: Annotated[
        tuple[str, ...],
        Parameter(name="--text", consume_multiple=True, negative="", show_default=False),
    ] = ()
    dataset: str | None = None
    split: Literal["file", "paragraph", "line"] | None = None
    field: str | None = None
    dataset_config: str | None = None
    dataset_split: str | None = None
    name: str | None = None

    def text(self) -> Text:
        """Return the text.

        Raises
        ------
        UsageError, NotFoundError, MissingExtraError
            Not exactly one of files and a data set, an option that belongs to the other, or no
            such text.
        """
        if bool(self.files) == (self.dataset is not None):
            given = "not both" if self.files else "neither is given"
            raise UsageError(f"name a text, with --text FILE… or --dataset NAME: {given}")
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
                "--split is an option of --text; the split of a data set is --dataset-split"
            )
        text = hub_text(
            self.dataset, config=self.dataset_config, split=self.dataset_split, field=self.field
        )
        return text if self.name is None else replace(text, name=self.name)
