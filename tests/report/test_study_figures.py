from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from studies import NO_LAWS, WIDTHS, families_study, make_evaluation, make_member, make_study

from superscope.errors import UsageError
from superscope.figures.draw.colors import MARKERS
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.repack import _curve
from superscope.figures.study import study_drawings
from superscope.figures.study._loss import panels_of
from superscope.figures.study.view import cast_of
from superscope.laws import FitStatus, Law
from superscope.laws.status import Finding
from superscope.report import write_study_report
from superscope.report.study.page import MEMBER_COLUMNS, facts, member_rows, render_study
from superscope.study import Member, MemberFailure, Study, answers

FIGURES = ["study-overlap", "study-loss", "study-overlap-loss"]
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def five() -> Study:
    """Five members of one family, with every law."""
    return make_study(5)


@pytest.fixture(scope="module")
def families() -> Study:
    """Three families of four members; the heads of the second are not weighted by the text."""
    return families_study()


@pytest.fixture(scope="module")
def failing() -> Study:
    """A head, a loss and a whole member missing."""
    gone = MemberFailure("model", "lab/gone: no such repository on the hub")
    return make_study(
        [make_member(m, f"lab/model-{m}", head=m != 48, loss=m != 64) for m in WIDTHS[:5]]
        + [Member("lab/gone", None, None, None, (gone,))]
    )


@pytest.fixture(scope="module")
def page(five: Study, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of five members, as it is written."""
    file = tmp_path_factory.mktemp("study") / "report.html"
    write_study_report(five, file)
    return file.read_text("utf-8")


def page_of(study: Study) -> str:
    """Return the page of a study without its figures, which other tests look at."""
    missing = [m for m in study_drawings(study) if isinstance(m, Missing)]
    return render_study(study, [], missing)


def text_of(page: str) -> str:
    """Return what a reader sees of a page, figures left out."""
    page = re.sub(r"<style>.*?</style>|<svg .*?</svg>", "", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def drawings(study: Study) -> dict[str, Drawing]:
    """Return the figures of a study."""
    return {d.name: d for d in study_drawings(study) if isinstance(d, Drawing)}


def painted(drawing: Drawing) -> Figure:
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        return drawing.paint()


def lines(panel: Axes, style: str = "-") -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the curves of a panel, without marks and bars."""
    return [
        (np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float))
        for line in panel.lines
        if line.get_linestyle() == style and len(np.atleast_1d(line.get_xdata())) > 2
    ]


def marks(panel: Axes) -> set[tuple[float, float]]:
    """Return where the points of a panel lie."""
    return {
        (float(line.get_xdata()[0]), float(line.get_ydata()[0]))
        for line in panel.lines
        if len(np.atleast_1d(line.get_xdata())) == 1 and line.get_marker() in MARKERS
    }


def at(curve: tuple[np.ndarray, np.ndarray], width: float) -> float:
    x, y = curve
    (found,) = np.flatnonzero(x == width)
    return float(y[found])


def test_the_same_study_makes_the_same_bytes(page: str, tmp_path: Path) -> None:
    again = tmp_path / "again.html"
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red"}):
        write_study_report(make_study(5), again)
    assert again.read_text("utf-8") == page
    assert not re.search(r"CreationDate|Software|20[2-9]\d-\d\d-\d\d", page)


def test_each_figure_is_a_file_of_three_kinds(five: Study) -> None:
    assert list(drawings(five)) == FIGURES
    starts = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}
    for kind, content in drawings(five)["study-loss"].files(*starts).items():
        assert content.startswith(starts[kind])


def test_the_page_holds_everything_it_shows(page: str) -> None:
    assert page.count("<svg ") == 2 * 3  # for wide pages and for narrow ones
    assert "<script" not in page
    assert "url(http" not in page
    assert "@import" not in page
    assert set(re.findall(r'(?:src|href)="([^"#][^"]*)"', page)) == {"data:,"}
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
    assert "arXiv 2505.10465" in page


def test_every_question_comes_first_with_its_answer(page: str, five: Study, failing: Study) -> None:
    for study, shown in ((five, page), (failing, page_of(failing))):
        text = text_of(shown)
        places = []
        for answer in answers(study):
            places.append(shown.index(f"<h2>{html.escape(answer.question)}</h2>"))
            assert f"{answer.question} {answer.short} {answer.text[0]}" in text
            for sentence in answer.text:
                assert sentence in text
        assert places == sorted(places)
        assert max(places) < shown.index('<section id="members">')
    assert max(page.index(f"<h2>{html.escape(a.question)}") for a in answers(five)) < page.index(
        "<figure>"
    )
    assert page.count("<h1>Study of 5 models on gcide</h1>") == 1


def test_every_number_of_the_table_is_the_studys(five: Study, families: Study) -> None:
    for study in (five, families):
        for row, member in zip(member_rows(study), study.members, strict=True):
            g, e, seen = member.geometry, member.evaluation, dict(
                zip(MEMBER_COLUMNS, row.cells, strict=True)
            )  # fmt: skip
            assert g is not None
            assert e is not None

            def close(column: str, value: float, below: float, seen: dict = seen) -> None:
                shown, beneath = seen[column]
                assert float(shown.replace(",", "")) == pytest.approx(value, rel=5e-4)
                beneath = beneath.strip("± ×").replace(",", "")
                assert float(beneath) == pytest.approx(below, rel=0.05)

            assert row.name == member.name
            assert seen["family"] == (member.family, "")
            assert seen["width m"] == (str(g.width), "")
            assert seen["V"] == ("2,000", "")
            assert seen["depth"] == ("6", "")
            assert seen["parameters"] == (f"{e.model.parameters:,}", "")
            assert seen["regime"] == ("strong", g.evidence.short)
            assert float(seen["φ"][0]) == pytest.approx(g.represented_fraction, abs=1e-4)
            for column, overlap in (("raw", g.raw), ("centered", g.centered)):
                value = overlap.mean_square_overlap
                close(f"overlap, {column}", value, value * g.width)
            if g.centered.weighted is None:
                assert seen["overlap, in text"] == ("–", "")
            else:
                value = g.centered.weighted.mean_square_overlap
                close("overlap, in text", value, value * g.width)
            assert float(seen["effective width"][0]) == pytest.approx(
                g.centered.effective_width, rel=5e-4
            )
            close("loss, nats per token", e.loss, e.loss_se)
            close("bits per byte", e.bits_per_byte, e.bits_per_byte_se)


def test_the_rows_are_in_the_page(five: Study, page: str) -> None:
    text = text_of(page)
    for row in member_rows(five):
        cells = " ".join(" ".join(filter(None, cell)) for cell in row.cells)
        assert f"{row.number} {row.name} {cells}" in text


def test_a_failure_has_its_reason_in_a_row(failing: Study) -> None:
    page = page_of(failing)
    rows = re.findall(r'<tr class="failure">.*?</tr>', page)
    assert [html.unescape(re.sub(r"<[^>]+>", "", row)) for row in rows] == [
        "head not measured: lab/model-48: no tensor is a head; candidates: a.weight",
        "loss not evaluated: lab/model-64: 12 GB are needed, and 4 GB are free",
        "not found: lab/gone: no such repository on the hub",
    ]
    assert {cell for cell, _ in member_rows(failing)[-1].cells} == {"–"}


def test_points_and_the_law_of_overlap_are_drawn_where_they_are(five: Study) -> None:
    panels = painted(drawings(five)["study-overlap"]).axes
    laws = (five.laws.overlap, five.laws.overlap_centered)
    for panel, law, center in zip(panels, laws, ("raw", "centered"), strict=True):
        assert law is not None
        (curve,) = lines(panel)
        (chance,) = lines(panel, "--")
        expected = law.loss(law.points.inputs, law.points.group)
        for width, value in zip(law.points.inputs[:, 0], expected, strict=True):
            assert at(curve, width) == pytest.approx(value, rel=1e-12)
            assert at(chance, width) == pytest.approx(1 / width)
        overlaps = [getattr(m.geometry, center) for m in five.members]
        seen = {(float(o.width), o.mean_square_overlap) for o in overlaps}
        if center == "centered":
            seen |= {(float(o.width), o.weighted.mean_square_overlap) for o in overlaps}
        assert marks(panel) == seen
        assert f"s = {law.parameters['alpha']:.3g} (" in panel.get_title(loc="left")


def test_points_bars_law_band_and_floor_of_the_loss_are_drawn(five: Study) -> None:
    law = five.laws.loss
    assert law is not None
    (panel,) = painted(drawings(five)["study-loss"]).axes
    (curve,) = lines(panel)
    for width, value in zip(law.points.inputs[:, 0], law.fitted, strict=True):
        assert at(curve, width) == pytest.approx(value, rel=1e-12)
    losses = [m.evaluation for m in five.members if m.evaluation is not None]
    assert marks(panel) == {(float(e.model.width), e.loss) for e in losses}
    ends = [c.get_segments()[0][:, 1] for c in panel.collections if hasattr(c, "get_segments")]
    for (low, high), e in zip(ends, losses, strict=True):
        assert (low, high) == pytest.approx((e.loss - e.loss_se, e.loss + e.loss_se))
    assert law.vector[2] in {float(line.get_ydata()[0]) for line in panel.lines}
    (shaded,) = [c for c in panel.collections if not hasattr(c, "get_segments")]
    band = law.band(np.array([[64.0]]), np.array([0]))
    edges = shaded.get_paths()[0].vertices
    assert sorted({y for x, y in edges if x == 64.0}) == pytest.approx([band.low[0], band.high[0]])


def test_each_family_has_a_panel_with_its_own_floor(families: Study) -> None:
    law = families.laws.loss
    assert law is not None
    found = panels_of(families)
    assert [p.title for p in found] == ["family0", "family1", "family2"]
    assert [len(p.points) for p in found] == [4, 4, 4]
    panels = painted(drawings(families)["study-loss"]).axes
    for panel, of in zip(panels, found, strict=True):
        (curve,) = lines(panel)
        x = np.array([[float(p.width)] for p in of.points])
        expected = law.loss(x, np.full(len(x), of.group))
        assert [at(curve, w) for w in x[:, 0]] == pytest.approx(expected.tolist(), rel=1e-12)


def test_losses_of_other_tokenizers_are_compared_in_bits_per_byte(
    five: Study, families: Study
) -> None:
    one, several = (drawings(s)["study-overlap-loss"] for s in (five, families))
    assert painted(one).axes[0].get_ylabel() == "loss, nats per token"
    assert painted(several).axes[0].get_ylabel() == "loss, bits per byte"
    assert "bits per byte" in several.caption
    for study, figure in ((five, one), (families, several)):
        for panel, center in zip(painted(figure).axes, ("raw", "centered"), strict=True):
            unit = "loss" if study is five else "bits_per_byte"
            assert marks(panel) == {
                (getattr(m.geometry, center).mean_square_overlap, getattr(m.evaluation, unit))
                for m in study.members
            }


def test_points_have_their_names_beside_them(five: Study) -> None:
    for name in FIGURES:
        for panel in painted(drawings(five)[name]).axes:
            assert {t.get_text() for t in panel.texts} == {f"neox-{m:03}" for m in WIDTHS[:5]}


def test_of_many_points_the_numbers_in_the_table_are_beside_them() -> None:
    study = make_study([make_member(32 + 8 * k, f"lab/m{k}") for k in range(14)], laws=NO_LAWS)
    figure = drawings(study)["study-overlap-loss"]
    assert {t.get_text() for t in painted(figure).axes[0].texts} == set(map(str, range(1, 15)))
    assert "Numbers are those of the table" in figure.caption


def test_names_lie_apart_and_inside_their_panel(five: Study) -> None:
    for name in FIGURES:
        figure = painted(drawings(five)[name])
        renderer = FigureCanvasAgg(figure).get_renderer()
        for panel in figure.axes:
            boxes = [t.get_window_extent(renderer) for t in panel.texts]
            for k, box in enumerate(boxes):
                assert not any(box.overlaps(other) for other in boxes[:k])
                assert panel.get_window_extent().expanded(1.02, 1.02).contains(box.x0, box.y0)
                assert panel.get_window_extent().expanded(1.02, 1.02).contains(box.x1, box.y1)


def test_more_families_than_marks_share_one() -> None:
    study = make_study(
        [make_member(32, f"lab/m{f}", f"family{f}") for f in range(12)], laws=NO_LAWS
    )  # fmt: skip
    marks = {p.family: p.style.marker for p in cast_of(study).points}
    assert list(marks) == [*(f"family{f}" for f in range(9)), "other families"]
    assert tuple(marks.values()) == MARKERS


@pytest.mark.parametrize(
    ("study", "drawn", "said"),
    [
        (lambda: make_study(1), FIGURES[:1], ["Only one loss was evaluated"]),
        (lambda: make_study(2), FIGURES, ["No law of raw rows: 2 different widths", "no law"]),
        (lambda: make_study(5, laws=NO_LAWS), FIGURES, ["No law: 2 different widths"]),
        (
            lambda: make_study([make_member(m, str(m), head=False) for m in WIDTHS[:4]]),
            FIGURES[1:2],
            ["No head was measured", "No member has both"],
        ),
        (
            lambda: make_study([make_member(m, str(m), loss=False) for m in WIDTHS[:4]]),
            FIGURES[:1],
            ["No loss was evaluated", "No member has both"],
        ),
        (
            lambda: make_study([make_member(m, str(m), head=False, loss=False) for m in (8, 9)]),
            [],
            ["No head was measured", "No loss was", "Nothing was: no head"],
        ),
        (
            lambda: make_study(
                [make_member(32, "a", loss=False), make_member(48, "b", head=False)]
            ),
            FIGURES[:1],
            ["Only one loss was evaluated", "No member has both"],
        ),
    ],
    ids=["one", "two", "no laws", "no heads", "no losses", "nothing", "a head and a loss"],
)
def test_whatever_is_missing_the_rest_is_drawn_and_said(
    study: Callable[[], Study], drawn: list[str], said: list[str]
) -> None:
    made = study()
    assert list(drawings(made)) == drawn
    page = page_of(made)
    figures = drawings(made).values()
    captions = " ".join(figure.caption for figure in figures)
    titles = [t.get_title(loc="left") for f in figures for t in f.figure().axes]
    for text in said:
        assert text in text_of(page) or text in captions or any(text in t for t in titles)
    assert all(figure.label for figure in figures)
    if made.laws.loss is None and "study-loss" in drawn:
        assert not lines(painted(drawings(made)["study-loss"]).axes[0])
    for answer in answers(made):
        assert answer.question in text_of(page)


def test_heads_without_overlap_are_counted_not_drawn() -> None:
    orthogonal = make_member(32, "random")
    assert orthogonal.geometry is not None
    none = replace(orthogonal.geometry.raw, mean_square_overlap=0.0)
    flat = replace(orthogonal, name="flat", geometry=replace(orthogonal.geometry, raw=none))
    study = make_study([orthogonal, flat], laws=NO_LAWS)
    figure = drawings(study)["study-overlap"]
    assert "1 overlap of 0 cannot be shown" in figure.caption
    assert len(marks(painted(figure).axes[0])) == 1
    assert "study-overlap-loss" not in drawings(study)


def test_a_floor_far_below_is_said_not_drawn(five: Study) -> None:
    law = five.laws.loss
    assert law is not None
    floor = list(law.parameters)[2]
    low = replace(law, parameters=law.parameters | {floor: 0.0})
    study = replace(five, laws=replace(five.laws, loss=low))
    assert (
        "Floors too far below the points to be drawn: 1 of 1."
        in drawings(study)["study-loss"].caption
    )


def test_a_loss_of_one_document_has_no_bar() -> None:
    alone = [
        replace(m, evaluation=make_evaluation(w, m.name, documents=1))
        for w, m in zip(WIDTHS, make_study(2, laws=NO_LAWS).members, strict=False)
    ]
    study = make_study(alone, laws=NO_LAWS)
    figure = drawings(study)["study-loss"]
    assert "because they are of a single document: 2." in figure.caption
    assert not painted(figure).axes[0].collections
    assert member_rows(study)[0].cells[-1][1] == ""


def test_each_laws_parameters_and_verdict_are_in_the_page(five: Study, failing: Study) -> None:
    for study in (five, failing):
        text = text_of(page_of(study))
        for law in (study.laws.overlap, study.laws.overlap_centered, study.laws.loss):
            assert law is not None
            assert law.short_verdict[1:] in text
            for name in law.parameters:
                assert name in text
    assert "No law: 2 different widths" in text_of(page_of(make_study(2)))


def test_how_losses_were_evaluated_is_said_and_where_members_differ() -> None:
    same = dict(facts(make_study(3, laws=NO_LAWS)))
    assert same["mode"] == "documents, each cut to 512 tokens"
    assert same["batch"] == "8 sequences"
    assert same["weights"] == "float32"
    assert same["device"] == "cpu"
    assert same["text"] == "gcide"
    assert same["documents"] == "40"
    assert same["documents cut"] == "7"
    assert "tokens unread beyond the context" not in same
    found = make_study(
        [make_member(m, str(m), context=256 if m == 32 else 512) for m in WIDTHS[:3]],
        laws=NO_LAWS,
    )
    assert dict(facts(found))["mode"] == (
        "documents, each cut to 256 tokens (member 1); documents, each cut to 512 tokens "
        "(members 2, 3)"
    )
    six = make_study(6, laws=NO_LAWS)
    many = dict(facts(six))
    scored = [m.evaluation.scored for m in six.members if m.evaluation is not None]
    assert many["tokens scored"] == f"{min(scored):,} to {max(scored):,}"


def test_the_share_of_the_text_that_was_not_read_is_said() -> None:
    member, other = make_member(32, "a"), make_member(64, "b")
    assert member.evaluation is not None
    read = replace(member.evaluation.text, tokens=750, unread=250)
    cut = replace(member.evaluation, text=read, notes=("250 of 1,000 tokens are not read",))
    found = make_study([replace(member, evaluation=cut), other], laws=NO_LAWS)
    assert dict(facts(found))["tokens unread beyond the context"] == (
        "25 % (member 1); 0 % (member 2)"
    )
    assert "Of 1: 250 of 1,000 tokens are not read" in text_of(page_of(found))


def test_windows_and_limits_are_said() -> None:
    member = make_member(32, "a")
    assert member.evaluation is not None
    settings = replace(
        member.evaluation.settings, mode="windows", stride=256, max_tokens=20_000, max_documents=9
    )
    member = replace(member, evaluation=replace(member.evaluation, settings=settings))
    told = dict(facts(make_study([member], laws=NO_LAWS)))
    assert told["mode"].startswith("windows of 512 tokens over the documents in a row, one every")
    assert told["taken of it"] == "the first 20,000 tokens of the first 9 documents"


def test_notes_of_heads_name_their_members() -> None:
    members = [make_member(m, f"lab/{m}") for m in WIDTHS[:3]]
    noted = []
    for member in members[1:]:
        assert member.geometry is not None
        known = replace(member.geometry.provenance, notes=(f"not weighted: {SCRIPT}",))
        noted.append(replace(member, geometry=replace(member.geometry, provenance=known)))
    text = text_of(page_of(make_study([members[0], *noted], laws=NO_LAWS)))
    assert f"Of 2, 3: not weighted: {SCRIPT}" in text


@pytest.mark.parametrize(
    "name", [f"{SCRIPT}$x$ or $y_{{\x1b[31m\u202e{{{{7*7}}}}", "_hidden漢字🦉", "a, b/" * 40]
)
def test_text_of_others_does_nothing(name: str, tmp_path: Path) -> None:
    members = [
        make_member(m, f"{name}{m}", f"{name}{m // 64}", failures=[MemberFailure("head", name)])
        for m in (32, 64)
    ]
    file = tmp_path / "report.html"
    write_study_report(make_study(members, text=name, laws=NO_LAWS), file)
    page = file.read_text("utf-8")
    assert "<script" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page
    if SCRIPT in name:
        assert text_of(page).count(SCRIPT) > 8
    if "🦉" in name:
        assert "1 is _hidden漢字🦉32; 2 is _hidden漢字🦉64" in page


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    with pytest.raises(UsageError, match=f"cannot write {file}"):
        write_study_report(make_study(1), file / "report.html")


def test_families_differ_in_color_and_mark_and_stand_so_in_the_key(families: Study) -> None:
    points = cast_of(families).points
    looks = {p.family: (p.style.color, p.style.marker) for p in points}
    assert len({color for color, _ in looks.values()}) == 3
    assert len({marker for _, marker in looks.values()}) == 3
    for name in ("study-overlap", "study-overlap-loss"):
        figure = painted(drawings(families)[name])
        keyed = {
            h.get_label(): (h.get_color(), h.get_marker())
            for h in figure.legends[0].legend_handles
            if isinstance(h, Line2D)
        }
        assert keyed.items() >= looks.items()


def test_a_loss_of_one_family_stands_in_axes_of_the_user(five: Study, families: Study) -> None:
    figure = Figure()
    ax = figure.subplots()
    assert five.plot("loss", ax=ax) is figure
    assert len(marks(ax)) == 5
    with pytest.raises(UsageError, match="several panels"):
        families.plot("loss", ax=Figure().subplots())


def test_members_are_called_by_the_last_part_unless_two_are_the_same() -> None:
    def called(*names: str) -> list[str]:
        members = [make_member(32, name, "family") for name in names]
        return [point.name for point in cast_of(make_study(members, laws=NO_LAWS)).points]

    assert called("a/x", "b/c/y") == ["x", "y"]
    assert called("a/x", "b/x") == ["a/x", "b/x"]
    assert called("/") == ["/"]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (FitStatus.FORM, "is refused: its form does not hold."),
        (FitStatus.UNDETERMINED, "is not identified."),
    ],
)
def test_captions_say_of_a_law_what_its_verdict_says(
    five: Study, kind: FitStatus, said: str
) -> None:
    def doubted(law: Law | None) -> Law:
        assert law is not None
        return replace(law, findings=(Finding(kind, "", "planted"),))

    laws = replace(five.laws, loss=doubted(five.laws.loss), overlap=doubted(five.laws.overlap))
    found = drawings(replace(five, laws=laws))
    assert f"The law {said}" in found["study-loss"].caption
    assert f"The law of raw rows {said}" in found["study-overlap"].caption
    assert f"It {said}" in " ".join(_curve._said(laws.loss, None))
    assert doubted(five.laws.loss).headline.lower() in said
