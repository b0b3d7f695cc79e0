"""Messages name Python's arguments; the command line shows options."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import superscope as run

import superscope
from superscope import laws
from superscope.cli.fit import fit
from superscope.cli.frequency import frequency
from superscope.cli.loss import loss
from superscope.cli.measure import measure
from superscope.cli.wording import as_options
from superscope.errors import SuperscopeError
from superscope.evaluation import LossOptions
from superscope.text import spelled

PACKAGE = Path(superscope.__file__).parent


@pytest.mark.parametrize(
    ("message", "command", "shown"),
    [
        ("choose rows='all'", measure, "choose --rows all"),
        ("name local files with text= instead", loss, "name local files with --text instead"),
        ("pass tensor='NAME'; candidates: a", measure, "pass --tensor NAME; candidates: a"),
        ("leave out fold_norm=True", measure, "leave out --fold-norm"),
        ("max_tokens=0; it must be 1", loss, "--max-tokens 0; it must be 1"),
        ("cannot read data/split=train/a.txt", loss, "cannot read data/split=train/a.txt"),
        ("https://store/a?text=1 is absent", loss, "https://store/a?text=1 is absent"),
        ("with columns={'width': 'YOURS'}", fit, "with --columns width=YOURS"),
        ("the law is loss = A", fit, "the law is loss = A"),
        ("loss==3 and 'loss=L' are typed", fit, "loss==3 and 'loss=L' are typed"),
        ("give it bounds=", fit, "give it --bound"),
        ("a model with mode='windows'", frequency, "a model with mode='windows'"),
        ("choose one with hub_text(split=NAME)", loss, "choose one with --dataset-split NAME"),
    ],
)
def test_arguments_are_shown_as_options(
    message: str, command: Callable[..., None], shown: str
) -> None:
    assert as_options(message, command) == shown


@pytest.mark.parametrize(
    ("options", "words", "in_python", "in_command"),
    [
        ({"neighbors": 2}, ("--neighbors", 2), "pass pairs='exact'", "pass --pairs exact"),
        ({"tensor": "b"}, ("--tensor", "b"), "pass tensor='NAME'", "pass --tensor NAME"),
        ({"fold_norm": True}, ("--fold-norm",), "fold_norm=True", "--fold-norm"),
        ({"revision": "v1"}, ("--revision", "v1"), "revision='v1' needs", "--revision v1 needs"),
        ({"rows": "tokenizer"}, ("--rows", "tokenizer"), "rows='all'", "--rows all"),
    ],
)
def test_python_names_the_argument_and_the_command_its_option(
    options: dict[str, Any], words: tuple[object, ...], in_python: str, in_command: str,
    tmp_path: Path,
) -> None:  # fmt: skip
    head = tmp_path / "W.npy"
    np.save(head, np.eye(9, 4, dtype=np.float32))
    with pytest.raises(SuperscopeError) as raised:
        superscope.measure(head, **options)
    assert in_python in str(raised.value)
    done = run("measure", head, *words)
    assert done.code == 2
    assert in_command in done.err


@pytest.mark.parametrize(
    ("options", "words", "in_python", "in_command"),
    [
        ({"stride": 3}, ("--stride", 3), "mode='windows'", "--mode windows"),
        ({"max_tokens": 0}, ("--max-tokens", 0), "max_tokens=0; ", "--max-tokens 0; "),
    ],
)
def test_so_do_those_of_a_loss(
    options: dict[str, Any], words: tuple[object, ...], in_python: str, in_command: str
) -> None:
    with pytest.raises(SuperscopeError) as raised:
        LossOptions(**options)
    assert in_python in str(raised.value)
    assert in_command in run("loss", "absent", "--text", __file__, *words).err


def test_notes_name_arguments_in_python_and_options_in_terminal_and_report(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).standard_normal((60, 4)).astype(np.float32)
    rows[:5] *= 1e-12
    head, page = tmp_path / "W.npy", tmp_path / "page.html"
    np.save(head, rows)
    options = ("--pairs", "none", "--report", page)
    python = " ".join(str(superscope.measure(head, pairs="none")).split())
    assert "rows='trained' leaves them out" in python
    for shown in (run("measure", head, *options).out, page.read_text(encoding="utf-8")):
        words = " ".join(shown.split())
        assert "--rows trained leaves them out" in words
        assert not re.search(r"\brows=|\btensor=|\baxis=", words)


def test_remedies_of_a_law_are_spelled_for_their_reader() -> None:
    table = laws.simulate("time", parameters={"alpha": 0.4})
    law = laws.fit(table, "time", resamples=0, judge=False, progress=None)
    assert "fit with judge=True" in str(law)
    with spelled(str.upper):
        assert "FIT WITH JUDGE=TRUE" in str(law)


def test_every_printer_passes_its_notes_on() -> None:
    """A summary or page that shows a note writes it with `text.advice`."""
    bare = re.compile(r"\(\"(?:note|read)\", note\)|\bfinding\.text\}|\{remedy\}")
    found = [f.name for f in PACKAGE.rglob("*.py") if bare.search(f.read_text(encoding="utf-8"))]
    assert found == []


def test_no_message_but_a_commands_names_an_option() -> None:
    """A message has words before it; what declares an option has none."""
    found = []
    for file in PACKAGE.rglob("*.py"):
        if file.is_relative_to(PACKAGE / "cli"):
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        docs = {id(s.value) for s in ast.walk(tree) if isinstance(s, ast.Expr)}
        found += [
            f"{file.name}: {node.value}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
            if id(node) not in docs and re.search(r"\w.*[\s(]--[a-z]", node.value)
        ]
    assert found == []
