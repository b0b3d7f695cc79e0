"""The command line as a whole, and that running it in this process is like a process."""

import os
import signal
import sys
from importlib.abc import MetaPathFinder
from pathlib import Path

import numpy as np
import pytest
from command import Done, process, superscope


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("head") / "W.npy"
    np.save(path, np.random.default_rng(0).standard_normal((60, 8)).astype(np.float32))
    return path


@pytest.mark.parametrize(
    "arguments",
    [("--version",), ("measure", "W.npy"), ("measure", "nothing.npy"), ("measure", "--no-such")],
)
def test_a_command_says_the_same_here_and_in_a_process(
    head: Path, arguments: tuple[str, ...]
) -> None:
    here = superscope(*arguments, folder=head.parent)
    assert here == process(*arguments, folder=head.parent)
    assert here.code == (0 if arguments[-1] in ("--version", "W.npy") else 2)
    assert (here.err == "") == (here.code == 0)


def test_a_command_leaves_the_process_as_it_was(head: Path) -> None:
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    before = dict(os.environ), Path.cwd()
    assert isinstance(superscope("measure", "W.npy", folder=head.parent, NO_COLOR="1"), Done)
    assert (dict(os.environ), Path.cwd()) == before
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == handlers


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_packages_load_is_one_line(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    modules = ("superscope.cli.app", "superscope.cli.cache")

    class Stopping(MetaPathFinder):
        def __init__(self, at: str):
            self.at = at

        def find_spec(self, name: str, *_: object) -> None:
            if name == self.at:
                signal.raise_signal(number)

    for at in modules:
        with monkeypatch.context() as loading:
            loading.setattr(sys, "meta_path", [Stopping(at), *sys.meta_path])
            for module in modules:  # an application that was loaded before may know its commands
                loading.delitem(sys.modules, module, raising=False)
            assert superscope("cache") == Done(130, "", "superscope: stopped\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("fit", "t.csv"), "fit needs --law (power, width, chinchilla, shape, time); see: "),
        (("fit", "t.csv", "--lwa", "power"), "time), not --lwa; see: superscope fit --help"),
        (("fit",), "fit needs TABLE; see: superscope fit --help"),
        (("plan", "law.json"), "plan needs --compute; see: superscope plan --help"),
        (("toy", "sweep", "s.toml"), "toy sweep needs --out; see: superscope toy sweep --help"),
        (("plan", "law.json", "--compute"), "--compute requires an argument"),
        (("measure", "--family", "optt"), "no family 'optt'; did you mean opt? "),
        (("fit", "t.csv", "--law", "power"), "the law power needs --x COLUMN, the column"),
        (("roll-out", "t.csv", "--law", "chinchilla"), "name yours with --columns parameters="),
        (("fit", "t.csv", "--law", "width", "--out", "no/a.json"), "there is no folder no"),
    ],
)
def test_a_message_says_what_is_missing(
    tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    (tmp_path / "t.csv").write_text("width,loss\n8,3\n16,2.5\n32,2.2\n64,2\n")
    done = superscope(*arguments, folder=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert says in done.err
