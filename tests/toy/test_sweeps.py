"""Sweeps of toy runs: what they are, what their folder holds, what becomes of damage."""

from __future__ import annotations

import io
import json
import math
import os
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from superscope.errors import FormatError, NotFoundError, SuperscopeError, UsageError
from superscope.runs import SweepOutcome
from superscope.toy import (
    Failure,
    ToyConfig,
    ToyRun,
    from_bytes,
    product,
    read_runs,
    read_sweep,
    sweep,
    to_bytes,
    train,
)
from superscope.toy.run_file import FORMAT
from superscope.toy.sweeps import look

SMALL: dict[str, Any] = {"n": 20, "width": 3, "batch": 32, "steps": 20}
WIDTHS = [2, 3, 5]


@pytest.fixture
def executor() -> Iterator[Executor]:
    with ThreadPoolExecutor(1) as threads:
        yield threads


@pytest.fixture
def configs() -> list[ToyConfig]:
    return product({**SMALL, "width": WIDTHS, "seed": [0, 1]})


@pytest.fixture(scope="module")
def content() -> bytes:
    """The file of a run."""
    return to_bytes(train(ToyConfig(**SMALL)))


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {f.stem: (f.stat().st_mtime_ns, f.read_bytes()) for f in folder.glob("*.npz")}


def toml(folder: Path, text: str) -> Path:
    file = folder / "sweep.toml"
    file.write_text(text)
    return file


# What a sweep is


def test_a_sweep_is_the_product_of_lists_over_any_field() -> None:
    fields = {
        "n": [20, 30], "width": 3, "alpha": [0.5, 1], "decay": [-1.0, 0.0, 1.0], "engine": "numba",
        "learning_rate": [0.01, 0.02], "seed": [0, 1],
    }  # fmt: skip
    configs = product(fields)
    assert len({config.identity for config in configs}) == len(configs) == 2 * 2 * 3 * 2 * 2
    assert configs[0] == ToyConfig(n=20, width=3, alpha=0.5, decay=-1.0, learning_rate=0.01)
    assert {(c.n, c.alpha, c.decay) for c in configs} == {
        (n, a, d) for n in (20, 30) for a in (0.5, 1.0) for d in (-1.0, 0.0, 1.0)
    }


def test_nothing_said_is_one_run_of_the_defaults() -> None:
    assert product({}) == [ToyConfig()]


def test_lists_of_lists_are_choices_of_lists(tmp_path: Path) -> None:
    configs = read_sweep(
        toml(
            tmp_path,
            "n = 4\nwidth = 2\nfrequencies = ['power', [0.5, 0.25, 0.125, 0.1]]\n"
            "groups = [1, 2, [[0, 3], [1, 2]]]\n",
        )
    )
    assert [config.frequencies for config in configs[::3]] == ["power", (0.5, 0.25, 0.125, 0.1)]
    assert [config.groups for config in configs[:3]] == [1, 2, ((0, 3), (1, 2))]


def test_frequencies_are_read_beside_the_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "p.txt").write_text("0.5\n0.25\n")
    file = toml(tmp_path, "n = 2\nwidth = 1\nfrequencies = ['p.txt', 'linear']\n")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert [config.frequencies for config in read_sweep(file)] == [(0.5, 0.25), "linear"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("widht = 3", "unknown field 'widht': did you mean width"),
        ("learning_rates = [0.1]", "did you mean learning_rate"),
        ("nonsense = 3", "choose from n, width"),
        ("[model]\nwidth = 3", "unknown field 'model'"),
        ("width = []", "width is an empty list"),
        ("width = [3, 0]", "width must be at least 1, not 0"),
        ("width = 2.5", "width must be a whole number"),
        ("width = 'wide'", "width must be a whole number, not 'wide'"),
        ("width = true", "width must be a whole number"),
        ("n = 0", "n must be at least 1"),
        ("n = -3", "n must be at least 1"),
        ("steps = 0", "steps must be at least 1"),
        ("batch = 0", "batch must be at least 1"),
        ("seed = -1", "seed must be at least 0"),
        ("warmup = -1", "warmup must be at least 0"),
        ("alpha = nan", "alpha must be finite"),
        ("decay = inf", "decay must be finite"),
        ("density = -1", "density must be above 0"),
        ("learning_rate = 0", "learning_rate must be above 0"),
        ("scale = 0\nfrequencies = 'exponential'", "scale must be above 0"),
        ("density = 500", "at most"),
        ("n = 2\nfrequencies = [[0.5, 1.5]]", "probability 1.5 of feature 1 is not in [0, 1]"),
        ("n = 2\nfrequencies = [[0.5, nan]]", "finite"),
        ("n = 2\nfrequencies = [[0.5, 0.5, 0.5]]", "3 probabilities for n = 2"),
        ("n = 2\nfrequencies = [[0, 0]]", "every probability is 0"),
        ("frequencies = 'powr'", "did you mean power"),
        ("engine = 'numbo'", "did you mean numba"),
        ("n = 3\ngroups = [[[0, 1], [1, 2]]]", "feature 1 is listed twice"),
        ("n = 3\ngroups = [[[0, 3]]]", "feature ids must be 0 to 2"),
        ("groups = 0", "groups must be at least 1"),
        ("n = 3\nfrequencies = [0.5, 0.25, 0.1]", "frequencies"),  # a list too few
        ("frequencies = true", "frequencies"),
        ("n = 4\ngroups = [[0, 1], [2, 3]]", "groups"),  # a list too few
        ("n = 4\ngroups = [[[1000000000000000000000000000000]]]", "groups"),
    ],
)
def test_what_is_no_sweep_is_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    file = toml(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        read_sweep(file)
    assert str(file) in str(caught.value)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"sweep.toml is not valid TOML: .*line 1"):
        read_sweep(toml(tmp_path, "width = = 3"))
    (tmp_path / "sweep.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FormatError, match=r"sweep.toml is not valid TOML"):
        read_sweep(tmp_path / "sweep.toml")


@pytest.mark.parametrize("name", ["absent.toml", "absent/sweep.toml", "."])
def test_a_sweep_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotFoundError, match="cannot read"):
        read_sweep(tmp_path / name)


def test_a_file_of_frequencies_that_is_absent_is_named(tmp_path: Path) -> None:
    with pytest.raises(SuperscopeError, match=r"absent\.npy"):
        read_sweep(toml(tmp_path, "frequencies = ['power', 'absent.npy']"))


# What its folder holds


def test_each_run_is_one_file_with_the_bits_that_training_gives(
    tmp_path: Path, configs: list[ToyConfig], executor: Executor
) -> None:
    out = tmp_path / "new" / "runs"
    assert sweep(configs * 2, out, executor=executor) == SweepOutcome(6, 0, {}, {}, ())
    assert contents(out).keys() == {config.identity for config in configs}
    for config in configs:
        kept, run = from_bytes((out / f"{config.identity}.npz").read_bytes()), train(config)
        assert isinstance(kept, ToyRun)
        assert kept.config == config
        for name in ("W", "b", "losses", "feature_loss"):
            assert getattr(kept, name).tobytes() == getattr(run, name).tobytes()
            assert getattr(kept, name).dtype == getattr(run, name).dtype
        assert kept.seconds > 0


def test_the_same_sweep_again_does_nothing(
    tmp_path: Path, configs: list[ToyConfig], executor: Executor
) -> None:
    sweep(configs[:4], tmp_path, executor=executor)
    before = contents(tmp_path)
    assert sweep(configs, tmp_path, executor=executor) == SweepOutcome(2, 4, {}, {}, ())
    after = contents(tmp_path)
    assert before.items() <= after.items()
    assert sweep(configs, tmp_path, executor=executor) == SweepOutcome(0, 6, {}, {}, ())
    assert contents(tmp_path) == after


def test_state_counts_what_is_done_and_what_is_to_do(
    tmp_path: Path, configs: list[ToyConfig], executor: Executor
) -> None:
    assert look(tmp_path, configs).to_do == tuple(configs)
    sweep(configs[:2], tmp_path, executor=executor)
    state = look(tmp_path, configs * 2)
    assert state.done.keys() == {config.identity for config in configs[:2]}
    assert all(0 < seconds < 1 for seconds in state.done.values())
    assert state.to_do == tuple(configs[2:])
    assert state.configs == tuple(configs)


def test_a_run_that_diverges_is_kept_as_failed_and_others_go_on(
    tmp_path: Path, executor: Executor
) -> None:
    configs = product({**SMALL, "learning_rate": [0.01, 1e30, 0.02]})
    bad = configs[1].identity
    outcome = sweep(configs, tmp_path, executor=executor)
    assert (outcome.done, outcome.errors) == (3, {})
    assert outcome.failed.keys() == {bad}
    assert "diverged at step" in outcome.failed[bad]
    assert "learning_rate" in outcome.failed[bad]
    before = contents(tmp_path)
    assert len(before) == 3
    assert look(tmp_path, configs).to_do == ()
    assert sweep(configs, tmp_path, executor=executor) == SweepOutcome(0, 3, outcome.failed, {}, ())
    assert contents(tmp_path) == before
    read = read_runs(tmp_path)
    assert read.failures == (Failure(configs[1], outcome.failed[bad]),)
    assert {p.config for p in read.points} == {configs[0], configs[2]}


def test_a_folder_is_read_whichever_sweep_its_runs_are_of(
    tmp_path: Path, configs: list[ToyConfig], executor: Executor
) -> None:
    sweep(configs, tmp_path, executor=executor)
    sweep(product({**SMALL, "decay": 0.5}), tmp_path, executor=executor)
    (tmp_path / "damaged.npz").write_bytes(b"garbage")
    (tmp_path / ".being-written.npz").write_bytes(b"half")
    (tmp_path / "notes.txt").write_text("mine")
    told = []
    read = read_runs(tmp_path, progress=lambda *what: told.append(what))
    assert len(read.points) == 7
    assert {p.observation.width for p in read.points} == set(WIDTHS)
    assert read.failures == ()
    (message,) = read.unreadable
    assert str(tmp_path / "damaged.npz") in message
    assert (tmp_path / "damaged.npz").exists()  # reading moves nothing
    assert told[-1] == ("reading runs", 8, 8)


def test_a_folder_that_is_absent_or_empty(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="absent"):
        read_runs(tmp_path / "absent")
    assert read_runs(tmp_path).points == ()


def test_a_folder_that_cannot_be_written_is_refused_before_any_run(
    tmp_path: Path, configs: list[ToyConfig], executor: Executor
) -> None:
    (tmp_path / "out").write_bytes(b"mine")
    with pytest.raises(UsageError, match="cannot keep results in"):
        sweep(configs, tmp_path / "out", executor=executor)
    assert (tmp_path / "out").read_bytes() == b"mine"


# Damage


def changed(content: bytes, **about: object) -> bytes:
    """Return a run's file with other words about it."""
    with np.load(io.BytesIO(content)) as file:
        arrays = dict(file)
    words = json.loads(bytes(arrays.pop("about"))) | about
    out = io.BytesIO()
    np.savez(out, about=np.frombuffer(json.dumps(words).encode(), np.uint8), **arrays)
    return out.getvalue()


def with_arrays(content: bytes, **given: np.ndarray[Any, Any] | None) -> bytes:
    """Return a run's file with other arrays in it, or without."""
    with np.load(io.BytesIO(content)) as file:
        arrays = {**file, **given}
    out = io.BytesIO()
    np.savez(out, **{name: array for name, array in arrays.items() if array is not None})
    return out.getvalue()


def array_bytes() -> bytes:
    out = io.BytesIO()
    np.save(out, np.zeros(3))
    return out.getvalue()


DAMAGE = {
    "empty": lambda c: b"",
    "cut short": lambda c: c[: len(c) // 2],
    "a byte short": lambda c: c[:-1],
    "garbage": lambda c: b"garbage" * 100,
    "another file": lambda c: array_bytes(),
    "another format": lambda c: changed(c, format=FORMAT + 1),
    "no format": lambda c: changed(c, format=None),
    "another run": lambda c: changed(c, config={**SMALL, "seed": 99}),
    "an unknown field": lambda c: changed(c, config={**SMALL, "depth": 3}),
    "a wrong value": lambda c: changed(c, config={**SMALL, "width": 0}),
    "no config": lambda c: changed(c, config=None),
    "no weights": lambda c: with_arrays(c, W=None),
    "weights of another shape": lambda c: with_arrays(c, W=np.zeros((20, 4), np.float32)),
    "too few biases": lambda c: with_arrays(c, b=np.zeros(19, np.float32)),
    "too few losses of features": lambda c: with_arrays(c, feature_loss=np.zeros(19)),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_file_is_named_set_aside_and_its_run_done_again(
    tmp_path: Path, executor: Executor, content: bytes, kind: str
) -> None:
    config = ToyConfig(**SMALL)
    file = tmp_path / f"{config.identity}.npz"
    bad = DAMAGE[kind](content)
    assert bad != content
    file.write_bytes(bad)
    outcome = sweep([config], tmp_path, executor=executor)
    assert (outcome.done, outcome.found) == (1, 0)
    (message,) = outcome.set_aside
    assert str(file) in message
    (aside,) = (path for path in tmp_path.rglob("*.npz") if path != file)
    assert str(aside) in message
    assert aside.read_bytes() == bad
    again = from_bytes(file.read_bytes())
    assert isinstance(again, ToyRun)
    assert again.W.tobytes() == train(config).W.tobytes()
    assert sweep([config], tmp_path, executor=executor) == SweepOutcome(0, 1, {}, {}, ())


def test_a_weight_that_changed_on_disk_is_noticed_where_weights_are_read(tmp_path: Path) -> None:
    """A sweep reads no weights; whoever does names the file."""
    config = ToyConfig(n=4000, width=3, batch=4, steps=1)
    content = to_bytes(train(config))
    at = content.index(b"W.npy") + 40_000
    file = tmp_path / f"{config.identity}.npz"
    file.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    assert look(tmp_path, [config]).done.keys() == {config.identity}
    read = read_runs(tmp_path)
    assert read.points == ()
    (message,) = read.unreadable
    assert str(file) in message
    assert "damaged" in message


def test_a_sweep_reads_no_weights(
    tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = ToyConfig(**SMALL)
    (tmp_path / f"{config.identity}.npz").write_bytes(content)
    read_whole = np.lib.format.read_array
    read: list[int] = []

    def counted(*arguments: Any, **options: Any) -> Any:
        array = read_whole(*arguments, **options)
        read.append(array.nbytes)
        return array

    monkeypatch.setattr(np.lib.format, "read_array", counted)
    monkeypatch.setattr(np, "load", None)
    assert look(tmp_path, [config]).to_do == ()
    assert len(read) == 1  # the words about the run


def test_a_run_of_the_format_before_is_read_without_its_kernel(
    tmp_path: Path, content: bytes
) -> None:
    config = ToyConfig(**SMALL)
    new = from_bytes(content)
    old = from_bytes(changed(content, format=1, kernel=""))
    assert isinstance(new, ToyRun)
    assert isinstance(old, ToyRun)
    assert new.kernel.startswith("numba ")
    assert old.kernel == ""
    assert old.W.tobytes() == new.W.tobytes()
    (tmp_path / f"{config.identity}.npz").write_bytes(changed(content, format=1))
    assert look(tmp_path, [config]).to_do == ()


def test_looking_only_moves_nothing(tmp_path: Path, content: bytes) -> None:
    config = ToyConfig(**SMALL)
    assert look(tmp_path / "absent", [config], only=True).to_do == (config,)
    assert not (tmp_path / "absent").exists()
    file = tmp_path / f"{config.identity}.npz"
    file.write_bytes(content[:-1])
    state = look(tmp_path, [config], only=True)
    assert state.to_do == (config,)
    (message,) = state.set_aside
    assert str(file) in message
    assert list(tmp_path.rglob("*")) == [file]


def test_another_format_is_said_with_its_version(content: bytes) -> None:
    with pytest.raises(FormatError, match=f"format {FORMAT + 1} of superscope 9.9, not {FORMAT}"):
        from_bytes(changed(content, format=FORMAT + 1, superscope="9.9"))


def test_no_changed_byte_goes_unnoticed_or_is_more_than_a_format_error() -> None:
    run = train(ToyConfig(n=3, width=2, batch=4, steps=3))
    content = to_bytes(run)
    noticed = 0
    for at in range(len(content)):
        for flipped in (0x01, 0x08, 0xFF):
            bad = content[:at] + bytes([content[at] ^ flipped]) + content[at + 1 :]
            try:
                read = from_bytes(bad)
            except FormatError:
                noticed += 1
                continue
            assert isinstance(read, ToyRun)  # what zip files hold beside their content
            assert read.config == run.config
            assert np.array_equal(read.W, run.W)
            assert np.array_equal(read.losses, run.losses)
            assert math.isclose(read.seconds, run.seconds)
    assert noticed > len(content)


def test_no_file_cut_short_is_more_than_a_format_error() -> None:
    content = to_bytes(Failure(ToyConfig(**SMALL), "diverged"))
    for size in range(len(content)):
        with pytest.raises(FormatError):
            from_bytes(content[:size])


def test_a_failure_comes_back_as_it_was() -> None:
    failure = Failure(ToyConfig(**SMALL), "diverged at step 3 — née")
    assert from_bytes(to_bytes(failure)) == failure


def test_a_folder_of_another_name_is_no_crash(tmp_path: Path) -> None:
    (tmp_path / "folder.npz").mkdir()
    (message,) = read_runs(tmp_path).unreadable
    assert "folder.npz" in message


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_no_file_is_set_aside_unread(tmp_path: Path, executor: Executor, kind: str) -> None:
    config = ToyConfig(**SMALL)
    file = tmp_path / f"{config.identity}.npz"
    if kind == "pipe":
        os.mkfifo(file)  # reading would wait for a writer
    elif kind == "device":
        file.symlink_to("/dev/zero")  # reading would never end
    else:
        file.mkdir()
    assert "not a file" in read_runs(tmp_path).unreadable[0]
    outcome = sweep([config], tmp_path, executor=executor)
    assert outcome.done == 1
    assert "not a file" in outcome.set_aside[0]
    assert (tmp_path / "set-aside" / file.name).exists()
