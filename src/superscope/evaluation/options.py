"""How a loss is evaluated."""

# Annotations are evaluated here, because a class elsewhere may inherit these fields.

from dataclasses import dataclass
from typing import Literal

from superscope.arguments import checked
from superscope.errors import UsageError
from superscope.frequency.options import TextOptions
from superscope.options import check_least

BLOCK_TOKENS = 1 << 14  # a minute or less on a laptop


@checked
@dataclass(frozen=True)
class LossOptions(TextOptions):
    """How to evaluate a model.

    Attributes
    ----------
    mode
        ``documents`` cuts each document to the context and averages over tokens, as LLG25 does.
        ``windows`` strides over all documents in a row with overlap, so that every token has
        context: the usual perplexity.
    context
        Tokens read at once; less if the model allows less.
    stride
        Tokens from one window to the next; half the context by default.
    batch
        Sequences read at once.
    device
        ``cpu``, ``cuda``, …; ``auto`` is a GPU where there is one, all of several.
    dtype
        ``float32``, ``bfloat16``, ``float16``; ``auto`` is the checkpoint's own on a GPU, float32
        on a CPU.
    block_tokens
        Tokens after which what is done is kept.
    """

    mode: Literal["documents", "windows"] = "documents"
    context: int = 2048
    stride: int | None = None
    batch: int = 8
    device: str = "auto"
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    block_tokens: int = BLOCK_TOKENS

    def __post_init__(self) -> None:
        """Refuse what cannot be done.

        Raises
        ------
        UsageError
            Naming the option.
        """
        if self.stride is not None and self.mode != "windows":
            raise UsageError("a stride is that of windows: choose mode='windows'")
        least = {"context": 2, "stride": 1, "batch": 1, "max_tokens": 2, "block_tokens": 1}
        check_least(self, least)
        super().__post_init__()
        if self.stride is not None and self.stride >= self.context:
            raise UsageError(
                f"a stride of {self.stride:,} leaves no context in windows of "
                f"{self.context:,} tokens"
            )
