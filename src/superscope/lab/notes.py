"""What to say of a sweep before it begins: of its text, and of the tokens that are trained."""

from __future__ import annotations

from collections.abc import Mapping

from superscope.lab.config import LabConfig
from superscope.lab.corpus import Corpus
from superscope.text import named, number

LOST = 0.01  # share of the tokens asked for that whole batches leave out, from which it is told


def notes(corpora: Mapping[LabConfig, Corpus]) -> list[str]:
    """Return what to know of runs before they are made, a line each, and each once.

    Parameters
    ----------
    corpora
        What is trained, and the text of each.

    Returns
    -------
    list of str
        Held-out documents that are trained on too; texts that are read more than once; tokens that
        are left out because whole batches are trained.
    """
    found: dict[str, None] = {}
    for corpus in {corpus.folder: corpus for corpus in corpora.values()}.values():
        configs = [c for c, other in corpora.items() if other.folder == corpus.folder]
        found |= dict.fromkeys([*_shared(corpus), *_repeated(corpus, configs)])
    return [*found, *_left_out(list(corpora))]


def _shared(corpus: Corpus) -> list[str]:
    if not corpus.shared:
        return []
    info = corpus.info
    return [
        f"{corpus.shared:,} of {info.held_out_documents:,} held-out documents of "
        f"{named(info.name)} are trained on too: in part the loss tells what was learnt by heart"
    ]


def _repeated(corpus: Corpus, configs: list[LabConfig]) -> list[str]:
    info = corpus.info
    read = sorted({c.tokens: c.trained_tokens / info.tokens for c in configs}.items())
    often = [
        f"tokens={tokens:,} read it {number(times, 3)} times" for tokens, times in read if times > 1
    ]
    if not often:
        return []
    return [f"the text {named(info.name)} has {info.tokens:,} tokens: {', '.join(often)}"]


def _left_out(configs: list[LabConfig]) -> list[str]:
    less = {
        c.tokens: f"{c.trained_tokens:,} of tokens={c.tokens:,}"
        for c in configs
        if c.trained_tokens < (1 - LOST) * c.tokens
    }
    return [f"whole batches are trained: {', '.join(less.values())}"] if less else []
