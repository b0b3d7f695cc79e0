"""Make the output head of a model narrower in several ways, and score them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from superscope._version import __version__
from superscope.arguments import checked
from superscope.atomic import make_folder
from superscope.errors import UsageError
from superscope.evaluation.passes import LOADING
from superscope.evaluation.states import StoredStates
from superscope.frequency.checkpoint import Loadable, loadable
from superscope.frequency.text import Text, identity_of, text_of
from superscope.laws import Law, load_table
from superscope.options import changed, taking
from superscope.progress import ProgressChoice, chosen
from superscope.repack.destination import Destination
from superscope.repack.division import divided
from superscope.repack.head_score import FULL, head_score, mean_of
from superscope.repack.laws import with_laws
from superscope.repack.notes import repack_notes
from superscope.repack.options import RepackOptions, Way
from superscope.repack.original import check_dtype, original_of
from superscope.repack.overlap import row_overlap
from superscope.repack.repacker import Repacker
from superscope.repack.repacking import BlocksGain, HeadScore, OtherText, Repacking, TextPart
from superscope.repack.scoring import Positions
from superscope.repack.width_law import law_of_family, nearest_to_half
from superscope.repack.writing import Writer

FAMILY = "family"  # what a table in memory is called


@dataclass(frozen=True)
class _Names:
    """What texts and tables are called."""

    used: str
    held: str
    other: str
    split: str
    family: str


@taking(RepackOptions)
@checked
def repack(
    model: str | Path | Loadable,
    text: Text | Iterable[str],
    options: RepackOptions = RepackOptions(),  # noqa: B008 - frozen
    *,
    score_text: Text | Iterable[str] | None = None,
    other_text: Text | Iterable[str] | None = None,
    family: pd.DataFrame | Path | None = None,
    revision: str | None = None,
    base: str | None = None,
    keep: Path | None = None,
    out: Path | None = None,
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
    other_text
        A text of another kind, on which the same heads are scored too.
    family
        Losses of models of several widths: a table of observations, or any with the columns width
        and loss. Its law is set beside that of this head.
    revision
        Branch, tag or commit of a hub repository.
    base
        Model that a PEFT adapter was trained on.
    keep
        Folder that keeps hidden states and what is finished; the same call goes on from there.
    out
        Folder for the model with one of these heads: its factors, for :func:`load`, and in
        ``full`` a checkpoint of full size that transformers loads alone. Until it is written, what
        is finished is kept in a folder of its name and ``.parts``, unless `keep` names one.
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
    if out is None:
        o.check_nothing_out()
    else:
        o.rank_out(o.ranks, o.ways)
    beside = _family(family)
    source = _text(text)
    if score_text is None:
        used, held = divided(source, o.score_share, o.seed)
        split = f"each document is scored with a probability of {o.score_share:g}, seed {o.seed}"
    else:
        used, held, split = source, _text(score_text), "two texts"
        if held.identity == used.identity:
            raise UsageError(
                f"{used.name} is given twice: heads are scored on other documents than those they "
                "are made from; give it alone, and some of its documents are kept to score them"
            )
    other = None if other_text is None else _text(other_text)
    if other is not None and other.identity == held.identity:
        raise UsageError(
            f"{other.name} is given twice: the other text is one of another kind than the scored "
            "one; name another, or leave it out"
        )
    if other is not None and other.name == held.name:
        other = replace(other, name=f"{other.name} (other text)")
    names = _Names(
        used.name, held.name, "" if other is None else other.name, split,
        family.name if isinstance(family, Path) else FAMILY,
    )  # fmt: skip
    with chosen(progress) as report:
        report(LOADING, 0, 1)
        checkpoint = model if isinstance(model, Loadable) else loadable(model, revision, base)
        if out is None:
            with _folder(keep) as folder:
                made = Repacker(checkpoint, used, held, other, o, folder, report)
                return _repacking(made, names, beside)
        original = original_of(checkpoint)
        check_dtype(original, o.dtype, checkpoint.name)
        texts = [text.identity for text in (used, held, other) if text is not None]
        told = None if beside is None else beside.to_json()
        run = [checkpoint.identity, texts, repr(o), told, __version__]
        destination = Destination(out, identity_of(run))
        finished = destination.finished(keep)
        if finished is not None:
            return finished
        destination.check_room(original.bytes_of(checkpoint), checkpoint.name)
        with destination.tidied(), _folder(keep or destination.make_parts()) as folder:
            made = Repacker(checkpoint, used, held, other, o, folder, report)
            found = Writer(made, _repacking(made, names, beside), original, destination).write()
        if keep is None:
            destination.clear()
        return found


def _text(given: Text | Iterable[str]) -> Text:
    return given if isinstance(given, Text) else text_of(given)


def _family(table: pd.DataFrame | Path | None) -> Law | None:
    """Return the law of a family, before hours of other work."""
    if table is None:
        return None
    if isinstance(table, Path):
        return law_of_family(table.name, load_table(table))
    return law_of_family(FAMILY, table)


def _repacking(made: Repacker, names: _Names, family: Law | None) -> Repacking:
    """Score the heads of each way on each text."""
    texts = [made.scored] if made.other is None else [made.scored, made.other]
    full = [made.score({FULL: made.whole}, states)[FULL] for states in texts]
    own = row_overlap(made.whole)
    whole = [
        head_score(FULL, made.model.width, made.whole, own, of, of, states)
        for of, states in zip(full, texts, strict=True)
    ]
    scores: list[list[HeadScore]] = [[] for _ in texts]
    half = nearest_to_half(made.ranks, made.model.width)
    at_half: dict[str, Positions] = {}
    for way in made.options.ways:
        for into, heads in zip(scores, _of_way(made, way, texts, full), strict=True):
            into.extend(score for score, _ in heads.values())
            at_half.setdefault(way, heads[half][1])  # on the scored text, which is the first
    found_on = [
        TextPart(name, len(states), states.document_count)
        for name, states in zip((names.held, names.other), texts, strict=False)
    ]
    other = None if made.other is None else OtherText(found_on[1], whole[1], tuple(scores[1]))
    used = TextPart(names.used, made.calibration.tokens, made.calibration.documents)
    made_of = Repacking(
        model=made.model.name,
        rows=made.model.rows,
        width=made.model.width,
        calibration=used,
        scored=found_on[0],
        split=names.split,
        shrinkage=made.calibration.shrinkage,
        shift_free=made.full.shift_free,
        full=whole[0],
        scores=tuple(scores[0]),
        blocks=_blocks_gain(half, at_half, made.scored),
        other=other,
        notes=tuple(repack_notes(made)),
    )
    return with_laws(made_of, names.family, family)


def _of_way(
    made: Repacker, way: Way, texts: Sequence[StoredStates], full: Sequence[Positions]
) -> list[dict[int, tuple[HeadScore, Positions]]]:
    """Return what the heads of one way make of each text, by rank."""
    heads = dict(made.heads(way))
    overlaps = {rank: row_overlap(head) for rank, head in heads.items()}
    scores: list[dict[int, tuple[HeadScore, Positions]]] = []
    for states, base in zip(texts, full, strict=True):
        found = made.score({f"{way} {rank}": head for rank, head in heads.items()}, states)
        scores.append({})
        for rank, head in heads.items():
            of = found[f"{way} {rank}"]
            scored = head_score(way, rank, head, overlaps[rank], of, base, states)
            scores[-1][rank] = scored, of
    return scores


def _blocks_gain(
    rank: int, at_rank: Mapping[str, Positions], states: StoredStates
) -> BlocksGain | None:
    """Return what blocks gain over the best single rank; None where one of them is missing."""
    single = [way for way in at_rank if way not in ("blocks", "trained")]
    if not single or "blocks" not in at_rank:
        return None
    best = min(single, key=lambda way: at_rank[way].nats.mean())
    gain = at_rank[best].nats - at_rank["blocks"].nats
    return BlocksGain(rank, best, mean_of(gain, states))


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """Give the folder that keeps what is done, or one that goes at the end."""
    if keep is not None:
        make_folder(keep)
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="superscope-") as made:
        yield Path(made)
