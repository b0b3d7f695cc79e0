"""The tokenizer that a lab makes of its text."""

from __future__ import annotations

from collections.abc import Iterable

from superscope.errors import UsageError, install_hint
from superscope.frequency.text import Document
from superscope.frequency.tokenizer import Tokenizer
from superscope.text import counted

END = "<|endoftext|>"


def made_tokenizer(text: Iterable[Document], vocabulary: int) -> Tokenizer:
    """Return a byte-level BPE tokenizer of some documents.

    Raises
    ------
    UsageError
        They have too few pairs of letters for the vocabulary.
    """
    try:
        from transformers import PreTrainedTokenizerFast
    except ImportError:
        raise install_hint("transformers", "text", "the lab") from None
    from tokenizers import ByteLevelBPETokenizer

    made = ByteLevelBPETokenizer()
    documents = (document.text for document in text)
    made.train_from_iterator(documents, vocabulary, special_tokens=[END], show_progress=False)
    found = made.get_vocab_size()
    if found != vocabulary:
        raise UsageError(
            f"vocabulary={vocabulary:,}; byte-level BPE makes {counted(found, 'entry', 'entries')} "
            f"of this text, of which 257 are bytes and {END}; set vocabulary={found}"
        )
    loaded = PreTrainedTokenizerFast(tokenizer_object=made._tokenizer, eos_token=END)
    return Tokenizer("lab", loaded)
