"""Log frequencies added to the logits."""

from __future__ import annotations

import numpy as np
import torch

from superscope.lab.head import LabHead
from superscope.lab.variants.variant import Option, Setting, Variant


class Bias(Variant):
    """Logits get s log p, p being the share of each token in the training text; it is not trained.

    Rows then need no direction in common to say how often tokens occur. Counts are one more than
    they are, so that no p is 0.
    """

    name = "bias"
    option = Option("s, the share of log p", 1.0, 0.0)
    decides = frozenset({"bias"})

    def prepare(self, head: LabHead, setting: Setting) -> None:
        counts = setting.counts.astype(np.float64) + 1
        log_p = np.log(counts / counts.sum())
        assert self.value is not None
        head.register_buffer("bias", torch.from_numpy(self.value * log_p).float())
