"""A trained lab model as a checkpoint folder that every other room reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from superscope.atomic import make_folder, write_file, write_folder
from superscope.errors import FormatError
from superscope.evaluation.factored import replace_head
from superscope.evaluation.factored_files import save_tensors, write_into
from superscope.frequency.checkpoint import quiet
from superscope.heads.narrow_head import Block, NarrowHead
from superscope.lab.corpus import Corpus
from superscope.lab.model import LabModel
from superscope.lab.result_file import read_result, to_bytes
from superscope.lab.run import LabRun

KIND = "superscope_lab"
"""The type of model in ``config.json`` where logits are no linear map of hidden states."""


RUN = "lab_run.json"
"""The run that made the model, in its folder."""


def write_model(model: LabModel, corpus: Corpus, run: LabRun, folder: Path) -> None:
    """Write a model to a folder, with its tokenizer and its run.

    The matrix that stands for its head is written: with scales multiplied in, and as factors where
    it has a rank of its own or a bias. A head that is not linear has no such matrix. Its rows are
    written, to be measured, and a type of model that transformers does not know, so that no loss
    is taken with them alone.

    Parameters
    ----------
    model
        The model.
    corpus
        Has the tokenizer.
    run
        What is known of its training.
    folder
        Where to; an empty folder may be there.

    Raises
    ------
    UsageError
        The disk is full, or the folder cannot be written.
    """
    import transformers

    make_folder(folder.parent)
    with write_folder(folder) as beside, quiet(transformers):
        corpus.tokenizer().save(beside)
        if model.head.linear:
            _write_linear(model, beside)
        else:
            _write_rows(model, beside)
        write_file(beside / RUN, to_bytes(run))


def read_run(folder: Path) -> LabRun | None:
    """Return the run that made the model in a folder; None where it has none that can be read."""
    try:
        found = read_result(folder / RUN)
    except (OSError, FormatError):
        return None
    return found if isinstance(found, LabRun) else None


def _write_linear(model: LabModel, folder: Path) -> None:
    """Write a model of transformers, or one whose head is factors."""
    import transformers

    head = model.head
    tied = model.tied and head.scale is None  # scales are the output's alone
    config = type(model.model_config).from_dict(
        {**model.model_config.to_dict(), "tie_word_embeddings": tied, "use_cache": True}
    )
    whole: Any = transformers.AutoModelForCausalLM.from_config(config).float().eval()
    whole.base_model.load_state_dict({n: t.cpu() for n, t in model.body.state_dict().items()})
    if head.bias is not None or head.states is not None:
        rows = _array(head.weight)
        columns = np.eye(rows.shape[1], dtype=np.float32)
        if isinstance(head.states, nn.Linear):
            columns = _array(head.states.weight)
        bias = None if head.bias is None else _array(head.bias)
        replace_head(whole, NarrowHead((Block(rows, columns),), bias))
        write_into(whole, folder, torch.float32)
        return
    if not tied:
        whole.get_output_embeddings().weight.data = head.matrix().cpu()
    whole.save_pretrained(folder)


def _write_rows(model: LabModel, folder: Path) -> None:
    """Write the weights as they are, the rows under the name of an output head."""
    tensors = {f"model.{n}": t for n, t in model.body.state_dict().items()}
    for name, tensor in model.head.state_dict().items():
        tensors["lm_head.weight" if name == "rows" else f"head.{name}"] = tensor
    tensors["lm_head.weight"] = model.head.matrix()
    made = {n: t.detach().cpu().contiguous().clone() for n, t in tensors.items()}
    save_tensors(made, folder / "model.safetensors")
    body = model.model_config.to_dict()
    config = {
        "model_type": KIND,
        "hidden_size": int(model.head.rows.shape[1]),
        "vocab_size": int(model.head.rows.shape[0]),
        "num_hidden_layers": body["num_hidden_layers"],
        "tie_word_embeddings": False,
        "body": {k: v for k, v in body.items() if isinstance(v, (int, float, str, bool))},
    }
    write_file(folder / "config.json", json.dumps(config, indent=2) + "\n")


def _array(tensor: torch.Tensor) -> npt.NDArray[np.float32]:
    found: npt.NDArray[np.float32] = tensor.detach().cpu().float().numpy()
    return found
