"""A lab model: a body, and a head that variants have changed."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from superscope.lab.body import make_body, transformers_config
from superscope.lab.config import LabConfig
from superscope.lab.corpus import Corpus
from superscope.lab.head import LabHead, first_rows
from superscope.lab.variants import Setting


class LabModel(nn.Module):
    """An untrained model of a config.

    Parameters
    ----------
    config
        What it is.
    corpus
        The text, for its vocabulary and its counts.
    device
        Where it is.

    Attributes
    ----------
    body, head
        Its parts.
    model_config
        The config of transformers.
    """

    def __init__(self, config: LabConfig, corpus: Corpus, device: str = "cpu") -> None:
        super().__init__()
        vocabulary = corpus.info.vocabulary
        self.model_config = transformers_config(config, vocabulary, corpus.info.end)
        self.body: Any = make_body(self.model_config, config.seed)
        std = self.model_config.initializer_range
        self.head = LabHead(first_rows(vocabulary, config.width, std, config.seed))
        generator = torch.Generator().manual_seed(config.seed + 1)
        embedding = self.body.get_input_embeddings().weight
        setting = Setting(config.width, corpus.counts, embedding, generator)
        for variant in config.variants:
            variant.prepare(self.head, setting)
        self.to(device)

    @property
    def device(self) -> torch.device:
        """Where it is."""
        return self.head.rows.device

    @property
    def tied(self) -> bool:
        """Whether its rows are the input embedding."""
        return self.head.rows is self.body.get_input_embeddings().weight

    def states(self, ids: torch.Tensor) -> torch.Tensor:
        """Return what the head is given, (…, L, m), for ids (…, L)."""
        found: torch.Tensor = self.body(input_ids=ids, use_cache=False).last_hidden_state
        return found

    def sizes(self) -> tuple[int, int]:
        """Return how many weights are trained, and those of the head alone among them."""
        body = {id(p) for p in self.body.parameters()}
        own = sum(p.numel() for p in self.head.parameters() if id(p) not in body)
        return sum(p.numel() for p in self.body.parameters()) + own, own
