"""The states of a model while it trained are found by name, and sorted by step."""

from __future__ import annotations

from pathlib import Path

import pytest
from files import matrix, safetensors
from web import Hub, Repo

from superscope.errors import NotFoundError, OfflineError, RemoteError, UsageError
from superscope.heads import read_head
from superscope.heads.revisions import Revisions, find_revisions, step_of

NAME = "owner/model"
pytestmark = pytest.mark.usefixtures("no_waits")


@pytest.fixture
def repo(hub: Hub) -> Repo:
    """A repository with branches of three steps, one of which is also a tag and main."""
    repo = hub.repos[NAME] = Repo()
    for step in (1000, 2, 0):
        repo.commit(files(step), f"step{step}")
    repo.refs["v1.0"] = repo.refs["main"] = repo.refs["step1000"]
    repo.tags = {"v1.0"}
    return repo


def files(seed: int) -> dict[str, bytes]:
    head = safetensors({"lm_head.weight": matrix(40, 8, seed)})
    return {"model.safetensors": head, "config.json": b"{}"}


def saved(folder: Path, *names: str) -> Path:
    """Write a checkpoint under each name, as a folder or as a file of weights."""
    for seed, name in enumerate(names):
        place = folder / name
        if place.suffix:
            place.write_bytes(files(seed)["model.safetensors"])
            continue
        place.mkdir(parents=True)
        for file, content in files(seed).items():
            (place / file).write_bytes(content)
    return folder


def steps(found: Revisions) -> dict[str, int]:
    return {one.name: one.step for one in found.found}


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("step143000", 143_000),  # Pythia
        ("stage1-step2000-tokens9B", 2000),  # OLMo 2
        ("global_step1000", 1000),  # BLOOM
        ("stage1-step-40000", 40_000),  # SmolLM3
        ("ckpt_017", 17),  # Amber
        ("checkpoint-500", 500),  # transformers
        ("epoch=3-step=1200.ckpt", 1200),  # Lightning
        ("iter_0000100", 100),  # Megatron
        ("model_300.pt", 300),
        ("step10k", 10_000),
        ("1.5M", None),
        ("100B", 100 * 10**9),
        ("main", None),
        ("v1.0", None),
        ("2024-05-06", None),
        ("epoch3", 3),
        ("tokens300B", 300 * 10**9),
        ("000100", 100),
        ("a1b2c3d", None),  # commits
        ("9fceb02", None),
        ("deadbee1", None),
        ("fix-e83c5163", None),
        ("step100-9fceb02", 100),
        ("v2", None),  # versions and types
        ("fp16", None),
        ("bf16", None),
        ("8bit", None),
        ("gguf-q4", None),
        ("seed1", None),
        ("step200-seed1", 200),
    ],
)
def test_the_step_is_in_the_name(name: str, step: int | None) -> None:
    assert step_of(name) == step


def test_branches_and_tags_are_found_by_step(repo: Repo) -> None:
    found = find_revisions(NAME, "step*")
    assert steps(found) == {"step0": 0, "step2": 2, "step1000": 1000}
    assert list(steps(found)) == ["step0", "step2", "step1000"]
    everything = find_revisions(f"hf://{NAME}", "*")
    assert steps(everything) == steps(found)
    assert everything.unnumbered == ("main", "v1.0")
    repo.refs["7"], repo.tags = repo.refs["step2"], {"7"}
    assert steps(find_revisions(NAME, "?")) == {"7": 7}


def test_everything_is_in_the_order_of_steps_and_what_has_none_is_named(repo: Repo) -> None:
    for name in ("a1b2c3d", "deadbee1", "fp16", "v2", "step10", "step9"):
        repo.commit(files(9), name)
    found = find_revisions(NAME, "*")
    assert [one.step for one in found.found] == [0, 2, 9, 10, 1000]
    assert found.unnumbered == ("a1b2c3d", "deadbee1", "fp16", "main", "v1.0", "v2")


def test_a_listing_costs_one_request_and_no_file(hub: Hub, repo: Repo) -> None:
    find_revisions(NAME, "step*")
    assert [path for _, path, _ in hub.requests] == [f"/api/models/{NAME}/refs"]
    assert not hub.cdn.requests


def test_one_commit_at_one_step_counts_once_and_two_need_a_narrower_pattern(repo: Repo) -> None:
    repo.refs["final-step1000"] = repo.refs["step1000"]
    assert steps(find_revisions(NAME, "*step*")) == {"step0": 0, "step2": 2, "final-step1000": 1000}
    repo.refs["final-step1000"] = repo.refs["step2"]
    with pytest.raises(UsageError, match="final-step1000 and step1000 both have the step 1,000"):
        find_revisions(NAME, "*step*")


def test_what_is_downloaded_is_not_kept_but_what_is_kept_is_used(
    hub: Hub, repo: Repo, home: Path
) -> None:
    first, *_, last = find_revisions(NAME, "step*").found
    read_head(NAME, revision="step1000")
    sent = hub.cdn.body_bytes()
    with last.opened() as checkpoint:
        assert read_head(checkpoint).provenance.revision == repo.refs["step1000"]
    assert hub.cdn.body_bytes() == sent
    kept = {path for path in home.rglob("*") if path.is_file()}
    with first.opened() as checkpoint:
        head = read_head(checkpoint)
        assert head.copy is not None and head.copy.is_file()
    assert hub.cdn.body_bytes() > sent
    assert {path for path in home.rglob("*") if path.is_file()} == kept


def test_the_hub_that_cannot_be_reached_is_remembered(
    hub: Hub, repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    found = find_revisions(NAME, "step*")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    hub.requests.clear()
    assert find_revisions(NAME, "step*") == found
    with pytest.raises(OfflineError, match="owner/unseen is not in the cache"):
        find_revisions("owner/unseen", "step*")
    assert not hub.requests
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    hub.failures[f"/api/models/{NAME}/refs"] = 503
    assert find_revisions(NAME, "step*") == found


def test_folders_and_files_are_found_by_step(tmp_path: Path) -> None:
    saved(tmp_path, "checkpoint-500", "checkpoint-1000", "checkpoint-99", "best", "step=7.ckpt")
    (tmp_path / "checkpoint-3.txt").write_text("no weights")
    (tmp_path / "optimizer.pt").write_bytes(b"of training")
    found = find_revisions(tmp_path, "checkpoint-*")
    assert list(steps(found).values()) == [99, 500, 1000]
    everything = find_revisions(str(tmp_path), "*")
    assert list(steps(everything)) == [
        "step=7.ckpt", "checkpoint-99", "checkpoint-500", "checkpoint-1000"
    ]  # fmt: skip
    assert everything.unnumbered == ("best",)


def test_a_checkpoint_is_another_one_when_its_weights_change(tmp_path: Path) -> None:
    saved(tmp_path, "checkpoint-1", "checkpoint-2")

    def identities() -> list[str]:
        return [one.identity for one in find_revisions(tmp_path, "c*").found]

    before = identities()
    assert len({*before}) == 2
    for later in ("optimizer.pt", "trainer_state.json"):  # a trainer writes them last
        (tmp_path / "checkpoint-2" / later).write_bytes(b"later")
    assert identities() == before
    (tmp_path / "checkpoint-2" / "model.safetensors").write_bytes(files(9)["model.safetensors"])
    assert identities()[0] == before[0]
    assert identities()[1] != before[1]


def test_bad_names(hub: Hub, repo: Repo, tmp_path: Path) -> None:
    folder = saved(tmp_path, "checkpoint-5", "W.safetensors", "m.gguf")
    for model, pattern, kind, said in (
        (
            NAME,
            "stpe*",
            NotFoundError,
            r"or tag that matches 'stpe\*'; did you mean step",
        ),
        (NAME, "x", NotFoundError, "there are: step0, step2, step1000, main, v1.0$"),
        (f"{NAME}@step0", "step*", UsageError, "names the revision step0 already; leave it out"),
        (NAME, "main", UsageError, "main, which have no number of a step"),
        ("owner/other", "step*", NotFoundError, "owner/other does not exist on the hub"),
        (
            folder,
            "step*",
            NotFoundError,
            "or weights file .*there are: checkpoint-5, W.safe",
        ),
        (folder / "m.gguf", "*", UsageError, "m.gguf is a file, which has no revisions"),
        (folder / "absent", "*", NotFoundError, "there is no file or folder"),
        ("s3://bucket/run", "*", UsageError, "branches and tags of a hub repository, or folders"),
        ("", "*", UsageError, "name is empty"),
    ):
        with pytest.raises(kind, match=said) as raised:
            find_revisions(model, pattern)
        assert "\n" not in str(raised.value)
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotFoundError, match="there are: none"):
        find_revisions(tmp_path / "empty", "*")


def test_a_gated_repository_and_no_network(hub: Hub, repo: Repo) -> None:
    repo.needs_token, repo.gated = "hf_secret", True
    with pytest.raises(RemoteError, match="gated"):
        find_revisions(NAME, "step*")
    hub.stop()
    with pytest.raises(RemoteError, match="the hub cannot be reached"):
        find_revisions(NAME, "step*")
