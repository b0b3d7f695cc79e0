"""Make the output head of a model narrower in several ways, and score them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from superscope.arguments import checked
from superscope.evaluation.passes import LOADING
from superscope.evaluation.states import StoredStates
from superscope.frequency.checkpoint import Loadable, loadable
from superscope.frequency.text import Text, text_of
from superscope.heads.narrow_head import NarrowHead
from superscope.lens.clusters import Clusters
from superscope.lens.estimate import Estimate, estimates
from superscope.options import changed, taking
from superscope.progress import ProgressChoice, chosen
from superscope.repack.division import divided
from superscope.repack.options import RepackOptions
from superscope.repack.repacker import Repacker
from superscope.repack.repacking import HeadScore, Repacking, TextPart
from superscope.repack.scoring import Positions

_QUANTITIES = ("count", "bytes", "nats", "excess", "agree", "kl")
FULL = "full"


@taking(RepackOptions)
@checked
def repack(
    model: str | Path | Loadable,
    text: Text | Iterable[str],
    options: RepackOptions = RepackOptions(),  # noqa: B008 - frozen
    *,
    score_text: Text | Iterable[str] | None = None,
    revision: str | None = None,
    base: str | None = None,
    keep: Path | None = None,
    progress: ProgressChoice = "auto",
    **changes: Any,
) -> Repacking:
    """Make the output head of a model narrower in several ways, and score them on a text.

    The body is run once over each text; every head is then scored from what the full head was
    given.

    Parameters
    ----------
    model
        Hub id, local folder or GGUF file of anything ``AutoModelForCausalLM`` loads.
    text
        What the heads are made from: :func:`~superscope.frequency.text_files`,
        :func:`~superscope.frequency.hub_text`, or strings, one a document. Without `score_text`
        some of its documents are kept to score them.
    options
        How; the keywords change them.
    score_text
        What the heads are scored on.
    revision
        Branch, tag or commit of a hub repository.
    base
        Model that a PEFT adapter was trained on.
    keep
        Folder that keeps hidden states and what is finished; the same call goes on from there.
    progress
        ``"auto"`` shows a bar in a terminal or a notebook; None shows nothing; a function is
        called as ``progress(stage, done, total)``.
    **changes
        Options, by name.

    Returns
    -------
    Repacking
        The loss of each way and rank, against that of the full head.

    Raises
    ------
    SuperscopeError
        One line that names what is wrong, where, and the way out.

    Examples
    --------
    >>> import superscope
    >>> from superscope.frequency import text_files
    >>> text = text_files(["held_out.jsonl"])  # doctest: +SKIP
    >>> print(superscope.repack("openai-community/gpt2", text, ranks=(96, 384)))  # doctest: +SKIP
    """
    o = changed(options, changes, "repack")
    source = text if isinstance(text, Text) else text_of(text)
    if score_text is None:
        used, held = divided(source, o.score_share, o.seed)
        split = f"each document is scored with a probability of {o.score_share:g}, seed {o.seed}"
    else:
        used = source
        held = score_text if isinstance(score_text, Text) else text_of(score_text)
        split = "two texts"
    with chosen(progress) as report, _folder(keep) as folder:
        report(LOADING, 0, 1)
        checkpoint = model if isinstance(model, Loadable) else loadable(model, revision, base)
        made = Repacker(checkpoint, used, held, o, folder, report)
        return _repacking(made, used.name, held.name, split)


def _repacking(made: Repacker, used: str, held: str, split: str) -> Repacking:
    full = made.score({FULL: made.whole})[FULL]
    scores = []
    for way in made.options.ways:
        heads = dict(made.heads(way))
        named = {f"{way} {rank}": head for rank, head in heads.items()}
        found = made.score(named)
        scores += [
            _scores(way, rank, head, found[f"{way} {rank}"], full, made.scored)
            for rank, head in heads.items()
        ]
    return Repacking(
        model=made.model.name,
        rows=made.model.rows,
        width=made.model.width,
        calibration=TextPart(used, made.calibration.tokens, made.calibration.documents),
        scored=TextPart(held, len(made.scored), len(np.unique(made.scored.documents))),
        split=split,
        shrinkage=made.calibration.shrinkage,
        shift_free=made.full.shift_free,
        full=_scores(FULL, made.model.width, made.whole, full, full, made.scored),
        scores=tuple(scores),
        notes=tuple(dict.fromkeys([*made.notes, *made.states.notes, *made.scored.notes])),
    )


def _scores(  # noqa: PLR0917
    way: str,
    rank: int,
    head: NarrowHead,
    found: Positions,
    full: Positions,
    states: StoredStates,
) -> HeadScore:
    """Return means over positions, with errors clustered by document."""
    values = np.stack(
        [
            np.ones(len(states)), states.nbytes, found.nats, found.nats - full.nats, found.agree,
            found.kl,
        ],
        axis=1,
    )  # fmt: skip
    clusters = Clusters(1, _QUANTITIES)
    clusters.add(states.documents, np.zeros(len(states), np.int64), values)

    def of(name: str, below: str = "count", factor: float = 1.0) -> Estimate:
        (made,) = estimates(clusters, {name: factor}, below)
        assert made is not None
        return made

    return HeadScore(
        way=way,
        rank=rank,
        loss=of("nats"),
        excess=of("excess"),
        bits_per_byte=of("nats", "bytes", 1 / np.log(2)),
        agree=of("agree"),
        kl=of("kl"),
        weights=head.vocabulary * head.width if way == FULL else head.weights,
        multiply_adds=head.vocabulary * head.width if way == FULL else head.weights,
    )


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """Give the folder that keeps what is done, or one that goes at the end."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="superscope-") as made:
        yield Path(made)
