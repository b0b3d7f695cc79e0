"""The examples in docstrings, which run as they stand and print what they say."""

from __future__ import annotations

import doctest
import importlib
from collections.abc import Callable
from pathlib import Path

import pytest

import superscope
from superscope import evaluation, forecasts, frequency, laws, study, toy

ROOT = Path(superscope.__file__).parent
WITH_EXAMPLES = [
    ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted(ROOT.rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


MOST_USED = (
    superscope.measure, superscope.Geometry.plot, superscope.Geometry.tokens,
    superscope.Geometry.collisions, superscope.read_head, superscope.write_report,
    superscope.Geometry.to_json, laws.fit, laws.fit_by, laws.compare, laws.load_table,
    laws.simulate, laws.Law.predict, laws.Law.to_frame, forecasts.forecast, forecasts.plan,
    forecasts.roll_out, toy.train, toy.sweep, toy.ToyRun.to_frame, frequency.count_tokens,
    frequency.text_files, evaluation.evaluate, evaluation.Evaluation.tokens, study.study,
)  # fmt: skip


@pytest.mark.parametrize("entry", MOST_USED, ids=lambda entry: entry.__qualname__)
def test_the_most_used_show_how(entry: Callable[..., object]) -> None:
    """Their examples are among those that run below."""
    assert ">>> " in str(entry.__doc__).partition("Examples\n")[2]
    assert entry.__module__ in WITH_EXAMPLES


@pytest.mark.parametrize("module", WITH_EXAMPLES)
def test_the_examples_print_what_they_say(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run in an empty folder; what no test can have, as a network, says ``doctest: +SKIP``."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    failed, _ = doctest.testmod(importlib.import_module(module), optionflags=flags)
    assert failed == 0
