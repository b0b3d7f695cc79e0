"""Models of the hub, loaded by transformers from a hub on this machine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from extras import needed
from tiny_models import lora_adapter, tiny_language_model
from web import Answer, Hub, Repo, Web, etag, running

from superscope.errors import EvaluationError, NotFoundError, RemoteError, UsageError
from superscope.evaluation import LossOptions, evaluate
from superscope.frequency import text_of
from superscope.frequency.checkpoint import loadable
from superscope.study import study

needed("transformers")
pytestmark = pytest.mark.usefixtures("no_waits")

TEXTS = [f"the cat number {k} sat on a mat of width {k}" for k in range(12)]
OPTIONS = LossOptions(context=32)


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    """One hub for all tests: transformers keeps the address of the first it meets."""
    from huggingface_hub import constants

    cdn = Web()
    hub = Hub(cdn)
    with running(cdn, hub), pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        yield hub


def served(hub: Hub, folder: Path, name: str) -> Repo:
    repo = hub.repos.setdefault(name, Repo())
    repo.commit({file.name: file.read_bytes() for file in folder.iterdir()})
    return repo


def test_a_model_of_the_hub_has_the_loss_of_its_files(hub: Hub, tmp_path: Path) -> None:
    folder = tiny_language_model("llama", tmp_path / "model", begin=True)
    served(hub, folder, "owner/tiny")
    there, here = (evaluate(name, TEXTS, OPTIONS) for name in ("owner/tiny", folder))
    assert there.loss == here.loss
    assert there.model.name == "owner/tiny"
    assert there.model.revision == loadable("owner/tiny").revision is not None
    assert there.observation().revision == there.model.revision


def test_an_adapter_of_the_hub_has_the_loss_of_its_files(hub: Hub, tmp_path: Path) -> None:
    needed("peft")
    base = tiny_language_model("llama", tmp_path / "base")
    lora_adapter(base, tmp_path / "adapter", base_name="owner/base")
    # A base with an adapter of its own beside it, which is left out.
    for file in (tmp_path / "adapter").iterdir():
        (base / file.name).write_bytes(file.read_bytes())
    served(hub, base, "owner/base")
    served(hub, tmp_path / "adapter", "owner/adapter")
    found = evaluate("owner/adapter", TEXTS, OPTIONS)
    assert found.loss == evaluate(tmp_path / "adapter", TEXTS, OPTIONS, base=str(base)).loss
    assert found.loss != evaluate("owner/base", TEXTS, OPTIONS).loss
    assert found.model.name == "owner/adapter (adapter of owner/base)"
    assert found.model.revision == loadable("owner/adapter", base=str(base)).adapter.revision
    revision = loadable("owner/base").revision
    assert f"the adapter is applied to its base, owner/base at {revision}" in found.notes


def test_a_gated_model_and_one_that_is_not_there_are_named(hub: Hub, tmp_path: Path) -> None:
    repo = served(hub, tiny_language_model("gpt2", tmp_path / "model"), "owner/gated")
    repo.gated, repo.needs_token = True, "secret"
    with pytest.raises(RemoteError, match=r"owner/gated is gated .*hf auth login"):
        evaluate("owner/gated", TEXTS, OPTIONS)
    with pytest.raises(NotFoundError, match="owner/missing"):
        evaluate("owner/missing", TEXTS, OPTIONS)


def test_a_model_that_is_too_large_is_not_downloaded(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    psutil = needed("psutil")
    served(hub, tiny_language_model("gpt2", tmp_path / "model"), "owner/large")
    monkeypatch.setattr(psutil, "virtual_memory", type("M", (), {"available": 10}))
    with pytest.raises(EvaluationError, match="owner/large is too large for this machine"):
        evaluate("owner/large", TEXTS, OPTIONS)
    assert not hub.cdn.body_bytes(etag_of(hub, "owner/large"))


def etag_of(hub: Hub, name: str) -> str:
    """Return what the store calls the weights of a repository."""
    (files,) = hub.repos[name].commits.values()
    return etag(files["model.safetensors"])


def test_weights_that_were_damaged_on_the_way_are_refused_and_not_kept(
    hub: Hub, tmp_path: Path
) -> None:
    served(hub, tiny_language_model("gpt2", tmp_path / "model"), "owner/damaged")
    serve = hub.cdn.answer

    def damaged(*request: Any) -> Answer:
        answer = serve(*request)
        return replace(answer, body=answer.body[:-1] + b"!") if len(answer.body) > 9 else answer

    hub.cdn.answer = damaged  # type: ignore[method-assign]
    try:
        with pytest.raises(RemoteError, match=r"owner/damaged/model\.safetensors was damaged on"):
            evaluate("owner/damaged", TEXTS, OPTIONS)
    finally:
        hub.cdn.answer = serve  # type: ignore[method-assign]
    assert evaluate("owner/damaged", TEXTS, OPTIONS).loss > 0


def test_without_a_network_a_model_seen_before_is_used_at_once(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    served(hub, tiny_language_model("gpt2", tmp_path / "model"), "owner/seen")
    before = evaluate("owner/seen", TEXTS, OPTIONS)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    began = time.monotonic()
    after = evaluate("owner/seen", TEXTS, OPTIONS)
    assert time.monotonic() - began < 20
    assert after.loss == before.loss
    assert "the hub could not be reached" in " ".join(after.notes)


def test_files_of_a_repository_are_told_apart(hub: Hub) -> None:
    hub.repos["owner/quants"] = Repo()
    hub.repos["owner/quants"].commit({"a.gguf": b"", "b.gguf": b""})
    with pytest.raises(UsageError, match=r"name one of: hf://owner/quants/a\.gguf, hf://"):
        loadable("owner/quants")
    found = loadable("hf://owner/quants/b.gguf")
    assert (found.gguf, found.name) == ("b.gguf", "owner/quants/b.gguf")


def test_a_study_goes_on_past_a_gated_member(hub: Hub, tmp_path: Path) -> None:
    for kind, name in (("gpt2", "owner/open"), ("opt", "owner/gated")):
        repo = served(hub, tiny_language_model(kind, tmp_path / kind), name)
    repo.gated, repo.needs_token = True, "secret"
    with ThreadPoolExecutor(1) as executor:
        found = study(
            ["owner/open", "owner/gated"], text_of(TEXTS), tmp_path / "out", OPTIONS,
            executor=executor,
        )  # fmt: skip
    good, gated = found.members
    assert good.evaluation is not None and not good.failures
    assert gated.failures and all("gated" in failure.reason for failure in gated.failures)
    assert list(found.table["model"]) == ["owner/open"]
