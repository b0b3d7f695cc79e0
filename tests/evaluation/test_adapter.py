"""The loss of a PEFT adapter is that of its base with the adapter, and never that of the base."""

from __future__ import annotations

import json
import shutil
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from extras import needed
from tiny_models import byte_tokenizer, tiny_model

from superscope.cli import main
from superscope.errors import (
    EvaluationError,
    FormatError,
    MissingExtraError,
    NotFoundError,
    UsageError,
)
from superscope.evaluation import evaluate
from superscope.frequency import load_tokenizer

torch = needed("torch")
transformers = needed("transformers")

TEXTS = ["The cat sat on the mat, and the dog sat on the log.", "Much meaning is packed."]
LORA = {"peft_type": "LORA", "r": 2, "target_modules": ["q_proj"], "task_type": "CAUSAL_LM"}


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("bases")
    kinds = {"untied": "llama", "tied": "qwen2", "other": "gpt2"}
    return {k: byte_tokenizer(tiny_model(kind, folder / k)) for k, kind in kinds.items()}


def written(folder: Path, base: Path | None, **told: Any) -> Path:
    """Save the files of an adapter whose weights are never reached."""
    folder.mkdir()
    config = {**LORA, "base_model_name_or_path": None if base is None else str(base), **told}
    (folder / "adapter_config.json").write_text(json.dumps(config))
    (folder / "adapter_model.safetensors").write_bytes(b"never read")
    return folder


def test_without_peft_it_is_an_error_that_says_how_to_install_it(
    bases: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "peft", None)
    folder = written(tmp_path / "adapter", bases["untied"])
    with pytest.raises(MissingExtraError, match=r"needs peft.*pip install 'superscope\[peft\]'"):
        evaluate(folder, TEXTS)
    (tmp_path / "text.txt").write_text(TEXTS[0])
    with pytest.raises(SystemExit):
        main(["loss", str(folder), "--text", str(tmp_path / "text.txt")])
    assert "superscope[peft]" in capsys.readouterr().err


def test_a_base_is_that_of_an_adapter(bases: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a model of its own"):
        evaluate(bases["untied"], TEXTS, base=str(bases["tied"]))
    with pytest.raises(NotFoundError, match="does not name the model"):
        evaluate(written(tmp_path / "unnamed", None), TEXTS)
    with pytest.raises(NotFoundError, match="no such folder"):
        evaluate(written(tmp_path / "gone", tmp_path / "elsewhere"), TEXTS)


def test_the_tokenizer_of_an_adapter_is_its_own_or_that_of_its_base(
    bases: dict[str, Path], tmp_path: Path
) -> None:
    folder = written(tmp_path / "adapter", bases["untied"])
    assert load_tokenizer(folder).name == str(bases["untied"])
    byte_tokenizer(folder)
    assert load_tokenizer(folder).name == str(folder)


def test_a_model_beside_an_adapter_is_evaluated_as_it_is(
    bases: dict[str, Path], tmp_path: Path
) -> None:
    folder = shutil.copytree(bases["untied"], tmp_path / "both")
    written(tmp_path / "adapter", bases["untied"])
    shutil.copytree(tmp_path / "adapter", folder, dirs_exist_ok=True)
    found = evaluate(folder, TEXTS)
    assert found.loss == evaluate(bases["untied"], TEXTS).loss
    assert "adapter_model.safetensors, which is left out" in "\n".join(found.notes)


ADAPTERS: dict[str, tuple[str, dict[str, Any]]] = {
    "lora": ("untied", {"target_modules": ["q_proj", "down_proj"]}),
    "head": ("untied", {"target_modules": ["lm_head"]}),
    "saved head": ("untied", {"modules_to_save": ["lm_head"]}),
    "embedding": ("tied", {"target_modules": ["embed_tokens"]}),
    "tokens": ("tied", {"trainable_token_indices": [40, 41, 42]}),
    "pissa": ("untied", {"init_lora_weights": "pissa"}),
    "dora": ("untied", {"use_dora": True}),
    "ia3": ("untied", {"peft_type": "IA3", "feedforward_modules": []}),
}


def trained(base: Path, folder: Path, rows: int | None = None, **told: Any) -> Any:
    """Save an adapter with random weights, and return the base with it, as PEFT has it.

    With `rows`, tokens are added first.
    """
    peft = needed("peft")
    told = {**LORA, **told}
    if told["peft_type"] == "IA3":
        del told["r"]
    torch.manual_seed(0)
    config = peft.get_peft_config(told)
    base_model = transformers.AutoModelForCausalLM.from_pretrained(base)
    if rows is not None:
        base_model.resize_token_embeddings(rows)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peft asks for what transformers deprecates
        model = peft.get_peft_model(base_model, config)
        with torch.no_grad():
            for weight in model.parameters():
                if weight.requires_grad:
                    weight.add_(0.3 * torch.randn_like(weight))
        model.save_pretrained(folder)
    return model.eval()


def plain_loss(model: Any, tokenizer: Path) -> float:
    encode = transformers.AutoTokenizer.from_pretrained(tokenizer)
    nats: list[float] = []
    for text in TEXTS:
        ids = torch.tensor([encode(text)["input_ids"]])
        with torch.no_grad():
            logits = model(input_ids=ids).logits[0, :-1].double()
        nats += (-torch.log_softmax(logits, -1)[range(len(logits)), ids[0, 1:]]).tolist()
    return float(np.mean(nats))


@pytest.mark.parametrize("kind", ADAPTERS)
def test_the_loss_is_that_of_the_base_with_the_adapter(
    bases: dict[str, Path], tmp_path: Path, kind: str
) -> None:
    on, told = ADAPTERS[kind]
    model = trained(bases[on], tmp_path / "adapter", **told)
    found = evaluate(tmp_path / "adapter", TEXTS)
    assert found.loss == pytest.approx(plain_loss(model, bases[on]), abs=1e-5)
    assert abs(found.loss - evaluate(bases[on], TEXTS).loss) > 1e-3
    assert found.model.name == f"{tmp_path / 'adapter'} (adapter of {bases[on]})"
    assert found.model.parameters == evaluate(bases[on], TEXTS).model.parameters


def test_an_adapter_that_does_not_fit_its_base_is_refused(
    bases: dict[str, Path], tmp_path: Path
) -> None:
    from safetensors.numpy import load_file, save_file

    folder = tmp_path / "adapter"
    trained(bases["untied"], folder, modules_to_save=["lm_head"])
    file = folder / "adapter_model.safetensors"
    whole = load_file(file)
    for lost in ("lora_B", "lm_head"):
        save_file({name: value for name, value in whole.items() if lost not in name}, file)
        with pytest.raises(FormatError, match=f"does not fit its base: .*{lost}"):
            evaluate(folder, TEXTS)
    save_file({**whole, "base_model.model.score.weight": np.ones((2, 16), np.float32)}, file)
    with pytest.raises(FormatError, match=r"no place for .*score"):
        evaluate(folder, TEXTS)
    save_file(whole, file)
    found = evaluate(folder, TEXTS)
    config = json.loads((folder / "adapter_config.json").read_text())
    moved = {**config, "base_model_name_or_path": "gone"}
    (folder / "adapter_config.json").write_text(json.dumps(moved))
    assert evaluate(folder, TEXTS, base=str(bases["untied"])).loss == found.loss
    with pytest.raises(FormatError, match=r"q_proj|cannot be loaded"):
        evaluate(folder, TEXTS, base=str(bases["other"]))


@pytest.mark.parametrize("on", ["tied", "untied"])
def test_tokens_that_were_added_with_the_adapter_have_their_rows(
    bases: dict[str, Path], tmp_path: Path, on: str
) -> None:
    from safetensors.numpy import load_file, save_file

    folder = tmp_path / "adapter"
    model = trained(bases[on], folder, rows=330)
    assert evaluate(folder, TEXTS).loss == pytest.approx(plain_loss(model, bases[on]), abs=1e-5)
    if on == "untied":
        file = folder / "adapter_model.safetensors"
        save_file({n: value for n, value in load_file(file).items() if "embed_" not in n}, file)
        with pytest.raises(FormatError, match="lacks the rows of tokens that were added"):
            evaluate(folder, TEXTS)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"peft_type": "NEW"}, "no peft_type that the installed peft knows"),
        ({"peft_type": ["LORA"]}, "no peft_type that the installed peft knows"),
        ({"turned_around": 3}, "does not know the adapter's setting turned_around; update peft"),
        ({"alora_invocation_tokens": [5]}, "of the kind aLoRA"),
        ({"r": 1 << 40}, "is larger than every side"),
        ({"rank_pattern": {"q_proj": 1 << 40}}, "is larger than every side"),
    ],
)
def test_settings_that_would_not_be_applied_are_refused(
    bases: dict[str, Path], tmp_path: Path, told: dict[str, Any], said: str
) -> None:
    from safetensors.numpy import save_file

    needed("peft")
    folder = written(tmp_path / "adapter", bases["untied"], **told)
    save_file({"lora_A": np.ones((2, 16), np.float32)}, folder / "adapter_model.safetensors")
    with pytest.raises((FormatError, EvaluationError), match=said):
        evaluate(folder, TEXTS)


@pytest.mark.parametrize(
    "told",
    [{"target_modules": r"(.*.*)*\d\d\dx"}, {"modules_to_save": ["(.*.*)*x"]},
     {"layers_pattern": "(.*.*)*x", "layers_to_transform": [0]}, {"rank_pattern": {"(.*.*)*x": 2}}],
)  # fmt: skip
def test_a_pattern_whose_matching_does_not_end_is_refused(
    bases: dict[str, Path], tmp_path: Path, told: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetensors.numpy import save_file

    needed("peft")
    monkeypatch.setattr("superscope.heads.patterns.SECONDS", 0.3)
    folder = written(tmp_path / "adapter", bases["untied"], **told)
    save_file({"lora_A": np.ones((2, 16), np.float32)}, folder / "adapter_model.safetensors")
    with pytest.raises(FormatError, match="takes too long to match; write the names of modules"):
        evaluate(folder, TEXTS)


def test_a_prompt_that_was_trained_is_refused(bases: dict[str, Path], tmp_path: Path) -> None:
    needed("peft")
    told = {"peft_type": "PROMPT_TUNING", "num_virtual_tokens": 4}
    folder = written(tmp_path / "adapter", bases["untied"], **told)
    config = json.loads((folder / "adapter_config.json").read_text())
    del config["r"], config["target_modules"]
    (folder / "adapter_config.json").write_text(json.dumps(config))
    with pytest.raises(EvaluationError, match="kind PROMPT_TUNING"):
        evaluate(folder, TEXTS)
