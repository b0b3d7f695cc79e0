"""Messages name Python's arguments; the command line shows options."""

from __future__ import annotations

import pytest

from superscope.cli.wording import as_options


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("choose rows='all'", "choose --rows 'all'"),
        ("name local files with text= instead", "name local files with --text instead"),
        ("pass tensor=NAME; candidates: a", "pass --tensor NAME; candidates: a"),
        ("leave out fold_norm=True", "leave out --fold-norm"),
        ("max_tokens=0; expected 1", "--max-tokens 0; expected 1"),
        ("cannot read data/split=train/a.txt", "cannot read data/split=train/a.txt"),
        ("https://store/a?text=1 is absent", "https://store/a?text=1 is absent"),
        ("the law is loss = A", "the law is loss = A"),
    ],
)
def test_arguments_are_shown_as_options(message: str, shown: str) -> None:
    assert as_options(message) == shown
