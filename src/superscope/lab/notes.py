"""What to say of a sweep before it begins: of its texts, tokens, rates and decay."""

from __future__ import annotations

from collections.abc import Mapping

from superscope.lab.config import LabConfig
from superscope.lab.corpus import Corpus
from superscope.lab.rates import Rates
from superscope.text import listed, named, number

LOST = 0.01  # share of the tokens asked for that whole batches leave out, from which it is told
FAR = 1000.0  # times the usual rate, from which it is told: the first steps wipe a model out
USUAL = LabConfig()


def notes(
    corpora: Mapping[LabConfig, Corpus], rates: Mapping[str, Rates] | None = None
) -> list[str]:
    """Return what to know of runs before they are made, a line each, and each once.

    Parameters
    ----------
    corpora
        What is trained, and the text of each.
    rates
        What was chosen from a search, by variant.

    Returns
    -------
    list of str
        Held-out documents that are trained on too; texts that are read more than once; tokens that
        are left out because whole batches are trained; rates and decays far from usual ones; and
        rates that were chosen on seeds of these runs.
    """
    found: dict[str, None] = {}
    for corpus in {corpus.folder: corpus for corpus in corpora.values()}.values():
        readers = [c for c, other in corpora.items() if other.folder == corpus.folder]
        found |= dict.fromkeys([*_shared(corpus), *_repeated(corpus, readers)])
    configs = list(corpora)
    return [*found, *_left_out(configs), *_far(configs), *_same_seeds(configs, rates or {})]


def texts(corpora: Mapping[LabConfig, Corpus]) -> list[str]:
    """Return what each text is, a line each."""
    infos = {corpus.folder: corpus.info for corpus in corpora.values()}.values()
    return [
        f"text {named(info.name)}: {info.tokens:,} tokens to train on, {info.held_out_tokens:,} "
        f"held out, vocabulary {info.vocabulary:,}"
        for info in infos
    ]


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


def _far(configs: list[LabConfig]) -> list[str]:
    """Tell of rates with which runs will diverge, and of decays that leave little to learn."""
    found: dict[str, None] = {}
    for c in configs:
        own = [v.rate for v in c.variants if v.rate is not None]
        heads = own[0] if own else USUAL.learning_rate
        if c.learning_rate > FAR * USUAL.learning_rate:
            found[
                f"learning_rate={c.learning_rate:g} is far above the usual {USUAL.learning_rate:g}"
            ] = None
        if c.head_learning_rate is not None and c.head_learning_rate > FAR * heads:
            found[
                f"head_learning_rate={c.head_learning_rate:g} is far above the usual {heads:g} of "
                f"{c.variant}"
            ] = None
        if c.decay > 10 * USUAL.decay:
            found[f"decay={c.decay:g} is far above the usual {USUAL.decay:g}"] = None
    return [*found]


def _same_seeds(configs: list[LabConfig], rates: Mapping[str, Rates]) -> list[str]:
    """Tell of seeds on which rates were chosen: there the best is the best by chance, too."""
    searched = {seed for one in rates.values() for seed in one.seeds}
    shared = sorted(searched & {c.seed for c in configs})
    if not shared:
        return []
    return [
        f"the rates were chosen in runs of {'seed' if len(shared) == 1 else 'seeds'} "
        f"{listed([str(seed) for seed in shared])}, which these runs have too: there the chosen "
        "are in part the luckiest; give these runs other seeds"
    ]
