"""Watching the training of a transformers Trainer, and of a Lightning one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from tiny_models import tiny_model

from superscope import Watch
from superscope.watch import read_trace
from superscope.watch.metrics import PREFIX, metrics

OVERLAP = f"{PREFIX}mean_square_overlap"


class Texts(torch.utils.data.Dataset[dict[str, torch.Tensor]]):
    def __len__(self) -> int:
        return 24

    def __getitem__(self, at: int) -> dict[str, torch.Tensor]:
        ids = torch.randint(0, 300, (8,), generator=torch.Generator().manual_seed(at))
        return {"input_ids": ids, "labels": ids}


def trainer_of(folder: Path, callbacks: Any = None, **arguments: Any) -> Any:
    from transformers import AutoModelForCausalLM, Trainer, TrainingArguments

    model = AutoModelForCausalLM.from_pretrained(tiny_model("llama", folder / "model"))
    standard = {
        "max_steps": 6, "per_device_train_batch_size": 2, "report_to": [], "use_cpu": True,
        "disable_tqdm": True, "logging_steps": 2, "save_strategy": "no", "learning_rate": 1e-2,
        "dataloader_pin_memory": False,
    }  # fmt: skip
    options = TrainingArguments(str(folder / "out"), **standard | arguments)
    return Trainer(model, options, train_dataset=Texts(), eval_dataset=Texts(), callbacks=callbacks)


def steps(watch: Watch) -> list[int]:
    return [point.step for point in watch.trace.points]


def logged(trainer: Any) -> list[int]:
    """Return the steps at which an overlap is in the trainer's log."""
    return [entry["step"] for entry in trainer.state.log_history if OVERLAP in entry]


def test_a_trainer_logs_what_is_observed_and_its_other_loggers_see_it(tmp_path: Path) -> None:
    from transformers import TrainerCallback

    seen: list[dict[str, float]] = []

    class Logger(TrainerCallback):
        """Stands for TensorBoard's, W&B's or trackio's, which log what this hook is given."""

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **more: Any) -> Any:
            seen.append(dict(logs))

    trainer = trainer_of(tmp_path, [Logger()])
    watch = Watch(trainer.model, every=4).attach(trainer)
    trainer.train()
    assert steps(watch) == logged(trainer) == [0, 4, 6]
    overlaps = [entry[OVERLAP] for entry in seen if OVERLAP in entry]
    assert overlaps == [p.observation.mean_square_overlap for p in watch.trace.points]
    losses = [entry["step"] for entry in trainer.state.log_history if "loss" in entry]
    assert losses == [2, 4, 6]  # as without it


def test_the_step_counts_steps_of_the_optimizer(tmp_path: Path) -> None:
    trainer = trainer_of(tmp_path, gradient_accumulation_steps=3, max_steps=4)
    watch = Watch(trainer.model, every=2).attach(trainer)
    trainer.train()
    assert steps(watch) == [0, 2, 4]


def test_evaluations_at_a_step_and_after_the_training_add_nothing(tmp_path: Path) -> None:
    trainer = trainer_of(tmp_path, eval_strategy="steps", eval_steps=1, bf16=True)
    watch = Watch(trainer.model, every=3, out=tmp_path / "run.parquet").attach(trainer)
    trainer.evaluate()
    trainer.train()
    trainer.evaluate()
    trainer.evaluate()
    trainer.predict(Texts())
    assert steps(watch) == logged(trainer) == [0, 3, 6]
    assert read_trace(tmp_path / "run.parquet") == watch.trace


def test_the_last_observation_is_of_the_last_weights_not_of_the_best(tmp_path: Path) -> None:
    trainer = trainer_of(
        tmp_path,
        eval_strategy="steps",
        eval_steps=1,
        save_strategy="steps",
        save_steps=1,
        load_best_model_at_end=True,
        metric_for_best_model="loss",
        greater_is_better=True,
    )  # fmt: skip  (the best is then the first)
    watch = Watch(trainer.model, every=1).attach(trainer)
    trainer.train()
    last = watch.trace.points[-1]
    assert last.step == 6 and last.own_update is not None and last.own_update > 0
    assert Watch(trainer.model).observe(0).observation == watch.trace.points[1].observation


def test_a_trainer_that_goes_on_from_a_checkpoint_replaces_later_rows(tmp_path: Path) -> None:
    path = tmp_path / "run.parquet"
    whole = trainer_of(tmp_path, save_strategy="steps", save_steps=3)
    first = Watch(whole.model, every=2, out=path).attach(whole)
    whole.train()
    again = trainer_of(tmp_path, save_strategy="no")
    watch = Watch(again.model, every=2, out=path).attach(again)
    again.train(resume_from_checkpoint=str(tmp_path / "out" / "checkpoint-3"))
    assert steps(first) == [0, 2, 4, 6]
    assert steps(watch) == [0, 2, 3, 4, 6]
    ends = [watch.trace.points[-1].observation, first.trace.points[-1].observation]
    assert ends[0] == ends[1]


def lightning_module(folder: Path) -> Any:
    import lightning
    from transformers import AutoModelForCausalLM

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.model = AutoModelForCausalLM.from_pretrained(tiny_model("llama", folder))

        def training_step(self, batch: Any, at: int) -> Any:
            return self.model(**batch).loss

        def validation_step(self, batch: Any, at: int) -> None:
            self.model(**batch)

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), 0.1)

    return Module()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Lightning's, of its own and of few workers
@pytest.mark.parametrize("package", ["lightning.pytorch", "pytorch_lightning"])
def test_lightning_logs_it_by_its_own_loggers(package: str, tmp_path: Path) -> None:
    import importlib

    module = lightning_module(tmp_path / "model")
    if package == "pytorch_lightning":
        pytest.importorskip(package)
    of = importlib.import_module(package)
    loggers = importlib.import_module(f"{package}.loggers")
    logger = loggers.CSVLogger(str(tmp_path))
    trainer = of.Trainer(
        max_steps=5, accumulate_grad_batches=2, logger=logger, accelerator="cpu",
        enable_progress_bar=False, enable_model_summary=False, enable_checkpointing=False,
        val_check_interval=2, limit_val_batches=1, default_root_dir=tmp_path,
    )  # fmt: skip
    watch = Watch(module.model, every=2).attach(trainer)
    if package == "pytorch_lightning":  # takes modules of its own package alone
        module.__class__ = type(
            "Module", (of.LightningModule,),
            {name: value for name, value in vars(type(module)).items() if "step" in name
             or name == "configure_optimizers"},
        )  # fmt: skip
    loader = torch.utils.data.DataLoader(Texts(), batch_size=2)
    trainer.fit(module, loader, loader)
    assert steps(watch) == [0, 2, 4, 5]
    written = pd.read_csv(Path(logger.log_dir) / "metrics.csv")
    assert written["step"].tolist() == steps(watch)
    overlaps = [metrics(point)[OVERLAP] for point in watch.trace.points]
    assert written[OVERLAP].tolist() == pytest.approx(overlaps, rel=1e-12)
