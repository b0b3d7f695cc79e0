"""``superscope toy train``: options, output, and mistakes."""

from __future__ import annotations

import inspect
import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from command import Done, python, superscope

from superscope.cli.toy_train import toy_train
from superscope.toy import ToyConfig, ToyRun, from_bytes, train

TINY = ("--n", "30", "--width", "4", "--batch", "64", "--steps", "60")


def toy(*arguments: object) -> Done:
    return superscope("toy", "train", *arguments)


def test_options_are_the_fields_of_the_config() -> None:
    options = inspect.signature(toy_train).parameters
    assert options["config"].default == ToyConfig()
    assert set(options) == {"config", "device", "json", "out", "figures"}
    shown = toy("--help").out
    for field in fields(ToyConfig):
        assert f"--{field.name.replace('_', '-')} " in shown


def test_the_figures_of_a_run_are_written_three_ways(tmp_path: Path) -> None:
    done = toy(*TINY, "--figures", tmp_path / "new")
    assert (done.code, done.err) == (0, "")
    written = {path.name for path in (tmp_path / "new").iterdir()}
    assert len(written) == 12
    assert {Path(name).suffix for name in written} == {".png", ".pdf", ".svg"}


def test_the_table_says_what_was_learned() -> None:
    done = toy(*TINY)
    assert done.code == 0, done.err
    assert "n = 30, m = 4, p ∝ i^−1, γ = −1, seed 0" in done.out
    for line in ("loss, last 100 steps", "of unrepresented features", "loss on fresh samples",
                 "represented, norm above ½", "mean square overlap"):  # fmt: skip
        assert line in done.out


def test_json_and_file_are_the_run_that_python_trains(tmp_path: Path) -> None:
    file = tmp_path / "run.npz"
    probabilities = tmp_path / "p.txt"
    np.savetxt(probabilities, np.full(30, 0.05))
    groups = tmp_path / "groups.json"
    groups.write_text("[[0, 1, 2], [5, 9]]")
    done = toy(
        *TINY, "--frequencies", probabilities, "--groups", groups, "--decay", "0.5",
        "--seed", "3", "--json", "--out", file,
    )  # fmt: skip
    assert done.code == 0, done.err
    config = ToyConfig(
        n=30, width=4, batch=64, steps=60, frequencies=(0.05,) * 30,
        groups=((0, 1, 2), (5, 9)), decay=0.5, seed=3,
    )  # fmt: skip
    expected = train(config)
    run = from_bytes(file.read_bytes())
    assert isinstance(run, ToyRun)
    assert run.config == config
    np.testing.assert_array_equal(run.W, expected.W)
    shown = json.loads(done.out)
    assert shown["observation"]["loss"] == expected.loss
    assert shown["observation"]["density"] == pytest.approx(1.5)
    assert shown["observation"]["family"] == "given"
    assert shown["unrepresented_loss"] + shown["interference_loss"] == pytest.approx(expected.loss)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--width", "0"), "width must be at least 1"),
        (("--n", "-3"), "n must be at least 1"),
        (("--density", "1000"), "above 1; at most"),
        (("--frequencies", "pwoer"), "did you mean power"),
        (("--frequencies", "absent.npy"), "cannot read frequencies: cannot read absent.npy"),
        (("--groups", "many"), "a number or a .json file"),
        (("--groups", "absent.json"), "cannot read groups"),
        (("--learning-rate", "1e30", "--warmup", "0"), "diverged at step"),
        (("--device", "cuda"), "choose engine torch"),
        (("--engine", "torch", "--device", "nowhere"), "nowhere"),
        (("--out", "run.txt"), "run.txt must end in .npz"),
        (("--out", "absent/run.npz"), "cannot write absent/run.npz"),
        (("--steps", "1000000000", "--out", "/proc/run.npz"), "cannot write /proc/run.npz"),
        (("--widht", "3"), "--widht"),
    ],
)
def test_mistakes_cost_one_line_and_exit_code_2(
    arguments: tuple[str, ...], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tiny = [*TINY]
    if arguments[0] in tiny:
        at = tiny.index(arguments[0])
        del tiny[at : at + 2]
    done = toy(*tiny, *arguments)
    assert done.code == 2
    assert says in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert not done.out
    assert not list(tmp_path.iterdir())


def test_help_is_quick_to_come_by() -> None:
    """Neither torch nor numba is loaded to print help."""
    code = (
        "import sys\n"
        "from superscope.cli.app import app\n"
        "app(['toy', 'train', '--help'])\n"
        "print(sorted({'torch', 'numba', 'matplotlib', 'pandas'} & set(sys.modules)))"
    )
    done = python(code)
    assert done.out.strip().endswith("[]"), done.out


def test_the_numba_engine_trains_without_torch() -> None:
    """Torch takes seconds to import, in each process of a sweep."""
    code = (
        "import sys\n"
        "from superscope.toy import ToyConfig, evaluate, train\n"
        "evaluate(train(ToyConfig(n=20, width=3, batch=16, steps=2)), samples=2)\n"
        "print('torch' in sys.modules)"
    )
    assert python(code).out.strip() == "False"
