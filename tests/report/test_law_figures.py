from __future__ import annotations

import html
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pandas as pd
import pytest
from markupsafe import Markup
from matplotlib.figure import Figure

from superscope.errors import UsageError
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawable import NO_GLYPH, drawable, drawable_names
from superscope.figures.draw.drawing import Drawing, _inline
from superscope.figures.laws._parts import MOST_BARS, bars
from superscope.figures.laws.view import MOST_MARKED, families, marked, term_curve, term_remainder
from superscope.forecasts import Plan, plan
from superscope.forecasts.summary import input_rows
from superscope.laws import Law, fit, load_public
from superscope.laws.stability import MOVED
from superscope.laws.summary import facts
from superscope.report import write_law_figures, write_law_report
from superscope.report.laws import law_figures
from superscope.report.laws.explanations import explanations
from superscope.report.laws.page import render_law, row_text
from superscope.text import rounded

ONE_INPUT = ["law-fit", "law-terms", "law-residuals", "law-parts", "law-profiles", "law-exclusion"]
QUICK: dict[str, Any] = {"starts": 8}
SCRIPT = "<script>alert(1)</script>"


def power_table(points: int = 12, noise: float = 0.01, floor: float = 1.0) -> pd.DataFrame:
    """Return losses 3 x^(−1/2) + floor, up to noise."""
    rng = np.random.default_rng(3)
    x = np.geomspace(2, 2000, points)
    loss = (3 * x**-0.5 + floor) * np.exp(noise * rng.standard_normal(points))
    return pd.DataFrame({"x": x, "loss": loss})


def sized_table(points: int, noise: float = 3e-3) -> pd.DataFrame:
    """Return losses that fall with width, depth and tokens, parameters beside them."""
    rng = np.random.default_rng(5)
    width, depth = rng.uniform(200, 4000, points), rng.uniform(4, 60, points)
    tokens = np.exp(rng.uniform(np.log(1e9), np.log(1e12), points))
    loss = 50 * width**-0.9 + 3 / depth + 500 * tokens**-0.3 + 1.7
    loss *= np.exp(noise * rng.standard_normal(points))
    return pd.DataFrame(
        {"width": width, "depth": depth, "tokens": tokens, "loss": loss,
         "parameters": 12 * depth * width**2}
    )  # fmt: skip


def power_law(table: pd.DataFrame | None = None, **options: Any) -> Law:
    chosen = QUICK | {"resamples": 0, "x": "x"} | options
    return fit(power_table() if table is None else table, "power", **chosen)


@pytest.fixture(scope="module")
def one_input() -> Law:
    """One input, no groups, no resamples."""
    return power_law()


@pytest.fixture(scope="module")
def unjudged() -> Law:
    return power_law(judge=False)


@pytest.fixture(scope="module")
def width_law() -> Law:
    """The published models: 16 groups, one input, resampled."""
    return fit(load_public("published-llms"), "width", resamples=100, **QUICK)


@pytest.fixture(scope="module")
def chinchilla_law() -> Law:
    return fit(sized_table(40), "chinchilla", resamples=100, **QUICK)


@pytest.fixture(scope="module")
def chinchilla_plan(chinchilla_law: Law) -> Plan:
    return plan(chinchilla_law, 1e23)


@pytest.fixture(scope="module")
def shape_law() -> Law:
    """Three inputs, no resamples."""
    return fit(sized_table(100), "shape", resamples=0, **QUICK)


@pytest.fixture(scope="module")
def written(
    chinchilla_law: Law, chinchilla_plan: Plan, tmp_path_factory: pytest.TempPathFactory
) -> list[Path]:
    folder = tmp_path_factory.mktemp("law") / "new" / "folder"
    return write_law_figures(chinchilla_law, folder, plan=chinchilla_plan)


@pytest.fixture(scope="module")
def page_file(
    chinchilla_law: Law, chinchilla_plan: Plan, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    file = tmp_path_factory.mktemp("page") / "law.html"
    write_law_report(chinchilla_law, file, plan=chinchilla_plan)
    return file


def page_of(law: Law, plan: Plan | None = None) -> str:
    """Return the page of a law, drawn."""
    return render_law(law, [(d, svg_of(d)) for d in law_figures(law, plan)], plan)


def words_of(law: Law, plan: Plan | None = None) -> str:
    """Return the page of a law without its figures."""
    return render_law(law, (), plan)


def svg_of(drawing: Drawing) -> Markup:
    """Return a drawing for wide pages."""
    return _inline(drawing.files("svg")["svg"].decode(), drawing.name, drawing.label)


def names(law: Law, plan: Plan | None = None) -> list[str]:
    return [figure.name for figure in law_figures(law, plan)]


def captions(law: Law) -> dict[str, str]:
    return {figure.name: figure.caption for figure in law_figures(law)}


def draw(drawings: tuple[Drawing, ...]) -> None:
    """Draw figures, and see that each says what it shows."""
    for drawing in drawings:
        assert ElementTree.fromstring(str(svg_of(drawing))).get("aria-label")
        assert drawing.title
        assert drawing.caption


def test_what_the_other_parts_leave_of_an_exact_law_is_its_term() -> None:
    law = power_law(power_table(noise=0))
    np.testing.assert_allclose(
        term_remainder(law, 0), 3 * law.points.inputs[:, 0] ** -0.5, rtol=1e-4
    )


def test_what_is_left_is_the_term_and_the_residual(shape_law: Law) -> None:
    parts = shape_law.parts(shape_law.points.inputs, shape_law.points.group)
    residual = shape_law.points.loss - shape_law.fitted
    for i in range(3):
        np.testing.assert_allclose(term_remainder(shape_law, i) - parts[:, i], residual, atol=1e-12)


def test_a_term_has_its_interval_from_resamples_and_from_the_covariance(
    chinchilla_law: Law, shape_law: Law
) -> None:
    for law in (chinchilla_law, shape_law):
        for i in range(len(law.form.terms)):
            x = law.points.inputs[:, i]
            value, low, high = term_curve(law, i, x)
            np.testing.assert_allclose(value, law.parts(law.points.inputs, law.points.group)[:, i])
            assert (low < high).all()
            assert ((low < value) & (value < high)).mean() > 0.9


def test_the_terms_interval_without_resamples_is_like_that_with_them() -> None:
    table = power_table(60)
    x = np.array([5.0, 50.0])
    _, low, high = term_curve(power_law(table), 0, x)
    _, drawn_low, drawn_high = term_curve(power_law(table, resamples=400), 0, x)
    np.testing.assert_allclose(high - low, drawn_high - drawn_low, rtol=0.4)


def test_bars_of_parts_sum_to_the_fitted_loss_in_its_order(shape_law: Law, width_law: Law) -> None:
    for law in (shape_law, width_law):
        heights, measured, each = bars(law)
        assert each == 2
        assert len(heights) == len(measured) == len(law.points) / 2 <= MOST_BARS
        totals = heights.sum(axis=1)
        assert (np.diff(totals) <= 0).all()
        assert totals.mean() == pytest.approx(law.fitted.mean())
        assert measured.mean() == pytest.approx(law.points.loss.mean())
    floor = bars(shape_law)[0][:, 0]
    np.testing.assert_allclose(floor, shape_law.parameters["E"])


def test_marked_are_the_points_that_move_the_law(width_law: Law) -> None:
    found, more = marked(width_law)
    moving = {i.text for i in width_law.influences if abs(i.shift) > MOVED or i.below_floor}
    assert {m.name for m in found} <= moving
    assert len(found) + more == len(moving)
    assert len(found) <= MOST_MARKED
    points = width_law.points
    for m in found:
        if m.name.startswith("every point of model "):
            model = m.name.removeprefix("every point of model ")
            assert {points.unit_names[i] for i in m.points} == {model}
        else:
            assert {points.labels[i] for i in m.points} == {m.name}
        assert len(m.points)


def test_text_of_others_is_drawn_to_the_letter() -> None:
    assert drawable("opt/c4") == "opt/c4"
    assert drawable("$x$") == r"\$x\$"  # matplotlib draws \$ as $
    assert drawable("漢字") == 2 * NO_GLYPH
    assert drawable("a\u202eb\n") == r"a\u202eb\n"
    assert drawable_names(["a", "b"]) == (("a", "b"), "")
    drawn, note = drawable_names(["漢", "字", "$"])
    assert drawn == (f"1: {NO_GLYPH}", f"2: {NO_GLYPH}", r"\$")
    assert note == " In full: 1 is 漢; 2 is 字."


def test_rows_in_succession_are_said_as_one() -> None:
    assert row_text((1, 2, 3, 7, 9, 10)) == "1–3, 7, 9–10"
    assert row_text(()) == ""
    assert row_text(tuple(range(1, 101, 2))).endswith("23 and 38 more")


def test_each_law_has_its_figures(
    width_law: Law, one_input: Law, chinchilla_law: Law, chinchilla_plan: Plan, shape_law: Law
) -> None:
    assert names(width_law) == ONE_INPUT
    assert names(one_input) == ONE_INPUT
    assert names(shape_law) == ONE_INPUT[1:]
    assert names(chinchilla_law) == ONE_INPUT[1:]
    assert names(chinchilla_law, chinchilla_plan) == [*ONE_INPUT[1:], "law-frontier"]
    draw(law_figures(shape_law))


def test_sixteen_groups_are_sixteen_panels(width_law: Law) -> None:
    figure = law_figures(width_law)[0]
    assert "a panel for each of 16 groups" in figure.caption
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        titles = {panel.get_title(loc="left") for panel in figure.paint().axes}
    assert titles == set(width_law.points.groups)


def test_of_many_groups_a_choice_is_drawn_and_named() -> None:
    tables = [power_table(3, floor=1 + k / 20).assign(group=f"g{k}") for k in range(20)]
    law = power_law(pd.concat(tables, ignore_index=True), group="group")
    drawing = law_figures(law)[0]
    assert "Drawn are 16 of 20 groups" in drawing.caption
    assert len({panel.get_title(loc="left") for panel in drawing.figure().axes}) == 16


def test_of_many_points_a_choice_is_drawn_and_named() -> None:
    law = power_law(power_table(1500), judge=False)
    for figure in law_figures(law):
        if figure.name in ("law-fit", "law-terms", "law-residuals"):
            assert "Drawn are 1,000 of 1,500 points" in figure.caption
            assert figure.files("svg")["svg"].count(b"<use") < 3500


def test_points_below_zero_are_counted(width_law: Law) -> None:
    below = int((term_remainder(width_law, 0) <= 0).sum())
    assert below == 1  # Qwen2.5-72B on wikitext lies below its floor
    assert "1 point of 108 for width" in captions(width_law)["law-terms"]


@pytest.mark.parametrize(
    ("law", "lacking", "said"),
    [
        (lambda: power_law(power_table(4)), [], ""),
        (lambda: power_law(power_table(3)), ["law-profiles", "law-exclusion"], "as many"),
        (lambda: power_law(fix={"alpha": 0.5}), ["law-profiles"], "no exponent is free"),
        (lambda: power_law(judge=False), ["law-profiles", "law-exclusion"], "was not judged"),
        (lambda: power_law(power_table(floor=0), fix={"B": 0.0}), [], "cannot show"),
        (lambda: power_law(rules=(0,)), ["law-exclusion"], "No other exclusion"),
        (lambda: power_law(resamples=100), [], "BCa"),
        (lambda: power_law(power_table(2), fix={"alpha": 0.5}), [], "as many"),
        (
            lambda: power_law(
                pd.concat(
                    [power_table().assign(g="a"), power_table(1).assign(g="b")], ignore_index=True
                ),
                group="g",
            ),
            [],
            "2 groups by g",
        ),
    ],
    ids=[
        "four points", "no freedom", "fixed", "not judged", "floor 0", "one exclusion",
        "resampled", "two points", "group of one",
    ],
)  # fmt: skip
def test_whatever_a_law_lacks_the_rest_is_drawn_and_said(
    law: Any, lacking: list[str], said: str
) -> None:
    found = law()
    figures = law_figures(found)
    assert not {f.name for f in figures} & set(lacking)
    assert [f.name for f in figures][:4] == ONE_INPUT[:4]
    page = page_of(found)
    assert page.count("<svg ") == len(figures)
    assert said in page


def test_a_vanished_term_says_so() -> None:
    table = power_table().assign(loss=np.linspace(2, 3, 12))  # rises with x
    law = power_law(table)
    assert law.parameters["A"] == 0
    lines = [np.asarray(line.get_ydata(), float) for line in law.plot("fit").axes[0].lines]
    assert any(len(y) > 2 and np.allclose(y, law.parameters["B"]) for y in lines)  # a flat line
    assert "A is 0: the loss rises with x" in words_of(law)


def test_an_interval_without_an_end_reaches_the_edge(shape_law: Law) -> None:
    from superscope.laws import Interval

    law = replace(shape_law, intervals=dict.fromkeys(shape_law.intervals, Interval(None, None)))
    draw(law_figures(law))


def test_a_law_without_a_band_draws_none() -> None:
    law = power_law(power_table(3))
    band = law.band(law.points.inputs, law.points.group)
    assert not (np.isfinite(band.low) | np.isfinite(band.high)).any()
    assert "the law has no band" in captions(law)["law-fit"]


def test_it_writes_each_figure_three_ways_and_no_page(written: list[Path]) -> None:
    folder = written[0].parent
    assert sorted(p.name for p in folder.iterdir()) == sorted(p.name for p in written)
    drawn = [*ONE_INPUT[1:], "law-frontier"]
    expected = [f"{n}.{kind}" for n in drawn for kind in ("png", "pdf", "svg")]
    assert [p.name for p in written] == expected
    for path in written:
        start = {".png": b"\x89PNG", ".pdf": b"%PDF", ".svg": b"<?xml"}[path.suffix]
        assert path.read_bytes().startswith(start)


def test_the_same_law_makes_the_same_bytes_and_the_page_is_the_same_alone(
    written: list[Path],
    page_file: Path,
    chinchilla_law: Law,
    chinchilla_plan: Plan,
    tmp_path: Path,
) -> None:
    kept = Law.from_json(chinchilla_law.to_json())
    alone = tmp_path / "law.html"
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red"}):
        write_law_report(kept, alone, plan=chinchilla_plan)
        (parts,) = (d for d in law_figures(kept, chinchilla_plan) if d.name == "law-parts")
        made = parts.files("png", "pdf", "svg")
    assert [p.name for p in tmp_path.iterdir()] == ["law.html"]
    again = {"page": alone.read_bytes()}  # it holds every figure, twice
    again |= {f"law-parts.{kind}": content for kind, content in made.items()}
    files = {"page": page_file} | {path.name: path for path in written}
    for one, other in ((files[name], content) for name, content in again.items()):
        assert one.read_bytes() == other, one.name
        assert not re.search(rb"CreationDate|Software|20[2-9]\d-\d\d-\d\d", other)


def test_the_page_holds_everything_it_shows(page_file: Path) -> None:
    page = page_file.read_text("utf-8")
    assert page.count("<svg ") == 2 * 6  # for wide pages and for narrow ones
    assert "<script" not in page
    assert "url(http" not in page
    assert "@import" not in page
    links = re.findall(r'(?:src|href)="([^"#][^"]*)"', page)
    assert set(links) == {
        "data:,", "https://arxiv.org/abs/2203.15556", "https://arxiv.org/abs/2404.10102",
    }  # fmt: skip
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_the_verdict_comes_first_with_its_reasons_and_what_to_try(width_law: Law) -> None:
    page = words_of(width_law)
    assert width_law.identified
    assert "<h1>Loss against width in 16 groups: identified, with reservations</h1>" in page
    text = page.replace("&#39;", "'").replace("&gt;", ">").replace("&lt;", "<")
    at = [page.index("<h1>")]
    at += [text.index(f"<li>{f.text}</li>") for f in width_law.findings]
    at += [text.index(f.status.remedy) for f in width_law.findings]
    assert max(at[1:]) < page.index('id="parameters"')
    assert at[0] == min(at)


def test_grave_reasons_are_told_from_reservations() -> None:
    page = words_of(power_law(power_table(3)))
    assert "<h1>Loss against x: not identified</h1>" in page
    assert '<li class="severe">there are as many parameters as points</li>' in page


def test_the_page_says_how_it_was_fitted_and_what_was_left_out(chinchilla_law: Law) -> None:
    page = words_of(chinchilla_law)
    for name in chinchilla_law.parameters:
        assert f'<th scope="row">{name}</th>' in page
    assert f"{len(chinchilla_law.bootstrap):,} resamples of 40 rows, BCa" in page
    assert "Nothing: every row of the table was fitted." in page
    table = power_table().assign(loss=lambda t: t["loss"].astype("Float64").where(t["x"] > 3))
    left = words_of(power_law(table, exclude="x > 1000", drop_highest=1))
    for line in (
        '<th scope="row">loss is absent</th><td class="left">1 point</td><td class="left">1</td>',
        '<th scope="row">x &gt; 1000</th><td class="left">2 points</td><td class="left">11–12</td>',
        '<th scope="row">the highest loss</th>',
    ):
        assert line in left


def test_the_page_shows_the_plan(
    page_file: Path, chinchilla_law: Law, chinchilla_plan: Plan
) -> None:
    page = page_file.read_text("utf-8")
    assert "A plan for 1e23 operations" in page
    rows = input_rows(chinchilla_plan)
    assert [row[0] for row in rows] == ["parameters", "tokens"]
    for name, best, *_ in rows:
        assert f'<th scope="row">{name}</th><td>{best}</td>' in page
    assert page.count("<td>1e23</td>") == 1
    assert "A plan for" not in words_of(chinchilla_law)


def test_a_plan_of_shapes_has_round_numbers(shape_law: Law) -> None:
    found = plan(shape_law, 1e22, vocabulary=50_000)
    page = words_of(shape_law, found)
    assert "In round numbers: width" in page
    assert "N includes the embedding and the head, a matrix each, for 50,000 tokens." in page
    assert "–</td>" not in page  # without resamples, intervals are of the covariance


@pytest.mark.parametrize(
    "name", [f"{SCRIPT}$x$ or $y_{{\x1b[31m\u202e{{{{7*7}}}}", "_hidden漢字🦉", "a, b" * 40]
)
def test_text_of_others_does_nothing(name: str) -> None:
    table = pd.concat(
        [power_table().rename(columns={"x": name}).assign(model=f"{name}{k}", kind=f"{name}{k}")
         for k in range(2)],
        ignore_index=True,
    )  # fmt: skip
    table.loc[3, "loss"] *= 1.3
    law = power_law(table, x=name, group="kind", exclude=f"kind == '{name}'")
    assert any(name in i.name for i in law.influences)
    page = page_of(law)
    assert "<script" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page
    if SCRIPT in name:
        assert "&lt;script&gt;alert(1)&lt;/script&gt;$x$" in page
    if "🦉" in name:
        assert "1 is _hidden漢字🦉0; 2 is _hidden漢字🦉1" in page


def test_a_surrogate_is_written_all_the_same(unjudged: Law, tmp_path: Path) -> None:
    law = replace(unjudged, findings=(replace(unjudged.findings[0], text="a\ud800"),))
    write_law_report(law, tmp_path / "law.html")
    assert r"a\ud800</li>" in (tmp_path / "law.html").read_text("utf-8")


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_folder_that_cannot_be_made_is_named(unjudged: Law, tmp_path: Path, below: str) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    with pytest.raises(UsageError, match=rf"cannot write {file / below}"):
        write_law_figures(unjudged, file / below)
    assert file.read_text() == "in the way"


def test_a_page_that_cannot_be_written_is_named(unjudged: Law, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    with pytest.raises(UsageError, match="cannot write"):
        write_law_report(unjudged, file / "page.html")
    assert file.read_text() == "in the way"


def test_families_look_different_and_groups_of_one_alike(width_law: Law, one_input: Law) -> None:
    found = families(width_law, LIGHT["raw"])
    assert [f.name for f in found] == ["opt", "Qwen", "gpt2", "pythia"]
    assert len({f.style.color for f in found}) == len({f.style.marker for f in found}) == 4
    assert sorted(np.concatenate([f.points for f in found])) == list(range(len(width_law.points)))
    (everything,) = families(one_input, LIGHT["raw"])
    assert everything.style.color == LIGHT["raw"]
    assert len(everything.points) == len(one_input.points)


@pytest.mark.parametrize("name", ["fit", "parts", "profiles", "exclusion"])
def test_a_picture_of_one_panel_is_drawn_in_axes_of_the_user(
    one_input: Law, width_law: Law, name: str
) -> None:
    figure = Figure()
    ax, other = figure.subplots(1, 2)
    law = width_law if name == "exclusion" else one_input  # its only exponent; floors are many
    assert law.plot(name, ax=ax) is figure
    assert ax.has_data()
    assert ax.get_xlabel()
    assert ax.get_ylabel()
    assert ax.get_legend() is not None
    assert not other.has_data()


@pytest.mark.parametrize("name", ["terms", "residuals", "parts", "profiles", "exclusion"])
def test_a_picture_of_several_panels_says_how_to_go_on(shape_law: Law, name: str) -> None:
    with pytest.raises(UsageError, match="leave ax out, and find the panels in the axes"):
        shape_law.plot(name, ax=Figure().subplots())


def test_every_term_of_the_page_is_explained_and_linked(
    chinchilla_law: Law, chinchilla_plan: Plan, width_law: Law, unjudged: Law
) -> None:
    for law, use in ((chinchilla_law, chinchilla_plan), (width_law, None), (unjudged, None)):
        page, meanings = words_of(law, use), explanations(law, use)
        found = dict(re.findall(r'<dt id="(meaning-\d+)">(.+?)</dt>', page))
        assert [html.unescape(label) for label in found.values()] == list(meanings)
        linked = {
            html.unescape(label): found[key]
            for key, label in re.findall(r'<a href="#(meaning-\d+)">(.+?)</a>', page)
        }
        assert all(html.unescape(term) == label for label, term in linked.items())
        shown = {label for label, _ in facts(law)} | {f.status.value for f in law.findings}
        assert shown | {"value", "± s.e.", "95 % interval"} <= linked.keys()
        assert all(text[0].isupper() and text.endswith(".") for text in meanings.values())
        assert ("BCa" in meanings) == (law.interval_method == "bca")
        assert ("profile" in meanings) == bool(law.profiles)
    assert "This is the interval to cite" in meanings["95 % interval"]
    assert "best" in explanations(chinchilla_law, chinchilla_plan)


def test_the_caption_of_residuals_says_what_the_dashed_lines_are(shape_law: Law) -> None:
    said = f"{rounded(shape_law.residual_scale)} from 0, one standard deviation of the residuals"
    assert said in captions(shape_law)["law-residuals"]


def test_the_page_of_a_refused_law_says_so_first() -> None:
    x = np.geomspace(50, 50_000, 40)
    noise = np.exp(0.003 * np.random.default_rng(0).standard_normal(40))
    loss = (30 * np.minimum(x, 10_000) ** -0.35 + 1.5) * noise  # a law that ends
    law = fit(pd.DataFrame({"x": x, "loss": loss}), "power", x="x", resamples=0, starts=4)
    page = render_law(law, ())
    assert "<h1>Loss against x: refused</h1>" in page
    first = page[page.index('<ul class="reasons">') :]
    assert "the form does not hold: beyond x = " in first[: first.index("</li>")]
    assert "Not tested: the parameters on resampled points" in page
