"""Captions: whole sentences, those that a figure needs."""

from __future__ import annotations


def caption(*sentences: str) -> str:
    """Return sentences as one text; those that are empty are left out."""
    return " ".join(sentence.strip() for sentence in sentences if sentence.strip())
