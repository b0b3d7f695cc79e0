"""How often tokens occur in a text; the texts themselves, and their tokens."""

from superscope.frequency import summary  # noqa: F401  (registers how results print)
from superscope.frequency._count_tokens import count_tokens
from superscope.frequency._hub_text import DATASETS, HubText, hub_text
from superscope.frequency._text_files import text_files
from superscope.frequency.checkpoint import Loadable, loadable
from superscope.frequency.counts_file import read_frequencies
from superscope.frequency.text import Document, Text, text_of
from superscope.frequency.token_frequency import CountedText, TokenFrequency
from superscope.frequency.tokenizer import Tokenizer, load_tokenizer
from superscope.frequency.zipf import Bend, ZipfExponent

__all__ = [
    "DATASETS",
    "Bend",
    "CountedText",
    "Document",
    "HubText",
    "Loadable",
    "Text",
    "TokenFrequency",
    "Tokenizer",
    "ZipfExponent",
    "count_tokens",
    "hub_text",
    "load_tokenizer",
    "loadable",
    "read_frequencies",
    "text_files",
    "text_of",
]
