"""Run a study: measure and evaluate the models of a family, and fit its laws."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from superscope.arguments import checked
from superscope.atomic import make_folder, write_file
from superscope.errors import FormatError, SuperscopeError, UsageError
from superscope.evaluation import Evaluation, LossOptions
from superscope.frequency import Text
from superscope.geometry import Geometry
from superscope.heads import FAMILIES, family_of, members
from superscope.laws import Law, fit
from superscope.progress import ProgressChoice
from superscope.runs import RunFolder, Workers, processes, run_all, workers_of
from superscope.study.members import Member, MemberFailure, MemberTask, located, work
from superscope.study.result import RESULT, Study, StudyLaws, table_of, token_file
from superscope.tables import write_table
from superscope.text import counted

if TYPE_CHECKING:
    import pandas as pd

LEAST_WIDTHS = 3  # different widths before a law is tried


@checked
def study(
    models: Sequence[str | Path],
    text: Text,
    out: Path,
    options: LossOptions = LossOptions(),  # noqa: B008 - frozen
    *,
    base: str | Path | None = None,
    initial: str | Path | None = None,
    executor: Executor | Workers | None = None,
    progress: ProgressChoice = "auto",
) -> Study:
    """Measure and evaluate models, and fit laws in their width.

    A member that fails does not stop the others. What is finished is kept in the folder and not
    done again; a loss goes on after its last finished block.

    Parameters
    ----------
    models
        Names of families (``opt``, ``pythia``, …), hub ids, local folders or GGUF files.
    text
        From :func:`text_files` or :func:`hub_text`.
    out
        Folder for ``observations.csv``, the laws, token losses and what is finished of members.
    options
        How.
    base
        Model that the PEFT adapters among the models were trained on, if their
        ``adapter_config.json`` names none or one that is not there.
    initial
        The models before training, to count the rows that moved: a revision that every model has
        on the hub, such as ``step0``, or a folder that holds each under the model's last name.
    executor
        Who does the work: anything with the interface of ``concurrent.futures.Executor``, or
        workers of :mod:`superscope.runs`. By default one process, which has all cores.
    progress
        ``"auto"`` shows a bar in a terminal or a notebook; None shows nothing; a function is
        called as ``progress("runs", done, total)``; the head and the loss of a member are
        two runs.

    Returns
    -------
    Study
        Its members, the laws over their widths, and what failed.

    Raises
    ------
    UsageError
        No model, or the folder cannot be written.

    Examples
    --------
    >>> from pathlib import Path
    >>> from superscope.frequency import text_files
    >>> from superscope.study import study
    >>> text = text_files(["held_out.txt"])  # doctest: +SKIP
    >>> print(study(["pythia"], text, Path("pythia")))  # doctest: +SKIP
    """
    named = _named(models)
    out = Path(out).resolve()  # a worker may be in another folder
    make_folder(out)
    results = RunFolder(out / "members", ".json")
    given = None if base is None else str(base)
    plans = [
        (name, family, located(name, text, options, out, base=given, initial=initial))
        for name, family in named
    ]
    tasks = [task for *_, plan in plans for task in plan if isinstance(task, MemberTask)]
    errors: dict[str, str] = {}
    to_do = [task for task in tasks if not _readable(task, results)]
    if to_do:
        with _workers(executor) as workers:
            errors = run_all(to_do, work, results, workers, progress=progress).errors
    found = tuple(_member(name, family, plan, results, errors) for name, family, plan in plans)
    made = Study(text.name, found, fit_laws(table_of(found)))
    _write(made, out)
    return made


@checked
def fit_laws(table: pd.DataFrame) -> StudyLaws:
    """Fit overlap and loss against width.

    Parameters
    ----------
    table
        Of observations; rows without an overlap or a loss do not count for that law.

    Returns
    -------
    StudyLaws
        The laws, or why there are none.
    """
    missing: dict[str, str] = {}

    def law(name: str, column: str) -> Law | None:
        rows = table[table[column].notna() & table["width"].notna()]
        widths = rows["width"].nunique()
        if widths < LEAST_WIDTHS:
            count = counted(widths, "different width")
            missing[name] = f"{count}; a law takes {LEAST_WIDTHS} or more"
            return None
        try:
            if name == "loss":
                if rows["family"].notna().any():  # a floor for each family, and one for the others
                    rows = rows.assign(family=rows["family"].fillna("no family"))
                return fit(rows, "width", resample="row", progress=None)
            # In logarithms, so that the large overlap of a narrow model does not dominate.
            return fit(
                rows, "power", x="width", columns={"loss": column}, fix={"B": 0.0}, group=(),
                resample="row", progress=None,
            )  # fmt: skip
        except SuperscopeError as error:
            missing[name] = str(error)
            return None

    return StudyLaws(
        overlap=law("overlap", "mean_square_overlap"),
        overlap_centered=law("overlap_centered", "mean_square_overlap_centered"),
        loss=law("loss", "loss"),
        missing=missing,
    )


def _named(models: Sequence[str | Path]) -> list[tuple[str, str | None]]:
    """Return each model once, with its family; names of families are replaced by their members."""
    named: dict[str, str | None] = {}
    for model in map(str, models):
        if model.lower() in FAMILIES and not Path(model).exists():
            named |= {member: model.lower() for member in members(model)}
        else:
            named.setdefault(model, family_of(model))
    if not named:
        raise UsageError(f"name models, or a family: {', '.join(FAMILIES)}")
    return list(named.items())


def _workers(executor: Executor | Workers | None) -> AbstractContextManager[Workers]:
    if executor is None:
        return processes(1)
    return nullcontext(workers_of(executor))


def _readable(task: MemberTask, results: RunFolder) -> bool:
    """Return whether a task is done; a result that cannot be read is set aside."""
    if not results.has(task.identity):
        return False
    file = results.file(task.identity)
    try:
        _read(task, results)
    except (FormatError, OSError, UnicodeDecodeError):
        results.set_aside(file)
        return False
    return True


def _read(task: MemberTask, results: RunFolder) -> Geometry | Evaluation:
    text = results.file(task.identity).read_text("utf-8")
    return (Geometry if task.part == "head" else Evaluation).from_json(text)


def _member(
    name: str,
    family: str | None,
    plan: tuple[MemberTask | MemberFailure, ...],
    results: RunFolder,
    errors: dict[str, str],
) -> Member:
    tasks = [task for task in plan if isinstance(task, MemberTask)]
    done = {task.part: _read(task, results) for task in tasks if results.has(task.identity)}
    failures = tuple(
        MemberFailure(task.part, errors.get(task.identity, "it was not done"))
        if isinstance(task, MemberTask)
        else task
        for task in plan
        if task.part not in done
    )
    geometry, evaluation = done.get("head"), done.get("loss")
    assert geometry is None or isinstance(geometry, Geometry)
    assert evaluation is None or isinstance(evaluation, Evaluation)
    return Member(name, family, geometry, evaluation, failures)


def _write(made: Study, out: Path) -> None:
    """Write the study, its table and laws, and each member's losses by token."""
    write_file(out / RESULT, made.to_json())
    table = made.table
    if len(table):
        write_table(table, out / "observations.csv")
    else:
        (out / "observations.csv").unlink(missing_ok=True)
    for name in ("overlap", "overlap_centered", "loss"):
        law: Law | None = getattr(made.laws, name)
        path = out / "laws" / f"{name}.json"
        if law is None:
            path.unlink(missing_ok=True)
            continue
        make_folder(path.parent)
        write_file(path, law.to_json())
    for member in made.members:
        if member.evaluation is not None:
            make_folder(out / "tokens")
            write_table(member.evaluation.tokens(), out / token_file(member.name))
