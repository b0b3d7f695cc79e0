"""Locate a checkpoint, read its output head, and say where it came from."""

from superscope.heads._locate import locate
from superscope.heads.any_model import any_head
from superscope.heads.checkpoint import Checkpoint
from superscope.heads.families import FAMILIES, family_of, members
from superscope.heads.head import Head, Provenance
from superscope.heads.objects import head_of
from superscope.heads.options import HeadOptions
from superscope.heads.read import read_each, read_head, read_heads
from superscope.heads.rows import ArrayRows, FileRows, Rows
from superscope.heads.sparsity import read_rates
from superscope.heads.trained import near_zero, trained_rows
from superscope.heads.vector import read_vector

__all__ = [
    "FAMILIES",
    "ArrayRows",
    "Checkpoint",
    "FileRows",
    "Head",
    "HeadOptions",
    "Provenance",
    "Rows",
    "any_head",
    "family_of",
    "head_of",
    "locate",
    "members",
    "near_zero",
    "read_each",
    "read_head",
    "read_heads",
    "read_rates",
    "read_vector",
    "trained_rows",
]
