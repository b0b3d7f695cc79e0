"""``superscope toy figures``: files from a folder of runs."""

from __future__ import annotations

from pathlib import Path

from command import Done, superscope

from superscope.toy import product, sweep

NAMES = (
    "exponent-alpha", "exponent-map", "loss-unrepresented", "loss-width", "norms",
    "overlap-width", "represented-decay",
)  # fmt: skip


def figures(*arguments: object) -> Done:
    return superscope("toy", "figures", *arguments)


def test_it_draws_every_figure_three_ways_and_one_page(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    runs = tmp_path / "runs"
    fields = {"n": 30, "batch": 64, "steps": 60, "width": [3, 5], "decay": [-1.0, 0.5]}
    with ThreadPoolExecutor(2) as threads:
        sweep(product(fields), runs, executor=threads)
    (runs / "damaged.npz").write_bytes(b"PK")
    done = figures(runs)
    assert done.code == 0, done.err
    page, folder = runs / "report.html", runs / "figures"
    assert done.out == f"report: {page}\nfigures: {folder}\n"
    assert page.read_bytes().startswith(b"<!DOC")
    expected = {f"{name}.{kind}" for name in NAMES for kind in ("png", "pdf", "svg")}
    assert {path.name for path in folder.iterdir()} == expected
    starts = {".png": b"\x89PNG", ".pdf": b"%PDF", ".svg": b"<?xml"}
    for path in folder.iterdir():
        assert path.read_bytes().startswith(starts[path.suffix])
    image = (folder / "loss-width.png").read_bytes()
    assert int.from_bytes(image[16:20], "big") >= 5.6 * 150
    assert "damaged.npz: damaged" in done.err


def test_a_folder_without_runs_is_a_mistake(tmp_path: Path) -> None:
    for folder, says in ((tmp_path, "no finished run"), (tmp_path / "absent", "no folder")):
        done = figures(folder)
        assert done.code == 2
        assert says in done.err
        assert len(done.err.splitlines()) == 1
