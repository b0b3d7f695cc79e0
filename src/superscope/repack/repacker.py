"""A model whose head is made narrower: its states on two texts, and the heads of each way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from superscope.atomic import write_whole
from superscope.errors import UsageError
from superscope.evaluation import Pass
from superscope.evaluation.states import Planned, StoredStates, check_disk
from superscope.frequency.checkpoint import Loadable
from superscope.frequency.text import Text
from superscope.heads.narrow_head import NarrowHead
from superscope.progress import Progress
from superscope.repack.block_ranks import block_heads
from superscope.repack.calibration import Calibration, calibrated, fisher_weights
from superscope.repack.closed_form import closed_form_heads
from superscope.repack.full_head import full_head
from superscope.repack.options import STARTS, RepackOptions, Way
from superscope.repack.scoring import Positions, score
from superscope.repack.trained import checkpoint_bytes
from superscope.repack.trained_heads import trained_heads
from superscope.text import counted, percent

Float64 = npt.NDArray[np.float64]


class Repacker:
    """Makes narrower heads of one model from one text, and scores them on another.

    Parameters
    ----------
    checkpoint
        Where the model lies.
    used, held, other
        The text that heads are made from, the one they are scored on, and one of another kind or
        None.
    options
        How.
    folder
        Keeps hidden states and what is finished.
    progress
        Called with the stages of the work.

    Attributes
    ----------
    checkpoint, model
        Where it lies; the model, loaded.
    full
        Its head.
    ranks
        Ranks of the narrower heads, ascending.
    tied
        Whether the head is the input embedding too.
    tokenizer
        The model's.
    states, scored, other
        What the full head is given, on these texts.

    Raises
    ------
    SuperscopeError
        A text cannot be read, the model cannot be loaded, or a rank is above its width.
    """

    def __init__(  # noqa: PLR0917 - those of repack
        self,
        checkpoint: Loadable,
        used: Text,
        held: Text,
        other: Text | None,
        options: RepackOptions,
        folder: Path,
        progress: Progress,
    ):
        self.checkpoint = checkpoint
        self.options, self.folder, self.progress = options, folder, progress
        read = Pass(checkpoint, used, options, None, progress)
        self.model, self.notes = read.model, read.notes
        self.ranks = self._ranks()
        self.tied = self.model.tied
        self._check_tied()
        self.full = full_head(read.model)
        self.tokenizer, self._read, self._held = read.tokenizer, read, held
        scoring = replace(options, max_tokens=options.score_tokens)

        def planned(text: Text, name: str) -> Planned:
            also = Pass(checkpoint, text, scoring, None, progress, read.tokenizer, read.model)
            return Planned(also, folder / name, f"{name} text")

        plans = [planned(held, "scored")]
        plans += [] if other is None else [planned(other, "other")]
        plans.append(Planned(read, folder / "calibration", "calibration text"))
        self.notes += _in_common(plans)
        trains = "trained" in options.ways
        check_disk(plans, checkpoint_bytes(self.ranks, self.full) if trains else 0)
        self.scored, *others, self.states = (plan.store() for plan in plans)
        self.other = others[0] if others else None

    @cached_property
    def calibration(self) -> Calibration:
        """What the closed forms need of the calibration text."""
        return calibrated(self.states, self.model.rows, self.options.prior, self.progress)

    @cached_property
    def whole(self) -> NarrowHead:
        """The full head, as one of rank m."""
        return self.full.as_narrow

    @cached_property
    def fisher(self) -> Float64:
        """E[p (1 − p)] of each row; kept in a file, because it takes a pass of the full head."""
        file = self.folder / f"fisher-{self.states.identity}-{self.whole.fingerprint}.npy"
        if file.is_file():
            try:
                kept: Float64 = np.load(file)
                return kept
            except (OSError, ValueError):
                file.rename(file.with_suffix(".broken"))
        made = fisher_weights(self.model, self.whole, self.states, self.progress)
        with write_whole(file) as written:
            np.save(written, made)
        return made

    def heads(self, way: Way) -> Iterator[tuple[int, NarrowHead]]:
        """Yield the heads of a way, by rank."""
        if way == "trained":
            yield from self._trained()
            return
        self.progress(f"{way} heads", 0, 1)
        yield from self._closed_forms(way, self.calibration)
        self.progress(f"{way} heads", 1, 1)

    def _closed_forms(self, way: str, c: Calibration) -> Iterator[tuple[int, NarrowHead]]:
        if way == "blocks":
            center = c.frequencies if self.full.shift_free else None
            weights = c.frequencies**self.options.power
            return block_heads(self.full, self.ranks, weights, c.second, center)
        fisher = self.fisher if way == "fisher" else None
        return closed_form_heads(way, self.full, c, fisher, self.ranks, power=self.options.power)

    def _trained(self) -> Iterator[tuple[int, NarrowHead]]:
        """Yield trained heads, by rank, and note where each began and ended."""
        ways = tuple(way for way in self.options.ways if way != "trained") or STARTS
        for rank, head, note in trained_heads(
            self.model, self.full, self.states, self._closed_forms, ways, self.options,
            self.folder / "trained", self.progress,
        ):  # fmt: skip
            self.notes.append(note)
            yield rank, head

    def score(self, heads: dict[str, NarrowHead], states: StoredStates) -> dict[str, Positions]:
        """Return what heads make of a text, by name."""
        return score(
            self.model, self.whole, heads, states,
            folder=self.folder / "scores", progress=self.progress,
        )  # fmt: skip

    def inputs_read(self, rows: int) -> Float64:
        """Return how often the model reads each row of its input embedding, in calibration."""
        counts = np.zeros(rows)
        for sequence in self._read.sequences():
            counts += np.bincount(sequence.ids, minlength=rows)
        return counts

    def read_again(self, change: str) -> StoredStates:
        """Read the scored text with the model as it is now, changed; `change` names how."""
        changed = replace(self.checkpoint, identity=f"{self.checkpoint.identity}-{change}")
        options = replace(self.options, max_tokens=self.options.score_tokens)
        again = Pass(changed, self._held, options, None, self.progress, self.tokenizer, self.model)
        return Planned(again, self.folder / "scored", "scored text, changed model").store()

    def _check_tied(self) -> None:
        if self.options.tied == "both" and not self.tied:
            raise UsageError(
                f"{self.model.name}: its output head is not tied to its input embedding, which "
                "stays as it is; leave out tied='both'"
            )

    def _ranks(self) -> tuple[int, ...]:
        m, asked = self.model.width, self.options.ranks
        if any(rank > m for rank in asked):
            raise UsageError(
                f"ranks={max(asked)}: the head of {self.model.name} has {m:,} columns, and no rank "
                "is above that"
            )
        return tuple(sorted({max(1, r) for r in asked or (m // 8, m // 4, m // 2, 3 * m // 4)}))


def _in_common(plans: Sequence[Planned]) -> list[str]:
    """Return notes on documents that are scored and in the calibration text, the last, as well.

    Raises
    ------
    UsageError
        All documents of a text are.
    """
    *scored, calibration = plans
    used = calibration.documents()
    notes = []
    for plan in scored:
        positions = plan.documents()
        common = [key for key in positions if key in used]
        if not common:
            continue
        where = f"{counted(len(common), 'document')} of the {plan.what}"
        if len(common) == len(positions):
            raise UsageError(
                f"all of {where} are in the text that heads are made from as well: score them on "
                "other documents"
            )
        share = sum(positions[key] for key in common) / sum(positions.values())
        notes.append(
            f"{where}, with {percent(share)} of its tokens, are in the text that heads are made "
            "from as well, so that the losses are too low"
        )
    return notes
