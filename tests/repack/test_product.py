"""The model that is written has the loss that is told, and its folder is whole or not there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from extras import needed
from tiny_models import LINES, byte_tokenizer, lora_adapter, tiny_model, word_tokenizer

import superscope
from superscope.cli import main
from superscope.errors import EvaluationError, UsageError
from superscope.evaluation import evaluate, factored_files
from superscope.repack import Repacking, load, writing
from superscope.repack.destination import Destination
from superscope.repack.full_checkpoint import check_alike

needed("transformers")

TEXT = [line * 2 for line in LINES]
RANK = 4


def original(kind: str, folder: Path, dtype: str = "float32", license: str = "") -> Path:
    tiny_model(kind, byte_tokenizer(folder), dtype=dtype)
    if license:
        (folder / "README.md").write_text(f"---\nlicense: {license}\ntags: [x]\n---\n# Card\n")
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, "_name_or_path": "someone/tiny"}))
        (folder / "LICENSE").write_text("Do as you like.")
    return folder


def repacked(model: Path, out: Path, **options: Any) -> Repacking:
    options = {"ranks": (RANK,), "ways": ("whitened", "frequency"), "progress": None, **options}
    used = [f"Then {text}" for text in TEXT] * 2
    return superscope.repack(model, used, score_text=TEXT, out=out, **options)


def loss(folder: Path) -> float:
    return evaluate(folder, TEXT, progress=None).loss


@pytest.mark.parametrize(
    ("kind", "dtype", "tied"),
    [
        ("gpt2", "float32", "keep"), ("llama", "bfloat16", "keep"), ("opt", "float16", "keep"),
        ("qwen2", "float32", "both"), ("gemma2", "bfloat16", "both"),
    ],
)  # fmt: skip
def test_what_is_written_has_the_loss_that_is_told(
    kind: str, dtype: str, tied: str, tmp_path: Path
) -> None:
    model, out = original(kind, tmp_path / "own", dtype), tmp_path / "out"
    found = repacked(model, out, tied=tied)
    made = found.product
    assert made is not None and made.full_loss is not None
    assert made.way == found.best(RANK).way and made.dtype == dtype
    whole = made.loss if made.whole_loss is None else made.whole_loss
    assert loss(out) == pytest.approx(whole.value, abs=1e-6)
    assert loss(out / "full") == pytest.approx(made.full_loss.value, abs=1e-6)
    rows = [line.split(" | ")[:2] for line in (out / "README.md").read_text().split("\n")]
    assert (["| with the input embedding in factors", "4"] in rows) == (tied == "both")
    if tied == "keep":
        assert made.loss.value == pytest.approx(found.best(RANK).loss.value, abs=0.02)
    else:
        assert made.whole_excess is not None
        assert made.whole_excess.value == pytest.approx(whole.value - found.full.loss.value)
    files = [*out.glob("*.safetensors")]
    assert made.nbytes == sum(file.stat().st_size for file in files)
    assert {file.stat().st_mode & 0o777 for file in files} == {
        (out / "config.json").stat().st_mode & 0o777
    }
    stored = (model / "model.safetensors").stat().st_size
    assert made.stored_before == stored
    assert made.nbytes_before == pytest.approx(stored, abs=5000)  # and its header
    assert made.nbytes < 4 / 3 * stored
    parameters = sum(p.numel() for p in load(out).parameters())
    assert parameters == made.weights
    overlaps = [
        superscope.measure(folder, pairs="none", progress=None).raw.mean_square_overlap
        for folder in (out, out / "full")
    ]
    assert overlaps[0] == pytest.approx(overlaps[1], rel=1e-6 if dtype == "float32" else 2e-2)
    assert Repacking.from_json(found.to_json()).product == made


def test_a_body_in_several_files_is_linked_under_new_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(factored_files, "SHARD", "10KB")
    out = tmp_path / "out"
    made = repacked(original("llama", tmp_path / "own"), out, ways=("blocks",)).product
    assert made is not None and made.full_loss is not None and len(made.ranks) > 1
    assert loss(out) == pytest.approx(made.loss.value, abs=1e-6)
    assert loss(out / "full") == pytest.approx(made.full_loss.value, abs=1e-6)
    files = [sorted(p.stat().st_ino for p in f.glob("model-*")) for f in (out, out / "full")]
    assert len(files[0]) > 1 and len(files[1]) == len(files[0]) + 1
    assert {*files[0]} < {*files[1]}


def test_license_and_name_go_along(tmp_path: Path) -> None:
    found = repacked(original("llama", tmp_path / "own", license="apache-2.0"), tmp_path / "out")
    for folder in (tmp_path / "out", tmp_path / "out" / "full"):
        card = (folder / "README.md").read_text()
        assert card.startswith("---\nlicense: apache-2.0\ntags:")
        assert "base_model: someone/tiny\n---" in card
        assert (folder / "LICENSE").read_text() == "Do as you like."
        assert found.product is not None
        assert f"{found.product.loss.value:.4f}" in card
    assert str(tmp_path) not in card
    repacked(original("llama", tmp_path / "bare"), tmp_path / "other")
    card = (tmp_path / "other" / "README.md").read_text()
    assert "license of the original is unknown" in card and "license:" not in card.split("---")[1]
    assert "base_model" not in card and "\n# bare with" in card


def test_a_folder_that_exists_is_of_the_same_run_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, out = original("llama", tmp_path / "own"), tmp_path / "out"
    found = repacked(model, out)
    monkeypatch.setattr(writing.Writer, "write", None)  # it is not written again
    parts = Destination(out, "").make_parts()  # stopped before it was deleted
    assert repacked(model, out).product == found.product and not parts.exists()
    with pytest.raises(UsageError, match="not of this run"):
        repacked(model, out, seed=1)
    (out / "repack.json").write_text(json.dumps({"identity": "x"}))
    with pytest.raises(UsageError, match="not of this run"):
        repacked(model, out)


def test_an_interrupted_run_leaves_no_folder_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, out = original("llama", tmp_path / "own"), tmp_path / "out"

    def stopped(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(writing, "write_full", stopped)
        with pytest.raises(KeyboardInterrupt):
            repacked(model, out)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.parts", "own"]
    assert list((tmp_path / "out.parts").rglob("*.npy"))
    repacked(model, out)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "own"]


def test_what_cannot_be_written_is_refused_before_the_text_is_read(tmp_path: Path) -> None:
    model = original("llama", tmp_path / "own")
    adapter = lora_adapter(model, tmp_path / "adapter")
    out = tmp_path / "out"
    with pytest.raises(UsageError, match="one rank"):
        repacked(model, out, ranks=(2, 4))
    with pytest.raises(UsageError, match="out_rank=3"):
        repacked(model, out, out_rank=3)
    with pytest.raises(UsageError, match="out_way='svd'"):
        repacked(model, out, out_way="svd")
    with pytest.raises(UsageError, match="not tied"):
        repacked(model, out, tied="both")
    with pytest.raises(UsageError, match="merge"):
        repacked(adapter, out)
    with pytest.raises(EvaluationError, match="float32"):
        repacked(model, out, dtype="bfloat16")
    config = json.loads((model / "config.json").read_text())
    quantized = {**config, "quantization_config": {"quant_method": "fp8"}}
    (model / "config.json").write_text(json.dumps(quantized))
    with pytest.raises(UsageError, match=r"quantized \(fp8\)"):
        repacked(model, out)
    assert not out.exists()


def test_a_disk_that_is_too_small_is_named_with_both_sizes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        free = 1000

    monkeypatch.setattr(shutil, "disk_usage", lambda _: Full)
    with pytest.raises(UsageError, match=r"takes up to .* GB, and 1e-06 GB are free"):
        repacked(original("llama", tmp_path / "own"), tmp_path / "out")


def test_the_disk_is_looked_at_again_before_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        free = 1000

    def told(stage: str, *_: int) -> None:
        if stage == "writing the model":
            monkeypatch.setattr(shutil, "disk_usage", lambda _: Full)

    with pytest.raises(UsageError, match=r"takes up to .* GB, and 1e-06 GB are free"):
        repacked(original("llama", tmp_path / "own"), tmp_path / "out", progress=told)


def test_a_checkpoint_of_full_size_that_fails_costs_only_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, out = original("llama", tmp_path / "own"), tmp_path / "out"
    monkeypatch.setattr(writing, "check_alike", lambda *_: "it gives other logits")
    made = repacked(model, out).product
    assert made is not None and made.full_loss is None and not (out / "full").exists()
    assert made.full_missing is not None and "other logits" in made.full_missing
    assert "no checkpoint of full size" in (out / "README.md").read_text()
    assert loss(out) == pytest.approx(made.loss.value, abs=1e-6)


def test_a_bias_that_the_model_has_no_place_for_stays_in_the_factors(tmp_path: Path) -> None:
    out = tmp_path / "out"
    made = repacked(
        original("llama", tmp_path / "own"), out, ways=("trained",), steps=2, trained_bias=True,
    ).product  # fmt: skip
    assert made is not None and made.full_missing is not None and "no place" in made.full_missing
    assert not (out / "full").exists() and load(out).get_output_embeddings().bias is not None


def test_a_vocabulary_of_few_words(tmp_path: Path) -> None:
    model, out = word_tokenizer(tmp_path / "own", ("a", "b", "c")), tmp_path / "out"
    tiny_model("llama", model, vocabulary=5)
    text = ["a b c a c b", "c b a a", "b a c"] * 3
    made = superscope.repack(
        model,
        text,
        score_text=["c a b a", "b b c a c"],
        out=out,
        ranks=(2,),
        ways=("svd",),
        progress=None,
    ).product
    assert made is not None and made.full_missing is None


def test_other_logits_are_told() -> None:
    import torch

    tokens = torch.arange(3)[None]
    expected = torch.eye(3)[None]

    def loaded(given: Any) -> Any:
        return SimpleNamespace(logits=expected * given[0, -1])

    assert check_alike(loaded, {"missing_keys": ["a"]}, tokens, expected) is not None
    assert check_alike(loaded, {}, tokens, expected) is not None
    assert check_alike(loaded, {}, tokens - 1, expected) is None


def test_rows_of_the_input_embedding_are_weighted_by_how_often_they_are_read(
    tmp_path: Path,
) -> None:
    model, out = original("qwen2", tmp_path / "own"), tmp_path / "out"
    import transformers

    repacked(model, out, tied="both", score_tokens=50)
    tokenizer = transformers.AutoTokenizer.from_pretrained(model)
    read = np.bincount(np.concatenate([tokenizer(text).input_ids for text in TEXT]), minlength=320)
    rows = transformers.AutoModelForCausalLM.from_pretrained(model).get_input_embeddings().weight
    made = load(out).get_input_embeddings().weight
    error = ((made - rows).detach().numpy() ** 2).sum(1)
    plain = np.linalg.svd(rows.detach().numpy() - rows.detach().numpy().mean(0))[1]
    assert (read * error).sum() / read.sum() < 0.8 * (plain[RANK:] ** 2).sum() / len(error)


def test_a_narrower_input_embedding_is_not_made_narrower_again(tmp_path: Path) -> None:
    out = tmp_path / "out"
    repacked(original("qwen2", tmp_path / "own"), out, tied="both")
    with pytest.raises(UsageError, match="its input embedding is factors already"):
        repacked(out, tmp_path / "again")
    assert not (tmp_path / "again.parts").exists()


def test_the_command_writes_the_head_of_the_rank_that_is_chosen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, out = original("qwen2", tmp_path / "own"), tmp_path / "out"
    text = tmp_path / "text.txt"
    starts = ("So", "Then", "Now", "And")
    text.write_text("\n".join(f"{start} {line}" for start in starts for line in TEXT))
    main([
        "repack", str(model), "--text", str(text), "--split", "line", "--score-share", "0.3",
        "--ranks", "2,4", "--ways", "svd,whitened", "--out", str(out), "--out-rank", "2",
        "--out-way", "svd",
    ])  # fmt: skip
    said = capsys.readouterr().out
    assert f"written        {out}, in float32" in said and "rank 2, svd" in said
    assert "the input embedding it was tied to stays as it is" in said
    assert "larger than the original, because its factors come beside the input embedding" in said
    assert load(out).get_output_embeddings().columns.out_features == 2
