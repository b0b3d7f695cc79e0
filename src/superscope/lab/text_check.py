"""Whether a run can read a text."""

from __future__ import annotations

from superscope.errors import UsageError
from superscope.lab.batches import windows_of
from superscope.lab.config import LabConfig
from superscope.lab.corpus import CorpusInfo


def check_text(config: LabConfig, info: CorpusInfo) -> None:
    """Refuse a text that a run cannot read.

    Raises
    ------
    UsageError
        It is shorter than a batch, or was made for another vocabulary.
    """
    if info.vocabulary != config.vocabulary:
        raise UsageError(
            f"vocabulary={config.vocabulary:,}, but the text {info.name} has a tokenizer of "
            f"{info.vocabulary:,} entries; say vocabulary={info.vocabulary}"
        )
    windows_of(info.tokens, config.context, config.batch)
