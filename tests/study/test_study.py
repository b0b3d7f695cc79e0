"""A family in one study: what is measured is put together, once, whatever fails."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from extras import needed
from studies import make_study
from tiny_models import byte_tokenizer, lora_adapter, tiny_language_model, tiny_model

from superscope._measure import measure
from superscope.errors import UsageError
from superscope.evaluation import LossOptions, evaluate
from superscope.frequency import Text, text_files
from superscope.heads import FAMILIES
from superscope.heads.hub import HubCheckpoint
from superscope.observations import read_observations
from superscope.study import Study, answers, fit_laws, read, study, table_of

needed("transformers")

LINES = [f"the cat number {k} sat on a mat of width {k * k % 17} and slept" for k in range(40)]
OPTIONS = LossOptions(context=32, batch=4)


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Text:
    file = tmp_path_factory.mktemp("text") / "cats.txt"
    file.write_text("\n".join(LINES), encoding="utf-8")
    return text_files([file], split="line")


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return three models of different architectures, and so of different widths."""
    folder = tmp_path_factory.mktemp("family")
    return [str(tiny_language_model(kind, folder / kind)) for kind in ("gpt2", "opt", "llama")]


def done(models: list[str], text: Text, out: Path, options: LossOptions = OPTIONS) -> Study:
    """Return a study made in threads of this process."""
    with ThreadPoolExecutor(1) as executor:
        return study(models, text, out, options, executor=executor)


def test_each_member_has_the_overlap_and_the_loss_it_has_alone(
    family: list[str], text: Text, tmp_path: Path
) -> None:
    found = done(family, text, tmp_path)
    assert not found.failed
    table = read_observations(tmp_path / "observations.csv")
    for name, member, row in zip(family, found.members, table.itertuples(), strict=True):
        head, loss = measure(name, pairs="none"), evaluate(name, text, OPTIONS)
        assert row.model == name and row.dataset == "cats" and row.run == loss.how
        assert row.mean_square_overlap == head.raw.mean_square_overlap
        assert row.mean_square_overlap_centered == head.centered.mean_square_overlap
        assert (row.loss, row.loss_se) == (loss.loss, loss.loss_se)
        assert (row.width, row.features) == (head.width, head.features)
        tokens = pd.read_parquet(next((tmp_path / "tokens").glob(f"*{Path(name).name}*")))
        assert tokens["count"].sum() == loss.scored
        assert member.evaluation is not None and member.evaluation.loss == loss.loss


def test_heads_are_weighted_by_the_text(family: list[str], text: Text, tmp_path: Path) -> None:
    from superscope.frequency import count_tokens

    found = done(family[:1], text, tmp_path)
    counts = count_tokens(family[0], text).counts
    head = measure(family[0], pairs="none", frequencies=counts)
    assert found.members[0].geometry is not None
    assert found.members[0].geometry.centered.weighted == head.centered.weighted
    assert head.centered.weighted is not None


def test_what_is_finished_is_not_done_again(
    family: list[str], text: Text, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = done(family[:2], text, tmp_path)
    kept = {file: file.stat().st_mtime_ns for file in (tmp_path / "members").glob("*.json")}
    assert len(kept) == 4
    again = done(family, text, tmp_path)
    assert {f: f.stat().st_mtime_ns for f in kept} == kept
    for before, after in zip(first.members, again.members, strict=False):
        assert before.evaluation is not None and after.evaluation is not None
        assert before.evaluation.to_json() == after.evaluation.to_json()

    def never(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(sys.modules["superscope.study._study"], "run_all", never)
    done(family, text, tmp_path)


def test_other_options_and_other_text_are_done_anew(
    family: list[str], text: Text, tmp_path: Path
) -> None:
    first = done(family[:1], text, tmp_path).members[0].evaluation
    other = done(family[:1], text, tmp_path, LossOptions(context=8)).members[0].evaluation
    assert first is not None and other is not None and first.loss != other.loss
    file = tmp_path / "other.txt"
    file.write_text("\n".join(LINES[:5]), encoding="utf-8")
    third = done(family[:1], text_files([file], split="line"), tmp_path).members[0].evaluation
    assert third is not None and third.text.documents == 5


def test_a_model_trained_on_is_done_anew(text: Text, tmp_path: Path) -> None:
    name = str(tiny_language_model("gpt2", tmp_path / "model"))
    first = done([name], text, tmp_path / "out").members[0].evaluation
    tiny_model("gpt2", tmp_path / "model", seed=1)
    second = done([name], text, tmp_path / "out").members[0].evaluation
    assert first is not None and second is not None and first.loss != second.loss


def test_members_that_fail_do_not_stop_the_others(
    family: list[str], text: Text, tmp_path: Path
) -> None:
    no_tokenizer = str(tiny_model("gpt2", tmp_path / "bare"))
    small = str(tiny_model("gpt2", byte_tokenizer(tmp_path / "small"), vocabulary=50))
    missing = str(tmp_path / "nowhere")
    found = done([no_tokenizer, missing, small, *family], text, tmp_path / "out")
    bare, gone, mismatched, *others = found.members
    assert not any(member.failures for member in others)
    assert bare.geometry is not None and bare.evaluation is None
    assert [f.part for f in bare.failures] == ["loss"]
    assert "not weighted by the text" in " ".join(bare.geometry.provenance.notes)
    assert [f.part for f in gone.failures] == ["model"] and "nowhere" in gone.failures[0].reason
    assert "does not match" in mismatched.failures[-1].reason
    assert "EvaluationError" not in mismatched.failures[-1].reason
    table = read_observations(tmp_path / "out" / "observations.csv")
    assert list(table["model"]) == [no_tokenizer, small, *family]
    assert table["loss"].isna().tolist() == [True, True, False, False, False]


def test_rows_that_moved_are_counted_against_each_initialization(
    text: Text, tmp_path: Path
) -> None:
    """A folder holds the initializations under the members' names; one of three has none."""
    starts, ends = tmp_path / "starts", tmp_path / "ends"
    models = [str(tiny_language_model(kind, ends / kind)) for kind in ("gpt2", "opt", "llama")]
    tiny_language_model("gpt2", starts / "gpt2")
    tiny_language_model("opt", starts / "opt", seed=1)
    out = tmp_path / "out"
    with ThreadPoolExecutor(1) as executor:
        found = study(models, text, out, OPTIONS, initial=starts, executor=executor)
    same, other, none = found.members
    assert same.geometry is not None and same.geometry.moved is not None
    assert other.geometry is not None and other.geometry.moved is not None
    assert (same.geometry.moved.moved, other.geometry.moved.moved) == (0, 1)
    assert other.geometry.moved == measure(models[1], pairs="none", initial=starts / "opt").moved
    assert none.geometry is None and none.evaluation is not None
    assert [f.part for f in none.failures] == ["head"]
    assert str(starts / "llama") in none.failures[0].reason
    assert found.table["moved_fraction"].tolist()[:2] == [0, 1]
    said = " ".join(answers(found)[0].text)
    assert "initialization of 2 heads" in said and "rounding is 0 to 1" in said
    plain = done(models[1:2], text, out).members[0].geometry
    assert plain is not None and plain.moved is None  # measured anew


def test_an_initialization_is_a_revision_of_a_member_on_the_hub(
    monkeypatch: pytest.MonkeyPatch, family: list[str], text: Text, tmp_path: Path
) -> None:
    members = sys.modules["superscope.study.members"]

    class Repository(HubCheckpoint):
        def __init__(self, repo: str, revision: str | None, only: str | None = None) -> None:
            self.name, self.revision, self.only = repo, revision, only
            self._files = ("model.gguf", "model.safetensors")

    monkeypatch.setattr(members, "HubCheckpoint", Repository)
    monkeypatch.setattr(members, "locate", lambda _: Repository("a/b", "step9", "model.gguf"))
    head, loss = members.located("a/b", text, OPTIONS, tmp_path, initial="step0")
    before = head.initial
    assert (before.name, before.revision, before.only) == ("a/b", "step0", "model.gguf")
    assert loss.initial is None
    plain, _ = members.located("a/b", text, OPTIONS, tmp_path)
    assert plain.identity != head.identity
    monkeypatch.undo()
    failure, _ = members.located(family[0], text, OPTIONS, tmp_path, initial="step0")
    assert failure.part == "head" and "no folder step0" in failure.reason


def test_an_adapter_has_the_head_of_the_base_that_is_named(
    family: list[str], text: Text, tmp_path: Path
) -> None:
    llama = Path(family[2])
    adapter = str(lora_adapter(llama, tmp_path / "adapter", base_name=str(tmp_path / "gone")))
    found = done([adapter], text, tmp_path / "out")
    (failure,) = found.members[0].failures
    assert failure.part == "model" and failure.reason.endswith("pass base='MODEL'")
    with ThreadPoolExecutor(1) as executor:
        models, out = [adapter, family[0]], tmp_path / "out"
        found = study(models, text, out, OPTIONS, base=llama, executor=executor)
    member, own = found.members
    assert member.geometry is not None and not own.failures  # the base is none of gpt2's
    head = measure(llama, pairs="none").raw
    assert member.geometry.raw.mean_square_overlap == head.mean_square_overlap


def test_a_failed_member_is_tried_again(text: Text, tmp_path: Path) -> None:
    name = str(tiny_model("gpt2", tmp_path / "model"))
    assert done([name], text, tmp_path / "out").failed
    byte_tokenizer(tmp_path / "model")
    assert not done([name], text, tmp_path / "out").failed


def test_a_result_that_cannot_be_read_is_set_aside(
    family: list[str], text: Text, tmp_path: Path
) -> None:
    done(family[:1], text, tmp_path)
    for file in (tmp_path / "members").glob("*.json"):
        file.write_bytes(b"{half of")
    found = done(family[:1], text, tmp_path)
    assert not found.failed and len(list((tmp_path / "members" / "set-aside").iterdir())) == 2


def test_a_family_stands_for_its_members(text: Text, tmp_path: Path, no_waits: None) -> None:
    from huggingface_hub import constants

    constants.HF_HUB_OFFLINE = True  # as the fixture `home` sets it back
    found = done(["GPT2"], text, tmp_path)
    assert [member.name for member in found.members] == list(FAMILIES["gpt2"])
    assert {member.family for member in found.members} == {"gpt2"}
    assert all(member.failures for member in found.members)


def test_the_exponents_of_a_made_family_come_back() -> None:
    """Overlaps 3/m and losses 2/m + 1 are found to be those."""
    from superscope.observations import Observation, to_frame

    rows = [
        Observation(
            source="checkpoint", model=f"m{m}", width=m, mean_square_overlap=3 / m,
            mean_square_overlap_centered=2 * m**-0.5, loss=200 / m + 1.0, loss_se=0.01,
        )
        for m in (32, 48, 64, 96, 128, 192, 256)
    ]  # fmt: skip
    laws = fit_laws(to_frame(rows))
    assert not laws.missing
    assert laws.overlap is not None and laws.overlap_centered is not None and laws.loss is not None
    assert laws.overlap.parameters["alpha"] == pytest.approx(1.0, abs=1e-6)
    assert laws.overlap_centered.parameters["alpha"] == pytest.approx(0.5, abs=1e-6)
    assert laws.loss.parameters["alpha"] == pytest.approx(1.0, abs=1e-4)
    assert laws.loss.parameters["B"] == pytest.approx(1.0, abs=1e-4)


def test_how_losses_were_read_does_not_make_members_one() -> None:
    """Two contexts among the members are no two runs: each member is a point for itself."""
    from superscope.observations import Observation, to_frame

    rows = [
        Observation(
            source="checkpoint", run=f"documents of {1024 if m < 80 else 2048}", model=f"m{m}",
            width=m, mean_square_overlap=(3 + m % 7 / 50) / m,
            mean_square_overlap_centered=(2 + m % 5 / 50) / m, loss=(200 + m % 5) / m + 1.0,
        )
        for m in (32, 48, 64, 96, 128, 192, 256)
    ]  # fmt: skip
    laws = fit_laws(to_frame(rows))
    for law in (laws.overlap, laws.overlap_centered, laws.loss):
        assert law is not None and len(set(law.points.unit.tolist())) == 7


def test_too_few_widths_give_no_law_and_a_reason(
    family: list[str], text: Text, tmp_path: Path
) -> None:
    found = done(family[:2], text, tmp_path)
    assert found.laws.loss is None and "a law takes 3" in found.laws.missing["loss"]
    assert not (tmp_path / "laws").exists()
    assert len(table_of(found.members)) == 2


def test_it_goes_through_processes(family: list[str], text: Text, tmp_path: Path) -> None:
    here = done(family[:1], text, tmp_path / "here")
    there = study(family[:1], text, tmp_path / "there", OPTIONS)
    a, b = here.members[0].evaluation, there.members[0].evaluation
    assert a is not None and b is not None
    np.testing.assert_allclose(a.documents.nats, b.documents.nats, rtol=1e-6)


@pytest.mark.slow
def test_it_goes_through_dask(family: list[str], text: Text, tmp_path: Path) -> None:
    needed("distributed")
    from superscope.runs import dask_cluster

    with dask_cluster(workers=1) as workers:
        found = study(family[:1], text, tmp_path, OPTIONS, executor=workers)
    assert not found.failed


def test_no_model_is_an_error(text: Text, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="name models, or a family"):
        done([], text, tmp_path)


def test_a_folder_that_cannot_be_written_is_an_error(
    family: list[str], text: Text, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="file"):
        done(family, text, tmp_path / "file")


def test_each_name_is_located_once_and_each_tokenizer_loaded_once(
    family: list[str], text: Text, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    members = sys.modules["superscope.study.members"]
    for module in ("study.members", "frequency.checkpoint", "heads.read"):
        _count_calls(monkeypatch, sys.modules[f"superscope.{module}"], "locate", calls)
    for module in ("study.members", "evaluation.passes"):
        _count_calls(monkeypatch, sys.modules[f"superscope.{module}"], "load_tokenizer", calls)
    members._tokenizer.cache_clear()
    assert not done(family[:2], text, tmp_path).failed
    assert sorted(calls) == ["load_tokenizer"] * 2 + ["locate"] * 2


def _count_calls(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, calls: list[str]
) -> None:
    function = getattr(module, name)

    def counting(*given: object, **named: object) -> object:
        calls.append(name)
        return function(*given, **named)

    monkeypatch.setattr(module, name, counting)


def test_json_and_back_and_from_its_folder(tmp_path: Path) -> None:
    made = make_study(5)
    text = made.to_json()
    assert Study.from_json(text).to_json() == text
    (tmp_path / "study.json").write_text(text, encoding="utf-8")
    again = read(tmp_path)
    pd.testing.assert_frame_equal(again.table, made.table)
    for name in ("overlap", "overlap_centered", "loss"):
        law, before = getattr(again.laws, name), getattr(made.laws, name)
        assert before is not None and law.to_json() == before.to_json()
    assert again.laws.missing == made.laws.missing
