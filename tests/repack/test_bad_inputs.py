"""What cannot be right is refused before the work, and what is little is said with numbers."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
from extras import needed
from tiny_models import LINES, tiny_language_model

import superscope
from superscope import atomic
from superscope.errors import EvaluationError, UsageError
from superscope.frequency.text import text_of
from superscope.repack import Repacking
from superscope.repack.division import divided

needed("transformers")

TEXTS = [line * 2 for line in LINES]
SCORED = [f"Then {text}" for text in TEXTS]
Usage = namedtuple("Usage", "total used free")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_language_model("llama", tmp_path_factory.mktemp("models") / "llama")


def repacked(model: Path, text: list[str] = TEXTS * 3, **more: Any) -> Repacking:
    o = {"score_text": SCORED, "ranks": (4, 8), "ways": ("centered",), "progress": None} | more
    return superscope.repack(model, text, **o)


def test_ranks_lie_between_1_and_m(model: Path) -> None:
    with pytest.raises(UsageError, match=r"ranks=17: the head of .* has 16 columns"):
        repacked(model, ranks=(4, 17))
    with pytest.raises(UsageError, match="ranks=0: a rank is at least 1"):
        repacked(model, ranks=(0, 4))


def test_one_document_leaves_none_to_score(model: Path) -> None:
    with pytest.raises(UsageError, match=r"text is one document.*split='paragraph'.*second text"):
        repacked(model, TEXTS[:1], score_text=None)


def test_of_two_documents_one_is_scored() -> None:
    for seed in range(4):
        left, drawn = divided(text_of(["a", "b"]), 0.01, seed)
        assert sorted(d.text for d in (*left, *drawn)) == ["a", "b"]
        assert len(list(drawn)) == 1


def test_a_text_is_not_scored_on_itself(model: Path) -> None:
    with pytest.raises(UsageError, match="text is given twice"):
        repacked(model, SCORED)
    with pytest.raises(UsageError, match="all of 2 documents of the scored text are in the text"):
        repacked(model, score_text=TEXTS[:2])
    with pytest.raises(UsageError, match="text is given twice: the other text is one of another"):
        repacked(model, other_text=SCORED)
    with pytest.raises(UsageError, match="all of 2 documents of the other text"):
        repacked(model, other_text=TEXTS[:2])


def test_documents_of_both_texts_are_counted(model: Path) -> None:
    (note,) = (n for n in repacked(model, score_text=[TEXTS[0], *SCORED]).notes if "as well" in n)
    assert note.startswith("1 document of the scored text, with ")


def test_a_calibration_of_one_document_says_how_little_it_is(model: Path) -> None:
    found = repacked(model, [TEXTS[0]], max_tokens=7)
    assert found.calibration.tokens == 6
    assert found.shrinkage > 0.01
    one, short = (
        next(note for note in found.notes if what in note) for what in ("one document", "singular")
    )
    assert one.startswith("calibration text: it is one document of 6 tokens")
    assert "6 tokens are fewer than the 16 columns" in short
    assert "Oracle Approximating Shrinkage" in short
    assert all(score.loss.value < 20 for score in found.scores)


def test_notes_say_which_text_they_are_about(model: Path) -> None:
    long = ["The cat sat on the mat. " * 20]
    notes = repacked(model, [*TEXTS, *long], score_text=[LINES[0], LINES[1]]).notes
    cut = [note for note in notes if "longer than the context" in note]
    assert len(cut) == 1
    assert cut[0].startswith("calibration text: ")


def test_no_disk_is_said_with_the_size_before_the_body_is_run(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages: list[str] = []
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 10_000))
    with pytest.raises(UsageError, match=r"hidden states take .* GB, and 1e-05 GB are free"):
        repacked(model, progress=lambda stage, *_: stages.append(stage))
    assert not any("text with" in stage for stage in stages)


def test_the_states_of_every_text_count(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    more: dict[str, Any] = {"other_text": [f"So {text}" for text in TEXTS]}
    found = repacked(model, **more)
    assert found.other is not None
    texts = (found.calibration, found.scored, found.other.text)
    needed = 4 * 16 * sum(text.tokens for text in texts)

    def free(nbytes: float) -> None:
        monkeypatch.setattr(atomic, "_SLACK", 1.0)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, nbytes))

    free(needed)
    repacked(model, **more)
    free(needed - 1)
    with pytest.raises(UsageError, match="hidden states take"):
        repacked(model, **more)
    with pytest.raises(UsageError, match="hidden states and what is trained take"):
        repacked(model, ways=("trained",), **more)


def test_a_rank_or_a_way_may_stand_alone(model: Path) -> None:
    found = repacked(model, ranks=4, ways="svd")
    assert [(s.way, s.rank) for s in found.scores] == [("svd", 4)]
    for call in (
        lambda: found.best(3), lambda: found.rank_at(0.05, "blocks"), lambda: found.rank_at(0.0),
    ):  # fmt: skip
        with pytest.raises(UsageError):
            call()


def test_ranks_are_parts_of_the_width_where_none_is_given(model: Path) -> None:
    assert repacked(model, ranks=()).ranks == (2, 4, 8, 12)


def test_a_part_without_text_is_named(model: Path) -> None:
    with pytest.raises(UsageError, match="scored text: text has no text in it"):
        repacked(model, score_text=["", ""])


def test_a_kept_file_that_is_broken_is_set_aside(model: Path, tmp_path: Path) -> None:
    more: dict[str, Any] = {"ways": ("fisher",), "keep": tmp_path}
    first = repacked(model, **more)
    (file,) = tmp_path.glob("fisher-*.npy")
    file.write_text("broken")
    assert repacked(model, **more).to_json() == first.to_json()
    with pytest.raises(UsageError, match="broken"):
        repacked(model, keep=file.with_suffix(".broken"))


def test_a_body_that_does_not_fit(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    psutil = pytest.importorskip("psutil")
    memory = namedtuple("memory", "available")(1000)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    with pytest.raises(EvaluationError, match="is too large for this machine: its weights take"):
        repacked(model)


@pytest.mark.parametrize(("stop", "time"), [("calibration text", 3), ("scoring", 4)])
def test_what_was_interrupted_goes_on_to_the_same_numbers(
    model: Path, stop: str, time: int, tmp_path: Path
) -> None:
    calls: list[str] = []

    def interrupted(stage: str, *_: int) -> None:
        calls.append(stage)
        if sum(name.startswith(stop) for name in calls) == time:
            raise KeyboardInterrupt

    more: dict[str, Any] = {"block_tokens": 100, "ways": ("centered", "blocks"), "keep": tmp_path}
    with pytest.raises(KeyboardInterrupt):
        repacked(model, progress=interrupted, **more)
    kept = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.np?")}
    assert kept
    again = repacked(model, **more)
    assert again.to_json() == repacked(model, **more | {"keep": tmp_path / "other"}).to_json()
    states = {file: at for file, at in kept.items() if file.suffix == ".npy"}
    assert all(file.stat().st_mtime_ns == at for file, at in states.items())
