"""Figures of a head over its training: all panels together, and each alone."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from superscope.figures.draw.canvas import Key, grid, one_panel
from superscope.figures.draw.drawable import caption, drawable, shown
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.watch._parts import Part, parts_of
from superscope.figures.watch.view import STEP, event_marks, put_events, step_axis, steps_of
from superscope.text import counted, sentence
from superscope.watch import Trace

SAID = 12  # events in a caption
_EMPTY = "No observation has been made yet."
TITLES = {
    "overlap": "Overlap while training",
    "effective-width": "Effective width while training",
    "norms": "Row norms while training",
    "mean-row": "What all rows share while training",
    "update": "How rows change while training",
    "rows": "Rows to look at while training",
    "loss": "Loss while training",
}


def training_drawing(trace: Trace) -> Drawing | Missing:
    """Return the figure of all that a trace has over the steps of a training."""
    title = "A head while it trains"
    parts = parts_of(trace)
    if not parts:
        return Missing(title, _EMPTY)
    key = Key(
        _once([*(mark for part in parts.values() for mark in part.marks),
               *event_marks(trace.events)]),
        heading=f"{drawable(trace.model or 'model')}: "
        f"{counted(len(trace.points), 'observation')} to step {trace.points[-1].step:,}",
    )  # fmt: skip

    def paint() -> Figure:
        made = tuple(parts.values())
        figure, panels = grid([part.title for part in made], key, height=1.75,
                              x=[STEP] * len(made), y=[part.y for part in made])  # fmt: skip
        for panel, part in zip(panels, made, strict=True):
            _paint(panel, part, trace)
        return figure

    return Drawing(
        name="training",
        title=title,
        caption=caption(*(part.said for part in parts.values()), *_events(trace)),
        label="Panels over the steps of a training: "
        + ", ".join(part.title for part in parts.values())
        + ".",
        paint=paint,
    )


def part_drawing(trace: Trace, name: str) -> Drawing | Missing:
    """Return the figure of one panel of a trace.

    Parameters
    ----------
    trace
        The trace.
    name
        One of :data:`TITLES`.
    """
    part = parts_of(trace).get(name)
    if part is None:
        why = f"This trace has no numbers for {name.replace('-', ' ')}." if trace.points else _EMPTY
        return Missing(TITLES[name], why, part=True)
    key = Key(_once([*part.marks, *event_marks(trace.events)]))

    def draw(panel: Axes) -> None:
        _paint(panel, part, trace)
        panel.set_xlabel(STEP)
        panel.set_ylabel(part.y)

    paint, panel = one_panel(draw, key, height=2.8, widest=6.4)
    return Drawing(
        name=f"training-{name}",
        title=TITLES[name],
        caption=caption(part.said, *_events(trace)),
        label=f"{TITLES[name]}, against step.",
        paint=paint,
        panel=panel,
        part=True,
    )


def _paint(panel: Axes, part: Part, trace: Trace) -> None:
    step_axis(panel, steps_of(trace))
    put_events(panel, trace.events)
    part.draw(panel)


def _once(marks: list[Line2D]) -> tuple[Line2D, ...]:
    """Return the entries of a key, each label once."""
    return tuple({str(mark.get_label()): mark for mark in marks}.values())


def _events(trace: Trace) -> list[str]:
    """Return the last events as sentences."""
    said = [f"Step {e.step:,}: {shown(sentence(e.message))}" for e in trace.events[-SAID:]]
    more = len(trace.events) - len(said)
    return [*([f"{counted(more, 'earlier event')} not listed."] if more else []), *said]
